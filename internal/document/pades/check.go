package pades

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// What can be wrong. ErrChanged alone says that the signature is one, and the file another.
var (
	ErrUnsigned = errors.New("pades: the file is not signed as a whole")
	ErrChanged  = errors.New("pades: the file is not what was signed")
	ErrForm     = errors.New("pades: the signature is not of the form that our documents have")
)

// What is taken from anybody's file is bounded: ours have a chain of a few certificates, and keys of up to 8,192 bits (Room). The time that an RSA
// signature takes grows with the square of the length of a key that whoever made the file chose.
const (
	mostDER = 64 << 10
	mostRSA = 8192
)

// Check checks the signature of a file: where it says that it lies (the numbers of ByteRange), and its value. It gives the certificate
// in it that the signature names.
func Check(file []byte, byteRange [4]int) (*x509.Certificate, error) {
	start, end := byteRange[1], byteRange[2]
	// ISO 32000-1, 12.8.1: the whole file but the value of Contents.
	if byteRange[0] != 0 || start < 1 || end < start+2 || end > len(file) || byteRange[3] != len(file)-end ||
		file[start] != '<' || file[end-1] != '>' {
		return nil, ErrUnsigned
	}
	if hex.DecodedLen(end-start-2) > mostDER {
		return nil, ErrForm
	}
	der := make([]byte, hex.DecodedLen(end-start-2))
	if _, err := hex.Decode(der, file[start+1:end-1]); err != nil {
		return nil, ErrForm
	}
	s, err := parse(der)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(s.digest, digestOf(file, start, end)) {
		return nil, ErrChanged
	}
	sum := sha256.Sum256(s.certificate.Raw)
	if !bytes.Equal(s.certificateDigest, sum[:]) {
		return nil, ErrForm
	}
	if k, is := s.certificate.PublicKey.(*rsa.PublicKey); is && k.N.BitLen() > mostRSA {
		return nil, ErrForm
	}
	signed := sha256.Sum256(s.attributes)
	if !verifies(s.certificate.PublicKey, s.algorithm, signed[:], s.value) {
		return nil, ErrChanged
	}
	return s.certificate, nil
}

func verifies(public crypto.PublicKey, algorithm asn1.ObjectIdentifier, digest, value []byte) bool {
	switch k := public.(type) {
	case *ecdsa.PublicKey:
		return algorithm.Equal(oidECDSAWithSHA256) && ecdsa.VerifyASN1(k, digest, value)
	case *rsa.PublicKey:
		return algorithm.Equal(oidRSAWithSHA256) && rsa.VerifyPKCS1v15(k, crypto.SHA256, digest, value) == nil
	}
	return false
}

// signature is what a CMS object says.
type signature struct {
	certificate       *x509.Certificate
	attributes        []byte // as the SET that is signed
	digest            []byte
	certificateDigest []byte
	algorithm         asn1.ObjectIdentifier
	value             []byte
}

func parse(der []byte) (signature, error) {
	var s signature
	// What no signature covers is wanted octet for octet.
	sha := cryptobyteOf(func(b *cryptobyte.Builder) { algorithmIdentifier(b, oidSHA256) })
	implicit0 := cb.Tag(0).ContextSpecific().Constructed()
	in := cryptobyte.String(der)
	var info, wrapped, sd, digests, content, certificates, signers, si cryptobyte.String
	var oid asn1.ObjectIdentifier
	var version int
	rest := func() bool { return len(bytes.Trim(in, "\x00")) == 0 } // behind the object its place is zeros
	if !in.ReadASN1(&info, cb.SEQUENCE) || !rest() ||
		!info.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidSignedData) || !info.ReadASN1(&wrapped, implicit0) || !info.Empty() ||
		!wrapped.ReadASN1(&sd, cb.SEQUENCE) || !wrapped.Empty() ||
		!sd.ReadASN1Integer(&version) || version != 1 || !sd.ReadASN1(&digests, cb.SET) || !bytes.Equal(digests, sha) || !sd.ReadASN1(&content, cb.SEQUENCE) ||
		!content.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidData) || !content.Empty() ||
		!sd.ReadASN1(&certificates, implicit0) || !sd.ReadASN1(&signers, cb.SET) || !sd.Empty() ||
		!signers.ReadASN1(&si, cb.SEQUENCE) || !signers.Empty() {
		return s, ErrForm
	}
	var id, issuer, digestAt, algorithm, attributes cryptobyte.String
	serial := new(big.Int)
	if !si.ReadASN1Integer(&version) || version != 1 || !si.ReadASN1(&id, cb.SEQUENCE) ||
		!id.ReadASN1Element(&issuer, cb.SEQUENCE) || !id.ReadASN1Integer(serial) || !id.Empty() ||
		!si.ReadASN1Element(&digestAt, cb.SEQUENCE) || !bytes.Equal(digestAt, sha) || !si.ReadASN1Element(&attributes, implicit0) ||
		!si.ReadASN1Element(&algorithm, cb.SEQUENCE) ||
		!si.ReadASN1Bytes(&s.value, cb.OCTET_STRING) || !si.Empty() {
		return s, ErrForm
	}
	for _, oid := range []asn1.ObjectIdentifier{oidECDSAWithSHA256, oidRSAWithSHA256} {
		if bytes.Equal(algorithm, cryptobyteOf(func(b *cryptobyte.Builder) { algorithmIdentifier(b, oid) })) {
			s.algorithm = oid
		}
	}
	s.attributes = append([]byte{byte(cb.SET)}, attributes[1:]...)
	for !certificates.Empty() {
		var one cryptobyte.String
		if !certificates.ReadASN1Element(&one, cb.SEQUENCE) {
			return s, ErrForm
		}
		c, err := x509.ParseCertificate(one)
		if err != nil {
			return s, ErrForm
		}
		if c.SerialNumber.Cmp(serial) == 0 && bytes.Equal(c.RawIssuer, issuer) {
			s.certificate = c
		}
	}
	if s.certificate == nil || !s.readAttributes() {
		return s, ErrForm
	}
	return s, nil
}

func cryptobyteOf(write func(*cryptobyte.Builder)) []byte {
	var b cryptobyte.Builder
	write(&b)
	return b.BytesOrPanic()
}

// readAttributes takes the three attributes, each once, and no other.
func (s *signature) readAttributes() bool {
	set := cryptobyte.String(s.attributes)
	var members cryptobyte.String
	if !set.ReadASN1(&members, cb.SET) {
		return false
	}
	typed := false
	for !members.Empty() {
		var one, value cryptobyte.String
		var oid, data asn1.ObjectIdentifier
		if !members.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) || !one.ReadASN1(&value, cb.SET) || !one.Empty() {
			return false
		}
		switch {
		case oid.Equal(oidContentType) && !typed:
			typed = value.ReadASN1ObjectIdentifier(&data) && data.Equal(oidData)
			if !typed {
				return false
			}
		case oid.Equal(oidMessageDigest) && s.digest == nil:
			if !value.ReadASN1Bytes(&s.digest, cb.OCTET_STRING) {
				return false
			}
		case oid.Equal(oidSigningCertificateV2) && s.certificateDigest == nil:
			var a, b, c cryptobyte.String
			if !value.ReadASN1(&a, cb.SEQUENCE) || !a.ReadASN1(&b, cb.SEQUENCE) || !b.ReadASN1(&c, cb.SEQUENCE) ||
				!c.ReadASN1Bytes(&s.certificateDigest, cb.OCTET_STRING) {
				return false
			}
		default:
			return false
		}
		if !value.Empty() {
			return false
		}
	}
	return typed && s.digest != nil && s.certificateDigest != nil
}
