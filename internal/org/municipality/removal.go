package municipality

import "github.com/akashi-id/akashi/resident"

// Removal is 職権消除等 (令8条, 12条): the office deletes a record, after an inquiry on the spot or because it was entered
// twice. The person is no longer one whom the Act covers, so everything dies.
type Removal struct{ Filing }

func (Removal) reason() resident.ChangeReason { return resident.DeletionExOfficio }

func (Removal) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.DeletionExOfficio, changed)
}

func (c Removal) next(m *matter, ps *problems) (resident.Record, error) {
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
		ps.notBefore("arose", c.Arose, m.now.Record.BecameResident, "住民となった日", "the day of becoming a resident")
	}
	return m.now.Record, nil
}
