package validation_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

const (
	nagano  = message.Org("prefecture-20")
	tokyo   = message.Org("prefecture-13")
	etax    = message.Org("verifier-etax")
	pension = message.Org("verifier-pension")
)

// office is a prefecture or a verifier, scripted.
type office struct {
	c *country
	*exchange.Exchange
	store   *sqlstore.Store
	notices []message.ImpactNotice
}

func (c *country) join(self message.Org) *office {
	c.t.Helper()
	o := &office{c: c, store: must[*sqlstore.Store](c.t)(sqlstore.Open(c.t.Context(), "memory:", sqlstore.Options{Clock: c.clk}, exchange.Schema()))}
	c.t.Cleanup(func() { o.store.Close() })
	o.Exchange = must[*exchange.Exchange](c.t)(exchange.New(c.t.Context(), exchange.Config{Self: self, Store: o.store, Clock: c.clk, Rand: rand.Reader,
		Trust: c.trust, Signer: c.signer(self), Link: c.net.As(self), Peers: []message.Org{message.Org(message.Validation)}, Routes: []exchange.Route{
			exchange.On(func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ImpactNotice) ([]message.Out, error) {
				tx.OnCommit(func() { o.notices = append(o.notices, n) })
				return nil, nil
			}),
		}}))
	c.net.Join(self, o.Exchange)
	c.tasks = append(c.tasks, o.Tasks()...)
	return o
}

func (o *office) send(payloads ...message.Payload) {
	o.c.t.Helper()
	err := o.store.Update(o.c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		var outs []message.Out
		for _, p := range payloads {
			outs = append(outs, message.Out{To: self, Body: p})
		}
		_, err := o.Send(ctx, tx, outs, "t-test")
		return err
	})
	if err != nil {
		o.c.t.Fatal(err)
	}
	o.c.run(time.Second)
}

func registration(who message.Org, number uint64, served bool) message.VerifierRegistration {
	return message.VerifierRegistration{Verifier: who, Number: number, Served: served, Office: "国税庁", Procedures: "所得税・消費税確定申告等", Address: "http://www.e-tax.nta.go.jp/index.html"}
}

// asks puts an OCSP question over the lines of the exchange, and says in a word what the answer is.
func (o *office) asks(a *authority, number string) string {
	o.c.t.Helper()
	question := (&ocspwire.Request{CertIDs: []ocspwire.CertID{must[ocspwire.CertID](o.c.t)(ocspwire.NewCertID(crypto.SHA1, a.certificate, serial(o.c.t, number)))}})
	answer, err := o.Ask(o.c.t.Context(), self, "ocsp", must[[]byte](o.c.t)(question.Encode()))
	if err != nil {
		o.c.t.Fatal(err)
	}
	signed, err := ocspwire.ParseResponse(answer)
	var outcome ocspwire.Outcome
	if errors.As(err, &outcome) {
		return outcome.Error()
	}
	if err != nil {
		o.c.t.Fatal(err)
	}
	return signed.Singles[0].Status.String()
}

// TestVerifiersThatHaveFiledAreAnswered, and under their own name; those that have not are refused, and so is one whose filing
// has ended, from that moment.
func TestVerifiersThatHaveFiledAreAnswered(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, tokyo, etax, pension)
		home, other, verifier, stranger := c.join(nagano), c.join(tokyo), c.join(etax), c.join(pension)
		c.send(good(t, c.signature, "4711"))
		c.run(time.Minute)
		if got := verifier.asks(c.signature, "4711"); got != ocspwire.Unauthorized.Error() {
			t.Errorf("before anybody accepted it, the verifier is told %s", got)
		}
		home.send(registration(etax, 1, true))
		if got := verifier.asks(c.signature, "4711"); got != cert.Valid.String() {
			t.Errorf("the verifier is told %s", got)
		}
		if got := stranger.asks(c.signature, "4711"); got != ocspwire.Unauthorized.Error() {
			t.Errorf("an office that has not filed is told %s", got)
		}
		c.run(time.Second)
		told := c.answersTo(string(etax))
		if len(told) != 1 || told[0].answer != "good" || told[0].basedAt.Before(start) || told[0].basedAt.After(c.clk.Now()) {
			t.Errorf("of the answer is kept %+v", told)
		}
		if len(c.answersTo(string(pension))) > 0 {
			t.Error("an answer that nobody got is kept")
		}
		// Another prefecture cannot silence it, and an earlier filing counts for nothing.
		other.send(registration(etax, 9, false))
		home.send(registration(etax, 3, true), registration(etax, 2, false))
		if got := verifier.asks(c.signature, "4711"); got != cert.Valid.String() {
			t.Errorf("after what does not count, the verifier is told %s", got)
		}
		home.send(registration(etax, 3, false))
		if got := verifier.asks(c.signature, "4711"); got != ocspwire.Unauthorized.Error() {
			t.Errorf("after the end, the verifier is told %s", got)
		}
		if got := c.stuck(); len(got) != 1 || got[0] != "another-prefecture" {
			t.Errorf("stuck: %v", got)
		}
	})
}

// TestAPrefectureRegistersItsOwnOffices: of an office that is known to file with another prefecture no registration is taken, whether it
// is served or not; of one that nobody has placed the first counts.
func TestAPrefectureRegistersItsOwnOffices(t *testing.T) {
	c := newCountry(t, "memory:", nagano, tokyo, etax, pension)
	c.homes = map[message.Org]message.Org{etax: nagano}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c.open()
	home, other, verifier, unplaced := c.join(nagano), c.join(tokyo), c.join(etax), c.join(pension)
	c.send(good(t, c.signature, "4711"))
	c.run(time.Minute)
	other.send(registration(etax, 1, true))
	if got := verifier.asks(c.signature, "4711"); got != ocspwire.Unauthorized.Error() {
		t.Errorf("another prefecture has it served: %s", got)
	}
	if got := c.stuck(); len(got) != 1 || got[0] != "not-its-prefecture" {
		t.Errorf("stuck: %v", got)
	}
	home.send(registration(etax, 1, true))
	if got := verifier.asks(c.signature, "4711"); got != cert.Valid.String() {
		t.Errorf("its own prefecture has not: %s", got)
	}
	other.send(registration(pension, 1, true))
	if got := unplaced.asks(c.signature, "4711"); got != cert.Valid.String() {
		t.Errorf("one that nobody has placed is told %s", got)
	}
}

// TestAnotherPrefectureCountsItsOwnFilings: an office that moves begins with a number of its new prefecture, which may be lower
// than the last of the old one, and which no end of a third silences.
func TestAnotherPrefectureCountsItsOwnFilings(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, nagano, tokyo, etax)
		home, other, verifier := c.join(nagano), c.join(tokyo), c.join(etax)
		c.send(good(t, c.signature, "4711"))
		c.run(time.Minute)
		asks := func(when, want string) {
			t.Helper()
			if got := verifier.asks(c.signature, "4711"); got != want {
				t.Errorf("%s the verifier is told %s, want %s", when, got, want)
			}
		}
		home.send(registration(etax, 7, true), registration(etax, 7, false))
		asks("after the end", ocspwire.Unauthorized.Error())
		other.send(registration(etax, 1, true))
		asks("accepted by another prefecture,", cert.Valid.String())
		other.send(registration(etax, 1, false))
		home.send(registration(etax, 9, false)) // ends nothing, and keeps nobody from going on
		other.send(registration(etax, 2, true))
		asks("accepted again,", cert.Valid.String())
		if got := c.stuck(); len(got) > 0 {
			t.Errorf("stuck: %v", got)
		}
	})
}

// TestStrangersDoNotFillTheJournal: each who is not served is told of once a minute, and every question of it is counted.
func TestStrangersDoNotFillTheJournal(t *testing.T) {
	var journal bytes.Buffer
	c := newCountry(t, "memory:", pension)
	stranger := c.join(pension)
	c.run(time.Minute)
	c.Log = slog.New(slog.NewTextHandler(&journal, nil))
	for range 50 {
		stranger.asks(c.signature, "4711")
	}
	c.run(2 * time.Minute)
	stranger.asks(c.signature, "4711")
	if n := strings.Count(journal.String(), "is not served as a verifier"); n != 2 || !strings.Contains(journal.String(), "times=51") {
		t.Errorf("the journal tells of it %d times", n)
	}
}

// TestNobodyIsAnsweredInPublic unless the country is one for trying.
func TestNobodyIsAnsweredInPublic(t *testing.T) {
	c := newCountry(t, "memory:")
	c.send(good(t, c.signature, "4711"), c.signature.list(t, 1, start, matsumoto))
	c.run(time.Minute)
	list := c.server.URL + "/validation/crl/signature/202029.crl"
	question := must[[]byte](t)((&ocspwire.Request{CertIDs: []ocspwire.CertID{must[ocspwire.CertID](t)(ocspwire.NewCertID(crypto.SHA1, c.signature.certificate, serial(t, "4711")))}}).Encode())
	ask := func() (answer []byte, crl int) {
		t.Helper()
		r := must[*http.Response](t)(http.Post(c.server.URL+"/validation/ocsp", "application/ocsp-request", strings.NewReader(string(question))))
		defer r.Body.Close()
		l := must[*http.Response](t)(http.Get(list))
		l.Body.Close()
		return must[[]byte](t)(io.ReadAll(r.Body)), l.StatusCode
	}
	if answer, crl := ask(); string(answer) == string(ocspwire.Unauthorized.Encode()) || crl != http.StatusOK {
		t.Fatalf("a test country refuses: %x, %d", answer, crl)
	}
	c.closed = true
	c.Validation.Close()
	c.open()
	if answer, crl := ask(); string(answer) != string(ocspwire.Unauthorized.Encode()) || crl != http.StatusForbidden {
		t.Errorf("somebody whom nobody knows is answered: %x, %d", answer, crl)
	}
	r := must[*http.Response](t)(http.Get(c.server.URL + "/validation/ca/signature.pem"))
	r.Body.Close()
	if r.StatusCode != http.StatusOK {
		t.Errorf("the CA's certificate is not given out: %d", r.StatusCode)
	}
}

// kept is what is kept of an answer.
type kept struct {
	answer           string
	askedAt, basedAt time.Time
}

func (c *country) answersTo(who string) (all []kept) {
	c.t.Helper()
	err := c.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, k *kept) error {
			return r.Scan(&k.answer, sqlstore.Time(&k.askedAt), sqlstore.Time(&k.basedAt))
		}, `SELECT answer, asked_at, based_at FROM answer WHERE requester = $1 ORDER BY asked_at, id`, who)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

// TestAnswersExpire in steps, the oldest first, and none before its time.
func TestAnswersExpire(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		err := c.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if _, err := tx.Exec(ctx, `DELETE FROM answer`); err != nil {
				return err
			}
			for i := range 2500 {
				tx.Collect("answer", "id, asked_at, issuer, serial, answer, fresh, requester, based_at", tx.Serial(), start.Add(time.Duration(i)*time.Second), c.signature.id,
					serial(t, "4711").Bytes(), "good", false, string(etax), start)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		c.clk.Set(start.Add(validation.KeptFor + 2200*time.Second))
		for step, want := range []int64{1000, 1000, 200, 0} {
			if n := must[int64](t)(c.Expire(t.Context())); n != want {
				t.Errorf("step %d deleted %d, want %d", step+1, n, want)
			}
		}
		if left := c.answersTo(string(etax)); len(left) != 300 || left[0].askedAt.Before(start.Add(2200*time.Second)) {
			t.Errorf("%d are left", len(left))
		}
	})
}
