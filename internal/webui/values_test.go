package webui

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
)

func TestDaysInBothCalendars(t *testing.T) {
	for iso, want := range map[string][2]string{
		"2019-04-30": {"平成31年4月30日", "30 April 2019 Heisei 31"},
		"2019-05-01": {"令和元年5月1日", "1 May 2019 Reiwa 1"},
		"1989-01-07": {"昭和64年1月7日", "7 January 1989 Showa 64"},
		"1989-01-08": {"平成元年1月8日", "8 January 1989 Heisei 1"},
		"1926-12-24": {"大正15年12月24日", "24 December 1926 Taisho 15"},
		"1912-07-29": {"明治45年7月29日", "29 July 1912 Meiji 45"},
		"1872-12-31": {"1872年12月31日", "31 December 1872 1872"},
	} {
		d, err := time.ParseInLocation(time.DateOnly, iso, japan)
		if err != nil {
			t.Fatal(err)
		}
		ja, en := dayOf(d, plain.JA), dayOf(d, plain.EN)
		if ja.Text != want[0] || ja.Beside != iso || en.Text+" "+en.Beside != want[1] || en.Machine != iso {
			t.Errorf("%s: %+v, %+v, want %v", iso, ja, en, want)
		}
	}
	// 15:30 UTC is the next day in Japan.
	if got := instantOf(time.Date(2026, 11, 24, 15, 30, 0, 0, time.UTC), plain.JA); got.Text != "令和8年11月25日 00:30:00" {
		t.Errorf("15:30 UTC is shown as %q", got.Text)
	}
}

func TestDurationsAndNumbers(t *testing.T) {
	for d, want := range map[time.Duration][2]string{
		0:                       {"0秒", "0 s"},
		300 * time.Microsecond:  {"1ミリ秒未満", "under 1 ms"},
		240 * time.Millisecond:  {"240ミリ秒", "240 ms"},
		1500 * time.Millisecond: {"1.5秒", "1.5 s"},
		312 * time.Second:       {"5分12秒", "5 min 12 s"},
		-92 * time.Minute:       {"-1時間32分", "-1 h 32 min"},
		61 * 24 * time.Hour:     {"61日0時間", "61 d 0 h"},
	} {
		if ja, en := tookIn(d, plain.JA), tookIn(d, plain.EN); ja != want[0] || en != want[1] {
			t.Errorf("%v: %q, %q", d, ja, en)
		}
	}
	for n, want := range map[any]string{0: "0", 999: "999", 1000: "1,000", int64(-1234567): "-1,234,567", uint64(57751): "57,751"} {
		if got, err := thousands(n); err != nil || got != want {
			t.Errorf("%v: %q %v", n, got, err)
		}
	}
	if _, err := thousands("12a"); err == nil {
		t.Error("12a is a number")
	}
}

func TestPagesLeadEverywhere(t *testing.T) {
	for _, c := range []struct {
		at, last int
		want     []int
	}{{1, 1, []int{1}}, {1, 5, []int{1, 2, 0, 5}}, {4, 12, []int{1, 0, 3, 4, 5, 0, 12}}, {12, 12, []int{1, 0, 11, 12}}} {
		if got := (Pages{Path: "/r", At: c.at, Last: c.last}).Links(); !slices.Equal(got, c.want) {
			t.Errorf("page %d of %d: %v, want %v", c.at, c.last, got, c.want)
		}
	}
	p := Pages{Path: "/r?q=%E8%91%9B", At: 12, Last: 12}
	if got := p.To(p.Before()); got != "/r?page=11&q=%E8%91%9B" || p.After() != 0 {
		t.Errorf("before the last: %q, after: %d", got, p.After())
	}
}

// TestVendoredFilesAreThosePublished keeps anybody from editing them: they are @digital-go-jp/design-tokens 1.1.9,
// dist/tokens.css, and htmx.org 2.0.11, dist/htmx.min.js, of the npm registry.
func TestVendoredFilesAreThosePublished(t *testing.T) {
	for name, want := range map[string]string{
		"tokens.css":  "ec3fb5b1e881d1bdf076feff29fe15a32269353c7a9cef40194f1eff0c3d7a90",
		"htmx.min.js": "d6fdc75f204e6bdefa99b69bf1e6d4ac69b8a364f77929f45c13476b4000f717",
	} {
		data, err := assetFiles.ReadFile("assets/" + name)
		if err != nil {
			t.Fatal(err)
		}
		sum := sha256.Sum256(data)
		if got := hex.EncodeToString(sum[:]); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
}

// TestContrast computes the contrast of the pairs of colours that text and shapes are drawn in (WCAG 2.2, 1.4.3 and
// 1.4.11), among them those that axe leaves open because they are in a picture.
func TestContrast(t *testing.T) {
	colours := colourTable(t)
	pairs := []struct {
		text, ground string
		least        float64
	}{
		{"ink", "ground", 7}, {"ink-soft", "ground", 7}, {"ink-soft", "ground-soft", 4.5}, {"ink-soft", "off-soft", 4.5},
		{"link", "ground", 7}, {"primary", "ground", 4.5}, {"primary", "info-soft", 4.5}, {"line-strong", "ground", 3},
		{"color-neutral-black", "color-primitive-yellow-300", 7},
	}
	for _, kind := range []string{"ok", "wait", "warn", "bad", "info", "off"} {
		pairs = append(pairs, struct {
			text, ground string
			least        float64
		}{kind, kind + "-soft", 4.5}, struct {
			text, ground string
			least        float64
		}{kind, "ground", 4.5}, struct {
			text, ground string
			least        float64
		}{"ink", kind + "-soft", 7})
	}
	for _, p := range pairs {
		if got := contrast(colours(p.text), colours(p.ground)); got < p.least {
			t.Errorf("%s on %s: %.2f, want %.1f", p.text, p.ground, got, p.least)
		}
	}
	css, _ := assetFiles.ReadFile("assets/base.css")
	roles := regexp.MustCompile(`\[data-role="(\w+)"\] \{ --role: var\(--([\w-]+)\); \}`).FindAllStringSubmatch(string(css), -1)
	if len(roles) != len(looks) {
		t.Errorf("%d roles have a colour, %d a name", len(roles), len(looks))
	}
	for _, r := range roles {
		if got := contrast(colours(r[2]), "#ffffff"); got < 4.5 {
			t.Errorf("white on the band of %s: %.2f", r[1], got)
		}
	}
}

// colourTable reads the custom properties of tokens.css and base.css, and follows var().
func colourTable(t *testing.T) func(string) string {
	t.Helper()
	values := map[string]string{}
	for _, file := range []string{"assets/tokens.css", "assets/base.css"} {
		css, err := assetFiles.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		root, _, _ := strings.Cut(string(css), "\n}")
		for _, m := range regexp.MustCompile(`--([\w-]+): ([^;]+);`).FindAllStringSubmatch(root, -1) {
			values[m[1]] = m[2]
		}
	}
	return func(name string) string {
		v := values[name]
		for strings.HasPrefix(v, "var(--") {
			v = values[v[len("var(--"):len(v)-1]]
		}
		if !strings.HasPrefix(v, "#") {
			t.Fatalf("--%s is no colour: %q", name, v)
		}
		return v
	}
}

func contrast(a, b string) float64 {
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(hex string) float64 {
	n, err := strconv.ParseUint(hex[1:], 16, 32)
	if err != nil {
		panic(fmt.Sprint(hex, err))
	}
	var l float64
	for i, share := range []float64{0.2126, 0.7152, 0.0722} {
		c := float64(n>>(16-8*i)&0xff) / 255
		if c <= 0.04045 {
			c /= 12.92
		} else {
			c = math.Pow((c+0.055)/1.055, 2.4)
		}
		l += share * c
	}
	return l
}
