package desk

import (
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// messagePage is the data of one message's page. The form is that of the attempt that failed, if one did.
type messagePage struct {
	*webui.Form
	Failed string // which of the page's forms that was: note, propose, confirm
	Base   string // address of the message, below which its forms go
	ID     string

	Tabs   []webui.Tab
	Notice *webui.Notice // what the person should do, or wait for
	Facts  []webui.Term
	Views  webui.Table
	Path   webui.Timeline

	MayLook bool
	Content []webui.Term // nil: not opened

	MayWrite bool
	Notes    []webui.Choice // inquiry, answer

	Ways     []webui.Choice // what may be proposed; none: nothing
	Proposal *proposal
}

// messagePage reads the message of the request's path.
func (d *Desk) messagePage(r *http.Request) (p messagePage, err error) {
	id, err := message.ParseID(r.PathValue("message"))
	if err != nil {
		return p, err
	}
	i, notes, proposed, err := d.host.Exchange.Find(r.Context(), id)
	if err != nil {
		return p, err
	}
	if err := d.opens(r.Context(), i); err != nil {
		return p, err
	}
	now, person := d.host.Clock.Now(), access.From(r.Context())
	p = messagePage{Form: webui.NewForm(nil), Tabs: d.tabs(r), Base: d.ui.URL("/messages/" + id.String()), ID: id.String(),
		Facts: facts(i, now), Views: views(i, notes, now), Path: path(i, notes, now),
		MayLook:  i.Stopped() && access.May(person, access.LookAtPerson, d.role) == nil,
		MayWrite: access.May(person, access.ResolvePropose, d.role) == nil,
		Notes:    noteChoices}
	if !i.Parked() {
		return p, nil
	}
	p.Notice = &webui.Notice{Kind: webui.Warn, Title: plain.Sentence{JA: "この電文は、人の解決を待っています", EN: "This message waits for people to resolve it"}, Text: nextStep(i, proposed), Link: whereToAct(proposed != nil, p.MayWrite)}
	if proposed != nil {
		w, _ := wayOf(i, proposed.Act)
		p.Proposal = newProposal(w, proposed.Text, proposed.By, proposed.At, seen(*proposed), d.mayConfirm(person, proposed.By))
	}
	// Where there is one way and it is proposed, there is nothing else to propose.
	if ways := waysOf(i); p.MayWrite && (proposed == nil || len(ways) > 1) {
		for _, w := range ways {
			p.Ways = append(p.Ways, webui.Choice{Value: string(w.act), Name: w.name, Note: w.what})
		}
	}
	return p, nil
}

// whereToAct leads down the page to what the person can do about it; nil when that is nothing.
func whereToAct(proposed, may bool) *webui.Link {
	switch {
	case proposed:
		return &webui.Link{Href: "#proposal", Text: plain.Sentence{JA: "提案を読む", EN: "Read the proposal"}}
	case may:
		return &webui.Link{Href: "#resolve", Text: plain.Sentence{JA: "解決方法の提案へ", EN: "To proposing a resolution"}}
	}
	return nil
}

func nextStep(i exchange.Item, proposed *exchange.Proposal) plain.Sentence {
	switch {
	case proposed != nil:
		return plain.Sentence{JA: "解決方法が提案されています。提案した人とは別の人が、内容を確かめて承認してください。",
			EN: "A resolution is proposed. Somebody else than who proposed it checks and confirms it."}
	case i.Out:
		return plain.Sentence{JA: "相手が受け入れませんでした。理由を読み、要れば問い合わせ、「訂正して再送」か「取下げ」を提案してください。相手が「そのまま受入れ」を選ぶこともできます。",
			EN: "The other side did not take it. Read the reason, ask if you must, and propose to send it again corrected or to withdraw it. The other side may also accept it as it is."}
	}
	return plain.Sentence{JA: "この団体が受け入れませんでした。送信側に問い合わせるか、正しいと確かめたら「そのまま受入れ」を提案してください。送信側が訂正か取下げをすることもできます。",
		EN: "This organisation did not take it. Ask the sender, or propose to accept it as it is once you know that it is right. The sender may also correct or withdraw it."}
}

func facts(i exchange.Item, now time.Time) []webui.Term {
	spec, _ := message.SpecOf(i.Kind)
	terms := []webui.Term{
		{Label: plain.Sentence{JA: "種類", EN: "Kind"}, Value: webui.Capital(kindOf(i.Kind))},
		{Label: plain.Sentence{JA: "電文番号", EN: "Message"}, Value: webui.Code(i.ID.String())},
		{Label: plain.Sentence{JA: "送信側", EN: "From"}, Value: webui.NameOf(i.Sender, now)},
		{Label: plain.Sentence{JA: "受信側", EN: "To"}, Value: webui.NameOf(i.Receiver, now)},
		{Label: plain.Sentence{JA: "追跡番号", EN: "Trace"}, Value: webui.Code(i.Trace)},
		{Label: plain.Sentence{JA: "試行", EN: "Attempt"}, Value: i.Attempt},
	}
	if spec.Law != "" {
		terms = append(terms, webui.Term{Label: plain.Sentence{JA: "根拠", EN: "Ground"}, Value: spec.Law})
	}
	return terms
}

// views sets side by side what each organisation says of the message. The other side's is what it last told us.
func views(i exchange.Item, notes []exchange.Note, now time.Time) webui.Table {
	us, them, peer := plain.Sentence{JA: "この団体", EN: "This organisation"}, plain.Sentence{}, i.Sender
	if i.Out {
		peer = i.Receiver
	}
	them = webui.NameOf(peer, now)
	sent := badge(webui.Info, "送信", "sent")
	none := badge(webui.Wait, "まだ返事がない", "no answer yet")
	t := webui.Table{
		Caption: plain.Sentence{JA: "両側の見方", EN: "Both sides' view"},
		Columns: []webui.Column{
			{Name: plain.Sentence{JA: "団体", EN: "Organisation"}}, {Name: plain.Sentence{JA: "状態", EN: "State"}},
			{Name: plain.Sentence{JA: "理由", EN: "Reason"}}, {Name: plain.Sentence{JA: "いつ", EN: "When"}},
			{Name: plain.Sentence{JA: "最後に書いたこと", EN: "Last words"}},
		},
	}
	var reason any
	if i.Stuck() {
		reason = i.Reason
	}
	if i.Out {
		theirs := none
		if happened(i.DecidedAt) {
			theirs = verdict(i)
		}
		t.Rows = [][]any{
			{us, stateOf(i), nil, i.CreatedAt, lastWords(notes, i.Sender)},
			{them, theirs, reason, moment(i.DecidedAt), lastWords(notes, peer)},
		}
		return t
	}
	t.Rows = [][]any{
		{us, stateOf(i), reason, moment(i.DecidedAt), lastWords(notes, i.Receiver)},
		{them, sent, nil, i.CreatedAt, lastWords(notes, peer)},
	}
	return t
}

// verdict is what the receiver has said of a message of ours.
func verdict(i exchange.Item) webui.Badge {
	switch {
	case i.State == "applied" || i.State == "withdrawn":
		return stateOf(i)
	case i.Code == "gap":
		return stateOf(exchange.Item{State: "gap"})
	case i.State == "held" || i.State == "deferred":
		return badge(webui.Wait, "待たせている", "lets it wait")
	case i.Code == "":
		return badge(webui.Wait, "まだ返事がない", "no answer yet")
	}
	return badge(webui.Warn, "受け入れない", "does not take it")
}

func lastWords(notes []exchange.Note, o message.Org) any {
	for n := len(notes) - 1; n >= 0; n-- {
		if notes[n].Author == o {
			return notes[n].Text
		}
	}
	return nil
}

// path is what happened to the message, in the order of time, with what people of both sides wrote.
func path(i exchange.Item, notes []exchange.Note, now time.Time) webui.Timeline {
	stop := func(o message.Org, at time.Time, what plain.Sentence, state webui.Badge, detail ...webui.Term) webui.Stop {
		return webui.Stop{Org: webui.NameOf(o, now), Role: o.Role(), At: at, After: max(0, at.Sub(i.CreatedAt)), What: what, State: state, Detail: detail}
	}
	t := webui.Timeline{Caption: plain.Sentence{JA: "経過", EN: "What happened"}}
	t.Stops = append(t.Stops, stop(i.Sender, i.CreatedAt, plain.Sentence{JA: "作成して送信箱に入れた", EN: "Made, and put into the outbox"},
		badge(webui.Info, "作成", "made")))
	decided := !happened(i.DecidedAt)
	decide := func() {
		decided = true
		state := stateOf(i)
		if i.Out {
			state = verdict(i)
		}
		var detail []webui.Term
		if i.Reason != (plain.Sentence{}) {
			label := plain.Sentence{JA: "理由", EN: "Reason"}
			if !i.Stuck() {
				label = plain.Sentence{JA: "前に止まった理由", EN: "Why it was stuck before"}
			}
			detail = append(detail, webui.Term{Label: label, Value: i.Reason})
		}
		t.Stops = append(t.Stops, stop(i.Receiver, i.DecidedAt, plain.Sentence{JA: "いまの判定", EN: "The present verdict"}, state, detail...))
	}
	for _, n := range notes {
		if !decided && n.At.After(i.DecidedAt) {
			decide()
		}
		detail := []webui.Term{{Label: plain.Sentence{JA: "担当者", EN: "By"}, Value: webui.Code(n.By)}}
		if n.Second != "" {
			detail = append(detail, webui.Term{Label: plain.Sentence{JA: "承認した人", EN: "Confirmed by"}, Value: webui.Code(n.Second)})
		}
		act, known := noteActs[n.Act]
		if !known {
			act = plain.Sentence{JA: n.Act, EN: n.Act}
		}
		// Words of people, in the language in which they were written.
		t.Stops = append(t.Stops, stop(n.Author, n.At, plain.Sentence{JA: n.Text, EN: n.Text}, webui.Badge{Kind: webui.Info, Text: act}, detail...))
	}
	if !decided {
		decide()
	}
	return t
}
