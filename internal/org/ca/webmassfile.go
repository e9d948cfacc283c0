package ca

import (
	"fmt"
	"net/http"
)

// giveSerials streams the serials of a set: the file of which the digest is the SHA-256.
func (s *screens) giveSerials(w http.ResponseWriter, r *http.Request) {
	m, ok := s.massOf(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s.txt"`, massName(m.ID)))
	if err := s.o.MassSerials(r.Context(), m.ID, w); err != nil {
		s.o.Log.ErrorContext(r.Context(), "a list of serials was cut short", "mass", m.ID, "error", err)
		panic(http.ErrAbortHandler) // so that half a list is not taken for a whole one
	}
}

// giveAside streams what is not in the set, or was set aside.
func (s *screens) giveAside(w http.ResponseWriter, r *http.Request) {
	m, ok := s.massOf(w, r)
	if !ok {
		return
	}
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", fmt.Sprintf(`attachment; filename="%s-aside.csv"`, massName(m.ID)))
	if err := s.o.MassSetAside(r.Context(), m.ID, w); err != nil {
		s.o.Log.ErrorContext(r.Context(), "a list of serials was cut short", "mass", m.ID, "error", err)
		panic(http.ErrAbortHandler)
	}
}
