package imprint

// alikeSide is the side of the grid on which two imprints are laid over each other.
const alikeSide = 40

// alikeFrom is the share of common ink from which two imprints are shown to a person as alike, in percent. Two stampings of one drawn seal
// of the tests share 95 and more, two drawn seals of one size 62 to 85; a stamping that is turned shares less.
const alikeFrom = 80

// Alike tells whether two imprints may be of one seal: their sizes agree within a millimetre, and most of their ink lies at the same place.
// It is a hint for a person who looks at both, and proves nothing.
func Alike(a, b Imprint) bool {
	if abs(a.Width-b.Width) > Millimetre || abs(a.Height-b.Height) > Millimetre || a.ink == nil || b.ink == nil {
		return false
	}
	x, y := a.grid(), b.grid()
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			if overlap(x, y, dx, dy) >= alikeFrom {
				return true
			}
		}
	}
	return false
}

// grid is the ink on a coarse grid: cells of which at least two fifths are ink.
func (i Imprint) grid() (cells [alikeSide][alikeSide]bool) {
	w, h := i.ink.Rect.Dx(), i.ink.Rect.Dy()
	for cy := range alikeSide {
		for cx := range alikeSide {
			black, all := 0, 0
			for y := cy * h / alikeSide; y < max((cy+1)*h/alikeSide, cy*h/alikeSide+1); y++ {
				for x := cx * w / alikeSide; x < max((cx+1)*w/alikeSide, cx*w/alikeSide+1); x++ {
					all++
					black += int(i.ink.Pix[y*i.ink.Stride+x])
				}
			}
			cells[cy][cx] = 5*black >= 2*all
		}
	}
	return cells
}

// overlap is the common ink of two grids, one of them moved, in percent of the mean of both (Dice 1945).
func overlap(a, b [alikeSide][alikeSide]bool, dx, dy int) int {
	both, all := 0, 0
	for y := range alikeSide {
		for x := range alikeSide {
			in := false
			if v, u := y+dy, x+dx; 0 <= v && v < alikeSide && 0 <= u && u < alikeSide {
				in = b[v][u]
			}
			if a[y][x] {
				all++
			}
			if b[y][x] {
				all++
			}
			if a[y][x] && in {
				both++
			}
		}
	}
	if all == 0 {
		return 0
	}
	return 200 * both / all
}

func abs(l Length) Length {
	if l < 0 {
		return -l
	}
	return l
}
