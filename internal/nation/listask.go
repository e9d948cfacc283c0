package nation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/resident"
)

// ListOperation is what an operator of the CA asks for from the command line: new revocation lists of a municipality (失効リストの作り直し).
type ListOperation struct {
	As           string // the person's identifier
	Municipality string
	Profile      string // empty: each
	Why          string
}

// AskedList is a list that will be made.
type AskedList = ca.AskedList

// askForLists adds that to what the CA answers.
func askForLists(mux *http.ServeMux, o *ca.CA, persons []access.Person) {
	mux.HandleFunc("POST /lists", func(w http.ResponseWriter, r *http.Request) {
		var op ListOperation
		var asked []AskedList
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 64<<10)).Decode(&op)
		if err == nil {
			asked, err = op.do(r.Context(), o, persons)
		}
		answer(w, asked, err)
	})
}

func (op ListOperation) do(ctx context.Context, o *ca.CA, persons []access.Person) ([]AskedList, error) {
	by, err := personOf(persons, op.As, access.MakeList, o.Self.Role())
	if err != nil {
		return nil, err
	}
	m, err := resident.ParseMunicipalityCode("--municipality", op.Municipality)
	var p cert.Profile
	if op.Profile != "" {
		var err2 error
		p, err2 = cert.ParseProfile(op.Profile)
		err = errors.Join(err, err2)
	}
	if err != nil {
		return nil, err
	}
	return o.MakeLists(access.ByCommand(access.With(ctx, by)), m, p, op.Why)
}
