package org_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/errorreport"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	adachi   = message.Org("municipality-131211")
	tokyo    = message.Org("prefecture-13")
	tokyosCA = message.Org("ca-13")
)

// offices are 足立区 and 松本市, their prefectures and the national center, all real, with CAs that do by script what a CA does.
type offices struct {
	*testing.T
	clk   *clock.Virtual
	net   *exchange.Memory
	drive *clock.Driver
	at    map[message.Org]*municipality.Municipality
	hosts map[message.Org]*host.Host
	errs  map[message.Org]*errorreport.Desk
	tasks []clock.Task
	x     map[message.Org]*exchange.Exchange
	cas   map[message.Org]*authority
	clerk context.Context
	key   []byte // a holder's, PEM
}

// authority knows a holder by the code that it was told, and answers for what it has issued.
type authority struct {
	self   message.Org
	clk    clock.Clock
	key    *ecdsa.PrivateKey
	deaf   bool // refuses what a counter reports
	issued []*given
}

type given struct {
	message.CertIssuance
	request string
	ended   cert.RevocationReason
	by      message.Org
}

// newOffices founds them; serves says which CA issues for 足立区, "ca" for both when it is that.
func newOffices(t *testing.T, serves message.Org) *offices { return newOfficesTrying(t, serves, nil) }

// newOfficesTrying puts other rules in the place of some of an organisation's.
func newOfficesTrying(t *testing.T, serves message.Org, trial func(message.Org, exchange.Route) exchange.Route) *offices {
	infra, err := pki.NewInfrastructureCA(rand.Reader, start)
	check(t, err)
	trust, err := pki.NewTrust(infra.Certificate())
	check(t, err)
	v := &offices{T: t, clk: clock.NewVirtual(start), net: new(exchange.Memory), at: map[message.Org]*municipality.Municipality{},
		hosts: map[message.Org]*host.Host{}, errs: map[message.Org]*errorreport.Desk{},
		x: map[message.Org]*exchange.Exchange{}, cas: map[message.Org]*authority{}}
	config := func(self message.Org, peers ...message.Org) host.Config {
		signer, err := infra.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
		check(t, err)
		c := host.Config{Self: self, Name: plain.Sentence{JA: "試験", EN: "Test"}, StoreURL: "memory:", Clock: v.clk, Rand: rand.Reader,
			Signer: signer, Trust: trust, Link: v.net.As(self), Peers: peers, Secrets: reconciletest.Secrets(self)}
		if trial != nil {
			c.Trial = func(r exchange.Route) exchange.Route { return trial(self, r) }
		}
		return c
	}
	var tasks []clock.Task
	add := func(h *host.Host, errs *errorreport.Desk) {
		v.x[h.Self], v.hosts[h.Self], v.errs[h.Self] = h.Exchange, h, errs
		t.Cleanup(func() { h.Close() })
		tasks = slices.Concat(tasks, h.Exchange.Tasks(), h.Due.Tasks())
	}
	for self, ca := range map[message.Org]message.Org{matsumoto: "", adachi: serves} { // "" is "ca"
		v.at[self], err = municipality.New(t.Context(), municipality.Config{CA: ca,
			Config: config(self, map[message.Org]message.Org{matsumoto: nagano, adachi: tokyo}[self], center, theCA, tokyosCA)})
		check(t, err)
		add(v.at[self].Host, v.at[self].Errors)
	}
	for self, below := range map[message.Org]message.Org{nagano: matsumoto, tokyo: adachi} {
		p, err := prefecture.New(t.Context(), prefecture.Config{Config: config(self, below, center)})
		check(t, err)
		add(p.Host, p.Errors)
	}
	n, err := nationalcenter.New(t.Context(), nationalcenter.Config{NumberKey: numberKey, Config: config(center, matsumoto, adachi, nagano, tokyo, theCA, tokyosCA)})
	check(t, err)
	add(n.Host, n.Errors)
	raw := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	for _, self := range []message.Org{theCA, tokyosCA} {
		a := &authority{self: self, clk: v.clk}
		a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		check(t, err)
		store, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: v.clk}, exchange.Schema())
		check(t, err)
		t.Cleanup(func() { store.Close() })
		c := config(self, matsumoto, adachi, center)
		x, err := exchange.New(t.Context(), exchange.Config{Self: self, Store: store, Clock: c.Clock, Rand: c.Rand, Signer: c.Signer, Trust: trust,
			Link: c.Link, Peers: c.Peers, Routes: []exchange.Route{exchange.On(raw, a.issue), exchange.On(raw, a.reported), exchange.On(raw, a.demanded)}})
		check(t, err)
		v.cas[self], v.x[self], tasks = a, x, append(tasks, x.Tasks()...)
	}
	v.join()
	v.tasks = tasks
	v.drive = clock.NewDriver(v.clk, tasks)
	for _, person := range access.Personas() {
		if person.ID == "clerk-aoki" {
			v.clerk = look.With(access.With(t.Context(), person), look.Ground{Purpose: look.Notice, Case: "17"})
		}
	}
	holder, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	check(t, err)
	der, err := x509.MarshalPKIXPublicKey(holder.Public())
	check(t, err)
	v.key = pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	v.run(time.Minute) // codes come from the center
	return v
}

func (v *offices) join() {
	for o, x := range v.x {
		v.net.Join(o, x)
	}
}

func (v *offices) run(d time.Duration) {
	v.Helper()
	check(v, v.drive.Until(v.Context(), v.clk.Now().Add(d)))
}

// issue refuses a second one for the same code, as it knows it.
func (a *authority) issue(_ context.Context, _ *sqlstore.Tx, d exchange.Delivery, n message.CertRequest) ([]message.Out, error) {
	for _, g := range a.issued {
		if g.Code == n.Holder.Code && g.Profile == n.Profile && !g.ended.Valid() && g.request != n.Request {
			return []message.Out{{To: d.Sender, Body: message.CertRefused{Request: n.Request, Profile: n.Profile, Code: n.Holder.Code, Why: "valid-certificate-exists",
				Reason: plain.Sentence{JA: "有効な電子証明書があります。", EN: "There is a valid certificate."}}}}, nil
		}
	}
	public, err := x509.ParsePKIXPublicKey(n.PublicKey)
	if err != nil {
		return nil, err
	}
	serial, err := cert.NewSerial(rand.Reader)
	if err != nil {
		return nil, err
	}
	from := a.clk.Now().Truncate(time.Second)
	g := &given{request: n.Request, CertIssuance: message.CertIssuance{Profile: n.Profile, Code: n.Holder.Code, Serial: serial, Version: n.Holder.Version, NotBefore: from,
		NotAfter: from.AddDate(5, 0, 0), Municipality: n.Holder.Municipality}}
	if n.Profile == cert.Signature {
		g.Name, g.Address = n.Holder.Name, n.Holder.Address
	}
	t := &x509.Certificate{SerialNumber: serial.Int(), Subject: pkix.Name{CommonName: n.Window}, NotBefore: g.NotBefore, NotAfter: g.NotAfter}
	der, err := x509.CreateCertificate(rand.Reader, t, t, public, a.key)
	if err != nil {
		return nil, err
	}
	a.issued = append(slices.DeleteFunc(a.issued, func(g *given) bool { return g.request == n.Request }), g)
	return []message.Out{{To: d.Sender, Body: message.CertIssued{Request: n.Request, Profile: n.Profile, Code: g.Code, Serial: serial, Certificate: der, Version: g.Version}},
		{To: center, Body: g.CertIssuance}}, nil
}

func (a *authority) reported(_ context.Context, _ *sqlstore.Tx, d exchange.Delivery, n message.CertRevoke) ([]message.Out, error) {
	if a.deaf {
		return nil, exchange.Reject("deaf", "受け取れません。", "it cannot be taken")
	}
	for _, g := range a.issued {
		if g.Code == n.Code && g.Profile == n.Profile && (n.Serial.IsZero() || n.Serial == g.Serial) {
			g.end(n.Reason, d.Sender)
		}
	}
	return nil, nil
}

func (a *authority) demanded(_ context.Context, _ *sqlstore.Tx, d exchange.Delivery, n message.CertRevocation) ([]message.Out, error) {
	for _, g := range a.issued {
		if g.Serial == n.Serial || n.Serial.IsZero() && g.Code == n.Code && g.Profile == n.Profile && g.Version < n.Version {
			g.end(n.Reason, d.Sender)
		}
	}
	return nil, nil
}

func (g *given) end(reason cert.RevocationReason, by message.Org) {
	if !g.ended.Valid() {
		g.ended, g.by = reason, by
	}
}

// somebody is a resident as the office knows them where they live now.
type somebody struct {
	*offices
	n       int
	home    message.Org
	person  municipality.PersonID
	version resident.Version
	code    resident.RecordCode
}

var addresses = map[message.Org]string{matsumoto: "長野県松本市丸の内%d番", adachi: "東京都足立区中央本町%d番"}

// resident enters the register of 足立区 from abroad.
func (v *offices) resident(n int) *somebody {
	v.Helper()
	p := &somebody{offices: v, n: n, home: adachi}
	p.register(resident.MunicipalityCode{})
	return p
}

func (p *somebody) register(from resident.MunicipalityCode) {
	p.Helper()
	r := municipality.Registration{Reason: resident.MoveIn, Basis: "law-22", Another: true, From: from, Record: resident.Record{
		BasicFour: resident.BasicFour{Name: parsed("松本　花子", resident.ParseName), Birth: parsed(fmt.Sprintf("1992-02-%02d", p.n), resident.ParsePartialDate),
			Sex: resident.Female, Address: parsed(fmt.Sprintf(addresses[p.home], p.n), resident.ParseAddress)},
		Relation: resident.Head, BecameResident: resident.DateOf(p.clk.Now())}}
	if from.Valid() {
		r.Prior, r.Record.Code = p.version, p.code
	}
	f, err := p.at[p.home].Register(p.clerk, r)
	check(p, err)
	p.person = f.Person
	p.look()
}

func (p *somebody) look() {
	p.Helper()
	d, err := p.at[p.home].Look(p.clerk, p.person, "test")
	check(p, err)
	p.version, p.code = d.Now.Number, d.Now.Record.Code
}

func (p *somebody) file(basis string, change func(municipality.Filing) municipality.Change) {
	p.Helper()
	_, err := p.at[p.home].File(p.clerk, change(municipality.Filing{Person: p.person, Base: p.version, Arose: resident.DateOf(p.clk.Now()), Basis: basis}))
	check(p, err)
	p.look()
}

func (p *somebody) recode() {
	p.Helper()
	p.file("law-30-3", func(f municipality.Filing) municipality.Change { return municipality.Recode{Filing: f} })
}

// move goes to the other office with the certificate of moving out: the code of today, and none of before.
func (p *somebody) move() {
	p.Helper()
	to := map[message.Org]message.Org{adachi: matsumoto, matsumoto: adachi}[p.home]
	p.file("law-24", func(f municipality.Filing) municipality.Change {
		return municipality.MoveOut{Filing: f, To: parsed(fmt.Sprintf(addresses[to], p.n), resident.ParseAddress)}
	})
	p.run(time.Minute)
	from := p.at[p.home].Code()
	p.home = to
	p.register(from)
	p.run(time.Minute)
}

// apply gets a certificate of the kind at the office, and gives it as the CA has it; nil when none was issued.
func (p *somebody) apply(profile cert.Profile) *given {
	p.Helper()
	a, err := p.at[p.home].Apply(p.clerk, municipality.Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: p.person, Base: p.version, Profile: profile, PublicKey: p.key})
	check(p, err)
	p.run(time.Minute)
	for _, ca := range p.cas {
		for _, g := range ca.issued {
			if g.request == a.Request {
				return g
			}
		}
	}
	return nil
}

func (p *somebody) reportLoss() {
	p.Helper()
	_, err := p.at[p.home].ReportLoss(p.clerk, municipality.Report{Person: p.person, Ground: cert.Lost})
	check(p, err)
	p.run(time.Minute)
}
