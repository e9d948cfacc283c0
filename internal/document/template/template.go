// Package template holds the forms of documents (様式) as data: which boxes, rules and words stand where, and which value comes into which
// box. It knows neither persons nor PDF.
//
// A form is a JSON file. What stands on each page is listed under "page"; a block is what is repeated for each person, row by row; blocks
// that do not fit on a page come onto the next one, whole. A text may name values in braces, {name}; a value that is not given is a fault of whoever
// fills in the form and never becomes an empty box.
//
// Plan says for given values what comes where. It is used twice: to draw a document, and, with what the register says at that time, to judge what was
// read back from one. A form is known by the SHA-256 of its file, which is part of what binds a page to its document.
package template

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"strconv"
	"strings"
	"sync"

	"github.com/akashi-id/akashi/internal/document/mm"
)

// Template is a form.
type Template struct {
	Kind    string // resident-record-household
	Version int
	Title   string            // 住民票の写し
	Ground  string            // the warning word of the ground, 複写
	Body    Body              // where blocks come
	Page    []Element         // on each page
	Inner   []Element         // on each page but the last
	Last    []Element         // on the last page
	Blocks  map[string]*Block // by name

	Digest [sha256.Size]byte `json:"-"`
}

// Body is the part of a page that blocks fill, from above.
type Body struct{ Top, Bottom mm.Length }

// Block is repeated: rows of cells, one below the other.
type Block struct {
	X, Gap mm.Length // Gap is left free below
	Rows   []Row
}

// Row is a row of cells, one beside the other.
type Row struct {
	H     mm.Length
	Cells []Cell
}

// Cell is a box with a label on its left and a value beside it.
type Cell struct {
	W, Label    mm.Length // Label is how wide the label's part is
	Name        string    // the label
	Value       string
	Image       string // instead of a value
	Size, Least mm.Length
	Align       Align
}

// Align is on which side of its box a text stands.
type Align string

// The sides.
const (
	Left   Align = ""
	Center Align = "center"
	Right  Align = "right"
)

// Element is what stands at one place: a text, a picture, a box or a rule.
type Element struct {
	mm.Rect
	Text        string
	Size, Least mm.Length // of the letters; Least is the size itself when not given
	Align       Align
	Image       string // the name of a picture, drawn in its own size in the middle
	Vermilion   bool
	Line        mm.Length // the weight of a box around it, or of a rule when it has no width or no height
	Field       string    // what the text is, for people: the label of its cell, or the key of its value
}

// Box tells whether the line of an element is a box; it is a rule otherwise.
func (e Element) Box() bool { return e.W != 0 && e.H != 0 }

//go:embed forms
var forms embed.FS

// All are the forms that the program has, by kind.
var All = sync.OnceValue(func() map[string]*Template {
	all := map[string]*Template{}
	files, err := fs.Glob(forms, "forms/*.json")
	if err != nil {
		panic(err)
	}
	for _, name := range files {
		b, err := forms.ReadFile(name)
		if err != nil {
			panic(err)
		}
		t, err := Parse(b)
		if err != nil {
			panic(name + ": " + err.Error())
		}
		all[t.Kind] = t
	}
	return all
})

// Parse reads a form, strictly.
func Parse(b []byte) (*Template, error) {
	t := &Template{Digest: sha256.Sum256(b)}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(t); err != nil {
		return nil, err
	}
	if t.Kind == "" || t.Version < 1 || t.Title == "" || t.Ground == "" || len(t.Blocks) == 0 {
		return nil, fmt.Errorf("kind, version, title, ground and blocks are needed")
	}
	for name, b := range t.Blocks {
		if b.Height() > t.Body.Bottom-t.Body.Top {
			return nil, fmt.Errorf("the block %s does not fit on a page", name)
		}
		for i, r := range b.Rows {
			w := mm.Length(0)
			for _, c := range r.Cells {
				if w += c.W; c.Label >= c.W || c.Name == "" || c.Value == "" == (c.Image == "") || c.Image == "" && c.Size < c.Least {
					return nil, fmt.Errorf("the block %s: a cell of row %d is not whole", name, i+1)
				}
			}
			if b.X+w > mm.A4Width {
				return nil, fmt.Errorf("the block %s: row %d is wider than the page", name, i+1)
			}
		}
	}
	return t, nil
}

// Height is that of all rows, without the gap.
func (b *Block) Height() (h mm.Length) {
	for _, r := range b.Rows {
		h += r.H
	}
	return h
}

// Values are what comes into a form.
type Values struct {
	Shared map[string]string // of the document
	Blocks []Filled          // in their order
}

// Filled is one block with its values; what it does not say, Shared does.
type Filled struct {
	Block  string
	Values map[string]string
}

// Page is what comes onto one page.
type Page struct{ Elements []Element }

// Format redacts under every verb: it is personal data.
func (Values) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 様式の値]") }

// LogValue redacts.
func (Values) LogValue() slog.Value { return slog.StringValue("[非表示 様式の値]") }

// Format redacts under every verb: it is personal data.
func (Filled) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 様式の値]") }

// LogValue redacts.
func (Filled) LogValue() slog.Value { return slog.StringValue("[非表示 様式の値]") }

// Format redacts under every verb: it is personal data.
func (Element) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 様式の値]") }

// LogValue redacts.
func (Element) LogValue() slog.Value { return slog.StringValue("[非表示 様式の値]") }

const labelSize = 25 * mm.Millimetre / 10 // of the labels of cells
const padding = 6 * mm.Millimetre / 10    // between the edge of a cell and its text

// Plan lays out a document. Texts hold their values; {page} and {pages} count. An error is a fault of the program, and names no value.
func (t *Template) Plan(v Values) ([]Page, error) {
	if len(v.Blocks) == 0 {
		return nil, fmt.Errorf("the form %s: there is nothing to show", t.Kind)
	}
	var pages [][]Filled // which blocks come onto which page
	y := t.Body.Bottom + 1
	for _, f := range v.Blocks {
		b := t.Blocks[f.Block]
		if b == nil {
			return nil, fmt.Errorf("the form %s has no block %q", t.Kind, f.Block)
		}
		if y+b.Height() > t.Body.Bottom {
			pages, y = append(pages, nil), t.Body.Top
		}
		pages[len(pages)-1] = append(pages[len(pages)-1], f)
		y += b.Height() + b.Gap
	}
	plan := make([]Page, len(pages))
	for i, blocks := range pages {
		shared := map[string]string{"page": strconv.Itoa(i + 1), "pages": strconv.Itoa(len(pages))}
		for key, value := range v.Shared {
			shared[key] = value
		}
		elements := append([]Element(nil), t.Page...)
		if i == len(pages)-1 {
			elements = append(elements, t.Last...)
		} else {
			elements = append(elements, t.Inner...)
		}
		p := &plan[i]
		for _, e := range elements {
			if err := p.add(t, e, shared, nil); err != nil {
				return nil, err
			}
		}
		y := t.Body.Top
		for _, f := range blocks {
			b := t.Blocks[f.Block]
			for _, e := range b.elements(y) {
				if err := p.add(t, e, shared, f.Values); err != nil {
					return nil, err
				}
			}
			y += b.Height() + b.Gap
		}
	}
	return plan, nil
}

func (p *Page) add(t *Template, e Element, shared, own map[string]string) error {
	text, field, err := expand(e.Text, shared, own)
	if err != nil {
		return fmt.Errorf("the form %s: %w", t.Kind, err)
	}
	e.Text = text
	if e.Field == "" {
		e.Field = field
	}
	if e.Least == 0 {
		e.Least = e.Size
	}
	p.Elements = append(p.Elements, e)
	return nil
}

// elements are the boxes, labels and values of a block that begins at y.
func (b *Block) elements(y mm.Length) (list []Element) {
	for _, r := range b.Rows {
		x := b.X
		for _, c := range r.Cells {
			list = append(list, Element{Rect: mm.Rect{X: x, Y: y, W: c.W, H: r.H}, Line: 15},
				Element{Rect: mm.Rect{X: x + c.Label, Y: y, H: r.H}, Line: 8},
				Element{Rect: mm.Rect{X: x + padding, Y: y, W: c.Label - 2*padding, H: r.H}, Text: c.Name, Size: labelSize, Least: 16 * mm.Millimetre / 10, Align: Center, Field: c.Name})
			inner := mm.Rect{X: x + c.Label + padding, Y: y, W: c.W - c.Label - 2*padding, H: r.H}
			list = append(list, Element{Rect: inner, Text: c.Value, Image: c.Image, Size: c.Size, Least: c.Least, Align: c.Align, Field: c.Name})
			x += c.W
		}
		y += r.H
	}
	return list
}

// expand puts values into a text.
func expand(text string, shared, own map[string]string) (expanded, field string, err error) {
	var b strings.Builder
	for {
		before, rest, found := strings.Cut(text, "{")
		b.WriteString(before)
		if !found {
			return b.String(), field, nil
		}
		key, after, closed := strings.Cut(rest, "}")
		value, given := own[key]
		if !given {
			value, given = shared[key]
		}
		if !closed || !given || value == "" {
			return "", "", fmt.Errorf("no value is given for {%s}", key)
		}
		b.WriteString(value)
		text, field = after, key
	}
}
