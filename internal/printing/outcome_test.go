package printing

import (
	"fmt"
	"strings"
	"testing"
	"unicode"

	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// TestStates: what a printer says, and what is said of it.
func TestStates(t *testing.T) {
	const no = -1
	for _, c := range []struct {
		state                          int
		reasons                        string
		documents, sheets, impressions int
		printer                        string // printer-state and printer-state-reasons
		want                           State
	}{
		{ipp.JobPending, "none", 1, no, no, "3 none", Queued},
		{ipp.JobPending, "none", no, no, no, "3 none", Queued},
		{ipp.JobPending, "job-incoming", no, no, no, "3 none", Opened},
		{ipp.JobPending, "job-data-insufficient", no, no, no, "3 none", Opened},
		{ipp.JobPending, "job-incoming", 1, no, no, "3 none", Queued},
		{ipp.JobPending, "none", 0, no, no, "3 none", Opened},
		{ipp.JobPendingHeld, "job-incoming", 0, no, no, "5 paused", Opened},
		{ipp.JobPendingHeld, "job-hold-until-specified", 1, no, no, "3 none", Stopped},
		{ipp.JobPending, "none", 1, no, no, "5 paused", Stopped},
		{ipp.JobPending, "none", 1, no, no, "5 none", Stopped},
		{ipp.JobProcessing, "job-printing", 1, 0, 0, "4 none", Printing},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 media-low-report toner-low", Printing},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 connecting-to-device cups-waiting-for-job-completed", Printing},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 media-jam-error", Stopped},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 media-jam", Stopped},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 media-empty-warning", Printing},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 door-open-error", Stopped},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 flux-capacitor-error", Stopped},
		{ipp.JobProcessing, "job-printing", 1, 1, 1, "4 flux-capacitor", Stopped},
		{ipp.JobProcessing, "flux-capacitor", 1, 1, 1, "4 none", Printing},
		{ipp.JobProcessingStopped, "printer-stopped", 1, 1, 1, "4 none", Stopped},
		{ipp.JobProcessingStopped, "", 1, 1, 1, "4", Stopped},
		{ipp.JobCanceled, "job-canceled-by-user", 1, 0, 0, "3 none", Canceled},
		{ipp.JobAborted, "aborted-by-system", 1, 0, 0, "3 none", Aborted},
		{ipp.JobCompleted, "job-completed-successfully", 1, 2, 2, "3 none", Printed},
		{ipp.JobCompleted, "none", no, no, no, "3 none", Printed},
		{ipp.JobCompleted, "", no, no, 2, "3", Printed},
		{ipp.JobCompleted, "job-completed-successfully", 1, 2, 2, "5 media-empty-error", Printed}, // the next one's trouble
		{ipp.JobCompleted, "job-completed-successfully", 1, 0, 0, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-successfully", 1, 0, 2, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-successfully", 1, no, 0, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-successfully", 0, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "queued-in-device", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-successfully queued-in-device", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-with-errors", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "completed-with-errors", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-with-warnings", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "job-completed-successfully warnings-detected", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "document-format-error", 1, 2, 2, "3 none", Unknown},
		{ipp.JobCompleted, "processing-to-stop-point", 1, 2, 2, "3 none", Printed}, // CUPS 2.4
		{ipp.JobCanceled, "processing-to-stop-point", 1, 2, 2, "3 none", Canceled},
		{ipp.JobCompleted, "job-canceled-at-device", 1, 2, 2, "3 none", Unknown},
		{0, "none", 1, 2, 2, "3 none", Unknown},
		{10, "none", 1, 2, 2, "3 none", Unknown},
		{-1, "job-completed-successfully", 1, 2, 2, "3 none", Unknown},
	} {
		words := strings.Fields(c.printer)
		p := printer{state: int(words[0][0] - '0'), reasons: words[1:]}
		st := interpret(job{1, c.state, strings.Fields(c.reasons), c.documents, c.sheets, c.impressions}, p)
		if st.State != c.want || st.Meaning.JA == "" || st.Meaning.EN == "" {
			t.Errorf("%+v: %s, %q", c, st.State, st.Meaning)
		}
		if final := c.want == Printed || c.want == Aborted || c.want == Canceled; st.State.Final() != final {
			t.Errorf("%s: final %v", st.State, st.State.Final())
		}
	}
}

func TestWhatStopsItIsInTheMeaning(t *testing.T) {
	st := interpret(job{1, ipp.JobProcessing, nil, 1, 1, 1}, printer{4, []string{"toner-low-report", "media-low", "media-jam-error", "door-open"}, true, nil, nil})
	if st.State != Stopped || !strings.Contains(st.Meaning.JA, "紙が詰まっています") || !strings.Contains(st.Meaning.EN, "A door is open") || !strings.Contains(st.Meaning.EN, "little paper") || strings.Contains(st.Meaning.EN, "toner") {
		t.Errorf("%+v", st)
	}
	for _, c := range []struct {
		state int
		want  string
	}{{ipp.JobCanceled, "3 sheets"}, {ipp.JobAborted, "3 sheets"}} {
		if st := interpret(job{1, c.state, nil, 1, 3, -1}, printer{}); !strings.Contains(st.Meaning.EN, c.want) || !strings.Contains(st.Meaning.JA, "3枚") {
			t.Errorf("%+v", st)
		}
	}
}

// TestJobsOfOneKey: several jobs that bear it.
func TestJobsOfOneKey(t *testing.T) {
	printed := job{1, ipp.JobCompleted, nil, 1, 2, 2}
	queued := job{2, ipp.JobPending, nil, 1, 0, 0}
	empty := job{3, ipp.JobAborted, []string{"aborted-by-system"}, 0, 0, 0}
	open := job{4, ipp.JobPendingHeld, []string{"job-incoming"}, 0, 0, 0}
	for _, c := range []struct {
		found []job
		want  State
	}{
		{[]job{printed}, Printed},
		{[]job{printed, empty}, Printed},
		{[]job{empty, printed}, Printed},
		{[]job{empty, empty, queued}, Queued},
		{[]job{empty}, Aborted},
		{[]job{empty, open}, Opened},
		{[]job{printed, printed}, Unknown},
		{[]job{printed, queued}, Unknown},
		{[]job{printed, open}, Unknown},
		{nil, ""},
	} {
		if st := together(c.found, printer{}); st.State != c.want {
			t.Errorf("%v: %s, want %s", c.found, st.State, c.want)
		}
	}
}

func TestReasonsAreInWords(t *testing.T) {
	for _, c := range []struct {
		of, printer string
		want        string // keyword/severity …
	}{
		{"none", "none", ""},
		{"", "media-jam-error", "media-jam/3"},
		{"", "media-jam-report", "media-jam/1"},
		{"", "media-low door-open-error", "door-open/3 media-low/2"},
		{"", "media-empty media-empty-error media-empty-report", "media-empty/3"},
		{"job-hold-until-specified", "paused", "paused/3 job-hold-until-specified/3"},
		{"document-format-error", "", "document-format-error/3"},
		{"", "offline-report", "offline/1"},
		{"", "cups-waiting-for-job-completed cups-missing-filter-error", "cups-missing-filter/3 cups-waiting-for-job-completed/1"},
		{"strange", "stranger", "stranger/3 strange/1"},
		{"", "<script>", "/3"},
		{"", "media-jam<br>", "/3"},
	} {
		var got []string
		for _, r := range reasonsOf(strings.Fields(c.of), strings.Fields(c.printer)) {
			got = append(got, fmt.Sprintf("%s/%d", r.Keyword, r.Severity))
			if r.JA == "" || r.EN == "" || strings.ContainsAny(r.JA+r.EN, "<>") {
				t.Errorf("%v", r)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%q, %q: %v, want %s", c.of, c.printer, got, c.want)
		}
	}
	many := make([]string, 10_000)
	for i := range many {
		many[i] = fmt.Sprintf("reason-%d", i)
	}
	if got := len(reasonsOf(many, many)); got != mostReasons {
		t.Errorf("%d reasons", got)
	}
	for word, w := range reasonWords {
		if !strings.HasSuffix(w.ja, "。") || !strings.HasSuffix(w.en, ".") || w.severity < Report || w.severity > Error || !keyword.MatchString(word) ||
			strings.ContainsFunc(w.en, func(r rune) bool { return r > unicode.MaxASCII }) {
			t.Errorf("%s: %+v", word, w)
		}
	}
}

// FuzzAnswer: whatever a printer answers is an error or has a state that there is, and printed needs job-state 9.
func FuzzAnswer(f *testing.F) {
	answer := func(attributes ...ipp.Attribute) []byte {
		b, err := ipp.Message{Major: 2, RequestID: 1, Groups: []ipp.Group{
			{Tag: ipp.OperationGroup, Attributes: []ipp.Attribute{ipp.Strings(ipp.Charset, "attributes-charset", "utf-8")}},
			{Tag: ipp.JobGroup, Attributes: attributes},
			{Tag: ipp.PrinterGroup, Attributes: []ipp.Attribute{ipp.Ints(ipp.Enum, "printer-state", 5), ipp.Strings(ipp.Keyword, "printer-state-reasons", "media-jam")}}}}.Encode()
		if err != nil {
			f.Fatal(err)
		}
		return b
	}
	for state := range int32(11) {
		f.Add(answer(ipp.Ints(ipp.Integer, "job-id", 1), ipp.Ints(ipp.Enum, "job-state", state),
			ipp.Strings(ipp.Keyword, "job-state-reasons", "queued-in-device", "job-incoming"), ipp.Ints(ipp.Integer, "job-media-sheets-completed", 1)))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := readAnswer(b, 1)
		if err != nil {
			return
		}
		var p printer
		for _, g := range groups(m, ipp.PrinterGroup) {
			p = printer{state: g.Int("printer-state", 0), reasons: g.Strings("printer-state-reasons")}
		}
		for _, g := range groups(m, ipp.JobGroup) {
			at, err := readJob(g)
			if err != nil {
				continue
			}
			st := interpret(at, p)
			switch st.State {
			case Printed:
				if at.state != ipp.JobCompleted || at.sheets == 0 {
					t.Errorf("%+v is printed", at)
				}
			case Unknown, Opened, Queued, Printing, Stopped, Aborted, Canceled:
			default:
				t.Errorf("%+v is %q", at, st.State)
			}
			if st.Meaning.JA == "" || st.Meaning.EN == "" || len(st.Reasons) > mostReasons || st.Sheets < 0 || st.Impressions < 0 {
				t.Errorf("%+v", st)
			}
		}
	})
}
