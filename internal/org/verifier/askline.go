package verifier

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/message"
)

const (
	askOCSP = "ocsp" // the kind of question; the body is an OCSP request, the answer an OCSP response (RFC 6960)

	// askingAtOnce leaves a peer's places to what else asks; the others wait here, for a moment.
	askingAtOnce = 3
	askPatience  = 5 * time.Second
)

// askLine carries OCSP questions over the lines of the exchange, on which the validation authority knows by our
// certificate who asks: it answers an office that has filed (公的個人認証法17条, 18条), and keeps under our name what it said.
type askLine struct {
	ask    func(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error)
	to     message.Org
	places chan struct{}
}

func (l *askLine) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), askPatience)
	defer cancel()
	body, err := io.ReadAll(io.LimitReader(r.Body, ocspwire.MaxRequestOctets+1))
	if err != nil {
		return nil, err
	}
	r.Body.Close()
	select {
	case l.places <- struct{}{}:
		defer func() { <-l.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	answer, err := l.ask(ctx, l.to, askOCSP, body)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/ocsp-response"}}, Body: io.NopCloser(bytes.NewReader(answer)),
		ContentLength: int64(len(answer)), Request: r}, nil
}

// asked is who is asked, as results and records name it: the organisation as its certificate does, or an address.
func (o *Verifier) asked() string {
	if o.cfg.Validation != "" {
		return "akashi:" + string(o.cfg.Validation)
	}
	return o.cfg.OCSPURL
}
