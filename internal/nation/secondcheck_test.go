package nation

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestTwoCheckInIida: the country's file has two of the staff of one municipality check an applicant. The first cannot be the second, and
// the CA issues when two have checked.
func TestTwoCheckInIida(t *testing.T) {
	r := open(t, dataDir(t))
	c := r.clerk("municipality-202053")
	person := c.register("二人 確子", "フタリ カクコ", "長野県飯田市大久保町2534番地")
	form := entries(c.must(c.get("/resident/" + person + "/apply")))
	form.Set("profile", "signature")
	form.Set("document", "my-number-card")
	p := c.must(c.post("/resident/"+person+"/apply", form))
	if !p.waitsForSecond() {
		t.Fatalf("nobody else is asked: %s", p.words())
	}
	alone, err := c.post(p.path+"/check", url.Values{"document": {"passport"}})
	if err != nil || alone.status != http.StatusUnprocessableEntity || !strings.Contains(alone.body, "もう一人の担当者に確認を依頼してください") {
		t.Errorf("the first checks again: %d, %v", alone.status, err)
	}
	if got := c.must(c.checkAgain(p.path)); got.waitsForSecond() {
		t.Errorf("after the second check: %s", got.words())
	}
	eventually(t, 20*time.Second, "the certificate is issued", func() (bool, string) {
		got, err := c.get(p.path + "/certificate.pem")
		return err == nil && got.status == http.StatusOK, got.words()
	})
}
