package validation

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	// defaultBound is how old a CA's last word may be when good is said of its certificates. OCSP gives the same day's state (CPS; the CA
	// publishes daily), and some hours more let one day's list be late.
	defaultBound = silence
	// lookEvery is how often we look whether we can still vouch for the answers; in virtual time that is lookVirtual.
	lookEvery, lookVirtual = 5 * time.Second, time.Minute
	// looksMissed is how many looks may fail before good is no longer said.
	looksMissed = 6
	// clockSlack is how far the clock may go away from one that nobody can set. Corrections of a time service stay below
	// (500 ppm over the bound are 47 s).
	clockSlack = time.Minute
)

// standing is what allows us to say good: it has to be renewed by a look every few seconds, so that nobody has to notice
// that something is lost. Whatever hangs or fails, the answers end by themselves.
type standing struct {
	until time.Duration // by the steady clock: until when the last look holds
	began time.Duration // by the steady clock: when the program did
	zero  time.Time     // what the clock should have shown when the steady one began

	database time.Time // since when the database cannot be written; zero: it can
	agreed   bool      // a CA whose clock agrees has told of a comparison since the program began
	ahead    bool      // last words are in the future, and nobody has agreed with the hour: the clock was set back

	cas []heard // by the places of the CAs; never written to again
}

// heard is what was heard of a CA, and what it allows us to say of its certificates.
type heard struct {
	known time.Time // when it last told, or compared, what we know: thisUpdate of all that may still change
	hour  time.Time // of the comparison after which the hour was last taken
	ahead bool      // its last word is in the future
	apart bool      // its clock and ours are too far from each other
}

// of is what was heard of the CA whose key it is.
func (s *standing) of(r *root) heard { return s.cas[r.ca.place] }

// hour tells the time by both clocks.
func (o *Validation) hour() (now time.Time, steady time.Duration) {
	return o.Clock.Now(), o.cfg.Steady()
}

// clockMoved tells whether the clock was set since it was last believed.
func (s *standing) clockMoved(now time.Time, steady time.Duration) bool {
	return s.ahead || now.Sub(s.zero.Add(steady)).Abs() > clockSlack
}

// loss is what keeps us from answering.
type loss uint8

const (
	nothing loss = iota
	lostClock
	lostDatabase
	lostCA
)

// unseen tells whether nobody has looked for too long. A program that has just begun has not looked yet, and says no good, but has lost nothing.
func (s *standing) unseen(steady, every time.Duration) bool {
	return steady > s.until && (s.until > 0 || steady > s.began+looksMissed*every)
}

// outcome is what an asker is told (RFC 6960 2.3): with a wrong clock asking again does not help, else it may.
func (l loss) outcome() ocspwire.Outcome {
	if l == lostClock {
		return ocspwire.InternalError
	}
	return ocspwire.TryLater
}

// canSign tells whether times can be written into answers, which is all that a revocation needs: it stays.
func (s *standing) canSign(now time.Time, steady time.Duration) loss {
	if s.clockMoved(now, steady) {
		return lostClock
	}
	return nothing
}

// vouch tells whether good, or unknown, may be said now of a CA's certificates.
func (o *Validation) vouch(s *standing, r *root, now time.Time, steady time.Duration) loss {
	return o.vouchFor(s, r.ca, now, steady)
}

func (o *Validation) vouchFor(s *standing, a *authority, now time.Time, steady time.Duration) loss {
	known := s.cas[a.place].known
	switch {
	case s.clockMoved(now, steady):
		return lostClock
	case steady > s.until:
		return lostDatabase
	case known.IsZero() || !now.Before(known.Add(o.cfg.Bound)):
		return lostCA
	}
	return nothing
}

func (o *Validation) vouchTask() clock.Task {
	every := o.lookEvery()
	return clock.Task{Name: "vouch", Bell: &o.vouchBell, Step: func(ctx context.Context) (time.Time, error) {
		o.look(ctx, every)
		return o.Clock.Now().Add(every), nil
	}}
}

// heardOf has us look at once when a CA is heard again, or for the first time.
func (o *Validation) heardOf(r *root) {
	now, steady := o.hour()
	if o.vouch(o.standing.Load(), r, now, steady) != nothing {
		o.vouchBell.Ring()
	}
}

func (o *Validation) lookEvery() time.Duration {
	if _, virtual := o.Clock.(*clock.Virtual); virtual {
		return lookVirtual
	}
	return min(max(lookEvery, o.Watch), lookVirtual) // as often as the alarms look
}

// look writes the row that shows that a revocation could be written, and reads when each CA was last heard.
func (o *Validation) look(ctx context.Context, every time.Duration) {
	now, steady := o.hour()
	was := o.standing.Load()
	s := *was
	words, err := o.lastWords(ctx)
	if err != nil && ctx.Err() != nil {
		return // we are told to stop, and nothing is lost
	}
	if err != nil {
		if s.database.IsZero() {
			s.database = now
		}
		o.Log.ErrorContext(ctx, "the database does not take what the answers need", "since", s.database, "error", err)
		o.standing.Store(&s)
		return
	}
	s.database, s.until = time.Time{}, steady+looksMissed*every
	s.hear(words, now, steady, 2*cmp.Or(o.cfg.Compare, 30*time.Second)+clockSlack)
	for _, a := range o.cas {
		if o.vouchFor(was, a, now, steady) != nothing && o.vouchFor(&s, a, now, steady) == nothing {
			o.goRound()
		}
	}
	o.standing.Store(&s)
}

// hear takes the last words of the CAs, by their places. late is by how much a CA may tell of a comparison after it.
func (s *standing) hear(words []word, now time.Time, steady, late time.Duration) {
	s.cas = slices.Clone(s.cas)
	told := make([]time.Time, len(words))
	spoken, ahead := 0, 0
	for i, w := range words {
		h := &s.cas[i]
		h.apart = w.apart(late)
		if !h.apart && !w.heard.Equal(h.hour) && !w.heard.After(now) {
			// The CA's clock agrees: this is the hour.
			s.agreed = s.agreed || !h.hour.IsZero() // the first that is read may be from before the program began
			h.hour, s.zero = w.heard, now.Add(-steady)
		}
		if told[i], h.ahead = w.newest(now); h.ahead {
			ahead++
		}
		if h.ahead || !told[i].IsZero() {
			spoken++
		}
	}
	// When messages came is written down by our clock. What came in the future says that it was set back, or that it was ahead and is right
	// again, as one CA can say for all.
	s.ahead = ahead > 0 && (ahead == spoken || !s.agreed)
	moved := s.clockMoved(now, steady)
	for i, known := range told {
		if h := &s.cas[i]; !h.apart && !moved && (known.After(h.known) || h.known.After(now)) {
			h.known = known
		}
	}
}

// made notes when a CA made what it tells. What comes out of a backlog is word of how it stood then: a revocation of since may
// be in the same backlog.
func (o *Validation) made(tx *store.Tx, d exchange.Delivery) {
	made := int64(0)
	if tx.Now().Sub(d.CreatedAt) > maxAhead+clockSlack { // more than clocks may differ
		made = d.CreatedAt.UnixMicro()
	}
	if a := o.authorityOf(d.Sender); a != nil {
		tx.OnCommit(func() { a.backlog.Store(made) })
	}
}

// word is the last that was heard of a CA.
type word struct {
	taken           time.Time // its last batch of messages, by our clock; of a backlog, when the last of it was made
	compared, heard time.Time // the last comparison of the book of states: by its clock, and when it told us of it
}

// lastWords are those of the CAs, by their places.
func (o *Validation) lastWords(ctx context.Context) ([]word, error) {
	if err := o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.in(tx).Pulse(ctx) }); err != nil {
		return nil, err
	}
	pairs, err := o.Exchange.Pairs(ctx)
	if err != nil {
		return nil, err
	}
	words := make([]word, len(o.cas))
	for _, p := range pairs {
		if a := o.authorityOf(p.Peer); a != nil {
			words[a.place].taken = p.LastReceived
		}
	}
	for i, a := range o.cas {
		if made := a.backlog.Load(); made != 0 {
			words[i].taken = cert.Earlier(words[i].taken, time.UnixMicro(made))
		}
	}
	books, err := o.Books.Standings(ctx)
	for _, b := range books {
		if a := o.authorityOf(b.Peer); a != nil && b.Book == message.Statuses {
			// The last that came to an end, whatever became of tries since. What it found to differ is sent again at once.
			words[a.place].compared, words[a.place].heard = b.Compared, b.Heard
		}
	}
	return words, err
}

// apart tells whether the CA's clock and ours cannot both be right. It tells of a comparison with the next one, so that ours
// may show some more.
func (w word) apart(late time.Duration) bool {
	ours := w.heard.Sub(w.compared)
	return !w.heard.IsZero() && (ours < -maxAhead || ours > late+maxAhead)
}

// newest is a CA's last word; ahead: there is none but from the future.
func (w word) newest(now time.Time) (known time.Time, ahead bool) {
	future := false
	for _, at := range []time.Time{w.taken, w.compared} {
		switch {
		case at.After(now.Add(clockSlack)):
			future = true
		case at.After(known):
			known = at
		}
	}
	return known, future && known.IsZero()
}
