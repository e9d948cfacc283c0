package municipality

import (
	"context"
	"slices"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// remain judges what a notice says of those who stay in the household that it takes the person from: they have a new head in
// the same act (法25条).
func (m *matter) remain(c Change, next resident.Record, ps *problems) error {
	f := c.common()
	leaves := c.reason().Act() == resident.Deletion || next.Household != m.now.Record.Household
	switch {
	case !leaves:
		ps.bad("rest", "この届出では、だれも世帯からいなくなりません。世帯主が替わるときは世帯主変更で届け出てください。", "Nobody leaves the household by this notice: file another head as such.")
		return nil
	case f.Arose.After(m.today):
		ps.bad("rest", "転出の日が来るまで、残る方の続柄は変わりません。その日の後に世帯主変更を届け出てください。", "Until the day of the move nothing changes for those who remain: file another head after it.")
		return nil
	}
	for _, p := range f.Rest {
		if p.Household != m.now.Record.Household {
			ps.bad("rest", "残る方は、今の世帯に残る方だけを入力してください。", "Enter only those who stay in the present household.")
			return nil
		}
	}
	rest, err := m.arrange(m.ctx, m.tx, HouseholdAct{Event: "head-change", Arose: f.Arose, Basis: "law-25", Places: f.Rest}, m.now.Person, ps)
	if err == nil {
		m.rest = &rest
	}
	return err
}

// headless counts those whom a version leaves behind in a household without a head. One alone becomes the head.
func (m *matter) headless(after store.Version) (int, error) {
	was := m.now.Record
	if !m.now.Present() || after.Present() && after.Record.Household == was.Household {
		return 0, nil
	}
	members, err := m.tx.Household(m.ctx, was.Household)
	if err != nil {
		return 0, err
	}
	members = slices.DeleteFunc(members, func(v store.Version) bool { return v.Person == m.now.Person })
	if len(members) < 2 || slices.ContainsFunc(members, isHead) {
		return 0, nil
	}
	return len(members), nil
}

// leaving tells whether somebody's move out was planned for a day that has come. A family that leaves together is deleted one after
// another; whoever comes last is no head of what is left, and the new municipality, which is told how each stood to the head, has one head
// of them.
func leaving(ctx context.Context, tx *store.Tx, who PersonID) (bool, error) {
	plan, planned, err := tx.PlanOf(ctx, who)
	return planned && !plan.Day.After(resident.DateOf(tx.Now())), err
}
