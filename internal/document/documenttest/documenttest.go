// Package documenttest has what tests of documents (証明書の試験) need: residents with rare characters, an issuer with a seal, a key with its
// certificate, and the official font.
package documenttest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/resident"
)

// At is when the documents of tests are issued.
var At = time.Date(2026, 11, 23, 10, 30, 0, 0, resident.JST)

// Must takes a value that a test knows to be good.
func Must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

var official = sync.OnceValues(func() (*font.Font, error) { return font.OpenFile(font.IPAmj) })

// Official is the official font; the test is skipped where it is not installed.
func Official(t testing.TB) document.Fonts {
	t.Helper()
	f, err := official()
	if os.IsNotExist(err) {
		t.Skip("the official font is not installed (Debian: fonts-ipamj-mincho): ", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	return document.Fonts{f}
}

// Builtin is the font that makes samples.
func Builtin() document.Fonts { return document.Fonts{builtin.Font()} }

var seals sync.Map // imprinttest.Seal → imprint.Imprint: to draw one takes longer than to issue a hundred documents

// Seal draws a seal.
func Seal(millimetres float64, face uint64) imprint.Imprint {
	s := imprinttest.Seal{Millimetres: millimetres, Face: face}
	if known, ok := seals.Load(s); ok {
		return known.(imprint.Imprint)
	}
	drawn := Must(imprint.Read("", s.Scan()))
	seals.Store(s, drawn)
	return drawn
}

// Issuer is a municipality.
var Issuer = sync.OnceValue(func() document.Issuer {
	return document.Issuer{Municipality: "長野県松本市", Title: "松本市長", Name: "見本　太郎", Seal: Seal(21, 7)}
})

// Request is an application at the counter.
func Request(id string) document.Request {
	r := document.Request{
		ID: id, Number: "松本-2026-" + id, Requester: document.Requester{ID: "check-4711", Role: document.Self}, Channel: document.Counter,
		At: At, Verify: "https://verify.matsumoto.example/" + id + "#7Q2M-" + id,
	}
	copy(r.Nonce[:], "nonce of "+id)
	return r
}

// Person is a Japanese national in household H-1.
func Person(n int, name string) document.Person {
	rec := resident.Record{
		Code: resident.RecordCodeOf(uint64(1_000_000_000 + n)),
		BasicFour: resident.BasicFour{
			Name: Must(resident.ParseName("", name)), Birth: Must(resident.ParsePartialDate("", fmt.Sprintf("19%02d-03-0%d", 40+n%50, 1+n%9))),
			Sex: resident.Sex(1 + n%2), Address: Must(resident.ParseAddress("", "長野県松本市丸の内３番７号")),
		},
		Furigana:       Must(resident.ParseKana("", "カサイ　ハナコ")),
		Municipality:   Must(resident.ParseMunicipalityCode("", "202029")),
		Household:      "H-1",
		Relation:       resident.Head,
		BecameResident: resident.MustDate(1990, 4, 1),
		Number:         resident.IndividualNumberOf(uint64(98_320_567_300 + n)),
		FamilyRegister: resident.FamilyRegister{State: resident.DomicileKnown, Domicile: Must(resident.ParseAddress("", "長野県松本市丸の内３番地")), Head: Must(resident.ParseName("", name))},
		Residence:      resident.Residence{Since: resident.MustDate(1990, 4, 1), Notified: resident.MustDate(1990, 4, 3), Earlier: Must(resident.ParseAddress("", "東京都葛󠄃飾区立石五丁目１３番１号"))},
	}
	if n > 1 {
		rec.Relation = Must(resident.ParseRelation("", "子"))
	}
	return document.Person{ID: fmt.Sprintf("P%04d", n), Record: rec, Version: resident.Version(n + 3)}
}

// Foreigner is a foreign resident in household H-1.
func Foreigner(n int, name string) document.Person {
	p := Person(n, name)
	p.Record.Furigana, p.Record.FamilyRegister = resident.Kana{}, resident.FamilyRegister{}
	p.Record.Nationality = Must(resident.ParseNationality("", "ブラジル"))
	p.Record.CommonName = Must(resident.ParseName("", "葛󠄂西　マリア"))
	p.Record.Stay = resident.Stay{Category: resident.MidToLongTerm, Status: Must(resident.ParseStayStatus("", "日本人の配偶者等")),
		Period: Must(resident.ParseStayPeriod("", "3年")), Until: resident.MustDate(2027, 8, 31), Card: Must(resident.ParseStayCard("", "AB12345678CD")),
		Since: resident.MustDate(2015, 9, 1)}
	return p
}

// Names have characters whose forms must not be mistaken: two of 葛, two of 辻, some of 邊, and three that old systems lack.
var Names = []string{
	"葛󠄂西　花子", "葛󠄃西　花子", "辻󠄂　𠮷男", "辻󠄃　髙子", "渡邊󠄈　﨑", "渡邊󠄉　﨑", "渡邊󠄊　﨑",
}

// Copy is an application for a copy that shows everything.
func Copy(id string) document.Copy {
	return document.Copy{Request: Request(id), Form: document.ResidentRecordHousehold,
		Items: document.Items{Relation: true, Domicile: true, Number: true, Code: true}, Head: Must(resident.ParseName("", Names[0]))}
}

// Signer is a key whose signatures need no randomness (RFC 6979), and its certificate.
var Signer = sync.OnceValues(func() (crypto.Signer, [][]byte) {
	key := Must(ecdsa.ParseRawPrivateKey(elliptic.P256(), []byte("a key of tests, which everybody.")))
	now := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	form := &x509.Certificate{SerialNumber: big.NewInt(4711), Subject: pkix.Name{Country: []string{"JP"}, Organization: []string{"Matsumoto"}, CommonName: "Mayor of Matsumoto"},
		NotBefore: now, NotAfter: now.AddDate(5, 0, 0), KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment}
	return key, [][]byte{Must(x509.CreateCertificate(rand.Reader, form, form, key.Public(), key))}
})

// Issue issues a paper.
func Issue(t testing.TB, p document.Paper, fonts document.Fonts) ([]byte, document.Manifest) {
	t.Helper()
	key, chain := Signer()
	file, m, err := p.Issue(fonts, key, chain, nil)
	if err != nil {
		t.Fatal(err)
	}
	return file, m
}
