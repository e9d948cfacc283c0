package municipality

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// A document goes to the printer of the counter as a due item: the row of the job is written first, under a key that finds it again, and the printer is
// asked until it says how the job ended (docs/decisions/0056).

// The kinds of due items of printing.
const (
	duePrint     = "municipality.print"
	duePrintLook = "municipality.print-look"
	duePrintEnds = "municipality.print-ends"
)

// What a job is before the printer has said anything, and when it has not got it.
const (
	printAsked  = "asked"
	printFailed = "failed"
)

const (
	printLook     = 2 * time.Second  // between two questions how a job stands
	printPatience = 10 * time.Minute // after which a person looks into the tray
)

var errPrinting = plain.Bad("document", "いま印刷しています。終わるまで待ってください。紙づまりなどは、プリンターで直すと続きます。", "It is being printed: wait until that has ended. A jam goes on when it is cleared at the printer.")

var errNoPrinter = plain.Bad("document", "この窓口にはプリンターが設定されていません。「印刷する（PDF）」から印刷してください。", "No printer is configured for this counter: print from “Print (PDF)”.")

// waitsForPrinter tells whether a printer has a job of the document and has not said how that ended. After printPatience nobody waits for it any more, and it is
// a case (printEnds).
func waitsForPrinter(d Document) bool {
	s := printing.State(d.Print.State)
	return d.State == store.DocumentHeld && s != "" && s != printFailed && s != printing.Unknown && !s.Final()
}

// PrintAtCounter brings a document to the printer of the counter, once more held against the register.
func (o *Municipality) PrintAtCounter(ctx context.Context, request string) error {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return err
	}
	if o.printer == nil {
		return errNoPrinter
	}
	var stopped bool
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) (outs []message.Out, err error) {
		var doc Document
		if doc, outs, stopped, err = o.atCounter(ctx, tx, who, request, 0); err != nil || stopped {
			return outs, err
		}
		if err := printsAgain(ctx, tx, doc); err != nil {
			return nil, err
		}
		doc.Prints++
		doc.Print = store.Print{State: printAsked, At: tx.Now()}
		o.neverGiven.Store(jobOf(doc), struct{}{})
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "document-print", Subject: doc.Code.Reveal(), Case: doc.Request, Detail: doc.Number + " " + jobOf(doc)})
		due.Add(tx.Tx, tx.Now(), duePrint, doc.Request, nil)
		due.Add(tx.Tx, tx.Now().Add(printPatience), duePrintEnds, doc.Request, []byte(jobOf(doc)))
		return nil, tx.KeepPrint(ctx, doc)
	})
	if err == nil && stopped {
		return errDocumentStopped
	}
	return err
}

// jobOf is the key of the last job of a document.
func jobOf(d Document) string { return fmt.Sprintf("%s-%d", d.Request, d.Prints) }

// toPrint is a job for the printer, or the question how it stands.
type toPrint struct {
	job     printing.Job
	stopped []string // the register says otherwise by now: nothing is printed
}

// printRules bring documents to the printer, and ask what became of them.
func (o *Municipality) printRules() []due.Rule {
	return []due.Rule{
		{Kind: duePrint, Prepare: o.preparePrint, Outside: o.submitPrint, Finish: o.printed},
		{Kind: duePrintLook, Prepare: o.preparePrint, Outside: o.lookAtPrint, Finish: o.printed},
		{Kind: duePrintEnds, Finish: o.printEnds},
	}
}

func (o *Municipality) preparePrint(ctx context.Context, raw *sqlstore.Tx, item due.Item) (any, error) {
	tx := o.in(raw)
	doc, found, err := tx.Document(ctx, item.Ref)
	if err != nil || !found || doc.State != store.DocumentHeld || !waitsForPrinter(doc) {
		return nil, err
	}
	p := toPrint{job: printing.Job{Key: jobOf(doc), Title: printing.ResidentRecord, PDF: doc.Bytes, SHA256: doc.File, Again: item.Tries > 0}}
	if making.Kind(doc.Kind) == making.SealCertificate {
		p.job.Title = printing.SealRegistration
	}
	if item.Kind == duePrint {
		p.stopped, err = o.judgeDocument(ctx, tx, doc)
	}
	return p, err
}

// printAnswer is how long a printer may take to answer, so that one that hangs holds nothing else up.
const printAnswer = 5 * time.Second

var noAnswer = both("プリンターが答えません。", "The printer does not answer.")

// printAnswered is what a printer said of a job, which may not be the last one any more when that is written down.
type printAnswered struct {
	job string
	store.Print
}

// submitPrint hands the job to the printer. That nothing was printed is believed of the first time alone that it is given the job, and that only this process knows for
// sure: whatever failed before may have printed.
func (o *Municipality) submitPrint(ctx context.Context, prepared any) (any, error) {
	p, ok := prepared.(toPrint)
	if !ok || len(p.stopped) > 0 {
		return prepared, nil
	}
	_, first := o.neverGiven.LoadAndDelete(p.job.Key)
	p.job.Again = p.job.Again || !first
	ctx, cancel := context.WithTimeout(ctx, printAnswer)
	defer cancel()
	st, err := o.printer.Submit(ctx, p.job)
	if err == nil {
		return printAnswered{p.job.Key, printOf(st)}, nil
	}
	says, sure := whyNot(err)
	if sure && first {
		return printAnswered{p.job.Key, store.Print{State: printFailed, Says: says}}, nil
	}
	return printAnswered{p.job.Key, store.Print{State: string(printing.Opened), Says: says}}, nil // it may have arrived: Status finds it
}

func (o *Municipality) lookAtPrint(ctx context.Context, prepared any) (any, error) {
	p, ok := prepared.(toPrint)
	if !ok {
		return prepared, nil
	}
	ctx, cancel := context.WithTimeout(ctx, printAnswer)
	defer cancel()
	st, err := o.printer.Status(ctx, p.job.Key)
	if err != nil { // it cannot be asked now
		says, _ := whyNot(err)
		return printAnswered{p.job.Key, store.Print{State: string(printing.Queued), Says: says}}, nil
	}
	return printAnswered{p.job.Key, printOf(st)}, nil
}

// whyNot says why a printer did not do what it was asked, and whether it is sure that it printed nothing of what it was given.
func whyNot(err error) (says plain.Sentence, sure bool) {
	var f *printing.Failure
	var refused *plain.Problem
	switch {
	case errors.As(err, &f):
		return f.Sentence, !f.Unclear
	case errors.As(err, &refused):
		return refused.Sentence, true
	}
	return noAnswer, false
}

func printOf(st printing.Status) store.Print {
	says := st.Meaning
	for _, r := range st.Reasons {
		says.JA, says.EN = says.JA+r.JA, says.EN+" "+r.EN
	}
	return store.Print{State: string(st.State), Sheets: st.Sheets, Says: says}
}

// printed writes down how the job stands, and has the printer asked again while it has not ended.
func (o *Municipality) printed(ctx context.Context, raw *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
	tx := o.in(raw)
	doc, found, err := tx.Document(ctx, item.Ref)
	if err != nil || !found || doc.State != store.DocumentHeld {
		return nil, err
	}
	switch r := result.(type) {
	case toPrint: // the register says otherwise by now
		if r.job.Key != jobOf(doc) || !waitsForPrinter(doc) {
			return nil, nil
		}
		doc.Print.State, doc.Print.Says = printFailed, errDocumentStopped.Sentence
		if _, never := o.neverGiven.Load(r.job.Key); never {
			tx.OnCommit(func() { o.neverGiven.Delete(r.job.Key) })
			doc.Prints--
		} else { // a process that ended may have given it to the printer
			doc.Print.State, doc.Print.Says = string(printing.Unknown), notWritten
			if err := openCase(ctx, tx, doc, store.CasePrint); err != nil {
				return nil, err
			}
		}
		if err := tx.KeepPrint(ctx, doc); err != nil {
			return nil, err
		}
		outs, _, err := o.gateDocument(ctx, tx, store.DocumentHeld, doc, string(o.Self), store.JudgedPrint)
		return outs, err
	case printAnswered:
		if r.job != jobOf(doc) || !waitsForPrinter(doc) {
			return nil, nil // its time was over meanwhile
		}
		r.At = doc.Print.At
		doc.Print = r.Print
		switch s := printing.State(r.State); {
		case s == printing.Printed, r.State == printFailed: // all of it came out, or nothing did
		case waitsForPrinter(doc):
			due.Add(raw, tx.Now().Add(printLook), duePrintLook, doc.Request, nil)
		default:
			if err := openCase(ctx, tx, doc, store.CasePrint); err != nil {
				return nil, err
			}
		}
		return nil, tx.KeepPrint(ctx, doc)
	}
	return nil, nil
}

// printEnds ends the waiting for a job that has not ended: what came out a person must see.
func (o *Municipality) printEnds(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	doc, found, err := tx.Document(ctx, item.Ref)
	if err != nil || !found || !waitsForPrinter(doc) || jobOf(doc) != string(item.Payload) {
		return nil, err
	}
	doc.Print.State, doc.Print.Says = string(printing.Unknown), noEnd
	if err := tx.KeepPrint(ctx, doc); err != nil {
		return nil, err
	}
	return nil, openCase(ctx, tx, doc, store.CasePrint)
}

// noEnd is said of a job that a printer did not end in time.
var noEnd = both("プリンターが10分以内に、印刷が終わったと答えませんでした。プリンターを止め、出た紙を集め、残っているジョブを取り消してください。",
	"The printer did not say within ten minutes that it had ended. Stop it, collect what came out, and cancel the job that is left.")

// notWritten is said of a job of which a program that ended has written down nothing.
var notWritten = both("プログラムが途中で止まったため、印刷したかどうか分かりません。プリンターを止め、出た紙を集め、残っているジョブを取り消してください。",
	"The program ended meanwhile, and whether it was printed is not known. Stop the printer, collect what came out, and cancel the job that is left.")
