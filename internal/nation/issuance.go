package nation

import (
	"cmp"
	"context"
	"net/http"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Issuance is the table of certificates issued by municipality, as the sources print it.
type Issuance struct {
	AsOf  string        `json:"as_of"`
	Rows  []IssuanceRow `json:"rows"`
	Total int64         `json:"total"`
	// Unreadable are certificates whose rows say no municipality, and which are in no line.
	Unreadable int64 `json:"unreadable,omitempty"`
}

// IssuanceRow is a municipality's line.
type IssuanceRow struct {
	Municipality string `json:"municipality"`
	Name         string `json:"name"`
	Prefecture   string `json:"prefecture"`
	Issued       int64  `json:"issued"`
	Revoked      int64  `json:"revoked"`
}

func serveIssuance(w http.ResponseWriter, r *http.Request, o *ca.CA) {
	asOf, err := resident.ParseDate("as-of", r.FormValue("as-of"))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	rows, total, err := o.Issuance(r.Context(), asOf)
	answer(w, newIssuance(rows, total, asOf), err)
}

// IssuanceLeft reads the table from the CAs' databases in a directory in which no country runs, as a replay leaves it. ok
// is false when the directory is a country's, which answers itself, or holds no CA.
func IssuanceLeft(ctx context.Context, dir string, asOf resident.Date) (t Issuance, ok bool, err error) {
	dbs, err := filepath.Glob(filepath.Join(dir, string(message.CA)+"*", "akashi.db"))
	if err != nil || len(dbs) == 0 || exists(filepath.Join(dir, "nation.yaml")) {
		return t, false, err
	}
	var all []Issuance
	for _, db := range dbs {
		rows, total, err := ca.IssuanceIn(ctx, "sqlite:"+db, clock.System(), asOf)
		if err != nil {
			return t, true, err
		}
		all = append(all, newIssuance(rows, total, asOf))
	}
	return JoinIssuance(all...), true, nil
}

// JoinIssuance adds the tables of several CAs: a municipality's line counts what each of them has issued for it.
func JoinIssuance(tables ...Issuance) (t Issuance) {
	t.Rows = []IssuanceRow{}
	at := map[string]int{}
	for _, one := range tables {
		t.AsOf, t.Total, t.Unreadable = one.AsOf, t.Total+one.Total, t.Unreadable+one.Unreadable
		for _, row := range one.Rows {
			if i, there := at[row.Municipality]; there {
				t.Rows[i].Issued, t.Rows[i].Revoked = t.Rows[i].Issued+row.Issued, t.Rows[i].Revoked+row.Revoked
				continue
			}
			at[row.Municipality] = len(t.Rows)
			t.Rows = append(t.Rows, row)
		}
	}
	slices.SortStableFunc(t.Rows, func(a, b IssuanceRow) int { return cmp.Compare(a.Municipality, b.Municipality) })
	return t
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// newIssuance names the municipalities of a count as they were called on the day.
func newIssuance(rows []ca.IssuanceRow, total ca.IssuanceRow, asOf resident.Date) Issuance {
	t := Issuance{AsOf: asOf.String(), Rows: []IssuanceRow{}, Total: total.Issued(), Unreadable: total.Unreadable}
	for _, row := range rows {
		l := IssuanceRow{Municipality: row.Municipality.String(), Issued: row.Issued(), Revoked: row.Revoked}
		if m, err := resident.Lookup("municipality", row.Municipality, asOf); err == nil {
			l.Name = m.Name
		}
		if p, ok := resident.PrefectureOf(row.Municipality.Prefecture()); ok {
			l.Prefecture = p.Name
		}
		t.Rows = append(t.Rows, l)
	}
	return t
}
