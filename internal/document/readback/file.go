package readback

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
)

// The bounds of a file. TestBoundsHoldTheLargest says how far they are from the largest document that there could be: a household of a hundred.
const (
	mostOctets  = 4 << 20
	mostObjects = 1024
	mostPages   = 100
	mostTokens  = 1 << 14 // of everything but the pages' contents
	mostDrawing = 1 << 18 // of the contents of all pages
	mostDrawn   = 1 << 15 // texts, lines and pictures of all pages
)

// head is how our documents begin: the second line is there so that nobody takes them for text (7.5.2).
const head = "%PDF-1.7\n%\xe3\x81\x82\xe3\n"

// file finds the objects of a document by its table of places.
type file struct {
	b      []byte
	table  int // where the table of places lies
	places []int
	ends   []int // of the objects that were read
	read   []any
	tokens budget
}

// open reads the trailer and the table of places. A file has one of each: another one would be of a change made after the file was signed.
func open(b []byte) (*file, dict, error) {
	if len(b) > mostOctets {
		return nil, nil, fmt.Errorf("the file is larger than %d MiB", mostOctets>>20)
	}
	if !bytes.HasPrefix(b, []byte(head)) || !bytes.HasSuffix(b, []byte("\n%%EOF\n")) {
		return nil, nil, errors.New("this is no PDF of ours, or something stands behind its end")
	}
	// The first one: what stands behind it up to the end is one number, or there is another.
	_, last, _ := bytes.Cut(b, []byte("\nstartxref\n"))
	at, err := strconv.Atoi(string(bytes.TrimSuffix(last, []byte("\n%%EOF\n"))))
	if err != nil || at < 0 || at >= len(b) {
		return nil, nil, errors.New("the place of the table of places is wrong")
	}
	// A viewer that cannot read the table looks for objects itself and may find others. So the table is wanted octet for octet (7.5.4).
	n := 0
	const first, entry = "0000000000 65535 f \n", len("0000000000 00000 n \n")
	if _, err := fmt.Sscanf(string(b[at:min(at+20, len(b))]), "xref\n0 %d\n", &n); err != nil || n < 1 || n > mostObjects {
		return nil, nil, errors.New("the table of places has no number of objects that we take")
	}
	rows, ok := bytes.CutPrefix(b[at:], fmt.Appendf(nil, "xref\n0 %d\n%s", n, first))
	if !ok || len(rows) < (n-1)*entry {
		return nil, nil, errors.New("the table of places is damaged")
	}
	f := &file{b: b, table: at, places: make([]int, n), ends: make([]int, n), read: make([]any, n), tokens: mostTokens}
	for i := 1; i < n; i++ {
		p, err := strconv.Atoi(string(rows[:10]))
		if err != nil || p < 0 || p >= at || !bytes.Equal(rows[:entry], fmt.Appendf(nil, "%010d 00000 n \n", p)) {
			return nil, nil, errors.New("the table of places is damaged")
		}
		f.places[i] = p
		rows = rows[entry:]
	}
	l := &lexer{b: b, at: len(b) - len(rows), left: &f.tokens}
	if got, err := l.next(0); err != nil || got != keyword("trailer") {
		return nil, nil, errors.New("there is no trailer behind the table of places")
	}
	v, err := l.next(0)
	trailer, ok := v.(dict)
	if err != nil || !ok || trailer["Size"] != float64(n) || trailer.only("the trailer", "Size", "Root", "ID") != nil ||
		!bytes.Equal(b[l.at:], fmt.Appendf(nil, "\nstartxref\n%d\n%%%%EOF\n", at)) {
		return nil, nil, errors.New("the trailer is not of the form that our documents have")
	}
	return f, trailer, nil
}

// whole wants the objects to lie one behind the other, from the head to the table of places, and nothing between them: whoever looks for objects in another
// way finds the same. It reads each of them once.
func (f *file) whole() error {
	order := make([]ref, 0, len(f.places))
	for i := 1; i < len(f.places); i++ {
		order = append(order, ref(i))
	}
	slices.SortFunc(order, func(a, b ref) int { return cmp.Compare(f.places[a], f.places[b]) })
	end := len(head)
	for _, r := range order {
		if f.places[r] != end {
			return fmt.Errorf("something stands before object %d", r)
		}
		if _, err := f.object(r); err != nil {
			return err
		}
		end = f.ends[r]
	}
	if end != f.table {
		return errors.New("something stands before the table of places")
	}
	return nil
}

// object gives the object that a reference names, or what is none as it is. Each object is read once, however often it is named.
func (f *file) object(v any) (any, error) {
	r, ok := v.(ref)
	if !ok {
		return v, nil
	}
	if r < 1 || int(r) >= len(f.places) {
		return nil, fmt.Errorf("there is no object %d", r)
	}
	if f.ends[r] == 0 {
		o, end, err := f.parse(r)
		if err != nil {
			return nil, err
		}
		f.read[r], f.ends[r] = o, end
	}
	return f.read[r], nil
}

func (f *file) parse(r ref) (o any, end int, err error) {
	l := &lexer{b: f.b, at: f.places[r], left: &f.tokens}
	for _, want := range []any{float64(r), 0.0, keyword("obj")} {
		if got, err := l.next(0); err != nil || got != want {
			return nil, 0, fmt.Errorf("object %d is not where it should be", r)
		}
	}
	if o, err = l.next(0); err != nil {
		return nil, 0, err
	}
	d, ok := o.(dict)
	after, err := l.next(0)
	if err != nil {
		return nil, 0, err
	}
	if l.at >= len(f.b) || f.b[l.at] != '\n' || after != keyword("endobj") && (!ok || after != keyword("stream")) {
		return nil, 0, fmt.Errorf("object %d does not end", r)
	}
	if after == keyword("endobj") {
		return o, l.at + 1, nil
	}
	const tail = "\nendstream\nendobj\n"
	length, ok := d["Length"].(float64)
	from := l.at + 1
	to := from + int(length)
	// F would have the data in another file.
	if !ok || length < 0 || length > mostOctets || to > len(f.b) || !bytes.HasPrefix(f.b[to:], []byte(tail)) || d["Filter"] != nil || d["F"] != nil {
		return nil, 0, fmt.Errorf("the data of object %d are cut off, compressed or elsewhere", r)
	}
	return stream{d, f.b[from:to]}, to + len(tail), nil
}

// dict reads an object that is to be a dictionary.
func (f *file) dict(v any) (dict, error) {
	o, err := f.object(v)
	if err != nil {
		return nil, err
	}
	d, ok := o.(dict)
	if !ok {
		return nil, errors.New("an object that is to be a dictionary is none")
	}
	return d, nil
}

// stream reads an object that is to be a stream, and to have no other entries than these and its length.
func (f *file) stream(v any, what string, entries ...name) (stream, error) {
	o, err := f.object(v)
	if err != nil {
		return stream{}, err
	}
	s, ok := o.(stream)
	if !ok {
		return stream{}, errors.New("an object that is to have data has none")
	}
	return s, s.only(what, append(entries, "Length")...)
}
