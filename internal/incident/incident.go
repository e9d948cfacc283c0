// Package incident replays recorded failures (障害の再現) in virtual time, each in two variants on the same input: as it
// was, where it must fail, and on this system, where it must hold.
//
// The as-it-was variant runs the organisations' own rules and SQL and differs from ours only in the mechanism that the
// report names; without its trigger it holds on the same input, which a test shows. Every figure is counted from the run.
//
// A replay is one file, its schedule and its data beside it, under the name that `akashi replay` knows.
package incident

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

// Options say which run of a replay is wanted.
type Options struct {
	Seed uint64
	// Late is how many of the certificates that the fault is about belong to holders who then move. 0: its default.
	Late int
	// Keep is a directory in which the databases of our variant are left for a look; empty: memory.
	Keep string
	// NoTrigger leaves out what set the failure off: both variants must then hold.
	NoTrigger bool
	// Progress is told how far a long run has come, 0 to 1; may be nil.
	Progress func(variant string, done float64)
}

// Report is what a replay found.
type Report struct {
	Name     string         `json:"name"`
	Notes    []string       `json:"notes"` // what is synthetic, and what the run simplifies
	AsItWas  Outcome        `json:"as_it_was"`
	Akashi   Outcome        `json:"akashi"`
	Counts   map[string]int `json:"counts"`
	Timeline []Moment       `json:"timeline"`

	// Of replays of documents: whom the error concerned, asked afterwards of the databases of each variant; ours with the fault in it.
	InquiryAsItWas *Inquiry `json:"inquiry_as_it_was,omitempty"`
	InquiryAkashi  *Inquiry `json:"inquiry_akashi,omitempty"`
}

// Outcome is what became of one variant.
type Outcome struct {
	Holds    bool     `json:"holds"`
	Findings []string `json:"findings"`
}

// Moment is a line of the two timelines, side by side.
type Moment struct {
	At      time.Time      `json:"at"`
	What    plain.Sentence `json:"what"`
	AsItWas View           `json:"as_it_was"`
	Akashi  View           `json:"akashi"`
}

// View is what was so at a moment, and what each party could see of it.
type View struct {
	Unsent int `json:"unsent"` // notices that the center has not decided upon
	Parked int `json:"parked"` // of these, set aside in sight of both sides
	Cases  int `json:"cases"`  // differences between the two sides' books that are named on both screens, open
	Alarms int `json:"alarms"` // that the two show about each other
	Late   int `json:"late"`   // certificates valid though their holders' change was filed
	// ToldGood are certificates that should have been revoked and of which verifiers were told "good"; nil where nobody asks.
	ToldGood *int              `json:"told_good,omitempty"`
	Sees     map[string]string `json:"sees"` // party → what its screens show

	Waiting  int `json:"waiting,omitempty"`  // applications without an answer
	Evidence int `json:"evidence,omitempty"` // records of what devices did

	SameCode   int `json:"same_code,omitempty"`   // people who have a record code that another one has too
	SameNumber int `json:"same_number,omitempty"` // likewise of individual numbers
	Elsewhere  int `json:"elsewhere,omitempty"`   // people whose address at the center is another one's
	Shown      int `json:"shown,omitempty"`       // ways by which a protected person's address was shown

	Papers    int `json:"papers,omitempty"`     // documents that were handed over
	ToAnother int `json:"to_another,omitempty"` // of these, with somebody of another household on a page, or of a seal that had ended
	Stopped   int `json:"stopped,omitempty"`    // documents that a gate stopped
}

// Part is one variant's run of a replay. The two share nothing but the plan, which both draw from the options.
type Part struct {
	Outcome Outcome        `json:"outcome"`
	Counts  map[string]int `json:"counts"`
	Moments []PartMoment   `json:"moments"`
	Inquiry *Inquiry       `json:"inquiry,omitempty"`
}

// PartMoment is one variant's line of the timeline.
type PartMoment struct {
	At   time.Time      `json:"at"`
	What plain.Sentence `json:"what"`
	View View           `json:"view"`
}

// Incident is one recorded failure.
type Incident struct {
	Name  string
	Title plain.Sentence
	// Part runs one variant.
	Part func(ctx context.Context, opt Options, asItWas bool) (*Part, error)
	// Join puts the two side by side.
	Join func(was, ours *Part) *Report
	// Line says the figures of a View in words; nil: as those of 2004.
	Line func(View) string
}

// Run runs both variants beside each other in this process. Whoever wants them faster runs each in a process of its own:
// SQLite's page cache has one lock in a process, and the variants wait for it in turn.
func (i Incident) Run(ctx context.Context, opt Options) (*Report, error) {
	return both(ctx, opt, i.Part, i.Join)
}

func both(ctx context.Context, opt Options, part func(context.Context, Options, bool) (*Part, error), join func(was, ours *Part) *Report) (*Report, error) {
	var was, ours *Part
	var wasErr, oursErr error
	var wait sync.WaitGroup
	wait.Go(func() { was, wasErr = part(ctx, opt, true) })
	wait.Go(func() { ours, oursErr = part(ctx, opt, false) })
	wait.Wait()
	if err := errors.Join(wasErr, oursErr); err != nil {
		return nil, err
	}
	return join(was, ours), nil
}

// All are the failures that can be replayed.
func All() []Incident {
	return []Incident{lascom2004, lascom2004LostRows, relayHSM2016, oneNumber2016, daito, meguro,
		kioskTimeout2023, kioskRace2023, kioskSecond2023, pagesMixed2023, sealCancelled2023, versionDrift2023, multiServer2024}
}

// Find returns the failure of a name.
func Find(name string) (Incident, bool) {
	for _, i := range All() {
		if i.Name == name {
			return i, true
		}
	}
	return Incident{}, false
}
