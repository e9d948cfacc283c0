package cert

import (
	"encoding/hex"
	"fmt"
	"io"
	"math/big"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
)

// MaxSerialOctets bounds the DER content octets of a serial (RFC 5280 4.1.2.2).
const MaxSerialOctets = 20

// Serial is the number of a certificate, unique per CA: a positive integer of at most 20 octets. It is comparable and
// may be a map key. The zero value is no serial and is refused everywhere.
//
// A serial alone names nobody, so that logs may hold it; who holds it together with a name may not pass it on freely.
type Serial struct {
	octets string // big-endian, no leading zero octet
}

// NewSerial draws a serial of 16 octets from random. Its second highest bit is set, so that every serial has the same
// length and none is zero; 126 bits are random, so that two issuing nodes need not agree on ranges.
func NewSerial(random io.Reader) (Serial, error) {
	var b [16]byte
	if _, err := io.ReadFull(random, b[:]); err != nil {
		return Serial{}, fmt.Errorf("couldn't draw a serial: %w", err)
	}
	b[0] = b[0]&0x3f | 0x40
	return Serial{string(b[:])}, nil
}

// SerialFromInt takes an integer, as it stands in a certificate. Zero, negative and too long ones are a *plain.Problem.
func SerialFromInt(n *big.Int) (Serial, error) {
	// RFC 5280 4.1.2.2: a positive integer, not longer than 20 octets. DER needs one more octet when the top bit is set.
	if n == nil || n.Sign() <= 0 || n.BitLen() >= MaxSerialOctets*8 {
		return Serial{}, badSerial()
	}
	return Serial{string(n.Bytes())}, nil
}

// SerialFromBytes takes the big-endian octets that Bytes gives; leading zeros are dropped.
func SerialFromBytes(b []byte) (Serial, error) {
	if len(b) > MaxSerialOctets {
		return Serial{}, badSerial()
	}
	return SerialFromInt(new(big.Int).SetBytes(b))
}

// ParseSerial reads the text form: hexadecimal digits of either case. It also takes the colons and the "serial=" that
// openssl prints, because people paste them. Anything else is a *plain.Problem.
func ParseSerial(s string) (Serial, error) {
	s = strings.TrimPrefix(strings.TrimSpace(s), "serial=")
	s = strings.ReplaceAll(s, ":", "")
	if len(s)%2 == 1 {
		s = "0" + s
	}
	if len(s) > 2*(MaxSerialOctets+1) {
		return Serial{}, badSerial()
	}
	b, err := hex.DecodeString(s)
	if err != nil {
		return Serial{}, badSerial()
	}
	return SerialFromInt(new(big.Int).SetBytes(b))
}

func badSerial() error {
	return plain.Bad("serial",
		"電子証明書の発行番号は、0 でない 20 オクテット以内の正の整数を 16 進数で指定してください。",
		"A certificate serial must be a positive integer of at most 20 octets, in hexadecimal, and not zero.")
}

// IsZero reports whether s is the zero value.
func (s Serial) IsZero() bool { return s.octets == "" }

// Bytes gives the big-endian octets without a leading zero, for storage.
func (s Serial) Bytes() []byte { return []byte(s.octets) }

// Int gives the integer, for encoders.
func (s Serial) Int() *big.Int { return new(big.Int).SetBytes([]byte(s.octets)) }

// String gives the text form: upper-case hexadecimal, two digits per octet, as `openssl x509 -serial` prints it.
func (s Serial) String() string { return strings.ToUpper(hex.EncodeToString([]byte(s.octets))) }

// MarshalText gives String and refuses the zero value.
func (s Serial) MarshalText() ([]byte, error) {
	if s.IsZero() {
		return nil, badSerial()
	}
	return []byte(s.String()), nil
}

// UnmarshalText is ParseSerial.
func (s *Serial) UnmarshalText(text []byte) error {
	v, err := ParseSerial(string(text))
	if err != nil {
		return err
	}
	*s = v
	return nil
}
