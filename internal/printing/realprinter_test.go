package printing

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/printing/ipp"
	"github.com/akashi-id/akashi/internal/printing/printingtest"
)

// realPrinter is a printer that others wrote.
type realPrinter struct{ printingtest.Printer }

// TestRealPrinters: ippeveprinter and a queue of CUPS, which share no code with us.
func TestRealPrinters(t *testing.T) {
	if os.Getenv("AKASHI_FULL") == "" {
		t.Skip("SKIPPED, NO PROGRAM OF OTHERS PRINTED ANYTHING: AKASHI_FULL=1 starts ippeveprinter and cupsd")
	}
	for name, start := range map[string]func(testing.TB) printingtest.Printer{"ippeveprinter": printingtest.Start, "cupsd": printingtest.StartQueue} {
		t.Run(name, func(t *testing.T) {
			p := realPrinter{start(t)}
			t.Run("a jam", p.jams)
			t.Run("the answer is lost", p.answerIsLost)
			t.Run("the document is lost", p.documentIsLost)
			t.Run("opened and left", p.openedAndLeft)
			t.Run("no sheet is counted", p.uncountedSheets)
		})
	}
}

func (p realPrinter) queue(t *testing.T, uri string) *Queue {
	t.Helper()
	q, err := NewQueue(QueueConfig{URI: uri, User: "akashi"})
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// until asks until the job stands as wanted.
func (p realPrinter) until(t *testing.T, key string, want func(Status) bool) Status {
	t.Helper()
	ctx, _ := inTime(t)
	for {
		st, err := p.queue(t, p.URI).Status(ctx, key)
		if err != nil {
			t.Fatal(err)
		}
		if want(st) {
			return st
		}
		select {
		case <-ctx.Done():
			t.Fatalf("it stays %+v", st)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func final(st Status) bool { return st.State.Final() }

// copies is how many papers with the bytes of a job lie in the tray.
func (p realPrinter) copies(t *testing.T, j Job) (n int) {
	t.Helper()
	for _, name := range files(t, p.Tray) {
		b, err := os.ReadFile(filepath.Join(p.Tray, name))
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Equal(b, j.PDF) {
			n++
		}
	}
	return n
}

func (p realPrinter) jams(t *testing.T) {
	ctx, _ := inTime(t)
	if err := os.WriteFile(p.Jam, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	j := document("1")
	if st, err := p.queue(t, p.URI).Submit(ctx, j); err != nil || st.State.Final() || st.State == Unknown {
		t.Fatalf("%+v, %v", st, err)
	}
	st := p.until(t, j.Key, func(st Status) bool { return strings.Contains(st.Meaning.JA, "紙が詰まっています") })
	if want := map[bool]State{true: Stopped, false: Printing}[p.Counts]; st.State != want { // to ippeveprinter it is a warning
		t.Errorf("%+v", st)
	}
	if err := os.Remove(p.Jam); err != nil {
		t.Fatal(err)
	}
	if st := p.until(t, j.Key, final); st.State != Printed || st.Impressions != 2 && st.Sheets != 2 || p.copies(t, j) != 1 {
		t.Errorf("%+v, %d copies", st, p.copies(t, j))
	}
	if st, err := p.queue(t, p.URI).Submit(ctx, j); err != nil || st.State != Printed {
		t.Errorf("again: %+v, %v", st, err)
	}
	if p.copies(t, j) != 1 {
		t.Errorf("%d copies", p.copies(t, j))
	}
}

// between stands between us and the printer, and spoils the first document or its answer.
func (p realPrinter) between(t *testing.T, spoil func(*http.Request) (forward bool)) string {
	real, err := url.Parse(strings.Replace(p.URI, "ipp://", "http://", 1))
	if err != nil {
		t.Fatal(err)
	}
	spoilt := false
	forward := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(&url.URL{Scheme: "http", Host: real.Host}) }, ErrorLog: discard}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(b))
		m, _, err := ipp.Decode(b)
		if err != nil || m.Code != ipp.SendDocument || spoilt {
			forward.ServeHTTP(w, r)
			return
		}
		spoilt = true
		if spoil(r) {
			forward.ServeHTTP(httptest.NewRecorder(), r)
		}
		panic(http.ErrAbortHandler)
	}))
	t.Cleanup(s.Close)
	return "ipp://" + strings.TrimPrefix(s.URL, "http://") + real.Path
}

func (p realPrinter) answerIsLost(t *testing.T) {
	ctx, _ := inTime(t)
	j := document("2")
	uri := p.between(t, func(*http.Request) bool { return true })
	_, err := p.queue(t, uri).Submit(ctx, j)
	if f := (*Failure)(nil); !errors.As(err, &f) || !f.Unclear {
		t.Fatal(err)
	}
	j.Again = true
	if st, err := p.queue(t, uri).Submit(ctx, j); err != nil || st.State == Unknown {
		t.Errorf("%+v, %v", st, err)
	}
	if st := p.until(t, j.Key, final); st.State != Printed || p.copies(t, j) != 1 {
		t.Errorf("%+v, %d copies", st, p.copies(t, j))
	}
}

func (p realPrinter) documentIsLost(t *testing.T) {
	ctx, _ := inTime(t)
	j := document("3")
	uri := p.between(t, func(*http.Request) bool { return false })
	_, err := p.queue(t, uri).Submit(ctx, j)
	if f := (*Failure)(nil); !errors.As(err, &f) || !f.Unclear {
		t.Fatal(err)
	}
	if st := p.until(t, j.Key, func(Status) bool { return true }); st.State != Opened {
		t.Errorf("%+v", st)
	}
	j.Again = true
	p.goesOn(t, p.queue(t, uri), j)
}

// goesOn: with a printer that says how many documents a job has, one job is closed and another printed; with the other kind it is canceled, and
// goes out under a new key.
func (p realPrinter) goesOn(t *testing.T, q *Queue, j Job) {
	t.Helper()
	ctx, _ := inTime(t)
	st, err := q.Submit(ctx, j)
	if err != nil {
		t.Fatal(err)
	}
	if !p.Counts {
		if st.State != Canceled || p.copies(t, j) != 0 {
			t.Fatalf("%+v, %d copies", st, p.copies(t, j))
		}
		j.Key, j.Again = j.Key+"-b", false
		if _, err := q.Submit(ctx, j); err != nil {
			t.Fatal(err)
		}
	}
	if st := p.until(t, j.Key, final); st.State != Printed || p.copies(t, j) != 1 {
		t.Errorf("%+v, %d copies", st, p.copies(t, j))
	}
}

func (p realPrinter) openedAndLeft(t *testing.T) {
	ctx, _ := inTime(t)
	j := document("4")
	q := p.queue(t, p.URI)
	if _, err := q.open(ctx, j); err != nil {
		t.Fatal(err)
	}
	p.goesOn(t, q, j)
}

func (p realPrinter) uncountedSheets(t *testing.T) {
	ctx, _ := inTime(t)
	if err := os.WriteFile(p.Uncounted, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	j := document("5")
	if _, err := p.queue(t, p.URI).Submit(ctx, j); err != nil {
		t.Fatal(err)
	}
	st := p.until(t, j.Key, func(st Status) bool { return st.State.Final() || st.State == Unknown })
	if p.Counts {
		// CUPS counts a sheet of its own where its backend counted none; only the pages of the document tell that it is not true.
		if st.State != Printed || st.Sheets != 1 {
			t.Errorf("%+v", st)
		}
		return
	}
	if st.State != Unknown || !strings.Contains(st.Meaning.EN, "counts no sheet") {
		t.Errorf("%+v", st)
	}
}
