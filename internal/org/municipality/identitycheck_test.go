package municipality

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

var licence = identity.Evidence{identity.DrivingLicence}

// twoCheck has two of the staff check an applicant, from the beginning.
func (c *country) twoCheck() {
	c.t.Helper()
	if err := c.o.foundRule(c.t.Context(), 2); err != nil {
		c.t.Fatal(err)
	}
	c.run(time.Second)
}

// taken is an application that waits for another person's check.
func (c *country) taken(who PersonID, p cert.Profile, key []byte) Applied {
	c.t.Helper()
	a, err := c.o.Apply(as(c.t, "clerk-aoki"), Application{Person: who, Base: c.now(who).Number, Profile: p, PublicKey: key, Evidence: licence})
	if err != nil {
		c.t.Fatal(err)
	}
	c.run(time.Second)
	if s := c.application(a.Request).State; s != store.Checking || !a.Waits || a.KeyHere {
		c.t.Fatalf("the application is %s, %+v", s, a)
	}
	return a
}

// asWith is a persona with a passkey.
func asWith(t testing.TB, id, passkey string) context.Context {
	ctx := as(t, id)
	p := access.From(ctx)
	p.Credential = passkey
	return access.With(ctx, p)
}

// TestTwoCheckAnApplicant: nothing leaves for the CA before a second person has checked, with a passkey of their own.
func TestTwoCheckAnApplicant(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.twoCheck()
		if len(c.rules) != 1 || c.rules[0].Persons != 2 || c.rules[0].Version != 1 || c.rules[0].From != today {
			t.Fatalf("the CA was told %+v", c.rules)
		}
		who := c.register(movedIn()).Person
		first := asWith(t, "clerk-aoki", "key-1")
		a, err := c.o.Apply(first, Application{Person: who, Base: 1, Profile: cert.Signature, Evidence: licence})
		if err != nil || !a.Waits || a.KeyHere {
			t.Fatalf("%+v, %v", a, err)
		}
		c.run(time.Minute)
		if len(c.certRequests) != 0 {
			t.Fatal("the CA was asked after one check")
		}
		if _, err := c.o.Apply(first, Application{Person: who, Base: 1, Profile: cert.Signature, Evidence: licence}); !slices.Equal(fieldsOf(t, err), []string{"profile"}) {
			t.Errorf("a second application beside one that is being checked: %v", err)
		}
		before := c.footprint()
		for name, test := range map[string]struct {
			ctx   context.Context
			e     identity.Evidence
			field string
		}{
			"the same person":                      {first, licence, "confirmer"},
			"the same person, another passkey":     {asWith(t, "clerk-aoki", "key-2"), licence, "confirmer"},
			"another name, the same passkey":       {asWith(t, "clerk-inoue", "key-1"), licence, "confirmer"},
			"nothing was shown":                    {asWith(t, "clerk-inoue", "key-2"), nil, identity.FieldDocument},
			"one document without a photograph":    {asWith(t, "clerk-inoue", "key-2"), identity.Evidence{identity.Pension}, identity.FieldSecond},
			"a document of which there is no kind": {asWith(t, "clerk-inoue", "key-2"), identity.Evidence{"library-card"}, identity.FieldDocument},
		} {
			if _, err := c.o.CheckAgain(test.ctx, a.Request, test.e); !slices.Equal(fieldsOf(t, err), []string{test.field}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		if _, err := c.o.CheckAgain(as(t, "operator-ueda"), a.Request, licence); refusedBy(t, err) == nil {
			t.Error("an operator checked")
		}
		if after := c.footprint(); after != before {
			t.Errorf("a check that was refused has left something: %s, before %s", after, before)
		}
		again, err := c.o.CheckAgain(asWith(t, "clerk-inoue", "key-2"), a.Request, identity.Evidence{identity.HealthInsurance, identity.Pension})
		if err != nil || !again.KeyHere {
			t.Fatalf("%+v, %v", again, err)
		}
		c.run(time.Second)
		if len(c.certRequests) != 1 || len(c.certRequests[0].Checks) != 2 {
			t.Fatalf("the CA was asked %d times", len(c.certRequests))
		}
		told := c.certRequests[0].Checks
		if told[0].Staff == told[1].Staff || told[0].Passkey == told[1].Passkey || told[0].Way != "photo" || told[1].Way != "two" || told[1].Staff != c.o.pseudonym("staff", "clerk-inoue") {
			t.Errorf("the CA was told %+v", told)
		}
		if s := c.application(a.Request); s.State != store.Issued || s.AppliedBy != "clerk-aoki" || s.Trace != again.Trace {
			t.Errorf("the application is %s", s.State)
		}
		if _, err := c.o.HolderKey(as(t, "clerk-aoki"), a.Request); err != nil {
			t.Error(err)
		}
		if acts := c.audited(c.now(who).Record.Code); !slices.Contains(acts, "clerk-inoue check-identity-again") || !slices.Contains(acts, "clerk-aoki take-application") {
			t.Errorf("audited: %q", acts)
		}
		if _, err := c.o.CheckAgain(asWith(t, "clerk-inoue", "key-2"), a.Request, licence); !slices.Equal(fieldsOf(t, err), []string{"case"}) {
			t.Errorf("checked a third time: %v", err)
		}
		c.run(2 * time.Hour)
		if s := c.application(a.Request).State; s != store.Issued {
			t.Errorf("afterwards it is %s", s)
		}
		var counts []identity.Count
		c.view(func(ctx context.Context, tx *store.Tx) (err error) {
			counts, err = identity.In(tx.Tx).Counts(ctx, noon)
			return err
		})
		if fmt.Sprint(counts) != "[{issue-certificate photo 1} {issue-certificate two 1}]" {
			t.Errorf("counted: %v", counts)
		}
	})
}

// TestSecondCheckThatCannotBe: refused by either, lapsed, or of a record that has changed, an application never reaches the CA.
func TestSecondCheckThatCannotBe(t *testing.T) {
	c := newCountry(t, "memory:")
	c.twoCheck()
	key := publicPEM(t, broughtKey.Public())
	who := c.register(movedIn()).Person
	inoue := asWith(t, "clerk-inoue", "key-2")

	changed := c.taken(who, cert.Signature, key)
	if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市大手1番")}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.o.CheckAgain(inoue, changed.Request, licence); !slices.Equal(fieldsOf(t, err), []string{"record"}) || !strings.Contains(err.Error(), "最初の確認の後に、住民票の記載が変わりました") {
		t.Errorf("the record has changed: %v", err)
	}
	for _, reason := range []string{"", strings.Repeat("長", 301)} {
		if err := c.o.RefuseApplication(inoue, changed.Request, reason); !slices.Equal(fieldsOf(t, err), []string{"reason"}) {
			t.Errorf("refused with %d characters: %v", len([]rune(reason)), err)
		}
	}
	if err := c.o.RefuseApplication(as(t, "clerk-aoki"), changed.Request, "住民票の記載が変わったため"); err != nil {
		t.Fatal(err)
	}
	if a := c.application(changed.Request); a.State != store.Refused || !strings.Contains(a.Reason.JA, "記載が変わったため") {
		t.Errorf("refused: %s, %s", a.State, a.Reason)
	}
	if err := c.o.RefuseApplication(inoue, changed.Request, "もう一度"); !slices.Equal(fieldsOf(t, err), []string{"case"}) || !strings.Contains(err.Error(), "この申請は、本人確認を待っていません") {
		t.Errorf("refused twice: %v", err)
	}

	late := c.taken(who, cert.Signature, nil)
	if err := c.o.ToldOfLapse(inoue, late.Request); !slices.Equal(fieldsOf(t, err), []string{"case"}) || !strings.Contains(err.Error(), "この申請は期限切れではないか、本人に伝えたことがすでに") {
		t.Errorf("told of a lapse before it: %v", err)
	}
	c.clk.Set(c.application(late.Request).AppliedAt.Add(identity.WaitsFor)) // and whoever ends it is late
	if _, err := c.o.CheckAgain(inoue, late.Request, licence); !slices.Equal(fieldsOf(t, err), []string{"case"}) || !strings.Contains(err.Error(), "この申請は、もう確認を待っていません") {
		t.Errorf("checked after its time: %v", err)
	}
	c.run(time.Minute)
	if a := c.application(late.Request); a.State != store.Refused || a.Why != "check-lapsed" {
		t.Errorf("after its time it is %s, %s", a.State, a.Why)
	}
	for i, want := range []bool{true, false} {
		if err := c.o.ToldOfLapse(inoue, late.Request); (err == nil) != want {
			t.Errorf("told %d: %v", i+1, err)
		}
	}
	_, her := c.couple()
	hidden := c.taken(her.Person, cert.Authentication, key)
	c.protect(Protecting{Applicant: her.Person})
	if _, err := c.o.CheckAgain(inoue, hidden.Request, licence); err != errProtected {
		t.Errorf("of somebody who has come under protection meanwhile: %v", err)
	}
	if len(c.certRequests) != 0 {
		t.Errorf("the CA was asked: %+v", c.certRequests)
	}
}

// TestSecondCheckAndItsCommit: a commit that fails leaves the application waiting; of one that was applied and whose answer was lost the key
// is there, because the application names it.
func TestSecondCheckAndItsCommit(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		faults := new(sqlstoretest.Faults)
		c := (&country{t: t, rand: rand.Reader, faults: faults}).found(url)
		c.twoCheck()
		inoue := asWith(t, "clerk-inoue", "key-2")
		a := c.taken(c.register(movedIn()).Person, cert.Signature, nil)
		before := c.footprint()
		faults.FailNext(1)
		if _, err := c.o.CheckAgain(inoue, a.Request, licence); !errors.Is(err, sqlstoretest.ErrInjected) {
			t.Fatalf("a commit that failed: %v", err)
		}
		if after := c.footprint(); after != before || c.application(a.Request).State != store.Checking {
			t.Errorf("it has left something: %s, before %s", after, before)
		}
		faults.LoseNext(1)
		again, err := c.o.CheckAgain(inoue, a.Request, licence)
		if err != nil || !again.KeyHere {
			t.Fatalf("applied, and its answer lost: %+v, %v", again, err)
		}
		c.run(time.Minute) // nobody rang for the message: it goes with the next look
		if s := c.application(a.Request).State; s != store.Issued || len(c.certRequests) != 1 || len(c.certRequests[0].Checks) != 2 {
			t.Errorf("it is %s, and the CA was asked %d times", s, len(c.certRequests))
		}
		if _, err := c.o.HolderKey(inoue, a.Request); err != nil {
			t.Errorf("its key: %v", err)
		}
	})
}

// TestRuleOfIdentityChecks: one person proposes, another confirms, it holds from its day on, and the CA is told.
func TestRuleOfIdentityChecks(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		aoki, inoue := asWith(t, "clerk-aoki", "key-1"), asWith(t, "clerk-inoue", "key-2")
		good := identity.Rule{Act: access.IssueCertificate, Persons: 2, From: today.AddDays(1), Reason: "本人確認を厳しくするため"}
		for _, x := range []struct {
			field, says string
			spoil       func(*identity.Rule)
		}{
			{identity.FieldAct, "対象の事務を選んでください", func(r *identity.Rule) { r.Act = access.Register }},
			{identity.FieldPersons, "確認する職員の人数を選んでください", func(r *identity.Rule) { r.Persons = 0 }},
			{identity.FieldFrom, "いつから適用するかを入力してください", func(r *identity.Rule) { r.From = resident.Date{} }},
			{identity.FieldFrom, "適用は、明日から1年以内の日を入力してください", func(r *identity.Rule) { r.From = today }},
			{identity.FieldReason, "理由を300字以内で入力してください", func(r *identity.Rule) { r.Reason = " " }},
		} {
			r := good
			x.spoil(&r)
			if _, err := c.o.ProposeIdentityRule(aoki, r); !slices.Equal(fieldsOf(t, err), []string{x.field}) || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%s: %v", x.field, err)
			}
		}
		if _, err := c.o.ProposeIdentityRule(as(t, "operator-ueda"), good); refusedBy(t, err) == nil {
			t.Error("an operator proposed it")
		}
		version, err := c.o.ProposeIdentityRule(aoki, good)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := c.o.ProposeIdentityRule(inoue, good); !slices.Equal(fieldsOf(t, err), []string{identity.FieldAct}) || !strings.Contains(err.Error(), "この事務の規則は、すでに提案されています") {
			t.Errorf("proposed beside a proposal: %v", err)
		}
		for name, ctx := range map[string]context.Context{"who proposed it": aoki, "another name, the same passkey": asWith(t, "clerk-inoue", "key-1")} {
			if err := c.o.DecideIdentityRule(ctx, version, true); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
				t.Errorf("%s confirmed: %v", name, err)
			}
		}
		if err := c.o.DecideIdentityRule(inoue, version, true); err != nil {
			t.Fatal(err)
		}
		c.run(time.Second)
		if len(c.rules) != 1 || c.rules[0].Persons != 2 || c.rules[0].ProposedBy == c.rules[0].ConfirmedBy {
			t.Errorf("the CA was told %+v", c.rules)
		}
		for i, want := range []bool{true, false} { // today, and tomorrow
			if alone, err := c.o.checksAlone(t.Context(), access.IssueCertificate); err != nil || alone != want {
				t.Errorf("in %d days one is enough: %v, %v", i, alone, err)
			}
			c.clk.Set(c.clk.Now().Add(24 * time.Hour))
		}
		late, err := c.o.ProposeIdentityRule(aoki, identity.Rule{Act: access.IssueCertificate, Persons: 1, From: today.AddDays(3), Reason: "試行が終わったため"})
		if err != nil {
			t.Fatal(err)
		}
		c.clk.Set(today.AddDays(3).Start())
		if err := c.o.DecideIdentityRule(inoue, late, true); !slices.Equal(fieldsOf(t, err), []string{"rule"}) || !strings.Contains(err.Error(), "適用する日が過ぎました。取り下げて") {
			t.Errorf("confirmed on its day: %v", err)
		}
		if err := c.o.DecideIdentityRule(aoki, late, false); err != nil {
			t.Errorf("dropped by who proposed it: %v", err)
		}
		if err := c.o.DecideIdentityRule(inoue, late, true); !slices.Equal(fieldsOf(t, err), []string{"rule"}) || !strings.Contains(err.Error(), "この提案は、もうありません") {
			t.Errorf("confirmed when it was dropped: %v", err)
		}
		c.run(time.Second)
		if len(c.rules) != 1 {
			t.Errorf("the CA was told of a rule that was dropped")
		}
		if err := c.o.foundRule(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if alone, err := c.o.checksAlone(t.Context(), access.IssueCertificate); err != nil || alone {
			t.Errorf("a start has changed the rule: %v", err)
		}
	})
}

// TestIdentityPages: the first clerk takes it, the queue shows it, the second checks, an auditor reads the rule.
func TestIdentityPages(t *testing.T) {
	c := newCountry(t, "memory:")
	c.twoCheck()
	who := c.register(movedIn())
	v := c.counter("clerk-aoki")
	apply := fmt.Sprintf("/resident/%s/apply", who.Person)
	form := v.get(apply, http.StatusOK)
	v.says(form, "本人確認は二人の職員で行います")
	page := v.post(apply, with(inputs(form), "profile", "signature", "document", "passport", "public_key", string(publicPEM(t, broughtKey.Public()))), http.StatusOK)
	v.says(page, "もう一人の職員の本人確認を待っています", "旅券", "clerk-aoki")
	at := path(page)
	v.says(v.get(at+"/check", http.StatusOK), "確認した人は、二人目になれません")
	v.says(v.post(at+"/check", with(url.Values{}, "document", "passport"), http.StatusUnprocessableEntity), "もう一人の担当者に確認を依頼")
	v.says(v.get("/", http.StatusOK), "二人目の本人確認を待つ届出・申請が1件")
	queue := v.get("/checks", http.StatusOK)
	v.says(queue, strings.TrimPrefix(at, "/application/"), "clerk-aoki", "顔写真付きの書類1点")
	if strings.Contains(queue, "葛") {
		t.Error("the queue names the applicant")
	}
	w := c.counter("clerk-inoue")
	w.says(w.post(at+"/check", nil, http.StatusUnprocessableEntity), "書類の種類を選んでください")
	w.says(w.post(at+"/refuse", nil, http.StatusUnprocessableEntity), "却下する理由を")
	w.says(w.post(at+"/check", with(url.Values{}, "document", "inquiry"), http.StatusOK), "照会書への回答書", "clerk-inoue", "待っています")
	c.run(time.Second)
	w.says(w.get(at, http.StatusOK), "電子証明書が発行されました")

	w.says(w.post("/identity-rule", nil, http.StatusUnprocessableEntity), "人数を選んでください", "理由を300字以内")
	w.says(w.post("/identity-rule", with(url.Values{}, "act", "issue-certificate", "persons", "1", "from", today.AddDays(2).String(), "reason", "繁忙期のため"), http.StatusOK), "もう一人の承認待ち")
	w.says(c.counter("auditor-onishi").get("/identity-rule", http.StatusOK), "もう一人の承認待ち", "clerk-inoue", "職員2人")
	v.says(v.post("/identity-rule/2/confirm", nil, http.StatusOK), "承認済み")
	page = v.post("/identity-rule", with(url.Values{}, "act", "issue-certificate", "persons", "2", "from", today.AddDays(9).String(), "reason", "戻すため"), http.StatusOK)
	v.says(v.post("/identity-rule/3/drop", nil, http.StatusOK), "取下げ")
}

// TestRuleThatIsLoweredWhileSomebodyWaits: an application that was taken as one of two stays so, whatever the rule says meanwhile.
func TestRuleThatIsLoweredWhileSomebodyWaits(t *testing.T) {
	c := newCountry(t, "memory:")
	c.twoCheck()
	who := c.register(movedIn()).Person
	a := c.taken(who, cert.Signature, publicPEM(t, broughtKey.Public()))
	err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE identity_rule SET persons = 1`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.o.CheckAgain(as(t, "clerk-aoki"), a.Request, licence); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
		t.Errorf("the first person went on alone: %v", err)
	}
}
