package hsm

import (
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Evidence is what is left of a token that failed: what it was asked, how it had answered before, and what its process was
// doing. It holds no PIN, no key and no memory of the process.
type Evidence struct {
	Token   string    `json:"token"`
	At      time.Time `json:"at"`
	What    Anomaly   `json:"what"`
	Says    string    `json:"says"`
	Started int       `json:"started"` // how often the process had been started
	Open    []Past    `json:"open"`    // calls that had no answer
	Past    []Past    `json:"past"`    // the last that had
	Process string    `json:"process"` // what its threads were doing
}

// Anomaly is how a token failed.
type Anomaly string

const (
	Stalled Anomaly = "stalled" // no answer before the deadline
	Died    Anomaly = "died"    // its process ended
	Garbage Anomaly = "garbage" // what came was no answer, or no signature
	Refused Anomaly = "refused" // the login
	Failed  Anomaly = "failed"  // the device said so
)

func anomalyOf(err error) Anomaly {
	var said *token.Error
	switch {
	case errors.Is(err, errStalled):
		return Stalled
	case errors.Is(err, errDied):
		return Died
	case errors.Is(err, token.ErrGarbage), errors.Is(err, errForged):
		return Garbage
	case errors.As(err, &said) && said.Fault == token.LoginRefused:
		return Refused
	}
	return Failed
}

// witness writes down what can be seen of a token that has failed, before its process is killed.
func (t *Token) witness(talk *conversation, why error) {
	if t.cfg.Evidence == nil {
		return
	}
	open, past := talk.calls()
	t.mu.Lock()
	starts := t.starts
	t.mu.Unlock()
	t.cfg.Evidence(Evidence{Token: t.cfg.Name, At: t.cfg.Clock.Now(), What: anomalyOf(why), Says: scrub(why.Error(), t.cfg.PIN), Started: starts,
		Open: open, Past: past, Process: scrub(talk.process.Dump(), t.cfg.PIN)})
}
