package wire_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// door is a prefecture that serves over real TLS on loopback.
type door struct {
	t     *testing.T
	ca    *pki.InfrastructureCA
	trust *pki.Trust
	addr  string
}

var now = clock.System().Now

func newDoor(t *testing.T) *door {
	d := &door{t: t, ca: must(pki.NewInfrastructureCA(rand.Reader, now()))}
	d.trust = must(pki.NewTrust(d.ca.Certificate()))
	store := must(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{}, exchange.Schema(), ownSchema))
	t.Cleanup(func() { store.Close() })
	signing := d.identity(pref, pki.ForSigning)
	x := must(exchange.New(t.Context(), exchange.Config{Self: pref, Store: store, Clock: clock.System(), Rand: rand.Reader, Trust: d.trust,
		Signer: exchange.Signer{Key: signing.Key, Certificate: signing.Certificate},
		Peers:  []message.Org{city}, Routes: []exchange.Route{exchange.On(raw, new(child).onChange)}, Asks: exchange.Asks{
			"echo": func(_ context.Context, _ message.Org, body []byte) ([]byte, error) { return body, nil },
			"broken": func(context.Context, message.Org, []byte) ([]byte, error) {
				return nil, errors.New("secret of the house")
			},
		}}))
	s := must(wire.Serve("127.0.0.1:0", x, d.identity(pref, pki.ForTLS), d.trust, now, slog.New(slog.DiscardHandler)))
	t.Cleanup(func() { s.Close(context.WithoutCancel(t.Context())) })
	d.addr = s.Addr()
	return d
}

// TestClosedServerHasEnded: whoever has closed it may close the exchange's database.
func TestClosedServerHasEnded(t *testing.T) {
	ca := must(pki.NewInfrastructureCA(rand.Reader, now()))
	trust, own := must(pki.NewTrust(ca.Certificate())), identity(ca, pref, pki.ForTLS)
	listening := func() int {
		stacks := make([]byte, 1<<20)
		return strings.Count(string(stacks[:runtime.Stack(stacks, true)]), ").Serve(")
	}
	before := listening()
	for range 50 {
		s := must(wire.Serve("127.0.0.1:0", nil, own, trust, now, slog.New(slog.DiscardHandler)))
		if err := s.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := listening(); n > before {
			t.Fatalf("%d servers listen, and %d did before", n, before)
		}
	}
}

func identity(ca *pki.InfrastructureCA, org message.Org, usage pki.Usage) pki.Identity {
	return must(ca.NewIdentity(rand.Reader, now(), string(org), usage))
}

func (d *door) identity(org message.Org, usage pki.Usage) pki.Identity {
	return identity(d.ca, org, usage)
}

func greeting(from message.Org) *messagepb.Greeting {
	return &messagepb.Greeting{Sender: string(from), Node: "1", Receiver: string(pref), Epoch: 1, NextSeq: 1}
}

func (d *door) batch(from message.Org) *messagepb.Batch {
	id := d.identity(from, pki.ForSigning)
	c := change(resident.RecordCodeOf(1), resident.RecordCode{}, 1)
	e := &message.Envelope{ID: message.ID{Sender: from, Node: "1", Epoch: 1, Receiver: pref, Seq: 1}, Attempt: 1, Kind: c.Kind(), Keys: c.Keys(),
		CreatedAt: now(), Trace: "t-wire", Body: must(message.Encode(c))}
	if err := e.Seal(); err != nil {
		d.t.Fatal(err)
	}
	return must(message.SealBatch(rand.Reader, id.Key, id.Certificate, now(), 0, []*message.Envelope{e}))
}

func TestOverTheLine(t *testing.T) {
	d := newDoor(t)
	c := wire.NewClient(map[message.Org]string{pref: d.addr}, d.identity(city, pki.ForTLS), d.trust, now)
	b := d.batch(city)
	if _, err := c.Deliver(t.Context(), pref, b); !errors.Is(err, exchange.ErrHelloFirst) {
		t.Errorf("before the hello: %v", err)
	}
	if _, err := c.Hello(t.Context(), pref, greeting(city)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []message.Outcome{message.Applied, message.Duplicate} {
		r, err := c.Deliver(t.Context(), pref, b)
		if err != nil || r.Verdicts[0].Outcome != string(want) {
			t.Errorf("got %v, %v; want %s", r, err, want)
		}
	}
	forged := d.batch(city)
	forged.Signature = b.Signature
	if _, err := c.Deliver(t.Context(), pref, forged); !isRefusal(err) {
		t.Errorf("a forged signature: %v, want a refusal", err)
	}
}

// TestAskOverTheLine: a question is answered over the line, and what nobody answers, fails or is too large is told apart.
func TestAskOverTheLine(t *testing.T) {
	d := newDoor(t)
	c := wire.NewClient(map[message.Org]string{pref: d.addr}, d.identity(city, pki.ForTLS), d.trust, now)
	if got, err := c.Ask(t.Context(), pref, "echo", []byte("hello")); err != nil || string(got) != "hello" {
		t.Errorf("%q, %v", got, err)
	}
	if got, err := c.Ask(t.Context(), pref, "echo", make([]byte, exchange.MaxAsk)); err != nil || len(got) != exchange.MaxAsk {
		t.Errorf("the largest: %d bytes, %v", len(got), err)
	}
	if _, err := c.Ask(t.Context(), pref, "nothing", nil); !errors.Is(err, exchange.ErrNoAnswer) {
		t.Errorf("a question that nobody answers: %v", err)
	}
	if _, err := c.Ask(t.Context(), pref, "broken", nil); err == nil || errors.Is(err, exchange.ErrNoAnswer) || isRefusal(err) || strings.Contains(err.Error(), "secret") {
		t.Errorf("a failed answer: %v", err)
	}
	if _, err := c.Ask(t.Context(), pref, "echo", make([]byte, exchange.MaxAsk+1)); !isRefusal(err) {
		t.Errorf("a question that is too large: %v, want a refusal", err)
	}
	if _, err := c.Ask(t.Context(), "nationalcenter", "echo", nil); err == nil {
		t.Error("asked an organisation whose address nobody knows")
	}
	stranger := wire.NewClient(map[message.Org]string{pref: d.addr}, d.identity("municipality-202053", pki.ForTLS), d.trust, now)
	if _, err := stranger.Ask(t.Context(), pref, "echo", nil); !isRefusal(err) {
		t.Errorf("a stranger's question: %v, want a refusal", err)
	}
}

func isRefusal(err error) bool {
	var refusal *exchange.Refusal
	return errors.As(err, &refusal)
}

// TestRefusedByTheLine: whoever has no fitting certificate is refused, and is told so in a way that it can tell from a
// peer that is away.
func TestRefusedByTheLine(t *testing.T) {
	d := newDoor(t)
	stranger := must(pki.NewInfrastructureCA(rand.Reader, now()))
	for name, own := range map[string]pki.Identity{
		"a certificate from an unknown CA":       identity(stranger, city, pki.ForTLS),
		"a certificate for signing":              d.identity(city, pki.ForSigning),
		"an organisation that is not configured": d.identity("municipality-202053", pki.ForTLS),
	} {
		c := wire.NewClient(map[message.Org]string{pref: d.addr}, own, d.trust, now)
		from := city
		if name == "an organisation that is not configured" {
			from = "municipality-202053"
		}
		// Under TLS 1.3 the server's alert may come after our first write has failed on the closed connection. The pair is
		// probed again then, and hears it.
		_, err := c.Hello(t.Context(), pref, greeting(from))
		for range 50 {
			if err == nil || isRefusal(err) {
				break
			}
			_, err = c.Hello(t.Context(), pref, greeting(from))
		}
		if !isRefusal(err) {
			t.Errorf("%s: %v, want a refusal", name, err)
		}
	}
	// The name in the greeting does not count, the certificate does.
	c := wire.NewClient(map[message.Org]string{pref: d.addr}, d.identity("municipality-202053", pki.ForTLS), d.trust, now)
	if _, err := c.Hello(t.Context(), pref, greeting(city)); !isRefusal(err) {
		t.Errorf("another organisation's greeting: %v, want a refusal", err)
	}
	// Nor do we speak to a peer whose certificate names another.
	c = wire.NewClient(map[message.Org]string{"nationalcenter": d.addr}, d.identity(city, pki.ForTLS), d.trust, now)
	if _, err := c.Hello(t.Context(), "nationalcenter", greeting(city)); err == nil {
		t.Error("the prefecture was taken for the national center")
	}
	// Nobody is there: that is no refusal.
	c = wire.NewClient(map[message.Org]string{pref: freeAddr(t)}, d.identity(city, pki.ForTLS), d.trust, now)
	if _, err := c.Hello(t.Context(), pref, greeting(city)); err == nil || isRefusal(err) {
		t.Errorf("an address where nobody listens: %v", err)
	}
}

// TestHugeBatch: 64 MiB are refused before they are read, whether their length is told or not.
func TestHugeBatch(t *testing.T) {
	d := newDoor(t)
	hc := &http.Client{Transport: &http.Transport{TLSClientConfig: pki.ClientTLS(d.identity(city, pki.ForTLS), d.trust, string(pref), now)}, Timeout: time.Minute}
	const size = 64 << 20
	for name, told := range map[string]bool{"told": true, "not told": false} {
		var sent atomic.Int64
		body := io.TeeReader(bytes.NewReader(make([]byte, size)), counter{&sent})
		r := must(http.NewRequestWithContext(t.Context(), http.MethodPost, "https://"+d.addr+"/akashi.v1.Exchange/Deliver", body))
		r.Header.Set("Content-Type", "application/proto")
		if told {
			r.ContentLength = size
		}
		res, err := hc.Do(r)
		if err == nil {
			if res.StatusCode < 400 {
				t.Errorf("%s: %s", name, res.Status)
			}
			res.Body.Close()
		}
		// What is in the buffers of both ends was sent, not read.
		if n := sent.Load(); n > size/2 {
			t.Errorf("length %s: %d bytes were taken before it was refused", name, n)
		}
	}
	c := wire.NewClient(map[message.Org]string{pref: d.addr}, d.identity(city, pki.ForTLS), d.trust, now)
	if _, err := c.Hello(t.Context(), pref, greeting(city)); err != nil {
		t.Errorf("after it: %v", err)
	}
}

type counter struct{ n *atomic.Int64 }

func (c counter) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return len(b), nil
}

// TestWithoutTLS: the handler serves nobody whom TLS has not identified.
func TestWithoutTLS(t *testing.T) {
	d := newDoor(t)
	conn, err := tls.Dial("tcp", d.addr, &tls.Config{InsecureSkipVerify: true})
	if err == nil {
		_, err = conn.Write([]byte("POST /akashi.v1.Exchange/Hello HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"))
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
		}
		conn.Close()
	}
	if err == nil {
		t.Error("a caller without a certificate was answered")
	}
}
