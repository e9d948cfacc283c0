package webui

import (
	"errors"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident/moji"
)

// Form is what somebody has entered, and what is wrong with it. Embed *Form in the data of a page: the layout then
// shows the problems at the top, each linked to its field, and every field keeps what was entered.
//
// A handler reads values, adds problems, and acts only when OK reports true.
type Form struct {
	values   url.Values
	files    map[string][]*multipart.FileHeader
	problems plain.Problems
	noted    bool              // what is wrong was written down
	shown    map[string]bool   // fields that the page has, for the links of the summary
	again    bool              // only to be shown again: sent by the language switch or by the way back from Confirm
	replaced []moji.Replaced   // codes of characters that stood in the entries
	typed    map[string]string // the entries of these, as they were typed
}

// longestValue bounds one entry, in characters. The longest that a law knows is an address.
const longestValue = 4000

// NewForm returns a form that is not filled in, or with the values that the register has.
func NewForm(values map[string]string) *Form {
	f := &Form{values: url.Values{}, shown: map[string]bool{}, typed: map[string]string{}}
	for k, v := range values {
		f.values.Set(k, v)
	}
	return f
}

// ReadForm reads a posted form of either encoding. It returns false when the request could not be read, and has then
// answered it.
func (u *UI) ReadForm(w http.ResponseWriter, r *http.Request) (*Form, bool) {
	// ParseForm first and by itself: ParseMultipartForm would hide that another encoding could not be read.
	err := r.ParseForm()
	if err == nil {
		// All of it stays in memory: an uploaded file must not be left behind on disk. Serve has bounded the body.
		err = r.ParseMultipartForm(u.cfg.MaxBody)
	}
	if err != nil && !errors.Is(err, http.ErrNotMultipart) {
		var tooLarge *http.MaxBytesError
		if !errors.As(err, &tooLarge) {
			err = plain.Bad("", "送られた内容を読めませんでした。前の画面に戻り、もう一度送ってください。",
				"What was sent could not be read: go back and send it again.")
		}
		u.Fail(w, r, err)
		return nil, false
	}
	f := NewForm(nil)
	f.again = r.PostForm.Has(relangField) || r.PostForm.Has(backField)
	for name, values := range r.PostForm {
		switch name {
		case relangField, backField, sealedField, passkeyField, softField:
			continue
		}
		f.values[name] = values
		for _, v := range values {
			switch err := plain.Unseen(name, v); {
			case err != nil:
				_ = f.Take(err) // a problem, and nothing else
				if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
					f.values.Del(name)
				}
			case utf8.RuneCountInString(v) > longestValue:
				f.Bad(name, "長すぎます。4,000文字までで入力してください。", "This is too long: enter at most 4,000 characters.")
			}
		}
		if u.cfg.Characters {
			f.readCodes(name)
		}
	}
	if r.MultipartForm != nil {
		f.files = r.MultipartForm.File
	}
	return f, true
}

// readCodes puts characters in the place of their codes (moji.Expand). Nobody has seen them yet, so the form is only shown again,
// with the characters in it.
func (f *Form) readCodes(name string) {
	values := slices.Clone(f.values[name]) // the request keeps what was typed, for whoever reads it again
	for i, v := range values {
		out, replaced, wrong := moji.Expand(v)
		switch {
		case wrong != nil:
			f.Bad(name, wrong.JA, wrong.EN)
		case len(replaced) > 0:
			if i == 0 {
				f.typed[name] = v
			}
			values[i], f.replaced = out, append(f.replaced, replaced...)
		}
	}
	if len(values) > 0 {
		f.values[name] = values
	}
}

// KeepsNothing lets a handler that only looks something up act at once on characters that were typed as codes: what it shows is how
// they are seen.
func (f *Form) KeepsNothing() { f.replaced = nil }

// Typed is All with codes of characters as they were typed, for a page that only passes the entries on: the form that they
// were typed into then shows the characters.
func (f *Form) Typed() map[string]string {
	out := f.All()
	for name, v := range f.typed {
		out[name] = strings.TrimSpace(v)
	}
	return out
}

// These are sent along with the same entries, to see them again: by the language switch of a page that answers a POST,
// and by the button of Confirm that leads back to the form.
const relangField, backField = "_lang", "_back"

// Value returns an entry without the spaces around it (also U+3000); inside, it is as it was typed.
func (f *Form) Value(name string) string { return strings.TrimSpace(f.values.Get(name)) }

// Values returns all entries of a field that may have several.
func (f *Form) Values(name string) []string { return f.values[name] }

// All returns every entry, for the hidden fields of Confirm.
func (f *Form) All() map[string]string {
	out := make(map[string]string, len(f.values))
	for name := range f.values {
		out[name] = f.Value(name)
	}
	return out
}

// Set puts a value into a field.
func (f *Form) Set(name, value string) { f.values.Set(name, value) }

// File returns the content and the name of an uploaded file; false when none was chosen.
func (f *Form) File(name string) (data []byte, filename string, ok bool) {
	headers := f.files[name]
	if len(headers) == 0 {
		return nil, "", false
	}
	file, err := headers[0].Open()
	if err != nil {
		return nil, "", false
	}
	defer file.Close()
	data, err = io.ReadAll(file)
	return data, headers[0].Filename, err == nil
}

// Need returns an entry, and adds a problem when it is empty. The label stands within a sentence: 氏 / the family name.
func (f *Form) Need(name string, label plain.Sentence) string {
	v := f.Value(name)
	if v == "" && !f.has(name) {
		f.Bad(name, label.JA+"を入力してください。", "Enter "+label.EN+".")
	}
	return v
}

// NeedChoice is Need for what is chosen and not typed: a list, a radio field, a box, a file.
func (f *Form) NeedChoice(name string, label plain.Sentence) string {
	v := f.Value(name)
	if v == "" && len(f.files[name]) == 0 && !f.has(name) {
		f.Bad(name, label.JA+"を選んでください。", "Choose "+label.EN+".")
	}
	return v
}

// Bad adds a problem of a field: what is wrong and what to do, as whole sentences.
func (f *Form) Bad(name, ja, en string) { f.problems = append(f.problems, plain.Bad(name, ja, en)) }

// Take adds what a rule has refused (plain.Problem, plain.Problems) to the form and returns nil; every other error is
// not about the entries, and is returned.
func (f *Form) Take(err error) error {
	if problems, ok := plain.AsProblems(err); ok {
		f.problems = append(f.problems, problems...)
		return nil
	}
	return err
}

// Noted says that what is wrong was written down, where the page would say that nothing was.
func (f *Form) Noted() { f.noted = true }

// OK reports whether the form may be acted on: nothing is wrong with it, and it is not only to be shown again: it was sent for that,
// or codes in it became characters that nobody has seen yet. A
// handler that gets false shows the form.
func (f *Form) OK() bool { return len(f.problems) == 0 && !f.again && len(f.replaced) == 0 }

// Problems returns what is wrong, in the order in which it was found.
func (f *Form) Problems() plain.Problems { return f.problems }

func (f *Form) has(name string) bool {
	for _, p := range f.problems {
		if p.Field == name {
			return true
		}
	}
	return false
}

// form lets Render find the form in a page's data that embeds it.
func (f *Form) form() *Form { return f }
