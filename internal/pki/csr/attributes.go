package csr

import (
	"bytes"
	"encoding/asn1"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// oidExtensionRequest is extensionRequest of PKCS #9 (RFC 2985 5.4.2).
var oidExtensionRequest = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 14}

var (
	badAttributes = refuse("csr-attributes",
		"署名要求の属性の形式が正しくありません。属性を付けずに作り直してください。",
		"The attributes of the signing request are malformed: make it anew without attributes.")
	badExtensions = refuse("csr-extensions",
		"署名要求の中の拡張の形式が正しくありません。拡張を付けずに作り直してください。",
		"The extensions in the signing request are malformed: make it anew without extensions.")
)

// checkAttributes looks at the form alone (RFC 2986 4.1). What is named twice is refused, because two programs may each read another
// of the two.
func checkAttributes(s cryptobyte.String) error {
	seen := map[string]bool{}
	var last []byte
	for !s.Empty() {
		var whole, one, values cryptobyte.String
		var oid asn1.ObjectIdentifier
		if !s.ReadASN1Element(&whole, cb.SEQUENCE) {
			return badAttributes
		}
		if last != nil && bytes.Compare(last, whole) > 0 { // a SET OF under a tag of its own, which der.Check cannot know
			return badAttributes
		}
		last = whole
		if !whole.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) || !one.ReadASN1(&values, cb.SET) ||
			!one.Empty() || values.Empty() {
			return badAttributes
		}
		if seen[oid.String()] {
			return refuse("csr-attribute-twice",
				"署名要求に、同じ種類の属性が二つあります。属性を付けずに作り直してください。",
				"The signing request has two attributes of one kind: make it anew without attributes.")
		}
		if seen[oid.String()] = true; len(seen) > maxAttributes {
			return refuse("csr-many-attributes",
				"署名要求の属性が多すぎます。属性を付けずに作り直してください。",
				"The signing request has too many attributes: make it anew without attributes.")
		}
		if oid.Equal(oidExtensionRequest) {
			if err := checkExtensions(values); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkExtensions looks at the form of the extensions that are wished for (RFC 5280 4.1, 4.2). None is granted: a request for the
// rights of a CA, or for the name of another person, changes nothing.
func checkExtensions(values cryptobyte.String) error {
	var list cryptobyte.String
	if !values.ReadASN1(&list, cb.SEQUENCE) || !values.Empty() || list.Empty() {
		return badExtensions
	}
	seen := map[string]bool{}
	for !list.Empty() {
		var one, value cryptobyte.String
		var oid asn1.ObjectIdentifier
		var critical bool
		if !list.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) ||
			one.PeekASN1Tag(cb.BOOLEAN) && !one.ReadASN1Boolean(&critical) ||
			!one.ReadASN1(&value, cb.OCTET_STRING) || !one.Empty() {
			return badExtensions
		}
		if seen[oid.String()] {
			return refuse("csr-extension-twice",
				"署名要求に、同じ種類の拡張が二つあります。拡張を付けずに作り直してください。",
				"The signing request has two extensions of one kind: make it anew without extensions.")
		}
		if seen[oid.String()] = true; len(seen) > maxExtensions {
			return refuse("csr-many-extensions",
				"署名要求の拡張が多すぎます。拡張を付けずに作り直してください。",
				"The signing request has too many extensions: make it anew without extensions.")
		}
	}
	return nil
}
