package webuitest

import (
	"context"
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Open goes to an address and returns the status of the answer.
func (tab *Tab) Open(address string) int {
	tab.t.Helper()
	resp, err := chromedp.RunResponse(tab.ctx, chromedp.Navigate(address))
	if err != nil {
		tab.t.Fatalf("open %s: %v", address, err)
	}
	return int(resp.Status)
}

// Follow clicks a link or a button and returns the status of the page that comes.
func (tab *Tab) Follow(css string) int {
	tab.t.Helper()
	for again := 0; ; again++ {
		resp, err := chromedp.RunResponse(tab.ctx, chromedp.Click(chromedp.CSS(css)))
		if err == nil {
			return int(resp.Status)
		}
		// A part of the page that refreshes itself replaced the element between its search and the click, which so did not
		// take place: a person would not notice and clicks what is there now.
		if replaced := strings.Contains(err.Error(), "Could not find node with given id"); !replaced || again == 10 {
			tab.t.Fatalf("follow %s: %v", css, err)
		}
	}
}

// Press clicks something that does not lead to another page: a choice, a box to tick.
func (tab *Tab) Press(css string) {
	tab.t.Helper()
	tab.do("press "+css, chromedp.Click(chromedp.CSS(css)))
}

// Fill puts a value into a text field, a text area or a list.
func (tab *Tab) Fill(css, value string) {
	tab.t.Helper()
	tab.do("fill "+css, chromedp.SetValue(chromedp.CSS(css), value))
}

// Upload chooses files for a file field.
func (tab *Tab) Upload(css string, files ...string) {
	tab.t.Helper()
	tab.do("upload into "+css, chromedp.SetUploadFiles(chromedp.CSS(css), files))
}

// Text returns the visible words of an element.
func (tab *Tab) Text(css string) string {
	tab.t.Helper()
	s, err := chromedp.Run(tab.ctx, chromedp.Text(chromedp.CSS(css)))
	if err != nil {
		tab.t.Fatalf("read %s: %v", css, err)
	}
	return strings.TrimSpace(s)
}

// WaitFor returns when the page has an element, for what comes by itself.
func (tab *Tab) WaitFor(css string) {
	tab.t.Helper()
	tab.do("wait for "+css, chromedp.WaitReady(chromedp.CSS(css)))
}

// Location returns the address of the page.
func (tab *Tab) Location() string {
	tab.t.Helper()
	return Eval[string](tab, "location.href")
}

// Cookies returns the cookies that the browser sends to an address, those included that no script can read.
func (tab *Tab) Cookies(address string) (all []*http.Cookie) {
	tab.t.Helper()
	tab.do("read the cookies of "+address, chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		got, err := cdp.Call(ctx, target, network.GetCookies, network.GetCookiesParams{URLs: []string{address}})
		for _, c := range got.Cookies {
			all = append(all, &http.Cookie{Name: c.Name, Value: c.Value})
		}
		return err
	}))
	return all
}

// Eval evaluates an expression in the page.
func Eval[T any](tab *Tab, js string) T {
	tab.t.Helper()
	v, err := chromedp.Run(tab.ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	if err != nil {
		tab.t.Fatalf("evaluate %.80s: %v", js, err)
	}
	return v
}
