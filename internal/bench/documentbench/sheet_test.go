package documentbench

import (
	"bytes"
	"image/png"
	"os"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/document/font"
)

// TestSheetIsThePage: what others are given to print is all that stands on ours, in its place: else they would have less to do.
func TestSheetIsThePage(t *testing.T) {
	if _, err := os.Stat(font.IPAmj); err != nil {
		t.Skip("SKIPPED, NO DOCUMENT WAS MADE: the official font is not installed (Debian: fonts-ipamj-mincho)")
	}
	o, err := openOffice(order.Setup{Font: font.IPAmj})
	if err != nil {
		t.Fatal(err)
	}
	defer o.Close()
	sheets, err := o.sheets()
	if err != nil {
		t.Fatal(err)
	}
	if len(sheets) != households {
		t.Fatalf("%d sheets, not %d", len(sheets), households)
	}
	selected := 0
	for i, s := range sheets {
		h := o.made[i].content
		var texts []string
		rules, pictures := 0, 0
		for _, p := range s.Pages {
			for _, line := range p.Texts {
				if line.Size <= 0 || line.X < 0 || line.X > 210 || line.Y < 0 || line.Y > 297 {
					t.Errorf("sheet %d: a text at %v, %v of %v mm", i, line.X, line.Y, line.Size)
				}
				texts = append(texts, line.Text)
			}
			rules += len(p.Rules)
			for _, one := range p.Pictures {
				pictures++
				if _, err := png.Decode(bytes.NewReader(one.PNG)); err != nil || one.W < 10 || one.H < 10 || one.X+one.W > 210 {
					t.Errorf("sheet %d: a picture of %v × %v mm at %v: %v", i, one.W, one.H, one.X, err)
				}
			}
		}
		all := strings.Join(texts, "\n")
		for _, want := range []string{h.Request.Number, "足立区長", h.Head.Reveal(), h.Page[0].Record.Number.Reveal(), h.Page[3].Record.Name.Reveal(), h.Page[3].Code.Reveal()} {
			if !strings.Contains(all, want) {
				t.Errorf("sheet %d lacks %+q", i, want)
			}
		}
		// A person has 14 cells, with a label, a value, a box and a rule each; the code stands on each page and the seal on the last.
		if len(s.Pages) != 2 || len(texts) < 4*14*2 || rules < 4*14*2 || pictures != 3 {
			t.Errorf("sheet %d: %d pages, %d texts, %d rules, %d pictures", i, len(s.Pages), len(texts), rules, pictures)
		}
		if strings.ContainsFunc(all, font.Selector) {
			selected++
		}
	}
	if selected != households/2 {
		t.Errorf("%d of %d sheets have a variation selector", selected, households)
	}
	forms := formsOn(sheets, o.fonts[0])
	if len(forms) != len(rare) {
		t.Errorf("%d characters on the sheets need their selector, not one in each of %d names", len(forms), len(rare))
	}
	for _, form := range forms {
		if r := []rune(form); len(r) != 2 || !font.Selector(r[1]) {
			t.Errorf("%+q is no character with its selector", form)
		}
	}
}
