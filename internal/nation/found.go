package nation

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// The names under which an organisation keeps its keys and what it trusts.
const (
	tlsKey    = "tls"
	signKey   = "sign"
	rootCerts = "infrastructure" // the infrastructure CA's certificates
)

// Found gives every organisation of the country what it needs to start: keys made in its own directory, certificates
// for them, the infrastructure CA's certificate, and the citizens' CAs' certificates for those who verify. What is
// there already stays as it is.
func Found(dir string, spec *Spec, now time.Time, log *slog.Logger) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return fmt.Errorf("couldn't make the data directory: %w", err)
	}
	if err := writeNation(dir, spec); err != nil {
		return err
	}
	root, err := infrastructureCA(dir, now)
	if err != nil {
		return fmt.Errorf("couldn't found the infrastructure CA: %w", err)
	}
	// An organisation whose directory is damaged keeps no other from being founded. What is wrong is said by its own start,
	// which needs what could not be put there, and by log.
	for _, e := range spec.Organisations {
		if err := certify(KeyDir(dir, e.ID), root, e.ID, now); err != nil {
			log.Error("an organisation cannot be certified", "organisation", e.ID, "error", err)
		}
	}
	foundPairs(dir, spec, log)
	for _, e := range spec.Organisations {
		if e.ID.Role() == message.Issuing {
			if err := foundOffice(dir, root, e.ID, now); err != nil {
				log.Error("an issuing server cannot be founded", "organisation", e.ID, "error", err)
			}
		}
		if e.ID.Role() != message.CA {
			continue
		}
		if err := foundCitizensCA(dir, spec, e.ID, now, log); err != nil {
			log.Error("the CA cannot be founded", "organisation", e.ID, "error", err)
		}
	}
	return nil
}

// KeyDir is where an organisation's keys are.
func KeyDir(dir string, o message.Org) keys.Dir {
	return keys.Dir(filepath.Join(dir, string(o), "keys"))
}

// writeNation keeps the country's file. It may hold the passwords of databases (store), so that none but who starts the
// country reads it; and it appears whole, because a country that was killed at its start must start again.
func writeNation(dir string, spec *Spec) error {
	text, err := yaml.Marshal(spec)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, "nation.yaml")
	if err := os.WriteFile(path+".new", text, 0o600); err != nil {
		return err
	}
	if err := os.Chmod(path+".new", 0o600); err != nil { // left of a start that was cut off, with whatever mode
		return err
	}
	return os.Rename(path+".new", path)
}

func infrastructureCA(dir string, now time.Time) (*pki.InfrastructureCA, error) {
	d := keys.Dir(filepath.Join(dir, "root"))
	key, err := d.Signer(rootCerts)
	if errors.Is(err, fs.ErrNotExist) {
		fresh, err := pki.NewInfrastructureCA(rand.Reader, now)
		if err != nil {
			return nil, err
		}
		// The certificate first: a key without one is made anew, a certificate without a key would be trusted for nothing.
		if err := d.PutCertificates(rootCerts, fresh.Certificate()); err != nil {
			return nil, err
		}
		return fresh, d.PutSigner(rootCerts, fresh.Key())
	}
	if err != nil {
		return nil, err
	}
	ders, err := d.Certificates(rootCerts)
	if err != nil {
		return nil, err
	}
	return pki.OpenInfrastructureCA(ders[0], key)
}

// certify makes an organisation's two keys, for its lines and for its messages, and has them certified; certificates
// that have less than a month to live are renewed.
func certify(d keys.Dir, root *pki.InfrastructureCA, o message.Org, now time.Time) error {
	if err := d.PutCertificates(rootCerts, root.Certificate()); err != nil {
		return err
	}
	trust, err := pki.NewTrust(root.Certificate())
	if err != nil {
		return err
	}
	for name, usage := range map[string]pki.Usage{tlsKey: pki.ForTLS, signKey: pki.ForSigning} {
		key, _, err := d.Ensure(rand.Reader, name, cert.P256SHA256)
		if err != nil {
			return err
		}
		if ders, err := d.Certificates(name); err == nil {
			if id, err := trust.Identify(ders[0], usage, now.AddDate(0, 1, 0)); err == nil && id.Organisation == string(o) {
				continue
			}
		}
		der, err := root.IssueOrganisation(rand.Reader, now, pki.Organisation{ID: string(o), Usage: usage, Public: key.Public()})
		if err != nil {
			return err
		}
		if err := d.PutCertificates(name, der); err != nil {
			return err
		}
	}
	return nil
}

// foundCitizensCA holds a CA's founding ceremony, and gives its certificates to those who must know them, beside those of the other
// CAs. They are handed over as files, as a ceremony does: a message could not prove what it founds.
func foundCitizensCA(dir string, spec *Spec, o message.Org, now time.Time, log *slog.Logger) error {
	v := vaultOf(dir, o)
	by, err := operatorOf(o)
	if err != nil {
		return err
	}
	if _, err := ca.FoundWith(rand.Reader, now, KeyDir(dir, o), by, v.ensure, v.elsewhere); err != nil {
		return err
	}
	for _, p := range cert.Profiles {
		own, err := KeyDir(dir, o).Certificates("ca-" + p.String())
		if err != nil {
			return err
		}
		for _, e := range spec.Organisations {
			if !slices.Contains(spec.CAs(e.ID), o) {
				continue
			}
			if err := KeyDir(dir, e.ID).PutCertificates(keys.Issuer(string(o), p), own...); err != nil {
				log.Error("an organisation cannot be given the CA's certificates", "organisation", e.ID, "ca", o, "error", err)
			}
		}
	}
	return nil
}

// operatorOf is who runs a CA: the governor of its prefecture, or the agency.
func operatorOf(o message.Org) (jpki.Operator, error) {
	if o == theCA {
		return jpki.Operator{}, nil
	}
	code, err := resident.ParsePrefectureCode(string(o), o.Code())
	if err != nil {
		return jpki.Operator{}, err
	}
	p, ok := resident.PrefectureOf(code)
	if !ok {
		return jpki.Operator{}, fmt.Errorf("there is no prefecture %s", code)
	}
	return jpki.Governor(p.Romaji(), p.Name), nil
}

// identity is what an organisation shows on its lines and signs its messages with, and whom it trusts.
type identity struct {
	tls    pki.Identity
	signer exchange.Signer
	trust  *pki.Trust
}

func openIdentity(d keys.Dir) (identity, error) {
	var id identity
	roots, err := d.Certificates(rootCerts)
	if err != nil {
		return id, err
	}
	if id.trust, err = pki.NewTrust(roots...); err != nil {
		return id, err
	}
	read := func(name string) (key pki.Identity, err error) {
		ders, err := d.Certificates(name)
		if err != nil {
			return key, err
		}
		signer, err := d.Signer(name)
		return pki.Identity{Certificate: ders[0], Key: signer}, err
	}
	if id.tls, err = read(tlsKey); err != nil {
		return id, err
	}
	sign, err := read(signKey)
	id.signer = exchange.Signer{Key: sign.Key, Certificate: sign.Certificate}
	return id, err
}

// sessionKey reads the key that signs an organisation's sessions, and makes it when there is none.
func sessionKey(d keys.Dir) ([]byte, error) { return d.Secret(rand.Reader, "session", 32) }
