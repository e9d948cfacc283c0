package nation

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Refill is what an operator does about sending a whole book anew to its copy, from the command line: 帳簿の送り直し.
type Refill struct {
	Book message.Book
	Peer message.Org // who holds the copy
	As   string      // the person's identifier
	Act  string      // propose, confirm, drop
	Text string      // why, of a proposal
}

// refill adds it to what an organisation answers.
func refill(mux *http.ServeMux, h *host.Host, persons []access.Person) {
	mux.HandleFunc("POST /reconcile/refill", operation(func(ctx context.Context, op Refill) error {
		return refillBook(ctx, h, persons, op)
	}))
}

func refillBook(ctx context.Context, h *host.Host, persons []access.Person, op Refill) error {
	act := access.ResolvePropose
	if op.Act == "confirm" {
		act = access.ResolveConfirm
	}
	by, err := personOf(persons, op.As, act, h.Self.Role())
	if err != nil {
		return err
	}
	recorded := func(_ context.Context, tx *sqlstore.Tx, c reconcile.Case) error {
		detail := "command line"
		if op.Act == "confirm" && c.Proposal != nil {
			detail += ", proposed by " + c.Proposal.By
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "book.refill." + op.Act, Case: string(c.Book) + " " + string(c.Peer), Detail: detail})
		return nil
	}
	switch op.Act {
	case "propose":
		return h.Books.ProposeRefill(ctx, op.Book, op.Peer, op.Text, by.ID, recorded)
	case "confirm":
		return h.Books.ConfirmRefill(ctx, op.Book, op.Peer, by.ID, recorded)
	case "drop":
		return h.Books.DropRefill(ctx, op.Book, op.Peer, recorded)
	}
	return plain.Bad("act", "送り直しの操作は、提案・承認・取下げのいずれかです。", "a refill is proposed, confirmed or dropped")
}
