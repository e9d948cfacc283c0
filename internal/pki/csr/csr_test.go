package csr_test

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"math/big"
	"slices"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/csr"
	"github.com/akashi-id/akashi/internal/pki/subjectkey"
	"github.com/akashi-id/akashi/internal/pki/subjectkey/subjectkeytest"
)

var cards = []cert.Algorithm{cert.Today.Algorithm(), cert.Next.Algorithm()}

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

var (
	sha256WithRSA   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
	sha512WithRSA   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 13}
	sha1WithRSA     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 5}
	pss             = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 10}
	ecdsaWithSHA1   = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 1}
	ecdsaWithSHA256 = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	ed25519OID      = asn1.ObjectIdentifier{1, 3, 101, 112}
	challenge       = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 7}
	wishes          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 14}
	altName         = asn1.ObjectIdentifier{2, 5, 29, 17}
	usage           = asn1.ObjectIdentifier{2, 5, 29, 15}
	oidEC           = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
)

// draft is a request in its making. What a test changes is signed as it then stands, so that nothing else is wrong with it.
type draft struct {
	version    []byte // INTEGER
	subject    []byte // Name
	spki       []byte
	attributes []byte // what stands under the tag 0; nil: the tag is left out
	algorithm  asn1.ObjectIdentifier
	parameters []byte
	sign       func(tbs []byte) []byte
	padding    byte // of the signature
}

func (d draft) der() []byte {
	var info, b cryptobyte.Builder
	info.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(d.version)
		b.AddBytes(d.subject)
		b.AddBytes(d.spki)
		if d.attributes != nil {
			b.AddASN1(cb.Tag(0).ContextSpecific().Constructed(), func(b *cryptobyte.Builder) { b.AddBytes(d.attributes) })
		}
	})
	tbs := info.BytesOrPanic()
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1ObjectIdentifier(d.algorithm)
			b.AddBytes(d.parameters)
		})
		b.AddASN1(cb.BIT_STRING, func(b *cryptobyte.Builder) {
			b.AddUint8(d.padding)
			b.AddBytes(d.sign(tbs))
		})
	})
	return b.BytesOrPanic()
}

func byRSA(key subjectkeytest.RSA) draft {
	return draft{version: []byte{2, 1, 0}, subject: []byte{0x30, 0}, spki: key.SPKI(), attributes: []byte{}, algorithm: sha256WithRSA,
		parameters: []byte{5, 0}, sign: func(tbs []byte) []byte { return key.Sign(crypto.SHA256, tbs) }}
}

func byEC(t testing.TB, key *ecdsa.PrivateKey) draft {
	return draft{version: []byte{2, 1, 0}, subject: []byte{0x30, 0}, spki: must[[]byte](t)(x509.MarshalPKIXPublicKey(key.Public())),
		attributes: []byte{}, algorithm: ecdsaWithSHA256, sign: func(tbs []byte) []byte {
			sum := sha256.Sum256(tbs)
			return must[[]byte](t)(ecdsa.SignASN1(rand.Reader, key, sum[:]))
		}}
}

// attribute has any number of values.
func attribute(kind asn1.ObjectIdentifier, values ...[]byte) []byte {
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1ObjectIdentifier(kind)
		b.AddASN1(cb.SET, func(b *cryptobyte.Builder) {
			for _, v := range values {
				b.AddBytes(v)
			}
		})
	})
	return b.BytesOrPanic()
}

func extensions(t testing.TB, list ...pkix.Extension) []byte {
	return must[[]byte](t)(asn1.Marshal(list))
}

type example struct {
	name, code string
	der        []byte
}

// examples are requests that are taken, and one for each thing that can be wrong.
func examples(t testing.TB) (all []example) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	other := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	small := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	point := must[[]byte](t)(key.PublicKey.Bytes())
	point[96] ^= 1
	off := must[[]byte](t)(asn1.Marshal(struct {
		A pkix.AlgorithmIdentifier
		B asn1.BitString
	}{pkix.AlgorithmIdentifier{Algorithm: oidEC, Parameters: asn1.RawValue{FullBytes: []byte{6, 5, 0x2b, 0x81, 4, 0, 0x22}}}, asn1.BitString{Bytes: point, BitLength: 776}}))
	name := must[[]byte](t)(asn1.Marshal(pkix.Name{CommonName: "総務　大臣", Organization: []string{"JPKI"}}.ToRDNSequence()))
	text := must[[]byte](t)(asn1.Marshal("secret"))
	wish := extensions(t, pkix.Extension{Id: altName, Value: []byte{0x30, 0}}, pkix.Extension{Id: usage, Critical: true, Value: []byte{3, 2, 1, 6}})
	many := []byte{}
	for i := range 17 {
		many = append(many, attribute(asn1.ObjectIdentifier{1, 2, 3, i}, text)...)
	}
	var crowd []pkix.Extension
	for i := range 33 {
		crowd = append(crowd, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, i}, Value: []byte{5, 0}})
	}
	var long []pkix.Extension
	for i := range 16 {
		long = append(long, pkix.Extension{Id: asn1.ObjectIdentifier{1, 2, 3, i}, Value: make([]byte, 1<<16)})
	}
	// A request of 500 octets whose outer length promises 16 MiB.
	promise := byEC(t, key).der()
	promise = append([]byte{0x30, 0x83, 0xff, 0xff, 0xff}, promise[4:]...)

	add := func(name, code string, d draft, changes ...func(*draft)) {
		for _, change := range changes {
			change(&d)
		}
		all = append(all, example{name, code, d.der()})
	}
	ec, rsa := byEC(t, key), byRSA(subjectkeytest.Good())
	set := func(values ...[]byte) []byte { return slices.Concat(values...) }
	scalars := func(r, s *big.Int) func(*draft) {
		return func(d *draft) {
			d.sign = func([]byte) []byte { return must[[]byte](t)(asn1.Marshal(struct{ R, S *big.Int }{r, s})) }
		}
	}
	one := big.NewInt(1)

	add("P-384", "", ec)
	add("RSA", "", rsa)
	add("RSA with SHA-512", "", rsa, func(d *draft) {
		d.algorithm, d.sign = sha512WithRSA, func(tbs []byte) []byte { return subjectkeytest.Good().Sign(crypto.SHA512, tbs) }
	})
	add("no attributes, and no tag for them", "csr-form", ec, func(d *draft) { d.attributes = nil })
	add("somebody's name, a password and wishes", "", ec, func(d *draft) {
		d.subject, d.attributes = name, set(attribute(challenge, text), attribute(wishes, wish))
	})
	add("an unknown attribute of two values", "", ec, func(d *draft) { d.attributes = attribute(asn1.ObjectIdentifier{1, 2, 3}, text, text) })

	// The proof.
	add("another's key", "csr-signature", ec, func(d *draft) { d.spki = byEC(t, other).spki })
	add("another's RSA key", "csr-signature", rsa, func(d *draft) { d.spki = subjectkeytest.Apart(600).SPKI() })
	add("a signature of something else", "csr-signature", ec, func(d *draft) { s := d.sign; d.sign = func([]byte) []byte { return s([]byte("else")) } })
	add("an RSA signature of something else", "csr-signature", rsa, func(d *draft) { s := d.sign; d.sign = func([]byte) []byte { return s([]byte("else")) } })
	add("a signature of another hash", "csr-signature", rsa, func(d *draft) { d.algorithm = sha512WithRSA })
	add("no signature", "csr-signature-form", ec, func(d *draft) { d.sign = func([]byte) []byte { return nil } })
	add("a short RSA signature", "csr-signature-form", rsa, func(d *draft) { s := d.sign; d.sign = func(b []byte) []byte { return s(b)[1:] } })
	add("a signature with a tail", "csr-signature-form", ec, func(d *draft) { s := d.sign; d.sign = func(b []byte) []byte { return append(s(b), 0) } })
	add("r = s = 0", "csr-signature-form", ec, scalars(new(big.Int), new(big.Int)))
	add("a negative r", "csr-signature-form", ec, scalars(big.NewInt(-1), one))
	add("a negative s", "csr-signature-form", ec, scalars(one, big.NewInt(-1)))
	add("r as large as the order", "csr-signature-form", ec, scalars(elliptic.P384().Params().N, one))
	add("r = s = 1", "csr-signature", ec, scalars(one, one))
	add("bits that are left over", "csr-signature-form", rsa, func(d *draft) {
		s := d.sign
		d.padding, d.sign = 1, func(b []byte) []byte { out := s(b); out[len(out)-1] &^= 1; return out }
	})

	// The algorithm.
	add("ECDSA's algorithm on an RSA key", "csr-algorithm", rsa, func(d *draft) { d.algorithm, d.parameters = ecdsaWithSHA256, nil })
	add("RSA's algorithm on a P-384 key", "csr-algorithm", ec, func(d *draft) { d.algorithm, d.parameters = sha256WithRSA, []byte{5, 0} })
	add("Ed25519's algorithm on a P-384 key", "csr-algorithm", ec, func(d *draft) { d.algorithm = ed25519OID })
	add("PSS", "csr-algorithm", rsa, func(d *draft) { d.algorithm, d.parameters = pss, []byte{0x30, 0} })
	add("SHA-1", "csr-hash", rsa, func(d *draft) { d.algorithm = sha1WithRSA })
	add("SHA-1 on a P-384 key", "csr-hash", ec, func(d *draft) { d.algorithm = ecdsaWithSHA1 })
	add("RSA without its NULL", "csr-algorithm-parameters", rsa, func(d *draft) { d.parameters = nil })
	add("RSA with two NULLs", "csr-algorithm-parameters", rsa, func(d *draft) { d.parameters = []byte{5, 0, 5, 0} })
	add("ECDSA with a NULL", "csr-algorithm-parameters", ec, func(d *draft) { d.parameters = []byte{5, 0} })

	// The form.
	add("version 2", "csr-version", ec, func(d *draft) { d.version = []byte{2, 1, 1} })
	add("version -1", "csr-version", ec, func(d *draft) { d.version = []byte{2, 1, 0xff} })
	add("version 2^64", "csr-version", ec, func(d *draft) { d.version = []byte{2, 9, 1, 0, 0, 0, 0, 0, 0, 0, 0} })
	add("a version in two octets", "der-integer", ec, func(d *draft) { d.version = []byte{2, 2, 0, 0} })
	add("a version that is no number", "csr-form", ec, func(d *draft) { d.version = []byte{5, 0} })
	add("a subject that is a text", "csr-subject", ec, func(d *draft) { d.subject = set([]byte{0x30, byte(len(text))}, text) })
	add("a subject with an empty part", "csr-subject", ec, func(d *draft) { d.subject = []byte{0x30, 2, 0x31, 0} })
	add("an attribute without a value", "csr-attributes", ec, func(d *draft) { d.attributes = attribute(challenge) })
	add("an attribute that is a text", "csr-attributes", ec, func(d *draft) { d.attributes = text })
	add("attributes out of order", "csr-attributes", ec, func(d *draft) {
		d.attributes = set(attribute(wishes, wish), attribute(challenge, text))
	})
	add("two passwords", "csr-attribute-twice", ec, func(d *draft) { d.attributes = set(attribute(challenge, text), attribute(challenge, text)) })
	add("wishes twice", "csr-attribute-twice", ec, func(d *draft) { d.attributes = set(attribute(wishes, wish), attribute(wishes, wish)) })
	add("seventeen attributes", "csr-many-attributes", ec, func(d *draft) { d.attributes = many })
	add("two lists of wishes", "csr-extensions", ec, func(d *draft) { d.attributes = attribute(wishes, wish, wish) })
	add("no wish in a list", "csr-extensions", ec, func(d *draft) { d.attributes = attribute(wishes, []byte{0x30, 0}) })
	add("a wish without a value", "csr-extensions", ec, func(d *draft) { d.attributes = attribute(wishes, []byte{0x30, 7, 0x30, 5, 6, 3, 0x55, 0x1d, 0x11}) })
	add("a wish said twice", "csr-extension-twice", ec, func(d *draft) {
		d.attributes = attribute(wishes, extensions(t, pkix.Extension{Id: altName, Value: []byte{5, 0}}, pkix.Extension{Id: altName, Value: []byte{0x30, 0}}))
	})
	add("thirty-three wishes", "csr-many-extensions", ec, func(d *draft) { d.attributes = attribute(wishes, extensions(t, crowd...)) })
	add("1 MiB of wishes", "csr-too-large", ec, func(d *draft) { d.attributes = attribute(wishes, extensions(t, long...)) })

	// The key; what is bad of RSA keys is signed with them.
	for _, l := range subjectkeytest.RSALiars() {
		add(l.Name, l.Code, byRSA(l.Key))
	}
	add("P-256", "key-curve", byEC(t, small))
	add("a point off the curve", "key-off-curve", ec, func(d *draft) { d.spki = off })

	good := ec.der()
	twice := append(bytes.Clone(good), good...)
	all = append(all,
		example{"nothing", "der-truncated", nil},
		example{"text", "der-truncated", []byte("request")},
		example{"a number", "csr-form", []byte{2, 1, 1}},
		example{"a key", "csr-form", ec.spki},
		example{"cut", "der-truncated", good[:len(good)-1]},
		example{"a tail", "der-trailing", append(bytes.Clone(good), 0)},
		example{"two requests", "der-trailing", twice},
		example{"a length that promises 16 MiB", "der-truncated", promise},
		example{"no length", "der-indefinite", append(append([]byte{0x30, 0x80}, good[4:]...), 0, 0)},
		example{"a length in three octets", "der-length", append([]byte{0x30, 0x83, 0, good[2], good[3]}, good[4:]...)},
	)
	return all
}

// code is that of a refusal, "" for what is taken. A refusal says something in both languages.
func code(t testing.TB, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	var no *subjectkey.Refusal
	if !errors.As(err, &no) || no.Code == "" || !strings.HasSuffix(no.JA, "。") || !strings.HasSuffix(no.EN, ".") {
		t.Errorf("%v is no refusal for people", err)
		return "?"
	}
	return no.Code
}

func TestLiars(t *testing.T) {
	for _, x := range examples(t) {
		r, err := csr.Read(x.der, cards...)
		if got := code(t, err); got != x.code {
			t.Errorf("%s: got %q, want %q (%v)", x.name, got, x.code, err)
		}
		if err == nil {
			theirs := must[*x509.CertificateRequest](t)(x509.ParseCertificateRequest(x.der))
			if !bytes.Equal(r.SPKI, theirs.RawSubjectPublicKeyInfo) {
				t.Errorf("%s: another key came out", x.name)
			}
		}
	}
}

// TestNothingTrustedComesOut: two requests for one key give the same, whatever else they say.
func TestNothingTrustedComesOut(t *testing.T) {
	key := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	plain := must[*csr.Request](t)(csr.Read(byEC(t, key).der(), cards...))
	der := must[[]byte](t)(x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "somebody else"},
		DNSNames: []string{"jpki.example"}, ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 19}, Critical: true, Value: []byte{0x30, 3, 1, 1, 0xff}}}}, key))
	full := must[*csr.Request](t)(csr.Read(der, cards...))
	if !bytes.Equal(plain.SPKI, full.SPKI) || !key.PublicKey.Equal(full.Public) {
		t.Error("what a request says of names and rights changes what is read")
	}
}

func FuzzRead(f *testing.F) {
	for _, x := range examples(f) {
		if len(x.der) <= 2*csr.MaxOctets {
			f.Add(x.der)
		}
	}
	f.Fuzz(func(t *testing.T, der []byte) {
		r, err := csr.Read(der, cards...)
		if code(t, err) != "" {
			return
		}
		theirs, err := x509.ParseCertificateRequest(der)
		if err != nil || theirs.CheckSignature() != nil || !bytes.Equal(theirs.RawSubjectPublicKeyInfo, r.SPKI) {
			t.Errorf("crypto/x509 reads %x otherwise: %v", der, err)
		}
	})
}
