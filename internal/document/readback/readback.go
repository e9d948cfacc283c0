// Package readback reads what a finished document shows (読み返し): on each page which text stands where, in which font, size and ink, which lines
// and which pictures.
//
// It is how a document is judged before it leaves, and therefore takes nothing from what wrote it: it reads the octets of the file as
// any viewer does, codes through the fonts' ToUnicode, places through matrices and widths. It shares no code with internal/document/pdf.
//
// It takes only what our documents have, and refuses everything else: another operator, another entry of a dictionary, a compressed stream, octets that
// belong to no object, a second table of places (which a change after the signature would bring), invisible text. What it does not understand could show
// people something else than what it read.
//
// It does not look at shapes, nor at what the ground consists of; internal/document/gate compares them with the fonts' and with the form's.
//
// What it does and keeps for a file is bounded by a number of objects, however the file is made. Anybody may hand one in to be verified; of such a file only
// SignatureOf is asked, which reads none of what it shows.
//
// ISO 32000-1:2008 (PDF 1.7).
package readback

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/document/mm"
)

// Document is what a file shows.
type Document struct {
	Pages     []Page
	Fonts     []Font
	ByteRange [4]int // where its signature lies: start and end of the hole are the second and the third
	Signed    bool   // it has a signature, be it good or not
	Profile   []byte // what its colours mean (ICC); none when it does not say
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
	Lines  []Line
	Images []Image
	Ground Ground
}

// Ink is a colour: red, green and blue from 0 to 1, or a pattern. The zero value is black.
type Ink struct {
	Red, Green, Blue float64
	Pattern          string
}

// light tells whether what is drawn with it could hide something, or not be seen itself.
func (i Ink) light() bool { return i.Pattern != "" || i.Red+i.Green+i.Blue > 1.5 }

// Line is a rule, or the four edges of a box. They are black: there is no operator that would give lines another ink.
type Line struct {
	mm.Rect
	Box    bool
	Weight mm.Length
}

// Ground is what lies under all else on a page, as it is written in the file, with the tiles of its patterns by their names.
type Ground struct {
	Content  []byte
	Patterns map[string][]byte
}

// Text is what was drawn at once.
type Text struct {
	X, Y mm.Length // where its line begins, from the upper left corner
	End  mm.Length // where it ends, blanks at the end not counted
	Size mm.Length
	Ink  Ink
	Text string
	Font string
	Mark string // "" for the text of the document; Ground, Specimen
}

// Format redacts under every verb: it is personal data.
func (Text) Format(f fmt.State, _ rune) { io.WriteString(f, "[非表示 証明書の文字]") }

// LogValue redacts.
func (Text) LogValue() slog.Value { return slog.StringValue("[非表示 証明書の文字]") }

// Image is a picture of one ink; Digest is the SHA-256 over width, height and bits. The rectangle of one that is mirrored has a side below zero.
type Image struct {
	mm.Rect
	Ink    Ink
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
	d, _, err := f.document(trailer)
	return d, err
}

func (f *file) document(trailer dict) (Document, *reader, error) {
	r := &reader{file: f, fonts: map[ref]*face{}, images: map[ref][sha256.Size]byte{}, shown: map[ref]bool{}, drawing: mostDrawing, drawn: mostDrawn}
	var d Document
	if err := f.whole(); err != nil {
		return d, r, err
	}
	catalog, err := f.catalog(trailer)
	if err != nil {
		return d, r, err
	}
	field, err := d.signature(f, catalog)
	if err != nil {
		return d, r, err
	}
	tree, err := f.dict(catalog["Pages"])
	if err != nil {
		return d, r, err
	}
	// Pages would inherit what else the tree has, as a turn or a smaller sheet.
	kids, ok := tree["Kids"].([]any)
	if !ok || len(kids) == 0 || len(kids) > mostPages || tree["Count"] != float64(len(kids)) || tree.only("the tree of pages", "Type", "Count", "Kids") != nil {
		return d, r, errors.New("the pages are not counted as they are")
	}
	for i, kid := range kids {
		page, err := r.page(kid, catalog["Pages"], field, i == 0)
		if err != nil {
			return Document{}, r, fmt.Errorf("page %d: %w", i+1, err)
		}
		d.Pages = append(d.Pages, page)
	}
	d.Fonts = r.listed
	if catalog["OutputIntents"] != nil {
		d.Profile, err = f.profile(catalog["OutputIntents"])
	}
	return d, r, err
}

// profile reads what the colours of the file mean, of which a printer may make use (14.11.5).
func (f *file) profile(v any) ([]byte, error) {
	intents, ok := v.([]any)
	if !ok || len(intents) != 1 {
		return nil, errors.New("the colours of the file have several meanings")
	}
	intent, err := f.dict(intents[0])
	if err != nil {
		return nil, err
	}
	if err := intent.only("the meaning of colours", "Type", "S", "OutputConditionIdentifier", "Info", "DestOutputProfile"); err != nil {
		return nil, err
	}
	s, err := f.stream(intent["DestOutputProfile"], "the meaning of colours", "N")
	return s.data, err
}

// SignatureOf says where the signature of a file lies, and reads nothing of what the file shows: none of its pages, fonts and pictures.
func SignatureOf(b []byte) (byteRange [4]int, signed bool, err error) {
	f, trailer, err := open(b)
	if err != nil {
		return byteRange, false, err
	}
	var d Document
	catalog, err := f.catalog(trailer)
	if err == nil {
		_, err = d.signature(f, catalog)
	}
	return d.ByteRange, d.Signed, err
}

// ContentDigest is the SHA-256 of what is signed of a file: of every octet but the signature, wherever the file says that it lies. Of a file that does not say so
// it is that of the whole.
func ContentDigest(b []byte) (sum [sha256.Size]byte) {
	at, signed, err := SignatureOf(b)
	if start, end := at[1], at[2]; err == nil && signed && 0 <= start && start <= end && end <= len(b) {
		h := sha256.New()
		h.Write(b[:start])
		h.Write(b[end:])
		h.Sum(sum[:0])
		return sum
	}
	return sha256.Sum256(b)
}

// catalog reads the root of the file. Ours does nothing by itself, and has no second face, as a form of XFA or a collection of files would be.
func (f *file) catalog(trailer dict) (dict, error) {
	d, err := f.dict(trailer["Root"])
	if err != nil {
		return nil, err
	}
	return d, d.only("the file", "Type", "Pages", "Metadata", "OutputIntents", "Lang", "ViewerPreferences", "AcroForm")
}

// signature finds where the only field of the form says that it is signed, and gives the field.
func (d *Document) signature(f *file, catalog dict) (field any, err error) {
	form, err := f.dict(catalog["AcroForm"])
	if err != nil {
		return nil, nil // not signed
	}
	fields, ok := form["Fields"].([]any)
	if !ok || len(fields) != 1 || form.only("the form", "Fields", "SigFlags") != nil {
		return nil, errors.New("a document has one field, which is its signature")
	}
	of, err := f.dict(fields[0])
	if err != nil {
		return nil, err
	}
	sig, err := f.dict(of["V"])
	if err != nil || of["FT"] != name("Sig") || sig["SubFilter"] != name("ETSI.CAdES.detached") {
		return nil, errors.New("the field of the document is no signature of ours")
	}
	numbers, ok := sig["ByteRange"].([]any)
	if !ok || len(numbers) != 4 {
		return nil, errors.New("the signature does not say what it covers")
	}
	for i, v := range numbers {
		n, ok := v.(float64)
		if !ok || n < 0 || n != float64(int(n)) {
			return nil, errors.New("the signature does not say what it covers")
		}
		d.ByteRange[i] = int(n)
	}
	d.Signed = true
	return fields[0], nil
}

// reader reads pages.
type reader struct {
	*file
	fonts   map[ref]*face
	listed  []Font
	images  map[ref][sha256.Size]byte
	shown   map[ref]bool // pages, and contents of pages: each stands in the file once
	drawing budget
	drawn   budget
}

// once takes a page or its content.
func (r *reader) once(v any) error {
	n, ok := v.(ref)
	if !ok || r.shown[n] {
		return errors.New("it is no object of its own: another page is the same, or has the same content")
	}
	r.shown[n] = true
	return nil
}

func (r *reader) page(v, parent, field any, first bool) (Page, error) {
	if err := r.once(v); err != nil {
		return Page{}, err
	}
	d, err := r.dict(v)
	if err != nil {
		return Page{}, err
	}
	if d["Type"] != name("Page") || d["Parent"] != parent || !same(d["MediaBox"], 0.0, 0.0, 595.27559, 841.88976) {
		return Page{}, errors.New("it is no sheet of A4 in the tree of pages")
	}
	if err := d.only("it", "Type", "Parent", "MediaBox", "Resources", "Contents", "Annots"); err != nil {
		return Page{}, err
	}
	if d["Annots"] != nil { // the place of the signature, which is empty
		if !first || field == nil || !same(d["Annots"], field) {
			return Page{}, errors.New("it has notes")
		}
		note, err := r.dict(field)
		if err != nil || note["FT"] != name("Sig") || !same(note["Rect"], 0.0, 0.0, 0.0, 0.0) || note.only("the note", "Type", "Subtype", "FT", "T", "V", "Rect", "F", "P") != nil {
			return Page{}, errors.New("it has notes")
		}
	}
	resources, err := r.dict(d["Resources"])
	if err != nil {
		return Page{}, err
	}
	// A colour space among them could give black another colour.
	if err := resources.only("what it is drawn with", "Font", "XObject", "Pattern"); err != nil {
		return Page{}, err
	}
	if err := r.once(d["Contents"]); err != nil {
		return Page{}, err
	}
	contents, err := r.stream(d["Contents"], "its content")
	if err != nil {
		return Page{}, err
	}
	c := content{reader: r, lexer: lexer{b: contents.data, left: &r.drawing}, state: state{ctm: identity, weight: 1}}
	for key, to := range map[name]*dict{"Font": &c.fontOf, "XObject": &c.imageOf, "Pattern": &c.patternOf} {
		if *to, err = r.dict(resources[key]); err != nil {
			return Page{}, err
		}
	}
	return c.run()
}

// same tells whether an array has these numbers or references and no others.
func same(v any, want ...any) bool {
	a, ok := v.([]any)
	return ok && slices.EqualFunc(a, want, func(x, y any) bool {
		switch x.(type) {
		case float64, ref, name:
			return x == y
		}
		return false
	})
}
