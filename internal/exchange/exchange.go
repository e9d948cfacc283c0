package exchange

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/leave"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

//go:embed schema/*.sql
var schema embed.FS

// Schema is the exchange's tables; every organisation has them in its own database.
func Schema() sqlstore.Schema {
	sub, err := fs.Sub(schema, "schema")
	if err != nil {
		panic(err) // the embedded tree is fixed when the program is built
	}
	return sqlstore.Schema{Name: "exchange", FS: sub}
}

// Link is the way to the other organisations. It authenticates us to them; it does not retry.
type Link interface {
	Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error)
	Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error)
	Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error)
}

// Refusal is a peer's refusal of us, as opposed to its absence: our certificate, our name, or our signature. It is a
// named state of the pair with an alarm.
type Refusal struct{ Reason string }

func (r *Refusal) Error() string { return "refused by the peer: " + r.Reason }

// ErrHelloFirst is the answer to a batch from a peer that has not said hello since we started: we may have been restored
// from a copy meanwhile, and only a hello lets the peer find out. It says it and offers the batch again at once.
var ErrHelloFirst = errors.New("say hello first: this organisation was started anew")

// maxAtDoor is how many batches of one peer may be in memory at once. An honest peer has one under way, and perhaps
// another whose answer it no longer waits for.
const maxAtDoor = 4

// Signer is the organisation's key for signing messages, and its certificate.
type Signer = pki.Identity

// Limits bound what one peer may cost. The zero value takes the defaults.
type Limits struct {
	Open         int64         // messages to one peer that have not ended; 1,000,000
	OpenBytes    int64         // their bytes; 1 GiB
	RuleDeadline time.Duration // for a rule on one message; 5 s
	SendDeadline time.Duration // for handing over a batch; 30 s
	ProbePause   time.Duration // the longest pause before a peer that was away is tried again; 30 s
	DeferTimes   int64         // offers of a message that is deferred each time, before it parks; 8
	Retention    time.Duration // how long the bytes of an ended message are kept; 30 days
}

func (l *Limits) fill() {
	set := func(v *int64, d int64) {
		if *v == 0 {
			*v = d
		}
	}
	set(&l.Open, 1_000_000)
	set(&l.OpenBytes, 1<<30)
	set((*int64)(&l.RuleDeadline), int64(5*time.Second))
	set((*int64)(&l.SendDeadline), int64(30*time.Second))
	set(&l.DeferTimes, 8)
	set((*int64)(&l.ProbePause), int64(30*time.Second))
	set((*int64)(&l.Retention), int64(30*24*time.Hour))
}

// Config says who we are and with whom we exchange.
type Config struct {
	Self   message.Org
	Node   string // numbers our streams; "1" when there is one
	Store  *sqlstore.Store
	Clock  clock.Clock
	Rand   io.Reader
	Signer Signer
	Trust  *pki.Trust
	Link   Link
	Peers  []message.Org
	// Seldom tells which of the peers one exchanges with only now and then, of many: until something has been, a pair with one costs nothing,
	// no greeting and no row on a page. Nil: none.
	Seldom func(peer message.Org) bool
	// Several tells that other processes of the organisation work on the same database: one of them sends at a time, all of them receive.
	Several bool
	Routes  []Route
	// Rebuild gives the payload that would be sent today in the place of a parked one ("resend corrected"). Nil:
	// only the same payload can be sent again.
	Rebuild func(ctx context.Context, tx *sqlstore.Tx, was message.Payload) (message.Payload, error)
	Asks    Asks   // more may be added with Answer
	Bell    string // of the store, rung when a message is parked, ours or a peer's, or when people have resolved one; "" for none
	Limits  Limits
	Log     *slog.Logger
}

// Exchange is one organisation's end of all its streams.
type Exchange struct {
	cfg    Config
	routes map[message.Kind]Route
	peers  map[message.Org]*peer

	slow slowLane

	askMu  sync.RWMutex
	asks   Asks
	askers map[string]func(message.Org) bool // by kind: who may ask beside the peers
	asking map[message.Org]*peer             // those that did

	turn turn

	keepBell     *clock.Bell
	certificates sync.Map // fingerprints of certificates that are in the store
}

// peer is what we know of another organisation beside its rows.
type peer struct {
	org      message.Org
	idle     atomic.Bool // a seldom peer with which nothing has been exchanged
	bell     *clock.Bell
	door     chan struct{} // batches of the peer that are in memory, a few
	turn     chan struct{} // the one batch of the peer that is being taken
	asking   chan struct{} // questions of the peer that are being answered, a few
	asksLeft leave.Places  // by kind: questions whose answers did not come back in time, and have not yet
	mu       sync.Mutex    // guards what follows
	met      bool          // it said hello since we started, to us or to another node on our database
	hellos   int64         // those that it had said when we started
	sound    bool          // it has told us that our database is no restored copy
	greeted  bool          // we to it, since we started or lost it
	began    int64         // the number that we would have given next when we started; 0: it knows nothing of us that we do not
	failures int
	retryAt  time.Time // zero: the peer is there
	state    PairState
	since    time.Time
	reason   string
	contact  time.Time // last answer we had of it
	turned   string    // why a batch of it was last not taken at all
	probes   probes
	expired  place     // up to where the outbox has been emptied; of the expiry task alone, as is
	anew     time.Time // when that begins at the beginning again
	fresh    bool      // the last batch held nothing that the peer had put off; of the sending task alone
	offered  offered
	signing  signing
	holding  holding
}

// mayDecide tells whether people may decide on the peer's messages (errNotMet).
func (x *Exchange) mayDecide(ctx context.Context, p *peer) (bool, error) {
	p.mu.Lock()
	sound := p.sound
	p.mu.Unlock()
	if sound {
		return true, nil
	}
	return x.hasMet(ctx, p)
}

// New joins the parts. The store must have been opened with Schema among its schemas.
func New(ctx context.Context, cfg Config) (*Exchange, error) {
	cfg.Limits.fill()
	if cfg.Node == "" {
		cfg.Node = "1"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	x := &Exchange{cfg: cfg, routes: map[message.Kind]Route{}, peers: map[message.Org]*peer{}, asks: Asks{},
		askers: map[string]func(message.Org) bool{}, asking: map[message.Org]*peer{}, keepBell: new(clock.Bell)}
	maps.Copy(x.asks, cfg.Asks)
	x.turn.passed = map[message.Org]int64{}
	x.asks[askReceipts] = x.answerReceipts
	for _, r := range slices.Concat(cfg.Routes, x.ownRoutes()) {
		if _, twice := x.routes[r.Kind]; twice {
			return nil, fmt.Errorf("two rules for %s", r.Kind)
		}
		x.routes[r.Kind] = r
	}
	own, has := x.routes[message.KindSnapshotRequest]
	x.routes[message.KindSnapshotRequest] = x.grounding(own, has)
	for _, o := range cfg.Peers {
		if o == cfg.Self {
			return nil, errors.New("an organisation does not exchange with itself")
		}
		x.peers[o] = &peer{org: o, bell: new(clock.Bell), state: PairUnknown,
			door: make(chan struct{}, maxAtDoor), turn: make(chan struct{}, 1), asking: make(chan struct{}, maxAsking)}
	}
	err := cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		if err := x.findIdle(ctx, tx); err != nil {
			return err
		}
		if cfg.Several {
			if err := x.turn.enter(ctx, tx); err != nil {
				return err
			}
		}
		for _, o := range cfg.Peers {
			if _, err := tx.Exec(ctx, `INSERT INTO x_peer(peer, out_epoch, next_seq, out_open, out_open_bytes, out_stuck,
				out_sent, peer_decisions, in_decisions, in_stuck, in_refused)
				VALUES ($1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT DO NOTHING`, string(o)); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT next_seq, in_hellos FROM x_peer WHERE peer = $1`, string(o)).Scan(&x.peers[o].began, &x.peers[o].hellos); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't prepare the exchange's tables: %w", err)
	}
	return x, nil
}

// Self is the organisation whose exchange this is.
func (x *Exchange) Self() message.Org { return x.cfg.Self }

// Tasks are the loops that the exchange needs stepped: one per peer, one that empties expired payloads, one that keeps
// receipts, and of several nodes one that sees whose turn it is.
func (x *Exchange) Tasks() []clock.Task {
	var tasks []clock.Task
	if x.cfg.Several {
		tasks = append(tasks, x.turnTask())
	}
	for _, o := range x.cfg.Peers {
		p := x.peers[o]
		tasks = append(tasks, clock.Task{
			Name: string(x.cfg.Self) + " → " + string(o),
			Step: func(ctx context.Context) (time.Time, error) { return x.step(ctx, p) },
			Bell: p.bell,
		})
	}
	return append(tasks, clock.Task{Name: string(x.cfg.Self) + " expiry", Step: x.expire},
		clock.Task{Name: string(x.cfg.Self) + " receipts", Step: x.keep, Bell: x.keepBell})
}
