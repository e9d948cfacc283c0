package webui_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

const base = "/municipality-202029"

type entries struct{ *webui.Form }

// desk is an organisation with one page, and what its handlers saw.
type desk struct {
	url  string
	log  bytes.Buffer
	form *webui.Form
}

func open(t *testing.T) *desk {
	t.Helper()
	d := &desk{}
	now := clock.NewVirtual(time.Date(2026, 11, 24, 7, 50, 3, 0, time.UTC))
	sessions, err := access.NewSessions(access.SessionConfig{Org: base[1:], Base: base, Key: bytes.Repeat([]byte{7}, 32), Clock: now, Personas: access.Personas()})
	if err != nil {
		t.Fatal(err)
	}
	u, err := webui.New(webui.Config{
		Base: base, Org: plain.Sentence{JA: "松本市", EN: "Matsumoto City"}, Role: message.Municipality, TestCountry: true,
		Clock: now, Sessions: sessions, Visit: "/visit", Characters: true, MaxBody: 1 << 20, Log: slog.New(slog.NewTextHandler(&d.log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	page := webui.Must(u.Page(fstest.MapFS{"html/x.html": {Data: []byte(`{{define "title"}}{{t "登録" "Register"}}{{end}}
{{define "main"}}<form id="form" method="post" action="{{url "/x"}}">{{template "text" (field .Form "name" (t "氏" "Name"))}}</form>{{end}}`)}}, "x"))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /x", func(w http.ResponseWriter, r *http.Request) { u.Render(w, r, page, 200, entries{webui.NewForm(nil)}) })
	mux.HandleFunc("POST /x", func(w http.ResponseWriter, r *http.Request) {
		f, ok := u.ReadForm(w, r)
		if !ok {
			return
		}
		d.form = f
		u.Render(w, r, page, 200, entries{f})
	})
	mux.HandleFunc("GET /secret", func(w http.ResponseWriter, r *http.Request) { u.Fail(w, r, errors.New("disk /var/lib is full")) })
	for field, path := range map[string]string{"purpose": "/no-purpose", "case": "/no-case", "name": "/no-name"} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) { u.Fail(w, r, plain.Bad(field, "だめです", "no")) })
	}
	mux.Handle("GET /audit", u.Only(access.ViewAudit, func(w http.ResponseWriter, r *http.Request) { u.Render(w, r, page, 200, entries{}) }))
	root := http.NewServeMux()
	root.Handle(base+"/", u.Serve(mux))
	s := httptest.NewServer(root)
	t.Cleanup(s.Close)
	d.url = s.URL + base
	return d
}

// TestWhoHasNoGroundIsLedToAVisit: a refusal for want of a ground leads to where it is said, and back; one for anything else does not.
func TestWhoHasNoGroundIsLedToAVisit(t *testing.T) {
	d := open(t)
	for _, c := range []struct{ method, path, link string }{
		{"GET", "/no-purpose", `href="` + base + `/visit?next=` + strings.ReplaceAll(base, "/", "%2f") + `%2fno-purpose"`}, {"POST", "/no-case", `href="` + base + `/visit"`}, {"GET", "/no-name", ""},
	} {
		r, err := http.NewRequest(c.method, d.url+c.path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		resp, page := ask(t, r)
		page = strings.ReplaceAll(page, "%2F", "%2f")
		if resp.StatusCode != http.StatusUnprocessableEntity || c.link == "" && strings.Contains(page, "/visit") || !strings.Contains(page, c.link) {
			t.Errorf("%s %s: %d %s", c.method, c.path, resp.StatusCode, page)
		}
	}
}

func ask(t *testing.T, r *http.Request) (*http.Response, string) {
	t.Helper()
	resp, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

func request(t *testing.T, method, address string, body io.Reader) *http.Request {
	t.Helper()
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		t.Fatal(err)
	}
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	return r
}

func TestEveryAnswerRunsOnlyOurCode(t *testing.T) {
	d := open(t)
	resp, body := ask(t, request(t, "GET", d.url+"/x", nil))
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
		"X-Content-Type-Options":  "nosniff", "Cache-Control": "no-store", "Referrer-Policy": "same-origin",
	} {
		if got := resp.Header.Get(header); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
	if m := regexp.MustCompile(`(?i)<style|\sstyle=|<script(?:>|[^>]*[^r]>[^<])|\son[a-z]+=|javascript:`).FindString(body); m != "" {
		t.Errorf("the page contains %q, which the policy forbids", m)
	}
	asset := regexp.MustCompile(`href="(` + base + `/assets/tokens\.[0-9a-f]{12}\.css)"`).FindStringSubmatch(body)
	if asset == nil {
		t.Fatal("the page has no tokens.css")
	}
	resp, _ = ask(t, request(t, "GET", strings.TrimSuffix(d.url, base)+asset[1], nil))
	if resp.StatusCode != 200 || !strings.Contains(resp.Header.Get("Cache-Control"), "immutable") {
		t.Errorf("tokens.css: %d, %q", resp.StatusCode, resp.Header.Get("Cache-Control"))
	}
}

func TestLanguageIsRememberedInThisOrganisationOnly(t *testing.T) {
	d := open(t)
	resp, body := ask(t, request(t, "GET", d.url+"/x?lang=en", nil))
	if !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, "Register") {
		t.Error("?lang=en does not give English")
	}
	cookies := resp.Cookies()
	if len(cookies) != 1 || cookies[0].Path != base || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode {
		t.Fatalf("cookies: %v", cookies)
	}
	r := request(t, "GET", d.url+"/x", nil)
	r.AddCookie(cookies[0])
	r.Header.Set("Accept-Language", "ja")
	if _, body = ask(t, r); !strings.Contains(body, `<html lang="en">`) {
		t.Error("the choice was forgotten")
	}
	r = request(t, "GET", d.url+"/x", nil)
	r.Header.Set("Accept-Language", "en")
	if _, body = ask(t, r); !strings.Contains(body, `<html lang="ja">`) {
		t.Error("Japanese does not come first")
	}
}

func TestPostFromElsewhereIsRefused(t *testing.T) {
	d := open(t)
	r := request(t, "POST", d.url+"/x", strings.NewReader("name=a"))
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	resp, body := ask(t, r)
	if resp.StatusCode != http.StatusForbidden || !strings.Contains(body, "別のサイトから") || d.form != nil {
		t.Errorf("%d, handler reached: %v", resp.StatusCode, d.form != nil)
	}
	resp, _ = ask(t, request(t, "POST", d.url+"/x", strings.NewReader("name=a")))
	if resp.StatusCode != 200 || d.form == nil || d.form.Value("name") != "a" {
		t.Errorf("our own form: %d", resp.StatusCode)
	}
}

// endless is a body that never ends.
type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = 'x'
	}
	return len(p), nil
}

func TestTooLargeIsRefusedEarlyWithASentence(t *testing.T) {
	d := open(t)
	for name, announced := range map[string]int64{"announced": 64 << 20, "unannounced": -1} {
		body := io.MultiReader(strings.NewReader("name="), io.LimitReader(endless{}, 64<<20-5))
		r := request(t, "POST", d.url+"/x", body)
		r.ContentLength = announced
		resp, got := ask(t, r)
		if resp.StatusCode != http.StatusRequestEntityTooLarge || !strings.Contains(got, "1 MiB まで") {
			t.Errorf("%s: %d %.300s", name, resp.StatusCode, got)
		}
	}
	if d.form != nil {
		t.Error("a handler saw part of it")
	}
}

func TestEntriesThatAreNoTextAreNamed(t *testing.T) {
	d := open(t)
	_, body := ask(t, request(t, "POST", d.url+"/x", strings.NewReader(url.Values{"name": {"a\x00\xff"}}.Encode())))
	if d.form.OK() || d.form.Value("name") != "" || !strings.Contains(body, `href="#f-name"`) || !strings.Contains(body, `aria-invalid="true"`) {
		t.Errorf("OK %v, problems %v", d.form.OK(), d.form.Problems())
	}
	_, body = ask(t, request(t, "POST", d.url+"/x", strings.NewReader(url.Values{"name": {"松本\u202e花子"}}.Encode())))
	if d.form.OK() || !strings.Contains(body, "3文字目に、表示されない制御文字") || !strings.Contains(body, `aria-invalid="true"`) {
		t.Errorf("a name whose direction turns: OK %v, problems %v", d.form.OK(), d.form.Problems())
	}
	ask(t, request(t, "POST", d.url+"/x", strings.NewReader(url.Values{"name": {strings.Repeat("長", 4001)}}.Encode())))
	if d.form.OK() || len([]rune(d.form.Value("name"))) != 4001 {
		t.Error("an entry of 4,001 characters is accepted, or lost")
	}
	ask(t, request(t, "POST", d.url+"/x", strings.NewReader(url.Values{"name": {"　葛󠄂 城 "}}.Encode())))
	if got := d.form.Value("name"); got != "葛󠄂 城" {
		t.Errorf("the name became %q", got)
	}
}

// TestCodesOfCharactersAreShownBeforeTheyAreActedOn: the form has the characters, the page says so, and the handler may not act; what was
// typed is kept for a page that only passes it on. Where the organisation does not say so, nothing is read.
func TestCodesOfCharactersAreShownBeforeTheyAreActedOn(t *testing.T) {
	d := open(t)
	send := func(name string) string {
		_, body := ask(t, request(t, "POST", d.url+"/x", strings.NewReader(url.Values{"name": {name}}.Encode())))
		return body
	}
	body := send("&J+B9D5;城")
	if d.form.OK() || len(d.form.Problems()) != 0 || d.form.Value("name") != "葛\U000E0103城" || d.form.Typed()["name"] != "&J+B9D5;城" {
		t.Errorf("OK %v, %v, %q, %q", d.form.OK(), d.form.Problems(), d.form.Value("name"), d.form.Typed()["name"])
	}
	if !strings.Contains(body, `id="replaced"`) || !strings.Contains(body, "value=\"葛\U000E0103城\"") {
		t.Error("the page does not show what became of the code")
	}
	if body = send("葛\U000E0103城"); !d.form.OK() || strings.Contains(body, `id="replaced"`) || d.form.Typed()["name"] != "葛\U000E0103城" {
		t.Error("a form without codes is not acted on")
	}
	if body = send("&J+0000;城"); d.form.OK() || d.form.Value("name") != "&J+0000;城" || !strings.Contains(body, `aria-invalid="true"`) {
		t.Errorf("an unknown code: OK %v, %q", d.form.OK(), d.form.Value("name"))
	}
}

func TestLanguageSwitchOfAPostIsNotActedOn(t *testing.T) {
	d := open(t)
	_, body := ask(t, request(t, "POST", d.url+"/x", strings.NewReader("name=a&_lang=en")))
	if d.form.OK() {
		t.Error("a form that only changes its language may be acted on")
	}
	if !strings.Contains(body, `<html lang="en">`) || !strings.Contains(body, `value="a"`) {
		t.Error("the form came back in the wrong language, or without its entry")
	}
}

func TestOurOwnFaultIsLoggedAndNotShown(t *testing.T) {
	d := open(t)
	resp, body := ask(t, request(t, "GET", d.url+"/secret", nil))
	if resp.StatusCode != 500 || strings.Contains(body, "/var/lib") || !strings.Contains(d.log.String(), "/var/lib") {
		t.Errorf("%d; shown: %v; logged: %q", resp.StatusCode, strings.Contains(body, "/var/lib"), d.log.String())
	}
}

func TestNobodyIsAskedWhoTheyAreAndComesBack(t *testing.T) {
	d := open(t)
	resp, _ := ask(t, request(t, "GET", d.url+"/audit?page=2", nil))
	if got, want := resp.Header.Get("Location"), base+"/session?next="+url.QueryEscape(base+"/audit?page=2"); resp.StatusCode != 303 || got != want {
		t.Fatalf("%d to %q, want %q", resp.StatusCode, got, want)
	}
	choose := func(persona string) *http.Cookie {
		resp, _ := ask(t, request(t, "POST", d.url+"/session", strings.NewReader(url.Values{"persona": {persona}, "next": {base + "/audit?page=2"}}.Encode())))
		if got := resp.Header.Get("Location"); got != base+"/audit?page=2" {
			t.Fatalf("choosing %s leads to %q", persona, got)
		}
		return resp.Cookies()[0]
	}
	for persona, want := range map[string]int{"auditor-onishi": 200, "clerk-aoki": 403} {
		r := request(t, "GET", d.url+"/audit", nil)
		r.AddCookie(choose(persona))
		if resp, _ := ask(t, r); resp.StatusCode != want {
			t.Errorf("%s: %d, want %d", persona, resp.StatusCode, want)
		}
	}
}

func TestPageWithoutItsEnglishFailsAtStart(t *testing.T) {
	u, err := webui.New(webui.Config{Org: plain.Sentence{JA: "甲", EN: "A"}, Role: webui.Portal, Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	for name, main := range map[string]string{
		"no English":        `{{t "氏"}}`,
		"empty English":     `{{if true}}{{range .}}{{t "氏" " "}}{{end}}{{end}}`,
		"not literal":       `{{with t .A "x"}}{{.}}{{end}}`,
		"in an argument":    `{{template "text" (field .Form "a" (t "" "A"))}}`,
		"unknown function":  `{{nothing}}`,
		"unknown component": `{{template "nothing"}}`,
	} {
		_, err := u.Page(fstest.MapFS{"html/x.html": {Data: []byte(`{{define "title"}}x{{end}}{{define "main"}}` + main + `{{end}}`)}}, "x")
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := u.Page(fstest.MapFS{"html/x.html": {Data: []byte(`{{define "main"}}{{end}}`)}}, "x"); err == nil {
		t.Error("a page without a title is accepted")
	}
}
