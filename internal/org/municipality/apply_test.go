package municipality

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/subjectkey/subjectkeytest"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func (c *country) application(request string) store.Application {
	c.t.Helper()
	var a store.Application
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		a, _, err = tx.Application(ctx, request)
		return err
	})
	return a
}

func (c *country) apply(who PersonID, p cert.Profile, key []byte) Applied {
	c.t.Helper()
	a, err := c.o.Apply(as(c.t, "clerk-aoki"), Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: who, Base: c.now(who).Number, Profile: p, PublicKey: key})
	if err != nil {
		c.t.Fatal(err)
	}
	c.run(time.Second)
	return a
}

func publicPEM(t testing.TB, key any) []byte {
	t.Helper()
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// broughtKey is a key that a holder brings, made once for all tests.
var broughtKey = func() *ecdsa.PrivateKey { return ok(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)) }()

// TestCertificate: a key made at the counter is certified, given out once, and forgotten in time.
func TestCertificate(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		who := c.register(movedIn())
		applied := c.apply(who.Person, cert.Signature, nil)
		if n := c.certRequests[0]; n.Window != "20202001A" || n.Holder != c.now(who.Person).Identification() || n.Profile != cert.Signature {
			t.Errorf("the CA was asked by window %s for %s", n.Window, n.Profile)
		}
		a := c.application(applied.Request)
		if a.State != store.Issued || a.Version != 1 || !a.MadeHere || a.Trace != applied.Trace {
			t.Fatalf("the application is %s, version %d", a.State, a.Version)
		}
		crt, err := x509.ParseCertificate(a.Certificate)
		if err != nil {
			t.Fatal(err)
		}
		text, err := c.o.HolderKey(as(t, "clerk-aoki"), applied.Request)
		if err != nil {
			t.Fatal(err)
		}
		key, err := pki.DecodeKey(text)
		if err != nil {
			t.Fatal(err)
		}
		public, isRSA := key.Public().(*rsa.PublicKey)
		if !isRSA || public.N.BitLen() != 2048 || !public.Equal(crt.PublicKey) {
			t.Error("the key handed over is not the one certified, or no RSA-2048 key")
		}
		if _, err := c.o.HolderKey(as(t, "clerk-aoki"), applied.Request); !slices.Equal(fieldsOf(t, err), []string{"key"}) {
			t.Errorf("handed over twice: %v", err)
		}
		var stored int64
		c.view(func(ctx context.Context, tx *store.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM application WHERE made_here = TRUE`).Scan(&stored)
		})
		if stored != 1 {
			t.Errorf("%d applications with a key made here", stored)
		}
	})
}

func TestKeyIsForgotten(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	applied := c.apply(who.Person, cert.Signature, nil)
	if until := c.o.shelf.until(applied.Request); !until.Equal(c.clk.Now().Add(keyLife - time.Second)) {
		t.Errorf("waits until %s", until)
	}
	c.run(keyLife)
	c.o.shelf.mu.Lock()
	left := len(c.o.shelf.keys)
	c.o.shelf.mu.Unlock()
	if left != 0 {
		t.Errorf("%d keys in memory", left)
	}
	if _, err := c.o.HolderKey(as(t, "clerk-aoki"), applied.Request); err == nil {
		t.Error("handed over after its time")
	}
}

// TestKeyOfARefusedApplication: nobody leaves the counter with a key for which there is no certificate.
func TestKeyOfARefusedApplication(t *testing.T) {
	c := newCountry(t, "memory:")
	c.decline = &plain.Sentence{JA: "有効な電子証明書があります。", EN: "There is a valid certificate."}
	applied := c.apply(c.register(movedIn()).Person, cert.Signature, nil)
	if a := c.application(applied.Request); a.State != store.Refused {
		t.Fatalf("the application is %s", a.State)
	}
	if key, err := c.o.HolderKey(as(t, "clerk-aoki"), applied.Request); key != nil || !slices.Equal(fieldsOf(t, err), []string{"key"}) || !strings.Contains(err.Error(), "この秘密鍵に対応する電子証明書はないので、渡さないでください") {
		t.Errorf("handed over: %v", err)
	}
	if _, err := c.o.HolderCertificate(as(t, "clerk-aoki"), applied.Request); !slices.Equal(fieldsOf(t, err), []string{"request"}) || !strings.Contains(err.Error(), "この申請の電子証明書は、発行されていません") {
		t.Errorf("a certificate that was not issued: %v", err)
	}
	if _, err := c.o.Revoke(as(t, "clerk-aoki"), Revocation{Request: applied.Request, Ground: cert.Lost}); !slices.Equal(fieldsOf(t, err), []string{"request"}) || !strings.Contains(err.Error(), "失効させる電子証明書がありません") {
		t.Errorf("revoked: %v", err)
	}
}

// There is one copy of the key: a hand-over that could not be recorded has not taken place.
func TestKeyThatCouldNotBeRecordedStays(t *testing.T) {
	c := newCountry(t, "memory:")
	applied := c.apply(c.register(movedIn()).Person, cert.Signature, nil)
	gone, leave := context.WithCancel(as(t, "clerk-aoki"))
	leave()
	if key, err := c.o.HolderKey(gone, applied.Request); err == nil || key != nil {
		t.Fatalf("handed over to somebody who had left: %v", err)
	}
	if key, err := c.o.HolderKey(as(t, "clerk-aoki"), applied.Request); err != nil || len(key) == 0 {
		t.Errorf("the key is lost: %v", err)
	}
}

// A certificate for signatures says who somebody is.
func TestTakingACertificateIsALook(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	applied := c.apply(who.Person, cert.Signature, nil)
	code := c.now(who.Person).Record.Code
	before := len(c.audited(code))
	der, err := c.o.HolderCertificate(as(t, "clerk-aoki"), applied.Request)
	if err != nil || !bytes.Equal(der, c.application(applied.Request).Certificate) {
		t.Fatalf("%d octets, %v", len(der), err)
	}
	if acts := c.audited(code); len(acts) != before+1 || acts[0] != "clerk-aoki look" {
		t.Errorf("the audit log says %q", acts)
	}
	if _, err := c.o.HolderCertificate(as(t, "operator-ueda"), applied.Request); err == nil {
		t.Error("an operator took it")
	}
	_, err = c.o.HolderCertificate(as(t, "clerk-aoki"), "nothing")
	fieldsOf(t, err)
}

// TestStanding: what the counter knows of a certificate follows what was filed.
func TestStanding(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	key := publicPEM(t, broughtKey.Public())
	signature, authentication := c.apply(who.Person, cert.Signature, key), c.apply(who.Person, cert.Authentication, key)
	stands := func(want ...Standing) {
		t.Helper()
		var got []Standing
		for _, a := range []Applied{signature, authentication} {
			got = append(got, standing(c.application(a.Request), c.versions(who.Person), c.clk.Now()))
		}
		if !slices.Equal(got, want) {
			t.Errorf("signature and authentication are %v, want %v", got, want)
		}
	}
	file := func(change Change) {
		t.Helper()
		if _, err := c.o.File(as(t, "clerk-aoki"), change); err != nil {
			t.Fatal(err)
		}
	}
	stands(StandsAlive, StandsAlive)
	file(MinorAmendment{Filing: c.filing(who.Person, "rule-21-2-2"), Name: name("高𠮷 葛子")})
	stands(StandsAlive, StandsAlive)
	file(MoveWithin{Filing: c.filing(who.Person, "law-23"), Address: address("長野県松本市大手1番")})
	stands(StandsChanged, StandsAlive)
	file(Death{c.filing(who.Person, "family-86")})
	stands(StandsChanged, StandsChanged)
	other := c.register(movedIn())
	third := c.apply(other.Person, cert.Authentication, key)
	if _, err := c.o.Revoke(as(t, "clerk-aoki"), Revocation{third.Request, cert.Exposed}); err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	a := c.application(third.Request)
	if s := standing(a, c.versions(other.Person), c.clk.Now()); s != StandsRevoked {
		t.Errorf("stands %s", s)
	}
	if len(c.revokes) != 1 || c.revokes[0].Serial != a.Serial || c.revokes[0].Reason != cert.KeyCompromise || c.revokes[0].Version != 1 {
		t.Errorf("the CA was told %+v", c.revokes)
	}
	fourth := c.application(c.apply(other.Person, cert.Signature, key).Request)
	if s := standing(fourth, nil, fourth.NotAfter); s != StandsExpired {
		t.Errorf("stands %s at its end", s)
	}
	for _, r := range []Revocation{{third.Request, cert.Exposed}, {"nothing", cert.Exposed}, {fourth.Request, cert.CAExposed}, {fourth.Request, cert.Changed}, {fourth.Request, ""}} {
		_, err := c.o.Revoke(as(t, "clerk-aoki"), r)
		fieldsOf(t, err)
	}
}

func TestRefusedByTheCA(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	c.decline = &plain.Sentence{JA: "有効な電子証明書があります。", EN: "There is a valid certificate."}
	applied := c.apply(who.Person, cert.Signature, publicPEM(t, broughtKey.Public()))
	a := c.application(applied.Request)
	if a.State != store.Refused || a.Reason != *c.decline || a.Why != "valid-certificate-exists" || applied.KeyHere {
		t.Errorf("the application is %s: %s", a.State, a.Reason)
	}
	if s := standing(a, nil, c.clk.Now()); s != StandsRefused {
		t.Errorf("stands %s", s)
	}
	c.decline = nil
	if a := c.application(c.apply(who.Person, cert.Signature, publicPEM(t, broughtKey.Public())).Request); a.State != store.Issued {
		t.Errorf("applied again: %s", a.State)
	}
}

func TestRefusedApplications(t *testing.T) {
	c := newCountry(t, "memory:")
	mother := c.register(movedIn())
	child := c.register(born(c.now(mother.Person).Record.Household))
	good := publicPEM(t, broughtKey.Public())
	c.silent = true
	c.apply(mother.Person, cert.Authentication, good)
	before := c.footprint()
	for _, test := range []struct {
		name  string
		a     Application
		field string
		says  string
	}{
		{"no profile", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: mother.Person, Base: 1, PublicKey: good}, "profile", "電子証明書の種類を選んでください"},
		{"under fifteen", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: child.Person, Base: 1, Profile: cert.Signature, PublicKey: good}, "profile", "署名用電子証明書は、15歳未満の方には発行できません"},
		{"under fifteen, alone", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: child.Person, Base: 1, Profile: cert.Authentication, PublicKey: good}, "representative", "15歳未満の方の電子証明書は、法定代理人が申請します"},
		{"one that waits", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: mother.Person, Base: 1, Profile: cert.Authentication, PublicKey: good}, "profile", "同じ種類の申請の結果を、認証局から待っています"},
		{"an older version", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: mother.Person, Profile: cert.Signature, PublicKey: good}, "base", "画面を開いた後に"},
		{"nobody", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: 1, Base: 1, Profile: cert.Signature, PublicKey: good}, "person", "登録されていません"},
		{"an unfit key", Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: mother.Person, Base: 1, Profile: cert.Signature, PublicKey: []byte("x")}, "public_key", "PEM"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := c.o.Apply(as(t, "clerk-aoki"), test.a)
			if got := fieldsOf(t, err); !slices.Equal(got, []string{test.field}) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v: %v", got, err)
			}
			if after := c.footprint(); after != before {
				t.Errorf("something was written: %s, before %s", after, before)
			}
		})
	}
	a, err := c.o.Apply(as(t, "clerk-aoki"), Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: child.Person, Base: 1, Profile: cert.Authentication, PublicKey: good, Representative: true})
	if err != nil || a.Request == "" {
		t.Errorf("a child gets no authentication certificate: %v", err)
	}
}

// TestKeys covers what holders paste.
func TestKeys(t *testing.T) {
	block := func(kind string, der []byte, err error) []byte {
		if err != nil {
			t.Fatal(err)
		}
		return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
	}
	small := ok(rsa.GenerateKey(rand.Reader, 1024))
	fit := ok(rsa.GenerateKey(rand.Reader, 2048))
	curve := ok(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	csr, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, broughtKey)
	request := block("CERTIFICATE REQUEST", csr, err)
	broken := slices.Clone(csr)
	broken[len(broken)-1] ^= 1
	private, err := pki.EncodeKey(broughtKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name string
		text []byte
		says string // empty: taken
	}{
		{"a public key", publicPEM(t, broughtKey.Public()), ""},
		{"an RSA key", publicPEM(t, fit.Public()), ""},
		{"an RSA key in its own form", block("RSA PUBLIC KEY", x509.MarshalPKCS1PublicKey(&fit.PublicKey), nil), ""},
		{"a signing request", request, ""},
		{"a signing request among blanks", append([]byte("\r\n \n"), append(request, "\n\n"...)...), ""},
		{"text", []byte("ssh-rsa AAAA"), "公開鍵として読めません。「-----BEGIN PUBLIC KEY-----」"},
		{"two of them", slices.Concat(request, request), "公開鍵の後ろに余分な内容があります"},
		{"a private key", private, "秘密鍵はだれにも"},
		{"a certificate", block("CERTIFICATE", csr, nil), "公開鍵でも署名要求でもない"},
		{"a damaged key", block("PUBLIC KEY", []byte{0x30, 0}, nil), "公開鍵（SubjectPublicKeyInfo）として読めません"},
		{"half a key", block("PUBLIC KEY", []byte{0x30, 0x80}, nil), "不定長"},
		{"a damaged RSA key", block("RSA PUBLIC KEY", []byte{0x30, 0x80}, nil), "不定長"},
		{"a damaged request", block("CERTIFICATE REQUEST", csr[:len(csr)-1], nil), "途中で終わっています"},
		{"a faulty chip's key", block("PUBLIC KEY", subjectkeytest.ROCA().SPKI(), nil), "CVE-2017-15361"},
		{"a request signed by another key", block("CERTIFICATE REQUEST", broken, nil), "署名が正しくありません"},
		{"a short RSA key", publicPEM(t, small.Public()), "1024"},
		{"another curve", publicPEM(t, curve.Public()), "P-384"},
	} {
		t.Run(test.name, func(t *testing.T) {
			spki, err := readPublicKey(test.text)
			if test.says == "" {
				if err != nil || len(spki) == 0 {
					t.Error(err)
				}
				return
			}
			if got := fieldsOf(t, err); !slices.Equal(got, []string{fieldKey}) || !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v: %v", got, err)
			}
			if len(spki) > 0 {
				t.Error("a key comes with its refusal")
			}
			if strings.Contains(err.Error(), "AAAA") {
				t.Error("the refusal quotes the input")
			}
		})
	}
}

// TestForeignCertificate: an answer that does not belong to the application is refused, and parks at the CA.
func TestForeignCertificate(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	c.silent = true
	applied := c.apply(who.Person, cert.Signature, publicPEM(t, broughtKey.Public()))
	asked := c.certRequests[0]
	good, err := c.issue(asked, asked.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	other := ok(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	otherDER := ok(x509.MarshalPKIXPublicKey(other.Public()))
	wrongKey, err := c.issue(asked, otherDER)
	if err != nil {
		t.Fatal(err)
	}
	receive := func(n message.CertIssued) error {
		return c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := c.o.onCertIssued(ctx, c.o.in(tx), exchange.Delivery{ID: message.ID{Sender: "ca"}}, n)
			return err
		})
	}
	for name, change := range map[string]func(message.CertIssued) message.CertIssued{
		"unknown-request":    func(n message.CertIssued) message.CertIssued { n.Request = "202029-0"; return n },
		"malformed":          func(n message.CertIssued) message.CertIssued { n.Certificate = []byte{1}; return n },
		"not-what-was-asked": func(message.CertIssued) message.CertIssued { return wrongKey },
	} {
		if err := receive(change(good)); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for name, change := range map[string]func(*message.CertIssued){
		"another holder":  func(n *message.CertIssued) { n.Code = resident.RecordCodeOf(1) },
		"another profile": func(n *message.CertIssued) { n.Profile = cert.Authentication },
		"another serial":  func(n *message.CertIssued) { n.Serial = ok(cert.NewSerial(rand.Reader)) },
	} {
		n := good
		change(&n)
		if err := receive(n); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if a := c.application(applied.Request); a.State != store.Requested {
		t.Fatalf("the application is %s", a.State)
	}
	for range 2 { // once and again
		if err := receive(good); err != nil {
			t.Fatal(err)
		}
	}
	second, err := c.issue(asked, asked.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	if err := receive(second); err == nil || !strings.Contains(err.Error(), "already-answered") {
		t.Errorf("a second certificate: %v", err)
	}
}

// TestCAIsNotToldTheIndividualNumber holds what leaves for the CA to what a certificate needs.
func TestCAIsNotToldTheIndividualNumber(t *testing.T) {
	number, err := resident.ParseIndividualNumber("number", "983205673214")
	if err != nil {
		t.Fatal(err)
	}
	v := store.Version{Record: resident.Record{Number: number}}
	if !v.Identification().Number.Valid() {
		t.Fatal("the test's record has no number")
	}
	if applicantOf(v).Number.Valid() {
		t.Error("the 個人番号 leaves for the CA")
	}
}
