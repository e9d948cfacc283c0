package tokendesk

import (
	"fmt"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/hsm"
)

// TestTokenSignals: a token that failed is told, also when it came back; that none can sign is told with the time since which it
// is so.
func TestTokenSignals(t *testing.T) {
	now := time.Date(2026, 1, 13, 9, 0, 0, 0, time.UTC)
	ready := hsm.Stand{Name: "hsm-1", State: hsm.Ready}
	back := hsm.Stand{Name: "hsm-2", State: hsm.Ready, Failures: 2}
	fenced := hsm.Stand{Name: "hsm-3", State: hsm.Fenced, What: hsm.Stalled, Failures: 1, Away: now.Add(-3 * time.Minute)}
	out := hsm.Stand{Name: "hsm-4", State: hsm.Out, What: hsm.Refused, Misses: 1, Away: now.Add(-time.Hour)}
	starting := hsm.Stand{Name: "hsm-5", State: hsm.Starting, Away: now.Add(-2 * time.Second)}
	for name, c := range map[string]struct {
		stands []hsm.Stand
		want   string
	}{
		"all well":        {[]hsm.Stand{ready, starting}, ""},
		"starting":        {[]hsm.Stand{starting}, "tokens-away  2 ; "},
		"came back":       {[]hsm.Stand{ready, back}, "token-failed hsm-2 2 it is used again, failures within the hour: 2; "},
		"one is out":      {[]hsm.Stand{ready, out}, "token-failed hsm-4 1 It refused the login. So that it does not lock itself, nothing tries again until a person has looked; it is not used until a person has looked at it; "},
		"none can sign":   {[]hsm.Stand{out, fenced}, "token-failed hsm-4 1 It refused the login. So that it does not lock itself, nothing tries again until a person has looked; it is not used until a person has looked at it; token-failed hsm-3 1 It did not answer before the deadline, failures within the hour: 1; tokens-away  180 ; "},
		"no tokens":       {nil, ""},
		"being restarted": {[]hsm.Stand{{Name: "hsm-6", State: hsm.Starting, Failures: 1, Away: now.Add(-time.Minute)}}, "token-failed hsm-6 1 it is being tried, failures within the hour: 1; tokens-away  60 ; "},
	} {
		got := ""
		for _, s := range signalsOf(c.stands, now) {
			got += fmt.Sprintf("%s %s %d %s; ", s.Code, s.About, s.Value, s.Detail.EN)
		}
		if got != c.want {
			t.Errorf("%s:\n%q, want\n%q", name, got, c.want)
		}
	}
}
