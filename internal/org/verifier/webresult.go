package verifier

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// resultPage is what a check found, for whoever asked, and what is kept of it, for those who run and inspect the
// office. The reason stands there in both languages: an office prints the page and files it.
type resultPage struct {
	Kind                        webui.BadgeKind
	Name, Reason, Todo          plain.Sentence
	Signer                      []webui.Term // nil when it is not known, and in a record
	Certificate, Inquiry, Input []webui.Term
	Record                      bool   // what is kept, and not what was just found
	Answer                      string // address of the signed answer; "" when there is none
}

func pageOf(v store.Verification, file, signature string) resultPage {
	t := tell(v.Verdict)
	return resultPage{Kind: t.kind, Name: t.name, Reason: plain.Sentence(v.Reason), Todo: t.todo,
		Certificate: certificateTerms(v), Inquiry: inquiryTerms(v), Input: inputTerms(v, file, signature)}
}

// showResult shows a finding to whoever has its address. When it names the signer, that is a look at a person.
func (s *screens) showResult(w http.ResponseWriter, r *http.Request) {
	out, ok := s.o.results.get(r.PathValue("token"))
	if !ok {
		s.ui.Fail(w, r, plain.Bad("", "この結果は、もう表示できません。結果を表示できるのは15分間です。同じファイルを、もう一度検証してください。",
			"This result is no longer shown; it was for 15 minutes. Check the same files again."))
		return
	}
	if out.Holder != nil {
		err := s.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			auditlog.Write(tx, auditlog.Entry{Actor: actor(ctx), Act: auditlog.ActLook, Subject: subject(out.Kept)})
			return nil
		})
		if err != nil {
			s.ui.Fail(w, r, err)
			return
		}
	}
	page := pageOf(out.Kept, out.file, out.signature)
	if h := out.Holder; h != nil {
		page.Signer = []webui.Term{
			{Label: say("氏名", "Name"), Value: webui.Name(h.Name)},
			{Label: say("住所", "Address"), Value: webui.Name(h.Address)},
		}
		if strings.Contains(h.NameSubstitutes+h.AddressSubstitutes, "1") {
			page.Signer = append(page.Signer, webui.Term{Label: say("文字", "Characters"),
				Value: say("一部の文字は、電子証明書で使える文字に置き換えられています。", "Some characters are replaced by those that a certificate can hold.")})
		}
	}
	if !out.ClaimedTime.IsZero() {
		page.Certificate = append(page.Certificate, webui.Term{Label: say("署名した時刻（本人の申告）", "Signed at (the signer says)"), Value: out.ClaimedTime})
	}
	if out.AsText {
		page.Input = append(page.Input, webui.Term{Label: say("改行", "Line ends"),
			Value: say("署名者は、改行を CR LF に直して署名しています（-binary なし）。", "The signer signed with line ends written as CR LF (without -binary).")})
	}
	s.ui.Render(w, r, s.result, http.StatusOK, page)
}

func certificateTerms(v store.Verification) []webui.Term {
	if v.Serial.IsZero() {
		return []webui.Term{{Label: say("電子証明書", "Certificate"), Value: say("信頼する認証局の電子証明書だと、確かめられませんでした。",
			"It could not be established that a trusted CA issued it.")}}
	}
	terms := []webui.Term{
		{Label: say("発行番号", "Serial"), Value: webui.Code(v.Serial.String())},
		{Label: say("種別", "Kind"), Value: v.Profile.Name()},
	}
	if v.Revocation.Valid() {
		terms = append(terms,
			webui.Term{Label: say("失効した時刻", "Revoked at"), Value: v.RevokedAt},
			webui.Term{Label: say("失効理由", "Reason"), Value: v.Revocation.Name()})
	}
	return terms
}

// inquiryTerms say what was asked of whom.
func inquiryTerms(v store.Verification) []webui.Term {
	if v.Asked == "" {
		return []webui.Term{{Label: say("問い合わせ", "Inquiry"), Value: say("署名か電子証明書が正しくないため、問い合わせていません。",
			"None, because the signature or the certificate is not right.")}}
	}
	terms := []webui.Term{{Label: say("問い合わせ先（OCSP）", "Asked (OCSP)"), Value: webui.Code(v.Asked)}}
	if v.ThisUpdate.IsZero() {
		return append(terms, webui.Term{Label: say("回答", "Answer"), Value: say("得られませんでした。", "None could be had.")})
	}
	return append(terms,
		webui.Term{Label: say("回答した者", "Answered by"), Value: v.Responder},
		webui.Term{Label: say("回答の時点", "Answer as of"), Value: v.ThisUpdate},
		webui.Term{Label: say("回答の期限", "Answer good until"), Value: instantOrNone(v.NextUpdate)})
}

func instantOrNone(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func inputTerms(v store.Verification, file, signature string) []webui.Term {
	var terms []webui.Term
	name := func(label plain.Sentence, value string) {
		if value != "" {
			terms = append(terms, webui.Term{Label: label, Value: webui.Name(value)})
		}
	}
	name(say("文書", "Document"), file)
	terms = append(terms, webui.Term{Label: say("文書の SHA-256", "SHA-256 of the document"), Value: hexOrNone(v.ContentHash)})
	name(say("署名ファイル", "Signature file"), signature)
	return append(terms, webui.Term{Label: say("署名ファイルの SHA-256", "SHA-256 of the signature file"), Value: hexOrNone(v.SignatureHash)},
		webui.Term{Label: say("検証した時刻", "Checked at"), Value: v.At})
}
