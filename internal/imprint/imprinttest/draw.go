// Package imprinttest draws seals (印影) for tests and simulations, as a scanner would bring them: vermilion ink on paper that is not quite white.
package imprinttest

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"math/rand/v2"
)

// Seal says what is drawn.
type Seal struct {
	Millimetres float64 // across
	Face        uint64  // which strokes stand in the ring
	Press       uint64  // which stamping of it: dust, gaps and position differ
	DPI         int     // 600 when zero; -1: the file does not say
}

// Scan is the picture, on a sheet of twice the size.
func (s Seal) Scan() []byte {
	dpi := s.DPI
	if dpi <= 0 {
		dpi = 600
	}
	perMM := float64(dpi) / 25.4
	side := int(s.Millimetres * perMM)
	sheet := image.NewRGBA(image.Rect(0, 0, 2*side+20, 2*side+20))
	chance := rand.New(rand.NewPCG(s.Press, 1))
	for i := range sheet.Pix {
		sheet.Pix[i] = 255
		if i%4 != 3 {
			sheet.Pix[i] = uint8(240 + chance.IntN(12))
		}
	}
	left, top := side/2+chance.IntN(10), side/2+chance.IntN(10)
	ink := func(x, y int) {
		if chance.IntN(100) >= 4 { // ink does not take everywhere
			sheet.Set(left+x, top+y, color.RGBA{R: 200, G: uint8(30 + chance.IntN(20)), B: uint8(30 + chance.IntN(20)), A: 255})
		}
	}
	r := float64(side) / 2
	ring := 0.6 * perMM
	for y := range side {
		for x := range side {
			dx, dy := float64(x)+0.5-r, float64(y)+0.5-r
			if d := dx*dx + dy*dy; d <= r*r && d >= (r-ring)*(r-ring) {
				ink(x, y)
			}
		}
	}
	cut := rand.New(rand.NewPCG(s.Face, 2))
	inner := int(r * 1.2)
	for range 7 {
		from, width := cut.IntN(inner), max(2, int(0.5*perMM))
		at := cut.IntN(max(1, inner-width))
		upright := cut.IntN(2) == 0
		for i := from / 2; i < inner; i++ {
			for j := range width {
				x, y := i, at+j
				if upright {
					x, y = y, x
				}
				ink(x+(side-inner)/2, y+(side-inner)/2)
			}
		}
	}
	for range 30 { // dust
		sheet.Set(chance.IntN(sheet.Rect.Dx()), chance.IntN(sheet.Rect.Dy()), color.Black)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, sheet); err != nil {
		panic(err) // into memory
	}
	if s.DPI < 0 {
		return b.Bytes()
	}
	return stated(b.Bytes(), uint32(float64(dpi)/0.0254+0.5))
}

// stated puts the resolution into a PNG.
func stated(file []byte, perMetre uint32) []byte {
	data := binary.BigEndian.AppendUint32([]byte("pHYs"), perMetre)
	data = append(binary.BigEndian.AppendUint32(data, perMetre), 1)
	chunk := append([]byte{0, 0, 0, 9}, data...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(data))
	const head = 8 + 12 + 13 // signature and IHDR
	return bytes.Join([][]byte{file[:head], chunk, file[head:]}, nil)
}
