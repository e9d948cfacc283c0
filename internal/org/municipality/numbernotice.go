package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// NumberNotice is a notice of an individual number (個人番号通知書), that goes or went to the person.
type NumberNotice struct {
	store.NumberRequest
	Now store.Version // the person, as the register has them now
}

var errNoNotice = plain.Bad("request",
	"この個人番号通知書はありません。「個人番号通知書」の一覧から選び直してください。",
	"There is no such notice of an individual number: choose from the list of notices.")

// NumberNotice gives the notice to the clerk who prints it. It shows the person and, until the notice was sent, the number: a look like any.
func (o *Municipality) NumberNotice(ctx context.Context, request string) (n NumberNotice, err error) {
	who, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return n, err
	}
	err = o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := o.in(raw)
		n = NumberNotice{}
		if n.NumberRequest, err = o.noticeOf(ctx, tx, request); err != nil {
			return err
		}
		if err := o.admits(ctx, tx, protection.Register, who, n.Person); err != nil {
			return err
		}
		if n.Now, _, err = tx.Current(ctx, n.Person); err != nil {
			return err
		}
		items := look.Four | look.Number
		if n.Sent { // nobody needs the number any more
			n.Now.Record.Number, items = resident.IndividualNumber{}, look.Four
		}
		return o.looked(ctx, tx, n.Now.Record.Code, items, "notice of the individual number "+request)
	})
	if err != nil {
		return NumberNotice{}, err // what is not written down was not seen
	}
	return n, nil
}

// protectedToSend are those to whom a notice has to go and who are protected: of them the list says no number. A release opens no list.
func (o *Municipality) protectedToSend(ctx context.Context, tx *store.Tx, all []store.NumberRequest) (map[PersonID]bool, error) {
	held := map[PersonID]bool{}
	for _, n := range all {
		standing, err := o.protected(ctx, tx, protection.Register, n.Person)
		if err != nil {
			return nil, err
		}
		held[n.Person] = standing.Held
	}
	return held, nil
}

// noticeOf is the request that a notice is about: a number was entered for it.
func (o *Municipality) noticeOf(ctx context.Context, tx *store.Tx, request string) (store.NumberRequest, error) {
	n, found, err := tx.NumberRequested(ctx, request)
	if err == nil && (!found || n.Version == 0) {
		err = errNoNotice
	}
	return n, err
}

// SendNumberNotice notes that the clerk in the context has sent a notice: it is sent once.
func (o *Municipality) SendNumberNotice(ctx context.Context, request string) error {
	who, err := clerk(ctx, access.FileChange)
	if err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		n, err := o.noticeOf(ctx, tx, request)
		if err != nil {
			return err
		}
		if err := o.admits(ctx, tx, protection.Register, who, n.Person); err != nil {
			return err
		}
		sent, err := tx.NoticeSent(ctx, request, who)
		if err != nil {
			return err
		}
		if !sent {
			return plain.Bad("request",
				"この個人番号通知書は、すでに送られています（"+n.SentBy+"）。同じ通知書を二度送らないでください。",
				"This notice was sent already (by "+n.SentBy+"): do not send it twice.")
		}
		auditlog.Write(raw, auditlog.Entry{Actor: who, Act: "send-number-notice", Subject: n.Code.Reveal(), Case: request})
		return nil
	})
}
