package municipality

import (
	"context"
	"errors"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// typed is a form as it is kept where another person checks too. By which documents somebody was checked is none of it.
func typed(f *webui.Form) map[string]string {
	all := f.All()
	for _, name := range []string{"step", "shown", fieldTaken, identity.FieldDocument, identity.FieldSecond} {
		delete(all, name)
	}
	return all
}

// fieldTaken names, on a form that is filled in again, what was filed by it and not done.
const fieldTaken = "taken"

// needEvidence has the form say by which documents somebody was checked.
func needEvidence(f *webui.Form) identity.Evidence {
	e := evidenceOf(f)
	if _, err := e.Way(); err != nil {
		_ = f.Take(err) // nothing but what is missing
	}
	return e
}

// notified is what a form says of who files a notice; key is which of the forms of its kind it is.
func notified(f *webui.Form, key string) Notified {
	n := Notified{Form: key, Typed: typed(f)}
	if filedByNotice(f.Value("basis")) {
		n.Evidence = evidenceOf(f)
	}
	return n
}

// needNotifier has the form of a notice say by which documents was checked who files it (法27条2項).
func needNotifier(f *webui.Form) {
	if filedByNotice(f.Value("basis")) {
		needEvidence(f)
	}
}

// filedURL is the page of what has become of a notice.
func (w *screens) filedURL(filed Filed) string {
	if filed.Waits {
		return w.ui.URL("/taken/" + filed.Trace)
	}
	return w.personURL(filed.Person, "/filed/"+filed.Trace)
}

// twoCheck tells, above a form, that another person checks too.
func (w *screens) twoCheck(ctx context.Context, act access.Act) ([]webui.Notice, error) {
	alone, err := w.o.checksAlone(ctx, act)
	if err != nil || alone {
		return nil, err
	}
	return []webui.Notice{{Kind: webui.Info, Title: both("本人確認は二人の職員で行います", "Two of the staff check who files this"),
		Text: both("この市区町村の規則です。もう一人の職員が本人確認をするまで、何も登録されず、どこへも知らされません。来た方に待っていただいてください。", "That is the municipality's rule. Until another person has checked, nothing is registered and nobody is told: ask the visitor to wait.")}}, nil
}

// takenWaits are the notices about what was filed for somebody and waits for a second check.
func (w *screens) takenWaits(ctx context.Context, raw *sqlstore.Tx, who PersonID) (ns []webui.Notice, err error) {
	all, err := w.o.in(raw).TakenFrom(ctx, who, raw.Now().Add(-identity.WaitsFor))
	for _, t := range all {
		wait, found, err := identity.In(raw).Wait(ctx, t.Case)
		if err != nil {
			return nil, err
		}
		if found && wait.State == identity.Waiting {
			name := takenName(t)
			ns = append(ns, webui.Notice{Kind: webui.Wait, Title: both("「"+name.JA+"」が、もう一人の職員の本人確認を待っています", "It waits for another person's check: "+name.EN),
				Text: both("まだ何も登録されていません。", "Nothing is registered yet."), Link: &webui.Link{Href: w.ui.URL("/taken/" + t.Case), Text: both("本人確認の画面を開く", "Open the page of the check")}})
		}
	}
	return ns, err
}

// takenName is what was filed.
func takenName(t store.Taken) plain.Sentence {
	switch t.Kind {
	case takenAnswer:
		return both("照会書への回答による印鑑登録", "Registration of a seal on the answer to a letter")
	case takenSeal:
		return both("印鑑登録の申請", "Registration of a seal")
	case takenChange:
		if act, known := actOf(t.Subject); known {
			return act.name
		}
	case takenHousehold:
		return eventName(t.Subject, 0)
	case takenRegistration:
		return both("住民の登録", "Register a resident")
	case takenArrival:
		return both("転入の登録", "Moving in")
	}
	return both(t.Kind, t.Kind)
}

// takenForm is the address of the form by which it was filed.
func (w *screens) takenForm(t store.Taken) string {
	switch t.Kind {
	case takenChange:
		return w.personURL(t.Person, "/change/"+t.Subject)
	case takenHousehold:
		return w.personURL(t.Person, "/household/"+t.Subject)
	case takenRegistration:
		return w.ui.URL("/register")
	case takenArrival:
		return w.moveURL(t.Subject, "/register")
	}
	return w.personURL(t.Person, "/seal")
}

// takenResult is the address of what has become of it.
func (w *screens) takenResult(t store.Taken) string {
	if t.Kind == takenSeal || t.Kind == takenAnswer {
		return w.personURL(t.Person, "/seal")
	}
	return w.personURL(t.Person, "/filed/"+t.Case)
}

// showTyped puts on the page what was typed. What its rule says against it is a notice: whoever looks may still refuse it.
func (w *screens) showTyped(ctx context.Context, p *takenPage, t store.Taken, d Dossier) error {
	f := webui.NewForm(t.Typed)
	err := w.readTyped(ctx, p, t, f, d)
	if found, refused := plain.AsProblems(err); refused {
		for _, one := range found {
			p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("このままでは受け付けられません", "This cannot be filed as it is"), Text: one.Sentence})
		}
		err = nil
	}
	p.What = append(p.What, webui.Term{Label: both("受け付けた人", "Taken by"), Value: webui.Code(t.TakenBy)}, webui.Term{Label: both("受け付けた時", "Taken"), Value: t.TakenAt})
	return err
}

func (w *screens) readTyped(ctx context.Context, p *takenPage, t store.Taken, f *webui.Form, d Dossier) error {
	switch t.Kind {
	case takenSeal:
		p.What = append(p.What, webui.Term{Label: both("印鑑の文字", "What is cut into it"), Value: nameText(f.Value(fieldSealText))})
		for _, c := range sealWays {
			if c.Value == f.Value(fieldSealWay) {
				p.What = append(p.What, webui.Term{Label: both("本人の意思の確かめ方", "How the holder's will was made sure"), Value: c.Name})
			}
		}
	case takenChange:
		act, _ := actOf(t.Subject)
		if err := d.knows(f); err != nil {
			return err
		}
		v, err := w.o.Preview(ctx, readChange(act, f, d))
		if err != nil {
			return err
		}
		p.Diff, p.People = beside(v), standsTable(v.Rest, d)
		p.What = append(p.What, noticeTerms(act, v, f, d)...)
	case takenHousehold:
		e, _ := EventOf(t.Subject)
		if err := d.knows(f); err != nil {
			return err
		}
		a, err := w.o.PreviewHousehold(ctx, readHousehold(e, f, d))
		if err != nil {
			return err
		}
		p.People = standsTable(a.People, d)
	case takenRegistration:
		p.What = append(p.What, registrationTerms(registration(f))...)
	case takenArrival:
		c, family, err := w.o.arrivalTyped(ctx, t, f)
		if err != nil {
			return err
		}
		p.What = append(p.What, webui.Term{Label: both("転入をした日", "Moved in"), Value: day(c.Became)}, webui.Term{Label: both("住所", "Address"), Value: webui.Name(c.Address.Reveal())})
		for _, a := range c.People {
			for _, m := range family {
				if m.Move == a.Move {
					p.What = append(p.What, webui.Term{Label: both(a.Relation.Reveal(), a.Relation.Reveal()), Value: webui.Name(m.Info.Person.Name.Reveal())})
				}
			}
		}
	}
	return nil
}

// takenPage is what was filed and waits for a second check, or what has become of it.
type takenPage struct {
	*webui.Form
	Name             plain.Sentence
	Notices          []webui.Notice
	What, Who, First []webui.Term
	Diff, People     *webui.Table
	Documents        []webui.Choice
	Open             bool // it waits
	May              bool // whoever looks has not checked it yet
	Action           string
	Again            string // where it is filed again; empty: it is not
	Values           map[string]string
	Back             string
}

func (w *screens) showTaken(rw http.ResponseWriter, r *http.Request) {
	w.renderTaken(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderTaken(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	t, wait, err := w.o.takenOf(r.Context(), r.PathValue("case"))
	if errors.Is(err, errNotTaken) {
		w.ui.NotFound(rw, r)
		return
	}
	var d Dossier
	if err == nil && t.Person != 0 {
		d, err = w.o.LookOpened(r.Context(), t.Person, "check of what was filed")
	}
	var done []identity.Check
	if err == nil {
		done, err = w.o.checksOf(r.Context(), t.Case)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if wait.State == identity.Checked {
		http.Redirect(rw, r, w.takenResult(t), http.StatusSeeOther)
		return
	}
	p := takenPage{Form: f, Name: takenName(t), First: checkTerms(done), Documents: documentChoices(), Action: w.ui.URL("/taken/" + t.Case), Back: w.ui.URL("/checks")}
	p.Open = wait.State == identity.Waiting && w.o.Clock.Now().Before(wait.UntilAt)
	if t.Person != 0 {
		p.Who = w.recordTerms(d.Now)[:6]
	}
	changed := t.Person != 0 && (!d.Now.Present() || fresh(d.Now, t.Version) != nil)
	switch p.May = p.Open && !changed && mayCheck(done, access.From(r.Context())); {
	case wait.State == identity.Refused:
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Bad, Title: both("却下しました。何も登録されていません", "It was refused, and nothing is registered"), Text: both("理由: "+wait.Why, "Reason: "+wait.Why)})
	case !p.Open:
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Bad, Title: both("期限切れになりました。何も登録されていません", "It has lapsed, and nothing is registered"),
			Text: both("もう一人の職員の本人確認が、1時間以内に行われませんでした。", "No other person checked within an hour.")})
	case changed:
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("住民票の記載が変わりました", "The record has changed"), Text: errRecordChanged.Sentence})
	case !p.May:
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Info, Title: both("もう一人の職員の確認を待っています", "It waits for another person"),
			Text: both("確認した人は、二人目になれません。もう一人の職員に、その人のパスキーで確認を依頼してください。", "Whoever has checked cannot be the second person too: ask another, with a passkey of their own.")})
	}
	if len(t.Typed) > 0 {
		if err := w.showTyped(r.Context(), &p, t, d); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if !p.Open && len(t.Typed) > 0 && t.Kind != takenAnswer {
		p.Again, p.Values = w.takenForm(t), t.Typed
		p.Values[fieldTaken] = t.Case
	}
	w.ui.Render(rw, r, w.taken, status, p)
}

func (w *screens) doTaken(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderTaken(rw, r, http.StatusOK, f)
		return
	}
	e := needEvidence(f)
	w.takenDone(rw, r, f, func(ref string) error { return w.o.CheckFiling(r.Context(), ref, e) })
}

func (w *screens) refuseTaken(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderTaken(rw, r, http.StatusOK, f)
		return
	}
	w.takenDone(rw, r, f, func(ref string) error { return w.o.RefuseFiling(r.Context(), ref, f.Value("reason")) })
}

func (w *screens) takenDone(rw http.ResponseWriter, r *http.Request, f *webui.Form, do func(ref string) error) {
	ref := r.PathValue("case")
	if f.OK() {
		err := do(ref)
		if errors.Is(err, errNotTaken) {
			w.ui.NotFound(rw, r)
			return
		}
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/taken/"+ref), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderTaken(rw, r, http.StatusUnprocessableEntity, f)
}
