package ca_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// BenchmarkInspection goes round stored certificates without a pause: their rows are read, judged and compared with what others were
// told. It gives how many a CPU second inspects.
func BenchmarkInspection(b *testing.B) {
	c := newCountry(b, sqlstoretest.SQLite(b))
	const certificates = 100
	for i := range uint64(certificates) {
		c.send(matsumoto, request(b, fmt.Sprint("r", i), cert.Authentication, person(b, i, 1)))
	}
	c.run(time.Minute)
	step := c.CheckTasks()[0].Step
	spent := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	before, n := spent(), 0
	for b.Loop() {
		if _, err := step(b.Context()); err != nil {
			b.Fatal(err)
		}
		n += certificates
	}
	if got := c.inspected(); len(got) > 0 {
		b.Fatalf("found %v", got)
	}
	b.ReportMetric(float64(n)/(spent()-before).Seconds(), "certificates/CPU-s")
}
