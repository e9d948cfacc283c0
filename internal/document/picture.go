package document

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/png"
	"sync"

	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/imprint"
)

// official are the pictures of mayors' seals (公印) by the digest of what was kept: a process has few of them, and every document bears one. Seals of residents
// are not kept in memory.
var official sync.Map // [sha256.Size]byte → picture

// officialOf is the picture of a mayor's seal.
func officialOf(i imprint.Imprint) (picture, error) {
	key := sha256.Sum256(i.PNG())
	if known, ok := official.Load(key); ok {
		return known.(picture), nil
	}
	p, err := pictureOf(i)
	if err == nil {
		official.Store(key, p)
	}
	return p, err
}

// pictureOf takes the ink of an imprint over, dot by dot.
func pictureOf(i imprint.Imprint) (picture, error) {
	decoded, err := png.Decode(bytes.NewReader(i.PNG()))
	if err != nil {
		return picture{}, fmt.Errorf("document: a kept imprint cannot be read: %w", err)
	}
	ink, ok := decoded.(*image.Paletted)
	if !ok || len(ink.Palette) != 2 {
		return picture{}, fmt.Errorf("document: a kept imprint is not black and white")
	}
	width, height := ink.Rect.Dx(), ink.Rect.Dy()
	row := (width + 7) / 8
	out := &pdf.Image{Width: width, Height: height, Bits: make([]byte, row*height)}
	for y := range height {
		for x := range width {
			if ink.Pix[y*ink.Stride+x] == 1 {
				out.Bits[y*row+x/8] |= 0x80 >> (x % 8)
			}
		}
	}
	return picture{out, i.Width, i.Height}, nil
}
