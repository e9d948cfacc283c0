// Package verifier is a signature verifier (署名検証者), an office that takes signed filings as e-Tax does: it checks the
// signature, asks whether the certificate was revoked, and says in one word whether the filing can be relied on.
//
// Law: 公的個人認証法17条 (whoever relies on certificates files for it, and may then ask). RFC 5652 (CMS) and RFC 6960 (OCSP)
// say in which form.
//
// verifier.filing goes out to the prefecture, by a person (filing.go), and verifier.decision comes back; from then on the
// validation authority (失効情報提供) answers this office. It is asked by OCSP over the lines of the exchange, where it knows by our
// certificate who asks (askline.go), with the public package verify. impact.notice comes of it when it has answered wrongly,
// because a revocation was late; a person here takes note and says what was done (impact.go), which goes back as
// impact.acknowledgement.
//
// A signature comes in through the page (webform.go) or through POST api/verify (api.go); both are one act (check.go). Every
// check asks anew, and an answer that cannot be had is a verdict of its own, never an old answer (ask.go).
//
// What is kept of a check is what an office has to be able to show later: when, hashes of what was sent, the serial,
// the verdict, and the validation authority's signed answer. The content and the signer's name are not kept: the result
// is shown from memory for a quarter of an hour, at an address that nobody can guess (results.go).
//
// Known limits: a hash of a short document can be guessed, so the records are for the office alone; records do not
// expire; and the certificates of the CAs are read when the program starts.
package verifier
