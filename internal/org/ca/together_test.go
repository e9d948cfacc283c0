package ca_test

import (
	"context"
	"crypto"
	"crypto/sha256"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// counting is a key that remembers how often it signed what.
type counting struct {
	crypto.Signer
	mu     sync.Mutex
	signed map[[sha256.Size]byte]int
}

func (k *counting) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	k.mu.Lock()
	k.signed[[sha256.Size]byte(digest)]++
	k.mu.Unlock()
	return k.Signer.Sign(random, digest, opts)
}

// TestOneOfMany: certificates are signed and stored together, 32 at a time. One whose intent was damaged, whose row cannot be read, or
// whose row the database refuses keeps none of the others waiting, and none is signed or told twice for it.
func TestOneOfMany(t *testing.T) {
	const many = 40
	for name, spoil := range map[string]struct {
		statement string
		signed    bool // the key is asked for it
	}{
		"the bytes were damaged":       {statement: `UPDATE intent SET tbs = substr(tbs, 1, 300) WHERE subject = '%s'`},
		"the application was damaged":  {statement: `UPDATE intent SET request = substr(request, 1, 30) WHERE subject = '%s'`},
		"the row cannot be read":       {statement: `UPDATE certificate SET holder = 'nobody' WHERE serial = X'%s'`},
		"the row was taken away":       {statement: `DELETE FROM certificate WHERE serial = X'%s'`},
		"the intent was taken away":    {statement: `DELETE FROM intent WHERE subject = '%s'`},
		"it is no longer intended":     {statement: `UPDATE certificate SET state = 'expired' WHERE serial = X'%s'`, signed: true},
		"the database refuses its row": {statement: `CREATE TRIGGER fault BEFORE UPDATE OF certificate ON certificate WHEN OLD.serial = X'%s' BEGIN SELECT RAISE(ABORT, 'fault'); END`, signed: true},
		"nobody may be told of it": {statement: `CREATE TRIGGER fault BEFORE INSERT ON audit WHEN NEW.act = 'issue' AND NEW.subject = '%s' BEGIN SELECT RAISE(ABORT, 'fault'); END`,
			signed: true},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCountry(t, "memory:")
			k := &counting{Signer: c.Key(cert.Signature), signed: map[[sha256.Size]byte]int{}}
			c.SetKey(cert.Signature, k)
			var requests []message.Payload
			for i := range many {
				requests = append(requests, request(t, fmt.Sprint("r", i), cert.Signature, person(t, uint64(i+1), 1)))
			}
			c.send(matsumoto, requests...)
			c.runOthers(time.Second) // taken, and not signed
			serial := c.serialOf(t, "r17")
			c.exec(t, fmt.Sprintf(spoil.statement, serial))
			c.runDue()
			c.run(100 * time.Millisecond) // before anything is tried again
			issued := received[message.CertIssued](c, matsumoto)
			if len(issued) != many-1 || slices.ContainsFunc(issued, func(n message.CertIssued) bool { return n.Serial.String() == serial }) {
				t.Errorf("%d of the other %d were issued", len(issued), many-1)
			}
			if n, m := len(received[message.CertStatus](c, validation)), len(received[message.CertIssuance](c, center)); n != many-1 || m != many-1 {
				t.Errorf("%d and %d were told", n, m)
			}
			twice, once := 0, 0
			for _, times := range k.signed {
				if once++; times > 1 {
					twice++
				}
			}
			if want := many - 1 + map[bool]int{true: 1}[spoil.signed]; once != want+1 || twice != 0 { // and the first list
				t.Errorf("%d were signed, %d of them more than once", once, twice)
			}
			if err := clock.Drive(t.Context(), c.clk, c.Due.Tasks(), c.clk.Now().Add(3*time.Hour)); err != nil {
				t.Fatal(err)
			}
			if s := c.state(t); s.parked != 1 {
				t.Errorf("%d are parked", s.parked)
			}
			if n := len(received[message.CertIssued](c, matsumoto)); n != many-1 {
				t.Errorf("%d were issued in the end", n)
			}
		})
	}
}

func (c *country) serialOf(t *testing.T, request string) (serial string) {
	t.Helper()
	err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var b []byte
		err := tx.QueryRow(ctx, "SELECT serial FROM certificate WHERE request = $1", request).Scan(&b)
		serial = strings.ToUpper(fmt.Sprintf("%x", b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return serial
}

// TestStoppedAfterMany: the commit that stores many was applied, and the program stopped before anybody heard of it: none is signed,
// stored or told again. That the program goes on without knowing of the commit is tried in package due.
func TestStoppedAfterMany(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		k := &counting{Signer: c.Key(cert.Signature), signed: map[[sha256.Size]byte]int{}}
		c.SetKey(cert.Signature, k)
		const many = 40
		var requests []message.Payload
		for i := range many {
			requests = append(requests, request(t, fmt.Sprint("r", i), cert.Signature, person(t, uint64(i+1), 1)))
		}
		c.send(matsumoto, requests...)
		c.runOthers(time.Second)
		c.runDue()
		c.Close()
		c.open()
		c.SetKey(cert.Signature, k)
		c.run(time.Minute)
		for name, n := range map[string]int{"issued": len(received[message.CertIssued](c, matsumoto)), "statuses": len(received[message.CertStatus](c, validation)),
			"notices": len(received[message.CertIssuance](c, center))} {
			if n != many {
				t.Errorf("%d %s", n, name)
			}
		}
		for _, times := range k.signed {
			if times != 1 {
				t.Errorf("something was signed %d times", times)
			}
		}
	})
}
