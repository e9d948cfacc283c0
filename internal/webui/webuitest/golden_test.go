package webuitest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"testing"
)

// TestAChangedWordIsSeen checks the checker: what a renderer varies passes, what a person would see does not.
func TestAChangedWordIsSeen(t *testing.T) {
	draw := func(height int, change func(*image.RGBA)) []byte {
		img := image.NewRGBA(image.Rect(0, 0, 390, height))
		for i := range img.Pix {
			img.Pix[i] = 255
		}
		change(img)
		var b bytes.Buffer
		if err := png.Encode(&b, img); err != nil {
			t.Fatal(err)
		}
		small, err := shrink(b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		return small
	}
	fill := func(w, h int, v uint8) func(*image.RGBA) {
		return func(img *image.RGBA) {
			for y := range h {
				for x := range w {
					img.SetRGBA(x, y, color.RGBA{v, v, v, 255})
				}
			}
		}
	}
	blank := draw(800, func(*image.RGBA) {})
	for name, c := range map[string]struct {
		data []byte
		seen bool
	}{
		"the same":      {draw(800, fill(0, 0, 0)), false},
		"a shade":       {draw(800, fill(390, 800, 255-sameColour)), false},
		"four letters":  {draw(800, fill(64, 32, 0)), true},
		"a line more":   {draw(827, fill(0, 0, 0)), true},
		"not a picture": {[]byte("no picture"), true},
	} {
		share, err := differing(blank, c.data)
		if seen := err != nil || share > maxShare; seen != c.seen {
			t.Errorf("%s: %.3f %v, want seen: %v", name, share, err, c.seen)
		}
	}
}
