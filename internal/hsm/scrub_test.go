package hsm_test

import (
	"encoding/hex"
	"encoding/pem"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/pki"
)

// TestScrub: what a careless module prints of the PIN and of keys does not come into the evidence.
func TestScrub(t *testing.T) {
	key, err := pki.EncodeKey(keyOnce())
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(key)
	const pin = "geheim-4711"
	for name, c := range map[string]struct{ text, secret string }{
		"PIN":              {"C_Login(geheim-4711)", pin},
		"in hexadecimal":   {"pin=67656865696d2d34373131;", "67656865696d2d34373131"},
		"as capitals":      {"pin=67656865696D2D34373131;", "67656865696D2D34373131"},
		"in base64":        {"pin=Z2VoZWltLTQ3MTE=", "Z2VoZWltLTQ3MTE"},
		"as bytes of Go":   {"[103 101 104 101 105 109 45 52 55 49 49]", "103 101 104 101"},
		"as bytes of C":    {"{103, 101, 104, 101, 105, 109, 45, 52, 55, 49, 49}", "103, 101, 104, 101"},
		"a key's file":     {"read: " + string(key) + " end", strings.Split(string(key), "\n")[1]},
		"cut off":          {"read: " + string(key[:100]), string(key[40:90])},
		"a line of it":     {strings.Split(string(key), "\n")[1], strings.Split(string(key), "\n")[1][4:30]},
		"an exponent":      {"d = 0x" + hex.EncodeToString(block.Bytes[20:60]), hex.EncodeToString(block.Bytes[20:60])},
		"a dump":           {"00000000: 30 82 01 0a 02 82 01 01 00 c4 7f", "82 01 0a 02 82 01"},
		"a dump with 0x":   {"0x30, 0x82, 0x01, 0x0a, 0x02, 0x82, 0x01, 0x01, 0x00", "0x82, 0x01, 0x0a"},
		"an age identity":  {"AGE-SECRET-KEY-1QQPQZRFR7ZZ2WCVEP3AXP", "1QQPQZRFR7"},
		"twice in a word":  {"xgeheim-4711geheim-4711y", pin},
		"between newlines": {"\ngeheim-4711\n", pin},
	} {
		if got := hsm.Scrub(c.text, []byte(pin)); strings.Contains(got, c.secret) {
			t.Errorf("%s: %q is left in %q", name, c.secret, got)
		}
	}
	stack := string(debug.Stack())
	if got := hsm.Scrub(stack, []byte(pin)); got != stack {
		t.Errorf("a stack is no longer what it was:\n%s\n%s", stack, got)
	}
}
