package nation

import (
	"net/http"
	"net/http/httptest"
	"testing"
)

// A proxy before the portal tells whom it lets in, and an organisation in a process of its own must hear it: its metrics
// are for this machine alone.
func TestPortalPassesOnWhoAsked(t *testing.T) {
	var got http.Header
	organisation := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer organisation.Close()
	front := proxyTo(organisation.URL, http.DefaultTransport)
	for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Via"} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8600/ca/metrics", nil)
		r.Header.Set(h, "192.0.2.7")
		front.ServeHTTP(httptest.NewRecorder(), r)
		if got.Get(h) != "192.0.2.7" {
			t.Errorf("%s: the organisation was told %v", h, got)
		}
	}
	front.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8600/ca/metrics", nil))
	if got.Get("X-Forwarded-For") != "" {
		t.Error("a browser on this machine is told of as if a proxy had let it in")
	}
}
