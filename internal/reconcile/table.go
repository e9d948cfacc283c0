package reconcile

import (
	"context"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Row is one entry as a state table says it.
type Row struct {
	Key   string
	Value message.Hash // zero: the row is there but cannot be read
}

// Table is how an organisation holds a book: which peers it holds it with, and how to read, show and mend what its own
// tables say. All functions run in the transaction that they are given and see nothing outside it.
type Table struct {
	Book message.Book

	// Source says whether we are the source of the book towards a peer, Copy whether we hold the copy of the peer's.
	// Never both with one peer. Nil: with nobody.
	Source, Copy func(peer message.Org) bool

	// Scan lists what the state tables hold for a peer, in the order of the keys, from after cursor ("" for the
	// beginning); next is "" at the end. Equal keys stand beside each other, on one page: a doubled row is a finding. A row
	// that cannot be read is listed with the zero value and keeps no other from being listed.
	Scan func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, cursor string, limit int) (rows []Row, next string, err error)

	// Look tells what the state tables hold under some keys; a key that is not held is not in the map, one whose row cannot
	// be read is there with the zero value.
	Look func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, keys []string) (map[string]message.Hash, error)

	// Show says what is held under a key, for a case's page on both sides: no more of a person than the book's class
	// allows (no name, no address).
	Show func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (plain.Sentence, error)

	// Snapshot makes the message that carries the present state under a key; nil when nothing is held. The source's.
	Snapshot func(ctx context.Context, tx *sqlstore.Tx, peer message.Org, key string) (message.Payload, error)

	// Take makes the copy's state under a key what a snapshot says, whatever it was; p is what it carries, nil: nothing.
	// It sets the book's entry and writes the audit entry, like the rule of the kind itself. The copy's.
	Take func(ctx context.Context, tx *sqlstore.Tx, d exchange.Delivery, n message.Snapshot, p message.Payload) ([]message.Out, error)

	// Safe lets an entry that is missing at the copy be sent again without a person: a fact that protects somebody.
	Safe bool
}

// side is our part in a book.
type side string

const (
	source side = "source" // 元: our messages change it
	copied side = "copy"   // 写し: the peer's do
)

func (t *Table) sideTo(peer message.Org) side {
	switch {
	case t.Source != nil && t.Source(peer):
		return source
	case t.Copy != nil && t.Copy(peer):
		return copied
	}
	return ""
}
