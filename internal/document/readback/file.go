package readback

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
)

const (
	mostOctets  = 16 << 20
	mostObjects = 4096
	mostPages   = 200
)

// file finds the objects of a document by its table of places.
type file struct {
	b      []byte
	places []int
}

// open reads the trailer and the table of places. A file has one of each: another one would be of a change made after the file was signed.
func open(b []byte) (*file, dict, error) {
	if len(b) > mostOctets {
		return nil, nil, errors.New("the file is larger than 16 MiB")
	}
	if !bytes.HasPrefix(b, []byte("%PDF-1.7\n")) || !bytes.HasSuffix(b, []byte("\n%%EOF\n")) {
		return nil, nil, errors.New("this is no PDF of ours, or something stands behind its end")
	}
	// The first one: what stands behind it up to the end is one number, or there is another.
	_, last, _ := bytes.Cut(b, []byte("\nstartxref\n"))
	at, err := strconv.Atoi(string(bytes.TrimSuffix(last, []byte("\n%%EOF\n"))))
	if err != nil || at < 0 || at >= len(b) {
		return nil, nil, errors.New("the place of the table of places is wrong")
	}
	l := &lexer{b: b, at: at}
	for _, want := range []any{keyword("xref"), 0.0} {
		if got, err := l.next(0); err != nil || got != want {
			return nil, nil, errors.New("the table of places is not where it should be")
		}
	}
	count, _ := l.next(0)
	n, ok := count.(float64)
	if !ok || n < 1 || n > mostObjects || n != float64(int(n)) {
		return nil, nil, errors.New("the table of places has no number of objects that we take")
	}
	f := &file{b: b, places: make([]int, int(n))}
	for i := range f.places {
		place, _ := l.next(0)
		generation, _ := l.next(0)
		kind, err := l.next(0)
		p, ok := place.(float64)
		if err != nil || !ok || p < 0 || p >= float64(len(b)) || i > 0 && (generation != 0.0 || kind != keyword("n")) {
			return nil, nil, errors.New("the table of places is damaged")
		}
		f.places[i] = int(p)
	}
	if got, err := l.next(0); err != nil || got != keyword("trailer") {
		return nil, nil, errors.New("there is no trailer behind the table of places")
	}
	v, err := l.next(0)
	trailer, ok := v.(dict)
	if err != nil || !ok || trailer["Size"] != n || trailer["Prev"] != nil || trailer["Encrypt"] != nil || trailer["XRefStm"] != nil {
		return nil, nil, errors.New("the trailer is not of the form that our documents have")
	}
	return f, trailer, nil
}

// object reads the object that a reference names, or gives what is none as it is.
func (f *file) object(v any) (any, error) {
	r, ok := v.(ref)
	if !ok {
		return v, nil
	}
	if r < 1 || int(r) >= len(f.places) {
		return nil, fmt.Errorf("there is no object %d", r)
	}
	l := &lexer{b: f.b, at: f.places[r]}
	for _, want := range []any{float64(r), 0.0, keyword("obj")} {
		if got, err := l.next(0); err != nil || got != want {
			return nil, fmt.Errorf("object %d is not where it should be", r)
		}
	}
	o, err := l.next(0)
	if err != nil {
		return nil, err
	}
	d, ok := o.(dict)
	after, err := l.next(0)
	if err != nil || after == keyword("endobj") {
		return o, err
	}
	if !ok || after != keyword("stream") || l.at >= len(f.b) || f.b[l.at] != '\n' {
		return nil, fmt.Errorf("object %d does not end", r)
	}
	length, ok := d["Length"].(float64)
	from := l.at + 1
	to := from + int(length)
	if !ok || length < 0 || to > len(f.b) || !bytes.HasPrefix(f.b[to:], []byte("\nendstream\nendobj\n")) || d["Filter"] != nil {
		return nil, fmt.Errorf("the data of object %d are cut off or compressed", r)
	}
	return stream{d, f.b[from:to]}, nil
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

// stream reads an object that is to be a stream.
func (f *file) stream(v any) (stream, error) {
	o, err := f.object(v)
	if err != nil {
		return stream{}, err
	}
	s, ok := o.(stream)
	if !ok {
		return stream{}, errors.New("an object that is to have data has none")
	}
	return s, nil
}
