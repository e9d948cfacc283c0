package moji_test

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/unicode/norm"

	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/moji"
)

// all are the forms of the list.
func all(t testing.TB) (fs []moji.Form) {
	t.Helper()
	for n := range 70000 {
		if f, ok := moji.ByNumber(uint32(n)); ok {
			fs = append(fs, f)
		}
	}
	if len(fs) != 58862 {
		t.Fatalf("the list has %d forms", len(fs))
	}
	return fs
}

func drawable(text string) bool {
	_, err := resident.ParseName("name", text)
	return err == nil
}

// TestTheListAgainstTheFont: what the registers' codes name, the official font can show, but for what is known; each form's codes lead
// back to it, and so does its text.
func TestTheListAgainstTheFont(t *testing.T) {
	juki, undrawable, without := 0, []string(nil), []string(nil)
	for _, f := range all(t) {
		text := f.Text()
		if f.Juki != 0 {
			juki++
		}
		switch {
		case text == "" || !drawable(text):
			if f.Juki != 0 {
				undrawable = append(undrawable, f.JukiCode())
			}
			without = append(without, f.Name())
		default:
			for w := range moji.Read(text) {
				if w.Form != f || w.Text() != text {
					t.Errorf("%s is written %+q, which reads as %s", f.Name(), text, w.Form.Name())
				}
			}
		}
		for _, code := range []string{f.Name(), f.JukiCode(), f.KosekiNumber(), f.Sequence()} {
			if code == "" {
				continue
			}
			if back, err := moji.ByCode(code); err != nil || back != f {
				t.Errorf("%s leads from %s to %s: %v", code, f.Name(), back.Name(), err)
			}
		}
	}
	if juki != 19563 || !slices.Equal(undrawable, []string{"J+B802"}) {
		t.Errorf("of %d characters of the resident network the font lacks %v", juki, undrawable)
	}
	if len(without) != 21 {
		t.Errorf("the font lacks %d of the list: %v", len(without), without)
	}
}

// TestGolden: shapes that are known to be told apart.
func TestGolden(t *testing.T) {
	for code, text := range map[string]string{
		"J+845B": "葛\U000E0102", "J+B9D5": "葛\U000E0103", "U+845B_E0103": "葛\U000E0103", "u+845b_e0102": "葛\U000E0102",
		"Ｊ＋Ｂ９Ｄ５": "葛\U000E0103", "U+20BB7": "𠮷", "U+9AD9": "髙", "U+FA11": "\uFA11\U000E0102", "MJ022336": "葛\U000E0103", "KS352760": "葛\U000E0103",
	} {
		f, err := moji.ByCode(code)
		if err != nil || f.Text() != text {
			t.Errorf("%s is %+q: %v; want %+q", code, f.Text(), err, text)
		}
	}
	if _, err := moji.ByCode("U+845B_E01EF"); err == nil || !strings.Contains(err.Error(), "という字形は文字情報基盤（Moji_Johoコレクション）にありません") {
		t.Errorf("a shape of another collection: %v", err)
	}
	for _, code := range []string{"", "葛", "MJ", "MJ999999", "MJ1", "MJ0223351", "J+0000", "J+845", "KS999999", "U+845B_E0100", "U+845B_0", "U+", "U+110000", "U+0041", "U+3042", "J+845B ; DROP"} {
		if f, err := moji.ByCode(code); err == nil {
			t.Errorf("%q is %s", code, f.Name())
		}
	}
	// Each shape of 辻 and of 邊 is one of the list, and all are found from any.
	for char, least := range map[rune]int{'辻': 2, '邊': 11} {
		fs, seen := moji.Forms(char), map[string]bool{}
		for _, f := range fs {
			seen[f.Text()] = true
		}
		if len(fs) < least || len(seen) != len(fs) {
			t.Errorf("%c has %d forms, %d texts", char, len(fs), len(seen))
		}
	}
	family := ""
	for _, f := range moji.Family('邉') {
		family += string(f.UCS)
	}
	if !strings.HasPrefix(family, "邉") || !strings.Contains(family, "邊") || !strings.Contains(family, "辺") {
		t.Errorf("the family of 邉 is %s", family)
	}
}

// TestNothingIsNormalised: NFC would turn 89 code points of the font into others. Each is a form of its own, whose code gives it, and
// nothing that this package writes is changed by it.
func TestNothingIsNormalised(t *testing.T) {
	n := 0
	for r := rune(0x4E00); r < 0x30000; r++ {
		if s := string(r); norm.NFC.String(s) != s && drawable(s) {
			n++
			f, ok := moji.Of(r, 0)
			if !ok {
				t.Errorf("%U is in the font and not in the list", r)
				continue
			}
			unified, _ := moji.Of([]rune(norm.NFC.String(s))[0], 0)
			if f.MJ == unified.MJ {
				t.Errorf("%U and its normal form are one form, %s", r, f.Name())
			}
		}
	}
	if n != 89 {
		t.Errorf("NFC alters %d", n)
	}
	for _, f := range all(t) {
		if s := f.Text(); norm.NFC.String(s) != s {
			t.Errorf("%s is written %+q, which NFC alters", f.Name(), s)
		}
	}
}

func TestExpand(t *testing.T) {
	kuzu, err := moji.ByCode("J+B9D5")
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"葛城　一": "葛城　一", "": "", "&": "&", "A&B　C": "A&B　C", "R&B": "R&B", "&;": "&;", "& ;": "& ;", "渋谷&MJ": "渋谷&MJ", "葛&葛;": "葛&葛;",
		"山&" + kuzu.Name() + ";城": "山葛\U000E0103城", "&J+B9D5;&J+845B;": "葛\U000E0103葛\U000E0102", "＆Ｊ＋Ｂ９Ｄ５；城": "葛\U000E0103城",
		"&u+845b_e0102;": "葛\U000E0102", "&U+845B;": "葛", "&U+FA11;": "\uFA11", "&&J+B9D5;": "&葛\U000E0103", "ハイツ&コーポ　&J+B9D5;": "ハイツ&コーポ　葛\U000E0103",
	} {
		out, replaced, wrong := moji.Expand(in)
		if out != want || wrong != nil || (out != in) != (len(replaced) > 0) {
			t.Errorf("%q becomes %q, %v, %v", in, out, replaced, wrong)
		}
	}
	for in, says := range map[string]string{
		"&MJ999999;": "no MJ999999", "&J+0000;": "no J+0000", "&amp;": "no code", "R&B;": "no code", "&U+845B_E0100;": "another collection",
		"山&MJ022335": "no ;", "&J+B9D5　一": "no ;", "&U+845B_E0103城": "no ;", "&ks000010 ;": "no ;", "＆ＭＪ０２２３３５": "no ;",
	} {
		out, _, wrong := moji.Expand(in)
		if wrong == nil || out != "" || !strings.Contains(wrong.EN, says) || wrong.JA == "" || says == "another collection" && !strings.Contains(wrong.JA, "別のコレクション（Adobe-Japan1など）の番号かもしれません") {
			t.Errorf("%q becomes %q, %v", in, out, wrong)
		}
		if !moji.HasNotation(in) {
			t.Errorf("%q is not known for a notation", in)
		}
		if _, err := resident.ParseName("name", strings.TrimSpace(in)); err == nil {
			t.Errorf("%q is taken for a name", in)
		}
	}
}

// FuzzExpand: whatever is typed, what comes out has no code in it any more, is text, and is left alone the second time; without a code
// nothing is touched.
func FuzzExpand(f *testing.F) {
	for _, s := range []string{"", "&", "&;", "葛&J+B9D5;城", "＆ＭＪ０２２３３５；", "&&&;;;", "&MJ", "&U+845B_E0102;\U000E0100", "A&B;", "\xff&J+B9D5;\xfe", "&MJ022335&MJ022335;", "&J+B9D5;;"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if !utf8.ValidString(s) {
			return // forms are read as text before
		}
		out, replaced, wrong := moji.Expand(s)
		if wrong != nil {
			if out != "" || replaced != nil || !moji.HasNotation(s) {
				t.Fatalf("%q: %q beside %v", s, out, wrong)
			}
			return
		}
		if len(replaced) == 0 && out != s {
			t.Fatalf("%q became %q by no code", s, out)
		}
		back := out
		for _, r := range replaced {
			back = strings.Replace(back, r.Text, r.Code, 1)
		}
		if len(replaced) == 1 && strings.Count(out, replaced[0].Text) == 1 && back != s {
			t.Fatalf("%q became %q", s, out)
		}
		if moji.HasNotation(out) {
			t.Fatalf("%q became %q, which has codes in it", s, out)
		}
	})
}

// TestReduce: by lists that say that two are one, in their order, and never by a guess.
func TestReduce(t *testing.T) {
	jis := func(r rune) bool {
		_, err := japanese.ShiftJIS.NewEncoder().String(string(r))
		return err == nil && !strings.ContainsRune("髙﨑", r) // vendors' rows
	}
	for char, want := range map[rune]rune{
		'髙': '高', 0xFA11: '崎', 0x20BB7: '吉', '德': '徳', '瀨': '瀬', 0x6801: '柳', 0xFA10: '塚', 0xFA12: '晴', 0xFA19: '神', 0xFA1A: '祥', 0xFA1B: '福',
		0xFA1D: '精', 0xFA1E: '羽', 0xFA22: '諸', 0xFA26: '都', 0xF9DC: '隆', '增': '増', '寬': '寛', '橫': '横', '淸': '清', '綠': '緑', '緖': '緒', '薰': '薫',
		'賴': '頼', '郞': '郎', '黑': '黒', '濵': '浜',
	} {
		if r := moji.Reduce(char, 0, jis); r.To != want || !r.Kind.One() || r.Kind.Name().JA == "" {
			t.Errorf("%c (%U) becomes %c by %v, several %c; want %c", char, char, r.To, r.Kind.Name(), r.Several, want)
		}
	}
	for _, char := range []rune{'あ', 'A', '①', 0} {
		if r := moji.Reduce(char, 0, jis); r.To != 0 || r.Several != nil {
			t.Errorf("%c becomes %c, %c", char, r.To, r.Several)
		}
	}
	several, none, reduced := 0, 0, 0
	for _, f := range all(t) {
		if f.Bare == 0 || jis(f.Bare) {
			continue
		}
		switch r := moji.Reduce(f.Bare, 0, jis); {
		case r.To != 0 && r.Several != nil, r.To != 0 && !jis(r.To), len(r.Several) == 1:
			t.Errorf("%s: %c and %c", f.Name(), r.To, r.Several)
		case r.To != 0:
			reduced++
		case r.Several != nil:
			several++
		default:
			none++
		}
	}
	t.Logf("outside the set: %d have one, %d several, %d none", reduced, several, none)
	if several == 0 || none == 0 || reduced < 5000 {
		t.Errorf("%d, %d, %d", reduced, several, none)
	}
}

func TestFind(t *testing.T) {
	for q, want := range map[string]string{
		"葛": "葛", "葛\U000E0103": "葛\U000E0103", "J+B9D5": "葛\U000E0103", "&J+B9D5;": "葛\U000E0103", " ｊ＋ｂ９ｄ５": "葛\U000E0103", "\uFA19": "\uFA19",
	} {
		found, _, err := moji.Find(q, 200)
		if err != nil || len(found) < 2 {
			t.Errorf("%q finds %d: %v", q, len(found), err)
			continue
		}
		f := found[0]
		if text := f.Text(); text != want && string(f.Bare) != want {
			t.Errorf("%q finds %+q first", q, text)
		}
		seen := map[uint32]bool{}
		for _, f := range found {
			if seen[f.MJ] {
				t.Errorf("%q finds %s twice", q, f.Name())
			}
			seen[f.MJ] = true
		}
	}
	byKana, _, err := moji.Find("くず", 200)
	same, _, _ := moji.Find("クズ", 200)
	if err != nil || !slices.ContainsFunc(byKana, func(f moji.Form) bool { return f.UCS == '葛' }) || len(same) != len(byKana) {
		t.Errorf("くず finds %d, クズ %d: %v", len(byKana), len(same), err)
	}
	if some, more, err := moji.Find("ヘン", 3); err != nil || len(some) != 3 || !more {
		t.Errorf("three of ヘン: %d, %v, %v", len(some), more, err)
	}
	for _, q := range []string{"", "　", "山田", "山田　花子", "MJ999999", "①", "John", "葛城"} {
		found, _, err := moji.Find(q, 10)
		if err == nil || found != nil {
			t.Errorf("%q finds %d", q, len(found))
		} else if strings.TrimSpace(q) != "" && q != "MJ999999" && strings.Contains(err.Error(), q) {
			t.Errorf("the refusal of %q quotes it", q)
		}
	}
	// No family is longer than a page shows.
	for _, f := range all(t) {
		if n := len(moji.Family(f.UCS)); f.UCS != 0 && f.Bare == f.UCS && n > 120 {
			t.Errorf("the family of %c has %d forms", f.UCS, n)
		}
	}
}
