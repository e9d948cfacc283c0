package readback

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
)

// The objects of PDF (ISO 32000-1, 7.3), as far as our documents have them.
type (
	name    string
	ref     int
	dict    map[name]any
	keyword string
	octets  []byte // a string
)

// stream is a dictionary with data, which are not compressed.
type stream struct {
	dict
	data []byte
}

// only wants a dictionary to have no other entries than these: one that a viewer heeds and this reader does not could change what people see.
func (d dict) only(what string, entries ...name) error {
	for key := range d {
		if !slices.Contains(entries, key) {
			return fmt.Errorf("%s has an entry %.20q, which ours have not", what, string(key))
		}
	}
	return nil
}

const mostDepth = 16

// budget is how many objects of the lowest level may still be read of a file. What a file can bring a reader to do and to keep is a small multiple of it,
// however the file is made.
type budget int

// lexer reads objects, one after another.
type lexer struct {
	b    []byte
	at   int
	left *budget
}

func (l *lexer) bad(what string) error { return fmt.Errorf("at octet %d: %s", l.at, what) }

// The classes of octets (7.2.2): what is none of these is regular.
const (
	isWhite = 1 + iota
	isDelimiter
)

var classes = func() (t [256]uint8) {
	for _, c := range []byte("\x00\t\n\f\r ") {
		t[c] = isWhite
	}
	for _, c := range []byte("()<>[]{}/%") {
		t[c] = isDelimiter
	}
	return t
}()

func (l *lexer) skip() {
	for l.at < len(l.b) && classes[l.b[l.at]] == isWhite {
		l.at++
	}
}

// word reads up to a blank or a delimiter.
func (l *lexer) word() []byte {
	from := l.at
	for l.at < len(l.b) && classes[l.b[l.at]] == 0 {
		l.at++
	}
	return l.b[from:l.at]
}

// next reads one object; a number is a float64, and what is none of the types is a keyword. At the end it gives nil.
func (l *lexer) next(depth int) (any, error) {
	if depth > mostDepth {
		return nil, l.bad("objects are nested too deeply")
	}
	l.skip()
	if l.at >= len(l.b) {
		return nil, nil
	}
	if *l.left--; *l.left < 0 {
		return nil, l.bad("the file has more in it than our documents have")
	}
	switch c := l.b[l.at]; {
	case c == '/':
		l.at++
		n := l.word()
		if bytes.IndexByte(n, '#') >= 0 { // 7.3.5: a second way of writing the same name
			return nil, l.bad("a name is not of the form that our documents have")
		}
		return name(n), nil
	case c == '(':
		return l.literal()
	case c == '<' && l.at+1 < len(l.b) && l.b[l.at+1] == '<':
		l.at += 2
		return l.dictionary(depth)
	case c == '<':
		end := bytes.IndexByte(l.b[l.at:], '>')
		if end < 0 {
			return nil, l.bad("a string does not end")
		}
		s := make(octets, hex.DecodedLen(end-1))
		if _, err := hex.Decode(s, l.b[l.at+1:l.at+end]); err != nil {
			return nil, l.bad("a string is not in hexadecimal digits")
		}
		l.at += end + 1
		return s, nil
	case c == '[':
		l.at++
		return l.array(depth)
	case classes[c] == isDelimiter:
		return nil, l.bad("an object begins with " + strconv.QuoteRune(rune(c)))
	}
	w := l.word()
	if n, is := number(w); is {
		return n, nil
	}
	return keyword(w), nil
}

// number reads a number as in 7.3.3, which has no exponent.
func number(w []byte) (float64, bool) {
	whole, simple := 0, len(w) > 0 && len(w) <= 9
	for _, c := range w {
		switch {
		case '0' <= c && c <= '9':
			whole = 10*whole + int(c-'0')
		case c == '-' || c == '.':
			simple = false
		default:
			return 0, false
		}
		if len(w) > 12 {
			return 0, false
		}
	}
	if simple {
		return float64(whole), true
	}
	n, err := strconv.ParseFloat(string(w), 64)
	return n, err == nil
}

// literal reads a string in parentheses; our own have none within.
func (l *lexer) literal() (any, error) {
	end := bytes.IndexByte(l.b[l.at:], ')')
	if end < 0 || bytes.ContainsAny(l.b[l.at+1:l.at+end], `\(`) {
		return nil, l.bad("a string is not of the form that our documents have")
	}
	s := octets(l.b[l.at+1 : l.at+end])
	l.at += end + 1
	return s, nil
}

func (l *lexer) array(depth int) ([]any, error) {
	a := []any{}
	for {
		l.skip()
		if l.at < len(l.b) && l.b[l.at] == ']' {
			l.at++
			return a, nil
		}
		v, err := l.next(depth + 1)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, l.bad("an array does not end")
		}
		if a, err = referred(a, v); err != nil {
			return nil, l.bad(err.Error())
		}
	}
}

// referred appends an object; "12 0 R" is the reference to object 12.
func referred(a []any, v any) ([]any, error) {
	if v != keyword("R") {
		return append(a, v), nil
	}
	if len(a) < 2 {
		return nil, fmt.Errorf("a reference has no number")
	}
	n, ok := a[len(a)-2].(float64)
	generation, ok2 := a[len(a)-1].(float64)
	if !ok || !ok2 || generation != 0 || n != float64(int(n)) {
		return nil, fmt.Errorf("a reference is not to an object of ours")
	}
	return append(a[:len(a)-2], ref(n)), nil
}

func (l *lexer) dictionary(depth int) (dict, error) {
	flat := []any{}
	for {
		l.skip()
		if bytes.HasPrefix(l.b[l.at:], []byte(">>")) {
			l.at += 2
			break
		}
		v, err := l.next(depth + 1)
		if err != nil {
			return nil, err
		}
		if v == nil {
			return nil, l.bad("a dictionary does not end")
		}
		if flat, err = referred(flat, v); err != nil {
			return nil, l.bad(err.Error())
		}
	}
	if len(flat)%2 != 0 {
		return nil, l.bad("a dictionary has a key without a value")
	}
	d := make(dict, len(flat)/2)
	for i := 0; i < len(flat); i += 2 {
		key, ok := flat[i].(name)
		if _, twice := d[key]; !ok || twice {
			return nil, l.bad("a dictionary has a key twice, or one that is no name")
		}
		d[key] = flat[i+1]
	}
	return d, nil
}
