package municipality

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
)

// TestTheFirstPageLeadsNobodyToARefusal: whoever opens it is led to pages that they may open; its counts are the same for everybody, and whoever has not
// signed in is led to where they do.
func TestTheFirstPageLeadsNobodyToARefusal(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), Death{c.filing(p[0], "family-86")})) // leaves a household without a head, which a notice says
	for _, persona := range append(access.Personas(), access.Person{}) {
		v := c.counter(persona.ID)
		page := v.get("/", http.StatusOK)
		v.says(page, "転入を待っている方 0", "世帯主のいない世帯が1件あります")
		_, page, _ = strings.Cut(page, "<main")
		for _, link := range regexp.MustCompile(`<a [^>]*href="/municipality-202029([^"]*)"`).FindAllStringSubmatch(page, -1) {
			v.get(link[1], http.StatusOK)
		}
		if clerk := persona.Job == access.Clerk || persona.Job == access.Public; clerk != strings.Contains(page, `href="/municipality-202029/register"`) {
			t.Errorf("%q is led to the registration: %v", persona.ID, !clerk)
		}
	}
}
