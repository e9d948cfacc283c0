package municipality

import (
	"context"
	"strings"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// judgeNames asks the master about the names of a renaming: the present one is that of a town, or of a 大字・町 with everything below it, on the
// eve of the day, and nobody else has the new one from then on. Where the municipality keeps no master, every name is taken.
func (o *Municipality) judgeNames(ctx context.Context, tx *store.Tx, of resident.Municipality, r Renaming, ps *problems) error {
	rows, err := tx.Towns(ctx, of.Code)
	if err != nil || len(rows) == 0 {
		return err
	}
	b, eve := newTownBook(of, rows), r.Day.AddDays(-1)
	concerned := map[string]bool{}
	for id := range b.towns {
		if t, in := b.on(id, eve); in {
			if _, _, has := newName(t, r.Old, r.New); has {
				concerned[id] = true
			}
		}
	}
	for id := range b.towns {
		t, in := b.on(id, r.Day)
		if !in || concerned[id] {
			continue
		}
		if _, _, has := newName(t, r.New, r.Old); has {
			ps.bad("new_name", "「"+r.New+"」は、ほかの町字（町字ID "+id+"）の名称です。町字を一つに合わせる変更は、町名の変更ではできません。",
				"“"+r.New+"” is the name of another town ("+id+"): a renaming does not make one town of two.")
			break
		}
	}
	if len(concerned) == 0 {
		p, _ := b.behind(of.FullName() + r.Old)
		ja, en := "", ""
		for _, n := range b.near(p, eve) {
			ja, en = ja+"「"+n+"」", en+" “"+n+"”"
		}
		if ja != "" {
			ja, en = "近い町字は"+ja+"です。", " The nearest are"+en+"."
		}
		ps.bad("old_name", "「"+r.Old+"」は、"+eve.Wareki()+"に効力のある町字ではありません。"+ja+"町字マスターのとおりに入力してください。",
			"“"+r.Old+"” is no town in force on "+eve.String()+"."+en+" Enter it as in the master.")
	}
	return nil
}

// judgeAgain asks the master about the names when a renaming is confirmed: it may have changed since.
func (o *Municipality) judgeAgain(ctx context.Context, tx *store.Tx, r store.Rename) error {
	of, err := resident.Lookup("municipality", r.Municipality, resident.DateOf(tx.Now()))
	if err != nil {
		return err
	}
	var ps problems
	if err := o.judgeNames(ctx, tx, of, Renaming{Old: r.Old, New: r.New, Day: r.Day}, &ps); err != nil {
		return err
	}
	return ps.Err()
}

// renameTowns gives the towns of a renaming their new name from its day on, when it is confirmed, and their old one back when it is dropped after
// that. The id stays (町字ID is not given anew for a change of name).
func (o *Municipality) renameTowns(ctx context.Context, tx *store.Tx, r store.Rename, wasConfirmed bool, who string) error {
	if r.State != store.RenameConfirmed && !wasConfirmed {
		return nil
	}
	of, err := resident.Lookup("municipality", r.Municipality, resident.DateOf(tx.Now()))
	if err != nil {
		return err
	}
	rows, err := tx.Towns(ctx, of.Code)
	if err != nil {
		return err
	}
	b := newTownBook(of, rows)
	for id, versions := range b.towns {
		t, in := b.on(id, r.Day.AddDays(-1))
		if !in {
			continue
		}
		now, _, concerned := newName(t, r.Old, r.New)
		if !concerned {
			continue
		}
		now.Kana = newReading(now, r.Kana)
		if r.State == store.RenameDropped {
			now = t
		}
		if held, is := b.on(id, r.Day); is && held.Key() == now.Key() {
			continue // done
		}
		now.From, now.Version, now.Change, now.Rename, now.EnteredAt, now.EnteredBy, now.Trace = r.Day, int64(len(versions))+1, 0, r.ID, tx.Now(), who, r.Trace
		tx.AddTown(now)
	}
	return nil
}

// newReading is how a town is read after a renaming. Nothing is kept of the old reading: when the new one was not said, the next file has it.
func newReading(t store.Town, kana string) string {
	if kana == "" || t.Chome == "" {
		return kana
	}
	number, _ := store.TownKey(t.Chome)
	return kana + strings.Replace(number, "丁目", "チョウメ", 1)
}

// newAddress is the address of somebody after a renaming; false when the person does not live there. The master says in which town an address
// is; one that is in none, and every one where there is no master, goes by the name with which it begins.
func (o *Municipality) newAddress(ctx context.Context, tx *store.Tx, address string, of resident.Municipality, r store.Rename) (string, bool, error) {
	b, err := o.townsOf(ctx, tx, of, address)
	if err != nil {
		return "", false, err
	}
	if b != nil {
		if now, t, known := b.renamed(address, r); known {
			_, _, concerned := newName(t, r.Old, r.New)
			return now, concerned, nil
		}
	}
	now, lives := renamedAddress(address, of, r.Old, r.New)
	return now, lives, nil
}
