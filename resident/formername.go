package resident

import (
	"fmt"
	"log/slog"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// FormerName is a former family name (旧氏, 令30条の13 [M], since 2019-11-05) that stands on the record beside the name, as
// Name in everything but that it is one name without a blank. The zero value is none.
type FormerName struct{ text sealed }

const formerNameWhat = "旧氏"

// ParseFormerName checks a former family name. The error is a *plain.Problem for field.
func ParseFormerName(field, s string) (FormerName, error) {
	if why := checkText(s, maxName); why != nil {
		return FormerName{}, &plain.Problem{Field: field, Sentence: *why}
	}
	if strings.ContainsAny(s, " \u3000") {
		return FormerName{}, plain.Bad(field,
			"旧氏は氏だけを、空白を入れずに入力してください。名は入力しません。",
			"Enter only the former family name, without blanks and without the given name.")
	}
	return FormerName{seal(s)}, nil
}

// Valid reports whether n holds a name at all.
func (n FormerName) Valid() bool { return !n.text.empty() }

// Reveal gives the name byte for byte, or "". Never log it.
func (n FormerName) Reveal() string { return n.text.open() }

// String is redacted; so are Format and LogValue.
func (n FormerName) String() string { return redacted(formerNameWhat) }

// Format redacts under every verb.
func (n FormerName) Format(f fmt.State, _ rune) { formatRedacted(f, formerNameWhat) }

// LogValue redacts.
func (n FormerName) LogValue() slog.Value { return logRedacted(formerNameWhat) }

// MarshalText always refuses, so that no encoder writes the name unasked.
func (n FormerName) MarshalText() ([]byte, error) { return nil, errSealed }
