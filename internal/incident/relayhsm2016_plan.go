package incident

import (
	"math/rand/v2"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// The days of source 002.
var (
	relayBegins   = resident.MustDate(2016, 1, 12)
	firstStall    = resident.MustDate(2016, 1, 13)
	toldAtOnce    = resident.MustDate(2016, 1, 18) // when connections run out, the servers tell; also the first end of the program
	staffed       = resident.MustDate(2016, 1, 25) // somebody sits beside them
	reproduced    = resident.MustDate(2016, 3, 8)  // and so the cause is known
	lastStall     = resident.MustDate(2016, 3, 9)
	timeoutsCured = resident.MustDate(2016, 3, 10) // from then on a timeout ends no program
	lastTimeout   = resident.MustDate(2016, 3, 19)
	relayEnds     = resident.MustDate(2016, 3, 20)
)

// relaySize is how much happens.
type relaySize struct{ stalls, timeouts, aDay int }

// as2016 are the sources' figures; how many apply on a day is made up.
var as2016 = relaySize{stalls: 15, timeouts: 38, aDay: 16}

// relayFault is what an application meets.
type relayFault string

const (
	meetsNothing relayFault = ""
	meetsMonitor relayFault = "a monitor's look at the device"
	meetsTimeout relayFault = "a timeout"
)

// ask is one application for a certificate.
type ask struct {
	at     time.Time
	number int
	meets  relayFault
}

// relayPlan is what happens, the same for both variants.
type relayPlan struct {
	asks         []ask
	firstStall   time.Time
	lastStall    time.Time
	firstTimeout time.Time
	lastTimeout  time.Time
}

// slots are the moments of a day in which something may go wrong; they are further apart than a restart takes from the day on which
// there are two.
func slots(from, to resident.Date) (all []time.Time) {
	for d := from; !d.After(to); d = d.AddDays(1) {
		all = append(all, d.Start().Add(10*time.Hour+37*time.Minute))
		if !d.Before(toldAtOnce) {
			all = append(all, d.Start().Add(14*time.Hour+37*time.Minute))
		}
	}
	return all
}

// newRelayPlan draws the schedule from the seed. Without the trigger nothing is met, and all else is the same.
func newRelayPlan(seed uint64, trigger bool, size relaySize) *relayPlan {
	r := rand.New(rand.NewPCG(seed, 2016))
	taken := map[time.Time]relayFault{}
	draw := func(f relayFault, n int, among []time.Time) (first, last time.Time) {
		free := slices.DeleteFunc(among, func(at time.Time) bool { return taken[at] != meetsNothing })
		first, last = free[0], free[len(free)-1]
		between := free[1 : len(free)-1]
		r.Shuffle(len(between), func(i, j int) { between[i], between[j] = between[j], between[i] })
		for _, at := range append([]time.Time{first, last}, between[:max(n-2, 0)]...) {
			taken[at] = f
		}
		return first, last
	}
	p := &relayPlan{}
	p.firstStall, p.lastStall = draw(meetsMonitor, size.stalls, slots(firstStall, lastStall))
	p.firstTimeout, p.lastTimeout = draw(meetsTimeout, size.timeouts, slots(toldAtOnce, lastTimeout))
	for at, f := range taken {
		// Counters go on applying in the minutes after it.
		for n := range 6 {
			a := ask{at: at.Add(time.Duration(n) * time.Minute)}
			if n == 0 && trigger {
				a.meets = f
			}
			p.asks = append(p.asks, a)
		}
	}
	for d := relayBegins; !d.After(relayEnds); d = d.AddDays(1) {
		for n := range size.aDay {
			p.asks = append(p.asks, ask{at: d.Start().Add(9*time.Hour + time.Duration(n)*8*time.Hour/time.Duration(size.aDay))})
		}
	}
	slices.SortStableFunc(p.asks, func(a, b ask) int { return a.at.Compare(b.at) })
	for i := range p.asks {
		p.asks[i].number = i
	}
	return p
}

// restarted is when somebody restarts a program that stands still or has ended.
func restarted(since time.Time) time.Time {
	switch d := resident.DateOf(since); {
	case d.Before(toldAtOnce):
		return halfPast(d.AddDays(1), 8)
	case d.Before(staffed):
		return since.Add(2 * time.Hour)
	}
	return since.Add(10 * time.Minute)
}

// moments are the lines of the timeline.
func (p *relayPlan) moments() (all []moment) {
	const soon = 10 * time.Second // within which the alarms have looked
	add := func(at time.Time, ja, en string) { all = append(all, moment{at, plain.Sentence{JA: ja, EN: en}}) }
	add(halfPast(relayBegins, 18), "前日。すべて発行されている", "the day before: every certificate was issued")
	add(p.firstStall.Add(soon), "署名が求められた瞬間に、監視プログラムが装置を見た", "a monitor has looked at the device in the moment in which a signature was asked for")
	add(p.firstStall.Add(3*time.Hour), "三時間後", "three hours later")
	add(p.firstTimeout.Add(soon), "タイムアウトの通知が来た", "a timeout has come")
	add(halfPast(staffed, 9), "保守員の常駐が始まる", "staff sits beside the servers from now on")
	add(p.lastStall.Add(soon), "最後の停止", "the last stall")
	add(p.lastTimeout.Add(soon), "最後のタイムアウト", "the last timeout")
	add(halfPast(relayEnds, 18), "終わり", "the end")
	slices.SortStableFunc(all, func(a, b moment) int { return a.at.Compare(b.at) })
	return all
}
