// Package store is the verifier's table (検証の記録): what was checked, what was asked of the validation authority, and what
// it answered. All of its SQL is here, a method for each question and each write.
package store

import (
	"embed"

	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the verifier's table.
var Schema = sqlstore.SchemaIn("verifier", files)

// Tx is a transaction with the verifier's questions and writes.
type Tx struct{ *sqlstore.Tx }

// In sees a transaction as the verifier's.
func In(tx *sqlstore.Tx) *Tx { return &Tx{tx} }
