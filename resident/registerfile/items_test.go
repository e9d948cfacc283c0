package registerfile_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// withItems is a header with the columns that a whole record needs, and a line of each kind of resident.
const (
	withItems = "住民票コード,氏名,生年月日,性別,住所,市区町村コード,世帯番号,続柄,住民となった年月日,国籍・地域,本籍,筆頭者,戸籍の有無,30条の45の区分,在留カード等の番号,外国人住民となった年月日,選挙人名簿,介護保険の取得\n"
	japanese  = "見本　花子,1950-03-01,女,長野県松本市丸の内３番７号,202029,H-1,世帯主,1990-04-01,,長野県飯田市大久保町２５３４番地,見本　太郎,,,,,登録,2015-02-28"
	foreign   = "KIM MINJI,1990-03-01,女,長野県松本市丸の内３番７号,202029,H-2,世帯主,2013-04-01,韓国,,,,特別永住者,AB12345678CD,2013-04-01,,"
)

func TestItemsAreRead(t *testing.T) {
	lines := readAll(t, withItems+row(1, japanese)+row(2, foreign)+row(3, strings.Replace(japanese, "長野県飯田市大久保町２５３４番地,見本　太郎,", ",,本籍不明", 1)))
	for _, l := range lines {
		if len(l.Problems) > 0 {
			t.Fatal(l.Problems)
		}
	}
	f := lines[0].Record.FamilyRegister
	if f.State != resident.DomicileKnown || f.Domicile.Reveal() != "長野県飯田市大久保町２５３４番地" || f.Head.Reveal() != "見本　太郎" || !lines[0].Record.Qualified.Voter {
		t.Error("the items of a Japanese national are not those of the line")
	}
	if s := lines[1].Record.Stay; s.Category != resident.SpecialPermanent || s.Card.Reveal() != "AB12345678CD" || !s.Since.Valid() {
		t.Error("the stay is not that of the line")
	}
	if lines[2].Record.FamilyRegister != (resident.FamilyRegister{State: resident.DomicileUnknown}) {
		t.Error("本籍不明 was read as something else")
	}
}

// TestItemsRefused: each bad line is named by the word of its own header.
func TestItemsRefused(t *testing.T) {
	for _, c := range []struct{ line, change, to, field, says string }{
		{japanese, "長野県飯田市大久保町２５３４番地,見本　太郎", ",", "本籍", "needs"},
		{japanese, "見本　太郎", "", "筆頭者", "missing"},
		{japanese, "見本　太郎,", "見本　太郎,無籍", "戸籍の有無", "no family register"},
		{japanese, "1990-04-01,,", "1990-04-01,韓国,", "本籍", "foreign resident's record"},
		{japanese, "2015-02-28", "2015-02-27", "介護保険の取得", "65"},
		{japanese, "登録", "はい", "選挙人名簿", "登録"},
		{japanese, "見本　太郎,,", "見本　太郎,,特別永住者", "30条の45の区分", "foreign residents only"},
		{foreign, "特別永住者,AB12345678CD,2013-04-01,,", ",,,,2015-02-28", "介護保険の取得", "65"},
		{foreign, "特別永住者", "", "30条の45の区分", "missing"},
		{foreign, "AB12345678CD", "", "在留カード等の番号", "missing"},
		{foreign, "AB12345678CD", "12345678", "在留カード等の番号", "two letters"},
		{foreign, "2013-04-01,,", "2013-03-31,,", "外国人住民となった年月日", "before"},
	} {
		broken := strings.Replace(c.line, c.change, c.to, 1)
		if broken == c.line {
			t.Fatalf("nothing to break with %q", c.change)
		}
		l := readAll(t, withItems+row(1, broken))[0]
		if len(l.Problems) == 0 {
			t.Errorf("%s → %q was taken", c.change, c.to)
			continue
		}
		if p := l.Problems[0]; p.Field != c.field || p.Line != 2 || !strings.Contains(p.EN, c.says) {
			t.Errorf("%s → %q: %v, want field %q, %q", c.change, c.to, l.Problems, c.field, c.says)
		}
		if l.Record != (resident.Record{}) {
			t.Errorf("%s → %q: a bad line gave a record", c.change, c.to)
		}
	}
}

// TestFilesFromBefore: a file without the columns of the items is read as it was, a 通称 without a nationality among it.
func TestFilesFromBefore(t *testing.T) {
	l := readAll(t, header+row(1, strings.Replace(good, "世帯主,,,", "世帯主,見本　花子,,", 1)))[0]
	if len(l.Problems) > 0 || l.Record.Items() != (resident.Items{}) || !l.Record.CommonName.Valid() {
		t.Errorf("%v", l.Problems)
	}
}

func TestItemsAreWrittenAsTheyAreRead(t *testing.T) {
	first := readAll(t, withItems+row(1, japanese)+row(2, foreign))
	for _, lang := range []plain.Lang{plain.JA, plain.EN} {
		var b bytes.Buffer
		w := registerfile.NewWriter(&b, lang)
		for _, l := range first {
			if err := w.Write(l.Record); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Flush(); err != nil {
			t.Fatal(err)
		}
		again := readAll(t, b.String())
		for i, l := range again {
			if len(l.Problems) > 0 || l.Record != first[i].Record {
				t.Errorf("%s: line %d: %v, the same: %v", lang, i, l.Problems, l.Record == first[i].Record)
			}
		}
	}
}
