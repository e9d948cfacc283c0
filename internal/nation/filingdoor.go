package nation

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/message"
)

// filingDoor adds to what an organisation answers the command line how its filings stand, and lets a person who may do something
// about them.
func filingDoor[V any](mux *http.ServeMux, path string, persons []access.Person, act access.Act, role message.Role,
	tell func(context.Context) ([]V, error), do func(context.Context, access.Person, FilingOperation) error) {
	mux.HandleFunc("GET "+path, func(w http.ResponseWriter, r *http.Request) {
		all, err := tell(r.Context())
		answer(w, all, err)
	})
	mux.HandleFunc("POST "+path, operation(func(ctx context.Context, op FilingOperation) error {
		by, err := personOf(persons, op.As, act, role)
		if err != nil {
			return err
		}
		return do(access.ByCommand(ctx), by, op)
	}))
}

// serveFiling is a verifier's own filing.
func serveFiling(mux *http.ServeMux, o *verifier.Verifier, persons []access.Person) {
	filingDoor(mux, "/filing", persons, access.FileVerifier, o.Self.Role(), o.Filings, func(ctx context.Context, by access.Person, op FilingOperation) error {
		if op.Act == "end" {
			_, err := o.End(ctx, by)
			return err
		}
		_, err := o.File(ctx, by, op.Application)
		return err
	})
}

// serveFilings are the filings that a prefecture decides.
func serveFilings(mux *http.ServeMux, o *prefecture.Prefecture, persons []access.Person) {
	filingDoor(mux, "/filings", persons, access.DecideFiling, o.Self.Role(), o.Filings, func(ctx context.Context, by access.Person, op FilingOperation) error {
		decision := prefecture.Decision{Verifier: op.Verifier, Number: op.Number, Act: op.Act, Why: op.Text}
		if op.Act == "" {
			_, err := o.Confirm(ctx, by, decision)
			return err
		}
		return o.Propose(ctx, by, decision)
	})
}
