package validation_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func (c *country) get(path string) ([]byte, *http.Response) {
	c.t.Helper()
	r, err := http.Get(c.server.URL + "/validation" + path)
	if err != nil {
		c.t.Fatal(err)
	}
	defer r.Body.Close()
	return must[[]byte](c.t)(io.ReadAll(r.Body)), r
}

// status is the answer's code to a request by a method.
func (c *country) status(method, path string) int {
	c.t.Helper()
	r, err := http.DefaultClient.Do(must[*http.Request](c.t)(http.NewRequest(method, c.server.URL+"/validation"+path, nil)))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Body.Close()
	return r.StatusCode
}

// number is that of the list that is really served; 0 when there is none.
func (c *country) number(path string) int64 {
	c.t.Helper()
	body, r := c.get(path)
	if r.StatusCode == http.StatusNotFound {
		return 0
	}
	list := must[*x509.RevocationList](c.t)(x509.ParseRevocationList(body))
	if r.Header.Get("Content-Type") != "application/pkix-crl" {
		c.t.Errorf("served as %s", r.Header.Get("Content-Type"))
	}
	return list.Number.Int64()
}

func TestListsArePublished(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Second)
		first, third := c.signature.list(t, 1, start, matsumoto), c.signature.list(t, 3, start.Add(time.Hour), matsumoto, "4711")
		second := c.signature.list(t, 2, start.Add(time.Minute), matsumoto)
		if got := c.number("/crl/202029.crl"); got != 0 {
			t.Errorf("before the first: %d", got)
		}
		c.run(time.Hour)
		for _, step := range []struct {
			send message.CertCRL
			want int64
		}{{first, 1}, {third, 3}, {second, 3}, {third, 3}, {first, 3}} {
			c.send(step.send)
			c.run(time.Second)
			if got := c.number("/crl/202029.crl"); got != step.want {
				t.Errorf("after list %d the list %d is served, want %d; %v", step.send.Number, got, step.want, c.stuck())
			}
		}
		if len(c.stuck()) != 0 {
			t.Errorf("an old list was parked: %v", c.stuck())
		}
		// The list told of a revocation whose status has not come yet.
		if got := c.told(c.signature, "4711"); got != "revoked affiliationChanged 09:00:00" {
			t.Errorf("told by the list: %s", got)
		}
		c.send(good(t, c.signature, "4711"))
		c.run(time.Second)
		if got := c.told(c.signature, "4711"); got != "revoked affiliationChanged 09:00:00" {
			t.Errorf("after a late good: %s", got)
		}
		c.send(c.authentication.list(t, 1, start, matsumoto))
		c.run(time.Second)
		if a, b := c.number("/crl/authentication/202029.crl"), c.number("/crl/signature/202029.crl"); a != 1 || b != 3 {
			t.Errorf("by profile: %d, %d", a, b)
		}
		for _, path := range []string{"/crl/202053.crl", "/crl/202029", "/crl/x.crl", "/crl/../ocsp", "/crl/other/202029.crl"} {
			if _, r := c.get(path); r.StatusCode != http.StatusNotFound && r.StatusCode != http.StatusOK {
				t.Errorf("%s: %s", path, r.Status)
			}
		}
		for _, path := range []string{"/crl/202029.crl", "/ca/signature.cer"} {
			for method, want := range map[string]int{http.MethodHead: 200, http.MethodPut: 405, http.MethodPost: 405, http.MethodDelete: 405} {
				if got := c.status(method, path); got != want {
					t.Errorf("%s %s: %d, want %d", method, path, got, want)
				}
			}
		}
		pem, r := c.get("/ca/signature.pem")
		if r.StatusCode != http.StatusOK || !strings.Contains(string(pem), "BEGIN CERTIFICATE") {
			t.Errorf("the CA's certificate: %s", r.Status)
		}
		if der, _ := c.get("/ca/authentication.cer"); !bytes.Equal(der, c.authentication.Certificate()) {
			t.Error("the CA's certificate is another one")
		}
	})
}

// TestListsThatAreNotPublished: each breaks one rule, is parked for a person, and leaves the published one as it is.
func TestListsThatAreNotPublished(t *testing.T) {
	iida := jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Iida-shi"}
	for name, make := range map[string]func(c *country) message.CertCRL{
		"signed by a stranger": func(c *country) message.CertCRL {
			l := newAuthority(t, cert.Signature).list(t, 2, start, matsumoto, "4711")
			l.Issuer = c.signature.id
			return l
		},
		"of the other CA": func(c *country) message.CertCRL {
			l := c.authentication.list(t, 2, start, matsumoto, "4711")
			l.Issuer = c.signature.id
			return l
		},
		"another number": func(c *country) message.CertCRL {
			l := c.signature.list(t, 2, start, matsumoto, "4711")
			l.Number = 5
			return l
		},
		"another municipality": func(c *country) message.CertCRL { return c.signature.list(t, 2, start, iida, "4711") },
		"an entry vanished":    func(c *country) message.CertCRL { return c.signature.list(t, 2, start, matsumoto) },
		"made in the future": func(c *country) message.CertCRL {
			return c.signature.list(t, 2, start.Add(time.Hour), matsumoto, "4711")
		},
		"a date that moved": func(c *country) message.CertCRL {
			return c.signature.listed(t, 2, start.Add(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4711"), At: start.Add(time.Second), Reason: cert.AffiliationChanged})
		},
		"no list": func(c *country) message.CertCRL {
			return message.CertCRL{Issuer: c.signature.id, Municipality: code(t), Number: 2, CRL: []byte("no list")}
		},
		"an unknown CA": func(c *country) message.CertCRL {
			l := c.signature.list(t, 2, start, matsumoto, "4711")
			l.Issuer = "00"
			return l
		},
	} {
		for _, published := range []bool{false, true} {
			if (name == "an entry vanished" || name == "a date that moved") && !published {
				continue // nothing was there to vanish or to move
			}
			c := newCountry(t, "memory:")
			c.send(good(t, c.signature, "4711"), revoked(t, c.signature, "4711", cert.AffiliationChanged, start))
			want := int64(0)
			if published {
				want = 1
				c.send(c.signature.list(t, 1, start, matsumoto, "4711"))
			}
			c.run(time.Second)
			if len(c.stuck()) != 0 {
				t.Fatalf("%s: parked %v", name, c.stuck())
			}
			c.send(make(c))
			c.run(15 * time.Second)
			// A list of no known CA parks as a message; the others are lists that were refused, and findings.
			aside := len(c.stuck())
			if name != "an unknown CA" {
				aside = len(c.openFindings("refused"))
			}
			if aside != 1 || c.number("/crl/202029.crl") != want {
				t.Errorf("%s (published before: %v): parked %v, refused %d, served %d", name, published, c.stuck(), aside, c.number("/crl/202029.crl"))
			}
			// The next good one is published: the refused one is in nobody's way.
			c.run(time.Minute)
			c.send(c.signature.list(t, 9, start.Add(time.Minute), matsumoto, "4711"))
			c.run(time.Second)
			if got := c.number("/crl/202029.crl"); got != 9 {
				t.Errorf("%s: then %d is served", name, got)
			}
			c.run(30 * time.Second)
			if len(c.openFindings("refused")) != 0 {
				t.Errorf("%s: the next one is published, and the finding stays", name)
			}
		}
	}
	// An entry whose term is over may go.
	c := newCountry(t, "memory:")
	old := revoked(t, c.signature, "4711", cert.AffiliationChanged, start)
	old.NotAfter = start.Add(time.Hour)
	c.send(old, c.signature.list(t, 1, start, matsumoto, "4711"))
	c.run(2 * time.Hour)
	c.send(c.signature.list(t, 2, start.Add(2*time.Hour), matsumoto))
	c.run(time.Second)
	if got := c.number("/crl/202029.crl"); got != 2 {
		t.Errorf("an expired entry keeps the list from being published: %v", c.stuck())
	}
}

// openFindings are the items of the open findings of a rule.
func (c *country) openFindings(rule string) (items []string) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := inspection.Open(ctx, tx, 100)
		for _, f := range all {
			if f.Rule == rule {
				items = append(items, f.Item)
			}
		}
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return items
}

// TestListsThatArePublishedAndTold: what is wrong and makes nothing good again keeps no list back, and stands in the record.
func TestListsThatArePublishedAndTold(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		elsewhere := good(t, c.signature, "4712")
		elsewhere.Municipality = must[resident.MunicipalityCode](t)(resident.ParseMunicipalityCode("m", "202053"))
		long := start.Add(-47 * time.Hour) // the lists live two days
		c.send(good(t, c.signature, "4711"), elsewhere, c.signature.listed(t, 1, long, matsumoto, jpkitest.Revocation{Serial: serial(t, "4711"), At: long, Reason: cert.AffiliationChanged}))
		c.run(2 * time.Hour)
		if got := c.number("/crl/202029.crl"); got != 1 {
			t.Fatalf("the list %d is served: %v", got, c.stuck())
		}
		// Another reason, an entry of 飯田市, and later than the list is valid.
		c.send(c.signature.listed(t, 2, long.Add(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4711"), At: long, Reason: cert.KeyCompromise},
			jpkitest.Revocation{Serial: serial(t, "4712"), At: long, Reason: cert.Superseded}))
		c.run(time.Second)
		if got := c.number("/crl/202029.crl"); got != 2 {
			t.Errorf("the list %d is served: %v", got, c.stuck())
		}
		for _, want := range []string{"reason-changed 4711", "foreign 4712", "stale "} {
			var n int
			if err := c.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				return tx.QueryRow(ctx, `SELECT COUNT(*) FROM audit WHERE act = 'publish-finding' AND detail = $1`, want).Scan(&n)
			}); err != nil || n != 1 {
				t.Errorf("%q stands %d times in the record: %v", want, n, err)
			}
		}
	})
}
