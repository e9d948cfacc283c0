// Package inspectiontest lets tests damage rows as a hand does, and see what the inspection (点検) finds.
package inspectiontest

import (
	"context"
	"fmt"
	"testing"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// ByHand changes rows behind the program's back. A statement that changes none is a mistake of the test.
func ByHand(t testing.TB, s *sqlstore.Store, query string, args ...any) {
	t.Helper()
	if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, query, args...)
		if err == nil && n == 0 {
			err = fmt.Errorf("%s changed nothing", query)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
}

// Open gives the findings that are open, each as say has it.
func Open(t testing.TB, s *sqlstore.Store, say func(inspection.Finding) string) (all []string) {
	t.Helper()
	if err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		open, err := inspection.Open(ctx, tx, 100)
		for _, f := range open {
			all = append(all, say(f))
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}
