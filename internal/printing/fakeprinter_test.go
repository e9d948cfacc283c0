package printing

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// device is a printer of software that keeps to RFC 8011, and fails as it is told. It fails the test when a request is not as the RFC wants it.
type device struct {
	t   *testing.T
	uri string

	mu        sync.Mutex
	jobs      []*deviceJob
	lastID    int
	state     int
	reasons   []string
	accepting bool
	lacks     int    // an operation that it does not support
	formats   string // the one kind of document that it takes
	uncounted bool   // it says nothing of number-of-documents
	faults    map[int]fault
	before    func(operation int) (after func()) // called before a request is done
	asked     []int
}

type deviceJob struct {
	id, state, sheets int
	name              string
	documents         [][]byte
	reasons           []string
}

// fault happens to the next request of an operation. With applied, what was asked for is done all the same.
type fault struct {
	applied bool
	answer  func(w http.ResponseWriter, answer ipp.Message)
}

func newDevice(t *testing.T) *device {
	d := &device{t: t, state: 3, accepting: true, formats: pdf, faults: map[int]fault{}}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	d.uri = strings.Replace(s.URL, "http://", "ipp://", 1) + "/ipp/print"
	return d
}

func (d *device) queue() *Queue {
	d.t.Helper()
	q, err := NewQueue(QueueConfig{URI: d.uri, User: "akashi"})
	if err != nil {
		d.t.Fatal(err)
	}
	return q
}

// copies is how many documents the device was given, of which it did not give up before it began.
func (d *device) copies() (n int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, j := range d.jobs {
		n += len(j.documents)
	}
	return n
}

func (d *device) set(change func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	change()
}

func (d *device) fail(operation int, f fault) { d.set(func() { d.faults[operation] = f }) }

// requests are the operations that were asked for.
func (d *device) requests() []int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.asked)
}

// finish brings all that waits to an end.
func (d *device) finish() {
	d.set(func() {
		for _, j := range d.jobs {
			if j.state < ipp.JobCanceled && len(j.documents) > 0 {
				j.state, j.sheets, j.reasons = ipp.JobCompleted, 2, []string{"job-completed-successfully"}
			}
		}
	})
}

func (d *device) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // whoever asked has gone
	}
	m, document, err := ipp.Decode(body)
	if err != nil || r.Method != http.MethodPost || r.URL.Path != "/ipp/print" || r.Header.Get("Content-Type") != "application/ipp" {
		d.t.Errorf("a request that is none: %v, %s %s", err, r.Method, r.URL)
		return
	}
	if d.before != nil {
		if after := d.before(int(m.Code)); after != nil {
			defer after()
		}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.asked = append(d.asked, int(m.Code))
	op := m.Groups[0]
	if op.Tag != ipp.OperationGroup || op.Attributes[0].Name != "attributes-charset" || op.Attributes[1].Name != "attributes-natural-language" ||
		!slices.Equal(op.Strings("printer-uri"), []string{d.uri}) || !slices.Equal(op.Strings("requesting-user-name"), []string{"akashi"}) {
		d.t.Errorf("operation %#x: the first group is %v", m.Code, op)
	}
	f, fails := d.faults[int(m.Code)]
	delete(d.faults, int(m.Code))
	answer := ipp.Message{Major: 2, Code: ipp.StatusInternalError, RequestID: m.RequestID, Groups: []ipp.Group{{Tag: ipp.OperationGroup, Attributes: []ipp.Attribute{
		ipp.Strings(ipp.Charset, "attributes-charset", "utf-8"), ipp.Strings(ipp.Language, "attributes-natural-language", "en")}}}}
	if !fails || f.applied {
		d.do(m, op, document, &answer)
	}
	if fails {
		f.answer(w, answer)
		return
	}
	reply(w, answer)
}

func reply(w http.ResponseWriter, answer ipp.Message) {
	b, err := answer.Encode()
	if err != nil {
		panic(err)
	}
	w.Header().Set("Content-Type", "application/ipp")
	w.Write(b)
}

func (d *device) do(m ipp.Message, op ipp.Group, document []byte, answer *ipp.Message) {
	answer.Code = ipp.StatusOK
	at := (*deviceJob)(nil)
	if id := op.Int("job-id", 0); id != 0 {
		for _, j := range d.jobs {
			if j.id == id {
				at = j
			}
		}
		if at == nil {
			answer.Code = ipp.StatusNotFound
			return
		}
	}
	switch int(m.Code) {
	case ipp.GetPrinterAttributes:
		g := ipp.Group{Tag: ipp.PrinterGroup, Attributes: []ipp.Attribute{
			ipp.Ints(ipp.Enum, "printer-state", int32(d.state)),
			ipp.Strings(ipp.Keyword, "printer-state-reasons", append([]string{}, d.reasonsOrNone()...)...),
			ipp.Bool("printer-is-accepting-jobs", d.accepting),
			ipp.Strings(ipp.MediaType, "document-format-supported", "image/pwg-raster", d.formats),
		}}
		operations := ipp.Attribute{Name: "operations-supported"}
		for _, o := range []int{ipp.CreateJob, ipp.SendDocument, ipp.CancelJob, ipp.GetJobAttributes, ipp.GetJobs, ipp.GetPrinterAttributes} {
			if o != d.lacks {
				operations.Values = append(operations.Values, ipp.Ints(ipp.Enum, "x", int32(o)).Values...)
			}
		}
		g.Attributes = append(g.Attributes, operations)
		answer.Groups = append(answer.Groups, g)
	case ipp.GetJobs:
		if !op.Bool("my-jobs", false) {
			d.t.Error("others' jobs are asked for")
		}
		which := op.Strings("which-jobs")
		for _, j := range d.jobs {
			if (j.state >= ipp.JobCanceled) == slices.Equal(which, []string{"completed"}) {
				answer.Groups = append(answer.Groups, d.group(j))
			}
		}
	case ipp.GetJobAttributes:
		answer.Groups = append(answer.Groups, d.group(at))
	case ipp.CreateJob:
		if !d.accepting {
			answer.Code = ipp.StatusNotAcceptingJobs
			return
		}
		d.lastID++
		at = &deviceJob{id: d.lastID, state: ipp.JobPendingHeld, name: op.Strings("job-name")[0], reasons: []string{"job-incoming"}}
		d.jobs = append(d.jobs, at)
		answer.Groups = append(answer.Groups, d.group(at))
	case ipp.SendDocument:
		if at.state != ipp.JobPendingHeld {
			answer.Code = ipp.StatusNotPossible
			return
		}
		if !op.Bool("last-document", false) || !slices.Equal(op.Strings("document-format"), []string{pdf}) {
			d.t.Errorf("a document is sent as %v", op)
		}
		at.documents = append(at.documents, document)
		at.state, at.reasons = ipp.JobPending, []string{"none"}
		answer.Groups = append(answer.Groups, d.group(at))
	case ipp.CancelJob:
		if at.state >= ipp.JobCanceled {
			answer.Code = ipp.StatusNotPossible
			return
		}
		at.state, at.reasons = ipp.JobCanceled, []string{"job-canceled-by-user"}
	default:
		d.t.Errorf("an operation %#x", m.Code)
	}
}

func (d *device) reasonsOrNone() []string {
	if len(d.reasons) == 0 {
		return []string{"none"}
	}
	return d.reasons
}

func (d *device) group(j *deviceJob) ipp.Group {
	g := ipp.Group{Tag: ipp.JobGroup, Attributes: []ipp.Attribute{
		ipp.Ints(ipp.Integer, "job-id", int32(j.id)),
		ipp.Strings(ipp.Name, "job-name", j.name),
		ipp.Ints(ipp.Enum, "job-state", int32(j.state)),
		ipp.Strings(ipp.Keyword, "job-state-reasons", j.reasons...),
		ipp.Ints(ipp.Integer, "job-media-sheets-completed", int32(j.sheets)),
	}}
	if !d.uncounted {
		g.Attributes = append(g.Attributes, ipp.Ints(ipp.Integer, "number-of-documents", int32(len(j.documents))))
	}
	return g
}

// answers that are no answer, by what is seen of them.
func noAnswers(gone context.CancelFunc) map[string]func(http.ResponseWriter, ipp.Message) {
	return map[string]func(http.ResponseWriter, ipp.Message){
		"the line is cut": func(w http.ResponseWriter, _ ipp.Message) { panic(http.ErrAbortHandler) },
		"too late": func(w http.ResponseWriter, _ ipp.Message) {
			gone()
			panic(http.ErrAbortHandler)
		},
		"HTTP 500": func(w http.ResponseWriter, _ ipp.Message) { w.WriteHeader(500) },
		"a page": func(w http.ResponseWriter, a ipp.Message) { // even one that could be read
			b, _ := a.Encode()
			w.Header().Set("Content-Type", "text/html")
			w.Write(b)
		},
		"half an answer": func(w http.ResponseWriter, a ipp.Message) {
			b, _ := a.Encode()
			w.Header().Set("Content-Type", "application/ipp")
			w.Write(b[:len(b)/2])
		},
		"another's answer": func(w http.ResponseWriter, a ipp.Message) {
			a.RequestID++
			reply(w, a)
		},
		"an answer without end": func(w http.ResponseWriter, a ipp.Message) {
			reply(w, a)
			for range 2 * answerLimit / len(zeros) {
				if _, err := w.Write(zeros); err != nil {
					return
				}
			}
		},
		"an internal error": func(w http.ResponseWriter, a ipp.Message) {
			a.Code, a.Groups = ipp.StatusInternalError, a.Groups[:1]
			reply(w, a)
		},
	}
}

var zeros = bytes.Repeat([]byte{0x21}, 64<<10)

// document is a PDF as far as this package looks at one.
func document(text string) Job {
	b := fmt.Appendf(nil, "%%PDF-1.7\n%s\n%%%%EOF\n", text)
	return Job{Key: "issue-0000" + text, Title: ResidentRecord, PDF: b, SHA256: sha256.Sum256(b)}
}

// inTime is a context whose deadline no test comes to.
func inTime(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx, cancel
}
