package sqlstore

import "testing"

func TestUnnumbered(t *testing.T) {
	for query, want := range map[string]string{
		`SELECT 1`: `SELECT 1`,
		`SELECT a FROM t WHERE b = $1 AND c < $2`: `SELECT a FROM t WHERE b = ? AND c < ?`,
		`a = $1 OR b = $1`:                        `a = $1 OR b = $1`,
		`a = $2 OR b = $1`:                        `a = $2 OR b = $1`,
		`a = $1 AND b = '$2 it''s $3' AND c = $2`: `a = ? AND b = '$2 it''s $3' AND c = ?`,
		`IN ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)`: `IN (?,?,?,?,?,?,?,?,?,?,?)`,
		`a = $12`: `a = $12`,
		`a = $`:   `a = $`,
	} {
		if got := unnumbered(query); got != want {
			t.Errorf("%s became %s", query, got)
		}
	}
}
