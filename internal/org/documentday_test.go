package org_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// closed is the last close of today, after the counter and its server have had time to compare.
func (v *issuers) closed() municipality.DocumentDay {
	v.Helper()
	check(v, v.town.CloseDay(v.clerk, v.today()))
	v.run(2 * time.Second)
	d, found, err := v.town.DayOf(v.clerk, v.today())
	check(v, err)
	if !found || d.AnsweredAt.IsZero() {
		v.Fatalf("the close was not answered: %+v", d)
	}
	return d
}

// dayOpen is how many days the counter has an alarm for.
func (v *issuers) dayOpen() (days int64) {
	v.Helper()
	all, err := v.town.DayAlarms().Signals(v.Context(), v.clk.Now())
	check(v, err)
	for _, s := range all {
		if s.Code == alarm.DocumentDayOpen {
			days += s.Value
		}
	}
	return days
}

// TestDayAgrees: a day with every way to end is closed by a clerk, and agrees when everything of it has ended. What a clerk did not close is closed at night, and anew each
// night until it agrees.
func TestDayAgrees(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, _ string) {
		url := sqlstoretest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			url = sqlstoretest.Postgres
		}
		v := newIssuers(t, url, true)
		who := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		v.handedOver(who.Person)
		recalled := v.handedOver(who.Person)
		check(t, v.town.RecallDocument(v.clerk, recalled, "別の方の記録が載っていた。"))
		voided := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
		check(t, v.town.VoidDocument(v.clerk, voided, 0, "来た方が帰った。"))
		v.applied(making.SealCertificate, who.Person, document.Items{}) // there is no seal
		held := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
		want := municipality.DocumentDay{Requested: 5, Refused: 1, Held: 1, Delivered: 2, Voided: 1, Recalled: 1, Sheets: 2}
		figures := func(d municipality.DocumentDay) municipality.DocumentDay {
			return municipality.DocumentDay{Requested: d.Requested, Refused: d.Refused, Waiting: d.Waiting, Held: d.Held, Delivered: d.Delivered, Stopped: d.Stopped, Voided: d.Voided, Recalled: d.Recalled, Sheets: d.Sheets, Cases: d.Cases}
		}
		d := v.closed()
		if got := figures(d); !equalDays(got, want) || d.Agrees || len(d.Differences) != 0 || d.Version != 1 || d.By != "clerk-aoki" {
			t.Errorf("with one at the counter: %+v", d)
		}
		if n := v.dayOpen(); n != 0 {
			t.Errorf("today has %d alarms", n)
		}
		check(t, v.town.CloseDay(v.clerk, v.today().AddDays(-1)))
		if err := v.town.CloseDay(v.clerk, v.today().AddDays(1)); err == nil || !strings.Contains(err.Error(), "まだ来ていない日は締められません。") {
			t.Errorf("tomorrow: %v", err)
		}
		// Nobody says what became of the last one, and the night closes the day as it is.
		day := v.today()
		v.clk.Set(day.AddDays(1).Start().Add(6 * time.Minute))
		v.run(2 * time.Second)
		d, _, err := v.town.DayOf(v.clerk, day)
		check(t, err)
		if !equalDays(figures(d), want) || d.Agrees || d.Version != 2 || d.By != "" {
			t.Errorf("at night: %+v", d)
		}
		if n := v.dayOpen(); n != 1 {
			t.Errorf("%d alarms for yesterday", n)
		}
		check(t, v.town.VoidDocument(v.clerk, held, 0, "渡す前に帰った。"))
		v.clk.Set(v.clk.Now().Add(24 * time.Hour))
		v.run(2 * time.Second)
		want.Held, want.Voided = 0, 2
		if d, _, err = v.town.DayOf(v.clerk, day); err != nil || !equalDays(figures(d), want) || !d.Agrees || d.Version != 3 {
			t.Errorf("the night after: %+v, %v", d, err)
		}
		if n := v.dayOpen(); n != 0 {
			t.Errorf("%d alarms for a day that agrees", n)
		}
		v.clk.Set(v.clk.Now().Add(24 * time.Hour))
		v.run(2 * time.Second)
		if d, _, _ = v.town.DayOf(v.clerk, day); d.Version != 3 {
			t.Errorf("a day that agrees was closed anew: %+v", d)
		}
		days, err := v.server.Days(t.Context())
		check(t, err)
		if i := slices.IndexFunc(days, func(d issuing.Day) bool { return d.Day == day }); i < 0 || days[i].Lines != 5 || days[i].Differences != 0 || days[i].Version != 3 {
			t.Errorf("the server has the days %+v", days)
		}
	})
}

func equalDays(a, b municipality.DocumentDay) bool {
	return a.Requested == b.Requested && a.Refused == b.Refused && a.Waiting == b.Waiting && a.Held == b.Held && a.Delivered == b.Delivered && a.Stopped == b.Stopped && a.Voided == b.Voided &&
		a.Recalled == b.Recalled && a.Sheets == b.Sheets && a.Cases == b.Cases
}

// TestDayNamesWhatDiffers: each way in which the two sides may say otherwise of a day is named by the request, and an open case keeps a day open.
func TestDayNamesWhatDiffers(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	one, two := v.handedOver(who.Person), v.handedOver(who.Person)
	if d := v.closed(); !d.Agrees {
		t.Fatalf("as it is: %+v", d)
	}
	for _, c := range []struct {
		name        string
		town        bool // where it is planted
		plant, undo string
		args        []any
		want        message.IssuingDayDifference
	}{
		{"the counter has another file", true, `UPDATE document_request SET file = (SELECT file FROM document_request WHERE request = $2) WHERE request = $1`, ``, []any{one, two},
			message.IssuingDayDifference{Request: one, Code: message.DayFile, Server: message.Delivered}},
		{"the counter says another outcome", true, `UPDATE document_request SET state = 'voided' WHERE request = $1`, `UPDATE document_request SET state = 'delivered' WHERE request = $1`, []any{two},
			message.IssuingDayDifference{Request: two, Code: message.DayOutcome, Server: message.Delivered}},
		{"the server says another outcome", false, `UPDATE document SET ending = 'stopped' WHERE request = $1`, `UPDATE document SET ending = 'delivered' WHERE request = $1`, []any{two},
			message.IssuingDayDifference{Request: two, Code: message.DayOutcome, Server: message.Stopped}},
		{"the server was not asked", false, `UPDATE request SET request = request || 'x' WHERE request = $1`, `UPDATE request SET request = $1 WHERE request = $1 || 'x'`, []any{two},
			message.IssuingDayDifference{Request: two, Code: message.DayNotAsked}},
		{"a document was made past the counter", false, `UPDATE request SET request = request || 'x', closed_day = '' WHERE request = $1`, `UPDATE request SET request = $1 WHERE request = $1 || 'x'`, []any{two},
			message.IssuingDayDifference{Request: two + "x", Code: message.DayNotAtCounter, Server: message.DayHeld}},
	} {
		store := v.server.Store
		if c.town {
			store = v.town.Store
		}
		var file []byte
		if c.undo == "" {
			check(t, v.town.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				return tx.QueryRow(ctx, `SELECT file FROM document_request WHERE request = $1`, one).Scan(&file)
			}))
		}
		exec(t, store, c.plant, c.args...)
		if d := v.closed(); d.Agrees || !slices.Contains(d.Differences, c.want) {
			t.Errorf("%s: %+v", c.name, d)
		}
		if c.undo == "" {
			exec(t, store, `UPDATE document_request SET file = $2 WHERE request = $1`, one, file)
		} else {
			exec(t, store, c.undo, c.args...)
		}
		if d := v.closed(); !d.Agrees {
			t.Errorf("%s, put right: %+v", c.name, d)
		}
	}
	// The next attempt prints normally; the first stays open.
	id := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
	for range 2 {
		_, err := v.town.PrintDocument(v.clerk, id)
		check(t, err)
	}
	check(t, v.handOver(id, 2))
	v.run(2 * time.Second)
	if d := v.closed(); d.Agrees || d.Cases != 1 || d.Delivered != 3 {
		t.Errorf("with an open case: %+v", d)
	}
	said, err := v.town.ProposeDocumentCase(v.clerk, id, id+"-1", municipality.FateDestroyed, "詰まった紙を裁断した。")
	check(t, err)
	if d := v.closed(); d.Agrees {
		t.Errorf("with the word of one person: %+v", d)
	}
	check(t, v.town.ConfirmDocumentCase(as(t, "clerk-inoue"), id, id+"-1", said))
	if d := v.closed(); !d.Agrees || d.Cases != 0 {
		t.Errorf("with its proof: %+v", d)
	}
	// A day that does not fit into one message is not closed in part.
	exec(t, v.town.Store, `WITH RECURSIVE more(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM more WHERE n < $2)
		INSERT INTO document_request(request, person, code, kind, items, asked_as, requester, at, by_whom, trace, state, reasons, number, issued_at, nonce, verify, content, file, bytes, ended_at, ended_by,
			sheets, proof, prints, print_state, print_sheets, print_ja, print_en, print_at)
		SELECT request || n, person, code, kind, items, asked_as, requester, at, by_whom, trace, state, reasons, '', issued_at, nonce, verify, content, file, bytes, ended_at, ended_by,
			sheets, proof, prints, print_state, print_sheets, print_ja, print_en, print_at FROM document_request, more WHERE request = $1`, id, int64(message.MaxDayLines))
	refuses(t, "a day too long", "この日の申請は8000件を超えています。この画面では締められません。運用担当者に知らせてください。", v.town.CloseDay(v.clerk, v.today()))
}

// TestDayScreens: a clerk closes the day at 16:50, is told what is left of it, puts that right and closes it again; a difference is shown by its number.
func TestDayScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v := newIssuersBy(t, inMemory, true, rand.NewChaCha8([32]byte{12}))
			who := v.person("松本　一子", "1960-05-01", "世帯主", "")
			v.run(70 * time.Second)
			one := v.handedOver(who.Person)
			held := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
			server := httptest.NewServer(v.town.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/" + string(matsumoto)
			tab := webuitest.Browser(t)
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d: %s", tab.Location(), got, want, tab.Text("main"))
				}
			}
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			status(tab.Open(base+"/session?next=/"+string(matsumoto)+"/documents/days"), http.StatusOK)
			status(tab.Follow(`button[value="clerk-inoue"]`), http.StatusOK)
			tab.Screen("days-none-" + lang)
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Screen("day-asked-" + lang)
			day := tab.Location()
			v.run(2 * time.Second)
			status(tab.Open(day), http.StatusOK)
			tab.Screen("day-left-" + lang)
			check(t, v.town.VoidDocument(v.clerk, held, 0, "来た方が帰った。"))
			exec(t, v.server.Store, `UPDATE document SET ending = 'stopped' WHERE request = $1`, one)
			status(tab.Follow(`#form .button`), http.StatusOK)
			v.run(2 * time.Second)
			status(tab.Open(day), http.StatusOK)
			tab.Screen("day-differs-" + lang)
			exec(t, v.server.Store, `UPDATE document SET ending = 'delivered' WHERE request = $1`, one)
			status(tab.Follow(`#form .button`), http.StatusOK)
			v.run(2 * time.Second)
			status(tab.Open(day), http.StatusOK)
			tab.Screen("day-agrees-" + lang)
			status(tab.Open(base+"/documents/days"), http.StatusOK)
			tab.Screen("days-" + lang)
		})
	}
}
