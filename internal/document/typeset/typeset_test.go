package typeset_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document/font"
	"github.com/akashi-id/akashi/internal/document/font/builtin"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/typeset"
)

func fit(t *testing.T, text string, width, height, size, least mm.Length) (lines []string, set typeset.Set, err error) {
	t.Helper()
	glyphs, err := typeset.Shape([]*font.Font{builtin.Font()}, "f", text)
	if err != nil {
		t.Fatal(err)
	}
	set, err = typeset.Fit(glyphs, "f", width, height, size, least)
	for _, l := range set.Lines {
		var b strings.Builder
		for _, g := range l {
			b.WriteString(g.Text)
		}
		lines = append(lines, b.String())
	}
	return lines, set, err
}

// TestNothingIsCut: in every box that takes a text at all, its lines joined are the text, and each fits.
func TestNothingIsCut(t *testing.T) {
	for _, text := range []string{"", "田中　花子", "東京都葛飾区立石五丁目１３番１号　メゾン・ド・立石（旧館）２０３号室", "MARIA APARECIDA DOS SANTOS DE OLIVEIRA", strings.Repeat("A", 40)} {
		taken := 0
		for width := mm.Length(100); width < 8000; width += 170 {
			lines, set, err := fit(t, text, width, 900, 400, 200)
			if err != nil {
				continue
			}
			taken++
			if strings.Join(lines, "") != text || set.Height() > 900 || set.Size < 200 {
				t.Errorf("%q in %v mm: %q at %v", text, width, lines, set.Size)
			}
			for _, l := range set.Lines {
				for len(l) > 0 && strings.TrimSpace(l[len(l)-1].Text) == "" {
					l = l[:len(l)-1]
				}
				if typeset.Width(l, set.Size) > width {
					t.Errorf("%q in %v mm: a line is wider", text, width)
				}
			}
		}
		if taken == 0 {
			t.Errorf("%q fits nowhere", text)
		}
	}
}

func TestLinesEndWhereTheyMay(t *testing.T) {
	for _, c := range []struct {
		text string
		want string
	}{
		{"あいうえお、かきく", "あいうえ|お、かきく"}, // no mark at the head of a line
		{"あいうえ（かきく）", "あいうえ|（かきく）"}, // no bracket at the end of one
		{"あい MARIA SOUZA", "あい |MARIA |SOUZA"},
		{"勘解由　小路子", "勘解由　|小路子"},              // between family and given name
		{"あ　かきくけこさしすせそた", "あ　かきく|けこさしす|せそた"}, // but not where that takes one line too many
	} {
		if lines, _, err := fit(t, c.text, 1500, 1200, 300, 300); err != nil || strings.Join(lines, "|") != c.want {
			t.Errorf("%q: %q, %v; want %q", c.text, lines, err, c.want)
		}
	}
	// Words that are longer than a line are broken only where the text would be refused otherwise: of two of 10 letters that take two lines each, the
	// second begins behind the first, and with room for four lines it does not.
	two := strings.Repeat("A", 10) + " " + strings.Repeat("B", 10)
	for height, want := range map[mm.Length]string{1400: "AAAAAAA|AAA |BBBBBBBB|BB", 1100: "AAAAAAA|AAA BBBB|BBBBBB"} {
		if lines, set, err := fit(t, two, 1500, height, 300, 300); err != nil || strings.Join(lines, "|") != want || set.Height() > height {
			t.Errorf("%v mm high: %q, %v; want %q", height, lines, err, want)
		}
	}
	if _, _, err := fit(t, strings.Repeat("永", 100), 1500, 400, 300, 250); err == nil || strings.Contains(err.Error(), "永") {
		t.Errorf("got %v, want a refusal that does not repeat the text", err)
	}
}
