package nation

import (
	"cmp"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/hsm/filekey"
	"github.com/akashi-id/akashi/internal/hsm/token"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// A country that is founded here keeps the keys of its CA in encrypted files, as a real one should, and their passphrase in a
// directory beside: who copies the organisation's directory alone has no key. Who copies the whole data directory has both. That is
// as good as it gets without somebody who brings the passphrase, and enough for a test country alone
// (docs/decisions/0035-a-test-country-seals-its-keys.md).

// sealedName is the directory of an organisation's encrypted keys, in its own.
const sealedName = "sealed"

// drawnWork is the scrypt work factor of a key whose passphrase was drawn: the least. The factor makes guesses dear, and 130 bits are
// guessed at no price; what it costs is paid at each start.
const drawnWork = 10

// secretOf is the file with the passphrase of an organisation's keys.
func secretOf(dir string, o message.Org) string { return filepath.Join(dir, "secrets", string(o)) }

// vault is where the keys of a CA lie that is founded here.
type vault struct {
	dir    string // the country's
	org    message.Org
	sealed string
}

func vaultOf(dir string, o message.Org) vault {
	return vault{dir: dir, org: o, sealed: filepath.Join(dir, string(o), sealedName)}
}

// has tells whether a key lies there, without opening it. The directory may have been another user's: no link is followed.
func (v vault) has(name string) (bool, error) {
	info, err := os.Lstat(v.sealed)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err == nil && !info.IsDir() {
		err = fmt.Errorf("%s is no directory", v.sealed)
	}
	if err != nil {
		return false, err
	}
	info, err = os.Lstat(filepath.Join(v.sealed, name+filekey.Suffix))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && info.Mode().IsRegular(), err
}

// holds are those of an organisation's keys that lie there.
func (v vault) holds() (names []string, err error) {
	for _, name := range inTokens[v.org.Role()] {
		is, err := v.has(name)
		if err != nil {
			return nil, err
		}
		if is {
			names = append(names, name)
		}
	}
	return names, nil
}

// passphrase reads the passphrase of the organisation, and draws it when there is none and no key needs another one.
func (v vault) passphrase() ([]byte, error) {
	file := secretOf(v.dir, v.org)
	if _, err := os.Lstat(file); err == nil {
		return ReadPIN(file)
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if names, err := v.holds(); err != nil || len(names) > 0 {
		return nil, errors.Join(err, plain.Bad("secrets/"+string(v.org), "暗号化した鍵の合言葉のファイル（"+file+"）がありません。控えから戻してください。",
			"the file with the passphrase of the encrypted keys, "+file+", is missing: restore it from a copy"))
	}
	// Whoever starts the country reads all of them; an organisation's process passes through and reads its own (handOver).
	if err := os.MkdirAll(filepath.Dir(file), 0o711); err != nil {
		return nil, fmt.Errorf("couldn't make the directory of passphrases: %w", err)
	}
	drawn := []byte(rand.Text())
	f, err := os.OpenFile(file+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, fmt.Errorf("couldn't keep the passphrase: %w", err)
	}
	defer f.Close()
	if err := errors.Join(f.Chmod(0o600), writeLine(f, drawn), f.Sync()); err != nil {
		return nil, fmt.Errorf("couldn't keep the passphrase: %w", err)
	}
	return drawn, os.Rename(file+".new", file)
}

func writeLine(f *os.File, line []byte) error {
	_, err := fmt.Fprintf(f, "%s\n", line)
	return err
}

// ensure gives a key for the founding ceremony: one that lies in the open, of a country founded before; one that was sealed before the
// ceremony was cut short; or a new one, which is sealed before anything is done with it and lies nowhere else.
func (v vault) ensure(name string) (crypto.Signer, error) {
	if key, err := KeyDir(v.dir, v.org).Signer(name); !errors.Is(err, fs.ErrNotExist) {
		return key, err
	}
	passphrase, err := v.passphrase()
	if err != nil {
		return nil, err
	}
	defer clear(passphrase)
	is, err := v.has(name)
	if err != nil {
		return nil, err
	}
	if is {
		return v.open(name, passphrase)
	}
	key, err := pki.GenerateKey(rand.Reader, cert.Today.Algorithm())
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(v.sealed, 0o700); err != nil {
		return nil, fmt.Errorf("couldn't make the directory of encrypted keys: %w", err)
	}
	return key, filekey.Put(v.sealed, name, key, passphrase, drawnWork)
}

// elsewhere says of a key that is sealed that it is there. It signs nothing: that is its token's.
func (v vault) elsewhere(name string, public crypto.PublicKey) (crypto.Signer, error) {
	is, err := v.has(name)
	if err != nil || !is {
		return nil, err
	}
	return known{public: public}, nil
}

// open opens a key once, for a ceremony that goes on.
func (v vault) open(name string, passphrase []byte) (crypto.Signer, error) {
	d := &filekey.Device{Dir: v.sealed}
	if err := d.Open(context.Background(), token.Login{PIN: passphrase}); err != nil {
		return nil, err
	}
	return d.Signer(name)
}

// known is a key of which the public half is known here.
type known struct {
	crypto.Signer
	public crypto.PublicKey
}

func (k known) Public() crypto.PublicKey { return k.public }

// tokens are the organisation's keys as tokens to be opened; none when they lie in the open. It tells so where they do.
func (v vault) tokens() (tokens []TokenConfig, held []string, err error) {
	if held, err = v.holds(); err != nil || len(held) == 0 {
		return nil, nil, err
	}
	secret, err := filepath.Abs(secretOf(v.dir, v.org))
	sealed, err2 := filepath.Abs(v.sealed)
	return []TokenConfig{{Name: "files", Files: sealed, PINFile: secret}}, held, cmp.Or(err, err2)
}

// SealingNotes say to whoever starts a country how its CA's keys lie.
func SealingNotes(dir string, spec *Spec) (notes []plain.Sentence) {
	for _, e := range spec.Organisations {
		if len(inTokens[e.ID.Role()]) == 0 {
			continue
		}
		held, err := vaultOf(dir, e.ID).holds()
		switch {
		case err != nil: // its own start says so
		case len(held) == len(inTokens[e.ID.Role()]):
			for _, name := range held {
				left := filepath.Join(string(KeyDir(dir, e.ID)), name+".key")
				if _, err := os.Lstat(left); err == nil {
					notes = append(notes, plain.Sentence{
						JA: "注意: " + name + " は暗号化されましたが、もとのファイルが残っています。発行できることを確かめてから、" + left + " を消してください。",
						EN: "note: " + name + " is encrypted, and the old file is still there: remove " + left + " when a certificate was issued.",
					})
				}
			}
			notes = append(notes, plain.Sentence{
				JA: "注意: " + e.Name.JA + "の鍵は暗号化してあり、合言葉は " + secretOf(dir, e.ID) + " にあります。合言葉を同じ場所に置くのは、試験用の国だけのやり方です。",
				EN: "note: the keys of " + string(e.ID) + " are encrypted, and their passphrase is in " + secretOf(dir, e.ID) + ". To keep it beside them will do for a test country only.",
			})
		default:
			keys, sealed := string(KeyDir(dir, e.ID)), vaultOf(dir, e.ID).sealed
			notes = append(notes, plain.Sentence{
				JA: "注意: " + e.Name.JA + "の鍵は、暗号化されていないファイルにあります（" + keys + "）。止めてから `akashi help keys seal` の方法で " + sealed + " に暗号化し、もとのファイルを消してください（docs/decisions/0035）。",
				EN: "note: the keys of " + string(e.ID) + " lie in files that are not encrypted (" + keys + "). Stop, put them into " + sealed + " as `akashi help keys seal` says, and remove the old files (docs/decisions/0035).",
			})
		}
	}
	return notes
}
