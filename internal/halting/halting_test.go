package halting

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

var start = time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC)

// TestBinds: an order binds the version that it names, every one when it names none, and whoever does not say a version; not before its time, and not when it is lifted or
// proposed only.
func TestBinds(t *testing.T) {
	given := Order{IssuingHalt: message.IssuingHalt{Version: "v1", From: start}, HeardAt: start}
	all, later, lifted, proposed := given, given, given, given
	all.Version, later.From, lifted.LiftedAt, proposed.HeardAt = "", start.Add(time.Second), start, time.Time{}
	for _, c := range []struct {
		name    string
		order   Order
		program string
		want    bool
	}{
		{"its name", given, "v1 abc", true}, {"another", given, "v2 abc", false}, {"one that begins alike", given, "v10 abc", false}, {"one that says none", given, "", true},
		{"everything", all, "v2 abc", true}, {"before its time", later, "v1 abc", false}, {"lifted", lifted, "v1 abc", false}, {"proposed", proposed, "v1 abc", false},
	} {
		if got := c.order.Binds(c.program, start); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}

// TestHeard: what is lifted stays lifted in whatever order it is told, and nobody lifts what another organisation has ordered; of what a server runs the newest word holds.
func TestHeard(t *testing.T) {
	s, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clock.NewVirtual(start)}, Schema)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	order := message.IssuingHalt{Halt: "h-1", From: start, Reason: "点検", By: "operator-ueda"}
	lifted := order
	lifted.LiftedAt, lifted.LiftedBy = start, "operator-egawa"
	if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		bound := func(want bool, what string) {
			if _, got, err := Binding(ctx, tx, "v1"); err != nil || got != want {
				t.Errorf("%s: bound %v, %v", what, got, err)
			}
		}
		hear := func(from message.Org, n message.IssuingHalt) error { return Heard(ctx, tx, from, n) }
		if err := hear("nationalcenter", order); err != nil {
			return err
		}
		bound(true, "ordered")
		if hear("issuing-202029", lifted) == nil {
			t.Error("another organisation lifts it")
		}
		bound(true, "after another organisation has lifted it")
		if err := hear("nationalcenter", lifted); err != nil {
			return err
		}
		if err := hear("nationalcenter", order); err != nil {
			return err
		}
		bound(false, "lifted, and told of the order once more")
		order.Halt, lifted.Halt = "h-2", "h-2"
		if err := hear("nationalcenter", lifted); err != nil {
			return err
		}
		if err := hear("nationalcenter", order); err != nil {
			return err
		}
		bound(false, "lifted before it was ordered")

		for _, p := range []Program{{"issuing-202029", "v1", start.Add(time.Second)}, {"issuing-202029", "v0", start}} {
			if err := Runs(ctx, tx, p); err != nil {
				return err
			}
		}
		if p, err := ProgramOf(ctx, tx, "issuing-202029"); err != nil || p != "v1" {
			t.Errorf("it runs %q, %v", p, err)
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
}
