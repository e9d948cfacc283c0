package org_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/keys"
	"github.com/akashi-id/akashi/internal/org/ca"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const theValidation = message.Org("validation")

// publicly is the public address: what the validation authority answers, without a network.
type publicly struct{ to http.Handler }

func (p publicly) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	p.to.ServeHTTP(w, r)
	return w.Result(), nil
}

// device is the CA's key for signature certificates, which somebody may take away.
type device struct {
	crypto.Signer
	away bool
}

func (d *device) Sign(random io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if d.away {
		return nil, errors.New("CKR_DEVICE_REMOVED")
	}
	return d.Signer.Sign(random, digest, opts)
}

// TestProbedFromOutside: the real CA and the real validation authority, probed by the real prefecture for half a day. Everything is available,
// before and after a certificate is issued and revoked. When the CA's device is away for ten minutes, that is the outage of issuance for
// the one profile, and of nothing else; when the validation authority hears nothing of the CA, it stops to answer, and that is seen.
func TestProbedFromOutside(t *testing.T) {
	clk, net := clock.NewVirtual(start), new(exchange.Memory)
	root, err := pki.NewInfrastructureCA(rand.Reader, start)
	check(t, err)
	trust, err := pki.NewTrust(root.Certificate())
	check(t, err)
	config := func(self message.Org, peers ...message.Org) host.Config {
		signer, err := root.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
		check(t, err)
		return host.Config{Self: self, Name: plain.Sentence{JA: "試験", EN: "Test"}, StoreURL: "memory:", Clock: clk, Rand: rand.Reader, Signer: signer, Trust: trust,
			Link: net.As(self), Peers: peers, Secrets: reconciletest.Secrets(self), Closes: func(message.Org) bool { return false }}
	}
	sessions := func(self message.Org) *access.Sessions {
		s, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: "/" + string(self), Clock: clk, Key: make([]byte, 32), Personas: access.Personas()})
		check(t, err)
		return s
	}
	caKeys, vKeys := keys.Dir(t.TempDir()), keys.Dir(t.TempDir())
	ders, err := ca.Found(rand.Reader, start, caKeys, cert.P256SHA256)
	check(t, err)
	out := prefecture.Outside{CA: theCA, OCSP: "http://outside/validation/ocsp", Lists: "http://outside/validation/crl"}
	for i, p := range cert.Profiles {
		check(t, vKeys.PutCertificates("ca-"+p.String(), ders[i]))
		c, err := x509.ParseCertificate(ders[i])
		check(t, err)
		out.Roots = append(out.Roots, probe.Root{Profile: p, Certificate: c})
	}
	key := &device{}
	a, err := ca.New(t.Context(), ca.Config{Config: config(theCA, matsumoto, center, theValidation, nagano), Keys: caKeys, OCSPURL: out.OCSP, Validation: theValidation, NationalCenter: center,
		Sessions: sessions(theCA), Portal: "/", Signer: func(name string, _ crypto.PublicKey) (crypto.Signer, error) {
			s, err := caKeys.Signer(name)
			if err != nil || name != "ca-signature" {
				return s, err
			}
			key.Signer = s
			return key, nil
		}})
	check(t, err)
	t.Cleanup(func() { a.Close() })
	v, err := validation.New(t.Context(), validation.Config{Config: config(theValidation, theCA), Keys: vKeys, CAs: []message.Org{theCA}, Open: true, Bound: time.Hour, Sessions: sessions(theValidation), Portal: "/"})
	check(t, err)
	t.Cleanup(func() { v.Close() })
	out.Transport = publicly{v.Handler()}
	p, err := prefecture.New(t.Context(), prefecture.Config{Config: config(nagano, matsumoto, theCA), Sessions: sessions(nagano), Outside: out})
	check(t, err)
	t.Cleanup(func() { p.Close() })
	net.Join(theCA, a.Exchange)
	net.Join(theValidation, v.Exchange)
	net.Join(nagano, p.Exchange)
	peers := map[message.Org]*exchange.Exchange{}
	stores := map[message.Org]*sqlstore.Store{}
	var issued []message.CertIssued
	var tasks []clock.Task
	for _, o := range []message.Org{matsumoto, center} {
		c := config(o, theCA)
		store, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clk}, exchange.Schema())
		check(t, err)
		t.Cleanup(func() { store.Close() })
		same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
		x, err := exchange.New(t.Context(), exchange.Config{Self: o, Store: store, Clock: clk, Rand: rand.Reader, Signer: c.Signer, Trust: trust, Link: c.Link, Peers: c.Peers, Routes: []exchange.Route{
			exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CertIssued) ([]message.Out, error) {
				tx.OnCommit(func() { issued = append(issued, n) })
				return nil, nil
			}),
			exchange.On(same, func(context.Context, *sqlstore.Tx, exchange.Delivery, message.CertIssuance) ([]message.Out, error) {
				return nil, nil
			})}})
		check(t, err)
		net.Join(o, x)
		peers[o], stores[o], tasks = x, store, append(tasks, x.Tasks()...)
	}
	probes := p.Tasks()[len(p.Host.Tasks()):]
	caTasks := slices.Concat(a.Exchange.Tasks(), a.Due.Tasks(), a.Books.Tasks())
	others := slices.Concat(tasks, probes, p.Exchange.Tasks(), v.Exchange.Tasks(), v.Due.Tasks(), v.Books.Tasks(), v.Serving())
	drive := func(d time.Duration, tasks ...clock.Task) {
		t.Helper()
		check(t, clock.Drive(t.Context(), clk, tasks, clk.Now().Add(d)))
	}
	all := slices.Concat(caTasks, others)
	send := func(from message.Org, body message.Payload) {
		t.Helper()
		check(t, stores[from].Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := peers[from].Send(ctx, tx, []message.Out{{To: theCA, Body: body}}, "t-probed")
			return err
		}))
	}
	lines := func() map[string]prefecture.AvailabilityLine {
		t.Helper()
		r, err := p.AvailabilityLines(t.Context(), probe.MonthOf(clk.Now()))
		check(t, err)
		m := map[string]prefecture.AvailabilityLine{}
		for _, l := range r.Targets {
			m[l.Target] = l
		}
		return m
	}
	available := func(when string, allowed map[string]int64) {
		t.Helper()
		for target, l := range lines() {
			if l.Failed != allowed[target] || l.OK == 0 {
				t.Errorf("%s, %s: %+v", when, target, l)
			}
		}
	}
	drive(20*time.Minute, all...)
	before := lines()
	for _, target := range []string{"issuance/signature", "issuance/authentication", "ocsp/signature", "ocsp/authentication"} {
		if l := before[target]; l.OK != 19 || l.Failed != 0 {
			t.Errorf("%s: %+v", target, l)
		}
	}
	if l := before["crl/signature"]; l.OK+l.Failed != 0 { // nobody has applied yet
		t.Errorf("%+v", l)
	}
	for i, profile := range cert.Profiles {
		public, err := pki.GenerateKey(rand.Reader, cert.Next.Algorithm())
		check(t, err)
		spki, err := x509.MarshalPKIXPublicKey(public.Public())
		check(t, err)
		send(matsumoto, message.CertRequest{Request: profile.String(), Profile: profile, Window: "20202A001", PublicKey: spki, Holder: holder(t, uint64(i))})
	}
	drive(20*time.Minute, all...)
	if len(issued) != 2 {
		t.Fatalf("%d certificates were issued", len(issued))
	}
	available("issued", nil)
	for _, c := range issued {
		send(center, message.CertRevocation{Code: c.Code, Serial: c.Serial, Profile: c.Profile, Version: c.Version + 1, Reason: cert.AffiliationChanged,
			Since: resident.DateOf(start), Why: resident.MoveWithin})
	}
	drive(30*time.Minute, all...)
	available("revoked", nil)
	for target, l := range lines() {
		if l.OK < 35 {
			t.Errorf("%s: %+v", target, l)
		}
	}

	key.away = true
	drive(10*time.Minute, all...)
	key.away = false
	drive(10*time.Minute, all...)
	down := map[string]int64{"issuance/signature": lines()["issuance/signature"].Failed}
	if n := down["issuance/signature"]; n < 9 || n > 11 {
		t.Errorf("issuance failed in %d minutes", n)
	}
	available("the device was away", down)

	was := lines()
	drive(2*time.Hour, others...) // the CA stands still, and for an hour the validation authority may rest on its last word
	is := lines()
	if n := is["issuance/authentication"].Failed; n < 118 {
		t.Errorf("without a CA issuance failed in %d minutes", n)
	}
	if was, is := was["ocsp/signature"], is["ocsp/signature"]; is.Failed-was.Failed < 50 || is.Failed-was.Failed > 65 {
		t.Errorf("without a CA the status service failed in %d minutes", is.Failed-was.Failed)
	}
}

func holder(t *testing.T, code uint64) resident.IdentificationInfo {
	t.Helper()
	name, err := resident.ParseName("name", "松本　花子")
	check(t, err)
	birth, err := resident.ParsePartialDate("birth", "1980-05-01")
	check(t, err)
	address, err := resident.ParseAddress("address", "長野県松本市丸の内3番7号")
	check(t, err)
	municipality, err := resident.ParseMunicipalityCode("municipality", matsumoto.Code())
	check(t, err)
	return resident.IdentificationInfo{Code: resident.RecordCodeOf(1000 + code), Municipality: municipality, Version: 1,
		BasicFour: resident.BasicFour{Name: name, Birth: birth, Sex: resident.Female, Address: address},
		Change:    resident.ChangeInfo{Reason: resident.MoveIn, Arose: resident.MustDate(2020, 4, 1)}}
}
