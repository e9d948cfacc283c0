package webui

import (
	"html/template"

	"github.com/akashi-id/akashi/internal/plain"
)

// Field is one field of a form as the components show it: text, date, area, select, radio, check, file. Templates make
// it with the function field and its options:
//
//	{{template "text" (field .Form "family" (t "氏" "Family name") required (hint (t "戸籍のとおり" "As in the family register")))}}
//	{{template "select" (field .Form "reason" (t "異動の理由" "Reason") required (options .Reasons))}}
type Field struct {
	Name, Label  string
	Hint         string
	Value        string
	Errors       []string
	Required     bool
	When         string // of whom or when it is required, where it is not always; said in place of 任意
	Width        string // "short", "medium" or ""
	Autocomplete string
	InputMode    string
	Accept       string // of a file
	Lang         string // of what is entered, when it is not the page's
	Options      []Choice
	Characters   string       // address of the page that finds characters, where a name or an address is typed
	Suggest      []Suggestion // what may be typed, offered while it is typed; text only
}

// Suggestion is an entry that is offered while somebody types. It is found by its label, too.
type Suggestion struct{ Value, Label string }

// Choice is one of the values of a select or radio field.
type Choice struct {
	Value string
	Name  plain.Sentence
	Note  plain.Sentence // said under the name; radio only
}

type fieldOption func(*Field)

// fieldFuncs are field and its options. An option that does not exist fails when the page is parsed.
func fieldFuncs(base string, lang plain.Lang) template.FuncMap {
	return template.FuncMap{
		"field": func(f *Form, name, label string, opts ...fieldOption) Field {
			if f == nil {
				f = NewForm(nil)
			}
			f.shown[name] = true
			fd := Field{Name: name, Label: label, Value: f.values.Get(name), Autocomplete: "off"}
			for _, p := range f.problems {
				if p.Field == name {
					fd.Errors = append(fd.Errors, p.In(lang))
				}
			}
			for _, o := range opts {
				o(&fd)
			}
			return fd
		},
		"required": func() fieldOption { return func(f *Field) { f.Required = true } },
		"when":     func(s string) fieldOption { return func(f *Field) { f.When = s } },
		"hint":     func(s string) fieldOption { return func(f *Field) { f.Hint = s } },
		"short":    func() fieldOption { return func(f *Field) { f.Width = "short" } },
		"medium":   func() fieldOption { return func(f *Field) { f.Width = "medium" } },
		"digits":   func() fieldOption { return func(f *Field) { f.InputMode = "numeric" } },
		"accept":   func(s string) fieldOption { return func(f *Field) { f.Accept = s } },
		"japanese": func() fieldOption { return func(f *Field) { f.Lang = "ja" } },
		// characters is for what holds a name or an address; the organisation has a page /characters (Config.Characters).
		"characters": func() fieldOption { return func(f *Field) { f.Characters = base + "/characters" } },
		"suggest":    func(all []Suggestion) fieldOption { return func(f *Field) { f.Suggest = all } },
		"options":    func(cs []Choice) fieldOption { return func(f *Field) { f.Options = cs } },
	}
}

// ID is the id of the control, and what the error summary links to.
func (f Field) ID() string { return "f-" + f.Name }

// DescribedBy lists the ids of hint and error, for aria-describedby; empty when there is neither.
func (f Field) DescribedBy() string {
	switch {
	case f.Hint != "" && len(f.Errors) > 0:
		return f.ID() + "-hint " + f.ID() + "-error"
	case f.Hint != "":
		return f.ID() + "-hint"
	case len(f.Errors) > 0:
		return f.ID() + "-error"
	}
	return ""
}
