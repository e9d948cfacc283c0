package municipality

import (
	"context"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

type issuePage struct {
	*webui.Form
	Notices   []webui.Notice
	Halted    bool // nothing is issued: there is nothing to fill in
	Terms     []webui.Term
	Kinds     []webui.Choice
	People    []webui.Choice // who may have come
	Documents []webui.Choice
	Action    string
	Third     string // where a third person's request is taken
	Back      string
}

var documentKinds = []webui.Choice{
	{Value: string(making.HouseholdRecord), Name: making.HouseholdRecord.Name(), Note: both("世帯の全員が載ります。", "It shows everybody of the household.")},
	{Value: string(making.IndividualRecord), Name: making.IndividualRecord.Name(), Note: both("この方だけが載ります。", "It shows this person alone.")},
	{Value: string(making.SealCertificate), Name: making.SealCertificate.Name(), Note: both("登録した印影が載ります。印鑑登録証を示した本人だけが申請できます。15歳以上。", "It shows the registered seal. Only the holder applies, and shows the registration card. From 15 years.")},
}

func (w *screens) showIssue(rw http.ResponseWriter, r *http.Request) {
	d, err := w.o.LookOpened(r.Context(), personOf(r), "document")
	if err == nil {
		err = open(d.Now, d.Now.Number)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.renderIssue(rw, r, http.StatusOK, webui.NewForm(map[string]string{"base": d.Now.Number.String(), "applicant": d.Now.Person.String()}), d)
}

func (w *screens) renderIssue(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, d Dossier) {
	p := issuePage{Form: f, Terms: w.recordTerms(d.Now)[:6], Kinds: documentKinds, Documents: documentChoices(), Action: w.personURL(d.Now.Person, "/issue"), Third: w.personURL(d.Now.Person, "/third"), Back: w.personURL(d.Now.Person, "")}
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
	p.People = []webui.Choice{{Value: d.Now.Person.String(), Name: both("本人", "the person")}}
	for _, m := range d.Household {
		if m.Person != d.Now.Person && !isUnnamed(m) {
			p.People = append(p.People, webui.Choice{Value: m.Person.String(), Name: both("同じ世帯の"+m.Record.Name.Reveal()+"さん", m.Record.Name.Reveal()+", of the same household")})
		}
	}
	w.ui.Render(rw, r, w.issue, status, p)
}

// haltedNotice tells the clerk that nothing is issued, in the place of what there would be to fill in.
func haltedNotice(order halting.Order) webui.Notice {
	return webui.Notice{Kind: webui.Bad, Title: both("証明書の発行が止められています", "Issuing documents is stopped"), Text: mayNotBegin(order)}
}

// haltedNow is the order that keeps the issuing server from issuing.
func (w *screens) haltedNow(ctx context.Context) (order halting.Order, halted bool, err error) {
	err = w.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		order, halted, err = w.o.issuingHalted(ctx, tx)
		return err
	})
	return order, halted, err
}

func (w *screens) doIssue(rw http.ResponseWriter, r *http.Request) {
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
		w.renderIssue(rw, r, http.StatusOK, f, d)
		return
	}
	applicant, _ := strconv.ParseInt(f.Value("applicant"), 10, 64)
	a := DocumentApplication{Person: d.Now.Person, Base: entry(f, "base", versionEntry), Kind: making.Kind(f.Value("kind")), Applicant: PersonID(applicant), Evidence: needEvidence(f),
		Items: document.Items{Relation: ticked(f, "relation"), Domicile: ticked(f, "domicile"), Number: ticked(f, "number"), Code: ticked(f, "code")}}
	if !a.Kind.Known() {
		f.Bad("kind", errKind.JA, errKind.EN)
	}
	if f.OK() {
		request, err := w.o.ApplyForDocument(r.Context(), a)
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/document/"+request), http.StatusSeeOther)
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
	w.renderIssue(rw, r, http.StatusUnprocessableEntity, f, d)
}
