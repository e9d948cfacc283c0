package reconcilebench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"slices"
	"strconv"
	"sync"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// state is what an organisation's own tables would say of the residents: everybody from 1 to count, as they are, but for
// those that were made to differ. It is reckoned, not stored: what is measured is the book beside it.
type state struct {
	mu      sync.Mutex
	count   int
	differs map[int]message.Hash // by number; the zero value: not there
}

func keyOf(n int) string { return resident.RecordCodeOf(uint64(n)).Reveal() }

// numberOf is whom a 住民票コード belongs to: its digits without the last, which checks the others.
func numberOf(key string) int {
	n, err := strconv.Atoi(key[:max(len(key)-1, 0)])
	if err != nil {
		return 0
	}
	return n
}

// valueOf is the entry of somebody in the version that all know.
func valueOf(n int) message.Hash { return message.EntryValue(message.Residents, strconv.Itoa(n)) }

// otherValueOf is that of a version which one side lacks.
func otherValueOf(n int) message.Hash {
	return message.EntryValue(message.Residents, strconv.Itoa(n), "changed")
}

func (s *state) at(n int) message.Hash {
	if v, ok := s.differs[n]; ok {
		return v
	}
	if n < 1 || n > s.count {
		return message.Hash{}
	}
	return valueOf(n)
}

// grow makes everybody up to count be there.
func (s *state) grow(count int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.count = count
}

func (s *state) put(differs map[int]message.Hash) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.differs = differs
}

// table is the book as the state says it.
func (s *state) table(source bool) reconcile.Table {
	us := func(message.Org) bool { return true }
	t := reconcile.Table{Book: message.Residents,
		Scan: func(_ context.Context, _ *sqlstore.Tx, _ message.Org, cursor string, limit int) (rows []reconcile.Row, next string, err error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			last := s.count
			for n := range s.differs {
				last = max(last, n)
			}
			for n := numberOf(cursor) + 1; n <= last; n++ {
				if v := s.at(n); v != (message.Hash{}) {
					rows = append(rows, reconcile.Row{Key: keyOf(n), Value: v})
				}
				if len(rows) == limit {
					return rows, keyOf(n), nil
				}
			}
			return rows, "", nil
		},
		Look: func(_ context.Context, _ *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
			s.mu.Lock()
			defer s.mu.Unlock()
			found := map[string]message.Hash{}
			for _, k := range keys {
				if v := s.at(numberOf(k)); v != (message.Hash{}) {
					found[k] = v
				}
			}
			return found, nil
		},
		Show: func(context.Context, *sqlstore.Tx, message.Org, string) (plain.Sentence, error) {
			return plain.Sentence{JA: "測定用の記録", EN: "a record of a measurement"}, nil
		},
	}
	if source {
		t.Source = us
		t.Snapshot = func(context.Context, *sqlstore.Tx, message.Org, string) (message.Payload, error) {
			return nil, errors.New("a measurement mends nothing")
		}
	} else {
		t.Copy = us
		t.Take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.Snapshot, message.Payload) ([]message.Out, error) {
			return nil, errors.New("a measurement mends nothing")
		}
	}
	return t
}

// inPlace gives the numbers up to count in the order in which the book keeps their keys, so that it fills as fast as the
// disk takes it. The order matters to nothing else.
func inPlace(count int) []int {
	type placed struct {
		at [8]byte
		n  int
	}
	all := make([]placed, count)
	for i := range all {
		sum := sha256.Sum256([]byte(keyOf(i + 1)))
		all[i] = placed{[8]byte(sum[:]), i + 1}
	}
	slices.SortFunc(all, func(a, b placed) int { return bytes.Compare(a.at[:], b.at[:]) })
	order := make([]int, count)
	for i, p := range all {
		order[i] = p.n
	}
	return order
}
