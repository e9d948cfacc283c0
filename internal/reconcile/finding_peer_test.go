package reconcile_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestPeerClosesNoFinding: what our own self-audit found, and nothing has mended, is for our own people. A peer's word that
// a case is over does not end it, be the case open here or named by the peer alone.
func TestPeerClosesNoFinding(t *testing.T) {
	key := person(0).Reveal()
	for name, query := range map[string]string{
		"damaged": `UPDATE record SET body = x'01' WHERE book = 'residents' AND k = $1`,
		"deleted": `DELETE FROM record WHERE book = 'residents' AND k = $1`,
	} {
		t.Run(name, func(t *testing.T) {
			w := forTest(t, wiring{})
			w.file(0, resident.Birth)
			w.run(3 * time.Minute)
			if n := w.pref.byHand(query, key); n != 1 {
				t.Fatal(n)
			}
			w.run(3 * time.Minute)
			open, err := w.pref.books.Findings(t.Context(), false, 10)
			if err != nil || len(open) != 1 || open[0].Key != key {
				t.Fatalf("%v %+v", err, open)
			}
			named := []string{string(city) + "/made-up"}
			for _, c := range w.city.cases(false) {
				named = append(named, c.ID)
			}
			if len(named) != 2 {
				t.Fatalf("cases %v", named)
			}
			w.city.update(func(ctx context.Context, tx *sqlstore.Tx) error {
				for _, id := range named {
					says := message.ReconcileCase{Case: id, Book: message.Residents, Key: key, Act: "closed", By: "system"}
					if _, err := w.city.x.Send(ctx, tx, []message.Out{{To: pref, Body: says}}, "t"); err != nil {
						return err
					}
				}
				return nil
			})
			w.run(5 * time.Second)
			if left, err := w.pref.books.Findings(t.Context(), false, 10); err != nil || len(left) != 1 {
				t.Errorf("the peer closed our finding: %v %+v", err, left)
			}
		})
	}
}
