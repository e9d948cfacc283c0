package match_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/moji"
)

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func name(s string) resident.Name         { return must(resident.ParseName("name", s)) }
func birth(s string) resident.PartialDate { return must(resident.ParsePartialDate("birth", s)) }
func address(s string) resident.Address   { return must(resident.ParseAddress("address", s)) }
func named(n string) resident.BasicFour   { return resident.BasicFour{Name: name(n)} }
func living(a string) resident.BasicFour  { return resident.BasicFour{Address: address(a)} }
func held(b resident.BasicFour) resident.IdentificationInfo {
	return resident.IdentificationInfo{BasicFour: b}
}

func TestNamesAgreeByDegrees(t *testing.T) {
	for _, c := range []struct {
		asked, held string
		want        match.Degree
		says        string
	}{
		{"山田　花子", "山田　花子", match.Same, ""},
		{"山田花子", "山田　花子", match.Written, "空白"},
		{"NGUYEN VAN A", "Ｎｇｕｙｅｎ　Ｖａｎ　Ａ", match.Written, "大小"},
		{"葛\U000E0103城　一", "葛城　一", match.Written, "字形は同じ"},
		{"葛\U000E0102城　一", "葛城　一", match.Shape, "字形"},
		{"葛\U000E0102城　一", "葛\U000E0103城　一", match.Shape, "字形"},
		{"髙橋　太郎", "高橋　太郎", match.Degraded, "1文字目"},
		{"渡邉　太郎", "渡辺　太郎", match.Degraded, "2文字目"},
		{"渡邉　太郎", "渡邊　太郎", match.Degraded, "戸籍統一文字"},
		{"山﨑　濵子", "山崎　浜子", match.Degraded, "2・3文字目"},
		{"斎藤　一", "斉藤　一", match.Differs, ""}, // two characters: 斎 and 斉 are not variants of one
		{"キヨウコ", "キョウコ", match.Differs, ""}, // small kana count
		{"ハハ", "パパ", match.Differs, ""},
		{"山田　花子", "山田　花", match.Differs, ""},
		{"同名　太郎", "別人　次郎", match.Differs, ""},
	} {
		r := match.Compare(named(c.asked), held(named(c.held)))
		if got := r.Degree(resident.AttrName); got != c.want || !strings.Contains(r[0].Why.JA, c.says) || r[0].Why.EN == "" {
			t.Errorf("%s and %s: %s, %v; want %s", c.asked, c.held, got.Name().JA, r[0].Why, c.want.Name().JA)
		}
		back := match.Compare(named(c.held), held(named(c.asked)))
		if back.Degree(resident.AttrName) != c.want {
			t.Errorf("%s and %s: the other way round it is %s", c.held, c.asked, back.Degree(resident.AttrName).Name().JA)
		}
		if weak := c.want == match.Degraded; r.Weak() != weak {
			t.Errorf("%s and %s: weak is %v", c.asked, c.held, r.Weak())
		}
		if c.want.Agrees() && match.Key(c.asked) != match.Key(c.held) {
			t.Errorf("%s would not find %s: the keys are %q and %q", c.asked, c.held, match.Key(c.asked), match.Key(c.held))
		}
	}
	for _, pair := range [][2]string{{"斎藤　一", "斉藤　一"}, {"キヨウコ", "キョウコ"}, {"同名　太郎", "別人　次郎"}} {
		if match.Key(pair[0]) == match.Key(pair[1]) {
			t.Errorf("%v have one key", pair)
		}
	}
	if match.Key("") != "" {
		t.Error("nothing has a key")
	}
}

// TestNothingIsNormalised: under NFC 神 (U+FA19) would become 神 (U+795E) and agree code point by code point.
func TestNothingIsNormalised(t *testing.T) {
	r := match.Compare(named("\uFA19　一"), held(named("神　一")))
	if got := r.Degree(resident.AttrName); got != match.Degraded {
		t.Errorf("a compatibility ideograph agrees with the unified one as %s", got.Name().JA)
	}
}

// TestWhatACertificateShowsAgreesByReplacement: the substitute of a character in a certificate agrees with the register's own as replaced, which
// proves nothing, for every character of the list that has one; and the search finds one by the other.
func TestWhatACertificateShowsAgreesByReplacement(t *testing.T) {
	n := 0
	for number := range uint32(70000) {
		f, ok := moji.ByNumber(number)
		if !ok || f.Bare == 0 {
			continue
		}
		own, err := resident.ParseName("name", string(f.Bare))
		shown, flags := jpki.Substitute(string(f.Bare))
		if err != nil || flags != "1" || shown == "●" {
			continue
		}
		n++
		r := match.Compare(named(shown), held(resident.BasicFour{Name: own}))
		if r.Degree(resident.AttrName) != match.Degraded || !r.Weak() {
			t.Errorf("%s in a certificate, %U in the register: %s", shown, f.Bare, r.Degree(resident.AttrName).Name().JA)
		}
		if keys, ok := match.Keys(shown, 64); !ok || !slices.Contains(keys, match.Key(string(f.Bare))) {
			t.Errorf("%s does not find %U", shown, f.Bare)
		}
	}
	if n < 12000 {
		t.Errorf("%d characters have a substitute", n)
	}
}

func TestTheCommonNameCountsWhenItIsCloser(t *testing.T) {
	i := held(named("NGUYEN VAN A"))
	i.CommonName = name("新井　一")
	r := match.Compare(named("新井　一"), i)
	if r.Degree(resident.AttrName) != match.Same || !strings.Contains(r[0].Why.JA, "通称") {
		t.Errorf("%v", r)
	}
}

func TestBirthsWithUnknownParts(t *testing.T) {
	for _, c := range []struct {
		asked, held string
		want        match.Degree
	}{
		{"1950-03-15", "1950-03-15", match.Same},
		{"1950-03-15", "1950-03-00", match.Partly},
		{"1950-03-15", "1950-00-00", match.Partly},
		{"1950-00-00", "1950-00-00", match.Partly},
		{"1950-03-00", "1950-04-00", match.Differs},
		{"1950-03-15", "1951-00-00", match.Differs},
		{"1950-03-15", "不詳", match.Differs}, // says nothing, and must not look like agreement
		{"不詳", "不詳", match.Differs},
	} {
		r := match.Compare(resident.BasicFour{Birth: birth(c.asked)}, held(resident.BasicFour{Birth: birth(c.held)}))
		if got := r.Degree(resident.AttrBirth); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.asked, c.held, got.Name().JA, c.want.Name().JA)
		}
	}
}

func TestAddressesWrittenOtherwise(t *testing.T) {
	for _, c := range []struct {
		asked, held string
		want        match.Degree
	}{
		{"長野県松本市丸の内3番7号", "長野県松本市丸の内3番7号", match.Same},
		{"長野県松本市丸の内３番７号", "長野県松本市丸の内3番7号", match.Written},
		{"長野県松本市丸の内3-7", "長野県松本市丸の内3番7号", match.Numbered},
		{"東京都足立区中央本町一丁目17番1号", "東京都足立区中央本町1丁目17番1号", match.Numbered},
		{"東京都足立区中央本町１−１７−１", "東京都足立区中央本町一丁目十七番一号", match.Numbered},
		{"東京都足立区中央本町二十三丁目1番", "東京都足立区中央本町23-1", match.Numbered},
		{"長野県飯田市大久保町2534番地の3", "長野県飯田市大久保町2534-3", match.Numbered},
		{"東京都千代田区霞ヶ関2丁目1番", "東京都千代田区霞ケ関2-1", match.Numbered},
		{"長野県松本市大字島立1番地", "長野県松本市島立1番地", match.Numbered},
		{"東京都葛\U000E0102飾区1番", "東京都葛飾区1番", match.Shape},
		{"東京都澤町1番", "東京都沢町1番", match.Degraded},
		{"東京都澤町1-2", "東京都沢町1番2号", match.Degraded},
		{"長野県松本市丸の内3番7号", "長野県松本市丸の内37号", match.Differs},
		{"長野県松本市丸の内3番7号", "長野県松本市丸の内3番17号", match.Differs},
		{"長野県松本市丸の内3番7号", "長野県松本市大手1番1号", match.Differs},
	} {
		r := match.Compare(living(c.asked), held(living(c.held)))
		if got := r.Degree(resident.AttrAddress); got != c.want {
			t.Errorf("%s and %s: %s, want %s", c.asked, c.held, got.Name().JA, c.want.Name().JA)
		}
	}
}

// TestGradesAndOrder: what differs in something comes after what agrees weakly in all, and sex alone makes nobody likely.
func TestGradesAndOrder(t *testing.T) {
	q := resident.BasicFour{Name: name("髙橋　太郎"), Birth: birth("1980-05-01"), Sex: resident.Male}
	person := func(n, b string, s resident.Sex) match.Result {
		return match.Compare(q, held(resident.BasicFour{Name: name(n), Birth: birth(b), Sex: s}))
	}
	all, close, part := person("髙橋　太郎", "1980-05-01", resident.Male), person("高橋　太郎", "1980-05-01", resident.Male), person("髙橋　太郎", "1980-05-01", resident.Female)
	if all.Grade() != match.All || close.Grade() != match.Close || part.Grade() != match.Part {
		t.Errorf("grades %v %v %v", all.Grade(), close.Grade(), part.Grade())
	}
	if !(all.Score() > close.Score() && close.Score() > part.Score()) {
		t.Errorf("scores %d %d %d", all.Score(), close.Score(), part.Score())
	}
	if r := person("別人　次郎", "1980-05-01", resident.Male); r.Likely() {
		t.Error("birth and sex make somebody likely")
	}
	if !part.Likely() || all.Weak() || !close.Weak() {
		t.Error("likely or weak is wrong")
	}
}

// TestReasonsNameNobody: reasons are shown beside the record, and may be kept; none holds a character of the person's.
func TestReasonsNameNobody(t *testing.T) {
	r := match.Compare(resident.BasicFour{Name: name("鬱髙"), Address: address("鬱澤")}, held(resident.BasicFour{Name: name("鬱高"), Address: address("鬱沢")}))
	for _, f := range r {
		if strings.ContainsAny(f.Why.JA+f.Why.EN, "鬱髙高澤沢") {
			t.Errorf("%v", f.Why)
		}
	}
}
