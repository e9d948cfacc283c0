package population

import (
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/resident"
)

// place is what a municipality adds to its people: towns, names heard there, how many live in flats and come from abroad.
type place struct {
	address string // prefecture and municipality, as an address begins
	towns   *bag[town]
	names   *bag[written] // family names of the region; nil when there is no list
	flats   int           // permille of households
	abroad  int           // permille of residents with a foreign nationality
}

// foreigners in permille of the residents: the country at the end of 2023, and 足立区; from memory, rounded.
const (
	foreignCountry = 25
	foreignAdachi  = 55
)

func placeOf(m resident.Municipality) place {
	code := m.Code.String()
	p := place{address: m.FullName(), names: surnames()[code], abroad: foreignCountry, flats: 280}
	switch {
	case strings.HasSuffix(m.Name, "区"):
		p.flats = 550
	case !strings.HasSuffix(m.Name, "市"):
		p.flats = 90
	}
	if code == "131211" {
		p.abroad = foreignAdachi
	}
	list, ok := towns()[code]
	if !ok {
		list = towns()[""]
		if strings.HasSuffix(m.Name, "町") || strings.HasSuffix(m.Name, "村") {
			list = towns()["町村"]
		}
	}
	p.towns = list
	return p
}

// buildings are names of blocks of flats that could stand anywhere.
var buildings = []string{
	"ハイツ青葉", "コーポ千歳", "メゾン若草", "グリーンハイツ", "サンハイム", "パークサイド", "コーポ白樺", "メゾンけやき", "ハイム桜",
	"レジデンス緑", "サニーコート", "第二コーポ", "市民住宅", "ヴィラ泉", "エステート中央", "リバーサイド", "つつじ荘", "ひまわり荘", "若葉荘",
}

// draw is an address in the municipality. Nobody has looked whether somebody lives there.
func (p place) draw(d dice) resident.Address {
	t := p.towns.draw(d)
	s := p.address + t.name
	if t.blocks {
		if t.chome > 0 {
			s += wide(d.between(1, t.chome)) + "丁目"
		}
		s += wide(d.between(1, 42)) + "番" + wide(d.between(1, 24)) + "号"
	} else {
		s += wide(d.between(1, 9800)) + "番地"
		if d.permille(350) {
			s += wide(d.between(1, 40))
		}
	}
	if d.permille(p.flats) {
		s += "　" + buildings[d.below(len(buildings))] + wide(100*d.between(1, 4)+d.between(1, 9)) + "号室"
	}
	return must(resident.ParseAddress("address", s))
}

var wideDigits = strings.NewReplacer("0", "０", "1", "１", "2", "２", "3", "３", "4", "４", "5", "５", "6", "６", "7", "７", "8", "８", "9", "９")

// wide writes a number in full-width digits.
func wide(n int) string { return wideDigits.Replace(strconv.Itoa(n)) }

// must takes what the lists of this package made up; a test holds all their entries to the official characters.
func must[T any](v T, err error) T {
	if err != nil {
		panic("population: " + err.Error())
	}
	return v
}
