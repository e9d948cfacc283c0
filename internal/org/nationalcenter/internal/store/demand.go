package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Demand is what a CA was told to revoke.
type Demand struct {
	message.CertRevocation
	CA      message.Org
	key     string
	damaged bool
}

// Damaged tells whether the row cannot be read.
func (d Demand) Damaged() bool { return d.damaged }

// demand writes down that a CA is told to revoke a certificate, or a holder's when its serial is not known, and gives
// what it is told. The same again is one fact; first says that it was not told before.
func (tx *Tx) demand(ctx context.Context, ca message.Org, n message.CertRevocation) (d Demand, first bool, err error) {
	text := ""
	if !n.Serial.IsZero() {
		text = n.Serial.String()
	}
	added, err := tx.Exec(ctx, `INSERT INTO demand(peer, key, serial, code, profile, version, ended, reason, since, at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT DO NOTHING`, string(ca), n.Entries()[0].Key, text, n.Code.Reveal(), n.Profile.String(),
		int64(n.Version), n.Reason.String(), n.Why.Code(), n.Since.String(), tx.Now())
	if err != nil {
		return d, false, fmt.Errorf("couldn't write down what the CA is told: %w", err)
	}
	if added == 1 {
		tx.enter(ca, n)
	}
	return Demand{CertRevocation: n, CA: ca}, added == 1, nil
}

// DemandHolder is a demand that names the holder alone: somebody holds a certificate of which no serial is known.
func (tx *Tx) DemandHolder(ctx context.Context, ca message.Org, code resident.RecordCode, i Invalidation) (d Demand, first bool, err error) {
	return tx.demand(ctx, ca, i.cause().revocation(code, i.Profile, cert.Serial{}))
}

// reasonOf is the reason that the CRL gives (CPS 4.9.9): the certificate is no longer used by somebody who has died or is
// not covered any more (5), and states what is no longer true in every other case (3, 異動等失効情報).
func reasonOf(r resident.ChangeReason) cert.RevocationReason {
	if r == resident.Death || r == resident.DeletionExOfficio {
		return cert.CessationOfOperation
	}
	return cert.AffiliationChanged
}

// Demands is the book of revocations, in the table of what the CAs were told.
var Demands = booktable.Table[Demand]{Of: "demands", Key: "key", Peer: "peer", Read: readDemand,
	Select: `SELECT peer, key, serial, code, profile, version, ended, reason, since FROM demand`}

// Entry is what the row says in the book.
func (d Demand) Entry() reconcile.Row {
	if d.damaged {
		return reconcile.Row{Key: d.key}
	}
	return reconcile.Row{Key: d.key, Value: d.Entries()[0].Is}
}

func readDemand(r *sqlstore.Rows, d *Demand) error {
	var ca, serial, code, profile, ended, reason, since string
	var version int64
	err := r.Scan(&ca, &d.key, &serial, &code, &profile, &version, &ended, &reason, &since)
	d.CA = message.Org(ca)
	if err == nil {
		d.Version = resident.Version(version)
		err = errors.Join(read(&d.Code, code, resident.ParseRecordCode), read(&d.Why, reason, resident.ParseChangeReason),
			read(&d.Since, since, resident.ParseDate))
		var errs [3]error
		if d.Reason = reasonOf(d.Why); ended != "" {
			d.Reason, errs[2] = cert.ParseReason(ended)
		}
		if serial != "" {
			d.Serial, errs[0] = cert.ParseSerial(serial)
		}
		d.Profile, errs[1] = cert.ParseProfile(profile)
		err = errors.Join(err, errs[0], errs[1], errs[2])
	}
	d.damaged = err != nil || d.Entries()[0].Key != d.key
	return nil
}
