// Package reconciletest gives tests what two organisations share (試験用の共有の秘密).
package reconciletest

import (
	"crypto/sha256"

	"github.com/akashi-id/akashi/message"
)

// Secrets gives an organisation of a test the same secret with each peer as the peer gets with it. It protects nothing.
func Secrets(self message.Org) func(peer message.Org) []byte {
	return func(peer message.Org) []byte {
		a, b := min(self, peer), max(self, peer)
		sum := sha256.Sum256([]byte("akashi test secret\n" + a + "\n" + b))
		return sum[:]
	}
}
