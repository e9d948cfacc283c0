package municipality

import (
	"context"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// notices are the grounds of those who come and file (法22条から25条まで, 30条の46から30条の48まで): of them the counter asks for a document
// that shows who has come (法27条2項, from memory). What the office does by itself or after a family register notice has nobody who files it here.
var notices = []string{"law-22", "law-23", "law-24", "law-25", "law-30-46", "law-30-47"}

// filedByNotice tells whether a ground is that of a notice at the counter.
func filedByNotice(basis string) bool { return slices.Contains(notices, basis) }

// Notified is the form of a notice, and by what the clerk has checked who files it (法27条2項). A form needs it of every notice; a rule that is
// called without a form has nobody who stands at a counter, and needs it where the municipality's rule has two of the staff check.
type Notified struct {
	Evidence identity.Evidence
	Form     string            // which of the forms of its kind
	Typed    map[string]string // the form as it was typed, which is kept where another person checks too
}

// takeNotice takes what was filed on a ground: of a notice by the check of who files it.
func (o *Municipality) takeNotice(ctx context.Context, tx *store.Tx, basis string, t store.Taken, n Notified, d deed) (outs []message.Out, waits bool, err error) {
	alone := !filedByNotice(basis)
	if !alone && len(n.Evidence) == 0 {
		need, err := identity.In(tx.Tx).Needed(ctx, access.FileChange, resident.DateOf(tx.Now()))
		if err != nil {
			return nil, false, err
		}
		alone = need <= 1
	}
	if alone {
		outs, err = d(ctx, tx, access.From(ctx).ID, t.Case, true)
		return outs, false, err
	}
	t.Subject, t.Typed = n.Form, n.Typed
	return o.take(ctx, tx, access.FileChange, t, n.Evidence, d)
}
