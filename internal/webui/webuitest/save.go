package webuitest

import (
	"context"
	"os"
	"path/filepath"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// Save clicks something that gives a file, and returns the file's content when the browser has all of it.
func (tab *Tab) Save(css string) []byte {
	tab.t.Helper()
	dir := tab.t.TempDir()
	ctx, cancel := context.WithCancel(tab.ctx)
	defer cancel()
	progress := chromedp.Events(ctx, browser.DownloadProgress)
	tab.do("keep what is downloaded", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		events := true
		_, err := chromedp.Call(ctx, browser.SetDownloadBehavior, browser.SetDownloadBehaviorParams{
			Behavior: browser.SetDownloadBehaviorBehaviorAllowAndName, DownloadPath: dir, EventsEnabled: &events,
			BrowserContextID: chromedp.FromContext(tab.ctx).BrowserContextID})
		return err
	}))
	tab.do("save "+css, chromedp.Click(chromedp.CSS(css)))
	for e, err := range progress {
		if err != nil {
			tab.t.Fatalf("save %s: %v", css, err)
		}
		switch e.State {
		case browser.DownloadProgressStateCompleted:
			content, err := os.ReadFile(filepath.Join(dir, e.GUID))
			if err != nil {
				tab.t.Fatalf("save %s: %v", css, err)
			}
			return content
		case browser.DownloadProgressStateCanceled:
			tab.t.Fatalf("save %s: the browser gave it up", css)
		}
	}
	tab.t.Fatalf("save %s: the browser is gone", css)
	return nil
}
