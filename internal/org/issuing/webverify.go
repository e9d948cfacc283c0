package issuing

import (
	"net/http"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// maxVerify bounds what comes with the form of a verification.
const maxVerify = message.MaxDocument + 64<<10

type verifyPage struct {
	*webui.Form
	Result *verifiedPart
}

type verifiedPart struct {
	Notice webui.Notice
	Terms  []webui.Term
}

// mountVerify adds the page on which everybody verifies a document that they were given.
func (o *Issuing) mountVerify(mux *http.ServeMux, ui *webui.UI) error {
	page, err := ui.Page(files, "verify")
	if err != nil {
		return err
	}
	show := func(w http.ResponseWriter, r *http.Request) {
		ui.Render(w, r, page, http.StatusOK, verifyPage{Form: webui.NewForm(map[string]string{"number": r.PathValue("number")})})
	}
	mux.Handle("GET /verify", ui.Only(access.VerifyDocument, show))
	mux.Handle("GET /verify/{number}", ui.Only(access.VerifyDocument, show))
	mux.Handle("POST /verify", ui.Only(access.VerifyDocument, func(w http.ResponseWriter, r *http.Request) {
		f, ok := ui.ReadForm(w, r)
		if !ok {
			return
		}
		p := verifyPage{Form: f}
		if !f.OK() { // shown again in the other language
			ui.Render(w, r, page, http.StatusOK, p)
			return
		}
		file, _, chosen := f.File("file")
		number, proof := f.Value("number"), f.Value("proof")
		var v Verified
		var err error
		switch {
		case chosen:
			v, err = o.VerifyFile(r.Context(), file)
		case strings.TrimSpace(number) == "":
			f.Bad("number", "文書番号を入力するか、PDFのファイルを選んでください。", "Enter the number of the document, or choose the PDF file.")
		case strings.TrimSpace(proof) == "":
			f.Bad("proof", "各ページの下にある綴り番号を入力してください。", "Enter the binding number at the foot of each page.")
		default:
			v, err = o.VerifyNumber(r.Context(), number, proof)
		}
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		if !f.OK() {
			ui.Render(w, r, page, http.StatusUnprocessableEntity, p)
			return
		}
		p.Result = o.told(v)
		ui.Render(w, r, page, http.StatusOK, p)
	}))
	return nil
}

// told puts a verdict into words.
func (o *Issuing) told(v Verified) *verifiedPart {
	p := &verifiedPart{}
	switch v.Verdict {
	case Genuine:
		p.Notice = webui.Notice{Kind: webui.OK, Title: say("この証明書は、発行されたものです", "This document was issued"),
			Text: say("紙の記載が、下の内容と合うかを見てください。複写では、地紋に「複写」の文字が出ます。", "See whether the paper says what stands below. On a copy the word 複写 appears in the ground.")}
	case Void:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: say("この証明書は、無効です", "This document is void"),
			Text: say("交付の前に止められたか廃棄されたもの、または交付の後に無効とされたものです。受け取らず、市区町村に知らせてください。", "It was stopped or destroyed before it was handed over, or declared void since. Do not accept it, and tell the municipality.")}
	case Altered:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: say("発行された証明書のファイルではありません", "This is not the file of a document that was issued"),
			Text: say("署名の後に変えられたか、別のファイルです。受け取らないでください。スキャンした紙は、文書番号と綴り番号で確かめられます。", "It was changed after it was signed, or is another file. Do not accept it. A scanned paper can be verified by its numbers.")}
	case Other:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: say("別の者が署名したファイルです", "Somebody else signed this file"),
			Text: say("この市区町村の証明書ではありません。発行した市区町村の確認ページを使ってください。", "It is no document of this municipality: use the page of the one that issued it.")}
	default:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: say("この番号の組では確認できません", "Nothing of these numbers was issued"),
			Text: say("文書番号と綴り番号に打ち間違いがないか確かめてください。合っていれば、ここで発行した証明書ではありません。市区町村に知らせてください。", "Check both numbers for typing errors. If they are right, it was not issued here: tell the municipality.")}
	}
	if v.Number == "" {
		return p
	}
	p.Terms = []webui.Term{{Label: say("文書番号", "Number"), Value: webui.Code(v.Number)}, {Label: say("種類", "Kind"), Value: v.Kind.Name()},
		{Label: say("証明した者", "Certified by"), Value: webui.Spell(o.press.Office.Municipality + "　" + o.press.Office.Title)},
		{Label: say("発行した日", "Issued on"), Value: say(resident.DateOf(v.IssuedAt).Wareki(), resident.DateOf(v.IssuedAt).String())}, {Label: say("ページ数", "Pages"), Value: int64(v.Pages)}}
	if v.Specimen {
		p.Terms = append(p.Terms, webui.Term{Label: say("注意", "Note"), Value: say("見本です。証明としては使えません。", "It is a sample, and certifies nothing.")})
	}
	return p
}
