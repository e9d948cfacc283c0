package municipality

import (
	"context"
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Renaming is a town or street (町字) that gets another name, with everybody who lives there: a 軽微な修正 each (規則21条の2), of which no
// certificate dies. It is counted first, decided by a second person, and done from its day on, each record in a transaction of its own: one
// that cannot be changed is set aside on the page of parked work and keeps nobody else's back.
type Renaming struct {
	Municipality resident.MunicipalityCode // the ward in a designated city; zero where there are none
	Old, New     string                    // without prefecture and municipality
	Kana         string                    // how the new name is read, for the master; may be empty
	Day          resident.Date             // from which the new name holds
	Basis        string                    // rule-21-2-3 or rule-21-2-5
}

// renameGrounds are the grounds of 規則21条の2 that are about the name of a place, and not about one lot or one character.
var renameGrounds = map[string]bool{"rule-21-2-3": true, "rule-21-2-5": true}

const (
	dueRenameCount  = "municipality.rename-count"
	dueRenameSpread = "municipality.rename-spread"
	dueRenameOne    = "municipality.rename-one"

	renamePage = 200 // people looked at in a step
)

// ProposeRenaming has those counted who live in a town, for the clerk in the context, and gives the number of the renaming.
func (o *Municipality) ProposeRenaming(ctx context.Context, r Renaming) (int64, error) {
	who, err := clerk(ctx, access.RenameTown)
	if err != nil {
		return 0, err
	}
	var id int64
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		of, err := o.judgeRenaming(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		id = tx.Serial()
		tx.AddRename(store.Rename{ID: id, Municipality: of.Code, Old: r.Old, New: r.New, Kana: r.Kana, Day: r.Day, Basis: r.Basis, State: store.RenameCounting,
			ProposedAt: tx.Now(), ProposedBy: who, Trace: trace})
		due.Add(tx.Tx, tx.Now(), dueRenameCount, strconv.FormatInt(id, 10), nil)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "propose-renaming", Case: trace, Detail: fmt.Sprintf("renaming %d from %s", id, r.Day)})
		return nil, nil
	})
	return id, err
}

func (o *Municipality) judgeRenaming(ctx context.Context, tx *store.Tx, r Renaming) (of resident.Municipality, err error) {
	var ps problems
	today := resident.DateOf(tx.Now())
	of, err = o.body("municipality", r.Municipality, today)
	if err = ps.take(err); err != nil {
		return of, err
	}
	named := ps.need(r.Old != "", "old_name", "今の町名", "the present name") && ps.need(r.New != "", "new_name", "新しい町名", "the new name")
	if named && r.Old == r.New {
		ps.bad("new_name", "今の町名と同じです。新しい町名を入力してください。", "This is the present name: enter the new one.")
	}
	for _, n := range []struct{ field, name string }{{"old_name", r.Old}, {"new_name", r.New}} {
		if n.name == "" || !of.Code.Valid() {
			continue
		}
		if _, err := resident.ParseAddress(n.field, of.FullName()+n.name); err != nil {
			if err := ps.take(err); err != nil {
				return of, err
			}
		}
	}
	ps.note(checkTownKana(r.Kana))
	if !renameGrounds[r.Basis] {
		ps.bad("basis", "名称の変更の根拠（規則21条の2第3号か第5号）を選んでください。", "Choose the ground on which the name changes (Rules, art. 21-2, no. 3 or 5).")
	}
	if ps.need(r.Day.Valid(), "day", "新しい町名になる日", "the day of the new name") {
		if r.Day.After(today.AddDays(farthestPlan)) || r.Day.Before(today.AddDays(-farthestPlan)) {
			ps.bad("day", "その日は1年より離れています。年を確かめてください。", "That day is more than a year away: check the year.")
		}
	}
	if len(ps.Problems) == 0 {
		if err := o.judgeNames(ctx, tx, of, r, &ps); err != nil {
			return of, err
		}
	}
	others, err := tx.RenamesOf(ctx, of.Code, []string{r.Old})
	if err != nil {
		return of, err
	}
	for _, other := range others {
		if other.Old == r.Old && other.State != store.RenameSpread {
			ps.bad("old_name", "この町名の変更は、すでに提案されています。", "A renaming of this town is under way already.")
		}
	}
	return of, ps.Err()
}

// DecideRenaming confirms a renaming that was counted, or drops one whose day has not come, for the clerk in the context. Who proposed it may
// drop it and not confirm it.
func (o *Municipality) DecideRenaming(ctx context.Context, id int64, confirm bool) error {
	who, err := clerk(ctx, access.RenameTown)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		r, found, err := tx.Rename(ctx, id)
		if err != nil {
			return nil, err
		}
		switch {
		case !found || r.State == store.RenameDropped:
			return nil, plain.Bad("rename", "この町名の変更は、取り下げられています。", "This renaming was dropped.")
		case r.State == store.RenameSpread, r.State == store.RenameConfirmed && (confirm || !tx.Now().Before(r.Day.Start())):
			return nil, plain.Bad("rename", "この町名の変更は、すでに決まっています。", "This renaming is decided already.")
		case r.State == store.RenameCounting && confirm:
			return nil, plain.Bad("rename", "まだ人数を数えています。終わってから承認してください。", "People are still being counted: confirm it when that is done.")
		}
		if confirm {
			if err := access.SecondPerson(access.Person{ID: r.ProposedBy}, access.From(ctx)); err != nil {
				return nil, err
			}
			if err := o.judgeAgain(ctx, tx, r); err != nil {
				return nil, err
			}
		}
		confirmed := r.State == store.RenameConfirmed
		ref, act := strconv.FormatInt(id, 10), "drop-renaming"
		for _, kind := range []string{dueRenameCount, dueRenameSpread} {
			if _, err := due.Remove(ctx, tx.Tx, kind, ref); err != nil {
				return nil, err
			}
		}
		r.State, r.Place = store.RenameDropped, 0
		if confirm {
			act, r.State = "confirm-renaming", store.RenameConfirmed
			due.Add(tx.Tx, later(tx.Now(), r.Day.Start()), dueRenameSpread, ref, nil)
		}
		if err := o.renameTowns(ctx, tx, r, confirmed, who); err != nil {
			return nil, err
		}
		r.DecidedAt, r.DecidedBy = tx.Now(), who
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: act, Case: r.Trace, Detail: fmt.Sprintf("renaming %d, %d people counted", id, r.Found)})
		return nil, tx.SetRename(ctx, r)
	})
	return err
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// renameStep looks at the next people: to count them before it is decided, and to give each an item from the day on.
func (o *Municipality) renameStep(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	r, of, err := o.renamingOf(ctx, tx, item.Ref)
	if err != nil {
		return nil, err
	}
	counting := item.Kind == dueRenameCount
	if counting && r.State != store.RenameCounting || !counting && r.State != store.RenameConfirmed {
		return nil, nil // dropped, or done before
	}
	people, err := tx.LivesAfter(ctx, r.Place, renamePage)
	if err != nil {
		return nil, err
	}
	for _, p := range people {
		r.Place = p.Person
		if p.Municipality != of.Code.String() {
			continue
		}
		if _, lives, err := o.newAddress(ctx, tx, p.Address, of, r); err != nil {
			return nil, err
		} else if !lives {
			continue
		}
		if counting {
			r.Found++
			continue
		}
		r.Given++
		due.Add(raw, tx.Now(), dueRenameOne, renameRef(r.ID, p.Person), binary.BigEndian.AppendUint64(nil, uint64(p.Person)))
	}
	switch {
	case len(people) == renamePage:
		due.Add(raw, tx.Now(), item.Kind, item.Ref, nil)
	case counting:
		r.State = store.RenameCounted
	default:
		r.State = store.RenameSpread
		if err := o.renameTowns(ctx, tx, r, true, r.DecidedBy); err != nil { // of a master that came after it was confirmed
			return nil, err
		}
	}
	return nil, tx.SetRename(ctx, r)
}

func renameRef(id int64, who PersonID) string { return strconv.FormatInt(id, 10) + "/" + who.String() }

func (o *Municipality) renamingOf(ctx context.Context, tx *store.Tx, ref string) (r store.Rename, of resident.Municipality, err error) {
	id, err := strconv.ParseInt(ref, 10, 64)
	if err != nil {
		return r, of, fmt.Errorf("renaming %q has no number", ref)
	}
	r, found, err := tx.Rename(ctx, id)
	if err != nil {
		return r, of, err
	}
	if !found {
		return r, of, fmt.Errorf("there is no renaming %d", id)
	}
	of, err = resident.Lookup("municipality", r.Municipality, r.Day)
	return r, of, err
}
