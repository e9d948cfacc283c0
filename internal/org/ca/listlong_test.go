package ca_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
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
	const page = 2000
	for from := 0; from < n; from += page {
		if err := c.Store.Update(c.t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
			for k := from; k < min(from+page, n); k++ {
				serial := binary.BigEndian.AppendUint64([]byte{0x50, 0, 0, 0, 0, 0, 0, 0}, uint64(k)*7919)
				name := fmt.Sprint("long", k)
				tx.Collect("certificate", `serial, profile, issuer, holder, version, municipality, requester, request, key_hash, not_before, not_after, state, intended_at, issued_at,
					certificate, revoked_at, reason, since, why, revoked_by`, serial, "signature", issuer, name, int64(1), "202029", "municipality-202029", name, []byte(name),
					at.Add(-time.Hour), at.AddDate(5, 0, 0), "revoked", at.Add(-time.Hour), at.Add(-time.Hour), []byte{0x30}, at, "affiliationChanged", "2026-04-01", "", "test")
			}
			return nil
		}); err != nil {
			c.t.Fatal(err)
		}
	}
}

// runLists lets time pass without the inspection, which goes round all rows and is not what is measured.
func (c *country) runLists(d time.Duration) {
	c.t.Helper()
	if err := clock.Drive(c.t.Context(), c.clk, append(slices.Clone(c.tasks), c.Host.Tasks()...), c.clk.Now().Add(d)); err != nil {
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
		c.insertRevoked(n, c.clk.Now())
		c.runLists(time.Minute)
		c.got[validation] = nil
		debug.FreeOSMemory()
		before, _ := memory()
		began := time.Now()
		if err := c.IntendList(t.Context(), cert.Signature, "202029"); err != nil {
			t.Fatal(err)
		}
		made := time.Since(began)
		_, most := memory()
		t.Logf("made and written down, full and delta: %s, %d MB more", made.Round(time.Millisecond), most-before)
		began = time.Now()
		c.runLists(10 * time.Second)
		_, later := memory()
		t.Logf("linted, signed, stored and sent in parts: %s, %d MB more", time.Since(began).Round(time.Millisecond), later-before)
		if bound := 300 + 600*n/1_000_000; before > 0 && max(most, later)-before > bound { // what is sent is kept by the test
			t.Errorf("a list of %d entries took %d MB", n, max(most, later)-before)
		}
		all := c.lists()
		if len(all) != 2 || all[0].Base != 0 || len(all[0].of) != n || len(all[1].of) != n || all[0].Parts < 2 {
			t.Fatalf("%d lists went out; %v", len(all), c.troubles(t))
		}
		full := all[0]
		t.Logf("%d entries, %d bytes, %d parts", n, len(full.CRL), full.Parts)
		c.got[validation] = nil
		debug.FreeOSMemory()
		before, _ = memory()
		began = time.Now()
		c.send(center, revocation(one, 2))
		c.runLists(5 * time.Second)
		_, most = memory()
		t.Logf("one more revocation: %s, %d MB more", time.Since(began).Round(time.Millisecond), most-before)
		parts := received[message.CertCRL](c, validation)
		if len(parts) != 1 || parts[0].Base != full.CertCRL.Number || len(parts[0].CRL) > 2000 || !bytes.Contains(parts[0].CRL, one.Serial.Bytes()) {
			t.Errorf("%d messages; %v", len(parts), c.troubles(t))
		}
	})
}
