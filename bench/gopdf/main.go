// Command gopdf is the library github.com/signintech/gopdf printing the pages of our documents (比較の相手): the same texts in the same places and the
// same font, boxes, rules and pictures, without a ground and without a signature.
//
// Where there was a choice it is the one that is faster for gopdf: the font is read and parsed once for all documents (its FontContainer), pages are
// not compressed, every text comes with its place and size. It knows no variation sequences and sets a blank for each selector; here
// selectors are taken out before, so that it prints the character in the form that it has without one.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/signintech/gopdf"

	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := peer.Serve(ctx, os.Stdin, os.Stdout, open); err != nil {
		fmt.Fprintln(os.Stderr, "gopdf:", err)
		os.Exit(1)
	}
}

const family = "IPAmjMincho"

type printer struct {
	order.Setup
	fonts   gopdf.FontContainer
	version string
	missing rune // a character for which the font has no glyph
	lost    int
}

func open(_ context.Context, s order.Setup) (peer.Worker, error) {
	p := &printer{Setup: s, version: "gopdf"}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/signintech/gopdf" {
				p.version += " " + m.Version
			}
		}
	}
	if len(s.Sheets) == 0 {
		return nil, fmt.Errorf("there is nothing to print")
	}
	if err := p.fonts.AddTTFFontWithOption(family, s.Font, gopdf.TtfOption{OnGlyphNotFound: func(r rune) { p.missing = r }}); err != nil {
		return nil, err
	}
	if err := p.withoutSelectors(); err != nil {
		return nil, err
	}
	for n := range s.Sheets {
		if _, err := p.print(n); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func selector(r rune) bool { return 0xFE00 <= r && r <= 0xFE0F || 0xE0100 <= r && r <= 0xE01EF }

// withoutSelectors tries whether gopdf draws a character and its selector as one, and takes selectors out when it does not.
func (p *printer) withoutSelectors() error {
	for _, form := range p.Forms {
		pdf, err := p.begin()
		if err != nil {
			return err
		}
		pdf.AddPage()
		if err := pdf.SetFont(family, "", 10); err != nil {
			return err
		}
		one, err := pdf.MeasureTextWidth(strings.Map(without, form))
		if err != nil {
			return err
		}
		two, err := pdf.MeasureTextWidth(form)
		if err != nil {
			return err
		}
		if p.missing != 0 || two != one { // it looked for a glyph of the selector's own
			p.missing = 0
			p.lost++
		}
	}
	if p.lost == 0 {
		return nil
	}
	for _, s := range p.Sheets {
		for _, page := range s.Pages {
			for i := range page.Texts {
				page.Texts[i].Text = strings.Map(without, page.Texts[i].Text)
			}
		}
	}
	return nil
}

func without(r rune) rune {
	if selector(r) {
		return -1
	}
	return r
}

func (p *printer) begin() (*gopdf.GoPdf, error) {
	pdf := &gopdf.GoPdf{}
	pdf.Start(gopdf.Config{PageSize: *gopdf.PageSizeA4})
	pdf.SetNoCompression()
	return pdf, pdf.AddTTFFontFromFontContainer(family, &p.fonts)
}

const point = 72 / 25.4 // points in a millimetre

// print makes the file of a sheet.
func (p *printer) print(n int) ([]byte, error) {
	pdf, err := p.begin()
	if err != nil {
		return nil, err
	}
	for _, page := range p.Sheets[n%len(p.Sheets)].Pages {
		pdf.AddPage()
		for _, r := range page.Rules {
			pdf.SetLineWidth(r.Weight * point)
			if r.W == 0 || r.H == 0 {
				pdf.Line(r.X*point, r.Y*point, (r.X+r.W)*point, (r.Y+r.H)*point)
			} else {
				pdf.RectFromUpperLeft(r.X*point, r.Y*point, r.W*point, r.H*point)
			}
		}
		if err := pdf.SetFont(family, "", 10); err != nil {
			return nil, err
		}
		size := 0.0
		for _, t := range page.Texts {
			if t.Size != size {
				if err := pdf.SetFontSize(t.Size * point); err != nil {
					return nil, err
				}
				size = t.Size
			}
			pdf.SetXY(t.X*point, t.Y*point)
			if err := pdf.Text(t.Text); err != nil {
				return nil, err
			}
		}
		for _, i := range page.Pictures {
			picture, err := gopdf.ImageHolderByBytes(i.PNG)
			if err != nil {
				return nil, err
			}
			if err := pdf.ImageByHolder(picture, i.X*point, i.Y*point, &gopdf.Rect{W: i.W * point, H: i.H * point}); err != nil {
				return nil, err
			}
		}
	}
	file, err := pdf.GetBytesPdfReturnErr()
	if err == nil && p.missing != 0 {
		err = fmt.Errorf("there is no glyph for %U", p.missing)
	}
	return file, err
}

func (p *printer) Ready() any { return order.Ready{Says: p.version, Lost: p.lost} }

func (p *printer) Do(_ context.Context, o peer.Order) (peer.Took, error) {
	switch o.Do {
	case order.DoPrint:
		return order.Each(o.Count, p.print)
	case order.DoMemory:
		return peer.Took{Bytes: peer.MostMemory()}, nil
	}
	return peer.Took{}, fmt.Errorf("gopdf cannot %s", o.Do)
}

func (p *printer) Close() error { return nil }
