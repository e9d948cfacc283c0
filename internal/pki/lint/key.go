package lint

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/x509"

	"golang.org/x/crypto/cryptobyte"
	tag "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
)

// algorithms is what the linter knows of each algorithm, from the RFCs and not from package pki: the DER of the
// AlgorithmIdentifier of its signatures (RFC 4055 5, RFC 5758 3.2), that of its keys (RFC 3279 2.3.1, RFC 5480 2.1.1),
// and the keys that it allows.
var algorithms = map[cert.Algorithm]struct {
	identifier []byte
	key        []byte
	fits       func(public any) bool
}{
	cert.RSA2048SHA256: {
		[]byte{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b, 0x05, 0x00},
		[]byte{0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00},
		func(public any) bool {
			k, ok := public.(*rsa.PublicKey)
			return ok && k.N.BitLen() == 2048 && k.N.Bit(0) == 1 && k.E == 65537
		},
	},
	cert.P256SHA256: {
		[]byte{0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02},
		[]byte{0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07},
		onCurve(elliptic.P256()),
	},
	cert.P384SHA384: {
		[]byte{0x30, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03},
		[]byte{0x30, 0x10, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x22},
		onCurve(elliptic.P384()),
	},
}

func onCurve(curve elliptic.Curve) func(public any) bool {
	return func(public any) bool { // a point that is not on its curve has not come through the parser
		k, ok := public.(*ecdsa.PublicKey)
		return ok && k.Curve == curve
	}
}

// cards says which algorithm the keys of a generation's cards have.
var cards = map[cert.Generation]cert.Algorithm{cert.Today: cert.RSA2048SHA256, cert.Next: cert.P384SHA384}

func onACard(a cert.Algorithm) bool {
	for _, has := range cards {
		if has == a {
			return true
		}
	}
	return false
}

// algorithmOf is the algorithm of a SubjectPublicKeyInfo, 0 for none that is allowed.
func algorithmOf(spki []byte) cert.Algorithm {
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return 0
	}
	in, algorithm := cryptobyte.String(spki), cryptobyte.String(nil)
	if !in.ReadASN1(&in, tag.SEQUENCE) || !in.ReadASN1Element(&algorithm, tag.SEQUENCE) {
		return 0
	}
	for a, known := range algorithms {
		// The parser is generous about parameters, so that they are looked at here.
		if known.fits(public) && bytes.Equal(algorithm, known.key) {
			return a
		}
	}
	return 0
}
