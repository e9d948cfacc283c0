package conform

import (
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

func TestDev(t *testing.T) {
	opt := Options{Dir: t.TempDir(), Postgres: os.Getenv(sqlstoretest.Env), Each: func(c Case) { t.Log(c.OK, c.Case, c.Says) }}
	if only := os.Getenv("ONLY"); only != "" {
		opt.Only = []string{only}
	}
	opt.Quick = os.Getenv("QUICK") != ""
	r, err := Queue(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Holds() {
		t.Errorf("%d of %d failed", r.Failed, r.Passed+r.Failed)
	}
}
