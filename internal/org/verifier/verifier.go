package verifier

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspline"
	"github.com/akashi-id/akashi/message"
)

// Config is what a verifier is given by whoever starts it.
type Config struct {
	host.Config
	// Keys holds the certificates of the CAs to trust, under the names that keys.Issuer gives, all generations. There is no
	// private key of a CA among them.
	Keys keys.Dir
	// CAs are those to trust; "ca" alone when it is not given.
	CAs []message.Org
	// OCSPURL is where the validation authority answers: http://127.0.0.1:8600/validation/ocsp. The address in a
	// certificate is not asked, so that nobody makes this office call where a certificate leads.
	OCSPURL string
	// Validation is the validation authority as an organisation: it is asked over the lines of the exchange, where it knows
	// who asks. Empty: OCSPURL is asked, as by somebody whom nobody knows.
	Validation message.Org
	// Prefecture is with whom this office files; empty: it cannot.
	Prefecture message.Org

	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
}

// Verifier is the running organisation.
type Verifier struct {
	*host.Host
	cfg     Config
	cas     [][]byte // certificates (DER) of the CAs
	line    *http.Client
	gate    gate
	results *results
	screens http.Handler
}

// New opens the organisation.
func New(ctx context.Context, cfg Config) (*Verifier, error) {
	if u, err := url.Parse(cfg.OCSPURL); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("the verifier needs the address of the OCSP service, not %q", cfg.OCSPURL)
	}
	o := &Verifier{cfg: cfg, line: newLine(), gate: newGate(), results: newResults(cfg.Clock, cfg.Rand)}
	if err := o.readCAs(); err != nil {
		return nil, err
	}
	var err error
	if o.Host, err = host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Routes: o.routes(), Rebuild: o.refile}); err != nil {
		return nil, err
	}
	if cfg.Validation != "" {
		o.line.Transport = ocspline.New(o.Exchange.Ask, cfg.Validation)
	}
	if o.screens, err = o.newScreens(); err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// readCAs reads the certificates of the CAs. That for authentication is among them so that a signature which was made
// with an authentication certificate is refused for that, and not as a stranger's.
func (o *Verifier) readCAs() error {
	if len(o.cfg.CAs) == 0 {
		o.cfg.CAs = []message.Org{message.Org(message.CA)}
	}
	for _, ca := range o.cfg.CAs {
		for _, p := range cert.Profiles {
			if err := o.readCA(keys.Issuer(string(ca), p), p); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *Verifier) readCA(name string, p cert.Profile) error {
	ders, err := o.cfg.Keys.Certificates(name)
	if err != nil {
		return err
	}
	for _, der := range ders {
		issuer, err := jpki.OpenIssuer(der)
		if err != nil {
			return fmt.Errorf("couldn't trust the CA in %s: %w", name, err)
		}
		if issuer.Profile() != p {
			return fmt.Errorf("the certificate in %s is of another CA", name)
		}
	}
	o.cas = append(o.cas, ders...)
	return nil
}

// Handler serves the page, the API and the records, below "/" and the organisation's name.
func (o *Verifier) Handler() http.Handler { return o.screens }
