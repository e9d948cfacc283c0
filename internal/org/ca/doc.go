// Package ca is the certification authority (認証局): it certifies residents' keys, ends certificates when they have become
// untrue, and signs the lists of those that were ended.
//
// Law: 公的個人認証法 (電子署名等に係る地方公共団体情報システム機構の認証業務に関する法律) 3条 and 22条 (issuance through the mayor of the place
// of residence), 11条 and 12条 (revocation on request and after a change of the resident record), 16条 (what is told to the validation
// authority).
//
// In come cert.request and cert.revoke of municipalities (市区町村), cert.revocation of the national center (異動等失効情報),
// responder.request of the validation authority, and ca.report.request of a prefecture (都道府県) that delegated to it. Out go cert.issued or cert.refused to the municipality,
// cert.issuance (発行情報) to the national center, cert.status, cert.crl and responder.issued to the validation
// authority, and ca.report to each prefecture, at the close of a day and when it asks (telling.go, report.go).
//
// Nothing is signed that is not written down first. A rule stores the to-be-signed bytes as an intent (intend.go); the
// due list signs them outside of any transaction (sign.go); what comes back is compared with the intent byte by byte,
// stored, and told to others in one transaction. Whatever stops the program in between, the same step is called again
// with the same bytes, so that no serial is ever on two certificates. Tests kill the process at each of these steps and cut its
// power (crash_test.go, crashpower_test.go), and ask the device what it has signed.
//
// What was issued and what was revoked are entries of books that the national center and the validation authority hold too,
// and each notice of the center that took effect is one of the center's book (books.go); the store's methods that write the state
// set them. A notice that was taken and whose certificate lives is looked for apart (unheeded.go).
//
// A revocation needs no signature and waits for none: it takes effect with its transaction (revoke.go), and a list that
// names it follows within seconds (crl.go).
package ca
