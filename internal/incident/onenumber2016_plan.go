package incident

import (
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	sakaideCity = message.Org("municipality-372030")
	naganoCity  = message.Org("municipality-202011")
)

var (
	sakaideCode, naganoCode = mustBody("372030"), mustBody("202011")

	// movedToNagano is when the man of Nagano moved in: "about 2010" in the reports, the day is ours.
	movedToNagano = resident.MustDate(2010, 4, 1)
	// numberFound is when it was found out, at a desk for pensions in Sakaide.
	numberFound = resident.MustDate(2016, 1, 26)
)

// manOfSakaide holds a record code; the man of Nagano reads the same and was born on the same day, and nothing says where he came from.
type namesakes struct {
	holder, comer resident.BasicFour
	reading       resident.Kana
}

// numbersPlan is what happens in both variants: namesakes of people of Sakaide who move to Nagano from nowhere that anybody knows, and people
// of Sakaide who really move there.
type numbersPlan struct {
	namesakes []namesakes // the first is the recorded one
	movers    []resident.BasicFour
	// taken: the clerk takes the search's only hit for the person, as in 2010. That is the trigger.
	taken bool
}

// numbersSize is how much of it there is.
type numbersSize struct{ namesakes, movers int }

var asFound2016 = numbersSize{namesakes: 8, movers: 4}

func newNumbersPlan(seed uint64, taken bool, size numbersSize) *numbersPlan {
	random := rand.New(rand.NewPCG(seed, 2016))
	p := &numbersPlan{taken: taken}
	families := [][2]string{{"坂出", "坂手"}, {"渡辺", "渡邊"}, {"斎藤", "斉藤"}, {"高橋", "髙橋"}}
	given := []string{"太郎", "一郎", "健二", "正", "清"}
	for n := range size.namesakes {
		family := families[n%len(families)]
		first := given[random.IntN(len(given))]
		born := resident.WholeDate(resident.MustDate(1940, 1, 1).AddDays(random.IntN(15000)))
		pair := namesakes{reading: mustKana(fmt.Sprintf("ミホン タロウ%s", []string{"", "イチ", "ニ", "サン"}[n%4])),
			holder: resident.BasicFour{Name: mustName(family[0] + "　" + first), Birth: born, Sex: resident.Male, Address: mustAddress(fmt.Sprintf("香川県坂出市室町%d番", n+1))},
			comer:  resident.BasicFour{Name: mustName(family[1] + "　" + first), Birth: born, Sex: resident.Male, Address: mustAddress(fmt.Sprintf("長野県長野市緑町%d番", n+1))}}
		// In the recorded case one character of the names differs. Of the others every second pair has not even that.
		if n%2 == 1 {
			pair.comer.Name = pair.holder.Name
		}
		p.namesakes = append(p.namesakes, pair)
	}
	for n := range size.movers {
		p.movers = append(p.movers, resident.BasicFour{Name: mustName("見本　花子"), Birth: resident.WholeDate(resident.MustDate(1970, 1, 1).AddDays(random.IntN(9000))),
			Sex: resident.Female, Address: mustAddress(fmt.Sprintf("香川県坂出市久米町%d番", n+1))})
	}
	return p
}

func mustBody(s string) resident.MunicipalityCode {
	c, err := resident.ParseMunicipalityCode("municipality", s)
	if err != nil {
		panic(err)
	}
	return c
}

func mustAddress(s string) resident.Address {
	a, err := resident.ParseAddress("address", s)
	if err != nil {
		panic(err)
	}
	return a
}

func mustKana(s string) resident.Kana {
	k, err := resident.ParseKana("kana", s)
	if err != nil {
		panic(err)
	}
	return k
}

// atTen is ten in the morning of a day.
func atTen(d resident.Date) time.Time { return d.Start().Add(10 * time.Hour) }
