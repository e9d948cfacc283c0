package validation

import (
	"cmp"
	"context"
	"crypto/x509"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspline"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// Config is what the validation authority is given by whoever starts it.
type Config struct {
	host.Config
	// Keys holds the CAs' certificates, under the names that keys.Issuer gives; the keys that sign answers are made here.
	Keys keys.Dir
	// CAs certify those keys and tell what was issued and revoked, each of its own certificates. The first is the one whose addresses
	// name no CA, and with which what is nobody's is looked for.
	CAs []message.Org
	// Algorithm is that of the keys that sign answers; P-256 when it is not given, because it signs twenty times as fast as RSA.
	Algorithm cert.Algorithm
	// Public is the address below which others fetch what is served here: "http://example.jp/validation". What is fetched from there
	// is inspected all the time; "" for a country that serves nobody.
	Public string
	// Inspect has what is served inspected also when there is no such address: through our own handler, in this process.
	Inspect bool
	// Outside carries what is fetched from there; nil for the network as everybody has it.
	Outside http.RoundTripper
	// Bound is how old the CA's last word may be when a certificate is called good; 26 hours when zero.
	Bound time.Duration
	// Steady is a clock that nobody can set, beside Clock: the machine's when that is the system's. Where it is not given and time
	// is virtual, nobody sets that either.
	Steady func() time.Duration
	// Open answers whoever reaches the address, as a test country does. Without it only verifiers that have filed are
	// answered (公的個人認証法18条), over the lines of the exchange.
	Open bool
	// Homes is with which prefecture each verifier files, as whoever runs this organisation knows. No other prefecture can register one that
	// is in it. One that is not belongs to the prefecture that registers it first.
	Homes map[message.Org]message.Org
	// KeepAnswers is for how long what was asked and told is kept; seven years when it is not given.
	KeepAnswers time.Duration

	Sessions    *access.Sessions // who looks at the screens
	TestCountry bool             // marks the screens
	Portal      string           // address of the portal; "" for none
}

// Validation is the running organisation.
type Validation struct {
	*host.Host
	cfg      Config
	cas      []*authority
	roots    []*root
	byID     map[string]*root
	owners   map[string]message.Org // the CAs, by the ids of their keys
	named    map[string]call        // by how requests name a CA
	recorder *recorder
	checks   *checks
	screens  http.Handler

	standing       atomic.Pointer[standing]
	fillBell       clock.Bell
	vouchBell      clock.Bell
	hurry          atomic.Bool // the next round of the filler does not wait
	round          atomic.Uint32
	reads          *lane // questions that read the table
	missing, asked *lane // answers that are signed while somebody waits: those that we hold, and those of one question
	refusals       refusals
	ocspPath       string
	strangers      strangers // who asked and is not served

	responderMu sync.Mutex
	responders  map[string]*responder // by the CA's id; read from the store when absent
	damaged     map[string]int        // keys of a CA that cannot be used
}

// root is a CA's key, about whose certificates we answer.
type root struct {
	id          string // hex of the key identifier
	ca          *authority
	profile     cert.Profile
	issuer      *jpki.Issuer
	certificate *x509.Certificate
	names       []ocspwire.Name
	shelf       *shelf
	health      health
}

// New opens the organisation. It asks the CA for what it needs to answer as soon as its tasks run.
func New(ctx context.Context, cfg Config) (*Validation, error) {
	if cfg.Algorithm == 0 {
		cfg.Algorithm = cert.P256SHA256
	}
	if cfg.KeepAnswers <= 0 {
		cfg.KeepAnswers = keepAnswers
	}
	cfg.Bound = cmp.Or(cfg.Bound, defaultBound)
	if cfg.Steady == nil {
		begun := cfg.Clock.Now()
		if cfg.Steady = clock.Steady; cfg.Clock != clock.System() {
			cfg.Steady = func() time.Duration { return cfg.Clock.Now().Sub(begun) }
		}
	}
	o := &Validation{cfg: cfg, byID: map[string]*root{}, named: map[string]call{}, responders: map[string]*responder{}, damaged: map[string]int{},
		reads: newLane(), missing: newLane(), asked: newLane(), ocspPath: "/" + string(cfg.Self) + "/ocsp"}
	if err := o.readCAs(); err != nil {
		return nil, err
	}
	o.owners = o.issuers()
	steady := cfg.Steady()
	o.standing.Store(&standing{began: steady, zero: cfg.Clock.Now().Add(-steady), cas: make([]heard, len(o.cas))})
	var err error
	o.Host, err = host.Open(ctx, cfg.Config, host.Rules{Schema: store.Schema, Tables: []sqlstore.Schema{inspection.Schema}, Routes: o.routes(),
		Due: []due.Rule{o.responderRule(), o.impactRule(), o.publishRule()}, Books: o.tables(), Counts: o.counts})
	if err != nil {
		return nil, err
	}
	if o.checks, err = o.newChecks(); err != nil {
		return nil, errors.Join(err, o.Host.Close())
	}
	o.Alarms.Add(o.checks.Source())
	o.recorder = newRecorder(o.Store, o.Clock, o.Log)
	o.Alarms.Add(losses{o})
	o.Alarms.Add(unrecorded{o})
	o.Alarms.Add(o.unacknowledged())
	o.Exchange.AnswerAlso(ocspline.Kind, mayWatch, o.answerLine)
	err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.planResponders(ctx, o.in(tx)) })
	if err == nil {
		o.screens, err = o.newScreens()
	}
	if err != nil {
		return nil, errors.Join(err, o.Close())
	}
	return o, nil
}

// Tasks are the loops to step: the host's, those that the answers need, and those of the inspection.
func (o *Validation) Tasks() []clock.Task {
	return slices.Concat(o.Host.Tasks(), o.Serving(), o.checks.Tasks())
}

// Serving are the loops that the answers need: what was written is signed, all is signed again in time, we look whether we
// can vouch for it, and what was told is written down, and deleted when its time is over.
func (o *Validation) Serving() []clock.Task {
	return []clock.Task{o.settleTask(), o.vouchTask(), o.fillTask(), o.recorder.task(), o.expiry()}
}

// Close writes down what was answered and is not yet kept, and closes the database.
func (o *Validation) Close() error {
	return errors.Join(o.recorder.drain(context.Background()), o.Host.Close())
}

// Handler serves everything below "/" and the organisation's name: ocsp, crl/, ca/ and the screens. The first three are
// for programs and go past the screens' rules; their paths are taken as they came, since a question in a GET may hold
// two slashes in a row.
func (o *Validation) Handler() http.Handler {
	base := "/" + string(o.Self)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, ok := r.URL.Path, false
		if path == o.ocspPath && r.URL.RawPath == "" { // nearly all that comes
			path, ok = "/ocsp", true
		} else {
			path, ok = strings.CutPrefix(r.URL.EscapedPath(), base)
		}
		switch ocsp := ok && (path == "/ocsp" || strings.HasPrefix(path, "/ocsp/")); {
		case !o.cfg.Open && !o.checks.outside.isOurs(r) && (ocsp || ok && strings.HasPrefix(path, "/crl/")):
			o.refusePublic(w, ocsp)
		case ocsp:
			o.serveOCSP(w, r, strings.TrimPrefix(path, "/ocsp"))
		case ok && strings.HasPrefix(path, "/crl/"):
			onlyRead(w, r, func() { o.serveList(w, r, strings.TrimPrefix(path, "/crl/")) })
		case ok && strings.HasPrefix(path, "/ca/"):
			onlyRead(w, r, func() { o.serveRoot(w, r, strings.TrimPrefix(path, "/ca/")) })
		default:
			o.screens.ServeHTTP(w, r)
		}
	})
}
