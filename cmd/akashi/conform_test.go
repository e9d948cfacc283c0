package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/conform"
)

// A report that did not hold ends with a sentence in each language and names what failed, with what was seen.
func TestConformSaysWhatFailed(t *testing.T) {
	held := conform.Case{Case: "due/list: panic × 11, sqlite", OK: true, Says: "通り / came through", RealMS: 4}
	failed := conform.Case{Case: "due/list: hang × 1, sqlite", Says: "止まったまま / it stood still", VirtualMS: 86_400_000}
	for _, c := range []struct {
		report conform.Report
		says   []string
	}{
		{conform.Report{Passed: 1, Cases: []conform.Case{held}, Longest: []conform.Case{held}},
			[]string{"1件を試し、すべて保ちました", "The poison rule holds: 1 of 1 cases held", "due/list: panic × 11, sqlite: 仮想時間 virtual 0s, 実時間 real 4ms"}},
		{conform.Report{Passed: 1, Failed: 1, Cases: []conform.Case{held, failed}, Longest: []conform.Case{failed},
			CannotBe: []conform.Exception{{Queue: "due/list", Poison: "truncated", Why: "it is no row"}}},
			[]string{"2件を試し、1件が保てませんでした", "The poison rule does not hold: 1 of 2 cases failed.\n  due/list: hang × 1, sqlite\n    止まったまま / it stood still",
				"virtual 24h0m0s", "due/list: truncated (it is no row)"}},
		{conform.Report{}, []string{"The poison rule does not hold: 0 of 0 cases failed."}}, // nothing was tried
	} {
		var out bytes.Buffer
		printConform(streams{out: &out}, &c.report)
		for _, want := range c.says {
			if !strings.Contains(out.String(), want) {
				t.Errorf("it does not say %q:\n%s", want, out.String())
			}
		}
	}
}
