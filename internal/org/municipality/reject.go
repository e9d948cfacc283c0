package municipality

import (
	"bufio"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/plain"
)

// reject is a line that was set aside.
type reject struct {
	number   int
	raw      []byte // empty when it was too long to be kept
	problems plain.Problems
}

// rejectFile is the CSV of the lines that were set aside (不受理の行): line, column, what is wrong in both languages, and
// then the line as it was, under the file's own header. Cut to the columns after the fourth and corrected, it can be
// imported. It holds personal data as the file itself does.
type rejectFile struct {
	out *bufio.Writer // nil: nowhere
	err error         // the first that writing met
}

func newRejectFile(w io.Writer, header string) *rejectFile {
	f := &rejectFile{}
	if w != nil {
		f.out = bufio.NewWriter(w)
		f.line("行,項目,理由,reason," + header)
	}
	return f
}

func (f *rejectFile) write(rejects []reject) error {
	if f.out == nil {
		return nil
	}
	for _, r := range rejects {
		var columns, ja, en []string
		for _, p := range r.problems {
			columns, ja, en = append(columns, p.Field), append(ja, p.JA), append(en, p.EN)
		}
		f.line(strconv.Itoa(r.number) + "," + quoted(columns) + "," + quoted(ja) + "," + quoted(en) + "," + inert(r.raw))
	}
	return f.err
}

func (f *rejectFile) line(s string) {
	if _, err := f.out.WriteString(s + "\n"); err != nil && f.err == nil {
		f.err = err
	}
}

func (f *rejectFile) flush() error {
	if f.out == nil {
		return nil
	}
	return f.out.Flush()
}

// quoted writes one field of a CSV line.
func quoted(parts []string) string {
	return `"` + strings.ReplaceAll(strings.Join(parts, " / "), `"`, `""`) + `"`
}

// inert writes an apostrophe before every field that a spreadsheet would take for a formula. The line may be broken, so
// that a field is taken to begin wherever one may: at the line's beginning, and after each comma, quotation mark and
// carriage return. No good field begins so.
func inert(raw []byte) string {
	var b strings.Builder
	begins := true
	for len(raw) > 0 {
		// What is no UTF-8 goes through as it is.
		r, size := utf8.DecodeRune(raw)
		if begins && strings.ContainsRune("=+-@\t＝＋－＠", r) {
			b.WriteByte('\'')
		}
		b.Write(raw[:size])
		begins = r == ',' || r == '"' || r == '\r'
		raw = raw[size:]
	}
	return b.String()
}
