package template_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/template"
)

// filled are values for every key that a form names.
func filled(t *template.Template, blocks int) template.Values {
	v := template.Values{Shared: map[string]string{}}
	note := func(text string) {
		for {
			_, rest, found := strings.Cut(text, "{")
			if !found {
				return
			}
			key, after, _ := strings.Cut(rest, "}")
			if key != "page" && key != "pages" {
				v.Shared[key] = "値"
			}
			text = after
		}
	}
	for _, list := range [][]template.Element{t.Page, t.Inner, t.Last} {
		for _, e := range list {
			note(e.Text)
		}
	}
	for name, b := range t.Blocks {
		for _, r := range b.Rows {
			for _, c := range r.Cells {
				note(c.Value)
			}
		}
		for range blocks {
			v.Blocks = append(v.Blocks, template.Filled{Block: name})
		}
	}
	return v
}

// TestForms: on every page of every form all texts and pictures lie on the sheet, and none lies over another, by which the gate would take one for the
// other.
func TestForms(t *testing.T) {
	if len(template.All()) != 3 {
		t.Errorf("there are %d forms", len(template.All()))
	}
	sheet := mm.Rect{X: 500, Y: 500, W: mm.A4Width - 1000, H: mm.A4Height - 800}
	for kind, form := range template.All() {
		pages, err := form.Plan(filled(form, 4))
		if err != nil {
			t.Errorf("%s: %v", kind, err)
		}
		if len(pages) < 2 {
			t.Errorf("%s: four persons of each kind take %d pages", kind, len(pages))
		}
		for n, p := range pages {
			var taken []template.Element
			for _, e := range p.Elements {
				if e.Text == "" && e.Image == "" {
					continue
				}
				if !e.Within(sheet) || e.W <= 0 || e.H <= 0 {
					t.Errorf("%s, page %d: %s lies at %+v", kind, n+1, e.Field+e.Image, e.Rect)
				}
				for _, o := range taken {
					if e.Overlaps(o.Rect) {
						t.Errorf("%s, page %d: %s lies over %s", kind, n+1, e.Field+e.Image, o.Field+o.Image)
					}
				}
				taken = append(taken, e)
			}
		}
		// Each page says what it belongs to.
		for n, p := range pages {
			for _, want := range []string{"binding", "number", "pages", "qr"} {
				found := false
				for _, e := range p.Elements {
					found = found || e.Field == want || e.Image == want
				}
				if !found {
					t.Errorf("%s: page %d has no %s", kind, n+1, want)
				}
			}
		}
	}
}

func TestPlanRefuses(t *testing.T) {
	form := template.All()["seal-registration"]
	for name, change := range map[string]func(*template.Values){
		"no value":      func(v *template.Values) { delete(v.Shared, "name") },
		"an empty one":  func(v *template.Values) { v.Shared["name"] = "" },
		"no block":      func(v *template.Values) { v.Blocks = nil },
		"another block": func(v *template.Values) { v.Blocks[0].Block = "x" },
	} {
		v := filled(form, 1)
		change(&v)
		if _, err := form.Plan(v); err == nil || strings.Contains(err.Error(), "値") {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, bad := range []string{`{}`, `{"kind":"a","version":1,"title":"t","ground":"g","unknown":1,"blocks":{"b":{}}}`,
		`{"kind":"a","version":1,"title":"t","ground":"g","body":{"top":10,"bottom":20},"blocks":{"b":{"rows":[{"h":11,"cells":[]}]}}}`,
		`{"kind":"a","version":1,"title":"t","ground":"g","body":{"top":1.005,"bottom":20},"blocks":{"b":{}}}`} {
		if _, err := template.Parse([]byte(bad)); err == nil {
			t.Errorf("a form was taken: %s", bad)
		}
	}
}
