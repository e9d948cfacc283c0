package printing

import (
	"context"
	"errors"
	"net"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/printing/ipp"
)

// Queue is a print queue of CUPS or a printer, spoken to by IPP.
type Queue struct {
	line  *line
	turns turns
}

// NewQueue makes one. It does not ask the printer anything.
func NewQueue(c QueueConfig) (*Queue, error) {
	l, err := newLine(c)
	if err != nil {
		return nil, err
	}
	return &Queue{line: l}, nil
}

// Submit opens a job that bears the key and gives it the document. See Printer.
//
// One of our jobs at the printer is given a document once and never again. So when one lies there without, whose document may still be on
// its way, it is canceled first, and only when the printer then says that it never got any is another opened.
func (q *Queue) Submit(ctx context.Context, j Job) (Status, error) {
	none := Status{State: Unknown}
	if err := errors.Join(checkDeadline(ctx), j.check()); err != nil {
		return none, err
	}
	leave, err := q.turns.take(j.Key)
	if err != nil {
		return none, err
	}
	defer leave()
	p, err := q.printer(ctx)
	if err != nil {
		return none, notSent(err)
	}
	if err := p.fits(); err != nil {
		return none, err
	}
	found, err := q.jobs(ctx, j.Key)
	if err != nil {
		return none, notSent(err)
	}
	if len(found) > 0 {
		st, free, err := q.clear(ctx, found, p, j.Again)
		if err != nil || !free {
			return st, err
		}
	} else if j.Again {
		return forgotten, nil
	}
	id, err := q.open(ctx, j)
	if err != nil {
		return none, notSent(err)
	}
	return q.send(ctx, id, j, p)
}

// clear decides about jobs that are there under the key: how it stands, or that all of them are over and never had a document.
func (q *Queue) clear(ctx context.Context, found []job, p printer, again bool) (st Status, free bool, err error) {
	st = together(found, p)
	if st.State == Opened {
		for i, at := range found {
			if interpret(at, p).State != Opened {
				continue
			}
			_, err := q.line.ask(ctx, ipp.CancelJob, q.aboutJob(at.id), nil, nil)
			if refused := (*refusedError)(nil); err != nil && !errors.As(err, &refused) {
				return Status{State: Unknown}, false, notSent(err)
			}
			// Whatever it answered, what counts is how the job stands now.
			if found[i], err = q.job(ctx, at.id); err != nil {
				return Status{State: Unknown}, false, notSent(err)
			}
		}
		again = false // what lay there open was the last one of this key
	}
	if again || slices.ContainsFunc(found, func(at job) bool { return !at.spent() }) {
		return together(found, p), false, nil
	}
	return Status{}, true, nil
}

// open makes the printer take up a job without a document (RFC 8011 section 4.2.4).
func (q *Queue) open(ctx context.Context, j Job) (id int, err error) {
	answer, err := q.line.ask(ctx, ipp.CreateJob, []ipp.Attribute{
		q.asUser(),
		ipp.Strings(ipp.Name, "job-name", jobName(j.Key, j.Title)),
		ipp.Bool("ipp-attribute-fidelity", false),
	}, []ipp.Attribute{
		ipp.Ints(ipp.Integer, "copies", 1),
		ipp.Strings(ipp.Keyword, "job-sheets", "none"), // no sheet of the queue's own before or after a person's paper
		ipp.Strings(ipp.Keyword, "sides", "one-sided"), // no person's paper on the back of another's
	}, nil)
	if err != nil {
		return 0, err
	}
	g := groups(answer, ipp.JobGroup)
	if len(g) != 1 || g[0].Int("job-id", 0) <= 0 {
		return 0, errOddJob
	}
	return g[0].Int("job-id", 0), nil
}

// send gives a job its document (RFC 8011 section 4.3.1).
func (q *Queue) send(ctx context.Context, id int, j Job, p printer) (Status, error) {
	answer, err := q.line.ask(ctx, ipp.SendDocument, append(q.aboutJob(id),
		ipp.Strings(ipp.MediaType, "document-format", pdf),
		ipp.Bool("last-document", true),
	), nil, j.PDF)
	var refused *refusedError
	switch {
	case errors.As(err, &refused) && refused.before():
		return Status{State: Unknown}, notSent(err)
	case dialing(err):
		return Status{State: Unknown}, notSent(err)
	case err != nil:
		return Status{State: Unknown}, unclear(err, "プリンターに証明書を送りましたが、受け付けられたかどうか分かりません。もう一度送らず、状態を確かめてください。",
			"The document was sent to the printer, and whether it was taken is not known. Do not send it again; ask how the job stands.")
	}
	taken := interpret(job{id: id, state: ipp.JobPending, documents: 1, sheets: -1, impressions: -1}, p)
	if g := groups(answer, ipp.JobGroup); len(g) == 1 {
		at, err := readJob(g[0])
		switch {
		case errors.Is(err, errOddJob) && g[0].Int("job-id", id) == id:
			return taken, nil // it says no more than that it took it
		case err != nil || at.id != id:
			return Status{State: Unknown}, unclear(errOddJob, "プリンターの応答が、別のジョブのものです。もう一度送らず、状態を確かめてください。",
				"The printer's answer is about another job. Do not send it again; ask how the job stands.")
		}
		if st := interpret(at, p); st.State != Opened { // a printer that counts its documents later
			return st, nil
		}
	}
	return taken, nil
}

// before says that the document was not looked at: what refused it was the request, its size, its kind or who asks. Of the others the job may have been
// closed by an earlier document, or the printer failed in the middle.
func (e *refusedError) before() bool {
	if e.web != 0 {
		return e.web >= 300 && e.web < 500 && e.web != 408
	}
	switch e.ipp {
	case ipp.StatusNotPossible, ipp.StatusTimeout, ipp.StatusNotFound, ipp.StatusGone:
		return false
	}
	return e.ipp < 0x0500
}

// dialing says that no connection was made.
func dialing(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && op.Op == "dial"
}

// notSent puts an error into words, of a call in which no document went out.
func notSent(err error) *Failure {
	var refused *refusedError
	switch {
	case errors.Is(err, errAbroad):
		return failed(err, "プリンターが庁内ネットワークの外にあります。暗号化しない ipp:// では送りません。ipps:// のアドレスにしてください。何も印刷していません。",
			"The printer is outside the own network. Nothing is sent there by ipp://, which is not encrypted; give an ipps:// address. Nothing was printed.")
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		return failed(err, "時間内にプリンターの応答がありませんでした。証明書は送っていません。電源とネットワークを確かめ、もう一度印刷してください。",
			"The printer did not answer in time. The document was not sent. Check its power and network, and print again.")
	case dialing(err):
		return failed(err, "プリンターに接続できません。証明書は送っていません。電源とネットワークとアドレスを確かめ、もう一度印刷してください。",
			"The printer cannot be reached. The document was not sent. Check its power, network and address, and print again.")
	case errors.As(err, &refused) && refused.ipp == ipp.StatusNotAcceptingJobs:
		return notAccepting(err)
	case errors.As(err, &refused) && (refused.ipp == ipp.StatusBusy || refused.ipp == ipp.StatusServiceUnavailable):
		return failed(err, "プリンターが混んでいるか、準備中です。証明書は送っていません。少し待って、もう一度印刷してください。",
			"The printer is busy or not ready. The document was not sent. Wait a little and print again.")
	case errors.As(err, &refused):
		return failed(err, "プリンターが要求を断りました。何も印刷していません。プリンターの設定(利用の許可、アドレス、PDFの受付)を確かめてください。",
			"The printer refused the request. Nothing was printed. Check its settings: who may use it, its address, that it takes PDF.")
	}
	return failed(err, "プリンターの応答が読み取れません。証明書は送っていません。アドレスを確かめ、もう一度印刷してください。続くときは保守の担当者に伝えてください。",
		"The printer's answer cannot be read. The document was not sent. Check the address and print again. If it stays so, tell whoever maintains it.")
}

func notAccepting(cause error) *Failure {
	return failed(cause, "プリンターが印刷を受け付けていません。証明書は送っていません。プリンターかキューの受付を再開し、もう一度印刷してください。",
		"The printer accepts no jobs. The document was not sent. Make the printer or the queue accept jobs, and print again.")
}

// Status looks for the jobs of a key. See Printer.
func (q *Queue) Status(ctx context.Context, key string) (Status, error) {
	none := Status{State: Unknown}
	if err := errors.Join(checkDeadline(ctx), checkKey(key)); err != nil {
		return none, err
	}
	found, err := q.jobs(ctx, key)
	if err != nil {
		return none, notAsked(err)
	}
	if len(found) == 0 {
		return forgotten, nil
	}
	p := printer{}
	if st := together(found, p); !st.State.Final() {
		if p, err = q.printer(ctx); err != nil {
			return none, notAsked(err)
		}
	}
	return together(found, p), nil
}

func notAsked(err error) *Failure {
	f := *notSent(err)
	f.Sentence = plain.Sentence{JA: "プリンターに状態を確かめられませんでした。印刷されたかどうかは分かりません。電源とネットワークを確かめ、もう一度確かめてください。",
		EN: "The printer could not be asked. Whether the job was printed is not known. Check its power and network, and ask again."}
	return &f
}

// pdf is the only kind of document that is sent.
const pdf = "application/pdf"

// printer is what a printer says of itself.
type printer struct {
	state      int
	reasons    []string
	accepting  bool
	operations []int
	formats    []string
}

// printer asks for it (RFC 8011 section 4.2.5).
func (q *Queue) printer(ctx context.Context) (printer, error) {
	answer, err := q.line.ask(ctx, ipp.GetPrinterAttributes, []ipp.Attribute{q.asUser(), ipp.Strings(ipp.Keyword, "requested-attributes",
		"printer-state", "printer-state-reasons", "printer-is-accepting-jobs", "operations-supported", "document-format-supported")}, nil, nil)
	if err != nil {
		return printer{}, err
	}
	g := groups(answer, ipp.PrinterGroup)
	if len(g) != 1 {
		return printer{}, errors.New("the answer tells of no printer")
	}
	return printer{g[0].Int("printer-state", 0), g[0].Strings("printer-state-reasons"), g[0].Bool("printer-is-accepting-jobs", true),
		g[0].Ints("operations-supported"), g[0].Strings("document-format-supported")}, nil
}

// fits looks whether a job can be handed over at all.
func (p printer) fits() error {
	for _, o := range []int{ipp.CreateJob, ipp.SendDocument, ipp.CancelJob, ipp.GetJobAttributes, ipp.GetJobs} {
		if !slices.Contains(p.operations, o) {
			return failed(nil, "このプリンターは、ジョブを作ってから文書を送る方法(Create-JobとSend-Document)に対応していません。CUPSのキューを通すか、別のプリンターを使ってください。",
				"This printer cannot open a job and take its document afterwards (Create-Job and Send-Document). Put a CUPS queue before it, or use another printer.")
		}
	}
	if !slices.Contains(p.formats, pdf) {
		return failed(nil, "このプリンターはPDFを受け付けません。PDFを受け付けるキューかプリンターを使ってください。",
			"This printer does not take PDF. Use a queue or a printer that does.")
	}
	if !p.accepting {
		return notAccepting(nil)
	}
	return nil
}

func (q *Queue) asUser() ipp.Attribute {
	return ipp.Strings(ipp.Name, "requesting-user-name", q.line.user)
}

func (q *Queue) aboutJob(id int) []ipp.Attribute {
	return []ipp.Attribute{ipp.Ints(ipp.Integer, "job-id", int32(id)), q.asUser()}
}

// jobName begins with the key: whatever a display or a queue cuts off or cannot write stands behind it.
func jobName(key string, t Title) string { return strings.TrimSpace(key + " " + t.String()) }

// ours says that a job bears the key.
func ours(name, key string) bool {
	first, _, _ := strings.Cut(name, " ")
	return first == key
}

// asked are the attributes that are asked for of a job.
var asked = ipp.Strings(ipp.Keyword, "requested-attributes",
	"job-id", "job-name", "job-state", "job-state-reasons", "number-of-documents", "job-media-sheets-completed", "job-impressions-completed")

// jobs finds the jobs of a key (RFC 8011 section 4.2.6), the oldest first. Those that are not over are asked for first: a job that ends
// between the two questions is in the second answer then, and with the other order it would be in none.
func (q *Queue) jobs(ctx context.Context, key string) ([]job, error) {
	byID := map[int]job{}
	for _, which := range []string{"not-completed", "completed"} {
		answer, err := q.line.ask(ctx, ipp.GetJobs, []ipp.Attribute{q.asUser(), asked,
			ipp.Strings(ipp.Keyword, "which-jobs", which), ipp.Bool("my-jobs", true)}, nil, nil)
		if err != nil {
			return nil, err
		}
		for _, g := range groups(answer, ipp.JobGroup) {
			name := g.Strings("job-name")
			if len(name) != 1 || !ours(name[0], key) {
				continue
			}
			at, err := readJob(g)
			if err != nil {
				return nil, err
			}
			byID[at.id] = at
		}
	}
	var found []job
	for _, at := range byID {
		found = append(found, at)
	}
	slices.SortFunc(found, func(a, b job) int { return a.id - b.id })
	return found, nil
}

// job asks for one job (RFC 8011 section 4.3.4).
func (q *Queue) job(ctx context.Context, id int) (job, error) {
	answer, err := q.line.ask(ctx, ipp.GetJobAttributes, append(q.aboutJob(id), asked), nil, nil)
	if err != nil {
		return job{}, err
	}
	g := groups(answer, ipp.JobGroup)
	if len(g) != 1 {
		return job{}, errOddJob
	}
	at, err := readJob(g[0])
	if err == nil && at.id != id {
		err = errOddJob
	}
	return at, err
}
