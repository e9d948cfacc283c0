package municipality

import (
	"context"
	"crypto/x509"
	"encoding/hex"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/stillvalid"
)

// watch has it asked, a minute from now, whether the signature certificates that a version of a record ended are still
// good. Only those are known that were applied for here; an authentication certificate ends less often, and with them.
func (o *Municipality) watch(ctx context.Context, tx *store.Tx, v store.Version) error {
	if o.status == nil || !v.Kills.Signature {
		return nil
	}
	ended, err := tx.EndedBy(ctx, v)
	if err != nil {
		return err
	}
	for _, a := range ended {
		if err := stillvalid.Watch(ctx, tx.Tx, stillvalid.Certificate{Issuer: issuerOf(a), Serial: a.Serial, Trace: v.Trace}); err != nil {
			return err
		}
	}
	return nil
}

// watchLate does the same for a certificate that a change has ended while it was being issued.
func (o *Municipality) watchLate(ctx context.Context, tx *store.Tx, a store.Application) error {
	if o.status == nil || a.Profile != cert.Signature {
		return nil
	}
	trace, ended, err := tx.EndedSince(ctx, a)
	if err != nil || !ended {
		return err
	}
	return stillvalid.Watch(ctx, tx.Tx, stillvalid.Certificate{Issuer: issuerOf(a), Serial: a.Serial, Trace: trace})
}

// issuerOf names the CA as OCSP does: the hex of the SHA-1 of its key, which its certificates carry. The kind of the
// certificate stands for it when a certificate does not say it.
func issuerOf(a store.Application) string {
	c, err := x509.ParseCertificate(a.Certificate)
	if err != nil || len(c.AuthorityKeyId) == 0 {
		return a.Profile.String()
	}
	return hex.EncodeToString(c.AuthorityKeyId)
}
