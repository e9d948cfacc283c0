package resident_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
	"pgregory.net/rapid"
)

// wantProblem checks that err is a sentence in both languages about field, which says something in one of them.
func wantProblem(t *testing.T, err error, field, says string) {
	t.Helper()
	ps, ok := plain.AsProblems(err)
	if !ok || len(ps) != 1 || ps[0].Field != field || ps[0].JA == "" || ps[0].EN == "" || !strings.Contains(ps[0].JA, says) && !strings.Contains(ps[0].EN, says) {
		t.Errorf("error %v, want a problem of %s with %q", err, field, says)
	}
}

func TestPublishedVectors(t *testing.T) {
	if _, err := resident.ParseRecordCode("code", "24727059608"); err != nil {
		t.Error(err)
	}
	for _, s := range []string{"983205673214", "379474484458", "９８３２０５６７３２１４"} {
		if _, err := resident.ParseIndividualNumber("number", s); err != nil {
			t.Error(err)
		}
	}
	if c, err := resident.ParseMunicipalityCode("code", "２０２０２９"); err != nil || c.String() != "202029" {
		t.Error(c, err)
	}
}

func TestWrongCodesRefused(t *testing.T) {
	for s, says := range map[string]string{"": "住民票コードは11けたの数字です", "2472705960": "11けたの数字です", "247270596080": "11けた", "24727059607": "住民票コードの検査数字が合いません", "2472705960x": "11けた",
		"24727-59608": "11けた", " 24727059608": "11けた"} {
		c, err := resident.ParseRecordCode("code", s)
		wantProblem(t, err, "code", says)
		if c.Valid() {
			t.Errorf("%q gave a code", s)
		}
	}
	for s, says := range map[string]string{"": "個人番号は12けたの数字です", "98320567321": "12けた", "983205673215": "個人番号の検査用数字が合いません", "9832 0567 3214": "12けた"} {
		_, err := resident.ParseIndividualNumber("number", s)
		wantProblem(t, err, "number", says)
	}
	for s, says := range map[string]string{"": "全国地方公共団体コードは検査数字を含む6けたの数字です", "20202": "6 digits", "202028": "の検査数字が合いません。20202で始まるコードなら", "482021": "の先頭2けたに当たる都道府県はありません",
		"002011": "No prefecture"} {
		_, err := resident.ParseMunicipalityCode("code", s)
		wantProblem(t, err, "code", says)
	}
	for _, s := range []string{"", "0", "00", "48", "+1", "1"} {
		_, err := resident.ParsePrefectureCode("prefecture", s)
		wantProblem(t, err, "prefecture", "都道府県コードは01(北海道)から47(沖縄県)までの2けたの数字です")
	}
}

func TestZeroCodesRefused(t *testing.T) {
	if (resident.RecordCode{}).Valid() || (resident.IndividualNumber{}).Valid() || (resident.MunicipalityCode{}).Valid() || resident.PrefectureCode(0).Valid() {
		t.Error("a zero value is valid")
	}
	if _, err := (resident.MunicipalityCode{}).MarshalText(); err == nil {
		t.Error("a zero municipality code was written")
	}
	if resident.RecordCodeOf(10_000_000_000).Valid() {
		t.Error("a payload of eleven digits was taken")
	}
}

// TestRemainders pins the trap: the remainders 0 and 1 of the sum.
func TestRemainders(t *testing.T) {
	for payload, want := range map[string]byte{"0000000000": '0', "0000000005": '1', "0000000006": '0', "0000000001": '9'} {
		if got := resident.RecordCodeCheckDigit(payload); got != want {
			t.Errorf("record code %s: %c, want %c", payload, got, want)
		}
	}
	for payload, want := range map[string]byte{"00000000000": '0', "00000000006": '0', "00000000001": '9'} {
		if got := resident.IndividualNumberCheckDigit(payload); got != want {
			t.Errorf("individual number %s: %c, want %c", payload, got, want)
		}
	}
	// 13112: Σ = 6+15+4+3+4 = 32, 32 mod 11 = 10 → 1; 22202: remainder 1 → 0; 01303: remainder 0 → 1.
	for _, s := range []string{"131121", "222020"} {
		if _, err := resident.ParseMunicipalityCode("code", s); err != nil {
			t.Error(err)
		}
	}
	zero := 0
	for _, m := range resident.Municipalities(resident.MustDate(2025, 1, 1)) {
		sum, s := 0, m.Code.String()
		for i := range 5 {
			sum += int(s[i]-'0') * (6 - i)
		}
		if sum%11 == 0 {
			zero++
			if s[5] != '1' {
				t.Errorf("%s: remainder 0 gives %c, want 1", s, s[5])
			}
		}
	}
	if zero == 0 {
		t.Error("no code with remainder 0 was met")
	}
}

func TestRecordCodeProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := rapid.Uint64Range(0, 9_999_999_999).Draw(t, "payload")
		c := resident.RecordCodeOf(payload)
		again, err := resident.ParseRecordCode("code", c.Reveal())
		if err != nil || again != c {
			t.Fatalf("%v does not round-trip: %v", payload, err)
		}
	})
}

// TestCheckDigitCatches counts what the check digits let pass, against the figures
// that are known of the rule: 1.7 % of single-digit errors.
func TestCheckDigitCatches(t *testing.T) {
	missed, tried := 0, 0
	for payload := uint64(0); payload < 10_000_000_000; payload += 49_999_991 {
		code := []byte(resident.RecordCodeOf(payload).Reveal())
		for i := range code {
			for d := byte('0'); d <= '9'; d++ {
				if d == code[i] {
					continue
				}
				wrong := bytes.Clone(code)
				wrong[i] = d
				tried++
				if _, err := resident.ParseRecordCode("code", string(wrong)); err == nil {
					missed++
				}
			}
		}
	}
	if rate := float64(missed) / float64(tried); rate > 0.02 || rate == 0 {
		t.Errorf("%d of %d single-digit errors pass (%.2f %%), want about 1.7 %%", missed, tried, 100*rate)
	}
}

func TestNewRecordCode(t *testing.T) {
	seen := map[resident.RecordCode]bool{}
	for range 1000 {
		c, err := resident.NewRecordCode(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		seen[c] = true
	}
	if len(seen) < 999 {
		t.Errorf("%d different codes of 1000", len(seen))
	}
	if _, err := resident.NewRecordCode(strings.NewReader("")); err == nil {
		t.Error("a code without randomness")
	}
}

func TestPrefectureCode(t *testing.T) {
	for _, p := range resident.Prefectures() {
		again, err := resident.ParsePrefectureCode("p", p.Code.String())
		body, err2 := resident.ParseMunicipalityCode("c", fmt.Sprint(p.Code.Body()))
		if err != nil || err2 != nil || again != p.Code || body.Prefecture() != p.Code || !body.IsPrefecture() {
			t.Errorf("%s: %v %v", p.Name, err, err2)
		}
	}
}

func FuzzParseCodes(f *testing.F) {
	for _, s := range []string{"24727059608", "983205673214", "202029", "２０２０２９", "", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if c, err := resident.ParseRecordCode("f", s); (err == nil) != c.Valid() {
			t.Error(err)
		}
		if n, err := resident.ParseIndividualNumber("f", s); (err == nil) != n.Valid() {
			t.Error(err)
		}
		if c, err := resident.ParseMunicipalityCode("f", s); (err == nil) != c.Valid() {
			t.Error(err)
		}
	})
}
