// Package store keeps a prefecture's table (都道府県の保管) of its residents. A method
// is one question or one write; what it means is decided by the rules.
package store

import (
	"embed"

	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the prefecture's tables.
var Schema = sqlstore.SchemaIn("prefecture", files)

// Tx is a transaction on the prefecture's tables.
type Tx struct {
	*sqlstore.Tx
	received.States
	Notices received.Notices
}

// In is the prefecture's view of a transaction. What is written into its tables shows in the books.
func In(tx *sqlstore.Tx, shared received.Shared) *Tx {
	return &Tx{tx, received.In(tx, shared), received.NoticesIn(tx, shared)}
}
