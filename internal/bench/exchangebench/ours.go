package exchangebench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"slices"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// The parts of this measurement that are processes of their own.
const (
	PartSender   = "exchange-sender"
	PartReceiver = "exchange-receiver"
)

// Part is the whole of such a process.
func Part(ctx context.Context, name string, in io.Reader, out io.Writer) error {
	switch name {
	case PartSender:
		return peer.Serve(ctx, in, out, openSender)
	case PartReceiver:
		return peer.Serve(ctx, in, out, openReceiver)
	}
	return fmt.Errorf("the exchange's measurement has no part %q", name)
}

// part starts this program again as a part of the measurement.
func part(ctx context.Context, name string) (*exec.Cmd, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.CommandContext(ctx, self, "bench", "--part", name)
	cmd.Stderr = os.Stderr
	return cmd, nil
}

// seat is what an organisation gets to be one: as `akashi serve` would read it from its directory.
type seat struct {
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

// organisation is one end: all that an organisation stands on, at work.
type organisation struct {
	*host.Host
	peer message.Org
	ends []func()
}

func (o *organisation) Close() error {
	for _, end := range slices.Backward(o.ends) {
		end()
	}
	o.ends = nil
	return nil
}

func (s seat) open(ctx context.Context, books reconcile.Table, routes ...exchange.Route) (o *organisation, err error) {
	o = &organisation{peer: s.Peer}
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
	}, host.Rules{Schema: Schema(), Routes: routes, Books: []reconcile.Table{books}})
	if err != nil {
		return nil, err
	}
	o.ends = append(o.ends, func() { o.Host.Close() })
	door, err := wire.Serve(s.Addr, o.Exchange, line, trust, clk.Now)
	if err != nil {
		return nil, err
	}
	o.ends = append(o.ends, func() { door.Close(context.WithoutCancel(ctx)) })
	running, stop := context.WithCancel(ctx)
	for _, task := range o.Tasks() {
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			clock.Run(running, clk, task, slog.New(slog.DiscardHandler))
		}()
		o.ends = append(o.ends, func() { <-ended })
	}
	o.ends = append(o.ends, stop)
	return o, nil
}

// found makes the two seats of a pair.
func found(stores [2]string) (seats [2]seat, err error) {
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
		s := seat{Self: org, Peer: []message.Org{Prefecture, City}[i], Store: stores[i], Addr: addrs[i], PeerAddr: addrs[1-i], Root: ca.Certificate(), Secret: secret}
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

// receiver is the prefecture's process.
type receiver struct {
	*organisation
	books atomic.Pointer[reconcile.Books] // the rule may run before open has returned
	done  chan struct{}                   // an entry for each message that has been applied
}

func openReceiver(ctx context.Context, s seat) (peer.Worker, error) {
	r := &receiver{done: make(chan struct{}, 1<<20)}
	var err error
	r.organisation, err = s.open(ctx, book("effect", false), exchange.On(same, r.apply))
	if err != nil {
		return nil, err
	}
	r.books.Store(r.Books)
	return r, nil
}

func same(tx *sqlstore.Tx) *sqlstore.Tx { return tx }

// apply is a rule that writes one row, and the entry of the book.
func (r *receiver) apply(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ResidentChange) ([]message.Out, error) {
	switch KindOf(n) {
	case Refused:
		return nil, exchange.Reject("unreadable-name", "氏名が読めません。", "the name cannot be read")
	case Panics:
		panic("a rule that panics")
	}
	Write(tx, "effect", n)
	r.books.Load().Apply(tx, City, n)
	tx.OnCommit(func() { r.done <- struct{}{} })
	return nil, nil
}

func (r *receiver) Ready() any { return Ready{} }

func (r *receiver) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	if o.Do != DoTake {
		return peer.Took{}, fmt.Errorf("a receiver cannot %s", o.Do)
	}
	took := peer.Stopwatch()
	for range o.Count {
		select {
		case <-r.done:
		case <-ctx.Done():
			return peer.Took{}, ctx.Err()
		}
	}
	return peer.Took{Seconds: took()}, nil
}

// sender is the city's process, and the parent of the prefecture's.
type sender struct {
	*organisation
	other *peer.Process
	last  uint64
	stuck int64 // messages that the receiver did not apply
}

func openSender(ctx context.Context, setup Setup) (w peer.Worker, err error) {
	seats, err := found(setup.Stores)
	if err != nil {
		return nil, err
	}
	s := &sender{}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	cmd, err := part(ctx, PartReceiver)
	if err != nil {
		return nil, err
	}
	if s.other, err = peer.Start(cmd, seats[1], &Ready{}); err != nil {
		return nil, err
	}
	if s.organisation, err = seats[0].open(ctx, book("business", true)); err != nil {
		return nil, err
	}
	return s, nil
}

func (s *sender) Ready() any {
	return Ready{Says: "two organisations as two processes over mutual TLS, everything on"}
}

func (s *sender) Close() error {
	var err error
	if s.organisation != nil {
		err = s.organisation.Close()
	}
	if s.other != nil {
		err = errors.Join(err, s.other.Close())
		s.other = nil
	}
	return err
}

func (s *sender) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	switch o.Do {
	case DoExchange:
		return s.exchange(ctx, o.Count)
	case DoPoison:
		return s.behind(ctx, o.Count, Refused)
	case DoPanic:
		return s.behind(ctx, o.Count, Panics)
	}
	return peer.Took{}, fmt.Errorf("the exchange cannot %s", o.Do)
}

// exchange sends messages with their business rows and waits until the last verdict is in the outbox.
func (s *sender) exchange(ctx context.Context, count int) (t peer.Took, err error) {
	changes, err := Changes(&s.last, count, Good)
	if err != nil {
		return t, err
	}
	applied := Take(s.other, count)
	took := peer.Stopwatch()
	for some := range slices.Chunk(changes, Batch) {
		if err := s.send(ctx, some); err != nil {
			return t, err
		}
	}
	if t, err = applied(); err != nil {
		return t, err
	}
	// Applied there; now the verdict is on its way.
	if err := s.settled(ctx); err != nil {
		return t, err
	}
	t.Seconds = took()
	return t, nil
}

// send makes one transaction of business rows and their messages.
func (s *sender) send(ctx context.Context, changes []message.ResidentChange) error {
	return s.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		outs := make([]message.Out, len(changes))
		for i, c := range changes {
			Write(tx, "business", c)
			s.Books.Apply(tx, s.peer, c)
			outs[i] = message.Out{To: s.peer, Body: c}
		}
		_, err := s.Exchange.Send(ctx, tx, outs, "t-bench")
		return err
	})
}

func (s *sender) settled(ctx context.Context) error {
	clk := clock.System()
	for {
		pairs, err := s.Exchange.Pairs(ctx)
		if err != nil {
			return err
		}
		if pairs[0].Open == s.stuck {
			return nil
		}
		if stuck := pairs[0].Parked + pairs[0].Held; stuck > s.stuck {
			return fmt.Errorf("%d messages were refused", stuck-s.stuck)
		}
		if err := clk.Wait(ctx, clk.Now().Add(time.Millisecond), nil); err != nil {
			return err
		}
	}
}

// behind measures how long a good message takes that stands behind others, from when all are durable in the outbox.
func (s *sender) behind(ctx context.Context, count int, kind Kind) (t peer.Took, err error) {
	changes, err := Changes(&s.last, count, kind)
	if err != nil {
		return t, err
	}
	good, err := Changes(&s.last, 1, Good)
	if err != nil {
		return t, err
	}
	goods := 1
	if kind == Good {
		goods += count
	} else {
		s.stuck += int64(count)
	}
	applied := Take(s.other, goods)
	if err := s.send(ctx, append(changes, good...)); err != nil {
		return t, err
	}
	took := peer.Stopwatch()
	if t, err = applied(); err != nil {
		return t, err
	}
	t.Seconds = took()
	return t, nil
}
