package ca

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// in is the CA's view of a transaction, whose writes show in its books.
func (o *CA) in(tx *sqlstore.Tx) *store.Tx {
	return store.In(tx, store.Books{Books: o.Books, Center: o.cfg.NationalCenter, Validation: o.cfg.Validation})
}

// tables are the CA's books: it is the source of who holds which certificate and of every certificate's state, and holds the
// copy of what the national center demanded.
//
// All three are safe. A holder whom the center does not know is one whose change of address ends no certificate, the
// failure of 2004; a state that validation does not know is a dead certificate that is answered for as good.
func (o *CA) tables() []reconcile.Table {
	is := func(who message.Org) func(message.Org) bool {
		return func(peer message.Org) bool { return peer == who }
	}
	return []reconcile.Table{
		{
			Book: message.Certificates, Source: is(o.cfg.NationalCenter), Safe: true,
			Scan: o.scan(message.Certificates), Look: o.look(message.Certificates),
			Show: o.showCertificate, Snapshot: o.certificateSnapshot,
		},
		{
			Book: message.Statuses, Source: is(o.cfg.Validation), Safe: true,
			Scan: o.scan(message.Statuses), Look: o.look(message.Statuses),
			Show: o.showCertificate, Snapshot: o.statusSnapshot,
		},
		{
			Book: message.Revocations, Copy: is(o.cfg.NationalCenter), Safe: true,
			Scan: store.Notices.Scan, Look: store.Notices.Look,
			Show: o.showNotice, Take: o.takeRevocation,
		},
	}
}

func (o *CA) scan(book message.Book) func(context.Context, *sqlstore.Tx, message.Org, string, int) ([]reconcile.Row, string, error) {
	return func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
		return o.in(tx).Facts(ctx, book, cursor, limit)
	}
}

func (o *CA) look(book message.Book) func(context.Context, *sqlstore.Tx, message.Org, []string) (map[string]message.Hash, error) {
	return func(ctx context.Context, tx *sqlstore.Tx, _ message.Org, keys []string) (map[string]message.Hash, error) {
		return o.in(tx).FactsOf(ctx, book, keys)
	}
}

// ofKey finds the certificate that a key of the books of certificates and states is about.
func (o *CA) ofKey(ctx context.Context, tx *sqlstore.Tx, key string) (c store.Certificate, fact string, found bool, err error) {
	text, fact, _ := strings.Cut(key, "/")
	serial, err := cert.ParseSerial(text)
	if err != nil {
		return c, fact, false, nil // a key that nothing of ours has
	}
	c, found, err = o.in(tx).Certificate(ctx, serial)
	return c, fact, found, err
}

func (o *CA) showCertificate(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
	c, fact, found, err := o.ofKey(ctx, tx, key)
	switch {
	case err != nil:
		return plain.Sentence{}, err
	case !found || !c.Issued() && fact != "revoked":
		return say("発行していません。", "not issued"), nil
	case fact == "revoked" && c.State == store.Revoked:
		return say(
			fmt.Sprintf("%sに失効（%s）。求めた団体は %s。", c.At.In(cert.JST).Format("2006-01-02 15:04:05"), c.Reason.Name().JA, c.By),
			fmt.Sprintf("revoked %s (%s), asked for by %s", c.At.In(cert.JST).Format("2006-01-02 15:04:05"), c.Reason.Name().EN, c.By)), nil
	case fact == "revoked":
		return say("失効していません。", "not revoked"), nil
	}
	return say(
		fmt.Sprintf("%s、住民票コード %s、版%s、市区町村 %s、有効期間の終わり %s", c.Profile.Name().JA, c.Holder.Reveal(), c.Version, c.Municipality, c.NotAfter.In(cert.JST).Format("2006-01-02")),
		fmt.Sprintf("%s of %s, version %s, municipality %s, valid until %s", c.Profile.Name().EN, c.Holder.Reveal(), c.Version, c.Municipality, c.NotAfter.In(cert.JST).Format("2006-01-02"))), nil
}

// certificateSnapshot is the issuance notice without name and address: they are not kept here, and the certificate states
// them in the characters of a card, which the center could not compare with the register's.
func (o *CA) certificateSnapshot(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
	c, _, found, err := o.ofKey(ctx, tx, key)
	if err != nil || !found || !c.Issued() {
		return nil, err
	}
	return c.Issuance(), nil
}

func (o *CA) statusSnapshot(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (message.Payload, error) {
	c, fact, found, err := o.ofKey(ctx, tx, key)
	switch {
	case err != nil || !found:
	case fact == "good" && c.Issued():
		return c.Good(), nil
	case fact == "revoked" && c.State == store.Revoked:
		return c.Ended(), nil
	}
	return nil, err
}

func (o *CA) showNotice(ctx context.Context, tx *sqlstore.Tx, _ message.Org, key string) (plain.Sentence, error) {
	n, found, err := store.Notices.Find(ctx, tx, key)
	if err != nil || !found {
		return say("この異動等失効情報は受けていません。", "no such notice was taken"), err
	}
	return say(
		fmt.Sprintf("%sに受けて処理した異動等失効情報（%s、%s、版%s）", n.TakenAt.In(cert.JST).Format("2006-01-02 15:04:05"), n.Profile.Name().JA, n.Reason.Name().JA, n.Version),
		fmt.Sprintf("a notice taken %s (%s, %s, version %s)", n.TakenAt.In(cert.JST).Format("2006-01-02 15:04:05"), n.Profile.Name().EN, n.Reason.Name().EN, n.Version)), nil
}

// takeRevocation takes a demand of the center as its message would be taken, and so ends the certificate also when a
// row of the notice is here. What the center does not hold, or holds otherwise, is struck out and kept as evidence; what
// has ended stays ended.
func (o *CA) takeRevocation(ctx context.Context, raw *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(raw)
	demand, err := booktable.Carried[message.CertRevocation](n, p)
	if err != nil {
		return nil, err
	}
	held, here, err := store.Notices.Find(ctx, raw, n.Key)
	if err != nil {
		return nil, err
	}
	if here && (demand == nil || held.Entry().Value != demand.Entries()[0].Is) {
		if err := tx.StrikeNotice(ctx, held, n.Case); err != nil {
			return nil, err
		}
		auditlog.Write(raw, auditlog.Entry{Actor: string(d.Sender), Act: "strike", Subject: n.Key, Case: d.ID.String(), Detail: string(n.Book)})
	}
	if demand == nil {
		return nil, nil
	}
	return o.onCertRevocation(ctx, tx, d, *demand)
}
