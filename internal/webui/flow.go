package webui

import (
	"math"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Flow is the picture of the organisations and of what runs between them, with a table of the same figures beside it.
// It is drawn twice, lengthwise for a wide screen and downwards for a narrow one; the style sheet shows one of them.
type Flow struct {
	Caption plain.Sentence
	Nodes   []Node
	Lines   []Line
}

// Node is an organisation. Along and Across place it on a grid: Along counts the steps from the counter towards the
// verifier, Across the organisations of one step. Both begin at 0 and may lie between two places.
type Node struct {
	ID            string // message.Org
	Name          plain.Sentence
	Role          message.Role
	Href          string
	Along, Across float64
}

// Line is what one organisation sends to another.
type Line struct {
	From, To                  string // Node.ID
	Sent                      int64
	Outstanding, Parked, Held int64
	Lag                       time.Duration // age of the oldest message without a verdict; 0 when there is none
	Refused                   bool          // the peer refuses this organisation, or cannot be reached
	TableOnly                 bool          // leaves the line out of the picture, where it would hide others
}

// State is the line's status: trouble first.
func (l Line) State() Badge {
	switch {
	case l.Refused:
		return Badge{Bad, plain.Sentence{JA: "つながらない", EN: "not connected"}}
	case l.Parked > 0:
		return Badge{Warn, plain.Sentence{JA: "保留あり", EN: "parked"}}
	case l.Outstanding > 0 || l.Held > 0:
		return Badge{Wait, plain.Sentence{JA: "送信中", EN: "under way"}}
	}
	return Badge{OK, plain.Sentence{JA: "届いた", EN: "delivered"}}
}

// Table gives the figures of the picture.
func (f Flow) Table() Table {
	t := Table{
		Caption: plain.Sentence{JA: f.Caption.JA + "（表）", EN: f.Caption.EN + " (table)"},
		Columns: []Column{
			{Name: plain.Sentence{JA: "送る側", EN: "From"}}, {Name: plain.Sentence{JA: "受ける側", EN: "To"}},
			{Name: plain.Sentence{JA: "状態", EN: "Status"}},
			{plain.Sentence{JA: "送った数", EN: "Sent"}, true}, {plain.Sentence{JA: "返事待ち", EN: "Outstanding"}, true},
			{plain.Sentence{JA: "保留", EN: "Parked"}, true}, {plain.Sentence{JA: "後続の待ち", EN: "Held"}, true},
			{plain.Sentence{JA: "遅れ", EN: "Lag"}, true},
		},
		Empty: Empty{Text: plain.Sentence{JA: "まだ何も送っていません。", EN: "Nothing has been sent yet."}},
	}
	names := map[string]plain.Sentence{}
	for _, n := range f.Nodes {
		names[n.ID] = n.Name
	}
	for _, l := range f.Lines {
		var lag any
		if l.Lag > 0 {
			lag = l.Lag
		}
		t.Rows = append(t.Rows, []any{names[l.From], names[l.To], l.State(), l.Sent, l.Outstanding, l.Parked, l.Held, lag})
	}
	return t
}

// drawing is a Flow laid out: boxes and arrows with their coordinates.
type drawing struct {
	Direction          string // "wide" or "tall"
	Width, Height      int
	RoleSize, NameSize int // of the letters
	Boxes              []box
	Arrows             []arrow
}

type box struct {
	Node
	X, Y, W, H int
	Colour     string
	RoleName   plain.Sentence
}

type arrow struct {
	Line
	Path   string // of the curve
	Head   string // of its point
	LX, LY int    // middle of the label
	LW     int    // width of the label
}

// grid is how a direction is measured, in units of the picture.
type grid struct {
	direction             string
	boxW, boxH            int
	stepAlong, stepAcross int // from box to box
	margin                int
	roleSize, nameSize    int
}

var (
	wideGrid = grid{"wide", 148, 76, 246, 124, 20, 12, 17}
	tallGrid = grid{"tall", 104, 72, 148, 118, 10, 11, 14}
)

// Drawings lays the picture out both ways.
func (f Flow) Drawings() []drawing { return []drawing{f.draw(wideGrid), f.draw(tallGrid)} }

// detour is how far beside the boxes a line runs that passes over a step, and label half of what its label needs.
const detour, halfLabel = 58, 14

func (f Flow) draw(g grid) drawing {
	d := drawing{Direction: g.direction, RoleSize: g.roleSize, NameSize: g.nameSize}
	lines, both, far := f.drawn()
	side := g.margin // where the first box of a step begins: detours run before it
	if far > 0 {
		side += detour
	}
	at := map[string]box{}
	for _, n := range f.Nodes {
		along, across := g.margin+int(n.Along*float64(g.stepAlong)), side+int(n.Across*float64(g.stepAcross))
		b := box{Node: n, X: along, Y: across, W: g.boxW, H: g.boxH}
		if g.direction == "tall" {
			b.X, b.Y = across, along
		}
		l := lookOf(n.Role)
		b.Colour, b.RoleName = l.Colour, l.Name
		at[n.ID] = b
		d.Boxes = append(d.Boxes, b)
		d.Width, d.Height = max(d.Width, b.X+b.W+g.margin), max(d.Height, b.Y+b.H+g.margin)
	}
	for _, l := range lines {
		from, to := at[l.From], at[l.To]
		if isFar(from.Node, to.Node) {
			d.Arrows = append(d.Arrows, around(l, from, to, g.direction == "tall"))
			continue
		}
		shift := 0.0
		if both[[2]string{l.To, l.From}] {
			shift = 1
		}
		d.Arrows = append(d.Arrows, connect(l, from, to, shift))
	}
	return d
}

// drawn returns the lines of the picture, which pairs they join, and how many of them pass over a step. A line to an
// organisation that the picture does not show is in the table all the same.
func (f Flow) drawn() (lines []Line, pairs map[[2]string]bool, far int) {
	nodes := map[string]Node{}
	for _, n := range f.Nodes {
		nodes[n.ID] = n
	}
	pairs = map[[2]string]bool{}
	for _, l := range f.Lines {
		from, okFrom := nodes[l.From]
		to, okTo := nodes[l.To]
		if l.TableOnly || !okFrom || !okTo {
			continue
		}
		lines = append(lines, l)
		pairs[[2]string{l.From, l.To}] = true
		if isFar(from, to) {
			far++
		}
	}
	return lines, pairs, far
}

// isFar reports whether a straight line would run behind the boxes of a step between.
func isFar(a, b Node) bool { return math.Abs(a.Along-b.Along) > 1.5 }

// around draws a line that passes over a step in an arc beside all boxes: above them, or in the tall picture to their
// left.
func around(l Line, from, to box, tall bool) arrow {
	a := arrow{Line: l, LW: labelWidth(l)}
	if tall {
		y1, y2, x := float64(from.Y)+float64(from.H)/2, float64(to.Y)+float64(to.H)/2, float64(halfLabel)
		a.Path = "M" + pair(float64(from.X), y1) + "C" + pair(x-detour/3, y1) + pair(x-detour/3, y2) + pair(float64(to.X)-10, y2)
		a.Head = point(float64(to.X), y2, 1, 0)
		a.LX, a.LY = max(int(x), a.LW/2+2), int((y1+y2)/2)
		return a
	}
	x1, x2, y := float64(from.X)+float64(from.W)/2, float64(to.X)+float64(to.W)/2, float64(halfLabel)
	a.Path = "M" + pair(x1, float64(from.Y)) + "C" + pair(x1, y-detour/3) + pair(x2, y-detour/3) + pair(x2, float64(to.Y)-10)
	a.Head = point(x2, float64(to.Y), 0, 1)
	top := 0.125*float64(from.Y) + 0.75*(y-detour/3) + 0.125*float64(to.Y) // of the curve, half way along
	a.LX, a.LY = int((x1+x2)/2), max(int(top), halfLabel)
	return a
}

// point is the arrow's point at x, y in the direction u.
func point(x, y, ux, uy float64) string {
	return "M" + pair(x-ux, y-uy) + "L" + pair(x-10*ux-6*uy, y-10*uy+6*ux) + "L" + pair(x-10*ux+6*uy, y-10*uy-6*ux) + "Z"
}

func labelWidth(l Line) int {
	w := 18 + 9*len(strconv.FormatInt(l.Sent, 10))
	if l.State().Kind != OK {
		w += 22
	}
	return w
}

// connect draws a curve from the border of one box to that of another. Two lines between the same boxes run side by
// side, each on its own right (shift 1), as traffic does in half of the world.
func connect(l Line, from, to box, shift float64) arrow {
	fx, fy := float64(from.X)+float64(from.W)/2, float64(from.Y)+float64(from.H)/2
	tx, ty := float64(to.X)+float64(to.W)/2, float64(to.Y)+float64(to.H)/2
	length := math.Hypot(tx-fx, ty-fy)
	if length == 0 {
		length = 1
	}
	ux, uy := (tx-fx)/length, (ty-fy)/length
	nx, ny := -uy, ux // to the right of the direction, on a screen whose y grows downwards
	side := 13 * shift
	x1, y1 := leave(fx+nx*side, fy+ny*side, ux, uy, from)
	x2, y2 := leave(tx+nx*side, ty+ny*side, -ux, -uy, to)
	a := arrow{Line: l, LW: labelWidth(l)}
	a.Head = point(x2, y2, ux, uy)
	x2, y2 = x2-ux*9, y2-uy*9 // room for the point
	a.LX, a.LY = int((x1+x2)/2+nx*side*0.3), int((y1+y2)/2+ny*side*0.3)
	a.Path = "M" + pair(x1, y1) + "L" + pair(x2, y2)
	return a
}

// leave is where a ray that starts in a box at x, y crosses its border.
func leave(x, y, ux, uy float64, b box) (float64, float64) {
	t := math.Inf(1)
	for _, c := range []struct{ at, u, low, high float64 }{
		{x, ux, float64(b.X), float64(b.X + b.W)}, {y, uy, float64(b.Y), float64(b.Y + b.H)},
	} {
		if c.u > 1e-9 {
			t = min(t, (c.high-c.at)/c.u)
		} else if c.u < -1e-9 {
			t = min(t, (c.low-c.at)/c.u)
		}
	}
	if math.IsInf(t, 1) {
		return x, y
	}
	return x + ux*t, y + uy*t
}

func pair(x, y float64) string {
	return strconv.FormatFloat(x, 'f', 1, 64) + " " + strconv.FormatFloat(y, 'f', 1, 64) + " "
}

// Half values for the templates, which do not calculate.

// MidX is the middle of the box.
func (b box) MidX() int { return b.X + b.W/2 }

// BandY is the lower border of the coloured band, and BandW the straight part of its upper one.
func (b box) BandY() int { return b.Y + 28 }

// BandW is the straight part of the band's upper border, between the rounded corners.
func (b box) BandW() int { return b.W - 12 }

// RoleY is the line of the role's name.
func (b box) RoleY() int { return b.Y + 20 }

// NameY is the line of the organisation's name.
func (b box) NameY() int { return b.Y + 52 }

// LabelX is the left border of the label.
func (a arrow) LabelX() int { return a.LX - a.LW/2 }

// LabelY is its upper border.
func (a arrow) LabelY() int { return a.LY - 12 }

// TextY is the line of its words.
func (a arrow) TextY() int { return a.LY + 5 }

// Trouble reports whether the label has a shape beside the number.
func (a arrow) Trouble() bool { return a.State().Kind != OK }

// MarkX is the left border of that shape.
func (a arrow) MarkX() int { return a.LX - a.LW/2 + 5 }

// MarkY is its upper border.
func (a arrow) MarkY() int { return a.LY - 8 }

// TextX is the middle of the number.
func (a arrow) TextX() int {
	if a.Trouble() {
		return a.LX + 9
	}
	return a.LX
}
