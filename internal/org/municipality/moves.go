package municipality

import (
	"context"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// MoveAway and MoveHere are a move as the old and the new municipality keep it.
type (
	MoveAway = store.MoveAway
	MoveHere = store.MoveHere
)

// MoveList is what the counter sees of moves: the open ones by their day, and those that were closed last.
type MoveList struct {
	Away, Closed     []MoveAway
	Here, ClosedHere []MoveHere
	Names            map[PersonID]resident.Name // of those who move away
	More             bool                       // there are others that are open
}

// maxMoves is how many open moves a page shows of each side; maxClosed how many closed ones.
const (
	maxMoves  = 200
	maxClosed = 20
)

// Moves lists the moves for the clerk in the context. That each was seen is written down.
func (o *Municipality) Moves(ctx context.Context) (MoveList, error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return MoveList{}, err
	}
	var l MoveList
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) (_ []message.Out, err error) {
		l = MoveList{}
		if l.Away, err = tx.MovesAway(ctx, true, maxMoves+1); err != nil {
			return nil, err
		}
		if l.Closed, err = tx.MovesAway(ctx, false, maxClosed); err != nil {
			return nil, err
		}
		if l.Here, err = tx.MovesHere(ctx, true, maxMoves+1); err != nil {
			return nil, err
		}
		if l.ClosedHere, err = tx.MovesHere(ctx, false, maxClosed); err != nil {
			return nil, err
		}
		if len(l.Away) > maxMoves {
			l.Away, l.More = l.Away[:maxMoves], true
		}
		if len(l.Here) > maxMoves {
			l.Here, l.More = l.Here[:maxMoves], true
		}
		l.Names = map[PersonID]resident.Name{}
		for _, list := range [][]MoveAway{l.Away, l.Closed} {
			for i, m := range list {
				if hidden, err := o.hidesMove(ctx, tx, by, m.Person, m.Code); err != nil {
					return nil, err
				} else if hidden {
					list[i] = maskedAway(m)
				}
			}
		}
		for _, list := range [][]MoveHere{l.Here, l.ClosedHere} {
			for i, m := range list {
				if hidden, err := o.hidesMove(ctx, tx, by, m.Person, m.Code); err != nil {
					return nil, err
				} else if hidden {
					list[i] = maskedHere(m)
				}
			}
		}
		if len(l.Away)+len(l.Closed)+len(l.Here) == 0 {
			return nil, nil
		}
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err != nil {
			return nil, err
		}
		for _, m := range slices.Concat(l.Away, l.Closed) {
			v, found, err := tx.Current(ctx, m.Person)
			if err != nil {
				return nil, err
			}
			if !found {
				continue
			}
			l.Names[m.Person] = v.Record.Name
		}
		for _, list := range [][]MoveAway{l.Away, l.Closed} {
			for i, m := range list {
				if _, named := l.Names[m.Person]; !named {
					continue
				}
				v, _, err := tx.Current(ctx, m.Person)
				if err != nil {
					return nil, err
				}
				short, err := o.listedMove(ctx, tx, ground, v.Record.Code, m.Move)
				if err != nil {
					return nil, err
				}
				if short {
					list[i] = maskedAway(m)
				}
			}
		}
		for i, m := range l.Here { // these are shown by name
			short, err := o.listedMove(ctx, tx, ground, m.Code, m.Move)
			if err != nil {
				return nil, err
			}
			if short {
				l.Here[i] = maskedHere(m)
			}
		}
		return nil, nil
	})
	return l, err
}

// listedMove writes down that a move was shown in the list, and tells whether the name is all that may be shown of it: its person is on the
// list for attention, and that was not confirmed.
func (o *Municipality) listedMove(ctx context.Context, tx *store.Tx, ground look.Ground, code resident.RecordCode, move string) (short bool, err error) {
	if short, err = look.Unconfirmed(ctx, tx.Tx, access.From(ctx).ID, code, ground.Case); err != nil {
		return true, err
	}
	items := look.Name | look.Moves
	if short {
		items = look.Name
	}
	return short, o.record(ctx, tx, ground, code, items, "list of moves, "+move)
}

// MoveSeen is one move with what was told of it.
type MoveSeen struct {
	Away   *MoveAway
	Here   *MoveHere
	Now    *store.Version // the record here, when there is one
	Family []string       // the moves of the same notice
	Steps  []store.MoveTold
	Hand   []store.MoveClosing // proposals to close it by hand, the newest first
	Named  resident.Version    // of the record that the other end has by this move; 0: it has named none
	Hidden bool                // the person is protected, and no release opens the record to this clerk: of the move only the name is here
}

// Move opens a move for the clerk in the context, and writes down that it was opened.
func (o *Municipality) Move(ctx context.Context, move string) (MoveSeen, bool, error) {
	by, err := clerk(ctx, access.LookAtPerson)
	if err != nil {
		return MoveSeen{}, false, err
	}
	var s MoveSeen
	var found bool
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		s, found = MoveSeen{}, false
		var who PersonID
		var code resident.RecordCode
		if m, there, err := tx.MoveAwayOf(ctx, move); err != nil {
			return nil, err
		} else if there {
			s.Away, who, code, found = &m, m.Person, m.Code, true
			family, err := tx.FamilyAway(ctx, m.Family)
			if err != nil {
				return nil, err
			}
			for _, f := range family {
				s.Family = append(s.Family, f.Move)
			}
		} else if m, there, err := tx.MoveHereOf(ctx, move); err != nil {
			return nil, err
		} else if there {
			s.Here, who, code, found = &m, m.Person, m.Code, true
			family, err := tx.FamilyHere(ctx, m.Family)
			if err != nil {
				return nil, err
			}
			for _, f := range family {
				s.Family = append(s.Family, f.Move)
			}
		}
		if !found {
			return nil, nil
		}
		if who != 0 {
			now, there, err := tx.Current(ctx, who)
			if err != nil {
				return nil, err
			}
			if there {
				s.Now = &now
			}
		}
		items := look.Four | look.Kana | look.Moves
		if s.Here != nil {
			items |= shownOf(s.Here.Info)
		}
		var err error
		if s.Hidden, err = o.hidesMove(ctx, tx, by, who, code); err != nil {
			return nil, err
		}
		if s.Hidden {
			items = look.Name
			if s.Away != nil {
				*s.Away = maskedAway(*s.Away)
			} else {
				*s.Here = maskedHere(*s.Here)
			}
			if s.Now != nil {
				*s.Now = masked(*s.Now)
			}
		}
		if err := o.looked(ctx, tx, code, items, "move "+move); err != nil {
			return nil, err
		}
		if s.Steps, err = tx.StepsOf(ctx, move); err != nil || s.Hidden {
			return nil, err
		}
		if s.Named, err = (ending{s.Away, s.Here}).named(ctx, tx); err != nil {
			return nil, err
		}
		s.Hand, err = tx.ClosingsOf(ctx, move)
		return nil, err
	})
	return s, found, err
}
