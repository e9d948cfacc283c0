package simulate

import (
	"context"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	theCenter     = message.Org(message.NationalCenter)
	theCA         = message.Org(message.CA)
	theValidation = message.Org(message.Validation)
)

// places are the municipalities, in two prefectures, with the share of the residents that each begins with.
var places = []struct {
	code  string
	share int // of 10
}{{"202029", 3}, {"202053", 2}, {"131211", 3}, {"131105", 2}}

// town is a municipality with what its counter is asked about.
type town struct {
	*municipality.Municipality
	full string // its name with its prefecture, as addresses begin
}

func (t *town) above() message.Org { return aboveOf(t.Self) }

func aboveOf(o message.Org) message.Org {
	return message.Org(string(message.Prefecture) + "-" + o.Code()[:2])
}

// land is the country that runs.
type land struct {
	clk    *clock.Virtual
	net    *exchange.Memory
	driver *clock.Driver
	seed   uint64
	infra  *pki.InfrastructureCA
	trust  *pki.Trust

	towns       []*town
	prefectures []*prefecture.Prefecture
	center      *nationalcenter.Center
	ca          *ca.CA
	validation  *validation.Validation
	hosts       []*host.Host
	deaf        deafness
	earlier     bool      // what is issued now is as if it had been issued years ago
	caEnds      time.Time // the certificates of the CA itself: what it issues ends then at the latest

	closers []func() error
}

// deafness is which rule of whom does nothing though it says that it is done: the trial of a fault.
type deafness struct {
	at   message.Org
	kind message.Kind
	from message.Org // whose messages; empty: everybody's
	hits int
}

func (d *deafness) swallows(self message.Org, route exchange.Route) exchange.Route {
	return route.Instead(func(ctx context.Context, tx *sqlstore.Tx, from exchange.Delivery, p message.Payload, really exchange.Rule) ([]message.Out, error) {
		// What is sent again by policy is swallowed too: the rule behind it is the same one.
		if d.at == self && (d.kind == route.Kind || route.Kind == message.KindSnapshot) && (d.from == "" || d.from == from.Sender) {
			tx.OnCommit(func() { d.hits++ })
			return nil, nil
		}
		return really(ctx, tx, from, p)
	})
}

// dice gives an organisation its random bytes, the same for the same seed.
type dice struct {
	mu sync.Mutex
	r  *rand.ChaCha8
}

func newDice(seed uint64, self message.Org) *dice {
	var s [32]byte
	binary.BigEndian.PutUint64(s[:], seed)
	copy(s[8:], self)
	return &dice{r: rand.NewChaCha8(s)}
}

func (d *dice) Read(p []byte) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.r.Read(p)
}

// openLand founds and opens the country. Keys lie in a directory that goes with it, databases in memory.
func openLand(ctx context.Context, seed uint64) (l *land, err error) {
	start := begins.AddDays(-1).Start().Add(12 * time.Hour)
	l = &land{clk: clock.NewVirtual(start), net: new(exchange.Memory), seed: seed}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.close())
		}
	}()
	if l.infra, err = pki.NewInfrastructureCA(newDice(seed, "infrastructure"), start); err != nil {
		return l, err
	}
	if l.trust, err = pki.NewTrust(l.infra.Certificate()); err != nil {
		return l, err
	}
	dir, err := os.MkdirTemp("", "akashi-simulate-")
	if err != nil {
		return l, err
	}
	l.closers = append(l.closers, func() error { return os.RemoveAll(dir) })
	var tasks []clock.Task
	add := func(h *host.Host, some []clock.Task, close func() error) {
		l.net.Join(h.Self, h.Exchange)
		l.hosts, l.closers = append(l.hosts, h), append(l.closers, close)
		for _, t := range some {
			tasks = append(tasks, evening(l.clk, t))
		}
	}
	if err := l.openTowns(ctx, add); err != nil {
		return l, err
	}
	if err := l.openAbove(ctx, dir, add); err != nil {
		return l, err
	}
	l.driver = clock.NewDriver(l.clk, tasks)
	return l, l.wait(ctx, 10*time.Minute) // pools of codes come from the center
}

type adding func(*host.Host, []clock.Task, func() error)

// townsAnd are all municipalities but one, and some others.
func townsAnd(but message.Org, others ...message.Org) (all []message.Org) {
	for _, p := range places {
		if o := townOrg(p.code); o != but {
			all = append(all, o)
		}
	}
	return append(all, others...)
}

func townOrg(code string) message.Org {
	return message.Org(string(message.Municipality) + "-" + code)
}

func (l *land) openTowns(ctx context.Context, add adding) error {
	for _, p := range places {
		self := townOrg(p.code)
		cfg, err := l.ground(self, townsAnd(self, aboveOf(self), theCenter, theCA)...)
		if err != nil {
			return err
		}
		m, err := municipality.New(ctx, municipality.Config{Config: cfg})
		if err != nil {
			return err
		}
		named, err := resident.Lookup("municipality", m.Code(), begins)
		if err != nil {
			return errors.Join(err, m.Close())
		}
		l.towns = append(l.towns, &town{m, named.FullName()})
		add(m.Host, m.Tasks(), m.Close)
	}
	return nil
}

// openAbove opens the prefectures, the center, the CA and validation.
func (l *land) openAbove(ctx context.Context, dir string, add adding) error {
	var above []message.Org
	for _, t := range l.towns {
		if !slices.Contains(above, t.above()) {
			above = append(above, t.above())
		}
	}
	for _, self := range above {
		below := slices.DeleteFunc(townsAnd(""), func(o message.Org) bool { return aboveOf(o) != self })
		cfg, err := l.ground(self, append(below, theCenter, theCA, theValidation)...)
		if err != nil {
			return err
		}
		p, err := prefecture.New(ctx, prefecture.Config{Config: cfg})
		if err != nil {
			return err
		}
		l.prefectures = append(l.prefectures, p)
		add(p.Host, p.Tasks(), p.Close)
	}
	cfg, err := l.ground(theCenter, townsAnd("", append(above, theCA)...)...)
	if err != nil {
		return err
	}
	secret := make([]byte, 32)
	newDice(l.seed, "numbers").Read(secret)
	key, err := nationalcenter.NewNumberKey(secret)
	if err != nil {
		return err
	}
	if l.center, err = nationalcenter.New(ctx, nationalcenter.Config{Config: cfg, NumberKey: key}); err != nil {
		return err
	}
	add(l.center.Host, l.center.Tasks(), l.center.Close)
	return l.openIssuance(ctx, dir, above, add)
}

func (l *land) openIssuance(ctx context.Context, dir string, above []message.Org, add adding) error {
	own, others := keys.Dir(filepath.Join(dir, "ca")), keys.Dir(filepath.Join(dir, "validation"))
	for _, d := range []keys.Dir{own, others} {
		if err := os.MkdirAll(string(d), 0o700); err != nil {
			return err
		}
	}
	roots, err := ca.Found(newDice(l.seed, theCA), yearsAgo(l.clk.Now()).AddDate(0, -1, 0), own, cert.P256SHA256)
	if err != nil {
		return err
	}
	for i, p := range cert.Profiles {
		root, err := x509.ParseCertificate(roots[i])
		if err != nil {
			return err
		}
		l.caEnds = cert.Earlier(l.caEnds, root.NotAfter)
		if err := others.PutCertificates(keys.Issuer(string(theCA), p), roots[i]); err != nil {
			return err
		}
	}
	cfg, err := l.ground(theCA, townsAnd("", append(above, theCenter, theValidation)...)...)
	if err != nil {
		return err
	}
	if l.ca, err = ca.New(ctx, ca.Config{Config: cfg, Keys: own, OCSPURL: "http://127.0.0.1/ocsp", Validation: theValidation, NationalCenter: theCenter,
		Since: func(now time.Time) time.Time {
			if l.earlier {
				return yearsAgo(now)
			}
			return now
		}}); err != nil {
		return err
	}
	add(l.ca.Host, l.ca.Tasks(), l.ca.Close)
	if cfg, err = l.ground(theValidation, append(slices.Clone(above), theCA)...); err != nil {
		return err
	}
	if l.validation, err = validation.New(ctx, validation.Config{Config: cfg, Keys: others, CAs: []message.Org{theCA}, Open: true, Inspect: true}); err != nil {
		return err
	}
	add(l.validation.Host, l.validation.Tasks(), l.validation.Close)
	return nil
}

// ground is what an organisation stands on.
func (l *land) ground(self message.Org, peers ...message.Org) (host.Config, error) {
	random := newDice(l.seed, self)
	signer, err := l.infra.NewIdentity(random, l.clk.Now(), string(self), pki.ForSigning)
	return host.Config{Self: self, Name: plain.Sentence{JA: string(self), EN: string(self)}, StoreURL: "memory:", Clock: l.clk, Rand: random,
		Signer: signer, Trust: l.trust, Link: l.net.As(self), Peers: peers, Compare: time.Minute, Audit: auditCycle,
		Secrets: func(peer message.Org) []byte { return pairSecret(l.seed, self, peer) },
		Seldom: func(peer message.Org) bool {
			return self.Role() == message.Municipality && peer.Role() == message.Municipality
		},
		Trial: func(r exchange.Route) exchange.Route { return l.deaf.swallows(self, r) }}, err
}

// pairSecret is the same at both ends.
func pairSecret(seed uint64, a, b message.Org) []byte {
	secret := make([]byte, 32)
	newDice(seed, min(a, b)+max(a, b)).Read(secret)
	return secret
}

func (l *land) until(ctx context.Context, at time.Time) error {
	if at.Before(l.clk.Now()) {
		return fmt.Errorf("it is %s already, later than %s", l.clk.Now(), at)
	}
	return l.driver.Until(ctx, at)
}

func (l *land) wait(ctx context.Context, d time.Duration) error {
	return l.until(ctx, l.clk.Now().Add(d))
}

func (l *land) today() resident.Date { return resident.DateOf(l.clk.Now()) }

// hostOf is an organisation's ground.
func (l *land) hostOf(o message.Org) *host.Host {
	for _, h := range l.hosts {
		if h.Self == o {
			return h
		}
	}
	return nil
}

func (l *land) close() (err error) {
	for _, c := range slices.Backward(l.closers) {
		err = errors.Join(err, c())
	}
	return err
}

// atDesk is the context of a clerk at the counter with a case. A counter has several of them, more where more people live: who looks at hundreds in an
// hour is an alarm.
func (s *simulation) atDesk(ctx context.Context) context.Context {
	s.report.cases++
	p := access.Person{ID: fmt.Sprintf("clerk-%d", s.report.cases%(6+s.opt.Residents/1000)), Job: access.Clerk, Fresh: true} // the passkey is shown for what asks for it
	return look.With(access.With(ctx, p), look.Ground{Purpose: look.Notice, Case: fmt.Sprint(s.report.cases)})
}
