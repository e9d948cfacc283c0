package municipality

import "github.com/akashi-id/akashi/resident"

// Death is 死亡: the record is deleted (令8条) and everything that the person held dies. The day may lie before changes that
// were filed in ignorance of it.
type Death struct{ Filing }

func (Death) reason() resident.ChangeReason { return resident.Death }

func (Death) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.Death, changed)
}

func (c Death) next(m *matter, ps *problems) (resident.Record, error) {
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
		if born := m.now.Record.Birth.Earliest(); born.Valid() {
			ps.notBefore("arose", c.Arose, born, "生年月日", "the birth")
		}
	}
	return m.now.Record, nil
}
