package alarm

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// maxOfCode is how many alarms of one code there may be at a time. What goes beyond is one more alarm, about others: a
// fault that touches a thousand things must not ring a thousand times. Drills are counted for themselves, so that no number
// of them takes a real alarm's name.
const maxOfCode = 100

// others is what the one alarm is about that stands for those beyond maxOfCode.
const others = "others"

// seenEvery is how often a row is written while nothing changes but the time at which it was last seen.
const seenEvery = time.Minute

// State is where an alarm stands.
type State string

// The states.
const (
	Pending State = "pending" // it is so, but not for long enough
	Open    State = "open"
	Closed  State = "closed"
)

// name is what two looks at the same thing have in common. What a drill brought about is never the same thing as what is
// real: an alarm that nobody need mind cannot become one that somebody must.
type name struct {
	code  Code
	peer  message.Org
	about string
	drill bool
}

func (s Signal) name() name { return name{s.Code, s.Peer, s.About, s.Drill} }

// row is an alarm as it is stored.
type row struct {
	id     int64
	source string
	name
	severity Severity
	state    State

	since, opened, seen, gone, closed time.Time // zero: not
	written                           time.Time // seen, as it stands in the table

	value, worst int64
	detail       plain.Sentence
	href         string

	toldOpened, toldClosed time.Time
}

// change is one step of one alarm. A new one has no id yet.
type change struct {
	row
	act     act
	damaged bool // the row could not be read, and ends for that alone
}

type act string

const (
	begin act = "begin" // pending
	open  act = "open"
	keep  act = "keep" // seen again, or found to be over for less than Clear
	end   act = "end"  // closed
	drop  act = "drop" // pending, and over before it was long enough
)

// decide compares what the sources say with the alarms there are. It is arithmetic over its arguments: it is called
// before a transaction, to learn whether one is needed, and again inside it.
func decide(rows []row, readings []reading, now time.Time) (changes []change) {
	silent := map[string]bool{} // sources about whose things nothing is known
	for _, r := range readings {
		silent[r.source] = r.err != nil
	}
	active := make(map[name]*row, len(rows))
	for i := range rows {
		r := &rows[i]
		if _, twice := active[r.name]; twice || r.state != Pending && r.state != Open {
			// Only a hand in the database makes two of one name, or a state that is none. It ends, and one goes on.
			changes = append(changes, setAside(*r, now))
			continue
		}
		active[r.name] = r
	}
	spoken := map[name]bool{}
	for _, s := range bounded(readings, active) {
		n := s.name()
		if spoken[n] {
			continue // a source that says a thing twice has said it
		}
		spoken[n] = true
		if c, ok := weigh(active[n], s, now); ok {
			changes = append(changes, c)
		}
	}
	for i := range rows {
		r := &rows[i]
		if active[r.name] != r || spoken[r.name] || silent[r.source] {
			continue
		}
		// Nothing is said of it any more, and its source is well, or is no part of the program any more.
		if c, ok := weigh(r, said{Signal: Signal{Code: r.code}}, now); ok {
			changes = append(changes, c)
		}
	}
	return changes
}

// said is a signal and who said it.
type said struct {
	Signal
	source string
}

// weigh compares one signal with the definition and with the alarm that there is, nil when there is none.
func weigh(r *row, s said, now time.Time) (change, bool) {
	d, known := DefinitionOf(s.Code)
	if r == nil {
		if s.Value < d.Raise {
			return change{}, false
		}
		n := row{source: s.source, name: s.name(), severity: d.Severity, state: Pending,
			since: now, seen: now, value: s.Value, worst: s.Value, detail: s.Detail, href: s.Href}
		if !s.Since.IsZero() && s.Since.Before(now) {
			n.since = s.Since
		}
		if now.Sub(n.since) >= d.For {
			return opened(n, now), true
		}
		return change{row: n, act: begin}, true
	}
	n := *r
	switch {
	case !known:
		return setAside(n, now), true
	case n.state == Pending && s.Value < d.Raise:
		return change{row: n, act: drop}, true
	case n.state == Pending:
		n.seen, n.value, n.worst, n.detail, n.href = now, s.Value, max(n.worst, s.Value), s.Detail, s.Href
		if now.Sub(n.since) >= d.For {
			return opened(n, now), true
		}
		return change{}, false
	case s.Value < d.Lower && n.gone.IsZero():
		n.gone = now
		if d.Clear > 0 {
			return change{row: n, act: keep}, true
		}
		return finish(n, now), true
	case s.Value < d.Lower:
		if now.Sub(n.gone) < d.Clear {
			return change{}, false
		}
		return finish(n, now), true
	}
	back := !n.gone.IsZero()
	stale := now.Sub(n.written) >= seenEvery
	n.source, n.gone, n.seen = s.source, time.Time{}, now
	n.value, n.worst, n.detail, n.href = s.Value, max(n.worst, s.Value), s.Detail, s.Href
	return change{row: n, act: keep}, back || stale
}

func opened(n row, now time.Time) change {
	n.state, n.opened = Open, now
	return change{row: n, act: open}
}

func finish(n row, now time.Time) change {
	if n.state == Pending {
		return change{row: n, act: drop}
	}
	n.state, n.closed = Closed, now
	if n.gone.IsZero() {
		n.gone = now
	}
	return change{row: n, act: end}
}

// refresh gives the rows the values of this look, for screens and metrics: what changes from look to look is written once
// a minute only.
func refresh(rows []row, readings []reading, now time.Time) []row {
	known := make(map[name]*row, len(rows))
	for i := range rows {
		known[rows[i].name] = &rows[i]
	}
	for _, s := range bounded(readings, known) {
		r := known[s.name()]
		if d, _ := DefinitionOf(s.Code); r != nil && s.Value >= d.Lower {
			r.seen, r.value, r.worst, r.detail, r.href = now, s.Value, max(r.worst, s.Value), s.Detail, s.Href
		}
	}
	return rows
}

// setAside ends an alarm that cannot be read, or of a code that this program does not know: no source will ever speak of
// it. It is counted, and shown among the closed ones.
func setAside(n row, now time.Time) change {
	n.state, n.closed, n.gone = Closed, now, now
	n.detail = plain.Sentence{JA: "この警報の行は読めないため、終わらせました。見張りの元が同じ異常を見れば、新しく出ます。",
		EN: "The row of this alarm could not be read and was ended. If its source sees the same fault, it opens anew."}
	return change{row: n, act: end, damaged: true}
}

// bounded joins the readings, at most maxOfCode of each code, and of its drills. Those of which there is an alarm come first, so that which
// are named does not change from look to look; then those that began first, then the worst.
func bounded(readings []reading, active map[name]*row) []said {
	type sort struct {
		code  Code
		drill bool
	}
	byCode := map[sort][]said{}
	var codes []sort
	for _, r := range readings {
		for _, s := range r.signals {
			c := sort{s.Code, s.Drill}
			if _, seen := byCode[c]; !seen {
				codes = append(codes, c)
			}
			byCode[c] = append(byCode[c], said{s, r.source})
		}
	}
	var all []said
	for _, c := range codes {
		of := byCode[c]
		if len(of) <= maxOfCode {
			all = append(all, of...)
			continue
		}
		slices.SortStableFunc(of, func(a, b said) int {
			_, x := active[a.name()]
			_, y := active[b.name()]
			if x != y {
				if x {
					return -1
				}
				return 1
			}
			return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(b.Value, a.Value), cmp.Compare(a.Peer, b.Peer), cmp.Compare(a.About, b.About))
		})
		all = append(all, of[:maxOfCode]...)
		all = append(all, fold(of[maxOfCode:]))
	}
	return all
}

// fold makes one of many: as bad as the worst of them.
func fold(of []said) said {
	worst, n := of[0], len(of)
	for _, s := range of {
		if s.Value > worst.Value {
			worst = s
		}
	}
	return said{source: worst.source, Signal: Signal{Code: worst.Code, About: others, Value: worst.Value, Drill: worst.Drill, Detail: plain.Sentence{
		JA: fmt.Sprintf("名前を挙げたもののほかに%d件あります。", n), EN: fmt.Sprintf("There are %d more than those named.", n)}}}
}
