package nation

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki/ocspline"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/stillvalid"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/verify"
)

// publicStatus asks what every relying party asks, with the CAs' certificates that the founding handed out: the validation authority
// over the lines of the exchange, where it is known, or else the country's OCSP address, which may be closed to everybody.
func (s setting) publicStatus(link exchange.Link) stillvalid.Status {
	client := &http.Client{Timeout: 5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	for _, o := range s.asks {
		if o.Role() == message.Validation {
			client.Transport = ocspline.New(link.Ask, o)
		}
	}
	return func(ctx context.Context, issuer string, serial cert.Serial) (cert.Status, error) {
		by, profile, err := s.issuerNamed(issuer)
		if err != nil {
			return 0, err
		}
		asker := verify.OCSP{URL: s.ocspURL(), Client: client}
		said, err := asker.AskStatus(ctx, &verify.Issued{Issuer: by, Serial: serial, Profile: profile}, s.clock.Now())
		return said.Status, err
	}
}

// issuerNamed finds a CA's certificate by the identifier of its key. A profile's name, which stands for it where a certificate does not say
// whose it is, is that of the first CA.
func (s setting) issuerNamed(issuer string) (*x509.Certificate, cert.Profile, error) {
	var errs []error
	for _, ca := range s.cas {
		for _, profile := range cert.Profiles {
			ders, err := s.keys().Certificates(keys.Issuer(string(ca), profile))
			if err != nil {
				errs = append(errs, err) // another CA's may be the one
				continue
			}
			for _, der := range ders {
				c, err := x509.ParseCertificate(der)
				if err != nil {
					errs = append(errs, fmt.Errorf("couldn't read a certificate of the CA %s: %w", ca, err))
					continue
				}
				if hex.EncodeToString(c.SubjectKeyId) == issuer || profile.String() == issuer {
					return c, profile, nil
				}
			}
		}
	}
	return nil, 0, errors.Join(append(errs, fmt.Errorf("no CA that is known here has the key %s", issuer))...)
}

// outside is what a prefecture can probe: the public addresses, when there are any, and the CA that it exchanges with. Who was handed no
// certificate of a CA could judge nothing, and probes nothing.
func (s setting) outside() (prefecture.Outside, error) {
	o := prefecture.Outside{CA: s.peerOf(message.CA)}
	for _, profile := range cert.Profiles {
		ders, err := s.keys().Certificates(keys.Issuer(string(o.CA), profile))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		} else if err != nil {
			return o, err
		}
		ca, err := x509.ParseCertificate(ders[0])
		if err != nil {
			return o, fmt.Errorf("couldn't read the CA's certificate: %w", err)
		}
		o.Roots = append(o.Roots, probe.Root{Profile: profile, Certificate: ca})
	}
	if base := s.publicOf(message.Org(message.Validation)); base != "" {
		o.OCSP, o.Lists = s.ocspURL(), base+"/crl/"+string(o.CA)
	}
	return o, nil
}
