package hsm

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/hsm/token"
)

// Config is one token.
type Config struct {
	Name     string                  // for people and the evidence: "hsm-1"
	Start    func() (Process, error) // starts its process
	PIN      []byte
	Keys     []string      // labels of the keys that it must have; others are let alone. Empty: all that it has
	Deadline time.Duration // of a call; 0 means five seconds
	Clock    clock.Clock
	Log      *slog.Logger         // nil: none
	Journal  *Journal             // nil: none
	Evidence func(Evidence) error // keeps what was seen of an anomaly; nil: nobody does
}

// State is what a token is good for.
type State string

const (
	Starting State = "starting" // its process is being started, and its keys tried
	Ready    State = "ready"
	Fenced   State = "fenced" // it failed, and is started again after a pause
	Out      State = "out"    // it failed too often in use, or refused the login: a person has to look at it
)

// A token that fails is started again after firstPause, then twice that, and so on up to lastPause. To try one costs nobody
// anything, because it is not used until its keys were tried; so one that does not come back, while its device restarts
// perhaps, is tried for as long as it takes. But one that comes back and fails in use mostFailures times within the window
// costs calls each time, and is not started any more.
const (
	firstPause   = time.Second
	lastPause    = time.Minute
	mostFailures = 8
	window       = time.Hour
)

const (
	defaultDeadline = 5 * time.Second
	// entering is what a login and the list of keys may take. A device that was just switched on takes its time, and nobody waits
	// for it.
	entering = 30 * time.Second
)

// probe is what every key signs before the token is used. It is no digest of anything that anybody would rely on.
var probe = sha256.Sum256([]byte("akashi: is this token's key there? It signs nothing by this.\n"))

// Token is a device behind its process.
type Token struct {
	cfg   Config
	retry clock.Bell
	pace  pace

	mu       sync.Mutex // guards what follows
	state    State
	why      error
	since    time.Time
	away     time.Time     // since when it is not ready
	talk     *conversation // when ready
	keys     map[string][]byte
	failures []time.Time // in use, within the window
	misses   int         // starts that failed since it was ready
	starts   int
	despite  bool      // a person has looked: the next login may be tried
	told     []Anomaly // of which there is evidence since it was ready
}

// NewToken makes a token. Run starts it.
func NewToken(cfg Config) *Token {
	if cfg.Deadline == 0 {
		cfg.Deadline = defaultDeadline
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Token{cfg: cfg, state: Starting, since: cfg.Clock.Now(), away: cfg.Clock.Now()}
}

// Stand is how a token is.
type Stand struct {
	Name     string
	State    State
	Why      string  // of Fenced and Out
	What     Anomaly // of Fenced and Out
	Since    time.Time
	Away     time.Time // since when it cannot be used; zero of Ready
	Failures int       // in use, within the last hour
	Misses   int       // starts that failed since it was ready
	Starts   int
	Load     int // calls under way
	Pace     Pace
	Keys     []string
}

// Stand tells how the token is.
func (t *Token) Stand() Stand {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.forget()
	s := Stand{Name: t.cfg.Name, State: t.state, Since: t.since, Failures: len(t.failures), Misses: t.misses, Starts: t.starts}
	s.Pace = t.pace.stand(t.cfg.Clock.Now())
	if t.why != nil {
		s.Why, s.What = scrub(t.why.Error(), t.cfg.PIN), anomalyOf(t.why)
	}
	if t.talk != nil {
		s.Load = t.talk.load()
	} else {
		s.Away = t.away
	}
	for k := range t.keys {
		s.Keys = append(s.Keys, k)
	}
	slices.Sort(s.Keys)
	return s
}

// forget drops the failures that are long past. The caller holds mu.
func (t *Token) forget() {
	now := t.cfg.Clock.Now()
	t.failures = slices.DeleteFunc(t.failures, func(at time.Time) bool { return now.Sub(at) > window })
}

// Retry lets a token that is fenced or out begin again at once. It is for a person who has looked at it: the PIN is tried then,
// though a wrong one was given before.
func (t *Token) Retry() {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch t.state {
	case Out:
		t.failures = nil
	case Fenced:
	default:
		return
	}
	t.despite = true
	t.retry.Ring()
}

// Forget has the device lose its login, so that a trial can see how it is won back.
func (t *Token) Forget(ctx context.Context) error {
	t.mu.Lock()
	talk := t.talk
	t.mu.Unlock()
	if talk == nil {
		return fmt.Errorf("token %s is not ready", t.cfg.Name)
	}
	_, err := talk.ask(ctx, token.Call{Op: token.OpLogout}, t.cfg.Deadline)
	return err
}

// Run keeps the token's process running until the context ends, and then ends it.
func (t *Token) Run(ctx context.Context) error {
	t.inherit()
	for ctx.Err() == nil {
		pause := t.live(ctx)
		until := time.Time{} // out: only a person's retry goes on
		if pause > 0 {
			until = t.cfg.Clock.Now().Add(pause)
		}
		if err := t.cfg.Clock.Wait(ctx, until, t.retry.C()); err != nil {
			break
		}
	}
	return ctx.Err()
}

// live is one life of the process. When it returns the process is gone, and the token may live again after the pause.
func (t *Token) live(ctx context.Context) (pause time.Duration) {
	t.mu.Lock()
	t.state, t.why, t.since = Starting, nil, t.cfg.Clock.Now()
	t.starts++
	despite := t.despite
	t.despite = false
	t.mu.Unlock()
	p, err := t.cfg.Start()
	if err != nil {
		err = fmt.Errorf("the token's process could not be started: %w", err)
		pause = t.fence(err)
		t.witness(nil, err)
		return pause
	}
	talk := converse(p, t.cfg, &t.pace)
	defer talk.close()
	if err = t.use(ctx, talk, despite); ctx.Err() != nil {
		talk.end(ctx.Err())
		t.mu.Lock()
		t.talk = nil
		t.mu.Unlock()
		p.End()
		return 0
	}
	talk.end(err)
	pause = t.fence(err)
	if !anomalyOf(err).hangs() {
		p.End() // it still does what others asked of it, a login perhaps
	}
	t.witness(talk, err) // while there still is a process to look at
	return pause
}

// use has the token used until its conversation is over, and says why it is.
func (t *Token) use(ctx context.Context, talk *conversation, despite bool) error {
	keys, err := t.enter(ctx, talk, despite)
	if err != nil {
		return err
	}
	t.mu.Lock()
	t.state, t.since, t.talk, t.keys, t.misses, t.told = Ready, t.cfg.Clock.Now(), talk, keys, 0, nil
	t.mu.Unlock()
	t.cfg.Log.InfoContext(ctx, "token is ready", "token", t.cfg.Name, "keys", len(keys))
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-talk.over:
		return talk.why()
	}
}

// enter logs in and has every key sign, so that nobody finds out with a citizen's certificate that one does not.
func (t *Token) enter(ctx context.Context, talk *conversation, despite bool) (map[string][]byte, error) {
	if _, err := talk.ask(ctx, token.Call{Op: token.OpOpen, PIN: t.cfg.PIN, Despite: despite}, entering); err != nil {
		return nil, fmt.Errorf("couldn't log in: %w", err)
	}
	a, err := talk.ask(ctx, token.Call{Op: token.OpKeys}, entering)
	if err != nil {
		return nil, fmt.Errorf("couldn't list the keys: %w", err)
	}
	keys := map[string][]byte{}
	for _, k := range a.Keys {
		switch wanted := slices.Contains(t.cfg.Keys, k.Label); {
		case !wanted && (len(t.cfg.Keys) > 0 || k.Why != ""):
			continue
		case k.Why != "":
			return nil, token.Fail(token.DeviceFailed, "the key %q cannot be used: %s", k.Label, k.Why)
		case keys[k.Label] != nil:
			return nil, token.Fail(token.DeviceFailed, "the token has two keys called %q", k.Label)
		}
		if err := t.try(ctx, talk, k); err != nil {
			return nil, fmt.Errorf("the key %q was tried: %w", k.Label, err)
		}
		keys[k.Label] = k.Public
	}
	for _, label := range t.cfg.Keys {
		if keys[label] == nil {
			return nil, token.Fail(token.NoSuchKey, "the token has no key %q", label)
		}
	}
	return keys, nil
}

// try has a key sign, within the time in which it will have to.
func (t *Token) try(ctx context.Context, talk *conversation, k token.Key) error {
	public, err := x509.ParsePKIXPublicKey(k.Public)
	if err != nil {
		return fmt.Errorf("the public key cannot be read: %w", err)
	}
	a, err := talk.ask(ctx, token.Call{Op: token.OpSign, Key: k.Label, Hash: crypto.SHA256.String(), Digest: probe[:]}, t.cfg.Deadline)
	if err != nil {
		return err
	}
	return check(k.Label, public, crypto.SHA256, probe[:], a.Signature)
}

// holding is the conversation with the token when it can be asked for a key now, and nil when not.
func (t *Token) holding(label string, spki []byte) *conversation {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !bytes.Equal(t.keys[label], spki) {
		return nil
	}
	return t.talk
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

// fence takes the token out of use, and says for how long: zero is until a person lets it try again.
func (t *Token) fence(why error) (pause time.Duration) {
	now := t.cfg.Clock.Now()
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.state == Ready {
		t.failures = append(t.failures, now)
		t.away = now
	} else {
		t.misses++
	}
	t.forget()
	t.state, t.why, t.since, t.talk, t.keys = Fenced, why, now, nil, nil
	says := slog.Group("said", "what", string(anomalyOf(why)), "error", scrub(why.Error(), t.cfg.PIN))
	if len(t.failures) >= mostFailures || token.FaultOf(why) == token.LoginRefused {
		t.state = Out
		t.cfg.Log.Error("token is out of use until a person has looked at it", "token", t.cfg.Name, "failures", len(t.failures), says)
		return 0
	}
	pause = lastPause
	if n := max(len(t.failures)+t.misses-1, 0); firstPause<<min(n, 10) < lastPause {
		pause = firstPause << n
	}
	t.cfg.Log.Warn("token is fenced", "token", t.cfg.Name, "failures", len(t.failures), "misses", t.misses, "again_in", pause, says)
	return pause
}
