package validation

import (
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

// authority is a CA (認証局) that tells us what it has issued and revoked: the one of all prefectures that have none of their own, or a
// prefecture's. What it tells counts for the certificates of its own keys and no others, and when it falls silent, good is
// no longer said of those and of no others.
type authority struct {
	org     message.Org
	place   int // in Config.CAs
	roots   []*root
	backlog atomic.Int64 // when it made what it last told, in microseconds, if that came late; else 0
}

// readCAs reads the certificates of all CAs, which are those that we exchange with: one that nobody hears could never be vouched for, and
// of one that is not named here all would be refused.
func (o *Validation) readCAs() error {
	if len(o.cfg.CAs) == 0 {
		return errors.New("the validation authority needs a CA")
	}
	for _, p := range o.cfg.Peers {
		if p.Role() == message.CA && !slices.Contains(o.cfg.CAs, p) {
			return fmt.Errorf("the CA %s is a peer, and not among those whose certificates are known here (cas)", p)
		}
	}
	for i, org := range o.cfg.CAs {
		if slices.Contains(o.cfg.CAs[:i], org) {
			return fmt.Errorf("the CA %s is named twice", org)
		}
		if !slices.Contains(o.cfg.Peers, org) {
			return fmt.Errorf("the CA %s is no peer", org)
		}
		a := &authority{org: org, place: i}
		o.cas = append(o.cas, a)
		for _, p := range cert.Profiles {
			if err := o.readRoots(a, p); err != nil {
				return err
			}
		}
	}
	return nil
}

// readRoots reads the certificates of a CA for a profile, all generations.
func (o *Validation) readRoots(a *authority, p cert.Profile) error {
	name := keys.Issuer(string(a.org), p)
	ders, err := o.cfg.Keys.Certificates(name)
	if err != nil {
		return err
	}
	for _, der := range ders {
		r := &root{ca: a, profile: p, shelf: newShelf()}
		if r.issuer, err = jpki.OpenIssuer(der); err != nil {
			return err
		}
		if r.certificate, err = x509.ParseCertificate(der); err != nil {
			return fmt.Errorf("couldn't read the CA certificate: %w", err)
		}
		if r.issuer.Profile() != p {
			return fmt.Errorf("the certificate in %s is of another CA", name)
		}
		if r.names, err = ocspwire.NamesOf(r.certificate); err != nil {
			return err
		}
		r.id = hex.EncodeToString(r.issuer.KeyID())
		if other := o.byID[r.id]; other != nil {
			return fmt.Errorf("the certificate in %s has the key of another one, of %s", name, other.ca.org)
		}
		for i, n := range r.names {
			o.named[string(n.DER)], o.named[string(n.Bare)] = call{r, i}, call{r, i}
		}
		a.roots, o.roots, o.byID[r.id] = append(a.roots, r), append(o.roots, r), r
	}
	return nil
}

// authorityOf is the CA of that name; nil: it is none of ours.
func (o *Validation) authorityOf(org message.Org) *authority {
	for _, a := range o.cas {
		if a.org == org {
			return a
		}
	}
	return nil
}

// rootOf is the key that a sender tells of, which has to be its own: what one CA says of another's certificates, its officers or
// whoever has broken in there may have made up.
func (o *Validation) rootOf(sender message.Org, issuer string) (*root, error) {
	r, ok := o.byID[issuer]
	if !ok {
		return nil, unknownIssuer()
	}
	if r.ca.org != sender {
		return nil, exchange.Reject("another-ca",
			"ほかの認証局の電子証明書について知らせています。その電子証明書を発行した認証局から知らせてください。",
			"it tells of the certificates of another CA: that CA has to tell of them")
	}
	return r, nil
}

func unknownIssuer() error {
	return exchange.Reject("unknown-issuer",
		"この認証局の証明書を持っていません。認証局の証明書を受け取り、鍵の置き場に加えてください。",
		"the certificate of this CA is not here: get it from the CA and add it to the key directory")
}

// issuers says in whose book the certificates of a key stand.
func (o *Validation) issuers() map[string]message.Org {
	all := map[string]message.Org{}
	for _, r := range o.roots {
		all[r.id] = r.ca.org
	}
	return all
}

// caAt takes a CA's name from the head of a path, "ca-13/signature/131211.crl". A path without one is as it was when there was one CA.
func (o *Validation) caAt(path string) (named *authority, rest string) {
	head, rest, _ := strings.Cut(path, "/")
	if a := o.authorityOf(message.Org(head)); a != nil {
		return a, rest
	}
	return nil, path
}

// path is where a CA's part of what is served lies: "signature" of the first CA, "ca-13/signature" of another.
func (r *root) path() string {
	if r.ca.place == 0 {
		return r.profile.String()
	}
	return string(r.ca.org) + "/" + r.profile.String()
}

// name is what people call a CA, where there are several.
func (a *authority) name(o *Validation) plain.Sentence { return webui.NameOf(a.org, o.Clock.Now()) }

// nameOf is what people call a CA for a profile.
func (o *Validation) nameOf(r *root) plain.Sentence {
	p := caName(r.profile)
	if len(o.cas) == 1 {
		return p
	}
	ca := r.ca.name(o)
	return say(ca.JA+"・"+p.JA, ca.EN+", "+p.EN)
}

// of adds to a title which CA it is about, where there are several.
func (o *Validation) of(a *authority, title plain.Sentence) plain.Sentence {
	if len(o.cas) == 1 {
		return title
	}
	ca := a.name(o)
	return say(ca.JA+": "+title.JA, ca.EN+": "+title.EN)
}

// about names something of a CA for machines; of the first as when it was the only one.
func (a *authority) about(what string) string {
	if a.place == 0 {
		return what
	}
	return what + "/" + string(a.org)
}
