package verifier_test

import (
	"context"
	"crypto"
	"crypto/rand"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/verifier"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/pki/ocspwire"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	nagano        = message.Org("prefecture-20")
	theValidation = message.Org("validation")
)

// offices are a prefecture and a validation authority, scripted.
type offices struct {
	c        *country
	tasks    []clock.Task
	ends     map[message.Org]*exchange.Exchange
	stores   map[message.Org]*sqlstore.Store
	filings  []message.VerifierFiling
	replies  []message.ImpactAcknowledgement
	used     map[uint64]bool // numbers that the prefecture knows already
	served   bool            // validation answers
	question []message.Org
}

// withOffices starts a verifier that files and asks.
func withOffices(t testing.TB, url string) (*country, *offices) {
	t.Helper()
	c := newCountry(t, url)
	c.prefecture, c.validation, c.peers = nagano, theValidation, []message.Org{nagano, theValidation}
	o := &offices{c: c, ends: map[message.Org]*exchange.Exchange{}, stores: map[message.Org]*sqlstore.Store{}}
	same := func(tx *sqlstore.Tx) *sqlstore.Tx { return tx }
	o.join(nagano, exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.VerifierFiling) ([]message.Out, error) {
		if o.used[n.Number] {
			return nil, exchange.Reject("number-used", "使われています。", "it was used")
		}
		tx.OnCommit(func() { o.filings = append(o.filings, n) })
		return nil, nil
	}))
	o.join(theValidation, exchange.On(same, func(_ context.Context, tx *sqlstore.Tx, _ exchange.Delivery, n message.ImpactAcknowledgement) ([]message.Out, error) {
		tx.OnCommit(func() { o.replies = append(o.replies, n) })
		return nil, nil
	}))
	o.ends[theValidation].Answer("ocsp", func(_ context.Context, from message.Org, body []byte) ([]byte, error) {
		o.question = append(o.question, from)
		if !o.served {
			return ocspwire.Unauthorized.Encode(), nil
		}
		return c.answer(body), nil
	})
	c.open()
	o.tasks = append(o.tasks, c.verifier.Exchange.Tasks()...)
	return c, o
}

func (o *offices) join(org message.Org, routes ...exchange.Route) {
	t := o.c.t
	t.Helper()
	key := must[crypto.Signer](t)(pki.GenerateKey(rand.Reader, cert.P256SHA256))
	signer := exchange.Signer{Key: key, Certificate: must[[]byte](t)(o.c.root.IssueOrganisation(rand.Reader, start,
		pki.Organisation{ID: string(org), Usage: pki.ForSigning, Public: key.Public()}))}
	o.stores[org] = must[*sqlstore.Store](t)(sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: o.c.clk}, exchange.Schema()))
	t.Cleanup(func() { o.stores[org].Close() })
	o.ends[org] = must[*exchange.Exchange](t)(exchange.New(t.Context(), exchange.Config{Self: org, Store: o.stores[org], Clock: o.c.clk, Rand: rand.Reader,
		Trust: o.c.trust, Signer: signer, Link: o.c.net.As(org), Peers: []message.Org{self}, Routes: routes}))
	o.c.net.Join(org, o.ends[org])
	o.tasks = append(o.tasks, o.ends[org].Tasks()...)
}

func (o *offices) run() {
	o.c.t.Helper()
	if err := clock.Drive(o.c.t.Context(), o.c.clk, o.tasks, o.c.clk.Now().Add(time.Second)); err != nil {
		o.c.t.Fatal(err)
	}
}

func (o *offices) send(from message.Org, p message.Payload) {
	o.c.t.Helper()
	err := o.stores[from].Update(o.c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := o.ends[from].Send(ctx, tx, []message.Out{{To: self, Body: p}}, "t-test")
		return err
	})
	if err != nil {
		o.c.t.Fatal(err)
	}
	o.run()
}

func persona(id string) access.Person {
	for _, p := range access.Personas() {
		if p.ID == id {
			return p
		}
	}
	panic(id)
}

var application = verifier.Application{Office: "国税庁", Procedures: "所得税・消費税確定申告等", Address: "http://www.e-tax.nta.go.jp/index.html"}

// details are what the audit log says of an act, the newest first.
func details(c *country, act string) (all []string) {
	c.t.Helper()
	if err := c.verifier.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		records, err := auditlog.List(ctx, tx, auditlog.Filter{Act: act})
		for _, r := range records {
			all = append(all, r.Detail)
		}
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return all
}

// TestFilingGoesToThePrefecture, once at a time, and what it decides comes back.
func TestFilingGoesToThePrefecture(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, o := withOffices(t, url)
		ctx, v := t.Context(), c.verifier
		for name, a := range map[string]verifier.Application{"nothing": {}, "two lines": {Office: "国税庁\n総務省", Procedures: "x", Address: "y"},
			"a mark for writing leftwards": {Office: "国税庁\u200f", Procedures: "x", Address: "y"}, "a vertical tab": {Office: "国税庁", Procedures: "x\x0by", Address: "y"},
			"long": {Office: strings.Repeat("長", 100), Procedures: "x", Address: "y"}} {
			_, err := v.File(ctx, persona("operator-ueda"), a)
			if says := map[string]string{"two lines": "改行とタブは使えません。1行で入力してください", "long": "長すぎます。200バイトまでで入力してください",
				"a mark for writing leftwards": "4文字目に、表示されない制御文字（U+200F）", "a vertical tab": "2文字目に、表示されない制御文字（U+000B）"}[name]; err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("%s: %v, want %q", name, err, says)
			}
		}
		if _, err := v.File(ctx, persona("clerk-aoki"), application); err == nil {
			t.Error("a clerk files")
		}
		if _, err := v.End(ctx, persona("operator-ueda")); err == nil || !strings.Contains(err.Error(), "終了する届出がありません") {
			t.Errorf("what was not filed is ended: %v", err)
		}
		if _, err := v.File(ctx, persona("operator-ueda"), application); err != nil {
			t.Fatal(err)
		}
		if _, err := v.File(ctx, persona("operator-ueda"), application); err == nil || !strings.Contains(err.Error(), "前の届出の審査が、まだ終わっていません") {
			t.Errorf("it is filed again while the first is not decided: %v", err)
		}
		o.run()
		if len(o.filings) != 1 || o.filings[0].Number != 1 || o.filings[0].Office != "国税庁" || o.filings[0].By != "operator-ueda" {
			t.Fatalf("the prefecture gets %+v", o.filings)
		}
		decide := func(number uint64, decision string) {
			t.Helper()
			o.send(nagano, message.VerifierDecision{Verifier: self, Number: number, Decision: decision, Reason: "わけ", By: "operator-ueda", Second: "operator-egawa"})
		}
		decide(1, "refused")
		if _, err := v.File(ctx, persona("operator-ueda"), application); err != nil {
			t.Fatal(err)
		}
		decide(2, "accepted")
		if _, err := v.File(ctx, persona("operator-egawa"), application); err != nil {
			t.Fatal(err)
		}
		decide(3, "accepted")
		decide(9, "accepted") // never filed
		if _, err := v.End(access.ByCommand(ctx), persona("operator-egawa")); err != nil {
			t.Fatal(err)
		}
		if _, err := v.End(ctx, persona("operator-ueda")); err == nil || !strings.Contains(err.Error(), "終了は、すでに届け出ています。都道府県に届くのを待ってください。") {
			t.Errorf("the end is filed twice: %v", err)
		}
		o.run()
		if log := details(c, "verifier.filing"); !slices.Equal(log, []string{"command line, end", "file", "file", "file"}) {
			t.Errorf("the audit log says %q", log)
		}
		var got []string
		for _, f := range must[[]verifier.FilingView](t)(v.Filings(ctx)) {
			got = append(got, f.Act+" "+f.State)
		}
		if strings.Join(got, ", ") != "end sent, file accepted, file ended, file refused" {
			t.Errorf("the filings are %v", got)
		}
		if last := o.filings[len(o.filings)-1]; last.Act != "end" || last.Number != 4 {
			t.Errorf("the prefecture gets %+v", last)
		}
		items := must[[]exchange.Item](t)(v.Exchange.Stuck(ctx, 10))
		if len(items) != 1 || items[0].Code != "unknown-filing" {
			t.Errorf("stuck: %+v", items)
		}
	})
}

// TestFilingPageRefuses: an office that knows no prefecture cannot file, and one press does not end what was filed.
func TestFilingPageRefuses(t *testing.T) {
	alone := newCountry(t, "memory:")
	alone.open()
	known, _ := withOffices(t, "memory:")
	must[string](t)(known.verifier.File(t.Context(), persona("operator-ueda"), application))
	filled := url.Values{"office": {application.Office}, "procedures": {application.Procedures}, "address": {application.Address}}
	for _, x := range []struct {
		c          *country
		path       string
		form       url.Values
		says, told string
	}{
		{alone, "/filing", filled, "届け出る都道府県が決まっていません。設定の peers に都道府県を加えてください。", "No prefecture is known to file with: add one to peers in the configuration."},
		{known, "/filing/end", nil, "検証の業務を続けないことを確かめてから、印を付けてください。", "Make sure that this office is to check no more signatures, then tick the box."},
	} {
		before := must[[]verifier.FilingView](t)(x.c.verifier.Filings(t.Context()))
		for lang, want := range map[string]string{"ja": x.says, "en": x.told} {
			if response, body := x.c.fill("operator-ueda", x.path+"?lang="+lang, x.form); response.StatusCode != http.StatusUnprocessableEntity || !strings.Contains(body, want) {
				t.Errorf("%s answers %s, without %q:\n%s", x.path, response.Status, want, body)
			}
		}
		if after := must[[]verifier.FilingView](t)(x.c.verifier.Filings(t.Context())); len(after) != len(before) {
			t.Errorf("%s: filed %+v, before %+v", x.path, after, before)
		}
	}
}

// TestRestoredOfficeFilesUnderANewNumber: an office whose database is a restored copy files under a number that it has used. The
// prefecture does not take it; sent again corrected it has a number that was never used, and is decided under it.
func TestRestoredOfficeFilesUnderANewNumber(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, o := withOffices(t, url)
		ctx, v := t.Context(), c.verifier
		o.used = map[uint64]bool{1: true, 2: true}
		if _, err := v.File(ctx, persona("operator-ueda"), application); err != nil {
			t.Fatal(err)
		}
		o.run()
		stuck := must[[]exchange.Item](t)(v.Exchange.Stuck(ctx, 10))
		if len(stuck) != 1 || stuck[0].Code != "number-used" {
			t.Fatalf("stuck: %+v", stuck)
		}
		if err := v.Exchange.Propose(ctx, stuck[0].ID, exchange.Correct, "控えから戻した", "operator-ueda"); err != nil {
			t.Fatal(err)
		}
		if err := v.Exchange.Confirm(ctx, stuck[0].ID, "operator-egawa"); err != nil {
			t.Fatal(err)
		}
		o.run()
		if len(o.filings) != 1 || o.filings[0].Number <= 2 || o.filings[0].Office != application.Office {
			t.Fatalf("the prefecture has %+v", o.filings)
		}
		o.send(nagano, message.VerifierDecision{Verifier: self, Number: o.filings[0].Number, Decision: "accepted", By: "operator-ueda", Second: "operator-egawa"})
		if all := must[[]verifier.FilingView](t)(v.Filings(ctx)); len(all) != 1 || all[0].State != "accepted" || all[0].Number != o.filings[0].Number {
			t.Errorf("filed: %+v", all)
		}
		if left := must[[]exchange.Item](t)(v.Exchange.Stuck(ctx, 10)); len(left) > 0 {
			t.Errorf("stuck: %+v", left)
		}
		if _, err := v.File(ctx, persona("operator-ueda"), application); err != nil {
			t.Errorf("the next one: %v", err)
		}
	})
}

// TestAskedUnderOurName: over the lines of the exchange, and an office that is refused has no verdict.
func TestAskedUnderOurName(t *testing.T) {
	c, o := withOffices(t, "memory:")
	h := c.cas[cert.Signature].holder()
	check := func() string {
		t.Helper()
		a, _ := c.call(both(document, h.sign())...)
		return a.Verdict
	}
	if got := check(); got != "indeterminate" {
		t.Errorf("refused, the verdict is %s", got)
	}
	o.served = true
	if got := check(); got != "valid" {
		t.Errorf("served, the verdict is %s", got)
	}
	if len(o.question) != 2 || o.question[0] != self || c.asked > 0 {
		t.Errorf("asked by %v, and %d times at the address for everybody", o.question, c.asked)
	}
}

func notice(c *country) message.ImpactNotice {
	at := start.Add(-48 * time.Hour)
	return message.ImpactNotice{Notice: "12-1", Verifier: self, Issuer: "0123456789abcdef", Serial: must[cert.Serial](c.t)(cert.ParseSerial("4A0107")), Profile: cert.Signature,
		Reason: cert.AffiliationChanged, Since: resident.DateOf(at.Add(-24 * time.Hour)), WrongFrom: at, RevokedAt: start.Add(-time.Hour), ToldAt: start.Add(-time.Hour),
		Count: 3, Answers: []message.ImpactAnswer{{AskedAt: at.Add(time.Hour), BasedAt: at.Add(-24 * time.Hour)}, {AskedAt: at.Add(2 * time.Hour)}}}
}

// TestNoticeIsAcknowledgedByAPerson, once, with what was done, and validation is told.
func TestNoticeIsAcknowledgedByAPerson(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c, o := withOffices(t, url)
		ctx, v := t.Context(), c.verifier
		o.send(theValidation, notice(c))
		o.send(theValidation, notice(c)) // sent again, under another number of the stream
		for name, try := range map[string]func() (string, error){
			"a clerk":           func() (string, error) { return v.Acknowledge(ctx, persona("clerk-aoki"), "12-1", "x") },
			"without a word":    func() (string, error) { return v.Acknowledge(ctx, persona("operator-ueda"), "12-1", " ") },
			"of another notice": func() (string, error) { return v.Acknowledge(ctx, persona("operator-ueda"), "12-2", "x") },
			"with a form feed":  func() (string, error) { return v.Acknowledge(ctx, persona("operator-ueda"), "12-1", "x\fy") },
			"with too many words": func() (string, error) {
				return v.Acknowledge(ctx, persona("operator-ueda"), "12-1", strings.Repeat("x", 4001))
			},
		} {
			_, err := try()
			if says := map[string]string{"without a word": "調べたことと、行ったことを入力してください", "of another notice": "この通知はないか、すでに確認されています",
				"with too many words": "長すぎます。4,000バイトまでで入力してください", "with a form feed": "2文字目に、表示されない制御文字（U+000C）"}[name]; err == nil || !strings.Contains(err.Error(), says) {
				t.Errorf("acknowledged: %s: %v, want %q", name, err, says)
			}
		}
		if _, err := v.Acknowledge(ctx, persona("operator-ueda"), "12-1", "受け付けた申告はない。"); err != nil {
			t.Fatal(err)
		}
		if _, err := v.Acknowledge(ctx, persona("operator-egawa"), "12-1", "もう一度"); err == nil {
			t.Error("acknowledged twice")
		}
		o.run()
		if len(o.replies) != 1 || o.replies[0].By != "operator-ueda" || o.replies[0].Text != "受け付けた申告はない。" {
			t.Errorf("validation is told %+v", o.replies)
		}
	})
}

func TestDutyScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			c, o := withOffices(t, "memory:")
			tab := webuitest.Browser(t)
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			tab.Open(c.base + "/session?lang=" + lang + "&next=/" + string(self) + "/filing")
			if status := tab.Follow(`button[value="operator-ueda"]`); status != http.StatusOK {
				t.Fatal(status)
			}
			tab.Fill("#f-office", application.Office)
			tab.Follow("#form .button")
			look("filing-wrong")
			tab.Fill("#f-procedures", application.Procedures)
			tab.Fill("#f-address", application.Address)
			tab.Follow("#form .button")
			o.run()
			o.send(nagano, message.VerifierDecision{Verifier: self, Number: 1, Decision: "accepted", By: "operator-ueda", Second: "operator-egawa"})
			tab.Open(c.base + "/filing")
			look("filing-accepted")
			tab.Follow("#end-form .button")
			if got := must[[]verifier.FilingView](t)(c.verifier.Filings(t.Context())); len(got) != 1 || got[0].State != "accepted" {
				t.Errorf("one press ends the filing: %+v", got)
			}
			tab.Press("label:has(#f-agreed)")
			tab.Follow("#end-form .button")
			if got := tab.Text(".notice"); !strings.Contains(got, "終了を届け出ました") && !strings.Contains(got, "The end was filed") {
				t.Errorf("while the end is on its way it says %q", got)
			}
			o.run()
			o.send(theValidation, notice(c))
			tab.Open(c.base + "/impact")
			look("impacts")
			tab.Follow(".table a, table a")
			look("impact")
			tab.Fill("#f-text", "この回答によって受け付けた申告はない。")
			tab.Follow("#form .button")
			o.run()
			look("impact-acknowledged")
			if len(o.replies) != 1 {
				t.Errorf("validation is told %+v", o.replies)
			}
		})
	}
}
