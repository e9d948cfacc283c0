package incident

import (
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/document/press"
	"github.com/akashi-id/akashi/internal/document/press/faulty"
	"github.com/akashi-id/akashi/message"
)

// TestVersionDrift2023IsStoppedByTheNext takes away, one after the other, what keeps a place with the faulty version from giving out the paper of whoever was there
// before. Each time the next one stops it, and only when none is left it goes to somebody else.
func TestVersionDrift2023IsStoppedByTheNext(t *testing.T) {
	const another = "to_another"
	for n, c := range []struct {
		without string // what is taken away, beside all before it
		stops   string // the next one
		papers  int    // so many: who stops the version stops both, who looks at the paper that of another alone
		long    bool
	}{
		{without: "nothing", stops: stoppedBefore, papers: 2, long: true},
		{without: "that the counter heeds the stop", stops: stoppedByServer, papers: 2},
		{without: "that the server does", stops: stoppedAtServer, papers: 1, long: true},
		{without: "the server's gate", stops: stoppedAtArrival, papers: 1, long: true},
		{without: "the counter's gate", stops: another, papers: 1, long: true},
	} {
		t.Run(c.without, func(t *testing.T) {
			t.Parallel()
			if c.long && os.Getenv("AKASHI_FULL") == "" {
				t.Skip("a step of the chain for the long run")
			}
			v := munakata2023.fault(false)
			v.gates, v.deaf, v.withoutOwn = true, []message.Role{message.Municipality, message.Issuing}[:min(n, 2)], n >= 3
			if n >= 4 {
				v.counter = func(press.Gate) press.Gate { return faulty.Trusting{} }
			}
			l, err := munakata2023.run(t.Context(), v, false)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int{stoppedBefore: 0, stoppedByServer: 0, stoppedAtServer: 0, stoppedAtArrival: 0, stoppedAtPrinting: 0, stoppedAtHandOver: 0, another: 0, "handed_over": 2, "behind": 1}
			want[c.stops] += c.papers
			if c.stops != another {
				want["handed_over"] -= c.papers
			}
			for name, n := range want {
				if l.counts[name] != n {
					t.Errorf("%s is %d, want %d", name, l.counts[name], n)
				}
			}
		})
	}
}
