package document_test

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// hard is a paper of difficult names, issued.
type hard struct {
	paper    document.Paper
	manifest document.Manifest
	file     []byte
}

// hardPapers are all papers of the fixture: four names to a household (世帯連記式), and for each name the individual form (個人票) and the
// certificate of a registered seal. Number and address are of the form and the length that an issuing server gives them.
func hardPapers(names []difficult) (papers []document.Paper) {
	request := func() document.Request {
		n := len(papers) + 1
		r := documenttest.Request(fmt.Sprintf("hard-%05d", n))
		r.Number = fmt.Sprintf("202029-20261123-%05d", n)
		r.Verify = fmt.Sprintf("https://shomei.city.matsumoto.nagano.example/issuing-202029/verify/%s#AKASHI%05dTEST", r.Number, n)
		return r
	}
	copyOf := func(form string, ds ...difficult) {
		c := documenttest.Copy("")
		c.Request, c.Form, c.Head = request(), form, documenttest.Must(resident.ParseName("", ds[0].name))
		var ps []document.Person
		for i, d := range ds {
			ps = append(ps, d.person(i+1))
		}
		papers = append(papers, must(document.ResidentRecord(c, documenttest.Issuer(), ps)))
	}
	for four := range slices.Chunk(names, 4) {
		copyOf(document.ResidentRecordHousehold, four...)
	}
	for _, d := range names {
		copyOf(document.ResidentRecordIndividual, d)
		papers = append(papers, must(document.SealRegistration(request(), documenttest.Issuer(), d.person(1), document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)})))
	}
	return papers
}

// TestDifficultNames: every character of two hundred difficult names comes back from every kind of paper with its selector, in its box, and nothing
// is cut, touches a rule or meets its neighbour.
func TestDifficultNames(t *testing.T) {
	fonts := documenttest.Official(t)
	least, wrapped, smaller := map[string]mm.Length{}, 0, 0
	for _, p := range hardPapers(readNames(t, namesText)) {
		file, m := documenttest.Issue(t, p, fonts)
		for _, f := range gate.Check(file, gate.Expected{Manifest: m}) {
			t.Errorf("%s %s: the gate: %s, page %d, %s", p.Template.Kind, p.Request.ID, f.Code, f.Page, f.Field)
		}
		d, err := readback.Read(file)
		if err != nil {
			t.Fatal(err)
		}
		plan, err := p.Plan()
		if err != nil {
			t.Fatal(err)
		}
		ink := inkOf(t, d)
		for i, page := range plan {
			for _, s := range settle(t, ink, page, d.Pages[i]) {
				if s.size < s.Size {
					smaller++
				}
				if s.lines > 1 {
					wrapped++
				}
				if at := strings.TrimPrefix(p.Template.Kind, "resident-record-") + " " + s.Field; strings.Contains("氏名 旧氏 通称 旧氏又は通称 氏名の振り仮名", s.Field) && s.Field != "" && (least[at] == 0 || s.size < least[at]) {
					least[at] = s.size
				}
			}
		}
		if t.Failed() {
			t.Fatalf("%s %s", p.Template.Kind, p.Request.ID)
		}
	}
	t.Logf("%d texts are smaller than the form wishes, %d take more than a line; the smallest names: %v", smaller, wrapped, least)
	if smaller == 0 || wrapped == 0 {
		t.Error("no name is too long for its line: the fixture is not difficult")
	}
}

// glyphInk is where the ink of a character lies, in parts of the size from where the pen stands; none for a blank.
type glyphInk struct {
	left, top, right, bottom float64 // top and bottom downwards from the line
	advance                  float64
	none                     bool
}

// inkOf measures the outlines in the file, and not those of the font that they were taken from.
func inkOf(t *testing.T, d readback.Document) map[string]glyphInk {
	t.Helper()
	if len(d.Fonts) != 1 {
		t.Fatalf("%d fonts", len(d.Fonts))
	}
	f, err := readFont(d.Fonts[0].Program)
	if err != nil {
		t.Fatal(err)
	}
	em := float64(f.unitsPerEm)
	ink := map[string]glyphInk{}
	for i, text := range d.Fonts[0].Texts {
		left, bottom, right, top, ok := f.ink(i + 1)
		ink[text] = glyphInk{float64(left) / em, -float64(top) / em, float64(right) / em, -float64(bottom) / em, float64(f.advance(i+1)) / em, !ok}
	}
	return ink
}

// box is a rectangle of ink, in hundredths of a millimetre.
type box struct{ left, top, right, bottom float64 }

func (b *box) add(o box) {
	*b = box{math.Min(b.left, o.left), math.Min(b.top, o.top), math.Max(b.right, o.right), math.Max(b.bottom, o.bottom)}
}

func (b box) meets(o box) bool {
	return b.left < o.right && o.left < b.right && b.top < o.bottom && o.top < b.bottom
}

// settled is an element as it stands on the page.
type settled struct {
	template.Element
	size  mm.Length
	lines int
	ink   box
}

// settle holds a page against its plan: the pieces of text in the order of drawing are the elements in theirs, and the ink of each lies in its box.
func settle(t *testing.T, ink map[string]glyphInk, plan template.Page, page readback.Page) (all []settled) {
	t.Helper()
	pieces := page.Texts
	for len(pieces) > 0 && pieces[0].Mark != "" {
		pieces = pieces[1:]
	}
	for _, e := range plan.Elements {
		if e.Text == "" {
			continue
		}
		s := settled{Element: e, ink: box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}}
		got, before := "", math.Inf(-1) // the lowest ink of the line before
		for got != e.Text && len(pieces) > 0 && strings.HasPrefix(e.Text, got+pieces[0].Text) {
			piece := pieces[0]
			pieces = pieces[1:]
			got += piece.Text
			if s.lines++; s.size != 0 && s.size != piece.Size {
				t.Errorf("%s: its lines have two sizes", e.Field)
			}
			s.size = piece.Size
			line, end := inkOfLine(t, ink, piece)
			if line.top < before {
				t.Errorf("%s: line %d meets the one before", e.Field, s.lines)
			}
			if math.Abs(end-float64(piece.End)) > 5 {
				t.Errorf("%s: line %d ends at %v and the outlines in the file at %.0f", e.Field, s.lines, piece.End, end)
			}
			before = line.bottom
			s.ink.add(line)
		}
		if got != e.Text {
			t.Errorf("%s: the text that is read back is another one: %d characters instead of %d", e.Field, len([]rune(got)), len([]rune(e.Text)))
			return all
		}
		// The ink may lean out of the text's box into the padding of its cell (0.6 mm), and no further than halfway; above and below there is none.
		const half, rule = 30, 7.5
		if x, y := float64(e.X), float64(e.Y); s.ink.left < x-half || s.ink.right > x+float64(e.W)+half || s.ink.top < y+rule || s.ink.bottom > y+float64(e.H)-rule {
			t.Errorf("%s: the ink %.0f lies out of its box %+v", e.Field, s.ink, e.Rect)
		}
		// It is as large as the form wishes where that fits on a line, no larger ever, and never too small to read.
		width := 0.0
		for g := range written(strings.TrimRight(e.Text, " \u3000")) {
			width += ink[g].advance * float64(e.Size)
		}
		if fits := width <= float64(e.W)-1; s.size > e.Size || s.size < e.Least || fits && (s.size != e.Size || s.lines != 1) {
			t.Errorf("%s: it is set at %v mm on %d lines; the form wishes %v, at least %v", e.Field, s.size, s.lines, e.Size, e.Least)
		}
		for _, o := range all {
			if s.ink.meets(o.ink) {
				t.Errorf("%s meets %s", e.Field, o.Field)
			}
		}
		for _, i := range page.Images {
			if s.ink.meets(box{float64(i.X), float64(i.Y), float64(i.X + i.W), float64(i.Y + i.H)}) {
				t.Errorf("%s meets a picture", e.Field)
			}
		}
		all = append(all, s)
	}
	if len(pieces) > 0 {
		t.Errorf("%d texts are none of the form's", len(pieces))
	}
	return all
}

// inkOfLine is the ink of a piece of text, and where it ends without the blanks at its end.
func inkOfLine(t *testing.T, ink map[string]glyphInk, piece readback.Text) (line box, end float64) {
	t.Helper()
	size, pen := float64(piece.Size), float64(piece.X)
	line = box{math.Inf(1), math.Inf(1), math.Inf(-1), math.Inf(-1)}
	for text := range written(piece.Text) {
		g, known := ink[text]
		if !known {
			t.Fatalf("the file has no glyph of %s", codePoints(text))
		}
		if !g.none {
			line.add(box{pen + g.left*size, float64(piece.Y) + g.top*size, pen + g.right*size, float64(piece.Y) + g.bottom*size})
			end = pen + g.advance*size
		}
		pen += g.advance * size
	}
	return line, end
}

// written are the characters of a text, each with its selector.
func written(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		runes := []rune(text)
		for i := 0; i < len(runes); i++ {
			n := 1
			if i+1 < len(runes) && font.Selector(runes[i+1]) {
				n = 2
			}
			if !yield(string(runes[i : i+n])) {
				return
			}
			i += n - 1
		}
	}
}

// TestMissingGlyphsAreNamed: in a font that lacks a character of a name nothing is made, and the sentence names the first that is missing.
func TestMissingGlyphsAreNamed(t *testing.T) {
	builtin := documenttest.Builtin()
	refused := 0
	for _, d := range readNames(t, namesText) {
		want := ""
		for _, text := range []string{d.name, d.beside} {
			for c := range written(text) {
				if runes := []rune(c + "\x00"); want == "" {
					if _, found := builtin[0].Glyph(runes[0], runes[1]); !found {
						want = codePoints(c)
					}
				}
			}
		}
		p := must(document.SealRegistration(documenttest.Request("r1"), documenttest.Issuer(), d.person(1), document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)}))
		if !d.foreign { // a reading is not on that paper
			c := documenttest.Copy("r1")
			c.Form, c.Head = document.ResidentRecordIndividual, documenttest.Must(resident.ParseName("", d.name))
			person := d.person(1)
			person.Record.Residence.Earlier = person.Record.Address // documenttest's has 葛 of IPAmj
			p = must(document.ResidentRecord(c, documenttest.Issuer(), []document.Person{person}))
		}
		f, err := p.Draw(builtin, 100)
		problem := (*plain.Problem)(nil)
		switch {
		case want == "":
			if err != nil {
				t.Errorf("%s:%d: %v", namesFile, d.line, err)
			}
		case !errors.As(err, &problem) || !strings.Contains(problem.JA, "（"+want+"）") || !strings.Contains(problem.EN, "("+want+")") || len(f.Bytes) > 0:
			t.Errorf("%s:%d: got %v, want a sentence that names %s", namesFile, d.line, err, want)
		default:
			refused++
		}
	}
	t.Logf("the built-in font lacks a character of %d names", refused)

	// The official font refuses what it lacks as well; such a name no record can hold, but the name of a mayor is a setting.
	for _, c := range []struct{ name, want string }{{"葛\U000E0100西", "U+845B U+E0100"}, {"赵", "U+8D75"}, {"\uFB01", "U+FB01"}, {"\uE000", "U+E000"}, {"e\u0301\u0323", "U+0323"}} {
		by := documenttest.Issuer()
		by.Name = c.name
		_, err := must(document.SealRegistration(documenttest.Request("r1"), by, documenttest.Person(1, "林"), document.RegisteredSeal{Imprint: documenttest.Seal(18, 3)})).Draw(documenttest.Official(t), 100)
		problem := (*plain.Problem)(nil)
		if !errors.As(err, &problem) || !strings.Contains(problem.JA, c.want) || !strings.Contains(problem.EN, c.want) {
			t.Errorf("%+q: got %v, want a sentence that names %s", c.name, err, c.want)
		}
	}
}
