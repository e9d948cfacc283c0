package ca_test

import (
	"encoding/csv"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// spread issues in two prefectures: the CA of the tests has counters in one alone, so that the rows are moved.
func (c *country) spread(t *testing.T) {
	t.Helper()
	c.issue("r1", cert.Signature, person(t, 1, 1))
	c.issue("r2", cert.Authentication, person(t, 1, 1))
	gone := c.issue("r3", cert.Signature, person(t, 2, 1))
	c.exec(t, `UPDATE certificate SET municipality = '131211' WHERE request = 'r2'`)
	c.exec(t, `UPDATE certificate SET municipality = '202053' WHERE request = 'r1'`)
	c.send(center, revocation(gone, 2))
	c.run(10 * time.Second)
}

func TestIssuanceScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:", nagano, tokyo, "prefecture-47")
			c.spread(t)
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			base := c.serve(t)
			tab.Open(base + "/issuance?lang=" + lang)
			look("issuance")
			tab.Fill("#f-as-of", "2027-01-01")
			if status := tab.Follow("#form .button"); status != http.StatusUnprocessableEntity {
				t.Errorf("a day that is to come: %d", status)
			}
			look("issuance-wrong")
		})
	}
}

// TestIssuanceCSV: the file has the figures of the page, and names that Excel reads.
func TestIssuanceCSV(t *testing.T) {
	c := newCountry(t, "memory:")
	c.spread(t)
	base := c.serve(t)
	get := func(path string) (int, string) {
		r, err := http.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}
	status, body := get("/issuance.csv?as-of=2026-04-01")
	text, marked := strings.CutPrefix(body, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	want := [][]string{{"2026-04-01", "東京都", "131211", "足立区", "1", "0", "1", "1", "0"}, {"2026-04-01", "長野県", "202029", "松本市", "1", "1", "0", "0", "1"},
		{"2026-04-01", "長野県", "202053", "飯田市", "1", "1", "0", "1", "0"}}
	if status != http.StatusOK || !marked || err != nil || len(rows) != 4 || !reflect.DeepEqual(rows[1:], want) {
		t.Errorf("%d, %v: %q", status, err, body)
	}
	if _, body := get("/issuance?as-of=R8.4.1"); !strings.Contains(body, `data-level="1"`) || !strings.Contains(body, "<title>長野県 2枚</title>") || !strings.Contains(body, "<title>沖縄県 数なし</title>") {
		t.Errorf("the page has no map: %s", body)
	}
	for q, says := range map[string]string{"/issuance.csv?as-of=2027-01-01": "これから来る日です。今日までの日を入力してください", "/issuance.csv?as-of=xyz": ""} {
		if status, body := get(q); status != http.StatusUnprocessableEntity || !strings.Contains(body, says) {
			t.Errorf("%s: %d, want %q", q, status, says)
		}
	}
}
