package pdf

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"
	"unicode/utf16"
)

// Signature is what the file says of the signature that it is to have.
type Signature struct {
	Name string // who signs
	Room int    // octets for the CMS (RFC 5652) object
}

// File is a finished document before it is signed.
type File struct {
	Bytes []byte
	// Hole is where the signature comes: from its opening < to behind its closing >. Everything else is signed.
	HoleStart, HoleEnd int
}

// ContentDigest is the SHA-256 of everything but the signature: the same for the same inputs, whoever signs.
func (f File) ContentDigest() (sum [sha256.Size]byte) {
	h := sha256.New()
	h.Write(f.Bytes[:f.HoleStart])
	h.Write(f.Bytes[f.HoleEnd:])
	h.Sum(sum[:0])
	return sum
}

// writer writes the objects of a file, numbered from 1 as they are taken.
type writer struct {
	b      []byte
	places []int // by number; 0 until written
}

func (w *writer) take() int {
	w.places = append(w.places, 0)
	return len(w.places)
}

func (w *writer) object(n int, format string, args ...any) {
	w.places[n-1] = len(w.b)
	w.b = fmt.Appendf(w.b, "%d 0 obj\n", n)
	w.b = fmt.Appendf(w.b, format, args...)
	w.b = append(w.b, "\nendobj\n"...)
}

func (w *writer) stream(n int, entries string, data []byte) {
	w.places[n-1] = len(w.b)
	w.b = fmt.Appendf(w.b, "%d 0 obj\n<< %s/Length %d >>\nstream\n", n, entries, len(data))
	w.b = append(w.b, data...)
	w.b = append(w.b, "\nendstream\nendobj\n"...)
}

// scale turns hundredths of a millimetre into points: 72 / 2540.
const scale = "0.028346457 0 0 0.028346457 0 0 cm\n"

const mediaBox = "[0 0 595.27559 841.88976]" // A4 in points

// Finish writes the file.
func (d *Document) Finish(sig Signature) (File, error) {
	w := &writer{b: make([]byte, 0, 128<<10)}
	w.b = append(w.b, "%PDF-1.7\n%\xe3\x81\x82\xe3\n"...) // octets above 127, so that nobody takes the file for text (7.5.2)
	catalog, tree, metadata, intent, profile, resources := w.take(), w.take(), w.take(), w.take(), w.take(), w.take()
	field, signature := w.take(), w.take()
	pages := make([]int, len(d.pages))
	for i := range pages {
		pages[i] = w.take()
	}

	w.object(catalog, "<< /Type /Catalog /Pages %d 0 R /Metadata %d 0 R /OutputIntents [%d 0 R] /Lang (ja-JP)\n"+
		"/ViewerPreferences << /DisplayDocTitle true >> /AcroForm << /Fields [%d 0 R] /SigFlags 3 >> >>", tree, metadata, intent, field)
	var kids []byte
	for _, p := range pages {
		kids = fmt.Appendf(kids, "%d 0 R ", p)
	}
	w.object(tree, "<< /Type /Pages /Count %d /Kids [%s] >>", len(pages), bytes.TrimSpace(kids))
	w.stream(metadata, "/Type /Metadata /Subtype /XML ", d.xmp())
	w.object(intent, "<< /Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB IEC61966-2.1) /DestOutputProfile %d 0 R >>", profile)
	w.stream(profile, "/N 3 ", Profile())

	if err := d.resources(w, resources); err != nil {
		return File{}, err
	}
	for i, p := range d.pages {
		content := w.take()
		annots := ""
		if i == 0 {
			annots = fmt.Sprintf(" /Annots [%d 0 R]", field)
		}
		w.object(pages[i], "<< /Type /Page /Parent %d 0 R /MediaBox %s /Resources %d 0 R /Contents %d 0 R%s >>", tree, mediaBox, resources, content, annots)
		w.stream(content, "", slices.Concat([]byte("q "+scale), p.b, []byte("Q\n")))
	}
	// A signature without appearance of its own: its place is empty (12.7.4.5). 132: printed, locked.
	w.object(field, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (Signature) /V %d 0 R /Rect [0 0 0 0] /F 132 /P %d 0 R >>", signature, pages[0])
	return w.finish(catalog, signature, sig, d.info.Made), nil
}

// finish writes the signature's dictionary, which is the last object, the places of all objects and the trailer, and fills in which octets
// are signed.
func (w *writer) finish(catalog, signature int, sig Signature, made time.Time) File {
	w.places[signature-1] = len(w.b)
	// EN 319 142-1, 5.3 and 6.3: the sub-filter of PAdES; the time is claimed here and not in the CMS object.
	w.b = fmt.Appendf(w.b, "%d 0 obj\n<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /Name %s /M (%s)\n/ByteRange ",
		signature, textString(sig.Name), date(made))
	rangeAt := len(w.b)
	const rangeSize = len("[0 0123456789 0123456789 0123456789]")
	w.b = append(w.b, bytes.Repeat([]byte{' '}, rangeSize)...)
	w.b = append(w.b, "\n/Contents "...)
	f := File{HoleStart: len(w.b)}
	w.b = append(w.b, '<')
	w.b = append(w.b, bytes.Repeat([]byte{'0'}, 2*sig.Room)...)
	w.b = append(w.b, '>')
	f.HoleEnd = len(w.b)
	w.b = append(w.b, " >>\nendobj\n"...)

	id := sha256.Sum256(w.b)
	table := len(w.b)
	w.b = fmt.Appendf(w.b, "xref\n0 %d\n0000000000 65535 f \n", len(w.places)+1)
	for _, at := range w.places {
		w.b = fmt.Appendf(w.b, "%010d 00000 n \n", at)
	}
	w.b = fmt.Appendf(w.b, "trailer\n<< /Size %d /Root %d 0 R /ID [<%x> <%x>] >>\nstartxref\n%d\n%%%%EOF\n", len(w.places)+1, catalog, id[:16], id[:16], table)
	copy(w.b[rangeAt:], fmt.Sprintf("[0 %d %d %d]", f.HoleStart, f.HoleEnd, len(w.b)-f.HoleEnd))
	f.Bytes = w.b
	return f
}

// resources writes fonts, pictures and patterns, which all pages share.
func (d *Document) resources(w *writer, n int) error {
	var fonts, images []byte
	for i, u := range d.fonts {
		if u == nil {
			continue
		}
		ref := w.take()
		fonts = fmt.Appendf(fonts, "/F%d %d 0 R ", i, ref)
		if err := d.font(w, ref, i, u); err != nil {
			return err
		}
	}
	for i, image := range d.images {
		ref := w.take()
		images = fmt.Appendf(images, "/I%d %d 0 R ", i, ref)
		w.stream(ref, fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /ImageMask true /BitsPerComponent 1 /Decode [1 0] ",
			image.Width, image.Height), image.Bits)
	}
	small, large := w.take(), w.take()
	w.pattern(small, smallDots)
	w.pattern(large, largeDots)
	w.object(n, "<< /Font << %s>> /XObject << %s>> /Pattern << /P0 %d 0 R /P1 %d 0 R >> >>", fonts, images, small, large)
	return nil
}

// pattern writes a tile of dots; 0.12 points are a 600th of an inch.
func (w *writer) pattern(ref int, dots string) {
	w.stream(ref, fmt.Sprintf("/Type /Pattern /PatternType 1 /PaintType 1 /TilingType 1 /BBox [0 0 %[1]d %[1]d] /XStep %[1]d /YStep %[1]d /Matrix [0.12 0 0 0.12 0 0] /Resources << >> ",
		dotTile), []byte(dots))
}

// font writes a font with the characters that were used (9.7: Type 0 over CIDFontType2).
func (d *Document) font(w *writer, ref, i int, u *used) error {
	f := d.given[i]
	program, err := f.Subset(u.glyphs)
	if err != nil {
		return fmt.Errorf("the font %s: %w", f.Name(), err)
	}
	descendant, descriptor, file, unicode := w.take(), w.take(), w.take(), w.take()
	name := prefix(program) + "+" + f.Name()
	w.object(ref, "<< /Type /Font /Subtype /Type0 /BaseFont /%s /Encoding /Identity-H /DescendantFonts [%d 0 R] /ToUnicode %d 0 R >>", name, descendant, unicode)
	var widths []byte
	for _, g := range u.glyphs {
		widths = append(strconv.AppendInt(widths, int64(f.Advance(g)), 10), ' ')
	}
	w.object(descendant, "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /%s /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) /Supplement 0 >>\n"+
		"/FontDescriptor %d 0 R /CIDToGIDMap /Identity /DW 1000 /W [0 [%s]] >>", name, descriptor, bytes.TrimSpace(widths))
	box := f.Box()
	w.object(descriptor, "<< /Type /FontDescriptor /FontName /%s /Flags 4 /FontBBox [%d %d %d %d] /ItalicAngle 0 /Ascent %d /Descent %d /CapHeight %d /StemV 80 /FontFile2 %d 0 R >>",
		name, box[0], box[1], box[2], box[3], f.Ascent(), f.Descent(), f.Ascent(), file)
	w.stream(file, fmt.Sprintf("/Length1 %d ", len(program)), program)
	w.stream(unicode, "", toUnicode(u.texts))
	return nil
}

// prefix are the six letters that a part of a font has before its name (9.6.4), here from its digest.
func prefix(program []byte) string {
	sum := sha256.Sum256(program)
	b := make([]byte, 6)
	for i := range b {
		b[i] = 'A' + sum[i]%26
	}
	return string(b)
}

// toUnicode says which text each code stands for (9.10.3).
func toUnicode(texts []string) []byte {
	b := []byte("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n")
	for from := 1; from < len(texts); from += 100 { // at most a hundred at a time
		to := min(from+100, len(texts))
		b = fmt.Appendf(b, "%d beginbfchar\n", to-from)
		for code := from; code < to; code++ {
			b = fmt.Appendf(b, "<%04x> <%s>\n", code, hexUTF16(texts[code]))
		}
		b = append(b, "endbfchar\n"...)
	}
	return append(b, "endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"...)
}

func hexUTF16(s string) string {
	var b []byte
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u>>8), byte(u))
	}
	return hex.EncodeToString(b)
}

// textString is a text for people (7.9.2.2).
func textString(s string) string { return "<feff" + hexUTF16(s) + ">" }

// date is a time as in 7.9.4.
func date(t time.Time) string { return t.UTC().Format("D:20060102150405+00'00'") }
