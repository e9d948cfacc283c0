package nationalcenter

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// in is the center's view of a transaction, whose writes show in its books.
func (o *Center) in(tx *sqlstore.Tx) *store.Tx { return store.In(tx, o.Books) }

// tables are the center's books: the copies of each prefecture's residents and invalidations and of each CA's certificates,
// and the source of what it tells each CA to revoke.
//
// All but the residents are safe. A holder who is missing here is one whose change of address ends no certificate, the
// failure of 2004; a resident's record is sent again when a person has looked why it was missing.
func (o *Center) tables() []reconcile.Table {
	prefecture := func(peer message.Org) bool { return peer.Role() == message.Prefecture }
	return []reconcile.Table{
		received.ResidentsBook(prefecture, "", func(tx *sqlstore.Tx) received.States { return o.in(tx).States }, o.takeResident),
		received.InvalidationsBook(prefecture, "", func(tx *sqlstore.Tx) received.Notices { return o.in(tx).Notices }, o.takeInvalidation),
		{
			Book: message.Certificates, Copy: isCA, Safe: true,
			Scan: store.Holdings.Scan, Look: store.Holdings.Look,
			Show: o.showHolding, Take: o.takeCertificate,
		},
		{
			Book: message.Revocations, Source: isCA, Safe: true,
			Scan: store.Demands.Scan, Look: store.Demands.Look,
			Show: o.showDemand, Snapshot: o.demandSnapshot,
		},
	}
}

// takeResident makes a resident's record what the prefecture says that it is. Who may tell of whom, who moves in, and
// what an address looks like is asked as of a change; a change of code that was missed is followed.
func (o *Center) takeResident(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	state, err := booktable.Carried[message.ResidentChange](n, p)
	if err == nil && state != nil {
		err = o.checkSnapshot(ctx, tx, d, *state)
	}
	if err != nil {
		return nil, err
	}
	taken, err := tx.States.Take(ctx, side, d.Sender, n, state)
	if err != nil {
		return nil, err
	}
	o.record(tx, d, n, "resident.snapshot", taken.Changed)
	var flags []message.Out
	if state != nil && taken.Changed {
		if flags, err = o.followFlags(ctx, tx, taken.Held, *state); err != nil {
			return nil, err
		}
	}
	if old := changedCode(state); old.Valid() {
		outs, err := o.carryOver(ctx, tx, old, state.After.Code)
		return append(flags, outs...), err
	}
	if state != nil && taken.Changed {
		if err := tx.Flush(ctx); err != nil {
			return nil, err
		}
		outs, err := o.revokeAll(ctx, tx, state.After.Code)
		return append(flags, outs...), err
	}
	return nil, nil
}

// changedCode is the code that a state's holder had before its last change of code, invalid when there is none.
func changedCode(state *message.ResidentChange) resident.RecordCode {
	if state == nil {
		return resident.RecordCode{}
	}
	return state.After.Change.OldCode
}

func (o *Center) checkSnapshot(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ResidentChange) error {
	if err := checkPrefecture(d, n.After); err != nil {
		return err
	}
	if err := tx.Flush(ctx); err != nil {
		return err
	}
	held, claim, err := tx.StandingAndClaim(ctx, n.After.Code)
	switch {
	case err != nil:
		// A row that cannot be read is replaced, whatever it said.
	case held == nil:
		if err := checkFirst(d, claim, n); err != nil {
			return err
		}
	case held.Gone() && !n.After.Deleted() && held.ToldBy != d.Sender:
		if err := o.checkSamePerson(ctx, tx, n.After.Code, n.After); err != nil {
			return err
		}
	}
	return checkAddress(d, n.After)
}

// takeInvalidation takes what the prefecture says has died as its message would be taken, and so ends certificates also
// when the fact is here and its effect is not. A fact that the prefecture does not hold is put out of force; what it ended
// stays ended.
func (o *Center) takeInvalidation(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	told, err := booktable.Carried[message.ResidentInvalidation](n, p)
	if err != nil {
		return nil, err
	}
	changed, _, err := tx.Notices.Take(ctx, d.Sender, n, told)
	if err != nil {
		return nil, err
	}
	o.record(tx, d, n, "resident.invalidation.snapshot", changed)
	if told == nil {
		return nil, nil
	}
	return o.onResidentInvalidation(ctx, tx, d, *told)
}

// takeCertificate takes who holds a certificate as the CA's notice would be taken: one that is dead on arrival is revoked.
// A row that the CA does not hold, or holds otherwise, is struck out and kept as evidence; another CA's row it has no word on.
func (o *Center) takeCertificate(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	told, err := booktable.Carried[message.CertIssuance](n, p)
	if err != nil {
		return nil, err
	}
	held, here, err := store.Holdings.Find(ctx, raw, n.Key)
	switch {
	case err != nil:
		return nil, err
	case held.ToldBy != d.Sender && o.exchangesWith(held.ToldBy):
		here = false // another CA's: there is nothing to strike, and what this one says of it is refused as its notice would be
	}
	agrees := !here && told == nil || here && told != nil && held.ToldBy == d.Sender && held.Entry().Value == told.Entries()[0].Is
	o.record(tx, d, n, "cert.snapshot", !agrees)
	if agrees {
		return nil, nil
	}
	if here {
		if err := tx.StrikeHolding(ctx, d.Sender, held, n.Case); err != nil {
			return nil, err
		}
	}
	if told == nil {
		return nil, nil
	}
	return o.onCertIssuance(ctx, tx, d, *told)
}

func (o *Center) record(tx *store.Tx, d exchange.Delivery, n message.Snapshot, act string, changed bool) {
	detail := "unchanged"
	if changed {
		detail = "changed"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: act, Subject: n.Key, Case: booktable.Ground(d, n), Detail: detail})
}

func (o *Center) showHolding(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error) {
	h, found, err := store.Holdings.With(peer).Find(ctx, tx, key)
	if err != nil || !found {
		return received.Nothing, err
	}
	until := h.NotAfter.In(cert.JST).Format("2006-01-02")
	s := plain.Sentence{
		JA: fmt.Sprintf("%s、住民票コード %s、版%s、市区町村 %s、有効期間の終わり %s", h.Profile.Name().JA, h.Code.Reveal(), h.Version, h.Municipality, until),
		EN: fmt.Sprintf("%s of %s, version %s, municipality %s, valid until %s", h.Profile.Name().EN, h.Code.Reveal(), h.Version, h.Municipality, until),
	}
	if h.RevokedAt.Unix() > 0 {
		at := h.RevokedAt.In(cert.JST).Format("2006-01-02 15:04:05")
		s.JA, s.EN = s.JA+"。"+at+"に失効を求めた。", s.EN+"; its revocation was demanded "+at
	}
	return s, nil
}

func (o *Center) showDemand(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error) {
	n, found, err := store.Demands.With(peer).Find(ctx, tx, key)
	if err != nil || !found {
		return received.Nothing, err
	}
	why := n.Reason.Name()
	if n.Why.Valid() {
		why = plain.Sentence{JA: n.Why.In(plain.JA), EN: n.Why.In(plain.EN)}
	}
	return plain.Sentence{
		JA: fmt.Sprintf("失効を求めた（%s、%s、%s、版%s）", n.Profile.Name().JA, why.JA, n.Since, n.Version),
		EN: fmt.Sprintf("its revocation was demanded (%s, %s, %s, version %s)", n.Profile.Name().EN, why.EN, n.Since, n.Version),
	}, nil
}

func (o *Center) demandSnapshot(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (message.Payload, error) {
	n, found, err := store.Demands.With(peer).Find(ctx, tx, key)
	switch {
	case err != nil || !found:
		return nil, err
	case n.Damaged():
		return nil, plain.Bad("key",
			"この行は、プログラムを通さずに書き換えられていて読めません。住民の異動を確かめ、失効をあらためて届けてください。",
			"this row was changed behind the program's back and cannot be read: look at the resident's changes and file the revocation anew")
	}
	return n.CertRevocation, nil
}

// adopt says of the records that were here before the books which prefecture told us of them.
func (o *Center) adopt(ctx context.Context) error {
	return o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		return o.in(tx).Adopt(ctx, func(m resident.MunicipalityCode) message.Org {
			for _, peer := range o.Peers {
				if peer.Role() == message.Prefecture && peer.Code() == m.Prefecture().String() {
					return peer
				}
			}
			return ""
		})
	})
}
