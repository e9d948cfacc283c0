package message

import (
	"errors"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// check collects the problems of a payload's fields while they are read, so that a sender is told all at once.
type check struct{ problems plain.Problems }

func (c *check) note(field string, err error) {
	if err == nil {
		return
	}
	if ps, ok := plain.AsProblems(err); ok {
		c.problems = append(c.problems, ps...)
		return
	}
	c.problems = append(c.problems, plain.Bad(field, "値が読めません。送信側のプログラムを確かめてください。", "the value cannot be read: check the sender's program"))
}

// field reads one field with a Parse function of the vocabulary.
func field[T any](c *check, name, value string, parse func(field, s string) (T, error)) T {
	v, err := parse(name, value)
	c.note(name, err)
	return v
}

// optional is field for one that may be absent.
func optional[T any](c *check, name, value string, parse func(field, s string) (T, error)) T {
	if value == "" {
		var zero T
		return zero
	}
	return field(c, name, value, parse)
}

func profile(c *check, s string) cert.Profile {
	p, err := cert.ParseProfile(s)
	c.note("profile", err)
	return p
}

func serial(c *check, b []byte) cert.Serial {
	s, err := cert.SerialFromBytes(b)
	c.note("serial", err)
	return s
}

func reason(c *check, s string) cert.RevocationReason {
	r, err := cert.ParseReason(s)
	c.note("reason", err)
	return r
}

func version(c *check, v uint64) resident.Version {
	// Kept as a signed 64-bit integer by the stores.
	if v == 0 || v>>63 != 0 {
		c.note("version", errors.New("no version"))
	}
	return resident.Version(v)
}

func hash(c *check, name string, b []byte) (h resident.StateHash) {
	if len(b) != 0 && copy(h[:], b) != len(b) || len(b) != 0 && len(b) != len(h) {
		c.note(name, errors.New("a hash has 32 bytes"))
	}
	return h
}

func seconds(s int64) time.Time { return time.Unix(s, 0).UTC() }

func (c *check) err() error {
	if len(c.problems) == 0 {
		return nil
	}
	return c.problems
}

func required(c *check, name string, given bool) {
	if !given {
		c.note(name, plain.Bad(name, "値がありません。送信側のプログラムを確かめてください。", "the value is missing: check the sender's program"))
	}
}

// inLine tells whether a name, a key or a person's identifier can stand in one line of every store, log and screen, and
// reads there as it is.
func inLine(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool {
		return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r)
	})
}

// inLines is inLine for what people wrote, in lines of their own.
func inLines(s string) bool {
	return utf8.ValidString(s) && !strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\r\n\t", r) })
}

// maxPerson is how many bytes a person's identifier may have.
const maxPerson = 200

// System is who acted where no person did.
const System = "system"
