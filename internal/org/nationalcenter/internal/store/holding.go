package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Holding is a row of the copy of certificates: who holds which.
type Holding struct {
	message.CertIssuance           // without name and address, which are not kept
	RevokedAt            time.Time // when the CA was told to revoke it; 1970 when it was not
	key                  string
	damaged              bool
}

// A row is damaged, too, when what stands beside the message's own fields contradicts the other tables: then a change of
// the record would not end the certificate.
const holdingColumns = `SELECT c.serial, c.code, c.profile, c.version, c.not_before, c.not_after, c.municipality, c.revoked_at, c.holder,
	COALESCE(k.successor, ''), COALESCE(d.key, '') FROM certificate AS c LEFT JOIN code AS k ON k.code = c.code LEFT JOIN demand AS d ON d.key = c.serial `

func scanHolding(r *sqlstore.Rows, h *Holding) error {
	var code, profile, municipality, holder, successor, demanded string
	var version int64
	err := r.Scan(&h.key, &code, &profile, &version, sqlstore.Time(&h.NotBefore), sqlstore.Time(&h.NotAfter), &municipality,
		sqlstore.Time(&h.RevokedAt), &holder, &successor, &demanded)
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

func (h Holding) row() reconcile.Row {
	if h.damaged {
		return reconcile.Row{Key: h.key}
	}
	e := h.Entries()[0]
	return reconcile.Row{Key: h.key, Value: e.Is}
}

// Holding finds one by its key in the book.
func (tx *Tx) Holding(ctx context.Context, key string) (Holding, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanHolding, holdingColumns+`WHERE c.serial = $1`, key)
	if err != nil || len(found) == 0 {
		return Holding{}, false, err
	}
	return found[0], true, nil
}

// Holdings gives the book of certificates as the rows say, in the order of the keys; as Demands.
func (tx *Tx) Holdings(ctx context.Context, after string, limit int) (rows []reconcile.Row, next string, err error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanHolding, holdingColumns+`WHERE c.serial > $1 ORDER BY c.serial LIMIT $2`, after, limit)
	if err != nil {
		return nil, "", fmt.Errorf("couldn't read who holds which certificate: %w", err)
	}
	for _, h := range found {
		rows = append(rows, h.row())
	}
	if len(found) == limit {
		next = found[limit-1].key
	}
	return rows, next, nil
}

// HoldingsOf is Holdings for some keys.
func (tx *Tx) HoldingsOf(ctx context.Context, keys []string) (map[string]message.Hash, error) {
	values := map[string]message.Hash{}
	err := tx.each(keys, func(in string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanHolding, holdingColumns+`WHERE c.serial IN (`+in+`)`, part...)
		for _, h := range found {
			values[h.key] = h.row().Value
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("couldn't look up who holds which certificate: %w", err)
	}
	return values, nil
}

// StrikeHolding takes a certificate out of the copy and keeps what stood there as evidence, of a case or of none.
func (tx *Tx) StrikeHolding(ctx context.Context, h Holding, of string) error {
	body, err := message.Encode(h.CertIssuance)
	if err != nil {
		return fmt.Errorf("couldn't keep what stood in the book: %w", err)
	}
	tx.Collect("struck", "id, at, book, key, case_ref, kind, body", tx.Serial(), tx.Now(), string(message.Certificates), h.key, of,
		string(message.KindCertIssuance), body)
	if _, err := tx.Exec(ctx, `DELETE FROM certificate WHERE serial = $1`, h.key); err != nil {
		return fmt.Errorf("couldn't take a certificate out: %w", err)
	}
	tx.books.Set(tx.Tx, message.Certificates, ca, h.key, message.Hash{})
	return nil
}
