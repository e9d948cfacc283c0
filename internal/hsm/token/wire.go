package token

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Calls and answers are lines of JSON, so that whoever traces the pipes can read them. The pipes are the process's own: what a native module prints on standard output reaches no one's parser.

// maxLine bounds a line in bytes. The longest is the list of a device's keys.
const maxLine = 1 << 20

// Op is what is asked.
type Op string

const (
	OpOpen   Op = "open"
	OpKeys   Op = "keys"
	OpSign   Op = "sign"
	OpLogout Op = "logout" // of a Forgetter
)

// Call is one question. ID is the caller's, and comes back with the answer.
type Call struct {
	ID      uint64 `json:"id"`
	Op      Op     `json:"op"`
	PIN     []byte `json:"pin,omitempty"`     // of OpOpen
	Despite bool   `json:"despite,omitempty"` // of OpOpen
	Key     string `json:"key,omitempty"`     // of OpSign
	Hash    string `json:"hash,omitempty"`    // "SHA-256"
	Digest  []byte `json:"digest,omitempty"`
}

// Answer answers the call of the same ID. Answers come in any order.
type Answer struct {
	ID        uint64 `json:"id"`
	Err       *Error `json:"err,omitempty"`
	Keys      []Key  `json:"keys,omitempty"`
	Signature []byte `json:"signature,omitempty"`
}

// ErrGarbage means that what came is no line of this protocol.
var ErrGarbage = errors.New("what came from the other side of the pipe is no call and no answer")

// Lines reads and writes one side of the conversation. It is not safe for several writers or readers at once.
type Lines struct {
	in  *bufio.Scanner
	out io.Writer
}

// NewLines returns a side that reads from in and writes to out.
func NewLines(in io.Reader, out io.Writer) *Lines {
	s := bufio.NewScanner(in)
	s.Buffer(make([]byte, 0, 4096), maxLine)
	return &Lines{s, out}
}

// Read reads one line into v: io.EOF when the other side has closed, ErrGarbage when it is none of ours.
func (l *Lines) Read(v any) error {
	if !l.in.Scan() {
		switch err := l.in.Err(); {
		case errors.Is(err, bufio.ErrTooLong):
			return fmt.Errorf("%w: a line of more than %d bytes", ErrGarbage, maxLine)
		case err != nil:
			return err
		}
		return io.EOF
	}
	if err := json.Unmarshal(l.in.Bytes(), v); err != nil {
		return fmt.Errorf("%w: %w", ErrGarbage, err)
	}
	return nil
}

// Write writes one line at once, so that the lines of two writers that take turns do not mix.
func (l *Lines) Write(v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	_, err = l.out.Write(append(b, '\n'))
	return err
}
