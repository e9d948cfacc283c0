package verifier

import (
	"encoding/base64"
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
)

const (
	resultLife = 15 * time.Minute
	maxResults = 2000 // a few MiB; the oldest goes first
)

// results keeps findings for those who asked, in memory alone and for a short time. A result then has an address, so
// that it can be read in the other language, read again and printed without being checked and counted again, and the
// signer's name is never written down.
type results struct {
	clock  clock.Clock
	random io.Reader

	mu      sync.Mutex
	byToken map[string]outcome
	order   []string // oldest first
}

// outcome is a finding and what its page says beside it.
type outcome struct {
	finding
	file, signature string // names of the files, as the sender calls them
	until           time.Time
}

func newResults(c clock.Clock, random io.Reader) *results {
	return &results{clock: c, random: random, byToken: map[string]outcome{}}
}

// put keeps an outcome and returns the word by which it is found: 128 random bits, because who has it sees a name.
func (r *results) put(o outcome) (string, error) {
	var b [16]byte
	if _, err := io.ReadFull(r.random, b[:]); err != nil {
		return "", fmt.Errorf("couldn't draw the address of a result: %w", err)
	}
	token := base64.RawURLEncoding.EncodeToString(b[:])
	o.until = r.clock.Now().Add(resultLife)
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
	r.byToken[token] = o
	r.order = append(r.order, token)
	return token, nil
}

func (r *results) get(token string) (outcome, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget()
	o, ok := r.byToken[token]
	return o, ok
}

// forget drops what is over, and the oldest when there are too many.
func (r *results) forget() {
	now := r.clock.Now()
	for len(r.order) > 0 && (len(r.order) >= maxResults || !r.byToken[r.order[0]].until.After(now)) {
		delete(r.byToken, r.order[0])
		r.order = r.order[1:]
	}
}
