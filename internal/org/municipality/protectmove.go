package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// hidesMove tells whether a move is one of a protected person whose record no release opens to this clerk. Of somebody who is not in the
// register yet there is no release: the counter registers her from what was told, and reads none of it.
func (o *Municipality) hidesMove(ctx context.Context, tx *store.Tx, by string, who PersonID, code resident.RecordCode) (bool, error) {
	if who == 0 {
		holder, known, err := tx.ByCode(ctx, code)
		if err != nil {
			return true, err
		}
		if known {
			who = holder.Person
		}
	}
	codes := []resident.RecordCode{code}
	if who != 0 {
		had, err := tx.Codes(ctx, who)
		if err != nil {
			return true, err
		}
		codes = append(codes, had...)
	}
	standing, err := o.gate.Standing(ctx, tx.Tx, protection.Register, codes...)
	if err != nil || !standing.Held {
		return err != nil, err
	}
	if who == 0 {
		return true, nil
	}
	open, err := o.opens(ctx, tx, by, who)
	return err != nil || !open, err
}

// maskedAway and maskedHere are moves without the other municipality, and without anything of the person but the name.
func maskedAway(m MoveAway) MoveAway {
	m.To = resident.MunicipalityCode{}
	return m
}

func maskedHere(m MoveHere) MoveHere {
	m.From = resident.MunicipalityCode{}
	if m.Info != nil {
		info := *m.Info
		info.From, info.Items = resident.MunicipalityCode{}, nil
		info.Person = message.Moving{BasicFour: resident.BasicFour{Name: m.Info.Person.Name}}
		m.Info = &info
	}
	return m
}
