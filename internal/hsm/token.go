package hsm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Config is one token.
type Config struct {
	Name     string                  // for people and the evidence: "hsm-1"
	Start    func() (Process, error) // starts its process
	PIN      []byte
	Deadline time.Duration // of a call; 0 means five seconds
	Clock    clock.Clock
	Log      *slog.Logger
	Evidence func(Evidence) // keeps what was seen of an anomaly; may be nil
}

// State is what a token is good for.
type State string

const (
	Starting State = "starting" // its process is being started, and its keys tried
	Ready    State = "ready"
	Fenced   State = "fenced" // it failed, and is started again after a pause
	Out      State = "out"    // it failed too often, or refused the login: a person has to look at it
)

// A token that fails is started again after firstPause, then twice that, and so on up to lastPause; when it has failed
// mostFailures times within the window it is not started any more.
const (
	firstPause   = time.Second
	lastPause    = time.Minute
	mostFailures = 8
	window       = time.Hour
)

const defaultDeadline = 5 * time.Second

// probe is what every key signs before the token is used. It is no digest of anything that anybody would rely on.
var probe = sha256.Sum256([]byte("akashi: is this token's key there? It signs nothing by this.\n"))

// Token is a device behind its process.
type Token struct {
	cfg   Config
	retry clock.Bell
	busy  atomic.Int64 // callers who wait for it

	mu       sync.Mutex
	state    State
	why      error
	since    time.Time
	talk     *conversation // when ready
	keys     map[string][]byte
	failures []time.Time
	starts   int
}

// NewToken makes a token. Run starts it.
func NewToken(cfg Config) *Token {
	if cfg.Deadline == 0 {
		cfg.Deadline = defaultDeadline
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Token{cfg: cfg, state: Starting, since: cfg.Clock.Now()}
}

// Stand is how a token is.
type Stand struct {
	Name     string
	State    State
	Why      string // of Fenced and Out
	Since    time.Time
	Failures int // within the window
	Starts   int
	Load     int // calls under way
	Keys     []string
}

// Stand tells how the token is.
func (t *Token) Stand() Stand {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := Stand{Name: t.cfg.Name, State: t.state, Since: t.since, Failures: len(t.failures), Starts: t.starts, Load: int(t.busy.Load())}
	if t.why != nil {
		s.Why = t.why.Error()
	}
	for k := range t.keys {
		s.Keys = append(s.Keys, k)
	}
	slices.Sort(s.Keys)
	return s
}

// Retry lets a token that is out begin again: a person has looked at it.
func (t *Token) Retry() {
	t.mu.Lock()
	if t.state == Out {
		t.failures = nil
	}
	t.mu.Unlock()
	t.retry.Ring()
}

// Run keeps the token's process running until the context ends, and then ends it.
func (t *Token) Run(ctx context.Context) error {
	for ctx.Err() == nil {
		err := t.live(ctx)
		if ctx.Err() != nil {
			break
		}
		pause := t.fence(err)
		until := t.cfg.Clock.Now().Add(pause)
		if pause == 0 {
			until = time.Time{} // out: only a person's retry goes on
		}
		if err := t.cfg.Clock.Wait(ctx, until, t.retry.C()); err != nil {
			break
		}
	}
	return ctx.Err()
}

// live is one life of the process: it returns why it ended. Whatever the reason, the process is gone then.
func (t *Token) live(ctx context.Context) error {
	t.set(Starting, nil)
	t.mu.Lock()
	t.starts++
	t.mu.Unlock()
	p, err := t.cfg.Start()
	if err != nil {
		return fmt.Errorf("the token's process could not be started: %w", err)
	}
	defer p.Kill()
	talk := converse(p, t.cfg.Clock)
	keys, err := t.enter(ctx, talk)
	if err == nil {
		t.mu.Lock()
		t.state, t.why, t.since, t.talk, t.keys = Ready, nil, t.cfg.Clock.Now(), talk, keys
		t.mu.Unlock()
		t.cfg.Log.InfoContext(ctx, "token is ready", "token", t.cfg.Name, "keys", len(keys))
		select {
		case <-ctx.Done():
			talk.end(ctx.Err())
			return ctx.Err()
		case <-talk.over:
			err = talk.err
		}
	}
	t.mu.Lock()
	t.talk = nil
	t.mu.Unlock()
	if ctx.Err() == nil {
		t.witness(talk, err)
	}
	talk.end(err)
	return err
}

// enter logs in and has every key sign, so that nobody finds out with a citizen's certificate that one does not.
func (t *Token) enter(ctx context.Context, talk *conversation) (map[string][]byte, error) {
	if _, err := talk.ask(ctx, token.Call{Op: token.OpOpen, PIN: t.cfg.PIN}, t.cfg.Deadline); err != nil {
		return nil, fmt.Errorf("couldn't log in: %w", err)
	}
	a, err := talk.ask(ctx, token.Call{Op: token.OpKeys}, t.cfg.Deadline)
	if err != nil {
		return nil, fmt.Errorf("couldn't list the keys: %w", err)
	}
	keys := map[string][]byte{}
	for _, k := range a.Keys {
		if keys[k.Label] != nil {
			return nil, fmt.Errorf("the token has two keys called %q", k.Label)
		}
		keys[k.Label] = k.Public
		if _, err := sign(ctx, talk, t.cfg.Deadline, k.Label, k.Public, crypto.SHA256, probe[:]); err != nil {
			return nil, fmt.Errorf("the key %q was tried: %w", k.Label, err)
		}
	}
	return keys, nil
}

var errForged = errors.New("what the token gave is no signature of the key")

// sign asks for a signature and checks it.
func sign(ctx context.Context, talk *conversation, deadline time.Duration, label string, spki []byte, hash crypto.Hash, digest []byte) ([]byte, error) {
	public, err := x509.ParsePKIXPublicKey(spki)
	if err != nil {
		return nil, fmt.Errorf("the public key of %q cannot be read: %w", label, err)
	}
	a, err := talk.ask(ctx, token.Call{Op: token.OpSign, Key: label, Hash: hash.String(), Digest: digest}, deadline)
	if err != nil {
		return nil, err
	}
	ok := false
	switch k := public.(type) {
	case *rsa.PublicKey:
		ok = rsa.VerifyPKCS1v15(k, hash, digest, a.Signature) == nil
	case *ecdsa.PublicKey:
		ok = ecdsa.VerifyASN1(k, digest, a.Signature)
	}
	if !ok {
		return nil, fmt.Errorf("%w: %s", errForged, label)
	}
	return a.Signature, nil
}

// holds reports whether the token can be asked for a key now.
func (t *Token) holds(label string, spki []byte) (talk *conversation, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.talk, t.state == Ready && t.talk != nil && bytes.Equal(t.keys[label], spki)
}

// Public is the public key under a label, as the token that is ready says; for whoever sets a token up.
func (t *Token) Public(label string) (crypto.PublicKey, error) {
	t.mu.Lock()
	spki := t.keys[label]
	t.mu.Unlock()
	if spki == nil {
		return nil, fmt.Errorf("token %s: no key %q, or not ready", t.cfg.Name, label)
	}
	return x509.ParsePKIXPublicKey(spki)
}

// fence takes the token out of use, and says how long.
func (t *Token) fence(why error) (pause time.Duration) {
	now := t.cfg.Clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failures = append(t.failures, now)
	t.failures = slices.DeleteFunc(t.failures, func(at time.Time) bool { return now.Sub(at) > window })
	t.state, t.why, t.since, t.talk, t.keys = Fenced, why, now, nil, nil
	var said *token.Error
	if len(t.failures) >= mostFailures || errors.As(why, &said) && said.Fault == token.LoginRefused {
		t.state = Out
		t.cfg.Log.Error("token is out of use until a person has looked at it", "token", t.cfg.Name, "failures", len(t.failures), "error", why)
		return 0
	}
	pause = min(firstPause<<(len(t.failures)-1), lastPause)
	t.cfg.Log.Warn("token is fenced", "token", t.cfg.Name, "failures", len(t.failures), "again_in", pause, "error", why)
	return pause
}

func (t *Token) set(s State, why error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.state, t.why, t.since = s, why, t.cfg.Clock.Now()
}
