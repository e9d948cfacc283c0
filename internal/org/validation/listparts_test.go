package validation_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"math/big"
	mrand "math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// long writes a list as the CA does, full or on a base, with serials of four octets, or of sixteen where there are many.
func (a *authority) long(t testing.TB, number, base uint64, at time.Time, serials ...int64) []byte {
	t.Helper()
	authority := must[crl.Authority](t)(crl.AuthorityOf(a.certificate))
	name := must[[]byte](t)(matsumoto.Name(a.Profile()).DER())
	head := crl.Head{Authority: authority, Number: number, Base: base, ThisUpdate: at, NextUpdate: at.Add(48 * time.Hour), Partition: name}
	if base == 0 {
		head.Freshest = name
	}
	var b bytes.Buffer
	must[*crl.Draft](t)(crl.Write(t.Context(), &b, head, func(yield func(crl.Entry, error) bool) {
		for _, n := range serials {
			s, err := cert.SerialFromInt(big.NewInt(0x40000000 + n))
			if len(serials) >= 10_000 {
				s, err = cert.SerialFromBytes(fmt.Appendf(nil, "P%015d", n))
			}
			if !yield(crl.Entry{Serial: s, At: start, Reason: cert.AffiliationChanged}, err) {
				return
			}
		}
	}, func(_ context.Context, digest []byte) ([]byte, error) {
		return a.key.Sign(rand.Reader, digest, authority.Hash)
	}))
	return b.Bytes()
}

// parts cuts a list up.
func (a *authority) parts(t testing.TB, number, base uint64, der []byte, size int) (all []message.CertCRL) {
	t.Helper()
	digest := sha256.Sum256(der)
	pieces := slices.Collect(slices.Chunk(der, size))
	for n, piece := range pieces {
		all = append(all, message.CertCRL{Issuer: a.id, Municipality: code(t), Number: number, Base: base, CRL: piece, Part: uint32(n + 1), Parts: uint32(len(pieces)), Digest: digest[:]})
	}
	return all
}

func serials(from, to int64) (all []int64) {
	for n := from; n <= to; n++ {
		all = append(all, n)
	}
	return all
}

// rows counts those of a table.
func (c *country) rows(of string) (n int64) {
	c.t.Helper()
	if err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM `+of).Scan(&n)
	}); err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *country) sendParts(parts []message.CertCRL) {
	c.t.Helper()
	var all []message.Payload
	for _, p := range parts {
		all = append(all, p)
	}
	c.send(all...)
}

// TestListsInParts: the parts of lists come in any order, some twice, those of two lists mixed. Nothing is served that is not whole, the
// newest is in the end, byte for byte, and nothing stays behind of the older one.
func TestListsInParts(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for seed := range uint64(4) {
			store := "memory:"
			if seed == 0 {
				store = url
			}
			c := newCountry(t, store)
			random := mrand.New(mrand.NewPCG(seed, 7))
			first, second := c.signature.long(t, 1, 0, start, serials(1, 400)...), c.signature.long(t, 2, 0, start.Add(time.Second), serials(1, 500)...)
			c.run(time.Minute)
			parts := append(c.signature.parts(t, 1, 0, first, 3000), c.signature.parts(t, 2, 0, second, 3000)...)
			parts = append(parts, parts[random.IntN(len(parts))], parts[random.IntN(len(parts))])
			random.Shuffle(len(parts), func(a, b int) { parts[a], parts[b] = parts[b], parts[a] })
			for _, p := range parts {
				c.send(p)
				c.run(time.Second)
				if body, r := c.get("/crl/202029.crl"); r.StatusCode == http.StatusOK && !bytes.Equal(body, first) && !bytes.Equal(body, second) {
					t.Fatalf("seed %d: half a list is served", seed)
				}
			}
			if body, _ := c.get("/crl/202029.crl"); !bytes.Equal(body, second) {
				t.Errorf("seed %d: the list %d is served; %v", seed, c.number("/crl/202029.crl"), c.stuck())
			}
			if n := c.rows("list_offer WHERE state <> 'published'"); n != 0 {
				t.Errorf("seed %d: %d lists stay behind", seed, n)
			}
			// A part in the middle, as who goes on with a fetch asks for it.
			r := must[*http.Request](t)(http.NewRequest(http.MethodGet, c.server.URL+"/validation/crl/202029.crl", nil))
			r.Header.Set("Range", "bytes=2990-6010")
			answer := must[*http.Response](t)(http.DefaultClient.Do(r))
			var got bytes.Buffer
			got.ReadFrom(answer.Body)
			answer.Body.Close()
			if answer.StatusCode != http.StatusPartialContent || !bytes.Equal(got.Bytes(), second[2990:6011]) {
				t.Errorf("seed %d: a range is answered by %s", seed, answer.Status)
			}
			if got := c.told(c.signature, "400001F4"); !strings.HasPrefix(got, "revoked") {
				t.Errorf("seed %d: the last entry is told %s", seed, got)
			}
		}
	})
}

// TestIncompleteList: a list of which a part does not come is shown with its count, alarms after ten minutes, and keeps no later one
// from being published, which ends the alarm.
func TestIncompleteList(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Minute)
		parts := c.signature.parts(t, 2, 0, c.signature.long(t, 2, 0, start, serials(1, 400)...), 3000)
		c.sendParts(parts[1:])
		c.run(time.Minute)
		page, _ := c.page("/validation/lists?lang=en")
		if want := fmt.Sprintf("%d / %d", len(parts)-1, len(parts)); !strings.Contains(page, want) {
			t.Errorf("the page does not say %q", want)
		}
		if got := c.openFindings("incomplete"); len(got) != 0 {
			t.Errorf("after a minute: %v", got)
		}
		c.run(10 * time.Minute)
		if got := c.openFindings("incomplete"); len(got) != 1 {
			t.Errorf("after eleven minutes: %v", got)
		}
		c.sendParts(c.signature.parts(t, 3, 0, c.signature.long(t, 3, 0, start.Add(11*time.Minute), serials(1, 2)...), 3000))
		c.run(time.Minute)
		if got := c.number("/crl/202029.crl"); got != 3 {
			t.Errorf("the list %d is served", got)
		}
		if got := c.openFindings("incomplete"); len(got) != 0 {
			t.Errorf("a later list is published, and still %v", got)
		}
		c.send(parts[0]) // too late: it has nothing to say
		c.run(time.Second)
		if n := c.rows("list_offer"); n != 1 || len(c.stuck()) != 0 {
			t.Errorf("%d lists are kept; parked %v", n, c.stuck())
		}
	})
}

// TestContradictingParts: what contradicts what came before is set aside and told, and stops nothing.
func TestContradictingParts(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Minute)
		one, other := c.signature.long(t, 2, 0, start, serials(1, 400)...), c.signature.long(t, 2, 0, start, serials(1, 401)...)
		parts, others := c.signature.parts(t, 2, 0, one, 3000), c.signature.parts(t, 2, 0, other, 3000)
		wrong := parts[0]
		wrong.CRL = others[1].CRL
		longer := parts[1]
		longer.Parts++
		c.send(parts[0], wrong, longer, others[0])
		c.run(15 * time.Second)
		if got := c.stuck(); !slices.Equal(got, []string{"list-parts-contradict", "list-parts-contradict"}) {
			t.Errorf("parked: %v", got)
		}
		if got := c.openFindings("contradicts"); len(got) != 2 {
			t.Errorf("two lists of one number: %v", got)
		}
		c.sendParts(parts[1:])
		c.run(time.Second)
		if body, _ := c.get("/crl/202029.crl"); !bytes.Equal(body, one) {
			t.Error("the list that came as a whole is not served")
		}
		c.sendParts(others[1:]) // and now the other one: whichever is right, nobody is told two things under one number
		c.run(15 * time.Second)
		if body, _ := c.get("/crl/202029.crl"); !bytes.Equal(body, one) || len(c.openFindings("refused")) != 1 {
			t.Errorf("another list of the published number: %v", c.openFindings("refused"))
		}
		// Parts that do not make the list: somebody has changed one on its way into the table.
		third := c.signature.parts(t, 3, 0, c.signature.long(t, 3, 0, start.Add(time.Second), serials(1, 402)...), 3000)
		c.sendParts(third[1:])
		c.run(time.Second)
		if err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, `UPDATE list_part SET body = $1 WHERE part = 2 AND digest = $2`, third[2].CRL, third[0].Digest)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		c.send(third[0])
		c.run(15 * time.Second)
		if got := c.number("/crl/202029.crl"); got != 2 || len(c.openFindings("refused")) != 2 {
			t.Errorf("parts that do not make the list: %d is served, %v", got, c.openFindings("refused"))
		}
		c.sendParts(c.signature.parts(t, 4, 0, c.signature.long(t, 4, 0, start.Add(2*time.Second), serials(1, 402)...), 3000))
		c.run(30 * time.Second)
		if got := c.number("/crl/202029.crl"); got != 4 || len(c.openFindings("refused")) != 0 {
			t.Errorf("then %d is served, %v", got, c.openFindings("refused"))
		}
	})
}

// TestDeltaListsArePublished: full and delta lists in any order come out as one would fetch them: the newest full list, and a delta list that
// is not older and adds to a list that was published. One that waits for its base goes out behind it.
func TestDeltaListsArePublished(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Minute)
		at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
		put := func(number, base uint64, when time.Time, entries ...int64) {
			c.sendParts(c.signature.parts(t, number, base, c.signature.long(t, number, base, when, entries...), 3000))
			c.run(time.Second)
		}
		served := func(full, delta int64) {
			t.Helper()
			if f, d := c.number("/crl/202029.crl"), c.number("/crl/202029.delta.crl"); f != full || d != delta {
				t.Errorf("full %d, delta %d are served, want %d and %d; refused %d", f, d, full, delta, c.rows("list_offer WHERE state = 'refused'"))
			}
		}
		put(1, 0, at(1), serials(1, 3)...)
		served(1, 0)
		put(2, 1, at(2), 4)
		served(1, 2)
		put(4, 1, at(4), 4, 5, 6)
		served(1, 4)
		put(3, 1, at(3), 4, 5) // late: a newer one is out
		served(1, 4)
		put(6, 5, at(6), 8) // on a base that has not come
		served(1, 4)
		put(5, 0, at(5), serials(1, 7)...)
		served(5, 6)
		put(7, 5, at(7), 9) // 8 would be good again to who adds it to its base
		served(5, 6)
		put(8, 5, at(8), 8, 10)
		served(5, 8)
		put(9, 0, at(9), serials(1, 10)...)
		put(9, 5, at(9), 8, 9, 10) // the delta list that goes with it, on the full one before
		served(9, 9)
		put(10, 9, at(10), 11)
		served(9, 10)
		put(11, 0, at(11), serials(1, 10)...) // leaves 11 out, which the delta list alone had named
		served(9, 10)
		c.run(15 * time.Second)
		if n := c.openFindings("refused"); len(n) != 1 { // 7 went when 8 was published
			t.Errorf("refused: %v", n)
		}
		if n := c.rows("list_offer WHERE state = 'published'"); n > 4 {
			t.Errorf("%d published lists are kept", n)
		}
		page, _ := c.page("/validation/lists?lang=en")
		if !strings.Contains(page, "since number 9") || !strings.Contains(page, "202029.delta.crl") {
			t.Error("the page does not show the delta list")
		}
		if got := c.told(c.signature, "4000000A"); !strings.HasPrefix(got, "revoked") {
			t.Errorf("10, which a delta list told of, is told %s", got)
		}
	})
}

// TestDeltaListIsOfTheFullOnesKey: after a change of keys the old key's delta list is not served beside the new key's full one, however young.
func TestDeltaListIsOfTheFullOnesKey(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		old := newAuthority(t, cert.Signature)
		c := newCountryWith(t, url, func(c *country) {
			if err := c.keys.PutCertificates("ca-signature", c.signature.Certificate(), old.Certificate()); err != nil {
				t.Fatal(err)
			}
		})
		c.run(time.Minute)
		at := func(n int) time.Time { return start.Add(time.Duration(n) * time.Second) }
		put := func(a *authority, number, base uint64, when time.Time, entries ...int64) {
			c.sendParts(a.parts(t, number, base, a.long(t, number, base, when, entries...), 3000))
			c.run(time.Second)
		}
		served := func(full, delta int64) {
			t.Helper()
			if f, d := c.number("/crl/202029.crl"), c.number("/crl/202029.delta.crl"); f != full || d != delta {
				t.Errorf("full %d, delta %d are served, want %d and %d", f, d, full, delta)
			}
		}
		put(old, 11, 0, at(1), serials(1, 3)...)
		put(old, 12, 11, at(3), 4)
		served(11, 12)
		put(c.signature, 1, 0, at(2), serials(20, 22)...)
		served(1, 0)
		put(old, 13, 11, at(5), 4, 5)
		served(1, 0)
		put(c.signature, 2, 1, at(4), 23)
		served(1, 2)
	})
}

// TestPublishedOnce: of several lists that come at a time each is looked at once, and settled once.
func TestPublishedOnce(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Minute)
		for n := uint64(2); n < 8; n++ { // of another scope, each of them
			c.send(c.signature.list(t, n, start, jpki.Partition{Prefecture: "Nagano-ken", Municipality: "Iida-shi"}))
		}
		c.run(time.Second)
		if n := c.rows("audit WHERE act = 'publish-refused'"); n != 6 {
			t.Errorf("six lists were refused, and %d times that is written down", n)
		}
		if n := c.rows("list_offer WHERE state = 'refused'"); n != 6 {
			t.Errorf("%d refused lists are told", n)
		}
		if n := c.rows("list_part WHERE digest IN (SELECT digest FROM list_offer WHERE state = 'refused')"); n != 4 {
			t.Errorf("of %d refused lists the bytes are kept", n)
		}
		if n := c.rows("due WHERE kind = 'publish lists'"); n != 0 {
			t.Errorf("%d are still to be looked at", n)
		}
	})
}

// TestDamagedStatusesKeepNoListBack: rows of states that somebody has cut take nothing from a list. It goes out all the same, and is not looked
// at for ever.
func TestDamagedStatusesKeepNoListBack(t *testing.T) {
	defer validation.LearnAtMost(2)()
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.run(time.Minute)
		for _, s := range []string{"40000001", "40000002", "40000003"} {
			c.send(good(t, c.signature, s))
		}
		c.run(time.Second)
		c.byHand(`UPDATE status SET state = 'goo'`)
		c.sendParts(c.signature.parts(t, 2, 0, c.signature.long(t, 2, 0, start, serials(1, 5)...), 3000))
		c.run(time.Second)
		if got := c.number("/crl/202029.crl"); got != 2 {
			t.Errorf("the list %d is served", got)
		}
		if n := c.rows("status WHERE state = 'revoked'"); n != 2 {
			t.Errorf("%d of the other two are known to be revoked", n)
		}
	})
}

// TestServedDeltaListsAreInspected: a delta list is fetched as others fetch it, and held against the records with its base. What it names
// counts as listed.
func TestServedDeltaListsAreInspected(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		f := newFront(t, url)
		const name = "signature/202029"
		honest := func() { f.instead = nil }
		f.inspect()
		f.send(revoked(t, f.signature, "40000005", cert.AffiliationChanged, start))
		put := func(number uint64, entries ...int64) []byte {
			der := f.signature.long(t, number, 1, f.clk.Now().Truncate(time.Second), entries...)
			f.sendParts(f.signature.parts(t, number, 1, der, 3000))
			f.run(time.Second)
			return der
		}
		first := put(2, 5)
		f.run(12 * time.Minute)
		f.inspect()
		if got := f.inspected(); len(got) > 0 || f.number("/crl/202029.delta.crl") != 2 {
			t.Fatalf("nothing is wrong, and it finds %v; %v", got, f.stuck())
		}
		lie := func(status int, body []byte) {
			f.instead = func(w http.ResponseWriter, r *http.Request) bool {
				if !strings.HasSuffix(r.URL.Path, name+".delta.crl") {
					return false
				}
				w.WriteHeader(status)
				w.Write(body)
				return true
			}
		}
		lie(404, nil)
		f.want("served-deltas unreachable "+name+"/delta", honest)
		lie(200, []byte("<html>"))
		f.want("served-deltas unreadable "+name+"/delta", honest)
		put(3, 5)
		f.inspect()
		lie(200, first) // a cache hands out the one before
		f.want("served-deltas went-back "+name+"/delta", honest)
		f.byHand(`UPDATE status SET state = 'revoked', reason = 'affiliationChanged', revoked_at = $1 WHERE serial = $2`, start, serial(t, "4711").Bytes())
		f.inspect()
		if got := f.inspected(); !slices.Contains(got, "served-deltas missing "+name+"/delta") {
			t.Errorf("revoked, and neither on the delta list nor on its base: %v", got)
		}
	})
}
