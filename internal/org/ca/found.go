package ca

import (
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
)

// Found holds the founding ceremony (鍵生成式): it makes the key and the self-signed certificate of each profile's CA, where they
// are not there, and returns the certificates (DER) for the trust of others, in the order of cert.Profiles. What is there stays as it
// is; a ceremony that was cut short goes on with the key that it had made.
func Found(random io.Reader, now time.Time, dir keys.Dir, algorithm cert.Algorithm) (roots [][]byte, err error) {
	ensure := func(name string) (crypto.Signer, error) {
		key, _, err := dir.Ensure(random, name, algorithm)
		return key, err
	}
	return FoundWith(random, now, dir, jpki.Operator{}, ensure, nil)
}

// FoundWith holds the ceremony where keys lie elsewhere than in dir, which then holds the certificates alone. Ensure gives the key of
// a name, and makes it when there is none yet; elsewhere is as Config.Signer. The certificates name who runs the CA.
func FoundWith(random io.Reader, now time.Time, dir keys.Dir, by jpki.Operator, ensure func(name string) (crypto.Signer, error),
	elsewhere func(name string, public crypto.PublicKey) (crypto.Signer, error)) (roots [][]byte, err error) {
	for _, p := range cert.Profiles {
		root, err := found(random, now, dir, by, ensure, elsewhere, p)
		if err != nil {
			return nil, fmt.Errorf("couldn't found the CA for the %s: %w", p.Name().EN, err)
		}
		roots = append(roots, root)
	}
	return roots, nil
}

func found(random io.Reader, now time.Time, dir keys.Dir, by jpki.Operator, ensure func(string) (crypto.Signer, error),
	elsewhere func(string, crypto.PublicKey) (crypto.Signer, error), p cert.Profile) ([]byte, error) {
	ders, err := dir.Certificates(keyName(p))
	if err == nil {
		// A certificate without its key would be trusted by all and could sign nothing.
		if _, err := openAuthority(dir, elsewhere, p); err != nil {
			return nil, err
		}
		return ders[0], nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	key, err := ensure(keyName(p))
	if err != nil {
		return nil, err
	}
	first, err := cert.SerialFromInt(big.NewInt(1))
	if err != nil {
		return nil, err
	}
	tbs, err := by.CATBS(p, key.Public(), first, now.Truncate(time.Second))
	if err != nil {
		return nil, err
	}
	if err := lintRoot(p, by, key, first, now, tbs); err != nil {
		return nil, err
	}
	signature, err := pki.SignTBS(random, key, tbs)
	if err != nil {
		return nil, err
	}
	der, err := pki.AssembleCertificate(tbs, signature)
	if err != nil {
		return nil, err
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	if err := c.CheckSignatureFrom(c); err != nil {
		return nil, err
	}
	return der, dir.PutCertificates(keyName(p), der)
}
