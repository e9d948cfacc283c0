package reconcile

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

//go:embed rig/*.sql
var rigFiles embed.FS

// rig is the source of a book of facts, for the conformance kit. Rows can be made to panic, or to hang, when somebody looks
// at them.
type rig struct {
	g     queue.Ground
	store *sqlstore.Store
	books *Books
	mu    sync.Mutex
	sent  map[string]bool // keys of which a snapshot was sent
	bad   map[message.Org]queue.Poison
	goods int
}

const (
	rigSelf = message.Org("municipality-202029")
	rigPeer = message.Org("prefecture-20")
	rigBook = message.Invalidations
)

// openRig opens the books of the rig with some peers, and makes them comparable.
func openRig(ctx context.Context, g queue.Ground, every, cycle time.Duration, peers ...message.Org) (*rig, error) {
	sub, err := fs.Sub(rigFiles, "rig")
	if err != nil {
		return nil, err
	}
	store, err := sqlstore.Open(ctx, g.Store("books"), sqlstore.Options{Clock: g.Clock, Log: g.Log}, auditlog.Schema, Schema(), sqlstore.Schema{Name: "rig", FS: sub})
	if err != nil {
		return nil, err
	}
	r := &rig{g: g, store: store, sent: map[string]bool{}, bad: map[message.Org]queue.Poison{}}
	r.books, err = New(ctx, Config{Self: rigSelf, Store: store, Clock: g.Clock, Peers: peers, Tables: []Table{r.table()}, Log: g.Log,
		Secrets: func(message.Org) []byte { return make([]byte, minSecret) }, Every: every, Cycle: cycle, Deadline: g.Deadline})
	if err != nil {
		return nil, errors.Join(err, store.Close())
	}
	r.books.Join(rigExchange{r})
	for _, p := range r.books.order {
		for !p.adopted {
			if _, err := r.books.auditPage(ctx, p); err != nil {
				return nil, errors.Join(err, store.Close())
			}
		}
		p.auditing.due = g.Clock.Now().Add(cycle)
	}
	return r, nil
}

// seldom keeps the self-audit out of a case that is not its own.
const seldom = 1000 * time.Hour

// fact is the message of a number.
func fact(n uint64) message.ResidentInvalidation {
	return message.ResidentInvalidation{Code: resident.RecordCodeOf(1), Version: resident.Version(n), Reason: resident.MoveWithin,
		Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}
}

// rigRow is a row of the rig's state.
type rigRow struct {
	Row
	number int64
	how    queue.Poison
}

func scanRig(r *sqlstore.Rows, v *rigRow) error {
	var value []byte
	err := r.Scan(&v.Key, &v.number, &value, &v.how)
	if len(value) == len(v.Value) {
		copy(v.Value[:], value)
	}
	return err
}

// one looks at one row.
func (r *rig) one(ctx context.Context, tx *sqlstore.Tx, key string) ([]rigRow, error) {
	rows, err := sqlstore.List(ctx, tx, scanRig, `SELECT k, n, v, how FROM rig_state WHERE k = $1`, key)
	if len(rows) > 0 {
		switch rows[0].how {
		case queue.Panic:
			panic("planted by the conformance kit")
		case queue.Hang:
			r.g.Hang()
		}
	}
	return rows, err
}

func (r *rig) table() Table {
	return Table{
		Book:   rigBook,
		Source: func(message.Org) bool { return true },
		Scan: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, cursor string, limit int) ([]Row, string, error) {
			all, err := sqlstore.List(ctx, tx, scanRig, `SELECT k, n, v, how FROM rig_state WHERE k > $1 ORDER BY k LIMIT $2`, cursor, int64(limit))
			rows := make([]Row, len(all))
			for i, v := range all {
				rows[i] = v.Row
			}
			if err != nil || len(rows) < limit {
				return rows, "", err
			}
			return rows, rows[len(rows)-1].Key, nil
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
			held := map[string]message.Hash{}
			for _, k := range keys {
				rows, err := r.one(ctx, tx, k)
				if err != nil {
					return nil, err
				}
				for _, v := range rows {
					held[v.Key] = v.Value
				}
			}
			return held, nil
		},
		Show: func(context.Context, *sqlstore.Tx, message.Org, string) (plain.Sentence, error) {
			return plain.Sentence{}, nil
		},
		Snapshot: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
			rows, err := r.one(ctx, tx, key)
			if err != nil || len(rows) == 0 {
				return nil, err
			}
			if rows[0].Value == (message.Hash{}) {
				return nil, errors.New("the row cannot be read")
			}
			return fact(uint64(rows[0].number)), nil
		},
	}
}

// put writes a row of the state, and its entry unless it is behind the program's back. It returns the key.
func (r *rig) put(ctx context.Context, tx *sqlstore.Tx, n uint64, value []byte, how queue.Poison) (string, error) {
	e := fact(n).Entries()[0]
	if value == nil {
		value = e.Is[:]
	}
	_, err := tx.Exec(ctx, `INSERT INTO rig_state(k, n, v, how) VALUES ($1, $2, $3, $4)`, e.Key, int64(n), value, string(how))
	if how != queue.Foreign {
		r.books.Apply(tx, rigPeer, fact(n))
	}
	return e.Key, err
}

// plant puts n rows that cannot be processed into the state.
func (r *rig) plant(ctx context.Context, p queue.Poison, n int) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for i := range n {
			var value []byte
			switch p {
			case queue.Undecodable:
				value = []byte{0xff, 0x00}
			case queue.Truncated:
				whole := fact(uint64(i + 1)).Entries()[0].Is
				value = whole[:3]
			}
			if _, err := r.put(ctx, tx, uint64(i+1), value, p); err != nil {
				return err
			}
		}
		return nil
	})
}

// aside is what people see of the rows that were set aside.
func (r *rig) aside(ctx context.Context) (queue.Aside, error) {
	var a queue.Aside
	all, err := r.books.Standings(ctx)
	if err != nil {
		return a, err
	}
	for _, s := range all {
		a.Counted += s.Findings
	}
	shown, err := r.books.Findings(ctx, false, 10000)
	for _, f := range shown {
		a.Reasons = append(a.Reasons, f.Says())
	}
	a.Shown = int64(len(shown))
	return a, err
}

// next is a number behind all others.
func (r *rig) next() uint64 {
	r.goods++
	return uint64(r.g.Clock.Now().UnixMicro()) + uint64(r.goods)
}

// openAuditRig: a good item is a row that somebody changed by hand. It has come through when it was found.
func openAuditRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	r, err := openRig(ctx, g, time.Minute, 100*time.Millisecond, rigPeer)
	if err != nil {
		return nil, err
	}
	good := func(ctx context.Context) (func(context.Context) (bool, error), error) {
		var key string
		byHand := message.EntryValue(rigBook, "by hand")
		err := r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			key, err = r.put(ctx, tx, r.next(), byHand[:], "")
			return err
		})
		return func(ctx context.Context) (bool, error) {
			found, err := r.books.Findings(ctx, false, 10000)
			for _, f := range found {
				if f.Key == key {
					// A person closes it, so that only what was set aside is counted.
					return true, r.books.Acknowledge(ctx, rigBook, rigPeer, key, "seen", "operator-1")
				}
			}
			return false, err
		}, err
	}
	return &queue.Rig{Tasks: r.books.Tasks(), Plant: r.plant, Good: good, Aside: r.aside, Close: r.store.Close}, nil
}

// openRefillRig: a good item is an entry of a book that is being sent anew.
func openRefillRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	r, err := openRig(ctx, g, time.Minute, seldom, rigPeer) // the self-audit would find the bad ones first
	if err != nil {
		return nil, err
	}
	good := func(ctx context.Context) (func(context.Context) (bool, error), error) {
		var key string
		err := r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			key, err = r.put(ctx, tx, r.next(), nil, "")
			return err
		})
		if err == nil {
			err = r.books.ProposeRefill(ctx, rigBook, rigPeer, "conformance kit", "operator-1")
		}
		if err == nil {
			err = r.books.ConfirmRefill(ctx, rigBook, rigPeer, "operator-2")
		}
		return func(context.Context) (bool, error) {
			r.mu.Lock()
			defer r.mu.Unlock()
			return r.sent[key], nil
		}, err
	}
	return &queue.Rig{Tasks: r.books.Tasks(), Plant: r.plant, Good: good, Aside: r.aside, Close: r.store.Close}, nil
}

// openCompareRig: an item is the book of one copy. Those of bad copies cannot be compared.
func openCompareRig(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	const copies = 1001
	peers := make([]message.Org, copies)
	for i := range peers {
		peers[i] = message.Org(fmt.Sprintf("prefecture-%d", i))
	}
	r, err := openRig(ctx, g, 30*time.Second, seldom, peers...)
	if err != nil {
		return nil, err
	}
	if err := r.readBad(ctx); err != nil {
		return nil, errors.Join(err, r.store.Close())
	}
	last := peers[copies-1]
	plant := func(ctx context.Context, p queue.Poison, n int) error {
		return spoil(ctx, r, peers[:n], p)
	}
	good := func(context.Context) (func(context.Context) (bool, error), error) {
		since := g.Clock.Now()
		r.books.CompareNow()
		return func(ctx context.Context) (bool, error) {
			p := r.books.pairs[pairName{rigBook, last}]
			p.mu.Lock()
			defer p.mu.Unlock()
			return !p.last.at.Before(since) && p.last.outcome == Agreed, nil
		}, nil
	}
	aside := func(ctx context.Context) (a queue.Aside, err error) {
		all, err := r.books.Standings(ctx)
		for _, s := range all {
			if s.Outcome == Failed {
				a.Counted++
				a.Shown++
				a.Reasons = append(a.Reasons, s.Says())
			}
		}
		return a, err
	}
	return &queue.Rig{Tasks: r.books.Tasks(), Plant: plant, Good: good, Aside: aside, Close: r.store.Close}, nil
}

// spoil makes copies bad, also after a restart.
func spoil(ctx context.Context, r *rig, copies []message.Org, p queue.Poison) error {
	return r.store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, o := range copies {
			tx.Collect("rig_bad", "peer, how", string(o), string(p))
		}
		tx.OnCommit(func() {
			r.mu.Lock()
			defer r.mu.Unlock()
			for _, o := range copies {
				r.bad[o] = p
			}
		})
		return nil
	})
}

// readBad reads which copies are bad.
func (r *rig) readBad(ctx context.Context) error {
	type bad struct {
		peer message.Org
		how  queue.Poison
	}
	return r.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, b *bad) error { return r.Scan(&b.peer, &b.how) }, `SELECT peer, how FROM rig_bad`)
		for _, b := range all {
			r.bad[b.peer] = b.how
		}
		return err
	})
}

// rigExchange stands for the exchange and the copies.
type rigExchange struct{ *rig }

var _ Exchange = rigExchange{}

func (x rigExchange) Ask(_ context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	x.mu.Lock()
	bad := x.bad[to]
	x.mu.Unlock()
	switch bad {
	case queue.Undecodable:
		return []byte{0xff, 0x00, 0xff}, nil
	case queue.Panic:
		panic("planted by the conformance kit")
	}
	switch kind {
	case askRoot:
		a := &messagepb.BookRootAnswer{Cut: &messagepb.BookCut{}, Sum: make([]byte, 8*lanes)}
		if bad == queue.Foreign {
			a.N = 1
		}
		return proto.Marshal(a)
	case askNodes: // below a node that is none
		return proto.Marshal(&messagepb.BookNodesAnswer{Cut: &messagepb.BookCut{}, Node: []uint32{4711}, N: make([]int64, 16), Sums: make([]byte, 16*shortSize)})
	}
	return nil, errors.New("the copy does not answer")
}

func (rigExchange) Answer(string, func(context.Context, message.Org, []byte) ([]byte, error)) {}

func (rigExchange) Cut(context.Context, *sqlstore.Tx, message.Org) (exchange.Cut, error) {
	return exchange.Cut{}, nil
}

func (rigExchange) Unapplied(context.Context, *sqlstore.Tx, message.Org, exchange.Cut) ([]exchange.Unapplied, error) {
	return nil, nil
}

func (rigExchange) LastOf(context.Context, *sqlstore.Tx, message.Org, string, ...message.Kind) (exchange.Item, bool, error) {
	return exchange.Item{}, false, nil
}

func (x rigExchange) Send(_ context.Context, tx *sqlstore.Tx, outs []message.Out, _ string) ([]message.ID, error) {
	for _, o := range outs {
		if n, is := o.Body.(message.Snapshot); is {
			tx.OnCommit(func() {
				x.mu.Lock()
				defer x.mu.Unlock()
				x.sent[n.Key] = true
			})
		}
	}
	return make([]message.ID, len(outs)), nil
}

func (rigExchange) Idle(message.Org) bool { return false }

func (rigExchange) NewTrace() (string, error) { return "t-rig", nil }
