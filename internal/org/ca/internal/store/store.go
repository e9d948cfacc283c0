// Package store is the CA's tables (認証局の保管): what it intends to sign, what it has issued, and its revocation lists. All of
// the CA's SQL is here, a method for each question and each write.
package store

import (
	"embed"
	"slices"

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

// inParts is sqlstore.InParts in parts of few lengths: what is missing is filled up with what is there, so that few different
// statements are enough, and each stays compiled.
func inParts[T any](tx *Tx, all []T, fn func(marks string, part []any) error) error {
	return sqlstore.InParts(tx.Tx, 1, filled(all), fn)
}

// filled repeats the first until the length is a power of two.
func filled[T any](all []T) []T {
	all = slices.Clip(all)
	for len(all)&(len(all)-1) != 0 {
		all = append(all, all[0])
	}
	return all
}
