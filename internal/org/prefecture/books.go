package prefecture

import (
	"context"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// books are the copies of those of each municipality, and the source of those of the national center.
func (o *Prefecture) books() []reconcile.Table {
	below := func(peer message.Org) bool { return peer.Role() == message.Municipality }
	return []reconcile.Table{
		received.ResidentsBook(below, center, func(tx *sqlstore.Tx) received.States { return o.in(tx).States }, o.takeResident),
		received.InvalidationsBook(below, center, func(tx *sqlstore.Tx) received.Notices { return o.in(tx).Notices }, o.takeInvalidation),
	}
}

// takeResident makes a resident's record what the municipality says that it is, and passes that on: as a change that
// builds on what was held here, when it is one, and else as the snapshot that it is. The center may hold something else
// again; then it refuses the change as a gap, and gets the snapshot by that way.
func (o *Prefecture) takeResident(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	state, err := booktable.Carried[message.ResidentChange](n, p)
	if err != nil {
		return nil, err
	}
	if state != nil && !received.Keeps(d.Sender, state.After.Municipality, resident.DateOf(d.CreatedAt)) {
		return nil, errNotYours
	}
	taken, err := tx.Take(ctx, side, d.Sender, n, state)
	if err != nil {
		return nil, err
	}
	if taken.Changed && state != nil {
		if err := tx.Retire(ctx, state.After.Change.OldCode, state.After.Code); err != nil {
			return nil, err
		}
	}
	detail := "unchanged"
	switch {
	case taken.Changed && (state == nil || state.After.Code.Reveal() != n.Key):
		detail = "out of force"
	case taken.Changed:
		detail = state.After.Change.Reason.Code() + " v" + state.After.Version.String()
	}
	auditlog.Write(raw, auditlog.Entry{Actor: string(d.Sender), Act: "resident.snapshot", Subject: n.Key, Case: booktable.Ground(d, n), Detail: detail})
	if !taken.Changed {
		return nil, nil
	}
	if state != nil && state.After.Code.Reveal() == n.Key {
		if change, ok := relayed(taken, state.After); ok {
			return []message.Out{{To: center, Body: change}}, nil
		}
	}
	n.Case = "" // it is the municipality's and ours
	return []message.Out{{To: center, Body: n}}, nil
}

// relayed is the change from what was held to what a snapshot says; false when nobody could have filed such a change.
func relayed(taken received.Taken, now resident.IdentificationInfo) (message.ResidentChange, bool) {
	n := message.ResidentChange{After: now}
	if held := taken.Held; held != nil {
		n.Before = held.Hash
		if side.Succeeds(*held, n, true) != nil {
			return n, false
		}
	}
	done, err := side.Follows(taken.Held, n)
	return n, err == nil && !done && received.CodeBefore(n) == taken.Was
}

// takeInvalidation notes what the municipality says has ended certificates, and passes on what was not known. A notice
// that the municipality does not know is put out of force; what it ended stays ended.
func (o *Prefecture) takeInvalidation(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	told, err := booktable.Carried[message.ResidentInvalidation](n, p)
	if err != nil {
		return nil, err
	}
	changed, replaced, err := o.in(raw).Notices.Take(ctx, d.Sender, n, told)
	if err != nil {
		return nil, err
	}
	detail := map[bool]string{true: "changed", false: "unchanged"}[changed]
	auditlog.Write(raw, auditlog.Entry{Actor: string(d.Sender), Act: "resident.invalidation.snapshot", Subject: n.Key, Case: booktable.Ground(d, n), Detail: detail})
	switch {
	case !changed:
		return nil, nil
	case replaced:
		n.Case = ""
		return []message.Out{{To: center, Body: n}}, nil
	}
	return []message.Out{{To: center, Body: *told}}, nil
}

// adopt says of the records that were here before the books who told us of them.
func (o *Prefecture) adopt(ctx context.Context) error {
	today := resident.DateOf(o.Clock.Now())
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return o.in(tx).Adopt(ctx, func(m resident.MunicipalityCode) message.Org {
			for _, peer := range o.Peers {
				if peer.Role() == message.Municipality && received.Keeps(peer, m, today) {
					return peer
				}
			}
			return ""
		})
	})
}
