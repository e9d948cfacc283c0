// Package ocspline carries OCSP questions over the lines of the exchange (団体間の回線での状態照会).
//
// Whoever reaches an open address is nobody in particular. On the exchange the line's certificate says which organisation asks, so
// that the validation authority can answer only those who may ask (公的個人認証法18条), and keeps under their names what it said.
package ocspline

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/message"
)

// Kind is the kind of question: the body is an OCSP request, the answer an OCSP response (RFC 6960).
const Kind = "ocsp"

const (
	// atOnce leaves a peer's places to what else asks; the others wait here, for a moment.
	atOnce   = 3
	patience = 5 * time.Second
)

// Line is an http.RoundTripper at whose other end is an organisation. Addresses mean nothing to it.
type Line struct {
	ask    func(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error)
	to     message.Org
	places chan struct{}
}

// New is the line to an organisation; ask puts a question to it, as an exchange or its link does.
func New(ask func(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error), to message.Org) *Line {
	return &Line{ask: ask, to: to, places: make(chan struct{}, atOnce)}
}

// RoundTrip asks what the body of a request holds.
func (l *Line) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), patience)
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
	answer, err := l.ask(ctx, l.to, Kind, body)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: http.StatusOK, Status: "200 OK", Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/ocsp-response"}}, Body: io.NopCloser(bytes.NewReader(answer)),
		ContentLength: int64(len(answer)), Request: r}, nil
}
