package resident

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"unique"
)

// sealed holds a string that must not leave by accident.
//
// fmt calls no methods on an unexported field: it walks into it. A plain string
// would therefore be printed by %v of any struct that keeps a Name in an
// unexported field. fmt never follows a pointer to a string, so a handle prints as
// an address, while two handles of equal strings are still equal under ==.
type sealed struct{ h unique.Handle[string] }

func seal(s string) sealed { return sealed{unique.Make(s)} }

func (s sealed) empty() bool { return s == sealed{} }

func (s sealed) open() string {
	if s.empty() {
		return ""
	}
	return s.h.Value()
}

// errSealed is what reflection-driven encoders (encoding/json, slog's JSON handler)
// get: silence would write an empty object, and the content would be a leak.
var errSealed = errors.New("resident: personal data is not encoded implicitly; use Reveal")

func redacted(what string) string { return "[非表示 " + what + "]" }

func formatRedacted(f fmt.State, what string) { io.WriteString(f, redacted(what)) }

func logRedacted(what string) slog.Value { return slog.StringValue(redacted(what)) }
