package sqlstore

import (
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// Micros is how an instant is stored: microseconds since 1970-01-01T00:00:00Z. What is finer is cut off.
func Micros(t time.Time) int64 { return t.UnixMicro() }

// FromMicros is the way back, in UTC. The zero time.Time comes back as such.
func FromMicros(us int64) time.Time { return time.UnixMicro(us).UTC() }

// MicrosOrNone is Micros, and 0 for the zero time: that there is none.
func MicrosOrNone(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return Micros(t)
}

// FromMicrosOrNone is the way back of MicrosOrNone.
func FromMicrosOrNone(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return FromMicros(us)
}

// Time reads a BIGINT column of microseconds into t.
func Time(t *time.Time) sql.Scanner { return timeColumn{t} }

type timeColumn struct{ t *time.Time }

func (c timeColumn) Scan(src any) error {
	us, ok := src.(int64)
	if !ok {
		return fmt.Errorf("a column of microseconds holds a %T", src)
	}
	*c.t = FromMicros(us)
	return nil
}

// portable turns arguments into what both engines store alike. SQLite would keep a time.Time as text, and text with a
// NUL or broken UTF-8 in it, which PostgreSQL refuses.
func portable(args []any) ([]any, error) {
	out := args
	for i, a := range args {
		switch v := a.(type) {
		case int64, []byte, bool, nil:
		case time.Time:
			if &out[0] == &args[0] {
				out = append([]any(nil), args...)
			}
			out[i] = Micros(v)
		case string:
			if err := checkText(v); err != nil {
				return nil, fmt.Errorf("argument $%d: %w", i+1, err)
			}
		default:
			if r := reflect.ValueOf(a); r.Kind() == reflect.String {
				if err := checkText(r.String()); err != nil {
					return nil, fmt.Errorf("argument $%d: %w", i+1, err)
				}
			}
		}
	}
	return out, nil
}

func checkText(s string) error {
	if !utf8.ValidString(s) {
		return errors.New("text is not valid UTF-8")
	}
	if strings.IndexByte(s, 0) >= 0 {
		return errors.New("text holds a NUL character")
	}
	return nil
}
