package prefecture_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// aDay is a report that has something in each of its parts.
func aDay() message.CAReport {
	n := closeOf(day, 89, 2)
	n.Places[0].Refused = []message.ReportCount{{What: "key-roca", Ever: 1}, {What: "under-15", Ever: 3, Fresh: 1}}
	n.Places = append(n.Places[:1], message.ReportPlace{Municipality: code("202029"), Profile: cert.Authentication, Issued: 40, Fresh: 1, Valid: 38,
		Revoked: []message.ReportCount{{What: "cessationOfOperation", Ever: 1}, {What: "keyCompromise", Ever: 1, Fresh: 1}}}, n.Places[1])
	n.Prefectures = []message.ReportPrefecture{{Prefecture: 1, Issued: 1_234_567, Valid: 1_200_000}, {Prefecture: 13, Issued: 57_751, Valid: 57_000}, {Prefecture: 14, Issued: 912, Valid: 900},
		{Prefecture: 20, Issued: 180, Valid: 177}, {Prefecture: 27, Issued: 7, Valid: 7}, {Prefecture: 47}}
	n.Applications = message.ReportWait{Count: 2, Oldest: n.At.Add(-95 * time.Second)}
	n.Lists = message.ReportWait{Count: 1, Oldest: n.At.Add(-3 * time.Second)}
	n.Parked, n.Aside = 1, 2
	n.Alarms = []message.ReportAlarm{{Code: "tokens-away", Opened: n.Since.Add(20 * time.Hour)},
		{Code: "message-lag", Peer: theCenter, Opened: n.Since.Add(10 * time.Hour), Closed: n.Since.Add(11 * time.Hour)}}
	n.Statements = []message.ReportStatement{{Peer: theCenter, Sent: true, Until: n.Since, State: "agreed"}, {Peer: theCenter, Until: n.Since, State: "unexplained"},
		{Peer: theValidation, Sent: true, Until: n.Since, State: "waiting"}}
	return n
}

func TestDelegationScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:", theCA)
			c.withCA()
			server := httptest.NewServer(c.nagano.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/prefecture-20"
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			come := func() { // anew, when time has passed
				t.Helper()
				tab.Open(base + "/session?lang=" + lang + "&next=/prefecture-20/delegation")
				if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
					t.Fatalf("the page answers %d", status)
				}
			}
			come()
			look("delegation-empty")
			c.until(day.AddDays(1).Start().Add(2 * time.Minute))
			want(t, c.tell(theCA, aDay()), "applied")
			come()
			look("delegation")
			c.until(day.AddDays(2).Start().Add(time.Hour))
			next := closeOf(day.AddDays(1), 88, 0)
			next.Places[0].Revoked = nil
			want(t, c.tell(theCA, next), "applied")
			come()
			if status := tab.Follow(`form[action$="/ask"] .button`); status != http.StatusOK {
				t.Errorf("asked for a report: %d", status)
			}
			if status := tab.Follow(`form[action$="/ask"] .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("asked for another at once: %d", status)
			}
			look("delegation-contradicts")
			tab.Fill("#f-as-of", "2026-02-29")
			if status := tab.Follow(`form[method="get"] .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a day that is none: %d", status)
			}
			look("delegation-wrong")
		})
	}
}
