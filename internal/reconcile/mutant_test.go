package reconcile_test

import (
	"context"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// mutants are organisations whose rules have a mistake such as programs have. Nobody calls it a difference by name: the
// comparison and the self-audit must find each by what it does.
var mutants = map[string]fault{
	"the copy forgets every third fact": {entries: func(self message.Org, p message.Booked, right []message.Entry) []message.Entry {
		if n, is := p.(message.ResidentInvalidation); is && self == pref && n.Version%3 == 0 {
			return nil
		}
		return right
	}},
	"the copy does not delete": {entries: func(self message.Org, p message.Booked, right []message.Entry) []message.Entry {
		if self == pref {
			right = slices.DeleteFunc(slices.Clone(right), func(e message.Entry) bool { return e.Is == message.Hash{} })
		}
		return right
	}},
	"the copy keeps the old code": {entries: func(self message.Org, p message.Booked, right []message.Entry) []message.Entry {
		if self == pref && len(right) == 2 {
			return right[1:]
		}
		return right
	}},
	"the copy mistakes one person for another": {entries: func(self message.Org, p message.Booked, right []message.Entry) []message.Entry {
		right = slices.Clone(right)
		for i := range right {
			if self == pref && right[i].Key == person(1).Reveal() {
				right[i].Key = person(2).Reveal()
			}
		}
		return right
	}},
	"the source tells of a change that it did not make": {entries: func(self message.Org, p message.Booked, right []message.Entry) []message.Entry {
		if n, is := p.(message.ResidentChange); is && self == city && n.After.Version%5 == 0 {
			return nil
		}
		return right
	}},
	"the source does not tell of a change": {unsent: func(n message.ResidentChange) bool { return n.After.Version%4 == 0 }},
	"the copy writes the row twice": {after: func(ctx context.Context, tx *sqlstore.Tx, e *end, p message.Booked) error {
		if e.self != pref {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO record(book, k, n, kind, body) SELECT book, k, 1, kind, body FROM record WHERE k = $1 AND n = 0 ON CONFLICT DO NOTHING`, p.Entries()[0].Key)
		return err
	}},
	"the copy writes the entry and loses the row": {after: func(ctx context.Context, tx *sqlstore.Tx, e *end, p message.Booked) error {
		if e.self != pref {
			return nil
		}
		_, err := tx.Exec(ctx, `DELETE FROM record WHERE book = 'residents' AND k = $1`, person(0).Reveal())
		return err
	}},
	"the copy sweeps away what another change wrote": {after: func(ctx context.Context, tx *sqlstore.Tx, e *end, p message.Booked) error {
		if e.self != pref || p.Kind() != message.KindResidentInvalidation {
			return nil
		}
		_, err := tx.Exec(ctx, `DELETE FROM record WHERE book = 'invalidations' AND k <> $1`, p.Entries()[0].Key)
		return err
	}},
	"the copy writes down what it was not told": {after: func(ctx context.Context, tx *sqlstore.Tx, e *end, p message.Booked) error {
		if e.self != pref || p.Kind() != message.KindResidentChange {
			return nil
		}
		_, err := tx.Exec(ctx, `INSERT INTO record(book, k, n, kind, body) SELECT 'residents', '99999999990', 0, kind, body FROM record WHERE k = $1 AND n = 0 ON CONFLICT DO NOTHING`, p.Entries()[0].Key)
		return err
	}},
	"the source overwrites a fact": {after: func(ctx context.Context, tx *sqlstore.Tx, e *end, p message.Booked) error {
		n, is := p.(message.ResidentInvalidation)
		if e.self != city || !is {
			return nil
		}
		n.Kills.Card = true
		_, err := tx.Exec(ctx, `UPDATE record SET body = $1 WHERE book = 'invalidations' AND k = $2`, must(message.Encode(n)), n.Entries()[0].Key)
		return err
	}},
}

// TestEveryMutantIsFound: what is wrong with a program is seen by what it does to the books.
func TestEveryMutantIsFound(t *testing.T) {
	for name, f := range mutants {
		t.Run(name, func(t *testing.T) {
			for seed := 1; seed <= most; seed++ {
				if wrong := play(t.Context(), schedules.Example(seed), wiring{fault: f}); wrong != "" {
					t.Logf("schedule %d: %.200s", seed, wrong)
					return
				}
			}
			t.Errorf("%d schedules pass with it", most)
		})
	}
}
