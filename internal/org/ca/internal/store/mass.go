package store

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
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

	place, hash []byte
}

const massColumns = `id, state, municipality, profile, issuer, issued_from, issued_until, listed, ground, why, proposed_by, proposed_at, place, hash,
	digest, size, holders, left_out, confirmed_by, confirmed_at, stopped_by, revoked, ended_before, failed, ended_at, trace`

// PutMass writes one down that is to be counted, with the serials that were named, and gives its number.
func (tx *Tx) PutMass(ctx context.Context, m Mass, serials []cert.Serial) (id int64, err error) {
	if err := tx.QueryRow(ctx, `SELECT COALESCE(MAX(id), 0) + 1 FROM mass`).Scan(&id); err != nil {
		return 0, err
	}
	municipality, profile := "", ""
	if m.Municipality.Valid() {
		municipality = m.Municipality.String()
	}
	if m.Profile.Valid() {
		profile = m.Profile.String()
	}
	tx.Collect("mass", massColumns, id, string(MassCounting), municipality, profile, m.Issuer, micros(m.From), micros(m.Until), int64(len(serials)),
		string(m.Ground), m.Why, m.ProposedBy, tx.Now(), []byte{}, []byte{}, "", int64(0), int64(0), int64(0), "", int64(0), "", int64(0), int64(0),
		int64(0), int64(0), m.Trace)
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
	var municipality, profile string
	var from, until, confirmed, ended int64
	if err := r.Scan(&m.ID, &m.State, &municipality, &profile, &m.Issuer, &from, &until, &m.Listed, &m.Ground, &m.Why, &m.ProposedBy,
		sqlstore.Time(&m.ProposedAt), &m.place, &m.hash, &m.Digest, &m.Size, &m.Holders, &m.LeftOut, &m.ConfirmedBy, &confirmed, &m.StoppedBy,
		&m.Revoked, &m.Before, &m.Failed, &ended, &m.Trace); err != nil {
		return err
	}
	m.From, m.Until, m.ConfirmedAt, m.EndedAt = instant(from), instant(until), instant(confirmed), instant(ended)
	if m.place == nil {
		m.place = []byte{} // nothing is larger than NULL
	}
	var errs [2]error
	if municipality != "" {
		m.Municipality, errs[0] = resident.ParseMunicipalityCode("municipality", municipality)
	}
	if profile != "" {
		m.Profile, errs[1] = cert.ParseProfile(profile)
	}
	return errors.Join(errs[:]...)
}

func instant(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return sqlstore.FromMicros(us)
}

// MassPage is what the next step of a count adds to its set.
type MassPage struct {
	Items   []MassItem
	Holders int64 // at the end
}

// MassItem is a certificate of a set.
type MassItem struct {
	Key                   []byte // of its row
	Municipality, Profile string // as the row says
	Outcome               string
	Reason                plain.Sentence // why it failed
	state                 State
}

// Serial is the row's key in hexadecimal, as the digest has it.
func (i MassItem) Serial() string { return strings.ToUpper(hex.EncodeToString(i.Key)) }

func scanChosen(r *sqlstore.Rows, i *MassItem) error {
	return r.Scan(&i.Key, &i.Municipality, &i.Profile, &i.state)
}

// Choose reads the next certificates that a count comes to, in the order of their rows' keys. It reads no more of a row than what it
// chooses by, so that nothing else in it can be in the way; what has ended or expired is left out.
func (tx *Tx) Choose(ctx context.Context, m Mass, limit int) (p MassPage, err error) {
	if m.Listed > 0 {
		p.Items, err = tx.chooseListed(ctx, m, limit)
	} else {
		where, args := []string{"serial > $1", "state NOT IN ('revoked', 'expired')", "(not_after > $2 OR not_after <= not_before)"}, []any{m.place, tx.Now()}
		add := func(condition string, v any) {
			args = append(args, v)
			where = append(where, fmt.Sprintf(condition, len(args)))
		}
		if m.Municipality.Valid() {
			add("municipality = $%d", m.Municipality.String())
		}
		if m.Profile.Valid() {
			add("profile = $%d", m.Profile.String())
		}
		if m.Issuer != "" {
			add("issuer = $%d", m.Issuer)
		}
		if !m.From.IsZero() {
			add("intended_at >= $%d", m.From)
		}
		// What is issued after the count began is not in the set: the two officers would never see the same.
		add("intended_at < $%d", cert.Earlier(m.Until, m.ProposedAt))
		args = append(args, limit)
		p.Items, err = sqlstore.List(ctx, tx.Tx, scanChosen, `SELECT serial, municipality, profile, state FROM certificate WHERE `+strings.Join(where, " AND ")+
			fmt.Sprintf(" ORDER BY serial LIMIT $%d", len(args)), args...)
	}
	if err != nil {
		return p, fmt.Errorf("couldn't choose certificates: %w", err)
	}
	if len(p.Items) == 0 {
		err = tx.QueryRow(ctx, `SELECT COUNT(DISTINCT c.holder) FROM mass_item AS i JOIN certificate AS c ON c.serial = i.serial
			WHERE i.mass = $1 AND i.outcome = ''`, m.ID).Scan(&p.Holders)
	}
	return p, err
}

// chooseListed looks the next serials up that were named.
func (tx *Tx) chooseListed(ctx context.Context, m Mass, limit int) ([]MassItem, error) {
	items, err := sqlstore.List(ctx, tx.Tx, func(r *sqlstore.Rows, i *MassItem) error { return r.Scan(&i.Key) },
		`SELECT serial FROM mass_item WHERE mass = $1 AND serial > $2 AND outcome = 'listed' ORDER BY serial LIMIT $3`, m.ID, m.place, limit)
	if err != nil {
		return nil, err
	}
	at := map[string]int{}
	var keys [][]byte
	for n := range items {
		items[n].Outcome = "unknown"
		at[string(items[n].Key)] = n
		keys = append(keys, items[n].Key)
	}
	err = sqlstore.InParts(tx.Tx, 1, keys, func(marks string, part []any) error {
		found, err := sqlstore.List(ctx, tx.Tx, scanChosen, `SELECT serial, municipality, profile, state FROM certificate WHERE serial IN (`+marks+`)`, part...)
		for _, f := range found {
			if f.state == Revoked || f.state == Expired {
				f.Outcome = "over"
			}
			items[at[string(f.Key)]] = f
		}
		return err
	})
	return items, err
}

// AddToMass puts a page into the set, and reports whether the set is then complete and frozen. It is false too when somebody else was
// faster or has dropped it.
func (tx *Tx) AddToMass(ctx context.Context, m Mass, p MassPage) (frozen bool, err error) {
	digest := sha256.New()
	if len(m.hash) > 0 {
		if err := digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(m.hash); err != nil {
			return false, fmt.Errorf("the count cannot go on: %w", err)
		}
	}
	var size, out int64
	place := m.place
	for _, i := range p.Items {
		place = i.Key
		switch {
		case i.Outcome == "":
			size++
			fmt.Fprintln(digest, i.Serial())
		default:
			out++
		}
		if m.Listed == 0 {
			tx.Collect("mass_item", massItemColumns, m.ID, i.Key, i.Municipality, i.Profile, "", "", "")
		} else if _, err := tx.Exec(ctx, `UPDATE mass_item SET municipality = $3, profile = $4, outcome = $5 WHERE mass = $1 AND serial = $2`,
			m.ID, i.Key, i.Municipality, i.Profile, i.Outcome); err != nil {
			return false, err
		}
	}
	if len(p.Items) == 0 {
		_, err := tx.Exec(ctx, `UPDATE mass SET state = 'frozen', digest = $2, holders = $3 WHERE id = $1 AND state = 'counting'`,
			m.ID, hex.EncodeToString(digest.Sum(nil)), p.Holders)
		return true, err
	}
	hash, err := digest.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(ctx, `UPDATE mass SET place = $2, hash = $3, size = size + $4, left_out = left_out + $5 WHERE id = $1 AND state = 'counting'`,
		m.ID, place, hash, size, out)
	return false, err
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

// MassLeft gives the next certificates of a set that nothing was done about.
func (tx *Tx) MassLeft(ctx context.Context, id int64, limit int) ([]MassItem, error) {
	return sqlstore.List(ctx, tx.Tx, scanMassItem, `SELECT serial, municipality, profile, outcome, reason_ja, reason_en FROM mass_item
		WHERE mass = $1 AND outcome = '' ORDER BY serial LIMIT $2`, id, limit)
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
