package store

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// MassState is where a revocation of many stands.
type MassState string

// The states.
const (
	MassCounting MassState = "counting" // the dry run is under way
	MassFrozen   MassState = "frozen"   // the set is fixed, and waits for the second officer
	MassRunning  MassState = "running"
	MassPaused   MassState = "paused"
	MassDone     MassState = "done"
	MassDropped  MassState = "dropped"
)

// Criterion chooses certificates: all that meet every part of it that is given, or the listed ones.
type Criterion struct {
	Municipality resident.MunicipalityCode
	Profile      cert.Profile
	Issuer       string    // hex of the CA's key identifier
	From, Until  time.Time // written down in [From, Until)
	Listed       int64     // so many serials were named instead
}

// Mass is a revocation of many.
type Mass struct {
	ID    int64
	State MassState
	Criterion
	Ground      cert.Ground
	Since       resident.Date // the day on which it arose
	Why         string
	ProposedBy  string
	ProposedAt  time.Time
	Digest      string
	Size        int64
	Holders     int64
	LeftOut     int64
	ConfirmedBy string
	ConfirmedAt time.Time
	StoppedBy   string
	Revoked     int64
	Before      int64
	Failed      int64
	EndedAt     time.Time
	Trace       string
	Cut         time.Time // what was issued before it is in the set; zero while the count has not come so far

	step        massStep
	place, hash []byte
}

const massColumns = `id, state, municipality, profile, issuer, issued_from, issued_until, listed, ground, why, proposed_by, proposed_at, place, hash,
	digest, size, holders, left_out, confirmed_by, confirmed_at, stopped_by, revoked, ended_before, failed, ended_at, trace, since, step, cut_at`

// PutMass writes one down that is to be counted, with the serials that were named, and gives its number.
func (tx *Tx) PutMass(ctx context.Context, m Mass, serials []cert.Serial) (id int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) + 1 FROM mass`).Scan(&id); err != nil {
		return 0, err
	}
	municipality, profile, since := "", "", ""
	if m.Since.Valid() {
		since = m.Since.String()
	}
	if m.Municipality.Valid() {
		municipality = m.Municipality.String()
	}
	if m.Profile.Valid() {
		profile = m.Profile.String()
	}
	tx.Collect("mass", massColumns, id, string(MassCounting), municipality, profile, m.Issuer, sqlstore.MicrosOrNone(m.From), sqlstore.MicrosOrNone(m.Until), int64(len(serials)),
		string(m.Ground), m.Why, m.ProposedBy, tx.Now(), []byte{}, []byte{}, "", int64(0), int64(0), int64(0), "", int64(0), "", int64(0), int64(0),
		int64(0), int64(0), m.Trace, since, string(stepChoose), int64(0))
	for _, s := range serials {
		tx.Collect("mass_item", massItemColumns, id, s.Bytes(), "", "", "listed", "", "")
	}
	return id, tx.Flush(ctx)
}

const massItemColumns = `mass, serial, municipality, profile, outcome, reason_ja, reason_en`

// Mass finds one.
func (tx *Tx) Mass(ctx context.Context, id int64) (Mass, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanMass, `SELECT `+massColumns+` FROM mass WHERE id = $1`, id)
	if err != nil || len(found) == 0 {
		return Mass{}, false, err
	}
	return found[0], true, nil
}

// Masses lists the newest.
func (tx *Tx) Masses(ctx context.Context, limit int) ([]Mass, error) {
	return sqlstore.List(ctx, tx.Tx, scanMass, `SELECT `+massColumns+` FROM mass ORDER BY id DESC LIMIT $1`, limit)
}

// OpenMasses lists those that have not ended, the newest first: they wait for an officer, or are worked off.
func (tx *Tx) OpenMasses(ctx context.Context, limit int) ([]Mass, error) {
	return sqlstore.List(ctx, tx.Tx, scanMass, `SELECT `+massColumns+` FROM mass WHERE state NOT IN ('done', 'dropped') ORDER BY id DESC LIMIT $1`, limit)
}

func scanMass(r *sqlstore.Rows, m *Mass) error {
	var municipality, profile, since string
	var from, until, confirmed, ended, cut int64
	if err := r.Scan(&m.ID, &m.State, &municipality, &profile, &m.Issuer, &from, &until, &m.Listed, &m.Ground, &m.Why, &m.ProposedBy,
		sqlstore.Time(&m.ProposedAt), &m.place, &m.hash, &m.Digest, &m.Size, &m.Holders, &m.LeftOut, &m.ConfirmedBy, &confirmed, &m.StoppedBy,
		&m.Revoked, &m.Before, &m.Failed, &ended, &m.Trace, &since, &m.step, &cut); err != nil {
		return err
	}
	m.From, m.Until, m.ConfirmedAt, m.EndedAt, m.Cut = sqlstore.FromMicrosOrNone(from), sqlstore.FromMicrosOrNone(until), sqlstore.FromMicrosOrNone(confirmed), sqlstore.FromMicrosOrNone(ended), sqlstore.FromMicrosOrNone(cut)
	m.Since = resident.DateOf(m.ProposedAt) // of those that were proposed before the day was asked for
	if m.place == nil {
		m.place = []byte{} // nothing is larger than NULL
	}
	var errs [3]error
	if since != "" {
		m.Since, errs[2] = resident.ParseDate("since", since)
	}
	if municipality != "" {
		m.Municipality, errs[0] = resident.ParseMunicipalityCode("municipality", municipality)
	}
	if profile != "" {
		m.Profile, errs[1] = cert.ParseProfile(profile)
	}
	return errors.Join(errs[:]...)
}

// MassSerials gives the next certificates of a set, in the order of its digest.
func (tx *Tx) MassSerials(ctx context.Context, id int64, after []byte, limit int) ([]MassItem, error) {
	if after == nil {
		after = []byte{}
	}
	return sqlstore.List(ctx, tx.Tx, scanMassItem, `SELECT serial, municipality, profile, outcome, reason_ja, reason_en FROM mass_item
		WHERE mass = $1 AND serial > $2 AND outcome NOT IN ('listed', 'unknown', 'over') ORDER BY serial LIMIT $3`, id, after, limit)
}

func scanMassItem(r *sqlstore.Rows, i *MassItem) error {
	return r.Scan(&i.Key, &i.Municipality, &i.Profile, &i.Outcome, &i.Reason.JA, &i.Reason.EN)
}

// MassAside lists what was named and is not in the set, and what could not be ended, after a key (nil: from the start).
func (tx *Tx) MassAside(ctx context.Context, id int64, after []byte, limit int) ([]MassItem, error) {
	if after == nil {
		after = []byte{}
	}
	return sqlstore.List(ctx, tx.Tx, scanMassItem, `SELECT serial, municipality, profile, outcome, reason_ja, reason_en FROM mass_item
		WHERE mass = $1 AND outcome IN ('unknown', 'over', 'failed') AND serial > $2 ORDER BY serial LIMIT $3`, id, after, limit)
}

// MassDigest makes the digest of a set from its rows, and counts those that live.
func (tx *Tx) MassDigest(ctx context.Context, id int64) (digest string, alive int64, err error) {
	const page = 5000
	sum := sha256.New()
	for after, n := []byte(nil), page; n == page; {
		items, err := tx.MassSerials(ctx, id, after, page)
		if err != nil {
			return "", 0, err
		}
		for _, i := range items {
			fmt.Fprintln(sum, i.Serial())
			after = i.Key
		}
		n = len(items)
	}
	alive, err = tx.MassAlive(ctx, id)
	return hex.EncodeToString(sum.Sum(nil)), alive, err
}

// MassAlive counts the certificates of a set that have not ended.
func (tx *Tx) MassAlive(ctx context.Context, id int64) (n int64, err error) {
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM mass_item AS i JOIN certificate AS c ON c.serial = i.serial
		WHERE i.mass = $1 AND i.outcome = '' AND c.state NOT IN ('revoked', 'expired')`, id).Scan(&n)
	return n, err
}

// MassPart is how many certificates of a set are of one municipality and profile.
type MassPart struct {
	Municipality, Profile string // as the rows say
	N, Revoked            int64
}

// MassParts divides a set.
func (tx *Tx) MassParts(ctx context.Context, id int64) ([]MassPart, error) {
	return sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, p *MassPart) error {
		return r.Scan(&p.Municipality, &p.Profile, &p.N, &p.Revoked)
	},
		`SELECT municipality, profile, COUNT(*), COUNT(*) FILTER (WHERE outcome = 'revoked') FROM mass_item
		WHERE mass = $1 AND outcome NOT IN ('listed', 'unknown', 'over') GROUP BY municipality, profile ORDER BY municipality, profile DESC`, id)
}

// ConfirmMass starts one as the second officer has seen it, when it is still so.
func (tx *Tx) ConfirmMass(ctx context.Context, id int64, by, digest string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE mass SET state = 'running', confirmed_by = $2, confirmed_at = $3 WHERE id = $1 AND state = 'frozen' AND digest = $4`,
		id, by, tx.Now(), digest)
	return n == 1, err
}

// MoveMass takes one from a state to another, by a person, when it is in that state.
func (tx *Tx) MoveMass(ctx context.Context, id int64, from, to MassState, by string) (bool, error) {
	n, err := tx.Exec(ctx, `UPDATE mass SET state = $3, stopped_by = $4 WHERE id = $1 AND state = $2`, id, string(from), string(to), by)
	return n == 1, err
}

// MassLeft gives the next certificates of a set that nothing was done about, after a key (nil: from the start).
func (tx *Tx) MassLeft(ctx context.Context, id int64, after []byte, limit int) ([]MassItem, error) {
	if after == nil {
		after = []byte{}
	}
	return sqlstore.List(ctx, tx.Tx, scanMassItem, `SELECT serial, municipality, profile, outcome, reason_ja, reason_en FROM mass_item
		WHERE mass = $1 AND outcome = '' AND serial > $2 ORDER BY serial LIMIT $3`, id, after, limit)
}

// MassOutcome writes down what became of a certificate.
func (tx *Tx) MassOutcome(ctx context.Context, id int64, i MassItem) error {
	_, err := tx.Exec(ctx, `UPDATE mass_item SET outcome = $3, reason_ja = $4, reason_en = $5 WHERE mass = $1 AND serial = $2`,
		id, i.Key, i.Outcome, i.Reason.JA, i.Reason.EN)
	return err
}

// MassDone adds what a step has done; over: there is nothing left.
func (tx *Tx) MassDone(ctx context.Context, id, revoked, before, failed int64, over bool) error {
	_, err := tx.Exec(ctx, `UPDATE mass SET revoked = revoked + $2, ended_before = ended_before + $3, failed = failed + $4 WHERE id = $1`,
		id, revoked, before, failed)
	if err == nil && over {
		_, err = tx.Exec(ctx, `UPDATE mass SET state = 'done', ended_at = $2 WHERE id = $1 AND state = 'running'`, id, tx.Now())
	}
	return err
}
