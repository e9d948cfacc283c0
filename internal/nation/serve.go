package nation

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange/wire"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// ServeConfig is the configuration of one organisation in a process of its own: config.yaml. Its comments are the manual.
type ServeConfig struct {
	// ID is the organisation's name, as in its certificates: "municipality-202029".
	ID message.Org `yaml:"id"`
	// Name is how people call it.
	Name Name `yaml:"name"`
	// Dir is its own directory; keys/ below it holds its keys and certificates. Nobody else should have a right to it.
	Dir string `yaml:"dir"`
	// Store is where its rows are: sqlite:PATH or postgres://…; empty: SQLite in Dir.
	Store string `yaml:"store,omitempty"`
	// Exchange is the address at which the other organisations reach it, over mutual TLS.
	Exchange string `yaml:"exchange"`
	// Web is the address of its screens.
	Web string `yaml:"web"`
	// Portal is the address at which everybody reaches the country's front door. Certificates name the OCSP responder
	// below it.
	Portal string `yaml:"portal"`
	// Origin is where people open its screens, as their browsers write it: "https://juki.example.lg.jp". Staff's passkeys are bound to the
	// name in it for good. Empty: that of Portal. TLS is ended before Web.
	Origin string `yaml:"origin,omitempty"`
	// Peers are the organisations that it exchanges with, and their addresses.
	Peers []PeerConfig `yaml:"peers"`
	// CAs are those whose certificates lie in keys/, the one that issues for its own residents first: those of ca are ca-signature.crt and
	// ca-authentication.crt, those of ca-13 ca-13-signature.crt and ca-13-authentication.crt. Empty: ca alone.
	CAs []message.Org `yaml:"cas,omitempty"`
	// Asks are the organisations that it asks and exchanges no messages with, and their addresses: of a municipality the validation
	// authority, which says whether a certificate that a change has ended is still good. Without it a municipality asks the open address
	// below Portal, and where that is closed nobody can tell.
	Asks []PeerConfig `yaml:"asks,omitempty"`
	// Webhook is the address that is told of alarms, by POST (docs/alarms.md); empty: nobody.
	Webhook string `yaml:"webhook,omitempty"`
	// WebhookSecret is a file with the key that signs what the webhook is told; empty: it is not signed.
	WebhookSecret string `yaml:"webhook_secret,omitempty"`
	// Tokens are the devices in which keys lie; empty: all keys lie in files in Dir.
	Tokens []TokenConfig `yaml:"tokens,omitempty"`
	// TokenKeys are the keys that lie in each of them, and are not looked for in keys/: of the CA, ca-signature and ca-authentication.
	TokenKeys []string `yaml:"token_keys,omitempty"`
	// PublicStatus lets the validation authority answer whoever reaches its address, as a test country does. The law knows only
	// verifiers that have filed (公的個人認証法18条); these are answered in any case.
	PublicStatus bool `yaml:"public_status,omitempty"`
	// KeepAnswersDays is for how many days the validation authority keeps what was asked and told; 0: seven years.
	KeepAnswersDays int `yaml:"keep_answers_days,omitempty"`
	// Checkers is how many of a municipality's staff check who an applicant for a certificate is, by the rule that it begins with; 0: it
	// begins with none, and one does. After that its staff decide.
	Checkers int `yaml:"checkers,omitempty"`
	// Printer is where a municipality's counter prints documents: ipp://HOST/printers/NAME, ipps://… or folder:DIRECTORY; empty: the clerk's browser
	// prints.
	Printer string `yaml:"printer,omitempty"`
	// Towns is a file with the master of towns that a municipality of a test country begins with, as CSV of the アドレス・ベース・レジストリ.
	// Everywhere else two of the staff read it in.
	Towns string `yaml:"towns,omitempty"`
	// Personas lets anybody choose one of the test country's operators. It is refused unless Web is loopback.
	Personas bool `yaml:"personas"`

	program string // of a test, in which this program is not akashi
}

// PeerConfig is where another organisation is.
type PeerConfig struct {
	ID      message.Org `yaml:"id"`
	Address string      `yaml:"address"`
	// Prefecture is with which prefecture a verifier files. The validation authority takes no other's word about it; without it, the first
	// prefecture that registers the verifier counts.
	Prefecture message.Org `yaml:"prefecture,omitempty"`
}

// LoadServeConfig reads a config.yaml. A line that means nothing is an error: a setting that was misspelt must not be
// silently without effect.
func LoadServeConfig(path string) (*ServeConfig, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("couldn't read the configuration: %w", err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	var c ServeConfig
	if err := d.Decode(&c); err != nil {
		return nil, plain.Bad(path, "設定が読めません。書き方を確かめてください: "+err.Error(), "the configuration cannot be read: "+err.Error())
	}
	if _, err := message.ParseOrg(string(c.ID)); err != nil {
		return nil, err
	}
	return &c, nil
}

// Served is one organisation that runs in this process.
type Served struct {
	URL string // of its screens

	organisation *organisation
	closers      []func()
	stop         context.CancelFunc
	done         chan struct{}
}

// Serve opens one organisation and serves its exchange and its screens. On return it is ready.
func Serve(ctx context.Context, cfg *ServeConfig, log *slog.Logger) (_ *Served, err error) {
	if err := access.GuardLoopback(cfg.Web, cfg.Personas); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	s := &Served{stop: stop, done: make(chan struct{})}
	defer func() {
		if err != nil {
			close(s.done)
			s.Close()
		}
	}()
	clk := clock.System()
	if len(cfg.CAs) == 0 {
		cfg.CAs = []message.Org{theCA}
	}
	if cfg.Checkers < 0 || cfg.Checkers > municipality.MostCheckers {
		return nil, plain.Bad("checkers", "本人確認をする職員の人数（checkers）は、1か2を書いてください。", "how many of the staff check identity (checkers) is 1 or 2")
	}
	var towns []byte
	if cfg.Towns != "" {
		if !cfg.Personas {
			return nil, plain.Bad("towns", "町字マスターは、画面で一人が取り込み、別の一人が承認します。この行を消してください。", "a master of towns is read in at the screens, by two persons: remove the line towns")
		}
		var err error
		if towns, err = os.ReadFile(cfg.Towns); err != nil {
			return nil, fmt.Errorf("couldn't read the towns: %w", err)
		}
	}
	own := setting{id: cfg.ID, towns: towns, checkers: cfg.Checkers, printer: cfg.Printer, cas: cfg.CAs, name: cfg.Name.Sentence(), dir: cfg.Dir, store: cfg.Store, portal: cfg.Portal, origin: cfg.Origin,
		personas: cfg.Personas, public: cfg.PublicStatus, keepAnswers: time.Duration(cfg.KeepAnswersDays) * 24 * time.Hour, webhook: cfg.Webhook, webhookSecret: cfg.WebhookSecret, clock: clk, log: log}
	id, err := openIdentity(own.keys())
	if err != nil {
		return nil, err
	}
	addresses := map[message.Org]string{}
	own.homes = map[message.Org]message.Org{}
	for _, p := range cfg.Peers {
		own.peers = append(own.peers, p.ID)
		addresses[p.ID] = p.Address
		if p.Prefecture != "" {
			own.homes[p.ID] = p.Prefecture
		}
	}
	for _, p := range cfg.Asks {
		own.asks = append(own.asks, p.ID)
		addresses[p.ID] = p.Address
	}
	if s.organisation, err = own.openWithTokens(ctx, cfg, id, wire.NewClient(addresses, id.tls, id.trust, clk.Now)); err != nil {
		return nil, err
	}
	door, err := wire.Serve(cfg.Exchange, s.organisation.Exchange, id.tls, id.trust, clk.Now, log)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		door.Close(ctx)
	})
	ln, err := net.Listen("tcp", cfg.Web)
	if err != nil {
		return nil, fmt.Errorf("couldn't listen for the screens: %w", err)
	}
	s.URL = "http://" + ln.Addr().String() + "/" + string(cfg.ID) + "/"
	s.closers = append(s.closers, serveWeb(ln, s.organisation.web, log))
	closeSocket, err := serveSocket(filepath.Join(cfg.Dir, socketName), s.organisation.control, log)
	if err != nil {
		return nil, err
	}
	s.closers = append(s.closers, closeSocket)
	go func() {
		defer close(s.done)
		runTasks(ctx, clk, s.organisation.tasks, log)
	}()
	return s, nil
}

// Close stops the tasks, the doors, and the database.
func (s *Served) Close() error {
	s.stop()
	<-s.done
	for i := len(s.closers) - 1; i >= 0; i-- {
		s.closers[i]()
	}
	if s.organisation == nil {
		return nil
	}
	return errors.Join(s.organisation.Close())
}
