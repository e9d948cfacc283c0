package document

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"time"

	"rsc.io/qr"

	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/template"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Channel is where a document is given out. The zero value is none, and refused.
type Channel string

// The channels.
const (
	Counter Channel = "counter" // 窓口
	Kiosk   Channel = "kiosk"   // コンビニ交付
)

// Role is as what somebody asks. The zero value is none, and refused.
type Role string

// The roles (法12条, 12条の3).
const (
	Self      Role = "self"      // 本人
	Household Role = "household" // 同一の世帯に属する者
	Other     Role = "other"     // 第三者
)

// Requester is who asks.
type Requester struct {
	ID   string // what they were recognised by: the serial of a certificate, the number of an identity check
	Role Role
}

// Request is one application for one document.
type Request struct {
	ID        string
	Nonce     [16]byte // random; it keeps the binding from telling who is meant
	Number    string   // the document's number (文書番号), as it is printed
	Requester Requester
	Channel   Channel
	At        time.Time // when the document is issued
	Verify    string    // what the QR says: where the document can be verified, with a secret in the fragment
}

// Issuer is who certifies (市区町村長).
type Issuer struct {
	Municipality string          // 長野県松本市
	Title        string          // 松本市長
	Name         string          // of the mayor
	Seal         imprint.Imprint // 公印
}

// Person is one of those whom a document shows, as the register has them now.
type Person struct {
	ID         string // under which the register keeps them; not printed
	Record     resident.Record
	Version    resident.Version
	Deleted    bool
	Protection Protection
}

// Protection is what the register says of the protection (支援措置) of a person.
type Protection struct {
	Flagged bool
	Version uint64 // of the flag
	Release string // the two persons' decision that this one document may be given out; "" when there is none
}

// Shown is a person with the versions that a document was made from.
type Shown struct {
	Person     string
	Version    resident.Version
	Protection Protection
}

// Paper is all that will be seen on a document, and of whom it was made.
type Paper struct {
	Template *template.Template
	Request  Request
	Issuer   Issuer
	Persons  []Shown
	values   template.Values
	images   map[string]picture
}

// picture is a picture in its size.
type picture struct {
	image         *pdf.Image
	width, height imprint.Length
}

const paperWhat = "証明書の内容"

// String is redacted; so are Format and LogValue.
func (p Paper) String() string { return "[非表示 " + paperWhat + "]" }

// Format redacts under every verb.
func (p Paper) Format(f fmt.State, _ rune) { io.WriteString(f, p.String()) }

// LogValue redacts.
func (p Paper) LogValue() slog.Value { return slog.StringValue(p.String()) }

// newPaper fills in what all documents have. The error is a fault of the program or of its settings.
func newPaper(kind string, r Request, by Issuer, persons []Person) (Paper, error) {
	t := template.All()[kind]
	host, _, _ := strings.Cut(strings.TrimPrefix(r.Verify, "https://"), "#")
	switch {
	case t == nil:
		return Paper{}, fmt.Errorf("document: there is no form %q", kind)
	case r.ID == "" || r.Nonce == [16]byte{} || r.Number == "" || r.Requester.ID == "" || r.At.IsZero() || host == "":
		return Paper{}, errors.New("document: the request is not whole")
	case by.Municipality == "" || by.Title == "" || by.Name == "" || by.Seal.PNG() == nil:
		return Paper{}, errors.New("document: the issuer is not whole")
	case r.Requester.Role != Self && r.Requester.Role != Household && r.Requester.Role != Other || r.Channel != Counter && r.Channel != Kiosk:
		return Paper{}, errors.New("document: as what somebody asks, or where, is not said")
	}
	p := Paper{Template: t, Request: r, Issuer: by, images: map[string]picture{}}
	for _, one := range persons {
		p.Persons = append(p.Persons, Shown{one.ID, one.Version, one.Protection})
	}
	seal, err := pictureOf(by.Seal)
	if err != nil {
		return Paper{}, err
	}
	code, err := qrOf(r.Verify)
	if err != nil {
		return Paper{}, err
	}
	p.images["seal"], p.images["qr"] = seal, code
	p.values.Shared = map[string]string{
		"number": r.Number, "verify-host": "確認先　" + host, "issued": resident.DateOf(r.At).Wareki(),
		"issuer-title": by.Title, "issuer": by.Name,
	}
	return p, nil
}

// judge refuses persons of whom nothing may be given out here and now.
func judge(r Request, persons []Person) (ps plain.Problems) {
	bad := func(ja, en string) { ps = append(ps, plain.Bad("person", ja, en)) }
	if len(persons) == 0 {
		bad("証明する方が選ばれていません。選んでください。", "Nobody is chosen: choose whom the document is to show.")
	}
	seen := map[string]bool{}
	for _, p := range persons {
		switch {
		case p.ID == "" || p.Version == 0:
			bad("記録の版が分からない方がいます。記録を読み直してください。", "The version of a record is not known: read the record again.")
		case seen[p.ID]:
			bad("同じ方が2回選ばれています。1回にしてください。", "Somebody is chosen twice: choose them once.")
		case p.Deleted:
			bad("消除された方がいます。住民票の写しや印鑑登録証明書は交付できません。除票の写しを交付してください。",
				"A record is deleted, and nothing is issued of it as of a resident: issue a copy of the deleted record.")
		case p.Protection.Flagged && r.Channel == Kiosk:
			// 支援措置: a kiosk gives out nothing of a protected person.
			bad("この端末では交付できません。市区町村の窓口にお越しください。", "This cannot be issued here: please come to the counter of the municipality.")
		case p.Protection.Flagged && p.Protection.Release == "":
			bad("支援措置の方がいます。二人による解除の決定がないと交付できません。", "Somebody is protected (支援措置): two persons must first release this one document.")
		}
		if err := p.Record.Check().Err(); err != nil {
			bad("記録に欠けている項目があります。記録を補ってから交付してください。", "A record is not whole: complete it before a document is issued.")
		}
		seen[p.ID] = true
	}
	return ps
}

// bind works out the binding when all values are there.
func (p *Paper) bind() { p.values.Shared["binding"] = p.Binding() }

// Binding is what every page bears: 80 bits of a SHA-256 in the letters of Crockford's base 32, in four groups.
func (p Paper) Binding() string {
	h := sha256.New()
	text := func(s string) {
		var n [8]byte
		binary.BigEndian.PutUint64(n[:], uint64(len(s)))
		h.Write(n[:])
		io.WriteString(h, s)
	}
	number := func(n uint64) { text(fmt.Sprint(n)) }
	table := func(m map[string]string) {
		number(uint64(len(m)))
		for _, key := range slices.Sorted(maps.Keys(m)) {
			text(key)
			text(m[key])
		}
	}
	text("akashi document binding 1")
	text(p.Template.Kind)
	text(string(p.Template.Digest[:]))
	r := p.Request
	for _, s := range []string{r.ID, string(r.Nonce[:]), r.Number, r.Requester.ID, string(r.Requester.Role), string(r.Channel), r.At.UTC().Format(time.RFC3339Nano), r.Verify} {
		text(s)
	}
	number(uint64(len(p.Persons)))
	for _, s := range p.Persons {
		text(s.Person)
		number(uint64(s.Version))
		text(fmt.Sprint(s.Protection.Flagged))
		number(s.Protection.Version)
		text(s.Protection.Release)
	}
	shared := maps.Clone(p.values.Shared)
	delete(shared, "binding")
	table(shared)
	number(uint64(len(p.values.Blocks)))
	for _, b := range p.values.Blocks {
		text(b.Block)
		table(b.Values)
	}
	for _, name := range slices.Sorted(maps.Keys(p.images)) {
		text(name)
		sum := p.images[name].image.Digest()
		text(string(sum[:]))
	}
	const letters = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
	sum := h.Sum(nil)
	var b strings.Builder
	for i := range 16 {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		at := 5 * i
		two := uint16(sum[at/8])<<8 | uint16(sum[at/8+1])
		b.WriteByte(letters[two>>(11-at%8)&31])
	}
	return b.String()
}

// Plan says what comes where.
func (p Paper) Plan() ([]template.Page, error) { return p.Template.Plan(p.values) }

// Picture is a picture of the paper by the name that the form has for it.
func (p Paper) Picture(name string) *pdf.Image { return p.images[name].image }

// qrOf draws a code: level M, so that a fold does not matter; four modules of white around it are for the box.
func qrOf(text string) (picture, error) {
	code, err := qr.Encode(text, qr.M)
	if err != nil {
		return picture{}, fmt.Errorf("document: the QR code: %w", err)
	}
	image := &pdf.Image{Width: code.Size, Height: code.Size}
	row := (code.Size + 7) / 8
	image.Bits = make([]byte, row*code.Size)
	for y := range code.Size {
		for x := range code.Size {
			if code.Black(x, y) {
				image.Bits[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return picture{image, 20 * imprint.Millimetre, 20 * imprint.Millimetre}, nil
}
