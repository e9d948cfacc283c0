package municipality

import (
	"net/http"
	"strings"
	"testing"
)

// TestFormsOfAHouseholdDoNotNumberTheProtected: a clerk who files for the household of a protected member reads her number in the register (宛名番号)
// on no form and in no refusal, in no field, address or hidden entry.
func TestFormsOfAHouseholdDoNotNumberTheProtected(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	p := c.family("世帯主", "妻", "子")
	c.protect(Protecting{Applicant: p[1]})
	at, number := "/resident/"+p[0].String(), p[1].String()
	silent := func(what, page string) {
		t.Helper()
		if strings.Contains(page, number) {
			t.Errorf("%s has her number", what)
		}
	}
	field := func(page, prefix string) string {
		t.Helper()
		_, rest, found := strings.Cut(page, `name="`+prefix+"-x")
		rest, _, _ = strings.Cut(rest, `"`)
		if !found {
			t.Fatalf("she has no field %s", prefix)
		}
		return prefix + "-x" + rest
	}
	for _, form := range []string{"/change/death?event=death", "/household/head-change", "/household/household-split"} {
		silent(form, v.get(at+form, http.StatusOK))
	}
	// The confirm page of a death keeps what was entered in hidden fields.
	page := v.get(at+"/change/death?event=death", http.StatusOK)
	silent("the page after the form of a death", v.post(at+"/change/death", with(inputs(page), field(page, "relation"), "世帯主", relationField(p[2]), "子"), http.StatusUnprocessableEntity))
	page = v.get(at+"/household/head-change", http.StatusOK)
	hers := field(page, "relation")
	wrong := v.post(at+"/household/head-change", with(inputs(page), relationField(p[0]), "夫", relationField(p[2]), "世帯主", hers, ""), http.StatusUnprocessableEntity)
	silent("a refusal", wrong)
	if !strings.Contains(wrong, "#f-"+hers) {
		t.Error("the refusal does not lead to her field")
	}
	// What changes her takes a release, and says so without her.
	silent("what is refused", v.post(at+"/household/head-change", with(inputs(page), relationField(p[0]), "夫", relationField(p[2]), "世帯主", hers, "母", "by", "head"), http.StatusUnprocessableEntity))
}
