package documenttest

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"
)

// Exchanged is a file that says what it said and shows two characters exchanged, wherever they stand: codes and the table of characters are exchanged, the
// shapes are not.
func Exchanged(t testing.TB, file []byte, a, b string) []byte {
	t.Helper()
	out := bytes.Clone(file)
	code := map[string]string{}
	for _, text := range []string{a, b} {
		row := regexp.MustCompile(fmt.Sprintf("<([0-9a-f]{4})> <%04x>\n", []rune(text)[0])).FindSubmatch(out)
		if row == nil {
			t.Fatalf("the table of characters has no %s", text)
		}
		code[text] = string(row[1])
	}
	for _, at := range regexp.MustCompile("Tf <([0-9a-f]+)> Tj").FindAllSubmatchIndex(out, -1) {
		for i := at[2]; i < at[3]; i += 4 {
			switch string(out[i : i+4]) {
			case code[a]:
				copy(out[i:], code[b])
			case code[b]:
				copy(out[i:], code[a])
			}
		}
	}
	for text, other := range map[string]string{a: b, b: a} {
		row := bytes.Index(out, fmt.Appendf(nil, "<%s> <", code[text])) + len("<0000> <")
		copy(out[row:], fmt.Sprintf("%04x", []rune(other)[0]))
	}
	return out
}
