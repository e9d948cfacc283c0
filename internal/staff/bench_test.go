package staff_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/staff"
)

// BenchmarkResume is what each request of somebody who is signed in pays for being looked up.
func BenchmarkResume(b *testing.B) {
	store := sqlstoretest.Open(b, sqlstoretest.SQLite(b), sqlstore.Options{}, auditlog.Schema, staff.Schema)
	s, err := staff.New(staff.Config{Self: "ca", Name: plain.Sentence{JA: "認証局", EN: "CA"}, Store: store, Clock: clock.System(), Rand: zeros{}})
	if err != nil {
		b.Fatal(err)
	}
	secret, err := s.Enter(b.Context(), access.Personas()[0])
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if p, err := s.Resume(b.Context(), secret); err != nil || p.ID == "" {
			b.Fatal(p, err)
		}
	}
}
