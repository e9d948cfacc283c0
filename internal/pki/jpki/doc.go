// Package jpki builds what the citizens' CA signs: CA certificates, user certificates and OCSP signer certificates
// with the names and extensions of the public certification service (公的個人認証).
//
// It builds to-be-signed bytes and nothing else. A CA stores them as its intent, signs them elsewhere (pki.SignTBS,
// perhaps in a device), and joins both (pki.AssembleCertificate, AssembleCRL): what was written down is what is issued.
// Lists are written by package crl.
// Go's own builder cannot do this, and has no otherName, no directoryName distribution point and no issuerAltName.
//
// # What the names claim
//
// These certificates are of a test country and must never be taken for real ones. The real CAs are O=JPKI with the
// Japanese name O=公的個人認証サービス; the hierarchy built here is O=JPKI-TEST, as the service's own test hierarchy is,
// and O=公的個人認証サービス（試験用）. Everything else is as published certificates have it, so that a program which reads the real
// ones reads ours: a verifier tells them apart by the CA key that it trusts. A prefecture's own CA (Governor) has the governor where
// the published certificates have the agency.
//
// # Profiles are data
//
// A profile (証明書プロファイル) is a list of extensions (definitionOf); a generation of the card gives it the algorithm of its keys
// (generations), and nothing else may depend on that. Package lint judges what is built here by rules and a reader of its own.
//
// # What is not verified
//
// The operator's profile document could not be read. These points are plausible and unconfirmed: the order of the
// extensions of user certificates; clientAuth in authentication certificates, their critical policy and their
// distribution point; issuer and serial in the authority key identifier; the values of the OCSP address and of the
// policies in the test hierarchy; the OCSP signer's profile; and all of how a character outside the card's set is
// substituted (Substitute). How a prefecture's own CA named itself while there were such is not known here.
package jpki
