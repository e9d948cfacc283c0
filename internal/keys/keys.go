// Package keys keeps an organisation's private keys in files of its own directory (鍵の保管).
//
// A key is a PKCS #8 PEM file that only its owner may read, beside the certificate that was issued for it. The
// directory belongs to one organisation; another organisation's process has no right to it. Known limit: the files are
// not encrypted, so whoever may read the directory has the keys; keys in devices are to come, behind the same
// crypto.Signer.
package keys

import (
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// Dir is a directory of keys and certificates, by name: "sign.key" and "sign.crt".
type Dir string

// Signer reads a key.
func (d Dir) Signer(name string) (crypto.Signer, error) {
	path := filepath.Join(string(d), name+".key")
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't find the key %s: %w", name, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s may be read by others (mode %o): set it to 0600", path, info.Mode().Perm())
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the key %s: %w", name, err)
	}
	return pki.DecodeKey(text)
}

// Ensure reads a key, and makes it when there is none yet. made tells which.
func (d Dir) Ensure(random io.Reader, name string, a cert.Algorithm) (key crypto.Signer, made bool, err error) {
	key, err = d.Signer(name)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return key, false, err
	}
	if key, err = pki.GenerateKey(random, a); err != nil {
		return nil, false, err
	}
	return key, true, d.PutSigner(name, key)
}

// PutSigner keeps a key under a name.
func (d Dir) PutSigner(name string, key crypto.Signer) error {
	text, err := pki.EncodeKey(key)
	if err != nil {
		return err
	}
	return d.write(name+".key", text)
}

// Certificates reads the certificates kept under a name, DER, in the order of the file.
func (d Dir) Certificates(name string) ([][]byte, error) {
	text, err := os.ReadFile(filepath.Join(string(d), name+".crt"))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the certificate %s: %w", name, err)
	}
	return pki.DecodeCertificates(text)
}

// PutCertificates keeps certificates (DER) under a name.
func (d Dir) PutCertificates(name string, ders ...[]byte) error {
	return d.write(name+".crt", pki.EncodeCertificates(ders...))
}

// write makes the file appear whole or not at all.
func (d Dir) write(name string, content []byte) error {
	if err := os.MkdirAll(string(d), 0o700); err != nil {
		return fmt.Errorf("couldn't make the key directory: %w", err)
	}
	path := filepath.Join(string(d), name)
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("couldn't write %s: %w", name, err)
	}
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return fmt.Errorf("couldn't write %s: %w", name, err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("couldn't write %s: %w", name, err)
	}
	return os.Rename(path+".new", path)
}
