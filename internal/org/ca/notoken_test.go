package ca_test

import (
	"context"
	"crypto"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// away is a key whose tokens are away for some time.
type away struct {
	crypto.Signer
	is *atomic.Bool
}

func (k away) SignContext(_ context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	if k.is.Load() {
		return nil, fmt.Errorf("%w: ca", hsm.ErrNoneReady)
	}
	return k.Sign(nil, digest, hash)
}

var _ pki.ContextSigner = away{}

// TestNoTokenForHours: while no token is there nothing is signed and nothing is set aside, however long; when one is back
// everything is signed within a minute, without anybody.
func TestNoTokenForHours(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		var none atomic.Bool
		none.Store(true)
		for _, p := range cert.Profiles {
			c.SetKey(p, away{c.Key(p), &none})
		}
		c.send(matsumoto, request(t, "r1", cert.Signature, person(t, 1, 1)), request(t, "r2", cert.Authentication, person(t, 1, 1)))
		if os.Getenv("AKASHI_FULL") != "" {
			c.run(2 * time.Hour)
		}
		c.run(time.Hour)
		if s := c.state(t); s.parked != 0 || s.pending < 2 {
			t.Fatalf("hours later %d intents wait and %d are set aside", s.pending, s.parked)
		}
		none.Store(false)
		c.run(time.Minute)
		if got := received[message.CertIssued](c, matsumoto); len(got) != 2 {
			t.Errorf("%d certificates were issued", len(got))
		}
		if s := c.state(t); s.pending != 0 || s.parked != 0 {
			t.Errorf("%d intents are left, %d parked", s.pending, s.parked)
		}
	})
}
