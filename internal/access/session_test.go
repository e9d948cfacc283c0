package access_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
)

var start = time.Date(2026, 11, 24, 7, 50, 0, 0, time.UTC)

func sessions(t *testing.T, org string, key byte, c clock.Clock) *access.Sessions {
	t.Helper()
	s, err := access.NewSessions(access.SessionConfig{Org: org, Base: "/" + org, Key: bytes.Repeat([]byte{key}, 32), Clock: c, Personas: access.Personas()})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func choose(t *testing.T, s *access.Sessions, persona, next string) (*http.Cookie, string, error) {
	t.Helper()
	r := httptest.NewRequest("POST", "http://127.0.0.1/session", strings.NewReader(url.Values{"persona": {persona}, "next": {next}}.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	w := httptest.NewRecorder()
	to, err := s.Choose(w, r)
	if cookies := w.Result().Cookies(); len(cookies) == 1 {
		return cookies[0], to, err
	}
	return nil, to, err
}

func who(s *access.Sessions, host string, c *http.Cookie) (int, access.Person) {
	r := httptest.NewRequest("GET", "http://"+host+"/", nil)
	if c != nil {
		r.AddCookie(c)
	}
	var got access.Person
	w := httptest.NewRecorder()
	s.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = access.From(r.Context()) })).ServeHTTP(w, r)
	return w.Code, got
}

func TestChoiceLastsAWorkingDay(t *testing.T) {
	c := clock.NewVirtual(start)
	s := sessions(t, "municipality-202029", 1, c)
	cookie, _, err := choose(t, s, "clerk-aoki", "")
	if err != nil || cookie.Path != "/municipality-202029" || !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode {
		t.Fatalf("%v %+v", err, cookie)
	}
	c.Set(start.Add(access.Life - time.Second))
	if _, p := who(s, "127.0.0.1:8600", cookie); p.ID != "clerk-aoki" || p.Job != access.Clerk {
		t.Errorf("just before the end: %+v", p)
	}
	c.Set(start.Add(access.Life))
	if _, p := who(s, "127.0.0.1:8600", cookie); p.ID != "" {
		t.Errorf("after the end: %+v", p)
	}
	if cookie, _, err := choose(t, s, "", ""); err != nil || cookie.MaxAge >= 0 {
		t.Errorf("leaving: %+v %v", cookie, err)
	}
	if cookie, _, err := choose(t, s, "clerk-nobody", ""); err == nil || cookie != nil || !strings.Contains(err.Error(), "その担当者は、ここでは選べません") {
		t.Errorf("a persona that is not there: %+v %v", cookie, err)
	}
}

func TestForgedCookiesAreTheNobodys(t *testing.T) {
	c := clock.NewVirtual(start)
	s := sessions(t, "municipality-202029", 1, c)
	cookie, _, err := choose(t, s, "clerk-aoki", "")
	if err != nil {
		t.Fatal(err)
	}
	otherOrg, _, _ := choose(t, sessions(t, "municipality-202053", 1, c), "clerk-aoki", "")
	otherKey, _, _ := choose(t, sessions(t, "municipality-202029", 2, c), "clerk-aoki", "")
	parts := strings.Split(cookie.Value, ".")
	for name, value := range map[string]string{
		"of another organisation with the same key": otherOrg.Value,
		"of another key":  otherKey.Value,
		"another person":  "clerk-inoue." + parts[1] + "." + parts[2],
		"a longer life":   parts[0] + ".9999999999." + parts[2],
		"no signature":    parts[0] + "." + parts[1],
		"empty signature": parts[0] + "." + parts[1] + ".",
		"nothing":         "",
		"dots":            "...",
	} {
		if _, p := who(s, "127.0.0.1", &http.Cookie{Name: cookie.Name, Value: value}); p.ID != "" {
			t.Errorf("%s: %+v", name, p)
		}
	}
	for i := range cookie.Value {
		forged := []byte(cookie.Value)
		forged[i] ^= 1
		if _, p := who(s, "127.0.0.1", &http.Cookie{Name: cookie.Name, Value: string(forged)}); p.ID != "" {
			t.Errorf("with byte %d changed: %+v", i, p)
		}
	}
}

func TestOnlyThisMachinesNamesAreServed(t *testing.T) {
	s := sessions(t, "ca", 1, clock.NewVirtual(start))
	for host, want := range map[string]int{
		"127.0.0.1:8600": 200, "localhost:8600": 200, "[::1]:8600": 200, "127.0.0.2": 200,
		"attacker.example:8600": 421, "localhost.attacker.example": 421, "192.0.2.1": 421, "127.0.0.1.attacker.example": 421,
	} {
		if got, _ := who(s, host, nil); got != want {
			t.Errorf("%s: %d, want %d", host, got, want)
		}
	}
	real, err := access.NewSessions(access.SessionConfig{Org: "ca", Key: make([]byte, 32), Clock: clock.System()})
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := who(real, "ca.example", nil); got != 200 {
		t.Errorf("without personas: %d", got)
	}
}

func TestNextStaysWithinTheOrganisation(t *testing.T) {
	s := sessions(t, "ca", 1, clock.NewVirtual(start))
	for next, want := range map[string]string{
		"": "/ca/", "/ca/list?page=2": "/ca/list?page=2", "/ca": "/ca/", "/cafe/": "/ca/", "/": "/ca/",
		"//evil.example/ca/": "/ca/", "https://evil.example/ca/": "/ca/", "/ca/../validation/": "/ca/", "/ca/%2e%2e/validation/": "/ca/",
		`/\evil.example`: "/ca/", `/ca/\..\x`: "/ca/", "javascript:alert(1)": "/ca/", "/ca/\r\nSet-Cookie: a=b": "/ca/",
	} {
		if _, got, err := choose(t, s, "auditor-onishi", next); err != nil || got != want {
			t.Errorf("%q leads to %q (%v), want %q", next, got, err, want)
		}
	}
}

func TestSessionsRefuseWhatCannotBeSafe(t *testing.T) {
	good := access.SessionConfig{Org: "ca", Base: "/ca", Key: make([]byte, 32), Clock: clock.System()}
	for name, spoil := range map[string]func(*access.SessionConfig){
		"no organisation": func(c *access.SessionConfig) { c.Org = "" },
		"short key":       func(c *access.SessionConfig) { c.Key = c.Key[:31] },
		"no clock":        func(c *access.SessionConfig) { c.Clock = nil },
		"slash at end":    func(c *access.SessionConfig) { c.Base = "/ca/" },
		"no slash":        func(c *access.SessionConfig) { c.Base = "ca" },
	} {
		cfg := good
		spoil(&cfg)
		if _, err := access.NewSessions(cfg); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
