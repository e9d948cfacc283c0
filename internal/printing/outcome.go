package printing

import (
	"errors"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// job is what a printer says of one of its jobs.
type job struct {
	id, state int
	reasons   []string
	// −1 where the printer does not say.
	documents, sheets, impressions int
}

var errOddJob = errors.New("the answer tells of no job, or of another")

func readJob(g ipp.Group) (job, error) {
	at := job{g.Int("job-id", 0), g.Int("job-state", 0), g.Strings("job-state-reasons"),
		g.Int("number-of-documents", -1), g.Int("job-media-sheets-completed", -1), g.Int("job-impressions-completed", -1)}
	if at.id <= 0 || at.state == 0 {
		return job{}, errOddJob
	}
	return at, nil
}

func (at job) has(reasons ...string) bool {
	return slices.ContainsFunc(reasons, func(r string) bool { return slices.Contains(at.reasons, r) })
}

// spent says that a job is over and certainly never had a document.
func (at job) spent() bool {
	return (at.state == ipp.JobCanceled || at.state == ipp.JobAborted) && at.documents == 0 && at.sheets <= 0 && at.impressions <= 0
}

// together tells how a key stands whose jobs these are. Beside a job with a document those that never had one count for nothing; two that had one
// are a fault that a person has to look at.
func together(found []job, p printer) Status {
	var open, last Status
	with := 0
	for _, at := range found {
		st := interpret(at, p)
		switch {
		case at.spent():
			if with == 0 {
				last = st
			}
		case st.State == Opened:
			open = st
		default:
			with++
			last = st
		}
	}
	switch {
	case with > 1 || with == 1 && open.State == Opened:
		return unknown("プリンターに、このキーのジョブが二つ以上あります。排紙トレイとプリンターのジョブ一覧を見て、何部出たか確かめてください。",
			"The printer has two or more jobs of this key. Look into the tray and at the printer's list of jobs how many copies came out.")
	case open.State == Opened:
		return open
	}
	return last
}

// forgotten is how a job stands of which the printer knows nothing.
var forgotten = unknown("プリンターに、このジョブの記録がありません。届いていないか、印刷した後に記録が消えています。排紙トレイを見て、出ていなければ新しいキーで印刷してください。",
	"The printer has no record of this job. It never got there, or it was printed and its record is gone. Look into the tray; if nothing came out, print under a new key.")

// interpret puts what a printer says of a job into a state (RFC 8011 sections 5.3.7, 5.3.8). What it does not know is Unknown.
func interpret(at job, p printer) Status {
	st := Status{Sheets: max(at.sheets, 0), Impressions: max(at.impressions, 0)}
	switch at.state {
	case ipp.JobPending, ipp.JobPendingHeld, ipp.JobProcessing, ipp.JobProcessingStopped:
		st.Reasons = reasonsOf(at.reasons, p.reasons)
		waits := slices.ContainsFunc(st.Reasons, func(r Reason) bool { return r.Severity == Error })
		waiting := at.state == ipp.JobPending || at.state == ipp.JobPendingHeld
		switch {
		case waiting && (at.documents == 0 || at.documents < 0 && at.has("job-incoming", "job-data-insufficient")):
			st.State, st.Meaning = Opened, plain.Sentence{JA: "ジョブはプリンターにありますが、証明書はまだ届いていません。何も印刷されていません。",
				EN: "The printer has the job and no document for it. Nothing is printed."}
		case waits || at.state == ipp.JobPendingHeld || at.state == ipp.JobProcessingStopped || p.state == ipp.PrinterStopped:
			st.State, st.Meaning = Stopped, plain.Sentence{JA: "印刷が止まっています。プリンターを見てください。", EN: "The printing has stopped. Look at the printer."}
		case at.state == ipp.JobPending:
			st.State, st.Meaning = Queued, plain.Sentence{JA: "順番を待っています。", EN: "It waits for its turn."}
		default:
			st.State, st.Meaning = Printing, plain.Sentence{JA: "印刷しています。", EN: "It is being printed."}
		}
		for _, r := range st.Reasons {
			if r.Severity >= Warning { // also of one that goes on: ippeveprinter calls a jam a warning
				st.Meaning.JA += r.JA
				st.Meaning.EN += " " + r.EN
			}
		}
	case ipp.JobCanceled:
		st.State, st.Meaning = Canceled, plain.Sentence{JA: "ジョブは取り消されました。" + st.leftJA(), EN: "The job was canceled. " + st.leftEN()}
		st.Reasons = reasonsOf(at.reasons, nil)
	case ipp.JobAborted:
		st.State, st.Meaning = Aborted, plain.Sentence{JA: "プリンターがジョブを中止しました。" + st.leftJA(), EN: "The printer gave the job up. " + st.leftEN()}
		st.Reasons = reasonsOf(at.reasons, nil)
	case ipp.JobCompleted:
		st.Reasons = reasonsOf(at.reasons, nil)
		st.State, st.Meaning = Unknown, doubt(at)
		if st.Meaning == (plain.Sentence{}) {
			st.State, st.Meaning = Printed, plain.Sentence{JA: "印刷が終わりました。", EN: "It was printed."}
		}
	default:
		st.State, st.Meaning = Unknown, plain.Sentence{JA: "プリンターが、知られていないジョブの状態を答えています。排紙トレイを見て確かめてください。",
			EN: "The printer tells a state of the job that is not known. Look into the tray."}
	}
	return st
}

// doubt says why a job that the printer calls completed is not taken for printed, and is empty when nothing speaks against it.
func doubt(at job) plain.Sentence {
	switch {
	case at.has("queued-in-device"):
		// RFC 8011 section 5.3.8: the job was forwarded to a device that cannot send back status.
		return plain.Sentence{JA: "キューは機器へ渡し終えましたが、機器が印刷の結果を返しません。排紙トレイを見て、出たことを確かめてください。",
			EN: "The queue has forwarded the job to a device that does not tell what became of it. Look into the tray that it came out."}
	case at.has("job-completed-with-errors", "completed-with-errors", "errors-detected", "aborted-by-system", "submission-interrupted", "document-format-error", "document-unprintable-error"):
		return plain.Sentence{JA: "プリンターは完了と答えていますが、エラーがありました。すべてのページが正しく出たか確かめてください。",
			EN: "The printer says that the job is done and that there were errors. See whether all pages came out as they should."}
	case at.has("job-completed-with-warnings", "completed-with-warnings", "warnings-detected"):
		return plain.Sentence{JA: "プリンターは完了と答えていますが、警告がありました(書体の置き換えなど)。出た証明書の内容を確かめてください。",
			EN: "The printer says that the job is done and that there were warnings, such as another font. See whether what came out is right."}
	// Not processing-to-stop-point: CUPS leaves it at every job that is over.
	case at.has("job-canceled-by-user", "job-canceled-by-operator", "job-canceled-at-device"):
		return plain.Sentence{JA: "ジョブは途中で取り消されたようです。何枚出たか確かめてください。", EN: "The job seems to have been canceled on its way. See how many sheets came out."}
	case at.documents == 0:
		return plain.Sentence{JA: "プリンターは完了と答えていますが、証明書が届いていません。排紙トレイを見て確かめてください。",
			EN: "The printer says that the job is done and that it had no document. Look into the tray."}
	case at.sheets == 0 || at.sheets < 0 && at.impressions == 0:
		return plain.Sentence{JA: "プリンターは完了と答えていますが、1枚も数えていません。排紙トレイを見て、出たことを確かめてください。",
			EN: "The printer says that the job is done and counts no sheet. Look into the tray that it came out."}
	}
	return plain.Sentence{}
}

func (st Status) leftJA() string {
	if n := max(st.Sheets, st.Impressions); n > 0 {
		return fmt.Sprintf("途中まで出た紙(%d枚)を回収し、破棄してください。", n)
	}
	return "途中まで出た紙がないか確かめてください。"
}

func (st Status) leftEN() string {
	if n := max(st.Sheets, st.Impressions); n > 0 {
		return fmt.Sprintf("Collect and destroy what came out of it: %d sheets.", n)
	}
	return "See that no part of it came out."
}
