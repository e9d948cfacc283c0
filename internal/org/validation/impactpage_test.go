package validation_test

import (
	"context"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

var tag = regexp.MustCompile(`<[^>]*>|\s+`)

// TestImpactPageRefuses: a window that cannot be read, or that ends before it begins, is refused on the page and of the table; and of a case that is
// not there the page says so.
func TestImpactPageRefuses(t *testing.T) {
	c := newCountry(t, "memory:")
	base := c.server.URL + "/validation"
	officer := http.Client{Jar: must[*cookiejar.Jar](t)(cookiejar.New(nil))}
	must[*http.Response](t)(officer.PostForm(base+"/session", url.Values{"persona": {"operator-ueda"}})).Body.Close()
	for _, x := range []struct{ path, ja, en string }{
		{"?from=2026-02-30", "日付（2026-11-22）か時刻（2026-11-22T09:00:00+09:00）で入力してください。", "Write a day (2026-11-22) or an instant (2026-11-22T09:00:00+09:00)."},
		{".csv?to=yesterday", "日付（2026-11-22）か時刻（2026-11-22T09:00:00+09:00）で入力してください。", "Write a day (2026-11-22) or an instant (2026-11-22T09:00:00+09:00)."},
		{"?from=2026-04-02&to=2026-04-01", "終わりが始まりより前です。入れ替えてください。", "The end is before the beginning: exchange them."},
		{".csv?from=2026-04-02&to=2026-04-01", "終わりが始まりより前です。入れ替えてください。", "The end is before the beginning: exchange them."},
		{"/99?", "この件はありません。一覧から選び直してください。", "There is no such case: choose one of the list."},
		{"/x?", "この件はありません。一覧から選び直してください。", "There is no such case: choose one of the list."},
	} {
		for lang, says := range map[string]string{"ja": x.ja, "en": x.en} {
			r := must[*http.Response](t)(officer.Get(base + "/impact" + x.path + "&lang=" + lang))
			page := html.UnescapeString(string(must[[]byte](t)(io.ReadAll(r.Body))))
			if r.Body.Close(); r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(page, says) {
				t.Errorf("%s answers %d, without %q:\n%s", x.path, r.StatusCode, says, page)
			}
		}
	}
}

// TestImpactPages: the sums are over all cases of a window, and not over those of a page; a table goes out as it is read, after it was
// recorded who takes it, and one that is cut short is seen to be.
func TestImpactPages(t *testing.T) {
	defer validation.ShowCases(2)()
	c := newCountry(t, "memory:", nagano, etax)
	home, tax := c.join(nagano), c.join(etax)
	home.send(registration(etax, 1, true))
	numbers := []string{"4711", "4712", "4713"}
	for _, n := range numbers {
		c.send(good(t, c.signature, n))
	}
	c.run(time.Minute)
	untrue := resident.DateOf(c.clk.Now())
	c.jump(26 * time.Hour)
	for _, n := range numbers {
		tax.asks(c.signature, n)
		tax.asks(c.signature, n)
		c.run(time.Second)
		c.send(c.late(n, c.clk.Now(), untrue))
		c.run(10 * time.Second)
	}
	base := c.server.URL + "/validation"
	officer := http.Client{Jar: must[*cookiejar.Jar](t)(cookiejar.New(nil))}
	must[*http.Response](t)(officer.PostForm(base+"/session?lang=en", url.Values{"persona": {"operator-ueda"}})).Body.Close()
	get := func(path string) (string, error) {
		t.Helper()
		r, err := officer.Get(base + path)
		if err != nil {
			return "", err
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if r.StatusCode != http.StatusOK {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
		return string(body), err
	}
	page := must[string](t)(get("/impact?lang=en"))
	words := tag.ReplaceAllString(page, " ")
	for _, want := range []string{"Certificates 3 ", "Wrong answers 6 ", "Notices sent 3 ", "Notices acknowledged 0 "} {
		if !strings.Contains(regexp.MustCompile(` +`).ReplaceAllString(words, " "), want) {
			t.Errorf("the page does not say %q:\n%s", want, words)
		}
	}
	more := regexp.MustCompile(`/validation(/impact\?[^"]*before=[^"]*)"`).FindStringSubmatch(page)
	if more == nil || strings.Contains(page, numbers[0]) || !strings.Contains(page, numbers[1]) || !strings.Contains(page, numbers[2]) {
		t.Fatalf("the first page, which leads to %v:\n%s", more, words)
	}
	older := must[string](t)(get(strings.ReplaceAll(more[1], "&amp;", "&")))
	if !strings.Contains(older, numbers[0]) || strings.Contains(older, numbers[1]) || strings.Contains(older, "Those learnt of before") {
		t.Errorf("the second page:\n%s", tag.ReplaceAllString(older, " "))
	}
	taken := func() (n int) {
		t.Helper()
		if err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			records, err := auditlog.List(ctx, tx, auditlog.Filter{Subject: "impact.csv"})
			n = len(records)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if table := must[string](t)(get("/impact.csv")); strings.Count(table, "\n") != 7 || taken() != 1 {
		t.Errorf("%d took\n%s", taken(), table)
	}
	c.exec("ALTER TABLE impact_answer RENAME TO impact_answer_gone")
	if table, err := get("/impact.csv"); err == nil || taken() < 2 { // a client may ask again by itself
		t.Error(fmt.Sprintf("half a table looks whole: %q, taken %d times", table, taken()))
	}
}
