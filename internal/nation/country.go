package nation

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Options say how a country runs.
type Options struct {
	Dir    string // data directory
	Spec   *Spec
	Listen string // address of the portal; "127.0.0.1:0" takes a free port
	Log    *slog.Logger
	// Webhook is the address that is told of every organisation's alarms, WebhookSecret the file with the key that signs what
	// it is told; both may be empty.
	Webhook, WebhookSecret string
	// Trial changes what an organisation is given, to try what the others notice of a faulty line or rule. Nil in every
	// real country.
	Trial func(host.Config) host.Config
	// Program is akashi, which serves the CA's encrypted keys in a process of its own. Whoever opens a country and is another program
	// leaves it empty, and they are served in it.
	Program string

	clock clock.Clock   // nil: the machine's
	takes time.Duration // how long an organisation may take to open; 0: openingTakes
}

// Country is a country whose organisations run in this process.
type Country struct {
	URL string // of the portal
	// Aside are the organisations that could not be opened. The others run without them.
	Aside []message.Org

	dir           string
	organisations []*organisation
	stop          context.CancelFunc
	tasks         sync.WaitGroup
	closers       []func()
}

// Open founds the country where needed, opens every organisation, starts their tasks and serves the portal. On return it
// is ready. The same directory goes on exactly where it stopped, however it stopped.
func Open(ctx context.Context, opt Options) (_ *Country, err error) {
	if err := access.GuardLoopback(opt.Listen, true); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opt.Dir, 0o711); err != nil {
		return nil, fmt.Errorf("couldn't make the data directory: %w", err)
	}
	release, err := lock(opt.Dir)
	if err != nil {
		return nil, err
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	// The tasks end with Close; only the start ends with the caller's context.
	lifetime, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &Country{dir: opt.Dir, stop: stop, closers: []func(){release}}
	defer func() {
		if err != nil {
			c.Close()
		}
	}()
	clk := opt.clock
	if clk == nil {
		clk = clock.System()
	}
	if err := Found(opt.Dir, opt.Spec, clk.Now(), opt.Log); err != nil {
		return nil, err
	}
	ln, err := listen(opt.Listen)
	if err != nil {
		return nil, err
	}
	c.URL = "http://" + ln.Addr().String()
	c.closers = append(c.closers, func() { ln.Close() })
	net := new(exchange.Memory)
	opened, errs := c.openAll(ctx, lifetime, opt, net, clk)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	var members []member
	for i, e := range opt.Spec.Organisations {
		if errs[i] != nil {
			opt.Log.ErrorContext(ctx, "an organisation cannot be opened, and the country goes on without it", "organisation", e.ID, "error", errs[i])
			members = append(members, setAside(e, errs[i]))
			c.Aside = append(c.Aside, e.ID)
			continue
		}
		members = append(members, newMember(e, opened[i].web, opened[i].control))
	}
	if len(c.organisations) == 0 {
		return nil, errors.Join(errs...)
	}
	front, err := newPortal(opt.Spec, members, KeyDir(opt.Dir, "portal"), clk, opt.Log)
	if err != nil {
		return nil, err
	}
	for _, o := range c.organisations {
		c.tasks.Go(func() { runTasks(lifetime, clk, o.tasks, opt.Log) })
	}
	c.closers = append(c.closers, serveWeb(ln, front.handler(), opt.Log))
	closeSocket, err := serveSocket(filepath.Join(opt.Dir, socketName), front.control(), opt.Log)
	if err != nil {
		return nil, err
	}
	c.closers = append(c.closers, closeSocket)
	if err := populate(ctx, opt.Dir, members, opt.Log); err != nil {
		return nil, err
	}
	if err := admit(ctx, opt.Dir, c.URL, members, clk, opt.Log); err != nil {
		return nil, err
	}
	return c, nil
}

// listen takes the portal's address. That another program has it is what most often goes wrong at a start.
func listen(address string) (net.Listener, error) {
	ln, err := net.Listen("tcp", address)
	if err != nil {
		return nil, plain.Bad("--listen",
			"「"+address+"」で待ち受けられません。ほかのプログラムが使っていないか確かめるか、--listen で別のポートを指定してください。("+err.Error()+")",
			"cannot listen on "+address+": see whether another program uses it, or choose another port with --listen ("+err.Error()+")")
	}
	return ln, nil
}

// openingAtOnce is how many organisations are opened at the same time.
const openingAtOnce = 16

// openAll opens every organisation, several at once: one that takes long, or never comes back, keeps few others waiting.
// Those that are open are the country's from then on.
func (c *Country) openAll(ctx, lifetime context.Context, opt Options, net *exchange.Memory, clk clock.Clock) ([]*organisation, []error) {
	opened, errs := make([]*organisation, len(opt.Spec.Organisations)), make([]error, len(opt.Spec.Organisations))
	places := make(chan struct{}, openingAtOnce)
	var all sync.WaitGroup
	for i, e := range opt.Spec.Organisations {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			opened[i], errs[i] = openOne(ctx, lifetime, cmp.Or(opt.takes, openingTakes), func(ctx context.Context) (*organisation, error) {
				return c.open(ctx, opt, e, net, clk)
			})
		})
	}
	all.Wait()
	for i, o := range opened {
		if errs[i] == nil {
			c.organisations = append(c.organisations, o)
			net.Join(o.Self, o.Exchange)
		}
	}
	return opened, errs
}

func (c *Country) open(ctx context.Context, opt Options, e Entry, net *exchange.Memory, clk clock.Clock) (*organisation, error) {
	id, err := openIdentity(KeyDir(opt.Dir, e.ID))
	if err != nil {
		return nil, fmt.Errorf("couldn't read the keys of %s: %w", e.ID, err)
	}
	s := setting{id: e.ID, name: e.Name.Sentence(), dir: filepath.Join(opt.Dir, string(e.ID)), store: e.Store,
		peers: opt.Spec.Peers(e.ID), cas: opt.Spec.CAs(e.ID), asks: opt.Spec.Asks(e.ID), homes: opt.Spec.homes(), residents: e.Residents, checkers: e.Checkers, printer: e.Printer,
		portal: c.URL, personas: true, public: true, clock: clk, log: opt.Log,
		webhook: opt.Webhook, webhookSecret: opt.WebhookSecret, trial: opt.Trial}
	if s.towns, err = e.townFile(); err != nil {
		return nil, err
	}
	cfg := &ServeConfig{ID: e.ID, Dir: s.dir, program: cmp.Or(opt.Program, inside)}
	if cfg.Tokens, cfg.TokenKeys, err = vaultOf(opt.Dir, e.ID).tokens(); err != nil {
		return nil, err
	}
	return s.openWithTokens(ctx, cfg, id, net.As(e.ID))
}

// Municipality is the counter of a municipality, for measurements that need no screen; nil when there is none.
func (c *Country) Municipality(id message.Org) *municipality.Municipality {
	if o := c.find(id); o != nil {
		return o.counter
	}
	return nil
}

// Exchange is an organisation's end of its streams; nil when there is none.
func (c *Country) Exchange(id message.Org) *exchange.Exchange {
	if o := c.find(id); o != nil {
		return o.Host.Exchange
	}
	return nil
}

// CACertificate is the certificate for a profile of the CA of all prefectures that have none of their own.
func (c *Country) CACertificate(p cert.Profile) (*x509.Certificate, error) {
	ders, err := KeyDir(c.dir, theCA).Certificates("ca-" + p.String())
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(ders[0])
}

func (c *Country) find(id message.Org) *organisation {
	for _, o := range c.organisations {
		if o.Self == id {
			return o
		}
	}
	return nil
}

// Close stops the tasks, then the doors, then the databases. What was under way is either committed or will be done
// again at the next start.
func (c *Country) Close() error {
	c.stop()
	c.tasks.Wait()
	var errs []error
	for i := len(c.closers) - 1; i > 0; i-- {
		c.closers[i]()
	}
	for _, o := range c.organisations {
		errs = append(errs, o.Close())
	}
	c.closers[0]() // the lock, when nothing is open any more
	c.closers = c.closers[:1]
	return errors.Join(errs...)
}
