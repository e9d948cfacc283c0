package verifier

import (
	"testing"

	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
)

// TestFilingNotice: an office that was refused, or whose filing has ended, is not told that it has not filed.
func TestFilingNotice(t *testing.T) {
	for want, states := range map[string][]string{
		"This office has not filed":            nil,
		"No filing of this office is accepted": {"sent", "ended", "refused"},
		"The filing is being decided":          {"waiting", "refused"},
		"The new filing is being decided":      {"waiting", "accepted"},
		"The filing is accepted":               {"refused", "accepted", "ended"},
	} {
		var all []store.Filing
		for _, s := range states {
			all = append(all, store.Filing{State: s})
		}
		if got := filingNotice(all).Title.EN; got != want {
			t.Errorf("%v: %q, want %q", states, got, want)
		}
	}
}
