package issuing

import (
	"net/http"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// tracePage is what the server knows of a request. It names nobody.
type tracePage struct {
	*webui.Form
	Notices []webui.Notice
	Terms   []webui.Term
	Digests []webui.Term
	Compare string // where a digest of the counter is compared
}

// mountTrace adds the page of one request.
func (o *Issuing) mountTrace(mux *http.ServeMux, ui *webui.UI) error {
	page, err := ui.Page(files, "request")
	if err != nil {
		return err
	}
	mux.Handle("GET /requests/{request}", ui.Only(access.TraceDocument, func(w http.ResponseWriter, r *http.Request) {
		request, file := r.PathValue("request"), strings.ToLower(strings.Join(strings.Fields(r.FormValue("file")), ""))
		t, found, err := o.TraceDocument(r.Context(), request)
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		p := tracePage{Form: webui.NewForm(map[string]string{"file": file}), Compare: o.requestURL(request)}
		if !found {
			p.Notices = []webui.Notice{{Kind: webui.Bad, Title: say("証明発行サーバには、この番号の申請の記録がありません", "The issuing server has no record of this request"),
				Text: say("番号と市区町村を確かめてください。窓口に証明書があれば、このサーバが作ったものではありません。発行を止め、調べてください。", "Check the number and the municipality. If the counter has a document under it, this server did not make it: stop issuing, and find out.")}}
			ui.Render(w, r, page, http.StatusNotFound, p)
			return
		}
		status := http.StatusOK
		if file != "" {
			of, err := o.FileOf(r.Context(), file)
			if err = p.Take(err); err != nil {
				ui.Fail(w, r, err)
				return
			}
			if p.OK() {
				p.Notices = append(p.Notices, compared(request, of))
			} else {
				status = http.StatusUnprocessableEntity
			}
		}
		p.tell(t)
		ui.Render(w, r, page, status, p)
	}))
	return nil
}

// compared says of which request a file is that the counter has under one.
func compared(request, of string) webui.Notice {
	switch of {
	case request:
		return webui.Notice{Kind: webui.OK, Title: say("窓口のファイルと、署名したファイルは同じです", "The counter has the file that was signed"), Text: say("この申請の証明書が、そのまま窓口に届きました。", "The document of this request came to the counter as it was.")}
	case "":
		return webui.Notice{Kind: webui.Bad, Title: say("このサーバが署名したファイルではありません", "This server has signed no such file"), Text: say("写し間違いがないか確かめてください。合っていれば、窓口に別のファイルがあります。渡さずに調べてください。", "Check it for typing errors. If it is right, the counter has another file: hand nothing over, and find out.")}
	}
	return webui.Notice{Kind: webui.Bad, Title: say("別の申請（"+of+"）の証明書です", "It is the document of another request ("+of+")"), Text: say("別の人の証明書が窓口にあるおそれがあります。発行を止め、窓口に知らせてください。", "Another person's document may be at the counter: stop issuing, and tell the counter.")}
}

var endingNames = map[message.Ending]plain.Sentence{
	message.Delivered: say("窓口で渡した", "handed over"), message.Stopped: say("止めた", "stopped"), message.Voided: say("渡さずに廃棄した", "destroyed"),
	message.Recalled: say("渡した後に無効とした（紙は戻っていない）", "handed over, and recalled: the paper is not back"), message.Recovered: say("渡した後に無効とし、紙を回収した", "handed over, recalled, and recovered"),
	"": say("まだ知らされていない", "not told yet"),
}

// tell fills a page with what is known of a request.
func (p *tracePage) tell(t DocumentTrace) {
	if t.Altered {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Bad, Title: say("残っているファイルが、署名したときのものと違います", "The file that is kept is not the one that was signed"),
			Text: say("このサーバの記憶装置が壊れたか、だれかが書き換えました。発行を止めて調べてください。", "The storage of this server is damaged, or somebody changed it: stop issuing, and find out.")})
	}
	badge, known := stateBadges[store.State(t.State)]
	if !known {
		badge = webui.Badge{Kind: webui.Info, Text: say(t.State, t.State)}
	}
	asked := func(items []string) plain.Sentence {
		var ja, en []string
		for _, s := range making.Shown(making.Kind(t.Kind), items) {
			ja, en = append(ja, s.JA), append(en, s.EN)
		}
		return say(strings.Join(ja, "、"), strings.Join(en, ", "))
	}
	p.Terms = []webui.Term{
		{Label: say("申請番号", "Request"), Value: webui.Code(t.Request)}, {Label: say("種類", "Kind"), Value: making.Kind(t.Kind).Name()}, {Label: say("載せる項目（記録にあるもの）", "Items on it, those that the record has"), Value: asked(t.Items)},
		{Label: say("申請を受けた時", "Asked"), Value: t.AskedAt}, {Label: say("窓口の担当者", "At the counter"), Value: webui.Code(t.AskedBy)}, {Label: say("状態", "State"), Value: badge}}
	add := func(label plain.Sentence, value any) {
		p.Terms = append(p.Terms, webui.Term{Label: label, Value: value})
	}
	if len(t.Reasons) > 0 {
		add(say("発行しない理由", "Why refused"), reasonNames(t.Reasons))
	}
	if !t.DecidedAt.IsZero() {
		add(say("決めた時", "Decided"), t.DecidedAt)
		var program any
		if t.Program != "" {
			program = webui.Code(t.Program)
		}
		add(say("決めたプログラムの版", "Version of the program that decided"), program)
	}
	if !t.RegisterAt.IsZero() {
		add(say("住民記録の時点", "Register as of"), t.RegisterAt)
	}
	if t.Number == "" {
		return
	}
	var versions []string
	for _, v := range t.Versions {
		versions = append(versions, v.String())
	}
	kept := say("残っていない", "not kept")
	if t.Kept {
		kept = say("残っている", "kept")
	}
	var file any = webui.Code(t.File)
	if t.File == "" {
		file = say("署名していない", "it was not signed")
	}
	p.Digests = []webui.Term{{Label: say("文書番号", "Number of the document"), Value: webui.Code(t.Number)}, {Label: say("発行した時", "Issued"), Value: t.IssuedAt}, {Label: say("ページ数", "Pages"), Value: int64(t.Pages)},
		{Label: say("ファイルのSHA-256", "SHA-256 of the file"), Value: file}, {Label: say("内容のSHA-256（署名を除く）", "SHA-256 of the content, without the signature"), Value: webui.Code(t.Content)},
		{Label: say("載っている方の記録の版（順に）", "Versions of the records, in their order"), Value: strings.Join(versions, ", ")}, {Label: say("ファイル", "The file"), Value: kept},
		{Label: say("どうなったか", "What became of it"), Value: endingNames[t.Ending]}}
	if t.Signer != "" {
		p.Digests = append(p.Digests, webui.Term{Label: say("作成・署名・点検したプログラムの版", "Version of the program that drew, signed and judged it"), Value: webui.Code(t.Signer)})
	}
	if !t.EndedAt.IsZero() {
		p.Digests = append(p.Digests, webui.Term{Label: say("知らされた時", "Told"), Value: t.EndedAt}, webui.Term{Label: say("印刷した枚数", "Sheets printed"), Value: int64(t.Sheets)})
	}
	if !t.RecalledAt.IsZero() {
		p.Digests = append(p.Digests, webui.Term{Label: say("無効と知らされた時", "Told that it is recalled"), Value: t.RecalledAt}, webui.Term{Label: say("無効とした人", "Recalled by"), Value: webui.Code(t.RecalledBy)})
	}
	if !t.RecoveredAt.IsZero() {
		p.Digests = append(p.Digests, webui.Term{Label: say("回収と知らされた時", "Told that the paper is back"), Value: t.RecoveredAt}, webui.Term{Label: say("回収を記録した人", "Recovered by"), Value: webui.Code(t.RecoveredBy)})
	}
}

// reasonNames are why nothing is issued, in words.
func reasonNames(all []string) (reasons plain.Sentence) {
	for i, text := range all {
		name := Reason(text).Name()
		if i > 0 {
			reasons.JA, reasons.EN = reasons.JA+"、", reasons.EN+", "
		}
		reasons.JA, reasons.EN = reasons.JA+name.JA, reasons.EN+name.EN
	}
	return reasons
}
