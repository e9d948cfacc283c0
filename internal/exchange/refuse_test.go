package exchange_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// door is a prefecture whose deliveries are made by hand.
type door struct {
	t       *testing.T
	x       *exchange.Exchange
	store   *sqlstore.Store
	ca      *pki.InfrastructureCA
	city    exchange.Signer
	applied []uint64
	refuse  bool
	fail    error
}

func newDoor(t *testing.T) *door {
	d := &door{t: t, ca: must(pki.NewInfrastructureCA(rand.Reader, start))}
	trust := must(pki.NewTrust(d.ca.Certificate()))
	clk := clock.NewVirtual(start)
	d.store = must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clk}, exchange.Schema()))
	t.Cleanup(func() { d.store.Close() })
	d.city = d.signer(string(city))
	d.x = must(exchange.New(t.Context(), exchange.Config{Self: pref, Store: d.store, Clock: clk, Rand: rand.Reader, Trust: trust,
		Signer: d.signer(string(pref)), Peers: []message.Org{city}, Routes: []exchange.Route{
			exchange.On(raw, func(ctx context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
				if d.refuse {
					return nil, exchange.Reject("unreadable", "読めません。", "unreadable")
				}
				if d.fail != nil {
					return nil, d.fail
				}
				tx.OnCommit(func() { d.applied = append(d.applied, uint64(n.After.Version)) })
				return nil, nil
			}),
			exchange.On(raw, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.CodeRequest) ([]message.Out, error) {
				return nil, nil
			}),
		}}))
	d.hello()
	return d
}

func (d *door) hello() {
	if _, err := d.x.Hello(d.t.Context(), city, &messagepb.Greeting{Sender: string(city), Node: "1", Receiver: string(pref), Epoch: 1, NextSeq: 1}); err != nil {
		d.t.Fatal(err)
	}
}

func (d *door) signer(org string) exchange.Signer {
	key := must(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	return exchange.Signer{Key: key, Certificate: must(d.ca.IssueOrganisation(rand.Reader, start,
		pki.Organisation{ID: org, Usage: pki.ForSigning, Public: key.Public()}))}
}

// envelope is the change of the city's n-th resident, as message n.
func envelope(n uint64, edit ...func(*message.Envelope)) *message.Envelope {
	p := changeOf(resident.RecordCodeOf(n), false, resident.RecordCode{}, n)
	e := &message.Envelope{ID: message.ID{Sender: city, Node: "1", Epoch: 1, Receiver: pref, Seq: n}, Attempt: 1, Kind: p.Kind(), Keys: p.Keys(),
		CreatedAt: start, Trace: "t-door", Body: must(message.Encode(p))}
	for _, f := range edit {
		f(e)
	}
	if err := e.Seal(); err != nil {
		panic(err)
	}
	return e
}

func (d *door) batch(by exchange.Signer, es ...*message.Envelope) *messagepb.Batch {
	return must(message.SealBatch(rand.Reader, by.Key, by.Certificate, start, 0, es))
}

func (d *door) deliver(from message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	return d.x.Deliver(d.t.Context(), from, b)
}

// TestRefusedAtTheDoor: a batch that is not wholly and verifiably its sender's is not taken, has no effect, and is
// counted and shown.
func TestRefusedAtTheDoor(t *testing.T) {
	stranger := must(pki.NewInfrastructureCA(rand.Reader, start))
	strangerKey := must(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	for name, c := range map[string]func(d *door) (message.Org, *messagepb.Batch){
		"a certificate from an unknown CA": func(d *door) (message.Org, *messagepb.Batch) {
			der := must(stranger.IssueOrganisation(rand.Reader, start, pki.Organisation{ID: string(city), Usage: pki.ForSigning, Public: strangerKey.Public()}))
			return city, d.batch(exchange.Signer{Key: strangerKey, Certificate: der}, envelope(1))
		},
		"a TLS certificate that signs messages": func(d *door) (message.Org, *messagepb.Batch) {
			der := must(d.ca.IssueOrganisation(rand.Reader, start, pki.Organisation{ID: string(city), Usage: pki.ForTLS, Public: strangerKey.Public()}))
			return city, d.batch(exchange.Signer{Key: strangerKey, Certificate: der}, envelope(1))
		},
		"another organisation's signature": func(d *door) (message.Org, *messagepb.Batch) {
			return city, d.batch(d.signer("municipality-202053"), envelope(1))
		},
		"a forged signature": func(d *door) (message.Org, *messagepb.Batch) {
			return city, d.batch(exchange.Signer{Key: strangerKey, Certificate: d.city.Certificate}, envelope(1))
		},
		"a signature over another head": func(d *door) (message.Org, *messagepb.Batch) {
			b := d.batch(d.city, envelope(1))
			b.Signature = d.batch(d.city, envelope(2)).Signature
			return city, b
		},
		"a tampered envelope": func(d *door) (message.Org, *messagepb.Batch) {
			b := d.batch(d.city, envelope(1))
			b.Envelopes[0] = envelope(1, func(e *message.Envelope) { e.Trace = "t-other" }).Raw
			return city, b
		},
		"an envelope too many": func(d *door) (message.Org, *messagepb.Batch) {
			b := d.batch(d.city, envelope(1))
			b.Envelopes = append(b.Envelopes, envelope(2).Raw)
			return city, b
		},
		"an envelope of another sender": func(d *door) (message.Org, *messagepb.Batch) {
			return city, d.batch(d.city, envelope(1), envelope(2, func(e *message.Envelope) { e.Sender = "municipality-202053" }))
		},
		"a batch for another receiver": func(d *door) (message.Org, *messagepb.Batch) {
			return city, d.batch(d.city, envelope(1, func(e *message.Envelope) { e.Receiver = "prefecture-13" }))
		},
		"a number that no store can keep": func(d *door) (message.Org, *messagepb.Batch) {
			return city, d.batch(d.city, envelope(1, func(e *message.Envelope) { e.Seq = 1 << 63 }))
		},
		"an empty batch": func(d *door) (message.Org, *messagepb.Batch) { return city, &messagepb.Batch{} },
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			from, b := c(d)
			_, err := d.deliver(from, b)
			var refusal *exchange.Refusal
			if !errors.As(err, &refusal) {
				t.Fatalf("got %v, want a refusal", err)
			}
			pair := must(d.x.Pairs(t.Context()))[0]
			if len(d.applied) != 0 || pair.Received != 0 || pair.InRefused != 1 || pair.Turned == "" {
				t.Errorf("applied %v, pair %+v: want no effect, counted and shown", d.applied, pair)
			}
			if r, err := d.deliver(city, d.batch(d.city, envelope(1))); err != nil || r.Verdicts[0].Outcome != string(message.Applied) {
				t.Errorf("the good message after it: %v, %v", r, err)
			}
		})
	}
	t.Run("a peer that is not configured", func(t *testing.T) {
		d := newDoor(t)
		other := d.signer("municipality-202053")
		_, err := d.deliver("municipality-202053", d.batch(other, envelope(1, func(e *message.Envelope) { e.Sender = "municipality-202053" })))
		if refusal := (*exchange.Refusal)(nil); !errors.As(err, &refusal) {
			t.Errorf("got %v, want a refusal", err)
		}
	})
}

// TestForgottenAttempt: a sender that was restored from a copy offers an earlier attempt than the one that waits here. The
// waiting one is decided upon, or both would wait for ever.
func TestForgottenAttempt(t *testing.T) {
	d := newDoor(t)
	first := envelope(1)
	second := envelope(1, func(e *message.Envelope) {
		e.Attempt, e.Body = 2, must(message.Encode(changeOf(resident.RecordCodeOf(1), false, resident.RecordCode{}, 7)))
	})
	offer := func(e *message.Envelope) string {
		v := must(d.deliver(city, d.batch(d.city, e))).Verdicts[0]
		return v.Outcome + " " + v.Settled
	}
	d.refuse = true
	got := []string{offer(first)}
	d.refuse, d.fail = false, errors.New("disk trouble")
	got = append(got, offer(second), offer(first))
	d.fail = nil
	got = append(got, offer(first), offer(second))
	want := []string{"rejected ", "deferred ", "duplicate deferred", "duplicate applied", "duplicate applied"}
	if !slices.Equal(got, want) || !slices.Equal(d.applied, []uint64{7}) {
		t.Errorf("got %v, applied %v; want %v and the second attempt", got, d.applied, want)
	}
}

// TestRefusedMessages: a message that cannot be taken gets its verdict, and the good ones around it are applied.
func TestRefusedMessages(t *testing.T) {
	for name, c := range map[string]struct {
		bad  *message.Envelope
		want message.Outcome
		code string
	}{
		"kind not allowed": {envelope(2, func(e *message.Envelope) { // though there is a rule for it, and it can be read
			p := message.CodeRequest{Request: "r", Count: 1}
			e.Kind, e.Keys, e.Body = p.Kind(), p.Keys(), must(message.Encode(p))
		}), message.Rejected, "not-allowed"},
		"unknown kind":   {envelope(2, func(e *message.Envelope) { e.Kind = "resident.future" }), message.Rejected, "unknown-kind"},
		"no rule for it": {envelope(2, func(e *message.Envelope) { *e = *invalidation(2) }), message.Rejected, "unknown-kind"},
		"wrong keys": {envelope(2, func(e *message.Envelope) { e.Keys = []string{resident.RecordCodeOf(9).Reveal()} }),
			message.Rejected, "wrong-keys"},
		"no keys":           {envelope(2, func(e *message.Envelope) { e.Keys = nil }), message.Rejected, "wrong-keys"},
		"a body of garbage": {envelope(2, func(e *message.Envelope) { e.Body = []byte{0xff, 0xff} }), message.Rejected, "malformed"},
		"29 February 2023": {envelope(2, func(e *message.Envelope) {
			e.Body = invalid(func(w *messagepb.Identification) { w.Arose = "2023-02-29" })
		}), message.Rejected, "malformed"},
		"a bad check digit": {envelope(2, func(e *message.Envelope) {
			e.Body = invalid(func(w *messagepb.Identification) { w.Code = "24727059609" })
		}), message.Rejected, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDoor(t)
			r, err := d.deliver(city, d.batch(d.city, envelope(1), c.bad, envelope(3)))
			if err != nil {
				t.Fatal(err)
			}
			v := r.Verdicts[1]
			if v.Outcome != string(c.want) || v.Code != c.code || v.ReasonJa == "" || v.ReasonEn == "" {
				t.Errorf("verdict %v, want %s (%s) with its reason in both languages", v, c.want, c.code)
			}
			if fmt.Sprint(d.applied) != "[1 3]" {
				t.Errorf("applied %v, want the good ones", d.applied)
			}
			// Nobody may accept what its sender may not send, or what cannot be read.
			items := must(d.x.Stuck(t.Context(), 10))
			if len(items) != 1 {
				t.Fatalf("parked: %v", items)
			}
			if err := d.x.Propose(t.Context(), items[0].ID, exchange.Accept, "", "a"); err != nil {
				t.Fatal(err)
			}
			if err := d.x.Confirm(t.Context(), items[0].ID, "b"); err == nil {
				t.Error("it was accepted all the same")
			}
		})
	}
}

// invalid is a change with a value that no counter would take.
func invalid(edit func(*messagepb.Identification)) []byte {
	var w messagepb.ResidentChange
	if err := proto.Unmarshal(envelope(2).Body, &w); err != nil {
		panic(err)
	}
	edit(w.After)
	return must(proto.Marshal(&w))
}

func invalidation(n uint64) *message.Envelope {
	p := message.ResidentInvalidation{Code: resident.RecordCodeOf(n), Version: resident.Version(n), Reason: resident.MoveWithin,
		Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}
	return envelope(n, func(e *message.Envelope) { e.Kind, e.Keys, e.Body = p.Kind(), p.Keys(), must(message.Encode(p)) })
}

// TestReplayed: the same batch, or a message twice in one batch, is applied once.
func TestReplayed(t *testing.T) {
	d := newDoor(t)
	b := d.batch(d.city, envelope(1), envelope(2), envelope(2))
	for i, want := range []string{"applied applied duplicate", "duplicate duplicate duplicate"} {
		r, err := d.deliver(city, b)
		if err != nil {
			t.Fatal(err)
		}
		got := r.Verdicts[0].Outcome + " " + r.Verdicts[1].Outcome + " " + r.Verdicts[2].Outcome
		if got != want || r.Decisions != 2 {
			t.Errorf("delivery %d: %s, %d decisions; want %s, 2", i+1, got, r.Decisions, want)
		}
	}
	if fmt.Sprint(d.applied) != "[1 2]" {
		t.Errorf("applied %v", d.applied)
	}
}

// TestReplayedRefusal: a message that was refused is not tried again because somebody sends its bytes again; only people
// let it pass, with another attempt or an acceptance.
func TestReplayedRefusal(t *testing.T) {
	d := newDoor(t)
	d.refuse = true
	b := d.batch(d.city, envelope(1))
	for range 2 {
		r, err := d.deliver(city, b)
		if err != nil || r.Decisions != 1 {
			t.Fatalf("%v, %v", r, err)
		}
		d.refuse = false
	}
	if len(d.applied) != 0 {
		t.Errorf("applied %v", d.applied)
	}
}

// TestNumberGivenTwice: another message under a number that is known is no duplicate, and what stands behind it in the
// batch is not decided upon.
func TestNumberGivenTwice(t *testing.T) {
	d := newDoor(t)
	if _, err := d.deliver(city, d.batch(d.city, envelope(1))); err != nil {
		t.Fatal(err)
	}
	again := envelope(1, func(e *message.Envelope) { e.CreatedAt = start.Add(time.Hour) })
	r, err := d.deliver(city, d.batch(d.city, again, envelope(2)))
	if err != nil {
		t.Fatal(err)
	}
	if r.Verdicts[0].Code != "number-reused" || r.Verdicts[1].Code != "after-conflict" || fmt.Sprint(d.applied) != "[1]" {
		t.Errorf("verdicts %v, applied %v", r.Verdicts, d.applied)
	}
	// A later attempt does not make it the same message.
	late := envelope(1, func(e *message.Envelope) { e.CreatedAt, e.Attempt = start.Add(time.Hour), 2 })
	if r, err = d.deliver(city, d.batch(d.city, late)); err != nil || r.Verdicts[0].Outcome != string(message.Conflict) {
		t.Errorf("later attempt: %v, %v", r, err)
	}
	// But it is a duplicate when the message itself was settled, by an acceptance say.
	same := envelope(1, func(e *message.Envelope) { e.Attempt = 2 })
	if r, err = d.deliver(city, d.batch(d.city, same)); err != nil || r.Verdicts[0].Outcome != string(message.Duplicate) || r.Verdicts[0].Settled != string(message.Applied) {
		t.Errorf("next attempt of a settled message: %v, %v", r, err)
	}
}

func TestHelloFirst(t *testing.T) {
	d := newDoor(t)
	d.x = must(exchange.New(t.Context(), exchange.Config{Self: pref, Store: d.store, Clock: clock.NewVirtual(start), Rand: rand.Reader,
		Trust: must(pki.NewTrust(d.ca.Certificate())), Signer: d.signer(string(pref)), Peers: []message.Org{city}}))
	if _, err := d.deliver(city, d.batch(d.city, envelope(1))); !errors.Is(err, exchange.ErrHelloFirst) {
		t.Errorf("got %v: a receiver that was started anew must be greeted first", err)
	}
}
