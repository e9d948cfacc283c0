package ca_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestIssue(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		holder := person(t, 1, 3)
		c.send(matsumoto, request(t, "r1", cert.Signature, holder), request(t, "r2", cert.Authentication, holder))
		c.run(time.Minute)

		issued := received[message.CertIssued](c, matsumoto)
		notices := received[message.CertIssuance](c, center)
		statuses := received[message.CertStatus](c, validation)
		if len(issued) != 2 || len(notices) != 2 || len(statuses) != 2 || len(received[message.CertRefused](c, matsumoto)) != 0 {
			t.Fatalf("%d issued, %d notices, %d statuses; %v parked", len(issued), len(notices), len(statuses), c.stuck())
		}
		for i, p := range []cert.Profile{cert.Signature, cert.Authentication} {
			x := must[*x509.Certificate](t)(x509.ParseCertificate(issued[i].Certificate))
			root := must[[][]byte](t)(c.keys.Certificates("ca-" + p.String()))
			if err := x.CheckSignatureFrom(must[*x509.Certificate](t)(x509.ParseCertificate(root[0]))); err != nil {
				t.Error(err)
			}
			if issued[i].Request != []string{"r1", "r2"}[i] || issued[i].Version != 3 || issued[i].Profile != p {
				t.Errorf("issued %+v", issued[i])
			}
			if !x.NotAfter.Equal(time.Date(2031, 2, 17, 23, 59, 59, 0, cert.JST)) || !x.NotBefore.Equal(start) {
				t.Errorf("%s from %s to %s", p, x.NotBefore, x.NotAfter)
			}
			if len(x.OCSPServer) != 1 || x.OCSPServer[0] != "http://127.0.0.1:8600/validation/ocsp" {
				t.Errorf("OCSP at %v", x.OCSPServer)
			}
			n, s := notices[i], statuses[i]
			if n.Serial != issued[i].Serial || n.Version != 3 || n.Code != holder.Code || s.Serial != n.Serial || s.Revoked || !s.NotAfter.Equal(x.NotAfter) {
				t.Errorf("notice %+v, status %+v", n, s)
			}
			if p == cert.Signature && (n.Name != holder.Name || n.Address != holder.Address) || p == cert.Authentication && (n.Name.Valid() || n.Address.Valid()) {
				t.Errorf("the notice of the %s has the wrong attributes", p)
			}
		}
		x := must[*x509.Certificate](t)(x509.ParseCertificate(issued[0].Certificate))
		if got := x.Subject.Locality; len(got) != 2 || got[0] != "Nagano-ken" || got[1] != "Matsumoto-shi" {
			t.Errorf("L=%v", got)
		}
		if h := must[*cert.Holder](t)(jpki.ReadHolder(x)); h.Name != "高橋　花子" || h.NameSubstitutes != "10000" || h.Address != "長野県松本市丸の内３番７号" {
			t.Error("the holder is certified otherwise")
		}
		// The first lists name nobody, and are there as soon as somebody may ask for them.
		if lists := c.fullLists(); len(lists) != 2 || lists[0].Number != 1 {
			t.Errorf("%d lists", len(lists))
		}
	})
}

func TestRefused(t *testing.T) {
	c := newCountry(t, "memory:")
	spki := func(public crypto.PublicKey) []byte { return must[[]byte](t)(x509.MarshalPKIXPublicKey(public)) }
	weak := must[*rsa.PrivateKey](t)(rsa.GenerateKey(rand.Reader, 1024))
	odd := must[*ecdsa.PrivateKey](t)(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))
	caKey := c.Key(cert.Signature).Public()

	n := uint64(100)
	for _, x := range []struct {
		why    string
		change func(*message.CertRequest)
	}{
		{"key-length", func(r *message.CertRequest) { r.PublicKey = spki(&weak.PublicKey) }},
		{"key-curve", func(r *message.CertRequest) { r.PublicKey = spki(&odd.PublicKey) }},
		{"key-of-a-ca", func(r *message.CertRequest) { r.PublicKey = spki(caKey) }},
		{"der-truncated", func(r *message.CertRequest) { r.PublicKey = []byte("no key") }},
		{"under-15", func(r *message.CertRequest) { r.Holder.Birth = birth(t, "2011-04-02") }},
		{"under-15", func(r *message.CertRequest) { r.Holder.Birth = birth(t, "2011-04-00") }},
		{"under-15", func(r *message.CertRequest) { r.Holder.Birth = birth(t, "2011-00-00") }},
		{"not-your-resident", func(r *message.CertRequest) {
			r.Holder.Municipality = must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))
		}},
		{"not-a-resident", func(r *message.CertRequest) { r.Holder.Change.Reason = resident.Death }},
		{"bad-window", func(r *message.CertRequest) { r.Window = "20202a001" }},
		{"", func(r *message.CertRequest) { r.Holder.Birth = birth(t, "2011-04-01") }},
		{"", func(r *message.CertRequest) { r.Holder.Birth = birth(t, "0000-00-00") }},
		{"", func(r *message.CertRequest) { r.Profile, r.Holder.Birth = cert.Authentication, birth(t, "2025-04-02") }},
	} {
		n++
		r := request(t, "r", cert.Signature, person(t, n, 1))
		r.Request += r.Holder.Code.Reveal()
		x.change(&r)
		before, issued := len(received[message.CertRefused](c, matsumoto)), len(received[message.CertIssued](c, matsumoto))
		c.send(matsumoto, r)
		c.run(time.Second)
		refused := received[message.CertRefused](c, matsumoto)
		switch {
		case x.why == "":
			if len(received[message.CertIssued](c, matsumoto)) != issued+1 {
				t.Errorf("case %d was not issued: %+v", n, refused[before:])
			}
		case len(refused) != before+1 || refused[before].Why != x.why || refused[before].Reason.JA == "" || refused[before].Reason.EN == "":
			t.Errorf("want %s, got %+v", x.why, refused[before:])
		}
	}
	if codes := c.stuck(); len(codes) > 0 {
		t.Errorf("an application was parked: %v", codes)
	}
}

func birth(t testing.TB, s string) resident.PartialDate {
	t.Helper()
	return must[resident.PartialDate](t)(resident.ParsePartialDate("birth", s))
}

// TestOneValidCertificate: in one batch and in two, a person has one certificate of a profile, and a key one certificate.
func TestOneValidCertificate(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		first := request(t, "r1", cert.Signature, person(t, 1, 1))
		again := request(t, "r2", cert.Signature, person(t, 1, 1))
		sameKey := request(t, "r3", cert.Signature, person(t, 2, 1))
		sameKey.PublicKey = first.PublicKey
		c.send(matsumoto, first, again, sameKey)
		c.run(time.Minute)
		c.send(matsumoto, request(t, "r4", cert.Signature, person(t, 1, 1)))
		c.run(time.Minute)
		var why []string
		for _, r := range received[message.CertRefused](c, matsumoto) {
			why = append(why, r.Request+" "+r.Why)
		}
		if len(received[message.CertIssued](c, matsumoto)) != 1 || len(why) != 3 || why[0] != "r2 being-issued" ||
			why[1] != "r3 key-in-use" || why[2] != "r4 valid-certificate-exists" {
			t.Errorf("refused: %v", why)
		}
		// The same application again, as from a counter that was restored: the same answer, and no second certificate.
		c.send(matsumoto, first)
		c.run(time.Minute)
		if got := received[message.CertIssued](c, matsumoto); len(got) != 2 || got[0].Serial != got[1].Serial || len(received[message.CertStatus](c, validation)) != 1 {
			t.Errorf("%d answers", len(got))
		}
		// After the term is over, the next may come, wherever the person lives then.
		c.clk.Set(start.AddDate(6, 0, 0))
		c.renew()
		next := request(t, "r5", cert.Signature, person(t, 1, 2))
		next.Holder.Municipality = must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))
		c.send(iida, next)
		c.run(time.Minute)
		if got := received[message.CertIssued](c, iida); len(got) != 1 {
			t.Errorf("%d certificates after the expiry; refused %+v, parked %v", len(got), received[message.CertRefused](c, iida), c.stuck())
		}
	})
}
