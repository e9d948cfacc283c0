package store

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// The states of an application.
const (
	Checking  = "checking"  // another person is to check who the applicant is; the CA knows nothing of it
	Requested = "requested" // the CA has not answered
	Issued    = "issued"
	Refused   = "refused"
)

// Application is a resident's application for a certificate, and what became of it.
type Application struct {
	Request   string
	Person    Person
	Code      resident.RecordCode // at the time of the application
	Version   resident.Version    // the state to be certified
	Profile   cert.Profile
	PublicKey []byte // SubjectPublicKeyInfo, DER
	MadeHere  bool   // the key was made at the counter
	AppliedAt time.Time
	AppliedBy string
	Trace     string

	State       string
	Serial      cert.Serial // when issued
	Certificate []byte      // DER, when issued
	NotAfter    time.Time   // when issued
	Why         string      // when refused
	Reason      plain.Sentence
	DecidedAt   time.Time

	Held    Held           // what stood in the way; the zero value: nothing
	Finding string         // Agrees or Disagrees about it
	Found   plain.Sentence // in words

	RevokeReason cert.RevocationReason // what the holder asked for; zero: nothing
	RevokeGround cert.Ground           // empty: nothing, or it was not asked for the ground then
	RevokeAt     time.Time
}

// Held is a certificate that the CA holds for valid.
type Held struct {
	Serial  cert.Serial
	Version resident.Version
	Until   time.Time
}

// What the register says of a certificate that the CA holds for valid.
const (
	Agrees    = "agrees"
	Disagrees = "disagrees"
)

// LogValue names the request only.
func (a Application) LogValue() slog.Value { return slog.StringValue(a.Request) }

const applicationColumns = `request, person, code, version, profile, public_key, made_here, applied_at, applied_by, trace, state, serial,
	certificate, not_after, why, reason_ja, reason_en, decided_at, revoke_reason, revoke_at,
	held, held_version, held_until, finding, found_ja, found_en, ground`

// Apply writes an application down.
func (tx *Tx) Apply(a Application) {
	tx.Collect("application", applicationColumns, a.Request, int64(a.Person), a.Code.Reveal(), int64(a.Version), a.Profile.String(),
		notNil(a.PublicKey), a.MadeHere, a.AppliedAt, a.AppliedBy, a.Trace, cmp.Or(a.State, Requested), []byte{}, []byte{}, int64(0), "", "", "", int64(0), "", int64(0),
		[]byte{}, int64(0), int64(0), "", "", "", "")
}

// SendOn writes down that an application that was being checked has gone to the CA, for a state and a key.
func (tx *Tx) SendOn(ctx context.Context, a Application) error {
	_, err := tx.Exec(ctx, `UPDATE application SET state = $2, version = $3, public_key = $4, made_here = $5, trace = $6 WHERE request = $1`,
		a.Request, a.State, int64(a.Version), a.PublicKey, a.MadeHere, a.Trace)
	return err
}

// Decide writes down what the CA answered, or why the CA was not asked.
func (tx *Tx) Decide(ctx context.Context, a Application) error {
	_, err := tx.Exec(ctx, `UPDATE application SET state = $2, serial = $3, certificate = $4, not_after = $5, why = $6, reason_ja = $7,
		reason_en = $8, decided_at = $9, held = $10, held_version = $11, held_until = $12, finding = $13, found_ja = $14, found_en = $15
		WHERE request = $1`, a.Request, a.State, a.Serial.Bytes(), notNil(a.Certificate), sqlstore.MicrosOrNone(a.NotAfter), a.Why,
		a.Reason.JA, a.Reason.EN, tx.Now(), a.Held.Serial.Bytes(), int64(a.Held.Version), sqlstore.MicrosOrNone(a.Held.Until), a.Finding, a.Found.JA, a.Found.EN)
	return err
}

// AskRevocation writes down that the holder asked to have the certificate revoked.
func (tx *Tx) AskRevocation(ctx context.Context, request string, why cert.Ground) error {
	_, err := tx.Exec(ctx, `UPDATE application SET revoke_reason = $2, revoke_at = $3, ground = $4 WHERE request = $1`, request, why.Reason().String(),
		tx.Now(), string(why))
	return err
}

// Application finds an application; false when there is none.
func (tx *Tx) Application(ctx context.Context, request string) (a Application, found bool, err error) {
	err = scanApplication(tx.QueryRow(ctx, `SELECT `+applicationColumns+` FROM application WHERE request = $1`, request), &a)
	if errors.Is(err, sql.ErrNoRows) {
		return Application{}, false, nil
	}
	return a, err == nil, err
}

// Applications are those of a person, the newest first, at most 100.
func (tx *Tx) Applications(ctx context.Context, p Person) ([]Application, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, a *Application) error { return scanApplication(r, a) },
		`SELECT `+applicationColumns+` FROM application WHERE person = $1 ORDER BY applied_at DESC, request DESC LIMIT 100`, int64(p))
}

// EndedBy are a person's signature certificates that a version of the record ends, and no version before it has ended.
func (tx *Tx) EndedBy(ctx context.Context, v Version) ([]Application, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, a *Application) error { return scanApplication(r, a) },
		`SELECT `+applicationColumns+` FROM application AS a WHERE a.person = $1 AND a.profile = $2 AND a.state = $3 AND a.not_after > $4 AND a.version < $5
		AND NOT EXISTS (SELECT 1 FROM record_version AS k WHERE k.person = a.person AND k.version > a.version AND k.version < $6 AND `+killedSignature+`)
		ORDER BY a.request`, int64(v.Person), cert.Signature.String(), Issued, tx.Now(), int64(v.Number), int64(v.Number))
}

// EndedSince tells whether a version after the one that was to be certified has ended the certificate, and under which
// trace the first of them is followed.
func (tx *Tx) EndedSince(ctx context.Context, a Application) (trace string, ended bool, err error) {
	err = tx.QueryRow(ctx, `SELECT k.trace FROM record_version AS k WHERE k.person = $1 AND k.version > $2 AND `+killedSignature+`
		ORDER BY k.version LIMIT 1`, int64(a.Person), int64(a.Version)).Scan(&trace)
	if errors.Is(err, sql.ErrNoRows) {
		return "", false, nil
	}
	return trace, err == nil, err
}

// killedSignature asks for the lowest bit of the version k's kills.
const killedSignature = `k.kills % 2 = 1`

func scanApplication(row scanner, a *Application) error {
	var code, profile, reason string
	var version, notAfter, decided, revoke, heldVersion, heldUntil int64
	var serial, held []byte
	if err := row.Scan(&a.Request, &a.Person, &code, &version, &profile, &a.PublicKey, &a.MadeHere, sqlstore.Time(&a.AppliedAt), &a.AppliedBy,
		&a.Trace, &a.State, &serial, &a.Certificate, &notAfter, &a.Why, &a.Reason.JA, &a.Reason.EN, &decided, &reason, &revoke,
		&held, &heldVersion, &heldUntil, &a.Finding, &a.Found.JA, &a.Found.EN, &a.RevokeGround); err != nil {
		return err
	}
	a.Version, a.NotAfter, a.DecidedAt, a.RevokeAt = resident.Version(version), sqlstore.FromMicrosOrNone(notAfter), sqlstore.FromMicrosOrNone(decided), sqlstore.FromMicrosOrNone(revoke)
	a.Held.Version, a.Held.Until = resident.Version(heldVersion), sqlstore.FromMicrosOrNone(heldUntil)
	var err error
	if len(held) > 0 {
		if a.Held.Serial, err = cert.SerialFromBytes(held); err != nil {
			return err
		}
	}
	if a.Code, err = resident.ParseRecordCode("stored", code); err != nil {
		return err
	}
	if a.Profile, err = cert.ParseProfile(profile); err != nil {
		return err
	}
	if len(serial) > 0 {
		if a.Serial, err = cert.SerialFromBytes(serial); err != nil {
			return err
		}
	}
	if reason != "" {
		a.RevokeReason, err = cert.ParseReason(reason)
	}
	return err
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
