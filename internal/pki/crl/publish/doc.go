// Package publish decides whether a revocation list may be published (失効リストの公表), from what was published before
// and what is offered now.
//
// It is a step of its own, because the lists that went wrong elsewhere went wrong here: a number that went back after a
// fail-over, an entry that a damaged row or a wrong setting had lost, a list of another scope. It keeps nothing, asks no
// clock and reads no table; whoever publishes gives it the bytes as they lie there, and stores what it allows.
//
// A finding stops a list when to publish it could make a revoked certificate good again for somebody, or when it cannot be
// told whose list it is. Every other finding is an alarm, and the list goes out: what protects must not wait for a
// question of form.
package publish

import (
	"bytes"
	"context"
	"crypto"
	"io"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/crl"
)

// Source gives the bytes of a list from the start, each time it is asked.
type Source func() (io.Reader, error)

// Bytes is a list in memory.
func Bytes(der []byte) Source {
	return func() (io.Reader, error) { return bytes.NewReader(der), nil }
}

// Rules are what the lists of one partition are held to.
type Rules struct {
	Issuer    []byte // DER Name of the CA
	KeyID     []byte // its subject key identifier
	Algorithm []byte // DER AlgorithmIdentifier of its signatures
	Hash      crypto.Hash
	Verify    func(digest, signature []byte) error // with its key

	Scope    []byte // value of the issuing distribution point of this partition
	Freshest []byte // value of the freshest CRL extension, nil: there is none

	MaxLife  time.Duration // from a list to the next
	MaxAhead time.Duration // by which the CA's clock may be before ours
	Limits   crl.Limits

	// Certificate tells what is known of a serial of this CA. It is asked for few: what comes onto a list and what leaves it.
	Certificate func(ctx context.Context, serial cert.Serial) (Certificate, error)

	muted Code // switched off, to see whether the tests notice
}

// Certificate is what is known of a serial. The zero value: nothing.
type Certificate struct {
	Known    bool
	Here     bool      // it is of this partition
	NotAfter time.Time // zero: not known
}

// Before is what was published for the partition.
type Before struct {
	Number      uint64 // the highest ever, 0: nothing. It counts also where its list was damaged since
	Full        Source // the full list of that number, nil: none
	DeltaNumber uint64 // of the published delta list, 0: none
	Delta       Source
	// Base finds a full list that was published, by number; false: there was none.
	Base func(ctx context.Context, number uint64) (Source, bool, error)
	// Revoked is what is known to be revoked in this partition from elsewhere, and what its lists named, by serial. It
	// stands in for the list where there is none, or it can no longer be read, and a delta list that comes alone is held
	// against it; nil: nothing is known.
	Revoked crl.Entries
}

// Offer is what shall be published: a full list, with the delta list of the same number or without, or a delta list alone.
type Offer struct {
	Full  Source // nil: none
	Delta Source // nil: none
}

// Verdict is what the step says.
type Verdict struct {
	Findings []Finding
	More     int // findings beyond those
	// Same: this very list is published already, and there is nothing to do.
	Same        bool
	Full, Delta *crl.Info // as far as they could be read; nil: not at all, or none
	Added       int       // entries that the published list did not have
	Left        int       // entries that it had, of certificates whose term is over

	stopped bool
}

// Publish says whether the offer may be published.
func (v *Verdict) Publish() bool { return !v.Same && !v.stopped }
