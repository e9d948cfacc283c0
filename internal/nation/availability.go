package nation

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/probe"
)

// serveAvailability answers how available what a prefecture probes from outside was in a month.
func serveAvailability(mux *http.ServeMux, o *prefecture.Prefecture) {
	mux.HandleFunc("GET /availability", func(w http.ResponseWriter, r *http.Request) {
		m, err := probe.ParseMonth("--month", r.FormValue("month"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		report, err := o.AvailabilityLines(r.Context(), m)
		answer(w, report, err)
	})
}
