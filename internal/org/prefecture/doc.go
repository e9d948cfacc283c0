// Package prefecture is the prefecture's server (都道府県サーバ): it keeps the 本人確認情報 of its residents and passes what its
// municipalities notify on to the national center.
//
// What comes in, and what goes out:
//
//   - resident.change of a municipality (住民基本台帳法30条の5): it is kept, and relayed unchanged (30条の11①).
//   - resident.invalidation of a municipality: it is written down and relayed at once. It waits for no change.
//   - snapshot of a municipality, of a record or an invalidation: what is held under the key becomes what it says, what
//     stood there is kept as evidence, and the center is told by a change, or by the snapshot when no change says it.
//   - verifier.filing of a signature verifier (署名検証者, 公的個人認証法17条): two persons decide (filing.go), the office is told by
//     verifier.decision, and validation by verifier.registration whom to serve.
//   - ca.report of the CA to which certification was delegated (委任): each is kept, compared with the one before, and shown as of
//     any day (delegation.go); ca.report.request asks for one now.
//
// It holds the copies of each municipality's books of residents and of invalidations, and is the source of both towards
// the national center. A record in force is compared; a deleted one stays in the table, for who comes back, and is not.
//
// It has delegated issuance and the information on revocation, and probes both from outside (availability.go): what it shows of their
// availability rests on what it was answered itself.
//
// A change that parks at the national center is "sent again corrected" with the state that the prefecture holds today;
// a correction itself is made at the counter, by a further change.
package prefecture
