package validation

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
)

const (
	// preSigned is for how many of the hashes that name a CA (ocspwire.NamesOf) answers are signed beforehand: SHA-1, which the
	// lightweight profile asks with (RFC 5019 2.1.1), and SHA-256. Whoever asks with another is answered at once.
	preSigned = 2
	// maxOnShelf bounds the memory: a certificate takes some 400 octets of it with P-256 (TestShelfFits), so at most about 2 GB. Of
	// what does not fit, every question reads the table and is signed at once.
	maxOnShelf = 5_000_000
	shardCount = 64
)

// number is a serial as a key: its octets, with zeros before them.
type number [cert.MaxSerialOctets]byte

func numberOf(serial []byte) (n number) {
	copy(n[len(n)-len(serial):], serial)
	return n
}

func (n *number) serial() []byte {
	for i, b := range n {
		if b != 0 {
			return n[i:]
		}
	}
	return nil
}

type state uint8

const (
	absent  state = iota // no row
	good                 //
	revoked              // for ever
	damaged              // a row that cannot be read
)

// signature is an answer that was signed: who signed it, and what its octets hold beside the state. Times are seconds.
type signature struct {
	octets           []byte // never written to again
	by               *responder
	made, this, next uint32
}

// entry is what is kept of a certificate.
type entry struct {
	signed    [preSigned]signature
	revokedAt int64
	toldAt    int64  // when the state was learnt, in microseconds
	gen       uint64 // of the last write that touched it
	round     uint32 // of the filler that last found its row
	open      int32  // transactions that touched it and of which nobody knows yet that they have committed
	unread    bool   // one has, and the row was not read since
	state     state
	reason    cert.RevocationReason
}

func (e *entry) sure() bool { return e.open == 0 && !e.unread }

// shelf holds, of one CA, the state of every certificate and the answers that are signed already.
//
// It may never say good of what the table no longer calls good. So a rule that writes a state takes it down from here
// before its transaction commits (doubt); from then on a question about that certificate reads the table, until the
// transaction is known to be over and the row was read again (take). What was read before the last write is not taken.
type shelf struct {
	shards [shardCount]shard
	gen    atomic.Uint64
	whole  atomic.Bool // every row was read: what is not here is in no row

	known, unreadable, signed atomic.Int64

	mu      sync.Mutex
	changed []number             // committed, to be read again
	doubts  map[number]time.Time // taken down, and when
}

type shard struct {
	mu  sync.RWMutex
	all map[number]*entry
}

func newShelf() *shelf {
	s := &shelf{doubts: map[number]time.Time{}}
	for i := range s.shards {
		s.shards[i].all = map[number]*entry{}
	}
	return s
}

func (s *shelf) shard(n number) *shard { return &s.shards[n[len(n)-1]%shardCount] }

// change has fn change an entry, of which there is one then, and keeps the figures.
func (s *shelf) change(n number, fn func(*entry)) {
	h := s.shard(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	e := h.all[n]
	if e == nil {
		e = new(entry)
	} else {
		s.count(e, -1)
	}
	fn(e)
	if e.state == absent && e.sure() {
		delete(h.all, n)
		return
	}
	h.all[n] = e
	s.count(e, 1)
}

func (s *shelf) count(e *entry, by int64) {
	s.known.Add(by)
	if e.state == damaged {
		s.unreadable.Add(by)
	}
	for i := range e.signed {
		if e.signed[i].octets != nil {
			s.signed.Add(by)
		}
	}
}

// doubt takes a certificate's answers down, because an open transaction has written its row.
func (s *shelf) doubt(n number, now time.Time) {
	s.change(n, func(e *entry) {
		e.open, e.gen, e.signed = e.open+1, s.gen.Add(1), [preSigned]signature{}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.doubts[n] = now
}

// committed says that a transaction that touched a certificate is over.
func (s *shelf) committed(n number) {
	s.change(n, func(e *entry) {
		e.open, e.gen, e.unread, e.signed = max(0, e.open-1), s.gen.Add(1), true, [preSigned]signature{}
	})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = append(s.changed, n)
}

// overAfter is when a transaction of which nothing more was heard is taken to be over: it was rolled back, or the answer to
// its commit was lost. A function that leaves its transaction alone loses it earlier (sqlstore.Stay). Until then every
// question reads the table.
const overAfter = time.Minute

// toRead gives numbers whose rows are to be read again, at most so many, and when the next would be. Those that are over by
// their age come in aged.
func (s *shelf) toRead(now time.Time, most int) (changed, aged []number, next time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := min(most, len(s.changed))
	changed, s.changed = s.changed[:k:k], s.changed[k:]
	if len(s.changed) > 0 {
		return changed, nil, now
	}
	for n, at := range s.doubts {
		switch over := at.Add(overAfter); {
		case over.After(now):
			next = cert.Earlier(next, over)
		case len(aged) < most:
			aged = append(aged, n)
		default:
			next = now
		}
	}
	return changed, aged, next
}

// again puts back what could not be read.
func (s *shelf) again(changed []number) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.changed = append(s.changed, changed...)
}

// reading is one look at the table.
type reading struct {
	gen   uint64 // of the shelf before the look
	round uint32
	aged  bool // transactions that are open by our count are over
}

// take takes a state as it was read. It reports false when a row says good, or is gone, that said revoked: revoked stays.
func (s *shelf) take(n number, row store.State, found bool, r reading) (ok bool) {
	ok = true
	s.change(n, func(e *entry) {
		if e.gen > r.gen || e.state == absent && e.gen == 0 && found && s.known.Load() >= maxOnShelf {
			return
		}
		e.unread, e.round = false, r.round
		if r.aged {
			e.open = 0
		}
		if e.open == 0 {
			s.mu.Lock()
			delete(s.doubts, n)
			s.mu.Unlock()
		}
		now, at, told := absent, int64(0), int64(0)
		if found {
			told = row.ToldAt.UnixMicro()
		}
		switch {
		case !found:
		case row.Damaged:
			now = damaged
		case row.Revoked:
			now, at = revoked, row.RevokedAt.Unix()
		default:
			now = good
		}
		switch {
		case e.state == revoked && now != revoked:
			ok = false
			return
		case now != e.state || now == revoked && (at != e.revokedAt || row.Reason != e.reason):
			e.gen = s.gen.Add(1) // what is being signed of the state before is not kept
			e.state, e.revokedAt, e.reason, e.signed = now, at, row.Reason, [preSigned]signature{}
		}
		e.toldAt = told
	})
	return ok
}

// found is an entry as it was looked at.
type found struct {
	state     state
	sure      bool
	gen       uint64
	revokedAt int64
	toldAt    int64
	reason    cert.RevocationReason
	signed    signature // with the hash that was asked for
}

// look gives what is known of a certificate. It is sure of what has no entry once every row was read.
func (s *shelf) look(n number, hash int) found {
	h := s.shard(n)
	h.mu.RLock()
	defer h.mu.RUnlock()
	e := h.all[n]
	if e == nil {
		return found{sure: s.whole.Load() && s.known.Load() < maxOnShelf}
	}
	f := found{state: e.state, sure: e.sure(), gen: e.gen, revokedAt: e.revokedAt, toldAt: e.toldAt, reason: e.reason}
	if hash < preSigned {
		f.signed = e.signed[hash]
	}
	return f
}

// keep puts a signed answer down, unless the certificate was touched since it was looked at.
func (s *shelf) keep(n number, hash int, gen uint64, sig signature) {
	h := s.shard(n)
	h.mu.Lock()
	defer h.mu.Unlock()
	if e := h.all[n]; e != nil && hash < preSigned && e.gen == gen && e.sure() {
		s.count(e, -1)
		e.signed[hash] = sig
		s.count(e, 1)
	}
}

// missed takes out what no row was found for in a round, begun at r, and gives how many revoked ones that were: those stay.
func (s *shelf) missed(r reading) (stay int) {
	for i := range s.shards {
		h := &s.shards[i]
		h.mu.Lock()
		for n, e := range h.all {
			switch {
			case e.round == r.round || e.gen > r.gen || !e.sure():
			case e.state == revoked:
				stay++
			default:
				s.count(e, -1)
				delete(h.all, n)
			}
		}
		h.mu.Unlock()
	}
	return stay
}

// Hand is what is at hand of the answers.
type Hand struct {
	Certificates, Answers int64 // states that are known; answers that are signed
	All                   bool  // every row was read

	Waiting, Lost int64 // answers that were told and wait to be written down, and that could not be
}

// AtHand tells how many answers are at hand.
func (o *Validation) AtHand() (h Hand) {
	h.All = true
	for _, r := range o.roots {
		h.Certificates, h.Answers = h.Certificates+r.shelf.known.Load(), h.Answers+r.shelf.signed.Load()
		h.All = h.All && r.shelf.whole.Load()
	}
	h.Waiting, h.Lost = int64(len(o.recorder.queue)), o.recorder.lost.Load()
	return h
}
