package prefecture_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// register is what a municipality holds, as far as its books go.
type register struct {
	states  map[string]message.ResidentChange       // by code: the present state, deleted or not, or the change that gave the code up
	killing map[string]message.ResidentInvalidation // by key
	coming  []message.Payload                       // sent, and under way still
}

// land is the prefecture without the exchange, between two registers and what it told the center.
type land struct {
	*country
	r         *rapid.T
	registers map[message.Org]*register
	people    []*somebody
	relayed   []message.Payload
	seq       uint64
	tampered  bool // the prefecture's tables are not what it was told any more
}

type somebody struct {
	*person
	at    message.Org // whose resident; "" on the way
	codes []resident.RecordCode
}

func newLand(t *testing.T, r *rapid.T) *land {
	l := &land{country: newCountry(t, "memory:"), r: r, registers: map[message.Org]*register{}}
	for _, o := range []message.Org{matsumoto, iida} {
		l.registers[o] = &register{states: map[string]message.ResidentChange{}, killing: map[string]message.ResidentInvalidation{}}
	}
	return l
}

// take lets the prefecture take a message; false when it refuses it.
func (l *land) take(from message.Org, p message.Payload) bool {
	l.seq++
	var outs []message.Out
	err := l.nagano.Store.Update(l.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		d := exchange.Delivery{ID: message.ID{Sender: from, Receiver: nagano, Node: "1", Epoch: 1, Seq: l.seq}, CreatedAt: tx.Now(), Kind: p.Kind()}
		outs, err = l.nagano.Take(ctx, tx, d, p)
		return err
	})
	if refused := (*exchange.Rejected)(nil); errors.As(err, &refused) {
		return false
	} else if err != nil {
		l.r.Fatalf("%s of %s: %v", p.Kind(), from, err)
	}
	for _, o := range outs {
		if o.To != theCenter {
			l.r.Fatalf("a message goes to %s", o.To)
		}
		if n, ok := o.Body.(message.ResidentChange); ok && !l.tampered {
			// What cannot follow at the center what the center was told before would park there.
			before := reconciletest.Told(message.Residents, l.relayed...)
			for _, e := range n.Entries() {
				if before[e.Key] != e.Was {
					l.r.Fatalf("%s: the center is told that %s was %x, and holds %x", p.Kind(), e.Key, e.Was, before[e.Key])
				}
			}
		}
		l.relayed = append(l.relayed, o.Body)
	}
	return true
}

// file changes somebody's record, and tells the prefecture unless the message is lost.
func (l *land) file(p *somebody, reason resident.ChangeReason, edit ...func(*resident.IdentificationInfo)) {
	reg := l.registers[p.at]
	n := p.change(reason, edit...)
	if old := n.After.Change.OldCode; old.Valid() {
		reg.states[old.Reveal()] = n
		p.codes = append(p.codes, n.After.Code)
	}
	reg.states[p.Code.Reveal()] = n
	told := []message.Payload{n}
	if kills := resident.EffectOf(reason, resident.AttrAddress); !kills.Nothing() {
		for _, code := range p.codes {
			k := message.ResidentInvalidation{Code: code, Version: p.Version, Reason: reason, Since: day, Kills: kills}
			reg.killing[k.Entries()[0].Key] = k
			told = append(told, k)
		}
	}
	for _, m := range told {
		times := rapid.SampledFrom([]int{1, 1, 1, 1, 2, 0, onTheWay}).Draw(l.r, "times")
		if times == onTheWay || times > 0 && reg.holds(m) {
			reg.coming = append(reg.coming, m)
			continue
		}
		for range times {
			l.tell(p.at, m)
		}
	}
}

// onTheWay is a message that comes later, when others have come before it.
const onTheWay = -1

// holds tells whether a message waits for one that is under way: order is kept among those that share a key.
func (reg *register) holds(m message.Payload) bool {
	return slices.ContainsFunc(reg.coming, func(u message.Payload) bool {
		return slices.ContainsFunc(u.Keys(), func(k string) bool { return slices.Contains(m.Keys(), k) })
	})
}

// come lets all come that is under way from a municipality.
func (l *land) come(from message.Org) {
	reg := l.registers[from]
	for _, m := range reg.coming {
		l.tell(from, m)
	}
	reg.coming = nil
}

// tell sends a message, and again on top of what the prefecture says it holds when that was a gap.
func (l *land) tell(from message.Org, p message.Payload) {
	n, ok := p.(message.ResidentChange)
	if l.take(from, p) || !ok {
		return
	}
	var hash []byte
	err := l.nagano.Store.View(l.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT hash FROM resident WHERE code = $1`, received.CodeBefore(n).Reveal()).Scan(&hash)
	})
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		l.r.Fatal(err)
	}
	var holds message.Hash
	copy(holds[:], hash)
	if on, ok := n.BuildOn(holds); ok {
		l.take(from, on)
	}
}

// snapshot is what a municipality sends for a key.
func (l *land) snapshot(from message.Org, book message.Book, key string) {
	var state message.Payload
	if n, ok := l.registers[from].states[key]; ok && book == message.Residents {
		state = n
	}
	if n, ok := l.registers[from].killing[key]; ok && book == message.Invalidations {
		state = n
	}
	n, err := message.SnapshotOf(book, key, state, "")
	if err != nil {
		l.r.Fatal(err)
	}
	if l.registers[from].holds(n) {
		l.come(from)
	}
	if !l.take(from, n) {
		return
	}
	if held, said := l.held(book, from)[key], reconciletest.Told(book, n)[key]; held != said {
		l.r.Fatalf("%s: after the snapshot of %s the prefecture holds %x under %s, and not %x", book, from, held, key, said)
	}
}

func (l *land) held(book message.Book, peer message.Org) map[string]message.Hash {
	for _, t := range l.nagano.Tables() {
		if t.Book == book {
			held := reconciletest.Held(l.r, l.nagano.Store, t, peer)
			if n, counted := l.count(book, peer); counted && n != int64(len(held)) {
				l.r.Fatalf("%s: the prefecture counts %d with %s, and holds %x", book, n, peer, held)
			}
			return held
		}
	}
	panic("no such book")
}

// count is the statement's figure that a book lists.
func (l *land) count(book message.Book, peer message.Org) (n int64, counted bool) {
	err := l.nagano.Store.View(l.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		figures, err := l.nagano.Counts(ctx, tx, peer, peer == theCenter)
		for _, f := range figures {
			if f.Book == book {
				n, counted = f.N, true
			}
		}
		return err
	})
	if err != nil {
		l.r.Fatal(err)
	}
	return n, counted
}

// truth is what a register's book says.
func (l *land) truth(book message.Book, of message.Org) map[string]message.Hash {
	all := map[string]message.Hash{}
	for key, n := range l.registers[of].states {
		for _, e := range n.Entries() {
			if book == message.Residents && e.Key == key && e.Is != (message.Hash{}) {
				all[key] = e.Is
			}
		}
	}
	for key, n := range l.registers[of].killing {
		if book == message.Invalidations {
			all[key] = n.Entries()[0].Is
		}
	}
	return all
}

// agrees fails unless the tables and the books say the same, and the center was told just that.
func (l *land) agrees() {
	for _, book := range bothBooks {
		l.held(book, matsumoto)
		l.held(book, iida)
		if held, told := l.held(book, theCenter), reconciletest.Told(book, l.relayed...); !maps.Equal(held, told) {
			l.r.Fatalf("%s: the prefecture holds %x, and told the center %x", book, held, told)
		}
	}
}

// keys are all keys that anybody may ask a snapshot for.
func (l *land) keys(book message.Book) (keys []string) {
	for _, o := range []message.Org{matsumoto, iida, theCenter} {
		keys = slices.AppendSeq(keys, maps.Keys(l.held(book, o)))
		if reg := l.registers[o]; reg != nil && book == message.Residents {
			keys = slices.AppendSeq(keys, maps.Keys(reg.states))
		} else if reg != nil {
			keys = slices.AppendSeq(keys, maps.Keys(reg.killing))
		}
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

var bothBooks = []message.Book{message.Residents, message.Invalidations}

// tamper writes past the program; then the entries are made what the tables say, as the self-audit does.
func (l *land) tamper(statement string) {
	l.tampered = true
	err := l.nagano.Store.Update(l.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		if _, err := tx.Exec(ctx, statement); err != nil {
			return err
		}
		for _, t := range l.nagano.Tables() {
			for _, peer := range []message.Org{matsumoto, iida, theCenter} {
				if err := audit(ctx, tx, l.nagano.Books, t, peer); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		l.r.Fatalf("%s: %v", statement, err)
	}
}

func audit(ctx context.Context, tx *sqlstore.Tx, books *reconcile.Books, t reconcile.Table, peer message.Org) error {
	entries, err := reconcile.Entries(ctx, tx, t.Book, peer)
	if err != nil {
		return err
	}
	rows, _, err := t.Scan(ctx, tx, peer, "", 1000)
	if err != nil {
		return err
	}
	for key := range entries {
		books.Set(tx, t.Book, peer, key, message.Hash{})
	}
	for _, row := range rows {
		if row.Value == (message.Hash{}) {
			row.Value = message.EntryValue(t.Book, "unreadable")
		}
		books.Set(tx, t.Book, peer, row.Key, row.Value)
	}
	return nil
}

var town = map[message.Org]func(*resident.IdentificationInfo){matsumoto: in("202029", "長野県松本市丸の内3番7号"), iida: in("202053", "長野県飯田市大久保町2534番地")}

func (l *land) actions() map[string]func(*rapid.T) {
	pick := func(at ...message.Org) *somebody {
		var some []*somebody
		for _, p := range l.people {
			if slices.Contains(at, p.at) {
				some = append(some, p)
			}
		}
		if len(some) == 0 {
			l.r.Skip()
		}
		return rapid.SampledFrom(some).Draw(l.r, "who")
	}
	place := func() message.Org { return rapid.SampledFrom([]message.Org{matsumoto, iida}).Draw(l.r, "where") }
	next := uint64(0)
	code := func() resident.RecordCode { next++; return resident.RecordCodeOf(next) }
	return map[string]func(*rapid.T){
		"enter": func(*rapid.T) {
			p := &somebody{person: newPerson(l.t, 0, "松本　花子"), at: place()}
			p.Code = code()
			p.codes = []resident.RecordCode{p.Code}
			l.people = append(l.people, p)
			l.file(p, resident.Birth, town[p.at])
		},
		"change": func(r *rapid.T) {
			reason := rapid.SampledFrom([]resident.ChangeReason{resident.MoveWithin, resident.MinorAmendment, resident.AmendmentExOfficio}).Draw(r, "reason")
			p := pick(matsumoto, iida)
			l.file(p, reason, at(fmt.Sprintf("%s%d", p.Address.Reveal(), p.Version)))
		},
		"recode": func(*rapid.T) {
			l.file(pick(matsumoto, iida), resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, code() })
		},
		"leave": func(r *rapid.T) {
			p := pick(matsumoto, iida)
			l.file(p, rapid.SampledFrom([]resident.ChangeReason{resident.MoveOut, resident.MoveOut, resident.Death}).Draw(r, "reason"))
			if p.at = ""; p.Change.Reason == resident.Death {
				p.at = "nowhere"
			}
		},
		"arrive": func(*rapid.T) {
			p := pick("")
			p.at, p.last = place(), resident.StateHash{}
			p.codes = []resident.RecordCode{p.Code} // the new municipality knows no other
			l.file(p, resident.MoveIn, town[p.at])
		},
		"come": func(*rapid.T) { l.come(place()) },
		"snapshot": func(r *rapid.T) {
			book := rapid.SampledFrom(bothBooks).Draw(r, "book")
			if keys := l.keys(book); len(keys) > 0 {
				l.snapshot(place(), book, rapid.SampledFrom(keys).Draw(r, "key"))
			}
		},
	}
}

// mend has the municipalities send snapshots of all keys on which they and the prefecture differ.
func (l *land) mend() {
	l.come(iida)
	l.come(matsumoto)
	// Who left one and has come to the other is told of by both; which comes first is chance.
	for range 3 {
		for _, o := range []message.Org{iida, matsumoto} {
			for _, book := range bothBooks {
				held, truth := l.held(book, o), l.truth(book, o)
				for _, key := range l.keys(book) {
					if is, there := held[key]; is != truth[key] || there && is == (message.Hash{}) {
						l.snapshot(o, book, key)
					}
				}
			}
		}
	}
	for _, book := range bothBooks {
		all := map[string]message.Hash{}
		for _, o := range []message.Org{matsumoto, iida} {
			truth := l.truth(book, o)
			maps.Copy(all, truth)
			if held := l.held(book, o); !maps.Equal(held, truth) {
				l.r.Fatalf("%s: the prefecture holds %x of %s, which holds %x", book, held, o, truth)
			}
		}
		if held := l.held(book, theCenter); !maps.Equal(held, all) {
			l.r.Fatalf("%s: the prefecture holds %x for the center, and the municipalities %x", book, held, all)
		}
	}
	var damaged int64
	if err := l.nagano.Store.View(l.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM resident WHERE resides AND LENGTH(hash) <> 32`).Scan(&damaged)
	}); err != nil || damaged > 0 {
		l.r.Fatalf("%d records cannot be built on, %v", damaged, err)
	}
}
