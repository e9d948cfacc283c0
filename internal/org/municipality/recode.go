package municipality

import "github.com/akashi-id/akashi/resident"

// Recode is a change of 住民票コード: a resident may ask for it at any time and need not say why (法30条の3), and the office
// corrects one that was given wrongly. The new code comes from the pool; the notice names the old one (令30条の5④).
type Recode struct {
	Filing
	ExOfficio bool // 職権記載等; otherwise on request
}

func (c Recode) reason() resident.ChangeReason {
	if c.ExOfficio {
		return resident.CodeExOfficio
	}
	return resident.CodeChangeRequested
}

func (c Recode) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(c.reason(), changed)
}

func (c Recode) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
		ps.notBefore("arose", c.Arose, next.BecameResident, "住民となった日", "the day of becoming a resident")
	}
	free, err := m.tx.FreeCodes(m.ctx)
	if err != nil {
		return next, err
	}
	if free == 0 {
		ps.note(errNoCodes)
	}
	if m.filing && len(ps.Problems) == 0 {
		next.Code, err = m.giveCode(m.ctx, m.tx)
	}
	return next, err
}
