package nation

import (
	"errors"
	"net/http"
	"testing"
)

func TestStandings(t *testing.T) {
	members := []member{
		newMember(Entry{ID: "ca"}, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) })),
		newMember(Entry{ID: "validation"}, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("broken") })),
		setAside(Entry{ID: "nationalcenter"}, errors.New("no key")),
	}
	for i, s := range standings(t.Context(), members) {
		if want := []string{Runs, Silent, Down}[i]; s.State != want || s.Organisation != members[i].entry.ID || (s.Why != nil) != (want == Down) {
			t.Errorf("%+v, want %s", s, want)
		}
	}
}
