package nationalcenter

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// flags is the center's view of who is protected (支援措置).
func (o *Center) flags(tx *sqlstore.Tx) protection.Flags {
	return protection.In(tx, protection.Shared{Books: o.Books})
}

// protectionBooks are the copies of what prefectures tell, and the source of what is told those that hold a person elsewhere.
func (o *Center) protectionBooks() []reconcile.Table {
	prefecture := func(peer message.Org) bool { return peer.Role() == message.Prefecture }
	holder := func(peer message.Org) bool {
		return peer.Role() == message.Prefecture || peer.Role() == message.Municipality
	}
	return []reconcile.Table{
		protection.Book(message.Protections, nil, prefecture, o.flags, o.takeProtection),
		protection.Book(message.ProtectionsElsewhere, holder, nil, o.flags, nil),
	}
}

// checkOwner asks, also when two persons accept the message: nobody sets or ends a flag for another prefecture's municipalities.
func checkOwner(d exchange.Delivery, owner message.Org) error {
	if code, err := resident.ParseMunicipalityCode("owner", owner.Code()); err == nil && code.Prefecture().String() == d.Sender.Code() {
		return nil
	}
	return exchange.Reject("not-your-protection",
		"この支援措置を決めたのは、送信した都道府県の市区町村ではありません。決めた市区町村の都道府県から送ってください。",
		"no municipality of the prefecture that sent it decided this protection: let the right prefecture send it")
}

// onResidentProtection keeps a flag, whether the person is known here or not, and tells every organisation that holds the person, the
// prefectures of those among them. The kind is safe: it waits for nothing.
func (o *Center) onResidentProtection(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtection) ([]message.Out, error) {
	if err := checkOwner(d, n.Owner); err != nil {
		return nil, err
	}
	state := map[bool]string{true: "provisional", false: "in force"}[n.Provisional]
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "resident.protection", Subject: n.Code.Reveal(), Case: d.ID.String(),
		Detail: fmt.Sprintf("%s, version %s of %s", state, n.Version, n.Owner)})
	return o.keepFlag(ctx, tx, d, n)
}

func (o *Center) keepFlag(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtection) (outs []message.Out, err error) {
	flags := o.flags(tx.Tx)
	before, err := flags.Reached(ctx, n.Code, n.Owner)
	if err != nil {
		return nil, err
	}
	first, err := flags.Note(ctx, d.Sender, n)
	if err != nil {
		return nil, err
	}
	if first {
		outs = toEach(before, told(n))
	}
	// A first state of the same batch is not seen before.
	if err := tx.Flush(ctx); err != nil {
		return nil, err
	}
	places, err := o.placesOf(ctx, tx, n.Code)
	if err != nil {
		return nil, err
	}
	more, err := o.reach(ctx, tx, n.Code, []message.Org{n.Owner}, slices.Concat(n.Places, places))
	return append(outs, more...), err
}

// told is a flag as others are told of it: where the person lived, and where she goes, is not theirs to know.
func told(n message.ResidentProtection) message.ResidentProtection {
	n.Places = nil
	return n
}

func toEach(peers []message.Org, p message.Payload) (outs []message.Out) {
	for _, peer := range peers {
		outs = append(outs, message.Out{To: peer, Body: p})
	}
	return outs
}

// placesOf are the municipalities that hold a person, as far as the center was told: now and before, under every code.
func (o *Center) placesOf(ctx context.Context, tx *store.Tx, code resident.RecordCode) (places []resident.MunicipalityCode, err error) {
	codes, err := o.everyCode(ctx, tx, code)
	if err != nil {
		return nil, err
	}
	for _, c := range codes {
		before, err := o.flags(tx.Tx).Places(ctx, c)
		if err != nil {
			return nil, err
		}
		places = append(places, before...)
		// A row that cannot be read tells no place; the case about it brings it back, and its place with it.
		if now, err := tx.Standing(ctx, c); err == nil && now != nil {
			places = append(places, now.Municipality)
		}
	}
	return places, nil
}

// everyCode are the codes of whoever has or had a code.
func (o *Center) everyCode(ctx context.Context, tx *store.Tx, code resident.RecordCode) ([]resident.RecordCode, error) {
	holder, err := tx.Holder(ctx, code)
	if err != nil {
		return nil, err
	}
	return tx.Codes(ctx, holder)
}

// reach begins to tell those who hold a person of the flags of some owners. The owner and its prefecture know them by themselves.
func (o *Center) reach(ctx context.Context, tx *store.Tx, code resident.RecordCode, owners []message.Org, places []resident.MunicipalityCode) (outs []message.Out, err error) {
	today := resident.DateOf(tx.Now())
	for _, peer := range o.Peers {
		holds := slices.ContainsFunc(places, func(m resident.MunicipalityCode) bool {
			return peer.Role() == message.Municipality && received.Keeps(peer, m, today) ||
				peer.Role() == message.Prefecture && peer.Code() == m.Prefecture().String()
		})
		if !holds {
			continue
		}
		for _, owner := range owners {
			home, err := resident.ParseMunicipalityCode("owner", owner.Code())
			if err != nil || peer == owner || peer.Role() == message.Prefecture && peer.Code() == home.Prefecture().String() {
				continue
			}
			all, err := o.flags(tx.Tx).Reach(ctx, peer, code, owner)
			if err != nil {
				return nil, err
			}
			for _, p := range all {
				outs = append(outs, message.Out{To: peer, Body: p})
			}
		}
	}
	return outs, nil
}

// onResidentProtectionEnd ends the version that the end names, and no other, and tells those who hold the person.
func (o *Center) onResidentProtectionEnd(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentProtectionEnd) ([]message.Out, error) {
	if err := checkOwner(d, n.Owner); err != nil {
		return nil, err
	}
	return o.keepEnd(ctx, tx, d.Sender, d.ID.String(), n)
}

func (o *Center) keepEnd(ctx context.Context, tx *store.Tx, from message.Org, ground string, n message.ResidentProtectionEnd) ([]message.Out, error) {
	ended, overtaken, err := o.flags(tx.Tx).Close(ctx, n)
	if err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(from), Act: "resident.protection.end", Subject: n.Code.Reveal(), Case: ground, Detail: protection.Ending(n, ended, overtaken)})
	if !ended {
		return nil, nil
	}
	reached, err := o.flags(tx.Tx).Reached(ctx, n.Code, n.Owner)
	return toEach(reached, n), err
}

// followFlags has the flags of somebody follow the record to where it goes: whoever is told nothing else about the person is told this.
// held is the state before; nil for none.
func (o *Center) followFlags(ctx context.Context, tx *store.Tx, held *received.Standing, n message.ResidentChange) (outs []message.Out, err error) {
	was, now := received.CodeBefore(n), n.After.Municipality
	if held != nil {
		if held.Municipality == now {
			return nil, nil
		}
		if err := o.flags(tx.Tx).Remember(ctx, was, held.Municipality); err != nil {
			return nil, err
		}
	}
	codes := []resident.RecordCode{was}
	if held != nil {
		if codes, err = o.everyCode(ctx, tx, was); err != nil {
			return nil, err
		}
	}
	standing, err := protection.Among(ctx, tx.Tx, codes)
	if err != nil {
		return nil, err
	}
	for _, c := range codes {
		more, err := o.reach(ctx, tx, c, standing[c].Owners(), []resident.MunicipalityCode{now})
		if err != nil {
			return nil, err
		}
		outs = append(outs, more...)
	}
	return outs, nil
}

// takeProtection makes a flag what the prefecture says that it is, and tells on what has changed.
func (o *Center) takeProtection(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) (outs []message.Out, err error) {
	tx := o.in(raw)
	switch p := p.(type) {
	case message.ResidentProtectionEnd:
		if err := checkOwner(d, p.Owner); err != nil {
			return nil, err
		}
		return o.keepEnd(ctx, tx, d.Sender, booktable.Ground(d, n), p)
	case message.ResidentProtection:
		if err := checkOwner(d, p.Owner); err != nil {
			return nil, err
		}
	}
	reached, err := o.flags(raw).ReachedKey(ctx, n.Key)
	if err != nil {
		return nil, err
	}
	changed, err := o.flags(raw).TakeSnapshot(ctx, d.Sender, n, p)
	if err != nil {
		return nil, err
	}
	o.record(tx, d, n, "resident.protection.snapshot", changed)
	if !changed {
		return nil, nil
	}
	n.Case, n.Book = "", message.ProtectionsElsewhere
	outs = toEach(reached, n)
	if set, ok := p.(message.ResidentProtection); ok {
		more, err := o.keepFlag(ctx, tx, d, set) // for those who have not been told of it
		return append(outs, more...), err
	}
	return outs, nil
}

// protectionCounts are the figures for the statements: what prefectures told, and what those who hold a person elsewhere were told.
func (o *Center) protectionCounts(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error) {
	switch role := peer.Role(); {
	case source && (role == message.Prefecture || role == message.Municipality):
		return o.flags(tx).Counts(ctx, message.ProtectionsElsewhere, peer)
	case !source && role == message.Prefecture:
		return o.flags(tx).Counts(ctx, message.Protections, peer)
	}
	return nil, nil
}
