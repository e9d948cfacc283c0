// Package store is the validation authority's tables (失効情報の保管): the state of every certificate, the published lists, the
// keys that answer, and what was answered. All of its SQL is here, a method for each question and each write.
package store

import (
	"embed"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the validation authority's tables.
var Schema = sqlstore.SchemaIn("validation", files)

// Tx is a transaction with the validation authority's questions and writes.
type Tx struct {
	*sqlstore.Tx
	books Books
}

// In sees a transaction as the validation authority's, whose writes show in the books. The zero Books are enough for
// questions and for what is in no book.
func In(tx *sqlstore.Tx, books Books) *Tx { return &Tx{tx, books} }
