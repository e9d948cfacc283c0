package resident_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

const (
	name, birth, sex, address = resident.AttrName, resident.AttrBirth, resident.AttrSex, resident.AttrAddress
	all                       = name | birth | sex | address
)

// TestReasonsOfTheLaw is the table of 規則11条.
func TestReasonsOfTheLaw(t *testing.T) {
	want := []struct {
		act  string
		word string
		code string
	}{
		{"記載", "転入等", "move-in"}, {"記載", "出生", "birth"}, {"記載", "職権記載等", "entry-ex-officio"},
		{"消除", "転出", "move-out"}, {"消除", "死亡", "death"}, {"消除", "職権消除等", "deletion-ex-officio"},
		{"修正", "転居", "move-within"}, {"修正", "軽微な修正", "minor-amendment"}, {"修正", "職権修正等", "amendment-ex-officio"},
		{"住民票コードの修正", "変更請求", "code-change-requested"}, {"住民票コードの修正", "職権記載等", "code-ex-officio"},
	}
	got := resident.ChangeReasons()
	if len(got) != len(want) {
		t.Fatalf("%d reasons", len(got))
	}
	for i, r := range got {
		if r.Act().String() != want[i].act || r.String() != want[i].word || r.Code() != want[i].code || r.In(plain.EN) == "" || r.Act().In(plain.EN) == "" {
			t.Errorf("%d: %s %s %s", i, r.Act(), r, r.Code())
		}
		text, err := r.MarshalText()
		again, err2 := resident.ParseChangeReason("reason", string(text))
		if err != nil || err2 != nil || again != r {
			t.Errorf("%s does not round-trip", r.Code())
		}
	}
	for _, s := range []string{"", "転居", "divorce"} {
		_, err := resident.ParseChangeReason("reason", s)
		wantProblem(t, err, "reason", "異動事由が正しくありません")
	}
	var none resident.ChangeReason
	if _, err := none.MarshalText(); err == nil || none.Valid() || none.Act() != 0 || none.Code() != "" || resident.ChangeReason(12).Valid() {
		t.Error("the zero reason is taken for one")
	}
}

// TestEffectMatrix is the whole matrix: what dies with each reason.
func TestEffectMatrix(t *testing.T) {
	none := resident.Effect{}
	signature := resident.Effect{Signature: true}
	everything := resident.Effect{Signature: true, Authentication: true, Card: true}
	card := resident.Effect{Card: true}
	for _, c := range []struct {
		reason  resident.ChangeReason
		changed []resident.Attributes
		want    resident.Effect
	}{
		{resident.MoveIn, []resident.Attributes{0, all}, none},
		{resident.Birth, []resident.Attributes{0, all}, none},
		{resident.EntryExOfficio, []resident.Attributes{0, all}, none},
		{resident.MoveOut, []resident.Attributes{0, address}, signature},
		{resident.Death, []resident.Attributes{0}, everything},
		{resident.DeletionExOfficio, []resident.Attributes{0}, everything},
		{resident.MoveWithin, []resident.Attributes{0, address}, signature},
		{resident.MinorAmendment, []resident.Attributes{0, name, address, all}, none},
		{resident.AmendmentExOfficio, []resident.Attributes{0}, none},
		{resident.AmendmentExOfficio, []resident.Attributes{name, birth, sex, address, all}, signature},
		{resident.CodeChangeRequested, []resident.Attributes{0}, card},
		{resident.CodeExOfficio, []resident.Attributes{0}, card},
		{0, []resident.Attributes{all}, none},
	} {
		for _, changed := range c.changed {
			if got := resident.EffectOf(c.reason, changed); got != c.want || got.Nothing() != (c.want == none) {
				t.Errorf("%s, %04b: %+v, want %+v", c.reason, changed, got, c.want)
			}
		}
	}
	first := resident.MustDate(2024, 5, 27)
	if resident.EffectOfMovingAbroad(first, true) != signature ||
		resident.EffectOfMovingAbroad(first, false) != everything ||
		resident.EffectOfMovingAbroad(first.AddDays(-1), true) != everything {
		t.Error("moving abroad keeps card and authentication certificate since 2024-05-27, when continued, only")
	}
}

func TestDiff(t *testing.T) {
	rec, _ := sample()
	other := rec
	other.Name = must(resident.ParseName("", "葛\U000E0103西　花子"))
	if got := rec.Diff(other.BasicFour); got != name {
		t.Errorf("a variant of a character: %04b", got)
	}
	other.Birth, other.Sex, other.Address = resident.UnknownDate, resident.SexUnknown, must(resident.ParseAddress("", "東京都"))
	if got := rec.Diff(other.BasicFour); got != all {
		t.Errorf("everything: %04b", got)
	}
	if rec.Diff(rec.BasicFour) != 0 {
		t.Error("a record differs from itself")
	}
}

func TestSex(t *testing.T) {
	for s, want := range map[string]resident.Sex{"男": 1, "女": 2, "不明": 3, "Female": 2, "１": 1} {
		if got, err := resident.ParseSex("sex", s); err != nil || got != want {
			t.Errorf("%s: %v %v", s, got, err)
		}
	}
	_, err := resident.ParseSex("sex", "")
	wantProblem(t, err, "sex", "性別は「男」「女」「不明」のいずれかを入力してください")
}
