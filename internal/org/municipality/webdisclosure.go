package municipality

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/disclosure"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// showDisclosures lists requests by their last day. It shows no person.
func (w *screens) showDisclosures(rw http.ResponseWriter, r *http.Request) {
	var all []disclosure.Request
	err := w.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = disclosure.List(ctx, tx)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	t := webui.Table{Caption: both("開示請求・訂正などの申出", "Requests"), Empty: webui.Empty{Text: both("請求はありません。住民の記録の画面で受け付けます。", "There is none. They are taken on the page of a resident.")},
		Columns: []webui.Column{{Name: both("番号", "Number")}, {Name: both("種類", "Kind")}, {Name: both("受理した日", "Accepted")}, {Name: both("期限", "Last day")}, {Name: both("状態", "Status")}}}
	today := resident.DateOf(w.o.Clock.Now())
	for _, q := range all {
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL("/disclosure/" + q.ID), Text: webui.Code(q.ID)}, q.Kind.Name(), day(resident.DateOf(q.Accepted)), day(q.Last), requestBadge(q, today)})
	}
	w.ui.Render(rw, r, w.disclosures, http.StatusOK, struct{ Table webui.Table }{t})
}

func requestBadge(q disclosure.Request, today resident.Date) webui.Badge {
	switch {
	case !q.Open():
		return badge(webui.OK, "回答済み", "answered")
	case today.After(q.Last):
		return badge(webui.Bad, "期限を過ぎている", "late")
	}
	return badge(webui.Wait, "回答していない", "open")
}

type disclosePage struct {
	*webui.Form
	Terms        []webui.Term
	Kinds        []webui.Choice
	Documents    []webui.Choice
	Last         any
	Action, Back string
}

func (w *screens) showDisclose(rw http.ResponseWriter, r *http.Request) {
	w.renderDisclose(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderDisclose(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	d, err := w.o.LookOpened(r.Context(), personOf(r), "form disclosure")
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.Render(rw, r, w.disclose, status, disclosePage{Form: f, Terms: w.recordTerms(d.Now)[:6], Last: day(disclosure.LastDay(w.o.Clock.Now())), Documents: documentChoices(),
		Action: w.personURL(d.Now.Person, "/disclosure"), Back: w.personURL(d.Now.Person, ""),
		Kinds: []webui.Choice{{Value: string(disclosure.Disclose), Name: disclosure.Disclose.Name(), Note: both("記録されている情報と、だれが見たか。第30条の37", "What is recorded, and who looked. Art. 30-37")},
			{Value: string(disclosure.Correct), Name: disclosure.Correct.Name(), Note: both("調査し、結果を書面で回答する。第30条の40", "Looked into, and answered in writing. Art. 30-40")}}})
}

func (w *screens) doDisclose(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderDisclose(rw, r, http.StatusOK, f)
		return
	}
	f.NeedChoice("kind", both("請求の種類", "what is asked for"))
	e := needEvidence(f)
	if f.OK() {
		kind := disclosure.Correct
		if f.Value("kind") == string(disclosure.Disclose) {
			kind = disclosure.Disclose
		}
		id, err := w.o.AcceptDisclosure(r.Context(), personOf(r), kind, f.Value("wish"), e)
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/disclosure/"+id), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderDisclose(rw, r, http.StatusUnprocessableEntity, f)
}

type disclosedPage struct {
	*webui.Form
	Kind, Told     plain.Sentence
	Notices        []webui.Notice
	Terms, Record  []webui.Term
	Looks          []webui.Table
	Open, Extend   bool
	Answer, Action string
	Back           string
}

func (w *screens) showDisclosed(rw http.ResponseWriter, r *http.Request) {
	w.renderDisclosed(rw, r, http.StatusOK, webui.NewForm(nil))
}

// renderDisclosed is the answer in writing: it is printed and handed over, or sent.
func (w *screens) renderDisclosed(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	d, err := w.o.Disclosed(r.Context(), r.PathValue("request"))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	base := w.ui.URL("/disclosure/" + d.ID)
	p := disclosedPage{Form: f, Kind: d.Kind.Name(), Open: d.Open(), Extend: d.Open() && d.Kind == disclosure.Disclose, Answer: base + "/answer", Action: base + "/extend", Back: w.ui.URL("/disclosures"),
		Terms: []webui.Term{{Label: both("番号", "Number"), Value: webui.Code(d.ID)}, {Label: both("受理した日", "Accepted"), Value: day(resident.DateOf(d.Accepted))},
			{Label: both("回答の期限", "To be answered by"), Value: day(d.Last)}, {Label: both("状態", "Status"), Value: requestBadge(d.Request, resident.DateOf(w.o.Clock.Now()))}},
		Record: append(w.recordTerms(d.Now)[:6:6], webui.Term{Label: both("最後の異動", "Last change"), Value: reasonName(d.Now.Change.Reason)},
			webui.Term{Label: both("その日", "Day of it"), Value: day(d.Now.Change.Arose)})}
	if d.Extended != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("期限を延長した理由", "Why it was extended"), Value: webui.Name(d.Extended)})
	}
	if d.Wish != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("申出の内容", "What is to be corrected"), Value: webui.Name(d.Wish)})
	}
	if d.Outcome != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("回答", "Answer"), Value: webui.Name(d.Outcome)}, webui.Term{Label: both("回答した日", "Answered"), Value: day(resident.DateOf(d.Answered))})
	}
	if d.Kind == disclosure.Disclose {
		p.Looks = append(p.Looks, looksTable(w.o.Name, d.Own))
		for _, part := range d.Parts {
			name := webui.NameOf(part.Office, w.o.Clock.Now())
			if !part.Got() {
				p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both(name.JA+"の記録は、まだ届いていません", "What "+name.EN+" holds is still missing"),
					Text: both("自動的に尋ね続けています。届くまで、この請求は回答済みにできません。", "It is asked again by itself. Until it comes, this request cannot be closed.")})
				continue
			}
			p.Looks = append(p.Looks, looksTable(name, part.Looks))
			d.More = d.More || part.More
		}
		if d.More {
			p.Notices = append(p.Notices, webui.Notice{Kind: webui.Info, Title: both("新しい1,000件までを載せています", "The newest 1,000 looks are shown"),
				Text: both("それより古いものは、監査人に調べを依頼してください。", "For older ones, ask an auditor.")})
		}
	}
	w.ui.Render(rw, r, w.disclosed, status, p)
}

// looksTable is who looked, as the person is told: the number of the operator and not the name, which only the office
// needs to answer for it.
func looksTable(office plain.Sentence, looks []disclosure.Look) webui.Table {
	t := webui.Table{Caption: both(office.JA+"での閲覧", "Looks at "+office.EN), Empty: webui.Empty{Text: both("保存されている閲覧の記録はありません。", "No look is on record.")},
		Columns: []webui.Column{{Name: both("日時", "When")}, {Name: both("操作者番号", "Operator number")}, {Name: both("目的", "Purpose")}, {Name: both("見た項目", "Items")}}}
	for _, l := range looks {
		t.Rows = append(t.Rows, []any{l.At, webui.Code(l.Operator), l.Purpose.Name(), l.Items.Name()})
	}
	return t
}

func (w *screens) answerDisclosure(rw http.ResponseWriter, r *http.Request) {
	w.onDisclosure(rw, r, func(f *webui.Form) error {
		return w.o.AnswerDisclosure(r.Context(), r.PathValue("request"), f.Value("outcome"))
	})
}

func (w *screens) extendDisclosure(rw http.ResponseWriter, r *http.Request) {
	w.onDisclosure(rw, r, func(f *webui.Form) error {
		last := entry(f, "last", resident.ParseDate)
		if len(f.Problems()) > 0 {
			return nil
		}
		return w.o.ExtendDisclosure(r.Context(), r.PathValue("request"), last, f.Value("reason"))
	})
}

func (w *screens) onDisclosure(rw http.ResponseWriter, r *http.Request, do func(*webui.Form) error) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderDisclosed(rw, r, http.StatusOK, f)
		return
	}
	if err := refused(f, do(f)); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.OK() {
		http.Redirect(rw, r, w.ui.URL("/disclosure/"+r.PathValue("request")), http.StatusSeeOther)
		return
	}
	w.renderDisclosed(rw, r, http.StatusUnprocessableEntity, f)
}
