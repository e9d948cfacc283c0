package ca_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"modernc.org/sqlite"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/hsm"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The environment that makes this test program the CA, or the process before its device.
const (
	childEnv = "AKASHI_TEST_CA"
	tokenEnv = "AKASHI_TEST_CA_TOKEN"
)

// asChild does what a child of these tests has to do, and does not come back then.
func asChild() {
	for name, run := range map[string]func(string) error{childEnv: runChild, tokenEnv: runToken} {
		text := os.Getenv(name)
		if text == "" {
			continue
		}
		if err := run(text); err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

// childConfig is what the CA's process is given.
type childConfig struct {
	Dir   string // keys, the device's files, its record, evidence
	URL   string
	Addr  string
	Peers map[message.Org]string
	Lock  int64 // the first of the advisory locks at which PostgreSQL waits in a point; see sqlPoints

	Freeze   bool // a point stands still in place of killing
	Hold     bool // nothing is signed before "go"
	AsItWas  bool // signed first, stored then
	Unsynced bool // SQLite tells of commits that no disk has
}

var caKeyNames = []string{"ca-signature", "ca-authentication"}

var tokenPIN = []byte("a passphrase of a test")

// child is the CA in its process, with the points at which it dies.
type child struct {
	childConfig
	*ca.CA
	points points
	held   chan struct{} // closed: go
}

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

// inTransaction are the points within the transaction that stores what was signed, with the table whose writing is one.
var inTransaction = []struct{ point, when, row string }{
	{storing, "AFTER UPDATE OF certificate ON certificate", ""},
	{written, "AFTER INSERT ON x_out", "WHEN (NEW.kind = '" + string(message.KindCertIssued) + "')"},
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

func runChild(text string) error {
	c := &child{held: make(chan struct{})}
	if err := json.Unmarshal([]byte(text), &c.childConfig); err != nil {
		return err
	}
	c.points.freeze = c.Freeze
	if !c.Hold {
		close(c.held)
	}
	var writer sqlite.ExecQuerierContext // the store's first connection
	sqlite.RegisterConnectionHook(func(conn sqlite.ExecQuerierContext, _ string) error {
		if writer == nil {
			writer = conn
		}
		return nil
	})
	if err := sqlite.RegisterScalarFunction("akashi_at", 1, func(_ *sqlite.FunctionContext, args []driver.Value) (driver.Value, error) {
		c.points.at(fmt.Sprint(args[0]))
		return nil, nil
	}); err != nil {
		return err
	}
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	token, journal, err := c.token(log)
	if err != nil {
		return err
	}
	defer journal.Close()
	var running sync.WaitGroup
	running.Go(func() { token.Run(ctx) })
	server, err := c.open(ctx, hsm.NewKeys(token), log)
	if err != nil {
		return err
	}
	if err := c.sqlPoints(ctx); err != nil {
		return err
	}
	if c.Unsynced {
		// The program refuses to run so; this is behind its back, while nothing else uses the connection.
		if _, err := writer.ExecContext(ctx, "PRAGMA synchronous=OFF", nil); err != nil {
			return err
		}
	}
	for token.Stand().State != hsm.Ready {
		if err := clock.System().Wait(ctx, clock.System().Now().Add(2*time.Millisecond), nil); err != nil {
			return err
		}
	}
	for _, task := range c.Tasks() {
		running.Go(func() { clock.Run(ctx, clock.System(), task, log) })
	}
	fmt.Println("ready")
	err = c.obey()
	closing, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	err = errors.Join(err, server.Close(closing))
	stop()
	running.Wait()
	return errors.Join(err, c.Close())
}

// token is the device: a process of its own, which outlives the CA's by the call that it has.
func (c *child) token(log *slog.Logger) (*hsm.Token, *hsm.Journal, error) {
	journal, err := hsm.OpenJournal(filepath.Join(c.Dir, "hsm-1.inflight"), log)
	if err != nil {
		return nil, nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, nil, err
	}
	return hsm.NewToken(hsm.Config{Name: "hsm-1", Start: hsm.Command([]string{tokenEnv + "=" + c.Dir}, self), PIN: tokenPIN, Keys: caKeyNames,
		Clock: clock.System(), Log: log, Journal: journal, Evidence: hsm.KeepIn(filepath.Join(c.Dir, "evidence"))}), journal, nil
}

func (c *child) open(ctx context.Context, held *hsm.Keys, log *slog.Logger) (*wire.Server, error) {
	dir := keys.Dir(filepath.Join(c.Dir, "keys"))
	own := map[string]pki.Identity{}
	for _, name := range []string{"sign", "tls"} {
		key, err := dir.Signer(name)
		if err != nil {
			return nil, err
		}
		ders, err := dir.Certificates(name)
		if err != nil {
			return nil, err
		}
		own[name] = pki.Identity{Certificate: ders[0], Key: key}
	}
	root, err := dir.Certificates("root")
	if err != nil {
		return nil, err
	}
	trust, err := pki.NewTrust(root...)
	if err != nil {
		return nil, err
	}
	var peers []message.Org
	for o := range c.Peers {
		peers = append(peers, o)
	}
	now := clock.System().Now
	o, err := ca.New(ctx, ca.Config{
		Config: host.Config{Self: self, Name: plain.Sentence{JA: "認証局", EN: "CA"}, StoreURL: c.URL, Clock: clock.System(), Rand: rand.Reader,
			Signer: exchange.Signer{Key: atBatch{own["sign"].Key, c}, Certificate: own["sign"].Certificate}, Trust: trust,
			Link: wire.NewClient(c.Peers, own["tls"], trust, now), Peers: peers, Limits: crashLimits,
			Secrets: reconciletest.Secrets(self), Closes: func(message.Org) bool { return false }, Trial: c.atRule, Log: log},
		Keys: dir, OCSPURL: "http://127.0.0.1:8600/validation/ocsp", Validation: validation, NationalCenter: center, TestCountry: true, Portal: "/",
		Signer: func(name string, public crypto.PublicKey) (crypto.Signer, error) {
			s, err := held.Signer(name, public)
			return atKey{s, c}, err
		},
		Sessions: sessionsOf(clock.System()),
	})
	if err != nil {
		return nil, err
	}
	server, err := wire.Serve(c.Addr, o.Exchange, own["tls"], trust, now, log)
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	c.CA = o
	return server, nil
}

// obey does what the parent says, a line each, until it says no more.
func (c *child) obey() error {
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		what := strings.Fields(in.Text())
		switch what[0] {
		case "arm":
			hit, err := strconv.Atoi(what[2])
			if err != nil {
				return err
			}
			c.points.arm(what[1], hit)
			fmt.Println("armed")
		case "go":
			close(c.held)
		case "open": // what has not ended
			fmt.Println("open", c.count("SELECT (SELECT COUNT(*) FROM intent) + (SELECT COUNT(*) FROM due WHERE kind IN ('sign', 'list')) + "+
				"(SELECT COUNT(*) FROM x_out WHERE state NOT IN ('applied', 'withdrawn'))"))
		case "stop":
			return nil
		}
	}
	return in.Err()
}
