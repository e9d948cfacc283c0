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

// Demand is what the CA was told to revoke.
type Demand struct {
	message.CertRevocation
	key     string
	damaged bool
}

// Damaged tells whether the row cannot be read.
func (d Demand) Damaged() bool { return d.damaged }

// demand writes down that the CA is told to revoke a certificate, or a holder's when its serial is not known, and gives
// what it is told. The same again is one fact; first says that it was not told before.
func (tx *Tx) demand(ctx context.Context, code resident.RecordCode, serial cert.Serial, i Invalidation) (n message.CertRevocation, first bool, err error) {
	n = message.CertRevocation{Code: code, Serial: serial, Profile: i.Profile, Version: i.Version, Reason: reasonOf(i.Reason),
		Since: i.Since, Why: i.Reason}
	text := ""
	if !serial.IsZero() {
		text = serial.String()
	}
	added, err := tx.Exec(ctx, `INSERT INTO demand(key, serial, code, profile, version, reason, since, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT DO NOTHING`, n.Entries()[0].Key, text, code.Reveal(), i.Profile.String(), int64(i.Version), i.Reason.Code(), i.Since.String(), tx.Now())
	if err != nil {
		return n, false, fmt.Errorf("couldn't write down what the CA is told: %w", err)
	}
	if added == 1 {
		tx.enter(n)
	}
	return n, added == 1, nil
}

// DemandHolder is a demand that names the holder alone: somebody holds a certificate of which no serial is known.
func (tx *Tx) DemandHolder(ctx context.Context, code resident.RecordCode, i Invalidation) (n message.CertRevocation, first bool, err error) {
	return tx.demand(ctx, code, cert.Serial{}, i)
}

// reasonOf is the reason that the CRL gives (CPS 4.9.9): the certificate is no longer used by somebody who has died or is
// not covered any more (5), and states what is no longer true in every other case (3, 異動等失効情報).
func reasonOf(r resident.ChangeReason) cert.RevocationReason {
	if r == resident.Death || r == resident.DeletionExOfficio {
		return cert.CessationOfOperation
	}
	return cert.AffiliationChanged
}

// Demands is the book of revocations, in the table of what the CA was told.
var Demands = booktable.Table[Demand]{Of: "demands", Key: "key", Read: readDemand,
	Select: `SELECT key, serial, code, profile, version, reason, since FROM demand`}

// Entry is what the row says in the book.
func (d Demand) Entry() reconcile.Row {
	if d.damaged {
		return reconcile.Row{Key: d.key}
	}
	return reconcile.Row{Key: d.key, Value: d.Entries()[0].Is}
}

func readDemand(r *sqlstore.Rows, d *Demand) error {
	var serial, code, profile, reason, since string
	var version int64
	err := r.Scan(&d.key, &serial, &code, &profile, &version, &reason, &since)
	if err == nil {
		d.Version = resident.Version(version)
		err = errors.Join(read(&d.Code, code, resident.ParseRecordCode), read(&d.Why, reason, resident.ParseChangeReason),
			read(&d.Since, since, resident.ParseDate))
		d.Reason = reasonOf(d.Why)
		var errs [2]error
		if serial != "" {
			d.Serial, errs[0] = cert.ParseSerial(serial)
		}
		d.Profile, errs[1] = cert.ParseProfile(profile)
		err = errors.Join(err, errs[0], errs[1])
	}
	d.damaged = err != nil || d.Entries()[0].Key != d.key
	return nil
}
