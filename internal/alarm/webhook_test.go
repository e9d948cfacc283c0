package alarm_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

const hook = "https://hook.example/token-4711"

func refusedFor(from, to time.Duration) script {
	return value(alarm.PeerRefused, "", func(at time.Duration) int64 {
		if at >= from && at < to {
			return 1
		}
		return 0
	})
}

func notifications(t *testing.T, r *receiver) (all []alarm.Notification) {
	t.Helper()
	for _, body := range r.got {
		var n alarm.Notification
		if err := json.Unmarshal([]byte(body), &n); err != nil {
			t.Fatal(err)
		}
		all = append(all, n)
	}
	return all
}

// TestWebhook: the opening and the closing are each told once, signed, and the acknowledgement is on the row.
func TestWebhook(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		secret := []byte("0123456789abcdef")
		r := &receiver{answer: func(req *http.Request, body []byte) (int, error) {
			mac := hmac.New(sha256.New, secret)
			mac.Write(body)
			if got := req.Header.Get("Akashi-Signature"); got != "sha256="+hex.EncodeToString(mac.Sum(nil)) {
				t.Errorf("signed %q", got)
			}
			return http.StatusOK, nil
		}}
		w := open(t, url, alarm.Config{Webhook: alarm.Webhook{URL: hook, Secret: secret}, HTTP: r}, refusedFor(10*time.Second, time.Minute))
		w.must(w.until(30 * time.Second))
		v, err := w.View(t.Context(), 0)
		w.must(err)
		if len(v.Open) != 1 || !v.Open[0].ToldOpened.Equal(start.Add(10*time.Second)) || !v.Open[0].ToldClosed.IsZero() {
			t.Errorf("open: %+v", v.Open)
		}
		w.must(w.until(2 * time.Minute))
		if v, err = w.View(t.Context(), 1); err != nil || len(v.Closed) != 1 || v.Closed[0].ToldClosed.IsZero() {
			t.Errorf("closed: %+v, %v", v.Closed, err)
		}
		got := notifications(t, r)
		if len(got) != 2 || got[0].Event != "opened" || got[1].Event != "closed" || got[0].ID == got[1].ID {
			t.Fatalf("told %+v", got)
		}
		if n := got[1]; n.Alarm != alarm.PeerRefused || n.Organisation != self || n.Peer != peer || n.Severity != alarm.Critical || n.Drill ||
			!n.OpenedAt.Equal(start.Add(10*time.Second)) || !n.ClosedAt.Equal(start.Add(time.Minute)) || n.Runbook != "peer-refused.md" {
			t.Errorf("told %+v", n)
		}
	})
}

// TestWebhookAway: a receiver that fails is tried again with growing pauses, then no more; that is an alarm, the alarms
// go on, and when a person starts it again the same notification goes out under the same id.
func TestWebhookAway(t *testing.T) {
	for name, answer := range map[string]func() (int, error){
		"error":    func() (int, error) { return 0, errors.New("connection refused") },
		"status":   func() (int, error) { return http.StatusInternalServerError, nil },
		"redirect": func() (int, error) { return http.StatusFound, nil },
	} {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				away := true
				ids := map[string]bool{}
				r := &receiver{answer: func(req *http.Request, _ []byte) (int, error) {
					if req.URL.String() != hook {
						t.Errorf("sent to %s", req.URL)
					}
					ids[req.Header.Get("Idempotency-Key")] = true
					if away {
						return answer()
					}
					return http.StatusAccepted, nil
				}}
				w := open(t, url, alarm.Config{Webhook: alarm.Webhook{URL: hook}, HTTP: r, Every: time.Minute}, refusedFor(0, 1000*time.Hour))
				w.must(w.until(4 * time.Minute))
				w.expect("tried for a while", "peer-refused prefecture-20=1")
				w.must(w.until(6 * time.Minute))
				w.expect("tried for long", "peer-refused prefecture-20=1", "webhook-late=360")
				w.must(w.until(3 * time.Hour))
				calls := r.calls
				if calls != 16 { // eight for each of the two alarms
					t.Errorf("tried %d times", calls)
				}
				w.must(w.until(6 * time.Hour))
				if r.calls != calls || len(r.got) != 0 {
					t.Errorf("tried %d times more", r.calls-calls)
				}
				w.expect("given up", "peer-refused prefecture-20=1", "webhook-late=21600")
				var parked []due.ParkedItem
				w.must(w.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
					parked, err = due.Parked(ctx, tx, 0, 10)
					return err
				}))
				if len(parked) != 2 {
					t.Fatalf("%d are set aside", len(parked))
				}
				if all := fmt.Sprint(parked[0].Reason, w.log.String()); strings.Contains(all, "4711") {
					t.Errorf("the address is told: %s", all)
				}
				away = false
				w.must(w.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					return errors.Join(due.Retry(ctx, tx, parked[0].ID), due.Retry(ctx, tx, parked[1].ID))
				}))
				w.must(w.until(7 * time.Hour))
				w.expect("back", "peer-refused prefecture-20=1")
				if len(r.got) != 3 || len(ids) != 3 { // two openings, and the closing of webhook-late
					t.Errorf("%d were taken, of %d events", len(r.got), len(ids))
				}
			})
		})
	}
}

// TestWebhookLostAnswer: the receiver took it and its answer was lost. It comes again under the same id.
func TestWebhookLostAnswer(t *testing.T) {
	var ids []string
	r := &receiver{answer: func(req *http.Request, _ []byte) (int, error) {
		ids = append(ids, req.Header.Get("Idempotency-Key"))
		if len(ids) == 1 {
			return 0, errors.New("unexpected EOF")
		}
		return http.StatusOK, nil
	}}
	w := open(t, "memory:", alarm.Config{Webhook: alarm.Webhook{URL: hook}, HTTP: r}, refusedFor(0, time.Hour))
	w.must(w.until(time.Minute))
	if len(ids) != 2 || ids[0] != ids[1] || ids[0] == "" {
		t.Errorf("ids %q", ids)
	}
}

// TestWebhookIsBounded: a receiver that is away while alarms come and go fills a bounded queue, of which the oldest go and
// are counted; the alarms themselves are all there, and when the receiver is back it is told of the newest.
func TestWebhookIsBounded(t *testing.T) {
	away := true
	r := &receiver{answer: func(*http.Request, []byte) (int, error) {
		if away {
			return 0, errors.New("away")
		}
		return http.StatusOK, nil
	}}
	w := open(t, "memory:", alarm.Config{Webhook: alarm.Webhook{URL: hook}, HTTP: r},
		script{"script", func(_ context.Context, at time.Duration) (all []alarm.Signal, _ error) {
			for i := range 90 {
				all = append(all, alarm.Signal{Code: alarm.CaseOpen, About: fmt.Sprint(int(at/(5*time.Second)), "/", i), Value: 1})
			}
			return all, nil
		}})
	w.must(w.until(65 * time.Second)) // 14 looks: 90 open and 90 close at each
	if queued := metric(t, w, `akashi_alarm_webhook_queued{organisation="municipality-202029"}`); queued != "2000" {
		t.Errorf("%s are queued", queued)
	}
	// 13·180+90 events, and the opening of webhook-full; the last look's own are not yet in the figure.
	if dropped := metric(t, w, `akashi_alarm_webhook_dropped_total{organisation="municipality-202029"}`); dropped != "251" {
		t.Errorf("%s were dropped", dropped)
	}
	if got := strings.Join(w.open(), " "); !strings.Contains(got, "webhook-full=2000") {
		t.Errorf("open: %s", got)
	}
	if n := len(w.history()); n != 14*90+1 {
		t.Errorf("%d alarms", n)
	}
	away = false
	w.must(w.until(71 * time.Second))
	told := notifications(t, r)
	newest := false
	for _, n := range told {
		newest = newest || n.About == "14/89"
	}
	if !newest {
		t.Errorf("of %d notifications none is of the newest alarm", len(told))
	}
}

// TestWebhookDamaged: an item that somebody changed by hand is set aside and stops no other.
func TestWebhookDamaged(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		r := &receiver{}
		w := open(t, url, alarm.Config{Webhook: alarm.Webhook{URL: hook}, HTTP: r}, refusedFor(30*time.Second, time.Hour))
		w.must(w.store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
			due.Add(tx, start, "alarm.webhook", "1/opened", []byte(`{"version":1,"id":"ab`))
			due.Add(tx, start, "alarm.webhook", "", []byte(`{}`))
			due.Add(tx, start, "alarm.webhook", "2/burnt", nil)
			return nil
		}))
		w.must(w.until(time.Minute))
		if got := notifications(t, r); len(got) == 0 || got[len(got)-1].Alarm != alarm.PeerRefused {
			t.Errorf("told %+v", got)
		}
		w.must(w.until(3 * time.Hour))
		w.must(w.store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			if c, err := due.Count(ctx, tx); err != nil || c.Parked != 3 || c.Waiting != 0 {
				t.Errorf("%+v, %v", c, err)
			}
			return nil
		}))
	})
}

// TestWebhookSettings: what cannot be a receiver is refused without being quoted; none at all is none.
func TestWebhookSettings(t *testing.T) {
	for _, bad := range []string{"hook.example/token-4711", "ftp://hook.example/4711", "https:///4711", "https://a b/4711",
		"http://hook.example/4711", "http://192.0.2.7/4711", "http://127.0.0.1.example/4711", "http://127.0.0.1@hook.example/4711"} {
		_, err := alarm.New(alarm.Config{Webhook: alarm.Webhook{URL: bad}, Clock: open(t, "memory:", alarm.Config{}).clock})
		if err == nil || strings.Contains(err.Error(), "4711") {
			t.Errorf("%s: %v", bad, err)
		}
	}
	for _, good := range []string{"", hook, "http://127.0.0.1:8080/4711", "http://[::1]/4711", "http://localhost/4711"} {
		if _, err := alarm.New(alarm.Config{Webhook: alarm.Webhook{URL: good}, Clock: open(t, "memory:", alarm.Config{}).clock}); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	r := &receiver{}
	w := open(t, "memory:", alarm.Config{Webhook: alarm.Webhook{URL: hook}, HTTP: r}, refusedFor(0, time.Second))
	w.must(w.store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
		due.Add(tx, start.Add(time.Minute), "alarm.webhook", "1/opened", []byte(`{}`))
		return nil
	}))
	w.restart(alarm.Config{HTTP: r}) // the webhook was taken out of the configuration
	w.must(w.until(5 * time.Minute))
	if r.calls != 0 || !strings.Contains(w.log.String(), "no webhook is configured any more") {
		t.Errorf("%d calls; %s", r.calls, w.log.String())
	}
}
