package cert

import "encoding/asn1"

// Object identifiers of the service, arc 1.2.392.200149.8.5. They were read in published certificates and clients; the
// operator's profile document could not be read.
var (
	// SignaturePolicy and AuthenticationPolicy are the certificate policies of the card's two profiles.
	SignaturePolicy      = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 1, 1, 20}
	AuthenticationPolicy = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 1, 3, 30}

	// The otherName types of the subject alternative name in a signature certificate.
	HolderName               = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, 1}
	HolderNameSubstitutes    = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, 2}
	HolderSex                = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, 3}
	HolderBirth              = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, 4}
	HolderAddress            = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, 5}
	HolderAddressSubstitutes = asn1.ObjectIdentifier{1, 2, 392, 200149, 8, 5, 5, 6}
)

// CPS is the address of the certification practice statement that the policies point to.
const CPS = "http://www.jpki.go.jp/cps.html"

// Policy is the certificate policy of a profile, nil for no profile.
func (p Profile) Policy() asn1.ObjectIdentifier {
	switch p {
	case Signature:
		return SignaturePolicy
	case Authentication:
		return AuthenticationPolicy
	}
	return nil
}
