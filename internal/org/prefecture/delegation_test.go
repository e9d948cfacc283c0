package prefecture_test

import (
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const theCA = message.Org("ca-20") // a CA of its own: the prefecture copes with one by any name

// asked is what the CA was asked for.
type asked struct{ requests []message.CAReportRequest }

// withCA lets the CA join.
func (c *country) withCA() *asked {
	var all asked
	c.join(theCA, exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.CAReportRequest) ([]message.Out, error) {
		tx.OnCommit(func() { all.requests = append(all.requests, n) })
		return nil, nil
	}))
	return &all
}

// closeOf is the report of a day, in which so many were issued in Matsumoto, and as many of them before as issued less fresh.
func closeOf(day resident.Date, issued, fresh int64) message.CAReport {
	until := day.AddDays(1).Start().UTC()
	return message.CAReport{Prefecture: 20, Since: day.Start().UTC(), Until: until, At: until.Add(time.Minute),
		Places: []message.ReportPlace{
			{Municipality: code("202029"), Profile: cert.Signature, Issued: issued, Fresh: fresh, Valid: issued - 1, Revoked: []message.ReportCount{{What: "affiliationChanged", Ever: 1}}},
			{Municipality: code("202053"), Profile: cert.Authentication, Issued: 51, Valid: 51, Refused: []message.ReportCount{{What: "under-15", Ever: 2}}}},
		Prefectures: []message.ReportPrefecture{{Prefecture: 13, Issued: 12345, Valid: 12000}, {Prefecture: 20, Issued: issued + 51, Valid: issued + 50}}}
}

func code(s string) resident.MunicipalityCode {
	return must(resident.ParseMunicipalityCode("municipality", s))
}

// until lets time pass up to a moment, without what happens between.
func (c *country) until(t time.Time) {
	c.t.Helper()
	c.clk.Set(t)
	c.run()
}

// signals are what the alarms are told of the CA's reports: code and value.
func (c *country) signals() (all []string) {
	c.t.Helper()
	found, err := c.nagano.DelegationAlarms().Signals(c.t.Context(), c.clk.Now())
	if err != nil {
		c.t.Fatal(err)
	}
	for _, s := range found {
		if s.Peer != theCA || s.Detail.JA == "" || s.Detail.EN == "" {
			c.t.Errorf("a signal says %+v", s)
		}
		all = append(all, fmt.Sprintf("%s %d", s.Code, s.Value))
	}
	return all
}

func wantSignals(t testing.TB, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("signals %q, want %q", got, want)
	}
}

// TestMissingReport: half an hour after the close of a day without a report there is an alarm, until all days are told; what was asked for
// within a day does not stand for its close.
func TestMissingReport(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, theCA)
		c.withCA()
		wantSignals(t, c.signals())
		within := closeOf(day, 89, 2)
		within.Until, within.At, within.Asked = start.Add(-time.Minute), start.Add(-time.Minute), true
		want(t, c.tell(theCA, within), "applied")
		midnight := day.AddDays(1).Start()
		c.until(midnight.Add(25 * time.Minute))
		wantSignals(t, c.signals())
		c.until(midnight.Add(30 * time.Minute))
		wantSignals(t, c.signals(), "report-missing 1860")
		c.until(midnight.AddDate(0, 0, 1).Add(time.Hour))
		wantSignals(t, c.signals(), "report-missing 90060")
		want(t, c.tell(theCA, closeOf(day.AddDays(1), 89, 0)), "applied")
		wantSignals(t, c.signals(), fmt.Sprintf("report-missing %d", int64(c.clk.Now().Sub(midnight)/time.Second)))
		want(t, c.tell(theCA, closeOf(day, 89, 2)), "applied")
		wantSignals(t, c.signals())
		if d, ok := alarm.DefinitionOf(alarm.ReportMissing); !ok || d.Raise != 1800 {
			t.Errorf("the alarm is raised at %d", d.Raise)
		}
	})
}

// TestNoCAReportIsExpected: a prefecture that has delegated to nobody misses nothing, and its page says so.
func TestNoCAReportIsExpected(t *testing.T) {
	c := newCountry(t, "memory:")
	c.until(day.AddDays(3).Start())
	wantSignals(t, c.signals())
	if _, err := c.nagano.AskReport(t.Context(), ueda); err == nil {
		t.Error("a report is asked of nobody")
	}
	if status, body := c.get(t, ueda.ID, "/delegation"); status != http.StatusOK || !strings.Contains(body, "委任した認証局がありません") {
		t.Errorf("the page answers %d: %s", status, body)
	}
}

// TestContradictingReport: what goes back, or grows between two days, is named; whichever report comes first.
func TestContradictingReport(t *testing.T) {
	more := func(edit func(n *message.CAReport)) message.CAReport {
		n := closeOf(day.AddDays(1), 91, 2)
		edit(&n)
		return n
	}
	for name, c := range map[string]struct {
		next message.CAReport
		want []string
	}{
		"goes on":                  {more(func(*message.CAReport) {}), nil},
		"fewer than before":        {more(func(n *message.CAReport) { n.Places[0].Issued, n.Places[0].Valid, n.Places[0].Fresh = 88, 80, 0 }), []string{"report-contradicts 1"}},
		"more than were issued":    {more(func(n *message.CAReport) { n.Places[0].Fresh = 1 }), []string{"report-contradicts 1"}},
		"a revocation is undone":   {more(func(n *message.CAReport) { n.Places[0].Revoked = nil }), []string{"report-contradicts 1"}},
		"a refusal is undone":      {more(func(n *message.CAReport) { n.Places[1].Refused = nil }), []string{"report-contradicts 1"}},
		"a municipality is gone":   {more(func(n *message.CAReport) { n.Places = n.Places[:1] }), []string{"report-contradicts 2"}},
		"one appears from nowhere": {more(func(n *message.CAReport) { n.Places[1].Municipality = code("202061") }), []string{"report-contradicts 4"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, late := range []bool{false, true} {
				l := newCountry(t, "memory:", theCA)
				l.withCA()
				l.until(day.AddDays(2).Start().Add(time.Hour))
				reports := []message.Payload{closeOf(day, 89, 2), c.next}
				if late {
					slices.Reverse(reports)
				}
				for _, r := range reports {
					want(t, l.tell(theCA, r), "applied")
				}
				wantSignals(t, l.signals(), c.want...)
				_, body := l.get(t, ueda.ID, "/delegation")
				if got := strings.Contains(body, "前の報告と合わない数があります"); got != (c.want != nil) {
					t.Errorf("the page says so: %v", got)
				}
			}
		})
	}
}

// TestReportsRefused: what is not for this prefecture, or of a time that is still to come, is for people to look at.
func TestReportsRefused(t *testing.T) {
	c := newCountry(t, "memory:", theCA)
	c.withCA()
	c.until(day.AddDays(1).Start().Add(time.Minute))
	elsewhere := closeOf(day, 89, 2)
	elsewhere.Prefecture, elsewhere.Places = 13, nil
	early := closeOf(day.AddDays(1), 89, 0)
	want(t, c.tell(theCA, elsewhere, early, closeOf(day, 89, 2)), "another-prefecture", "of-the-future", "applied")
}

// TestAskReport: an operator asks, by name, and not again at once.
func TestAskReport(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, theCA)
		all := c.withCA()
		for _, who := range []string{"clerk-aoki", "auditor-onishi"} {
			if _, err := c.nagano.AskReport(t.Context(), persona(who)); err == nil {
				t.Errorf("%s may ask", who)
			}
		}
		if _, err := c.nagano.AskReport(t.Context(), ueda); err != nil {
			t.Fatal(err)
		}
		c.run()
		if len(all.requests) != 1 || all.requests[0] != (message.CAReportRequest{Prefecture: 20, By: ueda.ID}) {
			t.Errorf("the CA is asked %+v", all.requests)
		}
		_, err := c.nagano.AskReport(t.Context(), egawa)
		if p, ok := plain.AsProblems(err); !ok || !strings.Contains(p[0].JA, "報告を求めたばかりです（operator-ueda）。届いた報告を確かめ、必要なら09:05:00の後に") || !strings.Contains(p[0].EN, ueda.ID) {
			t.Errorf("asked again at once: %v", err)
		}
		c.until(start.Add(5 * time.Minute))
		if _, err := c.nagano.AskReport(t.Context(), egawa); err != nil {
			t.Errorf("asked again later: %v", err)
		}
	})
}

// get opens a page as somebody.
func (c *country) get(t *testing.T, who, path string) (int, string) {
	t.Helper()
	server := httptest.NewServer(c.nagano.Handler())
	defer server.Close()
	client := &http.Client{Jar: must(cookiejar.New(nil))}
	answer := func(r *http.Response, err error) (int, string) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		defer r.Body.Close()
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Fatal(err)
		}
		return r.StatusCode, string(body)
	}
	answer(client.PostForm(server.URL+"/prefecture-20/session", url.Values{"persona": {who}}))
	return answer(client.Get(server.URL + "/prefecture-20" + path))
}

// TestReportsAsOf: each day shows the last report of it, also when another came later; a day without one shows the one before and says so.
func TestReportsAsOf(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url, theCA)
		c.withCA()
		c.until(day.AddDays(3).Start().Add(13 * time.Hour))
		within := closeOf(day, 87, 0)
		within.Until = day.Start().Add(12 * time.Hour).UTC()
		within.At, within.Asked = within.Until, true
		later := closeOf(day.AddDays(3), 95, 4)
		later.Until = day.AddDays(3).Start().Add(12 * time.Hour).UTC()
		later.At, later.Asked = later.Until, true
		want(t, c.tell(theCA, within, closeOf(day, 89, 2), closeOf(day, 89, 2), closeOf(day.AddDays(1), 91, 2), later), "applied", "applied", "applied", "applied", "applied")
		for _, w := range []struct {
			query, first string
			says         string // "" nothing
		}{
			{"", "146", "届いていない報告があります"}, // 95 and 51; the third day was never told of
			{"?as-of=2026-04-01", "140", ""},
			{"?as-of=R8.4.2", "142", ""},
			{"?as-of=2026-04-03", "142", "この日の報告はありません"},
			{"?as-of=2026-03-31", "", "報告はまだありません"},
		} {
			status, body := c.get(t, ueda.ID, "/delegation"+w.query)
			if status != http.StatusOK || w.first != "" && !strings.Contains(body, `<dt>県内で発行した枚数</dt><dd><span class="figure">`+w.first+`</span>`) || !strings.Contains(body, w.says) {
				t.Errorf("as of %q: %d, without %q or %q: %s", w.query, status, w.first, w.says, body)
			}
		}
		for _, q := range []string{"?as-of=2026-04-05", "?as-of=xyz"} {
			if status, _ := c.get(t, ueda.ID, "/delegation"+q); status != http.StatusUnprocessableEntity {
				t.Errorf("as of %q: %d", q, status)
			}
		}
	})
}

// TestDamagedReport: a stored report that cannot be read is said to be so, and the others are shown.
func TestDamagedReport(t *testing.T) {
	c := newCountry(t, "memory:", theCA)
	c.withCA()
	c.until(day.AddDays(2).Start().Add(time.Hour))
	want(t, c.tell(theCA, closeOf(day, 89, 2)), "applied")
	c.exec(`UPDATE ca_report SET body = X'FFFF'`)
	want(t, c.tell(theCA, closeOf(day.AddDays(1), 91, 2)), "applied")
	wantSignals(t, c.signals())
	if status, body := c.get(t, ueda.ID, "/delegation?as-of=2026-04-01"); status != http.StatusOK || !strings.Contains(body, "報告が読めません") {
		t.Errorf("the damaged day: %d %s", status, body)
	}
	if status, body := c.get(t, ueda.ID, "/delegation"); status != http.StatusOK || strings.Contains(body, "報告が読めません") || !strings.Contains(body, "142") {
		t.Errorf("the next day: %d %s", status, body)
	}
}

func (c *country) exec(query string) {
	c.t.Helper()
	err := c.nagano.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, query)
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// TestDelegationCSV: the table of a day as Excel reads it, for those who may look, and the log says who took it.
func TestDelegationCSV(t *testing.T) {
	c := newCountry(t, "memory:", theCA)
	c.withCA()
	if status, body := c.get(t, ueda.ID, "/delegation.csv"); status != http.StatusUnprocessableEntity || !strings.Contains(body, "この日までに届いた報告がありません") {
		t.Errorf("without a report: %d", status)
	}
	c.until(day.AddDays(1).Start().Add(time.Hour))
	want(t, c.tell(theCA, closeOf(day, 89, 2)), "applied")
	if status, _ := c.get(t, "clerk-aoki", "/delegation.csv"); status != http.StatusForbidden {
		t.Errorf("for a clerk: %d", status)
	}
	status, body := c.get(t, "auditor-onishi", "/delegation.csv?as-of=2026-04-01")
	text, marked := strings.CutPrefix(body, "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if status != http.StatusOK || !marked || err != nil || len(rows) != 3 {
		t.Fatalf("%d, %v: %q", status, err, body)
	}
	got := map[string]string{}
	for i, column := range rows[0] {
		got[column] = rows[1][i]
	}
	for column, want := range map[string]string{"現在 (as of)": "2026-04-01", "市区町村コード (municipality code)": "202029", "市区町村 (municipality)": "松本市",
		"枚数 (issued)": "89", "この日の枚数 (issued on the day)": "2", "失効・記載内容変更 (revoked: content changed)": "1", "失効・更新 (revoked: superseded)": "0"} {
		if got[column] != want {
			t.Errorf("%s is %q, want %q in %q", column, got[column], want, rows[0])
		}
	}
	var looks []auditlog.Record
	err = c.nagano.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		looks, err = auditlog.List(ctx, tx, auditlog.Filter{Act: auditlog.ActLook})
		return err
	})
	if err != nil || len(looks) != 1 || looks[0].Actor != "auditor-onishi" || looks[0].Subject != "delegation.csv" || looks[0].Detail != "2026-04-01" {
		t.Errorf("the audit log has %v, %v", looks, err)
	}
}
