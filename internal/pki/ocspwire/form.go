package ocspwire

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// Name is how requests name a CA with one hash: all of a CertID (RFC 6960 4.1.1) but the serial.
type Name struct {
	Hash             crypto.Hash
	SubjectHash, Key []byte
	DER              []byte // AlgorithmIdentifier with NULL, name hash, key hash: as we write it
	Bare             []byte // the same without the NULL, as some write it (RFC 4055 2.1 lets either be)
}

// NamesOf lists how requests may name a CA.
func NamesOf(issuer *x509.Certificate) ([]Name, error) {
	key, err := keyBits(issuer)
	if err != nil {
		return nil, err
	}
	var names []Name
	for _, h := range hashes {
		n := Name{Hash: h.hash, SubjectHash: sum(h.hash, issuer.RawSubject), Key: sum(h.hash, key)}
		for _, null := range []bool{true, false} {
			var b cryptobyte.Builder
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(h.oid)
				if null {
					b.AddASN1NULL()
				}
			})
			b.AddASN1OctetString(n.SubjectHash)
			b.AddASN1OctetString(n.Key)
			der, err := b.Bytes()
			if err != nil {
				return nil, err
			}
			if null {
				n.DER = der
			} else {
				n.Bare = der
			}
		}
		names = append(names, n)
	}
	return names, nil
}

// PeekSingle takes apart a request of the form that nearly all have: unsigned, for one certificate, without version, name
// and extensions, all lengths below 128. It gives what names the CA (compare it with Name.DER and Name.Bare) and the
// serial's octets, without leading zero. Anything else, and whatever is no DER, is not ok, and is for ParseRequest to read or
// refuse; what is ok, ParseRequest reads as the same when the name is known.
func PeekSingle(der []byte) (name, serial []byte, ok bool) {
	for range 5 { // OCSPRequest, TBSRequest, requestList, Request, CertID
		if len(der) < 2 || der[0] != 0x30 || der[1] >= 0x80 || int(der[1]) != len(der)-2 {
			return nil, nil, false
		}
		der = der[2:]
	}
	at := 0
	for _, tag := range [...]byte{0x30, 0x04, 0x04} {
		if len(der)-at < 2 || der[at] != tag || der[at+1] >= 0x80 || len(der)-at-2 < int(der[at+1]) {
			return nil, nil, false
		}
		at += 2 + int(der[at+1])
	}
	n := der[at:]
	if len(n) < 3 || n[0] != 0x02 || int(n[1]) != len(n)-2 || n[1] > cert.MaxSerialOctets {
		return nil, nil, false
	}
	if n = n[2:]; n[0] == 0 {
		if n = n[1:]; len(n) == 0 || n[0] < 0x80 { // zero, or not the shortest form
			return nil, nil, false
		}
	} else if n[0] >= 0x80 { // negative
		return nil, nil, false
	}
	return der[:at], n, true
}

// Form is what all answers of one responder about certificates of one CA, named with one hash, have in common. It writes
// answers for one certificate, without a nonce, as Response.TBS and Assemble do, and allocates nothing: what such an
// answer says and its signature are enough to keep, an eighth of the whole.
type Form struct {
	name         []byte
	responder    []byte // ResponderID byKey
	algorithm    []byte
	certificates []byte // under its tag
}

// NewForm makes the form of a responder's answers. algorithm is the DER AlgorithmIdentifier of its signatures.
func NewForm(name Name, responderKey, algorithm, certificate []byte) (*Form, error) {
	f := &Form{name: name.DER, algorithm: algorithm}
	var b, c cryptobyte.Builder
	b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(responderKey) })
	c.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) { b.AddBytes(certificate) })
	})
	var err, err2 error
	f.responder, err = b.Bytes()
	f.certificates, err2 = c.Bytes()
	if err = errors.Join(err, err2); err != nil {
		return nil, fmt.Errorf("couldn't prepare a responder's answers: %w", err)
	}
	return f, nil
}

// Said is what an answer says of one certificate. Times are seconds since 1970.
type Said struct {
	Serial     []byte      // as PeekSingle gives it
	Status     cert.Status // Valid, Revoked or Unknown
	RevokedAt  int64
	Reason     cert.RevocationReason // of a revoked certificate, and then a reason
	ProducedAt int64
	ThisUpdate int64
	NextUpdate int64
}

const timeLength = 2 + len("20060102150405Z")

// lengths are those of the parts of an answer, from the inside out, each without its own header.
type lengths struct{ id, status, single, list, tbs int }

func (f *Form) lengths(s *Said) (l lengths) {
	l.id = len(f.name) + 2 + len(s.Serial)
	if s.Serial[0] >= 0x80 {
		l.id++
	}
	if s.Status == cert.Revoked {
		if l.status = timeLength; s.Reason != cert.Unspecified {
			l.status += 5
		}
	}
	l.single = whole(l.id) + whole(l.status) + timeLength + whole(timeLength)
	l.list = whole(l.single)
	l.tbs = len(f.responder) + timeLength + whole(l.list)
	return l
}

// AppendTBS writes the ResponseData that the responder signs.
func (f *Form) AppendTBS(to []byte, s *Said) []byte { return f.appendTBS(to, s, f.lengths(s)) }

func (f *Form) appendTBS(to []byte, s *Said, l lengths) []byte {
	to = appendTime(append(header(to, 0x30, l.tbs), f.responder...), s.ProducedAt)
	to = header(header(header(to, 0x30, l.list), 0x30, l.single), 0x30, l.id)
	to = append(to, f.name...)
	if s.Serial[0] >= 0x80 {
		to = append(to, 0x02, byte(len(s.Serial)+1), 0)
	} else {
		to = append(to, 0x02, byte(len(s.Serial)))
	}
	to = append(to, s.Serial...)
	switch s.Status {
	case cert.Revoked:
		to = appendTime(header(to, 0xa1, l.status), s.RevokedAt)
		if s.Reason != cert.Unspecified {
			to = append(to, 0xa0, 3, 0x0a, 1, byte(s.Reason.Code()))
		}
	case cert.Valid:
		to = append(to, 0x80, 0)
	default:
		to = append(to, 0x82, 0)
	}
	return appendTime(header(appendTime(to, s.ThisUpdate), 0xa0, timeLength), s.NextUpdate)
}

var basicHead = []byte{0x06, 9, 0x2b, 6, 1, 5, 5, 7, 48, 1, 1} // id-pkix-ocsp-basic

// AppendResponse writes the whole OCSPResponse with the signature of what AppendTBS wrote.
func (f *Form) AppendResponse(to []byte, s *Said, signature []byte) []byte {
	l := f.lengths(s)
	basic := whole(l.tbs) + len(f.algorithm) + whole(1+len(signature)) + len(f.certificates)
	typed := len(basicHead) + whole(whole(basic))
	to = append(header(to, 0x30, 3+whole(whole(typed))), 0x0a, 1, byte(Successful))
	to = append(header(header(to, 0xa0, whole(typed)), 0x30, typed), basicHead...)
	to = f.appendTBS(header(header(to, 0x04, whole(basic)), 0x30, basic), s, l)
	to = append(to, f.algorithm...)
	to = append(append(header(to, 0x03, 1+len(signature)), 0), signature...)
	return append(to, f.certificates...)
}

// whole is the length of an element with its header.
func whole(content int) int {
	switch {
	case content < 0x80:
		return 2 + content
	case content < 0x100:
		return 3 + content
	}
	return 4 + content // an answer has less than 64 KiB
}

func header(to []byte, tag byte, content int) []byte {
	switch {
	case content < 0x80:
		return append(to, tag, byte(content))
	case content < 0x100:
		return append(to, tag, 0x81, byte(content))
	}
	return append(to, tag, 0x82, byte(content>>8), byte(content))
}

// appendTime writes a GeneralizedTime.
func appendTime(to []byte, seconds int64) []byte {
	return time.Unix(seconds, 0).UTC().AppendFormat(append(to, 0x18, byte(timeLength-2)), "20060102150405Z")
}
