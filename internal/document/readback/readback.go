// Package readback reads what a finished document shows (読み返し): on each page which text stands where, in which font, and which pictures.
//
// It is how a document is judged before it leaves, and therefore takes nothing from what wrote it: it reads the octets of the file as
// any viewer does, codes through the fonts' ToUnicode, places through matrices and widths. It shares no code with internal/document/pdf.
//
// It takes only what our documents have, and refuses everything else: another operator, a compressed stream, a second table of
// places (which a change after the signature would bring), invisible text. What it does not understand could show people something else than
// what it read.
//
// It does not look at shapes; internal/document/gate compares them with the fonts'.
//
// ISO 32000-1:2008 (PDF 1.7).
package readback

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"github.com/akashi-id/akashi/internal/document/mm"
)

// Document is what a file shows.
type Document struct {
	Pages     []Page
	Fonts     []Font
	ByteRange [4]int // where its signature lies: start and end of the hole are the second and the third
	Signed    bool   // it has a signature, be it good or not
}

// Font is a font in the file.
type Font struct {
	Name    string   // without the letters before it that mark a part
	Program []byte   // the font file
	Texts   []string // which text each code stands for, from 1; as many as there are
	Widths  []int    // of the glyphs, from 0, in thousandths of the size
}

// Format redacts under every verb: its texts are the characters of names.
func (Font) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 証明書の文字]") }

// LogValue redacts.
func (Font) LogValue() slog.Value { return slog.StringValue("[非表示 証明書の文字]") }

// Page is what stands on a page, in the order in which it was drawn.
type Page struct {
	Texts  []Text
	Images []Image
}

// Text is what was drawn at once.
type Text struct {
	X, Y mm.Length // where its line begins, from the upper left corner
	End  mm.Length // where it ends, blanks at the end not counted
	Size mm.Length
	Text string
	Font string
	Mark string // "" for the text of the document; Ground, Specimen
}

// Format redacts under every verb: it is personal data.
func (Text) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 証明書の文字]") }

// LogValue redacts.
func (Text) LogValue() slog.Value { return slog.StringValue("[非表示 証明書の文字]") }

// Image is a black and white picture; Digest is the SHA-256 over width, height and bits.
type Image struct {
	mm.Rect
	Digest [sha256.Size]byte
}

// Joined is the text of a page that is no part of its ground, in the order of drawing, piece by line.
func (p Page) Joined() string {
	var b strings.Builder
	for _, t := range p.Texts {
		if t.Mark == "" {
			b.WriteString(t.Text)
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// Read reads a document.
func Read(b []byte) (Document, error) {
	f, trailer, err := open(b)
	if err != nil {
		return Document{}, err
	}
	catalog, err := f.dict(trailer["Root"])
	if err != nil {
		return Document{}, err
	}
	for _, key := range []name{"OpenAction", "AA", "Names", "JavaScript", "OCProperties"} {
		if catalog[key] != nil {
			return Document{}, fmt.Errorf("the file does something by itself (%s)", key)
		}
	}
	var d Document
	if err := d.signature(f, catalog); err != nil {
		return Document{}, err
	}
	tree, err := f.dict(catalog["Pages"])
	if err != nil {
		return Document{}, err
	}
	kids, ok := tree["Kids"].([]any)
	if !ok || len(kids) == 0 || len(kids) > mostPages || tree["Count"] != float64(len(kids)) {
		return Document{}, errors.New("the pages are not counted as they are")
	}
	r := reader{file: f, fonts: map[ref]*face{}, images: map[ref][sha256.Size]byte{}}
	for i, kid := range kids {
		page, err := r.page(kid, catalog["Pages"], i == 0)
		if err != nil {
			return Document{}, fmt.Errorf("page %d: %w", i+1, err)
		}
		d.Pages = append(d.Pages, page)
	}
	d.Fonts = r.listed
	return d, nil
}

// signature finds where the only field of the form says that it is signed.
func (d *Document) signature(f *file, catalog dict) error {
	form, err := f.dict(catalog["AcroForm"])
	if err != nil {
		return nil // not signed
	}
	fields, ok := form["Fields"].([]any)
	if !ok || len(fields) != 1 {
		return errors.New("a document has one field, which is its signature")
	}
	field, err := f.dict(fields[0])
	if err != nil {
		return err
	}
	sig, err := f.dict(field["V"])
	if err != nil || field["FT"] != name("Sig") || sig["SubFilter"] != name("ETSI.CAdES.detached") {
		return errors.New("the field of the document is no signature of ours")
	}
	numbers, ok := sig["ByteRange"].([]any)
	if !ok || len(numbers) != 4 {
		return errors.New("the signature does not say what it covers")
	}
	for i, v := range numbers {
		n, ok := v.(float64)
		if !ok || n < 0 || n != float64(int(n)) {
			return errors.New("the signature does not say what it covers")
		}
		d.ByteRange[i] = int(n)
	}
	d.Signed = true
	return nil
}

// reader reads pages.
type reader struct {
	*file
	fonts  map[ref]*face
	listed []Font
	images map[ref][sha256.Size]byte
}

func (r *reader) page(v, parent any, first bool) (Page, error) {
	d, err := r.dict(v)
	if err != nil {
		return Page{}, err
	}
	box, _ := d["MediaBox"].([]any)
	if d["Type"] != name("Page") || d["Parent"] != parent || len(box) != 4 || box[0] != 0.0 || box[1] != 0.0 || box[2] != 595.27559 || box[3] != 841.88976 {
		return Page{}, errors.New("it is no sheet of A4 in the tree of pages")
	}
	for key := range d {
		switch key {
		case "Type", "Parent", "MediaBox", "Resources", "Contents":
		case "Annots": // the place of the signature, which is empty
			if a, ok := d[key].([]any); !first || !ok || len(a) != 1 {
				return Page{}, errors.New("it has notes")
			}
			note, err := r.dict(d[key].([]any)[0])
			if rect, ok := note["Rect"].([]any); err != nil || note["FT"] != name("Sig") || !ok || len(rect) != 4 ||
				rect[0] != 0.0 || rect[1] != 0.0 || rect[2] != 0.0 || rect[3] != 0.0 || note["AP"] != nil {
				return Page{}, errors.New("it has notes")
			}
		default:
			return Page{}, fmt.Errorf("it has an entry %s, which our pages have not", key)
		}
	}
	resources, err := r.dict(d["Resources"])
	if err != nil {
		return Page{}, err
	}
	contents, err := r.stream(d["Contents"])
	if err != nil {
		return Page{}, err
	}
	c := content{reader: r, lexer: lexer{b: contents.data}}
	for key, to := range map[name]*dict{"Font": &c.fontOf, "XObject": &c.imageOf, "Pattern": &c.patternOf} {
		if *to, err = r.dict(resources[key]); err != nil {
			return Page{}, err
		}
	}
	return c.run()
}
