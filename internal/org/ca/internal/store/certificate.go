package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// State is where a certificate stands with the CA.
type State string

// The states. Only revoked is final: a valid certificate is found to have expired when the holder asks for the next.
const (
	Intended State = "intended" // written down, not yet signed
	Valid    State = "valid"
	Revoked  State = "revoked"
	Expired  State = "expired"
)

// Certificate is one certificate, issued or intended.
type Certificate struct {
	Serial       cert.Serial
	Profile      cert.Profile
	Issuer       string // hex of the CA's key identifier
	Holder       resident.RecordCode
	Version      resident.Version // of the record that it certifies
	Municipality resident.MunicipalityCode
	Requester    message.Org
	Request      string
	KeyHash      []byte
	NotBefore    time.Time
	NotAfter     time.Time
	State        State
	IntendedAt   time.Time
	IssuedAt     time.Time // 1970 until it is issued
	DER          []byte    // empty until it is issued
	Replaced     Replaced
	Revocation

	row  []byte // what the row is found by, when it is not the serial of the certificate
	Said string // of a damaged row: what it said where something else stands in for it; empty: the row is whole
}

// Replaced is the certificate that another takes the place of (更新); the zero value is none.
type Replaced struct {
	Serial cert.Serial
	Until  time.Time // when it would have ended
}

// Key is what the row is found by: the serial, unless the row says another than the certificate.
func (c Certificate) Key() []byte {
	if c.row != nil {
		return c.row
	}
	return c.Serial.Bytes()
}

// Revocation is what is known of a revoked certificate's end.
type Revocation struct {
	At     time.Time
	Reason cert.RevocationReason // zero: not revoked
	Since  resident.Date         // the day on which the ground arose
	Why    resident.ChangeReason // the change of the record that led to it; zero when none did
	By     message.Org
}

// Intend writes a certificate down before it is signed.
func (tx *Tx) Intend(c Certificate) {
	tx.Collect("certificate", `serial, profile, issuer, holder, version, municipality, requester, request, key_hash, not_before, not_after,
		state, intended_at, issued_at, certificate, revoked_at, reason, since, why, revoked_by, replaces, replaces_until`,
		c.Serial.Bytes(), c.Profile.String(), c.Issuer, c.Holder.Reveal(), int64(c.Version), c.Municipality.String(), string(c.Requester),
		c.Request, c.KeyHash, c.NotBefore, c.NotAfter, string(Intended), tx.Now(), int64(0), []byte{}, int64(0), "", "", "", "",
		c.Replaced.Serial.Bytes(), sqlstore.MicrosOrNone(c.Replaced.Until))
}

// Issued tells whether it was ever signed and stored.
func (c Certificate) Issued() bool { return c.IssuedAt.Unix() > 0 }

// Issuance is what the national center is told of it: without the name and the address, which are not kept here.
func (c Certificate) Issuance() message.CertIssuance {
	return message.CertIssuance{Profile: c.Profile, Code: c.Holder, Serial: c.Serial, Version: c.Version, NotBefore: c.NotBefore,
		NotAfter: c.NotAfter, Municipality: c.Municipality}
}

// Good is what the validation authority is told when it is issued.
func (c Certificate) Good() message.CertStatus {
	return message.CertStatus{Serial: c.Serial, Issuer: c.Issuer, Profile: c.Profile, At: c.IssuedAt, NotAfter: c.NotAfter, Municipality: c.Municipality}
}

// Ended is what the validation authority is told when it is revoked.
func (c Certificate) Ended() message.CertStatus {
	s := c.Good()
	s.Revoked, s.Reason, s.At, s.Why, s.Since = true, c.Reason, c.At, c.Why, c.Since
	return s
}

// issued is how many certificates one statement of Issue stores.
const issued = 32

// Issue stores certificates that were signed, as they were read in this transaction and with their DER, and makes them valid. One that
// is not (any more) intended is an error.
func (tx *Tx) Issue(ctx context.Context, all []Certificate) error {
	for some := range slices.Chunk(all, issued) {
		var cases strings.Builder
		args, serials := []any{string(Valid), tx.Now()}, []any{}
		for _, c := range filled(some) {
			n := len(args)
			cases.WriteString(" WHEN " + tx.Marks(n+1, 1) + " THEN " + tx.Marks(n+2, 1))
			args, serials = append(args, c.Serial.Bytes(), c.DER), append(serials, c.Serial.Bytes())
		}
		n, err := tx.Exec(ctx, `UPDATE certificate SET state = $1, issued_at = $2, certificate = CASE serial`+cases.String()+` ELSE certificate END
			WHERE serial IN (`+tx.Marks(len(args)+1, len(serials))+`) AND state = 'intended'`, append(args, serials...)...)
		if err != nil {
			return err
		}
		if n != int64(len(some)) {
			return fmt.Errorf("%d of %d certificates are intended", n, len(some))
		}
	}
	for n := range all {
		c := &all[n]
		c.State, c.IssuedAt = Valid, tx.Now()
		tx.enter(tx.books.Center, c.Issuance())
		tx.enter(tx.books.Validation, c.Good())
	}
	return nil
}

// Revoke ends a certificate. The first reason stays. A row that says of itself what no certificate can be is ended too. A hold is
// refused, whoever asks for it: it could be thought that it may be released.
func (tx *Tx) Revoke(ctx context.Context, c Certificate, r Revocation) (bool, error) {
	if r.Reason != r.Reason.Final() || !r.Reason.Valid() {
		return false, fmt.Errorf("%s is no reason to end a certificate for good", r.Reason)
	}
	n, err := tx.Exec(ctx, `UPDATE certificate SET state = $2, revoked_at = $3, reason = $4, since = $5, why = $6, revoked_by = $7
		WHERE serial = $1 AND state NOT IN ('revoked', 'expired')`,
		c.Key(), string(Revoked), r.At, r.Reason.String(), r.Since.String(), r.Why.Code(), string(r.By))
	if err != nil || n != 1 {
		return false, err
	}
	if c.Said != "" {
		// A list is made of these, and has to name it.
		if _, err := tx.Exec(ctx, `UPDATE certificate SET profile = $2, issuer = $3, municipality = $4, not_after = $5 WHERE serial = $1`,
			c.Key(), c.Profile.String(), c.Issuer, c.Municipality.String(), c.NotAfter); err != nil {
			return false, err
		}
	}
	c.State, c.Revocation = Revoked, r
	tx.enter(tx.books.Validation, c.Ended())
	return true, nil
}

// Expire notes that a certificate's term is over, so that the holder may have the next one.
func (tx *Tx) Expire(ctx context.Context, c Certificate) error {
	_, err := tx.Exec(ctx, `UPDATE certificate SET state = $2 WHERE serial = $1 AND state = 'valid'`, c.Key(), string(Expired))
	return err
}

const certificateColumns = `SELECT serial, profile, issuer, holder, version, municipality, requester, request, key_hash, not_before, not_after,
	state, intended_at, issued_at, certificate, revoked_at, reason, since, why, revoked_by, replaces, replaces_until FROM certificate `

// Certificate finds one by its serial.
func (tx *Tx) Certificate(ctx context.Context, serial cert.Serial) (Certificate, bool, error) {
	return tx.one(ctx, `WHERE serial = $1`, serial.Bytes())
}

// Certificates finds some by their serials, in the order of these. One that is not there is an error.
func (tx *Tx) Certificates(ctx context.Context, serials []cert.Serial) ([]Certificate, error) {
	keys := make([][]byte, len(serials))
	for n, s := range serials {
		keys[n] = s.Bytes()
	}
	of := map[cert.Serial]Certificate{}
	err := inParts(tx, keys, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanCertificate, certificateColumns+`WHERE serial IN (`+marks+`)`, part...)
		for _, c := range found {
			of[c.Serial] = c
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	all := make([]Certificate, len(serials))
	for n, s := range serials {
		c, found := of[s]
		if !found {
			return nil, fmt.Errorf("no certificate %s is intended", s)
		}
		all[n] = c
	}
	return all, nil
}

// Living are the certificates of a profile that a person has: the valid one, the one that is about to be issued, or both when that
// one will take the place of the other. The valid one comes first. What cannot be read of a row is left out (ToEnd).
func (tx *Tx) Living(ctx context.Context, holder resident.RecordCode, p cert.Profile) ([]Certificate, error) {
	return sqlstore.List(ctx, tx.Tx, scanToEnd, certificateColumns+`WHERE holder = $1 AND profile = $2 AND state IN ('intended', 'valid')
		ORDER BY state DESC`, holder.Reveal(), p.String())
}

// Known tells whether anything is known of an application's number, of its key, or of its holder's certificates of the profile; and
// whether there is a partition for the certificate. It is one statement where nothing is known, as of most applications.
func (tx *Tx) Known(ctx context.Context, c Certificate) (known, partition bool, err error) {
	var n, m int64
	err = tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM certificate WHERE requester = $1 AND request = $2)
		+ (SELECT COUNT(*) FROM certificate WHERE key_hash = $3) + (SELECT COUNT(*) FROM responder WHERE key_hash = $3)
		+ (SELECT COUNT(*) FROM stale WHERE holder = $4 AND profile = $5)
		+ (SELECT COUNT(*) FROM certificate WHERE holder = $4 AND profile = $5 AND state IN ('intended', 'valid')),
		(SELECT COUNT(*) FROM crl WHERE issuer = $6 AND municipality = $7)`,
		string(c.Requester), c.Request, c.KeyHash, c.Holder.Reveal(), c.Profile.String(), c.Issuer, c.Municipality.String()).Scan(&n, &m)
	return n > 0, m > 0, err
}

// Requested is what became of an application.
func (tx *Tx) Requested(ctx context.Context, by message.Org, request string) (Certificate, bool, error) {
	return tx.one(ctx, `WHERE requester = $1 AND request = $2`, string(by), request)
}

// KeyUsed reports whether a key was ever certified, as a person's or as a responder's.
func (tx *Tx) KeyUsed(ctx context.Context, hash []byte) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT (SELECT COUNT(*) FROM certificate WHERE key_hash = $1) + (SELECT COUNT(*) FROM responder WHERE key_hash = $1)`,
		hash).Scan(&n)
	return n > 0, err
}

// KeyHeld reports whether a key was ever certified as a person's.
func (tx *Tx) KeyHeld(ctx context.Context, hash []byte) (bool, error) {
	var n int64
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE key_hash = $1`, hash).Scan(&n)
	return n > 0, err
}

func (tx *Tx) one(ctx context.Context, where string, args ...any) (Certificate, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanCertificate, certificateColumns+where, args...)
	if err != nil || len(found) == 0 {
		return Certificate{}, false, err
	}
	return found[0], true, nil
}

// Page lists certificates of a municipality, or of all ("" ), in the order of their serials, after one (nil: from the
// start).
func (tx *Tx) Page(ctx context.Context, municipality string, after []byte, limit int) ([]Certificate, error) {
	if after == nil {
		after = []byte{}
	}
	where := []string{"serial > $1"}
	args := []any{after, limit}
	if municipality != "" {
		where, args = append(where, "municipality = $3"), append(args, municipality)
	}
	return sqlstore.List(ctx, tx.Tx, scanCertificate, certificateColumns+"WHERE "+strings.Join(where, " AND ")+" ORDER BY serial LIMIT $2", args...)
}

// certificateRow is a row before what stands in it was checked.
type certificateRow struct {
	serial, keyHash, der                                               []byte
	profile, issuer, holder, municipality, request, reason, since, why string
	requester, revokedBy                                               message.Org
	version                                                            int64
	notBefore, notAfter, intendedAt, issuedAt, revokedAt               time.Time
	state                                                              State
	replaces                                                           []byte
	replacesUntil                                                      time.Time
}

func scanCertificate(r *sqlstore.Rows, c *Certificate) error {
	w, err := scanRow(r)
	if err != nil {
		return err
	}
	*c, err = w.read()
	return err
}

func scanRow(r *sqlstore.Rows) (w certificateRow, err error) {
	err = r.Scan(&w.serial, &w.profile, &w.issuer, &w.holder, &w.version, &w.municipality, &w.requester, &w.request, &w.keyHash,
		sqlstore.Time(&w.notBefore), sqlstore.Time(&w.notAfter), &w.state, sqlstore.Time(&w.intendedAt), sqlstore.Time(&w.issuedAt),
		&w.der, sqlstore.Time(&w.revokedAt), &w.reason, &w.since, &w.why, &w.revokedBy, &w.replaces, sqlstore.Time(&w.replacesUntil))
	return w, err
}

func (w certificateRow) read() (Certificate, error) {
	c := Certificate{Issuer: w.issuer, Version: resident.Version(w.version), Requester: w.requester, Request: w.request, KeyHash: w.keyHash,
		NotBefore: w.notBefore, NotAfter: w.notAfter, State: w.state, IntendedAt: w.intendedAt, IssuedAt: w.issuedAt, DER: w.der,
		Revocation: Revocation{At: w.revokedAt, By: w.revokedBy}}
	var errs [8]error
	c.Serial, errs[0] = cert.SerialFromBytes(w.serial)
	c.Profile, errs[1] = cert.ParseProfile(w.profile)
	c.Holder, errs[2] = resident.ParseRecordCode("holder", w.holder)
	c.Municipality, errs[3] = resident.ParseMunicipalityCode("municipality", w.municipality)
	if w.reason != "" {
		c.Reason, errs[4] = cert.ParseReason(w.reason)
		c.Since, errs[5] = resident.ParseDate("since", w.since)
	}
	if w.why != "" {
		c.Why, errs[6] = resident.ParseChangeReason("why", w.why)
	}
	if len(w.replaces) > 0 {
		c.Replaced.Until = w.replacesUntil
		c.Replaced.Serial, errs[7] = cert.SerialFromBytes(w.replaces)
	}
	if err := errors.Join(errs[:]...); err != nil {
		return c, fmt.Errorf("a stored certificate cannot be read: %w", err)
	}
	return c, nil
}

// markStale remembers that certificates of a holder for versions before one are untrue, for an application that is still
// under way.
func (tx *Tx) markStale(ctx context.Context, holder resident.RecordCode, p cert.Profile, before resident.Version) error {
	_, err := tx.Exec(ctx, `INSERT INTO stale(holder, profile, version) VALUES ($1, $2, $3)
		ON CONFLICT (holder, profile) DO UPDATE SET version = excluded.version WHERE stale.version < excluded.version`,
		holder.Reveal(), p.String(), int64(before))
	return err
}

// StaleBefore is the version before which certificates of a holder are untrue; 0 when nothing is known.
func (tx *Tx) StaleBefore(ctx context.Context, holder resident.RecordCode, p cert.Profile) (resident.Version, error) {
	var v int64
	err := tx.QueryRow(ctx, `SELECT version FROM stale WHERE holder = $1 AND profile = $2`, holder.Reveal(), p.String()).Scan(&v)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	return resident.Version(v), err
}
