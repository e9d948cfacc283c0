package registerfile

import (
	"bufio"
	"io"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Writer writes the file that Reader reads, with every column. It buffers: the file is
// complete after Flush. It is not safe for concurrent use.
type Writer struct {
	out  *bufio.Writer
	lang plain.Lang
	head bool // the header is written
}

// NewWriter writes to out, with the column ids of a language.
func NewWriter(out io.Writer, lang plain.Lang) *Writer {
	return &Writer{out: bufio.NewWriterSize(out, MaxLine), lang: lang}
}

// Comment writes text as # lines before the header: where the file comes from, or that
// its residents are invented. It panics after the first Write.
func (w *Writer) Comment(text string) {
	if w.head {
		panic("registerfile: a comment after the header")
	}
	for line := range strings.Lines(text) {
		w.out.WriteString("# " + strings.TrimRight(line, "\r\n") + "\n")
	}
}

// Write writes one resident, and before the first one the header. A record that lacks
// a required item is refused as plain.Problems, and nothing is written.
func (w *Writer) Write(rec resident.Record) error {
	if err := rec.Check().Err(); err != nil {
		return err
	}
	if !w.head {
		w.header()
	}
	voters := ""
	if rec.Qualified.Voter {
		voters = "登録"
	}
	f, res, stay, q := rec.FamilyRegister, rec.Residence, rec.Stay, rec.Qualified
	w.line([columns]string{
		recordCode:       rec.Code.Reveal(),
		name:             rec.Name.Reveal(),
		kana:             rec.Kana.Reveal(),
		birth:            rec.Birth.String(),
		sex:              rec.Sex.String(),
		address:          rec.Address.Reveal(),
		municipality:     rec.Municipality.String(),
		household:        string(rec.Household),
		relation:         rec.Relation.Reveal(),
		commonName:       rec.CommonName.Reveal(),
		nationality:      rec.Nationality.Reveal(),
		becameResident:   rec.BecameResident.String(),
		number:           rec.Number.Reveal(),
		furigana:         rec.Furigana.Reveal(),
		formerName:       rec.FormerName.Reveal(),
		domicile:         f.Domicile.Reveal(),
		domicileHead:     f.Head.Reveal(),
		domicileState:    f.State.In(plain.JA),
		addressSince:     res.Since.String(),
		notified:         res.Notified.String(),
		earlierAddress:   res.Earlier.Reveal(),
		voter:            voters,
		healthSince:      q.Health.Since.String(),
		healthUntil:      q.Health.Until.String(),
		elderlySince:     q.Elderly.Since.String(),
		elderlyUntil:     q.Elderly.Until.String(),
		careSince:        q.Care.Since.String(),
		careUntil:        q.Care.Until.String(),
		pensionSince:     q.Pension.Since.String(),
		pensionUntil:     q.Pension.Until.String(),
		pensionKind:      q.Pension.Kind.In(plain.JA),
		pensionKindSince: q.Pension.KindSince.String(),
		pensionNumber:    q.Pension.Number.Reveal(),
		allowanceSince:   q.Allowance.Since.String(),
		allowanceUntil:   q.Allowance.Until.String(),
		stayCategory:     stay.Category.In(plain.JA),
		stayStatus:       stay.Status.Reveal(),
		stayPeriod:       stay.Period.Text(),
		stayUntil:        stay.Until.String(),
		stayCard:         stay.Card.Reveal(),
		foreignSince:     stay.Since.String(),
	})
	return nil
}

// Flush writes the header if there was no resident, and everything buffered. Its
// error is the first that writing met.
func (w *Writer) Flush() error {
	if !w.head {
		w.header()
	}
	return w.out.Flush()
}

func (w *Writer) header() {
	var words [columns]string
	for c := range columns {
		words[c] = ids[c].In(w.lang)
	}
	w.head = true
	w.line(words)
}

func (w *Writer) line(fields [columns]string) {
	for i, s := range fields {
		if i > 0 {
			w.out.WriteByte(',')
		}
		if strings.ContainsAny(s, `",`) {
			s = `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
		}
		w.out.WriteString(s)
	}
	w.out.WriteByte('\n')
}
