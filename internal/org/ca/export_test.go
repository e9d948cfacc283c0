package ca

import (
	"crypto"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/reconcile"
)

// SetKey puts another signer in the place of a CA's key.
func (o *CA) SetKey(p cert.Profile, key crypto.Signer) { o.byProfile[p].key = key }

// Key is a CA's key.
func (o *CA) Key(p cert.Profile) crypto.Signer { return o.byProfile[p].key }

// Tables are the CA's books.
func (o *CA) Tables() []reconcile.Table { return o.tables() }
