package municipality

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// thirdForm is where the request of a third person is taken.
type thirdForm struct {
	*webui.Form
	Notices      []webui.Notice
	Terms        []webui.Term
	Grounds      []webui.Choice
	Documents    []webui.Choice
	Action, Back string
	Halted       bool // nothing is issued: there is nothing to fill in
}

var thirdGrounds = []webui.Choice{
	{Value: string(ThirdOffice), Name: both("国・地方公共団体の機関（法令で定める事務）", "an office, for its work by law"), Note: both("法12条の2。公文書と職員証を見ます。受け付けると、すぐに申請します。", "Art. 12-2. See the official letter and the card of the official. It is applied for at once.")},
	{Value: string(ThirdRight), Name: both("自己の権利の行使、義務の履行", "to exercise a right or to fulfil a duty of their own"), Note: both("法12条の3第1項1号。契約書などを見ます。", "Art. 12-3(1)(i). See the contract or the like.")},
	{Value: string(ThirdSubmit), Name: both("国・地方公共団体の機関に提出", "to submit it to an office"), Note: both("法12条の3第1項2号。提出先と求めが分かる書類を見ます。", "Art. 12-3(1)(ii). See which office asks for it.")},
	{Value: string(ThirdReason), Name: both("そのほかの正当な理由", "another good reason"), Note: both("法12条の3第1項3号。", "Art. 12-3(1)(iii).")},
	{Value: string(ThirdTrusted), Name: both("弁護士などの特定事務受任者", "a lawyer or the like, for a client"), Note: both("法12条の3第2項。統一請求書と資格者証を見ます。だれからの、何の依頼かを書きます。", "Art. 12-3(2). See the form of the profession and the card; write down for whom and for what.")},
}

func thirdGroundName(article string) plain.Sentence {
	for _, g := range thirdGrounds {
		if g.Value == article {
			return g.Name
		}
	}
	return both(article, article)
}

func (w *screens) showThirdForm(rw http.ResponseWriter, r *http.Request) {
	d, err := w.o.LookOpened(r.Context(), personOf(r), "document")
	if err == nil {
		err = open(d.Now, d.Now.Number)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.renderThirdForm(rw, r, http.StatusOK, webui.NewForm(map[string]string{"base": d.Now.Number.String()}), d)
}

func (w *screens) renderThirdForm(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, d Dossier) {
	p := thirdForm{Form: f, Terms: w.recordTerms(d.Now)[:6], Grounds: thirdGrounds, Documents: documentChoices(), Action: w.personURL(d.Now.Person, "/third"), Back: w.personURL(d.Now.Person, "/issue")}
	if w.o.issuing == "" || w.o.documents == nil {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("証明発行サーバがありません", "There is no issuing server"), Text: errNoServer.Sentence})
	}
	if order, halted, err := w.haltedNow(r.Context()); err != nil {
		w.ui.Fail(rw, r, err)
		return
	} else if halted {
		p.Halted = true
		p.Notices = append(p.Notices, haltedNotice(order))
	}
	w.ui.Render(rw, r, w.third, status, p)
}

func (w *screens) askAsThird(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "document")
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if relanguaged(f) {
		w.renderThirdForm(rw, r, http.StatusOK, f, d)
		return
	}
	a := ThirdApplication{Person: d.Now.Person, Base: entry(f, "base", versionEntry), Ground: ThirdGround(f.Value("ground")), Applicant: f.Value("applicant"), Place: f.Value("place"), Came: f.Value("came"),
		Authority: f.Value("authority"), Purpose: f.Value("purpose"), Proof: f.Value("proof"), Items: thirdItems(f), ItemsWhy: f.Value("items_why")}
	if err := refused(f, a.check()); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	a.Evidence = needEvidence(f)
	if f.OK() {
		t, err := w.o.AskAsThird(r.Context(), a)
		if err == nil {
			http.Redirect(rw, r, w.thirdURL(t.ID), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if has(f, "base") {
		f.Set("base", d.Now.Number.String())
	}
	w.renderThirdForm(rw, r, http.StatusUnprocessableEntity, f, d)
}

func thirdItems(f *webui.Form) document.Items {
	return document.Items{Relation: ticked(f, "relation"), Domicile: ticked(f, "domicile")}
}

func (w *screens) thirdURL(id string) string { return w.ui.URL("/third/" + url.PathEscape(id)) }

// thirdPage is a request of a third person, and its decision. It names nobody but who asks.
type thirdPage struct {
	*webui.Form
	Notice             webui.Notice
	Terms              []webui.Term
	Decide             string // empty: it is decided, or whoever looks took it
	Relation, Domicile bool   // were asked for
	Decisions          []webui.Choice
	Person, Document   string
}

var thirdDecisions = []webui.Choice{
	{Value: "grant", Name: both("交付する", "give it out"), Note: both("証明書を申請します。", "The document is applied for.")},
	{Value: "refuse", Name: both("交付しない", "refuse it"), Note: both("来た方に、理由と、審査請求ができることを伝えます。", "Tell who has come why, and that they may ask for a review.")},
}

func (w *screens) showThird(rw http.ResponseWriter, r *http.Request) {
	w.renderThird(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderThird(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	var t ThirdRequest
	var found bool
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		t, found, err = w.o.in(raw).Third(ctx, r.PathValue("third"))
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !found {
		w.ui.NotFound(rw, r)
		return
	}
	p := thirdPage{Form: f, Terms: thirdTerms(t), Decisions: thirdDecisions, Person: w.personURL(t.Person, ""), Relation: slices.Contains(t.Items, "relation"), Domicile: slices.Contains(t.Items, "domicile")}
	if t.Request != "" {
		p.Document = w.ui.URL("/document/" + t.Request)
	}
	switch {
	case t.State == store.ThirdGranted:
		p.Notice = webui.Notice{Kind: webui.OK, Title: both("交付すると決まりました", "It is to be given out"), Text: both("証明書の画面で印刷し、来た方に渡します。", "Print it on the page of the document, and hand it over.")}
	case t.State == store.ThirdRefused:
		p.Notice = webui.Notice{Kind: webui.Off, Title: both("交付しないと決まりました", "It was refused"), Text: both("来た方に、理由と、審査請求ができることを伝えてください。", "Tell who has come why, and that they may ask for a review.")}
	case access.SecondPerson(access.Person{ID: t.By, Credential: t.Credential}, access.From(r.Context())) == nil:
		p.Decide = w.thirdURL(t.ID)
		p.Notice = webui.Notice{Kind: webui.Wait, Title: both("あなたの審査を待っています", "It waits for your decision"), Text: both("資料を自分で見て、請求を相当と認めるかを決めます（法12条の3）。", "See the proof yourself, and decide whether the request is justified (art. 12-3).")}
	default:
		p.Notice = webui.Notice{Kind: webui.Wait, Title: both("もう一人の審査を待っています", "It waits for another clerk"), Text: both("受け付けた人とは別の職員が、資料を見て決めます。", "Another clerk than who took it sees the proof and decides.")}
	}
	w.ui.Render(rw, r, w.thirdAsked, status, p)
}

// thirdTerms is what was asked, and what was decided.
func thirdTerms(t ThirdRequest) []webui.Term {
	terms := []webui.Term{
		{Label: both("請求の番号", "Request"), Value: webui.Code(t.ID)},
		{Label: both("請求の根拠", "Ground"), Value: thirdGroundName(t.Article)},
		{Label: both("請求する方", "Who asks"), Value: webui.Spell(t.Applicant)},
		{Label: both("住所・所在地", "Their address"), Value: webui.Spell(t.Place)},
		{Label: both("来た方", "Who has come"), Value: webui.Spell(t.Came)},
		{Label: both("来た方の立場と、確かめた書類", "For whom, and by what that was checked"), Value: webui.Spell(t.Authority)},
		{Label: both("使いみち", "What it is used for"), Value: webui.Spell(t.Purpose)},
		{Label: both("見た資料", "Proof that was seen"), Value: webui.Spell(t.Proof)},
		{Label: both("基礎証明事項のほかに請求した項目", "Items beyond the basic ones"), Value: documentItemNames(t.Items)},
	}
	if t.ItemsWhy != "" {
		terms = append(terms, webui.Term{Label: both("その項目が要る理由", "Why these are needed"), Value: webui.Spell(t.ItemsWhy)})
	}
	terms = append(terms, webui.Term{Label: both("受け付けた人", "Taken by"), Value: webui.Code(t.By)}, webui.Term{Label: both("受け付けた時", "Taken"), Value: t.At})
	if t.DecidedBy != "" {
		terms = append(terms, webui.Term{Label: both("決めた人", "Decided by"), Value: webui.Code(t.DecidedBy)}, webui.Term{Label: both("決めた時", "Decided"), Value: t.DecidedAt}, webui.Term{Label: both("理由", "Why"), Value: webui.Spell(t.Why)})
	}
	if t.State == store.ThirdGranted {
		terms = append(terms, webui.Term{Label: both("載せる項目（基礎証明事項のほか）", "Items that are granted, beyond the basic ones"), Value: documentItemNames(t.Granted)})
	}
	return terms
}

func (w *screens) decideThird(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderThird(rw, r, http.StatusOK, f)
		return
	}
	decision := f.Value("decision")
	if decision != "grant" && decision != "refuse" {
		f.Bad("decision", "交付するか、しないかを選んでください。", "Choose whether it is given out.")
	}
	if f.OK() {
		_, err := w.o.DecideThird(r.Context(), r.PathValue("third"), decision == "grant", thirdItems(f), f.Value("why"))
		if err == nil {
			http.Redirect(rw, r, w.thirdURL(r.PathValue("third")), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderThird(rw, r, http.StatusUnprocessableEntity, f)
}

// thirdsTable lists the requests that wait for a decision. It names nobody.
func (w *screens) thirdsTable(asked []ThirdRequest) webui.Table {
	t := webui.Table{Caption: both("第三者の請求で、審査を待っているもの（古い順）", "Requests of third persons that wait for a decision, the oldest first"),
		Columns: []webui.Column{{Name: both("請求の番号", "Request")}, {Name: both("根拠", "Ground")}, {Name: both("受付", "Taken")}, {Name: both("受け付けた人", "By")}},
		Empty:   webui.Empty{Text: both("ありません。", "None.")}}
	for _, one := range asked {
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.thirdURL(one.ID), Text: webui.Code(one.ID)}, thirdGroundName(one.Article), one.At, webui.Code(one.By)})
	}
	return t
}

// askedBy is as what a document was asked for; of a third person, with the way to the request.
func (w *screens) askedBy(ctx context.Context, d Document) (asked any, err error) {
	if d.As != string(document.Other) {
		return asName(d.As), nil
	}
	err = w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		t, _, err := w.o.in(raw).ThirdOf(ctx, d.Request)
		asked = webui.Link{Href: w.thirdURL(t.ID), Text: asName(d.As)}
		return err
	})
	return asked, err
}
