package validation

import (
	"encoding/binary"
	"runtime"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
)

// TestShelfFits holds the memory of a certificate to what maxOnShelf reckons with.
func TestShelfFits(t *testing.T) {
	const n = 200_000
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := newShelf()
	for i := range n {
		octets := binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint64(nil, 1<<62+uint64(i)), uint64(i)*0x9e3779b97f4a7c15)
		k := numberOf(octets)
		s.take(k, store.State{Serial: octets}, true, reading{})
		for hash := range preSigned {
			s.keep(k, hash, s.look(k, hash).gen, signature{octets: make([]byte, 71)})
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / n
	t.Logf("%d octets for each", each)
	if s.known.Load() != n || s.signed.Load() != preSigned*n || each > 400 {
		t.Errorf("%d certificates with %d answers take %d octets each, want at most 400", s.known.Load(), s.signed.Load(), each)
	}
	runtime.KeepAlive(s)
}

// TestShelfOrders: a state that was read before a write is not taken after it, nor what was signed of it kept.
func TestShelfOrders(t *testing.T) {
	now := time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST)
	n := numberOf([]byte{1, 2, 3})
	dead := store.State{Revoked: true, RevokedAt: now, Reason: cert.Superseded}
	s := newShelf()
	early := reading{gen: s.gen.Load()}
	s.take(n, store.State{}, true, early)
	was := s.look(n, 0)
	s.doubt(n, now)
	if s.look(n, 0).sure {
		t.Error("it is told while a transaction is open")
	}
	s.keep(n, 0, was.gen, signature{octets: []byte{1}})
	s.take(n, store.State{}, true, early)
	s.take(n, store.State{}, true, reading{gen: s.gen.Load()}) // read while it was open
	if s.look(n, 0).sure {
		t.Error("a read before the commit was taken for one after it")
	}
	s.committed(n)
	if changed, aged, _ := s.toRead(now, 9); len(changed) != 1 || len(aged) != 0 || s.look(n, 0).sure {
		t.Errorf("after the commit %d are to be read and %d by their age", len(changed), len(aged))
	}
	s.take(n, store.State{}, true, early)
	if s.look(n, 0).sure {
		t.Error("what was read before the write was taken after its commit")
	}
	s.take(n, dead, true, reading{gen: s.gen.Load()})
	if f := s.look(n, 0); !f.sure || f.state != revoked || f.signed.octets != nil {
		t.Errorf("after the read: %+v", f)
	}
	late := s.look(n, 0)
	for _, row := range []store.State{{}, {Damaged: true}} {
		if s.take(n, row, true, reading{gen: s.gen.Load()}) || s.look(n, 0).state != revoked {
			t.Error("a revocation was taken back")
		}
	}
	s.keep(n, 0, late.gen, signature{octets: []byte{2}})
	if s.look(n, 0).signed.octets == nil || s.signed.Load() != 1 || s.known.Load() != 1 {
		t.Error("what was signed after the last change is not kept")
	}
	s.doubt(n, now)
	s.doubt(n, now) // the rule ran twice, the transaction was asked for again
	s.committed(n)
	s.take(n, dead, true, reading{gen: s.gen.Load()})
	if s.look(n, 0).sure {
		t.Error("one of two transactions is over, and the other one was forgotten")
	}
	if _, aged, next := s.toRead(now.Add(overAfter-time.Second), 9); len(aged) != 0 || !next.Equal(now.Add(overAfter)) {
		t.Errorf("%d are over too early; the next at %s", len(aged), next)
	}
	if _, aged, _ := s.toRead(now.Add(overAfter), 9); len(aged) != 1 {
		t.Error("what nobody hears of is never over")
	}
	s.take(n, dead, true, reading{gen: s.gen.Load(), aged: true})
	if !s.look(n, 0).sure || len(s.doubts) != 0 {
		t.Error("what is over is not told")
	}
}

// TestLifeOf: few certificates have short answers, many longer ones, and keeping them fresh never costs more than is named until
// they live an hour.
func TestLifeOf(t *testing.T) {
	for n, want := range map[int64]time.Duration{0: 10 * time.Minute, 100_000: 10 * time.Minute, 1_000_000: 2000 * time.Second, 10_000_000: time.Hour} {
		if got := lifeOf(n); got != want {
			t.Errorf("of %d: %v, want %v", n, got, want)
		}
	}
}
