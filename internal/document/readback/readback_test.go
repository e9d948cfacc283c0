package readback_test

import (
	"bytes"
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
	if want := (readback.Text{X: 2000, Y: 3001, End: 4000, Size: 500, Text: "𠮷野　葛", Font: "mplus-1p-regular"}); last != want {
		t.Errorf("read %+v, want %+v", last, want)
	}
	if p.Joined() != "𠮷野　葛\n" {
		t.Errorf("the ground is read as text: %q", p.Joined())
	}
	if len(p.Images) != 1 || p.Images[0].Rect != (mm.Rect{X: 5000, Y: 6000, W: 900, H: 200}) ||
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
	} {
		bad := bytes.Replace(good, []byte(c.from), []byte(c.to), 1)
		if bytes.Equal(bad, good) {
			t.Errorf("%s: the file has no %q", c.why, c.from)
			continue
		}
		if _, err := readback.Read(bad); err == nil {
			t.Errorf("%s was taken", c.why)
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
