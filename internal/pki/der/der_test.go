package der_test

import (
	"crypto/x509"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"golang.org/x/crypto/cryptobyte"
	cb "golang.org/x/crypto/cryptobyte/asn1"

	"github.com/akashi-id/akashi/internal/pki/der"
)

func octets(t testing.TB, text string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

var cases = []struct {
	name, hex, code string
	at              int
}{
	{"an empty sequence", "30 00", "", 0},
	{"numbers", "30 0d 02 01 00 02 01 80 02 02 00 80 0a 01 7f", "", 0},
	{"a length of 128", "04 81 80" + strings.Repeat("00", 128), "", 0},
	{"booleans", "30 06 01 01 00 01 01 ff", "", 0},
	{"bits", "30 0b 03 01 00 03 02 07 80 03 02 00 ff", "", 0},
	{"a set in order", "31 06 02 01 01 02 01 02", "", 0},
	{"a tag of its place", "a0 03 80 01 ff", "", 0},

	{"nothing", "", "der-truncated", 0},
	{"a tag alone", "30", "der-truncated", 0},
	{"cut", "30 03 02 01", "der-truncated", 0},
	{"a length that is cut", "30 82 01", "der-truncated", 0},
	{"an element that reaches beyond its holder", "30 05 30 02 02 01 05", "der-truncated", 4},
	{"a tail", "30 00 00", "der-trailing", 2},
	{"no length", "30 80 02 01 01 00 00", "der-indefinite", 0},
	{"no length inside", "30 06 a0 80 05 00 00 00", "der-indefinite", 2},
	{"a long length for a short one", "30 81 02 05 00", "der-length", 0},
	{"a length with a zero before it", "04 82 00 80" + strings.Repeat("00", 128), "der-length", 0},
	{"a length in four octets", "04 84 00 00 00 80" + strings.Repeat("00", 128), "der-length", 0},
	{"the longest length", "04 ff", "der-length", 0},
	{"a high tag", "1f 1f 01 00", "der-tag", 0},
	{"an end of contents", "30 02 00 00", "der-tag", 2},
	{"no digits", "02 00", "der-integer", 0},
	{"a zero too many", "02 02 00 7f", "der-integer", 0},
	{"a sign too many", "02 02 ff 80", "der-integer", 0},
	{"an enumeration with a zero", "0a 02 00 01", "der-integer", 0},
	{"a truth of its own", "01 01 01", "der-boolean", 0},
	{"a truth of two octets", "01 02 ff ff", "der-boolean", 0},
	{"a null with a content", "05 01 00", "der-null", 0},
	{"bits without a count", "03 00", "der-bits", 0},
	{"eight bits of padding", "03 02 08 00", "der-bits", 0},
	{"padding that is set", "03 02 01 01", "der-bits", 0},
	{"padding of nothing", "03 01 01", "der-bits", 0},
	{"no identifier", "06 00", "der-oid", 0},
	{"a padded identifier", "06 03 2a 80 01", "der-oid", 0},
	{"an identifier that does not end", "06 02 2a 81", "der-oid", 0},
	{"a string in pieces", "24 04 04 02 00 00", "der-constructed", 0},
	{"bits in pieces", "23 03 03 01 00", "der-constructed", 0},
	{"a sequence in one piece", "10 00", "der-constructed", 0},
	{"a set out of order", "31 06 02 01 02 02 01 01", "der-order", 5},
}

func TestCheck(t *testing.T) {
	for _, c := range cases {
		err := der.Check(octets(t, c.hex))
		var f *der.Fault
		switch {
		case c.code == "":
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		case !errors.As(err, &f) || f.Code != c.code || f.At != c.at:
			t.Errorf("%s: got %+v, want %s at %d", c.name, err, c.code, c.at)
		case f.What.JA == "" || f.What.EN == "":
			t.Errorf("%s: the fault has no sentence", c.name)
		}
	}
}

func TestDepthIsBounded(t *testing.T) {
	b := []byte{5, 0}
	var f *der.Fault
	for range 1000 {
		var o cryptobyte.Builder
		o.AddASN1(cb.SEQUENCE, func(i *cryptobyte.Builder) { i.AddBytes(b) })
		b = o.BytesOrPanic()
	}
	if err := der.Check(b); !errors.As(err, &f) || f.Code != "der-depth" {
		t.Errorf("a thousand levels: %v", err)
	}
}

// FuzzCheck compares with encoding/asn1, which reads what is DER, and with itself: what holds a faulty element is faulty.
func FuzzCheck(f *testing.F) {
	for _, c := range cases {
		f.Add(octets(f, c.hex))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		err := der.Check(b)
		var o cryptobyte.Builder
		o.AddASN1(cb.SEQUENCE, func(i *cryptobyte.Builder) { i.AddBytes(b) })
		wrapped, buildErr := o.Bytes()
		if buildErr != nil || len(b) == 0 {
			return
		}
		if outer := der.Check(wrapped); outer == nil && err != nil {
			// Only a tail makes the one good and the other bad: a sequence may hold several.
			var fault *der.Fault
			if !errors.As(err, &fault) || fault.Code != "der-trailing" {
				t.Errorf("%x alone: %v, in a sequence nothing", b, err)
			}
		}
		if err == nil {
			var any asn1.RawValue
			if rest, err := asn1.Unmarshal(b, &any); err != nil || len(rest) > 0 {
				t.Errorf("%x is no DER for encoding/asn1: %v, %d left", b, err, len(rest))
			}
			return
		}
		// What the library reads as a key in its strictest reader and writes again as it was is DER.
		if public, perr := x509.ParsePKIXPublicKey(b); perr == nil {
			if again, merr := x509.MarshalPKIXPublicKey(public); merr == nil && string(again) == string(b) {
				t.Errorf("%x is refused: %v", b, err)
			}
		}
	})
}
