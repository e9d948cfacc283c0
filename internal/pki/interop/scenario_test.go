package interop

import (
	"crypto"
	"crypto/x509"
	"encoding/asn1"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// method is how a program is to find out whether the certificate was revoked.
type method string

const (
	alone    method = "alone" // it is not asked to
	byList   method = "list"
	byDelta  method = "delta list"
	byAnswer method = "OCSP"
)

var methods = []method{alone, byList, byDelta, byAnswer}

// scenario is what a program is given: a root that it trusts, a chain, and how to ask about the holder's certificate.
type scenario struct {
	name   string
	method method
	root   []byte
	ca     authority     // that issues the holder's certificate
	key    crypto.Signer // that signs it; nil: the CA's
	serial cert.Serial
	leaf   func(*fields) // changes it before it is signed
	spoil  bool          // changes it after
	above  [][]byte      // between it and the root, the next one first
	lists  []list
	bad    bool // change the signature of the first list
	answer *answering
	url    string

	policy string // that it must have been issued under
	login  bool   // its holder wants to log in with it (TLS client authentication)
}

// good is a scenario in which nothing is wrong.
func (w *world) good(p cert.Profile, m method) *scenario {
	s := &scenario{name: m.String() + ", " + p.String(), method: m, ca: w.cas[p], serial: w.serial()}
	s.root = s.ca.Certificate()
	s.answer, s.url = w.answering(s.ca, cert.Valid)
	switch m {
	case byList:
		s.lists = []list{w.full()}
	case byDelta:
		s.lists = []list{w.full(), w.delta()}
	}
	return s
}

func (m method) String() string { return string(m) }

// files are a scenario as programs read it.
type files struct {
	dir        string
	root, leaf string // PEM
	above      []string
	lists      []string
	der        map[string]string // of each of them, in DER
}

// certificate is the holder's.
func (s *scenario) certificate(w *world) []byte {
	w.Helper()
	key := s.key
	if key == nil {
		key = s.ca.key
	}
	der := w.signed(key, w.userTBS(s.ca, s.serial, s.url), s.leaf)
	if s.spoil { // one bit of the name, inside a UTF8String
		i := indexOf(der, "202021A01")
		der[i] ^= 1
	}
	return der
}

func indexOf(der []byte, text string) int {
	for i := range der {
		if len(der)-i >= len(text) && string(der[i:i+len(text)]) == text {
			return i
		}
	}
	panic("interop: the certificate does not say " + text)
}

func (s *scenario) files(w *world) files {
	w.Helper()
	f := files{dir: w.TempDir(), der: map[string]string{}}
	put := func(name string, der []byte) string {
		f.der[name] = write(w, f.dir, name+".der", der)
		f.der[f.dir+"/"+name+".pem"] = f.der[name]
		return write(w, f.dir, name+".pem", pki.EncodeCertificates(der))
	}
	f.root, f.leaf = put("root", s.root), put("leaf", s.certificate(w))
	for i, der := range s.above {
		f.above = append(f.above, put("above-"+string(rune('0'+i)), der))
	}
	for i, l := range s.lists {
		der := w.write(s.ca, l)
		if s.bad && i == 0 {
			der[len(der)-1] ^= 1
		}
		f.lists = append(f.lists, write(w, f.dir, "list-"+string(rune('0'+i))+".der", der))
	}
	return f
}

// under is a CA certificate for a key, named as the CA of a profile, and signed by another CA.
func (w *world) under(p cert.Profile, key crypto.Signer, by authority, edit func(*fields)) []byte {
	w.Helper()
	return w.signed(by.key, w.caTBS(p, key.Public()), func(f *fields) {
		f.Serial, f.Issuer = w.serial().Int(), raw(by.certificate.RawSubject)
		name := asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: 0, Bytes: by.certificate.SubjectKeyId}
		f.set(extension{idAuthorityKey, false, value(w, struct{ Key asn1.RawValue }{name})})
		if edit != nil {
			edit(f)
		}
	})
}

// beneath puts a CA between the root, which is the CA of the other profile, and the holder. Who issues by our code is a CA, whatever
// the certificate that is then shown says.
func (w *world) beneath(s *scenario, edit func(*fields)) {
	w.Helper()
	top, number := w.cas[cert.Authentication], w.serial().Int()
	right := func(f *fields) { f.Serial = number }
	s.ca = w.authority(w.under(cert.Signature, s.ca.key, top, right), s.ca.key)
	s.root = top.Certificate()
	s.above = [][]byte{w.under(cert.Signature, s.ca.key, top, func(f *fields) { right(f); edit(f) })}
}

// beneathTwo puts two CAs there, of which the upper one allows so many beneath it.
func (w *world) beneathTwo(s *scenario, allows int) {
	w.Helper()
	top := w.cas[cert.Authentication]
	upper := w.under(cert.Signature, w.stranger, top, func(f *fields) {
		f.Subject = raw(must[[]byte](w)(named("JP", "a CA between two others").DER()))
		f.set(extension{idBasicConstraints, true, value(w, basicConstraints{true, allows})})
	})
	lower := w.under(cert.Signature, s.ca.key, authority{certificate: must[*x509.Certificate](w)(x509.ParseCertificate(upper)), key: w.stranger}, nil)
	s.ca = w.authority(lower, s.ca.key)
	s.root, s.above = top.Certificate(), [][]byte{lower, upper}
}

type basicConstraints struct {
	CA     bool
	MaxLen int
}

var (
	idAuthorityKey     = asn1.ObjectIdentifier{2, 5, 29, 35}
	idKeyUsage         = asn1.ObjectIdentifier{2, 5, 29, 15}
	idBasicConstraints = asn1.ObjectIdentifier{2, 5, 29, 19}
	idNameConstraints  = asn1.ObjectIdentifier{2, 5, 29, 30}
	idExtKeyUsage      = asn1.ObjectIdentifier{2, 5, 29, 37}
	idOfNobody         = asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 99999, 1}
	idEmailProtection  = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 3, 4}
)

func value(t testing.TB, v any) []byte {
	t.Helper()
	return must[[]byte](t)(asn1.Marshal(v))
}
