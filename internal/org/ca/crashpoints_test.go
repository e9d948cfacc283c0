package ca_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"syscall"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The points at which the CA is killed, in the order in which issuance comes to them.
const (
	deciding    = "deciding"     // the application was decided, and the intent is not committed
	intended    = "intended"     // the intent is committed, and nobody has heard of it
	linted      = "linted"       // the bytes were linted, and the key was not asked
	signing     = "signing"      // the device signs, and will have signed when the CA is dead
	signingBoth = "signing-both" // the device was asked, and dies with the CA
	signed      = "signed"       // the signature is there, and nothing of it is stored
	storing     = "storing"      // the certificate is written, in a transaction that is not committed
	written     = "written"      // and so are its notices
	stored      = "stored"       // all is committed, and no notice has left
	arrived     = "arrived"      // one notice has arrived, and the CA does not know it
)

const listing = "listing" // of a list: it is written, in a transaction that is not committed

var crashPoints = []string{deciding, intended, linted, signing, signingBoth, signed, storing, written, stored, arrived}

// points are the moments of issuance. One is armed at a time.
type points struct {
	freeze bool
	mu     sync.Mutex
	armed  string
	left   int
}

func (p *points) arm(point string, hit int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.armed, p.left = point, hit
}

// at is a moment: the process dies here when its time has come, by the signal that no program can catch.
func (p *points) at(point string) {
	p.mu.Lock()
	if p.armed != point {
		p.mu.Unlock()
		return
	}
	p.left--
	now := p.left == 0
	p.mu.Unlock()
	switch {
	case !now:
	case p.freeze:
		fmt.Println("at", point)
		select {}
	default:
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	}
}

// atRule dies around the rule that decides an application.
func (c *child) atRule(r exchange.Route) exchange.Route {
	if r.Kind != message.KindCertRequest {
		return r
	}
	return r.Instead(func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
		if c.AsItWas {
			if err := c.signFirst(ctx, p.(message.CertRequest)); err != nil {
				return nil, err
			}
		}
		outs, err := really(ctx, tx, d, p)
		if err == nil {
			c.points.at(deciding)
			tx.OnCommit(func() { c.points.at(intended) })
		}
		return outs, err
	})
}

// signFirst is what a CA does that signs and then stores (step-ca's order): the device has signed, and no row says so.
func (c *child) signFirst(ctx context.Context, n message.CertRequest) error {
	signer, ok := c.Key(n.Profile).(pki.ContextSigner)
	if !ok {
		return errors.New("the key is not in a device")
	}
	serial, err := cert.NewSerial(rand.Reader)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(append(serial.Bytes(), n.PublicKey...))
	_, err = signer.SignContext(ctx, digest[:], crypto.SHA256)
	return err
}

// atKey dies around the call of the device. What is to be signed was linted before it comes here.
type atKey struct {
	*hsm.Signer
	c *child
}

func (k atKey) SignContext(ctx context.Context, digest []byte, hash crypto.Hash) ([]byte, error) {
	select {
	case <-k.c.held:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	k.c.points.at(linted)
	signature, err := k.Signer.SignContext(ctx, digest, hash)
	if err == nil {
		k.c.points.at(signed)
	}
	return signature, err
}

// atBatch dies before a batch is signed with which the first notice would leave.
type atBatch struct {
	crypto.Signer
	c *child
}

func (k atBatch) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if k.c.CA != nil && k.c.count("SELECT COUNT(*) FROM x_out WHERE kind = '"+string(message.KindCertIssued)+"' AND state = 'ready'") > 0 {
		k.c.points.at(stored)
	}
	return k.Signer.Sign(random, digest, opts)
}

func (c *child) count(query string) (n int64) {
	err := c.Store.View(context.Background(), func(ctx context.Context, tx *sqlstore.Tx) error { return tx.QueryRow(ctx, query).Scan(&n) })
	if err != nil {
		fmt.Println("error", err)
		return -1
	}
	return n
}

// inTransaction are the points within the transactions that store what was signed, with the table whose writing is one.
var inTransaction = []struct{ point, when, row string }{
	{storing, "AFTER UPDATE OF certificate ON certificate", ""},
	{written, "AFTER INSERT ON x_out", "WHEN (NEW.kind = '" + string(message.KindCertIssued) + "')"},
	{listing, "AFTER UPDATE OF der ON crl", ""},
}

// sqlPoints puts the points into the database that no Go code of ours is called at, and a table of all intents that were ever
// committed. SQLite calls us; PostgreSQL waits for a lock, and whoever holds it sees that.
func (c *child) sqlPoints(ctx context.Context) error {
	const columns = "id, kind, subject, number, tbs"
	statements := []string{"CREATE TABLE IF NOT EXISTS t_intent(id BIGINT NOT NULL PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, number BIGINT NOT NULL, tbs BYTEA NOT NULL)"}
	const keep = "INSERT INTO t_intent(" + columns + ") VALUES (NEW.id, NEW.kind, NEW.subject, NEW.number, NEW.tbs);"
	if c.Store.Engine() == sqlstore.SQLite {
		statements = append(statements, "CREATE TRIGGER IF NOT EXISTS t_kept AFTER INSERT ON intent BEGIN "+keep+" END")
		for _, p := range inTransaction {
			statements = append(statements, fmt.Sprintf("CREATE TRIGGER IF NOT EXISTS t_%s %s %s BEGIN SELECT akashi_at('%s'); END", p.point, p.when, p.row, p.point))
		}
	} else {
		function := func(name, body string) string {
			return "CREATE OR REPLACE FUNCTION t_" + name + "() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN " + body + " RETURN NULL; END'"
		}
		statements = append(statements, function("kept", keep), "CREATE OR REPLACE TRIGGER t_kept AFTER INSERT ON intent FOR EACH ROW EXECUTE FUNCTION t_kept()")
		for i, p := range inTransaction {
			statements = append(statements, function(p.point, fmt.Sprintf("PERFORM pg_advisory_xact_lock_shared(%d);", c.Lock+int64(i))),
				fmt.Sprintf("CREATE OR REPLACE TRIGGER t_%s %s FOR EACH ROW %s EXECUTE FUNCTION t_%[1]s()", p.point, p.when, p.row))
		}
	}
	return c.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return fmt.Errorf("%s: %w", s, err)
			}
		}
		return nil
	})
}
