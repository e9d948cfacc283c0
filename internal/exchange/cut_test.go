package exchange_test

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// view reads in a transaction of one side.
func (m member) view(t testing.TB, fn func(ctx context.Context, tx *sqlstore.Tx) error) {
	t.Helper()
	if err := m.store.View(t.Context(), fn); err != nil {
		t.Fatal(err)
	}
}

func request(key string, n uint32) message.Out {
	return message.Out{To: center, Body: message.CodeRequest{Request: key, Count: n}}
}

// refuseOnce refuses the requests of one number.
func refuseOnce(number uint32) exchange.Route {
	return exchange.On(raw, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
		if n.Count == number {
			return nil, exchange.Reject("no", "受け取れません。", "not taken")
		}
		return nil, nil
	})
}

// TestCut: what is parked and what was never seen is excepted, in spans; what its sender had numbered and the receiver had
// not applied comes back in order, with its payload.
func TestCut(t *testing.T) {
	sqlstoretest.Both(t, func(t *testing.T, url string) {
		c := newCountry(t)
		b := c.open(url, center, municipality, refuseOnce(13))
		a := c.open("memory:", municipality, center)
		var cut exchange.Cut
		take := func() {
			b.view(t, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				cut, err = b.Cut(ctx, tx, municipality)
				return err
			})
		}
		take()
		if cut.Epoch != 0 || len(cut.Except) != 0 {
			t.Errorf("before anything came: %+v", cut)
		}
		a.send(t, request("bad", 13), request("good", 1))
		c.run(time.Second)
		// 3, 4 and 6 wait behind the first at their sender; 5 and 7 pass.
		a.send(t, request("bad", 2), request("bad", 3), request("good", 2), request("bad", 4), request("good", 3))
		c.run(time.Second)
		take()
		want := []exchange.Span{{Epoch: 1, From: 1, To: 1}, {From: 3, To: 4}, {From: 6, To: 6}}
		if cut.Epoch != 1 || cut.Seq != 7 || !slices.Equal(cut.Except, want) {
			t.Errorf("got %+v, want %v up to 1/7", cut, want)
		}
		a.send(t, request("good", 4)) // beyond the cut
		var got []uint32
		a.view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
			list, err := a.Unapplied(ctx, tx, center, cut)
			for _, u := range list {
				got = append(got, u.Payload.(message.CodeRequest).Count)
				if u.Parked != (u.Seq == 1) {
					t.Errorf("%s: parked %v", u.ID, u.Parked)
				}
			}
			return err
		})
		if !slices.Equal(got, []uint32{13, 2, 3, 4, 4}) {
			t.Errorf("not applied: %v", got)
		}
		// A withdrawn one is left out, those behind it fill their holes, and the last of a key is found with what became of it.
		id := message.ID{Sender: municipality, Node: "1", Epoch: 1, Receiver: center, Seq: 1}
		if err := a.Propose(t.Context(), id, exchange.Withdraw, "不要", "operator-1"); err != nil {
			t.Fatal(err)
		}
		if err := a.Confirm(t.Context(), id, "operator-2"); err != nil {
			t.Fatal(err)
		}
		a.view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
			list, err := a.Unapplied(ctx, tx, center, cut)
			if len(list) != 4 || list[0].Seq != 3 {
				t.Errorf("with the first withdrawn: %+v", list)
			}
			return err
		})
		c.run(time.Second)
		take()
		if cut.Seq != 8 || len(cut.Except) != 0 {
			t.Errorf("with all applied: %+v", cut)
		}
	})
}

func TestLastOf(t *testing.T) {
	c := newCountry(t)
	b := c.open("memory:", center, municipality, refuseOnce(13))
	a := c.open("memory:", municipality, center)
	ids := a.send(t, request("k", 1), request("k", 13), request("other", 2))
	c.run(time.Second)
	if err := a.Write(t.Context(), ids[1], "inquiry", "なぜか", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := a.Propose(t.Context(), ids[1], exchange.Withdraw, "不要", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := a.Confirm(t.Context(), ids[1], "operator-2"); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	a.view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, kinds := range [][]message.Kind{nil, {message.KindCodeRequest}} {
			last, found, err := a.LastOf(ctx, tx, center, "k", kinds...)
			if err != nil || !found || last.ID != ids[1] || last.State != "withdrawn" || last.Trace != "t-test" {
				t.Errorf("%v: %+v, %v, %v", kinds, last, found, err)
			}
		}
		if last, found, err := a.LastOf(ctx, tx, center, "k", message.KindResidentChange); err != nil || found {
			t.Errorf("of a kind that was not sent: %+v, %v", last, err)
		}
		p, err := a.Payload(ctx, tx, ids[2])
		if n, ok := p.(message.CodeRequest); err != nil || !ok || n.Count != 2 {
			t.Errorf("%v, %v", p, err)
		}
		return nil
	})
	b.view(t, func(ctx context.Context, tx *sqlstore.Tx) error {
		if p, err := b.Payload(ctx, tx, ids[2]); err == nil {
			t.Errorf("the receiver has kept %v", p)
		}
		return nil
	})
	// A message is found by each of its keys, and a younger one with another first key is the last.
	d := newDuo(t, exchange.Limits{}, "memory:", "memory:")
	first, second := resident.RecordCodeOf(1), resident.RecordCodeOf(2)
	d.city.send(t, message.Out{To: pref, Body: changeOf(first, false, first, 1)}, message.Out{To: pref, Body: changeOf(second, true, first, 2)})
	if err := d.city.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		last, found, err := d.city.LastOf(ctx, tx, pref, first.Reveal())
		if !found || last.Seq != 2 {
			t.Errorf("by the second key: %+v", last)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// TestAsk: a question is answered with what fits, and by nobody but a peer's own end.
func TestAsk(t *testing.T) {
	c := newCountry(t)
	b := c.open("memory:", center, municipality)
	a := c.open("memory:", municipality, center)
	if _, err := a.Ask(t.Context(), center, "echo", nil); !errors.Is(err, exchange.ErrNoAnswer) {
		t.Errorf("a question that nobody answers: %v", err)
	}
	b.Answer("echo", func(_ context.Context, from message.Org, body []byte) ([]byte, error) {
		return append([]byte(from+": "), body...), nil
	})
	if got, err := a.Ask(t.Context(), center, "echo", []byte("hello")); err != nil || string(got) != string(municipality)+": hello" {
		t.Errorf("%q, %v", got, err)
	}
	b.Answer("panic", func(context.Context, message.Org, []byte) ([]byte, error) { panic("index out of range") })
	b.Answer("large", func(context.Context, message.Org, []byte) ([]byte, error) {
		return make([]byte, exchange.MaxAsk+1), nil
	})
	for _, kind := range []string{"panic", "large"} {
		if got, err := a.Ask(t.Context(), center, kind, nil); err == nil {
			t.Errorf("%s: answered with %d bytes", kind, len(got))
		}
	}
	if _, err := a.Ask(t.Context(), center, "echo", bytes.Repeat([]byte{1}, exchange.MaxAsk+1)); err == nil {
		t.Error("a question that is too large was put")
	}
	var refusal *exchange.Refusal
	if _, err := c.net.As(pref).Ask(t.Context(), center, "echo", nil); !errors.As(err, &refusal) {
		t.Errorf("a stranger's question: %v, want a refusal", err)
	}
	// More than a few at once would let one peer take all that an organisation has.
	full, release := make(chan struct{}, 8), make(chan struct{})
	b.Answer("slow", func(context.Context, message.Org, []byte) ([]byte, error) {
		full <- struct{}{}
		<-release
		return nil, nil
	})
	done := make(chan error, 4)
	for range 4 {
		go func() {
			_, err := a.Ask(context.WithoutCancel(t.Context()), center, "slow", nil)
			done <- err
		}()
		<-full
	}
	if _, err := a.Ask(t.Context(), center, "echo", nil); err == nil {
		t.Error("a fifth question was answered beside four")
	}
	close(release)
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
