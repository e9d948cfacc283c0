// Package nationalcenter is the national center (全国センター, 指定情報処理機関): it holds the 本人確認情報 of all residents, allots
// their codes, and knows who holds which certificate.
//
// What comes in, and what goes out:
//
//   - resident.change of a prefecture (住民基本台帳法30条の11①): the index follows it.
//   - resident.invalidation of a prefecture (30条の11⑨): cert.revocation goes to the CA for every certificate of the
//     resident that certifies an older version. It waits for no change and for no notice.
//   - cert.issuance of a CA: the center writes down who holds the certificate, and which CA issued it. When an invalidation
//     overtook the notice on the other river, the revocation goes out at once. When the holder has one of the kind of another CA, or
//     under another code, the older one's does.
//   - cert.revoke of a municipality (公的個人認証法9条, 10条): cert.revocation goes to each CA for what it issued to the holder, and
//     cert.revoke on to a CA whose notice about the holder cannot be read.
//   - code.request of a municipality (30条の7): code.allotment goes back, with codes that nobody has or was given.
//   - number.request of a municipality (番号法8条): number.assignment goes back, with the number that the person has, or a new one that
//     is derived from the code by a one-way function under a key of ours.
//   - the question code.attach of a municipality: whether a code that it did not give may be attached to a registration. The answer
//     is signed and kept.
//
// A person is a 住民票コード here and nothing else. A search by attributes (internal/inquiry) returns candidates, each with how far it
// agrees and why; it never says that one of them is the person.
//
// What dies is told under every code that a resident has had, because a change of code may be parked when it comes; the
// center holds what it knows under the present code, and looks for certificates and unread notices under all of them.
//
// What it was told and what it demands are books that a prefecture or a CA holds too (books.go). The rows of the facts are
// written by the store's methods that take effect, so that what was answered for and not acted upon is found within a
// minute. Certificates that are dead and of which the CA was not told are looked for apart (undemanded.go).
//
// Known limits: what a CA ends by itself, at a renewal, in a mass revocation or by an operator, is not told to the center, so its count of
// holders includes it until it expires.
package nationalcenter
