package municipality

import (
	"bytes"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/csr"
	"github.com/akashi-id/akashi/internal/pki/subjectkey"
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
	spki := block.Bytes
	var err error
	switch block.Type {
	case "PUBLIC KEY":
		_, err = subjectkey.Examine(spki, cert.CardAlgorithms...)
	case "RSA PUBLIC KEY":
		if spki, err = subjectkey.WrapRSA(block.Bytes); err == nil {
			_, err = subjectkey.Examine(spki, cert.CardAlgorithms...)
		}
	case "CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST":
		// The request's own signature shows that whoever brings it has the private key.
		var request *csr.Request
		if request, err = csr.Read(block.Bytes, cert.CardAlgorithms...); err == nil {
			spki = request.SPKI
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
	var no *subjectkey.Refusal
	if errors.As(err, &no) {
		return nil, no.Bad(fieldKey)
	}
	return spki, err
}

const fieldKey = "public_key"
