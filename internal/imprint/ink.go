package imprint

import (
	"image"
)

// leastContrast is how much darker than its surroundings ink is, of 255. Paper and shadows are less.
const leastContrast = 60

// threshold parts ink from paper where the two differ most (Otsu 1979); false when the picture has one tone only.
func threshold(histogram [256]int) (at uint8, ok bool) {
	var total, sum float64
	for d, n := range histogram {
		total += float64(n)
		sum += float64(d) * float64(n)
	}
	var best, below, sumBelow float64
	var paper, ink float64
	for d, n := range histogram {
		below += float64(n)
		sumBelow += float64(d) * float64(n)
		above := total - below
		if below == 0 || above == 0 {
			continue
		}
		light, dark := sumBelow/below, (sum-sumBelow)/above
		if between := below * above * (dark - light) * (dark - light); between > best {
			best, at, paper, ink = between, uint8(d), light, dark
		}
	}
	return at, ink-paper >= leastContrast
}

// inkOf is the ink of a picture, cut to its bounds, without specks; nil when there is none, or nothing but.
func inkOf(picture image.Image, perMetre uint32) *image.Paletted {
	dark, histogram := darkness(picture)
	at, ok := threshold(histogram)
	if !ok {
		return nil
	}
	black := make([]bool, len(dark.Pix))
	for i, d := range dark.Pix {
		black[i] = d > at
	}
	bounds, kept := withoutSpecks(black, dark.Rect.Dx(), dark.Rect.Dy(), max(2, int(int64(speck)*int64(perMetre)/1_000_000)))
	if bounds.Empty() || kept == bounds.Dx()*bounds.Dy() {
		return nil
	}
	ink := image.NewPaletted(image.Rect(0, 0, bounds.Dx(), bounds.Dy()), blackAndWhite)
	for y := range bounds.Dy() {
		for x := range bounds.Dx() {
			if black[(y+bounds.Min.Y)*dark.Rect.Dx()+x+bounds.Min.X] {
				ink.Pix[y*ink.Stride+x] = 1
			}
		}
	}
	return ink
}

// withoutSpecks whitens what hangs together (also by corners) and is less than least pixels wide and high, and gives the bounds of the rest
// and how many pixels it has.
func withoutSpecks(black []bool, width, height, least int) (bounds image.Rectangle, kept int) {
	seen := make([]bool, len(black))
	var piece []int
	for start := range black {
		if !black[start] || seen[start] {
			continue
		}
		piece = append(piece[:0], start)
		seen[start] = true
		var r image.Rectangle
		for i := 0; i < len(piece); i++ {
			x, y := piece[i]%width, piece[i]/width
			r = r.Union(image.Rect(x, y, x+1, y+1))
			for ny := max(0, y-1); ny <= min(height-1, y+1); ny++ {
				for nx := max(0, x-1); nx <= min(width-1, x+1); nx++ {
					if n := ny*width + nx; black[n] && !seen[n] {
						seen[n] = true
						piece = append(piece, n)
					}
				}
			}
		}
		if r.Dx() < least && r.Dy() < least {
			for _, p := range piece {
				black[p] = false
			}
			continue
		}
		bounds, kept = bounds.Union(r), kept+len(piece)
	}
	return bounds, kept
}
