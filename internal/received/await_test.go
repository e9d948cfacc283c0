package received_test

import (
	"errors"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestAwaits: only an entry by moving in from elsewhere waits for the deletion, only while the record stands there, and for a month at most.
func TestAwaits(t *testing.T) {
	side := received.Side{Name: plain.Sentence{JA: "都道府県", EN: "the prefecture"}, Part: true}
	there, err := resident.ParseMunicipalityCode("m", "202029")
	if err != nil {
		t.Fatal(err)
	}
	here, err := resident.ParseMunicipalityCode("m", "131211")
	if err != nil {
		t.Fatal(err)
	}
	sent := time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)
	held := received.Standing{Version: 3, Municipality: there, Reason: resident.MoveWithin}
	entry := message.ResidentChange{After: resident.IdentificationInfo{Municipality: here, Version: 104, Change: resident.ChangeInfo{Reason: resident.MoveIn}}}
	for what, x := range map[string]struct {
		held  func(*received.Standing)
		entry func(*message.ResidentChange)
		after time.Duration
		waits bool
	}{
		"at once":                  {waits: true},
		"after a month":            {after: 30 * 24 * time.Hour, waits: true},
		"after more":               {after: 30*24*time.Hour + 1},
		"of one who has left":      {held: func(s *received.Standing) { s.Reason = resident.MoveOut }},
		"of one who has died":      {held: func(s *received.Standing) { s.Reason = resident.Death }},
		"within the municipality":  {held: func(s *received.Standing) { s.Municipality = here }},
		"behind what is held":      {entry: func(n *message.ResidentChange) { n.After.Version = 3 }},
		"no moving in":             {entry: func(n *message.ResidentChange) { n.After.Change.Reason = resident.Birth }},
		"an entry for another way": {entry: func(n *message.ResidentChange) { n.After.Change.Reason = resident.EntryExOfficio }},
	} {
		h, n := held, entry
		if x.held != nil {
			x.held(&h)
		}
		if x.entry != nil {
			x.entry(&n)
		}
		err := side.Awaits(&h, n, sent, sent.Add(x.after))
		var r *exchange.Rejected
		if errors.As(err, &r) != x.waits || (err != nil) != x.waits {
			t.Errorf("%s: %v", what, err)
		}
	}
	if err := side.Awaits(nil, entry, sent, sent); err != nil {
		t.Errorf("of one who is not known: %v", err)
	}
}
