package validation_test

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// recorded is what the record says of the questions: how many, and how many were signed for their question.
func (c *country) recorded() (n, fresh int64) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*), COUNT(*) FILTER (WHERE fresh) FROM answer`).Scan(&n, &fresh)
	}); err != nil {
		c.t.Fatal(err)
	}
	return n, fresh
}

// TestSignedBeforeAsked: an answer is there before anybody asks, with both common hashes, after a change in the same moment, after
// a start, and always with half of its life left.
func TestSignedBeforeAsked(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Second)
		var numbers []string
		for i := range 150 { // more than two pages
			numbers = append(numbers, fmt.Sprintf("5A%04X", i))
			c.send(good(t, c.signature, numbers[i]))
		}
		c.run(0)
		askAll := func(when string) {
			t.Helper()
			for i, n := range numbers {
				for _, hash := range []crypto.Hash{crypto.SHA1, crypto.SHA256} {
					q := ocspwire.Request{CertIDs: []ocspwire.CertID{must[ocspwire.CertID](t)(ocspwire.NewCertID(hash, c.signature.certificate, serial(t, n)))}}
					a, err := ocspwire.ParseResponse(c.Answer(must[[]byte](t)(q.Encode())))
					if err != nil {
						t.Fatalf("%s: %s: %v", when, n, err)
					}
					if s := a.Singles[0]; s.NextUpdate.Sub(c.clk.Now()) < 5*time.Minute-time.Second {
						t.Errorf("%s: %s is until %s", when, n, s.NextUpdate)
					} else if (s.Status == cert.Revoked) != (i == 7 && when != "issued") {
						t.Errorf("%s: %s is %s", when, n, s.Status)
					}
				}
			}
			c.run(0)
			if _, fresh := c.recorded(); fresh != 0 {
				t.Errorf("%s: %d answers were signed for their question", when, fresh)
			}
		}
		askAll("issued")
		c.send(revoked(t, c.signature, numbers[7], cert.Superseded, start))
		c.run(0)
		askAll("changed")
		for range 13 {
			c.run(time.Minute)
			askAll("later")
		}
		c.Close()
		c.open()
		c.run(0)
		askAll("started")
	})
}

// TestOpenTransactions: while a transaction that revokes is open, and from its commit on, nothing signed before is told, whether
// or not anybody hears how it ended.
func TestOpenTransactions(t *testing.T) {
	for name, x := range map[string]struct {
		end   error
		heard bool
		want  string
	}{
		"committed": {nil, true, "revoked"}, "rolled back": {errors.New("no"), true, "valid"},
		"committed, and its answer lost": {nil, false, "revoked"}, "rolled back, and nobody hears": {errors.New("no"), false, "valid"},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t, sqlstoretest.SQLite(t))
			c.run(time.Second)
			c.send(good(t, c.signature, "4711"))
			c.run(time.Second)
			no := serial(t, "4711").Bytes()
			err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				if _, err := tx.Exec(ctx, `UPDATE status SET state = 'revoked', revoked_at = $2, reason = 'superseded' WHERE serial = $1`, no, start); err != nil {
					return err
				}
				if x.heard {
					c.Touch(tx, c.signature.id, no)
				} else {
					c.Doubt(c.signature.id, no)
				}
				if got := c.told(c.signature, "4711"); got != "valid" {
					t.Errorf("before the commit: %s", got)
				}
				return x.end
			})
			if !errors.Is(err, x.end) {
				t.Fatal(err)
			}
			for _, when := range []time.Duration{-1, 0, time.Second, time.Minute, time.Hour} {
				if when >= 0 {
					c.run(when)
				}
				if got := c.told(c.signature, "4711"); !strings.HasPrefix(got, x.want) {
					t.Errorf("%v after the end: %s, want %s", when, got, x.want)
				}
			}
			c.run(0)
			_, before := c.recorded()
			c.told(c.signature, "4711")
			c.run(0)
			if _, after := c.recorded(); after != before {
				t.Error("at last it is not signed beforehand again")
			}
		})
	}
}

// TestRowsChangedByHand: what somebody wrote into the table is told within a round, but never that a revocation was none; what
// cannot be read is told as nothing, is counted, and stops no other.
func TestRowsChangedByHand(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Second)
		for _, n := range []string{"4711", "4712", "4713", "4714", "4715"} {
			c.send(good(t, c.signature, n))
		}
		c.send(revoked(t, c.signature, "4712", cert.Superseded, start), revoked(t, c.signature, "4715", cert.Superseded, start))
		c.run(time.Second)
		c.byHand(`UPDATE status SET state = 'revoked', revoked_at = $2, reason = 'superseded' WHERE serial = $1`, serial(t, "4711").Bytes(), start)
		c.byHand(`UPDATE status SET state = 'good', reason = '' WHERE serial = $1`, serial(t, "4712").Bytes())
		c.byHand(`UPDATE status SET reason = 'よめない' WHERE serial = $1`, serial(t, "4715").Bytes())
		c.byHand(`UPDATE status SET state = 'よめない' WHERE serial = $1`, serial(t, "4713").Bytes())
		c.run(5 * time.Minute)
		for n, want := range map[string]string{"4711": "revoked superseded 09:00:00", "4712": "revoked superseded 09:00:00", "4713": internal,
			"4714": "valid", "4715": "revoked superseded 09:00:00"} {
			if got := c.told(c.signature, n); got != want {
				t.Errorf("%s: %s, want %s", n, got, want)
			}
		}
		if text := c.journal.String(); !strings.Contains(text, "rows no longer say that a certificate was revoked") {
			t.Error("the journal does not say that a revocation was taken out of the table")
		}
		c.byHand(`DELETE FROM status WHERE serial = $1`, serial(t, "4714").Bytes())
		c.run(5 * time.Minute)
		if got := c.told(c.signature, "4714"); got != "unknown" {
			t.Errorf("a row that was taken out: %s", got)
		}
		body, _ := c.page("/validation/?lang=en")
		if _, rest, _ := strings.Cut(body, "whose state cannot be read"); !strings.Contains(rest[:200], ">1<") {
			t.Errorf("the overview does not count the one that cannot be read: %.200s", rest)
		}
	})
}

// TestAskingStarvesNobody: with as many questions for answers of their own as are let wait, one more is turned away at once, and
// whoever asks for what is signed is answered as ever, though no key comes back.
func TestAskingStarvesNobody(t *testing.T) {
	c := newCountry(t, "memory:")
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"), good(t, c.signature, "4712"))
	c.run(time.Second)
	plain := must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4711").CertIDs}).Encode())
	nonce := must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4711").CertIDs, Nonce: []byte("nonce")}).Encode())
	let := c.HangKeys()
	at, wait := c.LaneOf()
	ended := make(chan []byte, at+wait)
	for range at + wait {
		go func() { ended <- c.Answer(nonce) }()
	}
	for waiting := int64(0); waiting < int64(wait); waiting, _ = c.Asking() {
		runtime.Gosched()
	}
	if _, err := ocspwire.ParseResponse(c.Answer(nonce)); err != ocspwire.TryLater {
		t.Errorf("one more with a nonce: %v", err)
	}
	if _, err := ocspwire.ParseResponse(c.Answer(must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4799").CertIDs}).Encode()))); err != ocspwire.TryLater {
		t.Errorf("about a number that was never issued: %v", err)
	}
	if waiting, _ := c.Asking(); waiting != int64(wait) {
		t.Errorf("they were not turned away at once: %d still wait", waiting)
	}
	for range 1000 {
		if a, err := ocspwire.ParseResponse(c.Answer(plain)); err != nil || a.Singles[0].Status != cert.Valid {
			t.Fatalf("what is signed: %v", err)
		}
	}
	let()
	for range at + wait {
		if _, err := ocspwire.ParseResponse(<-ended); err != nil && err != ocspwire.TryLater {
			t.Error(err)
		}
	}
	if _, turned := c.Asking(); turned < 2 {
		t.Errorf("%d were turned away", turned)
	}
	if a, err := ocspwire.ParseResponse(c.Answer(nonce)); err != nil || string(a.Nonce) != "nonce" {
		t.Errorf("afterwards: %v", err)
	}
}

// TestRecordingWaitsAlone: while nothing can be written, everybody is answered, and what they were told is written down
// afterwards, also when the program is stopped in between.
func TestRecordingWaitsAlone(t *testing.T) {
	c := newCountry(t, sqlstoretest.SQLite(t))
	c.run(time.Second)
	c.send(good(t, c.signature, "4711"))
	c.run(time.Second)
	plain := must[[]byte](t)((&ocspwire.Request{CertIDs: question(t, c.signature, "4711").CertIDs}).Encode())
	if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { // all other writers stand behind it
		for range 1000 {
			if _, err := ocspwire.ParseResponse(c.Answer(plain)); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	c.Close() // SIGTERM: the tasks run no more, and nothing was written yet
	c.open()
	if n, fresh := c.recorded(); n != 1000 || fresh != 0 || c.Lost() != 0 {
		t.Errorf("%d kept, %d signed for their question, %d lost", n, fresh, c.Lost())
	}
}

// TestSignedAtOnceWithTheKey: when the CA certifies the key after the states are known, all is signed then, and not little by little.
func TestSignedAtOnceWithTheKey(t *testing.T) {
	c := newCountry(t, "memory:")
	c.silent = true
	c.run(time.Second)
	const n = 400
	for i := range n {
		c.send(good(t, c.signature, fmt.Sprintf("5A%04X", i)))
	}
	c.run(10 * time.Minute)
	if h := c.AtHand(); h.Certificates != n || h.Answers != 0 || !h.All {
		t.Fatalf("without a key: %+v", h)
	}
	for _, asked := range c.asked {
		c.send(c.certify(asked))
	}
	c.run(time.Second)
	if h := c.AtHand(); h.Answers != 2*n {
		t.Errorf("a second after the key: %+v", h)
	}
}

// TestSignedAtOnceAfterALoss: when the CA is heard again after the bound, what ran out is signed anew at once.
func TestSignedAtOnceAfterALoss(t *testing.T) {
	c := newCountry(t, "memory:")
	until := c.driver()
	until(time.Second)
	const n = 400
	for i := range n {
		c.send(good(t, c.signature, fmt.Sprintf("5A%04X", i)))
	}
	until(2 * time.Second)
	c.clk.Set(start.Add(27 * time.Hour))
	until(27 * time.Hour)
	if got := c.told(c.signature, "5A0000"); got != later {
		t.Errorf("after the bound: %s", got)
	}
	c.send(good(t, c.signature, "4711"))
	until(27*time.Hour + time.Second)
	for i := range n {
		if got := c.told(c.signature, fmt.Sprintf("5A%04X", i)); got != "valid" {
			t.Fatalf("%d: %s", i, got)
		}
	}
	until(27*time.Hour + time.Second)
	if told, fresh := c.recorded(); told != n || fresh != 0 {
		t.Errorf("of %d answers, %d were signed for their question", told, fresh)
	}
}

// driver drives the same loops on, as a program does, where run begins with new ones.
func (c *country) driver() (until func(time.Duration)) {
	d := clock.NewDriver(c.clk, append(append([]clock.Task{}, c.tasks...), c.Tasks()...))
	return func(at time.Duration) {
		c.t.Helper()
		if err := d.Until(c.t.Context(), start.Add(at)); err != nil {
			c.t.Fatal(err)
		}
	}
}

// TestRungAtTheCommit: nobody has to come by for what was written to be signed.
func TestRungAtTheCommit(t *testing.T) {
	c := newCountry(t, "memory:")
	until := c.driver()
	until(time.Second)
	c.send(good(t, c.signature, "4711"))
	until(time.Second)
	if h := c.AtHand(); h.Certificates != 1 || h.Answers != 2 {
		t.Errorf("in the moment of the commit: %+v", h)
	}
	c.send(revoked(t, c.signature, "4711", cert.Superseded, start))
	until(time.Second)
	if h := c.AtHand(); h.Answers != 2 || !strings.HasPrefix(c.told(c.signature, "4711"), "revoked") {
		t.Errorf("in the moment of the revocation: %+v", h)
	}
}
