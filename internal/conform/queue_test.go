package conform

import (
	"os"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// some are the queues that every run tries, each poison once, on SQLite. AKASHI_FULL tries all of them, with up to 1,000
// items, on both engines, which takes a quarter of an hour; so does `akashi conform queue`.
var some = []string{
	"due/list", "sqlstore/writer", "sqlstore/migrations", "exchange/door", "exchange/expiry",
	"municipality/import", "municipality/keys", "validation/answers", "ca/sign", "ca/list", "validation/lists", "ca/mass", "ca/report", "ca/check", "inspection/round", "statement/accounts", "nation/tasks", "nation/doors", "nation/asks",
}

func TestQueues(t *testing.T) {
	opt := Options{Dir: t.TempDir(), Only: some, Quick: true, patience: 30 * time.Second}
	if os.Getenv("AKASHI_FULL") != "" {
		opt = Options{Dir: t.TempDir(), Postgres: os.Getenv(sqlstoretest.Env)}
	}
	opt.Each = func(c Case, _, _ int) {
		t.Logf("%v  %s: %s", c.OK, c.Case, c.Says)
		if !c.OK {
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
}
