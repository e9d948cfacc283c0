// Package wire is the exchange's Link between processes: Connect over mutual TLS (相互認証の通信路).
//
// Who the peer is comes from its certificate alone; the batch that it hands over must be signed by the same
// organisation. A peer that refuses us is told apart from one that is away: the first is an alarm, the second is
// probed. Responses are not compressed: they are small, and gzip cost a third of the throughput when measured.
package wire

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"

	"github.com/akashi-id/akashi/internal/door"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/message/messagepb"
)

const (
	helloPath   = "/akashi.v1.Exchange/Hello"
	deliverPath = "/akashi.v1.Exchange/Deliver"
	askPath     = "/akashi.v1.Exchange/Ask"
)

// maxRequest bounds a call: the largest batch, with room for its head, signature and certificate. What is larger is
// refused before it is read whole.
const maxRequest = message.MaxWire + 1<<20

// Server is an organisation's door for the others.
type Server struct {
	door *door.Door
	addr string
}

// Serve listens on addr, with the organisation's TLS identity, until Close. Whoever has no certificate from the
// infrastructure CA gets no further than the handshake.
func Serve(addr string, x *exchange.Exchange, own pki.Identity, trust *pki.Trust, now func() time.Time, log *slog.Logger) (*Server, error) {
	ln, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("couldn't listen for the other organisations: %w", err)
	}
	return &Server{door.Open(tls.NewListener(ln, pki.ServerTLS(own, trust, now)), &http.Server{Handler: Handler(x, trust, now),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, IdleTimeout: 2 * time.Minute,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn)}, log), ln.Addr().String()}, nil
}

// Addr is where the server listens.
func (s *Server) Addr() string { return s.addr }

// Close stops listening and lets calls under way end for as long as ctx lasts. Then the others are cut off.
func (s *Server) Close(ctx context.Context) error { return s.door.Close(ctx) }

// Handler serves the exchange to whoever the TLS layer has identified.
func Handler(x *exchange.Exchange, trust *pki.Trust, now func() time.Time) http.Handler {
	mux := http.NewServeMux()
	options := []connect.HandlerOption{connect.WithReadMaxBytes(maxRequest), connect.WithCompression("gzip", nil, nil)}
	mux.Handle(helloPath, connect.NewUnaryHandler(helloPath, func(ctx context.Context, r *connect.Request[messagepb.Greeting]) (*connect.Response[messagepb.Acquaintance], error) {
		return answer(ctx, r.Msg, x.Hello)
	}, options...))
	mux.Handle(deliverPath, connect.NewUnaryHandler(deliverPath, func(ctx context.Context, r *connect.Request[messagepb.Batch]) (*connect.Response[messagepb.Receipt], error) {
		return answer(ctx, r.Msg, x.Deliver)
	}, options...))
	mux.Handle(askPath, connect.NewUnaryHandler(askPath, func(ctx context.Context, r *connect.Request[messagepb.Question]) (*connect.Response[messagepb.Answer], error) {
		return answer(ctx, r.Msg, x.Asked)
	}, options...))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.TLS == nil {
			http.Error(w, "mutual TLS is required", http.StatusForbidden)
			return
		}
		peer, err := pki.Peer(*r.TLS, trust, now())
		if err != nil {
			http.Error(w, err.Error(), http.StatusForbidden)
			return
		}
		// Connect would read what is too large to its end before it refuses; here the line is cut.
		if r.ContentLength > maxRequest {
			w.Header().Set("Connection", "close")
			http.Error(w, fmt.Sprintf("a batch has at most %d bytes", message.MaxWire), http.StatusRequestEntityTooLarge)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxRequest)
		mux.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), peerKey{}, message.Org(peer.Organisation))))
	})
}

type peerKey struct{}

func answer[Q, A any](ctx context.Context, q *Q, ask func(context.Context, message.Org, *Q) (*A, error)) (*connect.Response[A], error) {
	from, _ := ctx.Value(peerKey{}).(message.Org)
	a, err := ask(ctx, from, q)
	var refusal *exchange.Refusal
	if errors.As(err, &refusal) {
		return nil, connect.NewError(connect.CodePermissionDenied, errors.New(refusal.Reason))
	}
	if errors.Is(err, exchange.ErrHelloFirst) {
		return nil, connect.NewError(connect.CodeFailedPrecondition, err)
	}
	if errors.Is(err, exchange.ErrNoAnswer) {
		return nil, connect.NewError(connect.CodeUnimplemented, err)
	}
	if err != nil {
		// What failed inside is for our log, not for the peer.
		return nil, connect.NewError(connect.CodeUnavailable, errors.New("it could not be decided upon or answered"))
	}
	return connect.NewResponse(a), nil
}

// Client is the Link to organisations at known addresses.
type Client struct {
	peers map[message.Org]peer
}

type peer struct {
	hello   *connect.Client[messagepb.Greeting, messagepb.Acquaintance]
	deliver *connect.Client[messagepb.Batch, messagepb.Receipt]
	ask     *connect.Client[messagepb.Question, messagepb.Answer]
}

// NewClient makes the Link. addresses are host:port by organisation; the certificate shown there must be that
// organisation's.
func NewClient(addresses map[message.Org]string, own pki.Identity, trust *pki.Trust, now func() time.Time) *Client {
	c := &Client{peers: map[message.Org]peer{}}
	for org, addr := range addresses {
		hc := &http.Client{Transport: &http.Transport{
			TLSClientConfig: pki.ClientTLS(own, trust, string(org), now),
			DialContext:     (&net.Dialer{Timeout: 5 * time.Second}).DialContext,
			// One batch at a time is under way per pair; the second connection serves a hello or a question beside it.
			MaxIdleConnsPerHost: 2, IdleConnTimeout: 2 * time.Minute, TLSHandshakeTimeout: 10 * time.Second,
			ForceAttemptHTTP2: false,
		}}
		options := []connect.ClientOption{connect.WithAcceptCompression("gzip", nil, nil), connect.WithReadMaxBytes(message.MaxWire)}
		c.peers[org] = peer{
			hello:   connect.NewClient[messagepb.Greeting, messagepb.Acquaintance](hc, "https://"+addr+helloPath, options...),
			deliver: connect.NewClient[messagepb.Batch, messagepb.Receipt](hc, "https://"+addr+deliverPath, options...),
			ask:     connect.NewClient[messagepb.Question, messagepb.Answer](hc, "https://"+addr+askPath, options...),
		}
	}
	return c
}

// Hello implements exchange.Link.
func (c *Client) Hello(ctx context.Context, to message.Org, g *messagepb.Greeting) (*messagepb.Acquaintance, error) {
	p, ok := c.peers[to]
	if !ok {
		return nil, fmt.Errorf("the address of %s is not configured", to)
	}
	return call(ctx, p.hello, g)
}

// Deliver implements exchange.Link.
func (c *Client) Deliver(ctx context.Context, to message.Org, b *messagepb.Batch) (*messagepb.Receipt, error) {
	p, ok := c.peers[to]
	if !ok {
		return nil, fmt.Errorf("the address of %s is not configured", to)
	}
	return call(ctx, p.deliver, b)
}

// Ask implements exchange.Link.
func (c *Client) Ask(ctx context.Context, to message.Org, kind string, body []byte) ([]byte, error) {
	p, ok := c.peers[to]
	if !ok {
		return nil, fmt.Errorf("the address of %s is not configured", to)
	}
	a, err := call(ctx, p.ask, &messagepb.Question{Kind: kind, Body: body})
	if err != nil {
		return nil, err
	}
	return a.Body, nil
}

func call[Q, A any](ctx context.Context, client *connect.Client[Q, A], q *Q) (*A, error) {
	r, err := client.CallUnary(ctx, connect.NewRequest(q))
	if err == nil {
		return r.Msg, nil
	}
	switch {
	case connect.CodeOf(err) == connect.CodePermissionDenied, refusedBelow(err):
		return nil, &exchange.Refusal{Reason: err.Error()}
	case connect.CodeOf(err) == connect.CodeFailedPrecondition:
		return nil, exchange.ErrHelloFirst
	case connect.CodeOf(err) == connect.CodeUnimplemented: // a program that is older has no such path at all
		return nil, exchange.ErrNoAnswer
	}
	return nil, err
}

// refusedBelow tells whether TLS itself ended the connection: one side does not trust the other's certificate.
func refusedBelow(err error) bool {
	var verification *tls.CertificateVerificationError
	var alert *net.OpError // crypto/tls reports the alerts of the other side so
	return errors.As(err, &verification) || errors.As(err, &alert) && alert.Op == "remote error"
}
