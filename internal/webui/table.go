package webui

import "github.com/akashi-id/akashi/internal/plain"

// Table is rows under named columns. On a narrow screen each row becomes a card, its first cell the card's heading.
type Table struct {
	Caption plain.Sentence
	Columns []Column
	Rows    [][]any // each with as many cells as there are columns; see values.go for what a cell may be
	Empty   Empty   // shown instead of a table without rows
	Pages   *Pages  // nil when all rows are shown
}

// Column is the head of one column.
type Column struct {
	Name  plain.Sentence
	Right bool // numbers, aligned by their last digit
}

// ID is the table's id in the page.
func (t Table) ID() string { return "table-" + slug(t.Caption) }

// Pages leads through a list that is longer than a page.
type Pages struct {
	Path     string // address without the page: /residents?q=…
	At, Last int    // from 1
}

// Links gives the page numbers to show: the first, the last, and those around the present one; 0 is a gap.
func (p Pages) Links() []int {
	var out []int
	for n := 1; n <= p.Last; n++ {
		if n == 1 || n == p.Last || n >= p.At-1 && n <= p.At+1 {
			out = append(out, n)
		} else if out[len(out)-1] != 0 {
			out = append(out, 0)
		}
	}
	return out
}

// To is the address of a page.
func (p Pages) To(n int) string { return withQuery(p.Path, "page", n) }

// Before is the page before the present one; 0 when there is none.
func (p Pages) Before() int { return max(p.At-1, 0) }

// After is the page after the present one; 0 when there is none.
func (p Pages) After() int {
	if p.At >= p.Last {
		return 0
	}
	return p.At + 1
}
