package identity_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/plain"
)

// TestEvidenceThatIsNone: nobody was checked by a document that is not on the list, by one twice, or by one alone that has no photograph.
func TestEvidenceThatIsNone(t *testing.T) {
	for _, x := range []struct {
		e           identity.Evidence
		field, says string
	}{
		{nil, identity.FieldDocument, "本人確認に使った書類の種類を選んでください"},
		{identity.Evidence{"library-card"}, identity.FieldDocument, "書類の種類を、一覧から選んでください"},
		{identity.Evidence{identity.MyNumberCard, "library-card"}, identity.FieldSecond, "書類の種類を、一覧から選んでください"},
		{identity.Evidence{identity.Pension, identity.Pension}, identity.FieldSecond, "同じ種類の書類が二度選ばれています"},
		{identity.Evidence{identity.Pension}, identity.FieldSecond, "顔写真のない書類は、2点で確認します"},
	} {
		way, err := x.e.Way()
		ps, ok := plain.AsProblems(err)
		if !ok || way != "" || len(ps) != 1 || ps[0].Field != x.field || !strings.Contains(ps[0].JA, x.says) || ps[0].EN == "" {
			t.Errorf("%v: %q, %v", x.e, way, err)
		}
	}
}
