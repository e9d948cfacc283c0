package crl

import (
	"errors"
	"fmt"
	"hash"
	"io"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"
)

// Malformed says that bytes are no revocation list, and where.
type Malformed struct {
	At   int64 // offset of what was being read
	What string
}

// Error gives both.
func (m *Malformed) Error() string {
	return fmt.Sprintf("no revocation list: %s at byte %d", m.What, m.At)
}

// windowSize bounds what the reader holds at once, and so every single element but the three that hold the rest.
const windowSize = 64 << 10

// window looks at a stream a piece at a time, and hashes what goes past while sum is set.
type window struct {
	src              io.Reader
	buf              [windowSize]byte
	hashed, pos, end int
	behind           int64 // of the stream, before buf
	sum              hash.Hash
}

func (w *window) at() int64 { return w.behind + int64(w.pos) }

func (w *window) malformed(what string) error { return &Malformed{At: w.at(), What: what} }

// peek gives the next n bytes, or fewer where the stream ends before. They stay until the next peek.
func (w *window) peek(n int) ([]byte, error) {
	for empty := 0; w.end-w.pos < n; {
		if w.pos > 0 {
			w.flush()
			copy(w.buf[:], w.buf[w.pos:w.end])
			w.behind += int64(w.pos)
			w.hashed, w.pos, w.end = 0, 0, w.end-w.pos
		}
		got, err := w.src.Read(w.buf[w.end:])
		w.end += got
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && got == 0 {
			if empty++; empty == 100 {
				err = io.ErrNoProgress
			}
		}
		if err != nil {
			return nil, fmt.Errorf("couldn't read a revocation list: %w", err)
		}
	}
	return w.buf[w.pos:min(w.pos+n, w.end)], nil
}

// flush hashes what was passed since the last time.
func (w *window) flush() {
	if w.sum != nil {
		w.sum.Write(w.buf[w.hashed:w.pos])
	}
	w.hashed = w.pos
}

// begin hashes from here on, and stop until here.
func (w *window) begin(h hash.Hash) { w.hashed, w.sum = w.pos, h }

func (w *window) stop() {
	w.flush()
	w.sum = nil
}

// header reads tag and length of what comes next, without passing it. left is what remains of that in which it stands.
func (w *window) header(left int64) (tag cb.Tag, header int, content int64, err error) {
	b, err := w.peek(int(min(6, left)))
	if err != nil {
		return 0, 0, 0, err
	}
	if len(b) < 2 {
		return 0, 0, 0, w.malformed("an end too early")
	}
	tag, header, content = cb.Tag(b[0]), 2, int64(b[1])
	if tag&0x1f == 0x1f {
		return 0, 0, 0, w.malformed("a tag of several octets")
	}
	if b[1]&0x80 != 0 {
		octets := int(b[1] & 0x7f)
		if octets == 0 || octets > 4 || len(b) < 2+octets {
			return 0, 0, 0, w.malformed("a length that is no length") // also the indefinite form, which DER does not have
		}
		header, content = 2+octets, 0
		for _, o := range b[2:header] {
			content = content<<8 | int64(o)
		}
		if content < 0x80 || content>>(8*(octets-1)) == 0 {
			return 0, 0, 0, w.malformed("a length that is not in its shortest form")
		}
	}
	if int64(header)+content > left {
		return 0, 0, 0, w.malformed("an element longer than that in which it stands")
	}
	return tag, header, content, nil
}

// enter passes the header of a SEQUENCE and gives the length of its content.
func (w *window) enter(left *int64, what string) (content int64, err error) {
	tag, header, content, err := w.header(*left)
	if err != nil {
		return 0, err
	}
	if tag != cb.SEQUENCE {
		return 0, w.malformed("something else than " + what)
	}
	w.pos += header
	*left -= int64(header) + content
	return content, nil
}

// element passes one element of at most limit bytes and gives it whole. It stays until the next peek.
func (w *window) element(left *int64, limit int, want cb.Tag, what string) (cryptobyte.String, error) {
	tag, header, content, err := w.header(*left)
	if err != nil {
		return nil, err
	}
	total := int64(header) + content
	switch {
	case want != 0 && tag != want:
		return nil, w.malformed("something else than " + what)
	case total > int64(limit):
		return nil, w.malformed(what + " that is too long")
	}
	b, err := w.peek(int(total))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) < total {
		return nil, w.malformed("an end too early")
	}
	w.pos += int(total)
	*left -= total
	return cryptobyte.String(b), nil
}
