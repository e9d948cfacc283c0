package store

import (
	"context"
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// massStep is what a count is at.
type massStep string

const (
	stepChoose massStep = "choose" // what meets the criterion, in the order of the rows' keys
	stepLate   massStep = "late"   // what was committed behind its back meanwhile
	stepDigest massStep = "digest" // of the set, in the order of its keys
)

// massMargin is how long before the proposal a transaction may have begun that is committed after it. No rule takes so long.
const massMargin = time.Minute

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

// Choose reads the next certificates that a count comes to. It reads no more of a row than what it chooses by, so that nothing
// else in it can be in the way; what has ended or expired is left out.
func (tx *Tx) Choose(ctx context.Context, m Mass, limit int) (p MassPage, err error) {
	switch {
	case m.step == stepDigest:
		if p.Items, err = tx.MassSerials(ctx, m.ID, m.place, limit); err == nil && len(p.Items) == 0 {
			err = tx.QueryRow(ctx, `SELECT COUNT(DISTINCT c.holder) FROM mass_item AS i JOIN certificate AS c ON c.serial = i.serial
				WHERE i.mass = $1 AND i.outcome = ''`, m.ID).Scan(&p.Holders)
		}
	case m.Listed > 0:
		p.Items, err = tx.chooseListed(ctx, m, limit)
	case m.step == stepLate:
		// In the set is what was issued until the cut. On PostgreSQL a transaction that began before the count came by may have been
		// committed after it: its serial is behind, where the count does not look again.
		where := chosenBy(m, []any{m.ID, m.ProposedAt.Add(-massMargin), cert.Earlier(m.Until, m.Cut)}, tx.Now())
		p.Items, err = where.list(ctx, tx, `intended_at >= $2 AND intended_at < $3 AND
			NOT EXISTS (SELECT 1 FROM mass_item AS i WHERE i.mass = $1 AND i.serial = certificate.serial)`, "intended_at", limit)
	default:
		where := chosenBy(m, []any{m.place}, tx.Now())
		if !m.Until.IsZero() {
			where.add("intended_at < $%d", m.Until)
		}
		p.Items, err = where.list(ctx, tx, `serial > $1`, "serial", limit)
	}
	if err != nil {
		return p, fmt.Errorf("couldn't choose certificates: %w", err)
	}
	return p, nil
}

// IssuedSince counts the certificates that meet a criterion and were written down after its cut: they are not in the set.
func (tx *Tx) IssuedSince(ctx context.Context, m Mass) (n int64, err error) {
	if m.Cut.IsZero() {
		return 0, nil
	}
	where := chosenBy(m, []any{m.Cut}, tx.Now())
	if !m.Until.IsZero() {
		where.add("intended_at < $%d", m.Until)
	}
	err = tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE intended_at >= $1 AND `+strings.Join(where.all, " AND "), where.args...).Scan(&n)
	return n, err
}

// clauses are the conditions of a query, with what stands for their marks.
type clauses struct {
	all  []string
	args []any
}

// chosenBy are the conditions of a criterion, but for the end of its time; args are those of the query before it.
func chosenBy(m Mass, args []any, now time.Time) *clauses {
	w := &clauses{all: []string{"state NOT IN ('revoked', 'expired')"}, args: args}
	w.add("(not_after > $%d OR not_after <= not_before)", now)
	if m.Municipality.Valid() {
		w.add("municipality = $%d", m.Municipality.String())
	}
	if m.Profile.Valid() {
		w.add("profile = $%d", m.Profile.String())
	}
	if m.Issuer != "" {
		w.add("issuer = $%d", m.Issuer)
	}
	if !m.From.IsZero() {
		w.add("intended_at >= $%d", m.From)
	}
	return w
}

func (w *clauses) add(condition string, v any) {
	w.args = append(w.args, v)
	w.all = append(w.all, fmt.Sprintf(condition, len(w.args)))
}

func (w *clauses) list(ctx context.Context, tx *Tx, first, order string, limit int) ([]MassItem, error) {
	w.args = append(w.args, limit)
	return sqlstore.List(ctx, tx.Tx, scanChosen, `SELECT serial, municipality, profile, state FROM certificate WHERE `+first+` AND `+
		strings.Join(w.all, " AND ")+fmt.Sprintf(" ORDER BY %s LIMIT $%d", order, len(w.args)), w.args...)
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

// Counted is how far a count has come with a page.
type Counted int

// What a page leads to.
const (
	CountOn      Counted = iota // to the next one
	CountSettles                // the cut is made: the next one when nothing is under way any more that began before it
	CountFrozen                 // the set is complete; or somebody has dropped it
)

// AddToMass puts a page into the set.
func (tx *Tx) AddToMass(ctx context.Context, m Mass, p MassPage) (Counted, error) {
	if len(p.Items) == 0 {
		return tx.nextStep(ctx, m, p)
	}
	if m.step == stepDigest {
		return CountOn, tx.addToDigest(ctx, m, p)
	}
	var size, out int64
	place := m.place
	for _, i := range p.Items {
		place = i.Key
		switch {
		case i.Outcome == "":
			size++
		default:
			out++
		}
		if m.Listed == 0 {
			tx.Collect("mass_item", massItemColumns, m.ID, i.Key, i.Municipality, i.Profile, "", "", "")
		} else if _, err := tx.Exec(ctx, `UPDATE mass_item SET municipality = $3, profile = $4, outcome = $5 WHERE mass = $1 AND serial = $2`,
			m.ID, i.Key, i.Municipality, i.Profile, i.Outcome); err != nil {
			return CountOn, err
		}
	}
	_, err := tx.Exec(ctx, `UPDATE mass SET place = $2, size = size + $3, left_out = left_out + $4 WHERE id = $1 AND state = 'counting'`,
		m.ID, place, size, out)
	return CountOn, err
}

// nextStep goes on when a step finds nothing more.
func (tx *Tx) nextStep(ctx context.Context, m Mass, p MassPage) (Counted, error) {
	next, cut, says := stepDigest, m.Cut, CountOn
	switch {
	case m.step == stepDigest:
		digest, err := digestAt(m.hash)
		if err != nil {
			return CountOn, err
		}
		_, err = tx.Exec(ctx, `UPDATE mass SET state = 'frozen', digest = $2, holders = $3 WHERE id = $1 AND state = 'counting'`,
			m.ID, hex.EncodeToString(digest.Sum(nil)), p.Holders)
		return CountFrozen, err
	case m.step == stepChoose && m.Listed == 0:
		next, cut, says = stepLate, tx.Now(), CountSettles
	}
	_, err := tx.Exec(ctx, `UPDATE mass SET step = $2, cut_at = $3, place = $4, hash = $4 WHERE id = $1 AND state = 'counting'`, m.ID, string(next), sqlstore.MicrosOrNone(cut), []byte{})
	return says, err
}

// addToDigest goes on with the digest over a page.
func (tx *Tx) addToDigest(ctx context.Context, m Mass, p MassPage) error {
	digest, err := digestAt(m.hash)
	if err != nil {
		return err
	}
	for _, i := range p.Items {
		fmt.Fprintln(digest, i.Serial())
	}
	state, err := digest.(encoding.BinaryMarshaler).MarshalBinary()
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE mass SET place = $2, hash = $3 WHERE id = $1 AND state = 'counting'`, m.ID, p.Items[len(p.Items)-1].Key, state)
	return err
}

// digestAt is a digest that was put off.
func digestAt(state []byte) (hash.Hash, error) {
	digest := sha256.New()
	if len(state) > 0 {
		if err := digest.(encoding.BinaryUnmarshaler).UnmarshalBinary(state); err != nil {
			return nil, fmt.Errorf("the count cannot go on: %w", err)
		}
	}
	return digest, nil
}
