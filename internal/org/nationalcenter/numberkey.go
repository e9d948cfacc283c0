package nationalcenter

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"log/slog"

	"github.com/akashi-id/akashi/resident"
)

// NumberKey is the secret of the transform that makes individual numbers (個人番号) out of record codes. It never leaves the center, and
// prints as nothing.
//
// The law asks for a number that is derived from the 住民票コード, is nobody else's, and has no regularity by which the code could be
// found again (番号法8条2項, from memory). So the transform is one-way, HMAC-SHA256, and no cipher, which its key would turn round. What
// it gives may be somebody's already, so it gives a sequence, of which the first that nobody has or had is taken; which one it was is kept, so
// that whoever has the key can check every number that was given (decision 0046).
type NumberKey struct{ secret []byte }

// numberKeyLength is the least length of the secret, in bytes.
const numberKeyLength = 32

// NewNumberKey takes a secret of at least 32 bytes.
func NewNumberKey(secret []byte) (NumberKey, error) {
	if len(secret) < numberKeyLength {
		return NumberKey{}, fmt.Errorf("the key of the individual numbers has %d bytes, and needs %d", len(secret), numberKeyLength)
	}
	return NumberKey{secret}, nil
}

// Valid reports whether there is a key at all.
func (k NumberKey) Valid() bool { return len(k.secret) > 0 }

// String says nothing; so do Format and LogValue.
func (NumberKey) String() string { return "[非表示 番号の鍵]" }

// Format says nothing.
func (k NumberKey) Format(f fmt.State, _ rune) { fmt.Fprint(f, k.String()) }

// LogValue says nothing.
func (k NumberKey) LogValue() slog.Value { return slog.StringValue(k.String()) }

// ID tells one key from another, and nothing of either.
func (k NumberKey) ID() string {
	return hex.EncodeToString(k.mac("akashi/individual-number/key-id")[:8])
}

func (k NumberKey) mac(parts ...string) []byte {
	h := hmac.New(sha256.New, k.secret)
	for _, p := range parts {
		var length [4]byte
		binary.BigEndian.PutUint32(length[:], uint32(len(p)))
		h.Write(length[:])
		h.Write([]byte(p))
	}
	return h.Sum(nil)
}

// numberShape opens what is hashed. One that was used never changes: numbers are checked with it for as long as people have them.
const numberShape = "akashi/individual-number/1"

// elevenDigits is how many numbers there are, without their check digit.
const elevenDigits = 100_000_000_000

// candidate is a number of a code's sequence. ok is false where the sequence has a hole: of the hash's four words none is below the last
// whole multiple of elevenDigits, which would make some numbers likelier than others.
func (k NumberKey) candidate(code resident.RecordCode, counter uint64) (n resident.IndividualNumber, ok bool) {
	sum := k.mac(numberShape, code.Reveal(), fmt.Sprint(counter))
	for ; len(sum) >= 8; sum = sum[8:] {
		if word := binary.BigEndian.Uint64(sum); fair(word) {
			return resident.IndividualNumberOf(word % elevenDigits), true
		}
	}
	return n, false
}

// fair tells whether a word is below the last whole multiple of elevenDigits.
func fair(word uint64) bool {
	const whole = (1<<64 - 1) / elevenDigits * elevenDigits
	return word < whole
}
