package municipality

import "github.com/akashi-id/akashi/resident"

// MoveWithin is 転居 (法23条): somebody moves within the municipality.
type MoveWithin struct {
	Filing
	Address      resident.Address
	Municipality resident.MunicipalityCode // of a designated city the new ward; zero: as it was
	Household    resident.HouseholdID      // of the household joined; empty: as it was
	Relation     resident.Relation         // in that household; zero: as it was
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
	if c.OwnHousehold {
		if c.Household != "" {
			ps.bad("household", "新しい世帯を作るときは、世帯番号を空けてください。", "Leave the household empty when a new one begins.")
		}
		// Until it is filed the new household has no id; the record's own check wants one.
		next.Household, next.Relation = m.ownHousehold(), resident.Head
		return next, nil
	}
	if c.Household != "" && c.Household != next.Household {
		next.Household = c.Household
		if ps.need(c.Relation.Valid(), "relation", "新しい世帯での続柄", "the relation in the new household") {
			next.Relation = c.Relation
		}
		return next, m.checkHousehold(next, ps)
	}
	if c.Relation.Valid() && c.Relation != next.Relation {
		if c.Relation == resident.Head || next.Relation == resident.Head {
			ps.bad("relation", "世帯主を替えるときは、世帯主変更で世帯の全員の続柄を届け出てください。", "File another head as such, with everybody's relation.")
		}
		next.Relation = c.Relation
	}
	return next, nil
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
