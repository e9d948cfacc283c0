package plain_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
)

func TestUnseen(t *testing.T) {
	for _, text := range []string{"", "松本　花子", "1行目\r\n2行目\t終わり", "葛\U000E0102", "Núñez O’Brien", "髙𠮷", "㍿ﾊﾝｶｸ"} {
		if err := plain.Unseen("text", text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, says := range map[string]string{
		"葛\U000E0102\x1b[2J": "2文字目に、表示されない制御文字（U+001B）", "abc\u202edef": "4文字目に、表示されない制御文字（U+202E）", "a\u200bb": "（U+200B）", "\ufeffa": "1文字目に、表示されない制御文字（U+FEFF）",
		"a\u2028b": "（U+2028）", "\u3164": "（U+3164）", "a\u2066b": "（U+2066）", "a\U000E0041": "（U+E0041）", "a\x00": "（U+0000）", "a\x85": "文字として読めない", "a\u0085": "（U+0085）", "a\u00adb": "（U+00AD）",
	} {
		problems, ok := plain.AsProblems(plain.Unseen("text", text))
		if !ok || problems[0].Field != "text" || !strings.Contains(problems[0].JA, says) {
			t.Errorf("%q: %v, want %s", text, problems, says)
		}
	}
}
