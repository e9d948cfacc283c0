package document_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/akashi-id/akashi/internal/document/documenttest"
)

// TestCopyShowsTheWarning copies a page as a machine would that sees 200 dots to the inch and knows black and white only: the ground
// vanishes, and the warning word stays. Before that both are of one tone.
func TestCopyShowsTheWarning(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("pdftoppm is not installed")
	}
	file, _ := documenttest.Issue(t, sealOf("r1", documenttest.Names[0]), documenttest.Official(t))
	dir := t.TempDir()
	at := filepath.Join(dir, "document.pdf")
	if err := os.WriteFile(at, file, 0o600); err != nil {
		t.Fatal(err)
	}
	// tone and copied are the shares of ink of an area of 52 by 24 mm, before and after.
	area := func(x, y float64) (tone, copied float64) {
		t.Helper()
		dots := func(mm float64) string { return fmt.Sprint(int(mm * 600 / 25.4)) }
		out, err := exec.Command("pdftoppm", "-r", "600", "-gray", "-x", dots(x), "-y", dots(y), "-W", dots(52), "-H", dots(24), at).Output()
		if err != nil {
			t.Fatal(err)
		}
		var w, h, most int
		if _, err := fmt.Sscanf(string(out[:20]), "P5\n%d %d\n%d", &w, &h, &most); err != nil {
			t.Fatal(err)
		}
		pixels := out[bytes.Index(out, []byte("\n255\n"))+5:]
		cells, black, ink := 0, 0, 0
		for y := 0; y+3 <= h; y += 3 {
			for x := 0; x+3 <= w; x += 3 {
				sum := 0
				for i := range 9 {
					sum += 255 - int(pixels[(y+i/3)*w+x+i%3])
				}
				ink += sum
				cells++
				if sum > 255*9/2 {
					black++
				}
			}
		}
		return float64(ink) / float64(cells*9*255), float64(black) / float64(cells)
	}
	wordTone, word := area(17, 179)      // the warning at 8 % and 68 % of the sheet
	groundTone, ground := area(110, 164) // between two of them
	if ground > 0.001 || word < 0.005 {
		t.Errorf("a copy has %.4f of ink where the word stands and %.4f beside it", word, ground)
	}
	if wordTone < groundTone*0.85 || wordTone > groundTone*1.15 {
		t.Errorf("the word has the tone %.4f and the ground %.4f", wordTone, groundTone)
	}
	t.Logf("word %.4f → %.4f, ground %.4f → %.4f", wordTone, word, groundTone, ground)
}
