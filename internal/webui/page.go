package webui

import (
	"fmt"
	"html/template"
	"io/fs"

	"github.com/akashi-id/akashi/internal/plain"
)

// Page is one screen, parsed once for each language. Its file defines the templates "title" (text only) and "main", and
// any part that is rendered alone (RenderPart).
type Page struct {
	name    string
	byLang  map[plain.Lang]*template.Template
	hasForm bool // a <form id="form">, whose entries the language switch must not lose
}

// Page reads html/NAME.html of an organisation and joins it with the layout and the components. An error is a mistake
// in the file: a template that is not there, a function or an asset that does not exist, a text without its English.
//
// What several pages of an organisation have in common stands in files of its own, whose names are given behind.
func (u *UI) Page(fsys fs.FS, name string, common ...string) (*Page, error) {
	var src []byte
	for _, file := range append(common, name) {
		text, err := fs.ReadFile(fsys, "html/"+file+".html")
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		src = append(src, text...)
	}
	p := &Page{name: name, byLang: map[plain.Lang]*template.Template{}}
	for _, lang := range languages {
		set, err := u.bases[lang].Clone()
		if err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		if set, err = set.New(name).Parse(string(src)); err != nil {
			return nil, fmt.Errorf("page %s: %w", name, err)
		}
		for _, part := range []string{"title", "main"} {
			if set.Lookup(part) == nil {
				return nil, fmt.Errorf("page %s: the file must define the template %q", name, part)
			}
		}
		for _, t := range set.Templates() {
			if err := checkTexts(t.Tree); err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
			if err := checkParts(t.Tree, func(name string) bool { return set.Lookup(name) != nil }); err != nil {
				return nil, fmt.Errorf("page %s: %w", name, err)
			}
			p.hasForm = p.hasForm || definesForm(t.Tree)
		}
		p.byLang[lang] = set
	}
	return p, nil
}

// Must is for pages that are embedded in the program, where an error is a mistake that every start shows.
func Must(p *Page, err error) *Page {
	if err != nil {
		panic(err)
	}
	return p
}
