package webuitest

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// Open goes to an address and returns the status of the answer.
func (tab *Tab) Open(address string) int {
	tab.t.Helper()
	ctx, cancel := tab.step()
	defer cancel()
	resp, err := chromedp.RunResponse(ctx, chromedp.Navigate(address))
	tab.must("open "+address, err)
	return int(resp.Status)
}

// Follow clicks a link or a button and returns the status of the page that comes.
func (tab *Tab) Follow(css string) int {
	tab.t.Helper()
	ctx, cancel := tab.step()
	defer cancel()
	for again := 0; ; again++ {
		resp, err := chromedp.RunResponse(ctx, chromedp.Click(chromedp.CSS(css)))
		if err == nil {
			return int(resp.Status)
		}
		// A part of the page that refreshes itself replaced the element between its search and the click, which so did not
		// take place: a person would not notice and clicks what is there now.
		if replaced := strings.Contains(err.Error(), "Could not find node with given id"); !replaced || again == 10 {
			tab.must("follow "+css, err)
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
	ctx, cancel := tab.step()
	defer cancel()
	s, err := chromedp.Run(ctx, chromedp.Text(chromedp.CSS(css)))
	tab.must("read "+css, err)
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
	ctx, cancel := tab.step()
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](js, chromedp.EvalAwaitPromise))
	tab.must(fmt.Sprintf("evaluate %.80s", js), err)
	return v
}
