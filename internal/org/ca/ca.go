package ca

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/tokendesk"
	"github.com/akashi-id/akashi/message"
)

// Config is what the CA is given by whoever starts it.
type Config struct {
	host.Config
	// Keys holds what Found made: ca-signature and ca-authentication, each a key and its certificate.
	Keys keys.Dir
	// Signer gives the key of a certificate of that name when it lies elsewhere, in a device. It returns nil, as a nil Signer does,
	// when it lies in Keys.
	Signer func(name string, public crypto.PublicKey) (crypto.Signer, error)
	// Tokens are those devices, for a page; nil: there are none.
	Tokens *tokendesk.Desk
	// OCSPURL is the address of the OCSP service, as it stands in every certificate that is issued from now on.
	OCSPURL string
	// ListDays is how many days a partition's revocation list waits for its next one when nothing changes; 0 means 1. A
	// revocation makes a new list within seconds, whatever this is.
	ListDays int
	// Since says in a trial from when on a certificate is valid that is issued now, as if it had been issued then: nobody waits for years
	// until one runs out. Nil, as in service: from now on.
	Since func(now time.Time) time.Time
	// Validation is told the state of every certificate, NationalCenter who holds which.
	Validation, NationalCenter message.Org

	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
}

// CA is the running organisation. It signs with one key per profile.
type CA struct {
	*host.Host
	cfg       Config
	byID      map[string]*authority
	byProfile map[cert.Profile]*authority
	checks    *inspection.Inspection
	probes    probes
	screens   http.Handler

	countPage, revokePage, massAhead int // certificates of one step of a mass revocation

	smallList, deltaShare int64 // when a full list is made (crl.go)
}

// authority is one of the CAs: the one for signatures or the one for authentication.
type authority struct {
	*jpki.Issuer
	id          string // hex of the key identifier, as messages and OCSP name it
	certificate *x509.Certificate
	key         crypto.Signer
}

// New opens the organisation. The founding ceremony must have been held (Found).
func New(ctx context.Context, cfg Config) (*CA, error) {
	if cfg.OCSPURL == "" || cfg.Validation == "" || cfg.NationalCenter == "" {
		return nil, errors.New("the CA needs the address of the OCSP service, the validation authority and the national center")
	}
	if cfg.ListDays == 0 {
		cfg.ListDays = 1
	}
	o := &CA{cfg: cfg, byID: map[string]*authority{}, byProfile: map[cert.Profile]*authority{}, countPage: countPage, revokePage: revokePage, massAhead: massAhead,
		smallList: smallList, deltaShare: deltaShare}
	for _, p := range cert.Profiles {
		a, err := openAuthority(cfg.Keys, cfg.Signer, p)
		if err != nil {
			return nil, err
		}
		o.byID[a.id], o.byProfile[p] = a, a
	}
	var err error
	o.Host, err = host.Open(ctx, cfg.Config, host.Rules{
		Schema: store.Schema, Tables: []sqlstore.Schema{inspection.Schema}, Routes: o.routes(), Books: o.tables(), Counts: o.counts,
		Due: []due.Rule{o.withProbes(o.signRule()), o.signListRule(), o.listRule(), o.dailyRule(), o.fullRule(), o.againRule(), o.partsRule(), o.massCountRule(), o.massRevokeRule(), o.closeRule(), o.askedRule()},
	})
	if err != nil {
		return nil, err
	}
	o.Exchange.Answer(probe.AskKind, o.onProbe)
	if err := o.beginCloses(ctx); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	o.checks = o.newChecks()
	o.Alarms.Add(o.unheeded(), o.checks.Source())
	if o.screens, err = o.newScreens(); err != nil {
		o.Close()
		return nil, err
	}
	return o, nil
}

// Handler serves the screens, below "/" and the organisation's name.
func (o *CA) Handler() http.Handler { return o.screens }

func openAuthority(dir keys.Dir, elsewhere func(string, crypto.PublicKey) (crypto.Signer, error), p cert.Profile) (*authority, error) {
	name := keyName(p)
	ders, err := dir.Certificates(name)
	if err != nil {
		return nil, err
	}
	a := new(authority)
	if a.Issuer, err = jpki.OpenIssuer(ders[0]); err != nil {
		return nil, err
	}
	if a.certificate, err = x509.ParseCertificate(ders[0]); err != nil {
		return nil, fmt.Errorf("couldn't read the certificate %s: %w", name, err)
	}
	if elsewhere != nil {
		if a.key, err = elsewhere(name, a.Public()); err != nil {
			return nil, err
		}
	}
	if a.key == nil {
		if a.key, err = dir.Signer(name); err != nil {
			return nil, err
		}
	}
	if own, ok := a.key.Public().(interface{ Equal(crypto.PublicKey) bool }); !ok || !own.Equal(a.Public()) || a.Profile() != p {
		return nil, fmt.Errorf("the key %s and its certificate do not belong together", name)
	}
	a.id = hex.EncodeToString(a.KeyID())
	return a, nil
}

// keyName is under what the key and the certificate of a profile's CA are kept.
func keyName(p cert.Profile) string { return "ca-" + p.String() }
