// Package imprint reads and measures the imprint of a seal (印影) that a counter has scanned for the registration of the seal (印鑑登録).
//
// A scan is a PNG that states its resolution: without it a picture has no size, and the size decides whether a seal can be registered. What
// is kept is the ink alone, cut to its bounds, as a black and white PNG with the resolution of the scan, which is the same bytes for the same
// ink. Grey and red are ink as black is; paper, shadows and specks are not.
package imprint

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"log/slog"

	"github.com/akashi-id/akashi/internal/plain"
)

// Length is a length in micrometres.
type Length int64

// Millimetre is a thousand micrometres.
const Millimetre Length = 1000

// String writes a length in millimetres with one place, cut off.
func (l Length) String() string { return fmt.Sprintf("%d.%d", l/Millimetre, l%Millimetre/100) }

// A seal is registered when its imprint does not fit into a square of Smallest, and fits into one of Largest (ordinances after the model of
// the ministry: 8 mm and 25 mm).
const (
	Smallest = 8 * Millimetre
	Largest  = 25 * Millimetre
)

const (
	leastPerMetre = 11_800 // 300 dots an inch, less what scanners round off
	mostPerMetre  = 47_300 // 1,200 dots an inch, and what they round up
	mostSide      = 2_400  // pixels: 10 cm at 600 dots an inch
	speck         = Length(400)
)

// Imprint is the ink of a seal. The zero value is none.
type Imprint struct {
	Width, Height Length
	perMetre      uint32
	ink           *image.Paletted
	bits          []byte
	png           []byte
}

// LogValue shows nothing of a seal: whoever has its picture can have it cut.
func (i Imprint) LogValue() slog.Value { return slog.StringValue("印影") }

// String is redacted.
func (i Imprint) String() string { return "印影" }

// Format redacts under every verb.
func (i Imprint) Format(f fmt.State, _ rune) { fmt.Fprint(f, "印影") }

// PNG is the ink as a black and white picture: what is kept, shown and printed.
func (i Imprint) PNG() []byte { return i.png }

// Ink is the same dot by dot: rows of bits from the upper left corner, each row in whole octets, 1 for ink. It is that of the imprint itself: nobody
// may change it. Nil: there is none. It is made when the imprint is read: the seal of whoever certifies stands on every document.
func (i Imprint) Ink() (width, height int, bits []byte) {
	if i.ink == nil {
		return 0, 0, nil
	}
	return i.ink.Rect.Dx(), i.ink.Rect.Dy(), i.bits
}

// Digest is the SHA-256 of the picture.
func (i Imprint) Digest() [sha256.Size]byte { return sha256.Sum256(i.png) }

// Read reads a scan. What it refuses is a *plain.Problem for field: not a PNG, no resolution or one that is too low, too large, no ink or
// nothing but ink.
func Read(field string, scan []byte) (Imprint, error) {
	config, err := png.DecodeConfig(bytes.NewReader(scan))
	if err != nil {
		return Imprint{}, plain.Bad(field, "PNG形式の画像ではありません。印影を600dpiのPNGで読み取り直してください。",
			"This is no PNG picture: scan the imprint again, as PNG with 600 dots an inch.")
	}
	if config.Width > mostSide || config.Height > mostSide {
		return Imprint{}, plain.Bad(field, fmt.Sprintf("画像が大きすぎます（%d×%d）。印影の部分だけを読み取ってください。", config.Width, config.Height),
			fmt.Sprintf("The picture is too large (%d × %d): scan the imprint only.", config.Width, config.Height))
	}
	perMetre, stated := resolution(scan)
	switch {
	case !stated:
		return Imprint{}, plain.Bad(field, "画像に解像度がないため、印影の大きさを測れません。解像度を記録する設定で読み取り直してください。",
			"The picture does not state its resolution, so the imprint cannot be measured: scan it again with the resolution recorded.")
	case perMetre < leastPerMetre || perMetre > mostPerMetre:
		return Imprint{}, plain.Bad(field, fmt.Sprintf("解像度が%ddpiです。300dpiから1200dpiまでで読み取り直してください。", dotsPerInch(perMetre)),
			fmt.Sprintf("The resolution is %d dots an inch: scan it again with 300 to 1,200.", dotsPerInch(perMetre)))
	}
	picture, err := png.Decode(bytes.NewReader(scan))
	if err != nil {
		return Imprint{}, plain.Bad(field, "画像が途中で切れているか、壊れています。読み取り直してください。",
			"The picture is cut off or damaged: scan it again.")
	}
	ink := inkOf(picture, perMetre)
	if ink == nil {
		return Imprint{}, plain.Bad(field, "印影が見つかりません。白い紙に鮮明に押印して、読み取り直してください。",
			"No imprint was found: stamp it clearly on white paper and scan it again.")
	}
	return pictureOf(ink, perMetre)
}

// Stored reads what PNG gave.
func Stored(kept []byte) (Imprint, error) {
	picture, err := png.Decode(bytes.NewReader(kept))
	if err != nil {
		return Imprint{}, fmt.Errorf("a kept imprint cannot be read: %w", err)
	}
	perMetre, stated := resolution(kept)
	ink, ok := picture.(*image.Paletted)
	if !stated || perMetre == 0 || !ok || len(ink.Palette) != 2 {
		return Imprint{}, fmt.Errorf("a kept imprint is not the black and white picture that was kept")
	}
	return Imprint{Width: length(ink.Rect.Dx(), perMetre), Height: length(ink.Rect.Dy(), perMetre), perMetre: perMetre, ink: ink, bits: bitsOf(ink), png: kept}, nil
}

// CheckSize refuses an imprint that is too small or too large to be registered. The error is a *plain.Problem for field.
func (i Imprint) CheckSize(field string) *plain.Problem {
	switch side := max(i.Width, i.Height); {
	case side <= Smallest:
		return plain.Bad(field, fmt.Sprintf("印影が小さすぎます（%s×%sミリ）。一辺8ミリの正方形に収まる印鑑は登録できません。", i.Width, i.Height),
			fmt.Sprintf("The imprint is too small (%s × %s mm): one that fits into a square of 8 mm cannot be registered.", i.Width, i.Height))
	case side > Largest:
		return plain.Bad(field, fmt.Sprintf("印影が大きすぎます（%s×%sミリ）。一辺25ミリの正方形に収まる印鑑だけを登録できます。", i.Width, i.Height),
			fmt.Sprintf("The imprint is too large (%s × %s mm): it must fit into a square of 25 mm.", i.Width, i.Height))
	}
	return nil
}

func length(pixels int, perMetre uint32) Length {
	return Length(int64(pixels) * 1_000_000 / int64(perMetre))
}

// dotsPerInch rounds to the nearest.
func dotsPerInch(perMetre uint32) int64 { return (int64(perMetre)*254 + 5_000) / 10_000 }

var blackAndWhite = color.Palette{color.Gray{Y: 255}, color.Gray{Y: 0}}

// pictureOf makes the picture that is kept.
func pictureOf(ink *image.Paletted, perMetre uint32) (Imprint, error) {
	var b bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, ink); err != nil {
		return Imprint{}, err
	}
	return Imprint{Width: length(ink.Rect.Dx(), perMetre), Height: length(ink.Rect.Dy(), perMetre), perMetre: perMetre, ink: ink, bits: bitsOf(ink),
		png: withResolution(b.Bytes(), perMetre)}, nil
}

// bitsOf packs the pixels of a picture in two colours, eight in an octet.
func bitsOf(ink *image.Paletted) []byte {
	width, height := ink.Rect.Dx(), ink.Rect.Dy()
	row := (width + 7) / 8
	bits := make([]byte, row*height)
	for y := range height {
		from, to := ink.Pix[y*ink.Stride:][:width], bits[y*row:][:row]
		for x, black := range from {
			to[x/8] |= (black & 1) << (7 - x%8)
		}
	}
	return bits
}

// darkness is how far each pixel is from white paper in its most absorbed colour, so that vermilion counts as black does.
func darkness(picture image.Image) (*image.Gray, [256]int) {
	r := picture.Bounds()
	flat := image.NewRGBA(image.Rect(0, 0, r.Dx(), r.Dy()))
	draw.Draw(flat, flat.Rect, image.White, image.Point{}, draw.Src) // what is transparent is paper
	draw.Draw(flat, flat.Rect, picture, r.Min, draw.Over)
	dark, histogram := image.NewGray(flat.Rect), [256]int{}
	for i := range dark.Pix {
		p := flat.Pix[4*i : 4*i+3]
		d := 255 - min(p[0], p[1], p[2])
		dark.Pix[i] = d
		histogram[d]++
	}
	return dark, histogram
}
