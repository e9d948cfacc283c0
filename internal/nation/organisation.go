package nation

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/tokendesk"
	"github.com/akashi-id/akashi/message"
)

// setting is what one organisation is opened with, wherever it runs.
type setting struct {
	id        message.Org
	name      plain.Sentence
	dir       string // its own directory
	store     string // empty: SQLite in dir
	peers     []message.Org
	cas       []message.Org               // whose certificates lie in its keys, its own CA first
	asks      []message.Org               // whom it asks beside those
	homes     map[message.Org]message.Org // with which prefecture verifiers file
	residents int
	towns     []byte // the master of towns that a municipality begins with
	printer   string // of a municipality's counter; empty: there is none
	checkers  int    // of the staff check who an applicant is, by the rule that a municipality begins with
	// portal is the address of the country's front door; OCSP answers and revocation lists are fetched below it.
	portal   string
	origin   string // of the screens, as browsers write it; empty: that of the portal
	personas bool
	public   bool // validation answers whoever reaches its address
	// keepAnswers is for how long validation keeps what was asked and told; 0: its own default.
	keepAnswers time.Duration
	// webhook is told of alarms; webhookSecret is the file with the key that signs what it is told.
	webhook, webhookSecret string
	device                 func(name string, public crypto.PublicKey) (crypto.Signer, error) // has some keys; nil: all lie in files
	tokens                 *tokendesk.Desk                                                   // of those; nil: there are none
	clock                  clock.Clock
	log                    *slog.Logger
	trial                  func(host.Config) host.Config // may be nil
}

func (s setting) keys() keys.Dir { return keys.Dir(filepath.Join(s.dir, "keys")) }

// persons are those who may act here: the personas of the test country, or nobody.
func (s setting) persons() []access.Person {
	if s.personas {
		return access.Personas()
	}
	return nil
}

// hook is who is told of alarms. The secret is a line of a file, as long as the guess that it must stand against.
func (s setting) hook() (alarm.Webhook, error) {
	h := alarm.Webhook{URL: s.webhook}
	if s.webhookSecret == "" {
		return h, nil
	}
	b, err := os.ReadFile(s.webhookSecret)
	if err != nil {
		return h, fmt.Errorf("couldn't read the secret of the webhook: %w", err)
	}
	if h.Secret = bytes.TrimSpace(b); len(h.Secret) < 16 {
		return h, plain.Bad("webhook_secret", "警報の送り先の秘密が短すぎます。16文字以上にしてください。",
			"the secret of the webhook is too short: write at least 16 characters")
	}
	return h, nil
}

// seldom tells that we and a peer are two of the country's 1,741 municipalities, which exchange when somebody moves between them.
func (s setting) seldom(peer message.Org) bool { return municipal(s.id, peer) }

// organisation is one that runs: its ground, its screens, and what the command line may ask of it.
type organisation struct {
	*host.Host
	tasks   []clock.Task
	web     http.Handler
	control http.Handler
	counter *municipality.Municipality // of a municipality
	devices *tokens                    // that hold its keys; may be nil
}

// Close closes the organisation, and then its devices.
func (o *organisation) Close() error {
	err := o.Host.Close()
	if o.devices != nil {
		o.devices.stop()
	}
	return err
}

// openWithTokens opens an organisation of which some keys lie in devices.
func (s setting) openWithTokens(ctx context.Context, cfg *ServeConfig, id identity, link exchange.Link) (*organisation, error) {
	devices, err := openTokens(cfg, s.clock, s.log)
	if err != nil || devices == nil {
		if err != nil {
			return nil, err
		}
		return s.open(ctx, id, link)
	}
	s.device, s.tokens = devices.signer, &tokendesk.Desk{Tokens: devices.all, Evidence: devices.evidence}
	o, err := s.open(ctx, id, link)
	if err != nil {
		devices.stop()
		return nil, err
	}
	o.devices = devices
	o.Alarms.Add(tokendesk.Alarms(devices.all...))
	return o, nil
}

// open opens the organisation over a link.
func (s setting) open(ctx context.Context, id identity, link exchange.Link) (*organisation, error) {
	if s.store == "" {
		s.store = "sqlite:" + filepath.Join(s.dir, "akashi.db")
	}
	secrets, err := pairSecrets(s.keys(), s.id, s.peers)
	if err != nil {
		return nil, err
	}
	hostConfig := host.Config{
		Self: s.id, Name: s.name, StoreURL: s.store, Clock: s.clock, Rand: rand.Reader,
		Signer: id.signer, Trust: id.trust, Link: link, Peers: s.peers, Log: s.log,
		Secrets: func(peer message.Org) []byte { return secrets[peer] }, Drill: 24 * time.Hour, Seldom: s.seldom,
	}
	if hostConfig.Origin, err = s.originOf(); err != nil {
		return nil, err
	}
	if hostConfig.Webhook, err = s.hook(); err != nil {
		return nil, err
	}
	if s.trial != nil {
		hostConfig = s.trial(hostConfig)
	}
	key, err := sessionKey(s.keys())
	if err != nil {
		return nil, fmt.Errorf("couldn't read the session key: %w", err)
	}
	sc := access.SessionConfig{Org: string(s.id), Base: "/" + string(s.id), Key: key, Clock: s.clock, Secure: strings.HasPrefix(hostConfig.Origin, "https:")}
	sc.Personas = s.persons()
	sessions, err := access.NewSessions(sc)
	if err != nil {
		return nil, err
	}
	build, ok := builders[s.id.Role()]
	if !ok {
		return nil, errors.New("no organisation of this role can be started: " + string(s.id.Role()))
	}
	o, err := build(ctx, s, hostConfig, sessions)
	if err != nil {
		return nil, fmt.Errorf("couldn't open %s: %w", s.id, err)
	}
	return o, nil
}

// peerOf is the peer of a role that an organisation has one of; empty when it has none.
func (s setting) peerOf(r message.Role) message.Org {
	for _, p := range s.peers {
		if p.Role() == r {
			return p
		}
	}
	return ""
}
