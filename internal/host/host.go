// Package host is the ground that every organisation stands on (団体の土台): its own database, its clock and randomness,
// its exchange with the others, what falls due, and its audit log, joined so that one act is one transaction.
//
// An organisation brings its Rules: its tables, a route for each kind of message it takes, a rule for each kind of
// thing that falls due. A screen does what it does through Act, so that a person's act and a message take the same
// path: rule, state, audit entry and messages out commit together.
package host

import (
	"cmp"
	"context"
	"io"
	"log/slog"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/alarm/books"
	"github.com/akashi-id/akashi/internal/alarm/drill"
	"github.com/akashi-id/akashi/internal/alarm/pairs"
	"github.com/akashi-id/akashi/internal/alarm/trend"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/staff"
	"github.com/akashi-id/akashi/internal/statement"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Config is what an organisation is given by whoever starts it.
type Config struct {
	Self     message.Org
	Name     plain.Sentence // "松本市"
	StoreURL string         // sqlite:PATH, postgres://…, memory:
	Clock    clock.Clock
	Rand     io.Reader
	Signer   exchange.Signer
	Trust    *pki.Trust
	Link     exchange.Link
	Peers    []message.Org
	Limits   exchange.Limits
	// Secrets gives the secret that we share with a peer, at least 32 bytes, for the digests of the books that we hold
	// together. Needed where Rules.Books is not empty.
	Secrets func(peer message.Org) []byte
	// Compare is how long it takes between two comparisons of a book, Audit in which time its self-audit goes round once; 30 s
	// each when zero. Who plays months in virtual time wants them longer.
	Compare, Audit time.Duration
	// Closes tells with which peers days and weeks are closed; nil: with all. Who plays a country of which some organisations
	// only send and take leaves those out.
	Closes func(peer message.Org) bool
	// Seldom tells with which peers something is exchanged only now and then: no days are closed and no drills held with them, and a pair
	// costs nothing until something has been exchanged. Nil: with none.
	Seldom func(peer message.Org) bool
	// Watch is how long it takes between two looks of the alarms; zero: 5 s, and a minute in virtual time.
	Watch   time.Duration
	Webhook alarm.Webhook // who is told of alarms; zero: nobody
	// Drill is how often a drill proves the alarms, with one peer after the other; negative: when somebody asks for it. Zero:
	// never, and the book of drills is not held. Both ends of a pair hold it or neither does.
	Drill time.Duration
	// Origin is where people open the screens, as browsers write it: "https://juki.example.lg.jp". Passkeys are bound to the name in
	// it. Empty: no browser shows one, and only personas sign in.
	Origin string
	// Trial puts another rule in the place of one of ours, to try what the others notice of a faulty one. Nil in every
	// real organisation.
	Trial func(exchange.Route) exchange.Route
	// Several tells that this is one of several nodes of the organisation on one database: what another of them left undone is taken up within a few seconds, and
	// one of them sends at a time.
	Several bool
	// Beside is the Store of another node of this organisation in this process, whose database in memory this node shares. Nil in every real
	// organisation: its nodes are processes, and share a PostgreSQL schema.
	Beside *sqlstore.Store
	// Faults makes commits fail as told. Nil in every real organisation.
	Faults sqlstore.Faults
	Log    *slog.Logger
	// Looks are from where on looks at persons are unusual, and for how many years they are kept; zero: the defaults, and as
	// the prefecture does.
	Looks look.Limits
}

// Rules are what makes an organisation that organisation.
type Rules struct {
	Schema sqlstore.Schema
	Tables []sqlstore.Schema // of mechanisms that not every organisation uses; made after Schema
	Routes []exchange.Route
	Due    []due.Rule
	Books  []reconcile.Table // the books that it holds with its peers
	// Rebuild gives the payload that would be sent today in the place of a parked one; may be nil.
	Rebuild func(ctx context.Context, tx *sqlstore.Tx, was message.Payload) (message.Payload, error)
	// Counts gives figures of the business, from its own tables, for the statements with a peer; may be nil.
	Counts func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, source bool) ([]message.CountAccount, error)
	// Admits is the gate of pages that show what came or went about persons (Host.Admits); nil: nobody is protected here.
	Admits Admits
}

// Admits refuses to show whoever is in the context what is about persons, one of whom is protected (支援措置) and released to nobody or to
// somebody else. It returns the ground of the look: the one that is given, or the organisation's own where it has one.
type Admits func(ctx context.Context, tx *sqlstore.Tx, ground look.Ground, codes []resident.RecordCode) (look.Ground, error)

// lookForOthers is how long what another node left undone lies at most before this one sees it. A document that is not signed within half a minute is refused.
const lookForOthers = 5 * time.Second

// Host is an organisation's ground.
type Host struct {
	Config
	Store    *sqlstore.Store
	Exchange *exchange.Exchange
	Books    *reconcile.Books // never nil; without tables it holds no book
	Due      *due.List

	Alarms     *alarm.Alarms
	Drills     *drill.Drills
	Statements *statement.Statements
	LookWatch  *look.Watch // of looks at persons
	Staff      *staff.Staff

	admits Admits
}

// Admits is asked before anything about persons is shown that is not read from the organisation's own tables of them, such as the
// content of a message, in the transaction that reads and that writes the look down. Codes are all that it is about.
func (h *Host) Admits(ctx context.Context, tx *sqlstore.Tx, ground look.Ground, codes []resident.RecordCode) (look.Ground, error) {
	if h.admits == nil {
		return ground, nil
	}
	return h.admits(ctx, tx, ground, codes)
}

// Open opens the database, brings its tables up to date, and joins the parts. Close it when New of the organisation fails.
func Open(ctx context.Context, cfg Config, rules Rules) (*Host, error) {
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Log = cfg.Log.With("organisation", string(cfg.Self))
	store, err := sqlstore.Open(ctx, cfg.StoreURL, sqlstore.Options{Clock: cfg.Clock, Faults: cfg.Faults, Log: cfg.Log, Beside: cfg.Beside},
		append([]sqlstore.Schema{auditlog.Schema, due.Schema, exchange.Schema(), reconcile.Schema(), alarm.Schema, look.Schema, trend.Schema,
			drill.Schema, statement.Schema, staff.Schema, rules.Schema}, rules.Tables...)...)
	if err != nil {
		return nil, err
	}
	h := &Host{Config: cfg, Store: store, admits: rules.Admits}
	if cfg.Drill != 0 {
		book := drill.Table(cfg.Self)
		source, copied := book.Source, book.Copy
		book.Source = func(peer message.Org) bool { return h.Often(peer) && source(peer) }
		book.Copy = func(peer message.Org) bool { return h.Often(peer) && copied(peer) }
		rules.Books = append(slices.Clip(rules.Books), book)
	}
	h.Books, err = reconcile.New(ctx, reconcile.Config{Self: cfg.Self, Store: store, Clock: cfg.Clock, Peers: cfg.Peers,
		Tables: rules.Books, Secrets: cfg.Secrets, Every: cfg.Compare, Cycle: cfg.Audit, Bell: alarm.Bell, Log: cfg.Log})
	if err != nil {
		store.Close()
		return nil, err
	}
	if h.Staff, err = staff.New(staff.Config{Self: cfg.Self, Name: cfg.Name, Store: store, Clock: cfg.Clock, Rand: cfg.Rand, Origin: cfg.Origin, Log: cfg.Log}); err != nil {
		store.Close()
		return nil, err
	}
	if err := h.watch(rules); err != nil {
		store.Close()
		return nil, err
	}
	routes := slices.Concat(rules.Routes, h.Books.Routes(), h.Statements.Routes(), []exchange.Route{drill.Route()})
	if cfg.Trial != nil {
		for i := range routes {
			routes[i] = cfg.Trial(routes[i])
		}
	}
	h.Exchange, err = exchange.New(ctx, exchange.Config{
		Self: cfg.Self, Store: store, Clock: cfg.Clock, Rand: cfg.Rand, Signer: cfg.Signer, Trust: cfg.Trust, Link: cfg.Link,
		Peers: cfg.Peers, Seldom: cfg.Seldom, Routes: routes, Rebuild: rules.Rebuild, Limits: cfg.Limits, Bell: alarm.Bell, Log: cfg.Log,
		Several: cfg.Several,
	})
	if err != nil {
		store.Close()
		return nil, err
	}
	h.Books.Join(h.Exchange)
	h.Due = due.New(store, cfg.Clock, slices.Concat(rules.Due, h.Alarms.Due(), h.Statements.Due()), h.send, cfg.Log)
	if cfg.Several {
		h.Due.Look = lookForOthers
	}
	h.Drills = drill.New(drill.Config{Self: cfg.Self, Store: store, Clock: cfg.Clock, Rand: cfg.Rand, Exchange: h.Exchange, Books: h.Books,
		Alarms: h.Alarms, Peers: slices.DeleteFunc(slices.Clone(cfg.Peers), func(peer message.Org) bool { return !h.Often(peer) }), Every: cmp.Or(cfg.Drill, -1), Log: cfg.Log})
	messages := pairs.New(h.Exchange)
	h.Alarms.Add(messages, trend.New(store, messages.Feed()), books.New(h.Books), h.Statements.Source(), h.Drills, look.Source(store), h.Staff.Source())
	cfg.Looks.Years = cmp.Or(cfg.Looks.Years, look.YearsAt(cfg.Self))
	h.LookWatch = look.NewWatch(store, cfg.Clock, cfg.Looks)
	return h, nil
}

// Often tells whether a peer is one with which something is exchanged every day.
func (h *Host) Often(peer message.Org) bool { return h.Seldom == nil || !h.Seldom(peer) }

func (h *Host) send(ctx context.Context, tx *sqlstore.Tx, outs []message.Out) error {
	_, err := h.Exchange.Send(ctx, tx, outs, "")
	return err
}

// Act runs a rule that a person's act, rather than a message, has set off, in one transaction with its messages out. It
// returns the trace under which all that follows can be found.
func (h *Host) Act(ctx context.Context, rule func(context.Context, *sqlstore.Tx) ([]message.Out, error)) (trace string, err error) {
	if trace, err = h.Exchange.NewTrace(); err != nil {
		return "", err
	}
	err = h.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		outs, err := rule(ctx, tx)
		if err != nil {
			return err
		}
		_, err = h.Exchange.Send(ctx, tx, outs, trace)
		return err
	})
	return trace, err
}

// Tasks are the loops to step: the exchange's, the due list's, the books', the statements', the alarms', the drills' and the looks'.
func (h *Host) Tasks() []clock.Task {
	return slices.Concat(h.Exchange.Tasks(), h.Due.Tasks(), h.Books.Tasks(), h.Statements.Tasks(), h.Alarms.Tasks(), h.Drills.Tasks(), []clock.Task{h.LookWatch.Task(), h.LookWatch.Expiry()})
}

// Close closes the database.
func (h *Host) Close() error { return h.Store.Close() }
