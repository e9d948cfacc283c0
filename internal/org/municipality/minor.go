package municipality

import "github.com/akashi-id/akashi/resident"

// MinorAmendment is 軽微な修正 (規則21条の2): the text of a name or an address changes and the person's circumstances do not,
// so nothing dies.
type MinorAmendment struct {
	Filing
	Name    resident.Name    // zero: as it was
	Address resident.Address // zero: as it was
	AsIs    bool             // file an address that the center may be unable to read

	renaming bool // of a town, with all who live there; only renameOne sets it
}

func (MinorAmendment) reason() resident.ChangeReason { return resident.MinorAmendment }

func (c MinorAmendment) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.MinorAmendment, changed)
}

// addressGrounds are the grounds of 規則21条の2 that are about places; the others are about characters, which names and
// addresses both have.
var addressGrounds = map[string]bool{"rule-21-2-3": true, "rule-21-2-4": true, "rule-21-2-5": true}

func (c MinorAmendment) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
	}
	if c.Name.Valid() {
		next.Name = c.Name
	}
	if c.Address.Valid() {
		next.Address = c.Address
	}
	if next.BasicFour == m.now.Record.BasicFour {
		ps.bad("name", "氏名も住所も今の記録と同じです。修正した内容を入力してください。", "Neither the name nor the address differs from the record: enter what is amended.")
	}
	// A changed name under a ground that is about places would be a change of name that revokes nothing.
	if addressGrounds[c.Basis] && next.Name != m.now.Record.Name {
		ps.bad("name",
			"選んだ根拠は住所についてのものです。氏名は元に戻すか、別の根拠を選んでください。",
			"The ground chosen is about addresses: put the name back, or choose another ground.")
	}
	if next.Address != m.now.Record.Address {
		body, err := m.body("municipality", next.Municipality, m.today)
		if err != nil {
			return next, ps.take(err)
		}
		ps.checkAddress("address", next.Address, body, c.AsIs, m.today)
	}
	return next, nil
}
