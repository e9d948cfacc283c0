// Package webuitest looks at screens in a real browser (画面試験, tests of screens): it opens, fills in and sends pages as
// a person does, lets axe judge them, and compares them with pictures that somebody has looked at.
//
// A test package that uses it calls Main in its TestMain, which starts at most one Chromium and stops it at the end.
// Each test has a tab with cookies of its own. Where there is no Chromium the tests are skipped, and say so.
package webuitest

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
)

// Tab is a tab of the browser. Its methods fail the test when they cannot do what they say.
type Tab struct {
	t   testing.TB
	ctx context.Context
}

// patience bounds everything that one test does in its tab, on a machine that does much else.
const patience = 8 * time.Minute

// stepPatience bounds one step of it, so that what never comes is told before the package runs out of time.
const stepPatience = 2 * time.Minute

var one struct {
	mu    sync.Mutex
	main  bool
	ctx   context.Context
	stops []func()
	err   error
}

// Main runs the tests of a package, stops the browser that they used, and lets the package clean up after itself.
func Main(m *testing.M, after ...func()) {
	one.main = true
	code := m.Run()
	for _, clean := range after {
		clean()
	}
	for i := len(one.stops) - 1; i >= 0; i-- {
		one.stops[i]()
	}
	os.Exit(code)
}

// Browser returns a new tab without cookies, 1280 pixels wide.
func Browser(t testing.TB) *Tab {
	t.Helper()
	if story, _, _ := strings.Cut(t.Name(), "/"); strings.HasSuffix(story, "Screens") && !told(story) {
		t.Skip("NOT LOOKED AT IN THIS RUN, which tells every second story of screens: AKASHI_FULL=1 tells all")
	}
	parent, err := start()
	if errors.Is(err, exec.ErrNotFound) {
		t.Skip("SKIPPED, NOTHING WAS LOOKED AT: there is no Chromium on this machine (apt-get install chromium fonts-noto-cjk)")
	}
	if err != nil {
		t.Fatal(err)
	}
	ctx, closeTab := chromedp.NewContext(parent, chromedp.WithNewBrowserContext())
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, patience)
	t.Cleanup(cancel)
	if err := chromedp.Do(ctx); err != nil { // opens it: a tab ends with the context that opened it, and a step's ends early
		t.Fatal(err)
	}
	tab := &Tab{t, ctx}
	tab.width(1280)
	tab.do("ask for no movement", chromedp.Func(func(ctx context.Context, target *chromedp.Target) error {
		_, err := cdp.Call(ctx, target, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
			Features: []*emulation.MediaFeature{{Name: "prefers-reduced-motion", Value: "reduce"}},
		})
		return err
	}))
	return tab
}

// start returns the context of the one browser.
func start() (context.Context, error) {
	one.mu.Lock()
	defer one.mu.Unlock()
	if one.ctx != nil || one.err != nil {
		return one.ctx, one.err
	}
	if !one.main {
		return nil, errors.New("the package must call webuitest.Main in TestMain, so that the browser is stopped")
	}
	var path string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "chrome"} {
		if path, one.err = exec.LookPath(name); one.err == nil {
			break
		}
	}
	if one.err != nil {
		return nil, one.err
	}
	opts := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(path), chromedp.NoSandbox, chromedp.DisableGPU,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("hide-scrollbars", true),
		chromedp.Flag("font-render-hinting", "none"),
		chromedp.Flag("disable-lcd-text", true),
		chromedp.Flag("lang", "ja"),
	)
	alloc, stopAlloc := chromedp.NewExecAllocator(context.Background(), opts...)
	ctx, stopBrowser := chromedp.NewContext(alloc)
	one.stops = append(one.stops, stopAlloc, stopBrowser)
	if err := chromedp.Do(ctx); err != nil { // starts it
		one.err = err
		return nil, err
	}
	one.ctx = ctx
	return ctx, nil
}

func (tab *Tab) do(what string, steps ...chromedp.Action[chromedp.Void]) {
	tab.t.Helper()
	ctx, cancel := tab.step()
	defer cancel()
	tab.must(what, chromedp.Do(ctx, steps...))
}

func (tab *Tab) step() (context.Context, context.CancelFunc) {
	return context.WithTimeout(tab.ctx, stepPatience)
}

// must fails the test with what a person would see who stood before the page.
func (tab *Tab) must(what string, err error) {
	tab.t.Helper()
	if err == nil {
		return
	}
	ctx, cancel := context.WithTimeout(tab.ctx, 10*time.Second)
	defer cancel()
	seen, blind := chromedp.Run(ctx, chromedp.Evaluate[string](
		`location.href + "\n" + (document.querySelector("dialog[open]") ?? document.querySelector("main") ?? document.body).innerText.slice(0, 2000)`))
	if blind != nil {
		seen = "nothing: " + blind.Error()
	}
	tab.t.Fatalf("%s: %v; the page shows\n%s", what, err, seen)
}

// width sets the window, high enough for a first look.
func (tab *Tab) width(px int64) {
	tab.t.Helper()
	tab.do("set the window", chromedp.EmulateViewport(px, 900))
}
