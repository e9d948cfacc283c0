package prefecture_test

import (
	"context"
	"crypto/rand"
	"crypto/x509"
	"encoding/csv"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/jpki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/reconcile/reconciletest"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// away is an outside in which nothing answers.
type away struct{}

func (away) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// rootOf is the certificate of a CA, made for the test.
func rootOf(t *testing.T, p cert.Profile) *x509.Certificate {
	t.Helper()
	key, err := pki.GenerateKey(rand.Reader, cert.P256SHA256)
	if err != nil {
		t.Fatal(err)
	}
	serial, err := cert.ParseSerial("01")
	if err != nil {
		t.Fatal(err)
	}
	tbs, err := jpki.CATBS(p, key.Public(), serial, start.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	signature, err := pki.SignTBS(rand.Reader, key, tbs)
	if err != nil {
		t.Fatal(err)
	}
	der, err := pki.AssembleCertificate(tbs, signature)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// probing is a prefecture that probes an outside in which nothing answers, or that has nobody to ask.
func probing(t *testing.T, public bool) (*prefecture.Prefecture, *clock.Virtual) {
	t.Helper()
	out := prefecture.Outside{}
	if public {
		out = prefecture.Outside{OCSP: "http://outside/ocsp", Lists: "http://outside/crl", Transport: away{}, Roots: roots(t)}
	}
	return probes(t, out)
}

func roots(t *testing.T) (all []probe.Root) {
	t.Helper()
	for _, p := range cert.Profiles {
		all = append(all, probe.Root{Profile: p, Certificate: rootOf(t, p)})
	}
	return all
}

func probes(t *testing.T, out prefecture.Outside, more ...message.Org) (*prefecture.Prefecture, *clock.Virtual) {
	t.Helper()
	c := newCountry(t, "memory:")
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(nagano), Base: "/prefecture-20", Key: make([]byte, 32), Clock: c.clk, Personas: access.Personas()})
	if err != nil {
		t.Fatal(err)
	}
	cfg := prefecture.Config{Sessions: sessions, TestCountry: true, Config: host.Config{Self: nagano, Name: plain.Sentence{JA: "長野県", EN: "Nagano-ken"}, StoreURL: "memory:", Clock: c.clk,
		Rand: rand.Reader, Signer: c.signer(nagano), Trust: c.trust, Link: c.net.As(nagano), Secrets: reconciletest.Secrets(nagano), Peers: append([]message.Org{matsumoto, iida, theCenter, theValidation}, more...)}, Outside: out}
	o, err := prefecture.New(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { o.Close() })
	return o, c.clk
}

// TestProbesAreTasks: what the prefecture steps includes its probes, their failure is an alarm, and where there is nobody to ask there is
// neither.
func TestProbesAreTasks(t *testing.T) {
	for _, public := range []bool{true, false} {
		o, clk := probing(t, public)
		own := len(o.Host.Tasks())
		if err := clock.Drive(t.Context(), clk, append(o.Tasks()[own:], o.Alarms.Tasks()...), start.Add(6*time.Minute)); err != nil {
			t.Fatal(err)
		}
		r, err := o.AvailabilityLines(t.Context(), probe.MonthOf(start))
		if err != nil {
			t.Fatal(err)
		}
		v, err := o.Alarms.View(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		ringing := 0
		for _, a := range v.Open {
			if strings.HasPrefix(string(a.Code), "probe-") {
				ringing++
			}
		}
		if !public {
			if r.Probed || len(r.Targets) != 0 || len(o.Tasks()) != own || ringing != 0 {
				t.Errorf("nobody to ask: %+v, %d alarms", r, ringing)
			}
			continue
		}
		if len(r.Targets) != 4 || !r.Probed || ringing != 4 {
			t.Fatalf("%+v, %d alarms", r, ringing)
		}
		for _, l := range r.Targets {
			if l.Failed != 5 || l.Availability != "0.000" || l.Measured != "0.915" || l.LongestFrom == nil || l.LongestUntil != nil {
				t.Errorf("%+v", l)
			}
		}
	}
}

// TestNoPublicAddress: where validation answers only those who have filed, issuance alone is probed, and the page says so once, rather than
// that the rest fails.
func TestNoPublicAddress(t *testing.T) {
	o, clk := probes(t, prefecture.Outside{CA: "ca", Roots: roots(t)}, "ca")
	if err := clock.Drive(t.Context(), clk, o.Tasks()[len(o.Host.Tasks()):], start.Add(6*time.Minute)); err != nil {
		t.Fatal(err)
	}
	r, err := o.AvailabilityLines(t.Context(), probe.MonthOf(start))
	if err != nil || len(r.Targets) != 2 || r.Targets[0].Target != "issuance/signature" || r.Targets[0].Failed != 5 {
		t.Fatalf("%+v, %v", r, err)
	}
	server := httptest.NewServer(o.Handler())
	t.Cleanup(server.Close)
	answer, err := signedIn(t, server.URL, "operator-ueda").Get(server.URL + "/prefecture-20/availability")
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	page, err := io.ReadAll(answer.Body)
	if n := strings.Count(string(page), "外から尋ねる番地がありません"); err != nil || n != 1 {
		t.Errorf("it is said %d times, %v", n, err)
	}
}

// TestPlanMaintenance is for the prefecture's operators.
func TestPlanMaintenance(t *testing.T) {
	o, _ := probing(t, true)
	w := probe.Window{From: start.Add(time.Hour), Until: start.Add(2 * time.Hour), Why: "更新"}
	for _, who := range []string{"clerk-aoki", "auditor-onishi"} {
		if o.PlanMaintenance(t.Context(), persona(who), w) == nil || o.WithdrawMaintenance(t.Context(), persona(who), 1) == nil {
			t.Errorf("%s may", who)
		}
	}
	if err := o.PlanMaintenance(t.Context(), ueda, w); err != nil {
		t.Error(err)
	}
}

// TestMaintenanceHasAMoment: a maintenance whose beginning or end is no moment is not planned, and the page says how one is written.
func TestMaintenanceHasAMoment(t *testing.T) {
	o, _ := probing(t, true)
	server := httptest.NewServer(o.Handler())
	t.Cleanup(server.Close)
	client := signedIn(t, server.URL, "operator-ueda")
	for _, form := range []url.Values{
		{"service": {"ocsp"}, "from": {"4月20日の夜"}, "until": {"2026-04-20 23:00"}, "why": {"応答者の更新"}},
		{"service": {"ocsp"}, "from": {"2026-04-20 22:00"}, "until": {"2026-04-20 24:30"}, "why": {"応答者の更新"}},
		{"service": {"ocsp"}, "from": {"2026-04-20 22:00"}, "until": {""}, "why": {"応答者の更新"}},
	} {
		for lang, says := range map[string]string{"ja": "日時は 2026-04-01 22:00 のように入力してください（日本時間）。", "en": "Enter day and time as 2026-04-01 22:00, in Japan."} {
			r, err := client.PostForm(server.URL+"/prefecture-20/availability/maintenance?lang="+lang, form)
			if err != nil {
				t.Fatal(err)
			}
			page, err := io.ReadAll(r.Body)
			if r.Body.Close(); err != nil || r.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(string(page), says) || strings.Contains(string(page), "/withdraw") {
				t.Errorf("%v is answered with %d, %v:\n%s", form, r.StatusCode, err, page)
			}
		}
	}
}

// month puts nine days of minutes into the tables, as probes would have written them.
func month(t *testing.T, o *prefecture.Prefecture, clk *clock.Virtual) {
	t.Helper()
	at := func(day, hour, minute int) int64 {
		return time.Date(2026, 4, day, hour, minute, 0, 0, cert.JST).Unix() / 60
	}
	first, last := time.Date(2026, 4, 1, 9, 0, 0, 0, cert.JST).Unix()/60, at(9, 15, 0)
	windows := []probe.Window{
		{Service: probe.CRL, From: time.Unix(at(3, 22, 0)*60, 0), Until: time.Unix(at(3, 23, 0)*60, 0), Why: "配布サーバのディスク交換"},
	}
	for _, w := range windows {
		if err := o.PlanMaintenance(t.Context(), ueda, w); err != nil {
			t.Fatal(err)
		}
	}
	fails := func(x probe.Target, m int64) (string, bool) {
		switch {
		case x.Service == probe.CRL && m >= at(3, 22, 5) && m < at(3, 22, 48):
			return "unreachable", true
		case x == probe.Target{Service: probe.Issuance, Profile: cert.Signature} && m >= at(5, 10, 12) && m < at(5, 10, 34):
			return "device", true
		case x.Service == probe.OCSP && m == at(7, 3, 11):
			return "nonce", true
		case x == probe.Target{Service: probe.OCSP, Profile: cert.Authentication} && m >= at(9, 14, 57):
			return "timeout", true
		}
		return "", false
	}
	if err := o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		for _, x := range probe.Targets {
			for m := first; m < last; m++ {
				if m >= at(6, 0, 0) && m < at(7, 0, 0) { // the program did not run
					continue
				}
				outcome := int64(1)
				reason, bad := fails(x, m)
				if bad {
					outcome = 2
				}
				tx.Collect("probe_minute", "target, minute, outcome, reason, ms", x.String(), m, outcome, reason, 12+m%7)
			}
		}
		_, err := tx.Exec(ctx, `INSERT INTO probe_target(target, in_row, since, last_at, last_outcome, last_reason) VALUES ('ocsp/authentication', 3, $1, $2, 2, 'timeout')`,
			time.Unix(at(9, 14, 57)*60, 0), time.Unix(last*60, 0))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	clk.Set(time.Unix(last*60, 0))
	if err := o.PlanMaintenance(t.Context(), egawa, probe.Window{From: time.Unix(at(18, 22, 0)*60, 0), Until: time.Unix(at(19, 6, 0)*60, 0), Why: "認証局の装置（HSM）の入替え"}); err != nil {
		t.Fatal(err)
	}
}

func TestAvailabilityScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			visit := func(o *prefecture.Prefecture, who string) string {
				t.Helper()
				server := httptest.NewServer(o.Handler())
				t.Cleanup(server.Close)
				tab.Open(server.URL + "/prefecture-20/session?lang=" + lang + "&next=/prefecture-20/availability")
				if status := tab.Follow(`button[value="` + who + `"]`); status != http.StatusOK {
					t.Fatalf("%s gets %d", who, status)
				}
				return server.URL + "/prefecture-20/availability"
			}
			o, _ := probing(t, false)
			visit(o, "auditor-onishi")
			look("availability-nobody")
			if webuitest.Eval[bool](tab, `document.querySelector("#form") !== null`) {
				t.Error("an auditor is offered to plan maintenance")
			}
			o, clk := probing(t, true)
			month(t, o, clk)
			visit(o, "operator-ueda")
			look("availability")
			tab.Follow("#form .button")
			look("availability-wrong")
			webuitest.Eval[any](tab, `document.querySelector("input[value=ocsp]").click()`)
			tab.Fill("#f-from", "2026-04-20 22:00")
			tab.Fill("#f-until", "2026-04-20T23:00")
			tab.Fill("#f-why", "応答者の更新")
			if status := tab.Follow("#form .button"); status != http.StatusOK {
				t.Errorf("planned with %d", status)
			}
			if n := webuitest.Eval[int](tab, `document.querySelectorAll("form[action$=withdraw]").length`); n != 2 {
				t.Errorf("%d can be withdrawn", n)
			}
			tab.Follow("form[action$=withdraw] .button")
			if n := webuitest.Eval[int](tab, `document.querySelectorAll("form[action$=withdraw]").length`); n != 1 {
				t.Errorf("%d can be withdrawn", n)
			}
		})
	}
}

// TestAvailabilityCSV has the lines that the command line has, and no page is shown of a month that is not yet.
func TestAvailabilityCSV(t *testing.T) {
	o, clk := probing(t, true)
	month(t, o, clk)
	server := httptest.NewServer(o.Handler())
	t.Cleanup(server.Close)
	client := signedIn(t, server.URL, "operator-ueda")
	get := func(path string) *http.Response {
		t.Helper()
		r, err := client.Get(server.URL + "/prefecture-20" + path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { r.Body.Close() })
		return r
	}
	r := get("/availability.csv?month=2026-04")
	rows, err := csv.NewReader(r.Body).ReadAll()
	if err != nil || r.Header.Get("Content-Type") != "text/csv; charset=utf-8" || len(rows) != 7 {
		t.Fatalf("%v, %v, %v", r.Header, rows, err)
	}
	want := []string{"issuance/signature", "2026-04", "12420", "10418", "22", "1980", "0", "99.789", "99.789", "84.057", "1", "2026-04-05T01:12:00Z", "2026-04-05T01:34:00Z", "15", "18"}
	if got := strings.Join(rows[1], ","); got != strings.Join(want, ",") {
		t.Errorf("%s, want %v", got, want)
	}
	var looks []auditlog.Record
	if err := o.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		looks, err = auditlog.List(ctx, tx, auditlog.Filter{Act: auditlog.ActLook})
		return err
	}); err != nil || len(looks) != 1 || looks[0].Actor != "operator-ueda" || looks[0].Subject != "availability.csv" || looks[0].Detail != "2026-04" {
		t.Errorf("in the audit log: %+v, %v", looks, err)
	}
	if got := rows[5][6:9]; rows[5][0] != "crl/signature" || got[0] != "60" || got[1] != "99.588" || got[2] != "100.000" {
		t.Errorf("planned, with and without: %v", rows[5])
	}
	// A day of which hours are not known is not shown as one without an outage.
	page, err := io.ReadAll(get("/availability?month=2026-04").Body)
	if n := strings.Count(string(page), "発行 一部だけ測定"); err != nil || n != 1 {
		t.Errorf("%d days are measured in part, %v", n, err)
	}
	for path, status := range map[string]int{"/availability?month=2026-05": 404, "/availability.csv?month=x": 404, "/availability?month=2026-03": 200} {
		if r := get(path); r.StatusCode != status {
			t.Errorf("%s: %d", path, r.StatusCode)
		}
	}
}

// TestNotProbedAnyMore: a target that failed when it was last probed, and is none any more, is not said to fail.
func TestNotProbedAnyMore(t *testing.T) {
	o, _ := probing(t, false)
	if err := o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO probe_target(target, in_row, since, last_at, last_outcome, last_reason) VALUES ('ocsp/signature', 7, $1, $1, 2, 'timeout')`, start)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(o.Handler())
	t.Cleanup(server.Close)
	r, err := signedIn(t, server.URL, "operator-ueda").Get(server.URL + "/prefecture-20/availability")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK || strings.Contains(string(body), "続けて7回") || !strings.Contains(string(body), "外部監視は行っていません") {
		t.Errorf("%d, %v: %s", r.StatusCode, err, body)
	}
}

// signedIn is a browser in which somebody has chosen who they are.
func signedIn(t *testing.T, base, who string) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Jar: jar}
	r, err := http.NewRequest(http.MethodPost, base+"/prefecture-20/session", strings.NewReader("persona="+who+"&next=/prefecture-20/"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Origin", base)
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	answer.Body.Close()
	return client
}
