package nation

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// firstUID is the user id of the first organisation's process; the others follow. The ids need no entry in /etc/passwd.
const firstUID = 61000

// Processes is a country in which every organisation is a process of its own.
type Processes struct {
	URL string // of the portal
	// Aside are the organisations that had not started when the others had. They are started again and again.
	Aside []message.Org
	// Apart tells whether each process runs under a user of its own. It takes root to start them so; without it they
	// have the same user's rights, and only the code keeps them from each other's directories.
	Apart bool

	children []*child
	closers  []func()
	stop     context.CancelFunc
	watched  sync.WaitGroup
}

// OpenProcesses founds the country where needed, starts a process for every organisation, waits until all are ready or
// known not to start, and serves the portal. A process that dies is started again.
func OpenProcesses(ctx context.Context, opt Options) (_ *Processes, err error) {
	if err := access.GuardLoopback(opt.Listen, true); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opt.Dir, 0o711); err != nil {
		return nil, fmt.Errorf("couldn't make the data directory: %w", err)
	}
	apart := os.Geteuid() == 0
	if apart {
		if err := passable(opt.Dir); err != nil {
			return nil, err
		}
	}
	release, err := lock(opt.Dir)
	if err != nil {
		return nil, err
	}
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	// The processes end with Close; only the start ends with the caller's context.
	lifetime, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &Processes{stop: stop, Apart: apart, closers: []func(){release}}
	defer func() {
		if err != nil {
			p.Close()
		}
	}()
	clk := clock.System()
	if err := Found(opt.Dir, opt.Spec, clk.Now(), opt.Log); err != nil {
		return nil, err
	}
	ln, err := listen(opt.Listen)
	if err != nil {
		return nil, err
	}
	p.URL = "http://" + ln.Addr().String()
	p.closers = append(p.closers, func() { ln.Close() })
	configs, err := p.configure(opt)
	if err != nil {
		return nil, err
	}
	for i, cfg := range configs {
		c := &child{config: filepath.Join(cfg.Dir, "config.yaml"), name: string(cfg.ID), log: opt.Log, ready: make(chan struct{}), failed: make(chan struct{})}
		if p.Apart {
			c.uid = firstUID + uint32(i)
		}
		p.children = append(p.children, c)
		p.watched.Go(func() { c.watch(lifetime, clk) })
	}
	started, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	var members []member
	for i, c := range p.children {
		select {
		case <-c.ready:
		case <-c.failed:
		case <-started.Done():
		}
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !c.up.Load() {
			p.Aside = append(p.Aside, configs[i].ID)
			opt.Log.ErrorContext(ctx, "an organisation does not start, and the country goes on without it; it is tried again and again", "organisation", c.name)
		}
		e, _ := opt.Spec.Entry(configs[i].ID)
		m := newMember(e, proxyTo("http://"+configs[i].Web, http.DefaultTransport),
			proxyTo("http://control", socketTransport(filepath.Join(configs[i].Dir, socketName))))
		m.down = c.down
		members = append(members, m)
	}
	if len(p.Aside) == len(p.children) {
		return nil, errors.New("no organisation could be started: their messages are above")
	}
	front, err := newPortal(opt.Spec, members, KeyDir(opt.Dir, "portal"), clk, opt.Log)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, serveWeb(ln, front.handler(), opt.Log))
	closeSocket, err := serveSocket(filepath.Join(opt.Dir, socketName), front.control(), opt.Log)
	if err != nil {
		return nil, err
	}
	p.closers = append(p.closers, closeSocket)
	if err := populate(ctx, opt.Dir, members, opt.Log); err != nil {
		return nil, err
	}
	if err := admit(ctx, opt.Dir, p.URL, members, clk, opt.Log); err != nil {
		return nil, err
	}
	return p, nil
}

// configure writes every organisation's config.yaml and gives its directory to its user.
func (p *Processes) configure(opt Options) ([]*ServeConfig, error) {
	var configs []*ServeConfig
	exchangeAt := map[string]string{}
	addresses, err := freeAddresses(2 * len(opt.Spec.Organisations))
	if err != nil {
		return nil, err
	}
	for i, e := range opt.Spec.Organisations {
		dir, err := filepath.Abs(filepath.Join(opt.Dir, string(e.ID)))
		if err != nil {
			return nil, err
		}
		c := &ServeConfig{ID: e.ID, Name: e.Name, Dir: dir, Store: e.Store, Web: addresses[2*i], Exchange: addresses[2*i+1],
			Portal: p.URL, CAs: opt.Spec.CAs(e.ID), Personas: true, PublicStatus: true, Checkers: e.Checkers, Printer: e.Printer, Webhook: opt.Webhook}
		towns, err := e.townFile()
		if err == nil && towns != nil {
			c.Towns = filepath.Join(dir, "towns.csv")
			if err = os.MkdirAll(dir, 0o700); err == nil {
				err = os.WriteFile(c.Towns, towns, 0o600)
			}
		}
		if err != nil {
			return nil, err
		}
		if opt.WebhookSecret != "" {
			if c.WebhookSecret, err = filepath.Abs(opt.WebhookSecret); err != nil {
				return nil, err
			}
		}
		if c.Tokens, c.TokenKeys, err = vaultOf(opt.Dir, e.ID).tokens(); err != nil {
			// Its process will say the same: its keys are not in the open.
			opt.Log.Error("an organisation's encrypted keys cannot be found", "organisation", e.ID, "error", err)
		}
		exchangeAt[string(e.ID)] = c.Exchange
		configs = append(configs, c)
	}
	for i, c := range configs {
		for _, peer := range opt.Spec.Peers(c.ID) {
			p := PeerConfig{ID: peer, Address: exchangeAt[string(peer)]}
			if c.ID.Role() == message.Validation {
				p.Prefecture = opt.Spec.homes()[peer]
			}
			c.Peers = append(c.Peers, p)
		}
		for _, asked := range opt.Spec.Asks(c.ID) {
			c.Asks = append(c.Asks, PeerConfig{ID: asked, Address: exchangeAt[string(asked)]})
		}
		uid := -1
		if p.Apart {
			uid = firstUID + i
		}
		if err := handOver(c, uid); err != nil {
			// Its process will say the same, and the others start.
			opt.Log.Error("an organisation cannot be given its directory", "organisation", c.ID, "error", err)
		}
	}
	return configs, nil
}

func proxyTo(target string, transport http.RoundTripper) http.Handler {
	u, _ := url.Parse(target) // ours, and well-formed
	proxy := &httputil.ReverseProxy{
		Transport: transport,
		// Progress of a long piece of work is passed on line by line.
		FlushInterval: -1,
		// The portal's address is what the browser knows: the organisation checks the Host and Origin that it sent.
		// What another proxy before the portal says of itself is passed on too: metrics are for this machine alone.
		Rewrite: func(r *httputil.ProxyRequest) {
			r.SetURL(u)
			r.Out.Host = r.In.Host
			for _, h := range []string{"Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto"} {
				if told, ok := r.In.Header[h]; ok {
					r.Out.Header[h] = told
				}
			}
		},
		ErrorHandler: func(w http.ResponseWriter, r *http.Request, err error) {
			http.Error(w, "この団体のプロセスは、いま応答しません。まもなく再開します。\nThe organisation's process does not answer now. It is being started again.", http.StatusBadGateway)
		},
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Without it the server takes the rest of a form away and closes it as soon as the answer begins, while the transport
		// may still be looking for the form's end. The transport then drops the line, and the clerk's page breaks off in the
		// middle. A writer that is no server's needs none of it.
		http.NewResponseController(w).EnableFullDuplex()
		proxy.ServeHTTP(w, r)
		// Of a process that has died nobody has read the form. The server, which leaves it alone, would look for its end behind the answer, while it waits for the next
		// request on the same line, and break that one off.
		io.CopyN(io.Discard, r.Body, 256<<10)
	})
}

// child is the process of one organisation.
type child struct {
	config, name string
	uid          uint32 // 0: ours
	log          *slog.Logger
	ready        chan struct{} // closed at its first "ready"
	failed       chan struct{} // closed when it has ended twice and was not ready at its second end
	once         sync.Once
	up           atomic.Bool  // it is ready, and has not ended since
	ended        atomic.Int32 // how often it has, since it was last ready
}

// down is why it does not run. One that died once is being started again, as after any fault; one that dies at its start
// waits for somebody.
func (c *child) down() *plain.Sentence {
	if c.up.Load() || c.ended.Load() < 2 {
		return nil
	}
	return &plain.Sentence{JA: "プログラムの記録(標準エラー出力)にある原因を取り除いてください。何度でも起動し直しています。",
		EN: "Remove the cause that the program's journal (standard error) names; it is being started again and again."}
}

// watch runs the process, again whenever it dies, until the context ends.
func (c *child) watch(ctx context.Context, clk clock.Clock) {
	// The process shall end when we do; the kernel ties that to the thread that started it.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	failed := sync.OnceFunc(func() { close(c.failed) })
	for pause := 100 * time.Millisecond; ctx.Err() == nil; pause = min(2*pause, 5*time.Second) {
		begun := clk.Now()
		err := c.run(ctx)
		c.up.Store(false)
		if c.ended.Add(1) == 2 {
			failed()
		}
		if ctx.Err() != nil {
			return
		}
		c.log.Error("organisation's process ended, starting it again", "organisation", c.name, "error", err)
		if clk.Now().Sub(begun) > time.Minute {
			pause = 100 * time.Millisecond
		}
		clk.Wait(ctx, clk.Now().Add(pause), nil)
	}
}

func (c *child) run(ctx context.Context) error {
	role, _, _ := strings.Cut(c.name, "-")
	// The magic link leads to this program wherever it lies, also where the organisation's user may not look.
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "serve", role, "--config", c.config)
	cmd.Dir = filepath.Dir(c.config)
	cmd.Stderr = os.Stderr
	cmd.Env = append(os.Environ(), "HOME="+cmd.Dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	if c.uid != 0 {
		cmd.SysProcAttr.Credential = &syscall.Credential{Uid: c.uid, Gid: c.uid}
	}
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "ready ") {
			c.ended.Store(0)
			c.up.Store(true)
			c.once.Do(func() { close(c.ready) })
		}
	}
	io.Copy(io.Discard, out) // a line too long to be read must not leave the process writing to nobody
	return cmd.Wait()
}

// Close stops the portal and the processes, and waits for their end.
func (p *Processes) Close() error {
	for i := len(p.closers) - 1; i > 0; i-- {
		p.closers[i]()
	}
	p.stop()
	p.watched.Wait()
	p.closers[0]()
	p.closers = p.closers[:1]
	return nil
}
