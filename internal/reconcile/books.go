package reconcile

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of the books; every organisation has them in its own database.
func Schema() sqlstore.Schema {
	sub, err := fs.Sub(files, "schema")
	if err != nil {
		panic(err) // the embedded tree is fixed when the program is built
	}
	return sqlstore.Schema{Name: "reconcile", FS: sub}
}

// Config says who we are, and which books we hold with whom.
type Config struct {
	Self   message.Org
	Store  *sqlstore.Store
	Clock  clock.Clock
	Peers  []message.Org
	Tables []Table
	// Secrets gives the secret that we share with a peer, at least 32 bytes, the same at both ends.
	Secrets func(peer message.Org) []byte
	Log     *slog.Logger
	Every   time.Duration // between two comparisons of a book; 30 s when zero
	Cycle   time.Duration // in which the self-audit goes through a small book once; 30 s when zero
	// Deadline is for one call of a Table's function, about one key or a page of them, in real time; 5 s when zero.
	Deadline time.Duration
	Bell     string // of the store, rung when a case or a finding is opened or closed; "" for none
}

// minSecret is the length of HMAC-SHA-256's key below which it would be the weakest part.
const minSecret = 32

// again is how soon a comparison is made again that could not tell.
const again = 5 * time.Second

// Books are all books that an organisation holds.
type Books struct {
	cfg     Config
	x       Exchange
	pairs   map[pairName]*pair
	order   []*pair // by table, then by peer
	again   time.Duration
	slice   int   // changes that the fold brings over in one transaction
	most    int64 // changes of a book that may wait for it
	started time.Time
	auditor auditor
}

type pairName struct {
	book message.Book
	peer message.Org
}

// pair is one book that we hold with one peer.
type pair struct {
	id     int64
	book   message.Book
	peer   message.Org
	side   side
	table  *Table
	secret []byte

	suspects map[message.ID]time.Time // messages that seem lost, since when; of the comparison alone
	alone    sync.Mutex               // held by the fold

	mu       sync.Mutex // guards what follows
	adopted  bool
	asleep   bool      // its comparison waits for the first entry
	next     time.Time // when it is to be compared; the source's
	hurried  bool
	last     last // of the last comparison
	unsaved  days // comparisons that are not written down yet; the copy's
	savedAt  time.Time
	auditing auditing
	folding  folding
}

// New opens the books. The store must have been opened with Schema among its schemas.
func New(ctx context.Context, cfg Config) (*Books, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Clock == nil {
		cfg.Clock = clock.System()
	}
	if cfg.Every == 0 {
		cfg.Every = 30 * time.Second
	}
	if cfg.Cycle == 0 {
		cfg.Cycle = 30 * time.Second
	}
	if cfg.Deadline == 0 {
		cfg.Deadline = 5 * time.Second
	}
	b := &Books{cfg: cfg, pairs: map[pairName]*pair{}, again: again, slice: foldSlice, most: foldMost, started: cfg.Clock.Now()}
	for i := range cfg.Tables {
		t := &cfg.Tables[i]
		for _, peer := range cfg.Peers {
			s := t.sideTo(peer)
			if s == "" {
				continue
			}
			if b.pairs[pairName{t.Book, peer}] != nil {
				return nil, fmt.Errorf("two tables for the book %q with %s", t.Book, peer)
			}
			if err := t.whole(s); err != nil {
				return nil, err
			}
			p := &pair{book: t.Book, peer: peer, side: s, table: t}
			if cfg.Secrets != nil {
				p.secret = cfg.Secrets(peer)
			}
			if len(p.secret) < minSecret {
				return nil, plain.Bad("secret",
					"団体 "+string(peer)+" と共有する秘密が無いか、短すぎます。双方に同じ鍵ファイルを置いてください。",
					"the secret shared with "+string(peer)+" is missing or too short: place the same key file at both ends")
			}
			b.pairs[pairName{t.Book, peer}] = p
			b.order = append(b.order, p)
		}
	}
	if err := b.number(ctx); err != nil {
		return nil, err
	}
	if err := b.countUnfolded(ctx); err != nil {
		return nil, err
	}
	return b, b.readLast(ctx)
}

// Join gives the books their exchange, before anything is sent. It answers the questions of their peers from then on.
func (b *Books) Join(x Exchange) {
	b.x = x
	b.register()
}

// whole refuses a table that could not do its part.
func (t *Table) whole(s side) error {
	ok := t.Book.Known() && t.Scan != nil && t.Look != nil && t.Show != nil
	if s == source {
		ok = ok && t.Snapshot != nil
	} else {
		ok = ok && t.Take != nil
	}
	if !ok {
		return fmt.Errorf("the table of the book %q, as %s, lacks a function", t.Book, s)
	}
	return nil
}

// number gives every pair its number, the one that it has had since it was first opened.
func (b *Books) number(ctx context.Context) error {
	type row struct {
		id   int64
		name pairName
		side side
	}
	return b.cfg.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, v *row) error {
			return r.Scan(&v.id, &v.name.book, &v.name.peer, &v.side)
		}, `SELECT id, book, peer, side FROM r_pair`)
		if err != nil {
			return fmt.Errorf("couldn't read which books there are: %w", err)
		}
		last := int64(0)
		for _, v := range rows {
			last = max(last, v.id)
		}
		for _, p := range b.order {
			i := slices.IndexFunc(rows, func(v row) bool { return v.name == pairName{p.book, p.peer} })
			switch {
			case i < 0:
				last++
				p.id = last
				_, err = tx.Exec(ctx, `INSERT INTO r_pair(id, book, peer, side) VALUES ($1, $2, $3, $4)`, p.id, string(p.book), string(p.peer), string(p.side))
			case rows[i].side != p.side:
				err = errors.New("a side of a book cannot become the other one")
			default:
				p.id = rows[i].id
			}
			if err != nil {
				return fmt.Errorf("couldn't open the book %s with %s: %w", p.book, p.peer, err)
			}
		}
		return nil
	})
}
