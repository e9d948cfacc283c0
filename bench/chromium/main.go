// Command chromium is headless Chromium printing the pages of our documents (比較の相手): the same texts in the same places and the same font, boxes,
// rules and pictures as HTML, without a ground and without a signature.
//
// Where there was a choice it is the one that is faster for Chromium: the browser and its tab stay open, the HTML is made before the clock
// runs and is put into the tab as it is, the font is the system's and not loaded by the page, and there are neither tags nor an outline in the file.
// CPU time is that of all processes of the browser, and not of this one, which drives it.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"regexp"
	"syscall"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"github.com/akashi-id/akashi/internal/bench/documentbench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := peer.Serve(ctx, os.Stdin, os.Stdout, open); err != nil {
		fmt.Fprintln(os.Stderr, "chromium:", err)
		os.Exit(1)
	}
}

type printer struct {
	ready order.Ready
	ctx   context.Context // of the tab
	stop  func()
	root  int // the browser's process
	frame cdp.FrameID
	pages []string
}

func open(_ context.Context, s order.Setup) (_ peer.Worker, err error) {
	if s.Browser == "" || len(s.Sheets) == 0 {
		return nil, fmt.Errorf("there is no browser, or nothing to print")
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(s.Browser), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("lang", "ja"),
	)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stopTab := chromedp.NewContext(alloc)
	p := &printer{ctx: ctx, stop: func() { stopTab(); stopAlloc() }}
	defer func() {
		if err != nil {
			p.stop()
		}
	}()
	for _, sheet := range s.Sheets {
		p.pages = append(p.pages, htmlOf(sheet))
	}
	version, err := chromedp.CallBrowser(ctx, browser.GetVersion, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	p.ready.Says = "headless " + version.Product
	// The driver follows the elements of a page, which none of this needs.
	if _, err := chromedp.Call(ctx, dom.Disable, cdp.Empty{}); err != nil {
		return nil, err
	}
	tree, err := chromedp.Call(ctx, page.GetFrameTree, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	p.frame = tree.FrameTree.Frame.ID
	process := chromedp.FromContext(ctx).Browser.Process()
	if process == nil {
		return nil, fmt.Errorf("the browser is no process of ours")
	}
	p.root = process.Pid
	for n := range p.pages {
		file, err := p.print(n)
		if err != nil {
			return nil, err
		}
		if err := whole(file, len(s.Sheets[n].Pages)); err != nil {
			return nil, err
		}
	}
	p.ready.Lost, err = p.lostOf(s.Forms)
	return p, err
}

var pageObject = regexp.MustCompile(`/Type\s*/Page\b`)

// whole refuses what is another page than was asked for: set in another font, or on more sheets.
func whole(file []byte, pages int) error {
	if !bytes.Contains(file, []byte("IPAmjMincho")) {
		return fmt.Errorf("the browser did not set the page in IPAmj Mincho")
	}
	if n := len(pageObject.FindAll(file, -1)); n != pages {
		return fmt.Errorf("the browser printed %d pages, not %d", n, pages)
	}
	return nil
}

// settled waits for the pictures, which are read beside the page.
const settled = `Promise.all([...document.images].map(i => i.decode())).then(() => document.images.length)`

// print makes the file of a sheet.
func (p *printer) print(n int) ([]byte, error) {
	if _, err := chromedp.Call(p.ctx, page.SetDocumentContent, page.SetDocumentContentParams{FrameID: p.frame, HTML: p.pages[n%len(p.pages)]}); err != nil {
		return nil, err
	}
	if _, err := chromedp.Run(p.ctx, chromedp.Evaluate[int](settled, chromedp.EvalAwaitPromise)); err != nil {
		return nil, err
	}
	return chromedp.Run(p.ctx, chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), chromedp.PDFMargin(0), plain))
}

func plain(p *page.PrintToPDFParams) {
	yes, no := true, false
	p.PreferCSSPageSize, p.GenerateTaggedPDF, p.GenerateDocumentOutline = &yes, &no, &no
}

// lost counts the forms that are drawn alike with and without their selector.
const lost = `forms => {
	const drawn = text => {
		const c = document.createElement("canvas");
		c.width = c.height = 200;
		const to = c.getContext("2d");
		to.font = "150px IPAmjMincho";
		to.fillText(text, 10, 160);
		return c.toDataURL();
	};
	return forms.filter(f => drawn(f) === drawn(String.fromCodePoint(f.codePointAt(0)))).length;
}`

func (p *printer) lostOf(forms []string) (int, error) {
	list, err := json.Marshal(forms)
	if err != nil {
		return 0, err
	}
	return chromedp.Run(p.ctx, chromedp.Evaluate[int]("("+lost+")("+string(list)+")"))
}

func (p *printer) Ready() any { return p.ready }

func (p *printer) Do(_ context.Context, o peer.Order) (t peer.Took, err error) {
	if o.Do != order.DoPrint {
		return t, fmt.Errorf("Chromium cannot %s", o.Do)
	}
	before, err := treeSeconds(p.root)
	if err != nil {
		return t, err
	}
	if t, err = order.Each(o.Count, p.print); err != nil {
		return t, err
	}
	after, err := treeSeconds(p.root)
	t.Server = after - before
	return t, err
}

func (p *printer) Close() error {
	p.stop()
	return nil
}
