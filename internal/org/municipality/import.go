package municipality

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
	"github.com/akashi-id/akashi/resident/registerfile"
)

// ImportOptions are what an import needs beside its file.
type ImportOptions struct {
	By       string         // who imports, for the audit log; empty: "import"
	Progress func(Progress) // called after each batch; may be nil
	Reject   io.Writer      // where bad lines go, as CSV with what is wrong; nil: nowhere
}

// ImportResult counts the lines of a file, the header and blank ones left out.
type ImportResult struct {
	Lines    int64 // read
	Added    int64 // entered into the register, and notified to the prefecture
	Same     int64 // registered already, exactly so
	Rejected int64 // set aside
}

// Progress is how far an import has come.
type Progress = ImportResult

// importBatch is how many residents one transaction takes: long enough to be worth its commit, short enough to let the
// counter in between.
const importBatch = 500

// Import takes residents over from a register file (resident/registerfile): each new one becomes a first version and a
// notice to the prefecture. What is registered already and the same is skipped, so that a file can be imported twice,
// and an import that was cut off is finished by another one. A bad line is set aside and the rest goes on. A line that
// differs from what is registered is bad: an import is no notice of a change. The error is a *plain.Problem when the file
// as a whole cannot be read; the result counts what was done before it.
func (o *Municipality) Import(ctx context.Context, in io.Reader, opt ImportOptions) (ImportResult, error) {
	today := resident.DateOf(o.Clock.Now())
	file, err := registerfile.NewReader(in, today)
	if err != nil {
		return ImportResult{}, err
	}
	if opt.By == "" {
		opt.By = "import"
	}
	trace, err := o.Exchange.NewTrace()
	if err != nil {
		return ImportResult{}, err
	}
	i := &importer{o: o, opt: opt, today: today, trace: trace, reject: newRejectFile(opt.Reject, file.Header()), seen: map[uint64]int64{}, belongs: map[resident.MunicipalityCode]error{}, towns: map[resident.MunicipalityCode]heldTowns{}}
	err = o.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
		i.run = store.Run{ID: tx.Serial(), By: opt.By}
		o.in(tx).BeginRun(i.run.ID, opt.By)
		return nil
	})
	if err != nil {
		return ImportResult{}, err
	}
	// Reading and checking goes on while a batch is written.
	running, stop := context.WithCancel(ctx)
	defer stop()
	batches := make(chan batch, 2)
	go i.read(running, file, batches)
	for b := range batches {
		if err == nil {
			err = errors.Join(i.take(ctx, b), b.err)
		}
		if err != nil {
			stop() // and drain what is on its way
		}
	}
	if err == nil {
		err = ctx.Err() // the reading may have ended for it without a word
	}
	return i.result, errors.Join(err, i.reject.flush())
}

// batch is what one transaction takes.
type batch struct {
	lines   []candidate
	read    int64 // lines, bad ones among them
	rejects []reject
	err     error // of the reading; nothing follows
}

// candidate is a good line.
type candidate struct {
	number int
	raw    []byte
	record resident.Record
	hash   resident.StateHash
}

type importer struct {
	o       *Municipality
	opt     ImportOptions
	today   resident.Date
	trace   string // of this import
	run     store.Run
	result  ImportResult
	reject  *rejectFile
	seen    map[uint64]int64 // code → line, of this file
	belongs map[resident.MunicipalityCode]error
	line    int // the last that was read
	broken  int // how many lines in a row broke their reader
	towns   map[resident.MunicipalityCode]heldTowns
	asked   map[resident.MunicipalityCode]int64 // the stamps of the masters, once for each batch
}

// read makes batches of the file until its end.
func (i *importer) read(ctx context.Context, file lines, out chan<- batch) {
	defer close(out)
	var b batch
	send := func() bool {
		select {
		case out <- b:
		case <-ctx.Done():
			return false
		}
		b = batch{}
		return true
	}
	for {
		line, raw, problems, err := i.next(file)
		if err != nil {
			if !errors.Is(err, io.EOF) {
				b.err = fmt.Errorf("couldn't read the file: %w", err)
			}
			send()
			return
		}
		b.read++
		if len(problems) > 0 {
			b.rejects = append(b.rejects, reject{line.Number, raw, problems})
		} else {
			b.lines = append(b.lines, candidate{line.Number, raw, line.Record, line.Record.StateHash()})
		}
		if b.read == importBatch && !send() {
			return
		}
	}
}

// check judges a line by itself and by the lines before it.
func (i *importer) check(line registerfile.Line) plain.Problems {
	if len(line.Problems) > 0 {
		return line.Problems
	}
	bad := func(field, ja, en string) plain.Problems {
		p := plain.Bad(field, ja, en)
		p.Line = line.Number
		return plain.Problems{p}
	}
	code, err := strconv.ParseUint(line.Record.Code.Reveal(), 10, 64)
	if err != nil {
		return bad("住民票コード", "住民票コードが読めません。", "The record code cannot be read.")
	}
	if before, twice := i.seen[code]; twice {
		return bad("住民票コード",
			fmt.Sprintf("%d行目と同じ住民票コードです（重複）。どちらかの行を直すか、取り除いてください。", before),
			fmt.Sprintf("The same record code stands on line %d (duplicate): correct or remove one of the lines.", before))
	}
	i.seen[code] = int64(line.Number)
	m := line.Record.Municipality
	err, known := i.belongs[m]
	if !known {
		_, err = i.o.body("市区町村コード", m, i.today)
		i.belongs[m] = err
	}
	if ps, ok := plain.AsProblems(err); ok {
		return bad(ps[0].Field, ps[0].JA, ps[0].EN)
	}
	return nil
}

// write writes a batch in one transaction, and its bad lines to the reject file.
func (i *importer) write(ctx context.Context, b batch) error {
	var rejects []reject
	var added, same int64
	err := i.o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := i.o.in(raw)
		rejects, added, same = append([]reject(nil), b.rejects...), 0, 0
		i.asked = map[resident.MunicipalityCode]int64{}
		codes := make([]resident.RecordCode, len(b.lines))
		for n, l := range b.lines {
			codes[n] = l.record.Code
		}
		known, err := tx.KnownCodes(ctx, codes)
		if err != nil {
			return err
		}
		outs := make([]message.Out, 0, len(b.lines))
		for _, l := range b.lines {
			k, registered := known[l.record.Code]
			switch {
			case !registered:
				bad, err := i.inTown(ctx, tx, l)
				if err != nil {
					return err
				}
				if bad != nil {
					rejects = append(rejects, reject{l.number, l.raw, plain.Problems{bad}})
					continue
				}
				told, err := i.add(ctx, tx, l)
				if err != nil {
					return err
				}
				outs = append(outs, told...)
				added++
			case k.Present && !k.Former && k.Hash == l.hash:
				same++
			default:
				rejects = append(rejects, reject{l.number, l.raw, plain.Problems{differs(k, l)}})
			}
		}
		if len(outs) > 0 {
			if _, err := i.o.Exchange.Send(ctx, raw, outs, ""); err != nil {
				return err
			}
		}
		run := i.run
		run.Lines, run.Added, run.Same, run.Rejected = run.Lines+b.read, run.Added+added, run.Same+same, run.Rejected+int64(len(rejects))
		if err := tx.NoteRun(ctx, run); err != nil {
			return err
		}
		tx.OnCommit(func() { i.run = run })
		return nil
	})
	if err != nil {
		return err
	}
	i.result = ImportResult{Lines: i.run.Lines, Added: i.run.Added, Same: i.run.Same, Rejected: i.run.Rejected}
	slices.SortFunc(rejects, func(a, b reject) int { return a.number - b.number })
	if err := i.reject.write(rejects); err != nil {
		return err
	}
	if i.opt.Progress != nil {
		i.opt.Progress(i.result)
	}
	return nil
}

// traceOf names what follows from a line: by the import, and by its place in the file. So the traces of a batch lie together at
// the end of each index of them, here and where the notices arrive, and not on a page each.
func (i *importer) traceOf(l candidate) string { return fmt.Sprintf("%s-%08d", i.trace, l.number) }

// add enters a resident as a first version, ex officio, on the day of the import.
func (i *importer) add(ctx context.Context, tx *store.Tx, l candidate) ([]message.Out, error) {
	trace := i.traceOf(l)
	v := store.Version{Person: store.Person(tx.Serial()), Number: 1, Record: l.record, Basis: importBasis,
		Change:    resident.ChangeInfo{Reason: resident.EntryExOfficio, Arose: i.today},
		EnteredAt: tx.Now(), EnteredBy: i.opt.By, Trace: trace}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: i.opt.By, Act: "import", Subject: l.record.Code.Reveal(), Case: trace, Detail: "import " + strconv.FormatInt(i.run.ID, 10)})
	told, err := tx.Put(ctx, v, true)
	return i.o.tell(told, trace), err
}

// differs says why a line whose code is known is set aside.
func differs(k store.Known, l candidate) *plain.Problem {
	p := plain.Bad("住民票コード",
		"この住民票コードの住民は、違う内容で登録されています。取込みでは記録を変えられません。異動があったのなら、窓口で届け出てください。",
		"Somebody with this record code is registered differently. An import changes no record: file a change at the counter if there was one.")
	switch {
	case k.Free:
		p = plain.Bad("住民票コード",
			"この住民票コードは、この市区町村に割り当てられ、まだだれにも付けていないものです。このまま取り込むと、別の方にも付きます。打ち間違いがないか確かめてください。",
			"This record code was allotted to this municipality and has not been given to anybody yet. Taken over, it would be given to somebody else too: check for a typing error.")
	case k.Former:
		p = plain.Bad("住民票コード",
			"この住民票コードは、変更されて使われなくなったものです。新しい住民票コードの行に直してください。",
			"This record code was given up for another one: correct the line to the present code.")
	case !k.Present:
		p = plain.Bad("住民票コード",
			"この住民票コードの住民は、消除されています。再び住民となったのなら、窓口で登録してください。",
			"The record with this code was deleted: register the person at the counter if he or she has become a resident again.")
	}
	p.Line = l.number
	return p
}

// Reached tells how many of the imported residents the prefecture has applied, and whether nothing is on its way any
// more; what is parked or held there waits for people. What the national center has, it tells itself.
func (o *Municipality) Reached(ctx context.Context) (n int64, ok bool, err error) {
	var imported int64
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		imported, err = o.in(tx).Imported(ctx)
		return err
	})
	if err != nil {
		return 0, false, err
	}
	pairs, err := o.Exchange.Pairs(ctx)
	if err != nil {
		return 0, false, err
	}
	open, waiting := int64(math.MaxInt64), true
	for _, p := range pairs {
		if p.Peer == o.prefecture {
			open, waiting = p.Open, p.Waiting > 0
		}
	}
	return max(0, imported-min(imported, open)), !waiting, nil
}
