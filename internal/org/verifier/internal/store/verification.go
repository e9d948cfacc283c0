package store

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/verify"
)

// Way is how a signature came in.
type Way string

// The ways.
const (
	Page Way = "page"
	API  Way = "api"
)

// Verification is what is kept of one check.
type Verification struct {
	ID            int64 // given by Keep
	At            time.Time
	Way           Way
	ContentHash   []byte       // nil when the content was not found
	SignatureHash []byte       // SHA-256, as the one above
	Serial        cert.Serial  // zero when no CA of ours issued the certificate
	Profile       cert.Profile // zero then too
	Verdict       verify.Verdict
	Reason        verify.Sentence
	RevokedAt     time.Time
	Revocation    cert.RevocationReason
	Asked         string // address that was asked; "" when nothing was
	Responder     string // who signed the answer
	ThisUpdate    time.Time
	NextUpdate    time.Time
	Answer        []byte // the signed answer, DER; nil when there was none to believe
}

// Keep writes a check down.
func (tx *Tx) Keep(v Verification) {
	tx.Collect("verification", `id, at, way, content_hash, signature_hash, serial, profile, verdict, reason_ja, reason_en,
		revoked_at, revocation, asked, responder, this_update, next_update, answer`,
		tx.Serial(), v.At, string(v.Way), octets(v.ContentHash), octets(v.SignatureHash), v.Serial.Bytes(), word(v.Profile.Valid(), v.Profile),
		v.Verdict.String(), v.Reason.JA, v.Reason.EN, v.RevokedAt, word(v.Revocation.Valid(), v.Revocation), v.Asked, v.Responder,
		v.ThisUpdate, v.NextUpdate, octets(v.Answer))
}

// octets are never NULL.
func octets(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}

func word(there bool, s fmt.Stringer) string {
	if !there {
		return ""
	}
	return s.String()
}

// Filter says which checks are wanted. Empty fields do not restrict.
type Filter struct {
	Verdict verify.Verdict
	Serial  cert.Serial
	Content []byte   // SHA-256
	Before  Position // older than this: the last of the page before
}

// Position is the place of a check in the list.
type Position struct {
	At time.Time
	ID int64
}

const columns = `SELECT id, at, way, content_hash, signature_hash, serial, profile, verdict, reason_ja, reason_en,
	revoked_at, revocation, asked, responder, this_update, next_update, `

// Verifications lists checks, the newest first, without the answers' octets.
func (tx *Tx) Verifications(ctx context.Context, f Filter, limit int) ([]Verification, error) {
	where := "1 = 1"
	var args []any
	and := func(condition string, values ...any) {
		var marks []any
		for _, v := range values {
			args = append(args, v)
			marks = append(marks, len(args))
		}
		where += " AND " + fmt.Sprintf(condition, marks...)
	}
	if f.Verdict != 0 {
		and("verdict = $%d", f.Verdict.String())
	}
	if !f.Serial.IsZero() {
		and("serial = $%d", f.Serial.Bytes())
	}
	if f.Content != nil {
		and("content_hash = $%d", f.Content)
	}
	if !f.Before.At.IsZero() {
		and("(at, id) < ($%d, $%d)", f.Before.At, f.Before.ID)
	}
	args = append(args, limit)
	return sqlstore.List(ctx, tx.Tx, scan, columns+`'' FROM verification WHERE `+where+fmt.Sprintf(" ORDER BY at DESC, id DESC LIMIT $%d", len(args)), args...)
}

// Verification finds one check.
func (tx *Tx) Verification(ctx context.Context, id int64) (Verification, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scan, columns+`answer FROM verification WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return Verification{}, false, err
	}
	return found[0], true, nil
}

func scan(r *sqlstore.Rows, v *Verification) error {
	var serial []byte
	var way, profile, verdict, revocation string
	err := r.Scan(&v.ID, sqlstore.Time(&v.At), &way, &v.ContentHash, &v.SignatureHash, &serial, &profile, &verdict, &v.Reason.JA, &v.Reason.EN,
		sqlstore.Time(&v.RevokedAt), &revocation, &v.Asked, &v.Responder, sqlstore.Time(&v.ThisUpdate), sqlstore.Time(&v.NextUpdate), &v.Answer)
	if err != nil {
		return err
	}
	v.Way = Way(way)
	if v.Verdict, err = ParseVerdict(verdict); err != nil {
		return err
	}
	for _, b := range []*[]byte{&v.ContentHash, &v.Answer} {
		if len(*b) == 0 {
			*b = nil
		}
	}
	if len(serial) > 0 {
		if v.Serial, err = cert.SerialFromBytes(serial); err != nil {
			return err
		}
	}
	if profile != "" {
		if v.Profile, err = cert.ParseProfile(profile); err != nil {
			return err
		}
	}
	if revocation != "" {
		v.Revocation, err = cert.ParseReason(revocation)
	}
	return err
}

// ParseVerdict reads what Verdict.String gives.
func ParseVerdict(word string) (verify.Verdict, error) {
	for v := verify.Valid; v <= verify.Indeterminate; v++ {
		if v.String() == word {
			return v, nil
		}
	}
	return 0, fmt.Errorf("%q is no verdict", word)
}

// Counts counts the checks by verdict.
func (tx *Tx) Counts(ctx context.Context) (map[verify.Verdict]int64, error) {
	type line struct {
		verdict verify.Verdict
		n       int64
	}
	lines, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, l *line) (err error) {
		var word string
		if err := r.Scan(&word, &l.n); err != nil {
			return err
		}
		l.verdict, err = ParseVerdict(word)
		return err
	}, `SELECT verdict, COUNT(*) FROM verification GROUP BY verdict`)
	counts := map[verify.Verdict]int64{}
	for _, l := range lines {
		counts[l.verdict] = l.n
	}
	return counts, err
}
