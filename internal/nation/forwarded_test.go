package nation

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
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

// An organisation whose process talks without end is named as one that does not answer, and the portal's memory stays.
func TestOrganisationThatTalksWithoutEnd(t *testing.T) {
	var said atomic.Int64
	organisation := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Write([]byte("["))
		for n := 1; n > 0 && said.Load() < 1<<30; said.Add(int64(n)) {
			n, _ = w.Write(make([]byte, 1<<20))
		}
	}))
	defer organisation.Close()
	members := []member{
		newMember(Entry{ID: "ca"}, nil, proxyTo(organisation.URL, http.DefaultTransport)),
		newMember(Entry{ID: "validation"}, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("[]")) })),
	}
	all, silent := pairs(t.Context(), members)
	if _, answered := all["validation"]; !answered || len(silent) != 1 || silent["ca"] == nil {
		t.Errorf("answered %v, silent %v", all, silent)
	}
	if n := said.Load(); n > 200<<20 {
		t.Errorf("%d bytes were heard", n)
	}
}
