package statement

import (
	"context"
	"embed"
	"io"
	"log/slog"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables of statements and rounds.
var Schema = sqlstore.SchemaIn("statement", files)

// Config says who we are, with whom we close, and what else is counted.
type Config struct {
	Self   message.Org
	Node   string // of our streams; "1" when empty
	Peers  []message.Org
	Store  *sqlstore.Store // opened with Schema, due.Schema, exchange.Schema and auditlog.Schema
	Clock  clock.Clock
	Rand   io.Reader
	Signer exchange.Signer
	Trust  *pki.Trust
	Log    *slog.Logger

	// Books tells of the books that are compared with a peer, of those of which we are the source, or of which we hold the
	// copy. Counts gives figures of the business in the same way, from our own tables; Later need not be filled in. Both
	// read from the transaction and must be quick. Either may be nil.
	Books  func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.BookAccount, error)
	Counts func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error)

	// Looks are what the operator's round must look at beside the statements: alarms, cases, parked messages, the drill.
	// They may be nil.
	Looks []func(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]Look, error)
}

// Statements are one organisation's closes and rounds.
type Statements struct {
	cfg   Config
	peers map[message.Org]bool
}

// New joins the parts. Routes and Due must be given to the exchange and to the due list, Tasks be run.
func New(cfg Config) *Statements {
	if cfg.Node == "" {
		cfg.Node = "1"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	s := &Statements{cfg: cfg, peers: map[message.Org]bool{}}
	for _, p := range cfg.Peers {
		s.peers[p] = true
	}
	return s
}

// Routes takes the peers' accounts.
func (s *Statements) Routes() []exchange.Route {
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	return []exchange.Route{exchange.On(same, s.onAccount)}
}

// Due is the making of accounts.
func (s *Statements) Due() []due.Rule {
	return []due.Rule{
		{Kind: closeKind, Prepare: s.prepareClose, Outside: s.sign, Finish: s.finishClose},
		{Kind: answerKind, Prepare: s.prepareAnswer, Outside: s.sign, Finish: s.finishAnswer},
	}
}

// Tasks is the loop that hands out the closes at midnight.
func (s *Statements) Tasks() []clock.Task {
	return []clock.Task{{Name: string(s.cfg.Self) + " statements", Step: s.turn}}
}
