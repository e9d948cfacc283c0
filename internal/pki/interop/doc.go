// Package interop lets programs of others judge what the citizens' CA signs (相互運用性): OpenSSL, NSS, Java's PKIX validator and
// GnuTLS are given our certificates, revocation lists and OCSP answers, and wrong ones. It has no code but its tests.
//
// What is judged comes from the code that issues: package jpki's profiles, package crl's lists, package ocspwire's answers over HTTP.
// A wrong one is a right one that was changed in one thing.
//
// What a program is known not to look at stands in the table with the reason, and is tried all the same: when the program begins to look, the
// test says so.
package interop
