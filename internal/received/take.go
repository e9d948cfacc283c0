package received

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Take makes what is held what a snapshot says (reconcile.Table.Take).
type Take = func(context.Context, *sqlstore.Tx, exchange.Delivery, message.Snapshot, message.Payload) ([]message.Out, error)

// Taken is what a snapshot changed.
type Taken struct {
	Changed bool
	Held    *Standing           // before, under the code before; nil for none, and when it was no state any more
	Was     resident.RecordCode // the code before, which is not the new one when a change of code had been missed
}

// inForce is what a snapshot has to know of a row that may be damaged.
type inForce struct {
	there, resides bool
	toldBy         message.Org
	version        resident.Version
	standing       *Standing                    // nil when the row is damaged
	state          *resident.IdentificationInfo // nil when the row does not have the hash that it was written with
}

func (t States) inForce(ctx context.Context, code resident.RecordCode) (f inForce, err error) {
	var version, builtOn int64
	var hash []byte
	var municipality, reason string
	err = t.tx.QueryRow(ctx, `SELECT resides, told_by, version, built_on, hash, municipality, reason FROM resident WHERE code = $1`, code.Reveal()).
		Scan(&f.resides, &f.toldBy, &version, &builtOn, &hash, &municipality, &reason)
	if errors.Is(err, sql.ErrNoRows) {
		return f, nil
	}
	if err != nil {
		return f, fmt.Errorf("couldn't read what is held under a code: %w", err)
	}
	f.there, f.version = true, resident.Version(version)
	f.standing, _ = StandingOf(version, builtOn, hash, municipality, reason, string(f.toldBy))
	if state, found, err := t.State(ctx, code); err == nil && found && f.standing != nil && f.standing.Hash == state.StateHash() {
		f.state = &state
	}
	return f, nil
}

// Take makes the record under a code what the snapshot of its source says, whatever was held: state, or out of force when
// state is nil or gives the code up. A record that another organisation told of is no matter of this one: it stays, and a state that claims
// its holder is refused. Rows that are replaced or put out of force stay as evidence (resident_struck).
func (t States) Take(ctx context.Context, s Side, from message.Org, n message.Snapshot, state *message.ResidentChange) (Taken, error) {
	code, err := resident.ParseRecordCode("key", n.Key)
	if err != nil {
		return Taken{}, err
	}
	if err := t.tx.Flush(ctx); err != nil {
		return Taken{}, err
	}
	held, err := t.inForce(ctx, code)
	if err != nil {
		return Taken{}, err
	}
	own := !held.there || held.toldBy == from || held.toldBy == ""
	// A snapshot of a code that was given up carries the change by which it was. The new code is a key of its own.
	nothing := state == nil || state.After.Code != code
	switch {
	case nothing && (!held.there || !held.resides || !own):
		t.shared.set(t.tx, message.Residents, from, n.Key, message.Hash{})
		return Taken{}, nil
	case nothing:
		return Taken{Changed: true, Held: held.standing, Was: code}, t.strikeOut(ctx, code, from, n.Case)
	case !own:
		if done, err := s.elsewhere(held, state.After); done || err != nil {
			t.shared.set(t.tx, message.Residents, from, n.Key, message.Hash{})
			return Taken{}, err
		}
	case held.toldBy == from && held.state != nil && *held.state == state.After && held.resides == !state.After.Deleted():
		t.enter(from, state.After)
		return Taken{}, nil
	}
	return t.replace(ctx, s, from, n, code, held, state.After)
}

// elsewhere judges a state of somebody whom another organisation told us of. done: it says nothing about the present.
func (s Side) elsewhere(held inForce, now resident.IdentificationInfo) (done bool, err error) {
	switch {
	case !held.resides && held.state == nil:
		return false, nil // what a damaged row says of the past stops nobody
	case now.Deleted() && (held.resides || now.Version <= held.version):
		return true, nil // the person left, and is or was somebody else's resident since
	case held.resides:
		return false, exchange.Reject("held-elsewhere",
			"この人は、別の"+s.Told.JA+"の住民です。どちらの住民か、双方で確かめてください。",
			"this person is a resident of another "+s.Told.EN+": both must find out whose")
	case now.Version <= held.version:
		return false, exchange.Reject("version-not-after",
			fmt.Sprintf("記録の版%sは、前の%sでの版%sより後ではありません。転出証明書の版の次から始めて、届け直してください。", now.Version, s.Told.JA, held.version),
			fmt.Sprintf("version %s does not come after version %s of the %s before: file it again from the version after that", now.Version, held.version, s.Told.EN))
	}
	return false, nil
}

// replace writes a state over what is held under its code, or under the code before when only that is held. A state that gives
// up a code claims its holder as well: whom we tell of it in our turn takes that code out of force, whoever told of it here.
func (t States) replace(ctx context.Context, s Side, from message.Org, n message.Snapshot, code resident.RecordCode, held inForce, now resident.IdentificationInfo) (Taken, error) {
	old := now.Change.OldCode
	if old.Valid() {
		before, err := t.inForce(ctx, old)
		if err != nil {
			return Taken{}, err
		}
		own := before.toldBy == from || before.toldBy == ""
		switch {
		case !before.there:
		case !own:
			if _, err := s.elsewhere(before, now); err != nil {
				return Taken{}, err
			}
		case before.resides && !held.there:
			return t.move(ctx, from, n, old, before, now)
		case before.resides:
			if err := t.strikeOut(ctx, old, from, n.Case); err != nil {
				return Taken{}, err
			}
		}
	}
	if !held.there {
		t.PutFirst(now, from)
		return Taken{Changed: true, Was: now.Code}, nil
	}
	return t.move(ctx, from, n, code, held, now)
}

// move writes a state over the row held under the code was, which is kept as evidence.
func (t States) move(ctx context.Context, from message.Org, n message.Snapshot, was resident.RecordCode, held inForce, now resident.IdentificationInfo) (Taken, error) {
	if err := t.strike(ctx, was, n.Case); err != nil {
		return Taken{}, err
	}
	// Changes that were lost on the way to the snapshot may still come: what lies between the two versions is settled.
	base := Standing{Version: min(held.version, now.Version), ToldBy: held.toldBy}
	return Taken{Changed: true, Held: held.standing, Was: was}, t.Put(ctx, was, base, now, from)
}

// strike keeps the row under a code as evidence.
func (t States) strike(ctx context.Context, code resident.RecordCode, of string) error {
	if _, err := t.tx.Exec(ctx, `INSERT INTO resident_struck(id, struck_at, case_ref, `+stateColumns+`)
		SELECT CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($3 AS TEXT), `+stateColumns+` FROM resident WHERE code = $4`,
		t.tx.Serial(), t.tx.Now(), of, code.Reveal()); err != nil {
		return fmt.Errorf("couldn't keep a record as evidence: %w", err)
	}
	return nil
}

// strikeOut puts a record out of force: the row leaves the table, so that nothing takes it for a record any more.
func (t States) strikeOut(ctx context.Context, code resident.RecordCode, from message.Org, of string) error {
	if err := t.strike(ctx, code, of); err != nil {
		return err
	}
	if _, err := t.tx.Exec(ctx, `DELETE FROM resident WHERE code = $1`, code.Reveal()); err != nil {
		return fmt.Errorf("couldn't put a record out of force: %w", err)
	}
	t.shared.both(t.tx, message.Residents, from, code.Reveal(), message.Hash{})
	return nil
}
