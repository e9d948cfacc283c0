package moji

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	_ "embed"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
)

//go:generate go run gen_moji.go moji.db

//go:embed moji.tsv.gz
var packed []byte

// Form is one shape of the list (MJ文字図形). The zero value is none.
type Form struct {
	MJ       uint32 // the number in its name, MJ022335
	UCS      rune   // the character that it is a shape of (対応するUCS); 0: none
	Bare     rune   // the code point that has this shape without a selector (実装したUCS); 0: none
	Selector rune   // that names it after UCS, of the collection Moji_Joho; 0: none
	Standard rune   // the same, of the standardised variants of compatibility characters; 0: none
	Koseki   uint32 // 戸籍統一文字番号; 0: none
	Juki     uint16 // 住基ネット統一文字コード; 0: none
	Strokes  uint8  // 総画数; 0: not said
	Everyday bool   // 常用漢字 or 人名用漢字

	readings, targets span
}

// span is a part of table.more. What few ask for is read only then.
type span struct{ from, to uint32 }

// table is the list in memory: 58,862 forms in the order of the list, and the ways to find them. It is about 5 MB, and is made in a
// tenth of a second when a program asks for the first time.
type table struct {
	forms                   []Form
	more                    string  // readings and replacements, one after another
	ucs, bare, koseki, juki []int32 // positions in forms, in the order of that value
	replaced                []reverse
}

// reverse says that a form of one character may be replaced by another character.
type reverse struct{ to, from rune }

var load = sync.OnceValue(func() *table {
	unpack, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		panic("moji: " + err.Error()) // embedded: a broken build
	}
	t := &table{forms: make([]Form, 0, 59000)}
	var more strings.Builder
	lines := bufio.NewScanner(unpack)
	for lines.Scan() {
		if line := lines.Text(); !strings.HasPrefix(line, "#") {
			t.forms = append(t.forms, readForm(line, &more))
		}
	}
	if err := lines.Err(); err != nil {
		panic("moji: " + err.Error())
	}
	t.more = more.String()
	t.ucs = t.order(func(f Form) uint32 { return uint32(f.UCS) })
	t.bare = t.order(func(f Form) uint32 { return uint32(f.Bare) })
	t.koseki = t.order(func(f Form) uint32 { return f.Koseki })
	t.juki = t.order(func(f Form) uint32 { return uint32(f.Juki) })
	for _, f := range t.forms {
		for _, to := range t.targets(f) {
			if to.Kind.One() && f.UCS != 0 && to.To != f.UCS {
				t.replaced = append(t.replaced, reverse{to.To, f.UCS})
			}
		}
	}
	slices.SortFunc(t.replaced, func(a, b reverse) int { return cmp.Or(cmp.Compare(a.to, b.to), cmp.Compare(a.from, b.from)) })
	t.replaced = slices.Clip(slices.Compact(t.replaced))
	return t
})

// readForm reads a line: name, UCS, bare code point, selector, standardised selector, 戸籍, 住基, strokes, everyday, readings,
// replacements. An empty bare code point is none; = is the same as UCS.
func readForm(line string, more *strings.Builder) Form {
	c := strings.Split(line, "\t")
	if len(c) != 11 {
		panic(fmt.Sprintf("moji: a line of %d columns", len(c)))
	}
	keep := func(s string) span {
		from := more.Len()
		more.WriteString(s)
		return span{uint32(from), uint32(more.Len())}
	}
	f := Form{MJ: uint32(number(c[0], 10)), UCS: rune(number(c[1], 16)), Selector: rune(number(c[3], 16)), Standard: rune(number(c[4], 16)),
		Koseki: uint32(number(c[5], 10)), Juki: uint16(number(c[6], 16)), Strokes: uint8(number(c[7], 10)), Everyday: c[8] != "",
		readings: keep(c[9]), targets: keep(c[10])}
	if f.Bare = f.UCS; c[2] != "=" {
		f.Bare = rune(number(c[2], 16))
	}
	return f
}

// number is 0 for an empty column.
func number(s string, base int) uint64 {
	if s == "" {
		return 0
	}
	n, err := strconv.ParseUint(s, base, 32)
	if err != nil {
		panic("moji: " + err.Error()) // embedded: a broken build
	}
	return n
}

// order lists the positions of the forms that have a value, by that value; equal ones in the order of the list.
func (t *table) order(value func(Form) uint32) []int32 {
	at := make([]int32, 0, len(t.forms))
	for i, f := range t.forms {
		if value(f) != 0 {
			at = append(at, int32(i))
		}
	}
	slices.SortStableFunc(at, func(a, b int32) int { return cmp.Compare(value(t.forms[a]), value(t.forms[b])) })
	return slices.Clip(at)
}

// with are the forms that have a value, found in one of the orders.
func (t *table) with(order []int32, value func(Form) uint32, wanted uint32) []int32 {
	from, _ := slices.BinarySearchFunc(order, wanted, func(i int32, v uint32) int { return cmp.Compare(value(t.forms[i]), v) })
	to := from
	for to < len(order) && value(t.forms[order[to]]) == wanted {
		to++
	}
	return order[from:to]
}

func (t *table) withUCS(r rune) []int32 {
	return t.with(t.ucs, func(f Form) uint32 { return uint32(f.UCS) }, uint32(r))
}

func (t *table) withBare(r rune) []int32 {
	return t.with(t.bare, func(f Form) uint32 { return uint32(f.Bare) }, uint32(r))
}
