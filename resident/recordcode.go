package resident

import (
	"fmt"
	"io"
	"log/slog"
	"math/big"

	"crypto/rand"

	"github.com/akashi-id/akashi/internal/plain"
)

// RecordCode is a resident record code (住民票コード): ten random digits and a check
// digit (規則1条). It is the key of a person in the whole network; asking others for
// it is forbidden by law, so it prints redacted. The zero value is no code.
type RecordCode struct{ digits sealed }

const recordCodeWhat = "住民票コード"

// ParseRecordCode reads eleven digits, half or full width. The error is a
// *plain.Problem for field and does not repeat the code.
func ParseRecordCode(field, s string) (RecordCode, error) {
	s = foldDigits(s)
	if !allDigits(s, 11) {
		return RecordCode{}, plain.Bad(field,
			"住民票コードは11けたの数字です。通知票のとおりに入力してください。",
			"A resident record code is 11 digits. Type it as on the notice.")
	}
	if personCheckDigit(s[:10]) != s[10] {
		return RecordCode{}, plain.Bad(field,
			"住民票コードの検査数字が合いません。打ち間違いがないか、通知票と見比べてください。",
			"The check digit of the resident record code does not fit. Compare it with the notice for a typing error.")
	}
	return RecordCode{seal(s)}, nil
}

// RecordCodeOf completes the ten digits that a pool allots (規則14条) with their
// check digit. payload outside 0 … 9,999,999,999 is a programming error and gives
// the zero value.
func RecordCodeOf(payload uint64) RecordCode {
	if payload > 9_999_999_999 {
		return RecordCode{}
	}
	s := fmt.Sprintf("%010d", payload)
	return RecordCode{seal(s + string(RecordCodeCheckDigit(s)))}
}

// RecordCodeCheckDigit gives the eleventh digit, as a character, of ten digits. It
// panics unless payload is ten ASCII digits.
func RecordCodeCheckDigit(payload string) byte {
	if !allDigits(payload, 10) {
		panic("resident: RecordCodeCheckDigit wants 10 digits")
	}
	return personCheckDigit(payload)
}

// NewRecordCode draws a code with the randomness given: the code must say nothing
// about its holder (法30条の7). Whether it is free is for the pool to know.
func NewRecordCode(random io.Reader) (RecordCode, error) {
	n, err := rand.Int(random, big.NewInt(10_000_000_000))
	if err != nil {
		return RecordCode{}, fmt.Errorf("couldn't draw a resident record code: %w", err)
	}
	return RecordCodeOf(n.Uint64()), nil
}

// Valid reports whether c holds a code at all; every code held has passed its check digit.
func (c RecordCode) Valid() bool { return !c.digits.empty() }

// Reveal gives the eleven digits, or "" for the zero value. Never log them.
func (c RecordCode) Reveal() string { return c.digits.open() }

// String is redacted; so are Format and LogValue.
func (c RecordCode) String() string { return redacted(recordCodeWhat) }

// Format redacts under every verb.
func (c RecordCode) Format(f fmt.State, _ rune) { formatRedacted(f, recordCodeWhat) }

// LogValue redacts.
func (c RecordCode) LogValue() slog.Value { return logRedacted(recordCodeWhat) }

// MarshalText always refuses, so that no encoder writes the code unasked.
func (c RecordCode) MarshalText() ([]byte, error) { return nil, errSealed }
