package simulate

import (
	"context"
	"errors"
	"slices"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

func newSoul(at *town, id municipality.PersonID) *soul {
	return &soul{at: at, id: id, held: map[cert.Profile]string{}, ends: map[cert.Profile]resident.Date{}}
}

func refusedHere() error {
	return plain.Problems{plain.Bad("who", "この方には起こりません。", "it cannot happen to this one")}
}

// inPrefecture is the share of moves between municipalities that stay in a prefecture: of 5,207,746 in 2024, 2,523,249 did not.
const inPrefecture = 1 - 2_523_249.0/5_207_746

// moveBetween: one of a household, or all, file their moving out, for today or a day to come; on that day or soon after they register where
// they have moved to, from what the old municipality has told.
func (s *simulation) moveBetween(ctx context.Context) error {
	m, err := s.leave(ctx, s.rng.IntN(4))
	if err == nil {
		s.moves = append(s.moves, m)
	}
	return err
}

// leave files a moving out for a day that is so many days ahead.
func (s *simulation) leave(ctx context.Context, ahead int) (*move, error) {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return nil, err
	}
	m := &move{from: who.at, souls: []*soul{who}}
	near := s.rng.Float64() < inPrefecture
	i := slices.IndexFunc(s.land.towns, func(t *town) bool { return t != who.at && (t.above() == who.at.above()) == near })
	far := s.land.towns[i:]
	m.to = far[0]
	if !near && s.rng.IntN(2) == 0 && len(far) > 1 && far[1].above() != who.at.above() {
		m.to = far[1]
	}
	planned := s.land.today().AddDays(ahead)
	m.on = planned.AddDays(s.rng.IntN(3))
	base := map[municipality.PersonID]resident.Version{d.Now.Person: d.Now.Number}
	people := []municipality.PersonID{d.Now.Person}
	if s.rng.IntN(2) == 0 { // the whole household
		for _, v := range d.Household {
			x := s.soulOf(who.at, v.Person)
			if v.Person == d.Now.Person || !v.Present() {
				continue
			}
			if x == nil || x.leaving {
				return nil, retry
			}
			base[v.Person], people, m.souls = v.Number, append(people, v.Person), append(m.souls, x)
		}
	}
	f := s.filing(d, "law-24", "move-out")
	f.Person, f.Base, f.Arose = 0, 0, planned
	if len(people) == 1 && ahead == 0 {
		f.Rest = remain(d)
	}
	c := municipality.MoveOut{Filing: f, To: s.address(m.to)}
	if len(people) == 1 {
		c.Person, c.Base = d.Now.Person, d.Now.Number
		_, err = who.at.File(ctx, c)
	} else {
		_, err = who.at.FileMoveOut(ctx, c, base, people)
	}
	if err != nil {
		return nil, err
	}
	for _, x := range m.souls {
		x.leaving = true
	}
	return m, nil
}

func (s *simulation) soulOf(at *town, id municipality.PersonID) *soul {
	for _, x := range s.souls {
		if x.at == at && x.id == id && !x.gone {
			return x
		}
	}
	return nil
}

// moveCancelled: somebody files a moving out for a day to come, and takes it back at once.
func (s *simulation) moveCancelled(ctx context.Context) error {
	m, err := s.leave(ctx, 5)
	if err != nil {
		return err
	}
	for _, x := range m.souls {
		if err := m.from.CancelPlan(ctx, x.id); err != nil {
			return err
		}
		x.leaving = false
	}
	return nil
}

// arrivals lets those register whose day has come.
func (s *simulation) arrivals(ctx context.Context) error {
	later := s.moves[:0:0]
	for _, m := range s.moves {
		if m.on.After(s.land.today()) {
			later = append(later, m)
			continue
		}
		if err := s.arrive(s.atDesk(ctx), m); err != nil {
			return err
		}
	}
	s.moves = later
	return nil
}

func (s *simulation) arrive(ctx context.Context, m *move) error {
	list, err := m.to.Moves(ctx)
	if err != nil {
		return err
	}
	c := municipality.MoveIn{Became: s.land.today(), Address: s.address(m.to), Basis: "law-22", AsIs: true}
	coming := map[resident.RecordCode]bool{}
	for _, x := range m.souls {
		d, err := m.from.Look(ctx, x.id, "simulation")
		if err != nil {
			return err
		}
		coming[d.Now.Record.Code] = true
	}
	for _, h := range list.Here {
		if h.Waits() && coming[h.Code] {
			c.People = append(c.People, municipality.Arrival{Move: h.Move, Relation: relationOf("同居人")})
		}
	}
	if len(c.People) != len(m.souls) {
		return s.stranded(m, "they were not told of")
	}
	c.People[0].Relation = resident.Head
	filed, err := m.to.RegisterArrivals(ctx, c)
	if sentence, refused := said(err); refused {
		return s.stranded(m, sentence)
	}
	if err != nil {
		return err
	}
	for _, x := range m.souls {
		x.gone = true
	}
	for _, f := range filed {
		s.souls = append(s.souls, newSoul(m.to, f.Person))
	}
	s.report.Arrived += len(filed)
	return nil
}

// stranded is a move whose second half a counter refused. It happens to nobody in a country that works.
func (s *simulation) stranded(m *move, why string) error {
	if why == "" {
		return errors.New("a move was refused without a word")
	}
	s.report.Stranded = append(s.report.Stranded, Difference{Where: string(m.to.Self), By: "counter", What: "move-refused", Says: says("転入を登録できません。", "nobody can register: "+why)})
	for _, x := range m.souls {
		x.gone = true
	}
	return nil
}
