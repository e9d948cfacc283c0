// Package gate judges a finished document before it leaves (交付前の照合): whether the bytes at hand are the document that was asked for, of the
// persons who are to be on it, as the register has them now.
//
// Check is a pure function of the file and of what is expected. It trusts nothing of how the file came to be: it reads it back
// (internal/document/readback), lays out the expected values on the form, and wants every text and every picture of every page to be exactly what is
// expected there, and nothing else on the page. Make the expected Paper anew from the register, not from the job: a flag or a
// change that came in between is then seen, because it changes the binding that stands on each page.
//
// A document may leave when there is no finding. A finding names page and box, and quotes nothing of what stands there.
package gate

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/pades"
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
	Ground     Code = "ground"     // the ground is missing
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
	plan, err := e.Plan()
	if err != nil {
		c.find(Unreadable, 0, "", "期待する内容を様式に配置できません。", "What is expected cannot be laid out on its form.")
		return c.findings
	}
	if len(plan) != len(d.Pages) {
		c.find(Pages, 0, "", fmt.Sprintf("ページ数が%dです。%dのはずです。", len(d.Pages), len(plan)), fmt.Sprintf("It has %d pages; %d are expected.", len(d.Pages), len(plan)))
	}
	for i, page := range d.Pages {
		if i < len(plan) {
			c.page(i+1, page, plan[i])
		}
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
	for _, font := range d.Fonts {
		sample = sample || font.Name == builtin.Font().Name()
		if !slices.ContainsFunc(c.Fonts, func(f document.FontMark) bool { return f.Name == font.Name }) {
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

// page holds what stands on a page against what is expected there.
func (c *check) page(n int, page readback.Page, plan template.Page) {
	c.marks(n, page)
	used := make([]bool, len(page.Texts))
	for i, t := range page.Texts {
		used[i] = t.Mark != ""
	}
	drawn := make([]bool, len(page.Images))
	foreign := false
	for _, e := range plan.Elements {
		switch {
		case e.Image != "":
			c.picture(n, page, e, drawn)
		case e.Text != "":
			if c.text(n, page, e, used) {
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
}

// text takes the pieces that lie in the box of an element; together they must be its text. It reports whether the one that differs is the
// binding.
func (c *check) text(n int, page readback.Page, e template.Element, used []bool) (foreign bool) {
	const slack = mm.Millimetre / 10 // of what places lose when they are written in points
	box := mm.Rect{X: e.X - slack, Y: e.Y - slack, W: e.W + 2*slack, H: e.H + 2*slack}
	var b strings.Builder
	for i, t := range page.Texts {
		if !used[i] && box.Contains(t.X, t.Y) && box.Contains(max(t.X, t.End), t.Y) {
			b.WriteString(t.Text)
			used[i] = true
		}
	}
	if b.String() == e.Text {
		return false
	}
	if e.Field == "binding" {
		return true
	}
	c.find(Text, n, e.Field, "「"+e.Field+"」の欄が、期待する内容と異なります。", "The box “"+e.Field+"” does not show what is expected.")
	return false
}

func (c *check) picture(n int, page readback.Page, e template.Element, drawn []bool) {
	want := c.Picture(e.Image)
	for i, p := range page.Images {
		if !drawn[i] && p.Within(e.Rect) && want != nil && p.Digest == want.Digest() {
			drawn[i] = true
			return
		}
	}
	c.find(Picture, n, e.Image, "画像「"+e.Image+"」がないか、別の画像です。", "The picture “"+e.Image+"” is missing, or another one.")
}

// marks wants the ground on each page, and the mark of a sample exactly where it belongs.
func (c *check) marks(n int, page readback.Page) {
	ground, mark := false, false
	for _, t := range page.Texts {
		switch {
		case t.Mark == "Ground" && t.Text == c.Template.Ground:
			ground = true
		case t.Mark == "Specimen" && t.Text == document.SpecimenMark:
			mark = true
		case t.Mark != "":
			c.find(Ground, n, "", "地紋が様式と異なります。", "The ground is not that of the form.")
		}
	}
	if !ground {
		c.find(Ground, n, "", "地紋がありません。", "The ground is missing.")
	}
	if mark != c.Manifest.Specimen {
		c.find(Specimen, n, "", "「見本」の表示が、使われた書体に合いません。", "The mark 見本 is missing, or does not belong here.")
	}
}
