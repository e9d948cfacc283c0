package verifier

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"

	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// maxHeld bounds a file that travels back and forth with a form that was refused.
const maxHeld = 1 << 20

// deskPage is the form.
type deskPage struct {
	*webui.Form
	File, Signature held
	Paste           bool   // the place for a pasted signature is open
	API             string // address for scripts
}

// held is a file that came with a form which has to be shown again. A browser does not fill in a file field, so the
// file goes back in the page, and nobody has to choose it twice.
type held struct {
	Name, Base64 string
	Hint         plain.Sentence // what the field says
}

// hold keeps a file for the page; none and one that is too large leave the hint as it is.
func (h *held) hold(p part) {
	if len(p.octets) == 0 || len(p.octets) > maxHeld {
		return
	}
	*h = held{p.name, base64.StdEncoding.EncodeToString(p.octets), say(
		fmt.Sprintf("「%s」（%d バイト）を受け取っています。替えるときだけ、選び直してください。", p.name, len(p.octets)),
		fmt.Sprintf("“%s” (%d octets) is here. Choose a file only to replace it.", p.name, len(p.octets)))}
}

func (s *screens) showDesk(w http.ResponseWriter, r *http.Request) {
	s.ui.Render(w, r, s.desk, http.StatusOK, s.newDesk(webui.NewForm(nil)))
}

func (s *screens) newDesk(form *webui.Form) deskPage {
	return deskPage{Form: form, API: s.o.address(pathAPI),
		File: held{Hint: say("署名ファイルに文書が入っているときは、要りません。署名と合わせて 32 MiB まで。",
			"Not needed when the document is in the signature file. At most 32 MiB, with the signature.")},
		Signature: held{Hint: say("CMS 形式（.p7s）。DER、PEM、S/MIME のどれでも。", "CMS (.p7s) in DER, PEM or S/MIME.")}}
}

// take checks what the form brings, and leads to the result.
func (s *screens) take(w http.ResponseWriter, r *http.Request) {
	allRead, leave, err := s.o.gate.enter(w, r)
	if err != nil {
		whileSending(w, r, func() { s.ui.Fail(w, r, err) })
		return
	}
	defer leave()
	long := takeLong(r)
	form, ok := s.ui.ReadForm(w, r)
	allRead()
	if !ok {
		return
	}
	form.Set(fieldPEM, long[fieldPEM])
	file, signature := partOf(form, fieldFile, long), partOf(form, fieldSignature, long)
	page := s.newDesk(form)
	sent, err := newSubmission(store.Page, file, signature, long[fieldPEM])
	if !form.OK() {
		err = nil // the form is only shown again, in the other language
	}
	if err = form.Take(err); err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	if !form.OK() {
		page.File.hold(file)
		page.Signature.hold(signature)
		page.Paste = form.Value(fieldPEM) != ""
		for name, p := range map[string]part{fieldFile: file, fieldSignature: signature} {
			if len(p.octets) > maxHeld {
				form.Bad(name, "このファイルは大きいため、残しておけませんでした。もう一度選んでください。", "This file was too large to be kept: choose it again.")
			}
		}
		s.ui.Render(w, r, s.desk, http.StatusUnprocessableEntity, page)
		return
	}
	f, err := s.o.check(r.Context(), sent)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	token, err := s.o.results.put(outcome{finding: f, file: file.name, signature: signature.name})
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, s.ui.URL("/results/"+token), http.StatusSeeOther)
}

// heldField and nameField are where the page carries a file and its name.
func heldField(field string) string { return field + "-held" }
func nameField(field string) string { return field + "-name" }

// takeLong takes the entries out of the form that are no typed text: a pasted signature and the files that the page
// carries. webui.Form bounds what a person types, and they may be longer; they are bounded with the request.
func takeLong(r *http.Request) map[string]string {
	long := map[string]string{}
	if err := r.ParseMultipartForm(maxUpload); err != nil && !errors.Is(err, http.ErrNotMultipart) {
		return long // ReadForm meets the same error, and answers it
	}
	for _, name := range []string{fieldPEM, heldField(fieldFile), heldField(fieldSignature)} {
		long[name] = r.PostForm.Get(name)
		r.PostForm.Del(name)
	}
	return long
}

// partOf is the file that was chosen now, else the one that the page has carried.
func partOf(form *webui.Form, field string, long map[string]string) part {
	if octets, name, ok := form.File(field); ok {
		return part{name, octets}
	}
	octets, err := base64.StdEncoding.DecodeString(long[heldField(field)])
	if err != nil || len(octets) == 0 {
		return part{}
	}
	return part{form.Value(nameField(field)), octets}
}
