package municipality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// issuingFeed tells the municipality's issuing server (証明発行サーバ) of everybody of whom a transaction has written something that documents are
// made of (随時連携): at its end and of the state that it leaves, so that an act of many steps is one message for each person. It is part of
// the transaction of the change; nothing of it waits for the server.
type issuingFeed struct{ o *Municipality }

// touched is a person and the act by which something of them was written.
type touched struct {
	who   PersonID
	trace string
}

// issuingAtOnce is how many people are read by one statement.
const issuingAtOnce = 200

// WriteKept tells of the people who were kept for the end of a transaction.
func (f issuingFeed) WriteKept(ctx context.Context, raw *sqlstore.Tx, kept []any) error {
	traces := map[PersonID]string{}
	var order []PersonID
	for _, k := range kept {
		t, ok := k.(touched)
		if !ok {
			return fmt.Errorf("something else than a person was kept: %T", k)
		}
		if before, seen := traces[t.who]; !seen {
			order = append(order, t.who)
		} else if t.trace == "" {
			t.trace = before
		}
		traces[t.who] = t.trace
	}
	for part := range slices.Chunk(order, issuingAtOnce) {
		_, waits, err := f.o.tellIssuing(ctx, f.o.in(raw), part, traces)
		if err != nil {
			return err
		}
		f.o.tellIssuingLater(raw, waits)
	}
	return nil
}

// touch keeps a person for the end of the transaction.
func (o *Municipality) touch(tx *sqlstore.Tx, who PersonID, trace string) {
	if o.issuing != "" {
		tx.KeepLast(issuingFeed{o}, touched{who, trace})
	}
}

// touchCode is touch for whoever has a code, or had it; a code that nobody has here is nothing.
func (o *Municipality) touchCode(ctx context.Context, tx *store.Tx, code resident.RecordCode) error {
	if o.issuing == "" {
		return nil
	}
	holder, known, err := tx.ByCode(ctx, code)
	if err == nil && known {
		o.touch(tx.Tx, holder.Person, "")
	}
	return err
}

// tellIssuing tells of those of some people of whom something is new, and how many they were. When too much waits for the server already,
// nothing is told, and waits are those of whom something is to be: no act at the counter fails because a second copy is behind.
func (o *Municipality) tellIssuing(ctx context.Context, tx *store.Tx, people []PersonID, traces map[PersonID]string) (n int, waits []PersonID, err error) {
	all, err := tx.Printable(ctx, people)
	if err != nil {
		return 0, nil, err
	}
	if err := o.protectedAmong(ctx, tx, all); err != nil {
		return 0, nil, err
	}
	var outs []message.Out
	told := map[PersonID]message.IssuingRecord{}
	var order []PersonID
	for _, p := range all {
		if p.Err != nil {
			// It keeps no change of anybody's back; the self-audit of the book names it.
			o.Log.ErrorContext(ctx, "a record cannot be told to the issuing server", "person", p.Person, "error", p.Err)
			continue
		}
		if !p.New() {
			continue
		}
		n := p.As(p.Told.Version + 1)
		if p.Told.Version != 0 && !p.Told.Deleted {
			n.Before = p.Told.Hash
		}
		if p.Told.Code.Valid() && p.Told.Code != n.Code {
			n.OldCode = p.Told.Code
		}
		if err := message.Readable(n); err != nil {
			o.Log.ErrorContext(ctx, "a record cannot be told to the issuing server", "person", p.Person, "error", err)
			continue
		}
		trace := traces[p.Person]
		if trace == "" {
			if trace, err = o.Exchange.NewTrace(); err != nil {
				return 0, nil, err
			}
		}
		outs = append(outs, message.Out{To: o.issuing, Body: n, Trace: trace})
		told[p.Person], order = n, append(order, p.Person)
	}
	if len(outs) == 0 {
		return 0, nil, nil
	}
	if _, err := o.Exchange.Send(ctx, tx.Tx, outs, ""); errors.As(err, new(*exchange.WindowFull)) {
		return 0, order, nil
	} else if err != nil {
		return 0, nil, err
	}
	for _, out := range outs {
		o.Books.Apply(tx.Tx, o.issuing, out.Body.(message.Booked))
	}
	if err := tx.NotePrinted(ctx, told, order); err != nil {
		return 0, nil, fmt.Errorf("couldn't note what the issuing server is told: %w", err)
	}
	return len(order), nil, nil
}

// tellIssuingLater has people told of when the server has caught up: what the register says then.
func (o *Municipality) tellIssuingLater(tx *sqlstore.Tx, waits []PersonID) {
	for _, who := range waits {
		due.Add(tx, tx.Now().Add(issuingPause), dueIssuingTell, who.String(), nil)
	}
}

// protectedAmong sets who of some people is protected, under any code that they have or had. Whoever cannot be told not to be is.
func (o *Municipality) protectedAmong(ctx context.Context, tx *store.Tx, all []store.Printable) error {
	if len(all) == 0 {
		return nil
	}
	people := make([]PersonID, 0, len(all))
	for _, p := range all {
		people = append(people, p.Person)
	}
	former, err := tx.FormerCodes(ctx, people)
	switch {
	case err != nil && len(all) > 1: // what one of them had cannot be read, and keeps nobody else from being told of
		for i := range all {
			if err := o.protectedAmong(ctx, tx, all[i:i+1]); err != nil {
				return err
			}
		}
		return nil
	case err != nil:
		all[0].Record.Protected = true
		return nil
	}
	var codes []resident.RecordCode
	for _, p := range all {
		if p.Err == nil {
			codes = append(append(codes, former[p.Person]...), p.Record.Code)
		}
	}
	if together, err := o.gate.Standing(ctx, tx.Tx, protection.Issue, codes...); err == nil && !together.Held {
		return nil // almost always nobody is
	}
	for i, p := range all {
		if p.Err != nil {
			continue
		}
		standing, err := o.gate.Standing(ctx, tx.Tx, protection.Issue, append(former[p.Person], p.Record.Code)...)
		all[i].Record.Protected = err != nil || standing.Held
	}
	return nil
}

// The kinds of due items of the feed.
const (
	dueIssuingTell = "municipality.issuing-tell" // what could not be told because too much waited
	dueIssuingFill = "municipality.issuing-fill" // the first filling
)

// issuingPause is how long the feed waits for the server to catch up.
const issuingPause = 10 * time.Second

// tellIssuingDue tells of somebody of whom it could not be told before: what the register says now.
func (o *Municipality) tellIssuingDue(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	who := personNamed(item.Ref)
	if who == 0 || o.issuing == "" {
		return nil, nil
	}
	_, waits, err := o.tellIssuing(ctx, o.in(raw), []PersonID{who}, nil)
	o.tellIssuingLater(raw, waits)
	return nil, err
}

// One step of the first filling tells of fillPage people, the next one comes after fillPace, so that the changes of the day find room.
const (
	fillPage = 200
	fillPace = 250 * time.Millisecond
)

// beginIssuingFill has a server that was never filled told of everybody. A new municipality has nobody, and ends at once.
func (o *Municipality) beginIssuingFill(ctx context.Context) error {
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		_, begun, err := tx.IssuingFill(ctx, o.issuing)
		if err != nil || begun {
			return err
		}
		some, err := tx.ResidentsAfter(ctx, 0, 1)
		if err != nil {
			return err
		}
		if len(some) > 0 {
			due.Add(raw, raw.Now(), dueIssuingFill, string(o.issuing), nil)
		}
		return tx.SetIssuingFill(ctx, o.issuing, store.IssuingFill{Done: len(some) == 0})
	})
}

// issuingFill tells of the next residents, each in the place that it has among the changes of the same person.
func (o *Municipality) issuingFill(ctx context.Context, raw *sqlstore.Tx, _ due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	f, begun, err := tx.IssuingFill(ctx, o.issuing)
	if err != nil || !begun || f.Done {
		return nil, err
	}
	people, err := tx.ResidentsAfter(ctx, f.After, fillPage)
	if err != nil {
		return nil, err
	}
	sent, waits, err := o.tellIssuing(ctx, tx, people, nil)
	if err != nil {
		return nil, err
	}
	if len(waits) > 0 {
		due.Add(raw, raw.Now().Add(issuingPause), dueIssuingFill, string(o.issuing), nil)
		return nil, nil
	}
	f.Sent += int64(sent)
	if len(people) > 0 {
		f.After = people[len(people)-1]
	}
	if f.Done = len(people) < fillPage; f.Done {
		auditlog.Write(raw, auditlog.Entry{Actor: string(o.Self), Act: "issuing.filled", Case: string(o.issuing), Detail: fmt.Sprintf("%d sent", f.Sent)})
	} else {
		due.Add(raw, raw.Now().Add(fillPace), dueIssuingFill, string(o.issuing), nil)
	}
	return nil, tx.SetIssuingFill(ctx, o.issuing, f)
}

// issuingBook is what documents are made of, of which the issuing server holds the copy. It is worked out from the register itself, so that a
// change of which nothing was told is found.
func (o *Municipality) issuingBook() reconcile.Table {
	entries := func(ctx context.Context, tx *store.Tx, all []store.Printable) ([]reconcile.Row, error) {
		if err := o.protectedAmong(ctx, tx, all); err != nil {
			return nil, err
		}
		rows := make([]reconcile.Row, 0, len(all))
		for _, p := range all {
			row := reconcile.Row{Key: p.Code}
			if p.Err == nil && p.Record.Code.Reveal() == p.Code {
				row.Value = p.As(max(p.Told.Version, 1)).StateHash()
			}
			rows = append(rows, row)
		}
		return rows, nil
	}
	return reconcile.Table{
		Book: message.IssuingRecords, Source: func(peer message.Org) bool { return o.issuing != "" && peer == o.issuing },
		Scan: func(ctx context.Context, raw *sqlstore.Tx, peer message.Org, cursor string, limit int) (rows []reconcile.Row, next string, err error) {
			tx := o.in(raw)
			fill, _, err := tx.IssuingFill(ctx, peer)
			if err != nil {
				return nil, "", err
			}
			// Of whom nothing was told while the server is being filled: their turn comes.
			all, err := tx.PrintableByCode(ctx, cursor, limit, fill.Done)
			if err != nil {
				return nil, "", err
			}
			if len(all) == limit {
				next = all[limit-1].Code
			}
			rows, err = entries(ctx, tx, all)
			return rows, next, err
		},
		Look: func(ctx context.Context, raw *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
			tx, held := o.in(raw), map[string]message.Hash{}
			all, err := tx.PrintableOf(ctx, keys)
			if err != nil {
				return nil, err
			}
			all = slices.DeleteFunc(all, func(p store.Printable) bool { return p.Err == nil && p.Record.Deleted() })
			rows, err := entries(ctx, tx, all)
			for _, r := range rows {
				held[r.Key] = r.Value
			}
			return held, err
		},
		Show: func(ctx context.Context, raw *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
			all, err := o.printableOf(ctx, o.in(raw), key)
			if err != nil || len(all) == 0 {
				return both("この住民票コードの方は、この市区町村にいません。", "nobody here has this record code"), err
			}
			if all[0].Err != nil {
				return both("記録がありますが、読めません。", "there is a record that cannot be read"), nil
			}
			return message.DescribeIssuing(all[0].As(max(all[0].Told.Version, 1))), nil
		},
		Snapshot: func(ctx context.Context, raw *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
			all, err := o.printableOf(ctx, o.in(raw), key)
			if err != nil || len(all) == 0 {
				return nil, err
			}
			p := all[0]
			if p.Err != nil {
				return nil, p.Err
			}
			n := p.As(max(p.Told.Version, 1))
			if n.Code.Reveal() != key { // whoever had this code has another one now
				if n.OldCode, err = resident.ParseRecordCode("key", key); err != nil {
					return nil, err
				}
			}
			return n, nil
		},
	}
}

// printableOf is whoever has a code, or had it.
func (o *Municipality) printableOf(ctx context.Context, tx *store.Tx, key string) ([]store.Printable, error) {
	code, err := resident.ParseRecordCode("key", key)
	if err != nil {
		return nil, err
	}
	holder, known, err := tx.ByCode(ctx, code)
	if err != nil || !known {
		return nil, err
	}
	all, err := tx.Printable(ctx, []PersonID{holder.Person})
	if err != nil {
		return nil, err
	}
	return all, o.protectedAmong(ctx, tx, all)
}

// onIssuingQuestion answers the issuing server about everybody on a page, as the register has them in this transaction.
func (o *Municipality) onIssuingQuestion(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingQuestion) ([]message.Out, error) {
	if d.Sender != o.issuing {
		return nil, exchange.Reject("not-our-issuing-server", "この市区町村の証明発行サーバではありません。送信側の設定を確かめてください。",
			"this is not the issuing server of this municipality: check the sender's configuration")
	}
	a := message.IssuingAnswer{Request: n.Request}
	doc, _, err := tx.Document(ctx, n.Request)
	if err != nil {
		return nil, err
	}
	for _, asked := range n.Persons {
		s := message.IssuingStanding{Code: asked.Code}
		all, err := o.printableOf(ctx, tx, asked.Code.Reveal())
		if err != nil {
			return nil, err
		}
		if len(all) > 0 {
			if err := o.standing(ctx, tx, all[0], &s); err != nil {
				return nil, err
			}
			if err := o.releasedFor(ctx, tx, doc, all[0], &s); err != nil {
				return nil, err
			}
		}
		a.Persons = append(a.Persons, s)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "issuing.question", Subject: asked.Code.Reveal(), Case: d.ID.String(), Detail: n.Request})
	}
	if n.Household != "" {
		members, err := tx.Household(ctx, n.Household)
		if err != nil {
			return nil, err
		}
		a.Members = len(members)
	}
	return []message.Out{{To: o.issuing, Body: a}}, nil
}

// standing is how a person stands. Whoever cannot be read stands as nobody: nothing is issued of them.
func (o *Municipality) standing(ctx context.Context, tx *store.Tx, p store.Printable, s *message.IssuingStanding) error {
	if p.Err != nil {
		return nil
	}
	r := p.As(p.Version())
	s.Version, s.Hash, s.Protected, s.Seal = r.Version, r.StateHash(), r.Protected, r.Seal.Given()
	if r.Deleted() {
		s.Version, s.Deleted = max(s.Version, 1), r.Reason
	}
	moves, err := tx.OpenMovesAway(ctx, p.Person)
	if err != nil {
		return err
	}
	s.Leaving = r.Leaves.Valid() || len(moves) > 0
	if !s.Protected {
		return nil
	}
	standing, err := o.protected(ctx, tx, protection.Issue, p.Person)
	for _, f := range standing.Flags {
		s.Protection = max(s.Protection, uint64(f.Version))
	}
	return err
}
