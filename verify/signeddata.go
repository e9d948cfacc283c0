package verify

import (
	"bytes"
	"encoding/asn1"
	"math/big"
	"time"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

var (
	oidData                 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData           = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningTime          = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 5}
	oidSigningCertificate   = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 12}
	oidSigningCertificateV2 = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
)

func implicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific() }
func explicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific().Constructed() }

// limits of what is read before anything is checked; a signature of one person needs one certificate and a handful of
// attributes.
const (
	maxCertificates = 16
	maxAttributes   = 32
)

// signedData is a CMS SignedData (RFC 5652 5.1) with one signer.
type signedData struct {
	content      []byte // nil when it stands elsewhere (detached)
	certificates [][]byte
	signer       signerInfo
}

// signerInfo is RFC 5652 5.3.
type signerInfo struct {
	issuer     []byte   // DER name, with serial; or
	serial     *big.Int //
	keyID      []byte   // the signer's subject key identifier
	digest     algorithm
	attributes []byte // the signed attributes as a SET, which is what the signature covers (RFC 5652 5.4)
	signed     attributes
	signature  algorithm
	value      []byte
}

type algorithm struct {
	oid        asn1.ObjectIdentifier
	parameters cryptobyte.String
}

// attributes are the signed attributes that mean something here.
type attributes struct {
	contentType   asn1.ObjectIdentifier
	messageDigest []byte
	signingTime   time.Time
	certificate   []byte // the value of signing-certificate, nil when absent
	certificateV2 []byte // the value of signing-certificate-v2
}

func errCMS(where string) error {
	return invalid("CMS 署名の形式（RFC 5652）に合わない箇所があります（"+where+"）。署名を作り直してください。",
		"The signature is not as CMS (RFC 5652) says, at "+where+"; sign again.")
}

func parseSignedData(der []byte) (*signedData, error) {
	s := cryptobyte.String(der)
	var info, wrapped, sd cryptobyte.String
	var oid asn1.ObjectIdentifier
	if !s.ReadASN1(&info, cb.SEQUENCE) || !s.Empty() || !info.ReadASN1ObjectIdentifier(&oid) {
		return nil, errNotCMS()
	}
	if !oid.Equal(oidSignedData) {
		return nil, invalid("CMS ですが、署名データ（SignedData）ではありません。署名ファイルを指定してください。",
			"This is CMS, but no SignedData; give a signature file.")
	}
	var version int64
	var digests, encapsulated, certificates, signers cryptobyte.String
	var present bool
	if !info.ReadASN1(&wrapped, explicit(0)) || !info.Empty() || !wrapped.ReadASN1(&sd, cb.SEQUENCE) || !wrapped.Empty() ||
		!sd.ReadASN1Integer(&version) || version < 1 || version > 5 || !sd.ReadASN1(&digests, cb.SET) || !sd.ReadASN1(&encapsulated, cb.SEQUENCE) {
		return nil, errCMS("SignedData")
	}
	out := new(signedData)
	if err := out.readContent(encapsulated); err != nil {
		return nil, err
	}
	if !sd.ReadOptionalASN1(&certificates, &present, explicit(0)) || !sd.SkipOptionalASN1(explicit(1)) || !sd.ReadASN1(&signers, cb.SET) || !sd.Empty() {
		return nil, errCMS("certificates")
	}
	for !certificates.Empty() {
		var one cryptobyte.String
		if !certificates.ReadASN1Element(&one, cb.SEQUENCE) || len(out.certificates) == maxCertificates {
			return nil, errCMS("certificates")
		}
		out.certificates = append(out.certificates, one)
	}
	var signer cryptobyte.String
	if !signers.ReadASN1(&signer, cb.SEQUENCE) {
		return nil, invalid("署名者の情報がありません。署名を作り直してください。", "There is no signer in this signature; sign again.")
	}
	if !signers.Empty() {
		return nil, invalid("署名者が複数います。一人の署名だけを受け付けます。", "There are several signers; only a signature of one person is taken.")
	}
	return out, out.signer.parse(signer)
}

func (d *signedData) readContent(s cryptobyte.String) error {
	var oid asn1.ObjectIdentifier
	var wrapped, octets cryptobyte.String
	var present bool
	if !s.ReadASN1ObjectIdentifier(&oid) || !oid.Equal(oidData) || !s.ReadOptionalASN1(&wrapped, &present, explicit(0)) || !s.Empty() {
		return errCMS("encapContentInfo")
	}
	if !present {
		return nil
	}
	if !wrapped.ReadASN1(&octets, cb.OCTET_STRING) || !wrapped.Empty() {
		return errCMS("eContent")
	}
	d.content = append([]byte{}, octets...)
	return nil
}

func (i *signerInfo) parse(s cryptobyte.String) error {
	var version int64
	var name, id, attrs, value cryptobyte.String
	var present bool
	if !s.ReadASN1Integer(&version) || version != 1 && version != 3 {
		return errCMS("SignerInfo")
	}
	if s.PeekASN1Tag(implicit(0)) {
		if !s.ReadASN1(&id, implicit(0)) {
			return errCMS("sid")
		}
		i.keyID = bytes.Clone(id)
	} else {
		i.serial = new(big.Int)
		if !s.ReadASN1(&id, cb.SEQUENCE) || !id.ReadASN1Element(&name, cb.SEQUENCE) || !id.ReadASN1Integer(i.serial) || !id.Empty() {
			return errCMS("sid")
		}
		i.issuer = bytes.Clone(name)
	}
	if !i.digest.read(&s) || !s.ReadOptionalASN1(&attrs, &present, explicit(0)) || !i.signature.read(&s) ||
		!s.ReadASN1(&value, cb.OCTET_STRING) || !s.SkipOptionalASN1(explicit(1)) || !s.Empty() {
		return errCMS("SignerInfo")
	}
	if !present {
		// Without signed attributes, the encoded attributes of another signature could be passed off as signed content.
		return invalid("署名属性のない署名は受け付けません。openssl cms では -noattr を付けずに署名してください。",
			"A signature without signed attributes is not taken; with openssl cms, sign without -noattr.")
	}
	i.value = bytes.Clone(value)
	i.attributes = append(appendHeader(nil, 0x31, len(attrs)), attrs...)
	return i.signed.parse(attrs)
}

func (a *algorithm) read(s *cryptobyte.String) bool {
	var body cryptobyte.String
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1ObjectIdentifier(&a.oid) {
		return false
	}
	a.parameters = body
	return true
}

// parse reads the attributes. Each that means something may stand once and has one value (RFC 5652 11).
func (a *attributes) parse(s cryptobyte.String) error {
	seen := make(map[string]bool)
	for n := 0; !s.Empty(); n++ {
		var one, values, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var tag cb.Tag
		if n == maxAttributes || !s.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) || !one.ReadASN1(&values, cb.SET) ||
			!one.Empty() || seen[oid.String()] {
			return errCMS("signedAttrs")
		}
		seen[oid.String()] = true
		ok := true
		switch {
		case oid.Equal(oidContentType):
			ok = values.ReadASN1ObjectIdentifier(&a.contentType) && values.Empty()
		case oid.Equal(oidMessageDigest):
			ok = values.ReadASN1(&value, cb.OCTET_STRING) && values.Empty()
			a.messageDigest = bytes.Clone(value)
		case oid.Equal(oidSigningTime):
			ok = readTime(&values, &a.signingTime) && values.Empty()
		case oid.Equal(oidSigningCertificate):
			ok = values.ReadAnyASN1(&value, &tag) && tag == cb.SEQUENCE && values.Empty()
			a.certificate = append([]byte{}, value...)
		case oid.Equal(oidSigningCertificateV2):
			ok = values.ReadAnyASN1(&value, &tag) && tag == cb.SEQUENCE && values.Empty()
			a.certificateV2 = append([]byte{}, value...)
		}
		if !ok {
			return errCMS("signedAttrs")
		}
	}
	if a.contentType == nil || a.messageDigest == nil { // both are required (RFC 5652 5.3)
		return errCMS("signedAttrs")
	}
	return nil
}

func readTime(s *cryptobyte.String, t *time.Time) bool {
	if s.PeekASN1Tag(cb.UTCTime) {
		return s.ReadASN1UTCTime(t)
	}
	return s.ReadASN1GeneralizedTime(t)
}
