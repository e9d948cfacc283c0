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
	d.submitMessage(w, r, "note", func(ctx context.Context, id message.ID, f *webui.Form, by access.Person) error {
		act, text := readNote(f)
		if !f.OK() {
			return nil
		}
		return d.host.Exchange.Write(ctx, id, act, text, by.ID, recorded(by, "message."+act, id))
	})
}

// propose writes down how a person would resolve the message. Nothing happens to it yet.
func (d *Desk) propose(w http.ResponseWriter, r *http.Request) {
	d.submitMessage(w, r, "propose", func(ctx context.Context, id message.ID, f *webui.Form, by access.Person) error {
		act, text := readProposal(f)
		if !f.OK() {
			return nil
		}
		return d.host.Exchange.Propose(ctx, id, exchange.Act(act), text, by.ID, recorded(by, "message.propose", id))
	})
}

// confirm carries out what another person has proposed, and this one has read.
func (d *Desk) confirm(w http.ResponseWriter, r *http.Request) {
	d.submitMessage(w, r, "confirm", func(ctx context.Context, id message.ID, f *webui.Form, by access.Person) error {
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

// submitMessage reads a form about a message and acts.
func (d *Desk) submitMessage(w http.ResponseWriter, r *http.Request, which string, act func(context.Context, message.ID, *webui.Form, access.Person) error) {
	id, err := message.ParseID(r.PathValue("message"))
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	submit(d, w, r, d.message, d.messagePage, func(p *messagePage, f *webui.Form) { p.Form, p.Failed = f, which }, d.ui.URL("/messages/"+id.String()),
		func(ctx context.Context, f *webui.Form, by access.Person) error { return act(ctx, id, f, by) })
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
