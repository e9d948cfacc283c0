package desk

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// roundPage is the data of the page of the daily round (日次業務).
type roundPage struct {
	*webui.Form
	Tabs    []webui.Tab
	Notice  webui.Notice
	Looks   webui.Table
	Days    []webui.Choice // that can be signed: those missed, and today
	MaySign bool
	MustSay bool // something asks for somebody: signing without a word about it is refused
	Signed  webui.Table
}

// roundsShown is for how many days back the signed rounds are listed.
const roundsShown = 14

func (d *Desk) roundPage(r *http.Request) (p roundPage, err error) {
	now := d.host.Clock.Now()
	today := resident.DateOf(now)
	p = roundPage{Form: webui.NewForm(map[string]string{"day": today.String()}), Tabs: d.tabs(r),
		MaySign: access.May(access.From(r.Context()), access.SignRound, d.role) == nil}
	var looks []statement.Look
	var rounds []statement.Round
	var missed []resident.Date
	err = d.host.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if looks, err = d.host.Statements.Looks(ctx, tx, now); err != nil {
			return err
		}
		if missed, err = d.host.Statements.MissedRounds(ctx, tx, now); err != nil {
			return err
		}
		rounds, err = d.host.Statements.Rounds(ctx, tx, today.AddDays(-roundsShown), today)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Looks = d.lookTable(looks, now)
	p.MustSay = slices.ContainsFunc(looks, func(l statement.Look) bool { return l.N > 0 })
	p.Signed = signedTable(rounds)
	for _, day := range missed {
		p.Days = append(p.Days, webui.Choice{Value: day.String(), Name: plain.Sentence{JA: dayName(day).JA + "（署名がない日）", EN: dayName(day).EN + " (nobody has signed)"}})
	}
	p.Days = append(p.Days, webui.Choice{Value: today.String(), Name: plain.Sentence{JA: dayName(today).JA + "（今日）", EN: dayName(today).EN + " (today)"}})
	p.Notice = roundNotice(today, missed, rounds)
	return p, nil
}

func roundNotice(today resident.Date, missed []resident.Date, rounds []statement.Round) webui.Notice {
	if len(missed) > 0 {
		n := strconv.Itoa(len(missed))
		return webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "署名のない日が" + n + "日あります", EN: "Days that nobody has signed: " + n},
			Text: plain.Sentence{JA: "いま見たことを書いて、その日の分に署名してください。遅れて署名したことも残ります。", EN: "Write what you see now and sign for that day. That it was late is kept too."}}
	}
	for _, r := range rounds {
		if r.Day == today {
			return webui.Notice{Kind: webui.OK, Title: plain.Sentence{JA: "今日の日次業務は署名されています", EN: "Today's round is signed"},
				Text: plain.Sentence{JA: "新しいことがあれば、もう一度署名して足せます。", EN: "When there is something new, sign again to add it."}}
		}
	}
	return webui.Notice{Kind: webui.Info, Title: plain.Sentence{JA: "今日の日次業務は、まだ署名されていません", EN: "Today's round is not signed yet"},
		Text: plain.Sentence{JA: "下の項目を一つずつ確かめて署名してください。明日の正午までに署名がないと、警報が出ます。", EN: "Look at each item and sign. Without a signature by noon tomorrow there is an alarm."}}
}

func (d *Desk) lookTable(looks []statement.Look, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "確かめるもの", EN: "What to look at"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "項目", EN: "Item"}}, {Name: plain.Sentence{JA: "件数", EN: "Number"}, Right: true},
			{Name: plain.Sentence{JA: "状態", EN: "State"}}, {Name: plain.Sentence{JA: "最も古いもの", EN: "The oldest"}, Right: true}},
	}
	for _, l := range looks {
		title := webui.Capital(l.Name)
		var name, oldest any = title, nil
		if l.Href != "" {
			name = webui.Link{Href: d.ui.URL(l.Href), Text: title}
		}
		state := badge(webui.OK, "なし", "nothing")
		if l.N > 0 {
			state = badge(webui.Warn, "確認が要る", "to be looked at")
			if happened(l.Since) {
				oldest = now.Sub(l.Since)
			}
		}
		t.Rows = append(t.Rows, []any{name, l.N, state, oldest})
	}
	return t
}

func signedTable(rounds []statement.Round) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "署名された日次業務", EN: "Signed rounds"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "日", EN: "Day"}}, {Name: plain.Sentence{JA: "署名した人", EN: "Signed by"}},
			{Name: plain.Sentence{JA: "署名した時", EN: "Signed"}}, {Name: plain.Sentence{JA: "所見", EN: "Findings"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "この2週間に署名はありません。", EN: "Nobody has signed within two weeks."}},
	}
	for i := len(rounds) - 1; i >= 0; i-- {
		r := rounds[i]
		var findings any
		if r.Findings != "" {
			findings = r.Findings
		}
		day := dayName(r.Day)
		if r.Late {
			day.JA, day.EN = day.JA+"（遅れ）", day.EN+" (late)"
		}
		t.Rows = append(t.Rows, []any{day, r.Name, r.At, findings})
	}
	return t
}

// signRound records that the person has made the round of a day.
func (d *Desk) signRound(w http.ResponseWriter, r *http.Request) {
	submit(d, w, r, d.round, d.roundPage, func(p *roundPage, f *webui.Form) { p.Form = f }, d.ui.URL("/round"),
		func(ctx context.Context, f *webui.Form, by access.Person) error {
			day, err := resident.ParseDate("day", f.Value("day"))
			if err != nil {
				return err
			}
			return d.host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				return d.host.Statements.Sign(ctx, tx, day, by.ID, by.Name, f.Value("findings"))
			})
		})
}
