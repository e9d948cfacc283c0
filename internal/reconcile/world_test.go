package reconcile_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
	"github.com/akashi-id/akashi/resident"
)

// A municipality and its prefecture, with the books of residents (the state of each) and of invalidations (facts), over
// the real exchange, the real books and SQL, in memory and virtual time. What the tests call by hand is done with SQL
// behind the program's back.

const (
	city = message.Org("municipality-202029")
	pref = message.Org("prefecture-20")

	watchBell = "watch" // of whoever watches the books
)

var start = time.Date(2026, 4, 1, 9, 0, 0, 0, time.UTC)

var recordSchema = sqlstore.Schema{Name: "record", FS: fstest.MapFS{"0001_record.sql": {Data: []byte(
	"CREATE TABLE record(book TEXT NOT NULL, k TEXT NOT NULL, n BIGINT NOT NULL, kind TEXT NOT NULL, body BYTEA NOT NULL, PRIMARY KEY(book, k, n));\n")}}}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type identity struct {
	trust  *pki.Trust
	signer exchange.Signer
}

// identities are made once: keys are not what is tried here.
var identities = func() map[message.Org]identity {
	ca := must(pki.NewInfrastructureCA(rand.Reader, start))
	trust := must(pki.NewTrust(ca.Certificate()))
	all := map[message.Org]identity{}
	for _, o := range []message.Org{city, pref} {
		all[o] = identity{trust, must(ca.NewIdentity(rand.Reader, start, string(o), pki.ForSigning))}
	}
	return all
}()

// fatal is what the tests and rapid's have in common.
type fatal interface {
	Fatalf(format string, args ...any)
	Helper()
}

type world struct {
	t    fatal
	ctx  context.Context
	clk  *clock.Virtual
	net  *exchange.Memory
	city *end
	pref *end
	n    uint64 // last version
	// What the prefecture's rules do to a message of a key: swallow it, or apply the one before after it (reorder), once; or
	// reject each.
	moods    map[string]string
	injected map[string]bool // keys to which something was done that must be seen
	drive    *clock.Driver
}

// end is one organisation.
type end struct {
	w          *world
	self, peer message.Org
	by         wiring
	faults     *sqlstoretest.Faults
	link       *cutLink
	store      *sqlstore.Store
	x          *exchange.Exchange
	books      *reconcile.Books
}

// cutLink hands over no messages while it is stalled, but answers questions.
type cutLink struct {
	exchange.Link
	stalled bool
}

var errStalled = errors.New("the line is stalled")

func (l *cutLink) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	if l.stalled {
		return nil, errStalled
	}
	return l.Link.Deliver(ctx, to, b)
}

type wiring struct {
	url      func(self message.Org) string
	exchange func(self message.Org, x reconcile.Exchange) reconcile.Exchange
	table    func(self message.Org, t *reconcile.Table)
	secret   func(self, peer message.Org) []byte
	log      *slog.Logger
	unbooked func(self message.Org, p message.Booked) bool // whether a rule forgets the book
	fault    fault                                         // of the organisations' own rules
}

// fault is a mistake in an organisation's rules.
type fault struct {
	entries func(self message.Org, p message.Booked, right []message.Entry) []message.Entry // what a rule does instead
	after   func(ctx context.Context, tx *sqlstore.Tx, e *end, p message.Booked) error      // and what besides
	unsent  func(n message.ResidentChange) bool                                             // a change that is not told
}

func newWorld(t fatal, ctx context.Context, by wiring) *world {
	w := &world{t: t, ctx: ctx, clk: clock.NewVirtual(start), net: new(exchange.Memory), moods: map[string]string{}, injected: map[string]bool{}}
	w.city, w.pref = w.open(city, pref, by), w.open(pref, city, by)
	w.drive = clock.NewDriver(w.clk, slices.Concat(w.city.x.Tasks(), w.pref.x.Tasks(), w.city.books.Tasks(), w.pref.books.Tasks()))
	return w
}

func (w *world) open(self, peer message.Org, by wiring) *end {
	e := &end{w: w, self: self, peer: peer, by: by, faults: new(sqlstoretest.Faults)}
	url := "memory:"
	if by.url != nil {
		url = by.url(self)
	}
	var err error
	e.store, err = sqlstore.Open(w.ctx, url, sqlstore.Options{Clock: w.clk, Faults: e.faults, Log: slog.New(slog.DiscardHandler)},
		auditlog.Schema, exchange.Schema(), reconcile.Schema(), recordSchema)
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	secret := reconciletest.Secrets(self)
	if by.secret != nil {
		secret = func(peer message.Org) []byte { return by.secret(self, peer) }
	}
	tables := []reconcile.Table{e.table(message.Residents), e.table(message.Invalidations)}
	for i := range tables {
		if by.table != nil {
			by.table(self, &tables[i])
		}
	}
	e.books, err = reconcile.New(w.ctx, reconcile.Config{Self: self, Store: e.store, Clock: w.clk, Peers: []message.Org{peer}, Tables: tables, Secrets: secret, Log: by.log, Bell: watchBell})
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	id := identities[self]
	e.link = &cutLink{Link: w.net.As(self)}
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	e.x, err = exchange.New(w.ctx, exchange.Config{Self: self, Store: e.store, Clock: w.clk, Rand: rand.Reader, Signer: id.signer, Trust: id.trust,
		Link: e.link, Peers: []message.Org{peer},
		Routes: append(e.books.Routes(), exchange.On(same, e.onChange), exchange.On(same, e.onInvalidation))})
	if err != nil {
		w.t.Fatalf("%v", err)
	}
	var x reconcile.Exchange = e.x
	if by.exchange != nil {
		x = by.exchange(self, x)
	}
	e.books.Join(x)
	w.net.Join(self, e.x)
	return e
}

func (w *world) close() {
	w.city.store.Close()
	w.pref.store.Close()
}

func (w *world) run(d time.Duration) {
	w.t.Helper()
	if err := w.drive.Until(w.ctx, w.clk.Now().Add(d)); err != nil {
		w.t.Fatalf("%v", err)
	}
}

func (e *end) update(fn func(ctx context.Context, tx *sqlstore.Tx) error) {
	e.w.t.Helper()
	if err := e.store.Update(e.w.ctx, fn); err != nil {
		e.w.t.Fatalf("%s: %v", e.self, err)
	}
}

// byHand does something behind the program's back, and returns how many rows it did it to.
func (e *end) byHand(query string, args ...any) (rows int64) {
	e.w.t.Helper()
	e.update(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = tx.Exec(ctx, query, args...)
		return err
	})
	return rows
}

// The organisation's own tables and rules.

// record is a row of the state: the message that made it.
type record struct {
	key  string
	kind message.Kind
	body []byte
}

func scanRecord(r *sqlstore.Rows, v *record) error { return r.Scan(&v.key, &v.kind, &v.body) }

// value is the entry that a row stands for; zero when it cannot be read.
func (r record) value(book message.Book) message.Hash {
	p, err := message.Decode(r.kind, r.body)
	if err != nil {
		return message.Hash{}
	}
	for _, e := range p.(message.Booked).Entries() {
		if e.Book == book && e.Key == r.key {
			return e.Is
		}
	}
	return message.Hash{}
}

func (e *end) records(ctx context.Context, tx *sqlstore.Tx, book message.Book, key string) ([]record, error) {
	return sqlstore.List(ctx, tx, scanRecord, `SELECT k, kind, body FROM record WHERE book = $1 AND k = $2 ORDER BY n`, string(book), key)
}

// put makes a message's state the row under its key, or removes it, and sets the books. It goes by the key, as a real
// rule does: what else somebody put there by hand stays.
func (e *end) put(ctx context.Context, tx *sqlstore.Tx, p message.Booked) error {
	body, err := message.Encode(p)
	if err != nil {
		return err
	}
	entries := p.Entries()
	if e.by.fault.entries != nil {
		entries = e.by.fault.entries(e.self, p, entries)
	}
	for _, n := range entries {
		if _, err := tx.Exec(ctx, `DELETE FROM record WHERE book = $1 AND k = $2 AND n = 0`, string(n.Book), n.Key); err != nil {
			return err
		}
		if n.Is == (message.Hash{}) {
			continue
		}
		if _, err := tx.Exec(ctx, `INSERT INTO record(book, k, n, kind, body) VALUES ($1, $2, 0, $3, $4)`, string(n.Book), n.Key, string(p.Kind()), body); err != nil {
			return err
		}
	}
	if e.by.unbooked == nil || !e.by.unbooked(e.self, p) {
		for _, n := range entries {
			e.books.Set(tx, n.Book, e.peer, n.Key, n.Is)
		}
	}
	if e.by.fault.after != nil {
		return e.by.fault.after(ctx, tx, e, p)
	}
	return nil
}

func (e *end) table(book message.Book) reconcile.Table {
	t := reconcile.Table{
		Book: book,
		Scan: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			all, err := sqlstore.List(ctx, tx, scanRecord, `SELECT k, kind, body FROM record WHERE book = $1 AND k > $2 ORDER BY k, n LIMIT $3`,
				string(book), cursor, int64(limit))
			rows := make([]reconcile.Row, len(all))
			for i, r := range all {
				rows[i] = reconcile.Row{Key: r.key, Value: r.value(book)}
			}
			if err != nil || len(all) < limit {
				return rows, "", err
			}
			return rows, rows[len(rows)-1].Key, nil
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
			held := map[string]message.Hash{}
			for _, k := range keys {
				all, err := e.records(ctx, tx, book, k)
				if err != nil {
					return nil, err
				}
				if len(all) > 0 {
					held[k] = all[0].value(book)
				}
			}
			return held, nil
		},
		Show: func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
			all, err := e.records(ctx, tx, book, key)
			if err != nil || len(all) == 0 {
				return plain.Sentence{JA: "登録がない。", EN: "Nothing is held."}, err
			}
			v := all[0].value(book)
			return plain.Sentence{JA: fmt.Sprintf("%x を持つ。", v[:4]), EN: fmt.Sprintf("%x is held.", v[:4])}, nil
		},
		Safe: book == message.Invalidations,
	}
	if e.self == city {
		t.Source = func(o message.Org) bool { return o == pref }
		t.Snapshot = func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
			all, err := e.records(ctx, tx, book, key)
			if err != nil || len(all) == 0 {
				return nil, err
			}
			return message.Decode(all[0].kind, all[0].body)
		}
		return t
	}
	t.Copy = func(o message.Org) bool { return o == city }
	t.Take = func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
		if _, err := tx.Exec(ctx, `DELETE FROM record WHERE book = $1 AND k = $2`, string(book), n.Key); err != nil || p == nil {
			e.books.Set(tx, book, e.peer, n.Key, message.Hash{})
			return nil, err
		}
		return nil, e.put(ctx, tx, p.(message.Booked))
	}
	return t
}

func (e *end) onChange(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	key := n.After.Code.Reveal()
	switch m := e.w.moods[key]; {
	case m == "reject" && !d.Accepted:
		return nil, exchange.Reject("model", "受け取れません。", "not taken")
	case m == "swallow":
		e.w.spent(tx, key, n)
		return nil, nil
	case m == "reorder": // the message before is applied once more, after this one
		e.w.spent(tx, key, n)
		before, err := e.records(ctx, tx, message.Residents, key)
		if err != nil || len(before) == 0 {
			return nil, err
		}
		if err := e.put(ctx, tx, n); err != nil {
			return nil, err
		}
		again, err := message.Decode(before[0].kind, before[0].body)
		if err != nil {
			return nil, err
		}
		e.w.spent(tx, key, again.(message.Booked)) // it may be about another code as well
		return nil, e.put(ctx, tx, again.(message.Booked))
	}
	for _, entry := range n.Entries() {
		rows, err := e.records(ctx, tx, message.Residents, entry.Key)
		if err != nil {
			return nil, err
		}
		var holds message.Hash
		if len(rows) > 0 {
			holds = rows[0].value(message.Residents)
		}
		if holds != entry.Was {
			return nil, exchange.Missing("前の電文がありません。", "one before it is missing")
		}
	}
	return nil, e.put(ctx, tx, n)
}

func (e *end) onInvalidation(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	key := n.Entries()[0].Key
	if e.w.moods[key] == "swallow" {
		e.w.spent(tx, key, n)
		return nil, nil
	}
	return nil, e.put(ctx, tx, n)
}

// spent ends a mood with the transaction that it spoiled. What it did must be seen, also when the answer to the commit is
// lost and nobody here learns of it.
func (w *world) spent(tx *sqlstore.Tx, mood string, n message.Booked) {
	for _, e := range n.Entries() {
		w.injected[e.Key] = true
	}
	tx.OnCommit(func() { delete(w.moods, mood) })
}

// What the municipality does.

func person(k int) resident.RecordCode { return resident.RecordCodeOf(uint64(k + 1)) }

func stateOf(code resident.RecordCode, reason resident.ChangeReason, version uint64) resident.IdentificationInfo {
	return resident.IdentificationInfo{Code: code,
		BasicFour: resident.BasicFour{Name: must(resident.ParseName("name", "山田　花子")), Birth: must(resident.ParsePartialDate("birth", "1980-05-01")),
			Sex: resident.Female, Address: must(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))},
		Municipality: must(resident.ParseMunicipalityCode("municipality", "202029")), Version: resident.Version(version),
		Change: resident.ChangeInfo{Reason: reason, Arose: resident.MustDate(2026, 4, 1)}}
}

// change files a change of a person: an entry, when the person is not there; else an amendment, a deletion, or an
// amendment of the code to another person's that is free. It returns the message.
func (w *world) change(ctx context.Context, tx *sqlstore.Tx, k int, how resident.ChangeReason) (message.ResidentChange, error) {
	rows, err := w.city.records(ctx, tx, message.Residents, person(k).Reveal())
	if err != nil {
		return message.ResidentChange{}, err
	}
	w.n++
	n := message.ResidentChange{After: stateOf(person(k), how, w.n)}
	if len(rows) == 0 {
		n.After.Change.Reason = resident.MoveIn
	} else {
		n.Before = resident.StateHash(rows[0].value(message.Residents))
	}
	if err := w.city.put(ctx, tx, n); err != nil {
		return n, err
	}
	if w.city.by.fault.unsent != nil && w.city.by.fault.unsent(n) {
		return n, nil
	}
	_, err = w.city.x.Send(ctx, tx, []message.Out{{To: pref, Body: n}}, "t-test")
	return n, err
}

func (w *world) file(k int, how resident.ChangeReason) (n message.ResidentChange) {
	w.t.Helper()
	w.city.update(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		n, err = w.change(ctx, tx, k, how)
		return err
	})
	return n
}

func (w *world) invalidate(k int) (n message.ResidentInvalidation) {
	w.t.Helper()
	w.n++
	n = message.ResidentInvalidation{Code: person(k), Version: resident.Version(w.n), Reason: resident.MoveWithin,
		Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}
	w.city.update(func(ctx context.Context, tx *sqlstore.Tx) error {
		if err := w.city.put(ctx, tx, n); err != nil {
			return err
		}
		_, err := w.city.x.Send(ctx, tx, []message.Out{{To: pref, Body: n}}, "t-test")
		return err
	})
	return n
}

// What both ends hold, in truth.

func (e *end) state(book message.Book) map[string][]byte {
	held := map[string][]byte{}
	err := e.store.View(e.w.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := sqlstore.List(ctx, tx, scanRecord, `SELECT k, kind, body FROM record WHERE book = $1 ORDER BY k, n`, string(book))
		for _, r := range rows {
			v := r.value(book)
			held[r.key] = append(held[r.key], v[:]...)
		}
		return err
	})
	if err != nil {
		e.w.t.Fatalf("%v", err)
	}
	return held
}

// differing are the keys under which the two ends do not hold the same.
func (w *world) differing(book message.Book) []string {
	a, b := w.city.state(book), w.pref.state(book)
	var keys []string
	for k := range a {
		if !bytes.Equal(a[k], b[k]) {
			keys = append(keys, k)
		}
	}
	for k := range b {
		if a[k] == nil {
			keys = append(keys, k)
		}
	}
	slices.Sort(keys)
	return keys
}

func (e *end) cases(all bool) []reconcile.Case {
	found, err := e.books.Cases(e.w.ctx, all, 10000)
	if err != nil {
		e.w.t.Fatalf("%v", err)
	}
	return found
}

func (e *end) standing(book message.Book) reconcile.Standing {
	all, err := e.books.Standings(e.w.ctx)
	if err != nil {
		e.w.t.Fatalf("%v", err)
	}
	for _, s := range all {
		if s.Book == book {
			return s
		}
	}
	e.w.t.Fatalf("no book %s", book)
	return reconcile.Standing{}
}

func forTest(t *testing.T, by wiring) *world {
	w := newWorld(t, t.Context(), by)
	t.Cleanup(w.close)
	return w
}
