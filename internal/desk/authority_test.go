package desk_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// posts are all that changes something at the desk, and who may do it. The clerk alone looks at persons.
func posts(c *country) map[string]string {
	message := "/messages/" + c.parked(matsumoto).ID.String()
	return map[string]string{
		message + "/look": "clerk-aoki", message + "/note": "operator-ueda", message + "/propose": "operator-ueda", message + "/confirm": "operator-ueda",
		"/due/1":                                      "operator-ueda",
		"/reconcile/case/x~1/note":                    "operator-ueda",
		"/reconcile/case/x~1/own":                     "operator-ueda",
		"/reconcile/case/x~1/propose":                 "operator-ueda",
		"/reconcile/case/x~1/confirm":                 "operator-ueda",
		"/reconcile/finding/00/close":                 "operator-ueda",
		bookOfResidents + string(nagano) + "/propose": "operator-ueda",
		bookOfResidents + string(nagano) + "/confirm": "operator-ueda",
		bookOfResidents + string(nagano) + "/drop":    "operator-ueda",
		"/round": "operator-ueda",
	}
}

// TestOnlyWhoMay: everybody else is refused whatever the form says, and so is a page of another site with the right person's
// cookie.
func TestOnlyWhoMay(t *testing.T) {
	c := newCountry(t)
	c.move(1, "新しい団地1号棟")
	personas := map[string]visitor{}
	for _, p := range []string{"", "clerk-aoki", "operator-ueda", "auditor-onishi"} {
		personas[p] = c.as(p, matsumoto)
	}
	for path, may := range posts(c) {
		for persona, v := range personas {
			status, _ := v.post(path, "act", "inquiry", "text", "x", "way", "withdraw", "why", "x", "day", "2026-04-01")
			if refused := status == http.StatusForbidden; refused != (persona != may) {
				t.Errorf("%q posts to %s: %d", persona, path, status)
			}
		}
		for header, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://elsewhere.example"} {
			r, err := http.NewRequest("POST", c.server.URL+personas[may].base+path, strings.NewReader(url.Values{"text": {"x"}}.Encode()))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set(header, value)
			resp, err := personas[may].http.Do(r)
			if status, body := personas[may].answer(resp, err); status != http.StatusForbidden || !strings.Contains(body, "別のサイト") {
				t.Errorf("%s from another site (%s): %d", path, header, status)
			}
		}
	}
	// Nobody reads without saying who it is: a page asks first, a figure is refused.
	for _, path := range []string{"/messages", "/alarms", "/reconcile", "/round", "/statements", "/alarms/case-open", "/statements/2026-04-01", "/messages/part/stuck"} {
		if _, body := personas[""].get(path); !strings.Contains(body, "担当者を選ぶ</h1>") {
			t.Errorf("the public is shown %s", path)
		}
	}
	for _, path := range []string{"/api/status", "/api/trace?what=x"} {
		if status, _ := personas[""].get(path); status != http.StatusForbidden {
			t.Errorf("the public reads %s: %d", path, status)
		}
	}
}
