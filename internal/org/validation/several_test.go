package validation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// tokyoCA is the prefecture's own CA in a country that has one.
const tokyoCA = message.Org("ca-13")

// several is a country with two CAs.
type several struct {
	*country
	theirs, theirAuthentication *authority // of the second
	other                       *exchange.Exchange
	store                       *sqlstore.Store
}

func newSeveral(t *testing.T, url string) *several {
	t.Helper()
	governor := jpki.Governor("Tokyo-to", "東京都")
	s := &several{theirs: newAuthorityOf(t, governor, cert.Signature), theirAuthentication: newAuthorityOf(t, governor, cert.Authentication)}
	newCountryWith(t, url, func(c *country) {
		s.country = c
		c.cas, c.more = append(c.cas, tokyoCA), append(c.more, tokyoCA)
		for name, a := range map[string]*authority{"ca-13-signature": s.theirs, "ca-13-authentication": s.theirAuthentication} {
			if err := c.keys.PutCertificates(name, a.Certificate()); err != nil {
				t.Fatal(err)
			}
		}
		s.store = must[*sqlstore.Store](t)(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema()))
		t.Cleanup(func() { s.store.Close() })
		in := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
		s.other = must[*exchange.Exchange](t)(exchange.New(t.Context(), exchange.Config{Self: tokyoCA, Store: s.store, Clock: c.clk, Rand: rand.Reader,
			Trust: c.trust, Signer: c.signer(tokyoCA), Link: c.net.As(tokyoCA), Peers: []message.Org{self}, Routes: []exchange.Route{
				exchange.On(in, func(_ context.Context, _ *sqlstore.Tx, _ exchange.Delivery, n message.ResponderRequest) ([]message.Out, error) {
					a := s.theirs
					if n.Issuer == s.theirAuthentication.id {
						a = s.theirAuthentication
					} else if n.Issuer != a.id {
						t.Errorf("the second CA is asked to certify for %s", n.Issuer)
					}
					public := must[any](t)(x509.ParsePKIXPublicKey(n.PublicKey))
					return []message.Out{{To: self, Body: message.ResponderIssued{Issuer: n.Issuer, Certificate: a.responder(t, public, c.clk.Now().Truncate(time.Second))}}}, nil
				}),
			}}))
		c.net.Join(tokyoCA, s.other)
		c.tasks = append(c.tasks, s.other.Tasks()...)
	})
	s.run(time.Second)
	return s
}

// sendTheirs sends what the second CA tells.
func (s *several) sendTheirs(payloads ...message.Payload) {
	s.t.Helper()
	if err := s.store.Update(s.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var outs []message.Out
		for _, p := range payloads {
			outs = append(outs, message.Out{To: self, Body: p})
		}
		_, err := s.other.Send(ctx, tx, outs, "t-test")
		return err
	}); err != nil {
		s.t.Fatal(err)
	}
}

// TestTwoCAs: each tells of its own certificates, each certifies the keys that answer for it, and the same serial may be of both.
func TestTwoCAs(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := newSeveral(t, url)
		if got := s.told(s.theirs, "4711"); got != "unknown" {
			t.Errorf("before: %s", got)
		}
		s.send(good(t, s.signature, "4711"), good(t, s.signature, "4712"))
		s.sendTheirs(good(t, s.theirs, "4711"), good(t, s.theirAuthentication, "4713"), revoked(t, s.theirs, "4711", cert.AffiliationChanged, start.Add(time.Second)))
		s.run(time.Second)
		for _, x := range []struct {
			a            *authority
			number, want string
		}{{s.signature, "4711", "valid"}, {s.theirs, "4711", "revoked affiliationChanged 09:00:01"}, {s.theirAuthentication, "4713", "valid"},
			{s.signature, "4713", "unknown"}, {s.theirs, "4712", "unknown"}} {
			if got := s.told(x.a, x.number); got != x.want {
				t.Errorf("%s: %s, want %s", x.number, got, x.want)
			}
		}
		mixed := question(t, s.signature, "4711")
		mixed.CertIDs = append(mixed.CertIDs, question(t, s.theirs, "4711").CertIDs...)
		if _, err := s.ask(mixed); err != ocspwire.Unauthorized {
			t.Errorf("of two CAs at once: %v", err)
		}
		if len(s.stuck()) > 0 {
			t.Errorf("parked: %v", s.stuck())
		}
		page, status := s.page("/validation/?lang=en")
		for _, want := range []string{"Certification authority of Tokyo-to: The CA is connected", "Certification authority: The CA is connected", "/validation/ca/ca-13/signature.pem"} {
			if status != http.StatusOK || !strings.Contains(page, want) {
				t.Errorf("the overview (%d) does not say %q", status, want)
			}
		}
	})
}

// TestCATellsOfItsOwn: what a CA tells of another's certificates counts for nothing, in whatever message it comes.
func TestCATellsOfItsOwn(t *testing.T) {
	s := newSeveral(t, "memory:")
	s.send(good(t, s.signature, "4711"))
	s.run(time.Second)
	public := must[any](t)(x509.ParsePKIXPublicKey(s.asked[0].PublicKey))
	s.sendTheirs(revoked(t, s.signature, "4711", cert.KeyCompromise, start), good(t, s.signature, "4712"),
		s.signature.list(t, 1, start, matsumoto, "4711"),
		message.ResponderIssued{Issuer: s.asked[0].Issuer, Certificate: s.authority(s.asked[0].Issuer).responder(t, public, start)},
		must[message.Snapshot](t)(message.SnapshotOf(message.Statuses, revoked(t, s.signature, "4711", cert.KeyCompromise, start).Entries()[0].Key,
			revoked(t, s.signature, "4711", cert.KeyCompromise, start), "ca-13/1")))
	s.run(time.Minute)
	if got, want := s.stuck(), slices.Repeat([]string{"another-ca"}, 5); !slices.Equal(got, want) {
		t.Errorf("parked: %v, want %v", got, want)
	}
	if got := s.told(s.signature, "4711"); got != "valid" {
		t.Errorf("the first CA's certificate is %s", got)
	}
	if got := s.told(s.signature, "4712"); got != "unknown" {
		t.Errorf("one that the first CA never issued is %s", got)
	}
	if _, r := s.get("/crl/signature/202029.crl"); r.StatusCode != http.StatusNotFound {
		t.Errorf("the list is served: %s", r.Status)
	}
}

// authority finds a key of either CA by its id.
func (s *several) authority(id string) *authority {
	for _, a := range []*authority{s.signature, s.authentication, s.theirs, s.theirAuthentication} {
		if a.id == id {
			return a
		}
	}
	return nil
}

// TestSilentCAStopsItsOwn: good is no longer said of the certificates of a CA whose last word is too old, and goes on being said of the
// others'; so the other way round. The alarm names the CA.
func TestSilentCAStopsItsOwn(t *testing.T) {
	for _, silent := range []message.Org{ca, tokyoCA} {
		t.Run(string(silent), func(t *testing.T) {
			s := newSeveral(t, "memory:")
			s.send(good(t, s.signature, "4711"))
			s.sendTheirs(good(t, s.theirs, "4711"), good(t, s.theirs, "4712"), revoked(t, s.theirs, "4712", cert.KeyCompromise, start))
			s.run(time.Second)
			s.net.Join(silent, nil)
			s.clk.Set(start.Add(27 * time.Hour))
			about, says, stopped, goes := "ca", "Certification authority: The CA", s.signature, s.theirs
			if silent == tokyoCA {
				about, says, stopped, goes = "ca/ca-13", "Certification authority of Tokyo-to: The CA", s.theirs, s.signature
				s.send(good(t, s.signature, "4720"))
			} else {
				s.sendTheirs(good(t, s.theirs, "4720"))
			}
			s.run(time.Minute)
			if got := s.told(goes, "4711"); got != "valid" {
				t.Errorf("of the CA that is heard: %s", got)
			}
			if got := s.told(stopped, "4711"); got != later {
				t.Errorf("of the silent CA: %s", got)
			}
			if got := s.told(s.theirs, "4712"); got != "revoked keyCompromise 09:00:00" {
				t.Errorf("revoked: %s", got)
			}
			s.says(about, says+"&#39;s last word is too old", true)
			both := map[string]bool{"ca": false, "ca/ca-13": false}
			signals, err := s.Losses().Signals(t.Context(), s.Clock.Now())
			for _, signal := range signals {
				both[signal.About] = true
			}
			if n := len(signals); err != nil || n != 1 || !both[about] {
				t.Errorf("%d losses: %v, %v", n, both, err)
			}
		})
	}
}

// TestBacklogOfOneCA: what comes of one CA's backlog makes the word of no other old.
func TestBacklogOfOneCA(t *testing.T) {
	s := newSeveral(t, "memory:")
	s.send(good(t, s.signature, "4711"))
	s.sendTheirs(good(t, s.theirs, "4711"))
	s.run(time.Second)
	s.net.Join(tokyoCA, nil)
	tasks := s.tasks
	s.tasks = s.peer.Tasks()
	s.sendTheirs(good(t, s.theirs, "4712"))
	s.run(time.Second)
	s.clk.Set(start.Add(27 * time.Hour))
	s.tasks = tasks
	s.net.Join(tokyoCA, s.other)
	s.run(time.Minute)
	s.send(good(t, s.signature, "4713"))
	s.run(time.Minute)
	if got := s.told(s.theirs, "4712"); got != later {
		t.Errorf("of what a backlog told, a day late: %s", got)
	}
	if got := s.told(s.signature, "4711"); got != "valid" {
		t.Errorf("of the other CA: %s", got)
	}
	s.sendTheirs(good(t, s.theirs, "4714"))
	s.run(time.Minute)
	if got := s.told(s.theirs, "4712"); got != "valid" {
		t.Errorf("of what was told since: %s", got)
	}
}

// TestAddressesOfTwoCAs: the addresses of before lead to the first CA's, and each CA's have its name; also where both have a list of the
// same municipality, as after it has gone from one to the other, none hides the other's.
func TestAddressesOfTwoCAs(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := newSeveral(t, url)
		s.clk.Set(start.Add(time.Hour))
		s.sendTheirs(s.theirs.list(t, 7, start.Add(time.Hour), matsumoto))
		s.run(time.Second)
		if got := s.number("/crl/signature/202029.crl"); got != 7 {
			t.Errorf("the only list of a municipality, at the address that names no CA: %d", got)
		}
		s.send(s.signature.list(t, 3, start, matsumoto))
		s.run(time.Second)
		for path, want := range map[string]int64{"/crl/202029.crl": 3, "/crl/signature/202029.crl": 3, "/crl/ca/signature/202029.crl": 3, "/crl/ca-13/signature/202029.crl": 7, "/crl/ca-13/202029.crl": 7,
			"/crl/ca-13/authentication/202029.crl": 0, "/crl/ca-14/signature/202029.crl": 0} {
			if got := s.number(path); got != want {
				t.Errorf("%s: list %d, want %d", path, got, want)
			}
		}
		for path, want := range map[string]*authority{"/ca/signature.cer": s.signature, "/ca/ca-13/signature.cer": s.theirs, "/ca/authentication.cer": s.authentication,
			"/ca/ca-13/authentication.cer": s.theirAuthentication} {
			if got, r := s.get(path); r.StatusCode != http.StatusOK || !bytes.Equal(got, want.Certificate()) {
				t.Errorf("%s: %s, %d octets", path, r.Status, len(got))
			}
		}
		if pem, _ := s.get("/ca/signature.pem"); bytes.Count(pem, []byte("BEGIN")) != 1 {
			t.Errorf("generations of the first CA: %s", pem)
		}
		if page, _ := s.page("/validation/lists"); !strings.Contains(page, "/validation/crl/ca-13/signature/202029.crl") || !strings.Contains(page, "/validation/crl/signature/202029.crl") {
			t.Error("the page of lists does not lead to both")
		}
	})
}

// TestBothAreInspected: what is served of each CA is fetched, and a list that is another one is found by whose it is.
func TestBothAreInspected(t *testing.T) {
	s := newSeveral(t, "memory:")
	s.public = s.server.URL + "/validation"
	if err := s.Validation.Close(); err != nil {
		t.Fatal(err)
	}
	s.open()
	s.send(good(t, s.signature, "4711"), s.signature.list(t, 1, start, matsumoto))
	s.sendTheirs(good(t, s.theirs, "4711"), s.theirs.list(t, 1, start.Add(time.Second), matsumoto)) // the newer of the two
	s.run(time.Minute)
	inspect := func() {
		t.Helper()
		if err := clock.Drive(t.Context(), s.clk, append(s.CheckTasks(), s.Serving()...), s.clk.Now().Add(65*time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	inspect()
	if got := s.inspected(); len(got) > 0 {
		t.Fatalf("found: %v", got)
	}
	for _, a := range []struct{ id, item string }{{s.signature.id, "signature/202029"}, {s.theirs.id, "ca-13/signature/202029"}} {
		s.byHand(`UPDATE crl SET number = number + 10 WHERE issuer = $1`, a.id)
		inspect()
		if got := s.inspected(); !slices.ContainsFunc(got, func(f string) bool { return strings.HasSuffix(f, " "+a.item) }) || len(got) != 1 {
			t.Errorf("of the list of %s: %v", a.item, got)
		}
		s.byHand(`UPDATE crl SET number = number - 10 WHERE issuer = $1`, a.id)
		inspect()
	}
}

// TestPublicationOfEach: what was seen when a list was published is noted for its CA, and does not end with the other's next list.
func TestPublicationOfEach(t *testing.T) {
	s := newSeveral(t, "memory:")
	for _, x := range []struct {
		a    *authority
		send func(...message.Payload)
	}{{s.signature, s.send}, {s.theirs, s.sendTheirs}} {
		x.send(good(t, x.a, "4712"), revoked(t, x.a, "4712", cert.AffiliationChanged, start), x.a.list(t, 1, start, matsumoto, "4712"))
	}
	s.run(time.Minute)
	s.sendTheirs(s.theirs.listed(t, 2, start.Add(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4712"), At: start, Reason: cert.Superseded}))
	s.run(time.Minute)
	s.send(s.signature.list(t, 2, start.Add(time.Second), matsumoto, "4712"))
	s.run(time.Minute)
	if got := s.inspected(); !slices.Equal(got, []string{"published reason-changed ca-13/" + list}) {
		t.Errorf("found %v", got)
	}
}

// bookWith is what is held in the book with a CA, which the tables and the entries must agree about.
func (s *several) bookWith(peer message.Org) map[string]message.Hash {
	s.t.Helper()
	return reconciletest.Held(s.t, s.Store, s.Table(), peer)
}

// TestBooksOfTwoCAs: each CA's book has its own certificates, the same serial of both too; and what a CA says of a key makes or takes
// none of the other's rows.
func TestBooksOfTwoCAs(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s := newSeveral(t, url)
		ours := []message.CertStatus{good(t, s.signature, "4711"), good(t, s.authentication, "4712"), revoked(t, s.authentication, "4712", cert.Superseded, start)}
		theirs := []message.CertStatus{good(t, s.theirs, "4711"), revoked(t, s.theirs, "4711", cert.KeyCompromise, start.Add(time.Second)), good(t, s.theirAuthentication, "4713"), good(t, s.theirs, "4710"), good(t, s.theirs, "4714")}
		for _, m := range ours {
			s.send(m)
		}
		for _, m := range theirs {
			s.sendTheirs(m)
		}
		s.run(time.Minute)
		both := func(when string) {
			t.Helper()
			for peer, want := range map[message.Org][]message.CertStatus{ca: ours, tokyoCA: theirs} {
				if got := s.bookWith(peer); !maps.Equal(got, told(want...)) {
					t.Errorf("%s, with %s: %x, want %x", when, peer, got, told(want...))
				}
				s.view(func(ctx context.Context, tx *sqlstore.Tx) error {
					counts, err := s.Counts(ctx, tx, peer, false)
					if len(counts) != 1 || counts[0].N != int64(len(want)) {
						t.Errorf("%s, counted with %s: %+v", when, peer, counts)
					}
					return err
				})
			}
		}
		both("told")
		take := func(sender message.Org, key string, state message.Payload) error {
			n := must[message.Snapshot](t)(message.SnapshotOf(message.Statuses, key, state, "x/1"))
			return s.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := s.Table().Take(ctx, tx, exchange.Delivery{ID: message.ID{Sender: sender}, Kind: message.KindSnapshot}, n, state)
				return err
			})
		}
		// The second CA holds nothing under 4712, and the first's stays.
		if err := take(tokyoCA, ours[1].Entries()[0].Key, nil); err != nil {
			t.Error(err)
		}
		both("a key of the other's")
		// Nor does the first strike the second's row of the same serial.
		if err := take(ca, ours[0].Entries()[0].Key, nil); err != nil {
			t.Error(err)
		}
		if got := s.bookWith(tokyoCA); !maps.Equal(got, told(theirs...)) {
			t.Errorf("the first CA has struck out in the second's book: %x", got)
		}
		if err := take(ca, ours[0].Entries()[0].Key, ours[0]); err != nil {
			t.Error(err)
		}
		both("struck out and told again")
		var refused *exchange.Rejected
		if err := take(tokyoCA, ours[0].Entries()[0].Key, ours[0]); !errors.As(err, &refused) || refused.Code != "another-ca" {
			t.Errorf("the second CA's word of the first's certificate: %v", err)
		}
		// A row that somebody moved to the other CA, or to nobody, is told by its own.
		for _, issuer := range []string{s.signature.id, "nobody"} {
			s.tamper(`UPDATE status SET issuer = $1 WHERE serial = $2`, issuer, theirs[3].Serial.Bytes())
			if issuer == "nobody" {
				s.run(3 * time.Minute) // the self-audit finds it in the first CA's book
			}
			if err := take(tokyoCA, theirs[3].Entries()[0].Key, theirs[3]); err != nil {
				t.Fatal(err)
			}
			if issuer == s.signature.id {
				if err := take(ca, theirs[3].Entries()[0].Key, nil); err != nil {
					t.Fatal(err)
				}
			}
			both("a row moved to " + issuer)
		}
	})
}

// TestCAsThatCannotBeMeant: what is set of the CAs has to fit what is there.
func TestCAsThatCannotBeMeant(t *testing.T) {
	s := newSeveral(t, "memory:")
	config := func(change func(*validation.Config)) validation.Config {
		cfg := validation.Config{Config: host.Config{Self: self, StoreURL: "memory:", Clock: s.clk, Rand: rand.Reader, Log: slog.New(slog.DiscardHandler),
			Signer: s.signer(self), Trust: s.trust, Link: s.net.As(self), Peers: []message.Org{ca, tokyoCA}, Secrets: reconciletest.Secrets(self)},
			Keys: s.keys, CAs: []message.Org{ca, tokyoCA}, Portal: "/"}
		change(&cfg)
		return cfg
	}
	if err := s.keys.PutCertificates("ca-14-signature", s.theirs.Certificate()); err != nil {
		t.Fatal(err)
	}
	if err := s.keys.PutCertificates("ca-15-signature", s.authentication.Certificate()); err != nil {
		t.Fatal(err)
	}
	for name, x := range map[string]struct {
		says   string
		change func(*validation.Config)
	}{
		"none":                       {"needs a CA", func(c *validation.Config) { c.CAs = nil }},
		"one twice":                  {"named twice", func(c *validation.Config) { c.CAs = append(c.CAs, tokyoCA) }},
		"a peer that is not known":   {"ca-13 is a peer", func(c *validation.Config) { c.CAs = c.CAs[:1] }},
		"one with whom nobody talks": {"ca-13 is no peer", func(c *validation.Config) { c.Peers = c.Peers[:1] }},
		"no certificate":             {"ca-16-signature", func(c *validation.Config) { c.CAs, c.Peers = append(c.CAs, "ca-16"), append(c.Peers, "ca-16") }},
		"another's certificate":      {"of ca-13", func(c *validation.Config) { c.CAs, c.Peers = append(c.CAs, "ca-14"), append(c.Peers, "ca-14") }},
		"of the other kind":          {"of another CA", func(c *validation.Config) { c.CAs, c.Peers = append(c.CAs, "ca-15"), append(c.Peers, "ca-15") }},
	} {
		if o, err := validation.New(t.Context(), config(x.change)); err == nil || !strings.Contains(err.Error(), x.says) {
			if err == nil {
				o.Close()
			}
			t.Errorf("%s: %v, want %q", name, err, x.says)
		}
	}
}
