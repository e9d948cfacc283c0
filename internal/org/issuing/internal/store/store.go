// Package store is the issuing server's database (証明発行用の写しと申請): the copy of what documents are made of, and the requests for
// documents. It knows SQL and no rule.
package store

import (
	"embed"

	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the tables.
var Schema = sqlstore.SchemaIn("issuing", files)

// Books says where a write into the copy shows: in the book that the municipality compares with us.
type Books struct {
	*reconcile.Books
	Municipality message.Org
}

// Tx is a transaction with the questions and writes of the issuing server.
type Tx struct {
	*sqlstore.Tx
	books Books
}

// In sees a transaction as the issuing server's.
func In(tx *sqlstore.Tx, books Books) *Tx { return &Tx{tx, books} }
