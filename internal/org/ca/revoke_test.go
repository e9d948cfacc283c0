package ca_test

import (
	"crypto/x509"
	"encoding/hex"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// issue has a certificate issued and gives it.
func (c *country) issue(number string, p cert.Profile, holder resident.IdentificationInfo) message.CertIssued {
	c.t.Helper()
	before := len(received[message.CertIssued](c, matsumoto))
	c.send(matsumoto, request(c.t, number, p, holder))
	c.run(time.Second)
	got := received[message.CertIssued](c, matsumoto)
	if len(got) != before+1 {
		c.t.Fatalf("%s was not issued: %+v", number, received[message.CertRefused](c, matsumoto))
	}
	return got[before]
}

func revocation(n message.CertIssued, version resident.Version) message.CertRevocation {
	return message.CertRevocation{Code: n.Code, Serial: n.Serial, Profile: n.Profile, Version: version, Reason: cert.AffiliationChanged,
		Since: resident.MustDate(2026, 4, 1), Why: resident.MoveWithin}
}

func TestRevoke(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		signature := c.issue("r1", cert.Signature, person(t, 1, 1))
		c.issue("r2", cert.Authentication, person(t, 1, 1))
		c.clk.Set(start.Add(time.Hour))
		first := revocation(signature, 2)
		later := first
		later.Reason, later.Why = cert.CessationOfOperation, resident.Death
		c.send(center, first)
		c.run(time.Second)
		c.send(center, later, first) // a second ground, and the same once more
		byHolder := later
		byHolder.Serial = cert.Serial{}
		c.send(center, byHolder)
		c.run(time.Minute)

		var revoked []message.CertStatus
		for _, s := range received[message.CertStatus](c, validation) {
			if s.Revoked {
				revoked = append(revoked, s)
			}
		}
		if len(revoked) != 1 || revoked[0].Serial != signature.Serial || revoked[0].Reason != cert.AffiliationChanged ||
			revoked[0].Why != resident.MoveWithin || !revoked[0].At.Equal(start.Add(time.Hour)) {
			t.Errorf("told: %+v", revoked)
		}
		if codes := c.stuck(); len(codes) > 0 {
			t.Errorf("parked: %v", codes)
		}
		// The holder may have the next one at once.
		c.issue("r3", cert.Signature, person(t, 1, 2))
	})
}

func TestRevocationsThatCannotBe(t *testing.T) {
	c := newCountry(t, "memory:")
	mine := c.issue("r1", cert.Signature, person(t, 1, 1))
	unknown := revocation(mine, 2)
	unknown.Serial = must[cert.Serial](t)(cert.ParseSerial("4711"))
	notMine := message.CertRevoke(revocation(mine, 2))
	notMine.Code = person(t, 2, 1).Code
	c.send(center, unknown)
	c.send(matsumoto, notMine, message.CertRevoke(unknown))
	c.run(time.Second)
	codes := c.stuck()
	if len(codes) != 3 || codes[0] != "unknown-serial" || codes[1] != "not-the-holder" || codes[2] != "unknown-serial" {
		t.Errorf("parked: %v", codes)
	}
	nobody := message.CertRevoke{Code: person(t, 3, 1).Code, Profile: cert.Signature, Version: 1, Reason: cert.KeyCompromise, Since: resident.MustDate(2026, 4, 1)}
	c.send(matsumoto, nobody)
	c.run(time.Second)
	if len(c.stuck()) != 3 {
		t.Error("a holder without a certificate is no fault: it is recorded, and nothing is done")
	}
	own := message.CertRevoke{Code: mine.Code, Profile: cert.Signature, Version: 1, Reason: cert.KeyCompromise, Since: resident.MustDate(2026, 4, 1)}
	c.send(matsumoto, own)
	c.run(time.Second)
	if s := received[message.CertStatus](c, validation); len(s) != 2 || !s[1].Revoked || s[1].Reason != cert.KeyCompromise || s[1].Why != 0 {
		t.Errorf("told: %+v", s)
	}
}

// TestDemandWithoutAChange: another CA's certificate has taken the place of ours, or the holder has reported ours elsewhere. The center's
// reason is what relying parties are told; where the counter's own word came first, that stays.
func TestDemandWithoutAChange(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		demand := func(n message.CertIssued, reason cert.RevocationReason) message.CertRevocation {
			return message.CertRevocation{Code: n.Code, Serial: n.Serial, Profile: n.Profile, Version: 1, Reason: reason, Since: resident.MustDate(2026, 4, 1)}
		}
		replaced, lost, told := c.issue("r1", cert.Authentication, person(t, 1, 1)), c.issue("r2", cert.Signature, person(t, 1, 1)), c.issue("r3", cert.Signature, person(t, 2, 1))
		c.send(matsumoto, message.CertRevoke{Code: told.Code, Profile: cert.Signature, Version: 1, Reason: cert.KeyCompromise, Since: resident.MustDate(2026, 4, 1), At: c.clk.Now()})
		c.run(time.Second)
		c.send(center, demand(replaced, cert.Superseded), demand(lost, cert.KeyCompromise), demand(told, cert.Superseded), demand(lost, cert.KeyCompromise))
		c.run(time.Minute)
		got := map[cert.Serial]cert.RevocationReason{}
		for _, s := range received[message.CertStatus](c, validation) {
			if s.Revoked {
				if _, twice := got[s.Serial]; twice || s.Why.Valid() {
					t.Errorf("told: %+v", s)
				}
				got[s.Serial] = s.Reason
			}
		}
		if want := map[cert.Serial]cert.RevocationReason{replaced.Serial: cert.Superseded, lost.Serial: cert.KeyCompromise, told.Serial: cert.KeyCompromise}; !maps.Equal(got, want) {
			t.Errorf("ended for %v, want %v", got, want)
		}
		for key, v := range c.held(message.Revocations) {
			if v == (message.Hash{}) || c.entries(message.Revocations)[key] != v {
				t.Errorf("the notice %s cannot be read, or is not in the book", key)
			}
		}
		if n := len(c.held(message.Revocations)); n != 3 || len(c.unheeded()) > 0 || len(c.stuck()) > 0 {
			t.Errorf("%d notices, unheeded %v, parked %v", n, c.unheeded(), c.stuck())
		}
	})
}

// TestReportPassedOn by the national center is about what had been issued when the holder reported it, whenever it comes; a counter's own
// word is about all that there is.
func TestReportPassedOn(t *testing.T) {
	c := newCountry(t, "memory:")
	lost := c.issue("r1", cert.Authentication, person(t, 1, 1))
	report := message.CertRevoke{Code: lost.Code, Profile: cert.Authentication, Version: 1, Reason: cert.KeyCompromise, Since: resident.MustDate(2026, 4, 1),
		At: c.clk.Now()}
	c.clk.Set(start.Add(time.Hour))
	ended := func(want ...message.CertIssued) {
		t.Helper()
		var got, serials []cert.Serial
		for _, s := range received[message.CertStatus](c, validation) {
			if s.Revoked {
				got = append(got, s.Serial)
			}
		}
		for _, n := range want {
			serials = append(serials, n.Serial)
		}
		if !slices.Equal(got, serials) {
			t.Errorf("ended are %v, want %v", got, serials)
		}
	}
	c.send(center, report)
	c.run(time.Second)
	ended(lost)
	next := c.issue("r2", cert.Authentication, person(t, 1, 1))
	c.send(center, report)
	c.run(time.Second)
	ended(lost)
	c.send(matsumoto, report)
	c.run(time.Second)
	ended(lost, next)
	if codes := c.stuck(); len(codes) > 0 {
		t.Errorf("parked: %v", codes)
	}
}

// TestNoticeByHolder: the notice names no serial. In whatever order it, the application and the signature come, no
// certificate for the older version stays valid, and one for the newer version does.
func TestNoticeByHolder(t *testing.T) {
	for _, order := range []string{"application, signed, notice", "application, notice, signed", "notice, application"} {
		t.Run(order, func(t *testing.T) {
			c := newCountry(t, "memory:")
			old := request(t, "r1", cert.Signature, person(t, 1, 4))
			notice := message.CertRevocation{Code: old.Holder.Code, Profile: cert.Signature, Version: 5, Reason: cert.AffiliationChanged,
				Since: resident.MustDate(2026, 4, 1), Why: resident.MoveWithin}
			switch order {
			case "application, signed, notice":
				c.send(matsumoto, old)
				c.run(time.Second)
				c.send(center, notice)
			case "application, notice, signed":
				c.send(matsumoto, old)
				c.runOthers(time.Second)
				c.send(center, notice)
				c.runOthers(time.Second)
			case "notice, application":
				c.send(center, notice)
				c.run(time.Second)
				c.send(matsumoto, old)
			}
			c.run(time.Minute)
			c.send(center, notice) // and once more
			c.run(time.Minute)
			valid := map[cert.Serial]bool{}
			for _, s := range received[message.CertStatus](c, validation) {
				valid[s.Serial] = !s.Revoked
			}
			for serial, ok := range valid {
				if ok {
					t.Errorf("%s is valid", serial)
				}
			}
			if refused := received[message.CertRefused](c, matsumoto); order != "application, signed, notice" && (len(refused) != 1 || refused[0].Why != "record-changed") {
				t.Errorf("refused: %+v", refused)
			}
			if len(c.stuck()) > 0 {
				t.Errorf("parked: %v", c.stuck())
			}
			c.issue("r2", cert.Signature, person(t, 1, 5))
			c.send(center, notice)
			c.run(time.Minute)
			if s := received[message.CertStatus](c, validation); s[len(s)-1].Revoked {
				t.Error("the certificate for the newer version was revoked")
			}
		})
	}
}

// TestLists: the lists of a partition follow within seconds, are few, have rising numbers, and name what was revoked.
func TestLists(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		var issued []message.CertIssued
		for i := range uint64(5) {
			issued = append(issued, c.issue(string('a'+rune(i)), cert.Signature, person(t, i, 1)))
		}
		lists := func() []*x509.RevocationList {
			var all []*x509.RevocationList
			for _, l := range c.fullLists() {
				parsed := must[*x509.RevocationList](t)(x509.ParseRevocationList(l.CRL))
				if parsed.Number.Uint64() != l.Number || l.Municipality.String() != "202029" {
					t.Errorf("the message says %d of %s, the list %d", l.Number, l.Municipality, parsed.Number)
				}
				all = append(all, parsed)
			}
			return all
		}
		if l := lists(); len(l) != 1 || len(l[0].RevokedCertificateEntries) != 0 {
			t.Fatalf("%d lists before a revocation", len(l))
		}
		for _, i := range issued[:3] {
			c.send(center, revocation(i, 2))
			c.run(500 * time.Millisecond)
		}
		c.run(10 * time.Second)
		l := lists()
		if len(l) != 2 || len(l[1].RevokedCertificateEntries) != 3 || l[1].RevokedCertificateEntries[0].ReasonCode != 3 {
			t.Fatalf("%d lists after three revocations", len(l))
		}
		c.send(center, revocation(issued[3], 2))
		c.run(10 * time.Second)
		c.clk.Set(time.Date(2026, 4, 2, 0, 10, 0, 0, cert.JST))
		c.run(time.Minute)
		l = lists()
		if len(l) != 4 || len(l[3].RevokedCertificateEntries) != 4 {
			t.Fatalf("%d lists after the daily one", len(l))
		}
		for i, list := range l {
			if list.Number.Int64() != int64(i+1) || !list.NextUpdate.Equal(list.ThisUpdate.Add(48*time.Hour)) {
				t.Errorf("list %d has the number %d, from %s to %s", i, list.Number, list.ThisUpdate, list.NextUpdate)
			}
		}
		// An expired certificate stands on one list made after its expiry (RFC 5280 3.3), and then on none.
		c.clk.Set(start.AddDate(6, 0, 0))
		c.renew()
		c.got[validation] = nil
		c.run(time.Minute)
		c.clk.Set(c.clk.Now().Add(25 * time.Hour))
		c.run(time.Minute)
		l = lists()
		if n := len(l); n < 2 || len(l[n-2].RevokedCertificateEntries) != 4 || len(l[n-1].RevokedCertificateEntries) != 0 {
			t.Errorf("%d lists after the expiry: %d and %d entries", len(l), len(l[n-2].RevokedCertificateEntries), len(l[n-1].RevokedCertificateEntries))
		}
	})
}

func TestResponder(t *testing.T) {
	c := newCountry(t, "memory:")
	ask := message.ResponderRequest{PublicKey: request(t, "x", cert.Signature, person(t, 1, 1)).PublicKey}
	root := must[*x509.Certificate](t)(x509.ParseCertificate(must[[][]byte](t)(c.keys.Certificates("ca-signature"))[0]))
	ask.Issuer = hex.EncodeToString(root.SubjectKeyId)
	c.send(validation, ask)
	c.run(time.Second)
	c.send(validation, ask)
	c.run(time.Second)
	got := received[message.ResponderIssued](c, validation)
	if len(got) != 2 || string(got[0].Certificate) != string(got[1].Certificate) {
		t.Fatalf("%d answers, %v", len(got), c.stuck())
	}
	x := must[*x509.Certificate](t)(x509.ParseCertificate(got[0].Certificate))
	if err := x.CheckSignatureFrom(root); err != nil || len(x.ExtKeyUsage) != 1 || x.ExtKeyUsage[0] != x509.ExtKeyUsageOCSPSigning {
		t.Errorf("%v, %v", err, x.ExtKeyUsage)
	}
	// In the second half of its life another is issued.
	c.clk.Set(start.Add(16 * 24 * time.Hour))
	c.send(validation, ask)
	c.run(time.Second)
	if got = received[message.ResponderIssued](c, validation); len(got) != 3 || string(got[2].Certificate) == string(got[0].Certificate) {
		t.Errorf("%d answers", len(got))
	}
	stranger := ask
	stranger.Issuer = "00"
	weak := ask
	weak.PublicKey = []byte("no key")
	c.send(validation, stranger)
	c.run(time.Second)
	c.send(validation, weak)
	c.run(time.Second)
	if codes := c.stuck(); len(codes) != 2 || codes[0] != "unknown-issuer" || codes[1] != "der-truncated" {
		t.Errorf("parked: %v", codes)
	}
}
