package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// flags is the municipality's view of who is protected (支援措置): what it decided, and what it was told of others' decisions.
func (o *Municipality) flags(tx *sqlstore.Tx) protection.Flags {
	return protection.In(tx, protection.Shared{Books: o.Books, Upward: o.prefecture})
}

// protectionBooks are the source of what is decided here, and the copy of what others decided about persons whom this register holds.
func (o *Municipality) protectionBooks() []reconcile.Table {
	above := func(peer message.Org) bool { return peer == o.prefecture }
	elsewhere := func(peer message.Org) bool { return peer == o.center }
	return []reconcile.Table{
		protection.Book(message.Protections, above, nil, o.flags, nil),
		protection.Book(message.ProtectionsElsewhere, nil, elsewhere, o.flags, o.takeProtection),
	}
}

// checkForeign asks, also when two persons accept the message: nobody else sets or ends a flag of ours.
func (o *Municipality) checkForeign(d exchange.Delivery, owner message.Org) error {
	if d.Sender == o.center && owner != o.Self {
		return nil
	}
	return exchange.Reject("not-your-protection",
		"この支援措置は、この市区町村が決めるものか、全国センターから届いたものではありません。決めた市区町村に確かめてください。",
		"this protection is ours to decide, or did not come from the center: ask the municipality that decided")
}

// onResidentProtection keeps a flag that another municipality set, whether the person is known here or not: it holds when the record
// comes.
func (o *Municipality) onResidentProtection(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtection) ([]message.Out, error) {
	if err := o.checkForeign(d, n.Owner); err != nil {
		return nil, err
	}
	if _, err := o.flags(tx.Tx).Note(ctx, d.Sender, n); err != nil {
		return nil, err
	}
	if err := o.touchCode(ctx, tx, n.Code); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection", Subject: n.Code.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("version %s of %s", n.Version, n.Owner)})
	return nil, nil
}

// onResidentProtectionEnd ends the version of another's flag that the end names, and no other.
func (o *Municipality) onResidentProtectionEnd(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtectionEnd) ([]message.Out, error) {
	if err := o.checkForeign(d, n.Owner); err != nil {
		return nil, err
	}
	ended, overtaken, err := o.flags(tx.Tx).Close(ctx, n)
	if err != nil {
		return nil, err
	}
	if err := o.touchCode(ctx, tx, n.Code); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection.end", Subject: n.Code.Reveal(), Case: d.ID.String(), Detail: protection.Ending(n, ended, overtaken)})
	return nil, nil
}

// takeProtection makes another's flag what the center says that it is.
func (o *Municipality) takeProtection(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	var err error
	switch p := p.(type) {
	case message.ResidentProtection:
		err = o.checkForeign(d, p.Owner)
	case message.ResidentProtectionEnd:
		err = o.checkForeign(d, p.Owner)
	}
	if err != nil {
		return nil, err
	}
	changed, err := o.flags(tx).TakeSnapshot(ctx, d.Sender, n, p)
	if err != nil {
		return nil, err
	}
	if text, _, _ := strings.Cut(n.Key, "/"); changed {
		if code, err := resident.ParseRecordCode("key", text); err == nil {
			if err := o.touchCode(ctx, o.in(tx), code); err != nil {
				return nil, err
			}
		}
	}
	detail := map[bool]string{true: "changed", false: "unchanged"}[changed]
	auditlog.Write(tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection.snapshot", Subject: n.Key, Case: booktable.Ground(d, n), Detail: detail})
	return nil, nil
}
