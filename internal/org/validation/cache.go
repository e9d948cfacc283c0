package validation

import (
	"crypto"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// maxCached bounds the cache; an answer has about half a kilobyte.
const maxCached = 100_000

// cacheKey names an answer by everything that it says but its times: when the state of a certificate changes, the answers to
// its old state are no longer found, so that none can be told too late.
type cacheKey struct {
	issuer    string
	hash      crypto.Hash // with which the asker names the issuer
	serial    cert.Serial
	revoked   bool
	revokedAt int64
	reason    cert.RevocationReason
}

type cached struct {
	der   []byte
	until time.Time
}

// cache keeps signed answers for a while.
type cache struct {
	mu  sync.RWMutex
	all map[cacheKey]cached
}

func newCache() *cache { return &cache{all: map[cacheKey]cached{}} }

func (c *cache) get(k cacheKey, now time.Time) []byte {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if a, ok := c.all[k]; ok && now.Before(a.until) {
		return a.der
	}
	return nil
}

func (c *cache) put(k cacheKey, der []byte, until time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.all) >= maxCached {
		clear(c.all) // costs a signature for each certificate that is asked for again, and no bookkeeping on every hit
	}
	c.all[k] = cached{der, until}
}
