// Package pair makes two organisations for a measurement (測定用の二団体): each with its own database, keys and all that
// an organisation stands on, joined by mutual TLS on loopback, in one process or in two.
package pair

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"sync"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// The two organisations. The city's messages change the residents' book.
const (
	City       = message.Org("municipality-202029")
	Prefecture = message.Org("prefecture-20")
)

// Seat is what an organisation gets to be one: as `akashi serve` would read it from its directory.
type Seat struct {
	Self, Peer     message.Org
	Store          string
	Addr, PeerAddr string
	Root           []byte
	TLS, Signing   credential
	Secret         []byte // of the pair
}

type credential struct {
	Certificate []byte
	Key         []byte // PEM
}

func (c credential) identity() (pki.Identity, error) {
	key, err := pki.DecodeKey(c.Key)
	return pki.Identity{Certificate: c.Certificate, Key: key}, err
}

// End is one end: all that an organisation stands on, at work.
type End struct {
	*host.Host
	Peer message.Org
	rest func() // ends its tasks and its door
}

// Rest ends its tasks and its door; the database stays open.
func (o *End) Rest() {
	if o.rest != nil {
		o.rest()
		o.rest = nil
	}
}

// Close ends it.
func (o *End) Close() error {
	o.Rest()
	if o.Host == nil {
		return nil
	}
	h := o.Host
	o.Host = nil
	return h.Close()
}

// Open opens the organisation and sets it to work.
func (s Seat) Open(ctx context.Context, rules host.Rules) (o *End, err error) {
	o = &End{Peer: s.Peer}
	defer func() {
		if err != nil {
			o.Close()
		}
	}()
	trust, err := pki.NewTrust(s.Root)
	if err != nil {
		return nil, err
	}
	line, err := s.TLS.identity()
	if err != nil {
		return nil, err
	}
	signing, err := s.Signing.identity()
	if err != nil {
		return nil, err
	}
	clk := clock.System()
	o.Host, err = host.Open(ctx, host.Config{Self: s.Self, Name: plain.Sentence{JA: string(s.Self), EN: string(s.Self)},
		StoreURL: s.Store, Clock: clk, Rand: rand.Reader, Trust: trust, Peers: []message.Org{s.Peer},
		Signer:  exchange.Signer{Key: signing.Key, Certificate: signing.Certificate},
		Link:    wire.NewClient(map[message.Org]string{s.Peer: s.PeerAddr}, line, trust, clk.Now),
		Secrets: func(message.Org) []byte { return s.Secret },
	}, rules)
	if err != nil {
		return nil, err
	}
	door, err := wire.Serve(s.Addr, o.Exchange, line, trust, clk.Now, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	for _, task := range o.Tasks() {
		tasks.Go(func() { clock.Run(running, clk, task, slog.New(slog.DiscardHandler)) })
	}
	o.rest = func() {
		stop()
		tasks.Wait()
		door.Close(context.WithoutCancel(ctx))
	}
	return o, nil
}

// Found makes the two seats of a pair.
func Found(stores [2]string) (seats [2]Seat, err error) {
	now := clock.System().Now()
	ca, err := pki.NewInfrastructureCA(rand.Reader, now)
	if err != nil {
		return seats, err
	}
	issue := func(org message.Org, usage pki.Usage) (c credential, err error) {
		key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
		if err != nil {
			return c, err
		}
		if c.Key, err = pki.EncodeKey(key); err != nil {
			return c, err
		}
		c.Certificate, err = ca.IssueOrganisation(rand.Reader, now, pki.Organisation{ID: string(org), Usage: usage, Public: key.Public()})
		return c, err
	}
	addrs, err := freeAddresses()
	if err != nil {
		return seats, err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return seats, err
	}
	for i, org := range []message.Org{City, Prefecture} {
		s := Seat{Self: org, Peer: []message.Org{Prefecture, City}[i], Store: stores[i], Addr: addrs[i], PeerAddr: addrs[1-i], Root: ca.Certificate(), Secret: secret}
		if s.TLS, err = issue(org, pki.ForTLS); err != nil {
			return seats, err
		}
		if s.Signing, err = issue(org, pki.ForSigning); err != nil {
			return seats, err
		}
		seats[i] = s
	}
	return seats, nil
}

// freeAddresses finds two: each side has to know the other's before either is there.
func freeAddresses() (addrs [2]string, err error) {
	for i := range addrs {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return addrs, err
		}
		defer ln.Close() // after both, so that they differ
		addrs[i] = ln.Addr().String()
	}
	return addrs, nil
}
