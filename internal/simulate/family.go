package simulate

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/resident"
)

// rename files that somebody has another family name.
func (s *simulation) rename(ctx context.Context, event string, may func(municipality.Dossier) bool) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return japanese(d) && may(d) })
	if err != nil {
		return err
	}
	other, err := s.comer()
	if err != nil {
		return err
	}
	a := municipality.Amendment{Filing: s.filing(d, "family-notice", event)}
	if a.Name, err = renamed(d.Now.Record.Name, other.Name); err != nil || a.Name == d.Now.Record.Name {
		return retry
	}
	_, err = who.at.File(ctx, a)
	return err
}

func (s *simulation) adult(d municipality.Dossier) bool { return s.age(d) >= 18 && s.age(d) < 100 }

func (s *simulation) marriage(ctx context.Context) error { return s.rename(ctx, "marriage", s.adult) }
func (s *simulation) divorce(ctx context.Context) error  { return s.rename(ctx, "divorce", s.adult) }

func (s *simulation) nameChange(ctx context.Context) error {
	return s.rename(ctx, "surname-change", func(municipality.Dossier) bool { return true })
}

// household files a household act as a page does: it shows what the act would do, and files what was seen.
func (s *simulation) household(ctx context.Context, at *town, event string, places []municipality.Placement) error {
	act := municipality.HouseholdAct{Event: event, Arose: s.land.today(), Basis: "law-25", Places: places}
	seen, err := at.PreviewHousehold(ctx, act)
	if err != nil {
		return err
	}
	act.Base = seen.Stamp
	_, err = at.FileHousehold(ctx, act)
	return err
}

// split: somebody who is not the head begins a household at the same address.
func (s *simulation) split(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool {
		return len(others(d)) > 0 && d.Now.Record.Relation != resident.Head && s.adult(d)
	})
	if err != nil {
		return err
	}
	return s.household(ctx, who.at, "household-split", placed([]municipality.PersonID{d.Now.Person}, ""))
}

// merge: a household was divided, and its people are one again.
func (s *simulation) merge(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool {
		return len(others(d)) > 0 && d.Now.Record.Relation != resident.Head && s.adult(d)
	})
	if err != nil {
		return err
	}
	home := d.Now.Record.Household
	if err := s.household(ctx, who.at, "household-split", placed([]municipality.PersonID{d.Now.Person}, "")); err != nil {
		return err
	}
	s.report.Events[Split]++
	return s.household(ctx, who.at, "household-merge", []municipality.Placement{{Person: d.Now.Person, Household: home, Relation: d.Now.Record.Relation}})
}

func (s *simulation) headChange(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool {
		return len(others(d)) > 0 && d.Now.Record.Relation != resident.Head
	})
	if err != nil {
		return err
	}
	return s.household(ctx, who.at, "head-change", placed(append([]municipality.PersonID{d.Now.Person}, others(d)...), d.Now.Record.Household))
}

// naturalisation: a foreign resident is a Japanese national from now on, under a Japanese name.
func (s *simulation) naturalisation(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return d.Now.Record.Nationality.Valid() })
	if err != nil {
		return err
	}
	var other resident.Record
	for !other.Name.Valid() || other.Nationality.Valid() {
		if other, err = s.comer(); err != nil {
			return err
		}
	}
	// What only foreign residents have goes (30条の45).
	items := d.Now.Record.Items()
	items.Stay, items.FamilyRegister = resident.Stay{}, other.FamilyRegister
	_, err = who.at.File(ctx, municipality.Amendment{Filing: s.filing(d, "family-notice", "naturalisation"), Name: other.Name, Kana: other.Kana, NoNationality: true, Items: &items})
	return err
}

// correction: a date of birth was typed wrongly.
func (s *simulation) correction(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return s.age(d) > 1 && s.age(d) < 100 })
	if err != nil {
		return err
	}
	born, _ := d.Now.Record.Birth.Whole()
	_, err = who.at.File(ctx, municipality.Correction{Corrects: d.Now.Number, Amendment: municipality.Amendment{
		Filing: s.filing(d, "found-wrong", "correction"), Birth: resident.WholeDate(born.AddDays(-1))}})
	return err
}

// cancellation: a change of name is entered for somebody whom it does not concern, and taken back.
func (s *simulation) cancellation(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return japanese(d) })
	if err != nil {
		return err
	}
	other, err := s.comer()
	if err != nil {
		return err
	}
	a := municipality.Amendment{Filing: s.filing(d, "family-notice", "surname-change")}
	if a.Name, err = renamed(d.Now.Record.Name, other.Name); err != nil || a.Name == d.Now.Record.Name {
		return retry
	}
	wrong, err := who.at.File(ctx, a)
	if err != nil {
		return err
	}
	s.report.Events[NameChange]++
	f := s.filing(d, "found-wrong", "cancellation")
	f.Base = wrong.Version
	_, err = who.at.File(ctx, municipality.Cancellation{Filing: f, Corrects: wrong.Version})
	return err
}

// minor: the lot on which somebody lives has another number.
func (s *simulation) minor(ctx context.Context) error {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return err
	}
	_, err = who.at.File(ctx, municipality.MinorAmendment{Filing: s.filing(d, "rule-21-2-4", "minor-lot"), Address: s.address(who.at), AsIs: true})
	return err
}

func (s *simulation) removal(ctx context.Context) error {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return err
	}
	f := s.filing(d, "found-wrong", "deletion-ex-officio")
	f.Rest = remain(d)
	_, err = who.at.File(ctx, municipality.Removal{Filing: f})
	return who.goes(err)
}

// restoration: somebody who lives alone was deleted, and is found to live there.
func (s *simulation) restoration(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return len(others(d)) == 0 })
	if err != nil {
		return err
	}
	gone, err := who.at.File(ctx, municipality.Removal{Filing: s.filing(d, "found-wrong", "deletion-ex-officio")})
	if err = who.goes(err); err != nil {
		return err
	}
	s.report.Events[Removal]++
	f := s.filing(d, "found-wrong", "restoration")
	f.Base = gone.Version
	if _, err = who.at.File(ctx, municipality.Restoration{Filing: f, Corrects: gone.Version}); err != nil {
		return err
	}
	who.gone = false
	return nil
}

// codeChange: a resident asks for another code, and need not say why (法30条の3).
func (s *simulation) codeChange(ctx context.Context) error {
	who, d, err := s.somebody(ctx, anybody)
	if err != nil {
		return err
	}
	_, err = who.at.File(ctx, municipality.Recode{Filing: s.filing(d, "law-30-3", "code-change-requested")})
	return err
}
