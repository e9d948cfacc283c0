package ca_test

import (
	"context"
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// live jumps to a moment years later: everybody has a new certificate of their own by then, and has been told anew what they were told
// before.
func (c *country) live(at time.Time) {
	c.t.Helper()
	c.clk.Set(at)
	c.renew()
	c.run(0)
	c.got = map[message.Org][]message.Payload{}
}

// TestRenewal: in the last three months another certificate takes the place of the one that is valid. The old one is good until the
// new one is stored, and superseded with that; the holder is never without one, and the rest of the term is not lost.
func TestRenewal(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		old := c.issue("r1", cert.Signature, person(t, 1, 1)) // until the end of 2031-02-17
		c.live(time.Date(2030, 12, 1, 9, 0, 0, 0, cert.JST))
		c.send(matsumoto, request(t, "r2", cert.Signature, person(t, 1, 1)))
		c.runOthers(time.Second)
		if s := received[message.CertStatus](c, validation); len(s) != 0 {
			t.Fatalf("before the new one is signed the world is told %+v", s)
		}
		c.send(matsumoto, request(t, "r3", cert.Signature, person(t, 1, 1)))
		c.runOthers(time.Second)
		if no := received[message.CertRefused](c, matsumoto); len(no) != 1 || no[0].Why != "being-issued" || no[0].Held != nil {
			t.Errorf("asked twice: %+v", no)
		}
		c.run(10 * time.Second)
		got := received[message.CertIssued](c, matsumoto)
		if len(got) != 1 {
			t.Fatalf("%d issued, refused %+v, parked %v", len(got), received[message.CertRefused](c, matsumoto), c.stuck())
		}
		x := must[*x509.Certificate](t)(x509.ParseCertificate(got[0].Certificate))
		if !x.NotAfter.Equal(time.Date(2036, 2, 17, 23, 59, 59, 0, cert.JST)) {
			t.Errorf("it ends %s, and not on the 6th birthday", x.NotAfter)
		}
		s := received[message.CertStatus](c, validation)
		if len(s) != 2 || s[0].Serial != old.Serial || !s[0].Revoked || s[0].Reason != cert.Superseded || s[1].Serial != got[0].Serial || s[1].Revoked {
			t.Errorf("the world is told %+v", s)
		}
		lists := c.fullLists()
		if last := must[*x509.RevocationList](t)(x509.ParseRevocationList(lists[len(lists)-1].CRL)); len(last.RevokedCertificateEntries) != 1 || last.RevokedCertificateEntries[0].ReasonCode != 4 {
			t.Errorf("the list names %+v", last.RevokedCertificateEntries)
		}
		if codes := c.stuck(); len(codes) > 0 {
			t.Errorf("parked: %v", codes)
		}
	})
}

// TestWhenARenewalMayCome, by the clock of Japan: not before three months before the end, and until the end.
func TestWhenARenewalMayCome(t *testing.T) {
	for _, x := range []struct {
		birth, issued, at string
		ends              string // of the new one; empty: refused
		from              string // in the refusal
	}{
		{"1980-02-17", "2026-04-01", "2030-11-17 23:59:58", "", "2030-11-18"},
		{"1980-02-17", "2026-04-01", "2030-11-17 23:59:59", "2036-02-17", ""},
		{"1980-02-17", "2026-04-01", "2030-11-18 00:00:00", "2036-02-17", ""},
		{"1980-02-17", "2026-04-01", "2031-02-16 12:00:00", "2036-02-17", ""},
		{"1980-02-17", "2026-04-01", "2031-02-18 00:00:00", "2036-02-17", ""}, // it has expired, and nothing is renewed
		// A birthday of 29 February is deemed to be 28 February in every year.
		{"1992-02-29", "2026-04-01", "2030-11-28 12:00:00", "", "2030-11-29"},
		{"1992-02-29", "2026-04-01", "2030-11-29 00:00:00", "2036-02-28", ""},
		// An unknown day of birth is the first of its month, an unknown month January.
		{"1980-05-00", "2026-04-01", "2030-01-31 12:00:00", "", "2030-02-02"},
		{"1980-05-00", "2026-04-01", "2030-02-02 00:00:00", "2035-05-01", ""},
		{"1980-00-00", "2026-04-01", "2030-10-01 12:00:00", "", "2030-10-02"},
		{"1980-00-00", "2026-04-01", "2030-10-02 00:00:00", "2036-01-01", ""},
		// Three months before 31 May there is no 31st.
		{"1980-05-31", "2026-04-01", "2030-03-03 12:00:00", "", "2030-03-04"},
		{"1980-05-31", "2026-04-01", "2030-03-04 00:00:00", "2035-05-31", ""},
	} {
		t.Run(x.birth+" at "+x.at, func(t *testing.T) {
			c := newCountry(t, "sqlite:"+t.TempDir()+"/ca.db")
			holder := person(t, 1, 1)
			holder.Birth = birth(t, x.birth)
			c.issue("r1", cert.Authentication, holder)
			c.live(must[time.Time](t)(time.ParseInLocation("2006-01-02 15:04:05", x.at, cert.JST)))
			c.send(matsumoto, request(t, "r2", cert.Authentication, holder))
			c.run(time.Second)
			got, no := received[message.CertIssued](c, matsumoto), received[message.CertRefused](c, matsumoto)
			switch {
			case x.ends == "":
				if len(got) != 0 || len(no) != 1 || no[0].Why != "valid-certificate-exists" || no[0].Held == nil || !strings.Contains(no[0].Reason.EN, x.from) {
					t.Errorf("issued %d, refused %+v", len(got), no)
				}
			case len(got) != 1:
				t.Errorf("refused: %+v; parked: %v", no, c.stuck())
			default:
				crt := must[*x509.Certificate](t)(x509.ParseCertificate(got[0].Certificate))
				if end := crt.NotAfter.In(cert.JST).Format("2006-01-02 15:04:05"); end != x.ends+" 23:59:59" {
					t.Errorf("it ends %s", end)
				}
			}
		})
	}
}

// TestRenewalIsOvertaken: what ends the old certificate while the new one waits for its signature ends what it must, and the holder
// does not get a second valid one.
func TestRenewalIsOvertaken(t *testing.T) {
	for what, x := range map[string]struct {
		from    message.Org
		told    func(old message.CertIssued) message.Payload
		refused bool // the application under way
	}{
		"a change, by the holder": {center, func(old message.CertIssued) message.Payload {
			n := revocation(old, 2)
			n.Serial = cert.Serial{}
			return n
		}, true},
		"a change, by the serial": {center, func(old message.CertIssued) message.Payload { return revocation(old, 2) }, false},
		"a loss": {matsumoto, func(old message.CertIssued) message.Payload {
			return message.CertRevoke{Code: old.Code, Profile: old.Profile, Version: 1, Reason: cert.Lost.Reason(), Since: resident.MustDate(2030, 12, 1)}
		}, true},
	} {
		t.Run(what, func(t *testing.T) {
			c := newCountry(t, "sqlite:"+t.TempDir()+"/ca.db")
			old := c.issue("r1", cert.Signature, person(t, 1, 1))
			c.live(time.Date(2030, 12, 1, 9, 0, 0, 0, cert.JST))
			c.send(matsumoto, request(t, "r2", cert.Signature, person(t, 1, 1)))
			c.runOthers(time.Second)
			c.send(x.from, x.told(old))
			c.runOthers(time.Second)
			c.run(10 * time.Second)
			no := received[message.CertRefused](c, matsumoto)
			if (len(no) == 1) != x.refused || len(received[message.CertIssued](c, matsumoto)) == len(no) {
				t.Errorf("refused %+v, issued %d", no, len(received[message.CertIssued](c, matsumoto)))
			}
			var living int64
			err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				return tx.QueryRow(ctx, `SELECT COUNT(*) FROM certificate WHERE state IN ('valid', 'intended')`).Scan(&living)
			})
			if want := map[bool]int64{true: 0, false: 1}[x.refused]; err != nil || living != want {
				t.Errorf("%d live, %v", living, err)
			}
			if codes := c.stuck(); len(codes) > 0 {
				t.Errorf("parked: %v", codes)
			}
		})
	}
}

// TestWhatStandsInTheWay: a refusal says which certificate is valid, whether the national center has taken the notice of its issue,
// and whether it has demanded its end.
func TestWhatStandsInTheWay(t *testing.T) {
	c := newCountry(t, "memory:")
	ask := func(number string, version resident.Version) message.HeldCertificate {
		t.Helper()
		before := len(received[message.CertRefused](c, matsumoto))
		c.send(matsumoto, request(t, number, cert.Signature, person(t, 1, version)))
		c.run(time.Second)
		no := received[message.CertRefused](c, matsumoto)
		if len(no) != before+1 || no[before].Why != "valid-certificate-exists" || no[before].Held == nil {
			t.Fatalf("refused: %+v", no[before:])
		}
		return *no[before].Held
	}
	// In 2004 the notices of issue lay at the sender: the center knew of nothing that it could have had ended.
	c.net.Join(center, nil)
	n := c.issue("r1", cert.Signature, person(t, 1, 4))
	h := ask("r2", 5)
	if h.Serial != n.Serial || h.Version != 4 || h.Municipality.String() != "202029" || h.CenterTold || h.Demanded ||
		!h.NotAfter.Equal(time.Date(2031, 2, 17, 23, 59, 59, 0, cert.JST)) || len(h.Issuer) != 40 {
		t.Errorf("held: %+v", h)
	}
	c.net.Join(center, c.peers[center])
	c.run(time.Minute)
	if h = ask("r3", 5); !h.CenterTold || h.Demanded {
		t.Errorf("after the notice has come through: %+v", h)
	}
	// A hand in the tables brings back to life what was ended.
	c.send(center, revocation(n, 5))
	c.run(time.Second)
	err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE certificate SET state = 'valid'`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if h = ask("r4", 5); !h.CenterTold || !h.Demanded {
		t.Errorf("after the center has demanded its end: %+v", h)
	}
}

// TestRenewalOfWhatCannotBeRead: a damaged certificate is renewed like another, and the world is told of its end in the words that it
// knows it by.
func TestRenewalOfWhatCannotBeRead(t *testing.T) {
	for what, damage := range map[string]string{
		"its CA":                      `UPDATE certificate SET issuer = 'よめない'`,
		"its CA, and the certificate": `UPDATE certificate SET issuer = 'よめない', certificate = ''`,
		"another serial":              `UPDATE certificate SET serial = substr(serial, 1, 8)`,
	} {
		sqlstoretest.Each(t, func(t *testing.T, url string) {
			c := newCountry(t, url)
			old := c.issue("r1", cert.Signature, person(t, 1, 1))
			issuer := received[message.CertStatus](c, validation)[0].Issuer
			c.live(time.Date(2030, 12, 1, 9, 0, 0, 0, cert.JST))
			c.spoil(damage)
			c.send(matsumoto, request(t, "r2", cert.Signature, person(t, 1, 1)))
			c.run(20 * time.Second)
			s := received[message.CertStatus](c, validation)
			if len(received[message.CertIssued](c, matsumoto)) != 1 || len(s) != 2 || s[0].Serial != old.Serial || !s[0].Revoked || s[0].Issuer != issuer {
				t.Errorf("%s: %d issued, told %+v", what, len(received[message.CertIssued](c, matsumoto)), s)
			}
		})
	}
}

// TestRenewalOfWhatNobodyCanBeToldOf is refused at once: signed it could never be stored.
func TestRenewalOfWhatNobodyCanBeToldOf(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.issue("r1", cert.Signature, person(t, 1, 1))
		c.live(time.Date(2030, 12, 1, 9, 0, 0, 0, cert.JST))
		c.spoil(`UPDATE certificate SET municipality = 'よめない', requester = 'よめない'`)
		c.send(matsumoto, request(t, "r2", cert.Signature, person(t, 1, 1)))
		c.run(20 * time.Second)
		if no := received[message.CertRefused](c, matsumoto); len(no) != 1 || no[0].Why != "record-damaged" {
			t.Errorf("refused %+v; issued %d", no, len(received[message.CertIssued](c, matsumoto)))
		}
	})
}
