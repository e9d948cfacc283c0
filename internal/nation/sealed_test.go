package nation

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/resident"
)

// TestRecordCodeStaysOutOfAddresses: what is typed is posted, and the address that follows is of use to nobody else.
func TestRecordCodeStaysOutOfAddresses(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	p, err := newPortal(spec, nil, keys.Dir(filepath.Join(t.TempDir(), "portal")), clock.System(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	call := func(method, path string, form url.Values) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://127.0.0.1:8600"+path, strings.NewReader(form.Encode()))
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		if method == http.MethodPost {
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		}
		w := httptest.NewRecorder()
		p.handler().ServeHTTP(w, r)
		return w
	}
	const refused, onlyClerks = "アドレスからはたどれません", "たどれるのは、窓口職員だけです"
	code := resident.RecordCodeOf(9_876_543_210).Reveal()
	for _, typed := range []string{code, " " + code[:5] + " " + code[5:]} {
		to := call(http.MethodPost, "/trace", url.Values{"what": {typed}}).Header().Get("Location")
		if to == "" || strings.Contains(strings.NewReplacer("+", "", "%20", "").Replace(to), code) {
			t.Errorf("a record code leads to %q", to)
		}
		if page := call(http.MethodGet, to, nil).Body.String(); !strings.Contains(page, onlyClerks) {
			t.Errorf("what was typed is not asked for:\n%s", page)
		}
	}
	for name, address := range map[string]string{
		"bare":        "?what=" + code,
		"spaced":      "?what=" + code[:5] + "+" + code[5:],
		"in a part":   "/part?what=" + code,
		"somebody's":  "?sealed=" + p.sealer.seal(access.Person{ID: "clerk-aoki"}, code),
		"spoilt":      "?sealed=" + p.sealer.seal(access.Person{}, code) + "A",
		"empty":       "?sealed=",
		"no encoding": "?sealed=%F0%9F",
	} {
		if page := call(http.MethodGet, "/trace"+address, nil).Body.String(); !strings.Contains(page, refused) {
			t.Errorf("%s: it is not refused:\n%s", name, page)
		}
	}
	if to := call(http.MethodPost, "/trace", url.Values{"what": {"ca/1/2"}}).Header().Get("Location"); to != "/trace?what=ca%2F1%2F2" {
		t.Errorf("a message id leads to %q, want an address to pass on", to)
	}
}
