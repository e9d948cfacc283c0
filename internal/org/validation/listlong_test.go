package validation_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"net/http"
	"os"
	"regexp"
	"runtime/debug"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
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

// TestLongLists: a list of 20,000 entries, and of a million in the long run, is collected, checked, published and served; a second one and a
// delta list on the first are held against it. Neither is ever in memory as a whole. It prints what time and memory that took.
func TestLongLists(t *testing.T) {
	n := int64(20_000)
	if os.Getenv("AKASHI_FULL") != "" {
		n = 1_000_000
	}
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		run := func(d time.Duration) {
			t.Helper()
			if err := clock.Drive(t.Context(), c.clk, slices.Concat(c.tasks, c.Exchange.Tasks(), c.Host.Due.Tasks()), c.clk.Now().Add(d)); err != nil {
				t.Fatal(err)
			}
		}
		run(time.Minute)
		// What a list names statuses have told, as they do; of one in five hundred it is the first word.
		octets := `CAST(printf('P%015d', n) AS BLOB)`
		if c.Store.Engine() == sqlstore.Postgres {
			octets = `convert_to('P' || lpad(n::text, 15, '0'), 'UTF8')`
		}
		const page = 20_000
		for from := int64(1); from <= n; from += page {
			if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, `INSERT INTO status(issuer, serial, profile, municipality, state, issued_at, not_after, revoked_at, reason, why, told_at)
					WITH RECURSIVE numbers(n) AS (SELECT CAST($1 AS BIGINT) UNION ALL SELECT n + 1 FROM numbers WHERE n + 1 < $2)
					SELECT $3, `+octets+`, 'signature', '202029', 'revoked', $4, $5, $4, 'affiliationChanged', '', $4 FROM numbers WHERE n % 500 <> 0`,
					from, min(from+page, n+1), c.signature.id, start, start.AddDate(5, 0, 0))
				return err
			}); err != nil {
				t.Fatal(err)
			}
		}
		for _, x := range []struct {
			name         string
			number, base uint64
			from, to     int64
			path         string
		}{{"the first", 1, 0, 1, n, ".crl"}, {"the second", 2, 0, 1, n + 3, ".crl"}, {"a delta list", 3, 2, n + 4, n + 6, ".delta.crl"}} {
			der := c.signature.long(t, x.number, x.base, start.Add(time.Duration(x.number)*time.Second), serials(x.from, x.to)...)
			want := sha256.Sum256(der)
			parts := c.signature.parts(t, x.number, x.base, der, 256<<10)
			for page := range slices.Chunk(parts, 8) {
				c.sendParts(page)
			}
			size, count := len(der), len(parts)
			der, parts = nil, nil
			debug.FreeOSMemory()
			before, _ := memory()
			began := time.Now()
			run(10 * time.Second)
			_, most := memory()
			t.Logf("%s, %d bytes in %d parts: collected and published in %s, %d MB more", x.name, size, count, time.Since(began).Round(time.Millisecond), most-before)
			if before > 0 && most-before > 250 {
				t.Errorf("%s took %d MB", x.name, most-before)
			}
			debug.FreeOSMemory()
			before, _ = memory()
			answer := must[*http.Response](t)(http.Get(c.server.URL + "/validation/crl/202029" + x.path))
			sum := sha256.New()
			got, err := io.Copy(sum, answer.Body)
			answer.Body.Close()
			_, most = memory()
			if err != nil || got != int64(size) || !bytes.Equal(sum.Sum(nil), want[:]) {
				t.Errorf("%s: %d bytes are served, %v; %v", x.name, got, err, c.stuck())
			}
			t.Logf("%s: served, %d MB more", x.name, most-before)
			if before > 0 && most-before > 100 {
				t.Errorf("%s took %d MB to be served", x.name, most-before)
			}
		}
		if got := c.rows("status WHERE state = 'revoked'"); got != n+3+3 {
			t.Errorf("%d certificates are told revoked", got)
		}
	})
}
