package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"sync"
	"time"

	"github.com/smallstep/cli-utils/token"
	"github.com/smallstep/cli-utils/token/provision"

	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
)

// many is how many requests are under way at once where many are asked for: more do not make step-ca faster on two cores.
const many = 16

// caller asks, and is the parent of the server's process.
type caller struct {
	*founded
	server *peer.Process
	says   string
	http   *http.Client
	last   int
}

func openCaller(ctx context.Context, s order.Setup) (w peer.Worker, err error) {
	c := &caller{}
	if c.founded, err = found(s.Dir, s.Algorithm); err != nil {
		return nil, err
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, asServer)
	cmd.Stderr = os.Stderr
	var ready order.Ready
	if c.server, err = peer.Start(cmd, office{c.config}, &ready); err != nil {
		return nil, err
	}
	c.says = ready.Says
	roots := x509.NewCertPool()
	roots.AddCert(c.root)
	c.http = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: many, TLSClientConfig: &tls.Config{RootCAs: roots}}}
	return c, nil
}

func (c *caller) Ready() any { return order.Ready{Says: c.says} }

func (c *caller) Close() error {
	c.http.CloseIdleConnections()
	return c.server.Close()
}

func (c *caller) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	switch o.Do {
	case order.DoIssue:
		return c.issue(ctx, o.Count, many)
	case order.DoEach:
		return c.issue(ctx, o.Count, order.Callers)
	}
	return peer.Took{}, fmt.Errorf("step-ca cannot %s", o.Do)
}

// issue has so many certificates issued to callers who each ask for one after the other.
func (c *caller) issue(ctx context.Context, count, callers int) (t peer.Took, err error) {
	requests := make([][]byte, count)
	for i := range requests {
		if requests[i], err = c.request(); err != nil {
			return t, err
		}
	}
	c.http.CloseIdleConnections() // which the server has perhaps, while others had their turn
	if err := c.connect(ctx, callers); err != nil {
		return t, err
	}
	before, err := c.server.Do(peer.Order{Do: order.DoCPU})
	if err != nil {
		return t, err
	}
	seconds, errs := make([]float64, count), make([]error, callers)
	took := peer.Stopwatch()
	var all sync.WaitGroup
	for k := range callers {
		all.Go(func() {
			for i := k; i < count && errs[k] == nil; i += callers {
				one := peer.Stopwatch()
				errs[k] = c.ask(ctx, requests[i])
				seconds[i] = one()
			}
		})
	}
	all.Wait()
	t.Seconds = took()
	if err := errors.Join(errs...); err != nil {
		return t, err
	}
	after, err := c.server.Do(peer.Order{Do: order.DoCPU})
	t.Server = after.Server - before.Server
	t.Each(seconds)
	return t, err
}

// connect opens connections, so that nobody opens one while the clock runs.
func (c *caller) connect(ctx context.Context, n int) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	for k := range n {
		all.Go(func() {
			q, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://"+c.addr+"/health", nil)
			if err == nil {
				var a *http.Response
				if a, err = c.http.Do(q); err == nil {
					_, err = io.Copy(io.Discard, a.Body)
					a.Body.Close()
				}
			}
			errs[k] = err
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// request makes a request with a key of its own, and the token that goes with it.
func (c *caller) request() ([]byte, error) {
	c.last++
	name := fmt.Sprintf("holder-%d", c.last)
	key, err := order.Key(order.P256)
	if err != nil {
		return nil, err
	}
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}}, key)
	if err != nil {
		return nil, err
	}
	now := clock.System().Now()
	t, err := provision.New(name, token.WithJWTID(rand.Text()), token.WithKid(c.tokens.KeyID), token.WithIssuer(provisionerName),
		token.WithAudience("https://"+c.addr+"/1.0/sign"), token.WithValidity(now, now.Add(5*time.Minute)), token.WithSANS([]string{name}))
	if err != nil {
		return nil, err
	}
	signed, err := t.SignedString(c.tokens.Algorithm, c.tokens.Key)
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]string{"csr": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: csr})), "ott": signed})
}

func (c *caller) ask(ctx context.Context, request []byte) error {
	q, err := http.NewRequestWithContext(ctx, http.MethodPost, "https://"+c.addr+"/1.0/sign", bytes.NewReader(request))
	if err != nil {
		return err
	}
	q.Header.Set("Content-Type", "application/json")
	a, err := c.http.Do(q)
	if err != nil {
		return err
	}
	defer a.Body.Close()
	body, err := io.ReadAll(a.Body) // to its end, so that the connection is kept
	if err == nil && a.StatusCode != http.StatusCreated {
		err = fmt.Errorf("step-ca answered %s: %s", a.Status, body)
	}
	return err
}
