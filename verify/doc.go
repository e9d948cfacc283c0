// Package verify is what a relying party (署名検証者) needs to check signatures and certificates of the system, and depends
// on no part of it that signs.
//
// CMS takes what `openssl cms -sign` makes and says in one word and one sentence whether to rely on it. Chain checks a
// certificate alone. OCSP asks for a certificate's status; whoever gets the status in another way implements
// StatusAsker. Nothing is kept between calls, so that neither an answer nor a failure outlives its moment.
//
// Receipt and Statement check what two organisations have signed to each other, with the certificate of the infrastructure
// CA alone: what became of a message (受領証), and what both counted (計算書).
//
// The rules are narrow on purpose: one signer; signed attributes; SHA-256 or better; RSA of 2048 bits or more, P-256 or
// P-384; a certificate issued directly by a given CA, told by key identifier and signature because the generations of a
// CA share one name; the signature profile, unless the caller allows the other. A signature carries no proof of when it
// was made, so a revocation counts whenever the signature claims to have been made.
package verify
