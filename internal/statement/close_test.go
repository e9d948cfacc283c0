package statement_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
)

func pair(t *testing.T, url string) (*country, *member, *member) {
	c := newCountry(t)
	other := sqlstoretest.SQLite(t)
	if strings.HasPrefix(url, "postgres") {
		other = sqlstoretest.Postgres(t)
	}
	a, b := c.open(url, city, center), c.open(other, center, city)
	c.run(time.Minute)
	return c, a, b
}

// same demands that both sides have the same statement with the same lines, and returns the city's.
func same(t *testing.T, a, b *member, days int, want message.LineState) statement.Statement {
	t.Helper()
	x, y := a.day(days), b.day(days)
	if x.State != want || y.State != want {
		t.Fatalf("the city says %s, the center %s, want %s\n%+v", x.State, y.State, want, x.Lines)
	}
	if fmt.Sprintf("%+v", x.Lines) != fmt.Sprintf("%+v", y.Lines) {
		t.Fatalf("the two come to different lines:\n%+v\n%+v", x.Lines, y.Lines)
	}
	return x
}

func TestTwoSidesAgree(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, a, b := pair(t, url)
		a.ask(1, 2, 3)
		c.until(0, 23, 59)
		a.ask(4)
		c.until(1, 0, 1)
		st := same(t, a, b, 0, message.Agreed)
		if l := line(st, "kind", "code.request"); l.Sender.Total != 4 || l.Receiver.Total != 4 || l.Receiver.Applied != 4 {
			t.Errorf("%+v", l)
		}
		if l := line(st, "count", "requests"); l.Sender.Total != 4 || l.Receiver.Total != 4 {
			t.Errorf("%+v", l)
		}
		a.ask(5)
		c.until(2, 0, 1)
		// The first day's accounts crossed after their own cut, so they belong to the second day.
		st = same(t, a, b, 1, message.Agreed)
		if l := line(st, "kind", "exchange.statement"); l.Sender.Total != 2 || l.Receiver.Total != 2 {
			t.Errorf("%+v", l)
		}
		if l := line(st, "count", "requests"); l.Sender.Total != 5 || l.Receiver.Total != 5 {
			t.Errorf("%+v", l)
		}
		c.until(8, 0, 1) // over a Monday
		week := a.find(statement.Key{Peer: center, Out: true, Span: message.Week, Until: wednesday.AddDays(5).Start()})
		if week.State != message.Agreed || line(week, "kind", "code.request").Sender.Total != 5 || week.Date() != wednesday.AddDays(4) {
			t.Errorf("week: %s %+v", week.State, week.Lines)
		}
		for days := range 8 {
			same(t, a, b, days, message.Agreed)
		}
		if got := a.missing(); len(got) != 1 || got[0].Code != statement.RoundMissed {
			t.Errorf("%+v", got)
		}
	})
}

// TestParkedIsExplained: what waits for a person is named on the first close and on those after it, until it has ended.
func TestParkedIsExplained(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, a, b := pair(t, url)
		ids := a.ask(1, 13, 3)
		c.until(1, 0, 1)
		st := same(t, a, b, 0, message.Explained)
		l := line(st, "kind", "code.request")
		if l.State != message.Explained || !slices.Equal(l.Messages, ids[1:2]) || l.Sender.Total != 3 || l.Receiver.Applied != 2 || l.Sender.Oldest.IsZero() {
			t.Errorf("%+v", l)
		}
		// The city has asked for three, the center holds two: the parked one is the difference.
		if l := line(st, "count", "requests"); l.State != message.Explained || l.Sender.Total != 3 || l.Receiver.Total != 2 || !slices.Equal(l.Messages, ids[1:2]) {
			t.Errorf("%+v", l)
		}
		c.until(2, 0, 1)
		if l := line(same(t, a, b, 1, message.Explained), "kind", "code.request"); !slices.Equal(l.Messages, ids[1:2]) || l.Sender.Total != 0 {
			t.Errorf("the day after: %+v", l)
		}
		accept(t, b, ids[1])
		c.until(3, 0, 1)
		st = same(t, a, b, 2, message.Agreed)
		if l := line(st, "count", "requests"); l.Sender.Total != 3 || l.Receiver.Total != 3 {
			t.Errorf("%+v", l)
		}
	})
}

func accept(t *testing.T, m *member, id message.ID) {
	t.Helper()
	if err := m.Propose(t.Context(), id, exchange.Accept, "確認した", "operator-1"); err != nil {
		t.Fatal(err)
	}
	if err := m.Confirm(t.Context(), id, "operator-2"); err != nil {
		t.Fatal(err)
	}
}

// TestResolvedAroundMidnight: a message that people end while the accounts are made is no unexplained line.
func TestResolvedAroundMidnight(t *testing.T) {
	for _, act := range []exchange.Act{exchange.Accept, exchange.Correct, exchange.Withdraw} {
		t.Run(string(act), func(t *testing.T) {
			c, a, b := pair(t, "memory:")
			ids := a.ask(13)
			c.until(1, 0, 1)
			same(t, a, b, 0, message.Explained)
			c.until(1, 23, 0)
			// The center is off when the city makes its account, and what people do meanwhile is under way.
			c.net.Join(center, nil)
			tasks := c.tasks[center]
			c.tasks[center] = nil
			if act == exchange.Accept {
				accept(t, b, ids[0])
			}
			c.until(2, 0, 5)
			if act != exchange.Accept {
				if err := a.Propose(t.Context(), ids[0], act, "不要", "operator-1"); err != nil {
					t.Fatal(err)
				}
				if err := a.Confirm(t.Context(), ids[0], "operator-2"); err != nil {
					t.Fatal(err)
				}
			}
			c.net.Join(center, b.Exchange)
			c.tasks[center] = tasks
			c.until(2, 9, 0)
			same(t, a, b, 1, message.Explained)
			c.until(3, 0, 1)
			if act == exchange.Correct { // what it says is still not taken
				same(t, a, b, 2, message.Explained)
			} else {
				st := a.day(2)
				if l := line(st, "kind", "code.request"); l.State == message.Unexplained || len(l.Messages) > 0 {
					t.Errorf("%+v", st.Lines)
				}
			}
		})
	}
}

// TestFaultsAreUnexplained: whatever is done to a row behind the program's back, the next close says so on both sides.
func TestFaultsAreUnexplained(t *testing.T) {
	for name, fault := range map[string]struct {
		do      func(a, b *member, ids []message.ID)
		about   string
		subject string
		names   int // which message is named, -1: none
	}{
		"a message lost at the receiver": {func(_, b *member, ids []message.ID) {
			b.exec(`DELETE FROM x_in WHERE seq = $1`, int64(ids[2].Seq))
		}, "kind", "code.request", 2},
		"a message lost at the sender": {func(a, _ *member, ids []message.ID) {
			a.exec(`DELETE FROM x_out WHERE seq = $1`, int64(ids[2].Seq))
		}, "kind", "code.request", 2},
		"marked applied by hand at the sender": {func(a, _ *member, ids []message.ID) {
			a.exec(`UPDATE x_out SET state = 'applied', outcome = 'applied', decided_at = 1 WHERE seq = $1`, int64(ids[1].Seq))
		}, "kind", "code.request", 1},
		"marked applied by hand at the receiver": {func(_, b *member, ids []message.ID) {
			b.exec(`UPDATE x_in SET outcome = 'applied', envelope = $2 WHERE seq = $1`, int64(ids[1].Seq), []byte{})
		}, "kind", "code.request", 1},
		"one lost and another doubled": {func(_, b *member, ids []message.ID) {
			b.exec(`UPDATE x_in SET seq = 1000000 WHERE seq = $1`, int64(ids[2].Seq))
		}, "kind", "code.request", 2},
		"a doubled row": {func(_, b *member, ids []message.ID) {
			b.exec(`INSERT INTO held(k) VALUES ('once more')`)
		}, "count", "requests", -1},
		"a row that is gone": {func(_, b *member, ids []message.ID) {
			b.exec(`DELETE FROM held WHERE k = $1`, ids[0].String())
		}, "count", "requests", -1},
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c, a, b := pair(t, url)
				ids := a.ask(1, 13, 3, 4)
				c.until(0, 20, 0)
				fault.do(a, b, ids)
				c.until(1, 0, 10) // what lies behind the cut is looked at again before it is said
				st := same(t, a, b, 0, message.Unexplained)
				l := line(st, fault.about, fault.subject)
				if l.State != message.Unexplained || l.Says.JA == "" || l.Says.EN == "" {
					t.Fatalf("%+v", st.Lines)
				}
				if fault.names >= 0 && !slices.Contains(l.Messages, ids[fault.names]) {
					t.Errorf("%s is not named: %+v", ids[fault.names], l)
				}
				for _, m := range []*member{a, b} {
					if got := m.missing(); len(got) != 1 || got[0].Code != statement.StatementUnexplained || got[0].Value != 1 {
						t.Errorf("%s is told %+v", m.self, got)
					}
				}
			})
		})
	}
}

// TestOffOverMidnight: whoever was off makes the closes that it missed when it is back, and a long time becomes one.
func TestOffOverMidnight(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		gaps := []int{3, 60}
		if strings.HasPrefix(url, "postgres") {
			gaps = gaps[:1] // two months of looking for a peer that is away take a minute there
		}
		for _, days := range gaps {
			c, a, b := pair(t, sqlstoreURL(t, url))
			aURL := sqlstoretest.SQLite(t)
			c.off(a)
			a = c.open(aURL, city, center) // on a database of its own that can be opened again
			c.run(time.Minute)
			a.ask(1, 2)
			c.until(1, 1, 0)
			same(t, a, b, 0, message.Agreed)
			a.ask(3)
			c.run(time.Minute)
			c.off(a)
			c.until(1+days, 10, 0)
			got := b.missing()
			if len(got) == 0 || got[0].Code != statement.StatementMissing || got[0].Peer != city || got[0].Value < int64((time.Duration(days)*24*time.Hour-15*time.Hour)/time.Second) {
				t.Fatalf("%d days: the center is told %+v", days, got)
			}
			a = c.open(aURL, city, center)
			c.run(time.Hour)
			for _, m := range []*member{a, b} {
				for _, s := range m.missing() {
					if s.Code != statement.RoundMissed {
						t.Errorf("%d days: %s is told %+v", days, m.self, s)
					}
				}
			}
			last := same(t, a, b, days, message.Agreed)
			if days > 40 {
				if st := b.day(5); st.State != "covered" || st.Sender != nil {
					t.Errorf("a day in between: %+v", st)
				}
				if l := line(last, "kind", "code.request"); l.Sender.Total != 1 || !last.Sender.Since.Equal(wednesday.AddDays(1).Start()) {
					t.Errorf("the whole gap: %+v since %s", l, last.Sender.Since)
				}
				continue
			}
			if l := line(same(t, a, b, 1, message.Agreed), "kind", "code.request"); l.Sender.Total != 1 {
				t.Errorf("the first missed day: %+v", l)
			}
			same(t, a, b, 2, message.Agreed)
		}
	})
}

func sqlstoreURL(t *testing.T, url string) string {
	if strings.HasPrefix(url, "postgres") {
		return sqlstoretest.Postgres(t)
	}
	return sqlstoretest.SQLite(t)
}

// TestCommitFaults: each commit around midnight fails once, and fails once though it was applied.
func TestCommitFaults(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for name, inject := range map[string]func(*sqlstoretest.Faults, int){"failed": (*sqlstoretest.Faults).FailNext, "failed but applied": (*sqlstoretest.Faults).LoseNext} {
			for n := 1; n <= 6; n += 2 {
				t.Run(fmt.Sprint(name, n), func(t *testing.T) {
					c, a, b := pair(t, sqlstoreURL(t, url))
					a.ask(1, 2, 3)
					c.until(0, 23, 59)
					inject(a.faults, n)
					inject(b.faults, n)
					c.until(1, 1, 0)
					same(t, a, b, 0, message.Agreed)
					c.until(2, 1, 0)
					same(t, a, b, 1, message.Agreed)
				})
			}
		}
	})
}

// TestCountsThatFail: figures of the business that cannot be had do not keep the two from comparing their messages.
func TestCountsThatFail(t *testing.T) {
	c, a, b := pair(t, "memory:")
	a.ask(1, 2)
	a.broken = errors.New("the table is gone")
	c.until(1, 1, 0)
	st := same(t, a, b, 0, message.Agreed)
	if l := line(st, "kind", "code.request"); l.Sender.Total != 2 {
		t.Errorf("%+v", l)
	}
	if l := line(st, "count", "requests"); l.About != "" {
		t.Errorf("%+v", l)
	}
	b.broken = a.broken
	a.broken = nil
	c.until(2, 1, 0)
	if l := line(same(t, a, b, 1, message.Agreed), "count", "requests"); !strings.Contains(l.Says.EN, "does not count") {
		t.Errorf("%+v", l)
	}
}

// TestBooks: the books stand in the statement with their last comparison.
func TestBooks(t *testing.T) {
	c, a, b := pair(t, "memory:")
	at := func() time.Time { return c.clk.Now().Add(-time.Minute) }
	of := func(own bool, entries, differences int64, cases ...string) func(bool) []message.BookAccount {
		return func(source bool) []message.BookAccount {
			if source != own {
				return nil
			}
			return []message.BookAccount{{Book: message.Residents, Entries: entries, ComparedAt: at(), Differences: differences, Cases: cases}}
		}
	}
	for i, day := range []struct {
		a, b func(bool) []message.BookAccount
		want message.LineState
	}{
		{of(true, 5, 0), of(false, 5, 0), message.Agreed},
		{of(true, 5, 1, "municipality-202029/7"), of(false, 4, 1), message.Explained},
		{of(true, 5, 1), of(false, 4, 1), message.Unexplained},
		{of(true, 5, 0), func(source bool) []message.BookAccount {
			if source {
				return nil
			}
			return []message.BookAccount{{Book: message.Residents, Entries: 5, ComparedAt: c.clk.Now().Add(-time.Hour)}}
		}, message.Unexplained},
		{of(true, 5, 0), nil, message.Unexplained},
	} {
		a.books, b.books = day.a, day.b
		c.until(i+1, 0, 1)
		if l := line(same(t, a, b, i, day.want), "book", "residents"); l.State != day.want {
			t.Errorf("day %d: %+v", i, l)
		}
	}
}

// TestBooksOfWhoWasAway: whoever is off cannot compare; that a close had to wait for it explains it.
func TestBooksOfWhoWasAway(t *testing.T) {
	c := newCountry(t)
	a, url := c.open("memory:", city, center), sqlstoretest.SQLite(t)
	b := c.open(url, center, city)
	c.until(1, 20, 0)
	at := c.clk.Now()
	books := func(own bool) func(bool) []message.BookAccount {
		return func(source bool) []message.BookAccount {
			if source != own {
				return nil
			}
			return []message.BookAccount{{Book: message.Residents, Entries: 5, ComparedAt: at}}
		}
	}
	a.books = books(true)
	c.off(b)
	c.until(2, 9, 0)
	b = c.open(url, center, city)
	b.books = books(false)
	c.run(time.Hour)
	if l := line(same(t, a, b, 1, message.Explained), "book", "residents"); l.State != message.Explained {
		t.Errorf("%+v", l)
	}
}

// TestManyMessagesAreCountedInPieces: a day of more messages than one step counts.
func TestManyMessagesAreCountedInPieces(t *testing.T) {
	c, a, b := pair(t, "memory:")
	for range 12 {
		counts := make([]uint32, 1000)
		for i := range counts {
			counts[i] = 1
		}
		a.ask(counts...)
	}
	a.ask(13, 1, 13)
	c.until(1, 0, 1)
	if l := line(same(t, a, b, 0, message.Explained), "kind", "code.request"); l.Sender.Total != 12003 || l.Receiver.Applied != 12001 || len(l.Messages) != 2 {
		t.Errorf("%+v", l)
	}
}

// TestForgedAccounts: what the peer did not sign, or what is not about the two, is refused and shown.
func TestForgedAccounts(t *testing.T) {
	c, a, b := pair(t, "memory:")
	c.until(1, 0, 1)
	good := a.day(0).Sender.ExchangeStatement
	edit := func(change func(x *message.Account)) message.ExchangeStatement {
		x := must(message.OpenAccount(good.Account))
		change(x)
		return must(x.Sign(nil, c.keys[city].Key, c.keys[city].Certificate))
	}
	bent := good
	bent.Signature = edit(func(x *message.Account) { x.Kinds = append(x.Kinds, message.KindAccount{Kind: "more"}) }).Signature
	forger := good
	forger.Certificate = c.keys[center].Certificate
	for code, n := range map[string]message.ExchangeStatement{
		"malformed":        {Account: []byte("?"), Signature: []byte{1}, Certificate: good.Certificate},
		"wrong-signature":  bent,
		"not-ours":         edit(func(x *message.Account) { x.Receiver = "prefecture-20" }),
		"wrong-time":       edit(func(x *message.Account) { x.MadeAt = x.MadeAt.Add(time.Hour) }),
		"wrong-time ":      edit(func(x *message.Account) { x.Until = x.Until.Add(-time.Second) }),
		"wrong-signature ": forger,
	} {
		var id message.ID
		a.update(func(ctx context.Context, tx *sqlstore.Tx) error {
			ids, err := a.Send(ctx, tx, []message.Out{{To: center, Body: n}}, "t-forged")
			id = ids[0]
			return err
		})
		c.run(time.Minute)
		item, _, _, err := b.Exchange.Find(t.Context(), id)
		if err != nil || !item.Parked() || item.Code != strings.TrimSpace(code) || item.Reason.JA == "" || item.Reason.EN == "" {
			t.Errorf("%s: %v %+v", code, err, item)
		}
	}
	same(t, a, b, 0, message.Agreed)
}
