// Package inspect judges certificates, revocation lists and OCSP answers as they lie in a table or come over the network (点検の規則),
// after the fact and from outside.
//
// Its rules are written a second time on purpose. It shares no line with the builders (jpki, crl), with the lint that judges before a
// key signs (lint), or with the responder (ocspwire): it reads with the standard library and golang.org/x/crypto/ocsp, and has tables
// of its own. A mistake in one of those is so found by the other, and a change of a profile has to be made in both.
//
// It opens no connection, reads no table and asks no clock: whoever has the bytes gives them, with what the records say.
package inspect
