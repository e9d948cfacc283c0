package alarm

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Signal is what a source says of one thing at one moment. Code, Peer and About name the thing: two signals that agree in
// these are about the same alarm. A thing of which a source says nothing more is over.
type Signal struct {
	Code  Code
	Peer  message.Org // empty when it is about no peer
	About string      // what names it beside the peer: a kind, a book, a number; at most maxAbout bytes, no personal data
	Value int64       // in the unit of the definition

	// Since is when it began to be so, when the source knows that better than the first look: it counts towards the time
	// for which it must last. The zero time says nothing.
	Since time.Time

	Detail plain.Sentence // what to know beside the name and the value; shown, logged and sent out: no personal data
	Href   string         // the page below the organisation's base where one deals with it: "/messages"; may be empty
	Drill  bool           // it was brought about by a drill, and nobody need do anything
}

// Source looks at one part of the organisation.
//
// Signals returns all that is to be said at the time, or an error, and then nothing is said. It opens the read
// transactions that it needs; none is open when it is called. It must return when ctx ends, is called by one goroutine at
// a time, and may be called again at once. What it returns must be the same for the same rows and time.
type Source interface {
	Name() string // unique in an organisation: "exchange"
	Signals(ctx context.Context, now time.Time) ([]Signal, error)
}

// Meter is a source that has figures for the metrics beside its signals.
type Meter interface {
	Source
	// Figures are those of the last call of Signals that returned no error. It is called in the same goroutine.
	Figures() []Figure
}

// Figure is one value of a metric.
type Figure struct {
	Name    string // as Prometheus wants it: "akashi_exchange_open_messages"; a counter's ends in "_total"
	Help    string
	Counter bool // only grows while the program runs
	Labels  []Label
	Value   float64
}

// Label is a name and a value; all figures of one name have the same label names.
type Label struct{ Name, Value string }

// InView makes a source of a function that reads from one transaction, which is opened for it.
func InView(name string, store *sqlstore.Store, look func(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]Signal, error)) Source {
	return inView{name, store, look}
}

type inView struct {
	name  string
	store *sqlstore.Store
	look  func(ctx context.Context, tx *sqlstore.Tx, now time.Time) ([]Signal, error)
}

func (s inView) Name() string { return s.name }

func (s inView) Signals(ctx context.Context, now time.Time) (signals []Signal, err error) {
	err = s.store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		signals, err = s.look(ctx, tx, now)
		return err
	})
	return signals, err
}
