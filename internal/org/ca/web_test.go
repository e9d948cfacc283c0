package ca_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/hsm/hsmtest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

func TestMain(m *testing.M) { asChild(); webuitest.Main(m, hsmtest.Clean) }

// counted is a source of octets that are the same in each run, so that serials in pictures are.
type counted struct {
	mu sync.Mutex
	n  uint64
}

func (c *counted) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := 0; i < len(p); {
		c.n++
		sum := sha256.Sum256(binary.BigEndian.AppendUint64(nil, c.n))
		i += copy(p[i:], sum[:])
	}
	return len(p), nil
}

func (c *country) serve(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(c.Handler())
	t.Cleanup(server.Close)
	return server.URL + "/" + string(self)
}

// signedIn is a browser in which somebody has chosen who they are.
func (c *country) signedIn(base, who string) *http.Client {
	c.t.Helper()
	officer := &http.Client{Jar: must[*cookiejar.Jar](c.t)(cookiejar.New(nil))}
	c.read(officer.PostForm(base+"/session", url.Values{"persona": {who}}))
	return officer
}

func (c *country) read(r *http.Response, err error) (status int, page string) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	return r.StatusCode, string(must[[]byte](c.t)(io.ReadAll(r.Body)))
}

// TestScreens looks at the pages in both languages and widths, with a certificate of each state.
func TestScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			base := c.serve(t)
			c.Rand = new(counted)
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			tab.Open(base + "/?lang=" + lang)
			look("empty")
			revoked := c.issue("松本-1", cert.Signature, person(t, 1, 1))
			c.issue("松本-2", cert.Authentication, person(t, 1, 1))
			c.send(center, revocation(revoked, 2))
			c.run(10 * time.Second)
			d := &device{Signer: c.Key(cert.Signature), fail: "failed"}
			c.SetKey(cert.Signature, d)
			c.send(matsumoto, request(t, "松本-3", cert.Signature, person(t, 2, 1)))
			c.run(10 * time.Second)
			tab.Open(base + "/")
			look("overview")
			tab.Open(base + "/lists")
			look("lists")
			tab.Open(base + "/session?next=/ca/certificates")
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatalf("an operator opens the certificates: %d", status)
			}
			tab.Fill("#f-serial", "xyz")
			if status := tab.Follow("#find .button"); status != http.StatusUnprocessableEntity {
				t.Errorf("a serial that is none: %d", status)
			}
			look("wrong")
			tab.Fill("#f-serial", "serial="+revoked.Serial.String())
			if status := tab.Follow("#find .button"); status != http.StatusOK {
				t.Errorf("a serial as openssl prints it: %d", status)
			}
			look("certificate")
			var looks []auditlog.Record
			err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				looks, err = auditlog.List(ctx, tx, auditlog.Filter{Act: auditlog.ActLook})
				return err
			})
			if err != nil || len(looks) != 1 || looks[0].Actor != "operator-ueda" || looks[0].Subject != revoked.Serial.String() {
				t.Errorf("the audit log has %v, %v", looks, err)
			}

			c.issue("松本-4", cert.Authentication, person(t, 4, 1))
			tab.Open(base + "/revocations")
			look("revocations")
			if status := tab.Follow("#form .button"); status != http.StatusUnprocessableEntity {
				t.Errorf("a proposal that says nothing: %d", status)
			}
			look("revocations-wrong")
			tab.Press(`label:has(input[value="ca-exposed"])`)
			tab.Fill("#f-why", "鍵の入った装置が盗まれた")
			tab.Fill("#f-from", "2026-04-01")
			tab.Fill("#f-since", "2026-03-20")
			if status := tab.Follow("#form .button"); status != http.StatusOK {
				t.Errorf("a proposal: %d", status)
			}
			c.run(time.Second)
			tab.Open(base + "/revocations/1")
			look("revocation-proposed") // the first officer cannot confirm it
			tab.Open(base + "/session?next=/ca/revocations/1")
			if status := tab.Follow(`button[value="operator-egawa"]`); status != http.StatusOK {
				t.Fatalf("the second officer comes: %d", status)
			}
			if status := tab.Follow("#form .button"); status != http.StatusUnprocessableEntity {
				t.Errorf("without having looked: %d", status)
			}
			look("revocation-frozen")
			tab.Press(`label:has(#f-seen)`)
			if status := tab.Follow("#form .button"); status != http.StatusOK {
				t.Errorf("confirmed: %d", status)
			}
			c.run(10 * time.Second)
			tab.Open(base + "/revocations/1")
			look("revocation-done")
		})
	}
}

// TestWhoMayLook: a certificate is shown to those whose work it is, and to nobody else.
func TestWhoMayLook(t *testing.T) {
	c := newCountry(t, "memory:")
	n := c.issue("r1", cert.Signature, person(t, 1, 1))
	base := c.serve(t)
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for path, want := range map[string]int{
		"/": http.StatusOK, "/lists": http.StatusOK, "/certificates": http.StatusSeeOther,
		"/certificates/" + n.Serial.String(): http.StatusSeeOther, "/revocations": http.StatusSeeOther, "/revocations/1/serials.txt": http.StatusSeeOther, "/messages": http.StatusSeeOther, "/nothing": http.StatusNotFound,
	} {
		r, err := client.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, r.Body)
		r.Body.Close()
		if r.StatusCode != want {
			t.Errorf("%s for nobody in particular: %d, want %d", path, r.StatusCode, want)
		}
	}
}

// TestASerialThatWasNotIssued: one digit typed wrong, in the search or in the address, shows nothing of anybody.
func TestASerialThatWasNotIssued(t *testing.T) {
	c := newCountry(t, "memory:")
	c.issue("r1", cert.Signature, person(t, 1, 1))
	base := c.serve(t)
	officer := c.signedIn(base, first)
	// The search stays where it is, with what was typed and the sentence beside it.
	if _, page := c.read(officer.Get(base + "/certificates?serial=4711")); !strings.Contains(page, `value="4711"`) || !strings.Contains(page, `id="f-serial-error"`) {
		t.Errorf("the search does not stay:\n%s", page)
	}
	// In this order: a language once chosen stays with the browser.
	for _, asked := range []struct{ path, says string }{
		{"/certificates?serial=4711", "この発行番号の電子証明書は、発行していません。番号を確かめてください。"},
		{"/certificates/4711", "この発行番号の電子証明書は、発行していません。番号を確かめてください。"},
		{"/certificates/4711?lang=en", "No certificate with this serial was issued: check the number."},
	} {
		if status, page := c.read(officer.Get(base + asked.path)); status != http.StatusUnprocessableEntity || !strings.Contains(page, asked.says) {
			t.Errorf("%s answers %d, without %q:\n%s", asked.path, status, asked.says, page)
		}
	}
}

func TestIssuanceReport(t *testing.T) {
	c := newCountry(t, "memory:")
	c.issue("r1", cert.Signature, person(t, 1, 1))
	c.issue("r2", cert.Authentication, person(t, 1, 1))
	c.clk.Set(time.Date(2026, 4, 1, 23, 59, 59, 0, cert.JST))
	last := c.issue("r3", cert.Signature, person(t, 2, 1)) // issued in that second
	c.clk.Set(time.Date(2026, 4, 2, 12, 0, 0, 0, cert.JST))
	c.issue("r4", cert.Signature, person(t, 3, 1))
	c.send(center, revocation(last, 2))
	c.run(time.Second)
	for day, want := range map[int][4]int64{1: {2, 1, 0, 3}, 2: {3, 1, 1, 4}} {
		rows, total, err := c.Issuance(t.Context(), resident.MustDate(2026, 4, day))
		if err != nil || len(rows) != 1 || rows[0].Municipality.String() != "202029" {
			t.Fatalf("%d rows, %v", len(rows), err)
		}
		if got := [4]int64{total.Signature, total.Authentication, total.Revoked, total.Issued()}; got != want || rows[0].Issued() != want[3] {
			t.Errorf("as of the %d.: %v, want %v", day, got, want)
		}
	}
	rows, total, err := c.Issuance(t.Context(), resident.MustDate(2026, 3, 31))
	if err != nil || len(rows) != 0 || total.Issued() != 0 {
		t.Errorf("the day before: %v, %v", rows, err)
	}
}
