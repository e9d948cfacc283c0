package validation

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// in is the validation authority's view of a transaction, whose writes show in its book.
func (o *Validation) in(tx *sqlstore.Tx) *store.Tx {
	return store.In(tx, store.Books{Books: o.Books, CAs: o.cfg.CAs, Issuers: o.owners, Touched: func(issuer string, serial []byte) { o.touch(tx, issuer, serial) }})
}

// tables are the books: with each CA, the copy of the state of every certificate of its. It is safe: a revocation that is missing here is a dead
// certificate that is answered for as good, and an issue that is missing one of which nobody can be told.
func (o *Validation) tables() []reconcile.Table {
	return []reconcile.Table{{
		Book: message.Statuses, Safe: true,
		Copy: func(peer message.Org) bool { return o.authorityOf(peer) != nil },
		Scan: func(ctx context.Context, tx *sqlstore.Tx, ca message.Org, cursor string, limit int) ([]reconcile.Row, string, error) {
			return o.in(tx).Facts(ctx, ca, cursor, limit)
		},
		Look: func(ctx context.Context, tx *sqlstore.Tx, ca message.Org, keys []string) (map[string]message.Hash, error) {
			return o.in(tx).FactsOf(ctx, ca, keys)
		},
		Show: o.showStatus, Take: o.takeStatus,
	}}
}

// ofKey lists the rows that a key of a CA's book is about: the CA's, and what is nobody's, which somebody wrote. Those of another CA
// are none of its business, though the serial should be the same.
func (o *Validation) ofKey(ctx context.Context, tx *store.Tx, ca message.Org, key string) (rows []store.Told, serial cert.Serial, fact string, err error) {
	text, fact, _ := strings.Cut(key, "/")
	if serial, err = cert.ParseSerial(text); err != nil {
		return nil, serial, fact, nil // a key that nothing here has
	}
	rows, err = tx.OfSerial(ctx, serial)
	rows = slices.DeleteFunc(rows, func(t store.Told) bool { owner, known := o.owners[t.Issuer]; return known && owner != ca })
	return rows, serial, fact, err
}

func (o *Validation) showStatus(ctx context.Context, tx *sqlstore.Tx, ca message.Org, key string) (plain.Sentence, error) {
	rows, _, fact, err := o.ofKey(ctx, o.in(tx), ca, key)
	if err != nil {
		return plain.Sentence{}, err
	}
	for _, r := range rows {
		if s, told := r.Ended(); told && fact == "revoked" {
			at := s.At.In(cert.JST).Format("2006-01-02 15:04:05")
			return say(fmt.Sprintf("%sに失効（%s）と回答しています。", at, s.Reason.Name().JA), fmt.Sprintf("answered for as revoked %s (%s)", at, s.Reason.Name().EN)), nil
		}
		if s, told := r.Good(); told && fact == "good" {
			until := s.NotAfter.In(cert.JST).Format("2006-01-02")
			return say(fmt.Sprintf("発行を受けています（%s、市区町村 %s、有効期間の終わり %s）。", s.Profile.Name().JA, s.Municipality, until),
				fmt.Sprintf("known as issued (%s, municipality %s, valid until %s)", s.Profile.Name().EN, s.Municipality, until)), nil
		}
	}
	if fact == "revoked" {
		return say("失効を受けていません。", "no revocation is known"), nil
	}
	return say("発行を受けていません。", "not known as issued"), nil
}

// takeStatus makes the state of a certificate what the CA says that it is, with one exception: what was answered for as
// revoked does not become good again, though the CA should know nothing of it, because whoever was told has relied on it
// (RFC 5280 3.3 and 5.3.1 know a way back from a hold only). Such a case ends when the CA revokes the certificate too.
func (o *Validation) takeStatus(ctx context.Context, plainTx *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error) {
	tx := o.in(plainTx)
	rows, serial, fact, err := o.ofKey(ctx, tx, d.Sender, n.Key)
	if err != nil {
		return nil, err
	}
	var ended bool
	s, told := p.(message.CertStatus)
	if told {
		r, no := o.rootOf(d.Sender, s.Issuer)
		if no != nil {
			return nil, no
		}
		if r.profile != s.Profile {
			return nil, unknownIssuer()
		}
		ended, err = o.put(ctx, tx, n, s, rows)
	} else {
		err = o.strike(ctx, tx, n, serial, fact, rows)
	}
	if err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "snapshot", Subject: n.Key, Case: d.ID.String(), Detail: string(n.Book)})
	if ended {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "revoke", Subject: serial.String(), Case: d.ID.String(), Detail: n.Case})
	}
	return nil, o.planImpact(tx, s, ended)
}

// put makes the row of a certificate say what the CA tells; ended says that the certificate was good until then.
func (o *Validation) put(ctx context.Context, tx *store.Tx, n message.Snapshot, s message.CertStatus, rows []store.Told) (ended bool, err error) {
	own := slices.IndexFunc(rows, func(t store.Told) bool { return t.Issuer == s.Issuer })
	if own < 0 && len(rows) > 0 {
		own = 0 // somebody wrote another CA into it
	}
	for i, t := range rows {
		if i != own {
			if err := tx.StrikeRow(ctx, t, s.Serial, n.Case); err != nil {
				return false, err
			}
		}
	}
	if own < 0 {
		return tx.Tell(ctx, s)
	}
	row := rows[own]
	_, wasRevoked := row.Ended()
	_, wasGood := row.Good()
	switch {
	case row.Is(s):
		return false, nil
	case row.Issuer == s.Issuer && !row.Damaged() && (s.Revoked && !wasRevoked || !s.Revoked && !wasGood):
		return tx.Tell(ctx, s)
	}
	return s.Revoked && !wasRevoked, tx.Correct(ctx, row, s, n.Case)
}

// strike takes a fact out that the CA does not hold.
func (o *Validation) strike(ctx context.Context, tx *store.Tx, n message.Snapshot, serial cert.Serial, fact string, rows []store.Told) error {
	for _, t := range rows {
		if fact == "good" {
			if err := tx.StrikeGood(ctx, t, serial, n.Case); err != nil {
				return err
			}
			continue
		}
		if _, revoked := t.Ended(); revoked || t.Damaged() {
			return exchange.Reject("revoked-stays",
				"この電子証明書は、失効していると回答済みです。失効は取り消せません。認証局でも失効させてから、件を閉じてください。",
				"this certificate was answered for as revoked, and a revocation is not taken back: revoke it at the CA as well, then close the case")
		}
	}
	return nil
}
