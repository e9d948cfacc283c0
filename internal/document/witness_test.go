package document_test

import (
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/template"
)

// full is the long run (make full).
func full() bool { return os.Getenv("AKASHI_FULL") != "" }

// debian are the packages that programs of others are in.
var debian = map[string]string{"pdftotext": "poppler-utils", "pdftoppm": "poppler-utils", "pdffonts": "poppler-utils", "pdfsig": "poppler-utils", "qpdf": "qpdf", "zbarimg": "zbar-tools"}

// witness is a part of a test in which one program of others looks at documents. Where that program is missing this part is skipped, and no other.
func witness(t *testing.T, name string, look func(t *testing.T, run func(args ...string) string)) {
	t.Run(name, func(t *testing.T) {
		if _, err := exec.LookPath(name); err != nil {
			t.Skipf("SKIPPED: %s is not installed (Debian: %s)", name, debian[name])
		}
		look(t, func(args ...string) string {
			t.Helper()
			out, err := exec.Command(name, args...).Output()
			if err != nil {
				t.Errorf("%s %s: %v: %s", name, strings.Join(args, " "), err, out)
			}
			return string(out)
		})
	})
}

// TestWitnesses shows a document to programs of others: every character comes back with its selector, every font is in the file, the signature is
// good and covers the whole, and none finds a fault in the file.
func TestWitnesses(t *testing.T) {
	names := documenttest.Names
	file, _ := documenttest.Issue(t, household("r1", names...), documenttest.Official(t))
	at := filepath.Join(t.TempDir(), "document.pdf")
	if err := os.WriteFile(at, file, 0o600); err != nil {
		t.Fatal(err)
	}
	witness(t, "pdftotext", func(t *testing.T, run func(...string) string) {
		text := run("-layout", at, "-")
		for _, name := range names {
			if !strings.Contains(unspaced(text), unspaced(name)) {
				t.Errorf("pdftotext does not give back %+q", name)
			}
		}
	})
	witness(t, "pdffonts", func(t *testing.T, run func(...string) string) {
		if fonts := run(at); !strings.Contains(fonts, "IPAmjMincho") || !strings.Contains(fonts, "yes yes yes") {
			t.Errorf("pdffonts: %s", fonts)
		}
	})
	witness(t, "pdfsig", func(t *testing.T, run func(...string) string) {
		signed(t, run("-nocert", at), true)
		// And it would say so: a file in which one octet of a text is another one.
		other := strings.Replace(string(file), "> Tj", "\n> Tj", 1)
		other = strings.Replace(other, " Tf <", " Tf<", 1)
		changed := filepath.Join(t.TempDir(), "changed.pdf")
		if err := os.WriteFile(changed, []byte(other), 0o600); err != nil || len(other) != len(file) {
			t.Fatal(err, len(other), len(file))
		}
		signed(t, run("-nocert", changed), false)
	})
	witness(t, "qpdf", func(t *testing.T, run func(...string) string) { clean(t, run("--check", at)) })
}

func unspaced(text string) string { return strings.Join(strings.Fields(text), "") }

func signed(t *testing.T, says string, good bool) {
	t.Helper()
	valid := strings.Contains(says, "Signature is Valid.") && strings.Contains(says, "Total document signed") && strings.Contains(says, "ETSI.CAdES.detached")
	if valid != good || good == strings.Contains(says, "Digest Mismatch") {
		t.Errorf("pdfsig: %s", says)
	}
}

func clean(t *testing.T, says string) {
	t.Helper()
	if !strings.Contains(says, "No syntax or stream encoding errors found") {
		t.Errorf("qpdf: %s", says)
	}
}

// TestWitnessesOfDifficultNames shows the papers of two hundred difficult names to programs of others. The long run shows all of them to each; the
// short one shows the households, in which every name is, to pdftotext, and a few papers of each kind to the others.
func TestWitnessesOfDifficultNames(t *testing.T) {
	fonts := documenttest.Official(t)
	dir := t.TempDir()
	var all []document.Paper
	at := func(p document.Paper) string { return filepath.Join(dir, p.Request.ID+".pdf") }
	for _, p := range hardPapers(readNames(t, namesText)) {
		file, _ := documenttest.Issue(t, p, fonts)
		if err := os.WriteFile(at(p), file, 0o600); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	few := func(n int) (some []document.Paper) { // each nth, which is of each kind because n is odd
		for i := 0; i < len(all); i += n {
			some = append(some, all[i])
		}
		return some
	}
	shown := few(25)
	if full() {
		shown = all
	}
	witness(t, "pdftotext", func(t *testing.T, run func(...string) string) {
		looked := map[string]int{}
		for i, p := range all {
			if !full() && p.Template.Kind != document.ResidentRecordHousehold && i%25 != 0 {
				continue
			}
			looked[p.Template.Kind]++
			plan := documenttest.Must(p.Plan())
			pages := wordsOf(t, run("-bbox", at(p), "-"))
			if len(pages) != len(plan) {
				t.Fatalf("%s: pdftotext sees %d pages of %d", p.Request.ID, len(pages), len(plan))
			}
			for i, page := range plan {
				compareWords(t, fmt.Sprintf("%s %s, page %d", p.Template.Kind, p.Request.ID, i+1), page, pages[i])
			}
			if t.Failed() {
				return
			}
		}
		t.Logf("every text with its selectors in its box, of %v papers", looked)
	})
	witness(t, "pdfsig", func(t *testing.T, run func(...string) string) {
		for _, p := range shown {
			signed(t, run("-nocert", at(p)), true)
		}
	})
	witness(t, "qpdf", func(t *testing.T, run func(...string) string) {
		for _, p := range shown {
			clean(t, run("--check", at(p)))
		}
	})
	witness(t, "zbarimg", func(t *testing.T, run func(...string) string) {
		if _, err := exec.LookPath("pdftoppm"); err != nil {
			t.Skip("SKIPPED: pdftoppm, which makes the picture that zbarimg reads, is not installed (Debian: poppler-utils)")
		}
		// A page takes a second to raster and to search at 300 dpi. Of most papers only the strip at the foot is, where the code stands; of some the
		// whole page, as somebody's scanner sees it, with the seal and the ground.
		codes := shown
		if !full() {
			codes = []document.Paper{all[0], all[len(all)-2], all[len(all)-1]}
		}
		for i, p := range codes {
			for _, dpi := range []int{300, 150} {
				args := []string{"-r", fmt.Sprint(dpi), "-gray", "-f", "1", "-l", "1", "-singlefile"}
				if full() && i%10 != 0 {
					args = append(args, "-x", "0", "-W", fmt.Sprint(210*dpi*10/254), "-y", fmt.Sprint(262*dpi*10/254), "-H", fmt.Sprint(35*dpi*10/254))
				}
				picture := filepath.Join(dir, "page")
				if out, err := exec.Command("pdftoppm", append(args, at(p), picture)...).CombinedOutput(); err != nil {
					t.Fatalf("pdftoppm: %v: %s", err, out)
				}
				if got := strings.TrimSuffix(run("--nodbus", "-q", "--raw", picture+".pgm"), "\n"); got != p.Request.Verify {
					t.Errorf("%s %s at %d dpi: the code says %q, want %q", p.Template.Kind, p.Request.ID, dpi, got, p.Request.Verify)
				}
			}
		}
		t.Logf("the codes of %d papers, at 300 and 150 dpi", len(codes))
	})
}

// word is a word as pdftotext sees it, in points from the upper left corner.
type word struct {
	Left   float64 `xml:"xMin,attr"`
	Top    float64 `xml:"yMin,attr"`
	Right  float64 `xml:"xMax,attr"`
	Bottom float64 `xml:"yMax,attr"`
	Text   string  `xml:",chardata"`
}

// wordsOf reads what pdftotext -bbox says, page by page.
func wordsOf(t *testing.T, says string) (pages [][]word) {
	t.Helper()
	var list struct {
		Pages []struct {
			Words []word `xml:"word"`
		} `xml:"body>doc>page"`
	}
	if err := xml.Unmarshal([]byte(says), &list); err != nil {
		t.Fatalf("what pdftotext says: %v", err)
	}
	for _, p := range list.Pages {
		pages = append(pages, p.Words)
	}
	return pages
}

// compareWords holds the words that pdftotext sees against the plan of a page: in the box of each element its text, with every selector, and no word
// anywhere else. Poppler gives selectors back, and takes blanks out, which are therefore not compared.
func compareWords(t *testing.T, paper string, plan template.Page, words []word) {
	t.Helper()
	const point = 2540.0 / 72 // in hundredths of a millimetre
	used := make([]bool, len(words))
	for i, w := range words {
		used[i] = (w.Bottom-w.Top)*point > 2000 // the warning word of the ground
	}
	for _, e := range plan.Elements {
		if e.Text == "" {
			continue
		}
		var in []word
		for i, w := range words {
			x, y := (w.Left+w.Right)/2*point, (w.Top+w.Bottom)/2*point
			if !used[i] && float64(e.X) <= x && x <= float64(e.X+e.W) && float64(e.Y) <= y && y <= float64(e.Y+e.H) {
				used[i] = true
				in = append(in, w)
			}
		}
		slices.SortStableFunc(in, func(a, b word) int { // line by line: those of one line are of one height
			switch middle := (b.Top + b.Bottom) / 2; {
			case a.Bottom < middle:
				return -1
			case a.Top > middle:
				return 1
			case a.Left < b.Left:
				return -1
			}
			return 1
		})
		var got strings.Builder
		for _, w := range in {
			got.WriteString(w.Text)
		}
		if got, want := unspaced(got.String()), unspaced(e.Text); got != want {
			t.Errorf("%s, %s: pdftotext sees %s, want %s", paper, e.Field, codePoints(got), codePoints(want))
		}
	}
	if n := slices.Index(used, false); n >= 0 {
		t.Errorf("%s: pdftotext sees %s where the form has nothing", paper, codePoints(words[n].Text))
	}
}
