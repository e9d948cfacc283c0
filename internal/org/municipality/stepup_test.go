package municipality

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/webui"
)

// TestWhatCannotBeTakenBackAsksForThePasskey: closing a move, renaming, adding or ending a town and putting an entry right are refused to a
// screen that somebody walked away from; looking at them, and what somebody has come to file, is not.
func TestWhatCannotBeTakenBackAsksForThePasskey(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	fresh := as(t, "clerk-aoki")
	away := access.From(fresh)
	away.Fresh = false
	walked := access.With(fresh, away)
	f := c.filing(who.Person, "found-wrong")
	for name, try := range map[string]func(context.Context) error{
		"close a move": func(ctx context.Context) error { return c.o.ProposeClosing(ctx, Closing{}) },
		"decide on it": func(ctx context.Context) error { return c.o.DecideClosing(ctx, "", 1, true) },
		"a correction": func(ctx context.Context) error {
			_, err := c.o.File(ctx, Correction{Amendment: Amendment{Filing: f}})
			return err
		},
		"a cancellation": func(ctx context.Context) error { _, err := c.o.File(ctx, Cancellation{Filing: f}); return err },
		"an entry undone": func(ctx context.Context) error {
			_, err := c.o.File(ctx, EntryCancelled{Removal: Removal{f}})
			return err
		},
		"a restoration": func(ctx context.Context) error { _, err := c.o.File(ctx, Restoration{Filing: f}); return err },
	} {
		var refused *access.Refused
		if err := try(walked); !errors.As(err, &refused) || !refused.StepUp {
			t.Errorf("%s: %v", name, err)
		}
		if err := try(fresh); errors.As(err, &refused) {
			t.Errorf("%s, with the passkey: %v", name, err)
		}
	}
	if _, err := c.o.File(walked, MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")}); err != nil {
		t.Errorf("a notice: %v", err)
	}

	v := c.counter("clerk-aoki")
	c.clk.Set(c.clk.Now().Add(access.FreshFor + time.Second))
	for _, path := range []string{"/towns", "/towns/rename", "/towns/renamings", "/towns/add", "/towns/end", "/towns/import", "/towns/changes"} {
		v.get(path, http.StatusOK)
	}
	for _, path := range []string{"/towns/rename", "/towns/add", "/towns/end", "/towns/1/confirm", "/towns/1/drop", "/towns/change/1/confirm", "/moves/1/close"} {
		v.post(path, nil, http.StatusForbidden)
	}
}

// TestWhoChecksACorrectionAgainShowsThePasskey: who checks a second time what puts an entry right does it too, and has shown the passkey a moment
// ago; a notice is checked without. No ground of a correction is a notice today, so that none waits: one that was kept asks all the same.
func TestWhoChecksACorrectionAgainShowsThePasskey(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	fresh := asWith(t, "clerk-inoue", "key-2")
	away := access.From(fresh)
	away.Fresh = false
	walked := access.With(fresh, away)
	for subject, asks := range map[string]bool{"correction": true, "cancellation": true, "entry-cancel": true, "restoration": true, "move-within": false} {
		kept := store.Taken{Case: "t-1", Kind: takenChange, Person: who, Subject: subject}
		check := func(ctx context.Context) (refused *access.Refused) {
			_, err := c.o.changeTyped(ctx, kept, webui.NewForm(map[string]string{"base": "1", "basis": "found-wrong", "corrects": "1"}))
			if err != nil && !errors.As(err, &refused) {
				t.Errorf("%s: %v", subject, err)
			}
			return refused
		}
		if refused := check(walked); (refused != nil && refused.StepUp) != asks {
			t.Errorf("%s at a screen that somebody walked away from: %v, asks for the passkey want %v", subject, refused, asks)
		}
		if refused := check(fresh); refused != nil {
			t.Errorf("%s, with the passkey: %v", subject, refused)
		}
	}
}
