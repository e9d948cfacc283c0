package municipality

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// TestImportGoesOnWithoutWhatTheDatabaseRefuses: lines that are good, and that the database refuses all the same, are set
// aside one by one, and everything else comes in.
func TestImportGoesOnWithoutWhatTheDatabaseRefuses(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		refuse := `CREATE TRIGGER refuse BEFORE INSERT ON resident WHEN NEW.household IN ('T0000000', 'T0000003') BEGIN SELECT RAISE(ABORT, 'planted'); END`
		if c.o.Store.Engine() == sqlstore.Postgres {
			refuse = `ALTER TABLE resident ADD CONSTRAINT refuse CHECK (household NOT IN ('T0000000', 'T0000003'))`
		}
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, refuse)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		const n = 40
		r, rejects := c.load(registerFile(t, n, func(lines []string) []string { return append(lines, "これは行ではない\n") }))
		if r != (ImportResult{Lines: n + 1, Added: n - 4, Rejected: 5}) {
			t.Errorf("%+v", r)
		}
		if got := strings.Count(rejects, "この行は、住民記録に書き込めませんでした"); got != 4 || strings.Count(rejects, "\n") != 6 {
			t.Errorf("%d lines are said to be refused:\n%s", got, rejects)
		}
	})
}

// TestImportEndsWhenTheDatabaseFails: when nothing can be written, no line is to blame.
func TestImportEndsWhenTheDatabaseFails(t *testing.T) {
	c := newCountry(t, "memory:")
	if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `DROP TABLE resident`)
		if err == nil {
			_, err = tx.Exec(ctx, `CREATE TRIGGER refuse BEFORE UPDATE ON import_run BEGIN SELECT RAISE(ABORT, 'planted'); END`)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	var rejects strings.Builder
	r, err := c.o.Import(t.Context(), strings.NewReader(registerFile(t, 3, nil)), ImportOptions{Reject: &rejects})
	if err == nil || r != (ImportResult{}) || strings.Count(rejects.String(), "\n") > 1 {
		t.Errorf("%+v, %v, rejects:\n%s", r, err, rejects.String())
	}
}

// breaking is a register file of which some lines break their reader.
type breaking struct{ n, of int }

func (b *breaking) Next() (registerfile.Line, error) {
	if b.n++; b.n > b.of {
		return registerfile.Line{}, io.EOF
	}
	if b.n < b.of {
		panic("planted")
	}
	return registerfile.Line{Number: b.n, Raw: []byte("good"), Record: made(b.n)}, nil
}

func TestLineThatBreaksItsReader(t *testing.T) {
	c := newCountry(t, "memory:")
	i := &importer{o: c.o, today: resident.DateOf(c.clk.Now()), seen: map[uint64]int64{}, belongs: map[resident.MunicipalityCode]error{}}
	out := make(chan batch, 10)
	i.read(t.Context(), &breaking{of: 1001}, out)
	var lines, rejects int
	for b := range out {
		lines, rejects = lines+len(b.lines), rejects+len(b.rejects)
		for n, r := range b.rejects {
			if r.number == 0 || r.problems[0].Line != r.number || r.problems[0].EN == "" || !strings.Contains(r.problems[0].JA, "この行の読取り中に、プログラムの誤りが起きました") {
				t.Errorf("reject %d: %+v", n, r)
			}
		}
		if b.err != nil {
			t.Error(b.err)
		}
	}
	if lines != 1 || rejects != 1000 {
		t.Errorf("%d lines and %d rejects, want the good one and all others", lines, rejects)
	}
	// A reader that breaks over everything ends the import.
	out = make(chan batch, 1000)
	i.read(t.Context(), &breaking{of: 10 * maxBroken}, out)
	var ended bool
	for b := range out {
		ended = ended || b.err != nil
	}
	if !ended {
		t.Error("the import reads on for ever")
	}
}
