package municipality

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// NewTown is a town that begins on a day (町の区域の新設, 地方自治法260条).
type NewTown struct {
	Municipality       resident.MunicipalityCode // the ward in a designated city; zero where there are none
	ID                 string                    // 町字ID
	Oaza, Chome, Koaza string
	Kana               string
	Blocks             bool // 住居表示
	From               resident.Date
}

// TownEnd is the end of a town: from its day on, no address is in it.
type TownEnd struct {
	Municipality resident.MunicipalityCode
	ID           string
	Day          resident.Date
}

// ProposeTownFile reads a file of towns for the clerk in the context, and gives the number of what it proposes. Rows that cannot be taken are
// set aside with what is wrong; another person decides about the rest.
func (o *Municipality) ProposeTownFile(ctx context.Context, name string, data []byte) (int64, error) {
	return o.proposeTowns(ctx, store.TownChange{Kind: "import", File: name}, func(tx *store.Tx) ([]store.TownRow, int64, error) {
		f, err := o.readTowns(data, resident.DateOf(tx.Now()))
		return f.rows, f.others, err
	})
}

func (o *Municipality) readTowns(data []byte, today resident.Date) (townFile, error) {
	return readTowns(data, func(code resident.MunicipalityCode) (resident.Municipality, bool) {
		of, err := o.body("lg_code", code, today)
		return of, err == nil
	})
}

// ProposeTown proposes a new town.
func (o *Municipality) ProposeTown(ctx context.Context, n NewTown) (int64, error) {
	return o.proposeTowns(ctx, store.TownChange{Kind: "add"}, func(tx *store.Tx) ([]store.TownRow, int64, error) {
		of, ps, err := o.townDay(tx, n.Municipality, "from", n.From)
		if err != nil {
			return nil, 0, err
		}
		t := store.Town{Municipality: of.Code, ID: n.ID, Oaza: n.Oaza, Chome: n.Chome, Koaza: n.Koaza, Kana: n.Kana, Blocks: n.Blocks, From: n.From}
		if bad := checkTown(t, resident.Date{}, of); bad != nil {
			ps.note(bad)
			return nil, 0, ps.Err()
		}
		named, err := tx.TownsNamed(ctx, of.Code, []string{t.Key()})
		if err != nil {
			return nil, 0, err
		}
		b := newTownBook(of, named)
		for id := range b.towns {
			if other, in := b.on(id, n.From); in && id != n.ID && other.Key() == t.Key() {
				ps.bad("oaza", "「"+t.Name()+"」は、ほかの町字（町字ID "+id+"）の名称です。", "“"+t.Name()+"” is the name of another town ("+id+").")
				break
			}
		}
		return []store.TownRow{{Town: t, Line: 1, Outcome: store.TownAdded}}, 0, ps.Err()
	})
}

// ProposeTownEnd proposes that a town ends.
func (o *Municipality) ProposeTownEnd(ctx context.Context, e TownEnd) (int64, error) {
	return o.proposeTowns(ctx, store.TownChange{Kind: "end"}, func(tx *store.Tx) ([]store.TownRow, int64, error) {
		of, ps, err := o.townDay(tx, e.Municipality, "day", e.Day)
		if err != nil {
			return nil, 0, err
		}
		return []store.TownRow{{Town: store.Town{Municipality: of.Code, ID: e.ID}, Until: e.Day, EndOnly: true, Line: 1, Outcome: store.TownAdded}}, 0, ps.Err()
	})
}

// townDay judges whose town it is, and a day that is far away.
func (o *Municipality) townDay(tx *store.Tx, code resident.MunicipalityCode, field string, day resident.Date) (of resident.Municipality, ps problems, err error) {
	today := resident.DateOf(tx.Now())
	of, err = o.body("municipality", code, today)
	if err = ps.take(err); err != nil {
		return of, ps, err
	}
	if ps.need(day.Valid(), field, "日", "the day") && (day.After(today.AddDays(farthestPlan)) || day.Before(today.AddDays(-farthestPlan))) {
		ps.bad(field, "その日は1年より離れています。年を確かめてください。", "That day is more than a year away: check the year.")
	}
	return of, ps, nil
}

// proposeTowns writes down what is proposed, with what each row would do.
func (o *Municipality) proposeTowns(ctx context.Context, c store.TownChange, read func(*store.Tx) ([]store.TownRow, int64, error)) (int64, error) {
	who, err := clerk(ctx, access.KeepTowns)
	if err != nil {
		return 0, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		rows, others, err := read(tx)
		if err != nil {
			return nil, err
		}
		if err := o.fit(ctx, tx, rows, nil); err != nil {
			return nil, err
		}
		if r := rows[0]; c.Kind != "import" && r.Outcome != store.TownAdded {
			return nil, refusedRow(c.Kind, r)
		}
		c.ID, c.State, c.Others, c.ProposedAt, c.ProposedBy, c.Trace = tx.Serial(), store.TownProposed, others, tx.Now(), who, trace
		countTowns(&c, rows)
		tx.AddTownChange(c)
		for _, r := range rows {
			r.Change = c.ID
			tx.AddTownRow(r)
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "propose-towns", Case: trace, Detail: townSays(c)})
		return nil, nil
	})
	return c.ID, err
}

// refusedRow is what is wrong with a single town, at the field of its form.
func refusedRow(kind string, r store.TownRow) *plain.Problem {
	field := "town"
	if kind == "end" {
		field = "day"
	}
	if r.Outcome == store.TownSame {
		return plain.Bad(field, "この町字は、すでにそのとおり載っています。", "The master has this town exactly so.")
	}
	return plain.Bad(field, r.WhyJA, r.Why)
}

func townSays(c store.TownChange) string {
	return fmt.Sprintf("%s %d: %d added, %d changed, %d the same, %d set aside, %d of others", c.Kind, c.ID, c.Added, c.Changed, c.Same, c.Rejected, c.Others)
}

// countTowns counts the outcomes of the rows.
func countTowns(c *store.TownChange, rows []store.TownRow) {
	c.Added, c.Changed, c.Same, c.Rejected = 0, 0, 0, 0
	for _, r := range rows {
		switch r.Outcome {
		case store.TownAdded:
			c.Added++
		case store.TownChanged:
			c.Changed++
		case store.TownSame:
			c.Same++
		default:
			c.Rejected++
		}
	}
}

// fit compares rows with the master and sets what each would do; enter, when given, is told what is written. Rows of one town go by their first
// day. A name that differs from that of a town in force is set aside: who lives there must follow, which a renaming sees to.
func (o *Municipality) fit(ctx context.Context, tx *store.Tx, rows []store.TownRow, enter func(store.TownRow, store.Town)) error {
	order := make([]int, len(rows))
	for i := range rows {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		x, y := rows[a], rows[b]
		if x.Town.ID != y.Town.ID {
			return strings.Compare(x.Town.ID, y.Town.ID)
		}
		return x.Town.From.Compare(y.Town.From)
	})
	books := map[resident.MunicipalityCode]*townBook{}
	before := map[string]bool{} // towns that the master had before
	for _, i := range order {
		r := &rows[i]
		if r.Outcome == store.TownRejected {
			continue
		}
		b := books[r.Town.Municipality]
		if b == nil {
			of, err := resident.Lookup("municipality", r.Town.Municipality, resident.DateOf(tx.Now()))
			if err != nil {
				return err
			}
			all, err := tx.Towns(ctx, of.Code)
			if err != nil {
				return err
			}
			b = newTownBook(of, all)
			books[of.Code] = b
			for id := range b.towns {
				before[of.Code.String()+id] = true
			}
		}
		b.fitRow(r, before[r.Town.Municipality.String()+r.Town.ID], resident.DateOf(tx.Now()), func(t store.Town) {
			t.Version = int64(len(b.towns[t.ID])) + 1
			b.add(t)
			if enter != nil {
				enter(*r, t)
			}
		})
	}
	return nil
}

// fitRow judges one row. known: the master had the town before this file.
func (b *townBook) fitRow(r *store.TownRow, known bool, today resident.Date, enter func(store.Town)) {
	reject := func(ja, en string) { r.Outcome, r.WhyJA, r.Why = store.TownRejected, ja, en }
	t := r.Town
	if r.EndOnly {
		held, in := b.on(t.ID, r.Until)
		if _, any := b.towns[t.ID]; !any || !in {
			reject("その日に効力のある町字ではありません。町字と日を確かめてください。", "It is no town in force on that day: check the town and the day.")
			return
		}
		r.Outcome = store.TownAdded
		held.From, held.Ended = r.Until, true
		enter(held)
		return
	}
	outcome := store.TownSame
	if held, in := b.on(t.ID, t.From); !in {
		if present, is := b.on(t.ID, today); known && is && present.Key() != t.Key() {
			reject("この町字IDの町字は、いま「"+present.Name()+"」です。名称が変わるときは「町名の変更」を提案してください。", "The town with this id is called “"+present.Name()+"”: propose a renaming when its name changes.")
			return
		}
		outcome = store.TownAdded
		enter(t)
	} else if present, is := b.on(t.ID, today); held.Key() != t.Key() && known && (!is || present.Key() != t.Key()) {
		reject("この町字IDの町字は「"+held.Name()+"」です。名称が変わるときは「町名の変更」を提案してください。住む人の住所も修正されます。",
			"The town with this id is called “"+held.Name()+"”: propose a renaming, by which the addresses of all who live there are amended, when its name changes.")
		return
	} else if held.Key() != t.Key() && !known { // the next name of one town in one file
		outcome = store.TownAdded
		enter(t)
	} else if held.Key() == t.Key() && (t.Kana != "" && held.Kana != t.Kana || held.Blocks != t.Blocks) {
		outcome = store.TownChanged
		held.Kana, held.Blocks = t.Kana, t.Blocks
		enter(held)
	}
	if last, in := b.on(t.ID, r.Until); r.Until.Valid() && in && last.Key() == t.Key() {
		if outcome == store.TownSame {
			outcome = store.TownChanged
		}
		last.From, last.Ended = r.Until, true
		enter(last)
	}
	r.Outcome = outcome
}

// DecideTowns confirms what is proposed for the master, or drops it, for the clerk in the context. Who proposed it may drop it and not confirm
// it. What each row does is judged anew: the master may have changed since.
func (o *Municipality) DecideTowns(ctx context.Context, id int64, confirm bool) error {
	who, err := clerk(ctx, access.KeepTowns)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		c, found, err := tx.TownChange(ctx, id)
		if err != nil {
			return nil, err
		}
		if !found || c.State != store.TownProposed {
			return nil, plain.Bad("towns", "この提案は、すでに承認されたか、取り下げられています。", "This was confirmed or dropped already.")
		}
		act := "drop-towns"
		c.State, c.DecidedAt, c.DecidedBy = store.TownDropped, tx.Now(), who
		if confirm {
			if err := access.SecondPerson(access.Person{ID: c.ProposedBy}, access.From(ctx)); err != nil {
				return nil, err
			}
			act, c.State = "confirm-towns", store.TownConfirmed
			rows, err := tx.TownRows(ctx, id, []string{store.TownAdded, store.TownChanged, store.TownSame, store.TownRejected}, 0, mostTowns)
			if err != nil {
				return nil, err
			}
			if err := o.enterTowns(ctx, tx, &c, rows); err != nil {
				return nil, err
			}
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: act, Case: c.Trace, Detail: townSays(c)})
		return nil, tx.SetTownChange(ctx, c)
	})
	return err
}

// enterTowns writes the rows of a proposal into the master.
func (o *Municipality) enterTowns(ctx context.Context, tx *store.Tx, c *store.TownChange, rows []store.TownRow) error {
	was := slices.Clone(rows)
	err := o.fit(ctx, tx, rows, func(_ store.TownRow, t store.Town) {
		t.Change, t.Rename, t.EnteredAt, t.EnteredBy, t.Trace = c.ID, 0, tx.Now(), c.DecidedBy, c.Trace
		tx.AddTown(t)
	})
	if err != nil {
		return err
	}
	countTowns(c, rows)
	if c.Kind == "found" {
		return nil
	}
	for i, r := range rows {
		if r.Outcome != was[i].Outcome {
			if err := tx.SetTownRow(ctx, r); err != nil {
				return err
			}
		}
	}
	return nil
}

// foundTowns gives a new municipality the master that it begins with, once.
func (o *Municipality) foundTowns(ctx context.Context, data []byte) error {
	_, err := o.Act(ctx, func(ctx context.Context, raw *sqlstore.Tx) ([]message.Out, error) {
		tx := o.in(raw)
		if _, total, err := tx.TownChanges(ctx, 0, 1); err != nil || total > 0 {
			return nil, err
		}
		f, err := o.readTowns(data, resident.DateOf(tx.Now()))
		if err != nil {
			return nil, err
		}
		c := store.TownChange{ID: tx.Serial(), Kind: "found", State: store.TownConfirmed, Others: f.others, ProposedAt: tx.Now(), ProposedBy: message.System, DecidedAt: tx.Now(), DecidedBy: message.System}
		if err := o.enterTowns(ctx, tx, &c, f.rows); err != nil {
			return nil, err
		}
		tx.AddTownChange(c)
		for _, r := range f.rows {
			if r.Outcome == store.TownRejected {
				r.Change = c.ID
				tx.AddTownRow(r)
			}
		}
		auditlog.Write(raw, auditlog.Entry{Actor: message.System, Act: "found-towns", Detail: townSays(c)})
		return nil, nil
	})
	return err
}
