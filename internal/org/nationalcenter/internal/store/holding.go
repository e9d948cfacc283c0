package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/booktable"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Holding is a row of the copy of certificates: who holds which.
type Holding struct {
	message.CertIssuance // without name and address, which are not kept
	ToldBy               message.Org
	RevokedAt            time.Time // when the CA was told to revoke it; 1970 when it was not
	key                  string
	damaged              bool // the row cannot be read, or contradicts the tables beside it
}

// Holdings is the book of certificates, in the table of who holds which.
var Holdings = booktable.Table[Holding]{Of: "certificates held", Key: "c.serial", Peer: "c.told_by", Read: readHolding,
	Select: `SELECT c.serial, c.code, c.profile, c.version, c.not_before, c.not_after, c.municipality, c.revoked_at, c.holder, c.told_by,
	COALESCE(k.successor, ''), COALESCE(d.key, '') FROM certificate AS c LEFT JOIN code AS k ON k.code = c.code LEFT JOIN demand AS d ON d.key = c.serial AND d.peer = c.told_by`}

// Entry is what the row says in the book.
func (h Holding) Entry() reconcile.Row {
	if h.damaged {
		return reconcile.Row{Key: h.key}
	}
	return reconcile.Row{Key: h.key, Value: h.Entries()[0].Is}
}

// readHolding takes a row for damaged, too, when what stands beside the message's own fields contradicts the other tables:
// then a change of the record would not end the certificate.
func readHolding(r *sqlstore.Rows, h *Holding) error {
	var code, profile, municipality, holder, toldBy, successor, demanded string
	var version int64
	err := r.Scan(&h.key, &code, &profile, &version, sqlstore.Time(&h.NotBefore), sqlstore.Time(&h.NotAfter), &municipality,
		sqlstore.Time(&h.RevokedAt), &holder, &toldBy, &successor, &demanded)
	h.ToldBy = message.Org(toldBy)
	if err == nil {
		h.Version = resident.Version(version)
		var errs [2]error
		h.Serial, errs[0] = cert.ParseSerial(h.key)
		h.Profile, errs[1] = cert.ParseProfile(profile)
		err = errors.Join(errs[0], errs[1], read(&h.Code, code, resident.ParseRecordCode), read(&h.Municipality, municipality, resident.ParseMunicipalityCode))
		if successor == "" {
			successor = code
		}
		if err == nil && (holder != successor || h.RevokedAt.Unix() > 0 && demanded == "") {
			err = errors.New("the holder is not who has the code, or a revocation is noted that the CA was not told")
		}
	}
	h.damaged = err != nil
	return nil
}

// StrikeHolding takes a certificate out of the copy of what a CA told, and keeps what stood there as evidence, of a case or of none.
func (tx *Tx) StrikeHolding(ctx context.Context, ca message.Org, h Holding, of string) error {
	if err := booktable.Keep(tx.Tx, message.Certificates, h.key, of, h.CertIssuance); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM certificate WHERE serial = $1`, h.key); err != nil {
		return fmt.Errorf("couldn't take a certificate out: %w", err)
	}
	tx.books.Set(tx.Tx, message.Certificates, ca, h.key, message.Hash{})
	return nil
}
