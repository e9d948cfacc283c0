package alarm_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestDrillHidesNothing: an organisation with many peers has a drill of each on its hands. A real fault among them, or of
// the same thing later, is told as a real one, by its name.
func TestDrillHidesNothing(t *testing.T) {
	const peers = 300
	var to receiver
	w := open(t, sqlstoretest.SQLite(t), alarm.Config{Webhook: alarm.Webhook{URL: "https://hook.example/"}, HTTP: &to},
		script{"a", func(_ context.Context, at time.Duration) (all []alarm.Signal, _ error) {
			for i := range peers {
				all = append(all, alarm.Signal{Code: alarm.MessageParkedHere, Peer: message.Org(fmt.Sprintf("municipality-%06d", i)), About: "exchange.drill", Value: 1, Drill: true})
			}
			if at >= 20*time.Second {
				all = append(all, alarm.Signal{Code: alarm.MessageParkedHere, Peer: peer, About: "resident.change", Value: 2, Since: start.Add(at)})
			}
			return append(all, alarm.Signal{Code: alarm.CaseOpen, Peer: peer, About: "residents", Value: 3, Drill: at < 20*time.Second}), nil
		}})
	real := func() (all []string) {
		v, err := w.View(t.Context(), 0)
		w.must(err)
		for _, a := range v.Open {
			if !a.Drill {
				all = append(all, fmt.Sprint(a.Code, " ", a.What, " ", a.Value))
			}
		}
		return all
	}
	w.must(w.until(10 * time.Second))
	if got := real(); len(got) != 0 {
		t.Fatalf("while there are drills alone: %q", got)
	}
	w.must(w.until(30 * time.Second))
	want := fmt.Sprint([]string{"message-parked-here resident.change 2", "case-open residents 3"})
	if got := real(); fmt.Sprint(got) != want {
		t.Errorf("real ones are %q, want %s", got, want)
	}
	told, ids := map[string]bool{}, map[string]string{}
	for _, body := range to.got {
		var n alarm.Notification
		w.must(json.Unmarshal([]byte(body), &n))
		told[fmt.Sprint(n.Alarm, " ", n.About, " ", n.Event, " ", n.Drill)] = true
		if was, twice := ids[n.ID]; twice && was != body {
			t.Errorf("two notifications have one number, and a receiver takes the second for the first:\n%s\n%s", was, body)
		}
		ids[n.ID] = body
	}
	if !told["message-parked-here resident.change opened false"] || !told["case-open residents opened false"] || !told["case-open residents closed true"] {
		t.Errorf("told were %v", told)
	}
	if got := metric(t, w, `akashi_alarm_open{about="resident.change",alarm="message-parked-here",drill="no",organisation="municipality-202029",peer="prefecture-20",severity="warning"}`); got != "1" {
		t.Errorf("the metric of the real one says %q", got)
	}

	// A hand that marks a real alarm as a drill's in the database does not make it one.
	w.must(w.store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE alarm SET drill = TRUE WHERE code = 'case-open' AND state = 'open'`)
		return err
	}))
	w.must(w.until(40 * time.Second))
	if got := real(); fmt.Sprint(got) != want {
		t.Errorf("after a hand was at it the real ones are %q, want %s", got, want)
	}
}

// TestWordsAreWords: what somebody else wrote, a peer's reason to refuse us, gives no orders to a terminal, makes no line in
// a journal, and turns no text around.
func TestWordsAreWords(t *testing.T) {
	const evil = "no\r\nlevel=INFO msg=\"alarm closed\"\x1b[2J\x9b1A\u202egnihton\u2066\u2028\x00<script>\xff"
	var to receiver
	w := open(t, "memory:", alarm.Config{Webhook: alarm.Webhook{URL: "https://hook.example/"}, HTTP: &to},
		script{"a", func(context.Context, time.Duration) ([]alarm.Signal, error) {
			return []alarm.Signal{{Code: alarm.PeerRefused, Peer: peer, About: evil, Value: 1, Detail: plain.Sentence{JA: evil, EN: evil}, Href: evil}}, nil
		}})
	w.must(w.until(10 * time.Second))
	v, err := w.View(t.Context(), 0)
	w.must(err)
	if len(v.Open) != 1 || len(to.got) != 1 {
		t.Fatalf("%d alarms, %d notifications", len(v.Open), len(to.got))
	}
	var n alarm.Notification
	w.must(json.Unmarshal([]byte(to.got[0]), &n))
	a := v.Open[0]
	for _, text := range []string{a.What, a.Detail.JA, a.Detail.EN, a.Href, n.About, n.Detail.JA, n.Detail.EN} {
		if strings.ContainsAny(text, "\r\n\x00\x1b\u009b\u202e\u2066\u2028") || !strings.HasPrefix(text, "no  level") {
			t.Errorf("%q", text)
		}
	}
}
