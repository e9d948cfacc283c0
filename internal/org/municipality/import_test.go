package municipality

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// resident i of a made-up register.
func made(i int) resident.Record {
	return resident.Record{Code: resident.RecordCodeOf(1_000_000_000 + uint64(i)*7), BasicFour: resident.BasicFour{
		Name: name([]string{"髙𠮷", "山﨑", "辻󠄃", "葛󠄂城"}[i%4] + " " + []string{"一", "さくら", "花子"}[i%3]), Birth: resident.WholeDate(resident.MustDate(1950, 1, 1).AddDays(i % 25000)),
		Sex: resident.Sex(1 + i%2), Address: address(fmt.Sprintf("長野県松本市丸の内%d番%d号", 1+i/100%90, 1+i%100))},
		Kana: kana("タカヨシ ハナコ"), Municipality: body("202029"), Household: resident.HouseholdID(fmt.Sprintf("T%07d", i/2)),
		Relation: []resident.Relation{resident.Head, relation("妻")}[i%2], BecameResident: resident.MustDate(2020, 4, 1)}
}

// registerFile is a file of n residents, with lines changed or added.
func registerFile(t testing.TB, n int, change func(lines []string) []string) string {
	t.Helper()
	var b bytes.Buffer
	w := registerfile.NewWriter(&b, plain.JA)
	w.Comment("見本")
	for i := range n {
		if err := w.Write(made(i)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if change == nil {
		return b.String()
	}
	return strings.Join(change(strings.SplitAfter(b.String(), "\n")), "")
}

func (c *country) load(file string) (ImportResult, string) {
	c.t.Helper()
	var rejects bytes.Buffer
	var seen []ImportResult
	r, err := c.o.Import(c.t.Context(), strings.NewReader(file), ImportOptions{By: "operator-ueda", Reject: &rejects, Progress: func(r ImportResult) { seen = append(seen, r) }})
	if err != nil {
		c.t.Fatal(err)
	}
	if r.Lines > 0 && (len(seen) == 0 || seen[len(seen)-1] != r) {
		c.t.Errorf("the last progress is %+v, the result %+v", seen, r)
	}
	if r.Lines != r.Added+r.Same+r.Rejected {
		c.t.Errorf("the lines do not add up: %+v", r)
	}
	return r, rejects.String()
}

func TestImport(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		const n = 1203
		file := registerFile(t, n, nil)
		r, rejects := c.load("\uFEFF" + strings.ReplaceAll(file, "\n", "\r\n"))
		if r != (ImportResult{Lines: n, Added: n}) || strings.Count(rejects, "\n") != 1 {
			t.Fatalf("%+v, rejects:\n%s", r, rejects)
		}
		if reached, ok, err := c.o.Reached(t.Context()); err != nil || ok || reached != 0 {
			t.Errorf("before anything was sent: %d, %v, %v", reached, ok, err)
		}
		c.run(time.Minute)
		if reached, ok, err := c.o.Reached(t.Context()); err != nil || !ok || reached != n || len(c.changes) != n {
			t.Errorf("the prefecture has %d, %d are said to have reached it, %v, %v", len(c.changes), reached, ok, err)
		}
		found, more, err := c.o.Search(as(t, "clerk-aoki"), Query{Code: made(7).Code})
		if err != nil || more || len(found) != 1 || found[0].Record != made(7) || found[0].Basis != importBasis || found[0].Number != 1 {
			t.Fatalf("resident 7: %d found, %v", len(found), err)
		}
		if got := found[0]; got.Change.Reason != resident.EntryExOfficio || got.EnteredBy != "operator-ueda" {
			t.Errorf("entered as %s by %s", got.Change.Reason, got.EnteredBy)
		}
		// Traces of one import lie together in every index of them: in the order of the lines, each its own.
		next, _, err := c.o.Search(as(t, "clerk-aoki"), Query{Code: made(8).Code})
		if err != nil || len(next) != 1 {
			t.Fatal(len(next), err)
		}
		if a, b := found[0].Trace, next[0].Trace; a >= b || !strings.HasPrefix(a, "t-") || a[:len(a)-8] != b[:len(b)-8] {
			t.Errorf("the traces of two lines after each other are %s and %s", a, b)
		}
		before := c.footprint()
		if r, _ := c.load(file); r != (ImportResult{Lines: n, Same: n}) {
			t.Errorf("again: %+v", r)
		}
		if after := c.footprint(); after != before {
			t.Errorf("the second import wrote: %s, before %s", after, before)
		}
		// A person taken over with a register can move on a day before the import.
		f := c.filing(found[0].Person, "law-23")
		f.Arose = resident.MustDate(2026, 3, 15)
		if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: f, Address: address("長野県松本市大手1番"), OwnHousehold: true}); err != nil {
			t.Error(err)
		}
	})
}

func TestImportRejects(t *testing.T) {
	c := newCountry(t, "memory:")
	here := c.now(c.register(movedIn()).Person).Record
	differing := c.now(c.register(movedIn()).Person).Record
	gone := c.register(movedIn())
	goneRecord := c.now(gone.Person).Record
	if _, err := c.o.File(as(t, "clerk-aoki"), Death{c.filing(gone.Person, "family-86")}); err != nil {
		t.Fatal(err)
	}
	recoded := c.register(movedIn())
	oldRecord := c.now(recoded.Person).Record
	if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(recoded.Person, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	line := func(r resident.Record) string {
		var b bytes.Buffer
		w := registerfile.NewWriter(&b, plain.JA)
		if err := w.Write(r); err != nil {
			t.Fatal(err)
		}
		w.Flush()
		return strings.SplitAfter(b.String(), "\n")[1]
	}
	other := differing
	other.Name = name("山﨑 一")
	elsewhere := made(100)
	elsewhere.Municipality = body("131211")
	file := registerFile(t, 4, func(lines []string) []string {
		lines[3] = strings.Replace(lines[3], "1951-01-01", "2023-02-29", 1)
		lines[3] = strings.Replace(lines[3], ",1950-01-02,", ",2023-02-29,", 1)
		lines[4] = strings.Replace(lines[4], "女", "犬", 1)
		lines[4] = strings.Replace(lines[4], "男", "犬", 1)
		return append(lines[:len(lines)-1], lines[2], line(other), line(here), line(goneRecord), line(oldRecord), line(elsewhere), "壊れた行\n", strings.Repeat("長", registerfile.MaxLine)+"\n", line(made(50)))
	})
	r, rejects := c.load(file)
	if want := (ImportResult{Lines: 13, Added: 3, Same: 1, Rejected: 9}); r != want {
		t.Errorf("%+v, want %+v", r, want)
	}
	read := csv.NewReader(strings.NewReader(rejects))
	read.FieldsPerRecord, read.LazyQuotes = -1, true
	rows, err := read.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []struct{ line, column, says string }{
		{"4", "生年月日", "2023年2月29日"}, {"5", "性別", "性別は"}, {"7", "住民票コード", "3行目と同じ住民票コードです（重複）"}, {"8", "住民票コード", "この住民票コードの住民は、違う内容で登録されています"},
		{"10", "住民票コード", "消除されています"}, {"11", "住民票コード", "新しい住民票コードの行に直してください"}, {"12", "市区町村コード", "東京都足立区"},
		{"13", "", "項目が1個"}, {"14", "", "長すぎます"},
	}
	if len(rows) != len(want)+1 || rows[0][0] != "行" || rows[0][4] != "住民票コード" {
		t.Fatalf("%d rows: %q", len(rows), rows)
	}
	for i, w := range want {
		row := rows[i+1]
		if row[0] != w.line || row[1] != w.column || !strings.Contains(row[2], w.says) || row[3] == "" {
			t.Errorf("row %d is %q, want %v", i+1, row, w)
		}
	}
	if rows[1][5] != made(1).Name.Reveal() {
		t.Errorf("the line is not kept as it was: %q", rows[1])
	}
	if v := must[[]store.Version](t)(found(c.o.Search(as(t, "clerk-aoki"), Query{Code: differing.Code}))); v[0].Record != differing {
		t.Error("the import changed a record")
	}
}

// A clerk opens the file of rejected lines in a spreadsheet, which runs what begins like a formula.
func TestRejectedLineIsNoFormula(t *testing.T) {
	for raw, want := range map[string]string{
		"=cmd|' /C calc'!A0,x":         "'=cmd|' /C calc'!A0,x",
		"1,+1,-1,@SUM(1),\t=1,a=b,a-b": "1,'+1,'-1,'@SUM(1),'\t=1,a=b,a-b",
		`1,"=HYPERLINK(""http://x"")"`: `1,"'=HYPERLINK(""http://x"")"`,
		"1,＝1\r=2":                     "1,'＝1\r'=2",
		"\x82\xa0,=1":                  "\x82\xa0,'=1",
		"山田　太郎,1-2-3":                  "山田　太郎,1-2-3",
		"":                             "",
	} {
		var b strings.Builder
		f := newRejectFile(&b, "氏名")
		if err := errors.Join(f.write([]reject{{1, []byte(raw), nil}}), f.flush()); err != nil {
			t.Fatal(err)
		}
		if got := strings.Split(b.String(), "\n")[1]; got != `1,"","","",`+want {
			t.Errorf("%q is written as %q, want %q", raw, got, want)
		}
	}
}

func found(v []store.Version, _ bool, err error) ([]store.Version, error) { return v, err }

func TestImportRefusesTheFile(t *testing.T) {
	c := newCountry(t, "memory:")
	before := c.footprint()
	for _, file := range []string{"", "氏名,住所\n", "\xff\xfe"} {
		_, err := c.o.Import(t.Context(), strings.NewReader(file), ImportOptions{})
		fieldsOf(t, err)
	}
	if after := c.footprint(); after != before {
		t.Errorf("something was written: %s, before %s", after, before)
	}
	broken := io.MultiReader(strings.NewReader(registerFile(t, 700, nil)), failing{})
	r, err := c.o.Import(t.Context(), broken, ImportOptions{})
	if err == nil || r.Added != 700 {
		t.Errorf("a file that breaks off: %+v, %v", r, err)
	}
	stopped, stop := context.WithCancel(t.Context())
	if r, err := c.o.Import(stopped, strings.NewReader(registerFile(t, 1800, nil)), ImportOptions{Progress: func(Progress) { stop() }}); err == nil || r.Lines != 500 {
		t.Errorf("an import that is stopped: %+v, %v", r, err)
	}
	if r, _ := c.load(registerFile(t, 1800, nil)); r != (ImportResult{Lines: 1800, Added: 1100, Same: 700}) {
		t.Errorf("finished by another import: %+v", r)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, os.ErrClosed }

// BenchmarkImport measures residents per second into SQLite on disk, outbox and audit rows included.
func BenchmarkImport(b *testing.B) {
	const n = 20_000
	c := newCountry(b, sqlstoretest.SQLite(b))
	c.o.Clock = clock.System()
	file := registerFile(b, n, nil)
	b.ResetTimer()
	for b.Loop() {
		if _, err := c.o.Import(context.Background(), strings.NewReader(file), ImportOptions{}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "residents/s")
}
