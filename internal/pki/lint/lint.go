package lint

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
)

// Want is what the records of the signing CA say of the certificate that it is about to sign.
type Want struct {
	Profile    cert.Profile
	Generation cert.Generation // of the card; 0 for any, and for replays with keys that no card has
	Issuer     []byte          // the CA's certificate (DER); nil for a CA's own
	Serial     cert.Serial
	Public     []byte    // the key to be certified, as the applicant brought it (SubjectPublicKeyInfo, DER)
	From       time.Time // beginning of the validity
	Until      time.Time // its end, as recorded (a CA has no record of its own before); beside that it must be the one that the rules give

	// Of the certificate of a prefecture's own CA only: its governor, in Latin letters and in Japanese.
	Governor, GovernorJapanese string

	// Of a user's certificate only.
	Birth        cert.Birthday
	Card         time.Time    // end of the card, which the certificate does not outlive; the zero time for none
	Replaces     time.Time    // end of the certificate that this one renews; the zero time for none
	Holder       *cert.Holder // in a signature certificate
	Prefecture   string       // in Latin letters
	Municipality string       // in Latin letters
	Counter      string       // the sign of the counter (受付窓口識別記号)
	OCSP         string       // address of the OCSP service
}

// Finding is one thing that is wrong, by the name of the rule that found it. It quotes nothing of a person.
type Finding struct {
	Rule string
	plain.Sentence
}

// Findings is the refusal of a certificate: it is an error, and never empty.
type Findings []Finding

// Error gives every finding, for logs.
func (f Findings) Error() string {
	texts := make([]string, len(f))
	for i, one := range f {
		texts[i] = one.Rule + ": " + one.String()
	}
	return "the certificate must not be signed: " + strings.Join(texts, "; ")
}

// Sentence gives the findings to people, in one sentence for each.
func (f Findings) Sentence() plain.Sentence {
	s := plain.Sentence{JA: "検査に合わないため、電子証明書に署名していません。", EN: "The certificate was not signed, because it does not pass the lint."}
	for _, one := range f {
		s.JA += one.JA
		s.EN += " " + one.EN
	}
	return s
}

// kind is a set of kinds of certificates.
type kind uint8

const (
	aCA kind = 1 << iota
	aUser
	aResponder

	every = aCA | aUser | aResponder
)

// CA judges a CA's self-signed certificate.
func CA(tbs []byte, w Want) error { return judge(tbs, w, aCA) }

// User judges a person's certificate of either profile.
func User(tbs []byte, w Want) error { return judge(tbs, w, aUser) }

// OCSPSigner judges the certificate of a key that answers for a CA.
func OCSPSigner(tbs []byte, w Want) error { return judge(tbs, w, aResponder) }

// judge returns Findings, or another error when it could not judge.
func judge(tbs []byte, w Want, k kind) error {
	s, err := open(tbs, w, k)
	if err != nil {
		return err
	}
	findings := s.own()
	if s.read {
		findings = append(findings, rfc(tbs, s.signer, k)...)
	}
	if len(findings) > 0 {
		return findings
	}
	return nil
}

// subject is a certificate on the table: what it says, and what it should say.
type subject struct {
	Want
	certificate
	kind    kind
	read    bool              // whether certificate holds anything
	issuer  *x509.Certificate // nil for a CA's own
	signer  cert.Algorithm    // of the key that will sign
	subject cert.Algorithm    // of the key that is certified

	named  func() ([]attribute, bool)  // the subject's name, which several rules look at
	holder func() (*cert.Holder, bool) // and what is said of the holder; false also when nothing is
}

func open(tbs []byte, w Want, k kind) (*subject, error) {
	if !w.Profile.Valid() || w.Serial.IsZero() || len(w.Public) == 0 || w.From.IsZero() || w.Until.IsZero() && k != aCA || (len(w.Issuer) == 0) != (k == aCA) ||
		(w.Holder != nil) != (k == aUser && w.Profile == cert.Signature) {
		return nil, fmt.Errorf("couldn't lint a certificate: the records do not say what it should be")
	}
	s := &subject{Want: w, kind: k, subject: algorithmOf(w.Public)}
	s.signer = s.subject
	if k != aCA {
		ca, err := issuerOf(w.Issuer)
		if err != nil {
			return nil, fmt.Errorf("couldn't lint a certificate: its CA's cannot be read: %w", err)
		}
		s.issuer, s.signer = ca.certificate, ca.algorithm
	}
	if s.signer == 0 {
		return nil, fmt.Errorf("couldn't lint a certificate: the key that would sign it is of no known algorithm")
	}
	s.take(tbs)
	return s, nil
}

// take puts bytes on the table.
func (s *subject) take(tbs []byte) {
	s.certificate, s.read = read(tbs)
	s.named = sync.OnceValues(func() ([]attribute, bool) { return readName(s.name) })
	s.holder = sync.OnceValues(func() (*cert.Holder, bool) {
		value, ok := s.extension(idSubjectAltName)
		if !ok || s.Profile != cert.Signature {
			return nil, false
		}
		return readHolder(value)
	})
}

// issuer is a CA that signs, as its certificate says.
type issuer struct {
	der         []byte
	certificate *x509.Certificate
	algorithm   cert.Algorithm // of its key
}

// maxIssuers is how many CAs are kept; there are two or three.
const maxIssuers = 8

var issuers struct {
	sync.Mutex
	last []issuer
}

// issuerOf reads the certificate of a CA, once and not for each certificate that it signs.
func issuerOf(der []byte) (issuer, error) {
	issuers.Lock()
	defer issuers.Unlock()
	for _, i := range issuers.last {
		if bytes.Equal(i.der, der) {
			return i, nil
		}
	}
	der = bytes.Clone(der) // what is read shares its bytes, and outlives the caller's
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return issuer{}, err
	}
	i := issuer{der, c, algorithmOf(c.RawSubjectPublicKeyInfo)}
	if len(issuers.last) == maxIssuers {
		issuers.last = slices.Delete(issuers.last, 0, 1)
	}
	issuers.last = append(issuers.last, i)
	return i, nil
}

// own applies the rules of our profiles. Bytes that cannot be read break one rule, and the others have nothing to judge.
func (s *subject) own() (all Findings) {
	if !s.read {
		return Findings{{structure.name, structure.Sentence}}
	}
	for _, r := range rules {
		if r.kinds&s.kind != 0 && !r.holds(s) {
			all = append(all, Finding{r.name, r.Sentence})
		}
	}
	return all
}
