package municipality

import (
	"context"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// townsOf is the part of the master that one address needs; nil when the municipality keeps none.
func (o *Municipality) townsOf(ctx context.Context, tx *store.Tx, of resident.Municipality, address string) (*townBook, error) {
	keeps, err := tx.KeepsTowns(ctx, of.Code)
	if err != nil || !keeps {
		return nil, err
	}
	b := newTownBook(of, nil)
	p, _ := b.behind(address)
	rows, err := tx.TownsNamed(ctx, of.Code, p.keys())
	if err != nil {
		return nil, err
	}
	for _, t := range rows {
		b.add(t)
	}
	return b, nil
}

// checkTown refuses an address that is in no town of the master that was in force on a day, and one with a name which its town has no more
// today. Where the municipality keeps no master, only the renamings are asked.
func (o *Municipality) checkTown(ctx context.Context, tx *store.Tx, field string, r resident.Record, on resident.Date, ps *problems) error {
	a, today := r.Address, resident.DateOf(tx.Now())
	of, err := resident.Lookup("municipality", r.Municipality, today)
	if err != nil || !a.Valid() {
		return nil // what is wrong with either is said elsewhere
	}
	b, err := o.townsOf(ctx, tx, of, a.Reveal())
	if err != nil {
		return err
	}
	bad, err := o.checkTownName(ctx, tx, field, a, of, b)
	if err != nil {
		return err
	}
	renamed := bad != nil
	if b == nil {
		ps.note(bad)
		return nil
	}
	if bad == nil {
		if bad = b.check(field, a.Reveal(), on, today); bad == nil {
			return nil
		}
	}
	// An address that is not readable elsewhere may be filed as it is; one that is in no town may not.
	ps.Problems = slices.DeleteFunc(ps.Problems, func(p *plain.Problem) bool { return p.Field == fieldAsIs })
	for _, p := range ps.Problems {
		if p.Field == field {
			return nil // said already
		}
	}
	if !renamed { // the names that are nearest are said of the whole master
		whole, err := tx.Towns(ctx, of.Code)
		if err != nil {
			return err
		}
		bad = newTownBook(of, whole).check(field, a.Reveal(), on, today)
	}
	ps.note(bad)
	return nil
}

// checkTown judges the address that a notice leads to. What a cancellation puts back was judged when it was entered, and only its name may have
// changed since.
func (m *matter) checkTown(c Change, next resident.Record, ps *problems) error {
	switch c := c.(type) {
	case Cancellation:
		of, err := resident.Lookup("municipality", next.Municipality, m.today)
		if err != nil {
			return nil // said elsewhere
		}
		b, err := m.townsOf(m.ctx, m.tx, of, next.Address.Reveal())
		if err != nil {
			return err
		}
		bad, err := m.checkTownName(m.ctx, m.tx, "address", next.Address, of, b)
		ps.note(bad)
		return err
	case MinorAmendment:
		if c.renaming { // of somebody whose address the master never had, too
			return nil
		}
	case MoveWithin:
		return m.Municipality.checkTown(m.ctx, m.tx, "address", next, c.Arose, ps)
	}
	return m.Municipality.checkTown(m.ctx, m.tx, "address", next, m.today, ps)
}

// check says what is wrong with the town of an address; nil when nothing is. on is the day of the notice: a town must have been there then, and
// is called as it is today, because whoever is entered with an older name after everybody was given the new one would keep it for ever.
func (b *townBook) check(field, address string, on, today resident.Date) *plain.Problem {
	if !on.Valid() || on.After(today) {
		on = today
	}
	p, ours := b.behind(address)
	if !ours {
		return plain.Bad(field, "住所は「"+b.of.FullName()+"」から始めてください。", "Begin the address with “"+b.of.FullName()+"”.")
	}
	if t, found := b.match(p, today); found {
		if _, then := b.on(t.ID, on); then {
			return nil
		}
	}
	if was, now, renamed := b.former(p, today); renamed {
		if _, held := b.match(p, today); !held {
			whole := b.of.FullName() + now.Name() + p.after(was.Key())
			return plain.Bad(field, "「"+was.Name()+"」は"+nameDay(now)+"「"+now.Name()+"」へ変わりました。「"+whole+"」と入力してください。",
				"“"+was.Name()+"” became “"+now.Name()+"”"+nameDayEN(now)+": enter “"+whole+"”.")
		}
	}
	if t, found := b.match(p, on); found {
		if last, _ := asOf(b.towns[t.ID], today); last.Ended {
			return nil // it ended since, and the notice is about a day before
		}
	}
	if t, found := b.later(p, on); found {
		return plain.Bad(field, "「"+t.Name()+"」は"+t.From.Wareki()+"からの町字で、"+on.Wareki()+"にはまだありません。住所か日付を確かめてください。",
			"“"+t.Name()+"” is a town from "+t.From.String()+" on, and was none on "+on.String()+": check the address or the day.")
	}
	if t, found := b.gone(p, on); found {
		return plain.Bad(field, "「"+t.Name()+"」は"+t.From.Wareki()+"に廃止された町字です。今の町字を確かめて入力してください。",
			"“"+t.Name()+"” has been no town since "+t.From.String()+": find out what the place is called, and enter that.")
	}
	ja, en := "", ""
	if near := b.near(p, on); len(near) > 0 {
		ja = "近い町字は「" + strings.Join(near, "」「") + "」です。"
		en = " The nearest are “" + strings.Join(near, "”, “") + "”."
	}
	return plain.Bad(field, "「"+p.head()+"」で始まる町字は、町字マスターにありません（"+on.Wareki()+"）。"+ja+"町字を確かめて入力してください。",
		"The master has no town with which “"+p.head()+"” begins ("+on.String()+")."+en+" Check the town and enter it again.")
}

// head is the beginning of an address behind the municipality, as far as a sentence needs it.
func (p place) head() string {
	if r := []rune(p.rest); len(r) > 12 {
		return string(r[:12]) + "…"
	}
	return p.rest
}

func nameDay(t store.Town) string {
	if !t.From.Valid() {
		return ""
	}
	return t.From.Wareki() + "に"
}

func nameDayEN(t store.Town) string {
	if !t.From.Valid() {
		return ""
	}
	return " on " + t.From.String()
}
