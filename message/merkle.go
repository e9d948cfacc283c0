package message

import "crypto/sha256"

// Hash is a SHA-256 hash.
type Hash [sha256.Size]byte

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
	split := 1
	for split*2 < len(leaves) {
		split *= 2
	}
	left, right := RootHash(leaves[:split]), RootHash(leaves[split:])
	var node [1 + 2*sha256.Size]byte
	node[0] = 1
	copy(node[1:], left[:])
	copy(node[1+sha256.Size:], right[:])
	return sha256.Sum256(node[:])
}
