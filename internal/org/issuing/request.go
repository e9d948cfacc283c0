package issuing

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Request is where a request stands.
type Request = store.Request

// patience is how long a request waits for the register to answer.
const patience = 30 * time.Second

// dueUnanswered is the kind of due item that ends a request to which nobody answered.
const dueUnanswered = "issuing.unanswered"

// onIssuingApplication begins a request: who is on the page is read from the copy, and the register is asked about all of them. Nobody waits in
// it. The answer is a message, and what it comes to is another one.
func (o *Issuing) onIssuingApplication(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingApplication) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	if !Kind(n.Document).Known() {
		return nil, exchange.Reject("unknown-document", "この種類の証明書は、この証明発行サーバでは発行できません。版を確かめてください。",
			"this server issues no documents of this kind: compare the versions of the programs")
	}
	if _, found, err := tx.Request(ctx, n.Request); err != nil {
		return nil, err
	} else if found {
		return nil, exchange.Reject("request-known", "この番号の申請は、すでにあります。新しい番号で申請し直してください。", "there is a request of this number already: apply again with a new one")
	}
	r := store.Request{ID: n.Request, Kind: n.Document, Subject: n.Subject, State: store.Asked, AskedAt: tx.Now(), AskedBy: n.By, Trace: d.Trace,
		Items: n.Items, Requester: n.Requester, As: n.As}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: n.By, Act: "issuing.request", Subject: n.Subject.Reveal(), Case: n.Request, Detail: n.Document})
	members, err := o.page(ctx, tx, &r)
	if err != nil {
		return nil, err
	}
	halted, err := o.stopped(ctx, tx)
	if err != nil {
		return nil, err
	}
	if no := making.TooMany; halted || len(members) > message.MaxIssuingPersons {
		if halted {
			no = making.Halted
		}
		r.State, r.Reasons, r.AnsweredAt, r.Program = store.Refused, []string{string(no)}, tx.Now(), o.program
		tx.AddRequest(r)
		return o.refusal(r), nil
	}
	q := message.IssuingQuestion{Request: r.ID, Household: r.Household}
	for _, m := range members {
		code, err := resident.ParseRecordCode("stored", m.Key)
		if err != nil {
			return nil, err
		}
		r.Persons = append(r.Persons, store.OnPage{Code: code, Version: m.Record.Version, Hash: m.Hash, Beside: m.beside})
		q.Persons = append(q.Persons, message.IssuingAsked{Code: code, Version: m.Record.Version})
	}
	tx.AddRequest(r)
	due.Add(tx.Tx, tx.Now().Add(patience), dueUnanswered, r.ID, nil)
	return []message.Out{{To: o.municipality, Body: q, Trace: r.Trace}}, nil
}

// page are those whom a document shows, in its order, and behind them the head of the household when only the name is on it.
func (o *Issuing) page(ctx context.Context, tx *store.Tx, r *store.Request) ([]onPage, error) {
	held, found, err := tx.Held(ctx, r.Subject)
	if err != nil {
		return nil, err
	}
	if !found {
		held.Key = r.Subject.Reveal()
	}
	subject := onPage{Held: held, known: found}
	if !found || held.Record.Record.Household == "" || Kind(r.Kind) == making.SealCertificate {
		return []onPage{subject}, nil
	}
	household, err := tx.Household(ctx, held.Record.Record.Household)
	if err != nil {
		return nil, err
	}
	if Kind(r.Kind) == making.IndividualRecord {
		page := []onPage{subject}
		for _, m := range household {
			if slices.Contains(r.Items, "relation") && m.Record.Record.Relation == resident.Head && m.Key != held.Key {
				page = append(page, onPage{Held: m, known: true, beside: true})
			}
		}
		return page, nil
	}
	r.Household = held.Record.Record.Household
	inOrder(household)
	page := make([]onPage, len(household))
	for i, m := range household {
		page[i] = onPage{Held: m, known: true}
	}
	return page, nil
}

// refusal tells the counter why there is no document.
func (o *Issuing) refusal(r store.Request) []message.Out {
	return []message.Out{{To: o.municipality, Body: message.IssuingDocument{Request: r.ID, Program: o.program, Reasons: r.Reasons}, Trace: r.Trace}}
}

// inOrder sorts the people of a household as a page shows them.
func inOrder(members []store.Held) {
	slices.SortStableFunc(members, func(a, b store.Held) int { return making.Order(a.Record, b.Record) })
}

// onIssuingAnswer judges a request by what the register says of everybody on its page, and by what the copy holds now. An answer that comes when
// the request is over changes nothing.
func (o *Issuing) onIssuingAnswer(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingAnswer) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	return o.decide(ctx, tx, n.Request, &n, d.CreatedAt)
}

// unanswered refuses a request to which the register has not answered in time.
func (o *Issuing) unanswered(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	return o.decide(ctx, o.in(raw), item.Ref, nil, time.Time{})
}

// decide ends the waiting of a request: it is refused, or what is to be signed is written down.
func (o *Issuing) decide(ctx context.Context, tx *store.Tx, id string, a *message.IssuingAnswer, at time.Time) ([]message.Out, error) {
	r, found, err := tx.Request(ctx, id)
	if err != nil {
		return nil, err
	}
	if !found || r.State != store.Asked {
		return nil, nil
	}
	page, err := o.held(ctx, tx, r)
	if err != nil {
		return nil, err
	}
	v := judge(Kind(r.Kind), r.Household, resident.DateOf(tx.Now()), page, a)
	for i := range r.Persons {
		p := &r.Persons[i]
		p.Version, p.Hash, p.Reasons = page[i].Record.Version, page[i].Hash, nil
		if a != nil && i < len(a.Persons) {
			p.Protection, p.Release = a.Persons[i].Protection, a.Persons[i].Release
		}
		for _, reason := range v.each[i] {
			p.Reasons = append(p.Reasons, string(reason))
		}
	}
	if len(v.all) == 0 {
		no, err := o.draft(ctx, tx, r, page)
		if err != nil {
			return nil, err
		}
		if no != "" {
			v.all = []Reason{no}
		}
	}
	r.State, r.AnsweredAt, r.RegisterAt, r.Reasons, r.Program = store.Ready, tx.Now(), at, nil, o.program
	for _, reason := range v.all {
		r.State, r.Reasons = store.Refused, append(r.Reasons, string(reason))
	}
	if a != nil {
		if _, err := due.Remove(ctx, tx.Tx, dueUnanswered, id); err != nil {
			return nil, err
		}
	}
	done, err := tx.Decide(ctx, r)
	if err != nil || !done {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "issuing.decided", Subject: r.Subject.Reveal(), Case: id, Detail: strings.Join(append([]string{string(r.State)}, r.Reasons...), " ")})
	if r.State == store.Refused {
		return o.refusal(r), nil
	}
	due.Add(tx.Tx, tx.Now(), dueSign, id, nil)
	return nil, nil
}

// held are the people of a request as the copy holds them now.
func (o *Issuing) held(ctx context.Context, tx *store.Tx, r store.Request) ([]onPage, error) {
	page := make([]onPage, len(r.Persons))
	for i, p := range r.Persons {
		var err error
		if page[i].Held, page[i].known, err = tx.Held(ctx, p.Code); err != nil {
			return nil, err
		}
		page[i].Key, page[i].beside = p.Code.Reveal(), p.Beside
	}
	return page, nil
}

// Request finds a request; false: there is none of this name.
func (o *Issuing) Request(ctx context.Context, id string) (r Request, found bool, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		r, found, err = o.in(tx).Request(ctx, id)
		return err
	})
	return r, found, err
}
