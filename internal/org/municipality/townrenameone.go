package municipality

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// renameOne gives one person's address the new name of the town, as a clerk would by a 軽微な修正. Whoever has left or moved meanwhile
// is passed over, and counts as changed: the old name stands in no present record of theirs.
func (o *Municipality) renameOne(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	ref, _, _ := strings.Cut(item.Ref, "/")
	r, of, err := o.renamingOf(ctx, tx, ref)
	if err != nil {
		return nil, err
	}
	if len(item.Payload) != 8 {
		return nil, fmt.Errorf("the person of renaming %s cannot be read", item.Ref)
	}
	now, found, err := tx.Current(ctx, store.Person(binary.BigEndian.Uint64(item.Payload)))
	if err != nil {
		return nil, err
	}
	if !found || !now.Present() {
		return nil, tx.RenamedOne(ctx, r.ID)
	}
	address, lives := renamedAddress(now.Record.Address.Reveal(), of, r.Old, r.New)
	if !lives || now.Record.Municipality != of.Code {
		return nil, tx.RenamedOne(ctx, r.ID)
	}
	parsed, err := resident.ParseAddress("address", address)
	if err != nil {
		return nil, err
	}
	c := MinorAmendment{Filing: Filing{Person: now.Person, Base: now.Number, Arose: r.Day, Basis: r.Basis}, Address: parsed, AsIs: true}
	_, v, err := o.judge(ctx, tx, c, true)
	if err != nil {
		return nil, err
	}
	v.EnteredBy, v.EnteredAt, v.Trace = r.DecidedBy, tx.Now(), r.Trace
	if err := tx.RenamedOne(ctx, r.ID); err != nil {
		return nil, err
	}
	return o.enter(ctx, tx, v, false)
}

// checkTownName refuses an address with a name that its town no longer has today, whatever day the notice is about: who was entered with it
// after everybody had been given the new one would keep it for ever.
func (o *Municipality) checkTownName(ctx context.Context, tx *store.Tx, field string, r resident.Record, ps *problems) error {
	a, today := r.Address, resident.DateOf(tx.Now())
	of, err := resident.Lookup("municipality", r.Municipality, today)
	if err != nil || !a.Valid() {
		return nil // what is wrong with either is said elsewhere
	}
	all, err := tx.RenamesOf(ctx, of.Code, townNames(a.Reveal(), of))
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(r store.Rename) bool {
		return r.State != store.RenameConfirmed && r.State != store.RenameSpread || !r.Day.Valid() || today.Before(r.Day)
	})
	slices.SortStableFunc(all, func(a, b store.Rename) int { return b.Day.Compare(a.Day) }) // what came last holds
	since := map[string]bool{}                                                              // names that were given later
	for _, r := range all {
		given := since[r.Old]
		since[r.New] = true
		if given { // the town got its name back
			continue
		}
		if now, lives := renamedAddress(a.Reveal(), of, r.Old, r.New); lives {
			ps.bad(field, "「"+r.Old+"」は"+r.Day.Wareki()+"に「"+r.New+"」へ変わりました。「"+now+"」と入力してください。",
				"“"+r.Old+"” became “"+r.New+"” on "+r.Day.String()+": enter “"+now+"”.")
			return nil
		}
	}
	return nil
}
