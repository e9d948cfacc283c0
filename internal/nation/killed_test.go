package nation

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/message"
)

// storm is how much is filed while how many processes are killed.
type storm struct {
	residents int // certificates are asked for by each, before and in between
	changes   int // of all residents
	kills     int
}

// TestKilledProcesses files changes at the counters of a country whose processes are killed at random, as machines and
// people kill them. Whatever was confirmed at a counter is then in every register exactly once, and every certificate of
// somebody who has moved is revoked. The same directory then goes on, with processes and without.
func TestKilledProcesses(t *testing.T) {
	s := storm{residents: 20, changes: 1000, kills: 10}
	if full() {
		s = storm{residents: 50, changes: 5000, kills: 50}
	}
	random := seeded(t)
	dir := dataDir(t)
	r := upProcesses(t, dir)
	t.Logf("%d changes of %d residents, %d kills", s.changes, s.residents, s.kills)
	people := r.movers(s.residents)
	s.rage(r, people, random)
	t.Logf("%d messages, each decided once", r.settled(time.Minute))
	r.stop()
	dead := compare(t, dir, people)

	// On with the same directory, then after a kill of the whole country, and then in one process.
	r = upProcesses(t, dir)
	onceMore(r, people, 1)
	r.kill()
	r = upProcesses(t, dir)
	onceMore(r, people, 2)
	r.answersRevoked(dead)
	r.stop()
	compare(t, dir, people)
	r = open(t, dir)
	onceMore(r, people, 3)
	r.stop()
	compare(t, dir, people)
	r = upProcesses(t, dir) // what the one process, which was root, has written, is given back
	onceMore(r, people, 4)
}

// seeded is chance that can be had again.
func seeded(t *testing.T) *rand.Rand {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	if given := os.Getenv("AKASHI_SEED"); given != "" {
		n, err := strconv.ParseUint(given, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("AKASHI_SEED=%d", seed)
	return rand.New(rand.NewPCG(seed, 0))
}

// mover is a resident who moves again and again.
type mover struct {
	at      message.Org
	person  string
	address string // how addresses there begin
	version int    // of the record, as the counter has confirmed it
}

// movers registers residents at the counters, each with a signature certificate.
func (r *running) movers(n int) (people []*mover) {
	r.t.Helper()
	var mu sync.Mutex
	var applying sync.WaitGroup
	for i, at := range []struct {
		org     message.Org
		address string
	}{{"municipality-202029", "長野県松本市丸の内"}, {"municipality-202053", "長野県飯田市本町"}, {"municipality-131211", "東京都足立区千住仲町"}} {
		applying.Go(func() {
			c := r.clerk(at.org)
			for k := i; k < n; k += 3 {
				m := &mover{at: at.org, address: at.address, version: 1}
				m.person = c.register("引越 "+strings.Repeat("太", k/3+1)+"郎", "ヒッコシ タロウ", at.address+strconv.Itoa(k+1)+"番地")
				c.apply(m.person, "signature")
				mu.Lock()
				people = append(people, m)
				mu.Unlock()
			}
		})
	}
	applying.Wait()
	if len(people) != n {
		r.t.Fatalf("%d of %d residents were registered", len(people), n)
	}
	return people
}

// rage files the changes, of every resident one after the other and of different residents at the same time, and kills a
// process whenever as many have been filed as chance has decided. In between, everybody asks for a new certificate.
func (s storm) rage(r *running, people []*mover, random *rand.Rand) {
	r.t.Helper()
	spec, err := Default()
	if err != nil {
		r.t.Fatal(err)
	}
	type kill struct {
		after int64
		who   message.Org
	}
	// The verifier exchanges no messages: its death would prove nothing.
	targets := slices.DeleteFunc(spec.Organisations, func(e Entry) bool { return len(spec.Peers(e.ID)) == 0 })
	kills := make([]kill, s.kills)
	for i := range kills {
		kills[i] = kill{1 + random.Int64N(int64(s.changes)*9/10), targets[random.IntN(len(targets))].ID}
	}
	slices.SortFunc(kills, func(a, b kill) int { return int(a.after - b.after) })
	var filed atomic.Int64
	progress := make(chan struct{}, s.changes)
	errs := make([]error, len(people))
	var filing sync.WaitGroup
	begun := time.Now()
	for i, m := range people {
		each := s.changes / len(people)
		if i < s.changes%len(people) {
			each++
		}
		filing.Go(func() {
			c := r.clerk(m.at)
			for k := range each {
				if k == each/2 {
					errs[i] = c.insistOnCertificate(m)
				}
				if errs[i] == nil {
					errs[i] = c.insist(m)
				}
				if errs[i] != nil {
					break
				}
				filed.Add(1)
				progress <- struct{}{}
			}
		})
	}
	done := make(chan struct{})
	go func() { filing.Wait(); close(done) }()
	looked := make(chan error, 1)
	go func() { looked <- r.keepLooking(done) }()
	killed := 0
	for running := true; running; {
		select {
		case <-progress:
		case <-done:
			running = false
		}
		for len(kills) > 0 && filed.Load() >= kills[0].after {
			if r.killOne(kills[0].who) {
				r.t.Logf("killed %s after %d changes", kills[0].who, filed.Load())
				killed++
				kills = kills[1:]
			}
		}
	}
	if err := errors.Join(append(errs, <-looked)...); err != nil {
		r.t.Fatal(err)
	}
	if killed != s.kills {
		r.t.Fatalf("%d processes were killed, want %d", killed, s.kills)
	}
	r.t.Logf("%d changes filed in %v", filed.Load(), time.Since(begun).Round(time.Millisecond))
}

// keepLooking looks at the portal's picture again and again, as an open page does, until done: it shows what it can
// whoever has just been killed.
func (r *running) keepLooking(done <-chan struct{}) error {
	for {
		select {
		case <-done:
			return nil
		default:
		}
		a, err := http.Get(r.url + "/part")
		if err != nil {
			return fmt.Errorf("the portal: %w", err)
		}
		_, err = io.Copy(io.Discard, a.Body)
		a.Body.Close()
		if err != nil || a.StatusCode != http.StatusOK {
			return fmt.Errorf("the portal: %d %w", a.StatusCode, err)
		}
	}
}

// insist files one move, whatever happens to the counter's process meanwhile. When no answer came, the record tells
// whether it was filed, as a clerk would look.
func (c *clerk) insist(m *mover) error {
	form := url.Values{"step": {"file"}, "base": {strconv.Itoa(m.version)}, "basis": {"law-23"}, "own_household": {"yes"}, "document": {"driving-licence"},
		"address": {m.address + strconv.Itoa(1000+m.version) + "番地"}}
	return c.again(func() (bool, error) {
		version, page, err := c.version(m.person)
		if err != nil {
			return false, err
		}
		form.Set("arose", entries(page).Get("arose"))
		switch n, err := strconv.Atoi(version); {
		case err != nil:
			return false, err
		case n == m.version+1: // filed, and the answer was lost
			m.version++
			return true, nil
		case n != m.version:
			return true, fmt.Errorf("%s of %s is at version %d, and the counter has confirmed %d", m.person, m.at, n, m.version)
		}
		p, err := c.post("/resident/"+m.person+"/change/move-within", form)
		if err != nil || p.status != http.StatusOK || !personPath.MatchString(p.path) {
			return false, fmt.Errorf("filing: %d %w %.300s", p.status, err, p.words())
		}
		m.version++
		return true, nil
	})
}

// insistOnCertificate asks for a new certificate until the counter has taken the application. When the answer was lost it
// is asked twice, and the CA refuses the second.
func (c *clerk) insistOnCertificate(m *mover) error {
	return c.again(func() (bool, error) {
		p, err := c.get("/resident/" + m.person + "/apply")
		if err != nil || p.status != http.StatusOK {
			return false, fmt.Errorf("applying: %d %w", p.status, err)
		}
		form := entries(p)
		form.Set("profile", "signature")
		form.Set("document", "my-number-card")
		p, err = c.post("/resident/"+m.person+"/apply", form)
		if err == nil && p.status == http.StatusUnprocessableEntity && strings.Contains(p.body, "もう一人の職員の本人確認を待って") {
			return true, nil // taken, and the answer was lost; nobody checks it, and it lapses
		}
		if err == nil && p.waitsForSecond() {
			at := p.path
			return true, c.again(func() (bool, error) {
				if p, err := c.get(at); err != nil || !p.waitsForSecond() {
					return err == nil && p.status == http.StatusOK, err
				}
				_, err := c.checkAgain(at)
				return false, err
			})
		}
		if err != nil || p.status != http.StatusOK {
			return false, fmt.Errorf("applying: %d %w", p.status, err)
		}
		return true, nil
	})
}

// again tries until it is done, for at most half a minute.
func (c *clerk) again(try func() (done bool, err error)) error {
	clk := clock.System()
	for until := clk.Now().Add(30 * time.Second); ; {
		done, err := try()
		if done || clk.Now().After(until) {
			return err
		}
		if err := clk.Wait(c.t.Context(), clk.Now().Add(20*time.Millisecond), nil); err != nil {
			return err
		}
	}
}

// answersRevoked asks the validation authority, through openssl, about certificates that are dead.
func (r *running) answersRevoked(revoked map[message.Org][]string) {
	r.t.Helper()
	o := openssl(r.t)
	for ca, serials := range revoked {
		o.put("ca.pem", r.get("/validation/ca/"+string(ca)+"/signature.pem"))
		for some := range slices.Chunk(serials, 10) { // the responder answers about a few at a time
			args := []string{"ocsp", "-issuer", "ca.pem", "-CAfile", "ca.pem", "-url", r.url + "/validation/ocsp"}
			for _, s := range some {
				args = append(args, "-serial", "0x"+s)
			}
			if said := o.does(args...); strings.Count(said, ": revoked") != len(some) || !strings.Contains(said, "Response verify OK") {
				r.t.Errorf("of %d certificates of %s of people who have moved, openssl hears: %s", len(some), ca, said)
			}
		}
	}
}

// killOne kills the process of an organisation, if there is one at this moment.
func (r *running) killOne(o message.Org) bool {
	commands, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range commands {
		text, err := os.ReadFile(path)
		if err != nil || !strings.Contains(string(text), filepath.Join(r.dir, string(o), "config.yaml")) {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err == nil && syscall.Kill(pid, syscall.SIGKILL) == nil {
			return true
		}
	}
	return false
}
