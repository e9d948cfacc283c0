package documenttest

import (
	"crypto"
	"fmt"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document/pades"
)

// Bombs are files of three megabytes that would have a reader do and keep much more, as anybody could hand them in: each has the frame of our documents and a
// good signature of this key.
func Bombs(t testing.TB, key crypto.Signer, chain [][]byte) map[string][]byte {
	t.Helper()
	const size = 3<<20 - 16<<10
	fill := func(s string) string { return strings.Repeat(s, size/len(s)) }
	stream := func(entries, data string) string {
		return fmt.Sprintf("<< %s/Length %d >>\nstream\n%s\nendstream", entries, len(data), data)
	}
	const (
		tree    = 4 // and the objects of a page behind it
		page    = "<< /Type /Page /Parent 4 0 R /MediaBox [0 0 595.27559 841.88976] /Resources 6 0 R /Contents %d 0 R >>"
		drawn   = "<< /Font << /F 8 0 R >> /XObject << /I 13 0 R >> /Pattern << >> >>"
		letters = "1 beginbfchar\n<0001> <0041>\nendbfchar"
	)
	one := func(kids, content, unicode string) []string {
		return []string{
			fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", strings.Count(kids, " R"), kids), fmt.Sprintf(page, 7), drawn, stream("", content),
			"<< /Type /Font /Subtype /Type0 /BaseFont /ABCDEF+X /Encoding /Identity-H /DescendantFonts [9 0 R] /ToUnicode 12 0 R >>",
			"<< /Subtype /CIDFontType2 /BaseFont /ABCDEF+X /CIDToGIDMap /Identity /FontDescriptor 10 0 R /W [0 [0 0]] >>",
			"<< /FontFile2 11 0 R >>", stream("", "000000000000"), stream("", unicode),
			stream("/Subtype /Image /Width 8 /Height 1 /ImageMask true /BitsPerComponent 1 /Decode [1 0] ", "x"),
			fmt.Sprintf(page, 7),
		}
	}
	text := "BT 1 0 0 1 0 0 Tm /F 1 Tf " + fill("<0001>Tj ") + "ET"
	var codes strings.Builder
	for code := 1; code < 1<<16; code++ {
		fmt.Fprintf(&codes, "<%04x> <0041dc000041dc00>\n", code)
	}
	bombs := map[string][]byte{}
	for name, objects := range map[string][]string{
		"one page a hundred times":   one(strings.TrimSpace(strings.Repeat("5 0 R ", 100)), "BT 1 0 0 1 0 0 Tm /F 1 Tf "+strings.Repeat("<0001>Tj ", 20_000)+"ET", letters),
		"one content on two pages":   one("5 0 R 14 0 R", "BT 1 0 0 1 0 0 Tm /F 1 Tf <0001>Tj ET", letters),
		"a page of texts":            one("5 0 R", text, letters),
		"a page of lines":            one("5 0 R", fill("0 0 m 1 1 l S "), letters),
		"a page of pictures":         one("5 0 R", fill("/I Do "), letters),
		"a page of nothing":          one("5 0 R", fill("q Q "), letters),
		"one text of many letters":   one("5 0 R", "BT /F 1 Tf <"+fill("0001")+">Tj ET", letters),
		"an array":                   {"<< /Type /Pages /Count 1 /Kids [" + fill("0 ") + "] >>"},
		"a table of characters":      one("5 0 R", "BT 1 0 0 1 0 0 Tm /F 1 Tf <0001>Tj ET", "1 beginbfchar\n"+codes.String()+"endbfchar"),
		"a table of other words":     one("5 0 R", "BT 1 0 0 1 0 0 Tm /F 1 Tf <0001>Tj ET", fill("0 ")),
		"arrays within arrays":       {"<< /Type /Pages /Count 1 /Kids " + fill("[") + " >>"},
		"a dictionary of many names": {"<< /Type /Pages " + fill("/A 0 ") + " >>"},
	} {
		b := []byte("%PDF-1.7\n%\xe3\x81\x82\xe3\n")
		places := ""
		object := func(n int, text string) {
			places += fmt.Sprintf("%010d 00000 n \n", len(b))
			b = fmt.Appendf(b, "%d 0 obj\n%s\nendobj\n", n, text)
		}
		object(1, "<< /Type /Catalog /Pages 4 0 R /AcroForm << /Fields [2 0 R] /SigFlags 3 >> >>")
		object(2, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature) /V 3 0 R /Rect [0 0 0 0] /F 132 /P 5 0 R >>")
		const said = "[0 0000000000 0000000000 0000000000]"
		hole := "<" + strings.Repeat("0", 2*pades.Room(chain)) + ">"
		object(3, "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange "+said+" /Contents "+hole+" >>")
		at := strings.Index(string(b), said)
		start := strings.Index(string(b), hole)
		for i, text := range objects {
			object(tree+i, text)
		}
		table := len(b)
		b = fmt.Appendf(b, "xref\n0 %d\n0000000000 65535 f \n%strailer\n<< /Size %[1]d /Root 1 0 R >>\nstartxref\n%[3]d\n%%%%EOF\n", tree+len(objects), places, table)
		end := start + len(hole)
		copy(b[at:], fmt.Sprintf("[0 %010d %010d %010d]", start, end, len(b)-end))
		if err := pades.Sign(b, start, end, key, chain, nil); err != nil {
			t.Fatal(err)
		}
		bombs[name] = b
	}
	return bombs
}
