package readback

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/document/mm"
)

// matrix maps (x, y) to (a·x + c·y + e, b·x + d·y + f), as in 8.3.3.
type matrix [6]float64

// then is first m, then n.
func (m matrix) then(n matrix) matrix {
	return matrix{
		m[0]*n[0] + m[1]*n[2], m[0]*n[1] + m[1]*n[3],
		m[2]*n[0] + m[3]*n[2], m[2]*n[1] + m[3]*n[3],
		m[4]*n[0] + m[5]*n[2] + n[4], m[4]*n[1] + m[5]*n[3] + n[5],
	}
}

// place turns points from below into hundredths of a millimetre from above.
func place(x, y float64) (mm.Length, mm.Length) {
	return mm.Length(math.Round(x * 2540 / 72)), mm.A4Height - mm.Length(math.Round(y*2540/72))
}

var identity = matrix{1, 0, 0, 1, 0, 0}

// state is what q saves and Q gives back (8.4.2).
type state struct {
	ctm    matrix
	ink    Ink
	weight float64 // of lines
	mode   float64 // of drawing text: 0 filled, 7 as an edge for what follows
	font   *face
	size   float64
}

// content runs the operators of a page.
type content struct {
	*reader
	lexer
	fontOf, imageOf, patternOf dict

	page Page
	state
	saved []state
	args  []any
	path  [][]float64 // x and y of a place, or x, y, width and height of a rectangle
	began int         // where the operator begins

	inText bool
	line   matrix
	pen    float64 // how far the line has been drawn, in its own units
	mark   string
	marked int // where the mark begins
}

// operators, each with the number of its operands. White is drawn in the ground only; what else could hide text is not here. There is none for the colour of
// lines: they are black.
var operators = map[keyword]int{
	"q": 0, "Q": 0, "cm": 6, "w": 1, "m": 2, "l": 2, "re": 4, "S": 0, "f": 0, "g": 1, "rg": 3, "cs": 1, "scn": 1,
	"BT": 0, "ET": 0, "Tf": 2, "Tm": 6, "Tj": 1, "Tr": 1, "Do": 1, "BMC": 1, "EMC": 0,
}

func (c *content) run() (Page, error) {
	var err error
	if c.page.Ground.Patterns, err = c.patterns(c.patternOf); err != nil {
		return Page{}, err
	}
	for {
		if c.lexer.skip(); len(c.args) == 0 {
			c.began = c.at
		}
		v, err := c.next(0)
		if err != nil {
			return Page{}, err
		}
		if v == nil {
			break
		}
		op, ok := v.(keyword)
		if !ok {
			if c.args = append(c.args, v); len(c.args) > 8 {
				return Page{}, c.bad("there are operands without an operator")
			}
			continue
		}
		n, known := operators[op]
		if !known || n != len(c.args) {
			return Page{}, c.bad(fmt.Sprintf("the operator %.8q with %d operands is none that our documents have", string(op), len(c.args)))
		}
		if err := c.operate(op); err != nil {
			return Page{}, c.bad(err.Error())
		}
		c.args = c.args[:0]
	}
	if len(c.args) > 0 || len(c.saved) > 0 || len(c.path) > 0 || c.inText || c.mark != "" {
		return Page{}, errors.New("it is not ended")
	}
	return c.page, nil
}

// draw counts what is drawn and kept.
func (c *content) draw() error {
	if c.drawn--; c.drawn < 0 {
		return errors.New("more is drawn than on any of our documents")
	}
	if c.mark == "" && c.ink.light() {
		return errors.New("something is drawn in a colour that hides or cannot be seen")
	}
	return nil
}

var errOperand = errors.New("an operand is of the wrong type")

func (c *content) numbers() ([]float64, error) {
	ns := make([]float64, len(c.args))
	for i, a := range c.args {
		n, ok := a.(float64)
		if !ok {
			return nil, errOperand
		}
		ns[i] = n
	}
	return ns, nil
}

func (c *content) operate(op keyword) error {
	if len(c.path) > 0 && op != "l" && op != "S" && op != "f" {
		return errors.New("a line or an area is begun and not drawn")
	}
	switch op {
	case "q":
		if c.inText || len(c.saved) > mostDepth {
			return errors.New("what is saved is not given back")
		}
		c.saved = append(c.saved, c.state)
		return nil
	case "Q":
		if c.inText || len(c.saved) == 0 {
			return errors.New("what is given back was not saved")
		}
		c.state, c.saved = c.saved[len(c.saved)-1], c.saved[:len(c.saved)-1]
		return nil
	case "BT", "ET":
		if c.inText == (op == "BT") {
			return errors.New("text begins or ends twice")
		}
		c.inText = op == "BT"
		c.line, c.pen = identity, 0
		return nil
	case "Tf", "Tj", "Do", "BMC", "EMC", "cs", "scn":
		return c.named(op)
	}
	ns, err := c.numbers()
	if err != nil {
		return err
	}
	switch op {
	case "cm":
		if c.inText {
			return errors.New("the matrix changes within text")
		}
		c.ctm = matrix(ns).then(c.ctm)
	case "Tm":
		if !c.inText {
			return errors.New("a line of text begins outside of text")
		}
		c.line, c.pen = matrix(ns), 0
	case "Tr":
		if ns[0] != 7 || c.mark != "Ground" {
			return errors.New("text is drawn in a way in which nobody sees it")
		}
		c.mode = 7
	case "g", "rg":
		if op == "g" {
			ns = []float64{ns[0], ns[0], ns[0]}
		}
		c.ink = Ink{Red: ns[0], Green: ns[1], Blue: ns[2]}
		if c.mark == "" && c.ink.light() {
			return errors.New("something is drawn in a colour that hides or cannot be seen")
		}
	case "w":
		c.weight = ns[0]
	default:
		return c.paint(op, ns)
	}
	return nil
}

// paint takes lines and areas: a line from one place to another, or one rectangle.
func (c *content) paint(op keyword, ns []float64) error {
	if c.inText {
		return errors.New("a line or an area stands within text")
	}
	switch op {
	case "m", "re":
		c.path = append(c.path, ns)
		return nil
	case "l":
		if len(c.path) != 1 || len(c.path[0]) != 2 {
			return errors.New("a line is not of the form that our documents have")
		}
		c.path = append(c.path, ns)
		return nil
	case "f":
		if c.mark != "Ground" || len(c.path) != 1 || len(c.path[0]) != 4 {
			return errors.New("an area is filled, which could hide what stands there")
		}
		c.path = c.path[:0]
		return nil
	}
	var from, to []float64
	switch {
	case len(c.path) == 2:
		from, to = c.path[0], c.path[1]
	case len(c.path) == 1 && len(c.path[0]) == 4:
		from, to = c.path[0][:2], []float64{c.path[0][0] + c.path[0][2], c.path[0][1] + c.path[0][3]}
	default:
		return errors.New("a line is not of the form that our documents have")
	}
	if c.ctm[1] != 0 || c.ctm[2] != 0 || c.ctm[0] != c.ctm[3] || c.ctm[0] <= 0 {
		return errors.New("a line is turned or stretched")
	}
	if err := c.draw(); err != nil {
		return err
	}
	at := func(p []float64) (mm.Length, mm.Length) {
		return place(p[0]*c.ctm[0]+c.ctm[4], p[1]*c.ctm[3]+c.ctm[5])
	}
	x1, y1 := at(from)
	x2, y2 := at(to)
	c.page.Lines = append(c.page.Lines, Line{
		Rect: mm.Rect{X: min(x1, x2), Y: min(y1, y2), W: max(x1, x2) - min(x1, x2), H: max(y1, y2) - min(y1, y2)},
		Box:  len(c.path) == 1, Weight: mm.Length(math.Round(c.weight * c.ctm[0] * 2540 / 72))})
	c.path = c.path[:0]
	return nil
}

func (c *content) named(op keyword) error {
	if op == "EMC" {
		if c.mark == "" || c.inText {
			return errors.New("a part ends that did not begin")
		}
		if c.mark == "Ground" {
			c.page.Ground.Content = c.lexer.b[c.marked:c.at]
		}
		c.mark = ""
		return nil
	}
	if op == "Tj" {
		s, ok := c.args[0].(octets)
		if !ok {
			return errOperand
		}
		return c.show(s)
	}
	n, ok := c.args[0].(name)
	if !ok {
		return errOperand
	}
	switch op {
	case "Tf":
		size, ok := c.args[1].(float64)
		if !ok || size <= 0 {
			return errOperand
		}
		f, err := c.face(c.fontOf[n])
		c.font, c.size = f, size
		return err
	case "Do":
		if c.inText {
			return errors.New("a picture stands within text")
		}
		sum, err := c.image(c.imageOf[n])
		if err != nil {
			return err
		}
		if c.ctm[1] != 0 || c.ctm[2] != 0 {
			return errors.New("a picture is turned")
		}
		if err := c.draw(); err != nil {
			return err
		}
		left, bottom := place(c.ctm[4], c.ctm[5])
		right, top := place(c.ctm[4]+c.ctm[0], c.ctm[5]+c.ctm[3])
		c.page.Images = append(c.page.Images, Image{Rect: mm.Rect{X: left, Y: top, W: right - left, H: bottom - top}, Ink: c.ink, Digest: sum})
	case "BMC":
		if c.mark != "" || c.inText || n != "Ground" && n != "Specimen" {
			return errors.New("a part is marked as none that our documents have")
		}
		if len(c.page.Images) > 0 || len(c.page.Lines) > 0 || n == "Ground" && c.page.Ground.Content != nil ||
			slices.ContainsFunc(c.page.Texts, func(t Text) bool { return t.Mark == "" || n == "Ground" }) {
			return errors.New("a ground is drawn over what stands there already")
		}
		c.mark, c.marked = string(n), c.began
	case "cs", "scn":
		if c.mark != "Ground" || op == "cs" && n != "Pattern" || op == "scn" && c.patternOf[n] == nil {
			return errors.New("a pattern is drawn outside the ground")
		}
		c.ink = Ink{Pattern: string(n)}
	}
	return nil
}

// show draws a string of codes of two octets each.
func (c *content) show(s octets) error {
	if !c.inText || c.font == nil || len(s) == 0 || len(s)%2 != 0 {
		return errors.New("text is drawn without a font, or is cut off")
	}
	if c.mode == 7 {
		return nil // an edge: the same words were drawn before it
	}
	trm := c.line.then(c.ctm)
	if trm[1] != 0 || trm[2] != 0 || trm[0] != trm[3] || trm[0] <= 0 {
		return errors.New("text is turned or stretched")
	}
	var text strings.Builder
	from, end := c.pen, c.pen
	for i := 0; i < len(s); i += 2 {
		code := int(s[i])<<8 | int(s[i+1])
		t, known := c.font.texts[code]
		if !known || code >= len(c.font.widths) {
			return fmt.Errorf("code %d stands for no character", code)
		}
		text.WriteString(t)
		c.pen += c.font.widths[code] / 1000 * c.size
		if t != " " && t != "\u3000" {
			end = c.pen
		}
	}
	if err := c.draw(); err != nil {
		return err
	}
	x, y := place(trm[4]+from*trm[0], trm[5])
	right, _ := place(trm[4]+end*trm[0], trm[5])
	size := mm.Length(math.Round(c.size * trm[0] * 2540 / 72))
	c.page.Texts = append(c.page.Texts, Text{X: x, Y: y, End: right, Size: size, Ink: c.ink, Text: text.String(), Font: c.font.name, Mark: c.mark})
	return nil
}
