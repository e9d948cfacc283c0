package printing

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"log"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
)

var discard = log.New(io.Discard, "", 0)

// TestJobsThatAreRefused: by both printers, before anything is sent or written.
func TestJobsThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Job)
		field  string
	}{
		"other bytes than were approved":       {func(j *Job) { j.PDF = append([]byte{}, j.PDF...); j.PDF[9] ^= 1 }, "pdf"},
		"another digest":                       {func(j *Job) { j.SHA256[0] ^= 1 }, "pdf"},
		"cut off":                              {func(j *Job) { *j = approved(*j, string(j.PDF[:12])) }, "pdf"},
		"no PDF":                               {func(j *Job) { *j = approved(*j, "<p>%%EOF") }, "pdf"},
		"too large":                            {func(j *Job) { *j = approved(*j, "%PDF-"+strings.Repeat(" ", largest)+"%%EOF") }, "pdf"},
		"no key":                               {func(j *Job) { j.Key = "" }, "key"},
		"a short key":                          {func(j *Job) { j.Key = "1234567" }, "key"},
		"a long key":                           {func(j *Job) { j.Key = strings.Repeat("k", 65) }, "key"},
		"a key with a space":                   {func(j *Job) { j.Key = "issue 00001" }, "key"},
		"a key that leads out of the folder":   {func(j *Job) { j.Key = "../../issue-1" }, "key"},
		"a name for a key":                     {func(j *Job) { j.Key = "山田太郎山田太郎" }, "key"},
		"a resident record code for a key":     {func(j *Job) { j.Key = "12345678901" }, "key"},
		"an individual number for a key":       {func(j *Job) { j.Key = "1234-5678-9012" }, "key"},
		"a title that is none":                 {func(j *Job) { j.Title = 99 }, "title"},
		"a title that is none, before all":     {func(j *Job) { j.Title = -1 }, "title"},
		"a key that ends on a hyphen":          {func(j *Job) { j.Key = "issue-0001-" }, "key"},
		"a key with a line's end":              {func(j *Job) { j.Key = "issue-0001\n" }, "key"},
		"a key that begins as a hidden file's": {func(j *Job) { j.Key = ".issue-0001" }, "key"},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDevice(t)
			dir := t.TempDir()
			f, err := NewFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			ctx, _ := inTime(t)
			j := document("1")
			c.change(&j)
			for _, p := range []Printer{d.queue(), f} {
				st, err := p.Submit(ctx, j)
				problems, _ := plain.AsProblems(err)
				if len(problems) != 1 || problems[0].Field != c.field || problems[0].JA == "" || problems[0].EN == "" || st.State != Unknown {
					t.Errorf("%+v, %v", st, err)
				}
				if c.field == "key" {
					if st, err := p.Status(ctx, j.Key); err == nil || st.State != Unknown {
						t.Errorf("status: %+v", st)
					}
				}
			}
			if len(d.requests()) > 0 || len(files(t, dir)) > 0 {
				t.Errorf("%d requests, files %v", len(d.requests()), files(t, dir))
			}
		})
	}
}

// approved gives a job other bytes, with their digest.
func approved(j Job, text string) Job {
	j.PDF, j.SHA256 = []byte(text), sha256.Sum256([]byte(text))
	return j
}

func TestKeys(t *testing.T) {
	for _, key := range []string{"issue-00", "1234567890", "1234567890123", "k1234567-8901", strings.Repeat("k", 64)} {
		if err := checkKey(key); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
}

func TestADeadlineIsWanted(t *testing.T) {
	f, err := NewFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	d := newDevice(t)
	for _, p := range []Printer{d.queue(), f} {
		if _, err := p.Submit(context.Background(), document("1")); !errors.Is(err, errNoDeadline) {
			t.Errorf("%T: %v", p, err)
		}
		if _, err := p.Status(context.Background(), document("1").Key); !errors.Is(err, errNoDeadline) {
			t.Errorf("%T: %v", p, err)
		}
	}
}

// TestFailuresHoldNothingOfTheDocument: they are written to logs.
func TestFailuresHoldNothingOfTheDocument(t *testing.T) {
	d := newDevice(t)
	ctx, _ := inTime(t)
	for how, answer := range noAnswers(func() {}) {
		d.fail(0x0006, fault{true, answer})
		_, err := d.queue().Submit(ctx, document(strings.Map(func(r rune) rune {
			if r >= 'a' && r <= 'z' {
				return r
			}
			return 'x'
		}, how)))
		if err == nil || strings.Contains(err.Error(), "PDF-") || strings.Contains(err.Error(), "issue-") {
			t.Errorf("%s: %v", how, err)
		}
	}
}
