package probe

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	mathrand "math/rand/v2"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// start is a midnight in Japan, and the first of a month.
var start = time.Date(2026, 4, 1, 0, 0, 0, 0, cert.JST)

func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// office is a CA, its responder and its list, written by the program's own writers, on which the probes do not stand.
type office struct {
	t           testing.TB
	key, ocsp   crypto.Signer
	issuer      *jpki.Issuer
	certificate *x509.Certificate
	responder   []byte
}

func newOffice(t testing.TB) *office {
	t.Helper()
	o := &office{t: t, key: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256)), ocsp: must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))}
	der := o.sign(must[[]byte](t)(jpki.CATBS(cert.Signature, o.key.Public(), serial(t, "01"), start.AddDate(-1, 0, 0))))
	o.issuer = must[*jpki.Issuer](t)(jpki.OpenIssuer(der))
	o.certificate = must[*x509.Certificate](t)(x509.ParseCertificate(der))
	o.responder = o.sign(must[[]byte](t)(o.issuer.OCSPSignerTBS(jpki.OCSPSigner{Serial: serial(t, "77"), Public: o.ocsp.Public(), NotBefore: start.AddDate(0, 0, -1),
		NotAfter: start.AddDate(0, 0, 29), CommonName: "OCSP"})))
	return o
}

func serial(t testing.TB, s string) cert.Serial {
	t.Helper()
	return must[cert.Serial](t)(cert.ParseSerial(s))
}

func (o *office) sign(tbs []byte) []byte {
	o.t.Helper()
	return must[[]byte](o.t)(pki.AssembleCertificate(tbs, must[[]byte](o.t)(pki.SignTBS(rand.Reader, o.key, tbs))))
}

var matsumoto = Partition{Municipality: "202029", Prefecture: "Nagano-ken", District: "Matsumoto-shi"}

// revokedSerial stands on the lists from the beginning.
const revokedSerial = "4711"

func (o *office) list(number uint64, at time.Time, serials ...string) []byte {
	o.t.Helper()
	return o.listOf(matsumoto, number, at, serials...)
}

func (o *office) listOf(of Partition, number uint64, at time.Time, serials ...string) []byte {
	o.t.Helper()
	part := jpki.Partition{Prefecture: of.Prefecture, Municipality: of.District}
	head := crl.Head{Authority: must[crl.Authority](o.t)(crl.AuthorityOf(o.certificate)), Number: number, ThisUpdate: at, NextUpdate: at.AddDate(0, 0, 2),
		Partition: must[[]byte](o.t)(part.Name(cert.Signature).DER())}
	d := must[*crl.Draft](o.t)(crl.NewDraft(o.t.Context(), head, func(yield func(crl.Entry, error) bool) {
		for _, s := range serials {
			if !yield(crl.Entry{Serial: serial(o.t, s), At: start.Add(-time.Hour), Reason: cert.Superseded}, nil) {
				return
			}
		}
	}))
	var tbs bytes.Buffer
	must[[]byte](o.t)(d.WriteTBS(o.t.Context(), &tbs))
	return must[[]byte](o.t)(o.issuer.AssembleCRL(tbs.Bytes(), must[[]byte](o.t)(pki.SignTBS(rand.Reader, o.key, tbs.Bytes()))))
}

// respond answers a question as of a time.
func (o *office) respond(question []byte, now time.Time, change func(*ocspwire.Response)) []byte {
	o.t.Helper()
	q := must[*ocspwire.Request](o.t)(ocspwire.ParseRequest(question))
	c := must[*x509.Certificate](o.t)(x509.ParseCertificate(o.responder))
	one := ocspwire.Single{ID: q.CertIDs[0], Status: cert.Unknown, ThisUpdate: now.Truncate(time.Second), NextUpdate: now.Add(10 * time.Minute)}
	if one.ID.Serial == serial(o.t, revokedSerial) {
		one.Status, one.RevokedAt, one.Reason = cert.Revoked, start.Add(-time.Hour), cert.Superseded
	}
	r := ocspwire.Response{ResponderKey: must[[]byte](o.t)(ocspwire.ResponderKeyOf(c)), ProducedAt: now.Truncate(time.Second), Singles: []ocspwire.Single{one}, Nonce: q.Nonce}
	if change != nil {
		change(&r)
	}
	body := must[[]byte](o.t)(r.TBS())
	return must[[]byte](o.t)(ocspwire.Assemble(body, must[[]byte](o.t)(pki.AlgorithmIdentifier(cert.P256SHA256)), must[[]byte](o.t)(pki.SignTBS(rand.Reader, o.ocsp, body)), o.responder))
}

// ours is the prober's clock: the true time, and by how much it is wrong.
type ours struct {
	*clock.Virtual
	wrong time.Duration
}

func (c *ours) Now() time.Time { return c.Virtual.Now().Add(c.wrong) }

func (c *ours) Wait(ctx context.Context, until time.Time, wake <-chan struct{}) error {
	if !until.IsZero() {
		until = until.Add(-c.wrong)
	}
	return c.Virtual.Wait(ctx, until, wake)
}

// world is a prober among what it probes, in virtual time. What the others do wrong is a function, by the service.
type world struct {
	*testing.T
	true   *clock.Virtual
	ours   *ours
	o      *office
	store  *sqlstore.Store
	faults *sqlstoretest.Faults
	p      *Prober
	alarms *alarm.Alarms
	tasks  []clock.Task
	driver *clock.Driver

	listed func() []byte
	wrong  map[Service]func(r *http.Request, right func() *http.Response) (*http.Response, error)
	ca     func(q Question, right func() Answer) (Answer, error)
	served map[Service]int
}

func open(t *testing.T, url string, change ...func(*Config)) *world {
	w := &world{T: t, true: clock.NewVirtual(start), o: newOffice(t), faults: &sqlstoretest.Faults{}, served: map[Service]int{},
		wrong: map[Service]func(*http.Request, func() *http.Response) (*http.Response, error){}}
	w.ours = &ours{Virtual: w.true}
	first := w.o.list(5, start.Add(-time.Minute), revokedSerial)
	w.listed = func() []byte { return first }
	log := slog.New(slog.DiscardHandler)
	w.store = sqlstoretest.Open(t, url, sqlstore.Options{Clock: w.true, Faults: w.faults, Log: log}, auditlog.Schema, due.Schema, alarm.Schema, Schema)
	cfg := Config{Self: "prefecture-20", Store: w.store, Clock: w.ours, Steady: func() time.Duration { return w.true.Now().Sub(start) + time.Hour }, Rand: rand.Reader,
		Jitter: mathrand.New(mathrand.NewPCG(1, 2)), Log: log, Roots: []Root{{cert.Signature, w.o.certificate}}, OCSP: "http://outside/ocsp", Lists: "http://outside/crl",
		Partitions: []Partition{matsumoto}, Ask: w.ask, Transport: w}
	for _, c := range change {
		c(&cfg)
	}
	w.p = must[*Prober](t)(New(cfg))
	w.alarms = must[*alarm.Alarms](t)(alarm.New(alarm.Config{Self: cfg.Self, Store: w.store, Clock: w.true, Log: log, Every: 15 * time.Second}))
	w.alarms.Add(w.p.Source("/availability"))
	w.tasks = append(w.translated(w.p.Tasks()), w.alarms.Tasks()...)
	w.driver = clock.NewDriver(w.true, w.tasks)
	return w
}

// translated makes tasks that speak of our clock speak of the true one, which moves the world.
func (w *world) translated(tasks []clock.Task) (all []clock.Task) {
	for _, t := range tasks {
		step := t.Step
		t.Step = func(ctx context.Context) (time.Time, error) {
			next, err := step(ctx)
			if !next.IsZero() {
				next = next.Add(-w.ours.wrong)
			}
			return next, err
		}
		all = append(all, t)
	}
	return all
}

// until lets time pass; a task whose database fails says so and goes on.
func (w *world) until(d time.Duration) {
	w.Helper()
	if err := w.driver.Until(w.Context(), start.Add(d)); err != nil {
		w.Fatal(err)
	}
}

// RoundTrip is what is outside.
func (w *world) RoundTrip(r *http.Request) (*http.Response, error) {
	service := CRL
	if r.URL.Path == "/ocsp" {
		service = OCSP
	}
	body, _ := io.ReadAll(r.Body)
	right := func() *http.Response {
		w.served[service]++
		if service == OCSP {
			return answer("application/ocsp-response", w.o.respond(body, w.true.Now(), nil))
		}
		der := w.listed()
		if der == nil {
			return &http.Response{StatusCode: http.StatusNotFound, Body: http.NoBody, Header: http.Header{}}
		}
		tag := fmt.Sprintf("%q", fmt.Sprintf("%x", der[len(der)-8:]))
		if r.Header.Get("If-None-Match") == tag {
			return &http.Response{StatusCode: http.StatusNotModified, Body: http.NoBody, Header: http.Header{}}
		}
		a := answer("application/pkix-crl", der)
		a.Header.Set("ETag", tag)
		return a
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	if wrong := w.wrong[service]; wrong != nil {
		return wrong(r, right)
	}
	return right(), nil
}

func answer(kind string, body []byte) *http.Response {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {kind}}, Body: io.NopCloser(bytes.NewReader(body))}
}

// ask is the CA, which signs at once.
func (w *world) ask(_ context.Context, kind string, body []byte) ([]byte, error) {
	q := must[Question](w.T)(ReadQuestion(body))
	if kind != AskKind {
		w.Errorf("asked for %s", kind)
	}
	right := func() Answer {
		w.served[Issuance]++
		at := w.true.Now()
		return Answer{State: "signed", At: at, Signature: must[[]byte](w.T)(pki.SignTBS(rand.Reader, w.o.key, Statement(w.o.certificate.SubjectKeyId, "prefecture-20", q.Nonce, at)))}
	}
	a, err := right(), error(nil)
	if w.ca != nil {
		w.served[Issuance]--
		if a, err = w.ca(q, right); err != nil {
			return nil, err
		}
	}
	return must[[]byte](w.T)(json.Marshal(a)), nil
}

// rows are what is written down of a service: "ok", "failed late", "unmeasured own-clock", by the minute.
func (w *world) rows(s Service) (all []string) {
	w.Helper()
	w.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		found, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, m *minute) error {
			return r.Scan(&m.at, (*int64)(&m.outcome), (*string)(&m.reason), &m.ms)
		}, `SELECT minute, outcome, reason, ms FROM probe_minute WHERE target = $1 ORDER BY minute`, Target{s, cert.Signature}.String())
		for _, m := range found {
			all = append(all, strings.TrimSpace(fmt.Sprint(map[Outcome]string{OK: "ok", Failed: "failed", Unmeasured: "unmeasured"}[m.outcome], " ", m.reason)))
		}
		return err
	})
	return all
}

func (w *world) view(fn func(context.Context, *sqlstore.Tx) error) {
	w.Helper()
	if err := w.store.View(w.Context(), fn); err != nil {
		w.Fatal(err)
	}
}

func (w *world) update(fn func(context.Context, *sqlstore.Tx) error) error {
	return w.store.Update(w.Context(), fn)
}

// month is the month of a service so far.
func (w *world) month(s Service, m Month) (one TargetMonth) {
	w.Helper()
	w.view(func(ctx context.Context, tx *sqlstore.Tx) error {
		r, err := ReportOf(ctx, tx, m, w.true.Now())
		for _, t := range r.Targets {
			if t.Target.Service == s {
				one = t
			}
		}
		return err
	})
	return one
}

// ringing are the alarms that are open.
func (w *world) ringing() (all []string) {
	w.Helper()
	for _, a := range must[alarm.View](w.T)(w.alarms.View(w.Context(), 0)).Open {
		all = append(all, strings.TrimSpace(fmt.Sprintf("%s %s", a.Code, a.What)))
	}
	return all
}

var errBroken = errors.New("connection reset by peer")
