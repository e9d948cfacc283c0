package simulate

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// TestWhatLooksInTheEvening: what the program's own books do not hold to each other is found when a hand has changed it.
func TestWhatLooksInTheEvening(t *testing.T) {
	opt := Options{Days: 1, Seed: 5, Residents: 100, Pace: 1}
	s := &simulation{opt: opt, rng: rand.New(rand.NewPCG(5, 5)), report: newReport(opt)}
	var err error
	if s.land, err = openLand(t.Context(), opt.Seed); err != nil {
		t.Fatal(err)
	}
	defer s.land.close()
	if err := s.settle(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Run("seals", s.sealsAreHeldToTheRegister)
	t.Run("terms", s.termsAreHeldToTheBirthdays)
}

// A second seal of somebody the database refuses.
func (s *simulation) sealsAreHeldToTheRegister(t *testing.T) {
	ctx := s.atDesk(t.Context())
	who, err := s.sealed(ctx)
	for _, refused := said(err); refused; _, refused = said(err) {
		who, err = s.sealed(ctx)
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, hand := range []struct{ what, statement string }{
		{"", `UPDATE seal SET ground = '' WHERE person = $1`},
		{"differs", `UPDATE seal SET text = text || '別' WHERE person = $1`},
		{"alive", `UPDATE resident SET present = FALSE WHERE person = $1`},
	} {
		if err := byHand(ctx, who.at.Host, hand.statement, int64(who.id)); err != nil {
			t.Fatal(err)
		}
		f := new(finding)
		if err := s.land.seals(ctx, f); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, d := range f.findings {
			found[d.What] = d.Where == string(who.at.Self)
		}
		if hand.what == "" && len(f.findings) > 0 || hand.what != "" && !found[hand.what] {
			t.Errorf("after %q: %v", hand.statement, f.findings)
		}
	}
}

// Of what was issued as if that had been years ago, some is to be renewed and some runs out.
func (s *simulation) termsAreHeldToTheBirthdays(t *testing.T) {
	ctx := t.Context()
	ca, validation, at := s.land.ca.Host, s.land.validation.Host, s.land.towns[0].Host
	serial := func(h *host.Host, query string) string {
		t.Helper()
		var serial string
		all, err := list(ctx, h, func(r *sqlstore.Rows, s *string) error { return r.Scan(s) }, query)
		if err != nil || len(all) == 0 {
			t.Fatalf("%s: %v", query, err)
		}
		serial = all[0]
		return serial
	}
	// The one whose birthday is today is the first of the first town.
	first := serial(at, `SELECT hex(serial) FROM application WHERE state = 'issued' ORDER BY not_after, request LIMIT 1`)
	other := serial(ca, `SELECT hex(serial) FROM certificate WHERE hex(serial) <> '`+first+`' ORDER BY serial LIMIT 1`)
	if until := serial(at, `SELECT CAST(not_after AS TEXT) FROM application WHERE hex(serial) = '`+first+`'`); until != fmt.Sprint(begins.AddDays(1).Start().UnixMicro()-1_000_000) {
		t.Errorf("the first ends at %s", until)
	}
	for _, hand := range []struct {
		what      string
		h         *host.Host
		do, undo  string
		by, where string
	}{
		{what: "nothing", h: ca, do: `UPDATE certificate SET why = why WHERE hex(serial) = $1`},
		{"a day more at the counter", at, `UPDATE application SET not_after = not_after + 86400000000 WHERE hex(serial) = $1`, `UPDATE application SET not_after = not_after - 86400000000 WHERE hex(serial) = $1`, "differs", "municipality-202029"},
		{"a day more at the CA", ca, `UPDATE certificate SET not_after = not_after + 86400000000 WHERE hex(serial) = $1`, `UPDATE certificate SET not_after = not_after - 86400000000 WHERE hex(serial) = $1`, "differs", "validation"},
		{"a day more in the answers", validation, `UPDATE status SET not_after = not_after + 86400000000 WHERE hex(serial) = $1`, `UPDATE status SET not_after = not_after - 86400000000 WHERE hex(serial) = $1`, "differs", "validation"},
		{"expired before its end", ca, `UPDATE certificate SET state = 'expired' WHERE hex(serial) = $1`, `UPDATE certificate SET state = 'valid' WHERE hex(serial) = $1`, "early", "ca"},
		{"renewed, and still valid", ca, `UPDATE certificate SET replaces = (SELECT serial FROM certificate WHERE hex(serial) = '` + other + `') WHERE hex(serial) = $1`, `UPDATE certificate SET replaces = X'' WHERE hex(serial) = $1`, "replaced", "ca"},
	} {
		if err := byHand(ctx, hand.h, hand.do, first); err != nil {
			t.Fatalf("%s: %v", hand.what, err)
		}
		f := new(finding)
		if err := s.land.terms(ctx, f); err != nil {
			t.Fatal(err)
		}
		found := map[string]bool{}
		for _, d := range f.findings {
			found[d.What+" "+d.Where] = true
		}
		if hand.by == "" && len(found) > 0 || hand.by != "" && !found[hand.by+" "+hand.where] {
			t.Errorf("%s: found %v", hand.what, slices.Sorted(maps.Keys(found)))
		}
		if hand.undo != "" {
			if err := byHand(ctx, hand.h, hand.undo, first); err != nil {
				t.Fatalf("%s: %v", hand.what, err)
			}
		}
	}
}
