package webui

import (
	"bytes"
	"encoding/csv"
	"net/http"
	"strings"
	"unicode/utf8"
)

// SendCSV answers with a table as a file, in UTF-8 with the mark in front without which Excel takes it for Shift_JIS. The first row names the
// columns. What people or other organisations wrote stands in the rows as Inert makes it.
func SendCSV(w http.ResponseWriter, file string, rows [][]string) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	_ = out.WriteAll(rows) // a buffer takes everything
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	_, _ = w.Write(b.Bytes()) // an asker who has gone misses nothing
}

// Inert is a text for a file that a spreadsheet opens, with an apostrophe before what it would take for a formula. A name that begins so is
// somebody's all the same, and is not refused where it comes from elsewhere.
func Inert(text string) string {
	if first, _ := utf8.DecodeRuneInString(text); text != "" && strings.ContainsRune("=+-@\t\r＝＋－＠", first) {
		return "'" + text
	}
	return text
}
