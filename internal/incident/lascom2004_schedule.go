package incident

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/resident"
)

//go:embed lascom2004_nagano.csv
var naganoTable []byte

// The days of source 000 and 001. The service began in 長野県 on 2004-07-12; that it began elsewhere on 2004-01-29 is from
// memory, and every other day is drawn from the seed.
var (
	serviceBegan = resident.MustDate(2004, 1, 29)
	naganoBegan  = resident.MustDate(2004, 7, 12)
	stalled      = resident.MustDate(2004, 5, 26)
	discovered   = resident.MustDate(2004, 7, 26)
	repaired     = resident.MustDate(2004, 7, 29)
	firstTable   = resident.MustDate(2004, 10, 27) // source 001
	lastTable    = resident.MustDate(2004, 11, 30) // source 000
)

// size is how many certificates are issued nationwide by the days of the two tables.
type size struct{ first, last int }

// asReported are the figures of sources 001 and 000, and how many revocations came late.
var asReported = size{51_979, 57_751}

const defaultLate = 26

// issuance is one certificate that is applied for.
type issuance struct {
	at      time.Time
	place   place
	number  int
	trigger bool // the one whose notice fails
}

// place is a municipality that issues.
type place struct {
	code resident.MunicipalityCode
	name string // with its prefecture
}

// move is a holder's 転居, filed at a time after the issuance.
type move struct {
	at     time.Time
	holder int // index into plan.issuances
}

// fault is what goes wrong in a run.
type fault string

const (
	refusedNotice fault = "a notice that the center refuses"
	lostRows      fault = "rows that are deleted at the center"
)

// plan is what happens in a run, in the order of time: the same for both variants.
type plan struct {
	fault     fault
	struck    time.Time // when it goes wrong; zero: it does not
	issuances []issuance
	moves     []move
	late      map[int]bool // holders of certificates that the fault is about, who move during the outage
	reapplies int          // the moved holder who applies anew on the day of the discovery; -1: nobody
}

// closing is when the counters of a replay send what they took on a day: 16 o'clock in Japan.
func closing(d resident.Date) time.Time { return d.Start().Add(16 * time.Hour) }

// between draws a weekday from a span of days, both ends included.
func between(from, to resident.Date, r *rand.Rand) resident.Date {
	days := int(to.Start().Sub(from.Start()).Hours() / 24)
	for {
		d := from.AddDays(r.IntN(days + 1))
		if w := d.Start().Weekday(); w != time.Saturday && w != time.Sunday {
			return d
		}
	}
}

// newPlan draws the schedule from the seed.
func newPlan(what fault, seed uint64, late int, trigger bool, nation size) (*plan, error) {
	r := rand.New(rand.NewPCG(seed, 2004))
	p := &plan{fault: what, late: map[int]bool{}, reapplies: -1}
	first, last, err := p.nagano(r)
	if err != nil {
		return nil, err
	}
	// One of the first table's certificates is the one that the moved holder applies for anew.
	p.others(r, nation.first-first-1, nation.last-last-(nation.first-first))
	slices.SortStableFunc(p.issuances, func(a, b issuance) int { return a.at.Compare(b.at) })
	for i := range p.issuances {
		p.issuances[i].number = i
	}
	if err := p.outage(r, late, trigger); err != nil {
		return nil, err
	}
	slices.SortStableFunc(p.moves, func(a, b move) int { return a.at.Compare(b.at) })
	return p, nil
}

// nagano plans the issuances of 長野県, municipality by municipality as the two tables have them.
func (p *plan) nagano(r *rand.Rand) (first, last int, err error) {
	lines := bufio.NewScanner(bytes.NewReader(naganoTable))
	for lines.Scan() {
		f := strings.Split(lines.Text(), ",")
		if strings.HasPrefix(f[0], "#") || f[0] == "municipality" {
			continue
		}
		a, err1 := strconv.Atoi(f[1])
		b, err2 := strconv.Atoi(f[2])
		where, err3 := municipality(20, f[0])
		if err1 != nil || err2 != nil || err3 != nil {
			return 0, 0, fmt.Errorf("table of 長野県, line %q: %v %v %v", lines.Text(), err1, err2, err3)
		}
		for n := range b {
			day := between(naganoBegan, firstTable, r)
			if n >= a {
				day = between(firstTable.AddDays(1), lastTable, r)
			}
			p.issuances = append(p.issuances, issuance{at: closing(day), place: where})
		}
		first, last = first+a, last+b
	}
	return first, last, nil
}

// municipality finds one by its name on the day of the first table.
func municipality(prefecture resident.PrefectureCode, name string) (place, error) {
	for _, m := range resident.FindMunicipalities(prefecture, name, firstTable) {
		if m.Name == name {
			return place{m.Code, m.FullName()}, nil
		}
	}
	return place{}, fmt.Errorf("there was no %s in %s on %s", name, prefecture, firstTable)
}

// others plans the rest of the country: the sums are those of the sources, days and places are drawn.
func (p *plan) others(r *rand.Rand, first, then int) {
	var places []place
	for _, pref := range resident.Prefectures() {
		if pref.Code == 20 {
			continue
		}
		for _, m := range resident.Municipalities(firstTable) {
			if m.Code.Prefecture() == pref.Code && m.City == "" && !m.NoAdministration {
				places = append(places, place{m.Code, m.FullName()})
				break // one stands for its prefecture
			}
		}
	}
	// Each counter sends what it took on one day of the week, its own, so that a replay has few batches.
	draw := func(from, to resident.Date) issuance {
		n := r.IntN(len(places))
		for {
			if d := between(from, to, r); int(d.Start().In(resident.JST).Weekday()) == 1+n%5 {
				return issuance{at: closing(d), place: places[n]}
			}
		}
	}
	for range first {
		p.issuances = append(p.issuances, draw(serviceBegan, firstTable))
	}
	for range then {
		p.issuances = append(p.issuances, draw(firstTable.AddDays(1), lastTable))
	}
}

// aroundOutage gives the certificates that were issued before the outage, in it, and between the repair and the first
// table. 長野県, where the service began in its last two weeks, is left out of those in it.
func (p *plan) aroundOutage() (before, during, after []int) {
	for i, c := range p.issuances {
		day := resident.DateOf(c.at)
		switch {
		case day.Before(stalled):
			before = append(before, i)
		case !day.After(discovered) && c.place.code.Prefecture() != 20:
			during = append(during, i)
		case day.After(repaired) && day.Before(firstTable):
			after = append(after, i)
		}
	}
	return before, during, after
}

// outage chooses what goes wrong, and who moves: holders whom it is about, of certificates from before the outage, and from
// after it.
func (p *plan) outage(r *rand.Rand, late int, trigger bool) error {
	before, during, after := p.aroundOutage()
	if len(during) < late+2 || len(before) < 400+late || len(after) < 200 {
		return fmt.Errorf("%d late ones do not fit into an outage of %d certificates", late, len(during))
	}
	var candidates []int
	switch p.fault {
	case refusedNotice:
		// The first certificate of the outage is the one whose notice fails; its holder does not move.
		if trigger {
			p.issuances[during[0]].trigger, p.struck = true, p.issuances[during[0]].at
		}
		// Nobody applies for a move before the certificate is there: the movers are drawn from those issued up to 07-16.
		for _, i := range during[1:] {
			if resident.DateOf(p.issuances[i].at).Before(discovered.AddDays(-9)) {
				candidates = append(candidates, i)
			}
		}
	case lostRows:
		if trigger {
			p.struck = closing(stalled).Add(time.Hour)
		}
		candidates = slices.Clone(before)
	}
	if len(candidates) < late {
		return fmt.Errorf("%d late ones do not fit: %d certificates were issued early enough in the outage", late, len(candidates))
	}
	r.Shuffle(len(candidates), func(i, j int) { candidates[i], candidates[j] = candidates[j], candidates[i] })
	for _, i := range candidates[:late] {
		p.late[i] = true
		first := resident.DateOf(p.issuances[i].at)
		if p.fault == lostRows {
			first = stalled
		}
		p.moves = append(p.moves, move{closing(between(first.AddDays(1), discovered.AddDays(-2), r)), i})
		p.reapplies = i
	}
	// Those issued to 05-25 are notified and revoked normally, also when their holders move in the outage; so are those
	// issued after the repair.
	before = slices.DeleteFunc(before, func(i int) bool { return p.late[i] })
	r.Shuffle(len(before), func(i, j int) { before[i], before[j] = before[j], before[i] })
	r.Shuffle(len(after), func(i, j int) { after[i], after[j] = after[j], after[i] })
	for _, i := range before[:300] {
		p.moves = append(p.moves, move{closing(between(resident.DateOf(p.issuances[i].at).AddDays(3), repaired, r)), i})
	}
	for _, i := range after[:100] {
		p.moves = append(p.moves, move{closing(between(resident.DateOf(p.issuances[i].at).AddDays(3), lastTable, r)), i})
	}
	return nil
}
