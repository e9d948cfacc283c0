package municipality

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
)

// holderKey is the key of an application: private is set when it was made here.
type holderKey struct {
	public  []byte // SubjectPublicKeyInfo, DER
	private []byte // PKCS #8, PEM
}

// holderKey reads a key that the holder brought, or makes one. Until the card brings its own, the key is made here.
func (o *Municipality) holderKey(given []byte) (holderKey, error) {
	if len(bytes.TrimSpace(given)) > 0 {
		public, err := readPublicKey(given)
		return holderKey{public: public}, err
	}
	key, err := pki.GenerateKey(o.Rand, cert.Today.Algorithm())
	if err != nil {
		return holderKey{}, fmt.Errorf("couldn't make a holder's key: %w", err)
	}
	public, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return holderKey{}, err
	}
	private, err := pki.EncodeKey(key)
	return holderKey{public, private}, err
}

// readPublicKey takes a public key or a signing request, PEM, and gives the SubjectPublicKeyInfo. Its errors are
// *plain.Problem and do not quote the input.
func readPublicKey(text []byte) ([]byte, error) {
	block, rest := pem.Decode(bytes.TrimSpace(text))
	if block == nil {
		return nil, plain.Bad(fieldKey,
			"公開鍵として読めません。「-----BEGIN PUBLIC KEY-----」または「-----BEGIN CERTIFICATE REQUEST-----」で始まるPEM形式で、始めから終わりまで貼り付けてください。",
			"This is no public key: paste the whole PEM text that begins with -----BEGIN PUBLIC KEY----- or -----BEGIN CERTIFICATE REQUEST-----.")
	}
	if len(bytes.TrimSpace(rest)) > 0 {
		return nil, plain.Bad(fieldKey,
			"公開鍵の後ろに余分な内容があります。公開鍵か署名要求を一つだけ貼り付けてください。",
			"Something follows after the public key: paste one public key or one signing request only.")
	}
	var public any
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		public, err = x509.ParsePKIXPublicKey(block.Bytes)
	case "RSA PUBLIC KEY":
		public, err = x509.ParsePKCS1PublicKey(block.Bytes)
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		var csr *x509.CertificateRequest
		if csr, err = x509.ParseCertificateRequest(block.Bytes); err == nil {
			// The request's own signature shows that whoever brings it has the private key.
			if csr.CheckSignature() != nil {
				return nil, plain.Bad(fieldKey,
					"署名要求の署名が正しくありません。鍵を持つ人が作り直した署名要求を貼り付けてください。",
					"The signing request's signature is wrong: paste a request made anew by whoever has the key.")
			}
			public = csr.PublicKey
		}
	case "PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY":
		return nil, plain.Bad(fieldKey,
			"貼り付けられたのは秘密鍵です。秘密鍵はだれにも渡してはいけません。この鍵は使わず、新しい鍵の公開鍵だけを貼り付けてください。",
			"What was pasted is a private key, which nobody may be given: do not use that key any more, and paste the public key of a new one.")
	default:
		return nil, plain.Bad(fieldKey,
			"公開鍵でも署名要求でもないPEMです。公開鍵（PUBLIC KEY）か署名要求（CERTIFICATE REQUEST）を貼り付けてください。",
			"This PEM text is neither a public key nor a signing request: paste a PUBLIC KEY or a CERTIFICATE REQUEST.")
	}
	if err != nil {
		return nil, plain.Bad(fieldKey,
			"公開鍵の内容が壊れていて読めません。もう一度書き出して貼り付けてください。",
			"The public key is damaged and cannot be read: export it again and paste it.")
	}
	if err := fit(public); err != nil {
		return nil, err
	}
	return x509.MarshalPKIXPublicKey(public)
}

const fieldKey = "public_key"

// fit refuses a key that no card of any generation has (cert.Generation): RSA of 2048 bits, or P-384.
func fit(public any) error {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() != 2048 || k.E != 65537 {
			return plain.Bad(fieldKey,
				fmt.Sprintf("RSAの鍵は2048ビット、公開指数65537でなければなりません（%dビット、%d）。鍵を作り直してください。", k.N.BitLen(), k.E),
				fmt.Sprintf("An RSA key must have 2048 bits and the exponent 65537, not %d and %d: make another key.", k.N.BitLen(), k.E))
		}
		return nil
	case *ecdsa.PublicKey:
		if k.Curve == elliptic.P384() {
			return nil
		}
	}
	return plain.Bad(fieldKey,
		"この種類の鍵には電子証明書を発行できません。RSA 2048ビットか、楕円曲線P-384の鍵を作ってください。",
		"No certificate is issued for this kind of key: make an RSA key of 2048 bits, or one on the curve P-384.")
}
