package statement_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	city   = message.Org("municipality-202029")
	center = message.Org("nationalcenter")
)

// start is 15:00 of a Wednesday in Japan.
var start = time.Date(2026, 4, 1, 6, 0, 0, 0, time.UTC)

var wednesday = resident.MustDate(2026, 4, 1)

// held is the business of the tests: what the city has asked for, and what the center holds by the city's messages.
var held = sqlstore.Schema{Name: "held", FS: fstest.MapFS{"0001_held.sql": {Data: []byte("CREATE TABLE held(k TEXT NOT NULL PRIMARY KEY);\n")}}}

type country struct {
	*testing.T
	clk   *clock.Virtual
	ca    *pki.InfrastructureCA
	trust *pki.Trust
	net   *exchange.Memory
	tasks map[message.Org][]clock.Task
	keys  map[message.Org]exchange.Signer
}

func newCountry(t *testing.T) *country {
	ca := must(pki.NewInfrastructureCA(rand.Reader, start.AddDate(-1, 0, 0)))
	return &country{T: t, clk: clock.NewVirtual(start), ca: ca, trust: must(pki.NewTrust(ca.Certificate())), net: new(exchange.Memory),
		tasks: map[message.Org][]clock.Task{}, keys: map[message.Org]exchange.Signer{}}
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

type member struct {
	*exchange.Exchange
	*statement.Statements
	c      *country
	self   message.Org
	store  *sqlstore.Store
	faults *sqlstoretest.Faults
	books  func(source bool) []message.BookAccount
	broken error // of Counts
}

// open starts an organisation on a database; on the same one again after close.
func (c *country) open(url string, self, peer message.Org) *member {
	c.Helper()
	ctx := c.Context()
	m := &member{c: c, self: self, faults: new(sqlstoretest.Faults)}
	m.store = must(sqlstore.Open(ctx, url, sqlstore.Options{Clock: c.clk, Faults: m.faults}, auditlog.Schema, due.Schema, exchange.Schema(), statement.Schema, held))
	if _, known := c.keys[self]; !known {
		c.keys[self] = must(c.ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning))
	}
	m.Statements = statement.New(statement.Config{Self: self, Peers: []message.Org{peer}, Store: m.store, Clock: c.clk, Rand: rand.Reader,
		Signer: c.keys[self], Trust: c.trust, Counts: m.counts,
		Books: func(_ context.Context, tx *sqlstore.Tx, _ message.Org, source bool) ([]message.BookAccount, error) {
			if m.books == nil {
				return nil, nil
			}
			return m.books(source), nil
		}})
	routes := append(m.Routes(), exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx },
		func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.CodeRequest) ([]message.Out, error) {
			if n.Count == 13 && !d.Accepted {
				return nil, exchange.Reject("unlucky", "十三は受け取れません。", "thirteen is not taken")
			}
			_, err := tx.Exec(ctx, `INSERT INTO held(k) VALUES ($1)`, d.ID.String())
			return nil, err
		}))
	m.Exchange = must(exchange.New(ctx, exchange.Config{Self: self, Store: m.store, Clock: c.clk, Rand: rand.Reader, Trust: c.trust, Signer: c.keys[self],
		Link: c.net.As(self), Peers: []message.Org{peer}, Routes: routes,
		Limits: exchange.Limits{ProbePause: 5 * time.Minute}})) // for days of a peer that is away
	c.net.Join(self, m.Exchange)
	list := due.New(m.store, c.clk, m.Due(), func(ctx context.Context, tx *sqlstore.Tx, outs []message.Out) error {
		_, err := m.Send(ctx, tx, outs, "")
		return err
	}, slog.New(slog.DiscardHandler))
	c.tasks[self] = append(append(m.Exchange.Tasks(), list.Tasks()...), m.Statements.Tasks()...)
	c.Cleanup(func() { m.store.Close() })
	return m
}

// counts is the number of what is held, which each request makes one more.
func (m *member) counts(ctx context.Context, tx *sqlstore.Tx, _ message.Org, source bool) ([]message.CountAccount, error) {
	if source != (m.self == city) {
		return nil, nil
	}
	c := message.CountAccount{Name: "requests", Title: plain.Sentence{JA: "依頼", EN: "requests"}, Kind: message.KindCodeRequest}
	err := tx.QueryRow(ctx, `SELECT COUNT(*) FROM held`).Scan(&c.N)
	if m.broken != nil {
		err = m.broken
	}
	return []message.CountAccount{c}, err
}

// off takes an organisation off the network, as the end of its program does.
func (c *country) off(m *member) {
	c.net.Join(m.self, nil)
	c.tasks[m.self] = nil
	if err := m.store.Close(); err != nil {
		c.Fatal(err)
	}
}

func (c *country) run(d time.Duration) {
	c.Helper()
	var tasks []clock.Task
	for _, org := range []message.Org{city, center} {
		tasks = append(tasks, c.tasks[org]...)
	}
	if err := clock.Drive(c.Context(), c.clk, tasks, c.clk.Now().Add(d)); err != nil {
		c.Fatal(err)
	}
}

// until runs to a time of day in Japan, days after the start.
func (c *country) until(days, hour, minute int) {
	c.Helper()
	c.run(wednesday.AddDays(days).Start().Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute).Sub(c.clk.Now()))
}

func (m *member) update(fn func(ctx context.Context, tx *sqlstore.Tx) error) {
	m.c.Helper()
	if err := m.store.Update(m.c.Context(), fn); err != nil {
		m.c.Fatal(err)
	}
}

func (m *member) view(fn func(ctx context.Context, tx *sqlstore.Tx) error) {
	m.c.Helper()
	if err := m.store.View(m.c.Context(), fn); err != nil {
		m.c.Fatal(err)
	}
}

func (m *member) exec(query string, args ...any) {
	m.c.Helper()
	m.update(func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, query, args...)
		if err == nil && n != 1 {
			err = fmt.Errorf("%d rows changed", n)
		}
		return err
	})
}

// ask sends requests of the city; each is one thing that it holds itself.
func (m *member) ask(counts ...uint32) (ids []message.ID) {
	m.c.Helper()
	m.update(func(ctx context.Context, tx *sqlstore.Tx) error {
		ids = nil
		for i, n := range counts {
			id, err := m.Send(ctx, tx, []message.Out{{To: center, Body: message.CodeRequest{Request: fmt.Sprintf("r%d/%d", m.c.clk.Now().UnixMicro(), i), Count: n}}}, "t-test")
			if err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `INSERT INTO held(k) VALUES ($1)`, id[0].String()); err != nil {
				return err
			}
			ids = append(ids, id[0])
		}
		return nil
	})
	return ids
}

func (m *member) find(k statement.Key) (st statement.Statement) {
	m.c.Helper()
	m.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		st, err = m.Statements.Find(ctx, tx, k)
		return err
	})
	return st
}

// day is the statement of the city's stream on a day, as one of the two has it.
func (m *member) day(days int) statement.Statement {
	m.c.Helper()
	k := statement.Key{Peer: center, Out: true, Span: message.Day, Until: wednesday.AddDays(days + 1).Start()}
	if m.self == center {
		k.Peer, k.Out = city, false
	}
	return m.find(k)
}

func (m *member) missing() (signals []statement.Signal) {
	m.c.Helper()
	m.view(func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		signals, err = m.Missing(ctx, tx, m.c.clk.Now())
		return err
	})
	return signals
}

func line(st statement.Statement, about, subject string) message.Line {
	for _, l := range st.Lines {
		if l.About == about && l.Subject == subject {
			return l
		}
	}
	return message.Line{}
}
