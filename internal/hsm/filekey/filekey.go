// Package filekey is a token whose keys lie in files under a passphrase (暗号化した鍵ファイル): what a small installation has in
// place of an HSM, and what package token serves where there is no device.
//
// A key is a PKCS #8 PEM file inside an age file (scrypt), named after its label: "ca.key.age". The age program opens it
// with the same passphrase, so a key can be carried to a device or to another program.
package filekey

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"

	"filippo.io/age"

	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/pki"
)

// Suffix is what the name of a key's file has behind the key's.
const Suffix = ".key.age"

// maxFile bounds a key file in bytes; an RSA key of 4096 bits has 3,300.
const maxFile = 16 << 10

// label is what a key may be called: it is a file's name too.
var label = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// Device serves the keys of a directory.
type Device struct {
	Dir string

	mu   sync.RWMutex
	keys map[string]held // nil: nobody has logged in
}

// held is a key, or why it cannot be used.
type held struct {
	crypto.Signer
	why string
}

var (
	_ token.Device    = (*Device)(nil)
	_ token.Forgetter = (*Device)(nil)
)

// Open opens every key file of the directory with the passphrase. A file that is damaged, or has another passphrase, is set aside and
// listed with the reason. A passphrase that opens none is refused.
func (d *Device) Open(_ context.Context, l token.Login) error {
	dir, err := os.OpenRoot(d.Dir) // out of which no link leads
	if err != nil {
		return token.Fail(token.DeviceFailed, "couldn't open the directory of key files: %v", err)
	}
	defer dir.Close()
	files, err := fs.Glob(dir.FS(), "*"+Suffix)
	if err != nil {
		return err
	}
	keys := map[string]held{}
	var refused error
	opened := false
	for _, file := range files {
		key, err := read(dir, file, l.PIN)
		switch name := strings.TrimSuffix(file, Suffix); {
		case err == nil:
			keys[name] = held{Signer: key}
			opened = true
		default:
			keys[name] = held{why: err.Error()}
			if token.FaultOf(err) == token.LoginRefused {
				refused = err
			}
		}
	}
	if !opened && refused != nil {
		return refused
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys = keys
	return nil
}

func read(dir *os.Root, file string, passphrase []byte) (crypto.Signer, error) {
	f, err := dir.Open(file)
	if err != nil {
		return nil, token.Fail(token.DeviceFailed, "couldn't open the key file %s: %v", file, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, token.Fail(token.DeviceFailed, "couldn't open the key file: %v", err)
	}
	if info.Mode().Perm()&0o077 != 0 {
		return nil, token.Fail(token.DeviceFailed, "the key file %s may be read by others (mode %o): set it to 0600", file, info.Mode().Perm())
	}
	id, err := age.NewScryptIdentity(string(passphrase))
	if err != nil {
		return nil, token.Fail(token.LoginRefused, "no passphrase")
	}
	var text []byte
	plain, err := age.Decrypt(io.LimitReader(f, maxFile), id)
	if err == nil {
		text, err = io.ReadAll(plain)
	}
	var wrong *age.NoIdentityMatchError
	switch {
	case errors.As(err, &wrong):
		return nil, token.Fail(token.LoginRefused, "the passphrase does not open %s", file)
	case err != nil:
		return nil, token.Fail(token.DeviceFailed, "the key file %s is damaged: %v", file, err)
	}
	defer clear(text)
	key, err := pki.DecodeKey(text)
	if err != nil {
		return nil, token.Fail(token.DeviceFailed, "the key file %s holds no key: %v", file, err)
	}
	return key, nil
}

// Keys lists the keys.
func (d *Device) Keys(context.Context) (keys []token.Key, err error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if d.keys == nil {
		return nil, errLogin
	}
	for name, k := range d.keys {
		key := token.Key{Label: name, Why: k.why}
		if k.why == "" {
			if key.Public, err = x509.MarshalPKIXPublicKey(k.Public()); err != nil {
				return nil, err
			}
		}
		keys = append(keys, key)
	}
	return keys, nil
}

// Signer is an open key itself, for whoever founds what it is to sign, in the same program.
func (d *Device) Signer(name string) (crypto.Signer, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	if k := d.keys[name]; k.Signer != nil {
		return k.Signer, nil
	} else if k.why != "" {
		return nil, errors.New(k.why)
	}
	return nil, fmt.Errorf("there is no key %q", name)
}

var errLogin = token.Fail(token.LoginLost, "nobody has opened the key files")

// Sign signs a digest.
func (d *Device) Sign(_ context.Context, name string, hash crypto.Hash, digest []byte) ([]byte, error) {
	d.mu.RLock()
	key, opened := d.keys[name], d.keys != nil
	d.mu.RUnlock()
	switch {
	case !opened:
		return nil, errLogin
	case key.Signer == nil:
		return nil, token.Fail(token.NoSuchKey, "there is no key %q that can be used", name)
	}
	return key.Sign(rand.Reader, digest, hash)
}

// Logout forgets the keys until they are opened again.
func (d *Device) Logout(context.Context) error { return d.Close() }

// Close forgets the keys.
func (d *Device) Close() error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.keys = nil
	return nil
}

// Put keeps a key in a directory under a passphrase. What is there already is never written over. Work is the logarithm of
// what a guess at the passphrase costs, 0 for what age takes, which is right for one that a person remembers: a second and
// 256 MiB for each key. One that a program drew needs less.
func Put(dir, name string, key crypto.Signer, passphrase []byte, work int) error {
	if !label.MatchString(name) {
		return fmt.Errorf("%q is no name for a key: use small letters, digits and hyphens", name)
	}
	to, err := age.NewScryptRecipient(string(passphrase))
	if err != nil {
		return fmt.Errorf("couldn't use the passphrase: %w", err)
	}
	if work > 0 {
		to.SetWorkFactor(work)
	}
	text, err := pki.EncodeKey(key)
	if err != nil {
		return err
	}
	defer clear(text)
	var sealed bytes.Buffer
	w, err := age.Encrypt(&sealed, to)
	if err == nil {
		_, err = w.Write(text)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("couldn't seal the key %s: %w", name, err)
	}
	return write(filepath.Join(dir, name+Suffix), sealed.Bytes())
}

// write makes the file appear whole or not at all.
func write(file string, content []byte) error {
	if _, err := os.Lstat(file); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already", file)
	}
	f, err := os.CreateTemp(filepath.Dir(file), filepath.Base(file)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := f.Write(content); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return os.Link(f.Name(), file) // fails when somebody was faster
}
