// Package store keeps the national center's tables (全国センターの保管): residents, codes, invalidations, certificates. A method
// is one question or one write; what it means is decided by the rules.
package store

import (
	"embed"
	"io/fs"

	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

//go:embed schema/*.sql
var files embed.FS

// Schema is the center's tables.
var Schema = sqlstore.Schema{Name: "nationalcenter", FS: schemaFiles()}

func schemaFiles() fs.FS {
	sub, err := fs.Sub(files, "schema")
	if err != nil {
		panic(err) // the name is a constant
	}
	return sub
}

// Tx is a transaction on the center's tables.
type Tx struct {
	*sqlstore.Tx
	received.States
}

// In is the center's view of a transaction.
func In(tx *sqlstore.Tx) *Tx { return &Tx{tx, received.In(tx, received.Shared{})} }
