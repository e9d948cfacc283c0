package webui

import (
	"bytes"
	"encoding/csv"
	"net/http"
)

// SendCSV answers with a table as a file, in UTF-8 with the mark in front without which Excel takes it for Shift_JIS. The first row names the
// columns. What is in the rows must not be able to be taken for a formula: numbers, codes, names of places.
func SendCSV(w http.ResponseWriter, file string, rows [][]string) {
	var b bytes.Buffer
	b.WriteString("\ufeff")
	out := csv.NewWriter(&b)
	_ = out.WriteAll(rows) // a buffer takes everything
	w.Header().Set("Content-Type", "text/csv; charset=utf-8")
	w.Header().Set("Content-Disposition", `attachment; filename="`+file+`"`)
	_, _ = w.Write(b.Bytes()) // an asker who has gone misses nothing
}
