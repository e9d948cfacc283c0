package nation

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/message"
)

// TestPrefecturesProbe: in a country of which everybody may ask, each prefecture probes the CA and the public addresses, with the
// certificates that the founding handed out; in one of which nobody may, the CA alone.
func TestPrefecturesProbe(t *testing.T) {
	dir := dataDir(t)
	r := open(t, dir)
	for id, ca := range map[message.Org]message.Org{"prefecture-20": "ca", "prefecture-13": "ca-13"} {
		var report prefecture.AvailabilityReport
		r.hears("/"+string(id)+"/availability?month=2026-11", &report)
		if report.Prefecture != id || !report.Probed || report.Targets == nil {
			t.Errorf("%+v", report)
		}
		s := setting{dir: filepath.Join(dir, string(id)), portal: "http://portal", peers: []message.Org{"municipality-202029", ca}}
		for public, want := range map[bool]prefecture.Outside{
			true: {CA: ca, OCSP: "http://portal/validation/ocsp", Lists: "http://portal/validation/crl/" + string(ca)}, false: {CA: ca},
		} {
			s.public = public
			got, err := s.outside()
			if err != nil || len(got.Roots) != 2 || got.CA != want.CA || got.OCSP != want.OCSP || got.Lists != want.Lists {
				t.Errorf("public %v: %+v, %v", public, got, err)
			}
		}
	}
	answer, err := r.control.Get("http://country/prefecture-20/availability?month=november")
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	if answer.StatusCode != http.StatusUnprocessableEntity && answer.StatusCode != http.StatusBadRequest {
		t.Errorf("a month that is none: %d", answer.StatusCode)
	}
	if got, err := (setting{dir: t.TempDir()}).outside(); err != nil || len(got.Roots) != 0 || got.CA != "" {
		t.Errorf("who was handed nothing: %+v, %v", got, err)
	}
}
