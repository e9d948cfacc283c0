package hsm

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// scrub takes secrets out of a text: the PIN in the forms in which a careless module prints it, and whatever looks like key
// material. What a process says of itself is not ours to trust.
func scrub(text string, pin []byte) string {
	if len(pin) > 0 {
		plain := hex.EncodeToString(pin)
		decimal := strings.Trim(fmt.Sprint(pin), "[]") // as Go prints bytes
		for _, form := range []string{string(pin), plain, strings.ToUpper(plain), base64.StdEncoding.EncodeToString(pin),
			base64.RawStdEncoding.EncodeToString(pin), decimal, strings.ReplaceAll(decimal, " ", ", ")} {
			text = strings.ReplaceAll(text, form, "[PIN]")
		}
	}
	text = pemBlock.ReplaceAllString(text, "[key]")
	text = ageKey.ReplaceAllString(text, "[key]")
	text = hexDump.ReplaceAllString(text, "[bytes]")
	return longRun.ReplaceAllStringFunc(text, func(run string) string {
		if looksRandom(run) {
			return "[bytes]"
		}
		return run
	})
}

var (
	pemBlock = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*-----.*?(-----END [A-Z ]*-----|$)`)
	ageKey   = regexp.MustCompile(`AGE-SECRET-KEY-1[0-9A-Z]+`)
	// Bytes side by side, as a debugger or printf writes them, in hexadecimal or decimal. A stack trace has no eight of them.
	hexDump = regexp.MustCompile(`(?:\b(?:0x)?[0-9A-Fa-f]{2}\b[ ,:]{1,2}){7,}(?:0x)?[0-9A-Fa-f]{2}\b|(?:\b[0-9]{1,3}\b[ ,]{1,2}){15,}[0-9]{1,3}\b`)
	longRun = regexp.MustCompile(`[0-9A-Za-z+/=]{32,}`)
)

// looksRandom tells hexadecimal and base64 from a path or a name: it has digits, and if it has letters beyond f, then small
// and capital ones.
func looksRandom(run string) bool {
	var digit, small, capital, beyond bool
	for _, r := range strings.TrimPrefix(run, "0x") {
		digit = digit || unicode.IsDigit(r)
		small = small || unicode.IsLower(r)
		capital = capital || unicode.IsUpper(r)
		beyond = beyond || !unicode.Is(unicode.ASCII_Hex_Digit, r)
	}
	return digit && (!beyond || small && capital)
}
