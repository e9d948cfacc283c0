package gate_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/document/gate"
)

// The gate is tried in internal/document, where a test can mix up documents.

func TestNothingIsNoDocument(t *testing.T) {
	for _, file := range []string{"", "%PDF-1.7\n\nstartxref\n0\n%%EOF\n"} {
		if found := gate.Check([]byte(file), gate.Expected{}); len(found) == 0 || found[len(found)-1].Code != gate.Unreadable {
			t.Errorf("%q: %v", file, found)
		}
	}
}
