package simulate

import (
	"context"
	"errors"
	"fmt"

	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/resident"
)

// acts are what happens, by kind. Each files one notice at a counter, or several that belong together.
var acts = map[Kind]func(*simulation, context.Context) error{
	Birth: (*simulation).birth, Death: (*simulation).death, FromAbroad: (*simulation).fromAbroad, Abroad: (*simulation).abroad,
	MoveBetween: (*simulation).moveBetween, MoveCancelled: (*simulation).moveCancelled, MoveWithin: (*simulation).moveWithin,
	Marriage: (*simulation).marriage, Divorce: (*simulation).divorce, NameChange: (*simulation).nameChange,
	Split: (*simulation).split, Merge: (*simulation).merge, HeadChange: (*simulation).headChange,
	Correction: (*simulation).correction, Cancellation: (*simulation).cancellation, Minor: (*simulation).minor,
	Removal: (*simulation).removal, Restoration: (*simulation).restoration,
	Naturalisation: (*simulation).naturalisation, CodeChange: (*simulation).codeChange,
	Application: (*simulation).application, Renewal: (*simulation).again, Renewed: (*simulation).renewed, Revocation: (*simulation).revocation, Loss: (*simulation).loss,
	Seal: (*simulation).seal, SealEnded: (*simulation).sealEnded, Renaming: (*simulation).renaming,
	Protection: (*simulation).protect, ProtectionEnd: (*simulation).protectionEnded,
}

// tries is how many people a counter may refuse an event before the run says so: who was drawn may be somebody with whom it is not
// possible, as nobody marries at ten.
const tries = 20

// happen lets one event of a kind happen to somebody. That a counter refuses is counted; an error that is no sentence for a clerk ends
// the run.
func (s *simulation) happen(ctx context.Context, k Kind) error {
	var last string
	for range tries {
		err := acts[k](s, s.atDesk(ctx))
		if err == nil {
			s.report.Events[k]++
			return nil
		}
		if errors.Is(err, errNobody) {
			s.report.skip(k, "nobody")
			return nil
		}
		sentence, refused := said(err)
		if !refused {
			return fmt.Errorf("%s at %s: %w", k, s.land.clk.Now(), err)
		}
		s.report.Refused++
		last = sentence
	}
	s.report.skip(k, last)
	return nil
}

// filing is what every notice has in common.
func (s *simulation) filing(d municipality.Dossier, basis, event string) municipality.Filing {
	return municipality.Filing{Person: d.Now.Person, Base: d.Now.Number, Arose: s.land.today(), Basis: basis, Event: event}
}

func anybody(*soul, municipality.Dossier) bool { return true }

// birth: a child is entered into its mother's household.
func (s *simulation) birth(ctx context.Context) error {
	mother, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool {
		return japanese(d) && d.Now.Record.Sex == resident.Female && s.age(d) >= 18 && s.age(d) <= 45
	})
	if err != nil {
		return err
	}
	child, err := s.comer()
	if err != nil {
		return err
	}
	r := resident.Record{BasicFour: child.BasicFour, Kana: child.Kana, Household: d.Now.Record.Household, Relation: relationOf("子"), BecameResident: s.land.today()}
	if r.Name, err = renamed(child.Name, d.Now.Record.Name); err != nil {
		return retry
	}
	r.Birth, r.Address, r.Municipality = resident.WholeDate(s.land.today()), d.Now.Record.Address, d.Now.Record.Municipality
	f, err := mother.at.Register(ctx, municipality.Registration{Reason: resident.Birth, Basis: "family-49", Another: true, AsIs: true, Record: r})
	return s.came(mother.at, f, err)
}

// retry is a refusal by the simulation itself: somebody else has to be drawn.
var retry = refusedHere()

// came notes somebody who is in a register from now on.
func (s *simulation) came(at *town, f municipality.Filed, err error) error {
	if err == nil {
		s.souls = append(s.souls, newSoul(at, f.Person))
	}
	return err
}

func (s *simulation) death(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return s.age(d) > 60 || s.rng.IntN(50) == 0 })
	if err != nil {
		return err
	}
	f := s.filing(d, "family-86", "death")
	f.Rest = remain(d)
	_, err = who.at.File(ctx, municipality.Death{Filing: f})
	return who.goes(err)
}

// goes notes that somebody is in the register no more.
func (x *soul) goes(err error) error {
	x.gone = x.gone || err == nil
	return err
}

func (s *simulation) fromAbroad(ctx context.Context) error {
	at := s.land.towns[s.rng.IntN(len(s.land.towns))]
	r, err := s.comer()
	if err != nil {
		return err
	}
	r.Relation, r.BecameResident, r.Address, r.Municipality = resident.Head, s.land.today(), s.address(at), resident.MunicipalityCode{}
	r = r.WithItems(resident.Items{})
	basis := "law-22"
	if r.Nationality.Valid() {
		basis = "law-30-46"
	}
	f, err := at.Register(ctx, municipality.Registration{Reason: resident.MoveIn, Basis: basis, Another: true, AsIs: true, Record: r})
	return s.came(at, f, err)
}

// abroad: somebody leaves the country, today.
func (s *simulation) abroad(ctx context.Context) error {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return err
	}
	to, err := resident.ParseAddress("to", "アメリカ合衆国")
	if err != nil {
		return err
	}
	f := s.filing(d, "law-24", "move-abroad")
	f.Rest = remain(d)
	_, err = who.at.File(ctx, municipality.MoveOut{Filing: f, To: to})
	return who.goes(err)
}

func (s *simulation) moveWithin(ctx context.Context) error {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return err
	}
	c := municipality.MoveWithin{Filing: s.filing(d, "law-23", "move-within"), Address: s.address(who.at), AsIs: true}
	if len(others(d)) > 0 {
		c.OwnHousehold, c.Relation, c.Rest = true, resident.Head, remain(d)
	}
	_, err = who.at.File(ctx, c)
	return err
}
