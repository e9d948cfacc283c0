package store

import (
	"bytes"
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"fmt"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// ToEnd finds the certificate of a row, by the row's key, for ending it: what cannot be read of the row does not stand in the way.
// Of a row that was damaged it gives what can be made out, in this order: what the row says, what the certificate says, which is
// signed, and what follows from who asked for it. What nothing says is the zero value.
func (tx *Tx) ToEnd(ctx context.Context, key []byte) (Certificate, bool, error) {
	found, err := sqlstore.List(ctx, tx.Tx, scanToEnd, certificateColumns+`WHERE serial = $1`, key)
	if err != nil || len(found) == 0 {
		return Certificate{}, false, err
	}
	return found[0], true, nil
}

func scanToEnd(r *sqlstore.Rows, c *Certificate) error {
	w, err := scanRow(r)
	if err != nil {
		return err
	}
	*c, err = w.read()
	if signed, ok := serialOf(w.der); ok && !bytes.Equal(signed.Bytes(), w.serial) {
		c.Serial, c.row = signed, w.serial // what the world has is the certificate
	} else if err == nil && c.NotAfter.After(c.NotBefore) && isKeyID(c.Issuer) {
		return nil
	}
	if c.Serial.IsZero() {
		c.row = w.serial
	}
	c.Said = fmt.Sprintf("profile %.40q, issuer %.60q, municipality %.20q, not after %d", w.profile, w.issuer, w.municipality, w.notAfter.Unix())
	c.mend()
	return nil
}

// isKeyID tells whether a text can name a CA: the hex of a SHA-1.
func isKeyID(s string) bool {
	raw, err := hex.DecodeString(s)
	return err == nil && len(raw) == sha1.Size
}

// longest is how many years a certificate can be valid.
const longest = 7

// mend fills in what a damaged row does not say.
func (c *Certificate) mend() {
	if !c.Municipality.Valid() {
		// 公的個人認証法3条, 22条: through the municipality that keeps the record.
		if m, err := resident.ParseMunicipalityCode("requester", c.Requester.Code()); err == nil {
			c.Municipality = m
		}
	}
	x, err := x509.ParseCertificate(c.DER)
	if err != nil {
		if !c.NotAfter.After(c.NotBefore) {
			c.NotAfter = c.NotBefore.AddDate(longest, 0, 0) // it stays on the lists for as long as it can be valid
		}
		return
	}
	if !isKeyID(c.Issuer) {
		c.Issuer = hex.EncodeToString(x.AuthorityKeyId)
	}
	if !c.Profile.Valid() {
		// The two profiles are told apart by what the key may be used for: one of them signs for good (非否認).
		c.Profile = cert.Authentication
		if x.KeyUsage&x509.KeyUsageContentCommitment != 0 {
			c.Profile = cert.Signature
		}
	}
	if !c.NotAfter.After(c.NotBefore) {
		c.NotAfter = x.NotAfter
	}
}
