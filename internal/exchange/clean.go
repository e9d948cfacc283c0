package exchange

import "strings"

// Bounds of what a rule, or a peer, says about a message, in bytes.
const (
	maxCode   = 128
	maxReason = 2000
)

// clean makes words that came from elsewhere fit for the store. They explain a verdict; that they are too long or hold
// a character that a database refuses must not keep the verdict from being written down.
func clean(s string, most int) string {
	s = strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", ""), "\uFFFD")
	if len(s) > most {
		s = strings.ToValidUTF8(s[:most], "")
	}
	return s
}
