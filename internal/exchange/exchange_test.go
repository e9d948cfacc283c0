package exchange_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)

// country is two organisations, in memory and virtual time.
type country struct {
	t     testing.TB
	clk   *clock.Virtual
	ca    *pki.InfrastructureCA
	trust *pki.Trust
	net   *exchange.Memory
	tasks []clock.Task
	log   *slog.Logger // of whoever is opened after it was set
}

func newCountry(t testing.TB) *country {
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	if err != nil {
		t.Fatal(err)
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		t.Fatal(err)
	}
	return &country{t: t, clk: clock.NewVirtual(start), ca: ca, trust: trust, net: new(exchange.Memory)}
}

type member struct {
	*exchange.Exchange
	store *sqlstore.Store
}

func (c *country) open(url string, self, peer message.Org, routes ...exchange.Route) member {
	c.t.Helper()
	ctx := c.t.Context()
	store, err := sqlstore.Open(ctx, url, sqlstore.Options{Clock: c.clk}, exchange.Schema(), sqlstore.Schema{Name: "test", FS: testSchema})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { store.Close() })
	signer, err := c.ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
	if err != nil {
		c.t.Fatal(err)
	}
	x, err := exchange.New(ctx, exchange.Config{
		Self: self, Store: store, Clock: c.clk, Rand: rand.Reader, Trust: c.trust,
		Signer: signer, Link: c.net.As(self), Peers: []message.Org{peer}, Routes: routes,
		Log: c.log,
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.net.Join(self, x)
	c.tasks = append(c.tasks, x.Tasks()...)
	return member{x, store}
}

func (c *country) run(d time.Duration) {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, c.tasks, c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

func (m member) send(t testing.TB, outs ...message.Out) []message.ID {
	t.Helper()
	var ids []message.ID
	err := m.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		ids, err = m.Send(ctx, tx, outs, "t-test")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return ids
}

func raw(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

const (
	center       = message.Org("nationalcenter")
	municipality = message.Org("municipality-202029")
)

func TestAppliedOnceInOrder(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		c := newCountry(t)
		var got []string
		b := c.open(url, center, municipality, exchange.On(raw, func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
			if n.Count == 13 {
				return nil, exchange.Reject("unlucky", "十三は受け取れません。", "thirteen is not taken")
			}
			tx.OnCommit(func() { got = append(got, fmt.Sprintf("%s/%d", n.Request, n.Count)) })
			return nil, nil
		}))
		a := c.open("memory:", municipality, center)
		var want []string
		for i := range uint32(30) {
			for k := range 5 {
				request := fmt.Sprintf("k%d", k)
				a.send(t, message.Out{To: center, Body: message.CodeRequest{Request: request, Count: i + 1}})
				if !(k == 2 && i+1 >= 13) && i+1 != 13 && !(i+1 > 13) {
					want = append(want, fmt.Sprintf("%s/%d", request, i+1))
				}
			}
		}
		c.run(time.Minute)
		if !slices.Equal(got, want) {
			t.Fatalf("got %d: %v\nwant %d: %v", len(got), got, len(want), want)
		}
		pairs, err := a.Pairs(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if p := pairs[0]; p.Parked != 5 || p.Held != 85 || p.Applied != 60 || p.Waiting != 0 {
			t.Errorf("sender sees %+v", p)
		}
		items, err := b.Stuck(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range items {
			if !i.Parked() {
				continue
			}
			if err := b.Propose(t.Context(), i.ID, exchange.Accept, "確認した", "operator-1"); err != nil {
				t.Fatal(err)
			}
			if err := b.Confirm(t.Context(), i.ID, "operator-1"); err == nil {
				t.Fatal("one person confirmed their own proposal")
			}
		}
		parked, err := a.Stuck(t.Context(), 1000)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, i := range parked {
			if i.Parked() {
				n++
				if err := a.Propose(t.Context(), i.ID, exchange.Withdraw, "不要", "operator-1"); err != nil {
					t.Fatal(err)
				}
				if err := a.Confirm(t.Context(), i.ID, "operator-2"); err != nil {
					t.Fatal(err)
				}
			}
		}
		c.run(time.Minute)
		pairs, _ = a.Pairs(t.Context())
		if p := pairs[0]; n != 5 || p.Open != 0 || p.Parked != 0 || p.Held != 0 {
			t.Errorf("after %d withdrawals the sender sees %+v", n, p)
		}
		if len(got) != 145 {
			t.Errorf("%d applied, want 145", len(got))
		}
	})
}
