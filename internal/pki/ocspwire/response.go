package ocspwire

import (
	"bytes"
	"crypto/sha1"
	"crypto/x509"
	"errors"
	"fmt"
	"time"

	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// Single is the answer for one certificate. Status is cert.Valid (good), cert.Revoked or cert.Unknown: OCSP knows no
// expiry.
type Single struct {
	ID         CertID
	Status     cert.Status
	RevokedAt  time.Time             // of a revoked certificate
	Reason     cert.RevocationReason // of a revoked certificate; Unspecified is not written
	ThisUpdate time.Time             // when the status was known to be right
	NextUpdate time.Time             // when newer will be known
}

// Response is a successful answer.
type Response struct {
	ResponderKey []byte // SHA-1 of the signing key's bits; see ResponderKeyOf
	ProducedAt   time.Time
	Singles      []Single
	Nonce        []byte // the request's, nil when it had none
}

// ResponderKeyOf is the name of a responder by its key (RFC 6960 4.2.1, ResponderID byKey), from its certificate.
func ResponderKeyOf(c *x509.Certificate) ([]byte, error) {
	bits, err := keyBits(c)
	if err != nil {
		return nil, err
	}
	id := sha1.Sum(bits)
	return id[:], nil
}

// TBS builds the ResponseData that the responder signs.
func (r *Response) TBS() ([]byte, error) {
	if err := checkNonce(r.Nonce); err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(explicit(2), func(b *cryptobyte.Builder) { b.AddASN1OctetString(r.ResponderKey) })
		b.AddASN1GeneralizedTime(r.ProducedAt.UTC())
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, s := range r.Singles {
				s.add(b)
			}
		})
		addNonce(b, 1, r.Nonce)
	})
	der, err := b.Bytes()
	if err != nil {
		return nil, fmt.Errorf("couldn't build an OCSP response: %w", err)
	}
	return bytes.Clone(der), nil
}

func (s Single) add(b *cryptobyte.Builder) {
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		s.ID.add(b)
		switch s.Status {
		case cert.Valid:
			b.AddASN1(implicit(0), func(*cryptobyte.Builder) {})
		case cert.Revoked:
			b.AddASN1(explicit(1), func(b *cryptobyte.Builder) {
				b.AddASN1GeneralizedTime(s.RevokedAt.UTC())
				if !s.Reason.Valid() {
					b.SetError(fmt.Errorf("the revocation of %s has no reason", s.ID.Serial))
				} else if s.Reason != cert.Unspecified {
					b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1Enum(int64(s.Reason.Code())) })
				}
			})
		case cert.Unknown:
			b.AddASN1(implicit(2), func(*cryptobyte.Builder) {})
		default:
			b.SetError(fmt.Errorf("OCSP cannot say %q", s.Status))
		}
		b.AddASN1GeneralizedTime(s.ThisUpdate.UTC())
		if !s.NextUpdate.IsZero() {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) { b.AddASN1GeneralizedTime(s.NextUpdate.UTC()) })
		}
	})
}

// Assemble wraps signed ResponseData into a successful OCSPResponse. algorithm is the DER AlgorithmIdentifier of the
// signature; certificates (DER) are the delegated responder's, or none when the CA itself signs.
func Assemble(tbs, algorithm, signature []byte, certificates ...[]byte) ([]byte, error) {
	var basic cryptobyte.Builder
	basic.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddBytes(tbs)
		b.AddBytes(algorithm)
		b.AddASN1BitString(signature)
		if len(certificates) > 0 {
			b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
				b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
					for _, der := range certificates {
						b.AddBytes(der)
					}
				})
			})
		}
	})
	der, err := basic.Bytes()
	if err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1Enum(int64(Successful))
		b.AddASN1(explicit(0), func(b *cryptobyte.Builder) {
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidBasicResponse)
				b.AddASN1OctetString(der)
			})
		})
	})
	return b.Bytes()
}

// Outcome is an OCSPResponseStatus (RFC 6960 4.2.1).
type Outcome int

// The outcomes. Only Successful has an answer; the others are unsigned.
const (
	Successful       Outcome = 0
	MalformedRequest Outcome = 1
	InternalError    Outcome = 2
	TryLater         Outcome = 3
	SigRequired      Outcome = 5
	Unauthorized     Outcome = 6
)

// Error makes it usable as the error of a failed question.
func (o Outcome) Error() string {
	switch o {
	case Successful:
		return "OCSP: successful"
	case MalformedRequest:
		return "OCSP: the responder cannot read the request"
	case InternalError:
		return "OCSP: the responder has an internal error"
	case TryLater:
		return "OCSP: the responder asks to try later"
	case SigRequired:
		return "OCSP: the responder wants signed requests"
	case Unauthorized:
		return "OCSP: the responder does not answer for this certificate or to us"
	}
	return fmt.Sprintf("OCSP: response status %d", int(o))
}

// Encode writes a response without an answer (DER). It panics for Successful, which has one.
func (o Outcome) Encode() []byte {
	if o == Successful {
		panic("ocspwire: a successful response without an answer")
	}
	return []byte{0x30, 0x03, 0x0a, 0x01, byte(o)}
}

// Signed is a response as read: the answer, and what is needed to check who gave it.
type Signed struct {
	Response
	ResponderName []byte // DER name, when the responder is named so and not by key
	TBS           []byte
	Algorithm     asn1.ObjectIdentifier
	Signature     []byte
	Certificates  [][]byte
}

// MaxResponseOctets bounds a response to be read.
const MaxResponseOctets = 256 << 10

// ParseResponse reads a response (DER). A response that is not successful is its Outcome as the error. The signature is
// not checked.
func ParseResponse(der []byte) (*Signed, error) {
	if len(der) > MaxResponseOctets {
		return nil, fmt.Errorf("a response of %d octets is too long", len(der))
	}
	bad := errors.New("this is no OCSP response (RFC 6960)")
	var body, holder, typed, wrapped, basic cryptobyte.String
	var outcome int
	if !only(der, &body, cb.SEQUENCE) || !body.ReadASN1Enum(&outcome) {
		return nil, bad
	}
	if Outcome(outcome) != Successful {
		return nil, Outcome(outcome)
	}
	var oid asn1.ObjectIdentifier
	if !only(body, &holder, explicit(0)) || !only(holder, &typed, cb.SEQUENCE) ||
		!typed.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidBasicResponse) || !only(typed, &wrapped, cb.OCTET_STRING) ||
		!only(wrapped, &basic, cb.SEQUENCE) {
		return nil, bad
	}
	r := new(Signed)
	var tbs, algorithm cryptobyte.String
	var signature asn1.BitString
	if !basic.ReadASN1Element(&tbs, cb.SEQUENCE) || !basic.ReadASN1(&algorithm, cb.SEQUENCE) ||
		!algorithm.ReadASN1ObjectIdentifier(&r.Algorithm) || !basic.ReadASN1BitString(&signature) || signature.BitLength%8 != 0 {
		return nil, bad
	}
	r.TBS, r.Signature = bytes.Clone(tbs), signature.Bytes
	var list, certificates cryptobyte.String
	var present bool
	if !basic.ReadOptionalASN1(&list, &present, explicit(0)) || !basic.Empty() || present && !only(list, &certificates, cb.SEQUENCE) {
		return nil, bad
	}
	for !certificates.Empty() {
		var one cryptobyte.String
		if !certificates.ReadASN1Element(&one, cb.SEQUENCE) || len(r.Certificates) >= 8 {
			return nil, bad
		}
		r.Certificates = append(r.Certificates, bytes.Clone(one))
	}
	return r, r.readData(tbs)
}

func (r *Signed) readData(tbs cryptobyte.String) error {
	bad := errors.New("the data of the OCSP response cannot be read")
	var version int64
	var holder, key, name, list cryptobyte.String
	var byKey bool
	if !only(tbs, &tbs, cb.SEQUENCE) || !readVersion(&tbs, &version) || version != 0 ||
		!tbs.ReadOptionalASN1(&holder, &byKey, explicit(2)) {
		return bad
	}
	if byKey {
		if !only(holder, &key, cb.OCTET_STRING) {
			return bad
		}
		r.ResponderKey = bytes.Clone(key)
	} else {
		if !tbs.ReadASN1(&name, explicit(1)) {
			return bad
		}
		r.ResponderName = bytes.Clone(name)
	}
	if !tbs.ReadASN1GeneralizedTime(&r.ProducedAt) || !tbs.ReadASN1(&list, cb.SEQUENCE) {
		return bad
	}
	for !list.Empty() {
		var one cryptobyte.String
		if !list.ReadASN1(&one, cb.SEQUENCE) || len(r.Singles) >= MaxCertIDs {
			return bad
		}
		single, err := readSingle(one)
		if err != nil {
			return err
		}
		r.Singles = append(r.Singles, single)
	}
	var err error
	if r.Nonce, err = readExtensions(&tbs, 1); err != nil {
		return err
	}
	if !tbs.Empty() {
		return bad
	}
	return nil
}

func readSingle(one cryptobyte.String) (Single, error) {
	bad := errors.New("an answer of the OCSP response cannot be read")
	id, err := readCertID(&one)
	if err != nil {
		return Single{}, err
	}
	s := Single{ID: id}
	var status, next cryptobyte.String
	var tag cb.Tag
	if !one.ReadAnyASN1(&status, &tag) {
		return Single{}, bad
	}
	switch tag {
	case implicit(0):
		s.Status = cert.Valid
	case explicit(1):
		s.Status, s.Reason = cert.Revoked, cert.Unspecified
		var reason cryptobyte.String
		var present bool
		if !status.ReadASN1GeneralizedTime(&s.RevokedAt) || !status.ReadOptionalASN1(&reason, &present, explicit(0)) || !status.Empty() {
			return Single{}, bad
		}
		if present {
			var code int
			if !reason.ReadASN1Enum(&code) || !reason.Empty() {
				return Single{}, bad
			}
			if s.Reason, err = cert.ReasonOfCode(code); err != nil {
				return Single{}, err
			}
		}
	case implicit(2):
		s.Status = cert.Unknown
	default:
		return Single{}, bad
	}
	var present bool
	if !one.ReadASN1GeneralizedTime(&s.ThisUpdate) || !one.ReadOptionalASN1(&next, &present, explicit(0)) {
		return Single{}, bad
	}
	if present && (!next.ReadASN1GeneralizedTime(&s.NextUpdate) || !next.Empty()) {
		return Single{}, bad
	}
	if _, err := readExtensions(&one, 1); err != nil {
		return Single{}, err
	}
	if !one.Empty() {
		return Single{}, bad
	}
	return s, nil
}
