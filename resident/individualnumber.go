package resident

import (
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// IndividualNumber is an individual number (個人番号, "My Number"): eleven digits
// derived from a record code, and a check digit. The check digit lets 1.7 % of
// single-digit errors pass: it guards typing, it proves no identity. The zero value
// is no number.
type IndividualNumber struct{ digits sealed }

const individualNumberWhat = "個人番号"

// ParseIndividualNumber reads twelve digits, half or full width. The error is a
// *plain.Problem for field and does not repeat the number.
func ParseIndividualNumber(field, s string) (IndividualNumber, error) {
	s = foldDigits(s)
	if !allDigits(s, 12) {
		return IndividualNumber{}, plain.Bad(field,
			"個人番号は12けたの数字です。空白やハイフンを入れずに入力してください。",
			"An individual number is 12 digits. Type it without blanks or hyphens.")
	}
	if personCheckDigit(s[:11]) != s[11] {
		return IndividualNumber{}, plain.Bad(field,
			"個人番号の検査用数字が合いません。打ち間違いがないか、通知書と見比べてください。",
			"The check digit of the individual number does not fit. Compare it with the notice for a typing error.")
	}
	return IndividualNumber{seal(s)}, nil
}

// IndividualNumberOf completes eleven digits with their check digit. payload outside
// 0 … 99,999,999,999 is a programming error and gives the zero value.
func IndividualNumberOf(payload uint64) IndividualNumber {
	if payload > 99_999_999_999 {
		return IndividualNumber{}
	}
	s := fmt.Sprintf("%011d", payload)
	return IndividualNumber{seal(s + string(personCheckDigit(s)))}
}

// IndividualNumberCheckDigit gives the twelfth digit, as a character, of eleven
// digits. It panics unless payload is eleven ASCII digits.
func IndividualNumberCheckDigit(payload string) byte {
	if !allDigits(payload, 11) {
		panic("resident: IndividualNumberCheckDigit wants 11 digits")
	}
	return personCheckDigit(payload)
}

// Valid reports whether n holds a number at all.
func (n IndividualNumber) Valid() bool { return !n.digits.empty() }

// Reveal gives the twelve digits, or "" for the zero value. Never log them.
func (n IndividualNumber) Reveal() string { return n.digits.open() }

// String is redacted; so are Format and LogValue.
func (n IndividualNumber) String() string { return redacted(individualNumberWhat) }

// Format redacts under every verb.
func (n IndividualNumber) Format(f fmt.State, _ rune) { formatRedacted(f, individualNumberWhat) }

// LogValue redacts.
func (n IndividualNumber) LogValue() slog.Value { return logRedacted(individualNumberWhat) }

// MarshalText always refuses, so that no encoder writes the number unasked.
func (n IndividualNumber) MarshalText() ([]byte, error) { return nil, errSealed }
