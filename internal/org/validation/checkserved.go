package validation

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// addresses gives the few addresses below which everything is served.
func (c *checks) addresses(ctx context.Context, tx *sqlstore.Tx, _ string, _ int) (items []inspection.Item, next string, err error) {
	for _, r := range c.o.roots {
		has, err := c.o.in(tx).LastResponder(ctx, r.id)
		if err != nil {
			return nil, "", err
		}
		// Before the CA has certified the first key there is nothing that could answer, as the overview says.
		if len(has) > 0 && len(has[0].DER) > 0 {
			items = append(items, c.responderItem(r))
		}
		for _, form := range []string{"cer", "pem"} {
			name := "ca/" + r.path() + "." + form
			if !slices.ContainsFunc(items, func(i inspection.Item) bool { return i.Key == name }) {
				items = append(items, c.rootItem(r, name))
			}
		}
	}
	return items, "", nil
}

func (c *checks) address(ctx context.Context, tx *sqlstore.Tx, key string) (inspection.Item, bool, error) {
	items, _, err := c.addresses(ctx, tx, "", 0)
	for _, i := range items {
		if i.Key == key {
			return i, true, nil
		}
	}
	return inspection.Item{}, false, err
}

func away(err error) []inspection.Fault {
	return []inspection.Fault{{Rule: string(inspect.Unreachable), Sentence: say(
		"取れません（"+err.Error()+"）。検証者も取れません。", "It cannot be fetched ("+err.Error()+"). Those who verify cannot fetch it either.")}}
}

// responderItem asks about the serial of the CA itself, of which no responder knows anything: that there is an answer is what counts,
// and whose it is.
func (c *checks) responderItem(r *root) inspection.Item {
	return inspection.Item{Key: "ocsp/" + r.id[:shortID], Print: printOf(r.id), Judge: func(ctx context.Context) ([]inspection.Fault, error) {
		asked := inspect.Asked{Issuer: r.certificate, Serial: r.certificate.SerialNumber.Bytes()}
		question, err := asked.Request()
		if err != nil {
			return nil, err
		}
		if asked.Response, err = c.outside.ask(ctx, question); err != nil {
			return away(err), nil
		}
		return faults(inspect.Answer(asked, c.o.Clock.Now())), nil
	}}
}

// rootItem fetches a CA's certificate, or all of its generations.
func (c *checks) rootItem(r *root, name string) inspection.Item {
	return inspection.Item{Key: name, Print: printOf(name), Judge: func(ctx context.Context) ([]inspection.Fault, error) {
		got, err := c.outside.get(ctx, "/"+name)
		if err != nil {
			return away(err), nil
		}
		var want, has [][]byte
		for _, o := range r.ca.roots {
			if o.profile == r.profile {
				want = append(want, o.certificate.Raw)
			}
		}
		if strings.HasSuffix(name, ".cer") {
			want, has = want[:1], [][]byte{got}
		}
		for block, rest := pem.Decode(got); block != nil && strings.HasSuffix(name, ".pem"); block, rest = pem.Decode(rest) {
			has = append(has, block.Bytes)
		}
		for _, der := range has {
			if _, err := x509.ParseCertificate(der); err != nil {
				return faults([]inspect.Fault{{Rule: inspect.Unreadable, Sentence: say("認証局の証明書として読めません。", "It cannot be read as a CA's certificate.")}}), nil
			}
		}
		if !slices.EqualFunc(want, has, bytes.Equal) {
			return faults([]inspect.Fault{{Rule: inspect.Other, Sentence: say("配られている認証局の証明書が、この団体の持つものと違います。番地の先が本当にこの団体の機械か確かめてください。",
				"The CA's certificate that is handed out is not the one held here: check that the address leads to this organisation's machine.")}}), nil
		}
		return nil, nil
	}}
}

// fetched sorts the errors of a fetch: an address that cannot be reached at all is told once, by the way of the addresses; one that
// answers and has not what it should is a fault of what it should have.
func fetched(err error) ([]inspection.Fault, error) {
	var s status
	if errors.As(err, &s) && s < 500 {
		return away(err), nil
	}
	return nil, inspection.ErrPutOff
}

func (c *checks) lists(ctx context.Context, raw *sqlstore.Tx, place string, limit int) (items []inspection.Item, next string, err error) {
	tx := c.o.in(raw)
	from, profile, municipality := c.listAt(place)
	for _, a := range c.o.cas[from.place:] {
		rows, err := tx.ServedAfter(ctx, a.org, municipality, profile, limit-len(items))
		if err != nil {
			return nil, "", err
		}
		for _, l := range rows {
			i, err := c.listItem(ctx, tx, a, l)
			if err != nil {
				return nil, "", err
			}
			items = append(items, i)
		}
		if len(items) == limit {
			return items, items[limit-1].Key, nil
		}
		profile, municipality = "", ""
	}
	return items, "", nil
}

// listAt is whose and which list a key names: "signature/202029" the first CA's, "ca-13/signature/131211" another's.
func (c *checks) listAt(key string) (a *authority, profile, municipality string) {
	a, rest := c.o.caAt(key)
	if a == nil {
		a = c.o.cas[0]
	}
	profile, municipality, _ = strings.Cut(rest, "/")
	return a, profile, municipality
}

func (c *checks) list(ctx context.Context, raw *sqlstore.Tx, key string) (i inspection.Item, there bool, err error) {
	a, profile, municipality := c.listAt(key)
	tx := c.o.in(raw)
	l, there, err := tx.ServedOf(ctx, a.org, municipality, profile)
	if err == nil && there {
		i, err = c.listItem(ctx, tx, a, l)
	}
	return i, there, err
}

// keepsOut are the rules that keep a list from being the one behind which none may go back.
var keepsOut = []inspect.Rule{inspect.Unreadable, inspect.Signature, inspect.IssuerKnown, inspect.Issuer, inspect.Scope, inspect.WentBack, inspect.OtherList, inspect.Vanished}

// listItem fetches a list and holds it against the row that was published, against what is revoked, and against the list that was
// fetched before.
func (c *checks) listItem(ctx context.Context, tx *store.Tx, a *authority, l store.ServedList) (inspection.Item, error) {
	revoked, err := tx.KnownRevoked(ctx, l.Issuer, l.Municipality)
	if err != nil {
		return inspection.Item{}, err
	}
	want := inspect.List{Number: l.Number, ThisUpdate: l.ThisUpdate, NextUpdate: l.NextUpdate, Entries: l.Entries, Before: true, Highest: l.SeenNumber}
	if r, ok := c.o.byID[l.Issuer]; ok {
		want.Issuer = r.certificate
	}
	if len(l.Seen) > 0 {
		want.Last = l.Seen
	}
	if want.Newer, err = c.newer(ctx, tx, l); err != nil {
		return inspection.Item{}, err
	}
	ends := map[string]time.Time{}
	for _, s := range revoked {
		want.Revoked = append(want.Revoked, inspect.Revocation{Serial: s.Serial, At: s.RevokedAt, Reason: s.Reason, NotAfter: s.NotAfter})
		ends[string(s.Serial)] = s.NotAfter
	}
	want.Ends = func(serial []byte) (time.Time, bool) { end, ok := ends[string(serial)]; return end, ok }
	named := tx.Now()
	if l.FirstSeen.Unix() > 0 {
		named = l.FirstSeen
	}
	if m, err := resident.ParseMunicipalityCode("municipality", l.Municipality); err == nil {
		if part, err := partitionOf(m, resident.DateOf(named)); err == nil { // of a municipality that is not there no name is right
			want.Prefecture, want.District = part.Prefecture, part.Municipality
		}
	}
	path := l.Profile + "/" + l.Municipality
	if a.place > 0 {
		path = string(a.org) + "/" + path
	}
	var seen []byte
	return inspection.Item{Key: path, Print: printOf(l),
		Judge: func(ctx context.Context) ([]inspection.Fault, error) {
			got, err := c.outside.get(ctx, "/crl/"+path+".crl")
			if err != nil {
				return fetched(err)
			}
			want.DER = got
			found := inspect.RevocationList(want, c.o.Clock.Now())
			if !slices.ContainsFunc(found, func(f inspect.Fault) bool { return slices.Contains(keepsOut, f.Rule) }) && !bytes.Equal(got, l.Seen) {
				seen = got
			}
			return faults(found), nil
		},
		Learnt: func() func(context.Context, *sqlstore.Tx) error {
			list, err := x509.ParseRevocationList(seen)
			if err != nil || list.Number == nil {
				return nil
			}
			return func(ctx context.Context, tx *sqlstore.Tx) error {
				return c.o.in(tx).SeeList(ctx, l.Issuer, l.Municipality, list.Number.Int64(), seen)
			}
		}}, nil
}
