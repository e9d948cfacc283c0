package sqlstore_test

import (
	"database/sql"
	"testing"

	"modernc.org/sqlite/vtab"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// planned is an empty table that counts how often a statement on it is planned.
type planned struct{ times int }

func (p *planned) Create(c vtab.Context, _ []string) (vtab.Table, error) { return p.Connect(c, nil) }
func (p *planned) Connect(c vtab.Context, _ []string) (vtab.Table, error) {
	return p, c.Declare(`CREATE TABLE planned(k)`)
}
func (p *planned) BestIndex(*vtab.IndexInfo) error        { p.times++; return nil }
func (p *planned) Open() (vtab.Cursor, error)             { return p, nil }
func (p *planned) Disconnect() error                      { return nil }
func (p *planned) Destroy() error                         { return nil }
func (p *planned) Filter(int, string, []vtab.Value) error { return nil }
func (p *planned) Next() error                            { return nil }
func (p *planned) Eof() bool                              { return true }
func (p *planned) Column(int) (vtab.Value, error)         { return nil, nil }
func (p *planned) Rowid() (int64, error)                  { return 0, nil }
func (p *planned) Close() error                           { return nil }

// TestPlannedOnce: a statement is planned when it is prepared, and not anew for each limit that it is given.
func TestPlannedOnce(t *testing.T) {
	db, err := sql.Open("sqlite", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	p := &planned{}
	if err := vtab.RegisterModule(db, "planned", p); err != nil {
		t.Fatal(err)
	}
	s := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, testSchema)
	if err := s.Update(t.Context(), func(c ctx, t tx) error {
		_, err := t.Exec(c, `CREATE VIRTUAL TABLE seen USING planned`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	before := 0
	for limit := range int64(5) {
		if err := s.Update(t.Context(), func(c ctx, t tx) error {
			_, err := sqlstore.List(c, t, func(r *sqlstore.Rows, k *int64) error { return r.Scan(k) }, `SELECT k FROM seen WHERE k = $1 LIMIT $2`, limit, limit)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if p.times == 0 || limit > 0 && p.times != before {
			t.Errorf("planned %d times when it was asked for the %dth time", p.times, limit+1)
		}
		before = p.times
	}
}
