package hsm_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// signing is what hsm.Signer does, and what the program of 2016 did in its place.
type signing interface {
	SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error)
}

// asItWas is the program of 2016: the module loaded into it, one board after the other asked in order, no deadline, no log. A notice
// of a timeout, for which nobody had written anything, ended the program.
type asItWas struct {
	boards []*soft

	turn  chan struct{} // one call at a time; who has it guards what follows
	next  int
	ended bool
}

var errEnded = errors.New("the program has ended")

func (p *asItWas) SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	p.turn <- struct{}{}
	defer func() { <-p.turn }()
	if p.ended {
		return nil, errEnded
	}
	p.next++
	signature, err := p.boards[p.next%len(p.boards)].Sign(ctx, "ca", hash, digest)
	if err != nil && token.FaultOf(err) == token.DeviceFailed {
		p.ended = true
		return nil, errEnded
	}
	return signature, err
}

// day is twenty minutes of requests, one a second, in which the first board fails once at some moment. It says what people had to
// find out: requests without an answer, a wrong signature, nothing left to find out why.
func day(s signing, fail func(), evidence func() []hsm.Evidence) (findings []string) {
	const requests = 1200
	var all sync.WaitGroup
	var mu sync.Mutex
	unanswered, wrong := requests, 0
	for n := range requests {
		if n == 600 {
			fail()
		}
		all.Go(func() {
			digest := sha256.Sum256(fmt.Append(nil, n))
			signature, err := s.SignContext(context.Background(), digest[:], crypto.SHA256)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err != nil:
			case !ecdsa.VerifyASN1(keyOnce().Public().(*ecdsa.PublicKey), digest[:], signature):
				wrong++
			default:
				unanswered--
			}
		})
		time.Sleep(time.Second)
	}
	time.Sleep(time.Minute)
	mu.Lock()
	if unanswered > 0 {
		findings = append(findings, fmt.Sprintf("%d requests have no answer a minute later", unanswered))
	}
	if wrong > 0 {
		findings = append(findings, fmt.Sprintf("%d answers are no signature", wrong))
	}
	mu.Unlock()
	if len(evidence()) == 0 {
		findings = append(findings, "nothing tells why")
	}
	time.Sleep(48 * time.Hour) // what hung comes back
	all.Wait()
	return findings
}

// TestAsItWas: the faults that the tests of this package try are those that stopped the program of 2016, and without a fault it
// worked as well as ours.
func TestAsItWas(t *testing.T) {
	hang := func([]byte) error { time.Sleep(24 * time.Hour); return errors.New("the board was reset") }
	for name, c := range map[string]struct {
		on    func([]byte) error
		spin  func([]byte) []byte
		found string // of the program of 2016
	}{
		"no fault":              {},
		"a call that hangs":     {on: hang, found: "requests have no answer"},
		"a completion is lost":  {spin: func(s []byte) []byte { time.Sleep(24 * time.Hour); return s }, found: "requests have no answer"},
		"a notice of a timeout": {on: func([]byte) error { return token.Fail(token.DeviceFailed, "ETIMEDOUT") }, found: "requests have no answer"},
		"garbage":               {spin: func(s []byte) []byte { return s[:8] }, found: "answers are no signature"},
	} {
		t.Run(name, func(t *testing.T) {
			// The next call at the device, and no other.
			once := func(d *soft) func() {
				return func() {
					d.set(func(digest []byte) error {
						d.set(nil, nil)
						if c.on == nil {
							return nil
						}
						return c.on(digest)
					}, c.spin)
				}
			}
			synctest.Test(t, func(t *testing.T) {
				r := newRig(t, 2)
				defer r.stop()
				findings := day(r.signer, once(r.devices[0]), r.told)
				if c.found != "" && len(findings) > 0 || c.found == "" && fmt.Sprint(findings) != "[nothing tells why]" { // nor is there anything to tell
					t.Errorf("akashi: %q", findings)
				}
			})
			synctest.Test(t, func(t *testing.T) {
				boards := []*soft{{keys: map[string]crypto.Signer{"ca": keyOnce()}}, {keys: map[string]crypto.Signer{"ca": keyOnce()}}}
				findings := strings.Join(day(&asItWas{boards: boards, turn: make(chan struct{}, 1)}, once(boards[0]), func() []hsm.Evidence { return nil }), ", ")
				if !strings.Contains(findings, c.found) || c.found == "" && findings != "nothing tells why" {
					t.Errorf("as it was: %q, want %q", findings, c.found)
				}
			})
		})
	}
}
