package sqlstore_test

import (
	"context"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestTriedAgainAlone: a transaction in whose way others got shares its first try with them, and has its second one alone, so that it
// needs no third.
func TestTriedAgainAlone(t *testing.T) {
	s := sqlstoretest.Open(t, sqlstoretest.Postgres(t), sqlstore.Options{})
	set := func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE turn SET n = n + 1")
		return err
	}
	for _, statement := range []string{"CREATE TABLE turn(n BIGINT NOT NULL)", "INSERT INTO turn(n) VALUES (0)"} {
		if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	var alone []bool
	err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var n int64
		if err := tx.QueryRow(ctx, "SELECT n FROM turn").Scan(&n); err != nil {
			return err
		}
		if alone = append(alone, s.Alone()); len(alone) == 1 {
			if err := s.Update(t.Context(), set); err != nil { // somebody else's
				return err
			}
		}
		return set(ctx, tx)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(alone) != 2 || alone[0] || !alone[1] {
		t.Errorf("tried %d times, alone: %v", len(alone), alone)
	}
}
