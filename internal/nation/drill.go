package nation

import (
	"encoding/json"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/message"
)

// DrillRequest asks an organisation to prove its alarms.
type DrillRequest struct {
	Peer message.Org // empty: the one with which none was held for longest
	As   string      // the person's identifier; empty: nobody in particular
}

// drills adds the drills to what an organisation answers.
func drills(mux *http.ServeMux, h *host.Host, persons []access.Person) {
	mux.HandleFunc("POST /exchange/drill", func(w http.ResponseWriter, r *http.Request) {
		var ask DrillRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<12)).Decode(&ask); err != nil {
			answer(w, nil, err)
			return
		}
		by := "command line"
		if ask.As != "" {
			p, err := personOf(persons, ask.As, access.ResolvePropose, h.Self.Role())
			if err != nil {
				answer(w, nil, err)
				return
			}
			by = p.ID
		}
		if ask.Peer == "" {
			peer, err := h.Drills.Turn(r.Context())
			if err != nil || peer == "" {
				answer(w, (*drill.Drill)(nil), err)
				return
			}
			ask.Peer = peer
		}
		d, err := h.Drills.Begin(r.Context(), ask.Peer, by)
		answer(w, &d, err)
	})
	mux.HandleFunc("GET /exchange/drill", func(w http.ResponseWriter, r *http.Request) {
		d, err := h.Drills.Find(r.Context(), r.FormValue("id"))
		answer(w, &d, err)
	})
}
