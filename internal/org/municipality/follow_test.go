package municipality

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/look"
)

// TestFiledIsALook: the messages of a notice are shown to whoever may look at the person, of a notice about that person alone, by its
// trace alone, on the record, and of a protected person to nobody without a release; not by the part that refreshes itself either.
func TestFiledIsALook(t *testing.T) {
	c := newCountry(t, "memory:")
	him, her := c.couple()
	c.run(time.Second)
	page := "/resident/" + her.Person.String() + "/filed/"
	aoki := c.counter("clerk-aoki")
	for _, trace := range []string{her.Trace, her.Code.Reveal(), "t-nothing", him.Trace} {
		want := http.StatusNotFound
		if trace == her.Trace {
			want = http.StatusOK
		}
		before := len(c.looks(her.Code))
		if part := aoki.get(page+trace+"/part", want); strings.Contains(part, "prefecture-20") != (want == http.StatusOK) {
			t.Errorf("the part of %s: %s", trace, text(part))
		}
		if after := c.looks(her.Code); want == http.StatusOK && (len(after) != before+1 || after[0].Items != look.History) || want != http.StatusOK && len(after) != before {
			t.Errorf("of %s, %d looks were written down", trace, len(after)-before)
		}
		if got := aoki.get(page+trace, want); strings.Contains(got, "prefecture-20") != (want == http.StatusOK) {
			t.Errorf("the page of %s: %s", trace, text(got))
		}
	}
	before := len(c.looks(her.Code))
	for range 3 {
		aoki.get(page+her.Trace+"/part", http.StatusOK)
	}
	if after := len(c.looks(her.Code)); after != before {
		t.Errorf("each refresh is a look of its own: %d", after-before)
	}
	for _, persona := range []string{"operator-ueda", "auditor-onishi"} {
		v := c.counter(persona)
		v.get(page+her.Trace, http.StatusForbidden)
		v.get(page+her.Trace+"/part", http.StatusForbidden)
	}

	c.protect(Protecting{Applicant: her.Person})
	c.run(time.Second)
	for _, path := range []string{page + her.Trace, page + her.Trace + "/part"} {
		if got := aoki.get(path, http.StatusUnprocessableEntity); strings.Contains(got, "prefecture-20") || !strings.Contains(got, "支援措置中の方です") {
			t.Errorf("%s of a protected person: %s", path, text(got))
		}
	}
	c.release(her.Person, "look")
	if got := aoki.get(page+her.Trace+"/part", http.StatusOK); !strings.Contains(got, "prefecture-20") {
		t.Errorf("a release does not open it: %s", text(got))
	}
}

// TestFollowingAsksFirst: of somebody on the list for attention nothing is followed before it was confirmed.
func TestFollowingAsksFirst(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	c.attend(look.Attention{Subject: who.Code, Category: look.Known})
	if _, err := c.o.follows(as(t, "clerk-aoki"), who.Person, who.Trace); err != look.ErrUnconfirmed {
		t.Errorf("followed: %v", err)
	}
	if _, err := c.o.follows(groundless(t), who.Person, who.Trace); err == nil {
		t.Error("followed without a ground")
	}
}
