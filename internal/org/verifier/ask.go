package verifier

import (
	"bytes"
	"context"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/verify"
)

// newLine is the way to the validation authority. A person waits at the other end, so it gives up within seconds: then
// the verdict is that there is none.
func newLine() *http.Client {
	return &http.Client{
		Timeout: 5 * time.Second,
		Transport: &http.Transport{
			DialContext:           (&net.Dialer{Timeout: 2 * time.Second}).DialContext,
			TLSHandshakeTimeout:   2 * time.Second,
			ResponseHeaderTimeout: 4 * time.Second,
			MaxIdleConnsPerHost:   8,
			IdleConnTimeout:       time.Minute,
		},
		// Whoever answers at the address that was configured is asked, and nobody to whom that one points.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// inquiry is one question to the validation authority: it asks, and remembers what it was told, word for word.
type inquiry struct {
	verify.OCSP
	line   http.RoundTripper
	asked  bool
	answer []byte
}

func (o *Verifier) newInquiry() *inquiry {
	q := &inquiry{line: o.line.Transport}
	listening := *o.line
	listening.Transport = q
	q.OCSP = verify.OCSP{URL: o.cfg.OCSPURL, Client: &listening, Random: o.Rand}
	return q
}

// AskStatus asks for one certificate, as verify.OCSP does.
func (q *inquiry) AskStatus(ctx context.Context, issued *verify.Issued, at time.Time) (verify.CertificateStatus, error) {
	q.asked = true
	return q.OCSP.AskStatus(ctx, issued, at)
}

// RoundTrip carries the question and keeps the octets of the answer that verify.OCSP then judges: the signed answer
// proves later what this office was told, and why it relied on a certificate.
func (q *inquiry) RoundTrip(r *http.Request) (*http.Response, error) {
	response, err := q.line.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	// One octet more than may be read, so that an answer that is too long is seen to be.
	answer, err := io.ReadAll(io.LimitReader(response.Body, ocspwire.MaxResponseOctets+1))
	if err = errors.Join(err, response.Body.Close()); err != nil {
		return nil, err
	}
	q.answer, response.Body = answer, io.NopCloser(bytes.NewReader(answer))
	return response, nil
}

// responder is the name of whoever signed an answer that was believed.
func responder(answer []byte) string {
	signed, err := ocspwire.ParseResponse(answer)
	if err != nil {
		return ""
	}
	for _, der := range signed.Certificates {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			continue
		}
		key, err := ocspwire.ResponderKeyOf(c)
		if err == nil && bytes.Equal(key, signed.ResponderKey) || bytes.Equal(c.RawSubject, signed.ResponderName) {
			return c.Subject.String()
		}
	}
	return ""
}
