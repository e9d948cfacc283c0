package municipality

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// afterPage is where what became of documents is asked about afterwards. It names nobody.
type afterPage struct {
	*webui.Form
	May    bool // begin an inquiry
	Action string
	Find   string
	List   webui.Table
}

func (w *screens) showAfter(rw http.ResponseWriter, r *http.Request) {
	if request := strings.TrimSpace(r.FormValue("request")); request != "" {
		http.Redirect(rw, r, w.ui.URL("/document/"+url.PathEscape(request)+"/trace"), http.StatusSeeOther)
		return
	}
	w.renderAfter(rw, r, http.StatusOK, webui.NewForm(map[string]string{"from": "", "to": "", "cause": "", "request": ""}))
}

func (w *screens) renderAfter(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	all, err := w.o.Inquiries(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := afterPage{Form: f, May: access.May(access.From(r.Context()), access.InquireDocuments, message.Municipality) == nil, Action: w.ui.URL("/documents/after"), Find: w.ui.URL("/documents/after"),
		List: webui.Table{Caption: both("調査（新しい順）", "Inquiries, the newest first"),
			Columns: []webui.Column{{Name: both("番号", "Number")}, {Name: both("何が起きたか", "What happened")}, {Name: both("期間の始まり", "From")}, {Name: both("期間の終わり", "Until")}, {Name: both("始めた人", "Begun by")}, {Name: both("始めた時", "Begun")}},
			Empty:   webui.Empty{Text: both("まだ調査はありません。", "There was none.")}}}
	for _, q := range all {
		p.List.Rows = append(p.List.Rows, []any{webui.Link{Href: w.inquiryURL(q.ID), Text: webui.Code(q.ID)}, webui.Spell(q.Cause), q.From, q.Until, webui.Code(q.By), q.At})
	}
	w.ui.Render(rw, r, w.after, status, p)
}

func (w *screens) inquiryURL(id string) string {
	return w.ui.URL("/documents/after/" + url.PathEscape(id))
}

func (w *screens) traceURL(request string) string {
	return w.ui.URL("/document/" + url.PathEscape(request) + "/trace")
}

// beginInquiry begins an inquiry by the form.
func (w *screens) beginInquiry(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderAfter(rw, r, http.StatusOK, f)
		return
	}
	q, err := ParseInquiry(f.Value("from"), f.Value("to"), f.Value("cause"))
	if err == nil {
		q, err = w.o.InquireDocuments(r.Context(), q)
	}
	if err == nil {
		http.Redirect(rw, r, w.inquiryURL(q.ID), http.StatusSeeOther)
		return
	}
	if err = refused(f, err); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.renderAfter(rw, r, http.StatusUnprocessableEntity, f)
}

// affectedPage is what an inquiry found; with names, who the people are and the drafts of the notices.
type affectedPage struct {
	Notices []webui.Notice
	Terms   []webui.Term
	Counts  []webui.Term
	List    webui.Table
	Names   string // where the people are named; "": nobody may, or they are
	Back    string
	Persons *webui.Table
	Letters []letter
}

// letter is a draft of a notice, line by line.
type letter struct {
	ID     string
	Title  plain.Sentence
	JA, EN []string
}

func (w *screens) showAffected(rw http.ResponseWriter, r *http.Request) {
	w.renderAffected(rw, r, AffectedQuery{Inquiry: r.PathValue("inquiry")})
}

func (w *screens) showAffectedPersons(rw http.ResponseWriter, r *http.Request) {
	w.renderAffected(rw, r, AffectedQuery{Inquiry: r.PathValue("inquiry"), Names: true})
}

func (w *screens) renderAffected(rw http.ResponseWriter, r *http.Request, query AffectedQuery) {
	a, err := w.o.Affected(r.Context(), query)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := affectedPage{Back: w.ui.URL("/documents/after"), Terms: []webui.Term{
		{Label: both("調査の番号", "Inquiry"), Value: webui.Code(a.ID)}, {Label: both("何が起きたか", "What happened"), Value: webui.Spell(a.Cause)},
		{Label: both("期間の始まり", "From"), Value: a.From}, {Label: both("期間の終わり", "Until"), Value: a.Until},
		{Label: both("始めた人", "Begun by"), Value: webui.Code(a.By)}, {Label: both("始めた時", "Begun"), Value: a.At}},
		List: webui.Table{Caption: both("この期間に窓口にあった申請と証明書（古い順）", "Applications and documents at the counter in that time, the oldest first"),
			Columns: []webui.Column{{Name: both("申請番号", "Application")}, {Name: both("証明書", "Document")}, {Name: both("誤りの跡", "Traces of an error")}, {Name: both("紙がある所", "Where the paper is")}, {Name: both("個人番号", "Individual number")}, {Name: both("載る項目（記録にあるもの）", "Items on it, those that the record has")}, {Name: both("載っている人", "Persons on it")}, {Name: both("申請", "Applied")}},
			Empty:   webui.Empty{Text: both("この期間に窓口にあった申請はありません。", "Nothing was at the counter in that time.")}}}
	c := a.Counts
	for _, n := range []struct {
		what plain.Sentence
		n    int
	}{
		{both("申請", "applications"), c.Requests}, {both("作られた証明書", "documents that were made"), c.Documents}, {both("載っている人", "persons on them"), c.Persons},
		{both("そのうち、紙が外にある、または行方の分からない人", "of these, with a paper that is outside, or of which nobody knows where it is"), c.Concerned},
		{both("個人番号の載った証明書", "documents with an individual number"), c.MyNumber}, {both("そのうち、紙が外にある、または行方の分からないもの", "of these, outside, or nobody knows where"), c.Outside},
		{both("開いている件", "open cases"), c.OpenCases}, {both("誤りの跡のある申請", "applications on which an error left a trace"), c.InDoubt},
		{both("別の申請の証明書が印刷されたもの", "printed with another application's document"), c.Another}, {both("その紙に載っている人", "persons on those papers"), c.Shown},
	} {
		p.Counts = append(p.Counts, webui.Term{Label: n.what, Value: int64(n.n)})
	}
	for _, place := range Places {
		if n := c.Places[place]; n > 0 {
			name := place.Name()
			p.Counts = append(p.Counts, webui.Term{Label: both("紙: "+name.JA, "Paper: "+name.EN), Value: int64(n)})
		}
	}
	if !a.Whole {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("ほかにもあります", "There are more"), Text: both("古いものから1,000件までです。期間を分けて、もう一度調べてください。", "These are the oldest 1,000. Divide the time, and look again.")})
	}
	numbersOf := func(d AffectedDocument) string {
		var all []string
		for _, n := range d.Persons {
			all = append(all, strconv.Itoa(n))
		}
		return strings.Join(all, ", ")
	}
	unknown := 0
	for _, d := range a.Documents {
		number := badge(webui.Off, "なし", "none")
		if d.MyNumber {
			number = badge(webui.Warn, "あり", "on it")
		}
		if d.Number == "" {
			number = badge(webui.Off, "証明書なし", "no document")
		}
		if !d.PageKnown && len(d.Persons) > 0 {
			unknown++
		}
		p.List.Rows = append(p.List.Rows, []any{webui.Link{Href: w.traceURL(d.Request), Text: webui.Code(d.Request)}, making.Kind(d.Kind).Name(), doubtBadge(d), placeBadge(d), number, itemWords(d), numbersOf(d), d.AppliedAt})
	}
	if unknown > 0 {
		n := strconv.Itoa(unknown)
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("載っている人を一人しか知らない証明書が"+n+"通あります", "Documents of which only one person is known: "+n),
			Text: both("前のプログラムが受け取ったため、申請された方のほかはこの記録にありません。世帯の記録から調べてください。", "An older program took them, and kept nobody but whom they were asked for. Find the others in the records of the household.")})
	}
	if !query.Names && access.May(access.From(r.Context()), access.LookAtPerson, message.Municipality) == nil && c.Persons > 0 {
		p.Names = w.inquiryURL(a.ID) + "/persons"
	}
	if query.Names {
		p.Persons = &webui.Table{Caption: both("載っている人", "Persons on them"),
			Columns: []webui.Column{{Name: both("氏名", "Name")}, {Name: both("人", "Person")}, {Name: both("住民票コード", "Record code")}, {Name: both("通知", "Notice")}, {Name: both("申請番号", "Applications")}},
			Empty:   webui.Empty{Text: both("証明書は作られていません。", "No document was made.")}}
		for _, one := range a.Persons {
			notice := badge(webui.Off, "紙は外に出ていない", "no paper is outside")
			if one.Concerned || one.Shown {
				notice = badge(webui.Warn, "案を作った", "drafted")
				if one.Shown {
					notice = badge(webui.Bad, "別の人の紙に載った。案を作った", "on another's paper; drafted")
				}
				p.Letters = append(p.Letters, letter{"letter-" + strconv.Itoa(one.Number), both("通知の案: "+one.Name, "Draft of a notice: "+one.Name), strings.Split(strings.TrimSpace(one.Notice.JA), "\n"), strings.Split(strings.TrimSpace(one.Notice.EN), "\n")})
			}
			p.Persons.Rows = append(p.Persons.Rows, []any{webui.Spell(one.Name), strconv.Itoa(one.Number), codeCell(one.DocumentPerson), notice, strings.Join(one.Requests, ", ")})
		}
	}
	w.ui.Render(rw, r, w.affected, http.StatusOK, p)
}

// codeCell is the record code, or that it is withheld.
func codeCell(p DocumentPerson) any {
	if p.Withheld {
		return badge(webui.Warn, "氏名のほかは出せない", "the name alone may be shown")
	}
	code, err := resident.ParseRecordCode("stored", p.Code)
	if err != nil {
		return nil
	}
	return codeText(code)
}

// itemWords are the items of personal data of a document in a cell; of one that was not made there are none.
func itemWords(d AffectedDocument) any {
	if d.Number == "" {
		return nil
	}
	var ja, en []string
	for _, s := range d.Shows {
		ja, en = append(ja, s.JA), append(en, s.EN)
	}
	return both(strings.Join(ja, "、"), strings.Join(en, ", "))
}

// doubtBadge are the traces of an error in a cell; and whose the document is, where it is another request's.
func doubtBadge(d AffectedDocument) any {
	if len(d.Doubts) == 0 {
		return nil
	}
	kind, s := webui.Warn, plain.Sentence{}
	for i, doubt := range d.Doubts {
		name := doubt.Name()
		if i > 0 {
			s.JA, s.EN = s.JA+"、", s.EN+", "
		}
		s.JA, s.EN = s.JA+name.JA, s.EN+name.EN
		if doubt == DoubtAnother {
			kind = webui.Bad
		}
	}
	if d.Of != "" {
		s.JA, s.EN = s.JA+"（"+d.Of+"）", s.EN+" ("+d.Of+")"
	}
	return webui.Badge{Kind: kind, Text: s}
}

func placeBadge(d AffectedDocument) webui.Badge {
	kind := map[Place]webui.BadgeKind{PlaceCitizen: webui.Info, PlaceUnknown: webui.Bad, PlaceRecalled: webui.Bad, PlaceOutside: webui.Bad, PlaceCounter: webui.Wait, PlaceMaking: webui.Wait}[d.Place]
	if kind == "" {
		kind = webui.Off
	}
	if d.Open > 0 {
		kind = webui.Bad
	}
	return webui.Badge{Kind: kind, Text: whereabouts(d)}
}

// tracePage is what the counter knows of a request. It names nobody.
type tracePage struct {
	Notices                       []webui.Notice
	Terms                         []webui.Term
	Digests                       []webui.Term
	Judged, Jobs, Cases, Steps    webui.Table
	Persons                       *webui.Table
	ShowPersons, Back, Delivering string
}

func (w *screens) showTrace(rw http.ResponseWriter, r *http.Request) { w.renderTrace(rw, r, nil) }

// showTracePersons is the same with who stands on the document.
func (w *screens) showTracePersons(rw http.ResponseWriter, r *http.Request) {
	all, err := w.o.DocumentPersons(r.Context(), r.PathValue("request"))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	t := &webui.Table{Caption: both("載っている人", "Persons on it"), Columns: []webui.Column{{Name: both("氏名", "Name")}, {Name: both("住民票コード", "Record code")}, {Name: both("記録の版", "Version of the record")}}}
	for _, p := range all {
		var version any
		if p.Version > 0 {
			version = int64(p.Version)
		}
		t.Rows = append(t.Rows, []any{webui.Spell(p.Name), codeCell(p), version})
	}
	w.renderTrace(rw, r, t)
}

var stepNames = map[string]plain.Sentence{
	actApply: both("申請を受け付けた", "took the application"), actState: both("状態が変わった", "it stands differently"), actPrint: both("印刷に出した", "had it printed"),
	actRecall: both("無効とした", "declared it void"), actRecover: both("紙を回収した", "got the paper back"),
	actSheet: both("渡す前に、別の証明書のページを見つけた", "found a page of another document before the hand-over"), actCase: both("件を開いた", "opened a case"), actCasePropose: both("紙がどうなったかを書いた", "said what became of the paper"), actCaseClose: both("件を閉じた", "closed a case"),
}

// stepDetail is what the audit log says of a step, in words.
func stepDetail(s DocumentsStep) any {
	first, rest, _ := strings.Cut(s.Detail, " ")
	switch s.Act {
	case actApply:
		return making.Kind(strings.TrimSuffix(first, ",")).Name()
	case actState:
		if first == "late" {
			return badge(webui.Bad, "遅れて届き、受け取らなかった", "came too late, and was not taken")
		}
		return documentBadge(store.DocumentState(first))
	case actSheet:
		return sheetWords(rest)
	case actPrint:
		return webui.Code(rest) // behind the number of the document
	case actCase:
		return caseCauses[rest]
	}
	if fate, proof, found := strings.Cut(rest, " "); found && fateNames[Fate(fate)].JA != "" { // an older program wrote down none
		rest = proof
	}
	return webui.Spell(rest) // behind the job: the proof
}

// sheetWords says which pages were of which application: "page 2: 202029-…", or unknown.
func sheetWords(said string) plain.Sentence {
	ja := strings.NewReplacer("page ", "ページ", ": unknown", "：不明").Replace(said)
	return both(ja, said)
}

func (w *screens) renderTrace(rw http.ResponseWriter, r *http.Request, persons *webui.Table) {
	request := r.PathValue("request")
	t, found, err := w.o.TraceDocument(r.Context(), request)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := tracePage{Back: w.ui.URL("/documents/after"), Persons: persons}
	if !found {
		p.Notices = []webui.Notice{{Kind: webui.Bad, Title: both("窓口には、この番号の申請の記録がありません", "The counter has no record of this request"),
			Text: both("番号を確かめてください。証明発行サーバに同じ番号の記録があれば、窓口を通らずに作られた証明書です。発行を止め、運用担当者に知らせてください。", "Check the number. If the issuing server has a record of it, a document was made past the counter: stop issuing, and tell the operators.")}}
		w.ui.Render(rw, r, w.docTrace, http.StatusNotFound, p)
		return
	}
	by := access.From(r.Context())
	if persons == nil && access.May(by, access.LookAtPerson, message.Municipality) == nil {
		p.ShowPersons = w.ui.URL("/document/" + request + "/persons")
	}
	if access.May(by, access.IssueDocument, message.Municipality) == nil {
		p.Delivering = w.ui.URL("/document/" + request)
	}
	if t.Came != "" && t.Came != t.Content {
		ja, en := "どの申請のものかは、この窓口の記録では分かりません。", "This counter does not know of which it is."
		if t.Of != "" {
			ja, en = "申請"+t.Of+"の証明書です。", "It is that of "+t.Of+"."
		}
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Bad, Title: both("別の申請の証明書が届きました", "Another application's document came"),
			Text: both(ja+"印刷した紙があれば回収し、載っている方に知らせてください。", en+" If a sheet was printed, get it back, and tell those who are on it.")})
	}
	if t.Altered {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Bad, Title: both("残っているファイルが、届いたときのものと違います", "The file that is kept is not the one that came"),
			Text: both("この窓口の記憶装置が壊れたか、だれかが書き換えました。渡さず、運用担当者に知らせてください。", "The storage of this counter is damaged, or somebody changed it. Hand nothing over, and tell the operators.")})
	}
	p.Terms = []webui.Term{
		{Label: both("申請番号", "Application"), Value: webui.Code(t.Request)}, {Label: both("種類", "Kind"), Value: making.Kind(t.Kind).Name()}, {Label: both("載せる項目", "Items"), Value: documentItemNames(t.Items)},
		{Label: both("申請した時", "Applied"), Value: t.AppliedAt}, {Label: both("受け付けた人", "Taken by"), Value: webui.Code(t.AppliedBy)},
		{Label: both("申請した方", "The applicant"), Value: asName(t.As)}}
	for _, c := range t.Checks {
		p.Terms = append(p.Terms, webui.Term{Label: both("本人確認の書類の種類", "Identity checked by"), Value: c.Documents}, webui.Term{Label: both("本人確認をした人", "Checked by"), Value: webui.Code(c.By)})
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("状態", "Status"), Value: documentBadge(store.DocumentState(t.State))})
	if len(t.Reasons) > 0 {
		p.Terms = append(p.Terms, webui.Term{Label: both("理由", "Why"), Value: reasonWords(t)})
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("紙がある所", "Where the paper is"), Value: t.Place.Name()})
	if !t.EndedAt.IsZero() && t.EndedBy != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("記録した人", "Recorded by"), Value: webui.Code(t.EndedBy)}, webui.Term{Label: both("記録した時", "Recorded"), Value: t.EndedAt}, webui.Term{Label: both("印刷した枚数", "Sheets printed"), Value: int64(t.Sheets)})
	}
	if t.Proof != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("紙がどうなったか", "What became of the paper"), Value: webui.Spell(t.Proof)})
	}
	if c := t.Recall; c != nil {
		p.Terms = append(p.Terms, webui.Term{Label: both("無効とした時", "Declared void"), Value: c.At}, webui.Term{Label: both("無効とした人", "Declared void by"), Value: webui.Code(c.By)})
		if c.Reason != "" {
			p.Terms = append(p.Terms, webui.Term{Label: both("無効にした理由", "Why it is void"), Value: webui.Spell(c.Reason)})
		}
		if !c.RecoveredAt.IsZero() {
			p.Terms = append(p.Terms, webui.Term{Label: both("回収を記録した時", "The paper was back"), Value: c.RecoveredAt}, webui.Term{Label: both("回収を記録した人", "Recovered by"), Value: webui.Code(c.RecoveredBy)}, webui.Term{Label: both("戻った枚数", "Sheets that came back"), Value: int64(c.Sheets)})
		}
		if c.Proof != "" {
			p.Terms = append(p.Terms, webui.Term{Label: both("戻った紙がどうなったか", "What became of it"), Value: webui.Spell(c.Proof)})
		}
	}
	if t.Number != "" {
		var versions []string
		for _, v := range t.Versions {
			versions = append(versions, v.String())
		}
		kept := both("残っていない", "not kept")
		if t.Kept {
			kept = both("残っている", "kept")
		}
		p.Digests = []webui.Term{{Label: both("文書番号", "Number of the document"), Value: webui.Code(t.Number)}, {Label: both("発行した時", "Issued"), Value: t.IssuedAt},
			{Label: both("ファイルのSHA-256", "SHA-256 of the file"), Value: webui.Code(t.File)}, {Label: both("内容のSHA-256（署名を除く）", "SHA-256 of the content, without the signature"), Value: webui.Code(t.Content)},
			{Label: both("届いた内容のSHA-256（窓口で計算）", "The same of what came, reckoned here"), Value: webui.Code(t.Came)},
			{Label: both("載っている方の記録の版（順に）", "Versions of the records, in their order"), Value: strings.Join(versions, ", ")}, {Label: both("ファイル", "The file"), Value: kept}}
	}
	if t.Server != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("証明発行サーバのプログラムの版", "Version of the server's program"), Value: webui.Code(t.Server)})
	}
	p.Judged = judgedTable(t)
	p.Jobs = webui.Table{Caption: both("印刷", "Printing"), Columns: []webui.Column{{Name: both("印刷の番号", "Job")}, {Name: both("プリンターの答え", "What the printer said")}, {Name: both("出た枚数", "Sheets"), Right: true}, {Name: both("出した人", "By")}, {Name: both("出した時", "Sent")}},
		Empty: webui.Empty{Text: both("印刷していません。", "It was not printed.")}}
	for _, j := range t.Jobs {
		var sheets any
		if j.State != "" {
			sheets = int64(j.Sheets)
		}
		p.Jobs.Rows = append(p.Jobs.Rows, []any{webui.Code(j.Job), jobBadge(j), sheets, webui.Code(j.By), j.At})
	}
	p.Cases = webui.Table{Caption: both("件", "Cases"), Columns: []webui.Column{{Name: both("印刷の番号", "Job")}, {Name: both("何が起きたか", "What happened")}, {Name: both("開いた時", "Opened")}, {Name: both("紙がどうなったか", "What became of the paper")}, {Name: both("書いた人", "Said by")}, {Name: both("確認した人", "Confirmed by")}, {Name: both("閉じた時", "Closed")}, {Name: both("証拠", "Proof")}},
		Empty: webui.Empty{Text: both("件はありません。", "There was none.")}}
	for _, c := range t.Cases {
		row := []any{webui.Code(c.Job), c.Cause, c.OpenedAt, badge(webui.Bad, "証拠待ち", "no proof yet"), nil, nil, nil, nil}
		if c.Fate != "" {
			row[3], row[4], row[5] = fateNames[c.Fate], webui.Code(c.ProposedBy), badge(webui.Wait, "確認待ち", "to be confirmed")
		}
		if !c.ClosedAt.IsZero() {
			row[5], row[6] = webui.Code(c.ClosedBy), c.ClosedAt
			if c.Fate == "" { // an older program closed it, by one person
				row[3], row[4], row[5] = nil, webui.Code(c.ClosedBy), nil
			}
		}
		if c.Proof != "" {
			row[7] = webui.Spell(c.Proof)
		}
		p.Cases.Rows = append(p.Cases.Rows, row)
	}
	p.Steps = webui.Table{Caption: both("監査記録にある経過（古い順）", "What the audit log has, the oldest first"), Columns: []webui.Column{{Name: both("いつ", "When")}, {Name: both("何を", "What")}, {Name: both("だれが", "By")}, {Name: both("内容", "Detail")}}}
	for _, s := range t.Steps {
		p.Steps.Rows = append(p.Steps.Rows, []any{s.At, stepNames[s.Act], webui.Code(s.By), stepDetail(s)})
	}
	w.ui.Render(rw, r, w.docTrace, http.StatusOK, p)
}

// judgedMoments are the moments of a judgement in words.
var judgedMoments = map[string]plain.Sentence{
	store.JudgedCame: both("証明書が届いた時", "when it came"), store.JudgedPrint: both("印刷する時", "before it was printed"), store.JudgedHandOver: both("渡す時", "before it was handed over"),
}

// judgedTable lists each time that the counter held a document against the register, and by which version of its program.
func judgedTable(t DocumentTrace) webui.Table {
	table := webui.Table{Caption: both("窓口での点検", "Judged at the counter"), Columns: []webui.Column{{Name: both("いつ", "When")}, {Name: both("どの場面で", "At which moment")}, {Name: both("結果", "Result")}, {Name: both("窓口のプログラムの版", "Version of the counter's program")}},
		Empty: webui.Empty{Text: both("点検の記録はありません。", "There is no record of a judgement.")}}
	for _, j := range t.Judgements {
		var result, program any = badge(webui.OK, "違いなし", "nothing differs"), nil
		if len(j.Findings) > 0 {
			result = foundNames(j.Findings)
		}
		if j.Program != "" {
			program = webui.Code(j.Program)
		}
		table.Rows = append(table.Rows, []any{j.At, judgedMoments[j.Moment], result, program})
	}
	return table
}

func asName(as string) plain.Sentence {
	switch as {
	case "self":
		return both("本人", "the person")
	case "household":
		return both("同じ世帯の方", "one of the same household")
	case "other":
		return both("第三者（法12条の2・12条の3）", "a third person (arts. 12-2, 12-3)")
	}
	return both(as, as)
}

// reasonWords are why there is no document, or what a gate found in it.
func reasonWords(t DocumentTrace) plain.Sentence {
	if store.DocumentState(t.State) == store.DocumentStopped {
		return foundNames(t.Reasons)
	}
	var ja, en []string
	for _, r := range t.Reasons {
		name := making.Reason(r).Name()
		ja, en = append(ja, name.JA), append(en, name.EN)
	}
	return both(strings.Join(ja, "、"), strings.Join(en, ", "))
}

func jobBadge(j PrintJob) webui.Badge {
	switch printing.State(j.State) {
	case "":
		return badge(webui.Info, "職員の画面から印刷した（何枚出たかは尋ねていない）", "printed from the clerk's screen; nobody was asked what came out")
	case printAsked:
		return badge(webui.Wait, "プリンターに渡している", "it goes to the printer")
	case printFailed:
		return badge(webui.Off, "印刷しなかった", "nothing was printed")
	case printing.Printed:
		return badge(webui.OK, "すべて出た", "all of it came out")
	}
	return webui.Badge{Kind: webui.Bad, Text: j.Says}
}
