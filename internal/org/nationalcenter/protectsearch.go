package nationalcenter

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/resident"
)

// hideProtected takes out of what a search found all that says where a protected person is. An address that was asked for is not
// compared either: that it agrees, or that nobody is found, would tell whether a guess is right. There is no release here: who must know
// asks the municipality that decided.
func (o *Center) hideProtected(ctx context.Context, tx *store.Tx, found []Candidate, q resident.BasicFour) ([]Candidate, error) {
	codes := make([]resident.RecordCode, 0, len(found))
	for _, c := range found {
		codes = append(codes, c.Code)
	}
	former, err := tx.Predecessors(ctx, codes)
	if err != nil {
		return nil, err
	}
	q.Address = resident.Address{}
	var shown []Candidate
	for _, c := range found {
		standing, err := o.gate.Standing(ctx, tx.Tx, protection.Index, append(former[c.Code], c.Code)...)
		if err != nil {
			return nil, err
		}
		if standing.Held {
			blind := compare(c.IdentificationInfo, q)
			if !likely(blind.Agrees) {
				continue
			}
			blind.IdentificationInfo = resident.IdentificationInfo{Code: c.Code, BasicFour: resident.BasicFour{Name: c.Name, Birth: c.Birth}}
			blind.Protected = true
			c = blind
		}
		shown = append(shown, c)
	}
	return shown, nil
}
