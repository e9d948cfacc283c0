package message

import (
	"crypto/sha256"
	"encoding/hex"
)

// Hash is a SHA-256 hash.
type Hash [sha256.Size]byte

// Hex is a hash as people compare it; "" of none.
func (h Hash) Hex() string {
	if h == (Hash{}) {
		return ""
	}
	return hex.EncodeToString(h[:])
}

// LeafHash is the hash of one message: RFC 6962 §2.1, SHA-256(0x00 ‖ bytes). It names the message in inbox,
// outbox and receipts.
func LeafHash(b []byte) Hash {
	h := sha256.New()
	h.Write([]byte{0})
	h.Write(b)
	return Hash(h.Sum(nil))
}

// RootHash is the RFC 6962 §2.1 Merkle tree hash over leaf hashes in order; the hash of no bytes for none.
func RootHash(leaves []Hash) Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	split := splitAt(len(leaves))
	return nodeHash(RootHash(leaves[:split]), RootHash(leaves[split:]))
}

// splitAt is the largest power of two that is smaller than n.
func splitAt(n int) int {
	split := 1
	for split*2 < n {
		split *= 2
	}
	return split
}

func nodeHash(left, right Hash) Hash {
	var node [1 + 2*sha256.Size]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+sha256.Size:], right[:])
	return sha256.Sum256(node[:])
}

// InclusionProof is the audit path of leaf i (RFC 6962 §2.1.1): the hashes that, with the leaf, lead to the root. The one
// next to the leaf comes first.
func InclusionProof(leaves []Hash, i int) []Hash {
	if len(leaves) <= 1 {
		return nil
	}
	split := splitAt(len(leaves))
	if i < split {
		return append(InclusionProof(leaves[:split], i), RootHash(leaves[split:]))
	}
	return append(InclusionProof(leaves[split:], i-split), RootHash(leaves[:split]))
}

// RootFrom is the root to which a proof leads from leaf i of n. ok is false when the proof does not have the length that
// it must have.
func RootFrom(leaf Hash, i, n int, proof []Hash) (root Hash, ok bool) {
	if i < 0 || i >= n {
		return Hash{}, false
	}
	if n == 1 {
		return leaf, len(proof) == 0
	}
	if len(proof) == 0 {
		return Hash{}, false
	}
	last, split := len(proof)-1, splitAt(n)
	if i < split {
		root, ok = RootFrom(leaf, i, split, proof[:last])
		return nodeHash(root, proof[last]), ok
	}
	root, ok = RootFrom(leaf, i-split, n-split, proof[:last])
	return nodeHash(proof[last], root), ok
}
