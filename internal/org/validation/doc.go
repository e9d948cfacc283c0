// Package validation is the validation authority (失効情報提供): it tells whoever relies on a certificate whether it was revoked.
//
// Law: 公的個人認証法16条 (the CA records what was revoked) and 18条 (it is told to the verifiers, 署名検証者). RFC 6960 (OCSP) and
// RFC 5280 5 (revocation lists) say in which form.
//
// In come cert.status, cert.crl and responder.issued of the CAs (authority.go), verifier.registration of the prefectures, and
// impact.acknowledgement of the verifiers (署名検証者). To these goes impact.notice (impact.go), to each CA goes responder.request, because a CA's own key
// signs no answers: it certifies a key of this organisation for a month at a time (RFC 6960 4.2.2.2).
//
// There may be several CAs: one of all prefectures that have none of their own, and theirs. What a CA tells counts for the certificates
// of its own keys; what it tells of another's is refused. Each has its book, its lists and its addresses, and one that falls silent
// stops nothing but the answers "good" about its own.
//
// What is promised: a revocation is answered from the moment at which the transaction that took its status has committed. Answers
// are signed before they are asked for and kept in memory, and a rule that writes a state takes the old answer down before
// it commits (shelf.go). Revoked never becomes good again, whatever comes in whatever order (status.go). Good is said only as
// long as somebody can vouch for it: while its CA's last word is not too old, a revocation could be written, and the clock was
// not set (vouch.go). What is signed while somebody waits has its share of the machine and takes nothing of the rest (sign.go).
// Lists come in parts (listparts.go). One is published only after it has been checked anew, and none goes back behind another (publish.go); it
// is served from its parts (listbody.go), so that no list of whatever length is ever held as a whole. What was asked and told
// is kept, without keeping the asker waiting (recorder.go).
//
// Each status is one entry of a book that the CA holds too (books.go), so that one which never took effect is found within a
// minute and sent again; what the CA then sends corrects a row, and never brings a revoked certificate back.
//
// What is served is fetched from the public addresses, as others fetch it, and held against the tables by code that shares none with
// what serves it (check.go); what is wrong, and what the publication of a list has seen, are findings until they are over.
//
// Whoever has filed with a prefecture and was accepted asks over the lines of the exchange, which name who asks (verifiers.go);
// others are refused, but for a test country, which answers everybody at an open address. When a revocation comes late, the
// record is gone through for answers "good" that were wrong, and each verifier that had one is told (impact.go).
//
// Known limits: of the day since which a certificate was untrue nobody can say what came first, so that answers of that day
// count as wrong only after the CA had revoked it; and an answer that could not be written down cannot be told to anybody.
package validation
