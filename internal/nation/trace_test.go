package nation

import (
	"net/http"
	"testing"
)

// The screens show a 住民票コード in groups, and people copy what they see.
func TestTraceTakesACodeAsItIsShown(t *testing.T) {
	for typed, want := range map[string]string{
		"9876 5432 101": "9876 5432 101", // the check digit is wrong: no code, so asked for as it is
		"0275 7483 672": "02757483672", "０２７５　７４８３　６７２": "02757483672", "t-b31f1b5ccf4d66be45": "t-b31f1b5ccf4d66be45",
	} {
		var asked []string
		trace(t.Context(), []member{newMember(Entry{ID: "ca"}, nil, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.FormValue("what"))
			w.Write([]byte("[]"))
		}))}, typed, "clerk-aoki")
		if len(asked) != 1 || asked[0] != want {
			t.Errorf("%q is asked for as %q, want %q", typed, asked, want)
		}
	}
}
