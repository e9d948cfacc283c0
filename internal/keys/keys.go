// Package keys keeps an organisation's private keys in files of its own directory (鍵の保管).
//
// A key is a PKCS #8 PEM file that only its owner may read, beside the certificate that was issued for it. The
// directory belongs to one organisation; another organisation's process has no right to it. Whoever founds a country
// writes into directories that belong to others, so no link is followed out of the directory above. The files are not
// encrypted: whoever may read the directory has these keys. Those of a CA lie in tokens (package hsm), or in encrypted files
// behind a process, and only their certificates here.
package keys

import (
	"bytes"
	"crypto"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki"
)

// Dir is a directory of keys and certificates, by name: "sign.key" and "sign.crt".
type Dir string

// Signer reads a key.
func (d Dir) Signer(name string) (crypto.Signer, error) {
	text, err := d.readSecret(name + ".key")
	if err != nil {
		return nil, err
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

// Secret reads secret bytes. When there are none yet it draws n of them; with a nil random it is then fs.ErrNotExist.
func (d Dir) Secret(random io.Reader, name string, n int) ([]byte, error) {
	secret, err := d.readSecret(name + ".key")
	if err == nil || random == nil || !errors.Is(err, fs.ErrNotExist) {
		return secret, err
	}
	secret = make([]byte, n)
	if _, err := io.ReadFull(random, secret); err != nil {
		return nil, fmt.Errorf("couldn't draw the secret %s: %w", name, err)
	}
	return secret, d.write(name+".key", secret)
}

// PutSecret keeps secret bytes under a name, that came from elsewhere.
func (d Dir) PutSecret(name string, secret []byte) error { return d.write(name+".key", secret) }

// Certificates reads the certificates kept under a name, DER, in the order of the file.
func (d Dir) Certificates(name string) ([][]byte, error) {
	above, err := d.above()
	if err != nil {
		return nil, fmt.Errorf("couldn't read the certificate %s: %w", name, err)
	}
	defer above.Close()
	text, err := above.ReadFile(d.within(name + ".crt"))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the certificate %s: %w", name, err)
	}
	return pki.DecodeCertificates(text)
}

// PutCertificates keeps certificates (DER) under a name. What is there already stays as it is: every start of a country
// puts all of them again, and a file that is written is a wait for the disk.
func (d Dir) PutCertificates(name string, ders ...[]byte) error {
	if has, err := d.Certificates(name); err == nil && slices.EqualFunc(has, ders, bytes.Equal) {
		return nil
	}
	return d.write(name+".crt", pki.EncodeCertificates(ders...))
}

// above is the directory above, out of which no link leads. It is not the organisation's to replace.
func (d Dir) above() (*os.Root, error) { return os.OpenRoot(filepath.Dir(string(d))) }

// within is a file's path from above.
func (d Dir) within(name string) string { return filepath.Join(filepath.Base(string(d)), name) }

func (d Dir) readSecret(name string) ([]byte, error) {
	above, err := d.above()
	if err != nil {
		return nil, fmt.Errorf("couldn't find the key %s: %w", name, err)
	}
	defer above.Close()
	info, err := above.Stat(d.within(name))
	if err != nil {
		return nil, fmt.Errorf("couldn't find the key %s: %w", name, err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s may be read by others (mode %o): set it to 0600", filepath.Join(string(d), name), info.Mode().Perm())
	}
	text, err := above.ReadFile(d.within(name))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the key %s: %w", name, err)
	}
	return text, nil
}

// write makes the file appear whole or not at all.
func (d Dir) write(name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(string(d)), 0o700); err != nil {
		return fmt.Errorf("couldn't make the key directory: %w", err)
	}
	above, err := d.above()
	if err != nil {
		return fmt.Errorf("couldn't write %s: %w", name, err)
	}
	defer above.Close()
	if err := above.MkdirAll(d.within(""), 0o700); err != nil {
		return fmt.Errorf("couldn't make the key directory: %w", err)
	}
	// What lies there is left of a write that was cut off, or was put there to be written through.
	if err := above.Remove(d.within(name + ".new")); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("couldn't write %s: %w", name, err)
	}
	f, err := above.OpenFile(d.within(name+".new"), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
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
	return above.Rename(d.within(name+".new"), d.within(name))
}
