package plain_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
)

func TestSentenceIsNeverEmptyWhenOneLanguageIsThere(t *testing.T) {
	both := plain.Sentence{JA: "日付がありません。", EN: "There is no such date."}
	for _, c := range []struct {
		s    plain.Sentence
		lang plain.Lang
		want string
	}{
		{both, plain.JA, both.JA},
		{both, plain.EN, both.EN},
		{both, "fr", both.JA},
		{plain.Sentence{JA: "あ。"}, plain.EN, "あ。"},
		{plain.Sentence{EN: "A."}, plain.JA, "A."},
	} {
		if got := c.s.In(c.lang); got != c.want {
			t.Errorf("%+v in %s: got %q, want %q", c.s, c.lang, got, c.want)
		}
	}
}

func TestProblemSaysWhere(t *testing.T) {
	p := plain.Bad("birth_date", "2023年2月29日はありません。", "2023-02-29 does not exist.")
	p.Line = 7
	want := "line 7: birth_date: 2023-02-29 does not exist. / 2023年2月29日はありません。"
	if p.Error() != want {
		t.Errorf("got %q, want %q", p.Error(), want)
	}
}

func TestAsProblems(t *testing.T) {
	a, b := plain.Bad("a", "ア。", "A."), plain.Bad("b", "イ。", "B.")
	for _, c := range []struct {
		name string
		err  error
		want int
	}{
		{"nil", nil, 0},
		{"other", io.EOF, 0},
		{"one", a, 1},
		{"wrapped", fmt.Errorf("import: %w", a), 1},
		{"several", fmt.Errorf("form: %w", plain.Problems{a, b}), 2},
		{"empty", plain.Problems{}, 0},
	} {
		got, ok := plain.AsProblems(c.err)
		if len(got) != c.want || ok != (c.want > 0) {
			t.Errorf("%s: got %v, %v; want %d problems", c.name, got, ok, c.want)
		}
	}
	var first *plain.Problem
	if !errors.As(error(plain.Problems{a, b}), &first) || first != a {
		t.Errorf("errors.As gave %v, want the first problem", first)
	}
}

func TestNoProblemIsNil(t *testing.T) {
	if err := (plain.Problems{}).Err(); err != nil {
		t.Errorf("got %v, want nil", err)
	}
}
