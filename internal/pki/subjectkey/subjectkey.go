// Package subjectkey judges the public key for which a certificate is asked (利用者の公開鍵): whether it is written as it
// must be, and whether its owner alone can sign with it.
//
// A certificate for a key that everybody can work out is a signature of everybody. So what is known of bad keys is looked for
// before anything is issued: the wrong length or exponent, factors that are small, near to each other or of a known faulty
// chip, a point that is not on its curve. Each key is read from one encoding only, so that two certificates for one key are
// found by the hash of its octets.
//
// Whether somebody else has the same key is the business of the CA's store.
package subjectkey

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/der"
	"github.com/akashi-id/akashi/internal/plain"
)

// MaxOctets bounds a key. An RSA key of 16,384 bits is still read, so that its length can be named.
const MaxOctets = 4096

// Refusal is why a key, or a request with it, is not certified. It quotes nothing of what was given but lengths.
type Refusal struct {
	Code string // for machines: "key-exponent"
	plain.Sentence
}

// Error gives the code and both sentences.
func (r *Refusal) Error() string { return r.Code + ": " + r.Sentence.String() }

// Bad is the refusal as an answer about a field of a form.
func (r *Refusal) Bad(field string) *plain.Problem { return plain.Bad(field, r.JA, r.EN) }

func refuse(code, ja, en string) *Refusal { return &Refusal{code, plain.Sentence{JA: ja, EN: en}} }

// NotDER is the refusal of something whose encoding is wrong; err is what der.Check returned. The thing is named in both
// languages ("公開鍵", "public key").
func NotDER(ja, en string, err error) *Refusal {
	var f *der.Fault
	if !errors.As(err, &f) {
		return refuse("der-form", ja+"の符号化が正しくありません。", "The "+en+" is not encoded as it must be.")
	}
	return refuse(f.Code,
		fmt.Sprintf("%sの符号化がDERではありません。%dバイト目：%s作り直したものを使ってください。", ja, f.At, f.What.JA),
		fmt.Sprintf("The %s is not DER. At octet %d: %s Make it anew.", en, f.At, f.What.EN))
}

var (
	oidRSA   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 1}
	oidEC    = asn1.ObjectIdentifier{1, 2, 840, 10045, 2, 1}
	oidP256  = asn1.ObjectIdentifier{1, 2, 840, 10045, 3, 1, 7}
	oidP384  = asn1.ObjectIdentifier{1, 3, 132, 0, 34}
	badForm  = refuse("key-form", "公開鍵（SubjectPublicKeyInfo）として読めません。鍵を持つソフトウェアから、公開鍵をもう一度書き出してください。", "This cannot be read as a public key (SubjectPublicKeyInfo): export the key again from the software that holds it.")
	badParam = refuse("key-parameters", "公開鍵の方式の値が正しくありません。RSAでは空値、楕円曲線では曲線の名前だけを書きます。鍵を書き出し直してください。", "The parameters of the key's algorithm are wrong: null for RSA, and nothing but the name of the curve for ECDSA. Export the key again.")
)

// Read judges a SubjectPublicKeyInfo (DER, RFC 5280 4.1.2.7) of which the profile allows some kinds. Its errors are *Refusal.
func Read(spki []byte, allowed ...cert.Algorithm) (crypto.PublicKey, error) {
	if len(spki) > MaxOctets {
		return nil, refuse("key-too-large",
			fmt.Sprintf("公開鍵が大きすぎます（%dバイト）。%sを使ってください。", len(spki), words(allowed).JA),
			fmt.Sprintf("The public key is too large (%d octets): use %s.", len(spki), words(allowed).EN))
	}
	if err := der.Check(spki); err != nil {
		return nil, NotDER("公開鍵", "public key", err)
	}
	s := cryptobyte.String(spki)
	var body, algorithm cryptobyte.String
	var oid asn1.ObjectIdentifier
	var bits asn1.BitString
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1(&algorithm, cb.SEQUENCE) || !algorithm.ReadASN1ObjectIdentifier(&oid) ||
		!body.ReadASN1BitString(&bits) || !body.Empty() || bits.BitLength%8 != 0 {
		return nil, badForm
	}
	switch {
	case oid.Equal(oidRSA) && slices.Contains(allowed, cert.RSA2048SHA256):
		return readRSA(algorithm, bits.Bytes)
	case oid.Equal(oidEC) && (slices.Contains(allowed, cert.P256SHA256) || slices.Contains(allowed, cert.P384SHA384)):
		return readEC(algorithm, bits.Bytes, allowed)
	}
	return nil, refuse("key-kind",
		"この種類の鍵には電子証明書を発行できません。"+words(allowed).JA+"の鍵を作ってください。",
		"No certificate is issued for this kind of key: make one of "+words(allowed).EN+".")
}

// Examine judges as Read does, and also tries what takes as long as several signatures: whether the modulus of an RSA key is a
// prime, of which anybody can work out the private exponent, the inverse of 65537 modulo n-1. It is for those who judge outside of
// a transaction: the counter, which sees each key alone.
func Examine(spki []byte, allowed ...cert.Algorithm) (crypto.PublicKey, error) {
	public, err := Read(spki, allowed...)
	if k, ok := public.(*rsa.PublicKey); ok && err == nil && isPrime(k.N) {
		return nil, refuse("key-prime",
			"RSAの鍵の法が素数で、だれでも秘密鍵を計算できます。鍵を作り直してください。",
			"The modulus of the RSA key is a prime, so that anybody can work out the private key: make another key.")
	}
	return public, err
}

// readEC reads a point on a named curve (RFC 5480 2). Curves that bring their own parameters are not read at all: with chosen
// parameters, anybody has a private key for anybody's point (CVE-2020-0601).
func readEC(parameters cryptobyte.String, point []byte, allowed []cert.Algorithm) (crypto.PublicKey, error) {
	var oid asn1.ObjectIdentifier
	if !parameters.ReadASN1ObjectIdentifier(&oid) || !parameters.Empty() {
		return nil, badParam
	}
	var curve elliptic.Curve
	switch {
	case oid.Equal(oidP256) && slices.Contains(allowed, cert.P256SHA256):
		curve = elliptic.P256()
	case oid.Equal(oidP384) && slices.Contains(allowed, cert.P384SHA384):
		curve = elliptic.P384()
	default:
		return nil, refuse("key-curve",
			"この楕円曲線の鍵には電子証明書を発行できません。"+words(allowed).JA+"の鍵を作ってください。",
			"No certificate is issued for a key on this curve: make one of "+words(allowed).EN+".")
	}
	octets := (curve.Params().BitSize + 7) / 8
	switch {
	case len(point) == 1 && point[0] == 0: // SEC 1 2.3.3
		return nil, refuse("key-infinity",
			"公開鍵が無限遠点です。だれでも署名を作れるため、使えません。鍵を作り直してください。",
			"The public key is the point at infinity, for which anybody can sign: make another key.")
	case len(point) == 1+octets && (point[0] == 2 || point[0] == 3):
		return nil, refuse("key-compressed",
			"公開鍵の点が圧縮形で書かれています。非圧縮形で書き出してください。",
			"The point of the public key is compressed: export it uncompressed.")
	case len(point) != 1+2*octets || point[0] != 4:
		return nil, refuse("key-point-form",
			fmt.Sprintf("公開鍵の点の長さか形式が、曲線と合いません（%dバイト）。鍵を書き出し直してください。", len(point)),
			fmt.Sprintf("The point of the public key does not have the length and form of its curve (%d octets): export the key again.", len(point)))
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, refuse("key-off-curve",
			"公開鍵の点が、曲線の上にありません。鍵を作り直してください。",
			"The point of the public key is not on its curve: make another key.")
	}
	return public, nil
}

// words names the kinds that are allowed.
func words(allowed []cert.Algorithm) plain.Sentence {
	var s plain.Sentence
	for i, a := range allowed {
		if i > 0 {
			s.JA, s.EN = s.JA+"か", s.EN+" or "
		}
		switch a {
		case cert.RSA2048SHA256:
			s.JA, s.EN = s.JA+"RSA 2048ビット（公開指数65537）", s.EN+"RSA of 2048 bits with the exponent 65537"
		case cert.P256SHA256:
			s.JA, s.EN = s.JA+"楕円曲線P-256", s.EN+"the curve P-256"
		case cert.P384SHA384:
			s.JA, s.EN = s.JA+"楕円曲線P-384", s.EN+"the curve P-384"
		}
	}
	return s
}
