package simulate

import (
	"context"
	"strings"

	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// seal: somebody of 15 or more who has none registers one with their family name.
func (s *simulation) seal(ctx context.Context) error {
	_, err := s.sealed(ctx)
	return err
}

func (s *simulation) sealed(ctx context.Context) (*soul, error) {
	who, d, err := s.somebody(ctx, func(x *soul, d municipality.Dossier) bool { return japanese(d) && s.age(d) >= 15 && !x.seal })
	if err != nil {
		return nil, err
	}
	family, _, _ := strings.Cut(d.Now.Record.Name.Reveal(), "　")
	s.report.cases++
	// Compared: the clerk has laid the seals of the household beside it. Each is cut differently.
	_, err = who.at.RegisterSeal(ctx, municipality.SealApplication{Person: who.id, Base: d.Now.Number, Text: family, Way: municipality.SealByPhotoID, Compared: true, Evidence: identity.Evidence{identity.MyNumberCard},
		Scan: imprinttest.Seal{Millimetres: 13.5, Face: uint64(s.report.cases), DPI: 300}.Scan()})
	who.seal = err == nil
	return who, err
}

// sealEnded: somebody whose seal is registered wants it no more. One that a change has ended is ended already, and the counter says so.
func (s *simulation) sealEnded(ctx context.Context) error {
	var all []*soul
	for _, x := range s.souls {
		if x.seal && !x.gone && !x.leaving {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		who, err := s.sealed(ctx)
		if err != nil {
			return err
		}
		s.report.Events[Seal]++
		all = append(all, who)
	}
	who := all[s.rng.IntN(len(all))]
	who.seal = false
	return who.at.EndSeal(ctx, who.id, municipality.SealUnwanted)
}

// seals: nobody has one that is registered who is in the register no more or whose name it does not state.
func (l *land) seals(ctx context.Context, f *finding) error {
	type registered struct {
		code, text, name, common string
		present                  bool
	}
	for _, t := range l.towns {
		all, err := list(ctx, t.Host, func(r *sqlstore.Rows, s *registered) error {
			return r.Scan(&s.code, &s.present, &s.text, &s.name, &s.common)
		}, `SELECT r.code, r.present, s.text, v.name, v.common_name FROM seal AS s JOIN resident AS r ON r.person = s.person
			JOIN record_version AS v ON v.person = r.person AND v.version = r.version WHERE s.state = 'registered'`)
		if err != nil {
			return err
		}
		for _, s := range all {
			switch {
			case !s.present:
				f.add("seals", "alive", t.Self, s.code, "住民でない方の印鑑が、登録されたままです。", "the seal of somebody who is no resident is still registered")
			case !strings.HasPrefix(s.name, s.text) && !strings.HasPrefix(s.common, s.text):
				f.add("seals", "differs", t.Self, s.code, "印鑑の文字が、今の氏名と違います。", "the seal does not state the present name")
			}
		}
	}
	return nil
}
