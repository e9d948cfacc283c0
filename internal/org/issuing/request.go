package issuing

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/issuing/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Application is a request for a document (申請).
type Application struct {
	Kind    Kind
	Subject resident.RecordCode // of whom; of HouseholdRecord, somebody of the household
	By      string              // who asks: a member of the staff, a kiosk's session
}

// Request is where a request stands.
type Request = store.Request

// patience is how long a request waits for the register to answer.
const patience = 30 * time.Second

// dueUnanswered is the kind of due item that ends a request to which nobody answered.
const dueUnanswered = "issuing.unanswered"

// Ask begins a request: who is on the page is read from the copy, and the register is asked about all of them. Nobody waits in it. The answer is
// a message, and Request says what it came to.
func (o *Issuing) Ask(ctx context.Context, a Application) (id string, err error) {
	if _, known := kindNames[a.Kind]; !known {
		return "", plain.Bad("kind", "証明書の種類を選んでください。", "Choose the kind of document.")
	}
	if !a.Subject.Valid() || a.By == "" {
		return "", plain.Bad("subject", "証明する方を選んでください。", "Choose whom the document is to show.")
	}
	var random [8]byte
	if _, err := io.ReadFull(o.Rand, random[:]); err != nil {
		return "", fmt.Errorf("couldn't name the request: %w", err)
	}
	id = o.Self.Code() + "-" + hex.EncodeToString(random[:])
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return "", err
	}
	_, err = o.Act(ctx, func(ctx context.Context, raw *sqlstore.Tx) ([]message.Out, error) {
		tx := o.in(raw)
		r := store.Request{ID: id, Kind: string(a.Kind), Subject: a.Subject, State: store.Asked, AskedAt: raw.Now(), AskedBy: a.By, Trace: trace}
		held, found, err := tx.Held(ctx, a.Subject)
		if err != nil {
			return nil, err
		}
		members := []store.Held{held}
		if !found {
			members[0].Key = a.Subject.Reveal()
		}
		if a.Kind == HouseholdRecord && found && held.Record.Record.Household != "" {
			r.Household = held.Record.Record.Household
			if members, err = tx.Household(ctx, r.Household); err != nil {
				return nil, err
			}
			inOrder(members)
		}
		auditlog.Write(raw, auditlog.Entry{Actor: a.By, Act: "issuing.request", Subject: a.Subject.Reveal(), Case: id, Detail: string(a.Kind)})
		if len(members) > message.MaxIssuingPersons {
			r.State, r.Reasons, r.AnsweredAt = store.Refused, []string{string(TooMany)}, raw.Now()
			tx.AddRequest(r)
			return nil, nil
		}
		q := message.IssuingQuestion{Request: id, Household: r.Household}
		for _, m := range members {
			code, err := resident.ParseRecordCode("stored", m.Key)
			if err != nil {
				return nil, err
			}
			r.Persons = append(r.Persons, store.OnPage{Code: code, Version: m.Record.Version, Hash: m.Hash})
			q.Persons = append(q.Persons, message.IssuingAsked{Code: code, Version: m.Record.Version})
		}
		tx.AddRequest(r)
		due.Add(raw, raw.Now().Add(patience), dueUnanswered, id, nil)
		return []message.Out{{To: o.municipality, Body: q, Trace: trace}}, nil
	})
	if err != nil {
		return "", err
	}
	return id, nil
}

// inOrder sorts the people of a household as a page shows them: the head (世帯主) first, then the oldest.
func inOrder(members []store.Held) {
	rank := func(h store.Held) int {
		if h.Record.Record.Relation == resident.Head {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(members, func(a, b store.Held) int {
		if d := rank(a) - rank(b); d != 0 {
			return d
		}
		if d := strings.Compare(a.Record.Record.Birth.String(), b.Record.Record.Birth.String()); d != 0 {
			return d
		}
		return strings.Compare(a.Key, b.Key)
	})
}

// onIssuingAnswer judges a request by what the register says of everybody on its page, and by what the copy holds now. An answer that comes when
// the request is over changes nothing.
func (o *Issuing) onIssuingAnswer(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IssuingAnswer) ([]message.Out, error) {
	if d.Sender != o.municipality {
		return nil, errNotOurs
	}
	return nil, o.decide(ctx, tx, n.Request, &n, d.CreatedAt)
}

// unanswered refuses a request to which the register has not answered in time.
func (o *Issuing) unanswered(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	return nil, o.decide(ctx, o.in(raw), item.Ref, nil, time.Time{})
}

// decide ends a request that waits.
func (o *Issuing) decide(ctx context.Context, tx *store.Tx, id string, a *message.IssuingAnswer, at time.Time) error {
	r, found, err := tx.Request(ctx, id)
	if err != nil {
		return err
	}
	if !found || r.State != store.Asked {
		return nil
	}
	page := make([]onPage, len(r.Persons))
	for i, p := range r.Persons {
		if page[i].Held, page[i].known, err = tx.Held(ctx, p.Code); err != nil {
			return err
		}
		page[i].Key = p.Code.Reveal()
	}
	v := judge(Kind(r.Kind), r.Household, resident.DateOf(tx.Now()), page, a)
	r.State, r.AnsweredAt, r.RegisterAt, r.Reasons = store.Ready, tx.Now(), at, nil
	for _, reason := range v.all {
		r.State, r.Reasons = store.Refused, append(r.Reasons, string(reason))
	}
	for i := range r.Persons {
		p := &r.Persons[i]
		p.Version, p.Hash, p.Reasons = page[i].Record.Version, page[i].Hash, nil
		if a != nil && i < len(a.Persons) {
			p.Protection = a.Persons[i].Protection
		}
		for _, reason := range v.each[i] {
			p.Reasons = append(p.Reasons, string(reason))
		}
	}
	if a != nil {
		if _, err := due.Remove(ctx, tx.Tx, dueUnanswered, id); err != nil {
			return err
		}
	}
	done, err := tx.Decide(ctx, r)
	if err != nil || !done {
		return err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(o.Self), Act: "issuing.decided", Subject: r.Subject.Reveal(), Case: id, Detail: strings.Join(append([]string{string(r.State)}, r.Reasons...), " ")})
	return nil
}

// Request finds a request; false: there is none of this name.
func (o *Issuing) Request(ctx context.Context, id string) (r Request, found bool, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		r, found, err = o.in(tx).Request(ctx, id)
		return err
	})
	return r, found, err
}
