package org_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// numberKey is what the center makes individual numbers with.
var numberKey, _ = nationalcenter.NewNumberKey(make([]byte, 32))

// river is the three real organisations that residents' records run through, in memory and virtual time.
type river struct {
	*testing.T
	clk   *clock.Virtual
	drive *clock.Driver
	city  *municipality.Municipality
	hosts map[message.Org]*host.Host
	clerk context.Context
}

func newRiver(t *testing.T) *river {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	check(t, err)
	trust, err := pki.NewTrust(ca.Certificate())
	check(t, err)
	v := &river{T: t, clk: clock.NewVirtual(start), hosts: map[message.Org]*host.Host{}}
	net := new(exchange.Memory)
	config := func(self message.Org, peers ...message.Org) host.Config {
		signer, err := ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
		check(t, err)
		return host.Config{Self: self, Name: plain.Sentence{JA: "試験", EN: "Test"}, StoreURL: "memory:", Clock: v.clk, Rand: rand.Reader,
			Signer: signer, Trust: trust, Link: net.As(self), Peers: peers, Secrets: reconciletest.Secrets(self)}
	}
	v.city, err = municipality.New(t.Context(), municipality.Config{Config: config(matsumoto, nagano, center)})
	check(t, err)
	p, err := prefecture.New(t.Context(), prefecture.Config{Config: config(nagano, matsumoto, center)})
	check(t, err)
	n, err := nationalcenter.New(t.Context(), nationalcenter.Config{NumberKey: numberKey, Config: config(center, matsumoto, nagano)})
	check(t, err)
	var tasks []clock.Task
	for _, h := range []*host.Host{v.city.Host, p.Host, n.Host} {
		v.hosts[h.Self] = h
		net.Join(h.Self, h.Exchange)
		t.Cleanup(func() { h.Close() })
		tasks = slices.Concat(tasks, h.Exchange.Tasks(), h.Due.Tasks(), h.Books.Tasks())
	}
	v.drive = clock.NewDriver(v.clk, tasks)
	for _, person := range access.Personas() {
		if person.ID == "clerk-aoki" {
			v.clerk = look.With(access.With(t.Context(), person), look.Ground{Purpose: look.Notice, Case: "17"})
		}
	}
	v.run(time.Minute) // codes come from the center
	return v
}

func (v *river) run(d time.Duration) {
	v.Helper()
	check(v, v.drive.Until(v.Context(), v.clk.Now().Add(d)))
}

func parsed[T any](s string, parse func(field, s string) (T, error)) T {
	v, err := parse("test", s)
	if err != nil {
		panic(err)
	}
	return v
}

// resident brings somebody into the register, who then moves within the town.
func (v *river) resident(n int) {
	v.Helper()
	r := municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, Record: resident.Record{
		BasicFour: resident.BasicFour{Name: parsed("松本　花子", resident.ParseName), Birth: parsed(fmt.Sprintf("1992-02-%02d", n), resident.ParsePartialDate),
			Sex: resident.Female, Address: parsed("長野県松本市丸の内3番7号", resident.ParseAddress)},
		Relation: resident.Head, BecameResident: resident.MustDate(2026, 3, 1)}}
	f, err := v.city.Register(v.clerk, r)
	check(v, err)
	_, err = v.city.File(v.clerk, municipality.MoveWithin{Address: parsed(fmt.Sprintf("長野県松本市大手%d番1号", n), resident.ParseAddress),
		Filing: municipality.Filing{Person: f.Person, Base: f.Version, Arose: today, Basis: "law-23"}})
	check(v, err)
}

func (v *river) list(o message.Org, query string) (rows []string) {
	v.Helper()
	check(v, v.hosts[o].Store.View(v.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) }, query)
		return err
	}))
	return rows
}

// state is what the two copies hold, column by column.
func (v *river) state() string {
	v.Helper()
	var all []string
	for _, o := range []message.Org{nagano, center} {
		all = slices.Concat(all, []string{string(o)}, v.list(o, `SELECT code || name || birth || sex || address || municipality || version || HEX(hash) || reason || arose ||
			old_code || resides || told_by FROM resident ORDER BY code`),
			v.list(o, `SELECT told_by || code || version || signature || authentication || card || reason || since FROM invalidation_notice ORDER BY told_by, code, version`))
	}
	return strings.Join(all, "\n")
}

func (v *river) cases(o message.Org) []reconcile.Case {
	v.Helper()
	open, err := v.hosts[o].Books.Cases(v.Context(), false, 100)
	check(v, err)
	return open
}

// TestWhatIsDoneByHandIsMended: somebody changes the tables of the prefecture or the center behind the program's back.
// Within a minute both sides of a pair name it; two persons at the source send what is right; then every organisation
// holds again what it held before, and nobody has a case.
func TestWhatIsDoneByHandIsMended(t *testing.T) {
	const one = `(SELECT MIN(code) FROM resident)`
	double := `INSERT INTO resident SELECT '` + resident.RecordCodeOf(4711).Reveal() + `', name, birth, sex, address, common_name, number, municipality, version, built_on,
		hash, reason, arose, old_code, resides, at, told_by, name_key, common_key FROM resident WHERE code = ` + one
	for _, c := range []struct {
		name, what string
		at         message.Org
		byItself   bool // sent again by policy
	}{
		{"a row is gone", `DELETE FROM resident WHERE code = ` + one, nagano, false},
		{"a row is gone", `DELETE FROM resident WHERE code = ` + one, center, false},
		{"an address is another", `UPDATE resident SET address = '長野県松本市どこか' WHERE code = ` + one, nagano, false},
		{"an address is another", `UPDATE resident SET address = '長野県松本市どこか' WHERE code = ` + one, center, false},
		{"a row cannot be read", `UPDATE resident SET reason = 'no reason' WHERE code = ` + one, nagano, false},
		{"a row cannot be read", `UPDATE resident SET reason = 'no reason' WHERE code = ` + one, center, false},
		{"a row is not in force", `UPDATE resident SET resides = FALSE WHERE code = ` + one, nagano, false},
		{"a row is doubled", double, nagano, false},
		{"a row is doubled", double, center, false},
		{"a row has another code", `UPDATE resident SET code = '` + resident.RecordCodeOf(4711).Reveal() + `' WHERE code = ` + one, nagano, false},
		{"all rows are gone", `DELETE FROM resident`, nagano, false},
		{"an invalidation is gone", `DELETE FROM invalidation_notice WHERE code = ` + one, nagano, true},
		{"an invalidation is gone", `DELETE FROM invalidation_notice WHERE code = ` + one, center, true},
		{"an invalidation says less", `UPDATE invalidation_notice SET signature = FALSE, card = TRUE WHERE code = ` + one, nagano, false},
	} {
		t.Run(c.name+" at "+string(c.at), func(t *testing.T) {
			v := newRiver(t)
			for n := range 4 {
				v.resident(n + 1)
			}
			v.run(3 * time.Minute)
			before := v.state()
			if strings.Count(before, "松本　花子") != 8 {
				t.Fatalf("the copies hold\n%s", before)
			}
			for o := range v.hosts {
				if open := v.cases(o); len(open) > 0 {
					t.Fatalf("%s has cases before anything is done: %+v", o, open)
				}
			}
			check(t, v.hosts[c.at].Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, c.what)
				return err
			}))
			v.run(time.Minute)
			below := map[message.Org]message.Org{nagano: matsumoto, center: nagano}[c.at]
			if !c.byItself && (len(v.cases(c.at)) == 0 || len(v.cases(below)) == 0) {
				t.Fatalf("after a minute %s has %d cases and %s %d", c.at, len(v.cases(c.at)), below, len(v.cases(below)))
			}
			for range 3 { // what is mended at the prefecture may differ from the center still
				for _, o := range []message.Org{matsumoto, nagano} {
					for _, open := range v.cases(o) {
						if open.AsSource && !c.byItself {
							check(t, v.hosts[o].Books.Propose(t.Context(), open.ID, reconcile.Resend, "写しの行が書き換えられていた", "operator-ueda"))
							check(t, v.hosts[o].Books.Confirm(t.Context(), open.ID, "operator-egawa"))
						}
					}
					v.run(2 * time.Minute)
				}
			}
			for o, h := range v.hosts {
				if open := v.cases(o); len(open) > 0 {
					t.Errorf("%s still has %d cases: %s %s %s: %s | %s", o, len(open), open[0].ID, open[0].Book, open[0].What, open[0].Source.EN, open[0].Copy.EN)
				}
				stuck, err := h.Exchange.Stuck(t.Context(), 10)
				if check(t, err); len(stuck) > 0 {
					t.Errorf("%d messages are stuck at %s: %s", len(stuck), o, stuck[0].Reason.EN)
				}
			}
			if after := v.state(); after != before {
				t.Errorf("it is not what it was:\n%s\nand was\n%s", after, before)
			}
		})
	}
}
