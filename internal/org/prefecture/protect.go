package prefecture

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// flags is the prefecture's view of who is protected (支援措置).
func (o *Prefecture) flags(tx *sqlstore.Tx) protection.Flags {
	return protection.In(tx, protection.Shared{Books: o.Books, Upward: center})
}

// protectionBooks are the copies of what each municipality decides and the source of that towards the center, and the copy of what
// municipalities elsewhere decided about persons whom the prefecture holds.
func (o *Prefecture) protectionBooks() []reconcile.Table {
	below := func(peer message.Org) bool { return peer.Role() == message.Municipality }
	above := func(peer message.Org) bool { return peer == center }
	return []reconcile.Table{
		protection.Book(message.Protections, above, below, o.flags, o.takeProtection),
		protection.Book(message.ProtectionsElsewhere, nil, above, o.flags, o.takeProtection),
	}
}

// checkOwner asks, also when two persons accept the message: a municipality sets and ends its own flags, and the center tells of those of
// other prefectures.
func (o *Prefecture) checkOwner(d exchange.Delivery, owner message.Org) error {
	if d.Sender == owner || d.Sender == center && !slices.Contains(o.Peers, owner) {
		return nil
	}
	return exchange.Reject("not-your-protection",
		"この支援措置を決めたのは、送信した団体ではありません。決めた市区町村から送ってください。",
		"whoever sent this did not decide this protection: let the municipality that decided send it")
}

// onResidentProtection keeps a flag, whether the person is known here or not, and passes on what a municipality decided. One that came
// before is passed on again: whoever tells it twice may have lost it.
func (o *Prefecture) onResidentProtection(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtection) ([]message.Out, error) {
	if err := o.checkOwner(d, n.Owner); err != nil {
		return nil, err
	}
	if _, err := o.flags(tx.Tx).Note(ctx, d.Sender, n); err != nil {
		return nil, err
	}
	state := map[bool]string{true: "provisional", false: "in force"}[n.Provisional]
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection", Subject: n.Code.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("%s, version %s of %s", state, n.Version, n.Owner)})
	return upward(d, n), nil
}

// onResidentProtectionEnd ends the version that the end names, and no other.
func (o *Prefecture) onResidentProtectionEnd(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtectionEnd) ([]message.Out, error) {
	if err := o.checkOwner(d, n.Owner); err != nil {
		return nil, err
	}
	return o.keepEnd(ctx, tx.Tx, d, d.ID.String(), n)
}

func (o *Prefecture) keepEnd(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, ground string, n message.ResidentProtectionEnd) ([]message.Out, error) {
	ended, overtaken, err := o.flags(tx).Close(ctx, n)
	if err != nil {
		return nil, err
	}
	auditlog.Write(tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection.end", Subject: n.Code.Reveal(), Case: ground, Detail: protection.Ending(n, ended, overtaken)})
	return upward(d, n), nil
}

// upward passes on to the center what did not come from there.
func upward(d exchange.Delivery, p message.Payload) []message.Out {
	if d.Sender == center {
		return nil
	}
	return []message.Out{{To: center, Body: p}}
}

// takeProtection makes a flag what its source says that it is, and passes that on.
func (o *Prefecture) takeProtection(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	switch p := p.(type) {
	case message.ResidentProtectionEnd:
		if err := o.checkOwner(d, p.Owner); err != nil {
			return nil, err
		}
		return o.keepEnd(ctx, tx, d, booktable.Ground(d, n), p)
	case message.ResidentProtection:
		if err := o.checkOwner(d, p.Owner); err != nil {
			return nil, err
		}
	}
	changed, err := o.flags(tx).TakeSnapshot(ctx, d.Sender, n, p)
	if err != nil {
		return nil, err
	}
	detail := map[bool]string{true: "changed", false: "unchanged"}[changed]
	auditlog.Write(tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection.snapshot", Subject: n.Key, Case: booktable.Ground(d, n), Detail: detail})
	if !changed {
		return nil, nil
	}
	if p != nil {
		return upward(d, p), nil
	}
	n.Case = ""
	return upward(d, n), nil
}
