package cert

import (
	"errors"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
)

// TestGrounds: each has the reason that the table of the CPS has for it, and words for people. None is a hold.
func TestGrounds(t *testing.T) {
	want := map[Ground]RevocationReason{Changed: AffiliationChanged, Died: CessationOfOperation, Asked: CessationOfOperation, Lost: KeyCompromise,
		Exposed: KeyCompromise, Mistaken: AffiliationChanged, Undelivered: Unspecified, Renewed: Superseded, CAExposed: CACompromise}
	if len(Grounds) != len(want) || len(groundTable) != len(want) {
		t.Errorf("%d grounds listed, %d in the table", len(Grounds), len(groundTable))
	}
	for _, g := range Grounds {
		if g.Reason() != want[g] || g.Reason() != g.Reason().Final() {
			t.Errorf("%s: %s", g, g.Reason())
		}
		if n, m := g.Name(), g.Meaning(); n.JA == "" || n.EN == "" || m.JA == "" || m.EN == "" {
			t.Errorf("%s lacks words", g)
		}
		if got, err := ParseGround("ground", string(g)); err != nil || got != g {
			t.Errorf("%s is read as %q, %v", g, got, err)
		}
	}
	for _, s := range []string{"", "certificateHold", "Lost", "hold"} {
		var p *plain.Problem
		if _, err := ParseGround("ground", s); !errors.As(err, &p) || p.Field != "ground" {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// TestNothingFinalIsAHold: whatever is asked for, what is written down is a revocation for good, and of a reason of the CPS.
func TestNothingFinalIsAHold(t *testing.T) {
	for _, r := range Reasons {
		if f := r.Final(); !f.Valid() || f == CertificateHold || f.Final() != f || r != CertificateHold && f != r {
			t.Errorf("%s ends as %s", r, f)
		}
	}
	if RevocationReason(0).Final() != 0 {
		t.Error("no reason became one")
	}
}
