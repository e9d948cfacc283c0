package conform

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// some are the queues that every run tries, each poison once, on SQLite. AKASHI_FULL tries all of them, with up to 1,000
// items, on both engines, which takes most of an hour; so does `akashi conform queue`.
var some = []string{
	"due/list", "sqlstore/writer", "sqlstore/migrations", "exchange/door", "exchange/expiry",
	"municipality/import", "municipality/keys", "validation/answers", "ca/list", "statement/accounts", "nation/tasks", "nation/doors", "nation/asks",
}

// broken are the queues of the exchange that are known to break the poison rule, by the beginning of their cases' names,
// with what they do. `akashi conform queue` shows them as failed.
var broken = map[string]string{
	"exchange/inbox: hang":     "a rule that takes no notice of its context is waited for",
	"exchange/probes: panic":   "more than eight messages over which the peer falls stop the rest",
	"exchange/peers: panic":    "a link that panics does not show in the state of the pair",
	"exchange/asks: hang × 11": "a question that is never answered keeps its place",
}

func TestQueues(t *testing.T) {
	opt := Options{Dir: t.TempDir(), Only: some, Quick: true, patience: 30 * time.Second}
	if os.Getenv("AKASHI_FULL") != "" {
		opt = Options{Dir: t.TempDir(), Postgres: os.Getenv(sqlstoretest.Env)}
	}
	failed := map[string]bool{}
	opt.Each = func(c Case, _, _ int) {
		t.Logf("%v  %s: %s", c.OK, c.Case, c.Says)
		if !c.OK {
			failed[isBroken(c.Case)] = true
		}
		if !c.OK && isBroken(c.Case) == "" {
			t.Errorf("%s: %s", c.Case, c.Says)
		}
	}
	r, err := Queue(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if r.Passed == 0 {
		t.Error("nothing was tried")
	}
	for begins := range broken {
		if len(opt.Only) == 0 && !failed[begins] {
			t.Errorf("%s is named as broken, and holds: take it out", begins)
		}
	}
}

// isBroken is the name under which a case is known to fail; empty: it is not.
func isBroken(name string) string {
	for begins := range broken {
		if strings.HasPrefix(name, begins) {
			return begins
		}
	}
	return ""
}
