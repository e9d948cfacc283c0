package wire_test

import (
	"bufio"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	city = message.Org("municipality-202029")
	pref = message.Org("prefecture-20")
)

// childEnv holds a child's config when the test binary is started again as one organisation.
const childEnv = "AKASHI_WIRE_CHILD"

func TestMain(m *testing.M) {
	if text := os.Getenv(childEnv); text != "" {
		var c child
		err := json.Unmarshal([]byte(text), &c)
		if err == nil {
			err = c.run()
		}
		if err != nil {
			fmt.Println("error", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// child is one organisation as a process of its own.
type child struct {
	Self, Peer   message.Org
	Dir, PeerDir string
	Store        string
	Addr         string // own
	PeerAddr     string
	Messages     int    // that the city sends in all
	People       int    // keys
	Generation   int    // of a restored database: its messages are new ones
	Seed         uint64 // of what it sends
}

var ownSchema = sqlstore.Schema{Name: "own", FS: fstest.MapFS{"0001_own.sql": {Data: []byte(
	"CREATE TABLE log(k TEXT NOT NULL, n BIGINT NOT NULL, pos BIGINT NOT NULL, safe BIGINT NOT NULL, PRIMARY KEY(k, n));\n" +
		"CREATE TABLE made(generation BIGINT NOT NULL, n BIGINT NOT NULL, PRIMARY KEY(generation));\n")}}}

// generation is the distance between the numbers of a database and those of its restored copy.
const generation = 1_000_000

func raw(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func (c *child) run() error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if _, err := os.ReadDir(c.PeerDir); !errors.Is(err, os.ErrPermission) {
		fmt.Println("sees", c.PeerDir)
	}
	dir := keys.Dir(filepath.Join(c.Dir, "keys"))
	trust, err := pki.NewTrust(must(dir.Certificates("root"))...)
	if err != nil {
		return err
	}
	own := pki.Identity{Certificate: must(dir.Certificates("tls"))[0], Key: must(dir.Signer("tls"))}
	store, err := sqlstore.Open(ctx, c.Store, sqlstore.Options{}, exchange.Schema(), ownSchema)
	if err != nil {
		return err
	}
	x, err := exchange.New(ctx, exchange.Config{Self: c.Self, Store: store, Clock: clock.System(), Rand: rand.Reader, Trust: trust,
		Signer: exchange.Signer{Key: must(dir.Signer("sign")), Certificate: must(dir.Certificates("sign"))[0]},
		Link:   wire.NewClient(map[message.Org]string{c.Peer: c.PeerAddr}, own, trust, clock.System().Now), Peers: []message.Org{c.Peer},
		// Half a second: nobody in this test is away for longer.
		Limits: exchange.Limits{ProbePause: 500 * time.Millisecond},
		Routes: []exchange.Route{exchange.On(raw, c.onChange), exchange.On(raw, c.onInvalidation)}})
	if err != nil {
		return err
	}
	server, err := wire.Serve(c.Addr, x, own, trust, clock.System().Now, slog.Default())
	if err != nil {
		return err
	}
	defer server.Close(ctx)
	for _, task := range x.Tasks() {
		go clock.Run(ctx, clock.System(), task, slog.Default())
	}
	fmt.Println("ready")
	made := make(chan error, 1)
	if c.Self == city {
		go func() { made <- c.make(ctx, x, store) }()
	}
	return c.obey(ctx, x, store, made)
}

// obey answers the parent's questions, one a line.
func (c *child) obey(ctx context.Context, x *exchange.Exchange, store *sqlstore.Store, made <-chan error) error {
	in := bufio.NewScanner(os.Stdin)
	allMade := false
	for in.Scan() {
		what, arg, _ := strings.Cut(in.Text(), " ")
		switch what {
		case "progress":
			select {
			case err := <-made:
				if err != nil {
					return err
				}
				allMade = true
			default:
			}
			p := must(x.Pairs(ctx))[0]
			fmt.Println("progress", p.Applied, p.Waiting, p.Parked+p.Held, p.Received, allMade)
		case "read": // one key's log, with the time before and after
			var ns []string
			t0 := clock.System().Now().UnixMicro()
			err := store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				list, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, n *int64) error { return r.Scan(n) },
					`SELECT n FROM log WHERE k = $1 AND safe = 0 ORDER BY pos`, arg)
				for _, n := range list {
					ns = append(ns, fmt.Sprint(n))
				}
				return err
			})
			if err != nil {
				return err
			}
			fmt.Println("read", t0, clock.System().Now().UnixMicro(), strings.Join(ns, ","))
		case "backup":
			if err := store.Backup(ctx, arg); err != nil {
				return err
			}
			fmt.Println("backup")
		case "accept", "discard", "correct":
			n := 0
			for _, i := range must(x.Stuck(ctx, 100_000)) {
				if !i.Parked() || i.Out != (what == "correct") || (i.Code == "sender-restored") != (what == "discard") {
					continue
				}
				if err := x.Propose(ctx, i.ID, exchange.Act(what), "", "operator-1"); err != nil {
					return err
				}
				if err := x.Confirm(ctx, i.ID, "operator-2"); err != nil {
					return err
				}
				n++
			}
			fmt.Println(what, n)
		case "stuck":
			var all []string
			for _, i := range must(x.Stuck(ctx, 10)) {
				all = append(all, fmt.Sprintf("%s:%d:%s:%s", i.ID, i.Attempt, i.State, i.Code))
			}
			p := must(x.Pairs(ctx))[0]
			fmt.Println("stuck", string(p.State), all)
		case "stop":
			return store.Close()
		}
	}
	return in.Err()
}

// poison is refused by the receiver's rule until it is accepted.
func poison(n int) bool { return n%generation%400 == 7 }

func (c *child) onChange(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	if poison(int(n.After.Version)) && !d.Accepted {
		return nil, exchange.Reject("unreadable", "読めません。", "unreadable")
	}
	pos := tx.Serial()
	for _, k := range n.Keys() {
		tx.Collect("log", "k, n, pos, safe", k, int64(n.After.Version), pos, int64(0))
	}
	return nil, nil
}

func (c *child) onInvalidation(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.ResidentInvalidation) ([]message.Out, error) {
	tx.Collect("log", "k, n, pos, safe", n.Code.Reveal(), int64(n.Version), tx.Serial(), int64(1))
	return nil, nil
}

// make sends messages, and keeps in the same transactions how far it is.
func (c *child) make(ctx context.Context, x *exchange.Exchange, store *sqlstore.Store) error {
	for {
		done := false
		err := store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
			var from int64
			if _, err := tx.Exec(ctx, `INSERT INTO made(generation, n) VALUES ($1, 0) ON CONFLICT DO NOTHING`, int64(c.Generation)); err != nil {
				return err
			}
			if err := tx.QueryRow(ctx, `SELECT n FROM made WHERE generation = $1`, int64(c.Generation)).Scan(&from); err != nil {
				return err
			}
			var outs []message.Out
			for i := from + 1; i <= int64(c.Messages) && i <= from+20; i++ {
				outs = append(outs, message.Out{To: pref, Body: c.message(int(i))})
			}
			if done = len(outs) == 0; done {
				return nil
			}
			if _, err := tx.Exec(ctx, `UPDATE made SET n = $2 WHERE generation = $1`, int64(c.Generation), from+int64(len(outs))); err != nil {
				return err
			}
			_, err := x.Send(ctx, tx, outs, "t-made")
			return err
		})
		if err != nil || done {
			return err
		}
	}
}

// message is the i-th message: the same each time it is asked for.
func (c *child) message(i int) message.Payload {
	r := mathrand.New(mathrand.NewPCG(c.Seed, uint64(i)))
	code := resident.RecordCodeOf(uint64(r.IntN(c.People) + 1))
	version := resident.Version(c.Generation*generation + i)
	switch r.IntN(10) {
	case 0:
		return message.ResidentInvalidation{Code: code, Version: version, Reason: resident.MoveWithin,
			Since: resident.MustDate(2026, 4, 1), Kills: resident.Effect{Signature: true}}
	case 1:
		if old := resident.RecordCodeOf(uint64(r.IntN(c.People) + 1)); old != code {
			return change(code, old, version)
		}
	}
	return change(code, resident.RecordCode{}, version)
}

func change(code, old resident.RecordCode, version resident.Version) message.ResidentChange {
	info := resident.ChangeInfo{Reason: resident.MoveWithin, Arose: resident.MustDate(2026, 4, 1)}
	if old.Valid() {
		info.Reason, info.OldCode = resident.CodeChangeRequested, old
	}
	return message.ResidentChange{After: resident.IdentificationInfo{Code: code, BasicFour: resident.BasicFour{
		Name: must(resident.ParseName("name", "山田　花子")), Birth: must(resident.ParsePartialDate("birth", "1980-05-01")),
		Sex: resident.Female, Address: must(resident.ParseAddress("address", "長野県松本市丸の内3番7号"))},
		Municipality: must(resident.ParseMunicipalityCode("municipality", "202029")), Version: version, Change: info}}
}
