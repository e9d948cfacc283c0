package jpki

import (
	"testing"
	"time"
	"unicode/utf8"

	"github.com/akashi-id/akashi/resident/moji"
)

func TestSubstitute(t *testing.T) {
	for _, c := range []struct{ in, shown, flags string }{
		{"黒桐　幹也", "黒桐　幹也", "00000"}, // the published test card
		{"松本　花子", "松本　花子", "00000"},
		{"\u9ad9橋　一", "高橋　一", "1000"},             // 髙 is in vendors' rows only
		{"山\ufa11　\U00020bb7夫", "山崎　吉夫", "01010"}, // 﨑, 𠮷
		{"葛\U000e0103城", "葛城", "00"},              // the form that 葛 has alone
		{"葛\U000e0102城", "葛城", "10"},              // the selector asks for a form that the set cannot tell
		{"辻\U000e0103辻\U000e0102", "辻辻", "01"},
		{"鄧小平", "鄧小平", "000"},          // 鄧 is level 2
		{"丂", "丂", "0"},                // JIS X 0212 only
		{"㐂", "喜", "1"},                // in neither; 民一2842
		{"\u9ad9\U000e0103", "高", "1"}, // a selector of another collection is left out
		{"①丁目", "●丁目", "100"},          // row 13 is a vendor's
		{"John Smith", "Ｊｏｈｎ　Ｓｍｉｔｈ", "0000000000"},
		{"1－2〜3−4", "１－２〜３−４", "0000000"},
		{"ｱｲ", "●●", "11"}, // half-width katakana is another set
		{"", "", ""},
	} {
		shown, flags := Substitute(c.in)
		if shown != c.shown || flags != c.flags {
			t.Errorf("Substitute(%q) = %q, %q; want %q, %q", c.in, shown, flags, c.shown, c.flags)
		}
		if again, same := Substitute(shown); again != shown || len(same) != utf8.RuneCountInString(shown) {
			t.Errorf("substituting %q again gives %q, %q", shown, again, same)
		}
	}
}

func TestRepertoireIsTheTwoStandards(t *testing.T) {
	set := repertoire()
	// 6,879 characters of JIS X 0208:1997 and 6,067 of JIS X 0212:1990, seven of the former under two code points; some
	// signs stand in both standards.
	if n := len(set); n < 12900 || n > 12953 {
		t.Errorf("the set has %d characters", n)
	}
	if !set[unknown] {
		t.Error("the substitute is not in the set")
	}
}

// TestNothingIsGuessed: whatever form the registers have, the card shows one character of its set, flagged unless it is the very same; one of
// which the lists name several becomes ●, and says which.
func TestNothingIsGuessed(t *testing.T) {
	set, several, none := repertoire(), 0, 0
	for n := range uint32(70000) {
		f, ok := moji.ByNumber(n)
		if !ok || f.Text() == "" {
			continue
		}
		text := f.Text()
		shown, flags := Substitute(text)
		all := Substitutions(text)
		r := []rune(shown)
		if len(r) != 1 || !set[r[0]] || len(flags) != 1 || (flags == "1") != (len(all) == 1) || (flags == "0") != (shown == text || moji.IsBare(r[0], f.Selector) && f.UCS == r[0]) {
			t.Fatalf("%s, %+q: %q, %q, %v", f.Name(), text, shown, flags, all)
		}
		if flags == "1" && all[0].None() {
			if len(all[0].Several) > 0 {
				several++
			} else {
				none++
			}
		}
		if flags == "1" && len(all[0].Several) > 0 && !all[0].None() {
			t.Fatalf("%s: one of %c was taken", f.Name(), all[0].Several)
		}
	}
	t.Logf("%d become ● for want of a character, %d because there are several", none, several)
	if several == 0 || none == 0 {
		t.Error("nothing became ●")
	}
}

func TestBirth(t *testing.T) {
	for _, c := range []struct {
		y, m, d int
		want    string
	}{
		{1980, 2, 17, "319800217"}, {1912, 7, 29, "119120729"}, {1912, 7, 30, "219120730"}, {1926, 12, 24, "219261224"},
		{1926, 12, 25, "319261225"}, {1989, 1, 7, "319890107"}, {1989, 1, 8, "419890108"}, {2019, 4, 30, "420190430"},
		{2019, 5, 1, "520190501"}, {1950, 0, 0, "319500000"}, {1950, 4, 0, "319500400"},
		{2019, 0, 0, "020190000"}, {1989, 1, 0, "019890100"}, {0, 0, 0, "000000000"}, {1850, 1, 1, "018500101"},
	} {
		if got := birth(c.y, time.Month(c.m), c.d); got != c.want {
			t.Errorf("birth(%d, %d, %d) = %s, want %s", c.y, c.m, c.d, got, c.want)
		}
	}
}
