package municipality

import (
	"strings"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// problems collects what is wrong with a notice, so that a clerk corrects all fields at once.
type problems struct{ plain.Problems }

func (ps *problems) bad(field, ja, en string) {
	ps.Problems = append(ps.Problems, plain.Bad(field, ja, en))
}

func (ps *problems) note(p *plain.Problem) {
	if p != nil {
		ps.Problems = append(ps.Problems, p)
	}
}

// take keeps the problems in an error and returns every other error.
func (ps *problems) take(err error) error {
	found, ok := plain.AsProblems(err)
	if !ok {
		return err
	}
	ps.Problems = append(ps.Problems, found...)
	return nil
}

// need refuses what is absent.
func (ps *problems) need(given bool, field, ja, en string) bool {
	if !given {
		ps.bad(field, ja+"を入力してください。", "Enter "+en+".")
	}
	return given
}

// notAfter refuses a day that has not come.
func (ps *problems) notAfter(field string, day, today resident.Date) {
	if day.After(today) {
		ps.bad(field,
			day.Wareki()+"はまだ来ていない日です。事由の生じた日を入力してください。",
			day.String()+" has not come yet: enter the day on which it happened.")
	}
}

// notBefore refuses a day before another one, with what that one was.
func (ps *problems) notBefore(field string, day, first resident.Date, ja, en string) {
	if day.Before(first) {
		ps.bad(field,
			day.Wareki()+"は、"+ja+"（"+first.Wareki()+"）より前です。日付を確かめてください。",
			day.String()+" is before "+en+" ("+first.String()+"): check the day.")
	}
}

// body is the municipality, or for a designated city the ward, in whose register a record is. Zero means the
// municipality itself, which is right where there are no wards.
func (o *Municipality) body(field string, code resident.MunicipalityCode, on resident.Date) (resident.Municipality, error) {
	self, err := resident.Lookup(field, o.code, on)
	if err != nil {
		return resident.Municipality{}, err
	}
	wards := o.wards(self, on)
	if len(wards) == 0 && (!code.Valid() || code == o.code) {
		return self, nil
	}
	for _, w := range wards {
		if w.Code == code {
			return w, nil
		}
	}
	if len(wards) > 0 && (!code.Valid() || code == o.code) {
		return resident.Municipality{}, plain.Bad(field, self.Name+"の区を選んでください。", "Choose the ward of "+self.Romaji()+".")
	}
	m, err := resident.Lookup(field, code, on)
	if err != nil {
		return resident.Municipality{}, err
	}
	return resident.Municipality{}, plain.Bad(field,
		"市区町村コード"+code.String()+"は"+m.FullName()+"で、"+self.FullName()+"ではありません。コードを確かめてください。",
		code.String()+" is "+m.Romaji()+", not "+self.Romaji()+": check the code.")
}

// wards are the wards of a designated city (指定都市の区) on a day; none otherwise.
func (o *Municipality) wards(self resident.Municipality, on resident.Date) []resident.Municipality {
	var wards []resident.Municipality
	for _, m := range resident.FindMunicipalities(o.code.Prefecture(), self.Name, on) {
		if m.City == self.Name {
			wards = append(wards, m)
		}
	}
	return wards
}

// checkAddress judges an address of ours. Another municipality's is refused. One that does not begin as ours do may be
// a new name that no table knows yet: the clerk is warned that the national center may be unable to read it, and may
// go on (asIs).
func (ps *problems) checkAddress(field string, a resident.Address, m resident.Municipality, asIs bool, on resident.Date) {
	if readable(a, m) {
		return
	}
	for _, other := range resident.Municipalities(on) {
		if strings.HasPrefix(a.Reveal(), other.FullName()) {
			ps.bad(field,
				"これは"+other.FullName()+"の住所です。"+m.FullName()+"の住所を入力してください。",
				"This is an address of "+other.Romaji()+": enter one of "+m.Romaji()+".")
			return
		}
	}
	if !asIs {
		ps.bad(fieldAsIs,
			"住所が「"+m.FullName()+"」から始まっていないため、全国センターで読めず、保留されるおそれがあります。住所を直すか、このままでよければ「このまま届け出る」に印を付けてください。",
			"The address does not begin with “"+m.FullName()+"”, so the national center may be unable to read it and park it: correct it, or tick “file it as it is”.")
	}
}

// fieldAsIs is the tick box with which a clerk files an address in spite of the warning.
const fieldAsIs = "as_is"

// readable tells whether an address begins with the names of its prefecture and municipality, as the center wants it.
func readable(a resident.Address, m resident.Municipality) bool {
	return strings.HasPrefix(a.Reveal(), m.FullName())
}

// settledOn is the day since which the person has lived at the present address, as far as the versions tell, with what
// it was that day. Versions are the newest first.
func settledOn(versions []store.Version) (resident.Date, plain.Sentence) {
	undone := map[resident.Version]bool{}
	for _, v := range versions {
		switch r := v.Change.Reason; {
		case undone[v.Number]:
			continue // it never was
		case v.Corrects != 0 && v.Event != "correction":
			undone[v.Corrects] = true
		case r == resident.MoveWithin:
			return v.Change.Arose, plain.Sentence{JA: "前の転居の日", EN: "the last move"}
		case r.Act() == resident.Entry:
			return v.Record.BecameResident, plain.Sentence{JA: "住民となった日", EN: "the day of becoming a resident"}
		}
	}
	return resident.Date{}, plain.Sentence{}
}
