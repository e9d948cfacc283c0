package webuitest

import (
	"bytes"
	"cmp"
	"context"
	"flag"
	"fmt"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

var update = flag.Bool("update-screens", false, "write the pictures of screens anew; look at them before you commit them")

// Languages are those in which a story of screens is told: in every run Japanese, in the long one (AKASHI_FULL=1), and when the
// pictures are made anew, English too.
func Languages() []string {
	if os.Getenv("AKASHI_FULL") != "" || *update {
		return []string{"ja", "en"}
	}
	return []string{"ja"}
}

// Widths are those at which screens are looked at: a telephone and a desk.
var Widths = []int64{390, 1280}

// told tells whether a story of screens is told in this run: in the long one, and when the pictures are made anew, all are; otherwise every second, as their names fall.
func told(story string) bool {
	return os.Getenv("AKASHI_FULL") != "" || *update || crc32.ChecksumIEEE([]byte(story))%2 == 0
}

// WidthsOf are those at which a screen is looked at in this run: in the long one (AKASHI_FULL=1), and when the pictures are made anew, all; otherwise one, which
// follows from its name, so that a story of screens is told at both.
func WidthsOf(name string) []int64 {
	if os.Getenv("AKASHI_FULL") != "" || *update {
		return Widths
	}
	i := crc32.ChecksumIEEE([]byte(name)) % uint32(len(Widths))
	return Widths[i : i+1]
}

const (
	// The edges of letters differ a little between builds of the font renderer; a changed word differs by more.
	sameColour = 64
	// maxShare is the share of pixels that may differ.
	maxShare = 0.005
)

// Golden compares the whole page with testdata/screens/NAME-WIDTH.png at the widths given, or at those of this run. On a difference it writes what it
// saw beside it as NAME-WIDTH.actual.png. It also fails as Fits does.
func (tab *Tab) Golden(name string, widths ...int64) {
	tab.t.Helper()
	if len(widths) == 0 {
		widths = WidthsOf(name)
	}
	for _, w := range widths {
		seen := tab.Picture(w)
		file := filepath.Join("testdata", "screens", fmt.Sprintf("%s-%d.png", name, w))
		actual := file[:len(file)-len(".png")] + ".actual.png"
		if *update {
			tab.writeSmall(file, seen)
			os.Remove(actual)
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			tab.writeSmall(actual, seen)
			tab.t.Errorf("there is no picture of %s: look at %s, then run with -update-screens", name, actual)
			continue
		}
		share, err := differing(want, seen)
		if err != nil || share > maxShare {
			tab.writeSmall(actual, seen)
			tab.t.Errorf("%s at %d px looks different (%.2f %% of it, %v): compare %s with %s", name, w, share*100, err, actual, file)
			continue
		}
		os.Remove(actual)
	}
}

// Screen is Golden of what the rules of axe hold for too, at the widths of this run; what axe could not decide stands in the log.
//
// A page that refreshes itself asks for nothing meanwhile: each request may be a look or draw a name, and on a slow machine there would be more of them, which
// later pictures show.
func (tab *Tab) Screen(name string) {
	tab.t.Helper()
	Eval[bool](tab, `window.still ??= e => e.preventDefault(), document.addEventListener("htmx:beforeRequest", window.still), true`)
	defer Eval[bool](tab, `document.removeEventListener("htmx:beforeRequest", window.still), true`)
	for _, w := range WidthsOf(name) {
		for _, f := range tab.Axe(w) {
			tab.t.Logf("axe could not decide at %d px: %s", w, f)
		}
	}
	tab.Golden(name)
}

// Picture is the whole page at a width, as PNG: for people to look at, where the page shows the time and so has no golden.
func (tab *Tab) Picture(width int64) []byte {
	tab.t.Helper()
	height := tab.Fits(width)
	tab.do("set the window", chromedp.EmulateViewport(width, max(height, 900)))
	ctx, cancel := tab.step()
	defer cancel()
	data, err := chromedp.Run(ctx, func(ctx context.Context, target *chromedp.Target) ([]byte, error) {
		yes := true // packed quickly, not small: it is compared and thrown away, or packed anew by shrink
		r, err := cdp.Call(ctx, target, page.CaptureScreenshot, page.CaptureScreenshotParams{FromSurface: &yes, OptimizeForSpeed: &yes})
		if err != nil {
			return nil, err
		}
		return r.Data, nil
	})
	tab.must("take a picture", err)
	return data
}

// Fits fails the test when the page is wider than the window, so that a part of it would have to be scrolled to from the
// side. It returns how high the page is.
func (tab *Tab) Fits(width int64) (height int64) {
	tab.t.Helper()
	tab.width(width)
	size := Eval[struct{ W, H int64 }](tab, `document.fonts.ready.then(() => {
		scrollTo(0, 0);
		return {W: document.scrollingElement.scrollWidth, H: document.scrollingElement.scrollHeight};
	})`)
	if size.W > width {
		tab.t.Errorf("%s is %d px wide in a window of %d px", tab.Location(), size.W, width)
	}
	return size.H
}

// shrink writes a picture with its 256 most frequent colours, and every other pixel in the nearest of them: surfaces
// keep their colour, the edges of letters lose a little, and what is kept in the repository is a third of the size.
func shrink(data []byte) ([]byte, error) {
	img, err := pixels(data)
	if err != nil {
		return nil, err
	}
	count := map[color.RGBA]int{}
	at := func(i int) color.RGBA { return color.RGBA{img.Pix[i], img.Pix[i+1], img.Pix[i+2], 255} }
	for i := 0; i < len(img.Pix); i += 4 {
		count[at(i)]++
	}
	colours := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	out := image.NewPaletted(img.Rect, nil)
	for _, c := range colours[:min(len(colours), 256)] {
		out.Palette = append(out.Palette, c)
	}
	index := map[color.RGBA]uint8{}
	for i := 0; i < len(img.Pix); i += 4 {
		n, known := index[at(i)]
		if !known {
			n = uint8(out.Palette.Index(at(i)))
			index[at(i)] = n
		}
		out.Pix[i/4] = n
	}
	var b bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, out)
	return b.Bytes(), err
}

// writeSmall keeps a picture in a file, as small as shrink makes it.
func (tab *Tab) writeSmall(file string, data []byte) {
	tab.t.Helper()
	data, err := shrink(data)
	if err != nil {
		tab.t.Fatalf("make the picture smaller: %v", err)
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		tab.t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o644); err != nil {
		tab.t.Fatal(err)
	}
}

// differing is the share of pixels of which some colour differs visibly. Pictures of different heights are compared
// over the higher one, so that what was added counts.
func differing(a, b []byte) (float64, error) {
	x, err := pixels(a)
	if err != nil {
		return 1, err
	}
	y, err := pixels(b)
	if err != nil {
		return 1, err
	}
	if x.Rect.Dx() != y.Rect.Dx() {
		return 1, fmt.Errorf("%d px wide instead of %d", y.Rect.Dx(), x.Rect.Dx())
	}
	if x.Rect.Dy() > y.Rect.Dy() {
		x, y = y, x
	}
	different := (y.Rect.Dy() - x.Rect.Dy()) * x.Rect.Dx()
	for i := 0; i < len(x.Pix); i += 4 {
		for c := range 3 {
			if d := int(x.Pix[i+c]) - int(y.Pix[i+c]); d > sameColour || d < -sameColour {
				different++
				break
			}
		}
	}
	return float64(different) / float64(len(y.Pix)/4), nil
}

func pixels(data []byte) (*image.RGBA, error) {
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return out, nil
}

// GoldenText compares what was made with the file testdata/NAME, and writes it with -update-screens.
func GoldenText(t testing.TB, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", filepath.FromSlash(name))
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		line := 1
		for i := range min(len(got), len(want)) {
			if got[i] != want[i] {
				break
			}
			if got[i] == '\n' {
				line++
			}
		}
		t.Errorf("%s differs from line %d on; it is written anew with -update-screens", file, line)
	}
}
