package imprint

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"log/slog"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/imprint/imprinttest"
	"github.com/akashi-id/akashi/internal/plain"
)

func scanned(t testing.TB, s imprinttest.Seal) Imprint {
	t.Helper()
	i, err := Read("seal", s.Scan())
	if err != nil {
		t.Fatal(err)
	}
	return i
}

// TestMeasured: the ink is found wherever it lies on the sheet, and measured by the resolution that the file states.
func TestMeasured(t *testing.T) {
	for _, dpi := range []int{300, 600} {
		for _, mm := range []float64{7.9, 15, 24.8} {
			i := scanned(t, imprinttest.Seal{Millimetres: mm, Face: 1, Press: 3, DPI: dpi})
			for _, l := range []Length{i.Width, i.Height} {
				if want := Length(mm * 1000); abs(l-want) > 200 {
					t.Errorf("%v mm at %d dpi measures %s", mm, dpi, l)
				}
			}
		}
	}
}

func TestMeasuredFinely(t *testing.T) {
	if i := scanned(t, imprinttest.Seal{Millimetres: 9, Face: 1, DPI: 1200}); abs(i.Width-9*Millimetre) > 100 {
		t.Errorf("9 mm at 1200 dpi measures %s", i.Width)
	}
}

func TestSize(t *testing.T) {
	for mm, want := range map[float64]string{7: "小さすぎ", 8.4: "", 18: "", 24.5: "", 25.6: "大きすぎ"} {
		p := scanned(t, imprinttest.Seal{Millimetres: mm, Face: 1}).CheckSize("seal")
		if (p == nil) != (want == "") || p != nil && (p.Field != "seal" || !strings.Contains(p.JA, want) || p.EN == "") {
			t.Errorf("%v mm: %v", mm, p)
		}
	}
	// The borders, to the micrometre: what fits into 8 mm is too small, what fits into 25 mm is not too large.
	for side, ok := range map[Length]bool{Smallest: false, Smallest + 1: true, Largest: true, Largest + 1: false} {
		for _, i := range []Imprint{{Width: side, Height: side}, {Width: side, Height: 1}, {Width: 1, Height: side}} {
			if p := i.CheckSize("seal"); (p == nil) != ok {
				t.Errorf("%d µm: %v", side, p)
			}
		}
	}
}

// TestKept: the same ink is the same bytes, which read back as what was measured.
func TestKept(t *testing.T) {
	seal := imprinttest.Seal{Millimetres: 15, Face: 2, Press: 9}
	a, b := scanned(t, seal), scanned(t, seal)
	if !bytes.Equal(a.PNG(), b.PNG()) || a.Digest() != b.Digest() {
		t.Error("one scan is kept as two pictures")
	}
	back, err := Stored(a.PNG())
	if err != nil || back.Width != a.Width || back.Height != a.Height || !Alike(a, back) {
		t.Errorf("read back: %v %v %v", back.Width, back.Height, err)
	}
	again, err := Read("seal", a.PNG()) // who brings what was kept, brings the same
	if err != nil || !bytes.Equal(again.PNG(), a.PNG()) {
		t.Errorf("read again: %v", err)
	}
	if len(a.PNG()) > 20_000 {
		t.Errorf("%d bytes are kept", len(a.PNG()))
	}
	for name, kept := range map[string][]byte{"a scan": seal.Scan(), "half": a.PNG()[:len(a.PNG())/2], "nothing": nil} {
		if _, err := Stored(kept); err == nil {
			t.Errorf("%s is taken for what was kept", name)
		}
	}
}

// TestInk: the dots that a document prints are those of the picture that is kept, whether it was scanned just now or read back.
func TestInk(t *testing.T) {
	a := scanned(t, imprinttest.Seal{Millimetres: 15, Face: 2, Press: 9})
	back, err := Stored(a.PNG())
	if err != nil {
		t.Fatal(err)
	}
	kept, err := png.Decode(bytes.NewReader(a.PNG()))
	if err != nil {
		t.Fatal(err)
	}
	for name, i := range map[string]Imprint{"scanned": a, "read back": back} {
		w, h, bits := i.Ink()
		row := (w + 7) / 8
		if w != kept.Bounds().Dx() || h != kept.Bounds().Dy() || len(bits) != row*h {
			t.Fatalf("%s: %d by %d in %d octets, and the picture is %v", name, w, h, len(bits), kept.Bounds())
		}
		wrong := 0
		for y := range h {
			for x := range 8 * row { // behind the last dot of a row is no ink
				r, _, _, _ := kept.At(x, y).RGBA()
				if bits[y*row+x/8]>>(7-x%8)&1 == 1 != (x < w && r == 0) {
					wrong++
				}
			}
		}
		if wrong > 0 {
			t.Errorf("%s: %d of %d dots are others than in the picture", name, wrong, w*h)
		}
	}
	if _, _, bits := (Imprint{}).Ink(); bits != nil {
		t.Error("no imprint has ink")
	}
}

func TestRefused(t *testing.T) {
	seal := imprinttest.Seal{Millimetres: 15, Face: 2}
	drawn := func(w, h int, tone func(x, y int) uint8) []byte {
		p := image.NewGray(image.Rect(0, 0, w, h))
		for y := range h {
			for x := range w {
				p.SetGray(x, y, color.Gray{Y: tone(x, y)})
			}
		}
		var b bytes.Buffer
		if err := png.Encode(&b, p); err != nil {
			t.Fatal(err)
		}
		return withResolution(b.Bytes(), 23_622)
	}
	unstated := seal
	unstated.DPI = -1
	whole := seal.Scan()
	for name, x := range map[string]struct {
		scan []byte
		says string
	}{
		"empty":           {nil, "PNG形式の画像ではありません"},
		"no picture":      {[]byte("%PDF-1.7"), "PNG形式の画像ではありません"},
		"not stated":      {unstated.Scan(), "解像度がない"},
		"too coarse":      {imprinttest.Seal{Millimetres: 15, DPI: 200}.Scan(), "解像度が200dpi"},
		"too fine":        {imprinttest.Seal{Millimetres: 10, DPI: 2400}.Scan(), "解像度が2400dpi"},
		"cut off":         {whole[:len(whole)*2/3], "途中で切れている"},
		"too large":       {drawn(mostSide+1, 2, func(int, int) uint8 { return 255 }), "大きすぎます"},
		"blank":           {drawn(300, 300, func(int, int) uint8 { return 250 }), "見つかりません"},
		"a shadow":        {drawn(300, 300, func(x, _ int) uint8 { return uint8(210 + x/8) }), "見つかりません"},
		"dust":            {drawn(300, 300, func(x, y int) uint8 { return uint8(255 * min(1, x%40+y%40)) }), "見つかりません"},
		"nothing but ink": {drawn(300, 300, func(int, int) uint8 { return 0 }), "見つかりません"},
	} {
		_, err := Read("seal", x.scan)
		ps, ok := plain.AsProblems(err)
		if !ok || len(ps) != 1 || ps[0].Field != "seal" || !strings.Contains(ps[0].JA, x.says) || ps[0].EN == "" {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestAlike: every second stamping of a seal is alike, and of other seals few.
func TestAlike(t *testing.T) {
	const faces = 10
	var first []Imprint
	for face := range uint64(faces) {
		first = append(first, scanned(t, imprinttest.Seal{Millimetres: 13.5, Face: face, Press: 1, DPI: 300}))
	}
	others := 0
	for face, a := range first {
		for press := range uint64(3) {
			if b := scanned(t, imprinttest.Seal{Millimetres: 13.5, Face: uint64(face), Press: 2 + press, DPI: 300}); !Alike(a, b) {
				t.Errorf("two stampings of seal %d are not alike", face)
			}
		}
		for _, b := range first[:face] {
			if Alike(a, b) {
				others++
			}
		}
		if Alike(a, scanned(t, imprinttest.Seal{Millimetres: 16, Face: uint64(face), DPI: 300})) {
			t.Errorf("seal %d is alike a larger one", face)
		}
	}
	if others > faces*(faces-1)/2/10 {
		t.Errorf("%d of %d pairs of other seals are alike", others, faces*(faces-1)/2)
	}
	if Alike(Imprint{}, first[0]) || Alike(first[0], Imprint{}) || Alike(Imprint{}, Imprint{}) {
		t.Error("nothing is alike something")
	}
}

// TestNothingShown: nobody sees a seal in a log.
func TestNothingShown(t *testing.T) {
	i := scanned(t, imprinttest.Seal{Millimetres: 15, Face: 2})
	var log bytes.Buffer
	slog.New(slog.NewTextHandler(&log, nil)).Info("kept", "seal", i)
	for _, text := range []string{fmt.Sprint(i), fmt.Sprintf("%+v %#v %q", i, i, i), log.String()} {
		if strings.Contains(text, "PNG") || len(text) > 200 {
			t.Errorf("shown: %.300s", text)
		}
	}
}

// FuzzRead: whatever is brought is an imprint that reads back as itself, or a sentence.
func FuzzRead(f *testing.F) {
	f.Add(imprinttest.Seal{Millimetres: 9, Face: 2, DPI: 300}.Scan())
	f.Add(imprinttest.Seal{Millimetres: 9, DPI: -1}.Scan())
	f.Add([]byte("\x89PNG\r\n\x1a\n"))
	f.Fuzz(func(t *testing.T, scan []byte) {
		i, err := Read("seal", scan)
		if err != nil {
			if _, ok := plain.AsProblems(err); !ok {
				t.Fatalf("no sentence: %v", err)
			}
			return
		}
		back, err := Stored(i.PNG())
		if err != nil || back.Width != i.Width || back.Height != i.Height || i.Width <= 0 || i.Height <= 0 {
			t.Fatalf("kept as %v, %v by %v: %v", back.Width, i.Width, i.Height, err)
		}
	})
}
