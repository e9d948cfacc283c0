// Package mm measures what stands on paper (紙面の寸法), in hundredths of a millimetre.
//
// Lengths are whole numbers, so that a page is the same bytes on every machine: sums of floating-point numbers are not, where a
// processor joins a multiplication with an addition. A sheet of A4 is 21000 by 29700, within the 32767 that the oldest readers
// of PDF take.
package mm

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Length is a length or a place on the page, in hundredths of a millimetre; places are counted from the upper left corner.
type Length int

// Millimetre is one, and the sheet is A4 upright.
const (
	Millimetre Length = 100
	A4Width           = 210 * Millimetre
	A4Height          = 297 * Millimetre
)

// String is the length in millimetres, 12.5.
func (l Length) String() string {
	sign := ""
	if l < 0 {
		sign, l = "-", -l
	}
	s := fmt.Sprintf("%s%d.%02d", sign, l/Millimetre, l%Millimetre)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// UnmarshalJSON reads millimetres with up to two places, 12 or 12.5 or 12.25, exactly.
func (l *Length) UnmarshalJSON(b []byte) error {
	s := string(b)
	whole, part, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	n, err := strconv.Atoi(whole)
	if err != nil || len(part) > 2 || n > 10_000 || strings.HasSuffix(s, ".") {
		return errors.New("a length is millimetres with at most two places, and not " + s)
	}
	f := 0
	if part != "" {
		if f, err = strconv.Atoi((part + "0")[:2]); err != nil || f < 0 {
			return errors.New("a length is millimetres with at most two places, and not " + s)
		}
	}
	*l = Length(n)*Millimetre + Length(f)
	if s[0] == '-' {
		*l = -*l
	}
	return nil
}

// Rect is a rectangle on the page.
type Rect struct {
	X Length `json:"x"`
	Y Length `json:"y"`
	W Length `json:"w"`
	H Length `json:"h"`
}

// Moved is the rectangle further down.
func (r Rect) Moved(down Length) Rect {
	r.Y += down
	return r
}

// Contains tells whether a place lies in the rectangle or on its edge.
func (r Rect) Contains(x, y Length) bool {
	return r.X <= x && x <= r.X+r.W && r.Y <= y && y <= r.Y+r.H
}

// Overlaps tells whether two rectangles have more than an edge in common.
func (r Rect) Overlaps(o Rect) bool {
	return r.X < o.X+o.W && o.X < r.X+r.W && r.Y < o.Y+o.H && o.Y < r.Y+r.H
}

// Within tells whether the rectangle lies in another one.
func (r Rect) Within(o Rect) bool {
	return o.X <= r.X && o.Y <= r.Y && r.X+r.W <= o.X+o.W && r.Y+r.H <= o.Y+o.H
}
