package jpki

import (
	"testing"
	"time"
	"unicode/utf8"
)

func TestSubstitute(t *testing.T) {
	for _, c := range []struct{ in, shown, flags string }{
		{"黒桐　幹也", "黒桐　幹也", "00000"}, // the published test card
		{"松本　花子", "松本　花子", "00000"},
		{"\u9ad9橋　一", "高橋　一", "1000"},             // 髙 is in vendors' rows only
		{"山\ufa11　\U00020bb7夫", "山崎　吉夫", "01010"}, // 﨑, 𠮷
		{"葛\U000e0102城", "葛城", "10"},              // the selector asks for a form that the set cannot tell
		{"辻\U000e0103", "辻", "1"},
		{"鄧小平", "鄧小平", "000"}, // 鄧 is level 2
		{"丂", "丂", "0"},       // JIS X 0212 only
		{"㐂", "●", "1"},       // in neither
		{"①丁目", "●丁目", "100"}, // row 13 is a vendor's
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
	for from, to := range nearForms {
		if set[from] {
			t.Errorf("%c (%U) is in the set and needs no near form", from, from)
		}
		if !set[to] || from == to {
			t.Errorf("the near form of %U, %c, is not in the set", from, to)
		}
	}
	if !set[substitute] {
		t.Error("the substitute is not in the set")
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
