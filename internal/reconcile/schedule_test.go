package reconcile_test

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// A schedule is what happens to a municipality and its prefecture: people file, messages are refused, withdrawn and taken,
// the line is cut, commits fail or lose their answer; and things happen that must never pass unseen. Whatever the order,
// nothing else may be called a difference, and each of those must.
type act struct {
	What string
	K, N int
}

func (a act) String() string { return fmt.Sprintf("%s(%d,%d)", a.What, a.K, a.N) }

const people = 4

var schedules = rapid.SliceOfN(rapid.Custom(func(t *rapid.T) act {
	return act{rapid.SampledFrom([]string{"change", "change", "change", "change", "leave", "recode", "invalidate", "invalidate", "wait", "wait", "wait", "wait",
		"cut", "join", "stall", "flow", "reject", "relent", "withdraw", "accept", "fail", "lose",
		"swallow", "reorder", "delete", "double", "rewrite", "forget", "unbook"}).Draw(t, "act"),
		rapid.IntRange(0, people-1).Draw(t, "person"), rapid.IntRange(0, 99).Draw(t, "n")}
}), 3, 22)

// unmet is what a schedule found wrong.
type unmet string

type catcher struct{}

func (catcher) Helper()                           {}
func (catcher) Fatalf(format string, args ...any) { panic(unmet(fmt.Sprintf(format, args...))) }

// play runs a schedule, and says what did not hold; "" when all did.
func play(ctx context.Context, acts []act, by wiring) (wrong string) {
	var w *world
	defer func() {
		if w != nil {
			w.close()
		}
		if r := recover(); r != nil {
			u, is := r.(unmet)
			if !is {
				panic(r)
			}
			wrong = string(u)
		}
	}()
	w = newWorld(catcher{}, ctx, by)
	s := &played{world: w, withdrawn: map[string]bool{}, byHand: map[string]bool{}, untouched: map[string]bool{}, explained: map[string]time.Time{}}
	for k := range people / 2 {
		w.file(k, resident.MoveWithin)
	}
	s.wait(time.Minute)
	for _, a := range acts {
		s.do(a)
	}
	w.net.Join(pref, w.pref.x)
	w.city.link.stalled = false
	for _, e := range []*end{w.city, w.pref} {
		e.faults.FailNext(0)
		e.faults.LoseNext(0)
	}
	// A commit whose answer was lost rings no bell; the next message does.
	w.invalidate(people)
	s.wait(4 * time.Minute)
	s.check()
	return ""
}

// played is a schedule that is played.
type played struct {
	*world
	withdrawn map[string]bool      // keys of messages that were withdrawn
	explained map[string]time.Time // those about which nobody has filed anything since, and since when
	byHand    map[string]bool      // keys of rows that were changed by hand
	untouched map[string]bool      // those that nobody has filed anything about since
}

// wait lets the two go on. A task that fails through an injected fault comes again by itself.
func (s *played) wait(d time.Duration) {
	if err := s.drive.Until(s.ctx, s.clk.Now().Add(d)); err != nil && strings.Contains(err.Error(), "stands still") {
		s.t.Fatalf("%v", err)
	}
}

// try is an update at the municipality that may meet an injected fault.
func (s *played) try(fn func(ctx context.Context, tx *sqlstore.Tx) error) {
	if err := s.city.store.Update(s.ctx, fn); err != nil && !errors.Is(err, sqlstoretest.ErrInjected) {
		s.t.Fatalf("%v", err)
	}
}

func (s *played) send(ctx context.Context, tx *sqlstore.Tx, p message.Booked) error {
	if err := s.city.put(ctx, tx, p); err != nil {
		return err
	}
	_, err := s.city.x.Send(ctx, tx, []message.Out{{To: pref, Body: p}}, "t-test")
	return err
}

func (s *played) do(a act) {
	key := person(a.K).Reveal()
	switch a.What {
	case "change", "leave":
		delete(s.untouched, key)
		delete(s.explained, key)
	case "recode", "accept":
		clear(s.untouched)
		clear(s.explained)
	case "withdraw":
		clear(s.untouched)
	}
	switch a.What {
	case "change":
		s.try(func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := s.change(ctx, tx, a.K, resident.MoveWithin)
			return err
		})
	case "leave":
		s.try(func(ctx context.Context, tx *sqlstore.Tx) error {
			rows, err := s.city.records(ctx, tx, message.Residents, key)
			if err != nil || len(rows) == 0 {
				return err
			}
			_, err = s.change(ctx, tx, a.K, resident.Death)
			return err
		})
	case "recode":
		s.recode(a.K, a.N%people)
	case "invalidate":
		s.n++
		n := s.fact(a.K, s.n)
		s.try(func(ctx context.Context, tx *sqlstore.Tx) error { return s.send(ctx, tx, n) })
	case "wait":
		s.wait([]time.Duration{10 * time.Millisecond, 700 * time.Millisecond, 4 * time.Second, 17 * time.Second, 40 * time.Second}[a.N%5])
	case "cut":
		s.net.Join(pref, nil)
	case "join":
		s.net.Join(pref, s.pref.x)
	case "stall":
		s.city.link.stalled = true
	case "flow":
		s.city.link.stalled = false
	case "reject":
		if s.moods[key] == "" {
			s.moods[key] = "reject"
		}
	case "relent":
		if s.moods[key] == "reject" {
			delete(s.moods, key)
		}
	case "withdraw", "accept":
		s.resolve(a)
	case "fail":
		s.either(a.N).faults.FailNext(1)
	case "lose":
		s.either(a.N).faults.LoseNext(1)
	default:
		s.harm(a, key)
	}
}

func (s *played) either(n int) *end { return []*end{s.city, s.pref}[n%2] }

func (s *played) fact(k int, version uint64) message.ResidentInvalidation {
	return message.ResidentInvalidation{Code: person(k), Version: resident.Version(version), Reason: resident.MoveWithin,
		Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}
}

// recode gives a person another code, that nobody has.
func (s *played) recode(k, to int) {
	s.try(func(ctx context.Context, tx *sqlstore.Tx) error {
		rows, err := s.city.records(ctx, tx, message.Residents, person(k).Reveal())
		if err != nil || len(rows) == 0 {
			return err
		}
		taken, err := s.city.records(ctx, tx, message.Residents, person(to).Reveal())
		if err != nil || len(taken) > 0 {
			return err
		}
		s.n++
		n := message.ResidentChange{After: stateOf(person(to), resident.CodeChangeRequested, s.n), Before: resident.StateHash(rows[0].value(message.Residents))}
		n.After.Change.OldCode = person(k)
		return s.send(ctx, tx, n)
	})
}

// resolve lets two persons withdraw or accept a parked message.
func (s *played) resolve(a act) {
	e, kind := s.city, exchange.Withdraw
	if a.What == "accept" {
		e, kind = s.pref, exchange.Accept
	}
	stuck, err := e.x.Stuck(s.ctx, 1000)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	stuck = slices.DeleteFunc(stuck, func(i exchange.Item) bool {
		return !i.Parked() || i.Out != (kind == exchange.Withdraw) || i.Kind != message.KindResidentChange
	})
	if len(stuck) == 0 {
		return
	}
	id := stuck[a.N%len(stuck)].ID
	keys := s.keysOf(e, id)
	if err := e.x.Propose(s.ctx, id, kind, "確認した", "operator-1"); err != nil {
		return // an injected fault, or it has moved
	}
	err = e.x.Confirm(s.ctx, id, "operator-2")
	if kind == exchange.Withdraw && (err == nil || errors.Is(err, sqlstore.ErrUnknown)) {
		for _, k := range keys {
			s.withdrawn[k], s.explained[k] = true, s.clk.Now()
		}
	}
}

func (s *played) keysOf(e *end, id message.ID) (keys []string) {
	err := e.store.View(s.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		p, err := e.x.Payload(ctx, tx, id)
		if err == nil {
			keys = p.Keys()
		}
		return err
	})
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return keys
}

// harm does what must never pass unseen.
func (s *played) harm(a act, key string) {
	e := s.either(a.N)
	hand := func(e *end, key, query string, args ...any) {
		var n int64
		err := e.store.Update(s.ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			n, err = tx.Exec(ctx, query, args...)
			return err
		})
		if n > 0 && (err == nil || errors.Is(err, sqlstore.ErrUnknown)) {
			// A second hand may undo what the first did, and a message that is still to come may overwrite it.
			waiting, err := s.ready()
			s.untouched[key] = !s.byHand[key] && err == nil && len(waiting) == 0
			s.injected[key], s.byHand[key] = true, true
		}
	}
	switch a.What {
	case "swallow", "reorder":
		if s.moods[key] == "" {
			s.moods[key] = a.What
		}
		if a.N%2 == 0 && a.What == "swallow" { // the next fact instead
			delete(s.moods, key)
			s.moods[s.fact(a.K, s.n+1).Entries()[0].Key] = "swallow"
		}
	case "delete":
		hand(e, key, `DELETE FROM record WHERE book = 'residents' AND k = $1 AND n = 0`, key)
	case "double":
		hand(e, key, `INSERT INTO record(book, k, n, kind, body) SELECT book, k, 1, kind, body FROM record WHERE book = 'residents' AND k = $1 AND n = 0
			ON CONFLICT DO NOTHING`, key)
	case "rewrite":
		body := must(message.Encode(message.ResidentChange{After: stateOf(person(a.K), resident.MoveWithin, 5000+uint64(a.N))}))
		hand(e, key, `UPDATE record SET body = $2 WHERE book = 'residents' AND k = $1 AND n = 0`, key, body)
	case "forget": // a message that waits is marked as applied
		s.forget(a.N)
	case "unbook":
		hand(s.pref, key, `DELETE FROM r_entry WHERE skey = $1`, key)
	}
}

func (s *played) forget(n int) {
	stuck, err := s.ready()
	if err != nil || len(stuck) == 0 {
		return
	}
	id := stuck[n%len(stuck)]
	keys := s.entryKeys(id)
	err = s.city.store.Update(s.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE x_out SET state = 'applied' WHERE seq = $1`, int64(id.Seq))
		return err
	})
	if err == nil || errors.Is(err, sqlstore.ErrUnknown) {
		for _, k := range keys {
			s.injected[k] = true
		}
	}
}

// ready lists the municipality's messages about the books that wait to be sent.
func (s *played) ready() (ids []message.ID, err error) {
	err = s.city.store.View(s.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		ids, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *message.ID) error {
			*id = message.ID{Sender: city, Node: "1", Receiver: pref}
			return r.Scan(&id.Epoch, &id.Seq)
		}, `SELECT epoch, seq FROM x_out WHERE state = 'ready' AND kind LIKE 'resident.%' ORDER BY seq`)
		return err
	})
	return ids, err
}

func (s *played) entryKeys(id message.ID) (keys []string) {
	for _, e := range s.entries(id) {
		keys = append(keys, e.Key)
	}
	return keys
}

func (s *played) entries(id message.ID) (entries []message.Entry) {
	err := s.city.store.View(s.ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		p, err := s.city.x.Payload(ctx, tx, id)
		if n, ok := p.(message.Booked); ok {
			entries = n.Entries()
		}
		return err
	})
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	return entries
}

// check holds what the two ends say against what is so.
func (s *played) check() {
	for _, book := range []message.Book{message.Residents, message.Invalidations} {
		s.checkBook(book)
	}
	s.checkHands()
	for _, e := range []*end{s.city, s.pref} {
		if held, wrong, err := e.books.Held(s.ctx, message.Residents, e.peer); err != nil || wrong != "" {
			s.t.Fatalf("%s: %v %s (%d entries)", e.self, err, wrong, len(held))
		}
	}
}

func (s *played) checkBook(book message.Book) {
	stuck, err := s.city.x.Stuck(s.ctx, 1000)
	if err != nil {
		s.t.Fatalf("%v", err)
	}
	mine, theirs := s.city.state(book), s.pref.state(book)
	expected := maps.Clone(mine)
	first := map[string]bool{}
	slices.SortFunc(stuck, func(a, b exchange.Item) int { return int(a.Seq) - int(b.Seq) })
	untold := false // a line that breaks and heals in the wrong moments leaves a message parked, which people see
	for _, i := range stuck {
		if !i.Out {
			continue
		}
		untold = untold || i.Parked() && i.Kind == message.KindReconcileCase
		for _, n := range s.entries(i.ID) {
			if n.Book != book || first[n.Key] {
				continue
			}
			first[n.Key] = true
			expected[n.Key] = n.Was[:]
			if n.Was == (message.Hash{}) {
				delete(expected, n.Key)
			}
		}
	}
	keys := map[string]bool{}
	for k := range expected {
		keys[k] = true
	}
	for k := range theirs {
		keys[k] = true
	}
	named := map[*end]map[string]string{}
	for _, e := range []*end{s.city, s.pref} {
		named[e] = map[string]string{}
		for _, c := range e.cases(true) {
			if c.Book != book {
				continue
			}
			// What builds on a message after it was withdrawn cannot be applied either.
			if !s.injected[c.Key] && !s.withdrawn[c.Key] {
				s.t.Fatalf("%s: a false alarm: %+v", e.self, c)
			}
			if since, is := s.explained[c.Key]; is && !first[c.Key] && !s.injected[c.Key] && c.Because == "" && c.State == "open" && e == s.city && c.Opened.After(since) {
				s.t.Fatalf("%s: a withdrawal explains it: %+v", e.self, c)
			}
			if c.State != "closed" {
				named[e][c.Key] = c.State
			}
		}
	}
	anything := false
	for k := range keys {
		// What the copy holds may be what we hold, when what is stuck was taken even so.
		if bytes.Equal(expected[k], theirs[k]) || bytes.Equal(mine[k], theirs[k]) && !s.injected[k] {
			continue
		}
		if bytes.Equal(mine[k], theirs[k]) {
			continue
		}
		anything = true
		for _, e := range []*end{s.city, s.pref} {
			if named[e][k] == "" && e == s.pref && untold {
				continue
			}
			if state := named[e][k]; state == "" || state == "explained" && !s.withdrawn[k] {
				s.t.Fatalf("%s: the two differ in %s, key %s, unseen (%q): the source holds %x, the copy must hold %x and holds %x", e.self, book, k, state, mine[k], expected[k], theirs[k])
			}
		}
	}
	for _, e := range []*end{s.city, s.pref} {
		st := e.standing(book)
		if good := st.Outcome == reconcile.Agreed; good == anything || s.clk.Now().Sub(st.Compared) > 70*time.Second {
			s.t.Fatalf("%s: %s: something differs: %v, and the last comparison: %+v", e.self, book, anything, st)
		}
	}
}

// checkHands requires that every row that was changed by hand, and that nobody wrote since, was found by the self-audit.
func (s *played) checkHands() {
	found := map[string]bool{}
	for _, e := range []*end{s.city, s.pref} {
		all, err := e.books.Findings(s.ctx, true, 1000)
		if err != nil {
			s.t.Fatalf("%v", err)
		}
		for _, f := range all {
			found[f.Key] = true
			if f.What != "sums" && !s.byHand[f.Key] || f.What == "sums" && len(s.byHand) == 0 {
				s.t.Fatalf("%s: a false finding: %+v", e.self, f)
			}
		}
	}
	for k, is := range s.untouched {
		if is && !found[k] && !found[""] { // where an entry went and came back, the sums tell
			s.t.Fatalf("what was done by hand to %s was not found", k)
		}
	}
}

// TestRandomSchedules: no false alarm, and every loss, double, reorder and change by hand is seen.
func TestRandomSchedules(t *testing.T) {
	flag.Set("rapid.nofailfile", "true") // the seed is printed
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		f.Value.Set("60")
		defer f.Value.Set(f.DefValue)
	}
	rapid.Check(t, func(rt *rapid.T) {
		if wrong := play(context.Background(), schedules.Draw(rt, "schedule"), wiring{}); wrong != "" {
			rt.Fatal(wrong)
		}
	})
}

// TestTenThousandSchedules is the same, ten thousand times.
func TestTenThousandSchedules(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("ten thousand schedules take some minutes: AKASHI_FULL=1")
	}
	const shards, each = 4, 2500
	for shard := range shards {
		t.Run(fmt.Sprint("shard", shard), func(t *testing.T) {
			t.Parallel()
			for i := range each {
				seed := 1 + shard*each + i
				acts := schedules.Example(seed)
				if wrong := play(t.Context(), acts, wiring{}); wrong != "" {
					t.Fatalf("seed %d: %s\n%v", seed, wrong, acts)
				}
				if (i+1)%500 == 0 {
					t.Logf("%d of %d schedules", i+1, each)
				}
			}
		})
	}
}
