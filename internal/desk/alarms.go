package desk

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/docs/runbooks"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// closedShown is how many alarms that are over are listed.
const closedShown = 50

// alarmsPage is the data of the page of the alarms.
type alarmsPage struct {
	Tabs   []webui.Tab
	Notice webui.Notice
	Open   webui.Table
	Closed webui.Table
}

func (d *Desk) alarmsPage(r *http.Request) (p alarmsPage, err error) {
	v, err := d.host.Alarms.View(r.Context(), closedShown)
	if err != nil {
		return p, err
	}
	now := d.host.Clock.Now()
	p = alarmsPage{Tabs: d.tabs(r), Notice: standOf(v), Open: d.openTable(r.Context(), v.Open, now), Closed: d.closedTable(v.Closed, now)}
	return p, nil
}

// standOf says first whether the alarms are watched at all, and then whether any is open.
func standOf(v alarm.View) webui.Notice {
	seen := fmt.Sprintf("%.0f", v.Age.Seconds())
	switch n := len(asking(v.Open)); {
	case v.Stale:
		return webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "警報の判定が動いていません", EN: "The alarms are not evaluated"},
			Text: plain.Sentence{JA: "最後の判定は" + seen + "秒前です。下の一覧は古いものです。", EN: "The last evaluation was " + seen + " seconds ago. What is listed is old."}}
	case n > 0:
		return webui.Notice{Kind: worstKind(v.Open), Title: plain.Sentence{JA: fmt.Sprintf("警報が%d件出ています", n), EN: fmt.Sprintf("Alarms that are open: %d", n)},
			Text: plain.Sentence{JA: "いちばん上の警報から、名前を押して手順書を開き、そのとおりに対応してください。", EN: "Begin with the first: press its name, which opens its runbook, and do what that says."}}
	}
	return webui.Notice{Kind: webui.OK, Title: plain.Sentence{JA: "警報は出ていません", EN: "No alarm is open"},
		Text: plain.Sentence{JA: seen + "秒前に判定しました。", EN: "Evaluated " + seen + " seconds ago."}}
}

var severities = map[alarm.Severity]webui.BadgeKind{alarm.Critical: webui.Bad, alarm.Warning: webui.Warn, alarm.Notice: webui.Info}

func severityOf(a alarm.Alarm) webui.Badge {
	if a.Drill {
		return badge(webui.Info, "訓練", "drill")
	}
	return webui.Badge{Kind: severities[a.Severity], Text: a.Severity.Name()}
}

func (d *Desk) openTable(ctx context.Context, open []alarm.Alarm, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "出ている警報", EN: "Open alarms"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "警報（手順書）", EN: "Alarm (runbook)"}}, {Name: plain.Sentence{JA: "重さ", EN: "Severity"}},
			{Name: plain.Sentence{JA: "対象", EN: "About"}}, {Name: plain.Sentence{JA: "値", EN: "Now"}, Right: true},
			{Name: plain.Sentence{JA: "継続", EN: "For"}, Right: true}, {Name: plain.Sentence{JA: "内容", EN: "Detail"}},
			{Name: plain.Sentence{JA: "対応", EN: "Deal with it"}},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "出ている警報はありません。", EN: "No alarm is open."}},
	}
	for _, a := range open {
		var where, detail any
		if a.Href != "" {
			where = d.ui.LinkTo(ctx, a.Href, plain.Sentence{JA: "開く", EN: "Open"})
		}
		if detail = a.Means; a.Detail != (plain.Sentence{}) {
			detail = a.Detail
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.ui.URL("/alarms/" + string(a.Code)), Text: a.Name}, severityOf(a), subjectOf(a, now), valueOf(a),
			now.Sub(a.Since), detail, where})
	}
	return t
}

func (d *Desk) closedTable(closed []alarm.Alarm, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "終わった警報", EN: "Alarms that are over"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "警報（手順書）", EN: "Alarm (runbook)"}}, {Name: plain.Sentence{JA: "重さ", EN: "Severity"}},
			{Name: plain.Sentence{JA: "対象", EN: "About"}}, {Name: plain.Sentence{JA: "出た時", EN: "Opened"}},
			{Name: plain.Sentence{JA: "続いた時間", EN: "Lasted"}, Right: true},
		},
		Empty: webui.Empty{Text: plain.Sentence{JA: "終わった警報の記録はありません。", EN: "None has been open."}},
	}
	for _, a := range closed {
		t.Rows = append(t.Rows, []any{webui.Link{Href: d.ui.URL("/alarms/" + string(a.Code)), Text: a.Name}, severityOf(a), subjectOf(a, now), a.OpenedAt, a.ClosedAt.Sub(a.Since)})
	}
	return t
}

// runbookPage is what an alarm asks of the operator, in the reader's language.
type runbookPage struct {
	Tabs   []webui.Tab
	Name   plain.Sentence
	JA, EN runbooks.Part
}

// showRunbook shows what an alarm asks of the operator: one click from the alarm.
func (d *Desk) showRunbook(w http.ResponseWriter, r *http.Request) {
	def, known := alarm.DefinitionOf(alarm.Code(r.PathValue("code")))
	book, err := runbooks.Of(r.PathValue("code"))
	if !known || err != nil {
		d.ui.NotFound(w, r)
		return
	}
	d.ui.Render(w, r, d.runbook, http.StatusOK, runbookPage{Tabs: d.tabs(r), Name: def.Name, JA: book.JA, EN: book.EN})
}
