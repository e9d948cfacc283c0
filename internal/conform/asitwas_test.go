package conform

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// The loops below have the shape of those in three open CAs, taken from their sources: how each goes over its rows, and what it does
// about one that fails. What is done with a row is ours. They are no ports, and nothing of those programs was run here.

// pending is a row that waits.
type pending struct {
	name  string
	do    func() error
	done  bool
	tries int
}

// publisherQueue is a run of EJBCA CE's publisher queue (PublisherQueueSessionBean.doChunk, PublishingResult): the first hundred rows
// that are pending; one that fails stays pending, with one more in its counter, for which there is no most; more than ten failures
// without a success end the run.
func publisherQueue(rows []*pending) {
	for {
		var chunk []*pending
		for _, r := range rows {
			if !r.done && len(chunk) < 100 {
				chunk = append(chunk, r)
			}
		}
		successes, failures := 0, 0
		for _, r := range chunk {
			if r.do() == nil {
				r.done = true
				successes++
			} else {
				r.tries++
				failures++
			}
			if successes == 0 && failures > 10 {
				return
			}
		}
		if successes == 0 {
			return
		}
	}
}

// ocspRefresh is a run of cfssl's ocsprefresh (cli/ocsprefresh/ocsprefresh.go): the first row that fails is the error of the command.
func ocspRefresh(rows []*pending) {
	for _, r := range rows {
		if r.do() != nil {
			r.tries++
			return
		}
		r.done = true
	}
}

// wholeList is a run of step-ca's CRL generator (db.GetRevokedCertificates): all rows are read before anything is done, and one that
// cannot be read is the error of the whole. At the start of that program the same error ends it.
func wholeList(rows []*pending) {
	for _, r := range rows {
		if r.do() != nil {
			r.tries++
			return
		}
	}
	for _, r := range rows {
		r.done = true
	}
}

var asItWas = []struct {
	name  string
	run   func([]*pending)
	bears int // how many bad rows at the head the good one behind them survives
}{
	{"as EJBCA's publisher queue", publisherQueue, 10},
	{"as cfssl's ocsprefresh", ocspRefresh, 0},
	{"as step-ca's CRL", wholeList, 0},
}

// poisoned is one of our queues with bad rows at its head and a good one behind them.
type poisoned struct {
	rows []*pending           // in the order in which they came
	good string               // the row of someone
	came func() (bool, error) // whether it came through ours
}

// certificateQueues are the CA's and the validation authority's, over which both go.
var certificateQueues = []struct {
	name  string
	plant func(ctx context.Context, w *authorities, poison queue.Poison, n int) (poisoned, error)
	waits time.Duration // how long ours lets an item wait for others on purpose
}{
	{"the CA's signing", poisonSigning, 0},
	{"the CA's lists", poisonLists, 3 * time.Second},
	{"the validation authority's statuses", poisonStatuses, 0},
}

// someone is a person who comes after all others.
const someone = goodPerson

// poisonSigning: to-be-signed bytes that mean nothing, or are a CA's that is not here.
func poisonSigning(ctx context.Context, w *authorities, poison queue.Poison, n int) (p poisoned, err error) {
	err = inTurn(
		func() error { return w.intend(ctx, 0, n) },
		func() error { return w.damageIntents(ctx, poison) },
		func() error { return w.intend(ctx, someone, 1) },
		func() error {
			return p.read(ctx, w.ca.Store, `SELECT subject, issuer, tbs FROM intent WHERE kind = 'certificate' ORDER BY id`,
				func(r *sqlstore.Rows) (string, func() error, error) {
					var subject, issuer string
					var tbs []byte
					err := r.Scan(&subject, &issuer, &tbs)
					return subject, func() error {
						if issuer == "00" {
							return errors.New("no key of this CA")
						}
						der, err := pki.AssembleCertificate(tbs, []byte("signature"))
						if err == nil {
							_, err = x509.ParseCertificate(der)
						}
						return err
					}, err
				})
		})
	p.came = func() (bool, error) { return w.has(resident.RecordCodeOf(someone)), nil }
	return p, err
}

// poisonLists: revoked certificates whose reason cannot be read, or whose municipality is none.
func poisonLists(ctx context.Context, w *authorities, poison queue.Poison, n int) (p poisoned, err error) {
	set := `reason = 'よめない'`
	if poison == queue.Foreign {
		set = `municipality = '999999'`
	}
	err = inTurn(
		func() error { return w.issueAndRevoke(ctx, 0, n) },
		func() error { return w.ground.Drive(ctx, 10*time.Second) }, // a list with them is published
		func() error { return byHand(ctx, w.ca.Store, `UPDATE certificate SET `+set) },
		func() error { return w.issueAndRevoke(ctx, someone, 1) },
		func() error { return w.ground.Drive(ctx, 100*time.Millisecond) }, // it is revoked, and not listed yet
		func() error {
			return p.read(ctx, w.ca.Store, `SELECT serial, reason, municipality FROM certificate WHERE state = 'revoked' ORDER BY intended_at`,
				func(r *sqlstore.Rows) (string, func() error, error) {
					var serial []byte
					var reason, municipality string
					err := r.Scan(&serial, &reason, &municipality)
					return hex.EncodeToString(serial), func() error {
						_, err := cert.ParseReason(reason)
						if err == nil {
							_, err = resident.ParseMunicipalityCode("municipality", municipality)
						}
						return err
					}, err
				})
		})
	p.came = func() (bool, error) {
		der, status := w.get(w.v.Handler(), "/validation/crl/authentication/"+city.Code()+".crl")
		if status != http.StatusOK {
			return false, nil
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(list.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool {
			serial, err := cert.SerialFromInt(e.SerialNumber)
			return err == nil && serial == w.issued[0].Serial
		}), nil
	}
	return p, err
}

// poisonStatuses: states that mean nothing, or are of a CA that nobody knows.
func poisonStatuses(ctx context.Context, w *authorities, poison queue.Poison, n int) (p poisoned, err error) {
	set := `state = 'よめない', reason = 'よめない'`
	if poison == queue.Foreign {
		set = `issuer = '00'`
	}
	err = inTurn(
		func() error { return w.intend(ctx, 0, n) },
		func() error { return w.ground.Drive(ctx, time.Second) },
		func() error { return byHand(ctx, w.v.Store, `UPDATE status SET `+set) },
		func() error { w.issued = nil; return w.intend(ctx, someone, 1) },
		func() error { return w.ground.Drive(ctx, time.Second) },
		func() error {
			return p.read(ctx, w.v.Store, `SELECT serial, issuer, state FROM status ORDER BY told_at`,
				func(r *sqlstore.Rows) (string, func() error, error) {
					var serial []byte
					var issuer, state string
					err := r.Scan(&serial, &issuer, &state)
					return hex.EncodeToString(serial), func() error {
						if issuer == "00" || state != "good" && state != "revoked" {
							return errors.New("nothing can be answered about it")
						}
						return nil
					}, err
				})
		})
	p.came = func() (bool, error) {
		if len(w.issued) != 1 {
			return false, nil
		}
		der, err := w.ask(w.issued[0].Serial)
		if err != nil {
			return false, err
		}
		a, err := ocspwire.ParseResponse(der)
		return err == nil && a.Singles[0].Status == cert.Valid, err
	}
	return p, err
}

// read takes the rows as they stand. The last is someone's.
func (p *poisoned) read(ctx context.Context, s *sqlstore.Store, query string, row func(*sqlstore.Rows) (string, func() error, error)) error {
	return s.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		p.rows, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, to **pending) (err error) {
			*to = new(pending)
			(*to).name, (*to).do, err = row(r)
			p.good = (*to).name
			return err
		}, query)
		return err
	})
}

func inTurn(steps ...func() error) error {
	for i, step := range steps {
		if err := step(); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
	}
	return nil
}

// TestAsItWas goes over the same poisoned rows with ours and with the loops of the three open CAs: ours brings the good row through
// within a second, and theirs never do, or set the bad one nowhere aside.
func TestAsItWas(t *testing.T) {
	const runs = 24
	for _, q := range certificateQueues {
		for _, poison := range []queue.Poison{queue.Undecodable, queue.Foreign} {
			for _, n := range []int{1, 11, 100} {
				if poison == queue.Foreign && n != 11 && os.Getenv("AKASHI_FULL") == "" {
					continue
				}
				t.Run(fmt.Sprintf("%s, %d %s", q.name, n, poison), func(t *testing.T) {
					w := openWorld(t)
					p, err := q.plant(t.Context(), w, poison, n)
					if err != nil {
						t.Fatal(err)
					}
					if len(p.rows) != n+1 {
						t.Fatalf("%d rows, want %d and a good one", len(p.rows), n)
					}
					for _, was := range asItWas {
						rows := make([]*pending, len(p.rows))
						for i, r := range p.rows {
							rows[i] = &pending{name: r.name, do: r.do}
						}
						for range runs {
							was.run(rows)
						}
						good := rows[len(rows)-1]
						if good.name != p.good || good.do() != nil {
							t.Fatal("the good row is not good")
						}
						if good.done != (n <= was.bears) {
							t.Errorf("%s: the good row came through: %v", was.name, good.done)
						}
						if bad := rows[0]; bad.done || bad.tries < runs {
							t.Errorf("%s: a bad row was tried %d times in %d runs, done %v: it is set aside somewhere", was.name, bad.tries, runs, bad.done)
						}
					}
					if err := w.ground.Drive(t.Context(), q.waits+limit); err != nil {
						t.Error(err)
					}
					if came, err := p.came(); !came {
						t.Errorf("ours: the good row has not come through (%v)", err)
					}
				})
			}
		}
	}
}

// openWorld is a CA and a validation authority, on a ground that ends with the test.
func openWorld(t *testing.T) *authorities {
	t.Helper()
	g, err := newGround(Options{Dir: t.TempDir()}, "sqlite")
	if err != nil {
		t.Fatal(err)
	}
	ground := g.give(t.Context())
	if err := os.Mkdir(ground.Dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var driver *clock.Driver
	ground.Drive = func(ctx context.Context, d time.Duration) error { return driver.Until(ctx, g.clock.Now().Add(d)) }
	w, err := openAuthorities(t.Context(), ground)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.close(); err != nil {
			t.Error(err)
		}
		if err := g.remove(context.Background()); err != nil {
			t.Error(err)
		}
	})
	driver = clock.NewDriver(g.clock, w.tasks())
	if err := driver.Until(t.Context(), g.clock.Now().Add(time.Second)); err != nil { // the first keys are certified
		t.Fatal(err)
	}
	return w
}
