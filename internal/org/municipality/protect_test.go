package municipality

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// couple registers a husband and a wife in one household.
func (c *country) couple() (him, her Filed) {
	c.t.Helper()
	r := movedIn()
	r.Record.Name, r.Record.Kana, r.Record.Sex, r.Record.Birth = name("山田　太郎"), kana("ヤマダ タロウ"), resident.Male, birth("1980-01-01")
	him = c.register(r)
	r.Record.Name, r.Record.Kana, r.Record.Sex, r.Record.Birth = name("山田　花子"), kana("ヤマダ ハナコ"), resident.Female, birth("1982-02-02")
	r.Record.Household, r.Record.Relation = c.now(him.Person).Record.Household, relation("妻")
	return him, c.register(r)
}

// protect has a clerk take an application.
func (c *country) protect(p Protecting) string {
	c.t.Helper()
	p.Evidence = licence
	m, err := c.o.Protect(as(c.t, "clerk-aoki"), p)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// release has one clerk ask and the other grant.
func (c *country) release(who PersonID, p protection.Purpose) {
	c.t.Helper()
	if err := c.o.AskRelease(as(c.t, "clerk-aoki"), who, p, "本人が来庁。", licence); err != nil {
		c.t.Fatal(err)
	}
	if err := c.o.DecideRelease(as(c.t, "clerk-inoue"), c.asked(), true, nil); err != nil {
		c.t.Fatal(err)
	}
}

// asked is the request that waits.
func (c *country) asked() (id int64) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) error {
		all, err := c.o.flags(tx.Tx).Asked(ctx)
		if err == nil && len(all) == 1 {
			id = all[0].ID
		}
		return err
	})
	return id
}

// shows tells whether anything says where she lives.
func shows(v any) bool {
	return strings.Contains(fmt.Sprintf("%#v", texts(v)), "丸の内")
}

// texts are the addresses that a version, a dossier or a list of versions holds.
func texts(v any) (all []string) {
	switch v := v.(type) {
	case store.Version:
		return []string{v.Record.Address.Reveal(), v.Place.Reveal()}
	case []store.Version:
		for _, one := range v {
			all = append(all, texts(one)...)
		}
	case Dossier:
		all = append(texts(v.Now), texts(v.Versions)...)
		if v.Plan != nil {
			all = append(all, v.Plan.Place.Reveal())
		}
	}
	return all
}

// TestProtectedFromTheMomentOfApplication: once an application is taken no clerk sees where she lives or files anything about her, by
// no way that the counter has, and the flag is the first message. Two clerks open the record to one of them, for a while.
func TestProtectedFromTheMomentOfApplication(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		him, her := c.couple()
		aoki, inoue := as(t, "clerk-aoki"), as(t, "clerk-inoue")
		if d, err := c.o.Look(aoki, her.Person, "record"); err != nil || d.Hidden || !shows(d) {
			t.Fatalf("before: %v", err)
		}
		c.protect(Protecting{Applicant: her.Person, Evidence: licence})
		c.run(time.Second)
		if len(c.flags) != 1 {
			t.Fatalf("%d flags were told", len(c.flags))
		}
		if n := c.flags[0].(message.ResidentProtection); !n.Provisional || n.Code != her.Code || n.Version != 1 || n.Owner != c.o.Self {
			t.Errorf("%+v", n)
		}
		locked := func(ctx context.Context) {
			t.Helper()
			d, err := c.o.Look(ctx, her.Person, "record")
			if err != nil || !d.Hidden || shows(d) || d.Now.Record.Code.Valid() || d.Now.Record.Name != name("山田　花子") || !d.Protection.Provisional() {
				t.Errorf("her record: %v, hidden %v", err, d.Hidden)
			}
			if _, err := c.o.LookOpened(ctx, her.Person, "form"); err != errProtected {
				t.Errorf("a form about her: %v", err)
			}
			for _, q := range []Query{{Code: her.Code}, {Name: "山田"}, {Kana: "ヤマダ"}, {Birth: birth("1982-02-02")}} {
				found, _, err := c.o.Search(ctx, q)
				i := slices.IndexFunc(found, func(v store.Version) bool { return v.Person == her.Person })
				if err != nil || i < 0 || shows(found[i]) || !isMasked(found[i]) {
					t.Errorf("the search shows her, or does not know her: %v", err)
				}
			}
			if d, err = c.o.Look(ctx, him.Person, "record"); err != nil || d.Hidden || !shows(d.Now) {
				t.Fatalf("his own record: %v", err)
			}
			for _, v := range d.Household {
				if v.Person == her.Person && (shows(v) || !isMasked(v)) {
					t.Error("the page of his household shows her")
				}
			}
			move := MoveWithin{Filing: c.filing(her.Person, "law-23"), Address: address("長野県松本市大手1番1号")}
			if _, err := c.o.Preview(ctx, move); err != errProtected {
				t.Errorf("a preview: %v", err)
			}
			if _, err := c.o.File(ctx, move); err != errProtected {
				t.Errorf("a notice: %v", err)
			}
			if err := c.o.CancelPlan(ctx, her.Person); err != errProtected {
				t.Errorf("a plan: %v", err)
			}
			if _, err := c.o.Apply(ctx, Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: her.Person, Base: c.now(her.Person).Number, Profile: cert.Signature}); err != errNoDocument {
				t.Errorf("a certificate: %v", err)
			}
		}
		locked(aoki)
		locked(inoue)

		if err := c.o.AskRelease(aoki, her.Person, protection.Look, " ", licence); !slices.Equal(fieldsOf(t, err), []string{"reason"}) {
			t.Errorf("without a reason: %v", err)
		}
		if err := c.o.AskRelease(aoki, her.Person, protection.Look, "本人の転居", licence); err != nil {
			t.Fatal(err)
		}
		if err := c.o.DecideRelease(aoki, c.asked(), true, nil); err == nil {
			t.Error("who asked grants it")
		}
		locked(aoki)
		if err := c.o.DecideRelease(inoue, c.asked(), true, nil); err != nil {
			t.Fatal(err)
		}
		locked(inoue)
		if d, err := c.o.LookOpened(aoki, her.Person, "record"); err != nil || d.Hidden || !shows(d) {
			t.Errorf("her record is not open: %v", err)
		}
		if found, _, err := c.o.Search(aoki, Query{Code: her.Code}); err != nil || !isMasked(found[0]) {
			t.Errorf("a release opens a list: %v", err)
		}
		filing := c.filing(her.Person, "law-23")
		if _, err := c.o.File(aoki, MoveWithin{Filing: filing, Address: address("長野県松本市丸の内9番1号"), OwnHousehold: true}); err != nil {
			t.Errorf("what she came for: %v", err)
		}
		if _, err := c.o.Apply(aoki, Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: her.Person, Base: c.now(her.Person).Number, Profile: cert.Signature}); err != errNoDocument {
			t.Errorf("a look issues a certificate: %v", err)
		}
		c.run(protection.OpenFor)
		locked(aoki)
		if acts := c.audited(her.Code); !slices.Contains(acts, "clerk-aoki release-asked") || !slices.Contains(acts, "clerk-inoue release-granted") || !slices.Contains(acts, "clerk-aoki release-opened") {
			t.Errorf("%v", acts)
		}
		if n := c.locked(); n != 1 {
			t.Errorf("%d releases have locked", n)
		}
	})
}

// locked counts the releases that are over.
func (c *country) locked() (n int64) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, `SELECT COUNT(*) FROM protection_release WHERE state = 'over'`).Scan(&n)
	})
	return n
}

// TestOneDocument: a release for a document issues one certificate, which its clerk hands over, and no second. A report of a loss needs
// none: it shows nothing, and protects.
func TestOneDocument(t *testing.T) {
	c := newCountry(t, "memory:")
	_, her := c.couple()
	c.protect(Protecting{Applicant: her.Person, Evidence: licence})
	aoki, inoue := as(t, "clerk-aoki"), as(t, "clerk-inoue")
	c.release(her.Person, protection.Document)
	a := Application{Evidence: identity.Evidence{identity.MyNumberCard}, Person: her.Person, Base: c.now(her.Person).Number, Profile: cert.Authentication}
	if _, err := c.o.Apply(inoue, a); err != errNoDocument {
		t.Errorf("another clerk applies: %v", err)
	}
	applied, err := c.o.Apply(aoki, a)
	if err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	if _, err := c.o.HolderCertificate(inoue, applied.Request); err != errProtected {
		t.Errorf("another clerk takes it: %v", err)
	}
	if _, err := c.o.HolderCertificate(aoki, applied.Request); err != nil {
		t.Errorf("it cannot be handed over: %v", err)
	}
	a.Profile = cert.Signature
	if _, err := c.o.Apply(aoki, a); err != errNoDocument {
		t.Errorf("a second one: %v", err)
	}
	c.run(protection.OpenFor)
	if _, err := c.o.HolderCertificate(aoki, applied.Request); err != errProtected {
		t.Errorf("after its time: %v", err)
	}
	if _, err := c.o.ReportLoss(aoki, Report{her.Person, cert.Lost}); err != nil {
		t.Errorf("a report of a loss: %v", err)
	}
}

// TestFlagOfAnUnknownCode: a flag that came before the record holds when the record comes, and one that cannot be read is no permission.
func TestFlagOfAnUnknownCode(t *testing.T) {
	c := newCountry(t, "memory:")
	code := resident.RecordCodeOf(3_000_000_000)
	c.elsewhere(message.ResidentProtection{Code: code, Owner: "municipality-272183", Version: 1, Measure: "S1", Until: today.AddDays(300)})
	r := movedIn()
	r.Record.Code, r.From, r.Prior = code, body("272183"), 3
	her := c.register(r)
	aoki := as(t, "clerk-aoki")
	if d, err := c.o.Look(aoki, her.Person, "record"); err != nil || !d.Hidden || shows(d) {
		t.Errorf("%v, hidden %v", err, d.Hidden)
	}
	update := func(query string) {
		t.Helper()
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, query)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	update(`UPDATE protection_flag SET state = 'ended'`)
	if _, err := c.o.Look(aoki, her.Person, "record"); err == nil {
		t.Error("a flag that cannot be read lets the record be read")
	}
	if _, _, err := c.o.Search(aoki, Query{Code: code}); err == nil {
		t.Error("a flag that cannot be read lets her be found")
	}
	update(`UPDATE protection_flag SET state = 'in-force'`)

	if page := c.counter("clerk-aoki").get("/resident/"+her.Person.String(), 200); strings.Contains(page, "272183") || !strings.Contains(page, "ほかの市区町村") {
		t.Error("the page says where else she is known")
	}

	// Taken over, both hold; the other's end leaves ours.
	measure, err := c.o.TakeOver(aoki, her.Person)
	if err != nil {
		t.Fatal(err)
	}
	c.run(time.Second)
	if page := c.counter("clerk-aoki").get("/protections/measure/"+measure, 200); strings.Contains(page, "272183") || strings.Contains(page, "大東") || !strings.Contains(page, "ほかの市区町村から") {
		t.Error("the page of the measure says from where it was taken over")
	}
	if n, ok := c.flags[0].(message.ResidentProtection); !ok || n.Owner != c.o.Self || n.Measure != measure || n.Until != today.AddDays(300) || len(n.Places) != 1 {
		t.Errorf("%+v", c.flags)
	}
	if _, err := c.o.TakeOver(aoki, her.Person); err == nil {
		t.Error("it is taken over twice")
	}
	c.elsewhere(message.ResidentProtectionEnd{Code: code, Owner: "municipality-272183", Version: 1})
	if d, err := c.o.Look(aoki, her.Person, "record"); err != nil || !d.Hidden {
		t.Errorf("after the handover: %v, hidden %v", err, d.Hidden)
	}
}

// elsewhere lets the center tell of another municipality's decision.
func (c *country) elsewhere(p message.Payload) {
	c.t.Helper()
	if err := c.tell("nationalcenter", p); err != nil {
		c.t.Fatal(err)
	}
}

func (c *country) tell(from message.Org, p message.Payload) error {
	return c.o.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		d := exchange.Delivery{ID: message.ID{Sender: from}, Kind: p.Kind()}
		switch n := p.(type) {
		case message.ResidentProtection:
			_, err = c.o.onResidentProtection(ctx, c.o.in(tx), d, n)
		case message.ResidentProtectionEnd:
			_, err = c.o.onResidentProtectionEnd(ctx, c.o.in(tx), d, n)
		}
		return err
	})
}

// TestNobodyElseEndsOurFlag: neither the center nor anybody else sets or ends what this municipality decides.
func TestNobodyElseEndsOurFlag(t *testing.T) {
	c := newCountry(t, "memory:")
	_, her := c.couple()
	c.protect(Protecting{Applicant: her.Person, Evidence: licence})
	for from, n := range map[message.Org]message.Payload{
		"nationalcenter": message.ResidentProtectionEnd{Code: her.Code, Owner: c.o.Self, Version: 1},
		"prefecture-20":  message.ResidentProtectionEnd{Code: her.Code, Owner: "municipality-272183", Version: 1},
		"ca":             message.ResidentProtection{Code: her.Code, Owner: "municipality-272183", Version: 1, Measure: "S1", Provisional: true},
	} {
		if refused := (*exchange.Rejected)(nil); !errors.As(c.tell(from, n), &refused) || refused.Code != "not-your-protection" {
			t.Errorf("%s from %s: %v", n.Kind(), from, refused)
		}
	}
	if d, err := c.o.Look(as(t, "clerk-aoki"), her.Person, "record"); err != nil || !d.Hidden {
		t.Errorf("%v, hidden %v", err, d.Hidden)
	}
}

// TestTermDoesNotEnd: a measure that was decided holds for a year and after it, until two persons end it. One that was renewed since the
// list was made goes on, and its line is set aside: Meguro.
func TestTermDoesNotEnd(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		him, her := c.couple()
		aoki, inoue := as(t, "clerk-aoki"), as(t, "clerk-inoue")
		m := c.protect(Protecting{Applicant: her.Person, Evidence: licence})
		other := c.protect(Protecting{Applicant: him.Person})
		if _, err := c.o.Protect(aoki, Protecting{Applicant: her.Person, Evidence: licence}); err == nil || !strings.Contains(err.Error(), "この方には、この市区町村の支援措置（"+m+"）があります") {
			t.Errorf("two measures of ours run about one person: %v", err)
		}
		for _, one := range []string{m, other} {
			if err := c.o.Renewed(aoki, one); err == nil || !strings.Contains(err.Error(), "この措置の状態は、画面を開いた後に変わりました") {
				t.Errorf("what was not decided is renewed: %v", err)
			}
			if err := c.o.Decided(aoki, one); err != nil {
				t.Fatal(err)
			}
		}
		hidden := func(who PersonID) bool {
			t.Helper()
			d, err := c.o.Look(aoki, who, "record")
			if err != nil {
				t.Fatal(err)
			}
			return d.Hidden
		}
		c.run(370 * 24 * time.Hour)
		if !hidden(her.Person) || !hidden(him.Person) {
			t.Error("a clock has ended it")
		}
		list, err := c.o.ListToEnd(aoki, "", "期間満了", nil)
		if err != nil {
			t.Fatal(err)
		}
		c.run(6 * 24 * time.Hour)
		if err := c.o.Renewed(inoue, m); err != nil {
			t.Fatal(err)
		}
		if _, err := c.o.ApplyList(aoki, list, nil); err == nil {
			t.Error("who made the list applies it")
		}
		before := len(c.flags)
		l, err := c.o.ApplyList(inoue, list, nil)
		if err != nil {
			t.Fatal(err)
		}
		c.run(time.Second)
		outcomes := map[string]string{}
		for _, line := range l.Lines {
			outcomes[line.Measure] = line.Outcome
		}
		if outcomes[m] != "changed" || outcomes[other] != "ended" || !hidden(her.Person) || hidden(him.Person) {
			t.Errorf("%v; she is hidden: %v, he: %v", outcomes, hidden(her.Person), hidden(him.Person))
		}
		if told := c.flags[before:]; len(told) != 2 && len(told) != 1 {
			t.Errorf("%d messages", len(told))
		}
		if _, err := c.o.ListToEnd(aoki, other, "もう一度", licence); err == nil || !strings.Contains(err.Error(), "終了する支援措置がありません") {
			t.Errorf("what has ended is listed: %v", err)
		}
		for what, x := range map[string]struct {
			err  error
			says string
		}{
			"renewed after its end":      {c.o.Renewed(aoki, other), "この措置は終了しています"},
			"one that is not there":      {c.o.Renewed(aoki, "S0"), "この措置番号の支援措置はありません"},
			"a list without a reason":    {second(c.o.ListToEnd(aoki, m, " ", licence)), "終了する理由を300字までで入力してください"},
			"a list that was applied":    {second(c.o.ApplyList(inoue, list, licence)), "この一覧は、ないか、すでに適用されています"},
			"a release for nothing":      {c.o.AskRelease(aoki, her.Person, "", "本人が来庁", licence), "何のための一時解除かを選んでください"},
			"a release nobody asked for": {c.o.DecideRelease(inoue, 999, true, licence), "この一時解除の依頼は、もうありません"},
		} {
			if len(fieldsOf(t, x.err)) != 1 || !strings.Contains(x.err.Error(), x.says) {
				t.Errorf("%s: %v", what, x.err)
			}
		}
	})
}

// TestFlagFollowsTheCode: whose code is changed is protected under the new one too, before the change is told.
func TestFlagFollowsTheCode(t *testing.T) {
	c := newCountry(t, "memory:")
	_, her := c.couple()
	c.protect(Protecting{Applicant: her.Person, Places: []resident.MunicipalityCode{body("131211")}})
	c.release(her.Person, protection.Look)
	filed, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(her.Person, "law-30-3")})
	if err != nil {
		t.Fatal(err)
	}
	c.run(protection.OpenFor)
	last := c.flags[len(c.flags)-1].(message.ResidentProtection)
	if last.Code != filed.Code || last.Version != 1 || !last.Provisional {
		t.Errorf("%+v", last)
	}
	if change := c.changes[len(c.changes)-1]; change.After.Code != filed.Code {
		t.Fatal("the change was not told")
	}
	for _, code := range []resident.RecordCode{her.Code, filed.Code} {
		if found, _, err := c.o.Search(as(t, "clerk-aoki"), Query{Code: code}); err != nil || len(found) != 1 || !isMasked(found[0]) {
			t.Errorf("under one of her codes: %v", err)
		}
	}
}

// TestWhatCameAboutSomebodyAsksTheGate: what is shown of messages and reports about a person asks as the record does: for a visit, for
// protection under any code, for a release to this clerk, and for the list for attention.
func TestWhatCameAboutSomebodyAsksTheGate(t *testing.T) {
	c := newCountry(t, "memory:")
	him, her := c.couple()
	fault := look.Ground{Purpose: look.Fault, Case: "municipality-202029.1.1.prefecture-20.99"}
	asked := func(ctx context.Context, codes ...resident.RecordCode) (g look.Ground, err error) {
		err = c.o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			g, err = c.o.Admits(ctx, tx, fault, codes)
			return err
		})
		return g, err
	}
	aoki, inoue := as(t, "clerk-aoki"), as(t, "clerk-inoue")
	if g, err := asked(aoki, him.Code, her.Code); err != nil || g != look.From(aoki) {
		t.Fatalf("on the ground of a letter: %+v, %v", g, err)
	}
	if _, err := asked(access.With(t.Context(), access.From(aoki)), her.Code); !slices.Contains(fieldsOf(t, err), "purpose") {
		t.Errorf("without a visit: %v", err)
	}
	c.protect(Protecting{Applicant: her.Person, Evidence: licence})
	if _, err := asked(aoki, him.Code, her.Code); err != errProtected {
		t.Errorf("protected: %v", err)
	}
	if _, err := asked(aoki, him.Code); err != nil {
		t.Errorf("her husband: %v", err)
	}
	c.release(her.Person, protection.Look)
	if _, err := asked(aoki, her.Code); err != nil {
		t.Errorf("released to this clerk: %v", err)
	}
	if _, err := asked(inoue, her.Code); err != errProtected {
		t.Errorf("released to another clerk: %v", err)
	}
	c.attend(look.Attention{Subject: him.Code, Category: look.Known})
	if _, err := asked(aoki, him.Code); err != look.ErrUnconfirmed {
		t.Errorf("on the list for attention: %v", err)
	}
}
