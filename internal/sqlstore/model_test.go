package sqlstore_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"pgregory.net/rapid"
)

// TestModel runs random transactions of statements, collected rows, flushes and nested attempts against a map.
func TestModel(t *testing.T) {
	each(t, func(t *testing.T, url string) {
		s := sqlstoretest.Open(t, url, sqlstore.Options{}, testSchema)
		model := map[int64]string{}
		next := int64(0)
		rapid.Check(t, func(r *rapid.T) {
			wantErr := error(nil)
			var after map[int64]string
			callbacks, wantCallbacks := 0, 0
			err := s.Update(t.Context(), func(c ctx, x tx) error {
				m := &modelTx{Tx: x, c: c, r: r, rows: maps.Clone(model), next: &next, callbacks: &callbacks}
				wantErr = m.steps(0)
				after, wantCallbacks = m.rows, m.wantCallbacks
				return wantErr
			})
			if !errors.Is(err, wantErr) || (err == nil) != (wantErr == nil) {
				r.Fatalf("got %v, want %v", err, wantErr)
			}
			if err == nil {
				model = after
			} else {
				wantCallbacks = 0
			}
			if callbacks != wantCallbacks {
				r.Fatalf("%d callbacks, want %d", callbacks, wantCallbacks)
			}
			if got := items(t, s); !maps.Equal(got, model) {
				r.Fatalf("rows %v, want %v", got, model)
			}
		})
	})
}

var errGiveUp = errors.New("give up")

type modelTx struct {
	*sqlstore.Tx
	c             ctx
	r             *rapid.T
	rows          map[int64]string // what the transaction should hold
	unseen        []int64          // collected and not flushed
	next          *int64
	callbacks     *int
	wantCallbacks int
}

func (m *modelTx) steps(depth int) error {
	for range rapid.IntRange(1, 6).Draw(m.r, "steps") {
		*m.next++
		k, before := *m.next, m.Writes()
		switch rapid.SampledFrom([]string{"exec", "collect", "collect", "flush", "delete", "count", "duplicate", "callback", "attempt", "attempt", "fail"}).Draw(m.r, "step") {
		case "exec":
			if err := put(m.c, m.Tx, k, "exec"); err != nil {
				return err
			}
			m.rows[k] = "exec"
		case "collect":
			m.Collect("item", "k, v", k, "collect")
			m.rows[k] = "collect"
			m.unseen = append(m.unseen, k)
		case "flush":
			if err := m.Flush(m.c); err != nil {
				return err
			}
			m.unseen = nil
			if m.Writes() != before {
				m.r.Errorf("a flush counted as a write")
			}
		case "delete":
			if _, err := m.Exec(m.c, "DELETE FROM item WHERE k < $1", k-20); err != nil {
				return err
			}
			pending := map[int64]bool{}
			for _, u := range m.unseen {
				pending[u] = true
			}
			maps.DeleteFunc(m.rows, func(have int64, _ string) bool { return have < k-20 && !pending[have] })
		case "count":
			var n int
			if err := m.QueryRow(m.c, "SELECT count(*) FROM item").Scan(&n); err != nil {
				return err
			}
			if n != len(m.rows)-len(m.unseen) {
				m.r.Errorf("%d rows are seen, want %d less %d that wait", n, len(m.rows), len(m.unseen))
			}
		case "duplicate":
			err := m.Attempt(m.c, func() error { return errors.Join(put(m.c, m.Tx, k, "a"), put(m.c, m.Tx, k, "b")) })
			if !sqlstore.IsDuplicate(err) || m.Writes() != before {
				m.r.Errorf("duplicate: %v, %d writes", err, m.Writes()-before)
			}
		case "callback":
			m.OnCommit(func() { *m.callbacks++ })
			m.wantCallbacks++
		case "attempt":
			if depth == 3 {
				continue
			}
			rows, unseen, callbacks := maps.Clone(m.rows), append([]int64(nil), m.unseen...), m.wantCallbacks
			err := m.Attempt(m.c, func() error { return m.steps(depth + 1) })
			if err != nil && !errors.Is(err, errGiveUp) {
				return err
			}
			if err != nil {
				m.rows, m.unseen, m.wantCallbacks = rows, unseen, callbacks
				if m.Writes() != before {
					m.r.Errorf("%d writes after an attempt that was taken back", m.Writes()-before)
				}
			}
		case "fail":
			return errGiveUp
		}
	}
	return nil
}
