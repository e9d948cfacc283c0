package ca_test

import (
	"bufio"
	"context"
	"crypto"
	"crypto/rand"
	"database/sql/driver"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"modernc.org/sqlite"

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
