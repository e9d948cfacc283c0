package webui

import (
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Timeline is the path of one matter through the organisations, each stop answered by its own.
type Timeline struct {
	Caption plain.Sentence
	Stops   []Stop
}

// Stop is one of them.
type Stop struct {
	Org    plain.Sentence
	Role   message.Role
	At     time.Time     // zero: has not happened, or the organisation did not answer
	After  time.Duration // since the first stop
	What   plain.Sentence
	Detail []Term // message, verdict, lag, …
	State  Badge
}

// Colour is the role's colour in the style sheet.
func (s Stop) Colour() string { return lookOf(s.Role).Colour }

// RoleName is the role's name for people.
func (s Stop) RoleName() plain.Sentence { return lookOf(s.Role).Name }

// Reached reports whether the matter has come here.
func (s Stop) Reached() bool { return !s.At.IsZero() }
