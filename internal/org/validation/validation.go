package validation

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Config is what the validation authority is given by whoever starts it.
type Config struct {
	host.Config
	// Keys holds the CAs' certificates, ca-signature and ca-authentication; the keys that sign answers are made here.
	Keys keys.Dir
	// CA certifies those keys and tells what was issued and revoked.
	CA message.Org
	// Algorithm is that of the keys that sign answers; P-256 when it is not given, because it signs twenty times as fast as RSA.
	Algorithm cert.Algorithm
	// Public answers whoever reaches the address, as a test country does. Without it only verifiers that have filed are
	// answered (公的個人認証法18条), over the lines of the exchange.
	Public bool
	// KeepAnswers is for how long what was asked and told is kept; seven years when it is not given.
	KeepAnswers time.Duration

	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
}

// Validation is the running organisation.
type Validation struct {
	*host.Host
	cfg      Config
	roots    []*root
	byID     map[string]*root
	answers  *cache
	recorder *recorder
	screens  http.Handler

	strangers strangers // who asked and is not served

	responderMu sync.Mutex
	responders  map[string]*responder // by the CA's id; read from the store when absent
	damaged     map[string]int        // keys of a CA that cannot be used
}

// root is a CA about whose certificates we answer.
type root struct {
	id          string // hex of the key identifier
	profile     cert.Profile
	issuer      *jpki.Issuer
	certificate *x509.Certificate
}

// New opens the organisation. It asks the CA for what it needs to answer as soon as its tasks run.
func New(ctx context.Context, cfg Config) (*Validation, error) {
	if cfg.CA == "" {
		return nil, errors.New("the validation authority needs a CA")
	}
	if cfg.Algorithm == 0 {
		cfg.Algorithm = cert.P256SHA256
	}
	if cfg.KeepAnswers <= 0 {
		cfg.KeepAnswers = keepAnswers
	}
	o := &Validation{cfg: cfg, byID: map[string]*root{}, answers: newCache(), responders: map[string]*responder{}, damaged: map[string]int{}}
	for _, p := range cert.Profiles {
		if err := o.readRoots(p); err != nil {
			return nil, err
		}
	}
	var err error
	o.Host, err = host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Routes: o.routes(),
		Due: []due.Rule{o.responderRule(), o.impactRule()}, Books: o.tables(), Counts: o.counts})
	if err != nil {
		return nil, err
	}
	o.recorder = newRecorder(o.Store, o.Clock, o.Log)
	o.Exchange.Answer(askOCSP, o.answerVerifier)
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.planResponders(ctx, o.in(tx)) })
	if err == nil {
		o.screens, err = o.newScreens()
	}
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// readRoots reads the certificates of a profile's CA, all generations.
func (o *Validation) readRoots(p cert.Profile) error {
	ders, err := o.cfg.Keys.Certificates("ca-" + p.String())
	if err != nil {
		return err
	}
	for _, der := range ders {
		r := &root{profile: p}
		if r.issuer, err = jpki.OpenIssuer(der); err != nil {
			return err
		}
		if r.certificate, err = x509.ParseCertificate(der); err != nil {
			return fmt.Errorf("couldn't read the CA certificate: %w", err)
		}
		if r.issuer.Profile() != p {
			return fmt.Errorf("the certificate in ca-%s is of another CA", p)
		}
		r.id = hex.EncodeToString(r.issuer.KeyID())
		o.roots, o.byID[r.id] = append(o.roots, r), r
	}
	return nil
}

// Tasks are the loops to step: the host's, and those that write down what was answered, and delete it when its time is over.
func (o *Validation) Tasks() []clock.Task {
	return append(o.Host.Tasks(), o.recorder.task(), o.expiry())
}

// Close writes down what was answered and is not yet kept, and closes the database.
func (o *Validation) Close() error {
	return errors.Join(o.recorder.drain(context.Background()), o.Host.Close())
}

// Handler serves everything below "/" and the organisation's name: ocsp, crl/, ca/ and the screens. The first three are
// for programs and go past the screens' rules; their paths are taken as they came, since a question in a GET may hold
// two slashes in a row.
func (o *Validation) Handler() http.Handler {
	base := "/" + string(o.Self)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := strings.CutPrefix(r.URL.EscapedPath(), base)
		switch ocsp := ok && (path == "/ocsp" || strings.HasPrefix(path, "/ocsp/")); {
		case !o.cfg.Public && (ocsp || ok && strings.HasPrefix(path, "/crl/")):
			o.refusePublic(w, ocsp)
		case ocsp:
			o.serveOCSP(w, r, strings.TrimPrefix(strings.TrimPrefix(path, "/ocsp"), "/"))
		case ok && strings.HasPrefix(path, "/crl/"):
			onlyRead(w, r, func() { o.serveList(w, r, strings.TrimPrefix(path, "/crl/")) })
		case ok && strings.HasPrefix(path, "/ca/"):
			onlyRead(w, r, func() { o.serveRoot(w, r, strings.TrimPrefix(path, "/ca/")) })
		default:
			o.screens.ServeHTTP(w, r)
		}
	})
}
