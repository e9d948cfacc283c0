package conform

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	keyfiles "github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/queue"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	theCA      = message.Org(message.CA)
	validators = message.Org(message.Validation)
)

// configOf is what an organisation is opened with on a ground.
func configOf(g queue.Ground, net *exchange.Memory, self message.Org, peers ...message.Org) (host.Config, *access.Sessions, error) {
	signers, err := keys()
	if err != nil {
		return host.Config{}, nil, err
	}
	root, err := infrastructure()
	if err != nil {
		return host.Config{}, nil, err
	}
	trust, err := pki.NewTrust(root.Certificate())
	if err != nil {
		return host.Config{}, nil, err
	}
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self), Clock: g.Clock,
		Key: []byte("a key of a trial that holds no secret"), Personas: access.Personas()})
	return host.Config{Self: self, Name: plain.Sentence{JA: "適合試験", EN: "Conformance"}, StoreURL: g.Store(string(self)), Clock: g.Clock, Rand: g.Rand,
		Signer: signers[self], Trust: trust, Link: net.As(self), Peers: peers, Log: g.Log,
		Secrets: func(peer message.Org) []byte {
			sum := sha256.Sum256([]byte("a trial: " + min(self, peer) + " " + max(self, peer)))
			return sum[:]
		}}, sessions, err
}

// scripted is an organisation at the other end, which takes whatever comes.
func scripted(ctx context.Context, g queue.Ground, net *exchange.Memory, self, peer message.Org, routes ...exchange.Route) (*exchange.Exchange, *sqlstore.Store, error) {
	cfg, _, err := configOf(g, net, self, peer)
	if err != nil {
		return nil, nil, err
	}
	store, err := sqlstore.Open(ctx, cfg.StoreURL, sqlstore.Options{Clock: g.Clock, Log: g.Log}, exchange.Schema())
	if err != nil {
		return nil, nil, err
	}
	x, err := exchange.New(ctx, exchange.Config{Self: self, Store: store, Clock: cfg.Clock, Rand: cfg.Rand, Signer: cfg.Signer, Trust: cfg.Trust,
		Link: cfg.Link, Peers: cfg.Peers, Log: g.Log, Routes: routes})
	if err != nil {
		return nil, nil, errors.Join(err, store.Close())
	}
	net.Join(self, x)
	return x, store, nil
}

func routeOf[P message.Payload](take func(P)) exchange.Route {
	return exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx },
		func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, p P) ([]message.Out, error) {
			tx.OnCommit(func() { take(p) })
			return nil, nil
		})
}

// authorities are the CA and the validation authority, with a municipality and the national center that are scripted.
type authorities struct {
	ground  queue.Ground
	net     *exchange.Memory
	ca      *ca.CA
	v       *validation.Validation
	city    *exchange.Exchange
	center  *exchange.Exchange
	stores  map[message.Org]*sqlstore.Store
	issued  []message.CertIssued
	closers []func() error
}

func openAuthorities(ctx context.Context, g queue.Ground, more ...message.Org) (_ *authorities, err error) {
	w := &authorities{ground: g, net: new(exchange.Memory), stores: map[message.Org]*sqlstore.Store{}}
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	caKeys, vKeys := keyfiles.Dir(filepath.Join(g.Dir, "ca")), keyfiles.Dir(filepath.Join(g.Dir, "validation"))
	for _, d := range []keyfiles.Dir{caKeys, vKeys} {
		if err := os.MkdirAll(string(d), 0o700); err != nil {
			return nil, err
		}
	}
	roots, err := ca.Found(g.Rand, begin, caKeys, cert.P256SHA256)
	if err != nil {
		return nil, err
	}
	for i, p := range cert.Profiles {
		if err := vKeys.PutCertificates("ca-"+p.String(), roots[i]); err != nil {
			return nil, err
		}
	}
	cfg, sessions, err := configOf(g, w.net, theCA, append([]message.Org{city, center, validators}, more...)...)
	if err != nil {
		return nil, err
	}
	cfg.Audit = checkRound
	if w.ca, err = ca.New(ctx, ca.Config{Config: cfg, Keys: caKeys, OCSPURL: "http://127.0.0.1/ocsp", Validation: validators, NationalCenter: center,
		Sessions: sessions, Portal: "/"}); err != nil {
		return nil, err
	}
	w.net.Join(theCA, w.ca.Exchange)
	w.closers = append(w.closers, w.ca.Close)
	cfg, sessions, err = configOf(g, w.net, validators, theCA)
	if err != nil {
		return nil, err
	}
	if w.v, err = validation.New(ctx, validation.Config{Config: cfg, Keys: vKeys, CAs: []message.Org{theCA}, Open: true, Sessions: sessions, Portal: "/"}); err != nil {
		return nil, err
	}
	w.net.Join(validators, w.v.Exchange)
	w.closers = append(w.closers, w.v.Close)
	var store *sqlstore.Store
	if w.city, store, err = scripted(ctx, g, w.net, city, theCA, routeOf(func(n message.CertIssued) { w.issued = append(w.issued, n) })); err != nil {
		return nil, err
	}
	w.stores[city], w.closers = store, append(w.closers, store.Close)
	if w.center, store, err = scripted(ctx, g, w.net, center, theCA, routeOf(func(message.CertIssuance) {})); err != nil {
		return nil, err
	}
	w.stores[center], w.closers = store, append(w.closers, store.Close)
	return w, nil
}

func (w *authorities) close() error {
	var errs []error
	for i := len(w.closers) - 1; i >= 0; i-- {
		errs = append(errs, w.closers[i]())
	}
	return errors.Join(errs...)
}

// tasks leaves out the comparison of the books, which the scripted ones do not answer, and the statements.
func (w *authorities) tasks() (all []clock.Task) {
	for _, t := range [][]clock.Task{w.ca.Exchange.Tasks(), w.ca.Due.Tasks(), w.v.Exchange.Tasks(), w.v.Due.Tasks(), w.v.Serving(), w.city.Tasks(), w.center.Tasks()} {
		all = append(all, t...)
	}
	return all
}

// issueAndRevoke has certificates issued for new persons, and ends them with the center's notices.
func (w *authorities) issueAndRevoke(ctx context.Context, first, n int) error {
	if err := w.issue(ctx, first, n); err != nil {
		return err
	}
	var notices []message.Out
	for _, c := range w.issued {
		notices = append(notices, message.Out{To: theCA, Body: message.CertRevocation{Code: c.Code, Serial: c.Serial, Profile: c.Profile, Version: fine + 1,
			Reason: cert.AffiliationChanged, Since: resident.MustDate(2026, 4, 1), Why: resident.MoveWithin}})
	}
	return w.send(ctx, center, w.center, notices)
}

// issue has certificates issued for new persons.
func (w *authorities) issue(ctx context.Context, first, n int) error {
	w.issued = nil
	requests, err := w.applications(first, n)
	if err != nil {
		return err
	}
	if err := w.send(ctx, city, w.city, requests); err != nil {
		return err
	}
	if err := w.ground.Drive(ctx, time.Second); err != nil {
		return err
	}
	if len(w.issued) != n {
		items, err := w.city.Stuck(ctx, 3)
		return fmt.Errorf("%d of %d certificates were issued (%v, %v)", len(w.issued), n, items, err)
	}
	return nil
}

func (w *authorities) send(ctx context.Context, from message.Org, x *exchange.Exchange, outs []message.Out) error {
	return w.stores[from].Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := x.Send(ctx, tx, outs, "t-conform")
		return err
	})
}

func byHand(ctx context.Context, s *sqlstore.Store, statement string, args ...any) error {
	return s.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, statement, args...)
		return err
	})
}

// openList is a CA of whose revoked certificates some rows were damaged.
func openList(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g)
	if err != nil {
		return nil, err
	}
	goods := 0
	return &queue.Rig{Tasks: w.tasks(), Close: w.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			if err := w.issueAndRevoke(ctx, 0, n); err != nil {
				return err
			}
			if err := w.ground.Drive(ctx, 10*time.Second); err != nil { // a list with them is published
				return err
			}
			set := `serial = substr(serial, 1, 8)`
			if poison == queue.Undecodable {
				set = `reason = 'よめない'`
			} else if poison == queue.Foreign {
				set = `municipality = '999999'`
			}
			return byHand(ctx, w.ca.Store, `UPDATE certificate SET `+set)
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			goods++
			if err := w.issueAndRevoke(ctx, goodPerson+int(g.Clock.Now().Sub(begin)/time.Millisecond)+goods, 1); err != nil {
				return nil, err
			}
			// A list waits a few seconds for more revocations; after that its time has come.
			if err := w.ground.Drive(ctx, 2900*time.Millisecond); err != nil {
				return nil, err
			}
			serial := w.issued[0].Serial
			return func(context.Context) (bool, error) { return w.listed(serial) }, nil
		},
		Aside: func(context.Context) (queue.Aside, error) {
			page, _ := w.get(w.ca.Handler(), "/ca/lists?lang=en")
			return fromPage(page, `(\d+) records cannot be read`, plain.Sentence{JA: "読めない記録があります。控えと比べてください", EN: "records cannot be read: compare them with the backup"}), nil
		}}, nil
}

// listed tells whether a served list names a serial: the full one, or where that is long the delta list that adds to it.
func (w *authorities) listed(serial cert.Serial) (bool, error) {
	for _, ending := range []string{".crl", ".delta.crl"} {
		der, status := w.get(w.v.Handler(), "/validation/crl/authentication/"+city.Code()+ending)
		if status != http.StatusOK {
			continue
		}
		list, err := x509.ParseRevocationList(der)
		if err != nil {
			return false, err
		}
		for _, e := range list.RevokedCertificateEntries {
			if s, err := cert.SerialFromInt(e.SerialNumber); err == nil && s == serial {
				return true, nil
			}
		}
	}
	return false, nil
}

// openKeys is a validation authority of whose keys some were damaged.
func openKeys(ctx context.Context, g queue.Ground) (*queue.Rig, error) {
	w, err := openAuthorities(ctx, g)
	if err != nil {
		return nil, err
	}
	v, ok := g.Clock.(*clock.Virtual)
	if !ok {
		return nil, errors.Join(errors.New("the ground's clock is not virtual"), w.close())
	}
	if err := clock.Drive(ctx, v, w.tasks(), v.Now().Add(time.Second)); err != nil { // the CA certifies the first keys
		return nil, errors.Join(err, w.close())
	}
	current.Store(g.Dir, w)
	return &queue.Rig{Tasks: w.tasks(), Close: w.close,
		Plant: func(ctx context.Context, poison queue.Poison, n int) error {
			der := map[queue.Poison]string{queue.Undecodable: `substr(certificate, 9)`, queue.Truncated: `substr(certificate, 1, 99)`, queue.Foreign: `certificate`}[poison]
			return w.v.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				for i := range n { // newer than the good one, and so before it
					if _, err := tx.Exec(ctx, `INSERT INTO responder(issuer, name, public_key, asked_at, not_before, not_after, certificate)
						SELECT issuer, $1, public_key, asked_at, not_before, not_after + 1000, `+der+` FROM responder WHERE name LIKE 'ocsp-authentication%' LIMIT 1`,
						fmt.Sprint("damaged-", i)); err != nil {
						return err
					}
				}
				return nil
			})
		},
		Good: func(ctx context.Context) (func(context.Context) (bool, error), error) {
			return func(ctx context.Context) (bool, error) {
				now, _ := current.Load(g.Dir)
				return now.(*authorities).answers()
			}, nil
		},
		Aside: func(context.Context) (queue.Aside, error) {
			page, _ := w.get(w.v.Handler(), "/validation/?lang=en")
			return fromPage(page, `(\d+) keys cannot be used`, plain.Sentence{JA: "使えない鍵があります。控えから戻してください", EN: "keys cannot be used: restore them from the backup"}), nil
		}}, nil
}

// answers asks the validation authority about a certificate, and tells whether it gave a signed answer.
func (w *authorities) answers() (bool, error) {
	der, err := w.ask(must(cert.ParseSerial("4711")))
	if err != nil {
		return false, err
	}
	_, err = ocspwire.ParseResponse(der)
	return err == nil, nil
}

// ask asks the validation authority about a certificate.
func (w *authorities) ask(serial cert.Serial) ([]byte, error) {
	ders, err := keyfiles.Dir(filepath.Join(w.ground.Dir, "validation")).Certificates("ca-" + cert.Authentication.String())
	if err != nil {
		return nil, err
	}
	root, err := x509.ParseCertificate(ders[0])
	if err != nil {
		return nil, err
	}
	id, err := ocspwire.NewCertID(crypto.SHA256, root, serial)
	if err != nil {
		return nil, err
	}
	question, err := (&ocspwire.Request{CertIDs: []ocspwire.CertID{id}}).Encode()
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequest(http.MethodPost, "http://trial/validation/ocsp", bytes.NewReader(question))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/ocsp-request")
	a := new(answer)
	w.v.Handler().ServeHTTP(a, r)
	return a.body.Bytes(), nil
}

func (w *authorities) get(h http.Handler, path string) ([]byte, int) {
	r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1"+path, nil)
	if err != nil {
		return nil, 0
	}
	a := new(answer)
	h.ServeHTTP(a, r)
	return a.body.Bytes(), a.status
}

// answer keeps what a handler answers.
type answer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (a *answer) Header() http.Header {
	if a.header == nil {
		a.header = http.Header{}
	}
	return a.header
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
}

func (a *answer) Write(b []byte) (int, error) {
	a.WriteHeader(http.StatusOK)
	return a.body.Write(b)
}

// fromPage reads a figure off a screen, as people do.
func fromPage(page []byte, pattern string, says plain.Sentence) (a queue.Aside) {
	if m := regexp.MustCompile(pattern).FindSubmatch(page); m != nil {
		n, _ := strconv.ParseInt(string(m[1]), 10, 64)
		a = queue.Aside{Counted: n, Shown: n, Reasons: []plain.Sentence{says}}
	}
	return a
}
