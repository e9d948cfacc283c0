package simulate

import (
	"context"
	"slices"
	"strings"
)

// Report is what a run came to.
type Report struct {
	Days      int             `json:"days"`
	Seed      uint64          `json:"seed"`
	Residents int             `json:"residents"`
	Pace      float64         `json:"pace"`
	Fault     string          `json:"fault,omitempty"`
	Held      bool            `json:"held"`            // nothing was found
	Found     bool            `json:"found,omitempty"` // the fault was planted, found and named
	Digest    string          `json:"digest"`          // of all registers at the end
	Events    map[Kind]int    `json:"events"`
	Skipped   map[Kind]string `json:"skipped,omitempty"` // events that happened to nobody, and why
	Refused   int             `json:"refused"`           // by a counter; the event then happened to somebody else
	Arrived   int             `json:"arrived"`
	Present   int             `json:"present"`                  // residents at the end
	Reviewed  int             `json:"looks_reviewed,omitempty"` // findings of the watch over looks, of which an auditor has found a case beside each look
	Namesakes int             `json:"namesakes,omitempty"`      // cases of two people alike, found by the center's check and closed by its staff
	Messages  int64           `json:"messages"`
	Seconds   float64         `json:"seconds"`
	Findings  []Difference    `json:"findings"` // of the last day on which there were any
	Named     []Difference    `json:"named,omitempty"`
	ByDay     []DayReport     `json:"by_day"`

	Stranded []Difference `json:"-"`
	cases    int
}

// DayReport is one day.
type DayReport struct {
	Day      string       `json:"day"`
	Events   int          `json:"events"`
	Digest   string       `json:"digest"` // of all registers in the evening
	Findings []Difference `json:"findings"`
}

func newReport(o Options) *Report {
	return &Report{Days: o.Days, Seed: o.Seed, Residents: o.Residents, Pace: o.Pace, Fault: o.Fault, Events: map[Kind]int{}, Skipped: map[Kind]string{}, Findings: []Difference{}}
}

func (r *Report) add(d DayReport) {
	r.ByDay, r.Digest = append(r.ByDay, d), d.Digest
	if len(d.Findings) > 0 {
		r.Findings = d.Findings
	}
}

func (r *Report) skip(k Kind, why string) { r.Skipped[k] = why }

// named tells whether the last look at the country named what was planted: where it is, and whose or which it is.
func (s *simulation) named() bool {
	last := s.report.ByDay[len(s.report.ByDay)-1]
	s.report.Named = nil
	for _, d := range last.Findings {
		if s.plant.names(d) {
			s.report.Named = append(s.report.Named, d)
		}
	}
	return len(s.report.Named) > 0
}

// noticed tells whether the country itself said at the last look that something is wrong: a comparison by this package alone, which no
// real country has, is no proof that the fault would be found in one. Without a fault it says nothing.
func (s *simulation) noticed() bool {
	last := s.report.ByDay[len(s.report.ByDay)-1]
	return slices.ContainsFunc(last.Findings, func(d Difference) bool {
		return !slices.Contains([]string{"tables", "certificates", "seals", "flags", "moves"}, d.By)
	})
}

func (p *planted) names(d Difference) bool {
	return (d.Where == string(p.where) || d.Where == string(p.also)) && p.key != "" && strings.Contains(d.Key, p.key)
}

func (r *Report) finish(ctx context.Context, s *simulation) {
	r.Held = len(r.Findings) == 0 && len(r.Skipped) == 0 && s.fault == nil
	r.Found = s.plant != nil && len(r.Named) > 0 && s.noticed()
	for _, x := range s.souls {
		if !x.gone {
			r.Present++
		}
	}
	r.Messages = s.land.messages(ctx)
}

// messages counts those that were sent, by everybody to everybody.
func (l *land) messages(ctx context.Context) (n int64) {
	for _, h := range l.hosts {
		pairs, err := h.Exchange.Pairs(ctx)
		if err != nil {
			continue
		}
		for _, p := range pairs {
			n += p.Sent
		}
	}
	return n
}

// EventName is a kind in words.
func EventName(k Kind) (ja, en string) { n := rateOf(k).name; return n.JA, n.EN }

// Guessed tells that the rate of a kind is a guess and no figure that was published.
func Guessed(k Kind) bool { return rateOf(k).guess }

// Kinds are all kinds of events, in their order.
func Kinds() (all []Kind) {
	for _, r := range rates {
		all = append(all, r.kind)
	}
	return all
}
