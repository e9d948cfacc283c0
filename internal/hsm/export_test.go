package hsm

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Note and Clear are what a call does with the journal.
func (j *Journal) Note(p Past) int { return j.note(p) }
func (j *Journal) Clear(line int)  { j.clear(line) }

// Scrub is what becomes of a text that a process wrote.
func Scrub(text string, pin []byte) string { return scrub(text, pin) }

// LateAnswer begins a call, ends the conversation, has the answer come, and only then lets the caller look.
func LateAnswer(p Process, cfg Config, why error, signature []byte) (a token.Answer, past []Past, err error) {
	c := converse(p, cfg, nil)
	k, q, err := c.begin(token.Call{Op: token.OpSign}, time.Hour)
	if err != nil {
		return a, nil, err
	}
	c.note(k)
	c.end(why)
	c.settle(token.Answer{ID: q.ID, Signature: signature})
	a, err = c.await(context.Background(), k)
	c.close()
	_, past = c.seen()
	return a, past, err
}
