package population_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

func code(t testing.TB, s string) resident.MunicipalityCode {
	t.Helper()
	c, err := resident.ParseMunicipalityCode("municipality", s)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func generate(t testing.TB, opt population.Options) string {
	t.Helper()
	var file bytes.Buffer
	if err := population.Generate(&file, opt); err != nil {
		t.Fatal(err)
	}
	return file.String()
}

// TestGoldenBytes: a seed gives the same bytes on every machine and in every version, so that a file can be named by
// its options. Whoever changes a list on purpose writes the new sum here and says so in CHANGELOG.md.
func TestGoldenBytes(t *testing.T) {
	opt := population.Options{Municipality: code(t, "202029"), Count: 5000, Seed: 1}
	file := generate(t, opt)
	if got, want := sumOf(file), "6c5638d0892f93bc333dde4c570274e915ecfc27ae98f02d1cf8ed1f0495884a"; got != want {
		t.Errorf("sha256 %s, want %s", got, want)
	}
	// The people are those that were made before they had the items of the later columns.
	var people strings.Builder
	for line := range strings.Lines(file) {
		if !strings.HasPrefix(line, "#") {
			line = strings.Join(strings.Split(line, ",")[:13], ",") + "\n"
		}
		people.WriteString(line)
	}
	if got, want := sumOf(people.String()), "266189170ef46f866fb41d6b0c869aaf11ede50642fbf4685749ce62e65c6b80"; got != want {
		t.Errorf("sha256 of the first columns %s, want %s", got, want)
	}
	if generate(t, opt) != file {
		t.Error("a second run gave other bytes")
	}
	opt.Seed++
	if other := generate(t, opt); other[strings.Index(other, "住民票コード"):] == file[strings.Index(file, "住民票コード"):] {
		t.Error("another seed gave the same residents")
	}
}

func sumOf(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

func TestFirstLineSaysInvented(t *testing.T) {
	first, _, _ := strings.Cut(generate(t, population.Options{Municipality: code(t, "202053"), Lang: plain.EN}), "\n")
	if !strings.HasPrefix(first, "# ") || !strings.Contains(first, "架空") || !strings.Contains(first, "invented") {
		t.Errorf("first line %q does not say in both languages that the persons are invented", first)
	}
}

// read gives the residents of a file, and fails at a line that the reader refuses.
func read(t require, file string, asOf resident.Date) []resident.Record {
	t.Helper()
	r, err := registerfile.NewReader(strings.NewReader(file), asOf)
	if err != nil {
		t.Fatal(err)
	}
	var all []resident.Record
	for {
		l, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil || len(l.Problems) > 0 {
			t.Fatal(err, l.Problems)
		}
		all = append(all, l.Record)
	}
}

type require interface {
	Helper()
	Fatal(...any)
}

func TestFilesAreReadWithoutAProblem(t *testing.T) {
	for _, c := range []string{"202029", "202053", "131211", "203211", "011011", "473821"} {
		for seed := range uint64(3) {
			opt := population.Options{Municipality: code(t, c), Count: 3000, Seed: seed}
			records := read(t, generate(t, opt), population.DefaultAsOf)
			if len(records) != opt.Count {
				t.Errorf("%s, seed %d: %d residents, want %d", c, seed, len(records), opt.Count)
			}
			i := 0
			for rec := range population.People(opt) {
				if rec != records[i] {
					t.Fatalf("%s, seed %d: resident %d of People is not the one of the file", c, seed, i)
				}
				i++
			}
			m, err := resident.Lookup("municipality", opt.Municipality, population.DefaultAsOf)
			if err != nil {
				t.Fatal(err)
			}
			codes := map[resident.RecordCode]bool{}
			for _, rec := range records {
				if codes[rec.Code] {
					t.Fatalf("%s, seed %d: a record code occurs twice", c, seed)
				}
				codes[rec.Code] = true
				if a := rec.Address.Reveal(); !strings.HasPrefix(a, m.FullName()) || strings.ContainsAny(a, "0123456789") {
					t.Fatalf("address %s does not begin with %s or has half-width digits", a, m.FullName())
				}
			}
		}
	}
}

// TestAnyMunicipalityAnyDay: either a whole population, or a refusal in both languages and nothing written.
func TestAnyMunicipalityAnyDay(t *testing.T) {
	days := []resident.Date{resident.MustDate(2002, 8, 5), resident.MustDate(2004, 7, 12), resident.MustDate(2012, 7, 9),
		resident.MustDate(2024, 2, 29), population.DefaultAsOf}
	rapid.Check(t, func(t *rapid.T) {
		listed := rapid.SampledFrom(days).Draw(t, "listed on")
		m := rapid.SampledFrom(resident.Municipalities(listed)).Draw(t, "municipality")
		opt := population.Options{
			Municipality: m.Code,
			Count:        rapid.IntRange(0, 60).Draw(t, "count"),
			Seed:         rapid.Uint64().Draw(t, "seed"),
			AsOf:         rapid.SampledFrom(days).Draw(t, "as of"),
			Lang:         rapid.SampledFrom([]plain.Lang{"", plain.JA, plain.EN}).Draw(t, "lang"),
		}
		var file bytes.Buffer
		err := population.Generate(&file, opt)
		if err == nil {
			if got := len(read(t, file.String(), opt.AsOf)); got != opt.Count || len(opt.Check()) > 0 {
				t.Fatalf("%d residents, want %d; problems %v", got, opt.Count, opt.Check())
			}
			return
		}
		ps, ok := plain.AsProblems(err)
		if !ok || file.Len() > 0 {
			t.Fatalf("%v after %d bytes", err, file.Len())
		}
		if m.ExistedOn(opt.AsOf) && !m.NoAdministration && !strings.Contains(ps[0].EN, "each ward keeps a register") {
			t.Fatalf("%s refused: %v", m.FullName(), err)
		}
	})
}

func TestOptionsRefused(t *testing.T) {
	matsumoto := code(t, "202029")
	for name, c := range map[string]struct {
		opt       population.Options
		field, en string
	}{
		"no municipality":     {population.Options{Count: 1}, "municipality", "missing"},
		"unknown":             {population.Options{Municipality: code(t, "209996")}, "municipality", "No municipality has the code 209996"},
		"a prefecture":        {population.Options{Municipality: code(t, "200000")}, "municipality", "No municipality has the code"},
		"no longer there":     {population.Options{Municipality: code(t, "204641")}, "municipality", "until 2005-03-31"},
		"not yet there":       {population.Options{Municipality: code(t, "202207"), AsOf: resident.MustDate(2004, 1, 1)}, "municipality", "since 2005-10-01"},
		"keeps no register":   {population.Options{Municipality: code(t, "016951")}, "municipality", "keeps no resident register"},
		"has wards":           {population.Options{Municipality: code(t, "221309")}, "municipality", "Chuo-ku 221384"},
		"fewer than none":     {population.Options{Municipality: matsumoto, Count: -1}, "count", "0 or more"},
		"more than codes":     {population.Options{Municipality: matsumoto, Count: 1_638_401}, "count", "1638400 residents"},
		"more than in a town": {population.Options{Municipality: code(t, "203211"), Count: 72_901}, "count", "72900 residents"},
		"before the codes":    {population.Options{Municipality: matsumoto, AsOf: resident.MustDate(2002, 8, 4)}, "as-of", "since 2002-08-05"},
	} {
		t.Run(name, func(t *testing.T) {
			var file bytes.Buffer
			err := population.Generate(&file, c.opt)
			ps, ok := plain.AsProblems(err)
			if !ok || len(ps) != 1 || ps[0].Field != c.field || !strings.Contains(ps[0].EN, c.en) || ps[0].JA == "" {
				t.Errorf("%v, want one problem of %s with %q in both languages", err, c.field, c.en)
			}
			if file.Len() > 0 {
				t.Errorf("%d bytes were written", file.Len())
			}
			if got := c.opt.Check(); got.Error() != ps.Error() {
				t.Errorf("Check says %v, Generate %v", got, ps)
			}
			defer func() {
				if recover() == nil {
					t.Error("People went on")
				}
			}()
			population.People(c.opt)
		})
	}
	if ps := (population.Options{Municipality: matsumoto, Count: -1, AsOf: resident.MustDate(2000, 1, 1)}).Check(); len(ps) != 2 {
		t.Errorf("%v, want both problems", ps)
	}
}

type brokenPipe struct{ writes int }

var errPipe = errors.New("broken pipe")

func (b *brokenPipe) Write([]byte) (int, error) { b.writes++; return 0, errPipe }

func TestWriteErrorEndsTheRun(t *testing.T) {
	var pipe brokenPipe
	err := population.Generate(&pipe, population.Options{Municipality: code(t, "202029"), Count: 1_000_000})
	if !errors.Is(err, errPipe) || pipe.writes != 1 {
		t.Errorf("%v after %d writes, want the error of the first", err, pipe.writes)
	}
}

func BenchmarkGenerate(b *testing.B) {
	opt := population.Options{Municipality: code(b, "202029"), Count: 20_000, Seed: 1}
	for b.Loop() {
		if err := population.Generate(io.Discard, opt); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(opt.Count)*float64(b.N)/b.Elapsed().Seconds(), "residents/s")
}
