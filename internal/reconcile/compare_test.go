package reconcile_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// each runs a test on both engines.
func each(t *testing.T, test func(t *testing.T, by wiring)) {
	t.Run("sqlite", func(t *testing.T) {
		test(t, wiring{url: func(message.Org) string { return sqlstoretest.SQLite(t) }})
	})
	t.Run("postgres", func(t *testing.T) {
		test(t, wiring{url: func(message.Org) string { return sqlstoretest.Postgres(t) }})
	})
}

func (w *world) agree(t *testing.T) {
	t.Helper()
	for _, e := range []*end{w.city, w.pref} {
		for _, book := range []message.Book{message.Residents, message.Invalidations} {
			s := e.standing(book)
			if s.Outcome != reconcile.Agreed || s.OpenCases != 0 || s.Findings != 0 || w.clk.Now().Sub(s.Compared) > time.Minute {
				t.Errorf("%s, %s: %+v", e.self, book, s)
			}
		}
		if c := e.cases(false); len(c) > 0 {
			t.Errorf("%s: %+v", e.self, c)
		}
	}
}

// oneCase requires exactly one case, the same at both ends.
func (w *world) oneCase(t *testing.T, key, what string) reconcile.Case {
	t.Helper()
	a, b := w.city.cases(false), w.pref.cases(false)
	if len(a) != 1 || len(b) != 1 || a[0].ID != b[0].ID || a[0].Key != key || b[0].Key != key || a[0].What != what ||
		a[0].Source.EN == "" || a[0].Copy.EN == "" || a[0].Source != b[0].Source || a[0].Copy != b[0].Copy {
		t.Fatalf("cases\n%+v\n%+v", a, b)
	}
	return a[0]
}

func TestBothEndsAgreeWhileMessagesFlow(t *testing.T) {
	each(t, func(t *testing.T, by wiring) {
		w := forTest(t, by)
		for i := range 60 {
			w.file(i%7, resident.MoveWithin)
			w.invalidate(i % 7)
			if i%11 == 0 {
				w.file((i+1)%7, resident.Death)
			}
			w.run(1700 * time.Millisecond)
		}
		w.run(time.Minute)
		w.agree(t)
		if n := len(w.city.cases(true)); n > 0 {
			t.Errorf("%d false alarms", n)
		}
		if s := w.city.standing(message.Residents); s.Trips != 1 || s.Bytes > 150 {
			t.Errorf("agreement cost %d trips and %d bytes", s.Trips, s.Bytes)
		}
	})
}

// What is parked or held is accounted for: the comparison is as exact as without it.
func TestParkedAndHeldMessagesAreNoDifference(t *testing.T) {
	w := forTest(t, wiring{})
	w.file(1, resident.MoveWithin)
	w.file(2, resident.MoveWithin)
	w.run(time.Minute)
	w.moods[person(1).Reveal()] = "reject"
	for range 3 {
		w.file(1, resident.MoveWithin)
		w.file(2, resident.MoveWithin)
	}
	w.run(3 * time.Minute)
	w.agree(t)
	if s := w.pref.standing(message.Residents); s.Parked != 1 || s.Held != 2 {
		t.Errorf("parked %d, held %d", s.Parked, s.Held)
	}
	// And a difference of somebody else is seen beside them.
	w.pref.byHand(`DELETE FROM record WHERE k = $1`, person(2).Reveal())
	w.run(time.Minute)
	w.oneCase(t, person(2).Reveal(), "missing")
}

// A row that was deleted, changed, added or doubled behind the copy's back is named at both ends within a minute, and the
// case ends with two persons' resend.
func TestRowChangedBehindTheCopysBack(t *testing.T) {
	key := person(3).Reveal()
	for name, c := range map[string]struct {
		query string
		what  string
		found string
	}{
		"deleted": {`DELETE FROM record WHERE book = 'residents' AND k = $1`, "missing", "gone"},
		"doubled": {`INSERT INTO record(book, k, n, kind, body) SELECT book, k, 1, kind, body FROM record WHERE book = 'residents' AND k = $1`, "differs", "doubled"},
		"changed": {`UPDATE record SET body = (SELECT body FROM record WHERE book = 'residents' AND k <> $1 LIMIT 1) WHERE book = 'residents' AND k = $1`, "differs", "unreadable"},
		"broken":  {`UPDATE record SET body = x'00ff' WHERE book = 'residents' AND k = $1`, "differs", "unreadable"},
	} {
		t.Run(name, func(t *testing.T) {
			w := forTest(t, wiring{})
			for k := range 9 {
				w.file(k, resident.MoveWithin)
			}
			w.run(2 * time.Minute)
			w.agree(t)
			rung := func(when string, want bool) {
				t.Helper()
				for _, e := range []*end{w.city, w.pref} {
					if got := e.store.Bell(watchBell).Rung(); got != want {
						t.Errorf("%s: whoever watches %s was rung: %v", when, e.self, got)
					}
				}
			}
			rung("while both agree", false)
			if n := w.pref.byHand(c.query, key); n != 1 {
				t.Fatalf("%d rows", n)
			}
			w.run(time.Minute)
			rung("a case was opened", true)
			o := w.oneCase(t, key, c.what)
			findings, err := w.pref.books.Findings(t.Context(), false, 10)
			if err != nil || len(findings) != 1 || findings[0].What != c.found || findings[0].Key != key || findings[0].Since.IsZero() {
				t.Fatalf("%v %+v", err, findings)
			}
			if err := w.city.books.Propose(t.Context(), o.ID, reconcile.Resend, "写しを直す", "operator-1"); err != nil {
				t.Fatal(err)
			}
			if err := w.city.books.Confirm(t.Context(), o.ID, "operator-1"); err == nil {
				t.Fatal("one person did both")
			}
			if err := w.city.books.Confirm(t.Context(), o.ID, "operator-2"); err != nil {
				t.Fatal(err)
			}
			w.run(time.Minute)
			rung("the case was closed", true)
			w.agree(t)
			for _, e := range []*end{w.city, w.pref} {
				c, notes, err := e.books.Find(t.Context(), o.ID)
				if err != nil || c.State != "closed" || c.ClosedHow != "itself" || len(notes) != 4 {
					t.Errorf("%s: %v %+v %+v", e.self, err, c, notes)
				}
			}
			if d := w.differing(message.Residents); len(d) > 0 {
				t.Errorf("still differs: %v", d)
			}
		})
	}
}

// A row that the source's tables lose is a difference like any other, and the copy's people can have the source look.
func TestRowGoneAtTheSource(t *testing.T) {
	w := forTest(t, wiring{})
	w.file(1, resident.MoveWithin)
	w.run(2 * time.Minute)
	w.city.byHand(`DELETE FROM record`)
	w.run(time.Minute)
	o := w.oneCase(t, person(1).Reveal(), "extra")
	if err := w.pref.books.Propose(t.Context(), o.ID, reconcile.Resend, "x", "operator-1"); err == nil {
		t.Fatal("the copy resent")
	}
	if err := w.pref.books.Propose(t.Context(), o.ID, reconcile.Request, "元の状態にする", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := w.pref.books.Confirm(t.Context(), o.ID, "operator-2"); err != nil {
		t.Fatal(err)
	}
	w.run(time.Minute)
	w.agree(t)
}

// A fact that protects somebody is sent again without a person.
func TestSafeFactIsSentAgainByPolicy(t *testing.T) {
	w := forTest(t, wiring{})
	n := w.invalidate(1)
	w.run(time.Minute)
	m := message.ResidentInvalidation{Code: person(2), Version: resident.Version(w.n + 1), Reason: n.Reason, Since: n.Since, Kills: n.Kills}
	w.moods[m.Entries()[0].Key] = "swallow"
	w.invalidate(2)
	w.run(2 * time.Minute)
	w.agree(t)
	all := w.pref.cases(true)
	if len(all) != 1 || all[0].State != "closed" || len(w.differing(message.Invalidations)) > 0 {
		t.Errorf("%+v", all)
	}
}

// A message that somebody marked as applied, which never left, is seen.
func TestMessageMarkedByHand(t *testing.T) {
	w := forTest(t, wiring{})
	w.file(1, resident.MoveWithin)
	w.run(time.Minute)
	w.net.Join(pref, nil)
	w.file(1, resident.MoveWithin)
	w.file(2, resident.MoveWithin)
	if n := w.city.byHand(`UPDATE x_out SET state = 'applied' WHERE state = 'ready' AND key1 = $1`, person(1).Reveal()); n != 1 {
		t.Fatalf("%d messages", n)
	}
	w.net.Join(pref, w.pref.x)
	w.run(time.Minute)
	w.oneCase(t, person(1).Reveal(), "differs")
}

// What two persons withdrew, or left as it is, explains just the difference that they had before them.
func TestWhatPeopleDecidedExplains(t *testing.T) {
	w := forTest(t, wiring{})
	key := person(1).Reveal()
	w.file(1, resident.MoveWithin)
	w.run(time.Minute)
	w.moods[key] = "reject"
	w.file(1, resident.MoveWithin)
	w.run(time.Minute)
	stuck, err := w.city.x.Stuck(t.Context(), 10)
	if err != nil || len(stuck) != 1 {
		t.Fatal(err, stuck)
	}
	if err := w.city.x.Propose(t.Context(), stuck[0].ID, exchange.Withdraw, "誤り", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := w.city.x.Confirm(t.Context(), stuck[0].ID, "operator-2"); err != nil {
		t.Fatal(err)
	}
	w.run(time.Minute)
	for _, e := range []*end{w.city, w.pref} {
		s := e.standing(message.Residents)
		if s.Outcome != reconcile.Accounted || s.Explained != 1 || s.Differences != 0 || s.OpenCases != 0 {
			t.Errorf("%s: %+v", e.self, s)
		}
	}
	delete(w.moods, key)
	// Another difference under the same key is another matter.
	w.pref.byHand(`DELETE FROM record WHERE k = $1`, key)
	w.run(time.Minute)
	o := w.oneCase(t, key, "missing")
	if s := w.pref.standing(message.Residents); s.Outcome != reconcile.Differs || s.Findings != 1 {
		t.Errorf("%+v", s)
	}
	// And one that two persons leave as it is stays explained.
	if err := w.pref.books.Propose(t.Context(), o.ID, reconcile.Close, "本人死亡", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := w.pref.books.Confirm(t.Context(), o.ID, "operator-2"); err != nil {
		t.Fatal(err)
	}
	w.run(5 * time.Minute)
	for _, e := range []*end{w.city, w.pref} {
		if s := e.standing(message.Residents); s.Outcome != reconcile.Accounted || s.OpenCases != 0 || s.Findings != 0 {
			t.Errorf("%s: %+v", e.self, s)
		}
	}
}

// A copy that is new to the books makes its entries of what it held before, without calling it a finding.
func TestBooksOfWhatWasThereBefore(t *testing.T) {
	w := forTest(t, wiring{})
	for k := range 20 {
		n := message.ResidentChange{After: stateOf(person(k), resident.MoveIn, uint64(k+1))}
		body := must(message.Encode(n))
		for _, e := range []*end{w.city, w.pref} {
			e.byHand(`INSERT INTO record(book, k, n, kind, body) VALUES ('residents', $1, 0, $2, $3)`, person(k).Reveal(), string(n.Kind()), body)
		}
	}
	w.run(time.Minute)
	w.agree(t)
	if s := w.pref.standing(message.Residents); s.Entries != 20 || !s.Comparable || s.Cycle > time.Minute || s.Audited.IsZero() {
		t.Errorf("%+v", s)
	}
}

// A refill makes an empty copy whole.
func TestRefill(t *testing.T) {
	w := forTest(t, wiring{})
	for k := range 250 {
		w.file(k, resident.MoveWithin)
	}
	w.run(time.Minute)
	w.pref.byHand(`DELETE FROM record`)
	w.pref.byHand(`DELETE FROM r_entry`)
	w.pref.byHand(`DELETE FROM r_digest`)
	w.pref.byHand(`DELETE FROM r_change`)
	books := w.city.books
	if err := books.ProposeRefill(t.Context(), message.Residents, pref, "写しを作り直した", "operator-1"); err != nil {
		t.Fatal(err)
	}
	w.run(time.Minute)
	if s := w.city.standing(message.Residents); s.Refill == nil || !s.Refill.Proposed() || s.Refill.Sent != 0 {
		t.Fatalf("proposed, and it says %+v", s.Refill)
	}
	if err := books.ConfirmRefill(t.Context(), message.Residents, pref, "operator-1"); err == nil {
		t.Fatal("one person decided alone")
	}
	if err := books.ConfirmRefill(t.Context(), message.Residents, pref, "operator-2"); err != nil {
		t.Fatal(err)
	}
	if err := books.ProposeRefill(t.Context(), message.Residents, pref, "もう一度", "operator-2"); err == nil {
		t.Error("it was proposed while it was under way")
	}
	if err := books.DropRefill(t.Context(), message.Residents, pref); err == nil {
		t.Error("what was confirmed was dropped")
	}
	w.run(3 * time.Minute)
	if d := w.differing(message.Residents); len(d) > 0 {
		t.Errorf("%d keys differ", len(d))
	}
	if s := w.city.standing(message.Residents); s.Outcome != reconcile.Agreed || s.Entries != 250 || s.Refill != nil {
		t.Errorf("%+v", s)
	}
	if err := books.ConfirmRefill(t.Context(), message.Residents, pref, "operator-2"); err == nil {
		t.Error("what nobody proposed was confirmed")
	}
	if err := w.pref.books.ProposeRefill(t.Context(), message.Residents, "municipality-202029", "写しから", "operator-1"); err == nil {
		t.Error("the copy sends the book")
	}
}
