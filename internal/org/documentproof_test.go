package org_test

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// heldOf is a document of somebody that lies at the counter.
func (v *issuers) heldOf(kind making.Kind, who municipality.PersonID, items document.Items) string {
	v.Helper()
	id := v.applied(kind, who, items)
	v.run(2 * time.Second)
	if got := v.at(id); got != "held" {
		v.Fatalf("%s is %s", id, got)
	}
	return id
}

// refuses checks a refusal by its words.
func refuses(t *testing.T, what, want string, err error) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: %v, want %s", what, err, want)
	}
}

// TestEachPaperIsAccountedFor: what was printed before is a case when it is printed once more; what never came out is not handed over, nor on fewer sheets than it has
// pages; and what the printer has printed is not destroyed as nothing.
func TestEachPaperIsAccountedFor(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	home := v.household(who.Person)
	v.run(2 * time.Second)
	id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
	const unprinted = "この証明書は、まだ印刷していません。印刷してから渡してください。"
	refuses(t, "never printed", unprinted, v.handOver(id, 1))
	p.submit = func(context.Context, printing.Job) (printing.Status, error) {
		return printing.Status{State: printing.Unknown}, &printing.Failure{Sentence: plain.Sentence{JA: "紙がありません。", EN: "There is no paper."}}
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	refuses(t, "nothing came out", unprinted, v.handOver(id, 1))
	p.submit = nil
	for range 3 {
		check(t, v.town.PrintAtCounter(v.clerk, id))
		v.run(5 * time.Second)
	}
	if got, want := v.openCases(), []string{"2 reprint", "3 reprint"}; !slices.Equal(got, want) || p.sheets(t) != 3 {
		t.Errorf("%d papers came out, and the cases are %q", p.sheets(t), got)
	}
	refuses(t, "destroyed as nothing", "プリンターは、印刷が終わったと答えています。出た枚数を入力してください。", v.town.VoidDocument(v.clerk, id, 0, "印刷していない"))
	check(t, v.town.VoidDocument(v.clerk, id, 3, "3枚とも裁断した。"))

	for i := range 5 {
		v.person("松本　"+string([]rune("二三四五六")[i])+"子", "1990-05-01", "子", home)
	}
	v.run(2 * time.Second)
	id = v.heldOf(making.HouseholdRecord, who.Person, document.Items{Relation: true, Domicile: true})
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	refuses(t, "on one sheet", "ページあり、片面に印刷します。印刷した枚数を", v.handOver(id, 1))
	check(t, v.handOver(id, 10))
}

// TestAProofIsOfOneError: what was proven of a paper says nothing of what happens to it later.
func TestAProofIsOfOneError(t *testing.T) {
	v, p := withPrinter(t)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.heldOf(making.HouseholdRecord, head.Person, document.Items{})
	p.submit = func(ctx context.Context, j printing.Job) (printing.Status, error) {
		_, err := p.Printer.Submit(ctx, j)
		return printing.Status{State: printing.Unknown}, err
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(5 * time.Second)
	v.closes(id+"-1", municipality.FateCounter, "1枚、正しく出た。手元にある。")
	v.person("松本　二子", "2012-05-01", "子", v.household(head.Person))
	refuses(t, "somebody has come into the household", "いまの住民記録と違います", v.handOver(id, 1))
	if got, want := v.openCases(), []string{"1 stopped"}; !slices.Equal(got, want) {
		t.Errorf("the cases are %q", got)
	}
}

// TestProtectedWhileItLiesThere: whoever is protected after the printing, she herself or the head who is named beside her, stops the paper as any change of the register
// does: it is a case, and the server is told.
func TestProtectedWhileItLiesThere(t *testing.T) {
	for _, named := range []bool{false, true} {
		v := newIssuers(t, inMemory, true)
		head := v.person("松本　一子", "1960-05-01", "世帯主", "")
		child := v.person("松本　二子", "1990-05-01", "子", v.household(head.Person))
		v.run(2 * time.Second)
		id := v.heldOf(making.IndividualRecord, child.Person, document.Items{Relation: true})
		_, err := v.town.PrintDocument(v.clerk, id)
		check(t, err)
		protected := child
		if named {
			protected = head
		}
		_, err = v.town.Protect(v.clerk, municipality.Protecting{Applicant: protected.Person, Evidence: byCard})
		check(t, err)
		refuses(t, "handed over", "いまの住民記録と違います", v.handOver(id, 1))
		v.run(2 * time.Second)
		if got, want := v.openCases(), []string{"1 stopped"}; !slices.Equal(got, want) {
			t.Errorf("the head is protected %t: the cases are %q", named, got)
		}
		v.accounts(1, 0, 0, 1, 0)
	}
}

// TestNothingWasPrintedIsKnownOnce: that nothing came out is believed of the first time alone that the printer was given the job. After a step that failed, and after a
// restart, nobody knows.
func TestNothingWasPrintedIsKnownOnce(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	away := &printing.Failure{Sentence: plain.Sentence{JA: "プリンターに接続できません。", EN: "The printer cannot be reached."}}
	id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
	tries := 0
	p.submit = func(ctx context.Context, j printing.Job) (printing.Status, error) {
		if tries++; tries == 1 {
			_, err := p.Printer.Submit(ctx, j)
			check(t, err)
			return printing.Status{}, errors.New("the deadline of the step is over")
		}
		return printing.Status{State: printing.Unknown}, away
	}
	p.status = func(context.Context, string) (printing.Status, error) {
		return printing.Status{State: printing.Unknown}, away
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(11 * time.Minute)
	d, err := v.town.DocumentOf(v.clerk, id)
	check(t, err)
	if got := v.openCases(); d.Print.State != string(printing.Unknown) || !slices.Equal(got, []string{"1 print"}) {
		t.Errorf("with a paper in the tray it is %s, and the cases are %q", d.Print.State, got)
	}
}

// TestAnAnswerIsOfItsJob: what a printer says of a job that was given up is not written on the next one.
func TestAnAnswerIsOfItsJob(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
	p.submit = func(context.Context, printing.Job) (printing.Status, error) {
		return printing.Status{State: printing.Printing}, nil
	}
	late := false
	p.status = func(_ context.Context, key string) (printing.Status, error) {
		if !late { // while it is asked, its time ends, and the clerk prints once more
			late = true
			check(t, v.town.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE document_request SET print_state = 'unknown'`)
				return err
			}))
			check(t, v.town.PrintAtCounter(v.clerk, id))
			return printing.Status{State: printing.Printed}, nil
		}
		return printing.Status{State: printing.Printing}, nil
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(time.Minute)
	d, err := v.town.DocumentOf(v.clerk, id)
	check(t, err)
	if d.Prints != 2 || d.Print.State != string(printing.Printing) {
		t.Errorf("of job %d it is written down that it is %s", d.Prints, d.Print.State)
	}
}

// TestAJobOfAProcessThatEnded: the printer was given a job, and the program ended before that was written down. When the register has changed by the time it starts
// again, the document is stopped, and nobody says that nothing was printed.
func TestAJobOfAProcessThatEnded(t *testing.T) {
	v, p := withPrinterAs(t, sqlstoretest.SQLite, issuersAs{random: rand.Reader})
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	home := v.household(who.Person)
	v.run(2 * time.Second)
	id := v.heldOf(making.HouseholdRecord, who.Person, document.Items{})
	ctx, end := context.WithCancel(t.Context())
	p.submit = func(c context.Context, j printing.Job) (printing.Status, error) {
		defer end()
		return p.Printer.Submit(c, j)
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	if err := v.drive.Until(ctx, v.clk.Now().Add(5*time.Second)); !errors.Is(err, context.Canceled) {
		t.Fatal(err)
	}
	v.person("松本　二子", "2012-05-01", "子", home)
	check(t, v.town.Close())
	v.open(true)
	v.run(time.Minute)
	if got, want := v.openCases(), []string{"1 print", "1 stopped"}; p.sheets(t) != 1 || !slices.Equal(got, want) || !strings.HasPrefix(v.at(id), "stopped: ") {
		t.Errorf("with %d in the tray it is %s, and the cases are %q", p.sheets(t), v.at(id), got)
	}
}

// TestAPrinterThatHangs: a printer that answers no question is a case after ten minutes, whatever its answers cost; until then nobody hands anything over.
func TestAPrinterThatHangs(t *testing.T) {
	v, p := withPrinter(t)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
	p.submit = func(context.Context, printing.Job) (printing.Status, error) {
		return printing.Status{State: printing.Printing}, nil
	}
	p.status = func(context.Context, string) (printing.Status, error) {
		return printing.Status{}, context.DeadlineExceeded
	}
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(9 * time.Minute)
	refuses(t, "handed over", "いま印刷しています", v.handOver(id, 1))
	refuses(t, "printed from the page", "いま印刷しています", func() error { _, err := v.town.PrintDocument(v.clerk, id); return err }())
	v.run(time.Minute + 5*time.Second)
	if got := v.openCases(); !slices.Equal(got, []string{"1 print"}) {
		t.Errorf("after ten minutes the cases are %q", got)
	}
	p.submit, p.status = nil, nil
	check(t, v.town.PrintAtCounter(v.clerk, id))
	v.run(20 * time.Minute) // twice as long as a job may take
	if got := v.openCases(); !slices.Equal(got, []string{"1 print"}) {
		t.Errorf("after the second print the cases are %q", got)
	}
}

// TestEverybodyOnAPageIsLookedAt: who opens a document has looked at everybody on it, and at what is on it of them.
func TestEverybodyOnAPageIsLookedAt(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	child := v.person("松本　二子", "1990-05-01", "子", v.household(head.Person))
	v.run(2 * time.Second)
	id := v.heldOf(making.HouseholdRecord, head.Person, document.Items{Relation: true, Domicile: true, Code: true, Number: true})
	_, err := v.town.PrintDocument(v.clerk, id)
	check(t, err)
	for _, who := range []municipality.Filed{head, child} {
		var seen int64
		check(t, v.town.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT items FROM look WHERE subject = $1 AND how LIKE 'document %' ORDER BY seq DESC LIMIT 1`, who.Code.Reveal()).Scan(&seen)
		}))
		if want := look.Four | look.Kana | look.Household | look.Origin | look.Number | look.Code; look.Items(seen)&want != want {
			t.Errorf("of %d it is written down that %b was seen", who.Person, seen)
		}
	}
}

// TestWhoIsGoneAsksForNothing: of a household those ask who live in it.
func TestWhoIsGoneAsksForNothing(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	head := v.person("松本　一子", "1960-05-01", "世帯主", "")
	child := v.person("松本　二子", "1990-05-01", "子", v.household(head.Person))
	v.run(2 * time.Second)
	_, err := v.town.File(v.clerk, municipality.Death{Filing: municipality.Filing{Person: child.Person, Base: v.base(child.Person), Arose: resident.DateOf(v.clk.Now()), Basis: "family-86"}})
	check(t, err)
	_, err = v.town.ApplyForDocument(v.clerk, municipality.DocumentApplication{Person: head.Person, Base: v.base(head.Person), Kind: making.IndividualRecord, Applicant: child.Person, Evidence: byCard})
	refuses(t, "who has died", "本人と同じ世帯の方だけです", err)
}

// TestANumberIsOfOneDocument: a server that was restored from a copy gives a number a second time. The counter stops that one.
func TestANumberIsOfOneDocument(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	one, two := v.person("松本　一子", "1960-05-01", "世帯主", ""), v.person("松本　二子", "1970-05-01", "世帯主", "")
	v.run(2 * time.Second)
	v.heldOf(making.IndividualRecord, one.Person, document.Items{})
	forget := func(queries ...string) {
		t.Helper()
		check(t, v.server.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			for _, q := range queries {
				if _, err := tx.Exec(ctx, q); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	forget("DELETE FROM document", "DELETE FROM request", "DELETE FROM request_person", "DELETE FROM numbering")
	id := v.applied(making.IndividualRecord, two.Person, document.Items{})
	v.run(2 * time.Second)
	if got := v.at(id); got != "stopped: number" {
		t.Errorf("with the number of another: %s", got)
	}
}

// TestTheDayOfADocument: a document that was issued before it was asked for, or in a time to come, is stopped.
func TestTheDayOfADocument(t *testing.T) {
	for _, wrong := range []time.Duration{-2 * time.Minute, 2 * time.Minute} {
		v := newIssuersAs(t, inMemory, true, issuersAs{random: rand.Reader, host: func(o message.Org, c host.Config) host.Config {
			if o == matsumoto {
				c.Trial = func(r exchange.Route) exchange.Route {
					return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
						if n, is := p.(message.IssuingDocument); is {
							n.IssuedAt = n.IssuedAt.Add(wrong)
							p = n
						}
						return really(ctx, tx, d, p)
					})
				}
			}
			return c
		}})
		who := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		id := v.applied(making.IndividualRecord, who.Person, document.Items{})
		v.run(2 * time.Second)
		if got := v.at(id); !strings.HasPrefix(got, "stopped: ") || !strings.HasSuffix(got, ",day") {
			t.Errorf("%s apart: %s", wrong, got)
		}
	}
}

// TestWhereADocumentIsVerified: a code that leads elsewhere is stopped, also where the server has signed it.
func TestWhereADocumentIsVerified(t *testing.T) {
	v := newIssuersAs(t, inMemory, true, issuersAs{random: rand.Reader, verify: "https://verify.example/elsewhere"})
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	if got := v.at(id); got != "stopped: verify" {
		t.Errorf("verified elsewhere: %s", got)
	}
}
