package nation

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
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

// An organisation may answer a form before the transport has seen the form's end. The page arrives whole all the same.
func TestPortalPassesOnAnAnswerThatIsEarly(t *testing.T) {
	front := httptest.NewServer(proxyTo("http://127.0.0.1", early{}))
	defer front.Close()
	resp, err := http.Post(front.URL, "application/x-www-form-urlencoded", strings.NewReader("name=証"))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if page, err := io.ReadAll(resp.Body); err != nil || string(page) != "<html></html>" {
		t.Errorf("the browser got %q, %v", page, err)
	}
}

// early is a transport that looks for the form's end only after the answer has begun, as http.Transport may: its
// goroutine that writes and its goroutine that reads run apart.
type early struct{}

func (early) RoundTrip(r *http.Request) (*http.Response, error) {
	if _, err := io.CopyN(io.Discard, r.Body, r.ContentLength); err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, ContentLength: 13, Header: http.Header{"Content-Length": {"13"}},
		Body: io.NopCloser(io.MultiReader(strings.NewReader("<html>"), end{r.Body}, strings.NewReader("</html>")))}, nil
}

// end is nothing but the look for the end.
type end struct{ form io.Reader }

func (e end) Read([]byte) (int, error) { return e.form.Read(make([]byte, 1)) }

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
