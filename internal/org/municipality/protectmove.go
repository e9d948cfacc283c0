package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
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

// errProtectedMove is what a clerk is told of the move of a protected person who is not in the register: there is no release of her here.
var errProtectedMove = plain.Bad("move",
	"支援措置中の方です。まだこの市区町村の住民ではないので、ここでは一時解除ができません。転入しない旨の申出は、前の市区町村の窓口が「転出の取消し」として受け付けます。",
	"This person is protected, and not in this register yet: nothing can be released here. That she does not move in is to be filed with the old municipality, which cancels the moving out.")

// admitsMove is admits for a move, whose person may not be in the register.
func (o *Municipality) admitsMove(ctx context.Context, tx *store.Tx, by string, who PersonID, code resident.RecordCode) error {
	hidden, err := o.hidesMove(ctx, tx, by, who, code)
	if err != nil || !hidden {
		return err
	}
	if who == 0 {
		if _, known, err := tx.ByCode(ctx, code); err != nil {
			return err
		} else if !known {
			return errProtectedMove
		}
	}
	return errProtected
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
