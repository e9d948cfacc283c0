// Package registrybench measures the registers (住民基本台帳、本人確認情報): how long a search for a person takes, a registration, and an
// import, each with all that the screens do: the access decision, the rule, and what is written down of it, committed.
//
// Beside each stands what the bare database takes for the query, or for the commit, in the same run and on the same disk.
package registrybench

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/pair"
	"github.com/akashi-id/akashi/internal/heapfloor"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The organisations: those measured, and whom they tell. Nobody runs these, so that what is sent stays in the outbox.
const (
	town       = message.Org("municipality-202029")
	prefecture = message.Org("prefecture-20")
	center     = message.Org("nationalcenter")
	theCA      = message.Org("ca")
)

// readers is how many people search or register at the same time.
const readers = 4

// Stores is how many databases a measurement needs on an engine.
const Stores = 2

// Options say where and how much.
type Options struct {
	Dir       string
	Residents int      // in each register
	Questions int      // of each kind; 0: 2,000, of searches 20,000
	Postgres  []string // URLs of empty schemas, Stores of them; empty: SQLite alone
	Say       func(format string, args ...any)
}

func (o Options) withDefaults() Options {
	if o.Residents == 0 {
		o.Residents = 100_000
	}
	if o.Questions == 0 {
		o.Questions = 2000
	}
	if o.Say == nil {
		o.Say = func(string, ...any) {}
	}
	return o
}

// ground is where a measurement puts what it opens, on one engine.
type ground struct {
	Options
	engine string
	stores []string
}

// each runs a measurement on each engine that is there.
func (o Options) each(ctx context.Context, name string, measure func(context.Context, ground) ([]figure.Result, error)) (all []figure.Result, err error) {
	o = o.withDefaults()
	heapfloor.Hold() // as akashi up does
	lite := ground{Options: o, engine: "SQLite"}
	for i := range Stores {
		lite.stores = append(lite.stores, "sqlite:"+filepath.Join(o.Dir, fmt.Sprintf("%s-%d.db", name, i)))
	}
	grounds := []ground{lite}
	if len(o.Postgres) == Stores {
		grounds = append(grounds, ground{Options: o, engine: "PostgreSQL", stores: o.Postgres})
	} else {
		o.Say("PostgreSQL is not measured: no --postgres URL")
	}
	for _, g := range grounds {
		part, err := measure(ctx, g)
		if err != nil {
			return nil, fmt.Errorf("%s on %s: %w", name, g.engine, err)
		}
		all = append(all, part...)
	}
	return all, nil
}

// seat is what an organisation is given.
func (g ground) seat(store int, self message.Org, peers ...message.Org) (host.Config, *access.Sessions, error) {
	stores := make([]string, 1+len(peers))
	stores[0] = g.stores[store]
	seats, err := pair.FoundStar(append([]message.Org{self}, peers...), stores)
	if err != nil {
		return host.Config{}, nil, err
	}
	cfg, err := seats[0].Config()
	if err != nil {
		return cfg, nil, err
	}
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self), Key: seats[0].Secret, Clock: cfg.Clock, Personas: access.Personas()})
	return cfg, sessions, err
}

func (g ground) openCenter(ctx context.Context, store int) (*nationalcenter.Center, error) {
	cfg, sessions, err := g.seat(store, center, prefecture, theCA, town)
	if err != nil {
		return nil, err
	}
	return nationalcenter.New(ctx, nationalcenter.Config{Config: cfg, Sessions: sessions})
}

func (g ground) openTown(ctx context.Context, store int) (*municipality.Municipality, error) {
	cfg, sessions, err := g.seat(store, town, prefecture, center, theCA)
	if err != nil {
		return nil, err
	}
	// A register that is taken over is told of in days; nobody takes it here, and the outbox must hold all of it.
	cfg.Limits.Open, cfg.Limits.OpenBytes = max(int64(4*g.Residents), 1_000_000), 1<<40
	return municipality.New(ctx, municipality.Config{Config: cfg, Sessions: sessions})
}

// settle lets the engine see what was filled in, as its own daemon does in an hour.
func settle(ctx context.Context, s *sqlstore.Store) error {
	if s.Engine() != sqlstore.Postgres {
		return nil
	}
	return s.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `ANALYZE`)
		return err
	})
}
