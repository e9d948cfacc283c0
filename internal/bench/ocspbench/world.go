package ocspbench

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	theCA   = message.Org(message.CA)
	service = message.Org(message.Validation)
)

// world is a CA that certifies keys for answers and does nothing else, and what the status service needs beside it.
type world struct {
	dir    string
	keys   keys.Dir
	key    crypto.Signer
	issuer *jpki.Issuer
	root   *x509.Certificate
	id     string
	begun  time.Time

	algorithm cert.Algorithm // of the CAs' keys and of those that answer

	infrastructure *pki.InfrastructureCA
	trust          *pki.Trust
	net            *exchange.Memory
	store          *sqlstore.Store
	ca             *exchange.Exchange
}

func newWorld(dir string, algorithm cert.Algorithm) (w *world, err error) {
	w = &world{dir: dir, algorithm: algorithm, keys: keys.Dir(filepath.Join(dir, "keys")), net: new(exchange.Memory), begun: clock.System().Now().Truncate(time.Second)}
	if err := os.MkdirAll(string(w.keys), 0o700); err != nil {
		return nil, err
	}
	for _, p := range cert.Profiles {
		issuer, root, key, err := found(p, algorithm, w.begun)
		if err != nil {
			return nil, err
		}
		if err := w.keys.PutCertificates("ca-"+p.String(), root.Raw); err != nil {
			return nil, err
		}
		if p == cert.Signature {
			w.issuer, w.root, w.key, w.id = issuer, root, key, hex.EncodeToString(issuer.KeyID())
		}
	}
	if w.infrastructure, err = pki.NewInfrastructureCA(random, w.begun); err != nil {
		return nil, err
	}
	if w.trust, err = pki.NewTrust(w.infrastructure.Certificate()); err != nil {
		return nil, err
	}
	return w, w.writeForOpenSSL()
}

func found(p cert.Profile, algorithm cert.Algorithm, at time.Time) (*jpki.Issuer, *x509.Certificate, crypto.Signer, error) {
	key, err := pki.GenerateKey(random, algorithm)
	if err != nil {
		return nil, nil, nil, err
	}
	serial, err := cert.NewSerial(random)
	if err != nil {
		return nil, nil, nil, err
	}
	tbs, err := jpki.CATBS(p, key.Public(), serial, at.Add(-time.Hour))
	if err != nil {
		return nil, nil, nil, err
	}
	der, err := sign(key, tbs)
	if err != nil {
		return nil, nil, nil, err
	}
	issuer, err := jpki.OpenIssuer(der)
	if err != nil {
		return nil, nil, nil, err
	}
	root, err := x509.ParseCertificate(der)
	return issuer, root, key, err
}

func sign(key crypto.Signer, tbs []byte) ([]byte, error) {
	signature, err := pki.SignTBS(random, key, tbs)
	if err != nil {
		return nil, err
	}
	return pki.AssembleCertificate(tbs, signature)
}

// certify certifies a key that answers.
func (w *world) certify(public crypto.PublicKey) ([]byte, error) {
	serial, err := cert.NewSerial(random)
	if err != nil {
		return nil, err
	}
	tbs, err := w.issuer.OCSPSignerTBS(jpki.OCSPSigner{Serial: serial, Public: public, NotBefore: w.begun.Add(-time.Minute), NotAfter: w.begun.AddDate(0, 0, 30), CommonName: "OCSP"})
	if err != nil {
		return nil, err
	}
	return sign(w.key, tbs)
}

// writeForOpenSSL writes what its responder needs: the CA, and a key of the same kind as ours.
func (w *world) writeForOpenSSL() error {
	key, err := pki.GenerateKey(random, w.algorithm)
	if err != nil {
		return err
	}
	der, err := w.certify(key.Public())
	if err != nil {
		return err
	}
	return errors.Join(writePEM(filepath.Join(w.dir, "ca.pem"), "CERTIFICATE", w.root.Raw), writePEM(filepath.Join(w.dir, "signer.pem"), "CERTIFICATE", der),
		writeKey(filepath.Join(w.dir, "signer.key"), key))
}

func writePEM(path, kind string, der []byte) error {
	return os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600)
}

func (w *world) signer(o message.Org) (exchange.Signer, error) {
	key, err := pki.GenerateKey(random, cert.P256SHA256)
	if err != nil {
		return exchange.Signer{}, err
	}
	der, err := w.infrastructure.IssueOrganisation(random, w.begun, pki.Organisation{ID: string(o), Usage: pki.ForSigning, Public: key.Public()})
	return exchange.Signer{Key: key, Certificate: der}, err
}

// open opens the status service, and the CA when it is not yet there.
func (w *world) open(ctx context.Context) (*validation.Validation, error) {
	if w.ca == nil {
		if err := w.openCA(ctx); err != nil {
			return nil, err
		}
	}
	signer, err := w.signer(service)
	if err != nil {
		return nil, err
	}
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(service), Base: "/" + string(service), Clock: clock.System(),
		Key: []byte("a key of a measurement that holds no secret"), Personas: access.Personas()})
	if err != nil {
		return nil, err
	}
	o, err := validation.New(ctx, validation.Config{Config: host.Config{Self: service, Name: plain.Sentence{JA: "測定", EN: "Measurement"},
		StoreURL: "sqlite:" + filepath.Join(w.dir, "validation.db"), Clock: clock.System(), Rand: random, Signer: signer, Trust: w.trust, Link: w.net.As(service),
		Peers: []message.Org{theCA}, Secrets: func(peer message.Org) []byte { return secret(string(peer)) }}, Keys: w.keys, Algorithm: w.algorithm, CAs: []message.Org{theCA}, Open: true, Sessions: sessions, Portal: "/"})
	if err != nil {
		return nil, err
	}
	w.net.Join(service, o.Exchange)
	return o, nil
}

func (w *world) openCA(ctx context.Context) (err error) {
	if w.store, err = sqlstore.Open(ctx, "memory:", sqlstore.Options{Clock: clock.System()}, exchange.Schema()); err != nil {
		return err
	}
	signer, err := w.signer(theCA)
	if err != nil {
		return err
	}
	route := exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx },
		func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResponderRequest) ([]message.Out, error) {
			if n.Issuer != w.id {
				return nil, nil // nobody asks about the other CA's
			}
			public, err := x509.ParsePKIXPublicKey(n.PublicKey)
			if err != nil {
				return nil, err
			}
			der, err := w.certify(public)
			return []message.Out{{To: service, Body: message.ResponderIssued{Issuer: n.Issuer, Certificate: der}}}, err
		})
	w.ca, err = exchange.New(ctx, exchange.Config{Self: theCA, Store: w.store, Clock: clock.System(), Rand: random, Trust: w.trust, Signer: signer,
		Link: w.net.As(theCA), Peers: []message.Org{service}, Routes: []exchange.Route{route}})
	if err == nil {
		w.net.Join(theCA, w.ca)
	}
	return err
}

func (w *world) close() error {
	if w.store == nil {
		return nil
	}
	return w.store.Close()
}
