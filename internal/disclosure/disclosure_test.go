package disclosure_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const town message.Org = "municipality-202029"

var (
	clerk = access.Person{ID: "clerk-aoki", Job: access.Clerk}
	tell  = look.Ground{Purpose: look.Disclosure, Case: "17"}
	mend  = look.Ground{Purpose: look.Correction, Case: "18"}
)

// TestThirtyDaysFromTheDayOfAcceptance, that day counted: at midnight in Japan, over months, a leap day and the new year.
func TestThirtyDaysFromTheDayOfAcceptance(t *testing.T) {
	for at, want := range map[string]string{
		"2026-04-01T00:00:00+09:00": "2026-04-30",
		"2026-04-01T23:59:59+09:00": "2026-04-30",
		"2026-04-02T00:00:00+09:00": "2026-05-01",
		"2026-02-01T12:00:00+09:00": "2026-03-02",
		"2028-02-01T12:00:00+09:00": "2028-03-01",
		"2026-12-31T12:00:00+09:00": "2027-01-29",
		"2019-04-30T12:00:00+09:00": "2019-05-29",
	} {
		when, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		if got := disclosure.LastDay(when).String(); got != want {
			t.Errorf("accepted at %s, to be answered by %s, want %s", at, got, want)
		}
	}
}

type office struct {
	*testing.T
	clock *clock.Virtual
	store *sqlstore.Store
}

func open(t *testing.T, url string) *office {
	o := &office{T: t, clock: clock.NewVirtual(time.Date(2026, 4, 1, 12, 0, 0, 0, resident.JST))}
	o.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: o.clock, Log: slog.New(slog.DiscardHandler)}, auditlog.Schema, due.Schema, alarm.Schema, look.Schema, disclosure.Schema)
	return o
}

func (o *office) accept(g look.Ground, r disclosure.Request, others ...message.Org) (made disclosure.Request, err error) {
	if r.Codes == nil {
		r.Codes = []resident.RecordCode{resident.RecordCodeOf(1), resident.RecordCodeOf(2)}
	}
	err = o.store.Update(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		made, err = disclosure.Accept(ctx, tx, clerk, town, g, r, others)
		return err
	})
	return made, err
}

func (o *office) answer(g look.Ground, id, outcome string) error {
	return o.store.Update(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return disclosure.Answer(ctx, tx, clerk, town, g, id, outcome)
	})
}

func (o *office) extend(id string, last resident.Date, reason string) error {
	return o.store.Update(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return disclosure.Extend(ctx, tx, clerk, town, tell, id, last, reason)
	})
}

func (o *office) alarms() (text []string) {
	o.Helper()
	all, err := disclosure.Source(o.store).Signals(o.Context(), o.clock.Now())
	if err != nil {
		o.Fatal(err)
	}
	for _, s := range all {
		text = append(text, fmt.Sprintf("%s %d", s.Code, s.Value))
	}
	return text
}

// on goes to noon of a day of April 2026.
func (o *office) on(day int) { o.clock.Set(time.Date(2026, 4, day, 12, 0, 0, 0, resident.JST)) }

func field(t *testing.T, err error) string {
	t.Helper()
	problems, ok := plain.AsProblems(err)
	if !ok || problems[0].JA == "" || problems[0].EN == "" {
		t.Errorf("not a refusal: %v", err)
		return ""
	}
	return problems[0].Field
}

func second[T any](_ T, err error) error { return err }

func TestTheClockRings(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		o := open(t, url)
		r, err := o.accept(tell, disclosure.Request{Kind: disclosure.Disclose})
		if err != nil || r.ID != "D-2026-04-01-1" || r.Last != resident.MustDate(2026, 4, 30) {
			t.Fatalf("%+v, %v", r, err)
		}
		second, err := o.accept(mend, disclosure.Request{Kind: disclosure.Correct, Wish: "番地"})
		if err != nil || second.ID != "D-2026-04-01-2" {
			t.Fatalf("%+v, %v", second, err)
		}
		want := func(day int, all ...string) {
			t.Helper()
			o.on(day)
			if got := o.alarms(); !slices.Equal(got, all) {
				t.Errorf("on April %d: %q, want %q", day, got, all)
			}
		}
		want(23)
		want(24, "disclosure-due 2")
		want(30, "disclosure-due 2")
		if err := o.extend(r.ID, resident.MustDate(2026, 5, 20), "全国センターの回答を待つため"); err != nil {
			t.Fatal(err)
		}
		want(31, "disclosure-late 1")
		if err := o.answer(mend, second.ID, "調べた結果、申出のとおり直した。"); err != nil {
			t.Fatal(err)
		}
		want(31)
		want(30+20, "disclosure-due 1")
		if err := o.answer(tell, r.ID, "印刷して手渡した。"); err != nil {
			t.Fatal(err)
		}
		want(30 + 21)
	})
}

// TestWhatIsRefused: each with its field and its sentence, and nothing is written.
func TestWhatIsRefused(t *testing.T) {
	o := open(t, "memory:")
	copying := look.Ground{Purpose: look.Copy, Case: "9"}
	for name, try := range map[string]func() error{
		"purpose": func() error { _, err := o.accept(copying, disclosure.Request{Kind: disclosure.Disclose}); return err },
		"wish":    func() error { _, err := o.accept(mend, disclosure.Request{Kind: disclosure.Correct}); return err },
		"case": func() error {
			_, err := o.accept(look.Ground{Purpose: look.Disclosure}, disclosure.Request{Kind: disclosure.Disclose})
			return err
		},
	} {
		if got := field(t, try()); got != name {
			t.Errorf("refused for %q, want %q", got, name)
		}
	}
	if _, err := o.accept(mend, disclosure.Request{Kind: disclosure.Disclose}); err == nil {
		t.Error("a disclosure is made to look into a correction")
	}
	r, err := o.accept(tell, disclosure.Request{Kind: disclosure.Disclose}, "prefecture-20")
	if err != nil {
		t.Fatal(err)
	}
	later := resident.MustDate(2026, 5, 20)
	says := func(what string, err error, field, words string) {
		t.Helper()
		if problems, ok := plain.AsProblems(err); !ok || problems[0].Field != field || !strings.Contains(problems[0].JA, words) || problems[0].EN == "" {
			t.Errorf("%s: %v", what, err)
		}
	}
	long := strings.Repeat("長", 1001)
	says("while an office is missing", o.answer(tell, r.ID, "手渡した。"), "outcome", "まだ答えていない団体があります")
	says("of another purpose", o.answer(copying, r.ID, "手渡した。"), "purpose", "")
	says("of nothing", o.answer(tell, "D-9", "手渡した。"), "", "この番号の請求はありません")
	says("extended by nothing", o.extend(r.ID, later, ""), "reason", "期間内に開示できない理由を入力してください")
	says("extended by too much", o.extend(r.ID, later, long), "reason", "1,000文字以内で入力してください。")
	says("extended to its last day", o.extend(r.ID, r.Last, "待つため"), "last", "いまの期限より後の日を入力してください")
	says("a long wish", second(o.accept(mend, disclosure.Request{Kind: disclosure.Correct, Wish: long})), "wish", "1,000文字以内で入力してください。")
	o.on(31)
	says("extended when the time was over", o.extend(r.ID, later, "待つため"), "last", "期限を過ぎてからは延長できません")
	correction, err := o.accept(mend, disclosure.Request{Kind: disclosure.Correct, Wish: "番地"})
	if err != nil {
		t.Fatal(err)
	}
	says("a correction put off", o.extend(correction.ID, later, "待つため"), "last", "期限を延ばせるのは開示だけです")
	says("answered with nothing", o.answer(mend, correction.ID, ""), "outcome", "本人に何と回答したかを入力してください")
	says("answered with too much", o.answer(mend, correction.ID, long), "outcome", "1,000文字以内で入力してください。")
	if err := o.answer(mend, correction.ID, "直した。"); err != nil {
		t.Fatal(err)
	}
	says("answered twice", o.answer(mend, correction.ID, "直した。"), "outcome", "この請求には、すでに回答しています")
	says("put off when it was answered", o.extend(correction.ID, later, "待つため"), "outcome", "この請求には、すでに回答しています")
}
