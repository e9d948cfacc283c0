//go:build cgo

package main

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rsa"
	"encoding/asn1"
	"math/big"

	"github.com/miekg/pkcs11"
)

// publicKey reads the public key object that has the private key's CKA_ID.
func publicKey(c *pkcs11.Ctx, s pkcs11.SessionHandle, id []byte) (crypto.PublicKey, error) {
	handles, err := objects(c, s, pkcs11.NewAttribute(pkcs11.CKA_CLASS, pkcs11.CKO_PUBLIC_KEY), pkcs11.NewAttribute(pkcs11.CKA_ID, id))
	if err != nil {
		return nil, err
	}
	if len(handles) != 1 {
		return nil, unfitf("%d public keys have its CKA_ID, want one", len(handles))
	}
	get := func(types ...uint) ([]*pkcs11.Attribute, error) {
		var template []*pkcs11.Attribute
		for _, t := range types {
			template = append(template, pkcs11.NewAttribute(t, nil))
		}
		a, err := c.GetAttributeValue(s, handles[0], template)
		if err != nil {
			return nil, fault("C_GetAttributeValue", err)
		}
		return a, nil
	}
	kind, err := get(pkcs11.CKA_KEY_TYPE)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.Equal(kind[0].Value, pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_RSA).Value):
		a, err := get(pkcs11.CKA_MODULUS, pkcs11.CKA_PUBLIC_EXPONENT)
		if err != nil {
			return nil, err
		}
		e := new(big.Int).SetBytes(a[1].Value)
		if !e.IsInt64() || e.Int64() > 1<<31-1 {
			return nil, unfitf("an RSA exponent of %d bits", e.BitLen())
		}
		return &rsa.PublicKey{N: new(big.Int).SetBytes(a[0].Value), E: int(e.Int64())}, nil
	case bytes.Equal(kind[0].Value, pkcs11.NewAttribute(pkcs11.CKA_KEY_TYPE, pkcs11.CKK_EC).Value):
		a, err := get(pkcs11.CKA_EC_PARAMS, pkcs11.CKA_EC_POINT)
		if err != nil {
			return nil, err
		}
		return ecPoint(a[0].Value, a[1].Value)
	}
	return nil, unfitf("a key type that is not supported: %x", kind[0].Value)
}

// curves are those of the profiles, by CKA_EC_PARAMS: the named curve's OID.
var curves = map[string]elliptic.Curve{
	"1.2.840.10045.3.1.7": elliptic.P256(),
	"1.3.132.0.34":        elliptic.P384(),
}

// ecPoint reads CKA_EC_POINT: an uncompressed point, in an OCTET STRING as the standard says, or bare as some devices do.
func ecPoint(params, point []byte) (crypto.PublicKey, error) {
	var oid asn1.ObjectIdentifier
	if _, err := asn1.Unmarshal(params, &oid); err != nil {
		return nil, unfitf("a curve without a name")
	}
	curve := curves[oid.String()]
	if curve == nil {
		return nil, unfitf("a curve that is not supported: %v", oid)
	}
	var inner []byte
	if rest, err := asn1.Unmarshal(point, &inner); err == nil && len(rest) == 0 {
		point = inner
	}
	public, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, unfitf("no point of the curve: %v", err)
	}
	return public, nil
}
