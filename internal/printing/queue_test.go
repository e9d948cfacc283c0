package printing

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing/ipp"
)

var (
	_ Printer = (*Queue)(nil)
	_ Printer = (*Folder)(nil)
)

func TestAJobIsPrinted(t *testing.T) {
	d := newDevice(t)
	q := d.queue()
	ctx, _ := inTime(t)
	j := document("1")
	st, err := q.Submit(ctx, j)
	if err != nil || st.State != Queued {
		t.Fatalf("%+v, %v", st, err)
	}
	var at deviceJob
	d.set(func() { at = *d.jobs[0] })
	if string(at.documents[0]) != string(j.PDF) || at.name != "issue-00001 住民票の写し" {
		t.Errorf("the printer has %q as %q", at.documents[0], at.name)
	}
	for _, c := range []struct {
		change func()
		want   State
	}{
		{func() {}, Queued},
		{func() { d.jobs[0].state = ipp.JobProcessing }, Printing},
		{func() { d.reasons = []string{"media-jam-error"} }, Stopped},
		{func() { d.reasons, d.state = nil, ipp.PrinterStopped }, Stopped},
		{func() { d.state, d.jobs[0].state, d.jobs[0].sheets = 4, ipp.JobCompleted, 3 }, Printed},
	} {
		d.set(c.change)
		if st, err = q.Status(ctx, j.Key); err != nil || st.State != c.want {
			t.Errorf("%+v, %v; want %s", st, err, c.want)
		}
	}
	if st.Sheets != 3 {
		t.Errorf("%d sheets", st.Sheets)
	}
	if st, err := q.Submit(ctx, j); err != nil || st.State != Printed || d.copies() != 1 {
		t.Errorf("submitted again: %+v, %v, %d copies", st, err, d.copies())
	}
	for _, key := range []string{"issue-0000", "issue-000011", "issue-00002"} { // a part of the key, more than it, another
		if st, err := q.Status(ctx, key); err != nil || st.State != Unknown {
			t.Errorf("%s: %+v, %v", key, st, err)
		}
	}
}

// TestFaults: each request fails in each way, once without and once with what it asked for done; then the normal path is called again,
// by a process that knows nothing but the key and what Submit came to. At the end there is one copy.
func TestFaults(t *testing.T) {
	for _, operation := range []int{ipp.GetPrinterAttributes, ipp.GetJobs, ipp.CreateJob, ipp.SendDocument} {
		for _, applied := range []bool{false, true} {
			for how := range noAnswers(nil) {
				t.Run(fmt.Sprintf("%#x applied=%v %s", operation, applied, how), func(t *testing.T) {
					t.Parallel()
					d := newDevice(t)
					ctx, gone := inTime(t)
					d.fail(operation, fault{applied, noAnswers(gone)[how]})
					j := document("1")
					st, err := d.queue().Submit(ctx, j)
					var f *Failure
					if !errors.As(err, &f) || st.State != Unknown || f.JA == "" || f.EN == "" {
						t.Fatalf("%+v, %v", st, err)
					}
					if sent := operation == ipp.SendDocument; f.Unclear != sent {
						t.Fatalf("unclear %v: %v", f.Unclear, err)
					}
					if want := map[bool]int{true: 1}[applied && f.Unclear]; d.copies() != want {
						t.Fatalf("%d copies, want %d", d.copies(), want)
					}

					ctx, _ = inTime(t)
					j.Again = f.Unclear
					if f.Unclear {
						want := map[bool]State{true: Queued, false: Opened}[applied]
						if st, err := d.queue().Status(ctx, j.Key); err != nil || st.State != want {
							t.Fatalf("%+v, %v; want %s", st, err, want)
						}
					}
					if st, err := d.queue().Submit(ctx, j); err != nil || st.State != Queued {
						t.Fatalf("again: %+v, %v", st, err)
					}
					d.finish()
					if st, err := d.queue().Status(ctx, j.Key); err != nil || st.State != Printed || d.copies() != 1 {
						t.Errorf("%+v, %v, %d copies", st, err, d.copies())
					}
				})
			}
		}
	}
}

// TestFaultsWhereAJobIsTakenBack: the same for the requests that are made only where a job lies open.
func TestFaultsWhereAJobIsTakenBack(t *testing.T) {
	for _, operation := range []int{ipp.CancelJob, ipp.GetJobAttributes} {
		for _, applied := range []bool{false, true} {
			for how := range noAnswers(nil) {
				t.Run(fmt.Sprintf("%#x applied=%v %s", operation, applied, how), func(t *testing.T) {
					t.Parallel()
					d := newDevice(t)
					j := document("1")
					d.lastID, d.jobs = 7, []*deviceJob{{id: 7, state: ipp.JobPendingHeld, name: jobName(j.Key, j.Title), reasons: []string{"job-incoming"}}}
					ctx, gone := inTime(t)
					d.fail(operation, fault{applied, noAnswers(gone)[how]})
					st, err := d.queue().Submit(ctx, j)
					if f := (*Failure)(nil); err != nil && (!errors.As(err, &f) || f.Unclear) || d.copies() != 0 && err != nil {
						t.Fatalf("%+v, %v, %d copies", st, err, d.copies())
					}
					ctx, _ = inTime(t)
					st, err = d.queue().Submit(ctx, j)
					if err != nil || st.State != Queued || d.copies() != 1 {
						t.Errorf("again: %+v, %v, %d copies", st, err, d.copies())
					}
				})
			}
		}
	}
}

// TestWhatIsForgottenIsNotPrintedAgain: the answer to the document is lost, it is printed, and the printer forgets it.
func TestWhatIsForgottenIsNotPrintedAgain(t *testing.T) {
	d := newDevice(t)
	ctx, _ := inTime(t)
	d.fail(ipp.SendDocument, fault{true, noAnswers(nil)["the line is cut"]})
	j := document("1")
	if _, err := d.queue().Submit(ctx, j); err == nil {
		t.Fatal("no error")
	}
	d.finish()
	if d.copies() != 1 {
		t.Fatalf("%d copies", d.copies())
	}
	d.set(func() { d.jobs = nil })
	if st, err := d.queue().Status(ctx, j.Key); err != nil || st.State != Unknown {
		t.Errorf("%+v, %v", st, err)
	}
	j.Again = true
	if st, err := d.queue().Submit(ctx, j); err != nil || st.State != Unknown || d.copies() != 0 {
		t.Errorf("%+v, %v, %d more copies", st, err, d.copies())
	}
}

// TestALateDocument: a document is still on its way when the job is gone on with. It arrives after the job was taken back, or before that.
func TestALateDocument(t *testing.T) {
	for _, c := range []struct {
		name      string
		arrivesAt int // of the later requests
		want      State
	}{
		{"after another was sent", -1, Queued},
		{"just before the job is taken back", ipp.CancelJob, Canceled},
		{"just before another is opened", ipp.CreateJob, Queued},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := newDevice(t)
			ctx, gone := inTime(t)
			arrived, goOn, landed, done := make(chan struct{}), make(chan struct{}), make(chan struct{}), make(chan struct{})
			var send, release sync.Once
			late := false // of the request that is done now
			d.before = func(operation int) (after func()) {
				if operation == ipp.SendDocument {
					first := false
					send.Do(func() { first = true })
					if first {
						late = true
						close(arrived)
						gone()
						<-goOn
						return func() { close(landed) }
					}
				} else if late && operation == c.arrivesAt {
					release.Do(func() { close(goOn) })
					<-landed
				}
				return nil
			}
			j := document("1")
			go func() {
				defer close(done)
				if _, err := d.queue().Submit(ctx, j); err == nil {
					t.Error("no error")
				}
			}()
			<-arrived
			<-done
			j.Again = true
			ctx, _ = inTime(t)
			st, err := d.queue().Submit(ctx, j)
			release.Do(func() { close(goOn) })
			<-landed
			if err != nil || st.State != c.want || d.copies() != 1 {
				t.Errorf("%+v, %v, %d copies", st, err, d.copies())
			}
		})
	}
}

// TestWhoSaysNothingOfDocuments: where a printer does not say how many documents a job has, a job that was taken back is not followed by another.
func TestWhoSaysNothingOfDocuments(t *testing.T) {
	d := newDevice(t)
	d.uncounted = true
	ctx, _ := inTime(t)
	d.fail(ipp.SendDocument, fault{false, noAnswers(nil)["the line is cut"]})
	j := document("1")
	if _, err := d.queue().Submit(ctx, j); err == nil {
		t.Fatal("no error")
	}
	j.Again = true
	if st, err := d.queue().Submit(ctx, j); err != nil || st.State != Canceled || d.copies() != 0 {
		t.Errorf("%+v, %v, %d copies", st, err, d.copies())
	}
}

func TestTwoAtOnceAreOneCopy(t *testing.T) {
	d := newDevice(t)
	ctx, _ := inTime(t)
	q := d.queue()
	j := document("1")
	inside := false
	d.before = func(operation int) func() {
		if operation == ipp.CreateJob && !inside {
			inside = true
			if st, err := q.Submit(ctx, j); err == nil {
				t.Errorf("the second came to %+v", st)
			}
		}
		return nil
	}
	if st, err := q.Submit(ctx, j); err != nil || st.State != Queued || d.copies() != 1 || !inside {
		t.Errorf("%+v, %v, %d copies", st, err, d.copies())
	}
}

// TestRefusals: nothing is sent, and the sentence says what to do.
func TestRefusals(t *testing.T) {
	status := func(code uint16) func(http.ResponseWriter, ipp.Message) {
		return func(w http.ResponseWriter, a ipp.Message) {
			a.Code, a.Groups = code, a.Groups[:1]
			reply(w, a)
		}
	}
	web := func(code int) func(http.ResponseWriter, ipp.Message) {
		return func(w http.ResponseWriter, _ ipp.Message) { w.WriteHeader(code) }
	}
	for name, c := range map[string]struct {
		change  func(*device)
		unclear bool
		says    string
	}{
		"it accepts no jobs":         {func(d *device) { d.accepting = false }, false, "accepts no jobs"},
		"it takes no PDF":            {func(d *device) { d.formats = "text/plain" }, false, "does not take PDF"},
		"it cannot open a job":       {func(d *device) { d.lacks = ipp.CreateJob }, false, "Create-Job"},
		"it cannot cancel":           {func(d *device) { d.lacks = ipp.CancelJob }, false, "Create-Job"},
		"who are you":                {func(d *device) { d.fail(ipp.GetPrinterAttributes, fault{answer: web(401)}) }, false, "who may use it"},
		"no such queue":              {func(d *device) { d.fail(ipp.GetJobs, fault{answer: status(ipp.StatusNotFound)}) }, false, "its address"},
		"busy":                       {func(d *device) { d.fail(ipp.CreateJob, fault{answer: status(ipp.StatusBusy)}) }, false, "busy"},
		"not accepting any more":     {func(d *device) { d.fail(ipp.CreateJob, fault{answer: status(ipp.StatusNotAcceptingJobs)}) }, false, "accepts no jobs"},
		"not this document":          {func(d *device) { d.fail(ipp.SendDocument, fault{answer: status(0x040a)}) }, false, "refused"},
		"too large":                  {func(d *device) { d.fail(ipp.SendDocument, fault{answer: web(413)}) }, false, "refused"},
		"has a document already":     {func(d *device) { d.fail(ipp.SendDocument, fault{answer: status(ipp.StatusNotPossible)}) }, true, "not known"},
		"the job timed out":          {func(d *device) { d.fail(ipp.SendDocument, fault{answer: status(ipp.StatusTimeout)}) }, true, "not known"},
		"the job is gone":            {func(d *device) { d.fail(ipp.SendDocument, fault{answer: status(ipp.StatusNotFound)}) }, true, "not known"},
		"busy with the document":     {func(d *device) { d.fail(ipp.SendDocument, fault{answer: status(ipp.StatusBusy)}) }, true, "not known"},
		"a gateway waits too long":   {func(d *device) { d.fail(ipp.SendDocument, fault{answer: web(408)}) }, true, "not known"},
		"the answer is of job 99":    {func(d *device) { d.fail(ipp.SendDocument, fault{true, ofJob99}) }, true, "another job"},
		"the opened job has no id":   {func(d *device) { d.fail(ipp.CreateJob, fault{answer: status(ipp.StatusOK)}) }, false, "cannot be read"},
		"one of version 3":           {func(d *device) { d.fail(ipp.CreateJob, fault{true, version3}) }, false, "cannot be read"},
		"a job without a state":      {withoutState, false, "cannot be read"},
		"the printer tells no state": {func(d *device) { d.fail(ipp.GetPrinterAttributes, fault{answer: status(ipp.StatusOK)}) }, false, "cannot be read"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t)
			c.change(d)
			ctx, _ := inTime(t)
			st, err := d.queue().Submit(ctx, document("1"))
			var f *Failure
			if !errors.As(err, &f) || f.Unclear != c.unclear || !strings.Contains(f.EN, c.says) || f.JA == "" || st.State != Unknown {
				t.Errorf("%+v, %v", st, err)
			}
			if strings.HasPrefix(name, "it ") && len(d.requests()) != 1 {
				t.Errorf("it was asked %x", d.requests())
			}
		})
	}
}

func ofJob99(w http.ResponseWriter, a ipp.Message) {
	a.Groups[1].Attributes[0] = ipp.Ints(ipp.Integer, "job-id", 99)
	reply(w, a)
}

func version3(w http.ResponseWriter, a ipp.Message) {
	a.Major = 3
	reply(w, a)
}

func withoutState(d *device) {
	d.fail(ipp.GetJobs, fault{answer: func(w http.ResponseWriter, a ipp.Message) {
		a.Code = ipp.StatusOK
		a.Groups = append(a.Groups, ipp.Group{Tag: ipp.JobGroup, Attributes: []ipp.Attribute{
			ipp.Ints(ipp.Integer, "job-id", 5), ipp.Strings(ipp.Name, "job-name", document("1").Key)}})
		reply(w, a)
	}})
}

// TestNoAnswerIsNoStatus: who cannot be asked leaves the job Unknown, never anything else.
func TestNoAnswerIsNoStatus(t *testing.T) {
	for _, operation := range []int{ipp.GetJobs, ipp.GetPrinterAttributes} {
		for how := range noAnswers(nil) {
			d := newDevice(t)
			ctx, gone := inTime(t)
			j := document("1")
			if _, err := d.queue().Submit(ctx, j); err != nil {
				t.Fatal(err)
			}
			d.fail(operation, fault{true, noAnswers(gone)[how]})
			st, err := d.queue().Status(ctx, j.Key)
			if f := (*Failure)(nil); !errors.As(err, &f) || st.State != Unknown || !strings.Contains(f.EN, "not known") {
				t.Errorf("%s: %+v, %v", how, st, err)
			}
		}
	}
}

// TestAJobThatEndsBetweenTheQuestions is in one of the two answers.
func TestAJobThatEndsBetweenTheQuestions(t *testing.T) {
	d := newDevice(t)
	ctx, _ := inTime(t)
	j := document("1")
	if _, err := d.queue().Submit(ctx, j); err != nil {
		t.Fatal(err)
	}
	asked := 0
	d.before = func(operation int) func() {
		if operation == ipp.GetJobs {
			if asked++; asked == 2 {
				d.finish()
			}
		}
		return nil
	}
	if st, err := d.queue().Status(ctx, j.Key); err != nil || st.State != Printed {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestNothingIsSentElsewhere(t *testing.T) {
	ctx, _ := inTime(t)
	elsewhere := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		b, _ := io.ReadAll(r.Body)
		t.Errorf("elsewhere came %q", b)
	}))
	defer elsewhere.Close()
	for _, code := range []int{http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect} {
		d := newDevice(t)
		d.fail(ipp.SendDocument, fault{answer: func(w http.ResponseWriter, _ ipp.Message) {
			w.Header().Set("Location", elsewhere.URL)
			w.WriteHeader(code)
		}})
		if _, err := d.queue().Submit(ctx, document("1")); err == nil || d.copies() != 0 {
			t.Errorf("%v, %d copies", err, d.copies())
		}
	}

	if newDevice(t).queue().line.client.Transport.(*http.Transport).Proxy != nil {
		t.Error("a proxy is asked for the way")
	}

	// Addresses of documentation (RFC 5737, RFC 3849), at which nobody is: the connection is not even tried.
	for _, uri := range []string{"ipp://192.0.2.7/ipp/print", "ipp://[2001:db8::7]/ipp/print"} {
		q, err := NewQueue(QueueConfig{URI: uri, User: "akashi"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = q.Submit(ctx, document("1"))
		if f := (*Failure)(nil); !errors.As(err, &f) || !errors.Is(err, errAbroad) || !strings.Contains(f.EN, "ipps://") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}

func TestEncrypted(t *testing.T) {
	ctx, _ := inTime(t)
	d := newDevice(t)
	s := httptest.NewUnstartedServer(d)
	s.Config.ErrorLog = discard
	s.StartTLS()
	defer s.Close()
	d.uri = strings.Replace(s.URL, "https://", "ipps://", 1) + "/ipp/print"
	if _, err := d.queue().Submit(ctx, document("1")); err == nil || len(d.requests()) > 0 {
		t.Errorf("for a printer for whom nobody vouches: %v, %d requests", err, len(d.requests()))
	}
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	q, err := NewQueue(QueueConfig{URI: d.uri, User: "akashi", Roots: roots})
	if err != nil {
		t.Fatal(err)
	}
	if st, err := q.Submit(ctx, document("1")); err != nil || st.State != Queued {
		t.Errorf("%+v, %v", st, err)
	}
}

func TestAddresses(t *testing.T) {
	for _, c := range []struct{ uri, user, field string }{
		{"ipp://printer.local/ipp/print", "akashi", ""},
		{"ipps://printer.example:8631/printers/counter", "akashi", ""},
		{"http://printer.local/ipp/print", "akashi", "printer"},
		{"ipp:///ipp/print", "akashi", "printer"},
		{"ipp://someone:secret@printer.local/", "akashi", "printer"},
		{"ipp://printer.local/?x=1", "akashi", "printer"},
		{"://", "akashi", "printer"},
		{"ipp://printer.local/", "", "user"},
		{"ipp://printer.local/", "山田", "user"},
	} {
		_, err := NewQueue(QueueConfig{URI: c.uri, User: c.user})
		problems, _ := plain.AsProblems(err)
		if c.field == "" && err == nil {
			continue
		}
		if len(problems) != 1 || problems[0].Field != c.field || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s as %s: %v", c.uri, c.user, err)
		}
	}
}
