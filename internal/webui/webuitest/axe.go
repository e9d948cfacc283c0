package webuitest

import (
	_ "embed"
	"fmt"
	"strings"
)

// axe-core 4.14.1, MPL-2.0; its licence is beside it. It is part of tests only.
//
//go:embed testdata/axe.min.js
var axeScript string

// Finding is a rule of axe and the elements that it is about.
type Finding struct {
	ID    string `json:"id"`
	Help  string `json:"help"`
	Nodes []struct {
		HTML    string   `json:"html"`
		Target  []string `json:"target"`
		Summary string   `json:"failureSummary"`
	} `json:"nodes"`
}

// Axe lets axe judge the page at a width, by WCAG 2.2 A and AA and its best practices. Violations fail the test. It
// returns what axe could not decide, which somebody has to.
func (tab *Tab) Axe(width int64) (incomplete []Finding) {
	tab.t.Helper()
	tab.width(width)
	Eval[any](tab, axeScript+";null")
	r := Eval[struct {
		Passes     int       `json:"passes"`
		Violations []Finding `json:"violations"`
		Incomplete []Finding `json:"incomplete"`
	}](tab, `axe.run(document, {runOnly: ["wcag2a","wcag2aa","wcag21a","wcag21aa","wcag22aa","best-practice"]})
		.then(r => ({passes: r.passes.length, violations: r.violations, incomplete: r.incomplete}))`)
	if r.Passes == 0 {
		tab.t.Errorf("axe judged nothing on %s", tab.Location())
	}
	for _, f := range r.Violations {
		tab.t.Errorf("axe at %d px on %s: %s", width, tab.Location(), f)
	}
	return r.Incomplete
}

// String gives the rule and every element with what is wrong.
func (f Finding) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s (%s)", f.ID, f.Help)
	for _, n := range f.Nodes {
		fmt.Fprintf(&b, "\n  %s\n    %.200s\n    %s", strings.Join(n.Target, " "), n.HTML, strings.ReplaceAll(n.Summary, "\n", "\n    "))
	}
	return b.String()
}
