//go:build ignore

// Gen_coverage writes coverage.txt: which characters, and which pairs of a character
// and a variation selector, the IPAmj Mincho font can show.
//
//	go run gen_coverage.go [FONT.ttf]
package main

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"slices"
)

const defaultFont = "/usr/share/fonts/truetype/ipamj/ipamjm.ttf"

var be = binary.BigEndian

func main() {
	log.SetFlags(0)
	path := defaultFont
	if len(os.Args) > 1 {
		path = os.Args[1]
	}
	font, err := os.ReadFile(path)
	if err != nil {
		log.Fatal(err)
	}
	cmap := table(font, "cmap")
	chars, pairs := map[rune]bool{}, map[rune][]rune{}
	for i := range int(be.Uint16(cmap[2:])) {
		sub := cmap[be.Uint32(cmap[4+8*i+4:]):]
		switch be.Uint16(sub) {
		case 12:
			format12(sub, chars)
		case 14:
			format14(sub, pairs)
		}
	}
	if err := write("coverage.txt", chars, pairs); err != nil {
		log.Fatal(err)
	}
}

func table(font []byte, tag string) []byte {
	for i := range int(be.Uint16(font[4:])) {
		rec := font[12+16*i:]
		if string(rec[:4]) == tag {
			return font[be.Uint32(rec[8:]):][:be.Uint32(rec[12:])]
		}
	}
	log.Fatalf("the font has no table %s", tag)
	return nil
}

// format12 reads segmented coverage; a character with glyph 0 is not covered.
func format12(sub []byte, chars map[rune]bool) {
	for i := range int(be.Uint32(sub[12:])) {
		g := sub[16+12*i:]
		start, end, glyph := be.Uint32(g), be.Uint32(g[4:]), be.Uint32(g[8:])
		for c := start; c <= end; c++ {
			if glyph+c-start != 0 {
				chars[rune(c)] = true
			}
		}
	}
}

// format14 reads variation sequences, those that name the default glyph too.
func format14(sub []byte, pairs map[rune][]rune) {
	for i := range int(be.Uint32(sub[6:])) {
		rec := sub[10+11*i:]
		selector := rune(uint24(rec))
		if at := be.Uint32(rec[3:]); at != 0 {
			for j := range int(be.Uint32(sub[at:])) {
				r := sub[int(at)+4+4*j:]
				for c := range rune(r[3]) + 1 {
					pairs[rune(uint24(r))+c] = append(pairs[rune(uint24(r))+c], selector)
				}
			}
		}
		if at := be.Uint32(rec[7:]); at != 0 {
			for j := range int(be.Uint32(sub[at:])) {
				base := rune(uint24(sub[int(at)+4+5*j:]))
				pairs[base] = append(pairs[base], selector)
			}
		}
	}
}

func uint24(b []byte) uint32 { return uint32(b[0])<<16 | uint32(b[1])<<8 | uint32(b[2]) }

func write(name string, chars map[rune]bool, pairs map[rune][]rune) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	n := 0
	for _, s := range pairs {
		n += len(s)
	}
	fmt.Fprintf(w, `# Code points that the IPAmj Mincho font (IPAmj明朝 Ver.005.01, Debian package
# fonts-ipamj-mincho 005.01-2.1) has a glyph for. A table of facts: no part of the font is in it.
# Made by gen_coverage.go; do not edit. %d characters, then %d variation sequences.
# FIRST-LAST are characters; BASE:SELECTOR,... are sequences.
`, len(chars), n)
	all := make([]rune, 0, len(chars))
	for c := range chars {
		all = append(all, c)
	}
	slices.Sort(all)
	for i := 0; i < len(all); {
		j := i
		for j+1 < len(all) && all[j+1] == all[j]+1 {
			j++
		}
		fmt.Fprintf(w, "%X-%X\n", all[i], all[j])
		i = j + 1
	}
	bases := make([]rune, 0, len(pairs))
	for b := range pairs {
		bases = append(bases, b)
	}
	slices.Sort(bases)
	for _, b := range bases {
		slices.Sort(pairs[b])
		fmt.Fprintf(w, "%X:", b)
		for i, s := range slices.Compact(pairs[b]) {
			if i > 0 {
				fmt.Fprint(w, ",")
			}
			fmt.Fprintf(w, "%X", s)
		}
		fmt.Fprintln(w)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}
