package nation

import (
	"context"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki/ocspline"
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
		for _, profile := range []cert.Profile{cert.Signature, cert.Authentication} {
			ders, err := s.keys().Certificates("ca-" + profile.String())
			if err != nil {
				return 0, err
			}
			ca, err := x509.ParseCertificate(ders[0])
			if err != nil {
				return 0, fmt.Errorf("couldn't read the CA's certificate: %w", err)
			}
			if hex.EncodeToString(ca.SubjectKeyId) != issuer && profile.String() != issuer {
				continue
			}
			asker := verify.OCSP{URL: s.ocspURL(), Client: client}
			said, err := asker.AskStatus(ctx, &verify.Issued{Issuer: ca, Serial: serial, Profile: profile}, s.clock.Now())
			return said.Status, err
		}
		return 0, fmt.Errorf("no CA that is known here has the key %s", issuer)
	}
}
