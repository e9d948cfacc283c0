package lint

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// specimen is a certificate that is right: the bytes to be signed as package jpki builds them, and what the records say.
type specimen struct {
	name string
	kind kind
	tbs  []byte
	want Want
}

var (
	caStart = time.Date(2025, 4, 1, 0, 0, 0, 0, cert.JST)
	issued  = time.Date(2025, 10, 27, 10, 15, 30, 0, cert.JST)
	place   = jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Matsumoto-shi"}
)

func must[T any](t testing.TB) func(v T, err error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// fixedKey is one of the builder's test keys: making RSA keys anew would take most of the tests' time.
func fixedKey(t testing.TB, name string, g cert.Generation) crypto.Signer {
	t.Helper()
	if g == cert.Next {
		name += "-next"
	}
	return must[crypto.Signer](t)(pki.DecodeKey(must[[]byte](t)(os.ReadFile(filepath.Join("..", "jpki", "testdata", name+".key")))))
}

func serial(t testing.TB, hex string) cert.Serial {
	t.Helper()
	return must[cert.Serial](t)(cert.ParseSerial(hex))
}

func spki(t testing.TB, public crypto.PublicKey) []byte {
	t.Helper()
	return must[[]byte](t)(x509.MarshalPKIXPublicKey(public))
}

// ca builds a CA's certificate and its specimen.
func ca(t testing.TB, p cert.Profile, g cert.Generation) (*jpki.Issuer, specimen) {
	t.Helper()
	key := fixedKey(t, "ca-"+p.String(), g)
	number := serial(t, "067C6A21")
	tbs := must[[]byte](t)(jpki.CATBS(p, key.Public(), number, caStart))
	der := must[[]byte](t)(pki.AssembleCertificate(tbs, must[[]byte](t)(pki.SignTBS(nil, key, tbs))))
	return must[*jpki.Issuer](t)(jpki.OpenIssuer(der)), specimen{"CA", aCA, tbs,
		Want{Profile: p, Generation: g, Serial: number, Public: spki(t, key.Public()), From: caStart,
			Until: time.Date(2035, 4, 1, 23, 59, 59, 0, cert.JST)}}
}

// person builds a user's certificate; change may alter what it says before it is built.
func person(t testing.TB, p cert.Profile, g cert.Generation, change func(*jpki.User, *Want)) specimen {
	t.Helper()
	issuer, _ := ca(t, p, g)
	public := fixedKey(t, "holder", g).Public()
	w := Want{Profile: p, Generation: g, Issuer: issuer.Certificate(), Serial: serial(t, "41A7F09C5E2B44D0A1B2C3D4E5F60718"), Public: spki(t, public),
		From: issued, Until: time.Date(2030, 2, 17, 23, 59, 59, 0, cert.JST), Birth: cert.Birthday{Month: 2, Day: 17}, Prefecture: place.Prefecture, Municipality: place.Municipality, Counter: "202021A01",
		OCSP: "http://127.0.0.1:8600/ocsp"}
	u := jpki.User{Serial: w.Serial, Public: public, NotBefore: issued, Partition: place, OCSP: w.OCSP,
		NotAfter: must[time.Time](t)(cert.NotAfter(issued, w.Birth)), CommonName: must[string](t)(jpki.CommonName(p, issued, 123, w.Counter))}
	if p == cert.Signature {
		u.Holder = must[*cert.Holder](t)(jpki.NewHolder("\u9ad9橋　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号"))
		w.Holder = must[*cert.Holder](t)(jpki.NewHolder("\u9ad9橋　花子", "2", 1980, 2, 17, "長野県松本市丸の内３番７号"))
	}
	if change != nil {
		change(&u, &w)
	}
	return specimen{"user", aUser, must[[]byte](t)(issuer.UserTBS(u)), w}
}

func responder(t testing.TB, p cert.Profile, g cert.Generation) specimen {
	t.Helper()
	issuer, _ := ca(t, p, g)
	public := fixedKey(t, "ocsp", g).Public()
	w := Want{Profile: p, Generation: g, Issuer: issuer.Certificate(), Serial: serial(t, "41A7F09C5E2B44D0A1B2C3D4E5F60719"), Public: spki(t, public),
		From: issued, Until: issued.AddDate(0, 0, 30)}
	tbs := must[[]byte](t)(issuer.OCSPSignerTBS(jpki.OCSPSigner{Serial: w.Serial, Public: public, NotBefore: issued,
		NotAfter: issued.AddDate(0, 0, 30), CommonName: "OCSP 2025-10"}))
	return specimen{"OCSP signer", aResponder, tbs, w}
}

// specimens has one of each kind, profile and generation.
func specimens(t testing.TB) (all []specimen) {
	t.Helper()
	for _, g := range []cert.Generation{cert.Today, cert.Next} {
		for _, p := range cert.Profiles {
			_, root := ca(t, p, g)
			for _, s := range []specimen{root, person(t, p, g, nil), responder(t, p, g)} {
				s.name += " " + p.String() + " " + g.String()
				all = append(all, s)
			}
		}
	}
	return all
}

// ── bytes taken apart and put together again, to change one field of them ──

// node is an element of DER. One with parts is written from them.
type node struct {
	tag   byte
	body  []byte
	parts []*node
}

func parse(t testing.TB, der []byte) *node {
	t.Helper()
	n, rest := parseOne(t, der)
	if len(rest) > 0 {
		t.Fatalf("%d octets after an element", len(rest))
	}
	return n
}

func parseOne(t testing.TB, der []byte) (*node, []byte) {
	t.Helper()
	if len(der) < 2 {
		t.Fatalf("no element in %x", der)
	}
	n, length, head := &node{tag: der[0]}, int(der[1]), 2
	if length > 0x80 {
		count := length - 0x80
		length = 0
		for _, b := range der[2 : 2+count] {
			length = length<<8 | int(b)
		}
		head += count
	}
	n.body = der[head : head+length]
	if n.tag&0x20 != 0 {
		n.open(t)
	}
	return n, der[head+length:]
}

// open makes parts of the body: a constructed element's, or what is inside an OCTET STRING.
func (n *node) open(t testing.TB) *node {
	t.Helper()
	for rest := n.body; len(rest) > 0; {
		var part *node
		part, rest = parseOne(t, rest)
		n.parts = append(n.parts, part)
	}
	n.body = nil
	return n
}

func (n *node) der() []byte {
	body := n.body
	for _, p := range n.parts {
		body = append(body, p.der()...)
	}
	switch l := len(body); {
	case l < 0x80:
		return append([]byte{n.tag, byte(l)}, body...)
	case l < 0x100:
		return append([]byte{n.tag, 0x81, byte(l)}, body...)
	default:
		return append([]byte{n.tag, 0x82, byte(l >> 8), byte(l)}, body...)
	}
}

// at goes down by position.
func (n *node) at(path ...int) *node {
	for _, i := range path {
		n = n.parts[i]
	}
	return n
}

// Positions in a TBSCertificate.
const (
	inVersion = iota
	inSerial
	inAlgorithm
	inIssuer
	inValidity
	inSubject
	inKey
	inExtensions
)

// extensions is the list of them.
func (n *node) extensions() *node { return n.at(inExtensions, 0) }

// value gives what is inside an extension's OCTET STRING, opened.
func (n *node) value(t testing.TB, id string) *node {
	t.Helper()
	for _, e := range n.extensions().parts {
		if e.at(0).is(id) {
			octets := e.parts[len(e.parts)-1]
			if octets.parts == nil {
				octets.open(t)
			}
			return octets.at(0)
		}
	}
	t.Fatalf("there is no extension %s", id)
	return nil
}

// is compares an OBJECT IDENTIFIER with its text.
func (n *node) is(id string) bool {
	var o asn1.ObjectIdentifier
	_, err := asn1.Unmarshal(n.der(), &o)
	return err == nil && o.String() == id
}

// later is the CA's certificate with a validity that begins after everything that the specimens have.
func later(t testing.TB, s specimen) []byte {
	t.Helper()
	n := parse(t, s.tbs)
	n.at(inValidity, 0).body = []byte("251101000000Z")
	return must[[]byte](t)(pki.AssembleCertificate(n.der(), pki.Placeholder(algorithmOf(s.want.Public))))
}
