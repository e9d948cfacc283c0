package prefecture_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

func TestProvisionScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			a, b := newPerson(t, 1, "渡邉　花子"), newPerson(t, 2, "渡辺　花子")
			want(t, c.tell(matsumoto, a.change(resident.MoveIn), b.change(resident.MoveIn)), "applied", "applied")
			today := resident.DateOf(c.clk.Now())
			n := c.approved(passports(today))
			for range 12 {
				if _, err := c.nagano.Provision.Provide(t.Context(), clerk, provision.Request{Use: n, Case: "旅券-1", Question: inquiry.Question{Code: a.Code}}); err != nil {
					t.Fatal(err)
				}
			}
			later := passports(today.AddDays(30))
			later.Name = "電子旅券の発給"
			if _, err := c.nagano.Provision.Propose(t.Context(), egawa, later); err != nil {
				t.Fatal(err)
			}
			server := httptest.NewServer(c.nagano.Handler())
			t.Cleanup(server.Close)
			tab := webuitest.Browser(t)
			base := server.URL + "/prefecture-20"
			if status := tab.Open(base + "/provision/published?lang=" + lang); status != http.StatusOK {
				t.Errorf("what is published is answered to the public with %d", status)
			}
			seen(t, tab, "provision-published-"+lang)
			tab.Open(base + "/session?lang=" + lang + "&next=/prefecture-20/provide")
			tab.Follow(`button[value="clerk-aoki"]`)
			tab.Fill("#f-use", "1")
			tab.Fill("#f-case", "旅券-17")
			tab.Fill("#f-name", "渡邉　花子")
			tab.Fill("#f-birth", "昭和55年5月1日")
			if status := tab.Follow(`#form .button`); status != http.StatusOK {
				t.Errorf("a good request: %d", status)
			}
			seen(t, tab, "provide-"+lang)
			tab.Open(base + "/provision")
			seen(t, tab, "provision-"+lang)
			tab.Open(base + "/session?lang=" + lang + "&next=/prefecture-20/uses")
			tab.Follow(`button[value="operator-ueda"]`)
			if status := tab.Follow(`#form .button`); status != http.StatusUnprocessableEntity {
				t.Errorf("a use that is not filled in: %d", status)
			}
			seen(t, tab, "uses-wrong-"+lang)
			tab.Open(base + "/uses/2")
			seen(t, tab, "use-"+lang)
			if status := tab.Follow(`form[action$="/approve"] .button`); status != http.StatusOK {
				t.Errorf("an approval: %d", status)
			}
		})
	}
}

// TestAFileIsAnsweredWithAFile: over the form, as a clerk sends it; and the counts as a file.
func TestAFileIsAnsweredWithAFile(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	want(t, c.tell(matsumoto, a.change(resident.MoveIn)), "applied")
	c.approved(passports(resident.DateOf(c.clk.Now())))
	server := httptest.NewServer(c.nagano.Handler())
	t.Cleanup(server.Close)
	tab := webuitest.Browser(t)
	base := server.URL + "/prefecture-20"
	tab.Open(base + "/session?next=/prefecture-20/provide")
	tab.Follow(`button[value="clerk-aoki"]`)
	for lang, says := range map[string]string{"ja": "ファイルを選んでください。", "en": "Choose a file."} {
		tab.Open(base + "/provide?lang=" + lang)
		tab.Fill("#f-file-use", "1")
		if status := tab.Follow(`form[action$="/provide/file"] .button`); status != http.StatusUnprocessableEntity || !strings.Contains(tab.Text("#errors"), says) {
			t.Errorf("without a file: %d, %q", status, tab.Text("#errors"))
		}
	}
	tab.Open(base + "/provide?lang=ja")
	file := filepath.Join(t.TempDir(), "wrong.csv")
	if err := os.WriteFile(file, []byte("a,b\n1,2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Fill("#f-file-use", "1")
	tab.Upload("#f-file", file)
	if status := tab.Follow(`form[action$="/provide/file"] .button`); status != http.StatusUnprocessableEntity || !strings.Contains(tab.Text("#errors"), "見出し") {
		t.Errorf("a file without its heading: %d", status)
	}
	if err := os.WriteFile(file, []byte(strings.Join(provision.BulkColumns, ",")+"\n17,"+a.Code.Reveal()+",,,,\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Fill("#f-file-use", "1")
	tab.Upload("#f-file", file)
	if got := string(tab.Save(`form[action$="/provide/file"] .button`)); !strings.Contains(got, "2,17,提供,,住民,松本　花子,1980-05-01,長野県松本市丸の内3番7号") || !strings.Contains(got, "計,,提供 1") {
		t.Errorf("the file says %q", got)
	}
	tab.Open(base + "/provision")
	if got := string(tab.Save(`a[href*="provision.csv"]`)); !strings.Contains(got, "一般旅券の発給,旅券センター") || !strings.Contains(got, "長野県,202029,長野県松本市,1") {
		t.Errorf("the counts say %q", got)
	}
}

// TestProvisionIsGuarded: each page and act is for whom it is for, and for nobody else. What is published is for everybody.
func TestProvisionIsGuarded(t *testing.T) {
	c := newCountry(t, "memory:")
	n := c.approved(passports(resident.DateOf(c.clk.Now())))
	if n != 1 {
		t.Fatal(n)
	}
	for _, r := range []*http.Request{
		httptest.NewRequest(http.MethodGet, "http://127.0.0.1/prefecture-20/search", nil), httptest.NewRequest(http.MethodPost, "http://127.0.0.1/prefecture-20/search", nil),
		httptest.NewRequest(http.MethodGet, "http://127.0.0.1/prefecture-20/uses", nil), httptest.NewRequest(http.MethodPost, "http://127.0.0.1/prefecture-20/uses", nil),
		httptest.NewRequest(http.MethodGet, "http://127.0.0.1/prefecture-20/uses/1", nil), httptest.NewRequest(http.MethodPost, "http://127.0.0.1/prefecture-20/uses/1/end", nil),
		httptest.NewRequest(http.MethodGet, "http://127.0.0.1/prefecture-20/provide", nil), httptest.NewRequest(http.MethodPost, "http://127.0.0.1/prefecture-20/provide", nil),
		httptest.NewRequest(http.MethodPost, "http://127.0.0.1/prefecture-20/provide/file", nil), httptest.NewRequest(http.MethodGet, "http://127.0.0.1/prefecture-20/provision", nil),
		httptest.NewRequest(http.MethodGet, "http://127.0.0.1/prefecture-20/provision/provision.csv", nil),
	} {
		w := httptest.NewRecorder()
		c.nagano.Handler().ServeHTTP(w, r.WithContext(context.Background()))
		if w.Code != http.StatusSeeOther && w.Code != http.StatusForbidden {
			t.Errorf("%s %s answers the public with %d", r.Method, r.URL.Path, w.Code)
		}
	}
}
