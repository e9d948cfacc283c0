package ca_test

import (
	"bytes"
	"context"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// memory is the process's resident memory, in MB: now, and the most since the last call. Zero where the kernel does not say.
func memory() (now, most int) {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, 0
	}
	figure := func(name string) int {
		found := regexp.MustCompile(name + `:\s+(\d+) kB`).FindSubmatch(text)
		if found == nil {
			return 0
		}
		n, _ := strconv.Atoi(string(found[1]))
		return n >> 10
	}
	now, most = figure("VmRSS"), figure("VmHWM")
	_ = os.WriteFile("/proc/self/clear_refs", []byte("5"), 0) // begins the count anew, where that may be done
	return now, most
}

// insertRevoked writes revoked certificates of Matsumoto as rows.
func (c *country) insertRevoked(n int, at time.Time) {
	c.t.Helper()
	var issuer string
	if err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT issuer FROM crl`).Scan(&issuer)
	}); err != nil {
		c.t.Fatal(err)
	}
	octets, text := `CAST(printf('P%015d', n) AS BLOB)`, `printf('long%d', n)`
	if c.Store.Engine() == sqlstore.Postgres {
		octets, text = `convert_to('P' || lpad(n::text, 15, '0'), 'UTF8')`, `'long' || n::text`
	}
	const page = 20_000
	for from := 0; from < n; from += page {
		c.byHand(`INSERT INTO certificate(serial, profile, issuer, holder, version, municipality, requester, request, key_hash, not_before, not_after, state, intended_at, issued_at,
			certificate, revoked_at, reason, since, why, revoked_by)
			WITH RECURSIVE numbers(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $2)
			SELECT `+octets+`, 'signature', $3, `+text+`, 1, '202029', 'municipality-202029', `+text+`, `+octets+`, $4, $5, 'revoked', $4, $4, $6, $4, 'affiliationChanged', '2026-04-01', '', 'test'
			FROM numbers`, int64(from), int64(min(from+page, n)), issuer, at, at.AddDate(5, 0, 0), []byte{0x30})
	}
}

// runLists lets time pass without the inspection and the comparison of the books, which go round all rows and are not what is measured.
func (c *country) runLists(d time.Duration) {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, slices.Concat(c.tasks, c.Exchange.Tasks(), c.Host.Due.Tasks()), c.clk.Now().Add(d)); err != nil {
		c.t.Fatal(err)
	}
}

// TestLongList: a list of 30,000 entries, and of a million in the long run, goes out in parts; one more revocation then makes a delta list and
// not another of these. It prints what time and memory that took.
func TestLongList(t *testing.T) {
	n := 30_000
	if full() {
		n = 1_000_000
	}
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		one := c.issue("r1", cert.Signature, person(t, 1, 1))
		c.runLists(time.Minute)
		c.insertRevoked(n, c.clk.Now().Add(-48*time.Hour)) // not lately
		c.runLists(time.Minute)
		var all []sent
		// The first one stands on an empty base, so that its delta list is as long as itself. The second is as lists are.
		for _, which := range []string{"the first", "the next"} {
			c.got[validation] = nil
			debug.FreeOSMemory()
			before, _ := memory()
			began := time.Now()
			if err := c.IntendList(t.Context(), cert.Signature, "202029"); err != nil {
				t.Fatal(err)
			}
			_, most := memory()
			t.Logf("%s: made and written down in %s, %d MB more", which, time.Since(began).Round(time.Millisecond), most-before)
			began = time.Now()
			c.runLists(10 * time.Second)
			_, later := memory()
			t.Logf("%s: linted, signed, stored and sent in %s, %d MB more", which, time.Since(began).Round(time.Millisecond), later-before)
			all = c.lists()
			slices.SortFunc(all, func(a, b sent) int { return int(a.Base) - int(b.Base) }) // the full one is the last of which all parts have come
			if len(all) != 2 || all[0].Base != 0 || len(all[0].of) != n || all[0].Parts < 2 {
				t.Fatalf("%s: %d lists went out; %v", which, len(all), c.troubles(t))
			}
			// Some times its bytes, and what the test keeps of what was sent; how much more the collector leaves lying depends on how busy the machine is.
			if bound := 150 + 20*(len(all[0].CRL)>>20); which == "the next" && before > 0 && max(most, later)-before > bound {
				t.Errorf("a list of %d entries took %d MB, more than %d", n, max(most, later)-before, bound)
			}
		}
		full := all[0]
		t.Logf("%d entries, %d bytes, %d parts", n, len(full.CRL), full.Parts)
		c.got[validation] = nil
		debug.FreeOSMemory()
		before, _ := memory()
		began := time.Now()
		c.send(center, revocation(one, 2))
		c.runLists(5 * time.Second)
		_, most := memory()
		t.Logf("one more revocation: %s, %d MB more", time.Since(began).Round(time.Millisecond), most-before)
		parts := received[message.CertCRL](c, validation)
		if len(parts) != 1 || parts[0].Base != full.CertCRL.Number || len(parts[0].CRL) > 2000 || !bytes.Contains(parts[0].CRL, one.Serial.Bytes()) {
			t.Errorf("%d messages; %v", len(parts), c.troubles(t))
		}
	})
}
