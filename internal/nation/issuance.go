package nation

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/resident"
)

// Issuance is the table of certificates issued by municipality, as the sources print it.
type Issuance struct {
	AsOf  string        `json:"as_of"`
	Rows  []IssuanceRow `json:"rows"`
	Total int64         `json:"total"`
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
	answer(w, NewIssuance(rows, total, asOf), err)
}

// NewIssuance names the municipalities of a count as they were called on the day.
func NewIssuance(rows []ca.IssuanceRow, total ca.IssuanceRow, asOf resident.Date) Issuance {
	t := Issuance{AsOf: asOf.String(), Rows: []IssuanceRow{}, Total: total.Issued()}
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
