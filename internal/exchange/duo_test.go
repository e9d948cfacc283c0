package exchange_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// parkedBell is the name of the bell that tells of parked messages.
const parkedBell = "parked"

// duo is a city and its prefecture in virtual time. The prefecture's rule is take.
type duo struct {
	seldom  func(message.Org) bool // may be nil
	t       testing.TB
	clk     *clock.Virtual
	net     *exchange.Memory
	link    *countedLink
	limits  exchange.Limits
	cityURL string
	prefURL string
	city    member
	pref    member
	take    func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) error
	noting  sync.Mutex // guards applied, to which nodes on several connections write
	applied []string
}

// countedLink notes when it was used, and may be cut.
type countedLink struct {
	exchange.Link
	clk    *clock.Virtual
	cut    error
	hellos []time.Duration
	sizes  []int
}

func (l *countedLink) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	l.hellos = append(l.hellos, l.clk.Now().Sub(start))
	if l.cut != nil {
		return nil, l.cut
	}
	return l.Link.Hello(ctx, to, g)
}

func (l *countedLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if l.cut != nil {
		return nil, l.cut
	}
	l.sizes = append(l.sizes, len(b.Envelopes))
	return l.Link.Deliver(ctx, to, b)
}

func newDuo(t testing.TB, limits exchange.Limits, cityURL, prefURL string) *duo {
	return (&duo{t: t, limits: limits, cityURL: cityURL, prefURL: prefURL}).found()
}

func (d *duo) found() *duo {
	d.clk, d.net = clock.NewVirtual(start), new(exchange.Memory)
	d.link = &countedLink{Link: d.net.As(city), clk: d.clk}
	d.take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.ResidentChange) error { return nil }
	d.city = d.open(city, pref, d.cityURL, d.link)
	d.pref = d.open(pref, city, d.prefURL, d.net.As(pref))
	return d
}

func (d *duo) open(self, peer message.Org, url string, link exchange.Link) member {
	d.t.Helper()
	return d.on(nil, false, self, peer, url, link)
}

// on opens an organisation, or one of several nodes of it; beside is the store of another one, where their database is in memory.
func (d *duo) on(beside *sqlstore.Store, several bool, self, peer message.Org, url string, link exchange.Link) member {
	d.t.Helper()
	store, err := sqlstore.Open(d.t.Context(), url, sqlstore.Options{Clock: d.clk, Beside: beside}, exchange.Schema(), modelSchema)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { store.Close() })
	id := identities[self]
	x, err := exchange.New(d.t.Context(), exchange.Config{Self: self, Store: store, Clock: d.clk, Rand: rand.Reader, Trust: id.trust, Signer: id.signer,
		Link: link, Peers: []message.Org{peer}, Seldom: d.seldom, Several: several, Limits: d.limits, Bell: parkedBell, Routes: []exchange.Route{
			exchange.On(raw, func(ctx context.Context, tx *sqlstore.Tx, m exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
				if err := d.take(ctx, tx, m, n); err != nil {
					return nil, err
				}
				tx.OnCommit(func() {
					d.noting.Lock()
					defer d.noting.Unlock()
					d.applied = append(d.applied, appliedAs(n.After.Code, n.After.Version))
				})
				return nil, nil
			}),
			exchange.On(raw, func(ctx context.Context, tx *sqlstore.Tx, m exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
				tx.OnCommit(func() { d.applied = append(d.applied, fmt.Sprintf("safe/%d", n.Version)) })
				return nil, nil
			})}})
	if err != nil {
		d.t.Fatal(err)
	}
	d.net.Join(self, x)
	return member{x, store}
}

// applied is how duo.applied names a change that was applied.
func applied(person, version uint64) string {
	return appliedAs(resident.RecordCodeOf(person), resident.Version(version))
}

func appliedAs(code resident.RecordCode, v resident.Version) string {
	return fmt.Sprintf("%s/%d", strings.TrimLeft(code.Reveal(), "0"), v)
}

func (d *duo) run(wait time.Duration) {
	d.t.Helper()
	if err := clock.Drive(d.t.Context(), d.clk, append(d.city.Tasks(), d.pref.Tasks()...), d.clk.Now().Add(wait)); err != nil {
		d.t.Fatal(err)
	}
}

func (d *duo) pair() exchange.Pair { return must(d.city.Pairs(d.t.Context()))[0] }

func change(person, version uint64) message.Out {
	return message.Out{To: pref, Body: changeOf(resident.RecordCodeOf(person), false, resident.RecordCode{}, version)}
}

func codeChange(person, old, version uint64) message.Out {
	return message.Out{To: pref, Body: changeOf(resident.RecordCodeOf(person), true, resident.RecordCodeOf(old), version)}
}

func kill(person, version uint64) message.Out {
	return message.Out{To: pref, Body: message.ResidentInvalidation{Code: resident.RecordCodeOf(person), Version: resident.Version(version),
		Reason: resident.MoveWithin, Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}}
}

func (d *duo) resolve(m member, id message.ID, act exchange.Act) {
	d.t.Helper()
	if err := m.Propose(d.t.Context(), id, act, "確認した", "operator-1"); err != nil {
		d.t.Fatal(err)
	}
	if err := m.Confirm(d.t.Context(), id, "operator-1"); err == nil {
		d.t.Fatal("one person confirmed their own proposal")
	}
	if err := m.Confirm(d.t.Context(), id, "operator-2"); err != nil {
		d.t.Fatal(err)
	}
}
