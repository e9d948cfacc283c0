package municipality

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
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
	address, lives, err := o.newAddress(ctx, tx, now.Record.Address.Reveal(), of, r)
	if err != nil {
		return nil, err
	}
	if !lives || now.Record.Municipality != of.Code {
		return nil, tx.RenamedOne(ctx, r.ID)
	}
	parsed, err := resident.ParseAddress("address", address)
	if err != nil {
		return nil, err
	}
	c := MinorAmendment{Filing: Filing{Person: now.Person, Base: now.Number, Arose: r.Day, Basis: r.Basis}, Address: parsed, AsIs: true, renaming: true}
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
// after everybody had been given the new one would keep it for ever. A town of the master that has begun with the old name since is another one.
func (o *Municipality) checkTownName(ctx context.Context, tx *store.Tx, field string, a resident.Address, of resident.Municipality, b *townBook) (*plain.Problem, error) {
	today := resident.DateOf(tx.Now())
	all, err := tx.RenamesOf(ctx, of.Code, townNames(a.Reveal(), of))
	if err != nil {
		return nil, err
	}
	all = slices.DeleteFunc(all, func(r store.Rename) bool {
		return r.State != store.RenameConfirmed && r.State != store.RenameSpread || !r.Day.Valid() || today.Before(r.Day)
	})
	slices.SortStableFunc(all, func(a, b store.Rename) int { return b.Day.Compare(a.Day) }) // what came last holds
	since := map[string]bool{}                                                              // names that were given later
	for _, r := range all {
		given := since[r.Old]
		since[r.New] = true
		if given || b.begunSince(a.Reveal(), r.Day, today) { // the town got its name back
			continue
		}
		if now, lives := renamedAddress(a.Reveal(), of, r.Old, r.New); lives {
			return plain.Bad(field, "「"+r.Old+"」は"+r.Day.Wareki()+"に「"+r.New+"」へ変わりました。「"+now+"」と入力してください。",
				"“"+r.Old+"” became “"+r.New+"” on "+r.Day.String()+": enter “"+now+"”."), nil
		}
	}
	return nil, nil
}

// begunSince tells whether an address is in a town that has been called so since a day or later.
func (b *townBook) begunSince(address string, day, today resident.Date) bool {
	if b == nil {
		return false
	}
	p, _ := b.behind(address)
	t, in := b.match(p, today)
	return in && t.From.Valid() && !t.From.Before(day)
}
