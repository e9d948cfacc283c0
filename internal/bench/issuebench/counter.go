package issuebench

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/bench/issuebench/order"
	"github.com/akashi-id/akashi/internal/bench/pair"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/bench/work"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// batch is how many requests a counter's transaction makes where many are asked for at once.
const batch = 100

// counter is who asks: a municipality, the validation authority and the national center in one process, which take whatever the CA
// tells them and keep nothing. It is the parent of the CA's process.
type counter struct {
	ca        *peer.Process
	ends      []*pair.End   // the municipality's first
	key       crypto.Signer // the CA's, for DoSign
	algorithm cert.Algorithm
	subjects  cert.Algorithm
	run       string // its requests are told from those of another run by this
	last      uint64

	mu      sync.Mutex // guards what follows
	waiting map[string]chan error
	told    chan struct{} // an entry for each certificate that validation and the center have heard of
}

func openCounter(ctx context.Context, s order.Setup) (w peer.Worker, err error) {
	c := &counter{waiting: map[string]chan error{}, told: make(chan struct{}, 1<<20)}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	if c.algorithm, err = cert.ParseAlgorithm(s.Algorithm); err != nil {
		return nil, err
	}
	// A CA of a generation of the card certifies cards' keys alone; those of P-384 are made quickly.
	c.subjects = cert.P384SHA384
	if !slices.Contains(cert.CardAlgorithms, c.algorithm) {
		c.subjects = c.algorithm
	}
	dir := keys.Dir(filepath.Join(s.Dir, "keys-"+s.Algorithm))
	if _, err := ca.Found(rand.Reader, clock.System().Now(), dir, c.algorithm); err != nil {
		return nil, err
	}
	if c.key, err = dir.Signer("ca-" + cert.Signature.String()); err != nil {
		return nil, err
	}
	seats, err := pair.FoundStar([]message.Org{theCA, pair.City, validation, center}, []string{s.Store, "memory:", "memory:", "memory:"})
	if err != nil {
		return nil, err
	}
	for _, seat := range seats[1:] {
		end, err := seat.Open(ctx, host.Rules{Schema: work.Schema, Routes: c.routes()})
		if err != nil {
			return nil, err
		}
		c.ends = append(c.ends, end)
	}
	cmd, err := part(ctx, PartCA)
	if err != nil {
		return nil, err
	}
	c.ca, err = peer.Start(cmd, office{seats[0], string(dir)}, &order.Ready{})
	return c, err
}

func (c *counter) Ready() any {
	return order.Ready{Says: "the CA's process over mutual TLS, everything on"}
}

func (c *counter) Close() error {
	var errs []error
	if c.ca != nil {
		errs = append(errs, c.ca.Close())
		c.ca = nil
	}
	for _, end := range c.ends {
		errs = append(errs, end.Close())
	}
	c.ends = nil
	return errors.Join(errs...)
}

// routes take what the CA tells.
func (c *counter) routes() []exchange.Route {
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	tell := func(tx *sqlstore.Tx) ([]message.Out, error) {
		tx.OnCommit(func() { c.told <- struct{}{} })
		return nil, nil
	}
	return []exchange.Route{
		exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CertIssued) ([]message.Out, error) {
			tx.OnCommit(func() { c.answered(n.Request, nil) })
			return nil, nil
		}),
		exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CertRefused) ([]message.Out, error) {
			tx.OnCommit(func() { c.answered(n.Request, fmt.Errorf("refused: %s: %s", n.Why, n.Reason.EN)) })
			return nil, nil
		}),
		exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, _ message.CertStatus) ([]message.Out, error) {
			return tell(tx)
		}),
		exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, _ message.CertIssuance) ([]message.Out, error) {
			return tell(tx)
		}),
		exchange.On(same, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.CertCRL) ([]message.Out, error) {
			return nil, nil
		}),
	}
}

func (c *counter) answered(request string, err error) {
	c.mu.Lock()
	w := c.waiting[request]
	delete(c.waiting, request)
	c.mu.Unlock()
	if w != nil {
		w <- err
	}
}

func (c *counter) Do(ctx context.Context, o peer.Order) (peer.Took, error) {
	switch o.Do {
	case order.DoIssue:
		return c.issue(ctx, o.Count)
	case order.DoEach:
		return c.each(ctx, o.Count)
	case order.DoSign:
		return c.sign(o.Count)
	}
	return peer.Took{}, fmt.Errorf("the counter cannot %s", o.Do)
}

// issue asks for many at once, and waits until all have come and validation and the center have heard of all.
func (c *counter) issue(ctx context.Context, count int) (t peer.Took, err error) {
	requests, err := c.requests(count)
	if err != nil {
		return t, err
	}
	return c.counted(func() error {
		answers := make(chan error, count)
		for some := range slices.Chunk(requests, batch) {
			if err := c.send(ctx, answers, some...); err != nil {
				return err
			}
		}
		for range count {
			if err := wait(ctx, answers); err != nil {
				return err
			}
		}
		return c.heard(ctx, count)
	})
}

// each asks for one at a time, as Callers who do not know of each other.
func (c *counter) each(ctx context.Context, count int) (t peer.Took, err error) {
	requests, err := c.requests(count)
	if err != nil {
		return t, err
	}
	seconds, errs := make([]float64, count), make([]error, order.Callers)
	t, err = c.counted(func() error {
		var all sync.WaitGroup
		for k := range order.Callers {
			all.Go(func() {
				for i := k; i < count && errs[k] == nil; i += order.Callers {
					took, answer := peer.Stopwatch(), make(chan error, 1)
					if errs[k] = c.send(ctx, answer, requests[i]); errs[k] == nil {
						errs[k] = wait(ctx, answer)
					}
					seconds[i] = took()
				}
			})
		}
		all.Wait()
		return errors.Join(append(errs, c.heard(ctx, count))...)
	})
	if err == nil {
		t.Each(seconds)
	}
	return t, err
}

// counted does something, and counts the CA's CPU time.
func (c *counter) counted(do func() error) (t peer.Took, err error) {
	before, err := c.ca.Do(peer.Order{Do: order.DoCPU})
	if err != nil {
		return t, err
	}
	took := peer.Stopwatch()
	if err := do(); err != nil {
		return t, err
	}
	t.Seconds = took()
	after, err := c.ca.Do(peer.Order{Do: order.DoCPU})
	t.Server = after.Server - before.Server
	return t, err
}

// heard waits until validation and the center have heard of so many.
func (c *counter) heard(ctx context.Context, count int) error {
	for range 2 * count {
		select {
		case <-c.told:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

func wait(ctx context.Context, answer chan error) error {
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// send makes one transaction of requests. The municipality's database is in memory: what is measured is the CA.
func (c *counter) send(ctx context.Context, answers chan error, requests ...message.CertRequest) error {
	c.mu.Lock()
	for _, r := range requests {
		c.waiting[r.Request] = answers
	}
	c.mu.Unlock()
	city := c.ends[0]
	return city.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		var outs []message.Out
		for _, r := range requests {
			outs = append(outs, message.Out{To: theCA, Body: r})
		}
		_, err := city.Exchange.Send(ctx, tx, outs, "t-bench")
		return err
	})
}

// requests are of residents who have no certificate yet, each with a key of his own, made before the clock runs.
func (c *counter) requests(count int) (all []message.CertRequest, err error) {
	if c.run == "" {
		c.run = rand.Text()
	}
	holder, err := someone()
	for range count {
		if err != nil {
			return nil, err
		}
		c.last++
		holder.Code = resident.RecordCodeOf(1_000_000_000 + c.last)
		r := message.CertRequest{Request: fmt.Sprintf("%s-%d", c.run, c.last), Profile: cert.Signature, Holder: holder, Window: "20202A001"}
		var key crypto.Signer
		if key, err = pki.GenerateKey(rand.Reader, c.subjects); err == nil {
			r.PublicKey, err = x509.MarshalPKIXPublicKey(key.Public())
		}
		all = append(all, r)
	}
	return all, err
}

func someone() (i resident.IdentificationInfo, err error) {
	i.Version, i.Sex = 1, resident.Female
	i.Change = resident.ChangeInfo{Reason: resident.MoveIn, Arose: resident.MustDate(2020, 4, 1)}
	if i.Name, err = resident.ParseName("name", "髙橋　花子"); err != nil {
		return i, err
	}
	if i.Birth, err = resident.ParsePartialDate("birth", "1980-02-17"); err != nil {
		return i, err
	}
	if i.Address, err = resident.ParseAddress("address", "長野県松本市丸の内3番7号"); err != nil {
		return i, err
	}
	i.Municipality, err = resident.ParseMunicipalityCode("municipality", "202029")
	return i, err
}

// sign signs with the CA's key and does nothing else, one after the other.
func (c *counter) sign(count int) (t peer.Took, err error) {
	hash := pki.HashOf(c.algorithm)
	sum := hash.New().Sum(nil)
	took, before := peer.Stopwatch(), peer.CPUSeconds()
	for range count {
		if _, err := c.key.Sign(rand.Reader, sum, hash); err != nil {
			return t, err
		}
	}
	return peer.Took{Seconds: took(), Server: peer.CPUSeconds() - before}, nil
}
