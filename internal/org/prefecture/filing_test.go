package prefecture_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/prefecture"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

const (
	etax    = message.Org("verifier-etax")
	pension = message.Org("verifier-pension")
)

var (
	ueda  = persona("operator-ueda")
	egawa = persona("operator-egawa")
)

func persona(id string) access.Person {
	for _, p := range access.Personas() {
		if p.ID == id {
			return p
		}
	}
	panic(id)
}

// told is what the prefecture has told the verifiers and the validation authority.
type told struct {
	decisions     []message.VerifierDecision
	registrations []message.VerifierRegistration
}

// withVerifiers lets two verifiers and the validation authority join.
func (c *country) withVerifiers() *told {
	var all told
	decision := exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.VerifierDecision) ([]message.Out, error) {
		tx.OnCommit(func() { all.decisions = append(all.decisions, n) })
		return nil, nil
	})
	c.join(etax, decision)
	c.join(pension, decision)
	c.join(theValidation, exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.VerifierRegistration) ([]message.Out, error) {
		tx.OnCommit(func() { all.registrations = append(all.registrations, n) })
		return nil, nil
	}))
	return &all
}

func filing(who message.Org, number uint64) message.VerifierFiling {
	return message.VerifierFiling{Verifier: who, Number: number, Act: "file", Office: "国税庁", Procedures: "所得税・消費税確定申告等",
		Address: "http://www.e-tax.nta.go.jp/index.html", By: "operator-ueda"}
}

func end(who message.Org, number uint64) message.VerifierFiling {
	return message.VerifierFiling{Verifier: who, Number: number, Act: "end", By: "operator-egawa"}
}

func (c *country) decide(who message.Org, number uint64, act, why string, by, second access.Person) error {
	c.t.Helper()
	d := prefecture.Decision{Verifier: who, Number: number, Act: act, Why: why}
	if err := c.nagano.Propose(c.t.Context(), by, d); err != nil {
		return err
	}
	_, err := c.nagano.Confirm(c.t.Context(), second, d)
	c.run()
	return err
}

// TestFilings: nothing is served before two persons have decided; what they decide, and what the office ends, is told to the
// office and to validation.
func TestFilings(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		all := c.withVerifiers()
		want(t, c.tell(etax, filing(etax, 1)), "applied")
		if len(all.registrations)+len(all.decisions) > 0 {
			t.Fatalf("before anybody decided: %+v", all)
		}
		for name, x := range map[string]struct {
			err  error
			says string
		}{
			"one person alone":    {c.decide(etax, 1, "accept", "", ueda, ueda), "提案した人は、自分で確認できません"},
			"a clerk":             {c.decide(etax, 1, "accept", "", persona("clerk-aoki"), ueda), ""},
			"confirmed by others": {c.decide(etax, 1, "accept", "", ueda, persona("auditor-onishi")), ""},
			"refused without why": {c.decide(etax, 1, "refuse", " ", ueda, egawa), "わけを入力してください。届出をした機関にも伝わります"},
			"an escape in why":    {c.decide(etax, 1, "refuse", "because\x1b[2J", ueda, egawa), "8文字目に、表示されない制御文字（U+001B）が入っています。貼り付けずに"},
			"no such filing":      {c.decide(etax, 2, "accept", "", ueda, egawa), "この届出はありません。一覧から"},
			"ended before it was": {c.decide(etax, 1, "end", "because", ueda, egawa), "この届出は、その間に変わりました"},
			"no such act":         {c.decide(etax, 1, "forget", "because", ueda, egawa), "どうするかを選んでください"},
		} {
			if x.err == nil || !strings.Contains(x.err.Error(), x.says) {
				t.Errorf("%s: %v, want %q", name, x.err, x.says)
			}
		}
		if len(all.registrations) > 0 {
			t.Fatalf("served without a decision: %+v", all)
		}
		if err := c.decide(etax, 1, "accept", "", ueda, egawa); err != nil {
			t.Fatal(err)
		}
		if len(all.decisions) != 1 || all.decisions[0].Decision != "accepted" || all.decisions[0].By != ueda.ID || all.decisions[0].Second != egawa.ID {
			t.Errorf("the office is told %+v", all.decisions)
		}
		if len(all.registrations) != 1 || !all.registrations[0].Served || all.registrations[0].Procedures != "所得税・消費税確定申告等" {
			t.Errorf("validation is told %+v", all.registrations)
		}
		// A later filing takes the place of the one before; a refusal leaves it.
		want(t, c.tell(etax, filing(etax, 2), filing(etax, 3)), "applied", "applied")
		if err := c.decide(etax, 2, "refuse", "手続の名前が違う", egawa, ueda); err != nil {
			t.Fatal(err)
		}
		if err := c.decide(etax, 3, "accept", "", egawa, ueda); err != nil {
			t.Fatal(err)
		}
		if last := all.registrations[len(all.registrations)-1]; len(all.registrations) != 2 || last.Number != 3 || !last.Served {
			t.Errorf("validation is told %+v", all.registrations)
		}
		if got := all.decisions[1]; got.Decision != "refused" || got.Reason != "手続の名前が違う" {
			t.Errorf("the office is told %+v", got)
		}
		c.filings("accepted 3", "refused 2", "replaced 1")
		// The prefecture ends it, with two persons and why.
		if err := c.decide(etax, 3, "end", "届出の取消し", ueda, egawa); err != nil {
			t.Fatal(err)
		}
		if last := all.registrations[len(all.registrations)-1]; last.Served || last.Number != 3 {
			t.Errorf("validation is told %+v", last)
		}
		c.filings("ended 3", "refused 2", "replaced 1")
		// An earlier filing takes the place of no later one.
		want(t, c.tell(etax, filing(etax, 4), filing(etax, 5)), "applied", "applied")
		if err := c.decide(etax, 5, "accept", "", egawa, ueda); err != nil {
			t.Fatal(err)
		}
		if err := c.decide(etax, 4, "accept", "", egawa, ueda); err == nil || !strings.Contains(err.Error(), "この後の届出が、すでに受理されています") {
			t.Errorf("the earlier one: %v", err)
		}
	})
}

// TestWhichWayAFilingWasDecided: one person can give two names at the command line, so that the audit log says which act came that way.
func TestWhichWayAFilingWasDecided(t *testing.T) {
	c := newCountry(t, "memory:")
	c.withVerifiers()
	want(t, c.tell(etax, filing(etax, 1)), "applied")
	d := prefecture.Decision{Verifier: etax, Number: 1, Act: "accept"}
	if err := c.nagano.Propose(access.ByCommand(t.Context()), ueda, d); err != nil {
		t.Fatal(err)
	}
	if _, err := c.nagano.Confirm(access.ByCommand(t.Context()), egawa, d); err != nil {
		t.Fatal(err)
	}
	var got []string
	if err := c.nagano.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		records, err := auditlog.List(ctx, tx, auditlog.Filter{Subject: "verifier-etax/1"})
		for _, r := range records {
			got = append(got, r.Act+": "+r.Detail)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if strings.Join(got, "; ") != "verifier.accepted: command line, proposed by operator-ueda; verifier.propose: command line, accept; verifier.filing: operator-ueda" {
		t.Errorf("the audit log says %q", got)
	}
}

// filings compares how the filings stand, the newest first.
func (c *country) filings(want ...string) {
	c.t.Helper()
	all, err := c.nagano.Filings(c.t.Context())
	if err != nil {
		c.t.Fatal(err)
	}
	var got []string
	for _, f := range all {
		got = append(got, f.State+" "+string(rune('0'+f.Number)))
	}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		c.t.Errorf("the filings are %v, want %v", got, want)
	}
}

// TestEndByTheOffice takes effect at once, of what was accepted and of what waits; without either it is refused.
func TestEndByTheOffice(t *testing.T) {
	c := newCountry(t, "memory:")
	all := c.withVerifiers()
	want(t, c.tell(etax, end(etax, 1)), "nothing-filed")
	want(t, c.tell(pension, filing(pension, 1)), "applied")
	if err := c.decide(pension, 1, "accept", "", ueda, egawa); err != nil {
		t.Fatal(err)
	}
	want(t, c.tell(pension, filing(pension, 2), end(pension, 3)), "applied", "applied")
	if last := all.registrations[len(all.registrations)-1]; len(all.registrations) != 2 || last.Served || last.Number != 1 {
		t.Errorf("validation is told %+v", all.registrations)
	}
	c.filings("ended 2", "ended 1")
	if len(all.decisions) != 3 || all.decisions[1].Decision != "ended" || all.decisions[2].Decision != "ended" {
		t.Errorf("the office is told %+v", all.decisions)
	}
}

// TestFilingInAnothersName is refused, and so is a number that was used.
func TestFilingInAnothersName(t *testing.T) {
	c := newCountry(t, "memory:")
	all := c.withVerifiers()
	want(t, c.tell(pension, filing(etax, 1)), "another-verifier")
	want(t, c.tell(etax, filing(etax, 1)), "applied")
	if err := c.decide(etax, 1, "accept", "", ueda, egawa); err != nil {
		t.Fatal(err)
	}
	want(t, c.tell(etax, filing(etax, 1)), "number-used")
	if len(all.registrations) != 1 {
		t.Errorf("validation is told %+v", all.registrations)
	}
}

// TestProposalThatChanged: who confirms has seen what is confirmed.
func TestProposalThatChanged(t *testing.T) {
	c := newCountry(t, "memory:")
	all := c.withVerifiers()
	want(t, c.tell(etax, filing(etax, 1)), "applied")
	d := prefecture.Decision{Verifier: etax, Number: 1, Act: "refuse", Why: "手続が分からない"}
	if err := c.nagano.Propose(t.Context(), ueda, d); err != nil {
		t.Fatal(err)
	}
	d.Seen = prefecture.SeenAs("accept", ueda.ID, c.clk.Now())
	if _, err := c.nagano.Confirm(t.Context(), egawa, d); err == nil {
		t.Error("a refusal was confirmed by somebody who had seen an acceptance")
	} else if _, plainly := plain.AsProblems(err); !plainly {
		t.Error(err)
	}
	c.run()
	if len(all.decisions) > 0 {
		t.Errorf("the office is told %+v", all.decisions)
	}
}

func TestFilingScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c := newCountry(t, "memory:")
			all := c.withVerifiers()
			want(t, c.tell(etax, filing(etax, 1)), "applied")
			server := httptest.NewServer(c.nagano.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/prefecture-20"
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			as := func(who, path string) {
				t.Helper()
				tab.Open(base + "/session?lang=" + lang + "&next=/prefecture-20" + path)
				if status := tab.Follow(`button[value="` + who + `"]`); status != http.StatusOK {
					t.Fatalf("%s gets %d", path, status)
				}
			}
			as("operator-ueda", "/verifiers")
			look("verifiers")
			tab.Open(base + "/verifiers/verifier-etax/1")
			tab.Follow("#form .button")
			look("filing-wrong")
			webuitest.Eval[any](tab, `document.querySelector("input[value=refuse]").click()`)
			tab.Fill("#f-why", "手続の名前が、参照先の名前と違う。")
			tab.Follow("#form .button")
			if webuitest.Eval[bool](tab, `document.querySelector("form[action$=confirm]") !== null`) {
				t.Error("who proposed it is offered to confirm it")
			}
			as("operator-egawa", "/verifiers/verifier-etax/1")
			look("filing-confirm")
			tab.Follow(`form[action$="/confirm"] .button`)
			look("filing-refused")
			c.run()
			if len(all.decisions) != 1 || all.decisions[0].Decision != "refused" {
				t.Errorf("the office is told %+v", all.decisions)
			}
		})
	}
}
