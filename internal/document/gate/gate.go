// Package gate judges a finished document before it leaves (交付前の照合): whether the bytes at hand are the document that was asked for, of the
// persons who are to be on it, as the register has them now.
//
// Check is a pure function of the file, of what is expected and of the fonts. It trusts nothing of how the file came to be: it reads it back
// (internal/document/readback), lays out the expected values on the form, and wants every text, line and picture of every page to be exactly what is
// expected there, in its place, size and ink, and nothing else on the page; the ground to be octet for octet the one that belongs under it; and each
// character to be drawn in the shape that its own fonts have for it. Make the expected Paper anew from the register, not from the job: a flag or a
// change that came in between is then seen, because it changes the binding that stands on each page.
//
// A document may leave when there is no finding. A finding names page and box, and quotes nothing of what stands there.
package gate

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/pades"
	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/plain"
)

// Code is the kind of a finding.
type Code string

// What can be found.
const (
	Unreadable Code = "unreadable" // the file is none of ours, or has something that ours have not
	Digest     Code = "digest"     // the file is not the one that was made
	Signature  Code = "signature"  // it is not signed as a whole, or changed since
	Signer     Code = "signer"     // somebody else signed it
	Pages      Code = "pages"      // it has more or fewer pages
	Binding    Code = "binding"    // a page belongs to another document, or to another state of the register
	Text       Code = "text"       // a text is not what is expected in its box
	Stray      Code = "stray"      // something stands where nothing is expected
	Picture    Code = "picture"    // a picture is missing or another one
	Font       Code = "font"       // it is set in other fonts
	Specimen   Code = "specimen"   // it is a sample, or lacks the mark of one
	Ground     Code = "ground"     // the ground is missing, or another one
	Line       Code = "line"       // the lines are not those of the form
	Look       Code = "look"       // a text has another place, size or ink
	Shape      Code = "shape"      // a character is drawn in another shape
	Register   Code = "register"   // of these people no such document may be given out now
)

// Finding is why a document may not leave.
type Finding struct {
	Code  Code
	Page  int    // from 1; 0 when the whole is meant
	Field string // which box
	plain.Sentence
}

// Expected is what a file is held against.
type Expected struct {
	document.Manifest
	Demo bool // samples may leave: this is a demonstration
}

// Check judges a file. It is complete: one finding does not hide another, where the file can be read at all.
func Check(file []byte, e Expected) []Finding {
	c := &check{Expected: e}
	if sha256.Sum256(file) != e.File {
		c.find(Digest, 0, "", "ファイルのダイジェストが、作成したときのものと異なります。", "The digest of the file is not the one that it was made with.")
	}
	d, err := readback.Read(file)
	if err != nil {
		c.find(Unreadable, 0, "", "ファイルを証明書として読み返せません（"+err.Error()+"）。", "The file cannot be read back as a document ("+err.Error()+").")
		return c.findings
	}
	c.signature(file, d)
	c.fonts(d)
	c.shapes(d)
	if !bytes.Equal(d.Profile, pdf.Profile()) {
		c.find(Look, 0, "", "色の定義が様式と異なります。", "Its colours have another meaning than the form gives them.")
	}
	plan, err := e.Plan()
	if err != nil {
		c.find(Unreadable, 0, "", "期待する内容を様式に配置できません。", "What is expected cannot be laid out on its form.")
		return c.findings
	}
	if len(plan) != len(d.Pages) {
		c.find(Pages, 0, "", fmt.Sprintf("ページ数が%dです。%dのはずです。", len(d.Pages), len(plan)), fmt.Sprintf("It has %d pages; %d are expected.", len(d.Pages), len(plan)))
	}
	for i, page := range d.Pages {
		if i == len(plan) {
			break
		}
		layout, err := e.Lay(e.Fonts, plan[i])
		if err != nil {
			c.find(Unreadable, 0, "", "期待する内容を様式に配置できません。", "What is expected cannot be laid out on its form.")
			return c.findings
		}
		c.page(i+1, page, plan[i], layout)
	}
	return c.findings
}

type check struct {
	Expected
	findings []Finding
}

func (c *check) find(code Code, page int, field, ja, en string) {
	if page > 0 {
		ja, en = fmt.Sprintf("%dページ: ", page)+ja, fmt.Sprintf("Page %d: ", page)+en
	}
	ja += "この証明書を交付しないでください。"
	en += " Do not give this document out."
	c.findings = append(c.findings, Finding{code, page, field, plain.Sentence{JA: ja, EN: en}})
}

func (c *check) signature(file []byte, d readback.Document) {
	if !d.Signed {
		c.find(Signature, 0, "", "電子署名がありません。", "It is not signed.")
		return
	}
	signer, err := pades.Check(file, d.ByteRange)
	switch {
	case errors.Is(err, pades.ErrChanged):
		c.find(Signature, 0, "", "署名した後に変更されています。", "It was changed after it was signed.")
	case err != nil:
		c.find(Signature, 0, "", "ファイル全体に対する正しい電子署名がありません。", "It bears no good signature over the whole file.")
	case sha256.Sum256(signer.Raw) != c.Signer:
		c.find(Signer, 0, "", "別の電子証明書で署名されています。", "It is signed with another certificate.")
	}
	if start, end := d.ByteRange[1], d.ByteRange[2]; err == nil {
		h := sha256.New()
		h.Write(file[:start])
		h.Write(file[end:])
		if [sha256.Size]byte(h.Sum(nil)) != c.Content {
			c.find(Digest, 0, "", "署名の対象となった内容が、作成したものと異なります。", "What was signed is not what was made.")
		}
	}
}

func (c *check) fonts(d readback.Document) {
	sample := false
	for _, read := range d.Fonts {
		sample = sample || read.Name == builtin.Font().Name()
		if !slices.ContainsFunc(c.Fonts, func(f *font.Font) bool { return f.Name() == read.Name }) {
			c.find(Font, 0, "", "指定された書体以外の書体が使われています。", "It is set in a font that is none of the document's.")
		}
	}
	if c.Manifest.Specimen || sample {
		if !c.Demo {
			c.find(Specimen, 0, "", "内蔵の書体で作られた見本です。公式の書体を導入して作り直してください。",
				"It is a sample in the built-in font: install the official font and make it again.")
		}
	}
}

// The inks of documents, and of the mark over a sample.
var (
	black     = readback.Ink{}
	grey      = readback.Ink{Red: 0.75, Green: 0.75, Blue: 0.75}
	vermilion = readback.Ink{Red: 0.78, Green: 0.16, Blue: 0.11}
)

// page holds what stands on a page against what is expected there.
func (c *check) page(n int, page readback.Page, plan template.Page, layout document.Layout) {
	c.marks(n, page, layout)
	used := make([]bool, len(page.Texts))
	for i, t := range page.Texts {
		used[i] = t.Mark != ""
	}
	drawn := make([]bool, len(page.Images))
	foreign := false
	var lines []readback.Line
	for i, e := range plan.Elements {
		if e.Line > 0 {
			lines = append(lines, readback.Line{Rect: e.Rect, Box: e.Box(), Weight: e.Line})
		}
		switch {
		case e.Image != "":
			c.picture(n, page, e, layout.Elements[i].Picture, drawn)
		case e.Text != "":
			if c.text(n, page, e, layout.Elements[i].Lines, used) {
				foreign = true
			}
		}
	}
	if foreign {
		c.find(Binding, n, "binding", "別の証明書のページか、登録の別の時点のページです。", "This page belongs to another document, or to another state of the register.")
	}
	if slices.Contains(used, false) || slices.Contains(drawn, false) {
		c.find(Stray, n, "", "様式にない場所に文字か画像があります。", "Something stands where the form has nothing.")
	}
	if !slices.Equal(page.Lines, lines) {
		c.find(Line, n, "", "罫線が様式と異なります。様式にない線が引かれているか、足りません。", "The lines are not those of the form: one is missing, or is drawn where the form has none.")
	}
}

// text takes the pieces that lie in the box of an element; together they must be its text, as it is laid out. It reports whether the one that differs is
// the binding.
func (c *check) text(n int, page readback.Page, e template.Element, lines []document.Line, used []bool) (foreign bool) {
	const slack = mm.Millimetre / 10 // of what places lose when they are written in points
	box := mm.Rect{X: e.X - slack, Y: e.Y - slack, W: e.W + 2*slack, H: e.H + 2*slack}
	var b strings.Builder
	var pieces []readback.Text
	for i, t := range page.Texts {
		if !used[i] && box.Contains(t.X, t.Y) && box.Contains(max(t.X, t.End), t.Y) {
			b.WriteString(t.Text)
			pieces = append(pieces, t)
			used[i] = true
		}
	}
	switch {
	case b.String() == e.Text:
		if !c.laid(pieces, lines, black) {
			c.find(Look, n, e.Field, "「"+e.Field+"」の欄の文字の位置、大きさ、色のいずれかが様式と異なります。", "The text in the box “"+e.Field+"” has another place, size or colour than the form gives it.")
		}
	case e.Field == "binding":
		return true
	default:
		c.find(Text, n, e.Field, "「"+e.Field+"」の欄が、期待する内容と異なります。", "The box “"+e.Field+"” does not show what is expected.")
	}
	return false
}

// laid tells whether pieces are the lines that were laid out, in their places, fonts and sizes and in this ink. A line has a piece for each change of the
// font.
func (c *check) laid(pieces []readback.Text, lines []document.Line, ink readback.Ink) bool {
	for _, line := range lines {
		pen := 0 // thousandths of the size
		for i := 0; i < len(line.Glyphs); {
			of, from := line.Glyphs[i].Font, pen
			var b strings.Builder
			for ; i < len(line.Glyphs) && line.Glyphs[i].Font == of; i++ {
				b.WriteString(line.Glyphs[i].Text)
				pen += line.Glyphs[i].Advance
			}
			if len(pieces) == 0 {
				return false
			}
			p := pieces[0]
			pieces = pieces[1:]
			// What begins within a line is rounded twice.
			if off := p.X - line.X - mm.Length(from)*line.Size/1000; p.Y != line.Y || from == 0 && off != 0 || off < -1 || off > 1 ||
				p.Size != line.Size || p.Ink != ink || p.Text != b.String() || p.Font != c.Fonts[of].Name() {
				return false
			}
		}
	}
	return len(pieces) == 0
}

func (c *check) picture(n int, page readback.Page, e template.Element, at mm.Rect, drawn []bool) {
	want, ink := c.Picture(e.Image), black
	if e.Vermilion {
		ink = vermilion
	}
	for i, p := range page.Images {
		if !drawn[i] && p.Rect == at && p.Ink == ink && want != nil && p.Digest == want.Digest() {
			drawn[i] = true
			return
		}
	}
	c.find(Picture, n, e.Image, "画像「"+e.Image+"」がないか、別の画像です。", "The picture “"+e.Image+"” is missing, or another one.")
}

// marks wants the ground on each page, and the mark of a sample exactly where it belongs. The ground is drawn over in white and cut out by letters, which is
// more than readback understands: its octets are compared with those that belong there, and what its codes stand for is read back as any other text.
func (c *check) marks(n int, page readback.Page, layout document.Layout) {
	var words strings.Builder
	var mark []readback.Text
	for _, t := range page.Texts {
		switch t.Mark {
		case "Ground":
			words.WriteString(t.Text)
		case "Specimen":
			mark = append(mark, t)
		}
	}
	content, tiles := pdf.GroundOf(c.Fonts, layout.Ground, layout.Clear)
	switch {
	case page.Ground.Content == nil:
		c.find(Ground, n, "", "地紋がありません。", "The ground is missing.")
	case !bytes.Equal(page.Ground.Content, content) || !maps.EqualFunc(page.Ground.Patterns, tiles, bytes.Equal) ||
		strings.ReplaceAll(words.String(), c.Template.Ground, "") != "":
		c.find(Ground, n, "", "地紋が様式と異なります。", "The ground is not that of the form.")
	}
	if len(mark) > 0 != c.Manifest.Specimen || !c.laid(mark, layout.Specimen, grey) {
		c.find(Specimen, n, "", "「見本」の表示が、使われた書体に合いません。", "The mark 見本 is missing, or does not belong here.")
	}
}
