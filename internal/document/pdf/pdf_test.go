package pdf_test

import (
	"bytes"
	"encoding/binary"
	"encoding/xml"
	"errors"
	"io"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/typeset"
)

func made(t *testing.T) pdf.File {
	t.Helper()
	fonts := []*font.Font{builtin.Font()}
	glyphs, err := typeset.Shape(fonts, "", "証明　𠮷")
	if err != nil {
		t.Fatal(err)
	}
	d := pdf.New(pdf.Info{Title: "<試験> & (test)", Author: "松本市", Made: time.Unix(1_800_000_000, 0)}, fonts)
	p := d.Page()
	p.Ground(glyphs[:2], nil)
	p.Text(2000, 3000, 500, pdf.Black, glyphs)
	p.Draw(&pdf.Image{Width: 8, Height: 1, Bits: []byte{0xAA}}, mm.Rect{X: 5000, Y: 6000, W: 900, H: 200}, pdf.Vermilion)
	f, err := d.Finish(pdf.Signature{Name: "松本市", Room: 64})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestArchivalRules are those of PDF/A-2b (ISO 19005-2) that a file of ours could break; no checker of the standard has seen it.
func TestArchivalRules(t *testing.T) {
	b := made(t).Bytes
	has := func(rule, pattern string) {
		if !regexp.MustCompile(pattern).Match(b) {
			t.Errorf("%s: nothing matches %s", rule, pattern)
		}
	}
	for _, forbidden := range []string{"/Encrypt", "/JavaScript", "/Launch", "/Filter /LZW", "/SMask", "/CA ", "/ca ", "/BM ", "/Interpolate true", "/TR ", "/EmbeddedFile", "/Transparency"} {
		if bytes.Contains(b, []byte(forbidden)) {
			t.Errorf("the file has %s", forbidden)
		}
	}
	has("6.1.2 header", `^%PDF-1\.7\n%`)
	for _, c := range b[10:14] {
		if c < 0x80 {
			t.Errorf("6.1.2 header: its second line begins with %x", b[9:14])
		}
	}
	if regexp.MustCompile(`/Info \d+ 0 R`).Match(b) {
		t.Error("6.1.5: a document information dictionary would have to agree with the metadata")
	}
	has("6.1.3 trailer", `/ID \[<[0-9a-f]{32}> <[0-9a-f]{32}>\]`)
	has("6.2.3 output intent", `/S /GTS_PDFA1 .*/DestOutputProfile \d+ 0 R`)
	has("6.2.11.3 composite fonts", `/CIDToGIDMap /Identity`)
	has("6.2.11.4 embedding", `/FontFile2 \d+ 0 R`)
	has("6.3.2 annotations are printed", `/F 132`)
	has("6.6.4 identification", `<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>`)

	_, rest, _ := bytes.Cut(b, []byte("/Subtype /XML "))
	_, rest, _ = bytes.Cut(rest, []byte("stream\n"))
	xmp, _, _ := bytes.Cut(rest, []byte("\nendstream"))
	texts := ""
	for d := xml.NewDecoder(bytes.NewReader(xmp)); ; {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal("the metadata are no XML: ", err)
		}
		if s, ok := token.(xml.CharData); ok {
			texts += string(s)
		}
	}
	if !bytes.Contains([]byte(texts), []byte("<試験> & (test)")) {
		t.Errorf("the metadata do not give the title: %s", texts)
	}

	_, rest, _ = bytes.Cut(b, []byte("/N 3 "))
	_, rest, _ = bytes.Cut(rest, []byte("stream\n"))
	profile, _, _ := bytes.Cut(rest, []byte("\nendstream"))
	if len(profile) < 128 || int(binary.BigEndian.Uint32(profile)) != len(profile) || string(profile[36:40]) != "acsp" {
		t.Fatalf("the colour profile of %d octets is none", len(profile))
	}
	for i := range int(binary.BigEndian.Uint32(profile[128:])) {
		row := profile[132+12*i:]
		at, n := int(binary.BigEndian.Uint32(row[4:])), int(binary.BigEndian.Uint32(row[8:]))
		if at%4 != 0 || at+n > len(profile) || n < 8 {
			t.Errorf("the tag %s of the colour profile is cut off", row[:4])
		}
	}
}

// TestPlaces: each object is where the table of places says, and the signature is to cover the whole.
func TestPlaces(t *testing.T) {
	f := made(t)
	at := bytes.LastIndex(f.Bytes, []byte("\nxref\n")) + 1
	rows := regexp.MustCompile(`(?m)^(\d{10}) 00000 n $`).FindAllSubmatch(f.Bytes[at:], -1)
	if len(rows) < 10 {
		t.Fatalf("%d objects", len(rows))
	}
	for i, row := range rows {
		place := 0
		for _, c := range row[1] {
			place = 10*place + int(c-'0')
		}
		if want := regexp.MustCompile(`^(\d+) 0 obj\n`).FindSubmatch(f.Bytes[place:]); want == nil || string(want[1]) != strconv.Itoa(i+1) {
			t.Errorf("object %d is not at %d", i+1, place)
		}
	}
	if f.Bytes[f.HoleStart] != '<' || f.Bytes[f.HoleEnd-1] != '>' || f.HoleEnd-f.HoleStart != 130 {
		t.Errorf("the place of the signature is %q", f.Bytes[f.HoleStart:f.HoleEnd])
	}
}
