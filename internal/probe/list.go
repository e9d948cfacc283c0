package probe

import (
	"bytes"
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Partition is a municipality that has revocation lists of its own.
type Partition struct {
	Municipality         string // its code, as it stands in addresses
	Prefecture, District string // its names in the list, in Latin letters
}

// seen is what is kept of the newest list of a municipality.
type seen struct {
	municipality string
	number       int64
	digest       []byte
	tag          string
	this, next   time.Time
	revoked
}

// revoked is a certificate that stands on a list; no serial: none does.
type revoked struct {
	serial []byte
	at     time.Time
	reason string // as inspect names it
}

// listCheck fetches a list of one municipality after the other.
type listCheck struct {
	p    *Prober
	root Root
}

func (c listCheck) target() Target { return Target{CRL, c.root.Profile} }

// ask fetches, of the municipalities of which no list was seen yet, the next; when that has none, the next that has one. One whose list
// failed is asked again each minute until it does not: with many municipalities its turn would come so seldom that nobody noticed.
func (c listCheck) ask(ctx context.Context, t *try) (verdict, error) {
	held, err := c.p.lists(ctx, c.target())
	if err != nil {
		return verdict{}, err
	}
	var fresh, known []Partition
	for _, p := range c.p.cfg.Partitions {
		switch _, ok := held[p.Municipality]; {
		case p.Municipality == t.stay:
			if v, there := c.fetch(ctx, p, held[t.stay]); there {
				return v, nil
			}
		case ok:
			known = append(known, p)
		default:
			fresh = append(fresh, p)
		}
	}
	if p, ok := turn(fresh, t.began); ok {
		if v, there := c.fetch(ctx, p, seen{}); there {
			return v, nil
		}
	}
	if p, ok := turn(known, t.began); ok {
		v, _ := c.fetch(ctx, p, held[p.Municipality])
		return v, nil
	}
	return unmeasured(NoneYet), nil
}

// turn gives each its minute.
func turn(all []Partition, at time.Time) (p Partition, ok bool) {
	if len(all) == 0 {
		return p, false
	}
	return all[minuteOf(at)%int64(len(all))], true
}

// fetch fetches the list of a municipality, unless it is the one that was seen. there: there is one, or should be.
func (c listCheck) fetch(ctx context.Context, p Partition, was seen) (v verdict, there bool) {
	fails := func(why Reason) (verdict, bool) {
		v := failed(why)
		v.stay = p.Municipality
		return v, true
	}
	header := map[string]string{}
	if was.tag != "" {
		header["If-None-Match"] = was.tag
	}
	f, why := c.p.outside.do(ctx, http.MethodGet, c.p.cfg.Lists+"/"+c.root.Profile.String()+"/"+p.Municipality+".crl", header, nil)
	now := c.p.cfg.Clock.Now()
	switch {
	case why == OwnFault:
		return unmeasured(why), true
	case why != "":
		return fails(why)
	case f.status == http.StatusNotFound && was.number == 0:
		return v, false // a municipality has a list as soon as somebody there has applied
	case f.status == http.StatusNotModified && was.tag != "":
		if !was.next.After(now) {
			return fails(Reason(inspect.Late))
		}
		return verdict{outcome: OK}, true
	case f.status != http.StatusOK:
		return fails(Status)
	}
	is, why := c.judge(p, was, f, now)
	if why != "" {
		return fails(why)
	}
	v = verdict{outcome: OK}
	if !bytes.Equal(is.digest, was.digest) || is.tag != was.tag {
		v.learnt = func(ctx context.Context, tx *sqlstore.Tx) error { return putList(ctx, tx, c.target(), is) }
	}
	return v, true
}

// passed are rules that need records which nobody has here.
var passed = []inspect.Rule{inspect.Extra, inspect.Intent, inspect.Count, inspect.Times}

func (c listCheck) judge(p Partition, was seen, f fetched, now time.Time) (is seen, why Reason) {
	found := inspect.RevocationList(inspect.List{DER: f.body, Issuer: c.root.Certificate, Prefecture: p.Prefecture, District: p.District,
		Before: true, Bare: true, Highest: was.number}, now)
	for _, fault := range found {
		if !slices.Contains(passed, fault.Rule) {
			return is, Reason(fault.Rule)
		}
	}
	r, err := inspect.HeadOf(f.body) // crypto/x509 would need a gigabyte for a list of a million entries
	if err != nil || r.Number == nil {
		return is, Reason(inspect.Unreadable)
	}
	is = seen{municipality: p.Municipality, number: r.Number.Int64(), digest: r.Digest[:], tag: f.tag, this: r.ThisUpdate, next: r.NextUpdate}
	switch {
	case is.this.Before(was.this):
		return is, Reason(inspect.WentBack)
	case is.number == was.number && !bytes.Equal(is.digest, was.digest):
		return is, Reason(inspect.OtherList)
	case is.this.After(now.Add(agreement)):
		return is, Reason(inspect.Ahead)
	}
	if e := r.First; len(e.Serial) > 0 {
		if reason, err := cert.ReasonOfCode(e.Reason); err == nil {
			is.revoked = revoked{e.Serial, e.At, reason.String()}
		}
	}
	return is, ""
}
