// Package exchangebench measures the exchange (電文交換の性能): messages from the outbox of one organisation to the effect
// at another and back to the verdict in the outbox, over mutual TLS on loopback, durable on both sides, beside the bare
// rate at which the same database takes the same bytes.
//
// Both are measured in turns in one run, a slice of one and a slice of the other, and the median is given: what else the
// machine does meanwhile then touches both.
package exchangebench

import (
	"context"
	"crypto/rand"
	"embed"
	"fmt"
	"io/fs"
	"log/slog"
	"path/filepath"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

//go:embed schema/*.sql
var schema embed.FS

// Result is one figure; Ratio is ours ÷ the peer's.
type Result struct {
	What      string  `json:"what"`
	Value     float64 `json:"value"`
	Unit      string  `json:"unit"`
	Peer      string  `json:"peer"`
	PeerValue float64 `json:"peer_value"`
	Ratio     float64 `json:"ratio"`
}

// Options say where and how much. The zero value is no place; the counts have defaults.
type Options struct {
	Dir      string    // for the SQLite files; removed by whoever made it
	Postgres [3]string // URLs of three empty schemas, for sender, receiver and bare rows; empty: not measured
	Messages int       // of one slice; 5,000
	Rounds   int       // slices of each; 5
}

const (
	sender   = message.Org("municipality-202029")
	receiver = message.Org("prefecture-20")
	// perTransaction is how many messages, and bare rows, one transaction holds.
	perTransaction = 100
)

// Run measures on SQLite, and on PostgreSQL when it is given.
func Run(ctx context.Context, opt Options) ([]Result, error) {
	if opt.Messages == 0 {
		opt.Messages = 5000
	}
	if opt.Rounds == 0 {
		opt.Rounds = 5
	}
	urls := [3]string{}
	for i, name := range []string{"sender", "receiver", "bare"} {
		urls[i] = "sqlite:" + filepath.Join(opt.Dir, "exchange-"+name+".db")
	}
	engines := []struct {
		name string
		urls [3]string
	}{{"SQLite", urls}}
	if opt.Postgres[0] != "" {
		engines = append(engines, struct {
			name string
			urls [3]string
		}{"PostgreSQL", opt.Postgres})
	}
	var results []Result
	for _, e := range engines {
		r, err := measure(ctx, e.name, e.urls, opt)
		if err != nil {
			return nil, fmt.Errorf("couldn't measure the exchange on %s: %w", e.name, err)
		}
		results = append(results, r)
	}
	return results, nil
}

func measure(ctx context.Context, engine string, urls [3]string, opt Options) (Result, error) {
	p, err := open(ctx, urls)
	if err != nil {
		return Result{}, err
	}
	defer p.close()
	var ours, bare, ratios []float64
	for range opt.Rounds + 1 {
		o, err := p.exchanged(ctx, opt.Messages)
		if err != nil {
			return Result{}, err
		}
		b, err := p.inserted(ctx, opt.Messages)
		if err != nil {
			return Result{}, err
		}
		ours, bare, ratios = append(ours, o), append(bare, b), append(ratios, o/b)
	}
	// The first round compiles statements and fills caches.
	return Result{What: "messages sent, applied and settled, durable on both sides, " + engine, Value: median(ours[1:]), Unit: "messages/s",
		Peer: "bare inserts of the same bytes, 100 a transaction", PeerValue: median(bare[1:]), Ratio: median(ratios[1:])}, nil
}

func median(v []float64) float64 {
	slices.Sort(v)
	return v[len(v)/2]
}

// pair is two organisations that are joined by mutual TLS, and a database for bare rows.
type pair struct {
	stores [3]*sqlstore.Store
	from   *exchange.Exchange
	cancel context.CancelFunc
	ends   []func()
	n      uint64
	done   chan struct{} // rung for each message that the receiver has applied
	bareN  int64
}

func (p *pair) close() {
	if p.cancel != nil {
		p.cancel()
	}
	for _, c := range slices.Backward(p.ends) {
		c()
	}
}

func open(ctx context.Context, urls [3]string) (p *pair, err error) {
	p = &pair{done: make(chan struct{}, 1<<16)}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	tables, err := fs.Sub(schema, "schema")
	if err != nil {
		return nil, err
	}
	for i, url := range urls {
		s, err := sqlstore.Open(ctx, url, sqlstore.Options{}, exchange.Schema(), sqlstore.Schema{Name: "bench", FS: tables})
		if err != nil {
			return nil, err
		}
		p.stores[i] = s
		p.ends = append(p.ends, func() { s.Close() })
	}
	now := clock.System().Now
	ca, err := pki.NewInfrastructureCA(rand.Reader, now())
	if err != nil {
		return nil, err
	}
	trust, err := pki.NewTrust(ca.Certificate())
	if err != nil {
		return nil, err
	}
	running, cancel := context.WithCancel(ctx)
	p.cancel = cancel
	to, err := p.member(ctx, ca, trust, receiver, sender, p.stores[1], nil)
	if err != nil {
		return nil, err
	}
	identity, err := issue(ca, receiver, pki.ForTLS)
	if err != nil {
		return nil, err
	}
	door, err := wire.Serve("127.0.0.1:0", to, pki.Identity{Certificate: identity.Certificate, Key: identity.Key}, trust, now)
	if err != nil {
		return nil, err
	}
	p.ends = append(p.ends, func() { door.Close(context.WithoutCancel(ctx)) })
	if identity, err = issue(ca, sender, pki.ForTLS); err != nil {
		return nil, err
	}
	link := wire.NewClient(map[message.Org]string{receiver: door.Addr()}, pki.Identity{Certificate: identity.Certificate, Key: identity.Key}, trust, now)
	if p.from, err = p.member(ctx, ca, trust, sender, receiver, p.stores[0], link); err != nil {
		return nil, err
	}
	for _, task := range p.from.Tasks() {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			clock.Run(running, clock.System(), task, slog.New(slog.DiscardHandler))
		}()
		p.ends = append(p.ends, func() { <-ended })
	}
	return p, nil
}

func issue(ca *pki.InfrastructureCA, org message.Org, usage pki.Usage) (exchange.Signer, error) {
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		return exchange.Signer{}, err
	}
	der, err := ca.IssueOrganisation(rand.Reader, clock.System().Now(), pki.Organisation{ID: string(org), Usage: usage, Public: key.Public()})
	return exchange.Signer{Key: key, Certificate: der}, err
}

func (p *pair) member(ctx context.Context, ca *pki.InfrastructureCA, trust *pki.Trust, self, peer message.Org, store *sqlstore.Store, link exchange.Link) (*exchange.Exchange, error) {
	signer, err := issue(ca, self, pki.ForSigning)
	if err != nil {
		return nil, err
	}
	return exchange.New(ctx, exchange.Config{Self: self, Store: store, Clock: clock.System(), Rand: rand.Reader, Signer: signer, Trust: trust,
		Link: link, Peers: []message.Org{peer}, Routes: []exchange.Route{exchange.On(same, p.apply)}})
}

func same(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

// apply is a rule that writes one row.
func (p *pair) apply(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	tx.Collect("effect", "n, name, address", int64(n.After.Version), n.After.Name.Reveal(), n.After.Address.Reveal())
	tx.OnCommit(func() { p.done <- struct{}{} })
	return nil, nil
}

// exchanged sends messages and waits until the last verdict is in the outbox. Messages per second.
func (p *pair) exchanged(ctx context.Context, messages int) (float64, error) {
	changes := make([]message.ResidentChange, messages)
	for i := range changes {
		p.n++
		c, err := change(p.n)
		if err != nil {
			return 0, err
		}
		changes[i] = c
	}
	clk := clock.System()
	begun := clk.Now()
	for rest := changes; len(rest) > 0; {
		some := rest[:min(perTransaction, len(rest))]
		rest = rest[len(some):]
		err := p.stores[0].Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			outs := make([]message.Out, len(some))
			for i, c := range some {
				outs[i] = message.Out{To: receiver, Body: c}
			}
			_, err := p.from.Send(ctx, tx, outs, "t-bench")
			return err
		})
		if err != nil {
			return 0, err
		}
	}
	for range changes {
		select {
		case <-p.done:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
	for { // applied; now its verdict is on its way
		pairs, err := p.from.Pairs(ctx)
		if err != nil {
			return 0, err
		}
		if pairs[0].Open == 0 {
			return float64(messages) / clk.Now().Sub(begun).Seconds(), nil
		}
		if pairs[0].Parked+pairs[0].Held > 0 {
			return 0, fmt.Errorf("%d messages were refused", pairs[0].Parked)
		}
		if err := clk.Wait(ctx, clk.Now().Add(time.Millisecond), nil); err != nil {
			return 0, err
		}
	}
}

// inserted puts as many rows, of the bytes that a message has, into a table of their own. Rows per second.
func (p *pair) inserted(ctx context.Context, rows int) (float64, error) {
	payload := make([]byte, envelopeBytes)
	clk := clock.System()
	begun := clk.Now()
	for left := rows; left > 0; left -= perTransaction {
		from := p.bareN
		err := p.stores[2].Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			for i := range int64(perTransaction) {
				tx.Collect("bare", "stream, seq, payload", string(receiver), from+i, payload)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		p.bareN += perTransaction
	}
	return float64(rows) / clk.Now().Sub(begun).Seconds(), nil
}

// envelopeBytes is what an envelope with the change below takes.
const envelopeBytes = 260

// change is the n-th resident's.
func change(n uint64) (c message.ResidentChange, err error) {
	i := &c.After
	i.Code, i.Version, i.Sex = resident.RecordCodeOf(n), resident.Version(n), resident.Female
	i.Change = resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2026, 4, 1)}
	if i.Name, err = resident.ParseName("name", "山田　花子"); err != nil {
		return c, err
	}
	if i.Birth, err = resident.ParsePartialDate("birth", "1980-05-01"); err != nil {
		return c, err
	}
	if i.Address, err = resident.ParseAddress("address", "長野県松本市丸の内3番7号"); err != nil {
		return c, err
	}
	i.Municipality, err = resident.ParseMunicipalityCode("municipality", "202029")
	return c, err
}
