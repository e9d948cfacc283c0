// Package lint judges the bytes of a certificate before a key signs them (発行前検査): a certificate that is signed is issued, and what is
// wrong in it can then only be revoked.
//
// It has two parts. The RFC lints are other people's (zlint), run on the bytes with a placeholder for the signature (rfc.go). The
// rules of our own profiles are here, one by one and each with a sentence (rules.go, extensions.go, holder.go): every field, its order and encoding, each
// extension with its critical flag and none more or less, the serial, the times, and the validity against the birthday. Any
// finding refuses.
//
// What the certificate should say comes from the records of whoever will sign it (Want), not from the bytes, and not from the builder. The rules share no
// table with package jpki and read the DER themselves: a fault in a table of the builder would otherwise be copied into the judge. So a change of a profile has to be made
// in both, which is the purpose.
package lint
