package pki

import (
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
)

// Trust answers whether a certificate names an organisation. It is safe for concurrent use.
//
// Checking a chain costs a signature check; messages arrive by the thousand under the same few certificates. So the
// outcome of a successful check is kept under the certificate's hash, together with the time span for which it holds.
// A failure is never kept.
type Trust struct {
	pool *x509.CertPool
	ders [][]byte

	mu    sync.RWMutex
	known map[[sha256.Size]byte]*Identified
}

// maxKnown bounds the cache. A country has a few thousand organisations with two certificates each; when strangers'
// certificates could fill it, they would have to be signed by our own root.
const maxKnown = 16384

// Identified is an organisation as its certificate names it.
type Identified struct {
	Organisation string           // "municipality-202029"
	Usage        Usage            // what the certificate is for
	Public       crypto.PublicKey // the certified key
	Fingerprint  [sha256.Size]byte
	NotBefore    time.Time // the span in which certificate and root are both valid
	NotAfter     time.Time
}

// NewTrust trusts the given root certificates (DER). There may be more than one, while a root is replaced by the next.
func NewTrust(roots ...[]byte) (*Trust, error) {
	if len(roots) == 0 {
		return nil, errors.New("there is no root certificate to trust")
	}
	t := &Trust{pool: x509.NewCertPool(), known: make(map[[sha256.Size]byte]*Identified)}
	for _, der := range roots {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("couldn't read a root certificate: %w", err)
		}
		if !c.IsCA || c.KeyUsage&x509.KeyUsageCertSign == 0 {
			return nil, fmt.Errorf("the certificate of %q is no CA's", c.Subject.CommonName)
		}
		t.pool.AddCert(c)
		t.ders = append(t.ders, slices.Clone(der))
	}
	return t, nil
}

// Roots gives the trusted root certificates (DER).
func (t *Trust) Roots() [][]byte { return slices.Clone(t.ders) }

// Identify returns the organisation that a certificate (DER) names, if it may be used for usage at a time. The error is
// a sentence that names what is wrong with the certificate and never the key.
func (t *Trust) Identify(der []byte, usage Usage, at time.Time) (*Identified, error) {
	fingerprint := Fingerprint(der)
	t.mu.RLock()
	id := t.known[fingerprint]
	t.mu.RUnlock()
	if id == nil {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, fmt.Errorf("the certificate cannot be read: %w", err)
		}
		if id, err = t.identify(c, at); err != nil {
			return nil, err
		}
		t.keep(id)
	}
	// The span is asked on every call: a certificate does not stay valid by being remembered.
	if at.Before(id.NotBefore) || at.After(id.NotAfter) {
		return nil, fmt.Errorf("the certificate of %s is valid from %s to %s, not at %s", id.Organisation,
			id.NotBefore.UTC().Format(time.RFC3339), id.NotAfter.UTC().Format(time.RFC3339), at.UTC().Format(time.RFC3339))
	}
	if id.Usage != usage {
		return nil, fmt.Errorf("the certificate of %s is for %s, not for %s", id.Organisation, id.Usage, usage)
	}
	return id, nil
}

func (t *Trust) keep(id *Identified) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.known) >= maxKnown {
		clear(t.known) // costs one check per certificate in use, and no bookkeeping on every hit
	}
	t.known[id.Fingerprint] = id
}

func (t *Trust) identify(c *x509.Certificate, at time.Time) (*Identified, error) {
	usage, err := usageOf(c)
	if err != nil {
		return nil, err
	}
	if c.IsCA {
		return nil, errors.New("the certificate is a CA's, not an organisation's")
	}
	organisation, err := organisationOf(c)
	if err != nil {
		return nil, err
	}
	chains, err := c.Verify(x509.VerifyOptions{Roots: t.pool, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	if err != nil {
		return nil, fmt.Errorf("the certificate of %s is not trusted: %w", organisation, err)
	}
	id := &Identified{Organisation: organisation, Usage: usage, Public: c.PublicKey, Fingerprint: Fingerprint(c.Raw),
		NotBefore: c.NotBefore, NotAfter: c.NotAfter}
	for _, issuer := range chains[0][1:] {
		if issuer.NotBefore.After(id.NotBefore) {
			id.NotBefore = issuer.NotBefore
		}
		id.NotAfter = cert.Earlier(id.NotAfter, issuer.NotAfter)
	}
	return id, nil
}

// organisationOf reads the one URI that names the organisation. Two would let a certificate speak for two.
func organisationOf(c *x509.Certificate) (string, error) {
	if len(c.URIs) != 1 {
		return "", fmt.Errorf("the certificate has %d URIs, where exactly one names the organisation", len(c.URIs))
	}
	u := c.URIs[0]
	if u.Scheme != scheme || !validOrganisation(u.Opaque) || u.String() != organisationURI(u.Opaque).String() {
		return "", fmt.Errorf("the URI of the certificate does not name an organisation (%s:ORGANISATION)", scheme)
	}
	return u.Opaque, nil
}

// usageOf reads what the certificate is for: both purposes of TLS and nothing else, or signing documents and nothing else.
func usageOf(c *x509.Certificate) (Usage, error) {
	if c.KeyUsage != x509.KeyUsageDigitalSignature {
		return 0, errors.New("the key usage of an organisation's certificate must be digitalSignature alone")
	}
	switch {
	case len(c.UnknownExtKeyUsage) == 0 && len(c.ExtKeyUsage) == 2 &&
		slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageServerAuth) && slices.Contains(c.ExtKeyUsage, x509.ExtKeyUsageClientAuth):
		return ForTLS, nil
	case len(c.ExtKeyUsage) == 0 && len(c.UnknownExtKeyUsage) == 1 && c.UnknownExtKeyUsage[0].Equal(oidDocumentSigning):
		return ForSigning, nil
	}
	return 0, errors.New("the extended key usage is neither that of TLS (server and client) nor that of signing documents")
}
