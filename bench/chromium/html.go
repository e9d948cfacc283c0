package main

import (
	"encoding/base64"
	"fmt"
	"html"
	"strings"

	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
)

const style = `@page{size:210mm 297mm;margin:0}
*{margin:0;padding:0;box-sizing:border-box}
body{font-family:IPAmjMincho;font-kerning:none}
section{position:relative;width:210mm;height:297mm;overflow:hidden;break-after:page}
section:last-child{break-after:auto}
section>*{position:absolute}
p{white-space:pre;line-height:1}
img{image-rendering:pixelated}`

// htmlOf is a sheet as HTML: each text, box and picture in its place.
func htmlOf(s order.Sheet) string {
	var b strings.Builder
	b.WriteString("<!doctype html><html lang=ja><meta charset=utf-8><title>住民票の写し</title><style>" + style + "</style>")
	for _, p := range s.Pages {
		b.WriteString("<section>")
		for _, r := range p.Rules {
			switch {
			case r.W == 0:
				fmt.Fprintf(&b, `<div style="left:%.3fmm;top:%.3fmm;height:%.3fmm;border-left:%.3fmm solid"></div>`, r.X-r.Weight/2, r.Y, r.H, r.Weight)
			case r.H == 0:
				fmt.Fprintf(&b, `<div style="left:%.3fmm;top:%.3fmm;width:%.3fmm;border-top:%.3fmm solid"></div>`, r.X, r.Y-r.Weight/2, r.W, r.Weight)
			default:
				fmt.Fprintf(&b, `<div style="left:%.3fmm;top:%.3fmm;width:%.3fmm;height:%.3fmm;border:%.3fmm solid"></div>`, r.X-r.Weight/2, r.Y-r.Weight/2, r.W+r.Weight, r.H+r.Weight, r.Weight)
			}
		}
		for _, t := range p.Texts {
			// The letters of the font stand on a line 0.12 of their size above their lower edge.
			fmt.Fprintf(&b, `<p style="left:%.3fmm;top:%.3fmm;font-size:%.3fmm">%s</p>`, t.X, t.Y-0.88*t.Size, t.Size, html.EscapeString(t.Text))
		}
		for _, i := range p.Pictures {
			fmt.Fprintf(&b, `<img style="left:%.3fmm;top:%.3fmm;width:%.3fmm;height:%.3fmm" src="data:image/png;base64,%s">`, i.X, i.Y, i.W, i.H, base64.StdEncoding.EncodeToString(i.PNG))
		}
		b.WriteString("</section>")
	}
	return b.String()
}
