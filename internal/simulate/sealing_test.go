package simulate

import (
	"math/rand/v2"
	"testing"
)

// TestSealsAreHeldToTheRegister: the evening's look at the seals finds one that should have ended. A second one the database refuses.
func TestSealsAreHeldToTheRegister(t *testing.T) {
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
