package incident

import (
	"testing"

	"github.com/akashi-id/akashi/internal/identity"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
)

// TestDaito: with a flag per system, set in one, the husband has the address from the others; with one flag he has it from none, and of the safeguards before her paper
// each next one stops it when those before are left out.
func TestDaito(t *testing.T) {
	r, err := daito.Run(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	// The certificate, the paper and the index; those of the register have its flag.
	counted(t, r, map[string]int{"asked_as_it_was": 7, "asked_akashi": 7, "shown_as_it_was": 3, "shown_akashi": 0, "systems_set_as_it_was": 1,
		"papers_tried_akashi": len(papers), "papers_stopped_akashi": len(papers) - 1, "papers_stopped_elsewhere_akashi": 0})
}

// TestDaitoWithoutItsTrigger: where the clerk sets every flag, a flag per system holds too.
func TestDaitoWithoutItsTrigger(t *testing.T) {
	r, err := daito.Run(t.Context(), Options{NoTrigger: true})
	if err != nil {
		t.Fatal(err)
	}
	if !r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
}

// TestEveryWayShowsWhoIsNotProtected: the ways that are tried do show an address where nobody is protected; else the replays would hold
// for nothing.
func TestEveryWayShowsWhoIsNotProtected(t *testing.T) {
	l, err := openProtected(t.Context(), daitoFiled.Start(), "272183", "大東市", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.end()
	if err := l.move(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := l.asked(t.Context(), plain.Sentence{}); err != nil {
		t.Fatal(err)
	}
	for name, sees := range l.moments[0].View.Sees {
		if sees != "住所を示す shows the address" {
			t.Errorf("%s: %s", name, sees)
		}
	}
	// And a flag that was never set anywhere shows at once: Kure and Nanbu had one for each document, and neither was set.
	if _, err := l.town.Protect(atDesk(t.Context(), takes), counter.Protecting{Applicant: l.her.Person, Evidence: identity.Evidence{identity.MyNumberCard}}); err != nil {
		t.Fatal(err)
	}
	if err := l.wait(t.Context(), 2e9); err != nil {
		t.Fatal(err)
	}
	if err := l.asked(t.Context(), plain.Sentence{}); err != nil {
		t.Fatal(err)
	}
	if l.moments[1].View.Shown != 0 {
		t.Errorf("%v", l.moments[1].View.Sees)
	}
}

// TestMeguro: a list of persons clears the flag that was set again; a list of versions sets her line aside.
func TestMeguro(t *testing.T) {
	r, err := meguro.Run(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
	counted(t, r, map[string]int{"asked_as_it_was": 7, "asked_akashi": 7, "shown_as_it_was": 7, "shown_akashi": 0, "ended_as_it_was": 1, "lines_akashi": 1, "set_aside_akashi": 1, "ended_akashi": 0,
		"papers_tried_akashi": len(papers), "papers_stopped_akashi": len(papers) - 1, "papers_stopped_elsewhere_akashi": 0})
}

// TestMeguroWithoutItsTrigger: nobody applied again, and both hold.
func TestMeguroWithoutItsTrigger(t *testing.T) {
	r, err := meguro.Run(t.Context(), Options{NoTrigger: true})
	if err != nil {
		t.Fatal(err)
	}
	if !r.AsItWas.Holds || !r.Akashi.Holds {
		t.Errorf("as it was: %+v\nakashi: %+v", r.AsItWas, r.Akashi)
	}
}
