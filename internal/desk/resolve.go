package desk

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// note sends a person's words to the other side (問合せ・回答).
func (d *Desk) note(w http.ResponseWriter, r *http.Request) {
	d.submit(w, r, "note", func(ctx context.Context, id message.ID, f *webui.Form, by access.Person) error {
		act, text := readNote(f)
		if !f.OK() {
			return nil
		}
		return d.host.Exchange.Write(ctx, id, act, text, by.ID, recorded(by, "message."+act, id))
	})
}

// propose writes down how a person would resolve the message. Nothing happens to it yet.
func (d *Desk) propose(w http.ResponseWriter, r *http.Request) {
	d.submit(w, r, "propose", func(ctx context.Context, id message.ID, f *webui.Form, by access.Person) error {
		act, text := readProposal(f)
		if !f.OK() {
			return nil
		}
		return d.host.Exchange.Propose(ctx, id, exchange.Act(act), text, by.ID, recorded(by, "message.propose", id))
	})
}

// confirm carries out what another person has proposed, and this one has read.
func (d *Desk) confirm(w http.ResponseWriter, r *http.Request) {
	d.submit(w, r, "confirm", func(ctx context.Context, id message.ID, f *webui.Form, by access.Person) error {
		_, _, p, err := d.host.Exchange.Find(ctx, id)
		if err != nil {
			return err
		}
		if p != nil {
			if err := access.SecondPerson(access.Person{ID: p.By}, by); err != nil {
				return err
			}
		}
		read := f.Value("seen")
		// Compared where it is carried out: the proposer may have changed it since this person read it.
		asRead := func(_ context.Context, _ *sqlstore.Tx, now exchange.Proposal) error {
			if seen(now) != read {
				return errChanged
			}
			return nil
		}
		if p == nil {
			return errChanged
		}
		return d.host.Exchange.Confirm(ctx, id, by.ID, asRead, recorded(by, "message.confirm", id))
	})
}

var errChanged = plain.Bad("",
	"見ていた提案は、取り消されたか変わりました。いまの内容を確かめてから、もう一度承認してください。",
	"The proposal that you have read is gone or has changed. Read what it is now before you confirm it.")

// submit reads a form about a message and acts. What is refused comes back on the message's page, with the entries kept.
func (d *Desk) submit(w http.ResponseWriter, r *http.Request, which string, act func(context.Context, message.ID, *webui.Form, access.Person) error) {
	f, ok := d.ui.ReadForm(w, r)
	if !ok {
		return
	}
	id, err := message.ParseID(r.PathValue("message"))
	if err == nil {
		err = f.Take(act(r.Context(), id, f, access.From(r.Context())))
	}
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if !f.OK() {
		show(d, w, r, d.message, http.StatusUnprocessableEntity, d.messagePage, func(p *messagePage) { p.Form, p.Failed = f, which })
		return
	}
	http.Redirect(w, r, d.ui.URL("/messages/"+id.String()), http.StatusSeeOther)
}

// recorded writes the audit entry of what a person does, in the transaction in which it is done.
func recorded(by access.Person, act string, about message.ID) exchange.With {
	return func(_ context.Context, tx *sqlstore.Tx, p exchange.Proposal) error {
		detail := string(p.Act)
		if p.By != "" && p.By != by.ID {
			detail += ", proposed by " + p.By
		}
		record(tx, by, act, about.String(), detail)
		return nil
	}
}

// seen names a proposal as it was shown.
func seen(p exchange.Proposal) string { return seenAs(string(p.Act), p.By, p.At) }
