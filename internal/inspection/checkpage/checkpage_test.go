package checkpage

import (
	"testing"

	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/webui"
)

// TestNotice: nobody is told that nothing is wrong while something is not inspected.
func TestNotice(t *testing.T) {
	well := inspection.Standing{Way: "lists"}
	for name, c := range map[string]struct {
		of   inspection.Standing
		kind webui.BadgeKind
		says string
	}{
		"well":        {well, webui.OK, "Nothing wrong was found"},
		"stands":      {inspection.Standing{Way: "certificates", Trouble: "no database"}, webui.Bad, "The inspection stands still"},
		"found":       {inspection.Standing{Way: "certificates", Open: 2}, webui.Bad, "Findings: 2"},
		"found, then": {inspection.Standing{Way: "certificates", Open: 2, Trouble: "no database"}, webui.Bad, "Findings: 2"},
	} {
		if got := noticeOf([]inspection.Standing{well, c.of}); got.Kind != c.kind || got.Title.EN != c.says {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
