package readback_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/document/typeset"
)

func file(t testing.TB) []byte {
	t.Helper()
	fonts := []*font.Font{builtin.Font()}
	d := pdf.New(pdf.Info{Title: "<試験> & (test)", Author: "松本市", Made: time.Unix(1_800_000_000, 0)}, fonts)
	glyphs, err := typeset.Shape(fonts, "", "𠮷野　葛")
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		p := d.Page()
		p.Ground(glyphs[:1], nil)
		p.Text(2000, mm.Length(3000+i), 500, pdf.Black, glyphs)
		p.Rule(100, 100, 200, 200, 10)
		p.Draw(&pdf.Image{Width: 9, Height: 2, Bits: []byte{1, 2, 3, 4}}, mm.Rect{X: 5000, Y: 6000, W: 900, H: 200}, pdf.Vermilion)
	}
	f, err := d.Finish(pdf.Signature{Name: "松本市", Room: 64})
	if err != nil {
		t.Fatal(err)
	}
	return f.Bytes
}

func TestReadsWhatWasDrawn(t *testing.T) {
	d, err := readback.Read(file(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Pages) != 2 || !d.Signed || len(d.Fonts) != 1 || d.Fonts[0].Name != "mplus-1p-regular" || len(d.Fonts[0].Texts) != 4 || d.Fonts[0].Texts[0] != "𠮷" {
		t.Fatalf("%d pages, signed %v, fonts %v", len(d.Pages), d.Signed, d.Fonts)
	}
	p := d.Pages[1]
	last := p.Texts[len(p.Texts)-1]
	if want := []readback.Line{{Rect: mm.Rect{X: 100, Y: 100, W: 100, H: 100}, Weight: 10}}; !slices.Equal(p.Lines, want) {
		t.Errorf("read the lines %v, want %v", p.Lines, want)
	}
	if g := p.Ground; !bytes.HasPrefix(g.Content, []byte("/Ground BMC\n")) || !bytes.HasSuffix(g.Content, []byte("\nEMC")) || len(g.Patterns) != 2 || !bytes.HasPrefix(g.Patterns["P0"], []byte("0 g\n0 0 2 2 re\n")) {
		t.Errorf("read the ground %+v", g)
	}
	if want := (readback.Text{X: 2000, Y: 3001, End: 4000, Size: 500, Text: "𠮷野　葛", Font: "mplus-1p-regular"}); last != want {
		t.Errorf("read %+v, want %+v", last, want)
	}
	if p.Joined() != "𠮷野　葛\n" {
		t.Errorf("the ground is read as text: %q", p.Joined())
	}
	if len(p.Images) != 1 || p.Images[0].Ink != (readback.Ink{Red: 0.78, Green: 0.16, Blue: 0.11}) || p.Images[0].Rect != (mm.Rect{X: 5000, Y: 6000, W: 900, H: 200}) ||
		p.Images[0].Digest != (&pdf.Image{Width: 9, Height: 2, Bits: []byte{1, 2, 3, 4}}).Digest() {
		t.Errorf("read %+v", p.Images)
	}
}

// TestRefusesWhatOursHaveNot changes the file in ways by which people would see something else than what is read.
func TestRefusesWhatOursHaveNot(t *testing.T) {
	good := file(t)
	for _, c := range []struct{ from, to, why string }{
		{"/MediaBox [0 0", "/CropBox  [0 0", "another sheet"},
		{"/Encoding /Identity-H", "/Encoding /Identity-V", "another way of writing"},
		{"/CIDToGIDMap /Identity", "/CIDToGIDMap /Identitx", "other glyphs for the codes"},
		{"beginbfchar", "beginbfrang", "another table of characters"},
		{"/Decode [1 0]", "/Decode [0 1]", "a picture turned into its negative"},
		{"/ImageMask true", "/ImageMask null", "a picture with colours"},
		{"1 0 0 1 2000", "1 0 1 1 2000", "text that leans"},
		{"1 0 0 1 2000", "9 0 0 1 2000", "text that is stretched"},
		{" S\n", " F\n", "a line turned into an area"},
		{"BMC", "BMX", "an operator that is none"},
		{"/SigFlags 3", "/OpenActio", "something that happens by itself"},
		{"%%EOF\n", "%%EOF\r", "another end"},
		{"endobj\n2 0 obj", "endobj\n3 0 obj", "another object in its place"},
		{"/Size ", "/Sixe ", "another trailer"},
		{"/FT /Sig ", "/FT /Btn ", "a button"},
		{"/CMapType 2 def", "0 beginbfrange ", "characters told in another way"},
		{"/P0 scn", "/P7 scn", "a pattern that is none"},
		{"/XStep 32", "/XStep 99", "a pattern with its dots elsewhere"},
		{"/Lang (ja-JP)", "/Perms (a-JP)", "an entry of the file that ours have not"},
		{"/SigFlags 3 ", "/XFA      3 ", "a form beside the pages"},
		{"/CapHeight ", "/FontFile3 ", "a second font file beside the first"},
		{"/Length1 ", "/F       ", "a font in another file"},
		{"/DW 1000", "/W2 1000", "other widths"},
		{"/XObject <<", "/ColorSp <<", "another meaning of black"},
		{"/Annots [", "/Rotat# [", "a name written in another way"},
		{"/Count 2 ", "/Rotate 2", "pages that are turned"},
		{" 00000 n \n", " 00000 n\t\n", "a table of places that some cannot read"},
		{"0000000000 65535 f", "0000000000 65535 n", "a table of places that some cannot read"},
		{"%\xe3\x81\x82\xe3\n", "%\xe3\x81\x82\xe3 ", "another head"},
		{"10 w ", "7 m\n ", "a line with two beginnings"},
		{" S\n", "  \n", "a line that is not drawn"},
		{"ET\n10 w", "  \n10 w", "a line within text"},
		{"BT 0 g\n", "0 g BT ", "" /* the same in another order */},
	} {
		bad := bytes.Replace(good, []byte(c.from), []byte(c.to), 1)
		if bytes.Equal(bad, good) {
			t.Errorf("%s: the file has no %q", c.why, c.from)
			continue
		}
		if _, err := readback.Read(bad); err == nil != (c.why == "") {
			t.Errorf("%q in the place of %q, %s: %v", c.to, c.from, c.why, err)
		}
	}
	if _, err := readback.Read(append(good, strings.Repeat(" ", 3)...)); err == nil {
		t.Error("blanks behind the end were taken")
	}
}

// FuzzRead: whatever a file holds, it is read or refused, and nothing else happens.
func FuzzRead(f *testing.F) {
	good := file(f)
	for at := 0; at < len(good); at += len(good) / 40 {
		f.Add(at, []byte(" 99999 "))
	}
	for _, piece := range []string{"/Kids [", "xref\n", "/W [0", "/Length ", "beginbfchar\n", " cm\n", " Tf <", "/ByteRange [", "<<", "trailer\n"} {
		at := bytes.Index(good, []byte(piece)) + len(piece)
		for _, value := range []string{"-1", "[[[[[[[[[[[[[[[[[[", "<<<<", "0 0 R ", "(", "<"} {
			f.Add(at, []byte(value))
		}
	}
	f.Fuzz(func(t *testing.T, at int, value []byte) {
		b := bytes.Clone(good)
		if at >= 0 && at < len(b) {
			copy(b[at:], value)
		} else {
			b = value
		}
		readback.Read(b)
	})
}

// TestNothingIsDrawnOver: the ground and the mark of a sample come first, or they could hide what was read.
func TestNothingIsDrawnOver(t *testing.T) {
	fonts := []*font.Font{builtin.Font()}
	word, err := typeset.Shape(fonts, "", "複写")
	if err != nil {
		t.Fatal(err)
	}
	for name, over := range map[string]func(p *pdf.Page){
		"a ground": func(p *pdf.Page) { p.Ground(word, nil) },
		"a mark":   func(p *pdf.Page) { p.Specimen(func() { p.Text(0, 3000, 5000, pdf.Grey, word) }) },
	} {
		d := pdf.New(pdf.Info{Title: "t"}, fonts)
		p := d.Page()
		p.Text(2000, 3000, 500, pdf.Black, word)
		over(p)
		f, err := d.Finish(pdf.Signature{Room: 64})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := readback.Read(f.Bytes); err == nil || !strings.Contains(err.Error(), "over what stands there") {
			t.Errorf("%s over a text: %v", name, err)
		}
	}
}

// TestStateIsThatOfAViewer: a text begins at the corner of the sheet where nothing says otherwise, and Q gives back font and size; who drew something to be read
// in one place and seen in another could use either.
func TestStateIsThatOfAViewer(t *testing.T) {
	good := file(t)
	replaced := func(from, to string) readback.Page {
		t.Helper()
		at := bytes.LastIndex(good, []byte(from))
		if at < 0 || len(to) > len(from) {
			t.Fatalf("the file has no %q, or there is no room", from)
		}
		b := bytes.Clone(good)
		copy(b[at:], to+strings.Repeat(" ", len(from)-len(to)))
		d, err := readback.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return d.Pages[1]
	}
	p := replaced("1 0 0 1 2000 26699 Tm", "")
	if got := p.Texts[len(p.Texts)-1]; got.X != 0 || got.Y != mm.A4Height {
		t.Errorf("a text without a place is read at %v, %v", got.X, got.Y)
	}
	p = replaced("BT 0 g\n1 0 0 1 2000 26699 Tm\n/F0 500 Tf ", "/F0 900 Tf q /F0 1 Tf Q BT ")
	if got := p.Texts[len(p.Texts)-1]; got.Size != 900 {
		t.Errorf("a text is read at the size %v and drawn at 9", got.Size)
	}
	p = replaced("ET\n10 w 100 29600 m 200 29500 l S\n", "ET q 9 w Q 0 0 m 9 0 l S")
	if got := p.Lines[0].Weight; got != 1 {
		t.Errorf("a line is read with the weight %v; where none is chosen it is one unit", got)
	}
}
