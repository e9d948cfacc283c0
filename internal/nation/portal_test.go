package nation

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/resident"
)

// TestNobodyIsFollowedByRecordCode: not on the portal, not by the socket of the country, and not by that of an organisation, which know no ground and
// ask no gate. No code comes into an address, and what is not followed is not asked of anybody.
func TestNobodyIsFollowedByRecordCode(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	one := newMember(Entry{ID: "ca"}, http.NotFoundHandler(), http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/trace" {
			asked++
		}
		w.Write([]byte("[]"))
	}))
	p, err := newPortal(spec, []member{one}, keys.Dir(filepath.Join(t.TempDir(), "portal")), clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	call := func(h http.Handler, method, path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://127.0.0.1:8600"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	const refused = "住民票コードでは、ここからたどれません"
	code := resident.RecordCodeOf(9_876_543_210).Reveal()
	wide := strings.NewReplacer("0", "０", "1", "１", "2", "２").Replace(code)
	for _, typed := range []string{code, " " + code[:5] + " " + code[5:], wide, code + "/signature", code[:4] + " " + code[4:8] + " " + code[8:] + "/x"} {
		if w := call(p.handler(), http.MethodPost, "/trace", url.Values{"what": {typed}}); w.Code != http.StatusUnprocessableEntity || w.Header().Get("Location") != "" || !strings.Contains(w.Body.String(), refused) {
			t.Errorf("typed %q: %d, to %q", typed, w.Code, w.Header().Get("Location"))
		}
		address := url.Values{"what": {typed}}.Encode()
		for _, path := range []string{"/trace?", "/trace/part?"} {
			if page := call(p.handler(), http.MethodGet, path+address, nil).Body.String(); !strings.Contains(page, refused) {
				t.Errorf("%s of %q is not refused", path, typed)
			}
		}
		if w := call(p.control(), http.MethodGet, "/trace?"+address, nil); w.Code != http.StatusUnprocessableEntity || !strings.Contains(w.Body.String(), refused) {
			t.Errorf("the socket of the country on %q: %d %s", typed, w.Code, w.Body)
		}
	}
	if asked != 0 {
		t.Errorf("%d times an organisation was asked", asked)
	}
	if to := call(p.handler(), http.MethodPost, "/trace", url.Values{"what": {"ca/1/2"}}).Header().Get("Location"); to != "/trace?what=ca%2F1%2F2" {
		t.Errorf("a message id leads to %q, want an address to pass on", to)
	}
	if call(p.control(), http.MethodGet, "/trace?what=t-1", nil); asked != 1 {
		t.Errorf("a trace number is asked %d times", asked)
	}
}

// TestPortalSaysWhatAPersonaMaySee: nobody is told of jobs without work, which is elsewhere; a clerk's path, which ends at the counter's own
// messages, is not taken for one that stopped there; an operator's has nothing to add.
func TestPortalSaysWhatAPersonaMaySee(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	answers := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) })
	members := []member{newMember(Entry{ID: "municipality-202029"}, http.NotFoundHandler(), answers), newMember(Entry{ID: "ca"}, http.NotFoundHandler(), answers)}
	p, err := newPortal(spec, members, keys.Dir(filepath.Join(t.TempDir(), "portal")), clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	page := func(path, persona string) string {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8600"+path, nil)
		if persona != "" {
			enter := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8600/session", strings.NewReader(url.Values{"persona": {persona}}.Encode()))
			enter.Header.Set("Sec-Fetch-Site", "same-origin")
			enter.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			w := httptest.NewRecorder()
			p.handler().ServeHTTP(w, enter)
			for _, c := range w.Result().Cookies() {
				r.AddCookie(c)
			}
		}
		w := httptest.NewRecorder()
		p.handler().ServeHTTP(w, r)
		return w.Body.String()
	}
	if choose := page("/session", ""); !strings.Contains(choose, "選んだ後、案内から団体の画面に入ります") || strings.Contains(choose, "ここで行うことはありません") {
		t.Error("the portal's chooser does not lead on")
	}
	for persona, partial := range map[string]bool{"clerk-aoki": true, "operator-ueda": false} {
		if got := page("/trace?what=t-1", persona); strings.Contains(got, "見られる団体の分だけ") != partial || !strings.Contains(got, "見つかりませんでした") {
			t.Errorf("%s: said that a part is left out: %v", persona, !partial)
		}
	}
}

// TestAnOrganisationFollowsNobodyByRecordCode: its own socket, which the command line opens where it runs alone.
func TestAnOrganisationFollowsNobodyByRecordCode(t *testing.T) {
	r := open(t, dataDir(t))
	for what, status := range map[string]int{resident.RecordCodeOf(9_876_543_210).Reveal(): http.StatusUnprocessableEntity, "t-1": http.StatusOK} {
		a, err := r.control.Get("http://country/municipality-202029/trace?by=clerk-aoki&what=" + what)
		if err != nil {
			t.Fatal(err)
		}
		if a.Body.Close(); a.StatusCode != status {
			t.Errorf("%s: %d, want %d", what, a.StatusCode, status)
		}
	}
}
