package municipality

import (
	"net/http"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// movesPage lists the moves that wait, of both ends, and those that were closed last.
type movesPage struct {
	Notices                            []webui.Notice
	Here, Away, ClosedHere, ClosedAway webui.Table
}

func (w *screens) showMoves(rw http.ResponseWriter, r *http.Request) {
	l, err := w.o.Moves(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := movesPage{Here: w.hereTable(l.Here), Away: w.awayTable(l.Away, l.Names), ClosedHere: w.hereTable(l.ClosedHere), ClosedAway: w.awayTable(l.Closed, l.Names)}
	p.Here.Caption = both("転入予定・届出待ち", "People who are to move in")
	p.Here.Empty.Text = both("転入を待っている方はいません。", "Nobody is waited for.")
	p.Away.Caption = both("転出（転入通知を待っているもの）", "People who move out, until the notice of their moving in")
	p.Away.Empty.Text = both("転入通知を待っている転出はありません。", "No moving out waits for its notice.")
	p.ClosedHere.Caption, p.ClosedHere.Empty.Text = both("終わった転入", "Moving in, closed"), both("まだありません。", "None yet.")
	p.ClosedAway.Caption, p.ClosedAway.Empty.Text = both("終わった転出", "Moving out, closed"), both("まだありません。", "None yet.")
	if l.More {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("ほかにもあります", "There are others"), Text: both("古い予定から"+strconv.Itoa(maxMoves)+"人まで表示しています。", "The "+strconv.Itoa(maxMoves)+" with the earliest days are shown.")})
	}
	w.ui.Render(rw, r, w.moves, http.StatusOK, p)
}

func (w *screens) moveURL(move, more string) string { return w.ui.URL("/moves/" + move + more) }

func (w *screens) placeName(code resident.MunicipalityCode) plain.Sentence {
	if !code.Valid() { // taken out of the move of somebody who is protected, or on the list for attention
		return both("表示しません", "not shown")
	}
	if m, err := resident.Lookup("municipality", code, resident.DateOf(w.o.Clock.Now())); err == nil {
		return both(m.FullName(), m.Romaji())
	}
	return both(code.String(), code.String())
}

func (w *screens) hereTable(moves []MoveHere) webui.Table {
	t := webui.Table{Columns: []webui.Column{{Name: both("転入する方", "Who")}, {Name: both("前の市区町村", "From")}, {Name: both("転出の予定日", "Planned day")}, {Name: both("状態", "Status")}, {Name: both("次にすること（担当）", "What is next, and whose it is")}}}
	today := resident.DateOf(w.o.Clock.Now())
	for _, m := range moves {
		who := any(webui.Code(m.Move))
		if m.Info != nil {
			who = webui.Name(m.Info.Person.Name.Reveal())
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.moveURL(m.Move, ""), Text: who}, w.placeName(m.From), day(m.Planned), hereBadge(m, today), hereNext(m, today)})
	}
	return t
}

func (w *screens) awayTable(moves []MoveAway, names map[PersonID]resident.Name) webui.Table {
	t := webui.Table{Columns: []webui.Column{{Name: both("転出する方", "Who")}, {Name: both("新しい市区町村", "To")}, {Name: both("転出の日", "Day")}, {Name: both("状態", "Status")}, {Name: both("次にすること（担当）", "What is next, and whose it is")}}}
	today := resident.DateOf(w.o.Clock.Now())
	for _, m := range moves {
		who := any(webui.Code(m.Move))
		if n := names[m.Person]; n.Valid() {
			who = webui.Name(n.Reveal())
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.moveURL(m.Move, ""), Text: who}, w.placeName(m.To), day(m.Planned), awayBadge(m, today), awayNext(m, today)})
	}
	return t
}

func hereBadge(m MoveHere, today resident.Date) webui.Badge {
	if m.Unread != nil {
		return badge(webui.Bad, "読めない行です。運用員に知らせてください", "a row that cannot be read: tell an operator")
	}
	switch m.State {
	case store.InPlanned:
		if !today.Before(unsettledFrom(m.Planned)) {
			return badge(webui.Bad, "未届", "not filed in time")
		}
		return badge(webui.Wait, "転入予定", "planned")
	case store.InLeft:
		if !today.Before(unsettledFrom(m.Planned)) {
			return badge(webui.Bad, "未届", "not filed in time")
		}
		return badge(webui.Wait, "届出待ち（前の住民票は消除済み）", "to be filed; the old record is deleted")
	case store.InEarly:
		return badge(webui.Wait, "転入を登録した（前の消除を待っている）", "registered; the old record is still to be deleted")
	case store.InPaper:
		return badge(webui.Warn, "紙で登録した（電文を待っている）", "registered from paper; the message is waited for")
	case store.InDiffers:
		return badge(webui.Bad, "届いた内容と違う", "differs from what came")
	case store.InVoid:
		return badge(webui.Off, "取消し", "cancelled")
	}
	return badge(webui.OK, "転入を登録した", "registered")
}

func hereNext(m MoveHere, today resident.Date) plain.Sentence {
	switch {
	case m.Waits() && !today.Before(unsettledFrom(m.Planned)):
		return both("予定日から30日を過ぎました。前の市区町村と、本人の居所を確かめます（この市区町村の窓口）。", "More than 30 days past the planned day: find out with the old municipality where the person is (this counter).")
	case m.Waits():
		return both("本人が窓口に来たら、転入を登録します（この市区町村の窓口）。", "Register the moving in when the person comes (this counter).")
	case m.State == store.InEarly:
		return both("消除の知らせを待ちます（前の市区町村）。", "The deletion is waited for (the old municipality).")
	case m.State == store.InPaper:
		return both("転出証明書情報の電文を待ちます。届かなければ問い合わせます（この市区町村の窓口）。", "The message is waited for; ask when it does not come (this counter).")
	case m.State == store.InDiffers:
		return both("前の市区町村と確かめ、結果を書いて閉じる提案をします。もう一人が承認します（この市区町村の窓口）。", "Find out with the old municipality, and propose to close it with what was found; another approves (this counter).")
	}
	return both("ありません。", "Nothing.")
}

func awayBadge(m MoveAway, today resident.Date) webui.Badge {
	if m.Unread != nil {
		return badge(webui.Bad, "読めない行です。運用員に知らせてください", "a row that cannot be read: tell an operator")
	}
	switch m.State {
	case store.OutPlanned:
		return badge(webui.Wait, "転出予定", "planned")
	case store.OutLeft:
		if !today.Before(unsettledFrom(m.Planned)) {
			return badge(webui.Bad, "転入通知が来ない", "no notice has come")
		}
		return badge(webui.Wait, "転入通知を待っている", "the notice is waited for")
	case store.OutCancelling:
		return badge(webui.Wait, "取消しを確かめている", "the cancellation is asked for")
	case store.OutUnfiled:
		return badge(webui.Bad, "確かめが要る", "somebody has to find out")
	case store.OutVoided:
		return badge(webui.Bad, "回復が要る", "the record is to be restored")
	case store.OutCancelled:
		return badge(webui.Off, "取消し", "cancelled")
	}
	return badge(webui.OK, "転入通知が届いた", "the notice has come")
}

func awayNext(m MoveAway, today resident.Date) plain.Sentence {
	switch {
	case m.State == store.OutPlanned:
		return both("予定日に自動的に消除します（この市区町村）。", "The record is deleted on the day by itself (this municipality).")
	case m.State == store.OutLeft && !today.Before(unsettledFrom(m.Planned)):
		return both("転入先に問い合わせ、本人に転入届を促します（この市区町村の窓口）。", "Ask the new municipality, and remind the person to file (this counter).")
	case m.State == store.OutLeft:
		return both("本人が転入先で届け出るのを待ちます（転入先）。", "The person is to file at the new municipality (there).")
	case m.State == store.OutCancelling:
		return both("取り消せるかどうかの返事を待ちます（転入先）。", "The answer whether it can be cancelled is waited for (the new municipality).")
	case m.State == store.OutUnfiled, m.State == store.OutVoided:
		return both("理由を読み、本人と転入先に確かめます（この市区町村の窓口）。", "Read why, and find out with the person and the new municipality (this counter).")
	}
	return both("ありません。", "Nothing.")
}

// movePage is a move with its days, its clocks and what was told of it.
type movePage struct {
	People         int // of the same notice
	Name           plain.Sentence
	Notices        []webui.Notice
	Terms          []webui.Term
	Clocks, Told   webui.Table
	Messages       webui.Table
	Register       string // address of the form; empty: nobody is to be registered
	GiveUp         string
	Close          string // address that proposes to close it by hand; empty: it is ended by a message
	Outcomes       []webui.Choice
	AskUnknown     bool // no message has named a record of the other end
	Waiting        *waitingClosing
	Closings       webui.Table
	Again          string // address that tells the other municipality once more
	Cancel, Person string
	*webui.Form
}

func (w *screens) showMove(rw http.ResponseWriter, r *http.Request) {
	w.renderMove(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderMove(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	move := r.PathValue("move")
	s, found, err := w.o.Move(r.Context(), move)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !found {
		w.ui.NotFound(rw, r)
		return
	}
	p := movePage{Form: f, Told: w.toldTable(s), People: len(s.Family)}
	trace := ""
	if s.Away != nil {
		w.fillAway(&p, s)
		trace = s.Away.Trace
	} else {
		w.fillHere(&p, s)
		trace = s.Here.Trace
	}
	w.fillClosing(&p, r, s)
	if !s.Hidden { // the messages name the other municipality
		p.Terms = append(p.Terms, webui.Term{Label: both("追跡番号", "Trace"), Value: w.traceLink(trace)})
		if p.Messages, err = w.messages(r, trace); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.ui.Render(rw, r, w.move, status, p)
}

func (w *screens) fillAway(p *movePage, s MoveSeen) {
	m, today := *s.Away, resident.DateOf(w.o.Clock.Now())
	p.Name = both("転出 "+m.Move, "Moving out "+m.Move)
	p.Notices = append(p.Notices, moveNotice(awayBadge(m, today), m.Why, awayNext(m, today), m.Open()))
	if s.Now != nil {
		p.Terms = append(p.Terms, webui.Term{Label: both("氏名", "Name"), Value: webui.Name(s.Now.Record.Name.Reveal())})
		p.Person = w.personURL(s.Now.Person, "")
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("転入先", "To"), Value: w.placeName(m.To)}, webui.Term{Label: both("届出の日", "Filed"), Value: day(m.Filed)},
		webui.Term{Label: both("転出の日", "Day of leaving"), Value: day(m.Planned)}, webui.Term{Label: both("転入通知の日", "Moved in, by the notice"), Value: day(m.MovedOn)},
		webui.Term{Label: both("同じ届出の人数", "People of the same notice"), Value: len(s.Family)}, webui.Term{Label: both("受け付けた人", "Filed by"), Value: webui.Code(m.FiledBy)})
	p.Clocks = clocks(m.Special, m.Planned, m.MovedOn, resident.Date{}, false, today)
	if _, waits := lastTold[m.State]; waits {
		p.Again = w.moveURL(m.Move, "/tell-again")
	}
	switch m.State {
	case store.OutPlanned, store.OutLeft:
		p.Cancel = w.personURL(m.Person, "/planned/cancel")
	}
}

func (w *screens) fillHere(p *movePage, s MoveSeen) {
	m, today := *s.Here, resident.DateOf(w.o.Clock.Now())
	p.Name = both("転入 "+m.Move, "Moving in "+m.Move)
	p.Notices = append(p.Notices, moveNotice(hereBadge(m, today), m.Why, hereNext(m, today), m.Open()))
	if m.SpecialVoid {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("特例の転入（カードによる転入）は、期限を過ぎて無効です", "Moving in by the card is void: its time is over"),
			Text: cardNotice})
	}
	if s.Hidden && m.Info != nil {
		p.Terms = append(p.Terms, webui.Term{Label: both("氏名", "Name"), Value: webui.Name(m.Info.Person.Name.Reveal())})
	} else if m.Info != nil {
		i := m.Info.Person
		p.Terms = append(p.Terms, webui.Term{Label: both("氏名", "Name"), Value: webui.Name(i.Name.Reveal())}, webui.Term{Label: both("生年月日", "Date of birth"), Value: bornText(i.Birth)},
			webui.Term{Label: both("性別", "Sex"), Value: sexName(i.Sex)}, webui.Term{Label: both("前の住所", "Old address"), Value: webui.Name(i.Address.Reveal())},
			webui.Term{Label: both("転入先として届け出た住所", "New address as filed"), Value: nameText(i.Place.Reveal())}, webui.Term{Label: both("前の世帯での続柄", "Relation in the old household"), Value: webui.Name(i.Relation.Reveal())})
		for _, more := range m.Info.Items {
			p.Terms = append(p.Terms, webui.Term{Label: both(more.Name, more.Name), Value: webui.Name(more.Value)})
		}
	} else if s.Now != nil {
		p.Terms = append(p.Terms, webui.Term{Label: both("氏名", "Name"), Value: webui.Name(s.Now.Record.Name.Reveal())})
	}
	if !s.Hidden {
		p.Terms = append(p.Terms, webui.Term{Label: both("住民票コード", "Record code"), Value: codeText(m.Code)})
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("記録の版", "Record version"), Value: webui.Code(m.Version.String())},
		webui.Term{Label: both("前の市区町村", "From"), Value: w.placeName(m.From)}, webui.Term{Label: both("転出の予定日", "Planned day"), Value: day(m.Planned)},
		webui.Term{Label: both("転入をした日", "Moved in"), Value: day(m.Became)}, webui.Term{Label: both("転入届の日", "Filed"), Value: day(m.Registered)},
		webui.Term{Label: both("同じ届出の人数", "People of the same notice"), Value: len(s.Family)})
	if m.Reason != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("紙から入力した理由", "Why it was typed from paper"), Value: webui.Name(m.Reason)})
	}
	p.Clocks = clocks(m.Special, m.Planned, m.Became, m.Registered, m.SpecialVoid, today)
	if s.Now != nil {
		p.Person = w.personURL(s.Now.Person, "")
	}
	if m.State == store.InEarly || m.State == store.InPaper {
		p.Again = w.moveURL(m.Move, "/tell-again")
	}
	if m.Waits() {
		p.Register = w.moveURL(m.Move, "/register")
		if !s.Hidden { // of a protected person only who may open the record gives it up
			p.GiveUp = w.moveURL(m.Move, "/give-up")
		}
	}
}

func moveNotice(b webui.Badge, why, next plain.Sentence, open bool) webui.Notice {
	if !open {
		next = plain.Sentence{}
	}
	text := both(why.JA+next.JA, strings.TrimSpace(why.EN+" "+next.EN))
	return webui.Notice{Kind: b.Kind, Title: b.Text, Text: text}
}

// clocks are the days by which something of a move is to be done, and what lapses.
func clocks(special bool, planned, moved, filed resident.Date, void bool, today resident.Date) webui.Table {
	t := webui.Table{Caption: both("期限", "Clocks"), Columns: []webui.Column{{Name: both("何を", "What")}, {Name: both("いつまで", "Until")}, {Name: both("状態", "Status")}}}
	state := func(until, done resident.Date) webui.Badge {
		switch {
		case done.Valid() && done.After(until):
			return badge(webui.Warn, "期限の後に届け出た", "filed late")
		case done.Valid():
			return badge(webui.OK, "期限内に届け出た", "in time")
		case today.After(until):
			return badge(webui.Bad, "過ぎた", "over")
		}
		return badge(webui.Wait, "期限前", "not yet")
	}
	if moved.Valid() {
		t.Rows = append(t.Rows, []any{both("転入届（法22条、14日）", "Filing of the moving in (Act, art. 22, 14 days)"), day(filingUntil(moved)), state(filingUntil(moved), filed)})
	}
	if special {
		b := state(specialUntil(planned), filed)
		if void {
			b = badge(webui.Bad, "無効（カードと利用者証明用電子証明書は失効）", "void, as are the card and the authentication certificate")
		}
		t.Rows = append(t.Rows, []any{both("カードによる転入（予定日から30日）", "Moving in by the card (30 days from the planned day)"), day(specialUntil(planned)), b})
	}
	if filed.Valid() {
		t.Rows = append(t.Rows, []any{both("カードの継続利用（転入届から90日）", "Use of the card continued (90 days from filing)"), day(cardUntil(filed)), state(cardUntil(filed), resident.Date{})})
	}
	t.Rows = append(t.Rows, []any{both("終わらない転出入の確かめ（予定日から30日）", "Inquiry about a move that does not end (30 days from the planned day)"), day(unsettledFrom(planned)), badge(webui.Info, "警報が出る日", "an alarm from then on")})
	return t
}

// toldTable is what the two municipalities have told each other.
func (w *screens) toldTable(s MoveSeen) webui.Table {
	t := webui.Table{Caption: both("両方の市区町村が知らせ合ったこと", "What the two municipalities told each other"),
		Columns: []webui.Column{{Name: both("時刻", "Time")}, {Name: both("だれが", "Who told")}, {Name: both("内容", "What")}, {Name: both("日", "Day")}, {Name: both("記録の版", "Version"), Right: true}},
		Empty:   webui.Empty{Text: both("まだありません。", "Nothing yet.")}}
	for _, x := range s.Steps {
		who := both("この市区町村", "this municipality")
		if !x.Told {
			who = both("相手の市区町村", "the other municipality")
		}
		at := any(x.At)
		if s.Hidden { // to the minute, it would tell which of our messages it was, and so to whom it went
			at = day(resident.DateOf(x.At))
		}
		t.Rows = append(t.Rows, []any{at, who, stepName(x), day(x.Day), uint64(x.Version)})
	}
	return t
}

func stepName(x store.MoveTold) plain.Sentence {
	switch {
	case x.Step == message.MovePlanned:
		return both("転出証明書情報（転出予定）", "who moves, planned")
	case x.Step == message.MoveLeft:
		return both("転出証明書情報（消除した）", "who moves, record deleted")
	case x.Step == message.MoveRegistered:
		return both("転入通知", "notice of the moving in")
	case x.Step == message.MoveLapsed:
		return both("カードによる転入の期限が過ぎた", "the time of moving in by the card is over")
	case x.Step == message.MoveClosed:
		return both("二人で閉じた（転入している）", "closed by two people: they live there")
	case x.Step == message.MoveUnmade:
		return both("二人で閉じた（転出入はなかった）", "closed by two people: nobody moved")
	case x.Leaving:
		return both("取消しの申出", "cancellation asked for")
	}
	return both("取り消した", "cancelled")
}

func (w *screens) giveUpMove(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.o.GiveUpMove(r.Context(), r.PathValue("move")); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.moveURL(r.PathValue("move"), ""), http.StatusSeeOther)
}

func (w *screens) tellMoveAgain(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.o.TellMoveAgain(r.Context(), r.PathValue("move")); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.moveURL(r.PathValue("move"), ""), http.StatusSeeOther)
}
