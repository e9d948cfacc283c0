package nation

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// An operator's work by the command line is the work of the screens: the same acts, the same two persons, the same audit
// entries. Who acts is named, and may do what the rules of access let that person do.

// CaseAndNotes is a case of a difference, with what happened to it.
type CaseAndNotes struct {
	reconcile.Case
	Notes []reconcile.Note `json:",omitempty"`
}

// StuckMessage is a message that waits for a person or for another message, with what people have said about it.
type StuckMessage struct {
	exchange.Item
	Notes    []exchange.Note    `json:",omitempty"`
	Proposal *exchange.Proposal `json:",omitempty"`
}

// Operation is what an operator does about a message or a case.
type Operation struct {
	Message string // its number, or the case's
	As      string // the person's identifier
	Act     string // inquiry, answer, own; an exchange.Act or reconcile.Act; empty to confirm what another person proposed
	Text    string
}

// maxStuck is how many messages a list holds of each peer and direction.
const maxStuck = 500

// operate adds the operator's work to what an organisation answers.
func operate(mux *http.ServeMux, h *host.Host, persons []access.Person) {
	mux.HandleFunc("GET /exchange/stuck", func(w http.ResponseWriter, r *http.Request) {
		items, err := h.Exchange.Stuck(r.Context(), maxStuck)
		answer(w, items, err)
	})
	mux.HandleFunc("GET /exchange/message", func(w http.ResponseWriter, r *http.Request) {
		id, err := message.ParseID(r.FormValue("id"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		var m StuckMessage
		m.Item, m.Notes, m.Proposal, err = h.Exchange.Find(r.Context(), id)
		answer(w, m, err)
	})
	mux.HandleFunc("GET /exchange/receipt", func(w http.ResponseWriter, r *http.Request) {
		id, err := message.ParseID(r.FormValue("id"))
		if err != nil {
			answer(w, nil, err)
			return
		}
		receipt, place, err := h.Exchange.ReceiptOf(r.Context(), id)
		switch {
		case err != nil:
			answer(w, nil, err)
		case r.FormValue("batch") != "":
			answer(w, receipt.File(), nil)
		default:
			answer(w, receipt.FileOf(place), nil)
		}
	})
	mux.HandleFunc("POST /exchange/operate", operation(func(ctx context.Context, op Operation) error {
		return resolveMessage(ctx, h, persons, op)
	}))
	mux.HandleFunc("GET /alarms", func(w http.ResponseWriter, r *http.Request) {
		v, err := h.Alarms.View(r.Context(), 0)
		answer(w, v.Open, err)
	})
	mux.HandleFunc("GET /reconcile", func(w http.ResponseWriter, r *http.Request) {
		all, err := h.Books.Standings(r.Context())
		pairs := []reconcile.PairStatus{}
		for _, s := range all {
			pairs = append(pairs, s.Status())
		}
		answer(w, pairs, err)
	})
	mux.HandleFunc("POST /reconcile/now", func(w http.ResponseWriter, r *http.Request) {
		h.Books.CompareNow()
		answer(w, struct{}{}, nil)
	})
	mux.HandleFunc("GET /reconcile/cases", func(w http.ResponseWriter, r *http.Request) {
		cases, err := h.Books.Cases(r.Context(), r.FormValue("all") != "", maxStuck)
		if err == nil {
			err = lookedAt(r.Context(), h, cases...)
		}
		answer(w, cases, err)
	})
	mux.HandleFunc("GET /reconcile/case", func(w http.ResponseWriter, r *http.Request) {
		var c CaseAndNotes
		var err error
		c.Case, c.Notes, err = h.Books.Find(r.Context(), r.FormValue("id"))
		if err == nil {
			err = lookedAt(r.Context(), h, c.Case)
		}
		answer(w, c, err)
	})
	mux.HandleFunc("POST /reconcile/operate", operation(func(ctx context.Context, op Operation) error {
		return resolveCase(ctx, h, persons, op)
	}))
}

// lookedAt records that the command line is told the codes of residents, which are the keys of some cases.
func lookedAt(ctx context.Context, h *host.Host, cases ...reconcile.Case) error {
	if !slices.ContainsFunc(cases, func(c reconcile.Case) bool { return c.Book.Person(c.Key) != "" }) {
		return nil
	}
	return h.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		for _, c := range cases {
			if person := c.Book.Person(c.Key); person != "" {
				auditlog.Write(tx, auditlog.Entry{Actor: "command line", Act: auditlog.ActLook, Subject: person, Case: c.ID})
			}
		}
		return nil
	})
}

// operation reads what is to be done and does it.
func operation[Op any](do func(context.Context, Op) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var op Op
		err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 1<<16)).Decode(&op)
		if err == nil {
			err = do(r.Context(), op)
		}
		answer(w, struct{}{}, err)
	}
}

// resolveCase does one operation on a case, with its audit entry in the same transaction.
func resolveCase(ctx context.Context, h *host.Host, persons []access.Person, op Operation) error {
	by, err := actor(h, persons, op)
	if err != nil {
		return err
	}
	recorded := func(what string) reconcile.With {
		return func(_ context.Context, tx *sqlstore.Tx, c reconcile.Case) error {
			detail := "command line"
			if op.Act != "" {
				detail += ", " + op.Act
			} else if c.Proposal != nil {
				detail += ", " + string(c.Proposal.Act) + ", proposed by " + c.Proposal.By
			}
			auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: what, Case: c.ID, Detail: detail})
			return nil
		}
	}
	switch op.Act {
	case "":
		return h.Books.Confirm(ctx, op.Message, by.ID, recorded("case.confirm"))
	case "inquiry", "answer":
		return h.Books.Write(ctx, op.Message, op.Act, op.Text, by.ID, recorded("case."+op.Act))
	case "own":
		return h.Books.Own(ctx, op.Message, by.ID, recorded("case.own"))
	}
	return h.Books.Propose(ctx, op.Message, reconcile.Act(op.Act), op.Text, by.ID, recorded("case.propose"))
}

// actor is who carries an operation out, when they may.
func actor(h *host.Host, persons []access.Person, op Operation) (access.Person, error) {
	act := access.ResolvePropose
	if op.Act == "" {
		act = access.ResolveConfirm
	}
	return personOf(persons, op.As, act, h.Self.Role())
}

// resolveMessage does one operation on a message, with its audit entry in the same transaction.
func resolveMessage(ctx context.Context, h *host.Host, persons []access.Person, op Operation) error {
	id, err := message.ParseID(op.Message)
	if err != nil {
		return err
	}
	by, err := actor(h, persons, op)
	if err != nil {
		return err
	}
	recorded := func(what string) exchange.With {
		return func(_ context.Context, tx *sqlstore.Tx, p exchange.Proposal) error {
			detail := "command line"
			if p.Act != "" {
				detail += ", " + string(p.Act)
			}
			if p.By != "" && p.By != by.ID {
				detail += ", proposed by " + p.By
			}
			auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: what, Case: id.String(), Detail: detail})
			return nil
		}
	}
	switch op.Act {
	case "":
		return h.Exchange.Confirm(ctx, id, by.ID, recorded("message.confirm"))
	case "inquiry", "answer":
		return h.Exchange.Write(ctx, id, op.Act, op.Text, by.ID, recorded("message."+op.Act))
	}
	return h.Exchange.Propose(ctx, id, exchange.Act(op.Act), op.Text, by.ID, recorded("message.propose"))
}

// personOf finds who acts, and asks whether they may.
func personOf(persons []access.Person, id string, act access.Act, role message.Role) (access.Person, error) {
	for _, p := range persons {
		if p.ID == id {
			return p, access.May(p, act, role)
		}
	}
	return access.Person{}, plain.Bad("--as",
		"担当者「"+id+"」はいません。画面に表示される担当者の識別子を指定してください。",
		"there is no person \""+id+"\": give the identifier that the screens show")
}

// refusal is the status and text of an error for the command line: what a person can mend comes as it is.
func refusal(err error) (int, string) {
	var refused *access.Refused
	if errors.As(err, &refused) {
		return http.StatusForbidden, refused.JA + " / " + refused.EN
	}
	if problems, ok := plain.AsProblems(err); ok && len(problems) > 0 {
		return http.StatusUnprocessableEntity, problems[0].JA + " / " + problems[0].EN
	}
	return http.StatusInternalServerError, err.Error()
}
