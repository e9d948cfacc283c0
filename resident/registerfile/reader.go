package registerfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Line is one line of the file: a Record when Problems is empty.
type Line struct {
	Number   int    // in the file, from 1
	Raw      []byte // as read, without its line break, for a reject file; valid until the next call of Next; nil when over MaxLine
	Record   resident.Record
	Problems plain.Problems // each with Line, and in Field the column as the header names it
}

// Reader reads a file line by line, whatever its length, in constant memory. It is
// not safe for concurrent use.
type Reader struct {
	in     *bufio.Reader
	asOf   resident.Date
	header string   // the header line as read
	order  []column // column at each position
	names  []string // header word at each position
	line   int
	fields []string
	bodies map[string]body // municipalities already looked up
}

// body is the outcome of a look-up, kept because a file has few municipalities.
type body struct {
	code resident.MunicipalityCode
	err  error
}

// NewReader reads the header. asOf is the day of the register: its municipalities must
// exist on that day, and nobody is born or became a resident after it. A header that
// cannot be understood is refused as plain.Problems; another error is that of in.
func NewReader(in io.Reader, asOf resident.Date) (*Reader, error) {
	if !asOf.Valid() {
		return nil, errors.New("registerfile: no day of the register given")
	}
	r := &Reader{in: bufio.NewReaderSize(in, MaxLine), asOf: asOf, bodies: map[string]body{}}
	if mark, err := r.in.Peek(3); err == nil && string(mark) == "\uFEFF" {
		if _, err := r.in.Discard(3); err != nil {
			return nil, err
		}
	}
	for {
		raw, tooLong, err := r.readLine()
		switch {
		case err == io.EOF:
			return nil, r.refuse("",
				"ファイルが空です。1行目に見出しのあるCSVファイルを指定してください。",
				"The file is empty. Give a CSV file whose first line is its header.")
		case err != nil:
			return nil, err
		case tooLong || !utf8.Valid(raw):
			return nil, r.refuse("",
				"見出しの行がUTF-8のCSVとして読めません。文字コードをUTF-8にして保存し直してください。",
				"The header line cannot be read as UTF-8 CSV. Save the file as UTF-8.")
		case len(raw) == 0 || raw[0] == '#':
			continue
		}
		r.header = string(raw)
		fields, ok := split(nil, r.header)
		if !ok {
			return nil, r.refuse("",
				"見出しの行の引用符が閉じていません。見出しを直してください。",
				"A quotation mark of the header line is not closed. Correct the header.")
		}
		order, ps := readHeader(r.line, fields)
		if len(ps) > 0 {
			return nil, ps
		}
		r.order, r.names = order, fields
		return r, nil
	}
}

// Header is the header line as read, to head a file of rejected lines.
func (r *Reader) Header() string { return r.header }

// Next gives the next line that is not blank, good or bad. At the end of the file the
// error is io.EOF; any other error is that of the input, and ends the reading.
func (r *Reader) Next() (Line, error) {
	for {
		raw, tooLong, err := r.readLine()
		if err != nil {
			return Line{}, err
		}
		l := Line{Number: r.line, Raw: raw}
		switch {
		case tooLong:
			l.Raw = nil
			l.Problems = r.refuse("",
				fmt.Sprintf("行が長すぎます(上限%dバイト)。行の区切りと引用符を確かめてください。", MaxLine),
				fmt.Sprintf("The line is too long (at most %d bytes). Check its line breaks and quotation marks.", MaxLine))
		case len(raw) == 0:
			continue
		case !utf8.Valid(raw):
			l.Problems = r.refuse("",
				"この行の文字コードがUTF-8ではありません。UTF-8で保存し直してください。",
				"This line is not UTF-8. Save it as UTF-8 again.")
		default:
			l.Record, l.Problems = r.parse(string(raw))
		}
		return l, nil
	}
}

// readLine gives the next line without its break. Of a line over MaxLine nothing is kept.
func (r *Reader) readLine() (raw []byte, tooLong bool, err error) {
	raw, err = r.in.ReadSlice('\n')
	for errors.Is(err, bufio.ErrBufferFull) {
		tooLong = true
		_, err = r.in.ReadSlice('\n')
	}
	if err == io.EOF && (len(raw) > 0 || tooLong) {
		err = nil // the last line has no break
	}
	if err != nil {
		return nil, false, err
	}
	r.line++
	if tooLong || len(raw) > MaxLine { // in may have brought a larger buffer of its own
		return nil, true, nil
	}
	raw = bytes.TrimSuffix(raw, []byte("\n"))
	return bytes.TrimSuffix(raw, []byte("\r")), false, nil
}

func (r *Reader) refuse(field, ja, en string) plain.Problems {
	p := plain.Bad(field, ja, en)
	p.Line = r.line
	return plain.Problems{p}
}

// split appends the fields of a line to to. It is false when a quotation mark is not
// closed, or something follows a closed one.
func split(to []string, s string) ([]string, bool) {
	for {
		if !strings.HasPrefix(s, `"`) {
			field, rest, more := strings.Cut(s, ",")
			to = append(to, field)
			if !more {
				return to, true
			}
			s = rest
			continue
		}
		end := 1
		for {
			i := strings.IndexByte(s[end:], '"')
			if i < 0 {
				return to, false
			}
			end += i
			if !strings.HasPrefix(s[end:], `""`) {
				break
			}
			end += 2
		}
		to = append(to, strings.ReplaceAll(s[1:end], `""`, `"`))
		switch s = s[end+1:]; {
		case s == "":
			return to, true
		case s[0] != ',':
			return to, false
		}
		s = s[1:]
	}
}
