package ocspwire

import (
	"bytes"
	"crypto"
	_ "crypto/sha1" // the hash that names an issuer in most requests
	_ "crypto/sha256"
	_ "crypto/sha512"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	wire "github.com/akashi-id/akashi/internal/pki/der"
)

// Limits of a request. Nobody has to ask for more at once, and reading more would be work for strangers.
const (
	MaxRequestOctets = 64 << 10
	MaxCertIDs       = 64
	// MaxNonceOctets is the length of the nonces that we send: the greatest that every responder reads (RFC 8954 2.1).
	MaxNonceOctets = 32
	// mostNonceOctets is the greatest length that is read and sent back, and one octet the smallest (RFC 9654 2.1).
	mostNonceOctets = 128
)

var (
	oidNonce         = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 2}
	oidBasicResponse = asn1.ObjectIdentifier{1, 3, 6, 1, 5, 5, 7, 48, 1, 1}
)

func implicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific() }
func explicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific().Constructed() }

// hashes that may name an issuer. SHA-1 does no harm here: the names that it has to tell apart are our own CAs'.
var hashes = []struct {
	oid  asn1.ObjectIdentifier
	hash crypto.Hash
}{
	{asn1.ObjectIdentifier{1, 3, 14, 3, 2, 26}, crypto.SHA1},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}, crypto.SHA256},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 2}, crypto.SHA384},
	{asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 3}, crypto.SHA512},
}

// CertID names a certificate by the hashes of its issuer's name and key, and its serial (RFC 6960 4.1.1).
type CertID struct {
	Hash       crypto.Hash
	IssuerName []byte // hash of the issuer's encoded distinguished name
	IssuerKey  []byte // hash of the issuer's key bits
	Serial     cert.Serial
}

// NewCertID names the certificate with a serial under an issuer.
func NewCertID(hash crypto.Hash, issuer *x509.Certificate, serial cert.Serial) (CertID, error) {
	key, err := keyBits(issuer)
	if err != nil {
		return CertID{}, err
	}
	return CertID{hash, sum(hash, issuer.RawSubject), sum(hash, key), serial}, nil
}

func sum(hash crypto.Hash, b []byte) []byte {
	h := hash.New()
	h.Write(b)
	return h.Sum(nil)
}

func keyBits(c *x509.Certificate) ([]byte, error) {
	s := cryptobyte.String(c.RawSubjectPublicKeyInfo)
	var bits asn1.BitString
	if !s.ReadASN1(&s, cb.SEQUENCE) || !s.SkipASN1(cb.SEQUENCE) || !s.ReadASN1BitString(&bits) {
		return nil, errors.New("couldn't read the issuer's public key")
	}
	return bits.Bytes, nil
}

// IssuedBy reports whether the certificate is one of this issuer's.
func (id CertID) IssuedBy(issuer *x509.Certificate) bool {
	want, err := NewCertID(id.Hash, issuer, id.Serial)
	return err == nil && id.Equal(want)
}

// Equal reports whether both name the same certificate in the same way.
func (id CertID) Equal(other CertID) bool {
	return id.Hash == other.Hash && id.Serial == other.Serial && bytes.Equal(id.IssuerName, other.IssuerName) &&
		bytes.Equal(id.IssuerKey, other.IssuerKey)
}

func (id CertID) add(b *cryptobyte.Builder) {
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			for _, h := range hashes {
				if h.hash == id.Hash {
					b.AddASN1ObjectIdentifier(h.oid)
					b.AddASN1NULL()
					return
				}
			}
			b.SetError(errors.New("no hash for naming a certificate"))
		})
		b.AddASN1OctetString(id.IssuerName)
		b.AddASN1OctetString(id.IssuerKey)
		if id.Serial.IsZero() {
			b.SetError(errors.New("no serial for naming a certificate"))
		}
		b.AddASN1BigInt(id.Serial.Int())
	})
}

func readCertID(s *cryptobyte.String) (CertID, error) {
	var body, algorithm, name, key cryptobyte.String
	var oid asn1.ObjectIdentifier
	n := new(big.Int)
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1(&algorithm, cb.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!algorithm.Empty() && (!algorithm.ReadASN1(new(cryptobyte.String), cb.NULL) || !algorithm.Empty()) || // RFC 4055 2.1, either way
		!body.ReadASN1(&name, cb.OCTET_STRING) || !body.ReadASN1(&key, cb.OCTET_STRING) || !body.ReadASN1Integer(n) || !body.Empty() {
		return CertID{}, errors.New("a certificate is not named as RFC 6960 says")
	}
	serial, err := cert.SerialFromInt(n)
	if err != nil {
		return CertID{}, err
	}
	for _, h := range hashes {
		if h.oid.Equal(oid) {
			if len(name) != h.hash.Size() || len(key) != h.hash.Size() {
				return CertID{}, errors.New("a hash that names a certificate has the wrong length")
			}
			return CertID{h.hash, bytes.Clone(name), bytes.Clone(key), serial}, nil
		}
	}
	return CertID{}, fmt.Errorf("the hash algorithm %v is not supported", oid)
}

// Request asks for the status of certificates.
type Request struct {
	CertIDs []CertID
	Nonce   []byte // nil when there is none
}

// Encode writes the request (DER), unsigned.
func (r *Request) Encode() ([]byte, error) {
	if err := checkNonce(r.Nonce); err != nil {
		return nil, err
	}
	var b cryptobyte.Builder
	b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				for _, id := range r.CertIDs {
					b.AddASN1(cb.SEQUENCE, id.add)
				}
			})
			addNonce(b, 2, r.Nonce)
		})
	})
	return b.Bytes()
}

// addNonce writes the extensions, under an explicit tag, with the nonce alone, or nothing without a nonce.
func addNonce(b *cryptobyte.Builder, tag uint8, nonce []byte) {
	if nonce == nil {
		return
	}
	b.AddASN1(explicit(tag), func(b *cryptobyte.Builder) {
		b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
			b.AddASN1(cb.SEQUENCE, func(b *cryptobyte.Builder) {
				b.AddASN1ObjectIdentifier(oidNonce)
				b.AddASN1(cb.OCTET_STRING, func(b *cryptobyte.Builder) { b.AddASN1OctetString(nonce) })
			})
		})
	})
}

func checkNonce(nonce []byte) error {
	if nonce != nil && (len(nonce) < 1 || len(nonce) > mostNonceOctets) {
		return fmt.Errorf("a nonce must have 1 to %d octets, not %d (RFC 9654)", mostNonceOctets, len(nonce))
	}
	return nil
}

// readExtensions reads extensions under an optional explicit tag. It returns the nonce, and refuses unknown critical ones.
func readExtensions(s *cryptobyte.String, tag uint8) (nonce []byte, err error) {
	bad := errors.New("the extensions cannot be read")
	var holder, list cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&holder, &present, explicit(tag)) {
		return nil, bad
	}
	if !present {
		return nil, nil
	}
	if !only(holder, &list, cb.SEQUENCE) || list.Empty() { // RFC 5280 4.1: at least one
		return nil, bad
	}
	seen := map[string]bool{}
	for !list.Empty() {
		var one, value, octets cryptobyte.String
		var oid asn1.ObjectIdentifier
		critical := false
		if !list.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) ||
			one.PeekASN1Tag(cb.BOOLEAN) && !one.ReadASN1Boolean(&critical) ||
			!one.ReadASN1(&value, cb.OCTET_STRING) || !one.Empty() {
			return nil, bad
		}
		if seen[oid.String()] { // RFC 5280 4.2: one of a kind, so that no two readers take each another
			return nil, fmt.Errorf("the extension %v is there twice", oid)
		}
		seen[oid.String()] = true
		switch {
		case oid.Equal(oidNonce):
			// RFC 9654 2.1: the value is an OCTET STRING of 1 to 128 octets inside the extension's.
			if !value.ReadASN1(&octets, cb.OCTET_STRING) || !value.Empty() {
				return nil, errors.New("the nonce cannot be read")
			}
			nonce = append([]byte{}, octets...)
			if err := checkNonce(nonce); err != nil {
				return nil, err
			}
		case critical:
			return nil, fmt.Errorf("the critical extension %v is not known", oid)
		}
	}
	return nonce, nil
}

// only reads an element that must be alone.
func only(s cryptobyte.String, out *cryptobyte.String, tag cb.Tag) bool {
	return s.ReadASN1(out, tag) && s.Empty()
}

// ErrTooMany refuses a request for more than MaxCertIDs certificates.
var ErrTooMany = fmt.Errorf("a request may ask for %d certificates at most", MaxCertIDs)

// ParseRequest reads a request (DER). A signature on it is allowed and not looked at, because asking is not a question of
// who signs (RFC 6960 4.1.2); any error should be answered with MalformedRequest.
func ParseRequest(der []byte) (*Request, error) {
	if len(der) > MaxRequestOctets {
		return nil, fmt.Errorf("a request of %d octets is too long", len(der))
	}
	bad := errors.New("this is no OCSP request (RFC 6960)")
	// What is skipped below, the asker's name and signature, is at least what it should be all through.
	if err := wire.Check(der); err != nil {
		return nil, fmt.Errorf("%w: %w", bad, err)
	}
	var body, tbs, signature, name, list cryptobyte.String
	var signed, named bool
	if !only(der, &body, cb.SEQUENCE) || !body.ReadASN1(&tbs, cb.SEQUENCE) || !body.ReadOptionalASN1(&signature, &signed, explicit(0)) ||
		!body.Empty() || signed && !only(signature, new(cryptobyte.String), cb.SEQUENCE) {
		return nil, bad
	}
	var version int64
	var general cryptobyte.String
	var choice cb.Tag
	if !readVersion(&tbs, &version) || version != 0 || !tbs.ReadOptionalASN1(&name, &named, explicit(1)) ||
		named && (!name.ReadAnyASN1(&general, &choice) || !name.Empty()) || !tbs.ReadASN1(&list, cb.SEQUENCE) {
		return nil, bad
	}
	r := new(Request)
	for !list.Empty() {
		var one cryptobyte.String
		if !list.ReadASN1(&one, cb.SEQUENCE) {
			return nil, bad
		}
		id, err := readCertID(&one)
		if err != nil {
			return nil, err
		}
		if _, err := readExtensions(&one, 0); err != nil {
			return nil, err
		}
		if !one.Empty() {
			return nil, bad
		}
		if r.CertIDs = append(r.CertIDs, id); len(r.CertIDs) > MaxCertIDs {
			return nil, ErrTooMany
		}
	}
	var err error
	if r.Nonce, err = readExtensions(&tbs, 2); err != nil {
		return nil, err
	}
	if len(r.CertIDs) == 0 || !tbs.Empty() {
		return nil, bad
	}
	return r, nil
}

// readVersion reads a version under the explicit tag 0, which is 0 (version 1) when absent.
func readVersion(s *cryptobyte.String, version *int64) bool {
	var v cryptobyte.String
	var present bool
	if !s.ReadOptionalASN1(&v, &present, explicit(0)) {
		return false
	}
	*version = 0
	return !present || v.ReadASN1Integer(version) && v.Empty()
}
