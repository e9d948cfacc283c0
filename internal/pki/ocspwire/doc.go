// Package ocspwire writes and reads the messages of OCSP (失効情報の問合せ, RFC 6960): request, response, and the errors.
//
// golang.org/x/crypto/ocsp reads one certificate per request and can neither read nor echo a nonce, so the messages are
// written out here. This package decides nothing: which status a serial has, and who may ask, is the business of the
// organisation that answers; whether an answer is to be believed is that of package verify.
package ocspwire
