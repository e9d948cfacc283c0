package resident

import (
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// Name is a person's name (氏名, 通称): family and given name with a blank between, in
// characters of the official font, up to 100; foreign names may be in Latin letters.
// It is kept byte for byte, with its variation sequences. The zero value is no name.
type Name struct{ text sealed }

// Address is an address (住所) from the prefecture on, as Name in everything but its
// length, up to 200 characters, the limit of the certificate. The zero value is no address.
type Address struct{ text sealed }

const (
	nameWhat    = "氏名"
	addressWhat = "住所"

	maxName    = 100
	maxAddress = 200
)

// ParseName checks a name. The error is a *plain.Problem for field that names the
// character at fault, and no other part of the name.
func ParseName(field, s string) (Name, error) {
	if why := checkText(s, maxName); why != nil {
		return Name{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return Name{seal(s)}, nil
}

// ParseAddress checks an address. The error is a *plain.Problem for field that names
// the character at fault, and no other part of the address.
func ParseAddress(field, s string) (Address, error) {
	if why := checkText(s, maxAddress); why != nil {
		return Address{}, &plain.Problem{Field: field, Sentence: *why}
	}
	return Address{seal(s)}, nil
}

// Valid reports whether n holds a name at all.
func (n Name) Valid() bool { return !n.text.empty() }

// Reveal gives the name byte for byte, or "". Never log it.
func (n Name) Reveal() string { return n.text.open() }

// String is redacted; so are Format and LogValue.
func (n Name) String() string { return redacted(nameWhat) }

// Format redacts under every verb.
func (n Name) Format(f fmt.State, _ rune) { formatRedacted(f, nameWhat) }

// LogValue redacts.
func (n Name) LogValue() slog.Value { return logRedacted(nameWhat) }

// MarshalText always refuses, so that no encoder writes the name unasked.
func (n Name) MarshalText() ([]byte, error) { return nil, errSealed }

// Valid reports whether a holds an address at all.
func (a Address) Valid() bool { return !a.text.empty() }

// Reveal gives the address byte for byte, or "". Never log it.
func (a Address) Reveal() string { return a.text.open() }

// String is redacted; so are Format and LogValue.
func (a Address) String() string { return redacted(addressWhat) }

// Format redacts under every verb.
func (a Address) Format(f fmt.State, _ rune) { formatRedacted(f, addressWhat) }

// LogValue redacts.
func (a Address) LogValue() slog.Value { return logRedacted(addressWhat) }

// MarshalText always refuses, so that no encoder writes the address unasked.
func (a Address) MarshalText() ([]byte, error) { return nil, errSealed }
