package conform

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The organisations of the kit's world.
const (
	city   = message.Org("municipality-202029")
	pref   = message.Org("prefecture-20")
	center = message.Org("nationalcenter")
	other  = message.Org("municipality-202011") // another municipality of the prefecture
)

// keys are those of all organisations of the kit, made once: what is tried is not the making of keys.
var keys = sync.OnceValues(func() (map[message.Org]exchange.Signer, error) {
	all := map[message.Org]exchange.Signer{}
	root, err := infrastructure()
	if err != nil {
		return nil, err
	}
	for _, o := range []message.Org{city, pref, center, other, message.Org(message.CA), message.Org(message.Validation)} {
		signer, err := root.NewIdentity(rand.Reader, begin, string(o), pki.ForSigning)
		if err != nil {
			return nil, err
		}
		all[o] = signer
	}
	return all, nil
})

var infrastructure = sync.OnceValues(func() (*pki.InfrastructureCA, error) { return pki.NewInfrastructureCA(rand.Reader, begin) })

// pair is a city and its prefecture, which exchange residents. The prefecture's rule fails as the message tells it to.
type pair struct {
	ground    queue.Ground
	net       *exchange.Memory
	x         map[message.Org]*exchange.Exchange
	stores    map[message.Org]*sqlstore.Store
	link      func(message.Org, exchange.Link) exchange.Link // of the city; nil: as it is
	peers     []message.Org                                  // of the city; nil: the prefecture
	limits    exchange.Limits
	mu        sync.Mutex
	applied   map[string]bool // record codes
	goods     int
	strangers []message.Org // more peers of the city, before the others, at whom nobody is
}

// The versions of records that the prefecture's rule fails over.
const (
	fine    = resident.Version(1)
	panics  = resident.Version(13)
	hangs   = resident.Version(14)
	breaks  = resident.Version(15) // an error that may pass
	refuses = resident.Version(16) // a person has to look
)

func openPair(ctx context.Context, g queue.Ground, p *pair) (*pair, error) {
	p.ground, p.net = g, new(exchange.Memory)
	p.x, p.stores, p.applied = map[message.Org]*exchange.Exchange{}, map[message.Org]*sqlstore.Store{}, map[string]bool{}
	if p.peers == nil {
		p.peers = []message.Org{pref}
	}
	// A message that fails each time is parked after the second.
	p.limits.DeferTimes, p.limits.RuleDeadline = 2, g.Deadline
	link := p.net.As(city)
	if p.link != nil {
		link = p.link(city, link)
	}
	err := p.open(ctx, city, link, slices.Concat(p.strangers, p.peers))
	for _, o := range p.peers {
		if err == nil {
			err = p.open(ctx, o, p.net.As(o), []message.Org{city})
		}
	}
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return p, nil
}

func (p *pair) open(ctx context.Context, self message.Org, link exchange.Link, peers []message.Org) error {
	store, err := sqlstore.Open(ctx, p.ground.Store(string(self)), sqlstore.Options{Clock: p.ground.Clock, Log: p.ground.Log}, exchange.Schema())
	if err != nil {
		return err
	}
	p.stores[self] = store
	signers, err := keys()
	if err != nil {
		return err
	}
	root, err := infrastructure()
	if err != nil {
		return err
	}
	trust, err := pki.NewTrust(root.Certificate())
	if err != nil {
		return err
	}
	raw := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	x, err := exchange.New(ctx, exchange.Config{Self: self, Store: store, Clock: p.ground.Clock, Rand: p.ground.Rand, Trust: trust, Signer: signers[self],
		Link: link, Peers: peers, Limits: p.limits, Log: p.ground.Log,
		Routes: []exchange.Route{exchange.On(raw, p.onChange), exchange.On(raw, p.onInvalidation), exchange.On(raw, p.onCodeRequest)}})
	if err != nil {
		return err
	}
	p.x[self] = x
	p.net.Join(self, x)
	return nil
}

func (p *pair) onChange(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	if n.After.Version == refuses {
		return nil, exchange.Reject("planted", "適合試験が置いた電文です。", "the conformance kit planted this message")
	}
	return nil, p.take(tx, n.After.Version, n.After.Code.Reveal())
}

func (p *pair) onInvalidation(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	return nil, p.take(tx, n.Version, n.Code.Reveal())
}

func (p *pair) onCodeRequest(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
	return nil, p.take(tx, fine, n.Request)
}

func (p *pair) take(tx *sqlstore.Tx, v resident.Version, what string) error {
	switch v {
	case panics:
		panic("planted by the conformance kit")
	case hangs:
		p.ground.Hang()
	case breaks:
		return errors.New("the rule fails for a reason that may pass")
	}
	tx.OnCommit(func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.applied[what] = true
	})
	return nil
}

func (p *pair) tasks() []clock.Task {
	tasks := p.x[city].Tasks()
	for _, o := range p.peers {
		tasks = slices.Concat(tasks, p.x[o].Tasks())
	}
	return tasks
}

func (p *pair) close() error {
	var errs []error
	for _, s := range p.stores {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// send puts messages into the city's outbox.
func (p *pair) send(ctx context.Context, outs ...message.Out) (ids []message.ID, err error) {
	err = p.stores[city].Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		ids, err = p.x[city].Send(ctx, tx, outs, "t-conform")
		return err
	})
	return ids, err
}

// change is a message about a resident of a number.
func change(person int, v resident.Version) message.Out {
	return message.Out{To: pref, Body: message.ResidentChange{After: resident.IdentificationInfo{Code: resident.RecordCodeOf(uint64(person)),
		BasicFour: resident.BasicFour{Name: must(resident.ParseName("name", "山田　花子")), Birth: must(resident.ParsePartialDate("birth", "1980-05-01")),
			Sex: resident.Female, Address: must(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))},
		Municipality: must(resident.ParseMunicipalityCode("municipality", city.Code())), Version: v,
		Change: resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2026, 4, 1)}}}}
}

// kill is a message of another kind about a resident.
func kill(person int, v resident.Version) message.Out {
	return message.Out{To: pref, Body: message.ResidentInvalidation{Code: resident.RecordCodeOf(uint64(person)), Version: v,
		Reason: resident.MoveWithin, Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}}
}

// must is for constants of the kit.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// goodPerson is the number of the first good person; the bad ones have smaller numbers.
const goodPerson = 1_000_000

// good sends a good message about somebody new.
func (p *pair) good(ctx context.Context) (func(context.Context) (bool, error), error) {
	p.goods++
	person := goodPerson + int(p.ground.Clock.Now().Sub(begin)/time.Millisecond) + p.goods
	_, err := p.send(ctx, change(person, fine))
	return p.hasCome(resident.RecordCodeOf(uint64(person)).Reveal()), err
}

func (p *pair) hasCome(what string) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		p.mu.Lock()
		defer p.mu.Unlock()
		return p.applied[what], nil
	}
}

// parkedAt tells what an organisation shows as parked, in one direction.
func (p *pair) parkedAt(out bool, at message.Org) func(context.Context) (queue.Aside, error) {
	return func(ctx context.Context) (a queue.Aside, err error) {
		pairs, err := p.x[at].Pairs(ctx)
		if err != nil {
			return a, err
		}
		for _, v := range pairs {
			if out {
				a.Counted += v.Parked
			} else {
				a.Counted += v.InParked
			}
		}
		items, err := p.x[at].Stuck(ctx, 5000)
		for _, i := range items {
			if i.Out == out && i.Parked() {
				a.Shown++
				a.Reasons = append(a.Reasons, plain.Sentence{JA: i.Reason.JA, EN: i.Reason.EN})
			}
		}
		return a, err
	}
}

// byHand changes a row as somebody with a database shell does.
func (p *pair) byHand(ctx context.Context, o message.Org, statement string, args ...any) error {
	return p.stores[o].Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}

var errPoison = errors.New("the rig does not know this poison")

func each(n int, of func(i int) message.Out) []message.Out {
	outs := make([]message.Out, n)
	for i := range outs {
		outs[i] = of(i)
	}
	return outs
}

// reseal rewrites the envelopes of messages that wait in the city's outbox, as a faulty program of the sender would have
// written them.
func (p *pair) reseal(ctx context.Context, ids []message.ID, with func(i int, e *message.Envelope)) error {
	return p.stores[city].Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i, id := range ids {
			var raw []byte
			if err := tx.QueryRow(ctx, `SELECT envelope FROM x_out WHERE peer = $1 AND epoch = $2 AND seq = $3`,
				string(id.Receiver), int64(id.Epoch), int64(id.Seq)).Scan(&raw); err != nil {
				return err
			}
			e, err := message.OpenEnvelope(raw)
			if err != nil {
				return err
			}
			with(i, e)
			if err := e.Seal(); err != nil {
				return fmt.Errorf("couldn't seal the poison: %w", err)
			}
			if _, err := tx.Exec(ctx, `UPDATE x_out SET envelope = $4 WHERE peer = $1 AND epoch = $2 AND seq = $3`,
				string(id.Receiver), int64(id.Epoch), int64(id.Seq), e.Raw); err != nil {
				return err
			}
		}
		return nil
	})
}
