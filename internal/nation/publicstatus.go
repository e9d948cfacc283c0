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
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/stillvalid"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/verify"
)

// publicStatus asks what every relying party asks: the country's OCSP address, over HTTP, with the CAs' certificates that
// the founding handed out.
func (s setting) publicStatus() stillvalid.Status {
	client := &http.Client{Timeout: 5 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
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

// outside is what a prefecture can probe: the public addresses, when there are any, and the CA that it exchanges with. Who was handed no
// certificate of a CA could judge nothing, and probes nothing.
func (s setting) outside() (prefecture.Outside, error) {
	o := prefecture.Outside{CA: s.peerOf(message.CA)}
	for _, profile := range cert.Profiles {
		ders, err := s.keys().Certificates("ca-" + profile.String())
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
		o.OCSP, o.Lists = s.ocspURL(), base+"/crl"
	}
	return o, nil
}
