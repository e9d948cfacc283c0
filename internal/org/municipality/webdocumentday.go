package municipality

import (
	"context"
	"fmt"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// daysPage lists the closes of the days.
type daysPage struct {
	*webui.Form
	Notice webui.Notice
	Close  string // where today is closed; empty: who looks may not
	Again  bool   // it was closed before
	List   webui.Table
}

// dayPage is one day.
type dayPage struct {
	*webui.Form
	Title       plain.Sentence
	Notice      webui.Notice
	Figures     []webui.Term
	Closed      []webui.Term
	Open        webui.Table // what has not ended
	Differences webui.Table
	Close       string
	Back        string
}

func (w *screens) dayURL(day resident.Date) string {
	return w.ui.URL("/documents/day/" + day.String())
}

func (w *screens) showDays(rw http.ResponseWriter, r *http.Request) {
	days, err := w.o.Days(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	today := resident.DateOf(w.o.Clock.Now())
	p := daysPage{Form: webui.NewForm(nil), Notice: webui.Notice{Kind: webui.Info, Title: both("きょうは、まだ締めていません", "Today is not closed yet"), Text: both("締めなくても、夜中に自動で締めます。", "If nobody does, it is closed at night.")},
		List: webui.Table{Caption: both("日締め（新しい順）", "Daily closes, the newest first"),
			Columns: []webui.Column{{Name: both("日", "Day")}, {Name: both("結果", "Result")}, {Name: both("申請", "Applied"), Right: true}, {Name: both("発行しない", "Refused"), Right: true}, {Name: both("発行", "Issued"), Right: true},
				{Name: both("渡した", "Handed over"), Right: true}, {Name: both("廃棄", "Destroyed"), Right: true}, {Name: both("止めた", "Stopped"), Right: true}, {Name: both("残り", "Left"), Right: true}},
			Empty: webui.Empty{Text: both("締めた日はまだありません。", "No day was closed yet.")}}}
	if w.mayIssue(r) {
		p.Close = w.dayURL(today) + "/close"
	}
	for _, d := range days {
		if d.Day == today {
			p.Notice, p.Again = dayNotice(d), true
		}
		p.List.Rows = append(p.List.Rows, []any{webui.Link{Href: w.dayURL(d.Day), Text: both(d.Day.Wareki(), d.Day.String())}, dayBadge(d), d.Requested, d.Refused, d.Issued(), d.Delivered, d.Voided, d.Stopped, d.Waiting + d.Held})
	}
	w.ui.Render(rw, r, w.days, http.StatusOK, p)
}

func (w *screens) mayIssue(r *http.Request) bool {
	return w.o.issuing != "" && access.May(access.From(r.Context()), access.IssueDocument, message.Municipality) == nil
}

// dayOf is the day of the path; false when the request is answered already.
func (w *screens) dayOf(rw http.ResponseWriter, r *http.Request) (day resident.Date, ok bool) {
	day, err := resident.ParseDate("day", r.PathValue("day"))
	if err != nil {
		w.ui.NotFound(rw, r)
	}
	return day, err == nil
}

func (w *screens) showDay(rw http.ResponseWriter, r *http.Request) {
	if day, ok := w.dayOf(rw, r); ok {
		w.renderDay(rw, r, http.StatusOK, webui.NewForm(nil), day)
	}
}

// closeDay closes a day by the form.
func (w *screens) closeDay(rw http.ResponseWriter, r *http.Request) {
	day, ok := w.dayOf(rw, r)
	if !ok {
		return
	}
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if !relanguaged(f) {
		err := w.o.CloseDay(r.Context(), day)
		if err == nil {
			http.Redirect(rw, r, w.dayURL(day), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		w.renderDay(rw, r, http.StatusUnprocessableEntity, f, day)
		return
	}
	w.renderDay(rw, r, http.StatusOK, f, day)
}

func (w *screens) renderDay(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, day resident.Date) {
	d, found, err := w.o.DayOf(r.Context(), day)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := dayPage{Form: f, Title: both(day.Wareki()+"の証明書の締め", "Documents of "+day.String()), Back: w.ui.URL("/documents/days"), Notice: webui.Notice{Kind: webui.Info, Title: both("この日は、まだ締めていません", "This day is not closed yet")}}
	if w.mayIssue(r) && !day.After(resident.DateOf(w.o.Clock.Now())) {
		p.Close = w.dayURL(day) + "/close"
	}
	if found {
		p.Notice = dayNotice(d)
		p.Figures = []webui.Term{
			{Label: both("申請", "Applied for"), Value: d.Requested}, {Label: both("発行しなかった", "Not issued"), Value: d.Refused}, {Label: both("発行した", "Issued"), Value: d.Issued()},
			{Label: both("うち、渡した", "Of these, handed over"), Value: d.Delivered}, {Label: both("うち、渡さずに廃棄した", "Of these, destroyed"), Value: d.Voided}, {Label: both("うち、止めた", "Of these, stopped"), Value: d.Stopped},
			{Label: both("うち、渡していない", "Of these, not handed over"), Value: d.Held}, {Label: both("サーバの回答待ち", "Waiting for the server"), Value: d.Waiting}, {Label: both("開いている件", "Open cases"), Value: d.Cases},
			{Label: both("渡した後に無効とした", "Declared void afterwards"), Value: d.Recalled}, {Label: both("印刷した枚数", "Sheets printed"), Value: d.Sheets}}
		by := any(webui.Code(d.By))
		if d.By == "" {
			by = both("自動", "by itself")
		}
		p.Closed = []webui.Term{{Label: both("締めた時", "Closed"), Value: d.At}, {Label: both("締めた人", "Closed by"), Value: by}, {Label: both("何回目か", "How often"), Value: int64(d.Version)}}
		if !d.AnsweredAt.IsZero() {
			p.Closed = append(p.Closed, webui.Term{Label: both("証明発行サーバが答えた時", "The issuing server answered"), Value: d.AnsweredAt})
		}
		if p.Open, err = w.openOf(r.Context(), day); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		p.Differences = w.dayDifferences(d)
	}
	w.ui.Render(rw, r, w.day, status, p)
}

// openOf lists what keeps a day open, as it is now.
func (w *screens) openOf(ctx context.Context, day resident.Date) (t webui.Table, err error) {
	t = webui.Table{Caption: both("いま、終わっていないもの", "What has not ended, as of now"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("状態", "Status")}, {Name: both("開いている件", "Open cases"), Right: true}},
		Empty: webui.Empty{Text: both("ありません。", "None.")}}
	var lines []store.DayLine
	err = w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		lines, err = w.o.in(raw).DayLines(ctx, day.Start(), day.AddDays(1).Start(), message.MaxDayLines)
		return err
	})
	for _, l := range lines {
		if l.Cases > 0 || l.State == store.DocumentHeld || l.State == store.DocumentApplied {
			t.Rows = append(t.Rows, []any{webui.Link{Href: w.traceURL(l.Request), Text: webui.Code(l.Request)}, documentBadge(l.State), l.Cases})
		}
	}
	return t, err
}

// dayDifferenceNames are what is not the same on both sides, and what to do.
var dayDifferenceNames = map[message.DayDifference]plain.Sentence{
	message.DayNotAsked:     both("証明発行サーバに、この申請がない（電文が届いていない）", "the issuing server was not asked: the message has not come"),
	message.DayNotAtCounter: both("窓口に、この申請の記録がない。発行を止めて調べる", "the counter has no record of it: stop issuing, and find out"),
	message.DayFile:         both("窓口のファイルが、署名されたものと違う。発行を止めて調べる", "the counter has another file than was signed: stop issuing, and find out"),
	message.DayOutcome:      both("どうなったかの記録が違う", "the two do not say the same of what became of it"),
}

func (w *screens) dayDifferences(d DocumentDay) webui.Table {
	t := webui.Table{Caption: both("証明発行サーバの記録との違い", "Where the issuing server says otherwise"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("違い", "Difference")}, {Name: both("サーバの記録", "By the server")}},
		Empty: webui.Empty{Text: both("違いはありません。", "Nowhere.")}}
	if d.AnsweredAt.IsZero() {
		t.Empty.Text = both("証明発行サーバは、まだ答えていません。", "The issuing server has not answered yet.")
	}
	for _, one := range d.Differences {
		var server any
		if one.Server != "" {
			server = documentBadge(serverStates[one.Server])
		}
		kind := webui.Warn
		if one.Code == message.DayNotAtCounter || one.Code == message.DayFile {
			kind = webui.Bad
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.traceURL(one.Request), Text: webui.Code(one.Request)}, webui.Badge{Kind: kind, Text: dayDifferenceNames[one.Code]}, server})
	}
	return t
}

// serverStates are the outcomes of a server as those of a counter.
var serverStates = map[message.Ending]store.DocumentState{
	message.DayWaiting: store.DocumentApplied, message.DayRefused: store.DocumentRefused, message.DayHeld: store.DocumentHeld, message.Delivered: store.DocumentDelivered,
	message.Stopped: store.DocumentStopped, message.Voided: store.DocumentVoided, message.Recalled: store.DocumentRecalled, message.Recovered: store.DocumentRecovered,
}

// dayNotice says how a day stands, and what to do.
func dayNotice(d DocumentDay) webui.Notice {
	left := d.Waiting + d.Held
	switch {
	case d.Agrees:
		return webui.Notice{Kind: webui.OK, Title: both("合いました", "It agrees"), Text: both(fmt.Sprintf("申請%d件のすべてがどうなったか分かり、証明発行サーバの記録とも同じです。", d.Requested), fmt.Sprintf("Of all %d applications it is known what became of them, and the issuing server says the same.", d.Requested))}
	case d.AnsweredAt.IsZero():
		return webui.Notice{Kind: webui.Wait, Title: both("証明発行サーバの回答を待っています", "The issuing server is being asked"), Text: both("ふつうは数秒で届きます。画面を開き直してください。", "It usually takes some seconds. Open the page again.")}
	case len(d.Differences) > 0:
		return webui.Notice{Kind: webui.Bad, Title: both("証明発行サーバの記録と合いません", "The issuing server says otherwise"), Text: both(fmt.Sprintf("%d件の申請で違います。下の表から一件ずつ開いて調べ、直したらもう一度締めてください。", len(d.Differences)), fmt.Sprintf("Of %d applications. Open each from the table below, put it right, and close the day again.", len(d.Differences)))}
	}
	return webui.Notice{Kind: webui.Warn, Title: both("まだ終わっていないものがあります", "Not everything has ended"),
		Text: both(fmt.Sprintf("渡していないか回答待ちの証明書が%d件、開いている件が%d件あります。渡すか廃棄して記録し、件を閉じてから、もう一度締めてください。", left, d.Cases),
			fmt.Sprintf("%d documents are not handed over or still waited for, and %d cases are open. Record what became of them, close the cases, and close the day again.", left, d.Cases))}
}

func dayBadge(d DocumentDay) webui.Badge {
	switch {
	case d.Agrees:
		return badge(webui.OK, "合った", "agrees")
	case d.AnsweredAt.IsZero():
		return badge(webui.Wait, "回答待ち", "being asked")
	case len(d.Differences) > 0:
		return badge(webui.Bad, "合わない", "does not agree")
	}
	return badge(webui.Warn, "残りあり", "not ended")
}
