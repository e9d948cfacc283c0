package nation

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// harm is what may lie where an organisation keeps its things.
var harm = map[string]func(home string) error{
	"key": func(home string) error {
		return os.WriteFile(filepath.Join(home, "keys", "sign.key"), []byte("\xff"), 0o600)
	},
	"database": func(home string) error {
		return os.WriteFile(filepath.Join(home, "akashi.db"), []byte("no database"), 0o600)
	},
	"directory": func(home string) error {
		keys := filepath.Join(home, "keys")
		return errors.Join(os.RemoveAll(keys), os.WriteFile(keys, nil, 0o600))
	},
}

// TestStartWithDamage damages an organisation, another each time, and starts the country in one process: that one is set
// aside, on the portal and in the log, and the others work, a counter among them.
func TestStartWithDamage(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := dataDir(t)
	start := func() (*Country, *bytes.Buffer) {
		t.Helper()
		var log bytes.Buffer
		c, err := Open(t.Context(), Options{Dir: dir, Spec: spec, Listen: "127.0.0.1:0", Log: slog.New(slog.NewTextHandler(&log, nil))})
		if err != nil {
			t.Fatal(err)
		}
		return c, &log
	}
	c, _ := start()
	if err := c.Close(); err != nil || len(c.Aside) != 0 {
		t.Fatalf("%v %v", c.Aside, err)
	}
	for what, id := range map[string]message.Org{"key": "nationalcenter", "database": "ca", "directory": "municipality-202053"} {
		t.Run(what, func(t *testing.T) {
			e, found := spec.Entry(id)
			home := filepath.Join(dir, string(id))
			kept := filepath.Join(t.TempDir(), "kept")
			if err := errors.Join(os.CopyFS(kept, os.DirFS(home)), harm[what](home)); err != nil || !found {
				t.Fatal(err, found)
			}
			c, log := start()
			page, status := fetch(t, c.URL+"/?lang=en")
			for _, o := range spec.Organisations {
				if status != http.StatusOK || strings.Contains(page, o.Name.EN+" could not be started") != (o.ID == e.ID) {
					t.Errorf("the portal answers %d, and on %s not what is so", status, o.ID)
				}
			}
			if page, status := fetch(t, c.URL+"/"+string(id)+"/"); status != http.StatusServiceUnavailable || !strings.Contains(page, "is not running") {
				t.Errorf("its own screen answers %d", status)
			}
			if _, status := fetch(t, c.URL+"/"+string(matsumoto)+"/"); status != http.StatusOK {
				t.Errorf("a counter answers %d", status)
			}
			if err := c.Close(); err != nil {
				t.Error(err)
			}
			if !slices.Equal(c.Aside, []message.Org{id}) {
				t.Errorf("set aside: %v", c.Aside)
			}
			if !strings.Contains(log.String(), "goes on without it") || !strings.Contains(log.String(), "organisation="+string(id)) {
				t.Errorf("the log says %s", log)
			}
			// Mended, it is there again.
			if err := errors.Join(os.RemoveAll(home), os.CopyFS(home, os.DirFS(kept)), os.Chmod(filepath.Join(home, "keys"), 0o700), closeToOthers(home)); err != nil {
				t.Fatal(err)
			}
			c, log = start()
			if err := c.Close(); err != nil || len(c.Aside) != 0 {
				t.Errorf("mended: %v %v %s", c.Aside, err, log)
			}
		})
	}
}

// closeToOthers gives the files of an organisation the mode that copying them has lost.
func closeToOthers(home string) error {
	return filepath.WalkDir(home, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chmod(path, 0o600)
	})
}

func fetch(t *testing.T, url string) (string, int) {
	t.Helper()
	a, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Body.Close()
	text, err := io.ReadAll(a.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text), a.StatusCode
}

// Without one organisation that can be opened there is no country.
func TestStartWithNothingButDamage(t *testing.T) {
	spec, err := Default()
	if err != nil {
		t.Fatal(err)
	}
	dir := dataDir(t)
	for _, e := range spec.Organisations {
		put(t, string(KeyDir(dir, e.ID)), "", 0o600)
	}
	if _, err := Open(t.Context(), Options{Dir: dir, Spec: spec, Listen: "127.0.0.1:0"}); err == nil {
		t.Error("a country without organisations was started")
	}
	release, err := lock(dir)
	if err != nil {
		t.Fatalf("the directory stays locked: %v", err)
	}
	release()
}

// TestOpenOneComesBack: from whatever happens while an organisation is opened.
func TestOpenOneComesBack(t *testing.T) {
	const soon = 20 * time.Millisecond
	over := make(chan struct{})
	for what, c := range map[string]struct {
		open func(context.Context) (*organisation, error)
		says string
	}{
		"opens":  {func(context.Context) (*organisation, error) { return new(organisation), nil }, ""},
		"fails":  {func(context.Context) (*organisation, error) { return nil, errors.New("no key") }, "no key"},
		"panics": {func(context.Context) (*organisation, error) { panic("a bad row") }, "a bad row"},
		"hangs":  {func(context.Context) (*organisation, error) { <-over; return nil, nil }, "did not open within"},
		"waits for its context": {func(ctx context.Context) (*organisation, error) { <-ctx.Done(); return nil, ctx.Err() },
			"did not open within"},
	} {
		takes := time.Minute
		if strings.Contains(c.says, "did not open") {
			takes = soon
		}
		o, err := openOne(t.Context(), t.Context(), takes, c.open)
		if c.says == "" && (o == nil || err != nil) || c.says != "" && (o != nil || err == nil || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("one that %s: %v, %v", what, o, err)
		}
	}
	close(over)
	given, giveUp := context.WithCancel(t.Context())
	if _, err := openOne(given, t.Context(), time.Minute, func(ctx context.Context) (*organisation, error) {
		giveUp()
		<-ctx.Done()
		return nil, ctx.Err()
	}); !errors.Is(err, context.Canceled) {
		t.Errorf("whoever gave up is told %v", err)
	}
}

// What an organisation's failure says on a screen is what a person can mend, and never a path or an address.
func TestSetAsideSaysWhy(t *testing.T) {
	e := Entry{ID: "ca", Name: Name{JA: "認証局", EN: "The CA"}}
	for _, c := range []struct {
		why        error
		says, hide string
	}{
		{plain.Bad("store", "直してください。", "mend it"), "mend it", ""},
		{errors.New("open /var/lib/akashi/ca/keys"), "Remove the cause", "/var"},
	} {
		m := setAside(e, c.why)
		if s := m.down(); s == nil || !strings.Contains(s.EN, c.says) || c.hide != "" && strings.Contains(s.EN, c.hide) {
			t.Errorf("%v: %v", c.why, s)
		}
		if err := m.ask(t.Context(), "/pairs", new(any)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("whoever asks it is told %v", err)
		}
	}
}

// One that never answers is left with one question, and asked again when that has come back.
func TestOrganisationThatHangsIsLeftBehind(t *testing.T) {
	over, calls := make(chan struct{}), make(chan struct{}, 10)
	m := newMember(Entry{ID: "ca"}, nil, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls <- struct{}{}
		<-over
		answer(w, "well", nil)
	}))
	for range 5 {
		within, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		if err := m.ask(within, "/pairs", new(string)); err == nil {
			t.Fatal("it answered")
		}
		cancel()
	}
	if len(calls) != 1 {
		t.Errorf("it has %d questions to answer, want 1", len(calls))
	}
	close(over)
	c := clock.System()
	for m.left.Left() > 0 {
		if err := c.Wait(t.Context(), c.Now().Add(time.Millisecond), nil); err != nil {
			t.Fatal(err)
		}
	}
	var said string
	if err := m.ask(t.Context(), "/pairs", &said); err != nil || said != "well" {
		t.Errorf("%q %v", said, err)
	}
}

// However many ask at once, one that hangs is left with so many questions.
func TestOrganisationThatHangsIsAskedByFew(t *testing.T) {
	over := make(chan struct{})
	defer close(over)
	m := newMember(Entry{ID: "ca"}, nil, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	asking, giveUp := context.WithCancel(t.Context())
	defer giveUp()
	said := make(chan error, 2*maxAsked)
	for range 2 * maxAsked {
		go func() { said <- m.ask(asking, "/pairs", new(string)) }()
	}
	for range maxAsked { // those that are refused are told so at once
		if err := <-said; err == nil || !strings.Contains(err.Error(), "earlier questions") {
			t.Fatal(err)
		}
	}
	giveUp()
	for range maxAsked {
		if err := <-said; err == nil || !strings.Contains(err.Error(), "in time") {
			t.Fatal(err)
		}
	}
	if m.left.Left() != maxAsked {
		t.Errorf("%d questions are left there, want %d", m.left.Left(), maxAsked)
	}
}

// TestProcessesWithDamage starts a country of processes of which one cannot start: it is set aside, the others work, and it
// is there again, without another start, when somebody has mended it.
func TestProcessesWithDamage(t *testing.T) {
	if testing.Short() {
		t.Skip("it starts ten processes")
	}
	dir := dataDir(t)
	r := up(t, dir, "--processes")
	r.stop()
	key := filepath.Join(dir, "nationalcenter", "keys", "sign.key")
	kept, err := os.ReadFile(key)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(key, []byte("\xff"), 0o600); err != nil {
		t.Fatal(err)
	}
	r = ready(t, dir, "--processes")
	if page, status := fetch(t, r.url+"/?lang=en"); status != http.StatusOK || !strings.Contains(page, "National Center could not be started") {
		t.Errorf("the portal answers %d, and does not name who could not be started", status)
	}
	if _, status := fetch(t, r.url+"/"+string(matsumoto)+"/"); status != http.StatusOK {
		t.Errorf("a counter answers %d", status)
	}
	if err := os.WriteFile(key, kept, 0o600); err != nil {
		t.Fatal(err)
	}
	c := clock.System()
	for until := c.Now().Add(time.Minute); ; {
		page, _ := fetch(t, r.url+"/?lang=en")
		if _, status := fetch(t, r.url+"/nationalcenter/"); status == http.StatusOK && !strings.Contains(page, "could not be started") {
			break
		}
		if c.Now().After(until) {
			t.Fatal("it was mended, and is not started")
		}
		if err := c.Wait(t.Context(), c.Now().Add(100*time.Millisecond), nil); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
}
