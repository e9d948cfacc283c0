package resident

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run gen_coverage.go

//go:embed coverage.txt
var coverageText string

// coverage is what the official font can show: a bit per code point, and the
// variation selectors of each character that has any.
type coverage struct {
	chars     [0x30000 / 64]uint64
	selectors map[rune][]rune
}

var loadCoverage = sync.OnceValue(func() *coverage {
	c := &coverage{selectors: make(map[rune][]rune, 5100)}
	for line := range strings.Lines(coverageText) {
		line = strings.TrimSuffix(line, "\n")
		if strings.HasPrefix(line, "#") {
			continue
		}
		if base, list, ok := strings.Cut(line, ":"); ok {
			for s := range strings.SplitSeq(list, ",") {
				c.selectors[codePoint(base)] = append(c.selectors[codePoint(base)], codePoint(s))
			}
			continue
		}
		first, last, _ := strings.Cut(line, "-")
		for r := codePoint(first); r <= codePoint(last); r++ {
			c.chars[r/64] |= 1 << (r % 64)
		}
	}
	return c
})

func codePoint(s string) rune {
	n, err := strconv.ParseUint(s, 16, 32)
	if err != nil {
		panic("resident: coverage.txt: " + err.Error()) // embedded: a broken build
	}
	return rune(n)
}

func (c *coverage) has(r rune) bool {
	return int(r/64) < len(c.chars) && c.chars[r/64]&(1<<(r%64)) != 0
}

func (c *coverage) hasSequence(base, selector rune) bool {
	return slices.Contains(c.selectors[base], selector)
}
