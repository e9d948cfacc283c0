// Package order is what a CA is asked in a measurement, ours and any beside it (発行の測定の指示). It stands on little, so that a
// peer needs little to obey.
package order

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
)

// Setup is what a contestant is told.
type Setup struct {
	Dir       string `json:"dir"`       // for files of its own
	Store     string `json:"store"`     // an empty database, for those who take one
	Algorithm string `json:"algorithm"` // of the CA's key
}

// Ready is what it answers.
type Ready struct {
	Says string `json:"says"` // what it is, with its version
}

// The orders.
const (
	DoIssue = "issue" // so many certificates, many asked for at once: rate, and CPU time of the server
	DoEach  = "each"  // so many by Callers, each of whom waits for his before he asks for the next
	DoSign  = "sign"  // so many signatures with the CA's key, and nothing else
	DoCPU   = "cpu"   // of a process that serves: the CPU seconds that it has used so far, as Server
)

// Callers is how many ask at once for DoEach.
const Callers = 4

// The algorithms, by the names that the program has for them.
const (
	RSA2048 = "rsa2048-sha256"
	P256    = "p256-sha256"
	P384    = "p384-sha384"
)

// Key makes a key for a name of an algorithm.
func Key(algorithm string) (crypto.Signer, error) {
	switch algorithm {
	case RSA2048:
		return rsa.GenerateKey(rand.Reader, 2048)
	case P256:
		return ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	case P384:
		return ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	}
	return nil, fmt.Errorf("no algorithm %q", algorithm)
}
