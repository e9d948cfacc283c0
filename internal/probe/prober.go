package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Root is a CA's certificate as it was handed to whoever relies on it.
type Root struct {
	Profile     cert.Profile
	Certificate *x509.Certificate
}

// Config is what the probes of an organisation stand on.
type Config struct {
	Self  message.Org
	Store *sqlstore.Store // opened with Schema
	Clock clock.Clock
	// Steady is a clock that nobody can set; nil: the program's own, or Clock when that is a virtual one.
	Steady func() time.Duration
	Rand   io.Reader  // of the nonces
	Jitter *rand.Rand // of the seconds of a minute at which it is asked
	Log    *slog.Logger

	Roots []Root
	OCSP  string // the address of the status service; "": nobody is told of one
	Lists string // the address below which the lists lie, or ""
	// Partitions are the municipalities whose lists are fetched.
	Partitions []Partition
	// Ask puts a question to the CA; nil: there is none to ask.
	Ask       func(ctx context.Context, kind string, body []byte) ([]byte, error)
	Transport http.RoundTripper // of the public addresses; nil: HTTP
}

const (
	period = time.Minute
	// spread is in how many of a minute's seconds probes begin. Each ends within the minute.
	spread = 35 * time.Second
	// set is by how much a clock that is not steady has been set, rather than corrected.
	set = 30 * time.Second
	// doubted is how long a clock that was set is doubted when nobody can be asked.
	doubted = 10 * time.Minute
)

// Prober probes the targets of one organisation. Its methods may be called by several goroutines.
type Prober struct {
	cfg     Config
	outside outside
	watches []*watch
	months  months

	mu     sync.Mutex
	jitter *rand.Rand
	// offset is what Clock is before Steady, as of when the two were last known to be right. doubt is when it was first found to be
	// another, by Steady; 0: it is not.
	offset time.Time
	doubt  time.Duration
}

// New joins the targets that can be asked.
func New(cfg Config) (*Prober, error) {
	if cfg.Rand == nil || cfg.Jitter == nil {
		return nil, errors.New("probes need randomness, for nonces and for the seconds at which they begin")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Steady == nil {
		cfg.Steady = clock.Steady
		if v, virtual := cfg.Clock.(*clock.Virtual); virtual {
			begun := v.Now()
			cfg.Steady = func() time.Duration { return v.Now().Sub(begun) }
		}
	}
	p := &Prober{cfg: cfg, outside: newOutside(cfg.Transport), jitter: cfg.Jitter}
	p.months.p = p
	p.offset = cfg.Clock.Now().Add(-cfg.Steady())
	for _, t := range Targets {
		i := slices.IndexFunc(cfg.Roots, func(r Root) bool { return r.Profile == t.Profile })
		if i < 0 {
			continue
		}
		var c checker
		within := fetchWithin
		switch root := cfg.Roots[i]; {
		case t.Service == Issuance && cfg.Ask != nil:
			c, within = issueCheck{p, root}, issueWithin
		case t.Service == OCSP && cfg.OCSP != "":
			c = ocspCheck{p, root}
		case t.Service == CRL && cfg.Lists != "" && len(cfg.Partitions) > 0:
			c = listCheck{p, root}
		default:
			continue
		}
		p.watches = append(p.watches, &watch{p: p, Target: t, check: c, within: within})
	}
	return p, nil
}

// Targets are those that are probed. Without any there is nobody to ask.
func (p *Prober) Targets() (all []Target) {
	for _, w := range p.watches {
		all = append(all, w.Target)
	}
	return all
}

// Tasks are the loops to step: one for each target, so that none waits for another, and one for the months that are over.
func (p *Prober) Tasks() (all []clock.Task) {
	for _, w := range p.watches {
		all = append(all, clock.Task{Name: string(p.cfg.Self) + " probe of " + w.String(), Step: w.step})
	}
	if len(all) > 0 {
		all = append(all, clock.Task{Name: string(p.cfg.Self) + " months of the probes", Step: p.months.step})
	}
	return all
}

// delay draws at which moment of a minute a probe begins: probes of many, at the same second of each, would be a load that is not there
// in between, and would see what is there at that second alone.
func (p *Prober) delay() time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return time.Duration(p.jitter.Int64N(int64(spread)))
}

// inDoubt tells whether our clock was set since it was last known to be right. It says so for some time only: a clock that was put right
// would else be doubted for as long as nobody answers, and that is when the figures count.
func (p *Prober) inDoubt() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	steady := p.cfg.Steady()
	offset := p.cfg.Clock.Now().Add(-steady)
	switch {
	case offset.Sub(p.offset).Abs() < set:
		p.doubt = 0
	case p.doubt == 0:
		p.doubt = max(steady, 1)
		p.cfg.Log.Warn("the clock was set: what is probed counts as not measured until somebody's time confirms it", "by", offset.Sub(p.offset))
	case steady-p.doubt >= doubted:
		p.offset, p.doubt = offset, 0
	}
	return p.doubt != 0
}

// confirm notes that another's clock agrees with ours.
func (p *Prober) confirm() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.offset, p.doubt = p.cfg.Clock.Now().Add(-p.cfg.Steady()), 0
}

// minuteOf counts the minutes.
func minuteOf(t time.Time) int64 { return t.Unix() / 60 }
