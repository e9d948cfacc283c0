package incident

import (
	"crypto/sha256"
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/document/gate"
	"github.com/akashi-id/akashi/internal/document/press"
)

// passing is a gate that lets the first judgements of each file pass.
type passing struct {
	press.Gate
	first int
	seen  map[[sha256.Size]byte]int
}

func (g passing) Judge(file []byte, expect press.Expect, content, digest [sha256.Size]byte) ([]gate.Finding, error) {
	if g.seen[digest]++; g.seen[digest] <= g.first {
		return nil, nil
	}
	return g.Gate.Judge(file, expect, content, digest)
}

// TestMultiServer2024IsStoppedByTheNext takes away, one after the other, what keeps the paper of one server's work from the applicant of another's. Each time
// the next one stops it, and only when none is left it goes to somebody else.
func TestMultiServer2024IsStoppedByTheNext(t *testing.T) {
	const another = "to_another"
	for n, c := range []struct {
		without string // what is taken away, beside all before it
		stops   string // the next one; "": nothing is to be stopped
		long    bool
	}{
		{without: "nothing", long: true},
		{without: "names of works that no other node gives", stops: stoppedAtServer, long: true},
		{without: "the server's gate", stops: stoppedAtArrival},
		{without: "the counter's gate when a document comes", stops: stoppedAtPrinting, long: true},
		{without: "the counter's gate before it is printed", stops: stoppedAtHandOver, long: true},
		{without: "the counter's gate when it is handed over", stops: another, long: true},
	} {
		t.Run(c.without, func(t *testing.T) {
			t.Parallel()
			if c.long && os.Getenv("AKASHI_FULL") == "" {
				t.Skip("a step of the chain for the long run")
			}
			var v paperVariant
			if n >= 1 {
				v = takamatsu2024.fault(false)
			}
			v.gates, v.withoutOwn = true, n >= 2
			if n >= 3 {
				v.counter = func(g press.Gate) press.Gate { return passing{g, n - 2, map[[sha256.Size]byte]int{}} }
			}
			l, err := takamatsu2024.run(t.Context(), v, false)
			if err != nil {
				t.Fatal(err)
			}
			want := map[string]int{stoppedAtServer: 0, stoppedAtArrival: 0, stoppedAtPrinting: 0, stoppedAtHandOver: 0, another: 0, "handed_over": 2}
			if c.stops != "" {
				want[c.stops]++
			}
			if c.stops != "" && c.stops != another {
				want["handed_over"]--
			}
			for name, n := range want {
				if l.counts[name] != n {
					t.Errorf("%s is %d, want %d", name, l.counts[name], n)
				}
			}
		})
	}
}

// TestMultiServer2024OnOneServer: the program that is made for one server is right on one, so that the several are what the replay is about.
func TestMultiServer2024OnOneServer(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("the replay without its trigger, for the long run")
	}
	one := takamatsu2024
	one.nodes = 1
	l, err := one.run(t.Context(), one.fault(false), false)
	if err != nil {
		t.Fatal(err)
	}
	if l.counts["handed_over"] != 2 || l.counts["to_another"] != 0 {
		t.Errorf("%v", l.counts)
	}
}
