package webui

import (
	"fmt"
	"html/template"
	"io/fs"
	"sync"

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
	key := parsedPage{u.cfg.Base, name, string(src)}
	if p, known := parsed.Load(key); known {
		return p.(*Page), nil
	}
	p, err := key.parse()
	if err != nil {
		return nil, fmt.Errorf("page %s: %w", name, err)
	}
	parsed.Store(key, p)
	return p, nil
}

// parsedPage is all that a page depends on beside the program. An organisation that is opened again in the same program, as
// after a restart in a test country, finds its pages parsed: without this a fifth of the work of the tests was parsing.
type parsedPage struct{ base, name, src string }

var parsed sync.Map // parsedPage → *Page

// layoutOf returns the layout and the components, which are never executed themselves.
func layoutOf(base string, lang plain.Lang) (*template.Template, error) {
	key := struct {
		base string
		lang plain.Lang
	}{base, lang}
	if t, known := layouts.Load(key); known {
		return t.(*template.Template), nil
	}
	a, err := theAssets()
	if err != nil {
		return nil, err
	}
	t, err := template.New("").Funcs(funcs(base, a, lang)).Option("missingkey=error").ParseFS(htmlFiles, "html/layout.html", "html/components/*.html")
	if err != nil {
		return nil, err
	}
	layouts.Store(key, t)
	return t, nil
}

var layouts sync.Map // base path and language → *template.Template

func (key parsedPage) parse() (*Page, error) {
	p := &Page{name: key.name, byLang: map[plain.Lang]*template.Template{}}
	for _, lang := range languages {
		layout, err := layoutOf(key.base, lang)
		if err != nil {
			return nil, err
		}
		set, err := layout.Clone()
		if err != nil {
			return nil, err
		}
		if set, err = set.New(key.name).Parse(key.src); err != nil {
			return nil, err
		}
		for _, part := range []string{"title", "main"} {
			if set.Lookup(part) == nil {
				return nil, fmt.Errorf("the file must define the template %q", part)
			}
		}
		for _, t := range set.Templates() {
			if err := checkTexts(t.Tree); err != nil {
				return nil, err
			}
			if err := checkParts(t.Tree, func(name string) bool { return set.Lookup(name) != nil }); err != nil {
				return nil, err
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
