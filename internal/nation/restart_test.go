package nation

import (
	"bytes"
	"io"
	"maps"
	"net/url"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const matsumoto message.Org = "municipality-202029"

// TestCountryGoesOn stops a country right after something was filed, and starts it again: everybody is there, everything
// that was sent is sent once, and what was under way arrives.
func TestCountryGoesOn(t *testing.T) {
	dir := dataDir(t)
	r := open(t, dir)
	c := r.clerk(matsumoto)
	m := &mover{at: matsumoto, address: "長野県松本市丸の内", version: 1}
	m.person = c.register("停止 花子", "テイシ ハナコ", "長野県松本市大手一丁目1番1号")
	c.apply(m.person, "signature")
	r.settled(20 * time.Second)
	before, err := r.pairs()
	if err != nil {
		t.Fatal(err)
	}
	r.stop()
	people := residents(t, dir)
	if len(people) != 240+1 {
		t.Errorf("%d people in the register of 松本市, want 241", len(people))
	}

	r = open(t, dir)
	r.settled(20 * time.Second)
	after, err := r.pairs()
	if err != nil {
		t.Fatal(err)
	}
	for k, p := range before {
		if after[k].Sent != p.Sent {
			t.Errorf("%s has sent %d messages to %s, and by starting again %d more", k[0], p.Sent, k[1], after[k].Sent-p.Sent)
		}
	}
	// Stopped while the change is on its way.
	c = r.clerk(matsumoto)
	for range 5 {
		if err := c.insist(m); err != nil {
			t.Fatal(err)
		}
	}
	r.stop()
	r = open(t, dir)
	if page := c.at(r).must(c.get("/resident/" + m.person)); m.version != 6 || !bytes.Contains([]byte(page.words()), []byte("長野県松本市丸の内1005番地")) {
		t.Errorf("the record of who moved five times (version %d): %s", m.version, page.words())
	}
	r.settled(20 * time.Second)
	r.stop()
	compare(t, dir, []*mover{m})
	now := residents(t, dir)
	people[m.person] = now[m.person]
	if !maps.Equal(now, people) {
		t.Errorf("the register of 松本市 has changed beside who moved")
	}
}

// residents are the people in the register of 松本市, by their number there.
func residents(t testing.TB, dir string) map[string]string {
	t.Helper()
	return book(t, dir, matsumoto, 4, `SELECT person, code, version, hex(record_hash) FROM resident`)
}

// at lets a clerk go on at the same counter after a new start, with the cookie of before.
func (c *clerk) at(r *running) *clerk {
	portal, _ := url.Parse(r.url)
	old, _ := url.Parse(c.base)
	c.client.Jar.SetCookies(&url.URL{Scheme: portal.Scheme, Host: portal.Host, Path: old.Path}, c.client.Jar.Cookies(old))
	c.base = r.url + old.Path
	return c
}

// TestImportKilled kills the country in the middle of an import, and imports the same file again: everybody of the file
// is then in every register once.
func TestImportKilled(t *testing.T) {
	const count = 6000 // with the 240 with whom the country began, who are the first of the file
	code, err := resident.ParseMunicipalityCode("municipality", matsumoto.Code())
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if err := population.Generate(&file, population.Options{Municipality: code, Count: count, Seed: 1}); err != nil {
		t.Fatal(err)
	}
	random := seeded(t)
	dir := dataDir(t)
	r := up(t, dir)
	// The file's end never comes: the country is killed when a part has been sent, and some of that has been entered.
	sent := file.Len()/3 + random.IntN(file.Len()/2)
	entered := make(chan struct{})
	enough := sync.OnceFunc(func() { close(entered) })
	_, err = r.imports(io.MultiReader(bytes.NewReader(file.Bytes()[:sent]), instead(func() {
		<-entered
		r.up.Process.Kill()
	})), func(p municipality.Progress) {
		if p.Added >= 500 {
			enough()
		}
	})
	if err == nil {
		t.Fatal("half a file was imported to its end")
	}
	r.kill()

	r = up(t, dir)
	result, err := r.imports(bytes.NewReader(file.Bytes()), func(municipality.Progress) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("killed after %d of %d octets; then added %d, already there %d", sent, file.Len(), result.Added, result.Same)
	if result.Added+result.Same != count || result.Rejected != 0 || result.Same < 240+500 || result.Added == 0 {
		t.Errorf("the second import: %+v", result)
	}
	result, err = r.imports(bytes.NewReader(file.Bytes()), func(municipality.Progress) {})
	if err != nil || result.Added != 0 || result.Same != count {
		t.Errorf("the third import: %+v %v", result, err)
	}
	r.settled(time.Minute)
	r.stop()
	if n := len(residents(t, dir)); n != count {
		t.Errorf("%d people in the register, want %d", n, count)
	}
	compare(t, dir, nil)
}

// instead is what happens in the place of the rest of a file.
type instead func()

func (f instead) Read([]byte) (int, error) {
	f()
	return 0, io.ErrUnexpectedEOF
}

func (r *running) imports(file io.Reader, see func(municipality.Progress)) (municipality.ImportResult, error) {
	a, err := r.control.Post("http://country/"+string(matsumoto)+"/import", "text/csv", file)
	if err != nil {
		return municipality.ImportResult{}, err
	}
	defer a.Body.Close()
	return ReadImport(a.Body, func(l ImportLine) {
		if l.Progress != nil {
			see(*l.Progress)
		}
	})
}
