package municipality

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

type issuePage struct {
	*webui.Form
	Notices   []webui.Notice
	Terms     []webui.Term
	Kinds     []webui.Choice
	People    []webui.Choice // who may have come
	Documents []webui.Choice
	Action    string
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
	p := issuePage{Form: f, Terms: w.recordTerms(d.Now)[:6], Kinds: documentKinds, Documents: documentChoices(), Action: w.personURL(d.Now.Person, "/issue"), Back: w.personURL(d.Now.Person, "")}
	if w.o.issuing == "" || w.o.documents == nil {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("証明発行サーバがありません", "There is no issuing server"), Text: errNoServer.Sentence})
	}
	p.People = []webui.Choice{{Value: d.Now.Person.String(), Name: both("本人", "the person")}}
	for _, m := range d.Household {
		if m.Person != d.Now.Person && !isUnnamed(m) {
			p.People = append(p.People, webui.Choice{Value: m.Person.String(), Name: both("同じ世帯の"+m.Record.Name.Reveal()+"さん", m.Record.Name.Reveal()+", of the same household")})
		}
	}
	w.ui.Render(rw, r, w.issue, status, p)
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

// issuedPage shows how a document stands. It has no item of the person: the paper has, and whoever opens that is written down.
type issuedPage struct {
	*webui.Form
	Terms          []webui.Term
	Result         issuedPart
	Part           string
	Held           bool
	Print          string // the file; empty: there is a printer
	PrintHere      string // where the printer is given it; empty: there is none, or it has it
	PrintAgain     bool
	HandOver, Void string
	Cases          []caseForm
	Person         string
}

// caseForm is a case of a document.
type caseForm struct {
	Title, Says plain.Sentence
	Close       string // empty: it is closed
	Closed      []webui.Term
}

var caseCauses = map[string]plain.Sentence{
	store.CasePrint:   both("印刷が終わったと確かめられなかった", "the printer did not say that all of it came out"),
	store.CaseStopped: both("印刷した後に止めた", "it was stopped after it had been printed"),
	store.CaseAgain:   both("印刷した紙の行方が分からないまま、同じ証明書がもう一度申請された", "the same was asked for again, and what became of the printed paper is not known"),
}

// casesOf are the cases of a document.
func (w *screens) casesOf(ctx context.Context, d Document) (all []caseForm, err error) {
	var cases []store.DocumentCase
	err = w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		cases, err = w.o.in(raw).CasesOf(ctx, d.Request)
		return err
	})
	for _, c := range cases {
		one := caseForm{Title: both("件 "+c.Job, "Case "+c.Job), Says: caseCauses[c.Cause]}
		if c.ClosedAt.IsZero() && !slices.ContainsFunc(all, func(f caseForm) bool { return f.Close != "" }) { // one after the other
			one.Close = w.ui.URL("/document/" + d.Request + "/case/" + c.Job)
		} else if !c.ClosedAt.IsZero() {
			one.Closed = []webui.Term{{Label: both("紙がどうなったか", "What became of the paper"), Value: webui.Spell(c.Proof)}, {Label: both("閉じた人", "Closed by"), Value: webui.Code(c.ClosedBy)},
				{Label: both("閉じた時", "Closed"), Value: c.ClosedAt}}
		}
		all = append(all, one)
	}
	return all, err
}

// closeCase closes a case with the proof in the form.
func (w *screens) closeCase(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, ok := w.documentShown(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderIssued(rw, r, http.StatusOK, f, d)
		return
	}
	if err := w.o.CloseDocumentCase(r.Context(), d.Request, r.PathValue("job"), f.Value("case_proof")); err != nil {
		if ps, is := plain.AsProblems(err); is && ps[0].Field == "proof" {
			err = plain.Bad("case_proof", ps[0].JA, ps[0].EN)
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		w.renderIssued(rw, r, http.StatusUnprocessableEntity, f, d)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/document/"+d.Request), http.StatusSeeOther)
}

// papersShown bounds a list.
const papersShown = 200

type papersPage struct{ Held, Cases webui.Table }

// showDocuments lists what lies at the counter, and the cases that are open. It names nobody.
func (w *screens) showDocuments(rw http.ResponseWriter, r *http.Request) {
	var held []Document
	var cases []store.DocumentCase
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if held, err = w.o.in(raw).DocumentsHeld(ctx, papersShown); err != nil {
			return err
		}
		cases, err = w.o.in(raw).OpenCases(ctx, papersShown)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := papersPage{
		Cases: webui.Table{Caption: both("件（古い順）", "Cases, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("何が起きたか", "What happened")}, {Name: both("いつから", "Since")}},
			Empty: webui.Empty{Text: both("開いている件はありません。", "No case is open.")}},
		Held: webui.Table{Caption: both("渡していない証明書（古い順）", "Not handed over, the oldest first"), Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("種類", "Kind")}, {Name: both("申請", "Applied")}, {Name: both("受け付けた人", "Taken by")}},
			Empty: webui.Empty{Text: both("ありません。", "None.")}}}
	link := func(request string) webui.Link {
		return webui.Link{Href: w.ui.URL("/document/" + request), Text: both(request, request)}
	}
	for _, c := range cases {
		p.Cases.Rows = append(p.Cases.Rows, []any{link(c.Request), caseCauses[c.Cause], c.OpenedAt})
	}
	for _, d := range held {
		p.Held.Rows = append(p.Held.Rows, []any{link(d.Request), making.Kind(d.Kind).Name(), d.At, webui.Code(d.By)})
	}
	w.ui.Render(rw, r, w.papers, http.StatusOK, p)
}

// issuedPart is the part that refreshes itself until the document is there.
type issuedPart struct {
	Waiting bool
	Notice  webui.Notice
	Printed *webui.Notice // how the printer stands; nil: it was given nothing
}

// documentShown reads how a document stands; false when it has answered the request already.
func (w *screens) documentShown(rw http.ResponseWriter, r *http.Request) (d Document, ok bool) {
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		d, ok, err = w.o.in(raw).Document(ctx, r.PathValue("request"))
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return d, false
	}
	if !ok {
		w.ui.NotFound(rw, r)
	}
	return d, ok
}

func (w *screens) showIssued(rw http.ResponseWriter, r *http.Request) {
	if d, ok := w.documentShown(rw, r); ok {
		w.renderIssued(rw, r, http.StatusOK, webui.NewForm(map[string]string{"sheets": "", "spoiled": ""}), d)
	}
}

func (w *screens) showIssuedPart(rw http.ResponseWriter, r *http.Request) {
	d, ok := w.documentShown(rw, r)
	if !ok {
		return
	}
	part := w.issuedPart(d)
	if !part.Waiting {
		rw.Header().Set("HX-Refresh", "true") // the forms below are to appear
	}
	w.ui.RenderPart(rw, r, w.issued, "result", part)
}

func (w *screens) renderIssued(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, d Document) {
	base := w.ui.URL("/document/" + d.Request)
	p := issuedPage{Form: f, Result: w.issuedPart(d), Part: base + "/part", Held: d.State == store.DocumentHeld, Print: base + "/document.pdf", HandOver: base + "/hand-over", Void: base + "/void",
		Person: w.personURL(d.Person, ""), Terms: []webui.Term{
			{Label: both("申請番号", "Application"), Value: webui.Code(d.Request)},
			{Label: both("種類", "Kind"), Value: making.Kind(d.Kind).Name()},
			{Label: both("載せる項目", "Items"), Value: documentItemNames(d.Items)},
			{Label: both("申請した時", "Applied"), Value: d.At},
			{Label: both("受け付けた人", "Taken by"), Value: webui.Code(d.By)},
			{Label: both("追跡番号", "Trace"), Value: w.traceLink(d.Trace)},
		}}
	if d.Number != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("文書番号", "Number of the document"), Value: webui.Code(d.Number)}, webui.Term{Label: both("発行した時", "Issued"), Value: d.IssuedAt})
	}
	if !d.EndedAt.IsZero() && d.EndedBy != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("印刷した枚数", "Sheets printed"), Value: int64(d.Sheets)}, webui.Term{Label: both("記録した人", "Recorded by"), Value: webui.Code(d.EndedBy)},
			webui.Term{Label: both("記録した時", "Recorded"), Value: d.EndedAt})
	}
	if d.Proof != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("紙がどうなったか", "What became of the paper"), Value: webui.Spell(d.Proof)})
	}
	var err error
	if p.Cases, err = w.casesOf(r.Context(), d); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if w.o.printer != nil {
		p.Print = ""
		if p.PrintAgain = d.Prints > 0; !underWay(d, w.o.Clock.Now()) {
			p.PrintHere = base + "/print"
		}
	}
	w.ui.Render(rw, r, w.issued, status, p)
}

var documentItems = map[string]plain.Sentence{
	"relation": both("世帯主・続柄", "household"), "domicile": both("本籍など", "family register"), "number": both("個人番号", "individual number"), "code": both("住民票コード", "record code"),
}

func documentItemNames(items []string) plain.Sentence {
	if len(items) == 0 {
		return both("なし", "none")
	}
	var ja, en []string
	for _, i := range items {
		ja, en = append(ja, documentItems[i].JA), append(en, documentItems[i].EN)
	}
	return both(strings.Join(ja, "、"), strings.Join(en, ", "))
}

// issuedPart says how a document stands.
func (w *screens) issuedPart(d Document) issuedPart {
	notice := func(kind webui.BadgeKind, titleJA, titleEN, ja, en string) issuedPart {
		return issuedPart{Notice: webui.Notice{Kind: kind, Title: both(titleJA, titleEN), Text: both(ja, en)}}
	}
	switch d.State {
	case store.DocumentApplied:
		p := notice(webui.Wait, "証明書を作っています", "The document is being made", "ふつうは1秒ほどで届きます。この画面は自動的に新しくなります。", "It usually takes a second. This page refreshes itself.")
		p.Waiting = true
		p.Notice.Link = &webui.Link{Href: w.ui.URL("/document/" + d.Request), Text: both("今すぐ表示を新しくする", "Refresh now")}
		return p
	case store.DocumentHeld:
		p := notice(webui.OK, "証明書ができました", "The document is there", "届いた証明書を住民記録から作り直したものと照合し、同じであることを確かめました。", "It was held against what the register says now, and is the same.")
		if d.Print.State != "" {
			p.Waiting, p.Printed = underWay(d, w.o.Clock.Now()), printNotice(d, w.o.Clock.Now())
		}
		return p
	case store.DocumentRefused:
		var ja, en []string
		for _, r := range d.Reasons {
			name := making.Reason(r).Name()
			ja, en = append(ja, name.JA), append(en, name.EN)
		}
		return notice(webui.Warn, "発行されませんでした", "It was not issued", "理由: "+strings.Join(ja, "、")+"。記録を確かめ、直してから申請し直してください。", "Why: "+strings.Join(en, ", ")+". Look at the record, and apply again when that is put right.")
	case store.DocumentStopped:
		found := foundNames(d.Reasons)
		return notice(webui.Bad, "証明書を止めました。渡さないでください", "The document was stopped. Do not hand it over",
			"届いた証明書が、いまの住民記録から作り直したものと違います（"+found.JA+"）。印刷した紙があれば回収し、運用担当者に知らせてください。記録を確かめてから、申請をやり直せます。",
			"It is not what the register says now ("+found.EN+"). Collect what was printed, and tell the operators. Look at the record, and then apply again.")
	case store.DocumentDelivered:
		return notice(webui.Off, "交付しました", "It was handed over", "証明書のファイルは、ここには残っていません。", "The file is not kept here.")
	case store.DocumentVoided:
		return notice(webui.Off, "廃棄しました", "Nothing of it is left", "渡していません。必要なときは、新しく申請してください。", "It was not handed over. Apply again if it is needed.")
	}
	return notice(webui.Info, string(d.State), string(d.State), "", "")
}

// printNotice says how the printer stands.
func printNotice(d Document, now time.Time) *webui.Notice {
	n := &webui.Notice{Kind: webui.Warn, Title: both("印刷できたか分かりません", "Whether it was printed is not known"), Text: d.Print.Says}
	switch s := printing.State(d.Print.State); {
	case d.Print.State == printAsked:
		n.Kind, n.Title = webui.Wait, both("プリンターに渡しています", "It goes to the printer")
	case d.Print.State == printFailed:
		n.Kind, n.Title = webui.Bad, both("印刷していません", "Nothing was printed")
	case s == printing.Printed:
		n.Kind, n.Title = webui.OK, both("印刷が終わりました", "It was printed")
	case s == printing.Aborted, s == printing.Canceled:
		n.Title = both("印刷が途中で止まりました。出た紙があれば回収してください", "The printer gave up. Collect what came out")
	case s == printing.Stopped && underWay(d, now):
		n.Title = both("プリンターが止まっています", "The printer is stopped")
	case underWay(d, now):
		n.Kind, n.Title = webui.Wait, both("印刷しています", "It is being printed")
	}
	return n
}

// doPrint brings a document to the printer.
func (w *screens) doPrint(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, ok := w.documentShown(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) || w.o.printer == nil {
		w.renderIssued(rw, r, http.StatusOK, f, d)
		return
	}
	if err := w.o.PrintAtCounter(r.Context(), d.Request); err != nil && !errors.Is(err, errDocumentStopped) {
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		w.renderIssued(rw, r, http.StatusUnprocessableEntity, f, d)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/document/"+d.Request), http.StatusSeeOther)
}

// foundNames are what a gate found, in words.
func foundNames(codes []string) plain.Sentence {
	var ja, en []string
	for _, c := range codes {
		name := gate.Code(c).Name()
		switch c {
		case foundRegister:
			name = both("いまの記録では、この証明書を交付できない", "of the record as it is now no such document may be given out")
		case foundFile:
			name = both("保管したファイルが変わった", "the file that was kept has changed")
		}
		ja, en = append(ja, name.JA), append(en, name.EN)
	}
	return both(strings.Join(ja, "、"), strings.Join(en, "; "))
}

// givePrint sends the file to whoever prints it, once more held against the register.
func (w *screens) givePrint(rw http.ResponseWriter, r *http.Request) {
	file, err := w.o.PrintDocument(r.Context(), r.PathValue("request"))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	rw.Header().Set("Content-Type", "application/pdf")
	rw.Header().Set("Content-Disposition", "inline")
	rw.Header().Set("Cache-Control", "no-store")
	rw.Write(file)
}

func (w *screens) handOver(rw http.ResponseWriter, r *http.Request) {
	w.endDocument(rw, r, "sheets", func(ctx context.Context, f *webui.Form, request string, sheets int) error {
		return w.o.HandOverDocument(ctx, request, sheets)
	})
}

func (w *screens) voidDocument(rw http.ResponseWriter, r *http.Request) {
	w.endDocument(rw, r, "spoiled", func(ctx context.Context, f *webui.Form, request string, sheets int) error {
		return w.o.VoidDocument(ctx, request, sheets, f.Value("proof"))
	})
}

// endDocument reads a number of sheets and does what ends a document.
func (w *screens) endDocument(rw http.ResponseWriter, r *http.Request, field string, end func(context.Context, *webui.Form, string, int) error) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, ok := w.documentShown(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderIssued(rw, r, http.StatusOK, f, d)
		return
	}
	sheets, err := strconv.Atoi(strings.TrimSpace(f.Value(field)))
	if err != nil {
		f.Bad(field, "枚数を数字で入力してください。例：1", "Enter how many sheets, as a number: 1.")
	}
	if f.OK() {
		err := end(r.Context(), f, d.Request, sheets)
		if err == nil || errors.Is(err, errDocumentStopped) {
			http.Redirect(rw, r, w.ui.URL("/document/"+d.Request), http.StatusSeeOther)
			return
		}
		if ps, is := plain.AsProblems(err); is && field != "sheets" { // the rule calls both numbers by one name
			for _, p := range ps {
				if p.Field == "sheets" {
					err = plain.Bad(field, p.JA, p.EN)
				}
			}
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderIssued(rw, r, http.StatusUnprocessableEntity, f, d)
}

// documents are what was asked for of a person here, and how it stands.
func (w *screens) documents(d Dossier) webui.Table {
	t := webui.Table{Caption: both("証明書（この市区町村の窓口で申請したもの）", "Documents applied for at this counter"),
		Columns: []webui.Column{{Name: both("種類", "Kind")}, {Name: both("状態", "Status")}, {Name: both("文書番号", "Number")}, {Name: both("申請", "Applied")}},
		Empty:   webui.Empty{Text: both("まだ申請がありません。", "None has been applied for.")}}
	for _, one := range d.Documents {
		var number any
		if one.Number != "" {
			number = webui.Code(one.Number)
		}
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL("/document/" + one.Request), Text: making.Kind(one.Kind).Name()}, documentBadge(one.State), number, one.At})
	}
	return t
}

func documentBadge(s store.DocumentState) webui.Badge {
	switch s {
	case store.DocumentApplied:
		return badge(webui.Wait, "作成中", "being made")
	case store.DocumentHeld:
		return badge(webui.Info, "渡していない", "not handed over")
	case store.DocumentRefused:
		return badge(webui.Off, "発行されなかった", "not issued")
	case store.DocumentStopped:
		return badge(webui.Bad, "止めた", "stopped")
	case store.DocumentVoided:
		return badge(webui.Off, "廃棄した", "nothing left")
	}
	return badge(webui.OK, "交付した", "handed over")
}
