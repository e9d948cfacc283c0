// Package crl writes and reads certificate revocation lists (失効リスト, RFC 5280 5), full and delta, of any length in
// the same few kilobytes of memory.
//
// The writer and the reader share no code but the words of this package, so that a mistake in one is found by the other.
// The writer knows what our profile has and refuses the rest. The reader takes what RFC 5280 allows, in DER and in no
// other form; whether a list may be published is the business of package crl/publish.
//
// A delta list only adds. RFC 5280 5.3.1 has a reason to take an entry off a list again, removeFromCRL, for a hold that
// is released and for a certificate whose term is over; the CPS releases no hold, and of an expired certificate nobody asks.
// So no delta written here can make a revoked certificate good again.
package crl

import (
	"time"

	"github.com/akashi-id/akashi/cert"
)

// Entry is one revoked certificate on a list.
type Entry struct {
	Serial cert.Serial
	At     time.Time // since when it is revoked; written to the second
	Reason cert.RevocationReason
}

// MaxSize bounds a list, in bytes: about 20 million entries. Nobody could fetch more.
const MaxSize = 1 << 30
