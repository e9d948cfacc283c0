package pairs_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/alarm/pairs"
	"github.com/akashi-id/akashi/internal/alarm/trend"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

const (
	center       = message.Org("nationalcenter")
	municipality = message.Org("municipality-202029")
)

// country is a municipality and the center, each with its alarms, in virtual time.
type country struct {
	*testing.T
	clock  *clock.Virtual
	ca     *pki.InfrastructureCA
	trust  *pki.Trust
	net    exchange.Memory
	tasks  []clock.Task
	driver *clock.Driver
}

type member struct {
	*exchange.Exchange
	*alarm.Alarms
	store *sqlstore.Store
}

func newCountry(t *testing.T) *country {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	return &country{T: t, clock: clock.NewVirtual(start), ca: ca, trust: trust}
}

func (c *country) open(url string, self, peer message.Org, routes ...exchange.Route) member {
	c.Helper()
	store := sqlstoretest.Open(c, url, sqlstore.Options{Clock: c.clock}, exchange.Schema(), due.Schema, alarm.Schema, trend.Schema)
	signer, err := c.ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
	if err != nil {
		c.Fatal(err)
	}
	x, err := exchange.New(c.Context(), exchange.Config{Self: self, Store: store, Clock: c.clock, Rand: rand.Reader, Trust: c.trust,
		Signer: signer, Link: c.net.As(self), Peers: []message.Org{peer}, Routes: routes})
	if err != nil {
		c.Fatal(err)
	}
	c.net.Join(self, x)
	a, err := alarm.New(alarm.Config{Self: self, Store: store, Clock: c.clock, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		c.Fatal(err)
	}
	source := pairs.New(x)
	a.Add(source, trend.New(store, source.Feed()))
	c.tasks = append(c.tasks, append(x.Tasks(), a.Tasks()...)...)
	return member{x, a, store}
}

// run lets time pass.
func (c *country) run(d time.Duration) {
	c.Helper()
	if c.driver == nil {
		c.driver = clock.NewDriver(c.clock, c.tasks)
	}
	if err := c.driver.Until(c.Context(), c.clock.Now().Add(d)); err != nil {
		c.Fatal(err)
	}
}

func (m member) send(t *testing.T, outs ...message.Out) {
	t.Helper()
	if err := m.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := m.Send(ctx, tx, outs, "t-test")
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

func (m member) expect(t *testing.T, when string, want ...string) {
	t.Helper()
	v, err := m.View(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range v.Open {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%s %s=%d drill=%v", a.Code, a.What, a.Value, a.Drill)))
		if a.Peer != center && a.Peer != municipality {
			t.Errorf("%s: %s is about %q", when, a.Code, a.Peer)
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: open are %q, want %q", when, got, want)
	}
}

func raw(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

func request(n int) message.Out {
	return message.Out{To: center, Body: message.CodeRequest{Request: fmt.Sprint(n), Count: 1}}
}

// TestPairs: quiet while all is well; a peer that is away, then a message that it refuses, seen on both sides; what the
// drill sends is marked; and each alarm is over when its cause is.
func TestPairs(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t)
		bad := true
		b := c.open("memory:", center, municipality,
			exchange.On(raw, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
				if n.Request == "13" && bad {
					return nil, exchange.Reject("unlucky", "十三は受け取れません。", "thirteen is not taken")
				}
				return nil, nil
			}))
		a := c.open(url, municipality, center)
		for i := range 12 {
			a.send(t, request(i))
			c.run(10 * time.Second)
		}
		a.expect(t, "all well")
		b.expect(t, "all well")

		c.net.Join(center, nil)
		a.send(t, request(13))
		c.run(59 * time.Second)
		a.expect(t, "away for a moment")
		c.run(8 * time.Second)
		a.expect(t, "away", "peer-silent =65 drill=false", "message-lag code.request=65 drill=false")
		c.run(time.Hour)
		a.expect(t, "away for long", "peer-silent =3665 drill=false", "message-lag code.request=3665 drill=false", "outstanding-old =3665 drill=false")

		c.net.Join(center, b.Exchange)
		a.send(t, message.Out{To: center, Body: message.ExchangeDrill{Drill: "d1"}})
		c.run(time.Minute)
		a.expect(t, "refused", "outstanding-old =3725 drill=false", "message-parked code.request=1 drill=false", "message-parked exchange.drill=1 drill=true")
		b.expect(t, "refused", "message-parked-here code.request=1 drill=false", "message-parked-here exchange.drill=1 drill=true")

		bad = false
		items, err := a.Stuck(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			act := exchange.Correct
			if i.Kind == message.KindExchangeDrill {
				act = exchange.Withdraw
			}
			if err := a.Propose(t.Context(), i.ID, act, "確認した", "operator-1"); err != nil {
				t.Fatal(err)
			}
			if err := a.Confirm(t.Context(), i.ID, "operator-2"); err != nil {
				t.Fatal(err)
			}
		}
		c.run(time.Minute)
		a.expect(t, "resolved")
		b.expect(t, "resolved")
	})
}

// TestGrowth: an outbox that grows by more than a thousand within five minutes is told, and a large one that does not
// grow is not.
func TestGrowth(t *testing.T) {
	c := newCountry(t)
	a := c.open("memory:", municipality, center)
	for i := range 30 {
		for range 40 {
			a.send(t, request(i))
		}
		c.run(10 * time.Second)
	}
	c.run(time.Minute)
	v, err := a.View(t.Context(), 0)
	if err != nil {
		t.Fatal(err)
	}
	growing := func() (n int) {
		v, err = a.View(t.Context(), 0)
		for _, o := range v.Open {
			if o.Code == alarm.QueueGrowing {
				n++
			}
		}
		return n
	}
	if growing() != 1 {
		t.Errorf("it grew, and open are %+v", v.Open)
	}
	c.run(10 * time.Minute)
	if growing() != 0 {
		t.Errorf("it stands still, and open are %+v", v.Open)
	}
}

// TestRefused: a peer that refuses us is an alarm at once, and a peer that sends what it may not send is one here.
func TestRefused(t *testing.T) {
	c := newCountry(t)
	c.open("memory:", center, "prefecture-20") // it does not know the municipality
	a := c.open("memory:", municipality, center)
	a.send(t, request(1))
	c.run(10 * time.Second)
	a.expect(t, "refused", "peer-refused =1 drill=false")
	if v, err := a.View(t.Context(), 0); err != nil || v.Open[0].Severity != alarm.Critical || v.Open[0].Detail.EN == "" {
		t.Errorf("%+v, %v", v.Open, err)
	}
	b := c.open("memory:", center, municipality)
	c.driver = nil
	c.run(time.Minute)
	// Nothing at the center takes the request: no rule of it knows the kind.
	a.expect(t, "not refused", "message-parked code.request=1 drill=false")
	// Somebody who says to be the municipality, with a certificate that nobody trusts.
	other, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	c.ca = other
	rogue := c.open("memory:", municipality, center)
	c.driver = nil
	rogue.send(t, request(2))
	c.run(10 * time.Second)
	rogue.expect(t, "a rogue", "peer-refused =1 drill=false")
	v, err := b.View(t.Context(), 0)
	if err != nil || !slices.ContainsFunc(v.Open, func(a alarm.Alarm) bool { return a.Code == alarm.PeerNotAllowed && a.Detail.EN != "" }) {
		t.Errorf("a rogue: open are %+v, %v", v.Open, err)
	}
	c.tasks = c.tasks[:len(c.tasks)-len(rogue.Exchange.Tasks())-len(rogue.Alarms.Tasks())]
	c.net.Join(municipality, a.Exchange)
	c.driver = nil
	a.send(t, request(3)) // which says, too, that it holds the receipts of which the rogue knew nothing
	c.run(15 * time.Minute)
	b.expect(t, "it has gone", "message-parked-here code.request=2 drill=false")
}
