package validation_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/inspection/inspectiontest"
	"github.com/akashi-id/akashi/internal/org/validation"
	"github.com/akashi-id/akashi/internal/pki/jpki/jpkitest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// front is what stands before the validation authority, and may answer in its place.
type front struct {
	*country
	instead func(w http.ResponseWriter, r *http.Request) bool
	asked   [][]byte // questions to the responder
	told    [][]byte // and its answers
}

// newFront is a country whose served things are fetched over the network from a server that a test can make lie.
func newFront(t *testing.T, url string) *front {
	f := &front{country: newCountry(t, url)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := must[[]byte](t)(io.ReadAll(r.Body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		if f.instead != nil && f.instead(w, r) {
			return
		}
		recorder := httptest.NewRecorder()
		f.Handler().ServeHTTP(recorder, r)
		if strings.HasSuffix(r.URL.Path, "/ocsp") {
			f.asked, f.told = append(f.asked, body), append(f.told, recorder.Body.Bytes())
		}
		w.WriteHeader(recorder.Code)
		w.Write(recorder.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	f.public = server.URL + "/validation"
	if err := f.Validation.Close(); err != nil {
		t.Fatal(err)
	}
	f.open()
	f.send(good(t, f.signature, "4711"), good(t, f.signature, "4712"), good(t, f.authentication, "4713"),
		revoked(t, f.signature, "4712", cert.AffiliationChanged, start), f.signature.list(t, 1, start, matsumoto, "4712"))
	f.run(time.Minute)
	return f
}

// inspect lets time pass for the inspection, and for what the answers need, longer than a round of each way.
func (f *front) inspect() {
	f.t.Helper()
	if err := clock.Drive(f.t.Context(), f.clk, append(f.CheckTasks(), f.Serving()...), f.clk.Now().Add(65*time.Second)); err != nil {
		f.t.Fatal(err)
	}
}

// inspected gives what was found, as "way rule item".
func (c *country) inspected() []string {
	c.t.Helper()
	return inspectiontest.Open(c.t, c.Store, func(f inspection.Finding) string { return f.Way + " " + f.Rule + " " + f.Item })
}

func (c *country) byHand(query string, args ...any) {
	c.t.Helper()
	inspectiontest.ByHand(c.t, c.Store, query, args...)
}

// want holds what was found against what a test has damaged: the rule on that item, and after the mending nothing.
func (f *front) want(finds string, mend func()) {
	f.t.Helper()
	f.inspect()
	if got := f.inspected(); !slices.Contains(got, finds) {
		f.t.Errorf("want %s, found %v", finds, got)
	}
	mend()
	f.inspect()
	if got := f.inspected(); len(got) > 0 {
		f.t.Fatalf("%s: mended, and still %v", finds, got)
	}
}

const list = "signature/202029"

// TestServedIsInspected has a server in front lie about what is served, and rows be damaged, one thing after the other. Each is found within
// a round and ends when it is over.
func TestServedIsInspected(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		f := newFront(t, url)
		f.inspect()
		if got := f.inspected(); len(got) > 0 {
			t.Fatalf("nothing is wrong yet, and it found %v", got)
		}
		honest := func() { f.instead = nil }
		lie := func(suffix string, status int, body []byte) {
			f.instead = func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, suffix) {
					w.WriteHeader(status)
					w.Write(body)
					return true
				}
				return false
			}
		}
		short := f.signature.id[:8]

		lie("/ca/signature.cer", 200, f.authentication.Certificate())
		f.want("addresses other ca/signature.cer", honest)
		lie("/ca/signature.pem", 200, nil)
		f.want("addresses other ca/signature.pem", honest)
		lie("/ocsp", 503, nil)
		f.want("addresses unreachable ocsp/"+short, honest)
		lie("/ocsp", 200, []byte("<html>"))
		f.want("addresses unreadable ocsp/"+short, honest)
		lie(list+".crl", 404, nil)
		f.want("served-lists unreachable "+list, honest)
		lie(list+".crl", 200, []byte("<html>"))
		f.want("served-lists unreadable "+list, honest)

		// A cache that hands out the list before, when a newer one was seen.
		first := must[[]byte](t)(f.fetch(list + ".crl"))
		f.send(f.signature.list(t, 2, f.clk.Now().Truncate(time.Second), matsumoto, "4712"))
		f.run(time.Second)
		f.inspect()
		lie(list+".crl", 200, first)
		f.want("served-lists went-back "+list, honest)

		// A list of the same number that leaves the revocation out, put into the row by a hand.
		without := f.signature.list(t, 2, f.clk.Now().Truncate(time.Second), matsumoto)
		lie(list+".crl", 200, without.CRL)
		f.want("served-lists other-list "+list, honest)
		row := `UPDATE crl SET der = $1, entries = $2, number = $3, this_update = $4, next_update = $5 WHERE profile = 'signature'`
		now := f.clk.Now().Truncate(time.Second)
		third := f.signature.list(t, 3, now, matsumoto)
		f.byHand(row, third.CRL, int64(0), int64(3), now, now.Add(48*time.Hour))
		f.inspect()
		if got := f.inspected(); !slices.Contains(got, "served-lists vanished "+list) || !slices.Contains(got, "served-lists missing "+list) {
			t.Errorf("a revocation that left its list: %v", got)
		}
		fourth := f.signature.list(t, 4, now, matsumoto, "4712")
		f.byHand(row, fourth.CRL, int64(1), int64(4), now, now.Add(48*time.Hour))
		f.inspect()
		if got := f.inspected(); len(got) > 0 {
			t.Errorf("it stands on the next one, and still %v", got)
		}

		// What is revoked and on no list that was made since.
		f.byHand(`UPDATE status SET state = 'revoked', reason = 'affiliationChanged', revoked_at = $1 WHERE serial = $2`, start, serial(t, "4711").Bytes())
		f.want("served-lists missing "+list, func() {
			fifth := f.signature.list(t, 5, now, matsumoto, "4711", "4712")
			f.byHand(row, fifth.CRL, int64(2), int64(5), now, now.Add(48*time.Hour))
		})
		// The row says another reason than the list and those who were told.
		f.byHand(`UPDATE status SET reason = 'superseded' WHERE serial = $1`, serial(t, "4712").Bytes())
		f.want("served-lists entry "+list, func() {
			f.byHand(`UPDATE status SET reason = 'affiliationChanged' WHERE serial = $1`, serial(t, "4712").Bytes())
		})
		// A list of which no newer one comes.
		f.clk.Set(f.clk.Now().Add(49 * time.Hour))
		f.inspect()
		if got := f.inspected(); !slices.Contains(got, "served-lists late "+list) {
			t.Errorf("two days later %v", got)
		}
	})
}

// fetch takes what is published, from inside.
func (f *front) fetch(file string) ([]byte, error) {
	w := httptest.NewRecorder()
	f.Handler().ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/validation/crl/"+file, nil))
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("HTTP %d", w.Code)
	}
	return w.Body.Bytes(), nil
}

// TestAnswersAreInspected: a spare responder or a cache that goes on telling what was true before is found, the certificate that has just
// changed first.
func TestAnswersAreInspected(t *testing.T) {
	f := newFront(t, "memory:")
	f.inspect()
	before := map[string][]byte{}
	for i := range f.asked {
		before[string(f.asked[i])] = f.told[i]
	}
	f.instead = func(w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		old, ok := before[string(body)]
		if ok && strings.HasSuffix(r.URL.Path, "/ocsp") {
			w.Write(old)
			return true
		}
		return false
	}
	key := f.signature.id[:8] + "/4711"
	ended := f.clk.Now().Truncate(time.Second)
	f.send(revoked(t, f.signature, "4711", cert.AffiliationChanged, ended))
	f.run(12 * time.Second)
	if got := f.inspected(); !slices.Contains(got, "answers-changed good "+key) {
		t.Errorf("12 seconds after a revocation that is told good: %v", got)
	}
	f.inspect()
	if got := f.inspected(); !slices.Contains(got, "answers good "+key) {
		t.Errorf("a minute after it: %v", got)
	}
	f.clk.Set(f.clk.Now().Add(11 * time.Minute))
	f.inspect()
	if got := f.inspected(); !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, "answers late ") }) {
		t.Errorf("old answers: %v", got)
	}
	f.instead = nil
	f.send(f.signature.listed(t, 2, f.clk.Now().Truncate(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4711"), At: ended, Reason: cert.AffiliationChanged},
		jpkitest.Revocation{Serial: serial(t, "4712"), At: start, Reason: cert.AffiliationChanged}))
	f.run(time.Second)
	f.inspect()
	if got := f.inspected(); len(got) > 0 {
		t.Errorf("all is told right again, and still %v", got)
	}
}

// TestOneOfTwoResponders: an answer that a second question would not get again is a finding all the same when it was wrong about a revocation.
func TestOneOfTwoResponders(t *testing.T) {
	f := newFront(t, "memory:")
	f.inspect()
	before, lied := map[string][]byte{}, 0
	for i := range f.asked {
		before[string(f.asked[i])] = f.told[i]
	}
	f.send(revoked(t, f.signature, "4711", cert.AffiliationChanged, f.clk.Now().Truncate(time.Second)))
	f.instead = func(w http.ResponseWriter, r *http.Request) bool {
		body, _ := io.ReadAll(r.Body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		old, ok := before[string(body)]
		if lied > 0 || !ok || !strings.HasSuffix(r.URL.Path, "/ocsp") || !bytes.Contains(body, []byte{0x47, 0x11}) {
			return false
		}
		lied++
		w.Write(old)
		return true
	}
	f.run(25 * time.Second)
	var closed []inspection.Finding
	if err := f.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		closed, err = inspection.Closed(ctx, tx, 10)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if lied != 1 || len(closed) != 1 || closed[0].Rule != "good" || closed[0].ClosedBy != "" { // and nothing else was ever found
		t.Errorf("lied %d times, and it found %+v", lied, closed)
	}
}

// TestChangedIsAskedOnce: a change that was told right is not asked for again, so that the record of answers is not full of our own.
func TestChangedIsAskedOnce(t *testing.T) {
	f := newFront(t, "memory:")
	f.inspect()
	n := map[string]int{}
	for _, q := range f.asked {
		n[string(q)]++
	}
	f.asked = nil
	f.inspect()
	if most := 5 * 65 / 10; len(f.asked) > most {
		t.Errorf("%d questions within a minute, of which there are at most %d", len(f.asked), most)
	}
}

// TestNobodyFetches: without public addresses nothing is fetched and nothing found, whatever is damaged.
func TestNobodyFetches(t *testing.T) {
	c := newCountry(t, "memory:")
	c.send(good(t, c.signature, "4711"), c.signature.list(t, 1, start, matsumoto))
	c.run(time.Minute)
	c.byHand(`UPDATE status SET state = 'revoked', reason = 'superseded', revoked_at = 1 WHERE serial = $1`, serial(t, "4711").Bytes())
	c.run(time.Minute)
	if got := c.inspected(); len(got) > 0 {
		t.Errorf("found %v", got)
	}
}

// TestPublicationIsFound: what the publication of a list saw is a finding and an alarm; an event stays for a person, a list that came too late
// is over with the next.
func TestPublicationIsFound(t *testing.T) {
	c := newCountry(t, "memory:")
	c.send(good(t, c.signature, "4712"), revoked(t, c.signature, "4712", cert.AffiliationChanged, start), c.signature.list(t, 1, start, matsumoto, "4712"))
	c.run(time.Minute)
	if got := c.inspected(); len(got) > 0 {
		t.Fatalf("found %v", got)
	}
	c.send(c.signature.listed(t, 2, start.Add(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4712"), At: start, Reason: cert.Superseded}))
	c.run(time.Minute)
	if got := c.inspected(); !slices.Equal(got, []string{"published reason-changed " + list}) {
		t.Errorf("another reason than published: %v", got)
	}
	open := must[alarm.View](t)(c.Alarms.View(t.Context(), 10)).Open
	if !slices.ContainsFunc(open, func(a alarm.Alarm) bool { return a.Code == alarm.ListWrong && a.What == "published" && a.Value == 1 }) {
		t.Errorf("open are %+v", open)
	}
	c.clk.Set(c.clk.Now().Add(72 * time.Hour))
	c.send(c.signature.listed(t, 3, start.Add(2*time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4712"), At: start, Reason: cert.Superseded}))
	c.run(time.Minute)
	if got := c.inspected(); !slices.Equal(got, []string{"published reason-changed " + list, "published stale " + list}) {
		t.Errorf("one that came too late: %v", got)
	}
	c.send(c.signature.listed(t, 4, c.clk.Now().Truncate(time.Second), matsumoto, jpkitest.Revocation{Serial: serial(t, "4712"), At: start, Reason: cert.Superseded}))
	c.run(time.Minute)
	if got := c.inspected(); !slices.Equal(got, []string{"published reason-changed " + list}) {
		t.Errorf("the next one is right: %v", got)
	}
}

// TestNobodyReliesOnTheInspection: what the inspection was told is in the record under our own name, and a late revocation counts it
// for nobody; what somebody else was told counts.
func TestNobodyReliesOnTheInspection(t *testing.T) {
	f := newFront(t, "memory:")
	f.send(good(t, f.signature, "4714"))
	untrue := resident.DateOf(f.clk.Now())
	f.jump(26 * time.Hour)
	f.inspect()
	f.country.told(f.signature, "4714")
	f.run(time.Second)
	recorded := func(where string) (n int64) {
		if err := f.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM answer WHERE answer = 'good' AND `+where).Scan(&n)
		}); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if ours, others := recorded(`requester = 'validation'`), recorded(`requester <> 'validation'`); ours < 2 || others != 1 {
		t.Fatalf("the record has %d answers to ourselves, and %d to others", ours, others)
	}
	f.send(f.late("4711", f.clk.Now(), untrue), f.late("4714", f.clk.Now(), untrue))
	f.run(time.Minute)
	if r := f.impact(validation.ImpactWindow{}); len(r.Cases) != 1 || r.Cases[0].Serial != "4714" || r.Cases[0].Answers != 1 {
		t.Errorf("told wrongly: %+v", r.Cases)
	}
}
