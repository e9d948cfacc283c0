package validation

import (
	"bytes"
	"io"
	"net/http"

	"github.com/akashi-id/akashi/internal/leave"
)

// inside carries what the inspection asks where nobody has an address to ask: to our own handler, in this process. What it tells is what
// verifiers are told over the lines of the exchange; a network between is not inspected, and the page says so.
type inside struct {
	handler func() http.Handler
	left    leave.Place // questions that the handler has not come back from
}

// insideBase stands where an address would; nothing outside of this process knows it.
const insideBase = "http://inside/"

// RoundTrip has the handler answer. One that hangs costs the inspection its deadline, and no other question is put meanwhile.
func (i *inside) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body == nil {
		r.Body = http.NoBody
	}
	return leave.Call(r.Context(), &i.left, func() (*http.Response, error) {
		w := &page{header: http.Header{}, status: http.StatusOK}
		i.handler().ServeHTTP(w, r)
		return &http.Response{StatusCode: w.status, Header: w.header, Body: io.NopCloser(&w.body), ContentLength: int64(w.body.Len()), Request: r}, nil
	}, nil)
}

// page is what the handler writes.
type page struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (w *page) Header() http.Header         { return w.header }
func (w *page) WriteHeader(status int)      { w.status = status }
func (w *page) Write(b []byte) (int, error) { return w.body.Write(b) }
