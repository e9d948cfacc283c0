// Package cert holds the words for electronic certificates (電子証明書) of the public certification service (公的個人認証):
// profile, generation, serial, status, revocation reason, validity, and the holder's attributes inside a certificate.
//
// The paper certificates (住民票の写し and the like) are another thing and never named "certificate" in code. This
// package computes and refuses, but signs and encodes nothing; internal/pki does. It imports nothing of ours but
// internal/plain. Sources: 電子署名等に係る地方公共団体情報システム機構の認証業務に関する法律 (認証業務法), RFC 5280, and
// published dumps of certificates; what could not be confirmed in the operator's own profile document says so where it
// stands.
package cert
