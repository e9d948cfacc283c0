package document

import (
	"errors"

	"github.com/akashi-id/akashi/internal/document/pdf"
	"github.com/akashi-id/akashi/internal/imprint"
)

// pictureOf takes the ink of an imprint over, dot by dot.
func pictureOf(i imprint.Imprint) (picture, error) {
	width, height, bits := i.Ink()
	if bits == nil {
		return picture{}, errors.New("document: an imprint has no ink")
	}
	return picture{&pdf.Image{Width: width, Height: height, Bits: bits}, i.Width, i.Height}, nil
}
