package ca_test

import (
	"context"
	"crypto"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/hsm/faulty"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/tokendesk"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// shown is a CA with three tokens: one in use, one that can be made to fail, and one whose passphrase is wrong.
type shown struct {
	*country
	bus *faulty.Bus
}

func newShown(t *testing.T) shown {
	t.Helper()
	c := newCountry(t, "memory:")
	s := shown{c, must[*faulty.Bus](t)(faulty.MakeBus(filepath.Join(t.TempDir(), "bus")))}
	t.Cleanup(func() { s.bus.Close() })
	passphrase, dir := []byte("a passphrase of a test"), t.TempDir()
	names := []string{"ca-signature", "ca-authentication"}
	for i, p := range cert.Profiles {
		if err := filekey.Put(dir, names[i], c.Key(p), passphrase, 10); err != nil {
			t.Fatal(err)
		}
	}
	c.tokens = &tokendesk.Desk{Evidence: filepath.Join(t.TempDir(), "evidence")}
	ctx, stop := context.WithCancel(context.Background())
	var running sync.WaitGroup
	t.Cleanup(func() { stop(); running.Wait() })
	for name, with := range map[string]struct {
		pin  []byte
		then hsm.State
	}{"hsm-1": {passphrase, hsm.Ready}, "hsm-2": {passphrase, hsm.Ready}, "hsm-3": {[]byte("another passphrase"), hsm.Out}} {
		d := &faulty.Device{Device: &filekey.Device{Dir: dir}, Bus: s.bus}
		if name == "hsm-2" { // the one that is well
			d.Bus = must[*faulty.Bus](t)(faulty.MakeBus(filepath.Join(t.TempDir(), "well")))
			t.Cleanup(func() { d.Bus.Close() })
		}
		tok := hsm.NewToken(hsm.Config{Name: name, Start: hsm.Inside(d), PIN: with.pin, Keys: names, Clock: c.clk, Evidence: hsm.KeepIn(c.tokens.Evidence)})
		running.Go(func() { tok.Run(ctx) })
		c.tokens.Tokens = append(c.tokens.Tokens, tok)
		stands(t, tok, with.then)
	}
	sortTokens(c.tokens.Tokens)
	// hsm-1 first: it is asked when nothing is under way.
	held := hsm.NewKeys(c.tokens.Tokens...)
	c.device = func(name string, public crypto.PublicKey) (crypto.Signer, error) { return held.Signer(name, public) }
	c.Close()
	c.open()
	c.Rand = new(counted)
	return s
}

func sortTokens(all []*hsm.Token) {
	for i := range all {
		for j := i; j > 0 && all[j].Stand().Name < all[j-1].Stand().Name; j-- {
			all[j], all[j-1] = all[j-1], all[j]
		}
	}
}

// stands waits until a token is in a state.
func stands(t *testing.T, tok *hsm.Token, want hsm.State) {
	t.Helper()
	for tok.Stand().State != want {
		if err := clock.System().Wait(t.Context(), clock.System().Now().Add(1e6), nil); err != nil {
			t.Fatalf("%+v: %v", tok.Stand(), err)
		}
	}
}

// evidence waits until so much of it is kept.
func (s shown) evidence(n int) []string {
	s.t.Helper()
	for {
		names := must[[]string](s.t)(hsm.EvidenceIn(s.tokens.Evidence, 100))
		if len(names) >= n {
			return names
		}
		if err := clock.System().Wait(s.t.Context(), clock.System().Now().Add(1e6), nil); err != nil {
			s.t.Fatal(err)
		}
	}
}

// TestTokenScreens looks at the devices in both languages and widths: in use, fenced, and out of use; at the evidence; and lets an
// operator have one tried again.
func TestTokenScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			s := newShown(t)
			base := s.serve(t)
			s.issue("松本-1", cert.Signature, person(t, 1, 1))
			if err := s.bus.Set(faulty.Timeout); err != nil {
				t.Fatal(err)
			}
			s.send(matsumoto, request(t, "松本-2", cert.Signature, person(t, 2, 1)))
			s.runOthers(0)
			s.runDue()
			stands(t, s.tokens.Tokens[0], hsm.Fenced)
			s.evidence(2) // the wrong passphrase left some too
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			tab.Open(base + "/session?lang=" + lang + "&next=/ca/tokens")
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatalf("an operator opens the devices: %d", status)
			}
			look("tokens")
			if status := tab.Follow(`a[href*="/tokens/evidence/hsm-1-"]`); status != http.StatusOK {
				t.Errorf("the evidence: %d", status)
			}
			look("token-evidence")
			tab.Open(base + "/tokens")
			if status := tab.Follow(`form[action$="/tokens/retry/hsm-1"] button`); status != http.StatusOK {
				t.Errorf("a retry: %d", status)
			}
			stands(t, s.tokens.Tokens[0], hsm.Ready)
			var records []auditlog.Record
			s.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				records, err = auditlog.List(ctx, tx, auditlog.Filter{Act: "token.retry"})
				return err
			})
			if len(records) != 1 || records[0].Actor != "operator-ueda" || records[0].Subject != "hsm-1" || !strings.HasPrefix(records[0].Detail, "fenced") {
				t.Errorf("the audit log has %+v", records)
			}
		})
	}
}

// runDue signs what is due, in no time: the clock, which is the tokens' too, stands still.
func (c *country) runDue() {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, c.Due.Tasks(), c.clk.Now()); err != nil {
		c.t.Fatal(err)
	}
}

// TestWhoMayRetry: an operator may, an auditor looks, others see nothing; and what does not wait for it is not tried again.
func TestWhoMayRetry(t *testing.T) {
	s := newShown(t)
	base := s.serve(t)
	out := s.tokens.Tokens[2]
	// Evidence that cannot be read is shown as such, and keeps no other from being shown.
	if err := os.WriteFile(filepath.Join(s.tokens.Evidence, "hsm-1-20300101T000000.000000Z-stalled.txt"), []byte("cut off"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		who, token   string
		looks, tries int
		button       bool
	}{
		{"auditor-onishi", "hsm-3", http.StatusOK, http.StatusForbidden, false},
		{"clerk-aoki", "hsm-3", http.StatusForbidden, http.StatusForbidden, false},
		{"operator-ueda", "hsm-2", http.StatusOK, http.StatusUnprocessableEntity, true}, // it is in use
		{"operator-ueda", "hsm-9", http.StatusOK, http.StatusNotFound, true},
		{"operator-ueda", "hsm-3", http.StatusOK, http.StatusSeeOther, true},
	} {
		starts := out.Stand().Starts
		jar := must[*cookiejar.Jar](t)(cookiejar.New(nil))
		client := &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
		do := func(method, path string, form url.Values) (int, string) {
			r := must[*http.Request](t)(http.NewRequest(method, base+path, strings.NewReader(form.Encode())))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			r.Header.Set("Origin", strings.TrimSuffix(base, "/ca"))
			a := must[*http.Response](t)(client.Do(r))
			defer a.Body.Close()
			return a.StatusCode, string(must[[]byte](t)(io.ReadAll(a.Body)))
		}
		if status, _ := do("POST", "/session", url.Values{"persona": {c.who}}); status != http.StatusSeeOther {
			t.Fatalf("%s does not sit down: %d", c.who, status)
		}
		status, body := do("GET", "/tokens", nil)
		if status != c.looks || strings.Contains(body, "/tokens/retry/hsm-3") != c.button ||
			status == http.StatusOK && (!strings.Contains(body, "この証跡は読めません") || !strings.Contains(body, "/tokens/evidence/hsm-3-")) {
			t.Errorf("%s looks: %d", c.who, status)
		}
		for _, path := range []string{"..%2f..%2fkeys%2fsign.key", "none.txt", "hsm-1-20300101T000000.000000Z-stalled.txt"} {
			if status, _ := do("GET", "/tokens/evidence/"+path, nil); status != http.StatusUnprocessableEntity && status != c.looks || status == http.StatusOK {
				t.Errorf("%s reads %s: %d", c.who, path, status)
			}
		}
		if status, _ := do("POST", "/tokens/retry/"+c.token, nil); status != c.tries {
			t.Errorf("%s has %s tried again: %d, want %d", c.who, c.token, status, c.tries)
		}
		if c.tries == http.StatusSeeOther {
			for out.Stand().Starts == starts { // it is tried once
				if err := clock.System().Wait(t.Context(), clock.System().Now().Add(1e6), nil); err != nil {
					t.Fatal(err)
				}
			}
		} else if out.Stand().Starts != starts {
			t.Errorf("%s had it tried again", c.who)
		}
	}
	stands(t, out, hsm.Out)
}
