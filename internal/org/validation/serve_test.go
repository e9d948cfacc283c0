package validation_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
)

// send sends a request as it is given.
func (c *country) raw(method, path string, body io.Reader, headers ...string) *http.Response {
	c.t.Helper()
	r := must[*http.Request](c.t)(http.NewRequest(method, c.server.URL+path, body))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(func() { answer.Body.Close() })
	return answer
}

func outcomeOf(t *testing.T, r *http.Response) string {
	t.Helper()
	a, err := ocspwire.ParseResponse(must[[]byte](t)(io.ReadAll(r.Body)))
	if err != nil {
		return err.Error()
	}
	return a.Singles[0].Status.String()
}

// TestOnlyQuestions: what does not come as a question comes is refused by HTTP, with a sentence in both languages; what does, and is
// none, is answered in the protocol.
func TestOnlyQuestions(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"))
	c.run(time.Second)
	q := question(t, c.signature, "4711")
	der := must[[]byte](t)(q.Encode())
	text := base64.StdEncoding.EncodeToString(der)
	const ocsp, kind = "/validation/ocsp", "application/ocsp-request"
	bad := ocspwire.MalformedRequest.Error()
	for _, x := range []struct {
		name, method, path string
		body               []byte
		kinds              []string
		status             int
		says               string
	}{
		{"a question", "POST", ocsp, der, []string{kind}, 200, "valid"},
		{"its type with a parameter", "POST", ocsp, der, []string{"Application/OCSP-request; v=1"}, 200, "valid"},
		{"no type", "POST", ocsp, der, nil, 415, "Content-Type"},
		{"a type of octets", "POST", ocsp, der, []string{"application/octet-stream"}, 415, "Content-Type"},
		{"the type of answers", "POST", ocsp, der, []string{"application/ocsp-response"}, 415, "Content-Type"},
		{"a longer type", "POST", ocsp, der, []string{kind + "s"}, 415, "Content-Type"},
		{"two types", "POST", ocsp, der, []string{kind, kind}, 415, "Content-Type"},
		{"two types in one", "POST", ocsp, der, []string{kind + ", text/plain"}, 415, "Content-Type"},
		{"a type that is none", "POST", ocsp, der, []string{kind + ";;="}, 415, "Content-Type"},
		{"a form", "POST", ocsp, []byte("q=" + url.QueryEscape(text)), []string{"application/x-www-form-urlencoded"}, 415, "Content-Type"},
		{"something behind the address", "POST", ocsp + "/" + text, der, []string{kind}, 404, "No requests are taken at this address"},
		{"a slash behind the address", "POST", ocsp + "/", der, []string{kind}, 404, "No requests are taken at this address"},
		{"two slashes before it", "POST", "/validation//ocsp", der, []string{kind}, 404, ""},
		{"a query", "POST", ocsp + "?a=b", der, []string{kind}, 404, "No requests are taken at this address"},
		{"a query behind a GET", "GET", ocsp + "/" + url.PathEscape(text) + "?a=b", nil, nil, 404, "No requests are taken at this address"},
		{"a question mark behind a GET", "GET", ocsp + "/" + url.PathEscape(text) + "?", nil, nil, 404, "No requests are taken at this address"},
		{"another address", "POST", "/validation/ocspx", der, []string{kind}, 404, ""},
		{"another method", "PUT", ocsp, der, []string{kind}, 405, "GET"},
		{"HEAD", "HEAD", ocsp + "/" + url.PathEscape(text), nil, nil, 405, ""},

		{"nothing", "POST", ocsp, nil, []string{kind}, 200, bad},
		{"a tail", "POST", ocsp, append(bytes.Clone(der), 0), []string{kind}, 200, bad},
		{"base64 in a POST", "POST", ocsp, []byte(text), []string{kind}, 200, bad},
		{"the most octets", "POST", ocsp, make([]byte, ocspwire.MaxRequestOctets), []string{kind}, 200, bad},
		{"one more", "POST", ocsp, make([]byte, ocspwire.MaxRequestOctets+1), []string{kind}, 200, bad},

		{"a GET", "GET", ocsp + "/" + url.PathEscape(text), nil, nil, 200, "valid"},
		{"a GET with slashes as they are", "GET", ocsp + "/" + text, nil, nil, 200, "valid"},
		{"a GET without padding", "GET", ocsp + "/" + strings.TrimRight(text, "="), nil, nil, 200, "valid"},
		{"a GET of nothing", "GET", ocsp, nil, nil, 200, bad},
		{"a GET with half a padding", "GET", ocsp + "/" + base64.StdEncoding.EncodeToString(append(bytes.Clone(der), 0)), nil, nil, 200, bad},
		{"a GET with too much padding", "GET", ocsp + "/" + text + "=", nil, nil, 200, bad},
		{"a GET with a line break", "GET", ocsp + "/" + text[:40] + "%0A" + text[40:], nil, nil, 200, bad},
		{"a GET in the other alphabet", "GET", ocsp + "/" + strings.NewReplacer("M", "-").Replace(text), nil, nil, 200, bad},
		{"a GET escaped twice", "GET", ocsp + "/" + url.PathEscape(url.PathEscape(text+"=")), nil, nil, 200, bad},
	} {
		headers := []string{}
		for _, k := range x.kinds {
			headers = append(headers, "Content-Type", k)
		}
		r := c.raw(x.method, x.path, bytes.NewReader(x.body), headers...)
		if r.StatusCode != x.status {
			t.Errorf("%s: HTTP %s, want %d", x.name, r.Status, x.status)
			continue
		}
		if x.status == http.StatusOK {
			if got := outcomeOf(t, r); got != x.says {
				t.Errorf("%s: %s, want %s", x.name, got, x.says)
			}
			continue
		}
		if body := string(must[[]byte](t)(io.ReadAll(r.Body))); !strings.Contains(body, x.says) {
			t.Errorf("%s: %q does not say %q", x.name, body, x.says)
		}
	}
	compressed := c.raw("POST", ocsp, bytes.NewReader(der), "Content-Type", kind, "Content-Encoding", "gzip")
	if compressed.StatusCode != http.StatusUnsupportedMediaType {
		t.Errorf("compressed: HTTP %s", compressed.Status)
	}
	unknownLength := c.raw("POST", ocsp, io.MultiReader(bytes.NewReader(der)), "Content-Type", kind)
	if got := outcomeOf(t, unknownLength); got != "valid" {
		t.Errorf("in pieces: %s", got)
	}
	endless := c.raw("POST", ocsp, io.MultiReader(bytes.NewReader(make([]byte, 3*ocspwire.MaxRequestOctets))), "Content-Type", kind)
	if got := outcomeOf(t, endless); got != bad {
		t.Errorf("more than is read, in pieces: %s", got)
	}
}

// TestManyAtOnce: as many as are allowed are answered, each as it stands; one more is refused, and the journal says why, once a
// minute.
func TestManyAtOnce(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	var numbers []string
	for i := range ocspwire.MaxCertIDs {
		number := fmt.Sprintf("77%02X", i)
		numbers = append(numbers, number)
		if i%3 != 2 {
			c.send(good(t, c.signature, number))
		}
		if i%3 == 1 {
			c.send(revoked(t, c.signature, number, cert.Superseded, start))
		}
	}
	c.run(time.Second)
	a := must[*ocspwire.Signed](t)(c.ask(question(t, c.signature, numbers...)))
	for i, s := range a.Singles {
		if want := []cert.Status{cert.Valid, cert.Revoked, cert.Unknown}[i%3]; s.Status != want || s.ID.Serial.String() != numbers[i] {
			t.Errorf("%s: %s, want %s", s.ID.Serial, s.Status, want)
		}
	}
	for range 3 {
		if _, err := c.ask(question(t, c.signature, append(numbers, "4711")...)); err != ocspwire.MalformedRequest {
			t.Errorf("one more: %v", err)
		}
	}
	if text := c.journal.String(); strings.Count(text, "each asks for more than 64 certificates at once") != 1 {
		t.Errorf("the journal says\n%s", text)
	}
	body, _ := c.page("/validation/?lang=en")
	if !strings.Contains(body, "Questions that were none and were refused") {
		t.Error("the overview does not tell of them")
	}
	c.clk.Set(c.clk.Now().Add(time.Minute))
	c.run(0)
	c.ask(question(t, c.signature, append(numbers, "4711")...))
	if text := c.journal.String(); !strings.Contains(text, "questions=3") {
		t.Errorf("the journal does not say that three were refused since:\n%s", text)
	}
}

// TestMayBeKept: what may be told again without asking, says for how long: never beyond nextUpdate, and that never beyond what
// the CA's last word allows. Whoever holds it is told that it is the same, and that is in the record too.
func TestMayBeKept(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"), revoked(t, c.signature, "4712", cert.Superseded, start))
	c.run(time.Second)
	word := c.clk.Now()
	get := func(number string, headers ...string) *http.Response {
		q := question(t, c.signature, number)
		return c.raw("GET", "/validation/ocsp/"+url.PathEscape(base64.StdEncoding.EncodeToString(must[[]byte](t)(q.Encode()))), nil, headers...)
	}
	check := func(when, number string) *http.Response {
		t.Helper()
		r := get(number)
		control := r.Header.Get("Cache-Control")
		a := must[*ocspwire.Signed](t)(ocspwire.ParseResponse(must[[]byte](t)(io.ReadAll(r.Body))))
		_, text, _ := strings.Cut(control, "max-age=")
		text, _, _ = strings.Cut(text, ",")
		age := must[int](t)(strconv.Atoi(text))
		next := a.Singles[0].NextUpdate
		if end := c.clk.Now().Add(time.Duration(age) * time.Second); end.After(next.Add(time.Second)) || end.Before(next.Add(-2*time.Second)) {
			t.Errorf("%s: %s may be kept until %s, and is until %s", when, number, end, next)
		}
		if number == "4711" && next.After(word.Add(26*time.Hour)) {
			t.Errorf("%s: it is until %s, and the CA's last word was at %s", when, next, word)
		}
		if !strings.Contains(control, "private") || !strings.Contains(control, "must-revalidate") || r.Header.Get("Expires") != next.UTC().Format(http.TimeFormat) ||
			r.Header.Get("Last-Modified") != a.Singles[0].ThisUpdate.UTC().Format(http.TimeFormat) || len(r.Header.Get("ETag")) < 10 {
			t.Errorf("%s: %v", when, r.Header)
		}
		return r
	}
	r := check("at first", "4711")
	check("at first", "4712")
	same := get("4711", "If-None-Match", r.Header.Get("ETag"))
	if same.StatusCode != http.StatusNotModified || must[[]byte](t)(io.ReadAll(same.Body)) == nil {
		t.Errorf("for whoever holds it: HTTP %s", same.Status)
	}
	c.send(revoked(t, c.signature, "4711", cert.KeyCompromise, c.clk.Now()))
	c.run(0)
	if changed := get("4711", "If-None-Match", r.Header.Get("ETag")); changed.StatusCode != http.StatusOK || !strings.HasPrefix(outcomeOf(t, changed), "revoked") {
		t.Errorf("for whoever holds the one before: HTTP %s", changed.Status)
	}
	c.send(good(t, c.signature, "4711"), good(t, c.signature, "4715"))
	c.run(time.Second)
	word = c.clk.Now()
	c.net.Join(ca, nil)
	for _, left := range []time.Duration{20 * time.Hour, 9 * time.Minute, 30 * time.Second} {
		c.clk.Set(word.Add(26*time.Hour - left))
		c.run(0)
		check(fmt.Sprint(left, " before the bound"), "4712")
		if r := get("4715"); r.Header.Get("Cache-Control") == "no-store" {
			t.Errorf("%v before the bound: %v", left, r.Header)
		}
	}
	c.clk.Set(word.Add(26*time.Hour + time.Second))
	c.run(0)
	for what, r := range map[string]*http.Response{
		"what cannot be said": get("4715"), "an unknown number": get("4799"),
		"a POST": c.raw("POST", "/validation/ocsp", bytes.NewReader(must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4712").CertIDs}).Encode())), "Content-Type", "application/ocsp-request"),
	} {
		if r.Header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", what, r.Header)
		}
	}
}
