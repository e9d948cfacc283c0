package registerfile_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

var asOf = resident.MustDate(2025, 4, 1)

const header = "住民票コード,氏名,振り仮名,生年月日,性別,住所,市区町村コード,世帯番号,続柄,通称,国籍・地域,住民となった年月日\n"

func row(payload uint64, rest string) string {
	return resident.RecordCodeOf(payload).Reveal() + "," + rest + "\n"
}

const good = "葛\U000E0102西　花子,カサイ　ハナコ,昭和25年3月日不詳,女,長野県松本市丸の内３番７号,202029,H-1,世帯主,,,1990-04-01"

func readAll(t *testing.T, file string) []registerfile.Line {
	t.Helper()
	r, err := registerfile.NewReader(strings.NewReader(file), asOf)
	if err != nil {
		t.Fatal(err)
	}
	var all []registerfile.Line
	for {
		l, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		l.Raw = bytes.Clone(l.Raw)
		all = append(all, l)
	}
}

func TestGoodLine(t *testing.T) {
	for name, file := range map[string]string{
		"plain":   header + row(1, good),
		"BOM":     "\uFEFF" + header + row(1, good),
		"CRLF":    strings.ReplaceAll(header+row(1, good), "\n", "\r\n"),
		"comment": "# 架空の住民\n" + header + row(1, good),
		"no end":  strings.TrimSuffix(header+row(1, good), "\n"),
		"English": "record_code,name,kana,birth,sex,address,municipality,household,relation,common_name,nationality,became_resident\n" + row(1, good),
		"quoted":  header + strings.Replace(row(1, good), "女", `"女"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			lines := readAll(t, file)
			if len(lines) != 1 || lines[0].Problems != nil {
				t.Fatalf("got %d lines, problems %v", len(lines), lines[0].Problems)
			}
			rec := lines[0].Record
			if got := rec.Name.Reveal(); got != "葛\U000E0102西　花子" {
				t.Errorf("name %q: not kept byte for byte", got)
			}
			if got := rec.Birth.String(); got != "1950-03-00" {
				t.Errorf("birth %s", got)
			}
			if ps := rec.Check(); len(ps) > 0 {
				t.Errorf("incomplete: %v", ps)
			}
		})
	}
}

func TestBadLinesAreNamedAndTheRestGoesOn(t *testing.T) {
	bad := []struct{ change, to, field, says string }{
		{resident.RecordCodeOf(2).Reveal(), "24727059607", "住民票コード", "check digit"},
		{"昭和25年3月日不詳", "2023-02-29", "生年月日", "no day 2023-02-29"},
		{"昭和25年3月日不詳", "2025-04-02", "生年月日", "after 2025-04-01"},
		{"1990-04-01", "2025-04-02", "住民となった年月日", "after 2025-04-01"},
		{"1990-04-01", "1949-04-01", "住民となった年月日", "before the birth"},
		{"女", "め", "性別", "sex"},
		{"202029", "204641", "市区町村コード", "existed until 2005-03-31"},
		{"202029", "202028", "市区町村コード", "202029"},
		{"202029", "016951", "市区町村コード", "keeps no resident register"},
		{"\U000E0102", "\U000E0100", "氏名", "U+E0102"},
		{"カサイ", "ｶｻｲ", "振り仮名", "katakana"},
		{"H-1", "", "世帯番号", "household"},
		{",H-1", "", "", "11 fields, and 12"},
		{"女", `"女`, "", "quotation"},
		{"女", "\xff", "", "UTF-8"},
		{"女", strings.Repeat("女", registerfile.MaxLine), "", "too long"},
	}
	var file strings.Builder
	file.WriteString(header)
	for _, b := range bad {
		broken := strings.Replace(row(2, good), b.change, b.to, 1)
		if broken == row(2, good) {
			t.Fatalf("nothing to break with %q", b.change)
		}
		file.WriteString(broken + row(1, good))
	}
	lines := readAll(t, file.String())
	if len(lines) != 2*len(bad) {
		t.Fatalf("%d lines, want %d", len(lines), 2*len(bad))
	}
	for i, b := range bad {
		l, next := lines[2*i], lines[2*i+1]
		if len(l.Problems) != 1 {
			t.Errorf("%s → %.20q: %d problems: %v", b.change, b.to, len(l.Problems), l.Problems)
			continue
		}
		p := l.Problems[0]
		if p.Line != 2*i+2 || p.Field != b.field || !strings.Contains(p.EN, b.says) || p.JA == "" {
			t.Errorf("%s → %.20q: %v, want line %d, field %q, %q", b.change, b.to, p, 2*i+2, b.field, b.says)
		}
		if l.Record != (resident.Record{}) {
			t.Errorf("%s → %.20q: a bad line gave a record", b.change, b.to)
		}
		if next.Problems != nil || next.Number != 2*i+3 {
			t.Errorf("the line after %.20q: number %d, %v", b.to, next.Number, next.Problems)
		}
	}
}

func TestEveryProblemOfALine(t *testing.T) {
	l := readAll(t, header+"1,,ｱ,x,y,,1,!,,,,z\n")[0]
	if len(l.Problems) != 10 {
		t.Errorf("%d problems, want one for each of the 10 bad columns: %v", len(l.Problems), l.Problems)
	}
}

func TestHeaderRefused(t *testing.T) {
	for name, c := range map[string]struct {
		file string
		want int
		says string
	}{
		"empty":     {"", 1, ""},
		"comments":  {"# nothing\n", 1, ""},
		"unknown":   {strings.Replace(header, "通称", "渾名", 1), 1, "見出し「渾名」は項目名ではありません"},
		"twice":     {strings.Replace(header, "通称", "氏名", 1), 1, "見出し「氏名」が二つあります"},
		"missing":   {strings.Replace(header, "性別,住所,", "", 1), 2, ")がありません。追加してください"},
		"Shift_JIS": {"\x8f\x5a\x96\xaf\x95\x5b,\x8e\x81\x96\xbc\n", 1, ""},
	} {
		_, err := registerfile.NewReader(strings.NewReader(c.file), asOf)
		ps, ok := plain.AsProblems(err)
		if !ok || len(ps) != c.want || !strings.Contains(ps.Error(), c.says) {
			t.Errorf("%s: %v, want %d problems with %q", name, err, c.want, c.says)
		}
	}
}

func TestWriterRoundTrip(t *testing.T) {
	for _, lang := range []plain.Lang{plain.JA, plain.EN} {
		want := readAll(t, header+row(1, good)+row(2, strings.Replace(good, ",,,", ",\"KATO JOHN \"\"J, R\"\"\",ブラジル,", 1)))
		var file bytes.Buffer
		w := registerfile.NewWriter(&file, lang)
		w.Comment("架空\nの住民")
		for _, l := range want {
			if err := w.Write(l.Record); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Write(resident.Record{}); err == nil {
			t.Error("an empty record was written")
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		got := readAll(t, file.String())
		if len(got) != len(want) {
			t.Fatalf("%d lines:\n%s", len(got), &file)
		}
		for i := range got {
			if got[i].Record != want[i].Record || got[i].Problems != nil {
				t.Errorf("%s: line %d differs: %v", lang, i, got[i].Problems)
			}
		}
	}
}

func TestInputErrorEndsReading(t *testing.T) {
	in := io.MultiReader(strings.NewReader(header+row(1, good)), failing{})
	r, err := registerfile.NewReader(in, asOf)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Next(); err != nil {
		t.Errorf("the whole line before the fault: %v", err)
	}
	if _, err := r.Next(); err == nil || err == io.EOF {
		t.Errorf("error %v, want that of the input", err)
	}
}

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func FuzzReader(f *testing.F) {
	f.Add(header + row(1, good))
	f.Add("\uFEFF# x\r\n" + header + `"a""b",` + "\n\"")
	f.Fuzz(func(t *testing.T, file string) {
		r, err := registerfile.NewReader(strings.NewReader(file), asOf)
		if err != nil {
			return
		}
		last := 0
		for {
			l, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if l.Number <= last {
				t.Fatalf("line %d after %d", l.Number, last)
			}
			last = l.Number
			if ok := len(l.Record.Check()) == 0; ok != (len(l.Problems) == 0) {
				t.Fatalf("line %d: record complete %v, problems %v", l.Number, ok, l.Problems)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	const n = 20_000
	var file strings.Builder
	file.WriteString(header)
	for i := range uint64(n) {
		// No two share a code, a name or an address: nothing is to be found in a cache.
		line := strings.NewReplacer("H-1", fmt.Sprintf("H-%d", i/3), "花子", fmt.Sprintf("花子%d", i),
			"３番", fmt.Sprintf("%d番", i), "ハナコ", string([]rune{'ア' + rune(i%80), 'ア' + rune(i/80%80), 'ア' + rune(i/6400)})).Replace(good)
		file.WriteString(row(i*7919, line))
	}
	b.SetBytes(int64(file.Len()))
	for b.Loop() {
		r, err := registerfile.NewReader(strings.NewReader(file.String()), asOf)
		if err != nil {
			b.Fatal(err)
		}
		lines := 0
		for {
			l, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil || l.Problems != nil {
				b.Fatal(err, l.Problems)
			}
			lines++
		}
		if lines != n {
			b.Fatal(lines)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
