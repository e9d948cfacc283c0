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

// Notice is a demand of the national center that took effect here.
type Notice struct {
	message.CertRevocation
	TakenAt time.Time
	key     string
	damaged bool // the row cannot be read
}

// TakeNotice ends the certificates that a notice is about, remembers for one that names the holder alone which versions are
// untrue, and writes down that the notice was taken. It gives those that were ended by it, as they were before.
//
// The row and the revocation are one method because the row is what the center's book is compared with: a rule that
// answered for a notice and did nothing would otherwise look like one that did.
func (tx *Tx) TakeNotice(ctx context.Context, n message.CertRevocation, about []Certificate, r Revocation) (ended []Certificate, err error) {
	if n.Serial.IsZero() {
		if err := tx.markStale(ctx, n.Code, n.Profile, n.Version); err != nil {
			return nil, err
		}
	}
	for _, c := range about {
		done, err := tx.Revoke(ctx, c, r)
		if err != nil {
			return nil, err
		}
		if done {
			ended = append(ended, c)
		}
	}
	added, err := tx.Exec(ctx, `INSERT INTO notice(key, serial, holder, profile, version, reason, since, why, taken_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING`,
		n.Entries()[0].Key, n.Serial.Bytes(), n.Code.Reveal(), n.Profile.String(), int64(n.Version), n.Reason.String(), n.Since.String(),
		n.Why.Code(), tx.Now())
	if err != nil {
		return nil, fmt.Errorf("couldn't write down a notice: %w", err)
	}
	if added == 1 {
		tx.enter(tx.books.Center, n)
	}
	return ended, nil
}

// Notices is the book of revocations, in the table of what was taken.
var Notices = booktable.Table[Notice]{Of: "notices", Key: "key", Read: readNotice,
	Select: `SELECT key, serial, holder, profile, version, reason, since, why, taken_at FROM notice`}

// Entry is what the row says in the book.
func (n Notice) Entry() reconcile.Row {
	if !n.damaged {
		if e := n.Entries()[0]; e.Key == n.key {
			return reconcile.Row{Key: e.Key, Value: e.Is}
		}
	}
	return reconcile.Row{Key: n.key}
}

func readNotice(r *sqlstore.Rows, n *Notice) error {
	var serial []byte
	var holder, profile, reason, since, why string
	var version int64
	err := r.Scan(&n.key, &serial, &holder, &profile, &version, &reason, &since, &why, sqlstore.Time(&n.TakenAt))
	if err == nil {
		var errs [6]error
		if len(serial) > 0 {
			n.Serial, errs[0] = cert.SerialFromBytes(serial)
		}
		n.Code, errs[1] = resident.ParseRecordCode("holder", holder)
		n.Profile, errs[2] = cert.ParseProfile(profile)
		n.Version = resident.Version(version)
		n.Reason, errs[3] = cert.ParseReason(reason)
		n.Since, errs[4] = resident.ParseDate("since", since)
		if why != "" {
			n.Why, errs[5] = resident.ParseChangeReason("why", why)
		}
		err = errors.Join(errs[:]...)
	}
	n.damaged = err != nil
	return nil
}

// StrikeNotice takes a notice out of the book and keeps it as evidence, of a case or of none. The certificate that it
// ended stays ended: what relying parties were told is not taken back.
func (tx *Tx) StrikeNotice(ctx context.Context, n Notice, of string) error {
	if err := booktable.Keep(tx.Tx, message.Revocations, n.key, of, n.CertRevocation); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM notice WHERE key = $1`, n.key); err != nil {
		return fmt.Errorf("couldn't take a notice out: %w", err)
	}
	tx.books.Set(tx.Tx, message.Revocations, tx.books.Center, n.key, message.Hash{})
	return nil
}

// Unheeded is a certificate that lives though a notice demanded its end.
type Unheeded struct {
	Notice string // the notice's key
	Serial cert.Serial
	Since  time.Time // when the notice was taken
}

// Unheeded looks through a page of the notices, in the order of their keys, for such that were taken and whose certificate
// lives: no rule can leave that behind, so somebody wrote into the tables, or the rule is wrong.
func (tx *Tx) Unheeded(ctx context.Context, after string, limit int) (found []Unheeded, next string, err error) {
	const page = `(SELECT key, serial, holder, profile, version, taken_at FROM notice WHERE key > $1 ORDER BY key LIMIT $2) AS n`
	var last string
	var n int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(n.key), ''), COUNT(*) FROM `+page, after, limit).Scan(&last, &n); err != nil {
		return nil, "", err
	}
	if n == int64(limit) {
		next = last
	}
	for _, join := range []string{
		`c.serial = n.serial AND n.serial <> $3`,
		// the condition of the index certificate_living, so that it is used
		`c.holder = n.holder AND c.profile = n.profile AND c.version < n.version AND n.serial = $3`,
	} {
		more, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, u *Unheeded) (err error) {
			var serial []byte
			if err := r.Scan(&u.Notice, &serial, sqlstore.Time(&u.Since)); err != nil {
				return err
			}
			u.Serial, err = cert.SerialFromBytes(serial)
			return err
		}, `SELECT n.key, c.serial, n.taken_at FROM `+page+` JOIN certificate AS c ON `+join+`
			WHERE c.state IN ('intended', 'valid') ORDER BY n.key`, after, limit, []byte{})
		if err != nil {
			return nil, "", fmt.Errorf("couldn't look for notices without effect: %w", err)
		}
		found = append(found, more...)
	}
	return found, next, nil
}

// Demanded tells whether a notice has demanded the end of a certificate.
func (tx *Tx) Demanded(ctx context.Context, c Certificate) (bool, error) {
	stale, err := tx.StaleBefore(ctx, c.Holder, c.Profile)
	if err != nil || c.Version < stale {
		return err == nil, err
	}
	var n int64
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM notice WHERE holder = $1 AND serial = $2`, c.Holder.Reveal(), c.Serial.Bytes()).Scan(&n)
	return n > 0, err
}
