// Package builtin is the font that the program brings along (内蔵書体), M+ 1p, so that a machine without the official font shows what documents
// look like.
//
// It has no variation sequences and not all characters of the register, so nothing that is set in it may be given to anybody: a document in it
// bears 見本 on each page, and the gate refuses it outside a demonstration.
package builtin

import (
	"bytes"
	_ "embed"
	"sync"

	"github.com/akashi-id/akashi/internal/document/font"
)

//go:embed mplus-1p-regular.ttf
var file []byte

// Font is the font.
var Font = sync.OnceValue(func() *font.Font {
	f, err := font.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		panic("the font that is built in: " + err.Error())
	}
	return f
})
