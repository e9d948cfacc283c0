package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

// progress is where the self-audit of a book stands.
type progress struct {
	adopted           bool
	way, cursor       string
	began, checked    int64 // the cycle that goes on: microseconds since 1970, rows
	ended, took, rows int64 // the last one
}

func (p *pair) readProgress(ctx context.Context, tx *sqlstore.Tx) (g progress, err error) {
	var adopted int64
	err = tx.QueryRow(ctx, `SELECT adopted, audit_way, audit_cursor, cycle_began, cycle_checked, cycle_ended, cycle_took, cycle_rows FROM r_pair WHERE id = $1`, p.id).
		Scan(&adopted, &g.way, &g.cursor, &g.began, &g.checked, &g.ended, &g.took, &g.rows)
	g.adopted = adopted == 1
	if g.way == "" {
		g.way = wayScan
	}
	return g, err
}

func (p *pair) writeProgress(ctx context.Context, tx *sqlstore.Tx, g progress) error {
	adopted := int64(0)
	if g.adopted {
		adopted = 1
	}
	_, err := tx.Exec(ctx, `UPDATE r_pair SET adopted = $2, audit_way = $3, audit_cursor = $4, cycle_began = $5, cycle_checked = $6,
		cycle_ended = $7, cycle_took = $8, cycle_rows = $9 WHERE id = $1`, p.id, adopted, g.way, g.cursor, g.began, g.checked, g.ended, g.took, g.rows)
	if err != nil {
		return fmt.Errorf("couldn't write down where the self-audit stands: %w", err)
	}
	return nil
}

// after is where the audit stands after a page.
func (g progress) after(page audited, now time.Time) progress {
	if g.way == wayScan && g.cursor == "" {
		g.began, g.checked = now.UnixMicro(), 0
	}
	g.checked += page.rows
	g.cursor = page.next
	switch {
	case page.next != "":
	case g.way == wayScan:
		g.way = wayLook
	default:
		g.way, g.adopted = wayScan, true
		g.ended, g.took, g.rows = now.UnixMicro(), now.UnixMicro()-g.began, g.checked
	}
	return g
}
