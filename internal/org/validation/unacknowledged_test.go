package validation_test

import (
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// TestNoticeThatNobodyAcknowledges is an alarm after a week, and ends when somebody does.
func TestNoticeThatNobodyAcknowledges(t *testing.T) {
	c := newCountry(t, "memory:", nagano, etax)
	home, tax := c.join(nagano), c.join(etax)
	home.send(registration(etax, 1, true))
	c.send(good(t, c.signature, "4711"))
	c.run(time.Minute)
	untrue := resident.DateOf(c.clk.Now())
	c.jump(26 * time.Hour)
	tax.asks(c.signature, "4711")
	c.run(time.Second)
	c.send(c.late("4711", c.clk.Now(), untrue))
	c.run(time.Minute)
	if len(tax.notices) != 1 {
		t.Fatalf("%d notices", len(tax.notices))
	}
	open := func() (found []alarm.Alarm) {
		t.Helper()
		c.run(time.Minute)
		for _, a := range must[alarm.View](t)(c.Alarms.View(t.Context(), 50)).Open {
			if a.Code == alarm.NoticeUnacknowledged {
				found = append(found, a)
			}
		}
		return found
	}
	c.jump(6 * 24 * time.Hour)
	if got := open(); len(got) > 0 {
		t.Errorf("after six days: %+v", got)
	}
	c.jump(26 * time.Hour)
	if got := open(); len(got) != 1 || !strings.Contains(got[0].What, string(etax)) || !strings.Contains(got[0].What, tax.notices[0].Notice) {
		t.Errorf("after a week: %+v", got)
	}
	tax.send(message.ImpactAcknowledgement{Notice: tax.notices[0].Notice, Verifier: etax, By: "operator-ueda", Text: "受け付けた申告はない。", At: c.clk.Now()})
	if got := open(); len(got) > 0 {
		t.Errorf("acknowledged: %+v", got)
	}
}
