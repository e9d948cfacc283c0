package municipality

import "github.com/akashi-id/akashi/resident"

// MoveWithin is 転居 (法23条): somebody moves within the municipality.
type MoveWithin struct {
	Filing
	Address      resident.Address
	Municipality resident.MunicipalityCode // of a designated city the new ward; zero: as it was
	Household    resident.HouseholdID      // of the household joined, whose people live at the new address; empty: none
	Relation     resident.Relation         // in that household
	AsIs         bool                      // file an address that the center may be unable to read
	OwnHousehold bool                      // a new household begins, whose head the person is
}

func (MoveWithin) reason() resident.ChangeReason { return resident.MoveWithin }

func (c MoveWithin) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.MoveWithin, changed)
}

func (c MoveWithin) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
		// Nobody moves away from an address before having come to it.
		since, what := settledOn(m.before)
		ps.notBefore("arose", c.Arose, since, what.JA, what.EN)
	}
	if !ps.need(c.Address.Valid(), "address", "新しい住所", "the new address") {
		return next, nil
	}
	if c.Address == next.Address {
		ps.bad("address", "新しい住所が今の住所と同じです。新しい住所を入力してください。", "This is the present address: enter the new one.")
	}
	next.Address = c.Address
	if c.Municipality.Valid() {
		next.Municipality = c.Municipality
	}
	on := c.Arose
	if !on.Valid() {
		on = m.today
	}
	body, err := m.body("municipality", next.Municipality, on)
	if err != nil {
		return next, ps.take(err)
	}
	ps.checkAddress("address", c.Address, body, c.AsIs, on)
	return next, m.newPlace(c, &next, ps)
}

// newPlace gives somebody who moves the household at the new address. A household is of people who live together (法7条4号), so that whoever
// moves leaves the one at the old address: for a new one, or for one that lives there already (法23条, 25条). Who moves with others is
// filed after the first of them, into the household of that one.
func (m *matter) newPlace(c MoveWithin, next *resident.Record, ps *problems) error {
	was, err := m.tx.Household(m.ctx, m.now.Record.Household)
	if err != nil {
		return err
	}
	switch {
	case c.OwnHousehold && c.Household != "":
		ps.bad("household", "新しい世帯を作るときは、世帯番号を空けてください。", "Leave the household empty when a new one begins.")
	case c.Household != "" && c.Household == m.now.Record.Household:
		ps.bad("household",
			"今の世帯は前の住所の世帯です。新しい世帯を作るか、新しい住所にある世帯の番号を入力してください。",
			"The present household is the one at the old address: begin a new household, or enter the id of one at the new address.")
	case c.Household != "":
		next.Household = c.Household
		if ps.need(c.Relation.Valid(), "relation", "新しい世帯での続柄", "the relation in the new household") {
			next.Relation = c.Relation
		}
		return m.checkHousehold(*next, ps)
	case !c.OwnHousehold && len(was) > 1:
		ps.bad("own_household",
			"今の世帯には、前の住所に残る方がいます。新しい世帯を作るときは「新しい世帯を作り、その世帯主になる」に印を付け、新しい住所にある世帯に入るときは世帯番号と続柄を入力してください。家族で移るときは、世帯主になる方を先に届け出て、ほかの方はその世帯に入れます。",
			"Others of the household stay at the old address. Tick that a new household begins, or enter the id of a household at the new address and the relation there. When a family moves, file whoever will be the head first, and the others into that household.")
	case c.Relation.Valid() && c.Relation != resident.Head:
		ps.bad("relation",
			"新しい世帯に一人で移る方は、その世帯主です。続柄を空けるか、入る世帯の世帯番号を入力してください。",
			"Whoever moves alone is the head of the new household: leave the relation empty, or enter the household to join.")
	default:
		// Until it is filed the new household has no id; the record's own check wants one.
		next.Household, next.Relation = m.ownHousehold(), resident.Head
	}
	return nil
}

// checkHousehold refuses a household that nobody is in, and a second head.
func (m *matter) checkHousehold(r resident.Record, ps *problems) error {
	return m.Municipality.checkHousehold(m.ctx, m.tx, m.now.Person, r, ps)
}

// householdToCome stands for a household whose id is given when the notice is filed.
const householdToCome = resident.HouseholdID("new")

func (m *matter) ownHousehold() resident.HouseholdID {
	if m.filing {
		return newHousehold(m.tx)
	}
	return householdToCome
}
