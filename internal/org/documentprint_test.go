package org_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
)

// tray is a printer: a folder, before which a test may put a fault.
type tray struct {
	printing.Printer
	submit func(ctx context.Context, j printing.Job) (printing.Status, error) // nil: the folder's
	dir    string
}

func (p *tray) Submit(ctx context.Context, j printing.Job) (printing.Status, error) {
	if p.submit != nil {
		return p.submit(ctx, j)
	}
	return p.Printer.Submit(ctx, j)
}

// sheets is what lies in the tray.
func (p *tray) sheets(t *testing.T) int {
	t.Helper()
	all, err := filepath.Glob(filepath.Join(p.dir, "*.pdf"))
	check(t, err)
	return len(all)
}

// withPrinter gives the counter a printer.
func withPrinter(t *testing.T) (*issuers, *tray) {
	v := newIssuers(t, inMemory, false)
	p := &tray{dir: t.TempDir()}
	var err error
	p.Printer, err = printing.NewFolder(p.dir)
	check(t, err)
	v.printer = p
	check(t, v.town.Close())
	v.open(true)
	v.run(time.Minute)
	return v, p
}

// TestDocumentIsPrinted: the printer gets the file that was judged, and what it says stands beside the document; a second press prints no second one, a fault
// that is one prints nothing, and one that is none is found again. Each fault twice: failed, and failed but applied.
func TestDocumentIsPrinted(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	print := func(id, want string) {
		t.Helper()
		check(t, v.town.PrintAtCounter(v.clerk, id))
		v.run(5 * time.Second)
		if d, err := v.town.DocumentOf(v.clerk, id); err != nil || d.Print.State != want {
			t.Errorf("%s: the printer is said to be %q (%s), want %s: %v", id, d.Print.State, d.Print.Says.EN, want, err)
		}
	}
	held := func() string {
		t.Helper()
		id := v.applied(making.IndividualRecord, who.Person, document.Items{})
		v.run(2 * time.Second)
		v.says(id, "held", "issued, 1")
		return id
	}
	id := held()
	print(id, string(printing.Printed))
	if got, err := os.ReadFile(filepath.Join(p.dir, id+"-1.pdf")); err != nil || !strings.HasPrefix(string(got), "%PDF-") {
		t.Errorf("in the tray: %v", err)
	}
	print(id, string(printing.Printed)) // once more, because it is creased
	if n := p.sheets(t); n != 2 {
		t.Errorf("%d in the tray", n)
	}
	check(t, v.town.HandOverDocument(v.clerk, id, 2))

	lost := &printing.Failure{Sentence: plain.Sentence{JA: "応答がありません。", EN: "No answer came."}, Unclear: true}
	none := &printing.Failure{Sentence: plain.Sentence{JA: "紙がありません。", EN: "There is no paper."}}
	for _, c := range []struct {
		name, want string
		more       int
		submit     func(context.Context, printing.Job) (printing.Status, error)
	}{
		{"refused", "failed", 0, func(context.Context, printing.Job) (printing.Status, error) {
			return printing.Status{State: printing.Unknown}, none
		}},
		{"lost", string(printing.Unknown), 0, func(context.Context, printing.Job) (printing.Status, error) {
			return printing.Status{State: printing.Unknown}, lost
		}},
		{"arrived, and the answer lost", string(printing.Printed), 1, func(ctx context.Context, j printing.Job) (printing.Status, error) {
			_, err := p.Printer.Submit(ctx, j)
			check(t, err)
			return printing.Status{State: printing.Unknown}, lost
		}},
	} {
		id, before := held(), p.sheets(t)
		p.submit = c.submit
		print(id, c.want)
		p.submit = nil
		if n := p.sheets(t) - before; n != c.more {
			t.Errorf("%s: %d more in the tray", c.name, n)
		}
		print(id, string(printing.Printed)) // under a key of its own
		if n := p.sheets(t) - before; n != c.more+1 {
			t.Errorf("%s, and once more: %d in the tray", c.name, n)
		}
	}

	// While a printer has it nobody gives it another one; and the register is asked at the last moment.
	id = held()
	p.submit = func(context.Context, printing.Job) (printing.Status, error) {
		return printing.Status{State: printing.Queued}, nil
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	if err := v.town.PrintAtCounter(v.clerk, id); err == nil || !strings.Contains(err.Error(), "いま印刷しています。終わるまで待ってください。紙づまりなどは、プリンターで直すと続きます。") {
		t.Errorf("twice at once: %v", err)
	}
	id, before := held(), p.sheets(t)
	p.submit = nil
	check(t, v.town.PrintAtCounter(v.clerk, id))
	_, err := v.town.Protect(v.clerk, municipality.Protecting{Applicant: who.Person, Evidence: byCard})
	check(t, err)
	v.run(5 * time.Second)
	if n := p.sheets(t) - before; n != 0 {
		t.Errorf("of a person who is protected by then %d came out", n)
	}
	if got := v.outcome(id); !strings.HasPrefix(got, "issued") {
		t.Errorf("the server has %s", got)
	}
	if a, err := v.server.Account(t.Context(), v.today()); err != nil || a.Stopped != 1 {
		t.Errorf("%+v %v", a, err)
	}
}
