package inquiry_test

import (
	"context"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

func saysNo(t *testing.T, what string, err error, field, words string) {
	t.Helper()
	ps, ok := plain.AsProblems(err)
	if !ok || len(ps) != 1 || ps[0].Field != field || !strings.Contains(ps[0].JA, words) || ps[0].EN == "" {
		t.Errorf("%s: %v, want %q", what, err, words)
	}
}

// TestQuestionThatIsNone: a code is enough, and of the rest two items, of which one alone is shared by too many.
func TestQuestionThatIsNone(t *testing.T) {
	name, err := resident.ParseName("name", "松本　花子")
	if err != nil {
		t.Fatal(err)
	}
	birth := resident.WholeDate(resident.MustDate(1980, 5, 1))
	saysNo(t, "nothing", inquiry.Question{}.Check(), "code", "住民票コードか、氏名・生年月日・住所のうち二つ以上を入力してください")
	saysNo(t, "a name alone", inquiry.Question{Asked: resident.BasicFour{Name: name}}.Check(), "name", "一つだけでは、関係のない人まで見ることになります")
	for _, q := range []inquiry.Question{{Asked: resident.BasicFour{Name: name, Birth: birth}}, {Code: resident.RecordCodeOf(1)}} {
		if err := q.Check(); err != nil {
			t.Error(err)
		}
	}
}

// TestWithheldIsShownToNobody: what is about several people is withheld when one of them is.
func TestWithheldIsShownToNobody(t *testing.T) {
	her, other := resident.RecordCodeOf(1), resident.RecordCodeOf(2)
	admits := inquiry.Admitting(func(_ context.Context, _ *sqlstore.Tx, code resident.RecordCode) (bool, error) {
		return code == her, nil
	})
	ground := look.Ground{Purpose: look.Confirm, Case: "17"}
	_, err := admits(t.Context(), nil, ground, []resident.RecordCode{other, her})
	saysNo(t, "somebody who is protected", err, "person", "支援措置中の方についてのものです。ここではだれにも示しません")
	if g, err := admits(t.Context(), nil, ground, []resident.RecordCode{other}); err != nil || g != ground {
		t.Errorf("somebody else: %+v, %v", g, err)
	}
}
