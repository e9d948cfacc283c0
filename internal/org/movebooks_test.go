package org_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestMoveBooks: the two municipalities compare what they told each other, and a notice that is lost behind the program's back is named at both ends.
func TestMoveBooks(t *testing.T) {
	v := newMovers(t, true)
	people := v.family(2)
	v.leaves(matsumoto, adachi, v.today(), people...)
	v.run(time.Second)
	_, err := v.arrives(adachi, v.today(), v.coming(adachi)...)
	check(t, err)
	v.run(3 * time.Minute)
	v.agree()
	for _, x := range []struct {
		at   message.Org
		book message.Book
	}{{matsumoto, message.MovesBack}, {adachi, message.Moves}} {
		if s := v.standing(x.at, x.book); s.Outcome != reconcile.Agreed || s.Entries != 2 {
			t.Errorf("%s of %s: %s, %d entries", x.book, x.at, s.Outcome, s.Entries)
		}
	}
	check(t, v.hosts[matsumoto].Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, `DELETE FROM move_told WHERE told = FALSE AND leaving = FALSE AND move = (SELECT MIN(move) FROM move_told WHERE leaving = FALSE)`)
		if err == nil && n != 1 {
			t.Errorf("%d rows", n)
		}
		return err
	}))
	v.run(3 * time.Minute)
	if s := v.standing(adachi, message.Moves); s.Differences != 1 || s.OpenCases != 1 {
		t.Errorf("at its source: %d differences, %d cases", s.Differences, s.OpenCases)
	}
	if s := v.standing(matsumoto, message.Moves); s.OpenCases != 1 || s.Findings != 1 {
		t.Errorf("where it was lost: %d cases, %d findings", s.OpenCases, s.Findings)
	}
}

func (v *movers) standing(at message.Org, book message.Book) reconcile.Standing {
	v.Helper()
	all, err := v.hosts[at].Books.Standings(v.Context())
	check(v, err)
	for _, s := range all {
		if s.Book == book {
			return s
		}
	}
	v.Fatalf("%s holds no book %s", at, book)
	return reconcile.Standing{}
}
