package desk

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// statementPage is the data of one statement: two accounts, line by line.
type statementPage struct {
	Tabs   []webui.Tab
	Day    string // of the path back
	State  webui.Notice
	Facts  []webui.Term
	Lines  webui.Table
	Named  webui.Table
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
	p := statementPage{Tabs: d.tabs(r), Day: k.Date().String(), State: statementNotice(st), Lines: lineTable(st, sender, receiver, now), Named: d.namedTable(st),
		Facts: []webui.Term{
			{Label: plain.Sentence{JA: "何の締めか", EN: "Close"}, Value: spanName(k)},
			{Label: plain.Sentence{JA: "送信側", EN: "From"}, Value: webui.NameOf(sender, now)},
			{Label: plain.Sentence{JA: "受信側", EN: "To"}, Value: webui.NameOf(receiver, now)},
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
	case st.State == statement.Covered:
		return webui.Notice{Kind: webui.Off, Title: plain.Sentence{JA: "後の締めに含めました", EN: "A later close covers it"},
			Text: plain.Sentence{JA: "この締めの時刻に、計算書を作る団体が動いていませんでした。次の締めの計算書を見てください。", EN: "Whoever had to make it was off at the time. Look at the statement of the next close."}}
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
		Text: plain.Sentence{JA: "「説明なし」の行を、相手の運用員と確かめてください。", EN: "Find out about the lines that say unexplained, together with the other side's operators."}}
}

var lineStates = map[message.LineState]webui.Badge{
	message.Agreed:      badge(webui.OK, "一致", "agreed"),
	message.Explained:   badge(webui.Warn, "説明済み", "explained"),
	message.Unexplained: badge(webui.Bad, "説明なし", "unexplained"),
}

// lineTable sets both accounts side by side, the lines that ask for somebody first.
func lineTable(st statement.Statement, from, to message.Org, now time.Time) webui.Table {
	sender, receiver := webui.NameOf(from, now), webui.NameOf(to, now)
	t := webui.Table{
		Caption: plain.Sentence{JA: "計算書の行", EN: "Lines"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "対象", EN: "About"}}, {Name: plain.Sentence{JA: "結果", EN: "Result"}},
			{Name: plain.Sentence{JA: sender.JA + "の件数", EN: "Number at " + sender.EN}, Right: true}, {Name: plain.Sentence{JA: receiver.JA + "の件数", EN: "Number at " + receiver.EN}, Right: true},
			{Name: plain.Sentence{JA: sender.JA + "から見た適用", EN: "Applied, says " + sender.EN}, Right: true}, {Name: plain.Sentence{JA: receiver.JA + "での適用", EN: "Applied at " + receiver.EN}, Right: true},
			{Name: plain.Sentence{JA: "説明", EN: "What it says"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "双方の計算書がそろうと、ここに並びます。", EN: "They stand here once both accounts are there."}},
	}
	for _, l := range byState(st.Lines) {
		var says, left, right any
		if l.Says != (plain.Sentence{}) {
			says = withNames(l.Says, now)
		}
		if l.About == "kind" { // only messages are applied
			left, right = l.Sender.Applied, l.Receiver.Applied
		}
		t.Rows = append(t.Rows, []any{lineAbout(st, l), lineStates[l.State], l.Sender.Total, l.Receiver.Total, left, right, says})
	}
	return t
}

// byState puts what nothing explains before what is explained, and that before what agrees.
func byState(lines []message.Line) []message.Line {
	order := map[message.LineState]int{message.Unexplained: 0, message.Explained: 1, message.Agreed: 2}
	lines = slices.Clone(lines)
	slices.SortStableFunc(lines, func(a, b message.Line) int { return order[a.State] - order[b.State] })
	return lines
}

// namedTable lists the messages and cases that the lines name, each with the page where one deals with it.
func (d *Desk) namedTable(st statement.Statement) webui.Table {
	t := webui.Table{
		Caption: plain.Sentence{JA: "差のもとになった電文と件", EN: "The messages and cases behind the differences"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "電文か件", EN: "Message or case"}}, {Name: plain.Sentence{JA: "対象", EN: "About"}}, {Name: plain.Sentence{JA: "結果", EN: "Result"}}},
	}
	for _, l := range byState(st.Lines) {
		add := func(href, number string) {
			if len(t.Rows) < listed {
				t.Rows = append(t.Rows, []any{webui.Link{Href: href, Text: webui.Code(number)}, lineAbout(st, l), lineStates[l.State]})
			}
		}
		for _, id := range l.Messages {
			add(d.ui.URL("/messages/"+id.String()), id.String())
		}
		for _, id := range l.Cases {
			add(d.caseURL(id), id)
		}
	}
	return t
}

func lineAbout(st statement.Statement, l message.Line) plain.Sentence {
	switch l.About {
	case "range":
		return plain.Sentence{JA: "電文の番号の範囲", EN: "Range of messages"}
	case "kind":
		return webui.Capital(kindOf(message.Kind(l.Subject)))
	case "book":
		n := message.Book(l.Subject).Name()
		return plain.Sentence{JA: "帳簿: " + n.JA, EN: "Book: " + n.EN}
	}
	for _, c := range st.Sender.Counts {
		if c.Name == l.Subject {
			return c.Title
		}
	}
	return plain.Sentence{JA: l.Subject, EN: l.Subject}
}

func spanName(k statement.Key) plain.Sentence {
	n := dayName(k.Date())
	if k.Span == message.Week {
		return plain.Sentence{JA: n.JA + "までの週締め", EN: "of the week to " + n.EN}
	}
	return plain.Sentence{JA: n.JA + "の日締め", EN: "of the day " + n.EN}
}
