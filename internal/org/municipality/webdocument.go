package municipality

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// issuedPage shows how a document stands. It has no item of the person: the paper has, and whoever opens that is written down.
type issuedPage struct {
	*webui.Form
	Terms          []webui.Term
	Result         issuedPart
	Part           string
	Held           bool
	Halted         bool   // it may not leave: issuing by the version that signed it is stopped
	Print          string // the file; empty: there is a printer
	PrintHere      string // where the printer is given it; empty: there is none, or it has it
	PrintAgain     bool
	HandOver, Void string
	Pages          []pageForm
	Cases          []caseForm
	Recall         string // where it is declared void; empty: it is not with the applicant
	RecallOpen     bool   // it was begun to be written
	Recover        string // where it is written down that its paper is back; empty: it is not sought
	Recalled       []webui.Term
	Confirms       *webui.Notice // a case waits for whoever looks
	Person         string
	Trace          string // where what became of it is followed
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
	if _, err := w.halted(r.Context(), d, &part); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !part.Waiting {
		rw.Header().Set("HX-Refresh", "true") // the forms below are to appear
	}
	w.ui.RenderPart(rw, r, w.issued, "result", part)
}

func (w *screens) renderIssued(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, d Document) {
	base := w.ui.URL("/document/" + d.Request)
	p := issuedPage{Form: f, Result: w.issuedPart(d), Part: base + "/part", Held: d.State == store.DocumentHeld, Print: base + "/document.pdf", HandOver: base + "/hand-over", Void: base + "/void",
		Person: w.personURL(d.Person, ""), Trace: w.traceURL(d.Request), Terms: []webui.Term{
			{Label: both("申請番号", "Application"), Value: webui.Code(d.Request)},
			{Label: both("種類", "Kind"), Value: making.Kind(d.Kind).Name()},
			{Label: both("載せる項目", "Items"), Value: documentItemNames(d.Items)},
			{Label: both("申請した時", "Applied"), Value: d.At},
			{Label: both("受け付けた人", "Taken by"), Value: webui.Code(d.By)},
			{Label: both("追跡番号", "Trace"), Value: w.traceLink(d.Trace)},
		}}
	asked, err := w.askedBy(r.Context(), d)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("請求した方", "Asked for by"), Value: asked})
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
	if p.Halted, err = w.halted(r.Context(), d, &p.Result); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if p.Cases, err = w.casesOf(r.Context(), d); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if p.Recalled, err = w.recallOf(r.Context(), d); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	switch d.State {
	case store.DocumentDelivered:
		p.Recall, p.RecallOpen = base+"/recall", len(f.Problems()) > 0 || f.Value("recall") != ""
	case store.DocumentRecalled:
		p.Recover = base + "/recover"
	}
	p.Confirms = confirmNotice(p.Cases)
	if p.Held && !p.Result.Waiting {
		if p.Pages, err = w.pageForms(d); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if w.o.printer != nil {
		p.Print = ""
		if p.PrintAgain = d.Prints > 0; !waitsForPrinter(d) {
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

// halted tells whether a document at the counter may not leave because issuing is stopped, and says so in its place.
func (w *screens) halted(ctx context.Context, d Document, part *issuedPart) (halted bool, err error) {
	if d.State != store.DocumentHeld {
		return false, nil
	}
	var order halting.Order
	err = w.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		order, halted, err = halting.Binding(ctx, tx, d.Server)
		return err
	})
	if halted {
		part.Notice = webui.Notice{Kind: webui.Bad, Title: both("発行が止められています。渡さないでください", "Issuing is stopped. Do not hand it over"), Text: mayNotLeave(order)}
	}
	return halted, err
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
			p.Waiting, p.Printed = waitsForPrinter(d), printNotice(d)
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
		if slices.Equal(d.Reasons, []string{foundHalted}) {
			return notice(webui.Bad, "証明書を止めました。渡さないでください", "The document was stopped. Do not hand it over",
				"これを作った版のプログラムによる発行が止められています。発行が再開されてから、申請をやり直してください。", "Issuing by the version of the program that made it is stopped. Apply again when it is resumed.")
		}
		found := foundNames(d.Reasons)
		return notice(webui.Bad, "証明書を止めました。渡さないでください", "The document was stopped. Do not hand it over",
			"届いた証明書が、いまの住民記録から作り直したものと違います（"+found.JA+"）。印刷した紙があれば回収し、運用担当者に知らせてください。記録を確かめてから、申請をやり直せます。",
			"It is not what the register says now ("+found.EN+"). Collect what was printed, and tell the operators. Look at the record, and then apply again.")
	case store.DocumentDelivered:
		return notice(webui.Off, "交付しました", "It was handed over", "証明書のファイルは、ここには残っていません。", "The file is not kept here.")
	case store.DocumentRecalled:
		return notice(webui.Bad, "渡した後に無効としました。紙を回収してください", "It was handed over, and is void since. Get the paper back",
			"番号を確かめた方には、無効と表示されます。紙が戻ったら、下に記録してください。", "Whoever verifies it is told that it is void. When the paper is back, record it below.")
	case store.DocumentRecovered:
		return notice(webui.Off, "無効とし、紙を回収しました", "It is void, and its paper is back", "必要なときは、新しく申請してください。", "Apply again if it is needed.")
	case store.DocumentVoided:
		return notice(webui.Off, "廃棄しました", "Nothing of it is left", "渡していません。必要なときは、新しく申請してください。", "It was not handed over. Apply again if it is needed.")
	}
	return notice(webui.Info, string(d.State), string(d.State), "", "")
}

// documentForm reads a form about a document; false when the request is answered already.
func (w *screens) documentForm(rw http.ResponseWriter, r *http.Request) (f *webui.Form, d Document, ok bool) {
	if f, ok = w.ui.ReadForm(rw, r); !ok {
		return nil, d, false
	}
	if d, ok = w.documentShown(rw, r); !ok {
		return nil, d, false
	}
	if relanguaged(f) {
		w.renderIssued(rw, r, http.StatusOK, f, d)
		return nil, d, false
	}
	return f, d, true
}

// documentDone answers a form about a document with what came of it.
func (w *screens) documentDone(rw http.ResponseWriter, r *http.Request, f *webui.Form, d Document, err error) {
	if err == nil || errors.Is(err, errDocumentStopped) { // of which the page itself tells
		http.Redirect(rw, r, w.ui.URL("/document/"+d.Request), http.StatusSeeOther)
		return
	}
	if errors.As(err, new(*otherSheets)) {
		f.Noted()
	}
	if err = refused(f, err); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.renderIssued(rw, r, http.StatusUnprocessableEntity, f, d)
}

// printNotice says how the printer stands.
func printNotice(d Document) *webui.Notice {
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
	case s == printing.Stopped && waitsForPrinter(d):
		n.Title = both("プリンターが止まっています", "The printer is stopped")
	case waitsForPrinter(d):
		n.Kind, n.Title = webui.Wait, both("印刷しています", "It is being printed")
	}
	return n
}

// doPrint brings a document to the printer.
func (w *screens) doPrint(rw http.ResponseWriter, r *http.Request) {
	if f, d, ok := w.documentForm(rw, r); ok {
		w.documentDone(rw, r, f, d, w.o.PrintAtCounter(r.Context(), d.Request))
	}
}

var foundOnArrival = map[string]plain.Sentence{
	foundNumber: both("文書番号が、別の証明書と同じ", "another document has its number"),
	foundDay:    both("発行した日時が、申請と合わない", "the time of its issue does not fit the application"),
	foundHalted: both("この版のプログラムによる発行が止められている", "issuing by this version of the program is stopped"),
	foundVerify: both("確認先のアドレスが違う", "the address at which it is verified is another"),
}

// foundNames are what a gate found, in words.
func foundNames(codes []string) plain.Sentence {
	var ja, en []string
	for _, c := range codes {
		name := gate.Code(c).Name()
		if own, known := foundOnArrival[c]; known {
			name = own
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
	w.endDocument(rw, r, "sheets", func(f *webui.Form, d Document, sheets int) error {
		return w.o.HandOverDocument(r.Context(), d.Request, sheets, typedBindings(f))
	})
}

// typedBindings is what was typed of each page.
func typedBindings(f *webui.Form) (all []string) {
	for page := 1; page <= maxSheets && has(f, pageField(page)); page++ {
		all = append(all, f.Value(pageField(page)))
	}
	return all
}

// pageForm is the field of a page in the form of the hand-over.
type pageForm struct {
	Field string
	Label plain.Sentence
}

// pageForms are the fields of the pages of a document.
func (w *screens) pageForms(d Document) (all []pageForm, err error) {
	pages, err := w.o.documents.Gate.Pages(d.Bytes)
	for i := range min(pages, maxSheets) {
		n := strconv.Itoa(i + 1)
		one := pageForm{pageField(i + 1), both("紙の"+n+"ページ目の綴り番号", "Binding number on page "+n)}
		if pages == 1 {
			one.Label = both("紙の綴り番号", "Binding number on the paper")
		}
		all = append(all, one)
	}
	return all, err
}

func (w *screens) voidDocument(rw http.ResponseWriter, r *http.Request) {
	w.endDocument(rw, r, "spoiled", func(f *webui.Form, d Document, sheets int) error {
		return w.o.VoidDocument(r.Context(), d.Request, sheets, f.Value("proof"))
	})
}

// endDocument reads a number of sheets and does what ends a document.
func (w *screens) endDocument(rw http.ResponseWriter, r *http.Request, field string, end func(*webui.Form, Document, int) error) {
	f, d, ok := w.documentForm(rw, r)
	if !ok {
		return
	}
	sheets, err := strconv.Atoi(strings.TrimSpace(f.Value(field)))
	if err != nil {
		err = plain.Bad(field, "枚数を数字で入力してください。例：1", "Enter how many sheets, as a number: 1.")
	} else {
		err = end(f, d, sheets)
	}
	w.documentDone(rw, r, f, d, err)
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
	case store.DocumentRecalled:
		return badge(webui.Bad, "無効（回収していない）", "void, and not back")
	case store.DocumentRecovered:
		return badge(webui.Off, "無効（回収した）", "void, and back")
	}
	return badge(webui.OK, "交付した", "handed over")
}
