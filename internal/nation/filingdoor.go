package nation

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/message"
)

// filingDoor is what an organisation answers the command line about filings: how they stand, and what a person who may do something
// about them does.
type filingDoor[V any] struct {
	persons []access.Person
	act     access.Act
	role    message.Role
	tell    func(context.Context) ([]V, error)
	do      func(context.Context, access.Person, FilingOperation) error
}

func (d filingDoor[V]) serve(mux *http.ServeMux, path string) {
	mux.HandleFunc("GET "+path, d.answer)
	mux.HandleFunc("POST "+path, operation(d.take))
}

func (d filingDoor[V]) answer(w http.ResponseWriter, r *http.Request) {
	all, err := d.tell(r.Context())
	answer(w, all, err)
}

func (d filingDoor[V]) take(ctx context.Context, op FilingOperation) error {
	by, err := personOf(d.persons, op.As, d.act, d.role)
	if err != nil {
		return err
	}
	return d.do(access.ByCommand(ctx), by, op)
}

// ownFiling is a verifier's.
type ownFiling struct{ *verifier.Verifier }

func (o ownFiling) do(ctx context.Context, by access.Person, op FilingOperation) (err error) {
	if op.Act == "end" {
		_, err = o.End(ctx, by)
	} else {
		_, err = o.File(ctx, by, op.Application)
	}
	return err
}

func serveFiling(mux *http.ServeMux, o *verifier.Verifier, persons []access.Person) {
	filingDoor[verifier.FilingView]{persons, access.FileVerifier, o.Self.Role(), o.Filings, ownFiling{o}.do}.serve(mux, "/filing")
}

// decidedFilings are those that a prefecture decides.
type decidedFilings struct{ *prefecture.Prefecture }

func (o decidedFilings) do(ctx context.Context, by access.Person, op FilingOperation) (err error) {
	d := prefecture.Decision{Verifier: op.Verifier, Number: op.Number, Act: op.Act, Why: op.Text}
	if op.Act == "" {
		_, err = o.Confirm(ctx, by, d)
	} else {
		err = o.Propose(ctx, by, d)
	}
	return err
}

func serveFilings(mux *http.ServeMux, o *prefecture.Prefecture, persons []access.Person) {
	filingDoor[prefecture.FilingView]{persons, access.DecideFiling, o.Self.Role(), o.Filings, decidedFilings{o}.do}.serve(mux, "/filings")
}
