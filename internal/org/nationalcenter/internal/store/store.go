// Package store keeps the national center's tables (全国センターの保管): residents, codes, invalidations, certificates. A method
// is one question or one write; what it means is decided by the rules.
package store

import (
	"embed"

	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the center's tables.
var Schema = sqlstore.SchemaIn("nationalcenter", files)

// Tx is a transaction on the center's tables.
type Tx struct {
	*sqlstore.Tx
	received.States
	Notices received.Notices
	books   *reconcile.Books
}

// In is the center's view of a transaction, whose writes show in the books. For questions nil is enough.
func In(tx *sqlstore.Tx, books *reconcile.Books) *Tx {
	shared := received.Shared{Books: books}
	return &Tx{tx, received.In(tx, shared), received.NoticesIn(tx, shared), books}
}

// enter writes what a message tells into the book with a CA. Only the methods that write the state call it, so that no
// rule can do one without the other.
func (tx *Tx) enter(ca message.Org, told message.Booked) { tx.books.Apply(tx.Tx, ca, told) }
