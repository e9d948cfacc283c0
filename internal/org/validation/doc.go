// Package validation is the validation authority (失効情報提供): it tells whoever relies on a certificate whether it was revoked.
//
// Law: 公的個人認証法16条 (the CA records what was revoked) and 18条 (it is told to the verifiers, 署名検証者). RFC 6960 (OCSP) and
// RFC 5280 5 (revocation lists) say in which form.
//
// In come cert.status, cert.crl and responder.issued of the CA, verifier.registration of the prefectures, and
// impact.acknowledgement of the verifiers (署名検証者). To these goes impact.notice (impact.go), to the CA goes responder.request, because the CA's own key
// signs no answers: it certifies a key of this organisation for a month at a time (RFC 6960 4.2.2.2).
//
// What is promised: a revocation is answered from the moment at which the transaction that took its status has committed,
// because every question reads the table (ocsp.go); only signatures are kept for a while, each for one state of one certificate.
// Revoked never becomes good again, whatever comes in whatever order (status.go). A list is published only after it has been
// checked anew, and none goes back behind another (crl.go). While the CA cannot be reached the answers go on from what
// is known, and the screen says how old that is. What was asked and told is kept, without keeping the asker waiting (recorder.go).
//
// Each status is one entry of a book that the CA holds too (books.go), so that one which never took effect is found within a
// minute and sent again; what the CA then sends corrects a row, and never brings a revoked certificate back.
//
// Whoever has filed with a prefecture and was accepted asks over the lines of the exchange, which name who asks (verifiers.go);
// others are refused, but for a test country, which answers everybody at an open address. When a revocation comes late, the
// record is gone through for answers "good" that were wrong, and each verifier that had one is told (impact.go).
//
// Known limits: of the day since which a certificate was untrue nobody can say what came first, so that answers of that day
// count as wrong only after the CA had revoked it; and an answer that could not be written down cannot be told to anybody.
package validation
