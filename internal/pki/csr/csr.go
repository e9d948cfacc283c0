// Package csr reads a signing request (署名要求, PKCS #10, RFC 2986): what the software of an applicant presents to show that it
// has the private half of a key (所持の証明).
//
// A request proves that and nothing else. The names in it are what somebody typed, and the extensions are wishes; what the
// certificate says comes from the registry and the profile. So of the subject and of the attributes only the form is looked
// at, and none of it comes out of here.
package csr

import (
	"bytes"
	"crypto"
	"encoding/asn1"
	"fmt"
	"math/big"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/der"
	"github.com/akashi-id/akashi/internal/pki/subjectkey"
	"github.com/akashi-id/akashi/internal/plain"
)

const (
	// MaxOctets is ten times what a request with every attribute in use has.
	MaxOctets = 16 << 10
	// maxAttributes and maxExtensions are more than any program writes.
	maxAttributes = 16
	maxExtensions = 32
)

// Request is what a signing request proves: that whoever made it can sign with this key.
type Request struct {
	Public crypto.PublicKey
	SPKI   []byte // the key as it stood in the request, SubjectPublicKeyInfo
}

func refuse(code, ja, en string) *subjectkey.Refusal {
	return &subjectkey.Refusal{Code: code, Sentence: plain.Sentence{JA: ja, EN: en}}
}

func explicit(n uint8) cb.Tag { return cb.Tag(n).ContextSpecific().Constructed() }

var badForm = refuse("csr-form",
	"署名要求（PKCS #10）として読めません。署名要求を作り直してください。",
	"This cannot be read as a signing request (PKCS #10): make the request anew.")

// Read judges a request (DER) for a key of one of the allowed kinds. Its errors are *subjectkey.Refusal.
func Read(request []byte, allowed ...cert.Algorithm) (*Request, error) {
	if len(request) > MaxOctets {
		return nil, refuse("csr-too-large",
			fmt.Sprintf("署名要求が大きすぎます（%dバイト、%dバイトまで）。拡張や属性を付けずに作り直してください。", len(request), MaxOctets),
			fmt.Sprintf("The signing request is too large (%d octets of at most %d): make it anew without extensions and attributes.", len(request), MaxOctets))
	}
	if err := der.Check(request); err != nil {
		return nil, subjectkey.NotDER("署名要求", "signing request", err)
	}
	s := cryptobyte.String(request)
	var body, info, algorithm, subject, spki, attributes cryptobyte.String
	var signature asn1.BitString
	if !s.ReadASN1(&body, cb.SEQUENCE) || !body.ReadASN1Element(&info, cb.SEQUENCE) || !body.ReadASN1(&algorithm, cb.SEQUENCE) ||
		!body.ReadASN1BitString(&signature) || !body.Empty() {
		return nil, badForm
	}
	signed := bytes.Clone(info)
	version := new(big.Int)
	if !info.ReadASN1(&info, cb.SEQUENCE) || !info.ReadASN1Integer(version) {
		return nil, badForm
	}
	if version.Sign() != 0 { // RFC 2986 4.1: there is no other
		return nil, refuse("csr-version",
			"署名要求の版が、決められたもの（バージョン1、値0）ではありません。別のソフトウェアで作り直してください。",
			"The version of the signing request is not the one there is (version 1, written 0): make it anew with other software.")
	}
	// Attributes that are empty are written all the same (RFC 2986 4.1).
	if !info.ReadASN1(&subject, cb.SEQUENCE) || !info.ReadASN1Element(&spki, cb.SEQUENCE) || !info.ReadASN1(&attributes, explicit(0)) ||
		!info.Empty() {
		return nil, badForm
	}
	if !isName(subject) {
		return nil, refuse("csr-subject",
			"署名要求の主体者名の形式が正しくありません。名前は住民票の記載から載せるため、空にして作り直してください。",
			"The subject of the signing request is malformed. The names come from the resident record: make the request anew with an empty subject.")
	}
	if err := checkAttributes(attributes); err != nil {
		return nil, err
	}
	public, err := subjectkey.Examine(spki, allowed...)
	if err != nil {
		return nil, err
	}
	if err := checkSignature(public, algorithm, signed, signature); err != nil {
		return nil, err
	}
	return &Request{Public: public, SPKI: bytes.Clone(spki)}, nil
}

// isName tells whether these are relative distinguished names (RFC 5280 4.1.2.4), of any types and values.
func isName(s cryptobyte.String) bool {
	for !s.Empty() {
		var set cryptobyte.String
		if !s.ReadASN1(&set, cb.SET) || set.Empty() {
			return false
		}
		for !set.Empty() {
			var one, value cryptobyte.String
			var oid asn1.ObjectIdentifier
			var tag cb.Tag
			if !set.ReadASN1(&one, cb.SEQUENCE) || !one.ReadASN1ObjectIdentifier(&oid) || !one.ReadAnyASN1(&value, &tag) || !one.Empty() {
				return false
			}
		}
	}
	return true
}
