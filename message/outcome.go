package message

// Outcome is a receiver's verdict on one message. Every outcome is progress: only its absence is retried.
type Outcome string

// The outcomes.
const (
	Applied   Outcome = "applied"   // 適用: the effect is durable
	Duplicate Outcome = "duplicate" // 重複: decided before; Settled says how
	Rejected  Outcome = "rejected"  // 拒否: parked for a person on both sides
	Gap       Outcome = "gap"       // 欠落: a version before this one never came; parked
	Conflict  Outcome = "conflict"  // 番号の衝突: another message had this number and attempt
	Held      Outcome = "held"      // 待機: an earlier message with the same key is not settled
	Deferred  Outcome = "deferred"  // 猶予: could not be processed now; offered again, a bounded number of times
	Withdrawn Outcome = "withdrawn" // 取下げ: its sender took it back, with a second person
)
