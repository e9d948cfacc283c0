package ca_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestInspectionScreens looks at the page of the inspection with a finding, at the finding, and closes it.
func TestInspectionScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			c.Rand = new(counted)
			base := c.serve(t)
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			n := c.issue("r1", cert.Signature, person(t, 1, 1))
			c.issue("r2", cert.Authentication, person(t, 1, 1))
			c.run(time.Minute)
			c.byHand(`UPDATE certificate SET key_hash = $2 WHERE serial = $1`, n.Serial.Bytes(), []byte("another"))
			c.inspect()
			tab.Open(base + "/session?next=/ca/inspection&lang=" + lang)
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatalf("an operator opens the inspection: %d", status)
			}
			tab.Open(base + "/inspection?lang=" + lang)
			look("inspection")
			if status := tab.Follow(`a[href^="/ca/inspection/finding/"]`); status != http.StatusOK {
				t.Fatalf("a finding: %d", status)
			}
			look("finding")
			if status := tab.Follow("#form .button"); status != http.StatusUnprocessableEntity {
				t.Errorf("closed without a word: %d", status)
			}
			tab.Fill("#f-why", "試験の行")
			if status := tab.Follow("#form .button"); status != http.StatusOK {
				t.Errorf("closed with a reason: %d", status)
			}
			if text := tab.Text("main"); !strings.Contains(text, "operator-ueda") || !strings.Contains(text, "試験の行") {
				t.Errorf("the page says %s", text)
			}
			if got := c.inspected(); len(got) > 0 {
				t.Errorf("closed, and still open: %v", got)
			}
		})
	}
}

// TestWhoMayInspect: the public sees no findings, and who only looks closes none.
func TestWhoMayInspect(t *testing.T) {
	c := newCountry(t, "memory:")
	base := c.serve(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	r, err := client.Get(base + "/inspection")
	if err != nil || r.StatusCode != http.StatusSeeOther {
		t.Errorf("for nobody in particular: %v, %v", r, err)
	}
	r.Body.Close()
}
