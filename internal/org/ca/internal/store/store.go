// Package store is the CA's tables (認証局の保管): what it intends to sign, what it has issued, and its revocation lists. All of
// the CA's SQL is here, a method for each question and each write.
package store

import (
	"embed"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the CA's tables.
var Schema = sqlstore.SchemaIn("ca", files)

// Tx is a transaction with the CA's questions and writes.
type Tx struct {
	*sqlstore.Tx
	books Books
}

// In sees a transaction as the CA's, whose writes show in the books. The zero Books are enough for questions.
func In(tx *sqlstore.Tx, books Books) *Tx { return &Tx{tx, books} }
