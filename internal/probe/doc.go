// Package probe asks from outside, once in each minute, what everybody asks who relies on the certificates, and keeps what came of it
// (外部監視): so that whoever has delegated the service can say how available it was (可用性), and need not ask those who run it.
//
// Three services are asked, for each of the two certificates. OCSP: questions with nonces to the public address, about a certificate that
// stands on a revocation list and about one that was never issued, so that the answers are known beforehand. CRL: a municipality's list, fetched if it is another than the one that
// was seen. Issuance: the CA is asked to take an invented application through everything but the issue, and to sign, by the way of
// certificates, a text that says what it is (Statement). What comes back is judged by internal/pki/inspect, which shares nothing with those
// who made it.
//
// A minute of a target has one outcome: ok, failed with a reason that has a name, or not measured. A minute of which nobody knows anything
// is never counted as available: a program that does not run, an error of our own, a clock of ours that was set are all "not measured", and
// the share of minutes that were measured stands beside each figure. Of two outcomes of one minute, after a clock was set back, the
// failed one stays.
//
// Each target has a task of its own and a deadline, so that one that never answers keeps no other waiting. Who knows beforehand that
// something will stand still enters it with a reason (Window, 計画停止); the figures are then given with and without.
//
// Source 001 (長野県) names the availability among what an agreement with the 指定認証機関 still lacked (サービスの可用性項目は継続検討);
// source 002 tells of an outage of which others had to learn by themselves.
package probe
