package simulate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// soul is somebody as the simulation knows them: where, and under which number there. What the register says it asks the register.
type soul struct {
	at      *town
	id      municipality.PersonID
	gone    bool // deleted
	leaving bool // a move is under way, or a fault was planted: nothing else happens to them
	held    map[cert.Profile]string
	ends    map[cert.Profile]resident.Date // the last day of what they held when the run began, as far as its end is near
	seal    bool                           // registered, unless a change has ended it
	measure string                         // by which they are protected; empty: none
}

// move is one that is under way: filed where people leave, and to be filed where they come.
type move struct {
	from, to *town
	on       resident.Date // when they register
	souls    []*soul
}

// stranger gives those who come: invented people of a municipality of whom nobody is in a register yet.
type stranger struct {
	next func() (resident.Record, bool)
	stop func()
}

// settle takes the residents of the first day over into the registers, from the files that a municipality imports, and lets some of them
// have certificates that were issued years ago.
func (s *simulation) settle(ctx context.Context) error {
	for i, t := range s.land.towns {
		opt := population.Options{Municipality: t.Code(), Count: s.opt.Residents * places[i].share / 10, Seed: s.opt.Seed, AsOf: begins.AddDays(-1)}
		var file, rejected bytes.Buffer
		if err := population.Generate(&file, opt); err != nil {
			return err
		}
		done, err := t.Import(ctx, &file, municipality.ImportOptions{Reject: &rejected})
		if err != nil {
			return err
		}
		if done.Rejected > 0 {
			return fmt.Errorf("%s rejects %d of %d residents", t.Self, done.Rejected, done.Lines)
		}
		ids, err := persons(ctx, t)
		if err != nil {
			return err
		}
		for _, id := range ids {
			s.souls = append(s.souls, newSoul(t, id))
		}
	}
	opt := population.Options{Municipality: s.land.towns[0].Code(), Count: s.opt.Residents*6 + 1000, Seed: s.opt.Seed + 1, AsOf: begins.AddDays(-1)}
	s.strange.next, s.strange.stop = iter.Pull(population.People(opt))
	s.land.closers = append(s.land.closers, func() error { s.strange.stop(); return nil })
	if err := s.holders(ctx); err != nil {
		return fmt.Errorf("couldn't give the first certificates: %w", err)
	}
	return s.land.until(ctx, begins.Start().Add(opens-1))
}

// persons are all of a register, by the numbers under which they stand in it.
func persons(ctx context.Context, t *town) (ids []municipality.PersonID, err error) {
	err = t.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		ids, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, id *municipality.PersonID) error {
			var n int64
			err := r.Scan(&n)
			*id = municipality.PersonID(n)
			return err
		}, `SELECT person FROM resident WHERE present ORDER BY code`)
		return err
	})
	return ids, err
}

// somebody draws one of those who are in a register and of whom ok says that the event may happen to them, with their dossier. Nobody
// is drawn whose move is under way, nor who is protected, nor who lives with somebody who is. Each dossier is opened as another case, at
// whichever desk is next: a clerk who opened dozens until one fits would be one who looks at people in bulk, and be found.
func (s *simulation) somebody(ctx context.Context, ok func(*soul, municipality.Dossier) bool) (*soul, municipality.Dossier, error) {
	for range 400 {
		x := s.souls[s.rng.IntN(len(s.souls))]
		if x.gone || x.leaving {
			continue
		}
		d, err := x.at.Look(s.atDesk(ctx), x.id, "simulation")
		if err != nil {
			return nil, d, err
		}
		if !d.Hidden && d.Now.Present() && d.Plan == nil && !withSomebodyHidden(d) && ok(x, d) {
			return x, d, nil
		}
	}
	return nil, municipality.Dossier{}, errNobody
}

func withSomebodyHidden(d municipality.Dossier) bool {
	for _, v := range d.Household {
		if v.Masked {
			return true
		}
	}
	return false
}

// errNobody is that nobody of the country is one to whom the event could happen.
var errNobody = errors.New("there is nobody to whom it could happen")

// others are those of a household beside somebody.
func others(d municipality.Dossier) (rest []municipality.PersonID) {
	for _, v := range d.Household {
		if v.Person != d.Now.Person && v.Present() {
			rest = append(rest, v.Person)
		}
	}
	return rest
}

// remain says how those stand who stay when somebody leaves a household: the first of them is the head if the head leaves.
func remain(d municipality.Dossier) (rest []municipality.Placement) {
	stay := others(d)
	if d.Now.Record.Relation != resident.Head || len(stay) < 2 {
		return nil
	}
	return placed(stay, d.Now.Record.Household)
}

// placed makes the first the head of a household and the others those who live with the head.
func placed(people []municipality.PersonID, household resident.HouseholdID) (all []municipality.Placement) {
	for i, p := range people {
		relation := resident.Head
		if i > 0 {
			relation = relationOf("同居人")
		}
		all = append(all, municipality.Placement{Person: p, Household: household, Relation: relation})
	}
	return all
}

func relationOf(s string) resident.Relation {
	r, err := resident.ParseRelation("relation", s)
	if err != nil {
		panic(err) // fixed in the program
	}
	return r
}

// address draws an address of a town that nobody of the simulation has.
func (s *simulation) address(t *town) resident.Address {
	s.report.cases++
	a, err := resident.ParseAddress("address", fmt.Sprintf("%s本町%d丁目%d番%d号", t.full, 1+s.rng.IntN(9), 1+s.rng.IntN(99), s.report.cases))
	if err != nil {
		panic(err) // digits in a text that is fixed
	}
	return a
}

// comer is somebody who is in no register.
func (s *simulation) comer() (resident.Record, error) {
	// The first are those whom a register begins with: the same codes, though other people.
	r, ok := s.strange.next()
	if !ok {
		return r, errNobody
	}
	r.Code, r.Household = resident.RecordCode{}, ""
	return r, nil
}

// renamed is a name with another family name, as somebody else has it.
func renamed(now resident.Name, family resident.Name) (resident.Name, error) {
	_, given, ok := strings.Cut(now.Reveal(), "　")
	other, _, both := strings.Cut(family.Reveal(), "　")
	if !ok || !both {
		return now, errNobody
	}
	return resident.ParseName("name", other+"　"+given)
}

func japanese(d municipality.Dossier) bool {
	return !d.Now.Record.Nationality.Valid() && strings.Contains(d.Now.Record.Name.Reveal(), "　")
}

// age is how old somebody is, for those of whom the day of birth is known; else a hundred.
func (s *simulation) age(d municipality.Dossier) int {
	born, whole := d.Now.Record.Birth.Whole()
	if !whole {
		return 100
	}
	return resident.AgeOn(born, s.land.today())
}

// said tells whether an error is a sentence for a clerk: the counter refused.
func said(err error) (string, bool) {
	ps, ok := plain.AsProblems(err)
	if !ok || len(ps) == 0 {
		return "", false
	}
	return ps[0].Field + ": " + ps[0].EN, true
}
