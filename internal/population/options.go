package population

import (
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Options say which population to make.
type Options struct {
	Municipality resident.MunicipalityCode // a municipality or ward that keeps a register on AsOf
	Count        int                       // residents, 0 or more
	Seed         uint64                    // another seed is another population of the same municipality
	AsOf         resident.Date             // the day of the register; the zero value is DefaultAsOf
	Lang         plain.Lang                // of the header of the file; the zero value is Japanese
}

// DefaultAsOf is a fixed day and not today, so that a seed gives the same bytes tomorrow.
var DefaultAsOf = resident.MustDate(2025, 4, 1)

var (
	// No resident had a record code before the first operation of the network (住民基本台帳ネットワーク第一次稼働).
	firstCodes = resident.MustDate(2002, 8, 5)
	// Foreign residents entered the register on this day (平成21年法律77号), which is the earliest on which any of
	// them became a resident in the sense of it (住民となった年月日).
	firstForeigners = resident.MustDate(2012, 7, 9)
)

// Names of the fields of Options in problems, as the options of the command are named.
const (
	fieldMunicipality = "municipality"
	fieldCount        = "count"
	fieldAsOf         = "as-of"
)

// Check says everything that is wrong with the options, each with its field: municipality, count, as-of.
func (o Options) Check() plain.Problems {
	_, err := prepare(o)
	ps, _ := plain.AsProblems(err)
	return ps
}

// prepare checks the options and looks up what they name. The error is plain.Problems.
func prepare(o Options) (*generator, error) {
	g := &generator{seed: o.Seed, count: o.Count, asOf: o.AsOf}
	if !g.asOf.Valid() {
		g.asOf = DefaultAsOf
	}
	var ps plain.Problems
	if g.asOf.Before(firstCodes) {
		ps = append(ps, plain.Bad(fieldAsOf,
			"住民票コードは"+firstCodes.Wareki()+"からのものです。その日以後の日付を指定してください。",
			"Record codes exist since "+firstCodes.String()+". Give that day or a later one."))
	}
	if o.Count < 0 {
		ps = append(ps, plain.Bad(fieldCount,
			"人数は0以上の数で指定してください。", "Give a number of residents of 0 or more."))
	}
	m, err := municipality(o.Municipality, g.asOf)
	if err != nil {
		return nil, append(ps, err)
	}
	codes, known := poolOf(o.Municipality)
	switch {
	case !known:
		ps = append(ps, plain.Bad(fieldMunicipality,
			fmt.Sprintf("%sには住民票コードの割当てがありません。ほかの市区町村を指定してください。", m.FullName()),
			fmt.Sprintf("No record codes are set aside for %s. Give another municipality.", m.Romaji())))
	case o.Count > codes.size():
		ps = append(ps, plain.Bad(fieldCount,
			fmt.Sprintf("%sに割り当てた住民票コードは%d人分です。それ以下の人数を指定するか、市区町村を分けてください。", m.FullName(), codes.size()),
			fmt.Sprintf("%s has record codes for %d residents. Give at most that many, or spread them over several municipalities.", m.Romaji(), codes.size())))
	}
	if len(ps) > 0 {
		return nil, ps
	}
	g.municipality, g.codes = o.Municipality, codes
	g.place = placeOf(m)
	g.others = slices.DeleteFunc(slices.Clone(resident.Municipalities(g.asOf)), func(other resident.Municipality) bool {
		return other.NoAdministration || other.Code == o.Municipality
	})
	return g, nil
}

// municipality finds one that keeps a register on a day, as registerfile.Reader asks.
func municipality(code resident.MunicipalityCode, on resident.Date) (resident.Municipality, *plain.Problem) {
	if !code.Valid() {
		return resident.Municipality{}, plain.Bad(fieldMunicipality,
			"市区町村コードがありません。検査数字を含む6けたで指定してください(例: 松本市 202029)。",
			"The municipality is missing. Give its code, 6 digits with the check digit (e.g. Matsumoto 202029).")
	}
	m, err := resident.Lookup(fieldMunicipality, code, on)
	if ps, bad := plain.AsProblems(err); bad {
		return m, ps[0]
	}
	if m.NoAdministration {
		return m, plain.Bad(fieldMunicipality,
			m.FullName()+"では住民基本台帳の事務が行われていません。ほかの市区町村を指定してください。",
			m.Romaji()+" keeps no resident register. Give another municipality.")
	}
	// In a designated city the wards keep the registers (法38条).
	wards := slices.DeleteFunc(resident.Municipalities(on), func(w resident.Municipality) bool {
		return m.City != "" || w.City != m.Name || w.Code.Prefecture() != code.Prefecture()
	})
	if len(wards) > 0 {
		var ja, en []string
		for _, w := range wards {
			ja = append(ja, w.Name+" "+w.Code.String())
			en = append(en, w.Romaji()+" "+w.Code.String())
		}
		return m, plain.Bad(fieldMunicipality,
			m.FullName()+"では区ごとに住民基本台帳が作られます。区を指定してください("+strings.Join(ja, "、")+")。",
			"In "+m.Romaji()+" each ward keeps a register. Give a ward ("+strings.Join(en, ", ")+").")
	}
	return m, nil
}
