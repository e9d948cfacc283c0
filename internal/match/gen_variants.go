//go:build ignore

// Gen_variants writes variants.txt: which characters the MJ縮退マップ replaces by which others, and by which of its tables. It reads the
// tab-separated answer of the sqlite3 command to the select below, from dist/moji.db of the npm package @mandel59/mojidata 1.8.1:
//
//	sqlite3 -separator "$(printf '\t')" moji.db 'SELECT m."対応するUCS", s."縮退UCS", s."表" FROM mjsm AS s
//	  JOIN mji AS m USING("MJ文字図形名")' | go run gen_variants.go
package main

import (
	"bufio"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"strings"
)

// letters are the tables that are taken. What is left out says that two characters look or read alike, or that one is mistaken
// for the other (別字): that is no variant of a character.
var letters = map[string]string{
	"民二5202号通知別表_正字俗字等対照表":     "t",
	"民一2842号通達別表_誤字俗字正字一覧表_俗字": "s",
	"民一2842号通達別表_誤字俗字正字一覧表_無印": "s",
	"JIS包摂規準UCS統合規則":           "u",
	"戸籍統一文字情報_親字正字":            "k",
	"法務省告示582号別表第四_一":          "n",
}

func main() {
	log.SetFlags(0)
	to := map[rune]map[rune]string{}
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		f := strings.Split(in.Text(), "\t")
		if len(f) != 3 {
			log.Fatalf("%d columns in a line", len(f))
		}
		letter, taken := letters[f[2]]
		if !taken || f[0] == "" || f[1] == "" {
			continue
		}
		from, target := []rune(f[0])[0], []rune(f[1])[0]
		if from == target {
			continue // another shape of the same character: the selector says which
		}
		if to[from] == nil {
			to[from] = map[rune]string{}
		}
		if !strings.Contains(to[from][target], letter) {
			to[from][target] += letter
		}
	}
	if err := in.Err(); err != nil {
		log.Fatal(err)
	}
	var b strings.Builder
	b.WriteString("# Characters that the MJ縮退マップ Ver.1.2.0 replaces by others, after dist/moji.db of the npm package @mandel59/mojidata 1.8.1.\n" +
		"# Copyright 独立行政法人情報処理推進機構 (IPA), CC BY-SA 2.1 JP; this table is under the same licence. See NOTICE.md.\n" +
		"# Made by gen_variants.go; do not edit. CHARACTER:REPLACED-BY/TABLES,... in code points; the tables are\n" +
		"# t 民二5202号 正字俗字等対照表, s 民一2842号 誤字俗字正字一覧表, u JIS包摂規準・UCS統合規則, k 戸籍統一文字 親字・正字, n 法務省告示582号別表第四の一.\n")
	for _, from := range slices.Sorted(maps.Keys(to)) {
		fmt.Fprintf(&b, "%X:", from)
		for i, target := range slices.Sorted(maps.Keys(to[from])) {
			if i > 0 {
				b.WriteByte(',')
			}
			l := strings.Split(to[from][target], "")
			slices.Sort(l)
			fmt.Fprintf(&b, "%X/%s", target, strings.Join(l, ""))
		}
		b.WriteByte('\n')
	}
	if err := os.WriteFile("variants.txt", []byte(b.String()), 0o644); err != nil {
		log.Fatal(err)
	}
}
