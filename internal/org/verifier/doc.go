// Package verifier is a signature verifier (署名検証者), an office that takes signed filings as e-Tax does: it checks the
// signature, asks whether the certificate was revoked, and says in one word whether the filing can be relied on.
//
// Law: 公的個人認証法17条 (whoever relies on certificates files for it, and may then ask). RFC 5652 (CMS) and RFC 6960 (OCSP)
// say in which form.
//
// No message comes in and none goes out: the office asks the validation authority (失効情報提供) over plain OCSP, as any
// relying party would, with the public package verify. A signature comes in through the page (webform.go) or through
// POST api/verify (api.go); both are one act (check.go). Every check asks anew, and an answer that cannot be had is a
// verdict of its own, never an old answer (ask.go).
//
// What is kept of a check is what an office has to be able to show later: when, hashes of what was sent, the serial,
// the verdict, and the validation authority's signed answer. The content and the signer's name are not kept: the result
// is shown from memory for a quarter of an hour, at an address that nobody can guess (results.go).
//
// Known limits: a hash of a short document can be guessed, so the records are for the office alone; records do not
// expire; and the certificates of the CAs are read when the program starts.
package verifier
