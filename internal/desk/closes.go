package desk

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
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
	statement.Pending:     {Kind: webui.Wait, Text: plain.Sentence{JA: "締め中", EN: "closing"}},
	statement.Green:       {Kind: webui.OK, Text: plain.Sentence{JA: "一致", EN: "agreed"}},
	statement.Explained:   {Kind: webui.Warn, Text: plain.Sentence{JA: "説明済み", EN: "explained"}},
	statement.Unexplained: {Kind: webui.Bad, Text: plain.Sentence{JA: "説明なし", EN: "unexplained"}},
	statement.Absent:      {Kind: webui.Bad, Text: plain.Sentence{JA: "計算書なし", EN: "missing"}},
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
		if err != nil {
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
	v := webui.Calendar{Caption: plain.Sentence{JA: fmt.Sprintf("%d年%d月の締め", c.Year, int(c.Month)), EN: fmt.Sprintf("Closes of %s %d", c.Month, c.Year)},
		Before: &webui.Link{Href: d.ui.URL("/statements?month=" + month(first.AddDays(-1))), Text: plain.Sentence{JA: "前の月", EN: "Month before"}}}
	if next := first.AddDays(31); month(next) <= month(today) {
		v.After = &webui.Link{Href: d.ui.URL("/statements?month=" + month(next)), Text: plain.Sentence{JA: "次の月", EN: "Month after"}}
	}
	column := (int(first.Start().In(resident.JST).Weekday()) + 6) % 7 // Monday is the first
	var week [7]webui.CalendarDay
	for _, day := range c.Days {
		cell := webui.CalendarDay{Day: day.Day.Day(), Href: d.ui.URL("/statements/" + day.Day.String()), Today: day.Day == today}
		if b, ok := worstOf(day.Pairs); ok {
			cell.Marks = append(cell.Marks, b)
		}
		switch {
		case day.RoundMissed:
			cell.Marks = append(cell.Marks, webui.Badge{Kind: webui.Bad, Text: plain.Sentence{JA: "業務なし", EN: "no round"}})
		case len(day.Rounds) > 0:
			cell.Marks = append(cell.Marks, webui.Badge{Kind: webui.OK, Text: plain.Sentence{JA: "業務済み", EN: "round"}})
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
			t.Rows = append(t.Rows, []any{plain.Sentence{JA: week.First.String() + "〜" + week.Last.String(), EN: week.First.String() + " to " + week.Last.String()},
				nameOf(p.Peer, now), d.closeLink(p.KeyOut, p.Out), d.closeLink(p.KeyIn, p.In)})
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
	Day   string
	Table webui.Table
}

// showCloseDay lists the closes of a day, pair by pair.
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
	p := closeDayPage{Tabs: d.tabs(r), Day: day.String(), Table: webui.Table{
		Caption: plain.Sentence{JA: "相手ごとの計算書", EN: "Statements by pair"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "相手", EN: "Other side"}}, {Name: plain.Sentence{JA: "送った電文", EN: "Sent"}}, {Name: plain.Sentence{JA: "受けた電文", EN: "Received"}}},
		Empty:   webui.Empty{Text: plain.Sentence{JA: "この日は、まだ締めていません。締めは、翌日の午前0時です。", EN: "This day is not closed. It is closed at midnight."}}}}
	for _, one := range c.Days {
		if one.Day != day {
			continue
		}
		for _, pair := range one.Pairs {
			if pair.Cell != statement.NoClose {
				p.Table.Rows = append(p.Table.Rows, []any{nameOf(pair.Peer, now), d.closeLink(pair.KeyOut, pair.Out), d.closeLink(pair.KeyIn, pair.In)})
			}
		}
	}
	d.ui.Render(w, r, d.closeDay, http.StatusOK, p)
}

// statementPage is the data of one statement: two accounts, line by line.
type statementPage struct {
	Tabs   []webui.Tab
	Day    string
	State  webui.Notice
	Facts  []webui.Term
	Lines  webui.Table
	Export string // address of the file; empty: there is nothing to take away yet
}

// keyOf reads the statement of a request's path.
func keyOf(r *http.Request) (statement.Key, bool) {
	day, err := resident.ParseDate("day", r.PathValue("day"))
	peer, err2 := message.ParseOrg(r.PathValue("peer"))
	span, dir := message.Span(r.PathValue("span")), r.PathValue("dir")
	if err != nil || err2 != nil || span != message.Day && span != message.Week || dir != "in" && dir != "out" {
		return statement.Key{}, false
	}
	return statement.Key{Peer: peer, Out: dir == "out", Span: span, Until: statement.UntilOf(span, day).UTC()}, true
}

func (d *Desk) statementOf(r *http.Request, k statement.Key) (st statement.Statement, err error) {
	err = d.host.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		st, err = d.host.Statements.Find(ctx, tx, k)
		return err
	})
	return st, err
}

func (d *Desk) showStatement(w http.ResponseWriter, r *http.Request) {
	k, ok := keyOf(r)
	if !ok {
		d.ui.NotFound(w, r)
		return
	}
	st, err := d.statementOf(r, k)
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	now := d.host.Clock.Now()
	sender, receiver := d.host.Statements.Stream(k)
	p := statementPage{Tabs: d.tabs(r), Day: k.Date().String(), State: statementNotice(st), Lines: lineTable(st.Lines, nameOf(sender, now), nameOf(receiver, now)),
		Facts: []webui.Term{
			{Label: plain.Sentence{JA: "送信側", EN: "From"}, Value: nameOf(sender, now)},
			{Label: plain.Sentence{JA: "受信側", EN: "To"}, Value: nameOf(receiver, now)},
			{Label: plain.Sentence{JA: "締めの時刻", EN: "Closed at"}, Value: k.Until},
			{Label: plain.Sentence{JA: "送信側の計算書", EN: "The sender's account"}, Value: moment(st.SenderAt)},
			{Label: plain.Sentence{JA: "受信側の計算書", EN: "The receiver's account"}, Value: moment(st.ReceiverAt)},
		}}
	if st.Sender != nil {
		p.Export = d.closeURL(k) + "/file"
	}
	d.ui.Render(w, r, d.statement, http.StatusOK, p)
}

// exportStatement gives the statement as a file that anybody can check (akashi verify statement).
func (d *Desk) exportStatement(w http.ResponseWriter, r *http.Request) {
	k, ok := keyOf(r)
	if !ok {
		d.ui.NotFound(w, r)
		return
	}
	st, err := d.statementOf(r, k)
	var file []byte
	if err == nil {
		file, err = statement.Export(st)
	}
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+d.host.Statements.FileName(k)+`"`)
	w.Write(file)
}

func statementNotice(st statement.Statement) webui.Notice {
	switch {
	case st.Damaged != nil:
		return webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "計算書が読めません", EN: "The accounts cannot be read"}, Text: *st.Damaged}
	case st.Sender == nil || st.Receiver == nil:
		return webui.Notice{Kind: webui.Wait, Title: plain.Sentence{JA: "双方の計算書がそろっていません", EN: "One of the two accounts is not there yet"},
			Text: plain.Sentence{JA: "締めから30分を過ぎてもそろわなければ、警報が出ます。", EN: "When it is not there thirty minutes after the close, there is an alarm."}}
	case st.State == message.Agreed:
		return webui.Notice{Kind: webui.OK, Title: plain.Sentence{JA: "双方の計算書は一致しています", EN: "Both accounts agree"},
			Text: plain.Sentence{JA: "双方が署名しています。", EN: "Both sides have signed."}}
	case st.State == message.Explained:
		return webui.Notice{Kind: webui.Warn, Title: plain.Sentence{JA: "差は、すべて説明がつきます", EN: "Every difference is explained"},
			Text: plain.Sentence{JA: "保留の電文や開いている件によるものです。", EN: "They are messages that are parked and cases that are open."}}
	}
	return webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "説明のつかない差があります", EN: "There are differences that nothing explains"},
		Text: plain.Sentence{JA: "赤い行を、相手の運用員と確かめてください。", EN: "Find out about the red lines together with the other side's operators."}}
}

var lineStates = map[message.LineState]webui.Badge{
	message.Agreed:      {Kind: webui.OK, Text: plain.Sentence{JA: "一致", EN: "agreed"}},
	message.Explained:   {Kind: webui.Warn, Text: plain.Sentence{JA: "説明済み", EN: "explained"}},
	message.Unexplained: {Kind: webui.Bad, Text: plain.Sentence{JA: "説明なし", EN: "unexplained"}},
}

func lineTable(lines []message.Line, sender, receiver plain.Sentence) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "計算書の行", EN: "Lines"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "何の", EN: "About"}}, {Name: plain.Sentence{JA: "結果", EN: "Result"}},
			{Name: sender, Right: true}, {Name: receiver, Right: true}, {Name: plain.Sentence{JA: "適用（送信側／受信側）", EN: "Applied (from / to)"}, Right: true},
			{Name: plain.Sentence{JA: "説明", EN: "What it says"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "双方の計算書がそろうと、ここに並びます。", EN: "They stand here once both accounts are there."}},
	}
	for _, l := range lines {
		var says any
		if l.Says != (plain.Sentence{}) {
			says = l.Says
		}
		t.Rows = append(t.Rows, []any{lineAbout(l), lineStates[l.State], l.Sender.Total, l.Receiver.Total,
			plain.Sentence{JA: fmt.Sprintf("%d／%d", l.Sender.Applied, l.Receiver.Applied), EN: fmt.Sprintf("%d / %d", l.Sender.Applied, l.Receiver.Applied)}, says})
	}
	return t
}

func lineAbout(l message.Line) plain.Sentence {
	switch l.About {
	case "range":
		return plain.Sentence{JA: "電文の番号の範囲", EN: "Range of messages"}
	case "kind":
		return kindOf(message.Kind(l.Subject))
	case "book":
		n := message.Book(l.Subject).Name()
		return plain.Sentence{JA: "帳簿: " + n.JA, EN: "Book: " + n.EN}
	}
	return plain.Sentence{JA: l.Subject, EN: l.Subject}
}
