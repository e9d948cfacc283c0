package look_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

var auditor = access.Person{ID: "auditor-onishi", Job: access.Auditor}

// watched drives the watch of an office.
func (o *office) watch(l look.Limits) *clock.Driver {
	return clock.NewDriver(o.clock, []clock.Task{look.NewWatch(o.store, o.clock, l).Task()})
}

func (o *office) run(d *clock.Driver, until time.Time) {
	o.Helper()
	if err := d.Until(o.Context(), until); err != nil {
		o.Fatal(err)
	}
}

// at has an operator look at somebody at a time, and the watch live until a minute later.
func (o *office) at(d *clock.Driver, when time.Time, operator string, n uint64, change ...func(*look.Look)) {
	o.Helper()
	o.run(d, when)
	l := good()
	l.By.ID, l.Subject = operator, resident.RecordCodeOf(n)
	for _, c := range change {
		c(&l)
	}
	if err := o.record(l); err != nil {
		o.Fatal(err)
	}
}

// signals are what the alarms are told: code, operator, value.
func (o *office) signals() (text []string) {
	o.Helper()
	all, err := look.Source(o.store).Signals(o.Context(), o.clock.Now())
	if err != nil {
		o.Fatal(err)
	}
	for _, s := range all {
		text = append(text, fmt.Sprintf("%s %s %d", s.Code, s.About, s.Value))
		if _, known := alarm.DefinitionOf(s.Code); !known || s.Href != "/looks" || s.Detail.JA == "" || s.Detail.EN == "" {
			o.Errorf("%+v", s)
		}
		for _, said := range []string{s.About, s.Detail.JA, s.Detail.EN} {
			if strings.Contains(said, code.Reveal()) {
				o.Errorf("the alarm names who was looked at: %s", said)
			}
		}
	}
	return text
}

func (o *office) want(all ...string) {
	o.Helper()
	if got := o.signals(); !slices.Equal(got, all) {
		o.Errorf("alarms %q, want %q", got, all)
	}
}

func jst(day, hour, minute int) time.Time {
	return time.Date(2026, 4, day, hour, minute, 0, 0, resident.JST)
}

// TestLooksOutsideOfficeHours: at the borders, on a Saturday, and on a day off; and until somebody has closed each day.
func TestLooksOutsideOfficeHours(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		off := resident.MustDate(2026, 4, 6)
		d := o.watch(look.Limits{Off: []resident.Date{off}})
		o.at(d, jst(2, 8, 0), "clerk-aoki", 1)
		o.at(d, jst(2, 18, 59), "clerk-aoki", 1)
		o.run(d, jst(2, 18, 59).Add(2*time.Minute))
		o.want()
		o.at(d, jst(2, 19, 1), "clerk-aoki", 1)
		o.at(d, jst(3, 7, 59), "clerk-aoki", 1)
		o.at(d, jst(4, 12, 0), "clerk-inoue", 1) // a Saturday
		o.at(d, jst(6, 12, 0), "clerk-inoue", 1) // a Monday, and off
		o.at(d, jst(7, 12, 0), "clerk-inoue", 1)
		o.run(d, jst(7, 12, 10))
		o.want("look-at-night clerk-aoki 2", "look-at-night clerk-inoue 2")
	})
}

// TestLooksAtThoseOnTheList: a colleague by anybody, a family by its operator, and a name in a list by nobody.
func TestLooksAtThoseOnTheList(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		d := o.watch(look.Limits{})
		keep := func(n uint64, c look.Category, operator string) {
			o.update(func(ctx context.Context, tx *sqlstore.Tx) error {
				return look.Keep(ctx, tx, auditor, town, look.Attention{Subject: resident.RecordCodeOf(n), Category: c, Operator: operator})
			})
		}
		keep(1, look.Colleague, "")
		keep(1, look.Known, "") // for two reasons, and looked at once
		keep(2, look.Family, "clerk-aoki")
		o.at(d, jst(2, 9, 0), "clerk-aoki", 1)
		o.at(d, jst(2, 9, 1), "clerk-aoki", 2)
		o.at(d, jst(2, 9, 2), "clerk-inoue", 2)
		o.at(d, jst(2, 9, 3), "clerk-inoue", 3)
		o.at(d, jst(2, 9, 4), "clerk-inoue", 1, func(l *look.Look) { l.Items = look.Name })
		o.run(d, jst(2, 9, 10))
		o.want("look-attended clerk-aoki 2")
		// Who has a new record code stays on the list.
		o.update(func(ctx context.Context, tx *sqlstore.Tx) error {
			return look.Recoded(ctx, tx, resident.RecordCodeOf(1), resident.RecordCodeOf(9))
		})
		o.at(d, jst(3, 9, 0), "clerk-inoue", 9)
		o.run(d, jst(3, 9, 10))
		o.want("look-attended clerk-aoki 2", "look-attended clerk-inoue 1")
		// Taken off, nobody rings any more for what comes.
		o.update(func(ctx context.Context, tx *sqlstore.Tx) error {
			return look.Drop(ctx, tx, auditor, town, look.Attention{Subject: resident.RecordCodeOf(2), Category: look.Family, Operator: "clerk-aoki"})
		})
		o.at(d, jst(7, 9, 0), "clerk-aoki", 2)
		o.run(d, jst(7, 9, 10))
		o.want("look-attended clerk-aoki 2", "look-attended clerk-inoue 1")
	})
}

// TestLooksInBulk: the absolute bound at its border, and the operator's own history.
func TestLooksInBulk(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		d := o.watch(look.Limits{Hour: 50, Least: 10, Times: 3})
		many := func(when time.Time, operator string, n int) {
			t.Helper()
			o.run(d, when)
			var all []look.Look
			for i := range n {
				l := good()
				l.By.ID, l.Subject = operator, resident.RecordCodeOf(uint64(100+i))
				all = append(all, l, l) // twice the same person is one
			}
			if err := o.record(all...); err != nil {
				t.Fatal(err)
			}
			o.run(d, when.Add(2*time.Minute))
		}
		many(jst(1, 10, 5), "clerk-inoue", 49)
		o.want()
		many(jst(2, 10, 5), "clerk-inoue", 50)
		o.want("look-in-bulk clerk-inoue 50")
		// Who has only begun has no usual hour yet.
		many(jst(2, 11, 5), "clerk-aoki", 1)
		many(jst(2, 12, 5), "clerk-aoki", 12)
		o.want("look-in-bulk clerk-inoue 50")
		// Four persons an hour, for twenty hours: twelve are usual, thirteen are not.
		for h := range 20 {
			many(jst(7+h/10, 8+h%10, 10), "clerk-aoki", 4)
		}
		many(jst(9, 10, 5), "clerk-aoki", 12)
		o.want("look-in-bulk clerk-inoue 50")
		many(jst(10, 10, 5), "clerk-aoki", 14)
		o.want("look-in-bulk clerk-aoki 14", "look-in-bulk clerk-inoue 50")
	})
}

// TestThereIsNoLookWithoutACase: through the program; and what was written past it rings.
func TestThereIsNoLookWithoutACase(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		d := o.watch(look.Limits{})
		l := good()
		l.Ground.Case = ""
		if o.record(l) == nil {
			t.Fatal("recorded without a case")
		}
		o.at(d, jst(2, 9, 0), "clerk-aoki", 1)
		o.at(d, jst(2, 9, 1), "operator-ueda", 1, func(l *look.Look) {
			l.By.Job, l.Office, l.Ground, l.Items = access.Operator, ca, look.Ground{Purpose: look.Running}, look.Certificates
			l.Serial, l.Subject = mustSerial(t, "4711"), resident.RecordCode{}
		})
		o.run(d, jst(2, 9, 5))
		o.want()
		o.update(func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE look SET case_ref = '' WHERE operator = 'clerk-aoki'`)
			return err
		})
		o.at(d, jst(2, 9, 6), "clerk-inoue", 1)
		o.run(d, jst(2, 9, 10))
		o.want("look-ungrounded clerk-aoki 1")
	})
}

// TestAFindingIsClosedByAPerson: with a reason, of what was seen, by somebody else; what comes later opens it again.
func TestAFindingIsClosedByAPerson(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		d := o.watch(look.Limits{})
		findings := func() (all []look.Finding) {
			if err := o.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				all, err = look.Findings(ctx, tx)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return all
		}
		review := func(by access.Person, f look.Finding, reason string) error {
			return o.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return look.Review(ctx, tx, by, town, f, reason) })
		}
		o.at(d, jst(2, 20, 0), "clerk-aoki", 1)
		o.at(d, jst(2, 20, 10), "clerk-aoki", 1)
		o.run(d, jst(2, 20, 20))
		seen := findings()
		if len(seen) != 1 || !seen[0].Open() || seen[0].N != 2 || seen[0].Day != "2026-04-02" {
			t.Fatalf("%+v", seen)
		}
		if review(clerk, seen[0], "known") == nil {
			t.Error("a clerk closes it")
		}
		for name, x := range map[string]struct {
			err  error
			says string
		}{
			"no reason":      {review(auditor, seen[0], ""), "確認した結果を書いてください"},
			"a long reason":  {review(auditor, seen[0], strings.Repeat("x", 501)), "確認した結果は500文字以内で書いてください"},
			"one's own":      {review(access.Person{ID: "clerk-aoki", Job: access.Auditor}, seen[0], "known"), "自分の閲覧は、自分で確認できません"},
			"another number": {review(auditor, look.Finding{Code: seen[0].Code, Operator: seen[0].Operator, Day: seen[0].Day, N: 3}, "known"), "この所見は、すでに確認されています"},
		} {
			if problems, ok := plain.AsProblems(x.err); !ok || !strings.Contains(problems[0].JA, x.says) {
				t.Errorf("%s: %v", name, x.err)
			}
		}
		o.want("look-at-night clerk-aoki 2")
		// A look that is found while somebody reads stays open.
		o.at(d, jst(2, 20, 30), "clerk-aoki", 1)
		o.run(d, jst(2, 20, 40))
		if err := review(auditor, seen[0], "残業の命令があり、受付簿と一致した"); err != nil {
			t.Fatal(err)
		}
		o.want("look-at-night clerk-aoki 1")
		if err := review(auditor, findings()[0], "同上"); err != nil {
			t.Fatal(err)
		}
		o.want()
		if review(auditor, findings()[0], "同上") == nil {
			t.Error("closed twice")
		}
		o.at(d, jst(2, 21, 0), "clerk-aoki", 1)
		o.run(d, jst(2, 21, 10))
		o.want("look-at-night clerk-aoki 1")
	})
}

// TestWatchCatchesUp: after months without it each day is counted, and a pass whose commit fails, or whose answer is lost,
// counts nothing twice.
func TestWatchCatchesUp(t *testing.T) {
	for name, fault := range map[string]func(*sqlstoretest.Faults){
		"nothing": func(*sqlstoretest.Faults) {}, "failed": func(f *sqlstoretest.Faults) { f.FailNext(1) }, "applied, and lost": func(f *sqlstoretest.Faults) { f.LoseNext(1) },
	} {
		t.Run(name, func(t *testing.T) {
			o := open(t, "memory:")
			for day := range 60 {
				o.clock.Set(jst(1, 21, 0).AddDate(0, 0, day))
				if err := o.record(good()); err != nil {
					t.Fatal(err)
				}
			}
			d := o.watch(look.Limits{})
			fault(o.faults)
			o.run(d, o.clock.Now().Add(10*time.Minute))
			o.want("look-at-night clerk-aoki 60")
		})
	}
}

// TestALookThatCommitsLateIsCounted: its time is that of its transaction's beginning, which may lie before the mark.
func TestALookThatCommitsLateIsCounted(t *testing.T) {
	o := open(t, "memory:")
	d := o.watch(look.Limits{})
	o.at(d, jst(2, 23, 55), "clerk-aoki", 1)
	o.at(d, jst(3, 0, 1), "clerk-aoki", 1)
	o.run(d, jst(3, 0, 3))
	o.want("look-at-night clerk-aoki 2")
	o.update(func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO look(at, seq, office, operator, subject, purpose, case_ref, items, how) VALUES ($1, 1, $2, 'clerk-inoue', '1', 'notice', '7', 1, '')`,
			jst(2, 23, 58), string(town))
		return err
	})
	o.at(d, jst(3, 0, 5), "clerk-aoki", 1)
	o.run(d, jst(3, 0, 10))
	o.want("look-at-night clerk-aoki 3", "look-at-night clerk-inoue 1")
}

// TestTheListIsKeptByAuditors, and without mistakes.
func TestTheListIsKeptByAuditors(t *testing.T) {
	o := open(t, "memory:")
	right := look.Attention{Subject: code, Category: look.Family, Operator: "clerk-aoki"}
	keep := func(by access.Person, a look.Attention) error {
		return o.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { return look.Keep(ctx, tx, by, town, a) })
	}
	for field, x := range map[string]struct {
		a    look.Attention
		says string
	}{
		"subject":  {look.Attention{Category: look.Known}, "住民票コードを11けたで入力してください"},
		"category": {look.Attention{Subject: code, Category: "enemy"}, "区分を一覧から選んでください"},
		"operator": {look.Attention{Subject: code, Category: look.Family}, "「操作者の本人・家族」のときは操作者IDを入力し"},
	} {
		problems, ok := plain.AsProblems(keep(auditor, x.a))
		if !ok || problems[0].Field != field || !strings.Contains(problems[0].JA, x.says) {
			t.Errorf("%s: %v", field, problems)
		}
	}
	if problems, _ := plain.AsProblems(keep(auditor, look.Attention{Subject: code, Category: look.Known, Operator: "clerk-aoki"})); len(problems) != 1 {
		t.Error("a known person is of one operator")
	}
	if keep(clerk, right) == nil {
		t.Error("a clerk keeps the list")
	}
	if err := keep(auditor, right); err != nil {
		t.Fatal(err)
	}
	// Who must confirm, and for how long it is good.
	unconfirmed := func(operator, number string) (is bool) {
		if err := o.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			is, err = look.Unconfirmed(ctx, tx, operator, code, number)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return is
	}
	affirm := func(again string) error {
		return o.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return look.Affirm(ctx, tx, clerk, town, code, good().Ground, again)
		})
	}
	if !unconfirmed("clerk-aoki", "受付-17") || unconfirmed("clerk-inoue", "受付-17") {
		t.Error("the family of one is the family of another")
	}
	if affirm("受付-18") == nil {
		t.Error("another number confirms")
	}
	if err := affirm("受付-17"); err != nil {
		t.Fatal(err)
	}
	if unconfirmed("clerk-aoki", "受付-17") || !unconfirmed("clerk-aoki", "受付-18") {
		t.Error("a confirmation is not for its case")
	}
	o.clock.Set(o.clock.Now().Add(access.Life + time.Second))
	if !unconfirmed("clerk-aoki", "受付-17") {
		t.Error("a confirmation lasts for ever")
	}
}
