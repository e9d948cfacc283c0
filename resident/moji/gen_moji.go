//go:build ignore

// Gen_moji writes moji.tsv.gz from dist/moji.db of the npm package @mandel59/mojidata 1.8.1: the MJ文字情報一覧表 and the
// MJ縮退マップ. It calls the sqlite3 command.
//
//	go run gen_moji.go moji.db
package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"log"
	"os"
	"os/exec"
	"slices"
	"strings"
)

// kinds are the lists of the map and their letters (reduce.go).
var kinds = map[string]string{
	"JIS包摂規準UCS統合規則":           "u",
	"民二5202号通知別表_正字俗字等対照表":     "t",
	"民一2842号通達別表_誤字俗字正字一覧表_俗字": "s",
	"民一2842号通達別表_誤字俗字正字一覧表_無印": "s",
	"戸籍統一文字情報_親字正字":            "k",
	"法務省告示582号別表第四_一":          "n",
	"法務省告示582号別表第四_二":          "m",
	"民一2842号通達別表_誤字俗字正字一覧表_別字": "b",
	"辞書類等による関連字":               "d",
	"読み字形による類推":                "r",
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("go run gen_moji.go moji.db")
	}
	targets, readings := map[string][]string{}, map[string][]string{}
	for _, c := range ask(`SELECT "MJ文字図形名", "縮退UCS", "表", coalesce("順位", "ホップ数", '') FROM mjsm ORDER BY 1, 3, 4, 2`, 4) {
		letter, known := kinds[c[2]]
		if !known {
			log.Fatalf("the map has a list %q", c[2])
		}
		one := fmt.Sprintf("%s%X", letter, char(c[1]))
		if c[3] != "" {
			one += "." + c[3]
		}
		if !slices.Contains(targets[c[0]], one) {
			targets[c[0]] = append(targets[c[0]], one)
		}
	}
	for _, c := range ask(`SELECT "MJ文字図形名", "読み" FROM mji_reading ORDER BY rowid`, 2) {
		if strings.ContainsAny(c[1], "・\t") {
			log.Fatalf("a reading %q", c[1])
		}
		readings[c[0]] = append(readings[c[0]], c[1])
	}
	var b bytes.Buffer
	b.WriteString("# MJ文字情報一覧表 and MJ縮退マップ Ver.1.2.0, after dist/moji.db of the npm package @mandel59/mojidata 1.8.1.\n" +
		"# Copyright 独立行政法人情報処理推進機構 (IPA), CC BY-SA 2.1 JP; this table is under the same licence. See NOTICE.md.\n" +
		"# Made by gen_moji.go; do not edit. MJ, UCS, UCS that has the shape alone (= the same), IVS, SVS, 戸籍, 住基, strokes, everyday, readings, replacements.\n")
	n := 0
	for _, c := range ask(`SELECT "MJ文字図形名", coalesce("対応するUCS",''), coalesce("実装したUCS",''), coalesce("実装したMoji_JohoコレクションIVS",''),
			coalesce("実装したSVS",''), coalesce("戸籍統一文字番号",''), coalesce("住基ネット統一文字コード",''), coalesce("総画数",''), coalesce("漢字施策",'')
			FROM mji ORDER BY 1`, 9) {
		name, ok := strings.CutPrefix(c[0], "MJ")
		if !ok || len(name) != 6 {
			log.Fatalf("a name %q", c[0])
		}
		ucs, bare := "", ""
		if c[1] != "" {
			ucs = fmt.Sprintf("%X", char(c[1]))
		}
		if c[2] != "" {
			if bare = fmt.Sprintf("%X", char(c[2])); bare == ucs {
				bare = "="
			}
		}
		juki := ""
		if c[6] != "" {
			if juki, ok = strings.CutPrefix(c[6], "J+"); !ok || len(juki) != 4 {
				log.Fatalf("%s: a code %q", c[0], c[6])
			}
		}
		everyday := ""
		if c[8] != "" {
			everyday = "1"
		}
		fmt.Fprintln(&b, strings.Join([]string{name, ucs, bare, selector(c[0], ucs, c[3]), selector(c[0], ucs, c[4]), c[5], juki, c[7], everyday,
			strings.Join(readings[c[0]], "・"), strings.Join(targets[c[0]], " ")}, "\t"))
		n++
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err == nil {
		_, err = w.Write(b.Bytes())
	}
	if err == nil {
		err = w.Close()
	}
	if err == nil {
		err = os.WriteFile("moji.tsv.gz", packed.Bytes(), 0o644)
	}
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%d forms, %d bytes, packed %d\n", n, b.Len(), packed.Len())
}

// ask runs a select and gives its rows.
func ask(query string, columns int) (rows [][]string) {
	out, err := exec.Command("sqlite3", "-readonly", "-separator", "\t", os.Args[1], query).Output()
	if err != nil {
		log.Fatal(err)
	}
	for line := range strings.Lines(string(out)) {
		c := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(c) != columns {
			log.Fatalf("%d columns in %q", len(c), line)
		}
		rows = append(rows, c)
	}
	return rows
}

func char(s string) rune {
	runes := []rune(s)
	if len(runes) != 1 {
		log.Fatalf("%q is not one character", s)
	}
	return runes[0]
}

// selector takes the selector of a sequence, whose character must be that of the form.
func selector(name, ucs, sequence string) string {
	if sequence == "" {
		return ""
	}
	runes := []rune(sequence)
	if len(runes) != 2 || fmt.Sprintf("%X", runes[0]) != ucs {
		log.Fatalf("%s: a sequence %X of %s", name, runes, ucs)
	}
	return fmt.Sprintf("%X", runes[1])
}
