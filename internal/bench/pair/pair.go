// Package pair makes two organisations for a measurement, or one and its peers (測定用の団体): each with its own database, keys and
// all that an organisation stands on, joined by mutual TLS on loopback, in one process or in several.
package pair

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net"
	"slices"
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
	Self         message.Org
	Store        string
	Addr         string
	Peers        map[message.Org]string // where each listens
	Root         []byte
	TLS, Signing credential
	Secret       []byte // of every pair
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
	Peer message.Org // when it has but one
	rest func()      // ends its tasks and its door
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
func (s Seat) Open(ctx context.Context, rules host.Rules) (*End, error) {
	cfg, err := s.Config()
	if err != nil {
		return nil, err
	}
	h, err := host.Open(ctx, cfg, rules)
	if err != nil {
		return nil, err
	}
	return s.Start(ctx, h, h.Tasks())
}

// Config is what an organisation at this seat is given.
func (s Seat) Config() (host.Config, error) {
	trust, err := pki.NewTrust(s.Root)
	if err != nil {
		return host.Config{}, err
	}
	line, err := s.TLS.identity()
	if err != nil {
		return host.Config{}, err
	}
	signing, err := s.Signing.identity()
	if err != nil {
		return host.Config{}, err
	}
	clk := clock.System()
	return host.Config{Self: s.Self, Name: plain.Sentence{JA: string(s.Self), EN: string(s.Self)},
		StoreURL: s.Store, Clock: clk, Rand: rand.Reader, Trust: trust, Peers: slices.Sorted(maps.Keys(s.Peers)),
		Signer:  exchange.Signer{Key: signing.Key, Certificate: signing.Certificate},
		Link:    wire.NewClient(s.Peers, line, trust, clk.Now),
		Secrets: func(message.Org) []byte { return s.Secret },
	}, nil
}

// Start sets an organisation that was opened to work. Of its ground it takes possession.
func (s Seat) Start(ctx context.Context, h *host.Host, all []clock.Task) (o *End, err error) {
	o = &End{Host: h}
	defer func() {
		if err != nil {
			o.Close()
		}
	}()
	if len(h.Peers) == 1 {
		o.Peer = h.Peers[0]
	}
	line, err := s.TLS.identity()
	if err != nil {
		return nil, err
	}
	log := slog.New(slog.DiscardHandler)
	door, err := wire.Serve(s.Addr, o.Exchange, line, h.Trust, h.Clock.Now, log)
	if err != nil {
		return nil, err
	}
	running, stop := context.WithCancel(ctx)
	var tasks sync.WaitGroup
	for _, task := range all {
		tasks.Go(func() { clock.Run(running, h.Clock, task, log) })
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
	all, err := FoundStar([]message.Org{City, Prefecture}, stores[:])
	copy(seats[:], all)
	return seats, err
}

// FoundStar makes the seats of organisations of which the first is a peer of each of the others.
func FoundStar(orgs []message.Org, stores []string) (seats []Seat, err error) {
	now := clock.System().Now()
	ca, err := pki.NewInfrastructureCA(rand.Reader, now)
	if err != nil {
		return nil, err
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
	addrs, err := freeAddresses(len(orgs))
	if err != nil {
		return nil, err
	}
	secret := make([]byte, 32)
	if _, err := rand.Read(secret); err != nil {
		return nil, err
	}
	for i, org := range orgs {
		s := Seat{Self: org, Store: stores[i], Addr: addrs[i], Peers: map[message.Org]string{}, Root: ca.Certificate(), Secret: secret}
		for k, other := range orgs {
			if k != i && (i == 0 || k == 0) {
				s.Peers[other] = addrs[k]
			}
		}
		if s.TLS, err = issue(org, pki.ForTLS); err != nil {
			return nil, err
		}
		if s.Signing, err = issue(org, pki.ForSigning); err != nil {
			return nil, err
		}
		seats = append(seats, s)
	}
	return seats, nil
}

// freeAddresses finds some: each side has to know the others' before any is there.
func freeAddresses(n int) (addrs []string, err error) {
	for range n {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer ln.Close() // after all, so that they differ
		addrs = append(addrs, ln.Addr().String())
	}
	return addrs, nil
}
