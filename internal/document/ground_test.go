package document_test

import (
	"bytes"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/documenttest"
	"github.com/akashi-id/akashi/internal/document/mm"
	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/document/readback"
	"github.com/akashi-id/akashi/internal/document/typeset"
)

const sheetDPI = 600 // at which the sheet of paper lies in memory: that of the raster of the ground

// sheet is a part of a page: how dark it is, from 0 to 1, row by row.
type sheet struct {
	w, h int
	pix  []float32
}

func newSheet(w, h int) sheet { return sheet{w, h, make([]float32, w*h)} }

// raster makes a picture of a part of a page, as poppler draws it.
func raster(t testing.TB, file string, page, dpi int, part mm.Rect) sheet {
	t.Helper()
	dots := func(l mm.Length) string { return fmt.Sprint(int(l) * dpi / 2540) }
	out, err := exec.Command("pdftoppm", "-r", fmt.Sprint(dpi), "-gray", "-f", fmt.Sprint(page), "-l", fmt.Sprint(page), "-x", dots(part.X), "-y", dots(part.Y), "-W", dots(part.W), "-H", dots(part.H), file).Output()
	if err != nil {
		t.Fatalf("pdftoppm: %v", err)
	}
	var w, h, most int
	if _, err := fmt.Sscanf(string(out[:20]), "P5\n%d %d\n%d", &w, &h, &most); err != nil || most != 255 {
		t.Fatalf("pdftoppm: %v, %d", err, most)
	}
	s := newSheet(w, h)
	for i, v := range out[len(out)-w*h:] {
		s.pix[i] = 1 - float32(v)/255
	}
	return s
}

// blurred is the sheet as a lens sees it: each dot spread out as a bell of this width (its standard deviation).
func (s sheet) blurred(millimetres float64) sheet {
	sigma := millimetres * sheetDPI / 25.4
	kernel := make([]float32, 2*int(math.Ceil(3*sigma))+1)
	sum := float32(0)
	for i := range kernel {
		d := float64(i - len(kernel)/2)
		kernel[i] = float32(math.Exp(-d * d / (2 * sigma * sigma)))
		sum += kernel[i]
	}
	for i := range kernel {
		kernel[i] /= sum
	}
	along := func(from sheet, step, n, lines, next int) sheet {
		to := newSheet(from.w, from.h)
		for l := range lines {
			for i := range n {
				v := float32(0)
				for k, weight := range kernel {
					at := min(max(i+k-len(kernel)/2, 0), n-1)
					v += weight * from.pix[l*next+at*step]
				}
				to.pix[l*next+i*step] = v
			}
		}
		return to
	}
	return along(along(s, 1, s.w, s.h, s.w), s.w, s.h, s.w, 1)
}

// averaged is the sheet in cells of n by n dots; the first begins at a place within n.
func (s sheet) averaged(n, phase int) sheet {
	to := newSheet((s.w-phase)/n, (s.h-phase)/n)
	for y := range to.h {
		for x := range to.w {
			v := float32(0)
			for i := range n * n {
				v += s.pix[(phase+y*n+i/n)*s.w+phase+x*n+i%n]
			}
			to.pix[y*to.w+x] = v / float32(n*n)
		}
	}
	return to
}

// copier is a machine: what its lens loses, how finely it sees, and what it makes of what it sees. What is lighter than white comes out white,
// what is darker than black comes out black; both the same is a machine that knows nothing between.
type copier struct {
	name         string
	lens         float64 // millimetres
	dpi          int     // 200 or 300
	white, black float32 // how dark
}

var copiers = []copier{
	{"200 dpi, black and white", 0.05, 200, 0.5, 0.5},
	{"300 dpi, black and white", 0.05, 300, 0.5, 0.5},
	{"200 dpi, letters", 0.05, 200, 0.3, 0.7},
	{"300 dpi, letters", 0.05, 300, 0.3, 0.7},
	{"300 dpi, letters, a poor lens", 0.07, 300, 0.3, 0.7},
}

// copied is what comes out, in the dots of the sheet. phase is where the first dot of the machine lies on those of the paper.
func (c copier) copied(s sheet, phase int) sheet {
	n := sheetDPI / c.dpi
	seen := s.blurred(c.lens).averaged(n, phase)
	to := newSheet(s.w, s.h)
	for y := range seen.h * n {
		for x := range seen.w * n {
			v := seen.pix[y/n*seen.w+x/n]
			switch {
			case v <= c.white:
				v = 0
			case v >= c.black:
				v = 1
			default:
				v = (v - c.white) / (c.black - c.white)
			}
			to.pix[(phase+y)*s.w+phase+x] = v
		}
	}
	return to
}

// place is where a warning word stands: the part of the page around it, where the ink of the form or a clear area leaves the ground to be
// seen, and the shapes of words there. shapes[0] is that of the word itself.
type place struct {
	part   mm.Rect
	free   []bool
	shapes []sheet
}

// others are words of as many letters that might stand there; the copy has to be told from them.
var others = []string{"見本", "原本", "無効", "謄本", "印鑑", "住民", "写複"}

// places finds the warning words on a page of a file, or some of them.
func places(t testing.TB, p document.Paper, file []byte, dir string, page int, only ...int) (all []place) {
	t.Helper()
	fonts := documenttest.Official(t)
	d, err := readback.Read(file)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, b []byte) string {
		at := filepath.Join(dir, name)
		if err := os.WriteFile(at, b, 0o600); err != nil {
			t.Fatal(err)
		}
		return at
	}
	words := append([]string{p.Template.Ground}, others...)
	shapes := pdf.New(pdf.Info{Title: "shapes", Author: "test", Made: time.Unix(1_800_000_000, 0)}, fonts)
	sheets := make([]*pdf.Page, len(words))
	for i := range words {
		sheets[i] = shapes.Page()
	}
	var marks []readback.Text // the first of those that lie over each other
	for _, text := range d.Pages[page-1].Texts {
		if text.Mark != "Ground" {
			continue
		}
		for i, word := range words {
			sheets[i].Text(text.X, text.Y, text.Size, pdf.Black, documenttest.Must(typeset.Shape(fonts, "", word)))
		}
		if !slices.ContainsFunc(marks, func(m readback.Text) bool {
			return max(m.X-text.X, text.X-m.X, m.Y-text.Y, text.Y-m.Y) < 5*mm.Millimetre
		}) {
			marks = append(marks, text)
		}
	}
	if len(marks) < 5 {
		t.Fatalf("%d warning words on a page", len(marks))
	}
	masks := write("shapes.pdf", documenttest.Must(shapes.Finish(pdf.Signature{Name: "test", Room: 64})).Bytes)
	bare := write("bare.pdf", without(t, file, "/Ground BMC\n", "EMC\n"))
	plan := documenttest.Must(p.Plan())[page-1]
	for n, m := range marks {
		if len(only) > 0 && !slices.Contains(only, n) {
			continue
		}
		const around = 4 * mm.Millimetre
		at := place{part: mm.Rect{X: m.X - around, Y: m.Y - m.Size*88/100 - around, W: 2*m.Size + 2*around, H: m.Size + 2*around}}
		for i := range words {
			at.shapes = append(at.shapes, raster(t, masks, i+1, sheetDPI, at.part))
		}
		form := raster(t, bare, page, sheetDPI, at.part)
		at.free = make([]bool, len(form.pix))
		near := form.blurred(0.3) // what has ink within a millimetre
		for i, v := range near.pix {
			at.free[i] = v < 0.001
		}
		for _, e := range plan.Elements {
			if e.Image == "" {
				continue
			}
			for y := range form.h {
				for x := range form.w {
					if e.Contains(at.part.X+mm.Length(x*2540/sheetDPI), at.part.Y+mm.Length(y*2540/sheetDPI)) {
						at.free[y*form.w+x] = false
					}
				}
			}
		}
		all = append(all, at)
	}
	return all
}

// without is a file in which what stands from one mark to another is blanks, as many as there were octets, so that every object stays in its place.
func without(t testing.TB, file []byte, from, to string) []byte {
	t.Helper()
	b := bytes.Clone(file)
	n := 0
	for at := 0; ; n++ {
		i := bytes.Index(b[at:], []byte(from))
		if i < 0 {
			break
		}
		start := at + i
		end := start + bytes.Index(b[start:], []byte(to)) + len(to)
		for k := start; k < end; k++ {
			b[k] = ' '
		}
		at = end
	}
	if n == 0 {
		t.Fatalf("the file has no %q", from)
	}
	return b
}

// share is how much of the place is free.
func (p place) share() float64 {
	n := 0
	for _, free := range p.free {
		if free {
			n++
		}
	}
	return float64(n) / float64(len(p.free))
}

// seen is what can be told of a warning word in a picture.
type seen struct {
	word, ground float64 // how dark they are
	contrast     float64 // of the lightness of ground and word, (g − w) ÷ (g + w)
	like         float64 // how like the picture is to the word (correlation)
	other        float64 // and to that of the other words which it is most like
}

// look measures a picture of a place. It is looked at from where single dots flow together: cells of 0.85 mm, a little more than the wider pitch.
func (p place) look(s sheet) seen {
	const cell = 20
	var v seen
	n := [2]float64{}
	word := p.shapes[0]
	inner := word.blurred(0.15)
	for i, free := range p.free {
		if !free {
			continue
		}
		switch {
		case inner.pix[i] > 0.98:
			v.word += float64(s.pix[i])
			n[0]++
		case inner.pix[i] < 0.02:
			v.ground += float64(s.pix[i])
			n[1]++
		}
	}
	v.word, v.ground = v.word/n[0], v.ground/n[1]
	v.contrast = (v.word - v.ground) / (2 - v.word - v.ground)
	free := newSheet(s.w, s.h)
	for i := range p.free {
		if p.free[i] {
			free.pix[i] = 1
		}
	}
	cells, whole := s.averaged(cell, 0), free.averaged(cell, 0)
	for i, shape := range p.shapes {
		c := correlation(cells, shape.averaged(cell, 0), whole)
		if i == 0 {
			v.like = c
		} else {
			v.other = max(v.other, c)
		}
	}
	return v
}

// correlation is that of two pictures over the cells that are wholly free.
func correlation(a, b, free sheet) float64 {
	var n, sa, sb, saa, sbb, sab float64
	for i := range a.pix {
		if free.pix[i] < 1 {
			continue
		}
		x, y := float64(a.pix[i]), float64(b.pix[i])
		n, sa, sb, saa, sbb, sab = n+1, sa+x, sb+y, saa+x*x, sbb+y*y, sab+x*y
	}
	va, vb := saa-sa*sa/n, sbb-sb*sb/n
	if va <= 1e-12 || vb <= 1e-12 {
		return 0 // an even area is like nothing
	}
	return (sab - sa*sb/n) / math.Sqrt(va*vb)
}

func (v seen) String() string {
	return fmt.Sprintf("word %.4f, ground %.4f, contrast %.4f, like %.2f, like others %.2f", v.word, v.ground, v.contrast, v.like, v.other)
}

// faults says why a paper and its copy at a place are not what they should be: on the paper the word is as dark as the ground and cannot be made out,
// on the copy it is darker than the ground, which is gone, and it is read as that word and no other.
func faults(paper, copy seen) (list []string) {
	add := func(is bool, what string) {
		if is {
			list = append(list, what)
		}
	}
	add(!(paper.ground > 0.03), "the paper has no ground")
	add(!(math.Abs(paper.contrast) < 0.007 && paper.like < 0.35), "the word shows on the paper")
	add(!(copy.ground < 0.005), "the ground stays on the copy")
	add(!(copy.contrast > 0.0075), "the word is not darker than the ground of the copy")
	add(!(copy.like > 0.6 && copy.like > copy.other+0.3), "the word cannot be read on the copy")
	return list
}

// TestCopyShowsTheWarning copies pages as machines would. The long run does so with every kind of paper, every place at which the form leaves enough of
// the ground free, and every machine.
func TestCopyShowsTheWarning(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("SKIPPED: pdftoppm is not installed (Debian: poppler-utils)")
	}
	names := readNames(t, namesText)
	all := hardPapers(names)
	papers, machines, phases, only := []document.Paper{all[len(all)-1]}, []copier{copiers[0], copiers[3]}, []int{1}, []int{4, 5}
	if full() {
		papers, machines, phases, only = []document.Paper{all[0], all[len(names)/4-1], all[len(names)/4], all[len(all)-1]}, copiers, []int{0, 1}, nil
	}
	for _, p := range papers {
		t.Run(p.Template.Kind+" "+p.Request.ID, func(t *testing.T) {
			file, _ := documenttest.Issue(t, p, documenttest.Official(t))
			dir := t.TempDir()
			at := filepath.Join(dir, "document.pdf")
			if err := os.WriteFile(at, file, 0o600); err != nil {
				t.Fatal(err)
			}
			var paper, copied extremes
			looked := 0
			for i, place := range places(t, p, file, dir, 1, only...) {
				if place.share() < 0.5 {
					continue
				}
				looked++
				s := raster(t, at, 1, sheetDPI, place.part)
				before := place.look(s)
				paper.add(before)
				for _, c := range machines {
					for _, phase := range phases {
						after := place.look(c.copied(s, phase))
						copied.add(after)
						for _, fault := range faults(before, after) {
							t.Errorf("place %d, %s: %s: %v → %v", i, c.name, fault, before, after)
						}
					}
				}
			}
			t.Logf("%d places, %d machines. On the paper %v; on the copies %v", looked, len(machines), &paper, &copied)
			if looked < 2 {
				t.Error("the form leaves too little of the ground free")
			}
		})
	}
}

// extremes are the least and the greatest of what was seen.
type extremes struct{ contrast, like [2]float64 }

func (e *extremes) add(v seen) {
	if *e == (extremes{}) {
		e.contrast, e.like = [2]float64{v.contrast, v.contrast}, [2]float64{v.like, v.like}
	}
	e.contrast = [2]float64{min(e.contrast[0], v.contrast), max(e.contrast[1], v.contrast)}
	e.like = [2]float64{min(e.like[0], v.like), max(e.like[1], v.like)}
}

func (e *extremes) String() string {
	return fmt.Sprintf("a contrast of %.4f to %.4f, like the word %.2f to %.2f", e.contrast[0], e.contrast[1], e.like[0], e.like[1])
}

// TestCopyTellsABadGround: of a page whose ground is off, or made wrongly, the measures say so.
func TestCopyTellsABadGround(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("SKIPPED: pdftoppm is not installed (Debian: poppler-utils)")
	}
	p := sealOf("r1", documenttest.Names[0])
	file, _ := documenttest.Issue(t, p, documenttest.Official(t))
	dir := t.TempDir()
	place := places(t, p, file, dir, 1, 4)[0]
	for _, c := range []struct {
		name string
		file []byte
		want string
	}{
		{"as it is", file, ""},
		{"no ground", without(t, file, "/Ground BMC\n", "EMC\n"), "the paper has no ground; the word is not darker than the ground of the copy; the word cannot be read on the copy"},
		{"no word", without(t, file, "q BT 1 g\n", "re f\nQ\n"), "the word is not darker than the ground of the copy; the word cannot be read on the copy"},
		{"the word over the ground", without(t, file, "q BT 1 g\n", "ET Q\n"), "the word shows on the paper"},
		{"a word of small dots", bytes.ReplaceAll(file, []byte("/P1 scn"), []byte("/P0 scn")), "the word is not darker than the ground of the copy; the word cannot be read on the copy"},
		{"a ground of large dots", bytes.ReplaceAll(file, []byte("/P0 scn"), []byte("/P1 scn")), "the ground stays on the copy; the word is not darker than the ground of the copy; the word cannot be read on the copy"},
	} {
		at := filepath.Join(dir, "changed.pdf")
		if err := os.WriteFile(at, c.file, 0o600); err != nil {
			t.Fatal(err)
		}
		s := raster(t, at, 1, sheetDPI, place.part)
		before, after := place.look(s), place.look(copiers[3].copied(s, 0))
		if got := strings.Join(faults(before, after), "; "); got != c.want {
			t.Errorf("%s: found %q, want %q: %v → %v", c.name, got, c.want, before, after)
		}
	}
}

// TestSmallTextStandsOnClearPaper: where a text had to be made so small that a dot of the ground could pass for one of its own, there is none; and
// everywhere else there is.
func TestSmallTextStandsOnClearPaper(t *testing.T) {
	if _, err := exec.LookPath("pdftoppm"); err != nil {
		t.Skip("SKIPPED: pdftoppm is not installed (Debian: poppler-utils)")
	}
	var long []difficult
	for _, d := range readNames(t, namesText) {
		if d.group == "long" {
			long = append(long, d)
		}
	}
	p := hardPapers(long)[1]
	file, _ := documenttest.Issue(t, p, documenttest.Official(t))
	d := documenttest.Must(readback.Read(file))
	const dpi = 300
	var pictures []sheet
	for name, b := range map[string][]byte{"document.pdf": file, "bare.pdf": without(t, file, "/Ground BMC\n", "EMC\n")} {
		at := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(at, b, 0o600); err != nil {
			t.Fatal(err)
		}
		pictures = append(pictures, raster(t, at, 1, dpi, mm.Rect{W: mm.A4Width, H: mm.A4Height}))
	}
	small := 0
	for _, s := range settle(t, inkOf(t, d), documenttest.Must(p.Plan())[0], d.Pages[0]) {
		differ := float32(0)
		const edge = 20 // a dot of the picture, and what is cut of it
		for y := s.Y + edge; y < s.Y+s.H-edge; y += 8 {
			for x := s.X + edge; x < s.X+s.W-edge; x += 8 {
				at := int(y)*dpi/2540*pictures[0].w + int(x)*dpi/2540
				differ = max(differ, pictures[0].pix[at]-pictures[1].pix[at], pictures[1].pix[at]-pictures[0].pix[at])
			}
		}
		clear := s.size < s.Size && s.size < 3*mm.Millimetre
		if clear {
			small++
		}
		if clear != (differ < 0.02) {
			t.Errorf("%s, set at %v mm where the form wishes %v: the ground makes a difference of %.2f", s.Field, s.size, s.Size, differ)
		}
	}
	if small < 8 {
		t.Errorf("only %d small texts", small)
	}
}
