package validation

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

const (
	// leastLife is until when an answer may be relied on (nextUpdate) where there are few. It is short because a relying party
	// may keep an answer for as long. mostLife is where there are many: a change must be seen the same hour even by those.
	leastLife, mostLife = 10 * time.Minute, time.Hour
	// renewals is how many signatures a second it may cost to keep all answers fresh, as long as they live no longer for it: a
	// tenth of a core with P-256.
	renewals = 2000
	// signWithin is how long whoever asks waits for a signature, a device's included.
	signWithin = 2 * time.Second
)

// lifeOf is the life of an answer where there are so many certificates. All are signed anew in two fifths of it.
func lifeOf(certificates int64) time.Duration {
	half := time.Duration(certificates*preSigned/renewals) * time.Second
	return min(max(2*half, leastLife), mostLife)
}

// lane lets a few through at once, some wait, and turns the others away, so that what has to be signed or read while
// somebody waits takes no more than its share of the machine, and one kind of it nothing of another's.
type lane struct {
	slots   chan struct{}
	waiting atomic.Int64
	turned  atomic.Int64 // away, since the start
}

// maxWaiting is how many wait in a lane.
const maxWaiting = 100

func newLane() *lane { return &lane{slots: make(chan struct{}, max(1, runtime.GOMAXPROCS(0)/2))} }

var errBusy = errors.New("more is asked at once than can be signed")

// enter waits for a place; leave must follow when there is no error.
func (l *lane) enter(ctx context.Context) error {
	select {
	case l.slots <- struct{}{}:
		return nil
	default:
	}
	if l.waiting.Add(1) > maxWaiting {
		l.waiting.Add(-1)
		l.turned.Add(1)
		return errBusy
	}
	defer l.waiting.Add(-1)
	select {
	case l.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		l.turned.Add(1)
		return errBusy
	}
}

func (l *lane) leave() { <-l.slots }

// health tells whether a CA's answers can be signed.
type health struct {
	mu     sync.Mutex
	failed time.Time // since when every try failed; zero: the last one did not
	why    error
	begun  map[uint64]time.Time // what is being signed
	n      uint64
}

// begin notes that something is being signed. end gives whether signing works again.
func (h *health) begin(now time.Time) (end func(error) (again bool)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.begun == nil {
		h.begun = map[uint64]time.Time{}
	}
	h.n++
	id := h.n
	h.begun[id] = now
	return func(err error) (again bool) {
		h.mu.Lock()
		defer h.mu.Unlock()
		delete(h.begun, id)
		switch {
		case err == nil:
			again = !h.failed.IsZero()
			h.failed, h.why = time.Time{}, nil
		case h.failed.IsZero():
			h.failed, h.why = now, err
		}
		return again
	}
}

// since is since when nothing could be signed; zero: it can, as far as is known. A key that does not come back is one that
// cannot sign.
func (h *health) since(now time.Time) (since time.Time, why error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	since, why = h.failed, h.why
	for _, at := range h.begun {
		if now.Sub(at) > 5*signWithin && (since.IsZero() || at.Before(since)) {
			since, why = at, errors.New("the key does not come back")
		}
	}
	return since, why
}

var errNoKey = errors.New("there is no certified key that can sign now")

// signer is the key that signs about a CA's certificates now.
func (o *Validation) signer(ctx context.Context, r *root, now time.Time) (*responder, error) {
	by, err := o.responderOf(ctx, r.id, now)
	if err == nil && by == nil {
		err = errNoKey
	}
	if err != nil {
		r.health.begin(now)(err)
	}
	return by, err
}

// sign signs what a CA's answer says.
func (o *Validation) sign(ctx context.Context, r *root, by *responder, now time.Time, tbs []byte) ([]byte, error) {
	end := r.health.begin(now)
	octets, err := pki.SignTBSContext(ctx, o.Rand, by.key, tbs)
	if end(err) {
		o.goRound() // much may have run out meanwhile
	}
	return octets, err
}

// times are those of an answer that is signed now: thisUpdate is "the most recent time at which the status being indicated is
// known by the responder to have been correct" (RFC 6960 2.4), which for what may still change is the CA's last word, and
// nextUpdate is never after that word's bound.
func (o *Validation) times(s heard, by *responder, final bool, now time.Time, certificates int64) (this, next time.Time) {
	this, next = now, cert.Earlier(now.Add(lifeOf(certificates)), by.notAfter)
	if !final {
		this = cert.Earlier(s.known, now)
		next = cert.Earlier(next, s.known.Add(o.cfg.Bound))
	}
	return this, next
}

var errNotNow = errors.New("this cannot be said now")

// signOne signs the answer about one certificate as it was looked at, without a nonce.
func (o *Validation) signOne(ctx context.Context, r *root, by *responder, n number, hash int, f found) (sig signature, err error) {
	now, steady := o.hour()
	s := o.standing.Load()
	final := f.state == revoked
	if s.canSign(now, steady) != nothing || !final && o.vouch(s, r, now, steady) != nothing {
		return sig, errNotNow
	}
	this, next := o.times(s.of(r), by, final, now, r.shelf.known.Load())
	if !next.After(now) {
		return sig, errNotNow
	}
	sig = signature{by: by, made: uint32(now.Unix()), this: uint32(this.Unix()), next: uint32(next.Unix())}
	said := f.said(n, &sig)
	sig.octets, err = o.sign(ctx, r, by, now, by.forms[hash].AppendTBS(nil, &said))
	return sig, err
}

// said is what an answer says that was, or is to be, signed.
func (f *found) said(n number, sig *signature) ocspwire.Said {
	s := ocspwire.Said{Serial: n.serial(), Status: cert.Unknown, ProducedAt: int64(sig.made), ThisUpdate: int64(sig.this), NextUpdate: int64(sig.next)}
	switch f.state {
	case good:
		s.Status = cert.Valid
	case revoked:
		s.Status, s.RevokedAt, s.Reason = cert.Revoked, f.revokedAt, f.reason
	}
	return s
}

// signMany signs an answer about several certificates, or with a nonce.
func (o *Validation) signMany(ctx context.Context, r *root, by *responder, request *ocspwire.Request, all []found) ([]byte, error) {
	now, steady := o.hour()
	s := o.standing.Load()
	response := ocspwire.Response{ResponderKey: by.keyID, ProducedAt: now.Truncate(time.Second), Nonce: request.Nonce}
	for i, id := range request.CertIDs {
		f := all[i]
		final := f.state == revoked
		if s.canSign(now, steady) != nothing || !final && o.vouch(s, r, now, steady) != nothing {
			return nil, errNotNow
		}
		this, next := o.times(s.of(r), by, final, now, r.shelf.known.Load())
		if !next.After(now) {
			return nil, errNotNow
		}
		single := ocspwire.Single{ID: id, Status: cert.Unknown, ThisUpdate: this, NextUpdate: next}
		switch f.state {
		case good:
			single.Status = cert.Valid
		case revoked:
			single.Status, single.RevokedAt, single.Reason = cert.Revoked, time.Unix(f.revokedAt, 0), f.reason
		}
		response.Singles = append(response.Singles, single)
	}
	tbs, err := response.TBS()
	if err != nil {
		return nil, fmt.Errorf("couldn't write an answer: %w", err)
	}
	octets, err := o.sign(ctx, r, by, now, tbs)
	if err != nil {
		return nil, err
	}
	return ocspwire.Assemble(tbs, by.algorithm, octets, by.certificate)
}
