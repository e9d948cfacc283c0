package desk

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// closesPage is the data of the calendar of the closes (締めの暦).
type closesPage struct {
	Tabs     []webui.Tab
	Calendar webui.Calendar
	Weeks    webui.Table
}

// cells are what a close is called.
var cells = map[statement.Cell]webui.Badge{
	statement.Pending:     badge(webui.Wait, "締め中", "closing"),
	statement.Green:       badge(webui.OK, "一致", "agreed"),
	statement.Explained:   badge(webui.Warn, "説明済み", "explained"),
	statement.Unexplained: badge(webui.Bad, "説明なし", "unexplained"),
	statement.Absent:      badge(webui.Bad, "計算書なし", "missing"),
}

// The marks of a day: how its closes stand, and whether somebody made its round.
var (
	roundSigned = roundMark(webui.OK, "業務済み", "round made")
	roundMissed = roundMark(webui.Bad, "業務なし", "no round")
	legend      = marks()
)

func closeMark(b webui.Badge) webui.CalendarMark {
	return webui.CalendarMark{Badge: b, Letter: plain.Sentence{JA: "締", EN: "C"}}
}

func roundMark(kind webui.BadgeKind, ja, en string) webui.CalendarMark {
	return webui.CalendarMark{Badge: badge(kind, ja, en), Letter: plain.Sentence{JA: "業", EN: "R"}}
}

// marks are all of them, the good ones first, as the legend of the calendar lists them.
func marks() (all []webui.CalendarMark) {
	for i := len(worst) - 1; i >= 0; i-- {
		all = append(all, closeMark(cells[worst[i]]))
	}
	return append(all, roundSigned, roundMissed)
}

// worst orders the cells by how much they ask for somebody.
var worst = []statement.Cell{statement.Unexplained, statement.Absent, statement.Pending, statement.Explained, statement.Green}

func worstOf(pairs []statement.PairDay) (webui.Badge, bool) {
	for _, c := range worst {
		for _, p := range pairs {
			if p.Cell == c {
				return cells[c], true
			}
		}
	}
	return webui.Badge{}, false
}

func (d *Desk) showCloses(w http.ResponseWriter, r *http.Request) {
	now := d.host.Clock.Now()
	at := resident.DateOf(now)
	if asked := r.FormValue("month"); asked != "" {
		day, err := resident.ParseDate("month", asked+"-01")
		if err != nil || day.After(at) {
			d.ui.NotFound(w, r)
			return
		}
		at = day
	}
	var c statement.Calendar
	err := d.host.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		c, err = d.host.Statements.Calendar(ctx, tx, at.Year(), at.Month(), now)
		return err
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	d.ui.Render(w, r, d.closes, http.StatusOK, closesPage{Tabs: d.tabs(r), Calendar: d.calendar(c, resident.DateOf(now)), Weeks: d.weekTable(c.Weeks, now)})
}

func (d *Desk) calendar(c statement.Calendar, today resident.Date) webui.Calendar {
	first := c.Days[0].Day
	month := func(day resident.Date) string { return fmt.Sprintf("%04d-%02d", day.Year(), int(day.Month())) }
	name := strings.TrimSuffix(first.Wareki(), "1日")
	v := webui.Calendar{Caption: plain.Sentence{JA: fmt.Sprintf("%sの締め（%d年）", name, c.Year), EN: fmt.Sprintf("Closes of %s %d", c.Month, c.Year)}, Legend: legend,
		Before: &webui.Link{Href: d.ui.URL("/statements?month=" + month(first.AddDays(-1))), Text: plain.Sentence{JA: "前の月", EN: "Month before"}}}
	if next := first.AddDays(31); month(next) <= month(today) {
		v.After = &webui.Link{Href: d.ui.URL("/statements?month=" + month(next)), Text: plain.Sentence{JA: "次の月", EN: "Month after"}}
	}
	column := (int(first.Start().In(resident.JST).Weekday()) + 6) % 7 // Monday is the first
	var week [7]webui.CalendarDay
	for _, day := range c.Days {
		cell := webui.CalendarDay{Day: day.Day.Day(), Today: day.Day == today}
		if b, ok := worstOf(day.Pairs); ok {
			cell.Marks = append(cell.Marks, closeMark(b))
		}
		switch {
		case day.RoundMissed:
			cell.Marks = append(cell.Marks, roundMissed)
		case len(day.Rounds) > 0:
			cell.Marks = append(cell.Marks, roundSigned)
		}
		if len(cell.Marks) > 0 {
			cell.Href = d.ui.URL("/statements/" + day.Day.String())
		}
		week[column] = cell
		if column++; column == 7 {
			v.Weeks, week, column = append(v.Weeks, week), [7]webui.CalendarDay{}, 0
		}
	}
	if column > 0 {
		v.Weeks = append(v.Weeks, week)
	}
	return v
}

func (d *Desk) weekTable(weeks []statement.CalendarWeek, now time.Time) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "週締め", EN: "Weekly closes"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "週", EN: "Week"}}, {Name: plain.Sentence{JA: "相手", EN: "Other side"}},
			{Name: plain.Sentence{JA: "送った電文", EN: "Sent"}}, {Name: plain.Sentence{JA: "受けた電文", EN: "Received"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "この月の週締めは、まだありません。", EN: "No week of this month is closed yet."}},
	}
	for _, week := range weeks {
		for _, p := range week.Pairs {
			if p.Cell == statement.NoClose {
				continue
			}
			t.Rows = append(t.Rows, []any{plain.Sentence{JA: dayName(week.First).JA + "から" + dayName(week.Last).JA, EN: dayName(week.First).EN + " to " + dayName(week.Last).EN},
				webui.NameOf(p.Peer, now), d.closeLink(p.KeyOut, p.Out), d.closeLink(p.KeyIn, p.In)})
		}
	}
	return t
}

// closeLink leads to one statement, by what came of it.
func (d *Desk) closeLink(k statement.Key, c statement.Cell) any {
	if c == statement.NoClose {
		return nil
	}
	return webui.Link{Href: d.closeURL(k), Text: cells[c].Text}
}

func (d *Desk) closeURL(k statement.Key) string {
	dir := "in"
	if k.Out {
		dir = "out"
	}
	return d.ui.URL(fmt.Sprintf("/statements/%s/%s/%s/%s", k.Date(), k.Span, dir, k.Peer))
}

// closeDayPage is the data of one day's closes.
type closeDayPage struct {
	Tabs  []webui.Tab
	Day   webui.Day
	Round []webui.Term
	Table webui.Table
}

// showCloseDay lists the closes of a day, pair by pair, and who made its round.
func (d *Desk) showCloseDay(w http.ResponseWriter, r *http.Request) {
	day, err := resident.ParseDate("day", r.PathValue("day"))
	if err != nil {
		d.ui.NotFound(w, r)
		return
	}
	now := d.host.Clock.Now()
	var c statement.Calendar
	err = d.host.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		c, err = d.host.Statements.Calendar(ctx, tx, day.Year(), day.Month(), now)
		return err
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	p := closeDayPage{Tabs: d.tabs(r), Day: webui.Day(day.Start()), Table: webui.Table{
		Caption: plain.Sentence{JA: "相手ごとの計算書", EN: "Statements by pair"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "相手", EN: "Other side"}}, {Name: plain.Sentence{JA: "送った電文", EN: "Sent"}}, {Name: plain.Sentence{JA: "受けた電文", EN: "Received"}}},
		Empty:   webui.Empty{Text: plain.Sentence{JA: "この日の締めはありません。", EN: "There is no close of this day."}}}}
	if !day.Before(resident.DateOf(now)) {
		p.Table.Empty.Text = plain.Sentence{JA: "この日は、まだ締めていません。締めは、翌日の午前0時です。", EN: "This day is not closed yet. It is closed at the midnight that ends it."}
	}
	for _, one := range c.Days {
		if one.Day != day {
			continue
		}
		p.Round = roundTerms(one)
		for _, pair := range one.Pairs {
			if pair.Cell != statement.NoClose {
				p.Table.Rows = append(p.Table.Rows, []any{webui.NameOf(pair.Peer, now), d.closeLink(pair.KeyOut, pair.Out), d.closeLink(pair.KeyIn, pair.In)})
			}
		}
	}
	d.ui.Render(w, r, d.closeDay, http.StatusOK, p)
}

// roundTerms says who made the round of a day, or that nobody did in time.
func roundTerms(day statement.CalendarDay) (terms []webui.Term) {
	label := plain.Sentence{JA: "日次業務", EN: "Daily round"}
	if day.RoundMissed {
		return []webui.Term{{Label: label, Value: roundMissed.Badge}}
	}
	for _, r := range day.Rounds {
		terms = append(terms, webui.Term{Label: label, Value: plain.Sentence{JA: r.Name.JA + "が署名", EN: "signed by " + r.Name.EN}},
			webui.Term{Label: plain.Sentence{JA: "署名した時", EN: "Signed at"}, Value: r.At})
		if r.Findings != "" {
			terms = append(terms, webui.Term{Label: plain.Sentence{JA: "所見", EN: "Findings"}, Value: r.Findings})
		}
	}
	return terms
}
