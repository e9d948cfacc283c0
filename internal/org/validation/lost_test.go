package validation_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// later and internal are what is said in place of an answer.
var later, internal = ocspwire.TryLater.Error(), ocspwire.InternalError.Error()

// crooked is a clock that somebody sets. What it was set by is not in the steady one.
type crooked struct {
	*clock.Virtual
	by time.Duration
}

func (c *crooked) Now() time.Time { return c.Virtual.Now().Add(c.by) }

// three is a country with a certificate that is good, one that is revoked and one that was never issued, all asked about
// once, so that every answer that may be kept is.
func three(t *testing.T, c *country) *country {
	t.Helper()
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"), revoked(t, c.signature, "4712", cert.KeyCompromise, start))
	c.run(time.Second)
	c.holds("at first", "valid", "revoked keyCompromise 09:00:00", "unknown")
	return c
}

// holds compares what is answered for the three.
func (c *country) holds(when string, want ...string) {
	c.t.Helper()
	for i, number := range []string{"4711", "4712", "4713"} {
		if got := c.told(c.signature, number); got != want[i] {
			c.t.Errorf("%s: %s is %s, want %s", when, number, got, want[i])
		}
		q := question(c.t, c.signature, number)
		q.Nonce = []byte("nonce")
		if _, err := c.ask(q); want[i] == later || want[i] == internal {
			if err == nil || err.Error() != want[i] {
				c.t.Errorf("%s, with a nonce: %s is %v, want %s", when, number, err, want[i])
			}
		} else if err != nil {
			c.t.Errorf("%s, with a nonce: %s: %v", when, number, err)
		}
	}
}

// says looks for a loss on the overview and among the signals of the alarm.
func (c *country) says(about, title string, want bool) {
	c.t.Helper()
	body, _ := c.page("/validation/?lang=en")
	if got := strings.Contains(body, title); got != want {
		c.t.Errorf("the overview says %q: %v", title, got)
	}
	signals, err := c.Losses().Signals(c.t.Context(), c.Clock.Now())
	found := false
	for _, s := range signals {
		found = found || s.Code == alarm.AnswersStopped && s.About == about && s.Value == 1
	}
	if err != nil || found != want {
		c.t.Errorf("the alarm about %s is raised: %v, %v", about, found, err)
	}
}

// TestLostCA: good is not said of what the CA has not confirmed for longer than the bound, though a signed answer is there and
// the key signs on; what is revoked is. No answer is told beyond the bound either, whenever it was signed.
func TestLostCA(t *testing.T) {
	c := three(t, newCountry(t, "memory:"))
	c.net.Join(ca, nil)
	word := c.clk.Now()
	for _, left := range []time.Duration{20 * time.Hour, time.Hour, 9 * time.Minute, time.Minute} {
		c.clk.Set(word.Add(26*time.Hour - left))
		c.run(0)
		a := must[*ocspwire.Signed](t)(c.ask(question(t, c.signature, "4711")))
		if s := a.Singles[0]; s.Status != cert.Valid || s.ThisUpdate.After(word) || s.NextUpdate.After(word.Add(26*time.Hour)) {
			t.Errorf("%v before the bound: %s from %s to %s; the CA's last word was at %s", left, s.Status, s.ThisUpdate, s.NextUpdate, word)
		}
	}
	c.says("ca", "last word is too old", false)
	c.clk.Set(word.Add(26 * time.Hour))
	c.holds("at the bound, before anybody looked", later, "revoked keyCompromise 09:00:00", later)
	c.run(time.Hour)
	c.holds("after the bound", later, "revoked keyCompromise 09:00:00", later)
	c.says("ca", "last word is too old", true)
}

// TestLostCAComesBack: a start does not make old news new; the CA's next word does.
func TestLostCAComesBack(t *testing.T) {
	c := three(t, newCountry(t, sqlstoretest.SQLite(t)))
	c.net.Join(ca, nil)
	c.clk.Set(start.Add(27 * time.Hour))
	c.run(time.Minute)
	c.Close()
	c.open()
	c.run(time.Minute)
	c.holds("after a start", later, "revoked keyCompromise 09:00:00", later)
	c.net.Join(ca, c.peer)
	c.send(good(t, c.signature, "4714"))
	c.run(0)
	c.holds("at once with the CA back", "valid", "revoked keyCompromise 09:00:00", "unknown")
	c.says("ca", "last word is too old", false)
}

// TestBacklog: what the CA told while it was away comes when it is back, in pieces. Until the newest of it is here good is not said
// on the strength of the first, because a revocation may stand behind it.
func TestBacklog(t *testing.T) {
	c := three(t, newCountry(t, "memory:"))
	c.net.Join(ca, nil)
	c.clk.Set(c.clk.Now().Add(time.Hour))
	c.send(good(t, c.signature, "4714"))
	made := c.clk.Now()
	c.clk.Set(c.clk.Now().Add(24 * time.Hour))
	c.net.Join(ca, c.peer)
	c.run(10 * time.Minute)
	a := must[*ocspwire.Signed](t)(c.ask(question(t, c.signature, "4714")))
	if s := a.Singles[0]; s.Status != cert.Valid || s.ThisUpdate.After(made) {
		t.Errorf("%s as of %v, and the CA said so at %v", s.Status, s.ThisUpdate, made)
	}
	c.clk.Set(made.Add(26 * time.Hour))
	c.run(time.Minute)
	c.holds("a day and two hours after the CA's last word", later, "revoked keyCompromise 09:00:00", later)
	c.send(good(t, c.signature, "4715"))
	c.run(time.Minute)
	c.holds("with a new one", "valid", "revoked keyCompromise 09:00:00", "unknown")
}

// TestLostDatabase: with a database that fails, good ends within seconds, though it was signed, because nobody could take a
// revocation. The page and the alarm say so at the first look that fails. So it is with looks that hang.
func TestLostDatabase(t *testing.T) {
	c := three(t, newCountry(t, sqlstoretest.SQLite(t)))
	c.Store.Close()
	c.Look()
	c.says("database", "cannot be written", true)
	c.holds("at the first look that fails", "valid", "revoked keyCompromise 09:00:00", "unknown")
	c.clk.Set(c.clk.Now().Add(6 * time.Minute)) // six looks
	c.Look()
	c.holds("after the last one that counts", later, "revoked keyCompromise 09:00:00", later)
	body, status := c.page("/validation/?lang=en")
	if status != http.StatusServiceUnavailable || !strings.Contains(body, "The database cannot be read") {
		t.Errorf("the overview answers %d without a word", status)
	}
}

// TestLostDatabaseHangs: nobody looks any more, and nothing has to notice it.
func TestLostDatabaseHangs(t *testing.T) {
	c := three(t, newCountry(t, "memory:"))
	c.clk.Set(c.clk.Now().Add(6*time.Minute + time.Second))
	c.holds("without a look", later, "revoked keyCompromise 09:00:00", later)
	c.says("database", "not confirmed that the database can be written", true)
	c.run(0)
	c.holds("with a look", "valid", "revoked keyCompromise 09:00:00", "unknown")
}

// TestReadOnlyDatabase: that the table can be read is not enough.
func TestReadOnlyDatabase(t *testing.T) {
	c := three(t, newCountry(t, "memory:"))
	if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `DROP TABLE pulse`) // as a full disk: what is there is read, and nothing is written
		return err
	}); err != nil {
		t.Fatal(err)
	}
	c.clk.Set(c.clk.Now().Add(6*time.Minute + time.Second))
	c.run(0)
	c.holds("when nothing is written", later, "revoked keyCompromise 09:00:00", later)
}

// TestLostClock: a clock that is set, forward or back, ends all answers at once, signed ones too, until it is right again or the
// CA's shows the same.
func TestLostClock(t *testing.T) {
	for name, by := range map[string]time.Duration{"an hour forward": time.Hour, "an hour back": -time.Hour, "a year forward": 8760 * time.Hour, "two minutes back": -2 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			c := three(t, newCountry(t, "memory:"))
			c.crooked.by = by
			c.holds("before anybody looked", internal, internal, internal)
			c.Look()
			c.holds("after a look", internal, internal, internal)
			c.says("clock", "The clock was set", true)
			c.crooked.by = 0
			c.Look()
			c.holds("when it is right again", "valid", "revoked keyCompromise 09:00:00", "unknown")
			c.crooked.by = by / (by.Abs() / (30 * time.Second)) // a correction of a time service
			c.Look()
			c.holds("when it was corrected", "valid", "revoked keyCompromise 09:00:00", "unknown")
		})
	}
}

// TestLostClockAtTheStart: a program that starts with a clock that is behind what its database knows says nothing.
func TestLostClockAtTheStart(t *testing.T) {
	c := three(t, newCountry(t, sqlstoretest.SQLite(t)))
	c.Close()
	c.crooked.by = -time.Hour
	c.open()
	c.Look()
	c.holds("with the clock an hour back", internal, internal, internal)
	c.Close()
	c.crooked.by = 27 * time.Hour
	c.open()
	c.Look()
	c.holds("with the clock a day ahead", later, "revoked keyCompromise 09:00:00", later)
	c.Close()
	c.crooked.by = 0
	c.open()
	c.Look()
	c.holds("with the right clock", "valid", "revoked keyCompromise 09:00:00", "unknown")
}

// TestLostSigner: with no key that signs, what was signed is told until it runs out, and what changed since is not told as it was.
func TestLostSigner(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"))
	c.run(time.Second)
	mend := c.BreakKeys(errors.New("the device is away"))
	c.send(revoked(t, c.signature, "4712", cert.KeyCompromise, start))
	c.run(time.Second)
	if a, b, n := c.told(c.signature, "4711"), c.told(c.signature, "4712"), c.told(c.signature, "4713"); a != "valid" || b != later || n != later {
		t.Errorf("signed: %s; revoked since: %s; never issued: %s", a, b, n)
	}
	c.says("signature/signature", "Answers cannot be signed", true)
	c.run(11 * time.Minute)
	if got := c.told(c.signature, "4711"); got != later {
		t.Errorf("when its answer has run out: %s", got)
	}
	mend()
	c.run(time.Minute)
	c.Look()
	c.told(c.signature, "4711")
	c.run(time.Second)
	c.holds("when it signs again", "valid", "revoked keyCompromise 09:00:00", "unknown")
	c.says("signature/signature", "Answers cannot be signed", false)
}

// TestLostKeyFile: a key that is gone while the program runs goes on, because it is in memory; after a start there is none.
func TestLostKeyFile(t *testing.T) {
	c := three(t, newCountry(t, sqlstoretest.SQLite(t)))
	found, err := filepath.Glob(filepath.Join(string(c.keys), "ocsp-signature*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("no key found: %v", err)
	}
	for _, f := range found {
		if err := os.Remove(f); err != nil {
			t.Fatal(err)
		}
	}
	c.holds("while it runs", "valid", "revoked keyCompromise 09:00:00", "unknown")
	c.Close()
	c.silent = true
	c.open()
	c.run(2 * time.Minute)
	c.holds("after a start", later, later, later)
	c.says("signature/signature", "Answers cannot be signed", true)
}
