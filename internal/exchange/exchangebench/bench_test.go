package exchangebench_test

import (
	"os"
	"testing"

	"github.com/akashi-id/akashi/internal/exchange/exchangebench"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// TestRun makes a short run on each engine that is there. Figures are shown and not judged, except that a message must
// not cost a hundred times what its bare row does.
func TestRun(t *testing.T) {
	opt := exchangebench.Options{Dir: t.TempDir(), Messages: 500, Rounds: 3}
	if os.Getenv(sqlstoretest.Env) != "" {
		for i := range opt.Postgres {
			opt.Postgres[i] = sqlstoretest.Postgres(t)
		}
	}
	results, err := exchangebench.Run(t.Context(), opt)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		t.Logf("%s: %.0f %s, %s: %.0f, ratio %.3f", r.What, r.Value, r.Unit, r.Peer, r.PeerValue, r.Ratio)
		if r.Ratio < 0.01 {
			t.Errorf("%s: ratio %.3f", r.What, r.Ratio)
		}
	}
}

func BenchmarkExchange(b *testing.B) {
	for b.Loop() {
		results, err := exchangebench.Run(b.Context(), exchangebench.Options{Dir: b.TempDir(), Messages: 5000, Rounds: 7})
		if err != nil {
			b.Fatal(err)
		}
		b.ReportMetric(results[0].Value, "messages/s")
		b.ReportMetric(results[0].PeerValue, "bare/s")
		b.ReportMetric(results[0].Ratio, "ratio")
	}
}
