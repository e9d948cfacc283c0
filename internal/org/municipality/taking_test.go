package municipality

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// twoCheckFor has two of the staff check for an act, from the beginning.
func (c *country) twoCheckFor(act access.Act) {
	c.t.Helper()
	if err := c.o.Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, _, err := identity.In(tx).Found(ctx, act, 2)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
}

// waiting is the only filing that waits.
func (c *country) waiting() string {
	c.t.Helper()
	var all []identity.Wait
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		all, err = identity.In(tx.Tx).Queue(ctx)
		return err
	})
	if len(all) != 1 || all[0].State != identity.Waiting {
		c.t.Fatalf("%d wait: %+v", len(all), all)
	}
	return all[0].Case
}

// taken is what waits, or has waited.
func (c *country) takenAs(ref string) (t store.Taken, w identity.Wait) {
	c.t.Helper()
	t, w, err := c.o.takenOf(c.t.Context(), ref)
	if err != nil {
		c.t.Fatal(err)
	}
	return t, w
}

func (c *country) sealTyped(who PersonID) SealApplication {
	a := c.sealOf(who, 1)
	a.Typed = map[string]string{"base": a.Base.String(), fieldSealText: a.Text, fieldSealWay: string(a.Way)}
	return a
}

const elsewhere = "長野県松本市大手4番2号"

func (c *country) moveTyped(who PersonID) MoveWithin {
	f := c.filing(who, "law-23")
	f.Notified = Notified{licence, "move-within", map[string]string{"base": f.Base.String(), "arose": f.Arose.String(), "basis": f.Basis, "address": elsewhere, "own_household": "yes"}}
	return MoveWithin{Filing: f, Address: address(elsewhere), OwnHousehold: true}
}

// filedBy files what waits for a second check in the tests, each in its way; done tells whether it is in the register.
var filedBy = map[string]struct {
	act  access.Act
	file func(c *country, ctx context.Context, who PersonID) error
	done func(c *country, who PersonID) bool
}{
	"a seal": {access.KeepSeal, func(c *country, ctx context.Context, who PersonID) error {
		_, err := c.o.RegisterSeal(ctx, c.sealTyped(who))
		return err
	}, func(c *country, who PersonID) bool {
		s, live := c.liveSeal(who)
		return live && s.AppliedBy == "clerk-aoki"
	}},
	"a move": {access.FileChange, func(c *country, ctx context.Context, who PersonID) error {
		filed, err := c.o.File(ctx, c.moveTyped(who))
		if err == nil && (!filed.Waits || filed.Version != 0) {
			c.t.Errorf("filed: %+v", filed)
		}
		return err
	}, func(c *country, who PersonID) bool {
		v := c.now(who)
		return v.Number == 2 && v.EnteredBy == "clerk-aoki" && v.Record.Address.Reveal() == elsewhere
	}},
}

// TestTwoCheckWhatIsFiled: nothing is registered or told before a second person has checked, with a passkey of their own; then the rule that
// was called first is called again.
func TestTwoCheckWhatIsFiled(t *testing.T) {
	for name, x := range filedBy {
		t.Run(name, func(t *testing.T) {
			sqlstoretest.Each(t, func(t *testing.T, url string) {
				c := newCountry(t, url)
				c.twoCheckFor(x.act)
				filed := movedIn()
				filed.Evidence, filed.Typed = nil, nil
				filed.Basis, filed.Reason = "order-12", resident.EntryExOfficio // of which there is no notice
				who := c.register(filed).Person
				told, first, second := len(c.changes), asWith(t, "clerk-aoki", "key-1"), asWith(t, "clerk-inoue", "key-2")
				if err := x.file(c, first, who); err != nil {
					t.Fatal(err)
				}
				c.run(time.Minute)
				ref := c.waiting()
				if x.done(c, who) || len(c.changes) != told {
					t.Fatal("it was done after one check")
				}
				for _, err := range []error{c.o.CheckFiling(second, "t-none", licence), c.o.RefuseFiling(second, "t-none", "取下げ")} {
					if !slices.Equal(fieldsOf(t, err), []string{"case"}) || !strings.Contains(err.Error(), "この番号の届出・申請は、本人確認を待っていません") {
						t.Errorf("of a number that nothing has: %v", err)
					}
				}
				if err := x.file(c, first, who); !slices.Equal(fieldsOf(t, err), []string{"person"}) {
					t.Errorf("filed again beside what waits: %v", err)
				}
				before := c.footprint()
				for name, try := range map[string]struct {
					ctx   context.Context
					e     identity.Evidence
					field string
				}{
					"the same person":                   {first, licence, "confirmer"},
					"another name, the same passkey":    {asWith(t, "clerk-inoue", "key-1"), licence, "confirmer"},
					"nothing was shown":                 {second, nil, identity.FieldDocument},
					"one document without a photograph": {second, identity.Evidence{identity.Pension}, identity.FieldSecond},
				} {
					if err := c.o.CheckFiling(try.ctx, ref, try.e); !slices.Equal(fieldsOf(t, err), []string{try.field}) {
						t.Errorf("%s: %v", name, err)
					}
				}
				if err := c.o.CheckFiling(as(t, "operator-ueda"), ref, licence); refusedBy(t, err) == nil {
					t.Error("an operator checked")
				}
				if err := c.o.CheckFiling(second, "t-none", licence); !slices.Equal(fieldsOf(t, err), []string{"case"}) {
					t.Errorf("what nobody filed: %v", err)
				}
				if after := c.footprint(); x.act == access.KeepSeal && after != before { // of a notice a look at the record stays
					t.Errorf("a check that was refused has left something: %s, before %s", after, before)
				}
				// A rule that is lowered meanwhile lowers nothing for it.
				if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
					_, err := tx.Exec(ctx, `UPDATE identity_rule SET persons = 1`)
					return err
				}); err != nil {
					t.Fatal(err)
				}
				if err := c.o.CheckFiling(first, ref, licence); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
					t.Errorf("the first person went on alone: %v", err)
				}
				_, w := c.takenAs(ref)
				c.clk.Set(w.UntilAt.Add(-time.Second)) // 59 minutes 59 seconds
				if err := c.o.CheckFiling(second, ref, identity.Evidence{identity.Passport}); err != nil {
					t.Fatal(err)
				}
				c.run(time.Second)
				if !x.done(c, who) || (x.act == access.FileChange) != (len(c.changes) == told+1) {
					t.Errorf("it was not done: %+v, told %d", c.now(who), len(c.changes)-told)
				}
				taken, w := c.takenAs(ref)
				checks := must[[]identity.Check](t)(c.o.checksOf(t.Context(), ref))
				if w.State != identity.Checked || len(taken.Typed)+len(taken.Picture) != 0 || len(checks) != 2 || checks[1].By != "clerk-inoue" || checks[1].Credential != "key-2" {
					t.Errorf("afterwards: %+v, %v, %+v", w, taken.Typed, checks)
				}
				if acts := c.audited(c.now(who).Record.Code); !slices.Contains(acts, "clerk-inoue check-filing-again") || !slices.Contains(acts, "clerk-aoki take-filing") {
					t.Errorf("audited: %q", acts)
				}
				if err := c.o.CheckFiling(second, ref, licence); !slices.Equal(fieldsOf(t, err), []string{"case"}) {
					t.Errorf("checked a third time: %v", err)
				}
				c.run(48 * time.Hour)
				if _, w := c.takenAs(ref); w.State != identity.Checked {
					t.Errorf("afterwards it is %s", w.State)
				}
			})
		})
	}
}

// TestFilingThatCannotBeChecked: refused by either, lapsed after an hour, or of a record that has changed, nothing is registered; what was typed
// stays for a day, to be filed again.
func TestFilingThatCannotBeChecked(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	c.twoCheckFor(access.KeepSeal)
	aoki, inoue := asWith(t, "clerk-aoki", "key-1"), asWith(t, "clerk-inoue", "key-2")
	take := func() string {
		t.Helper()
		if _, err := c.o.RegisterSeal(aoki, c.sealTyped(who)); err != nil {
			t.Fatal(err)
		}
		return c.waiting()
	}
	changed := take()
	if _, err := c.o.File(aoki, MoveWithin{Filing: c.filing(who, "law-23"), Address: address(elsewhere)}); err != nil {
		t.Fatal(err)
	}
	if err := c.o.CheckFiling(inoue, changed, licence); !slices.Equal(fieldsOf(t, err), []string{"record"}) {
		t.Errorf("the record has changed: %v", err)
	}
	for _, reason := range []string{"", strings.Repeat("長", 301)} {
		if err := c.o.RefuseFiling(inoue, changed, reason); !slices.Equal(fieldsOf(t, err), []string{"reason"}) {
			t.Errorf("refused with %d characters: %v", len([]rune(reason)), err)
		}
	}
	if err := c.o.RefuseFiling(aoki, changed, "記載が変わったため"); err != nil {
		t.Fatal(err)
	}
	if _, w := c.takenAs(changed); w.State != identity.Refused || w.Why != "記載が変わったため" {
		t.Errorf("refused: %+v", w)
	}
	if err := c.o.RefuseFiling(inoue, changed, "もう一度"); !slices.Equal(fieldsOf(t, err), []string{"case"}) {
		t.Errorf("refused twice: %v", err)
	}

	late := take()
	_, w := c.takenAs(late)
	c.clk.Set(w.BeganAt.Add(time.Hour)) // 60 minutes, and whoever ends it is late
	if err := c.o.CheckFiling(inoue, late, licence); !slices.Equal(fieldsOf(t, err), []string{"case"}) {
		t.Errorf("checked after its time: %v", err)
	}
	c.run(time.Minute)
	taken, w := c.takenAs(late)
	if w.State != identity.Lapsed || taken.Typed[fieldSealText] != "髙𠮷" || len(taken.Picture) == 0 {
		t.Errorf("after its time it is %+v, and there is %v", w, taken.Typed)
	}
	for i, want := range []bool{true, false} {
		if err := c.o.ToldOfLapse(inoue, late); (err == nil) != want {
			t.Errorf("told %d: %v", i+1, err)
		}
	}
	c.run(24 * time.Hour)
	if taken, _ := c.takenAs(late); len(taken.Typed)+len(taken.Picture) != 0 {
		t.Errorf("after a day there is still %v", taken.Typed)
	}
	if _, live := c.liveSeal(who); live {
		t.Error("it is registered")
	}
	weak := c.sealTyped(who)
	weak.Evidence = identity.Evidence{identity.HealthInsurance, identity.Pension}
	if _, err := c.o.RegisterSeal(aoki, weak); !slices.Equal(fieldsOf(t, err), []string{identity.FieldDocument}) {
		t.Errorf("at once without a photograph: %v", err)
	}
}

// TestEvidenceOfARelease: whoever asks for a release says by which documents; whoever grants it has another passkey, and where the rule wants
// two has checked too.
func TestEvidenceOfARelease(t *testing.T) {
	c := newCountry(t, "memory:")
	_, her := c.couple()
	c.protect(Protecting{Applicant: her.Person})
	aoki, inoue := asWith(t, "clerk-aoki", "key-1"), asWith(t, "clerk-inoue", "key-2")
	ask := func() int64 {
		t.Helper()
		if err := c.o.AskRelease(aoki, her.Person, protection.Look, "本人が来庁", licence); err != nil {
			t.Fatal(err)
		}
		return c.asked()
	}
	if err := c.o.AskRelease(aoki, her.Person, protection.Look, "本人が来庁", nil); !slices.Equal(fieldsOf(t, err), []string{identity.FieldDocument}) {
		t.Errorf("asked without evidence: %v", err)
	}
	alone := ask()
	if err := c.o.DecideRelease(asWith(t, "clerk-inoue", "key-1"), alone, true, nil); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
		t.Errorf("granted with the same passkey: %v", err)
	}
	if err := c.o.DecideRelease(inoue, alone, true, nil); err != nil {
		t.Fatal(err)
	}
	c.run(2 * time.Hour)
	c.twoCheckFor(access.ReleaseProtection)
	both := ask()
	if err := c.o.DecideRelease(inoue, both, true, nil); !slices.Equal(fieldsOf(t, err), []string{identity.FieldDocument}) {
		t.Errorf("granted without evidence where two check: %v", err)
	}
	v := c.counter("clerk-inoue")
	v.says(v.get("/protections", http.StatusOK), "本人確認をして決める", "運転免許証")
	at := fmt.Sprintf("/protections/release/%d", both)
	v.says(v.get(at, http.StatusOK), "来た方の本人確認を自分で行います")
	v.says(v.post(at, url.Values{"step": {"grant"}}, http.StatusUnprocessableEntity), "書類の種類を選んでください")
	v.post(at, url.Values{"step": {"grant"}, "document": {"passport"}}, http.StatusOK)
	checks := must[[]identity.Check](t)(c.o.checksOf(t.Context(), releaseCase(both)))
	if len(checks) != 2 || checks[0].By != "clerk-aoki" || checks[1].By != "clerk-inoue" || checks[1].Documents[0] != identity.Passport {
		t.Errorf("the checks are %+v", checks)
	}
	measure := must[[]RunningMeasure](t)(c.o.Measures(aoki))[0].Number
	if _, err := c.o.ListToEnd(aoki, measure, "本人の申出", nil); !slices.Equal(fieldsOf(t, err), []string{identity.FieldDocument}) {
		t.Errorf("to end on somebody's word, without evidence: %v", err)
	}
	list := must[int64](t)(c.o.ListToEnd(aoki, measure, "本人の申出", licence))
	if _, err := c.o.ApplyList(inoue, list, nil); !slices.Equal(fieldsOf(t, err), []string{identity.FieldDocument}) {
		t.Errorf("ended without evidence where two check: %v", err)
	}
	if _, err := c.o.ApplyList(inoue, list, licence); err != nil {
		t.Fatal(err)
	}
}

// TestTakenPages: somebody moves in, and out again; each form leads to the page of the check, the queue names nobody, the second checks, and what
// has lapsed is filed again with what was typed.
func TestTakenPages(t *testing.T) {
	c := newCountry(t, "memory:")
	c.twoCheckFor(access.FileChange)
	v, w := c.counter("clerk-aoki"), c.counter("clerk-inoue")
	entered := with(inputs(v.get("/register", http.StatusOK)), "name", "髙𠮷 葛󠄂子", "kana", "タカヨシ カツコ", "furigana", "タカヨシ カツコ", "birth", "1992-02-29", "sex", "女", "address", home,
		"domicile", "長野県飯田市大久保町2534番地", "domicile_head", "髙𠮷 一郎", "earlier_address", "ブラジル")
	v.says(v.post("/register", entered, http.StatusUnprocessableEntity), "書類の種類を選んでください")
	page := v.post("/register", with(entered, "document", "passport", "step", "file"), http.StatusOK)
	at := path(page)
	v.says(page, "もう一人の職員の確認を待っています", "旅券", "ブラジル", "clerk-aoki")
	queue := v.get("/checks", http.StatusOK)
	v.says(queue, strings.TrimPrefix(at, "/taken/"), "clerk-aoki", "届出")
	if strings.Contains(queue, "葛") {
		t.Error("the queue names who moves in")
	}
	c.run(2 * time.Hour)
	v.visit()
	w.visit()
	page = v.get(at, http.StatusOK)
	v.says(page, "期限切れになりました", "入力した内容で受け付け直す")
	again := url.Values{"_back": {"yes"}}
	taken, _ := c.takenAs(strings.TrimPrefix(at, "/taken/"))
	for name, value := range taken.Typed {
		again.Set(name, value)
	}
	form := inputs(v.post("/register", again, http.StatusOK))
	if form.Get("name") != "髙𠮷 葛󠄂子" || form.Get("document") != "" || len(c.changes) != 0 {
		t.Errorf("to be filed again: %v", form)
	}
	at = path(v.post("/register", with(form, "document", "passport", "step", "file"), http.StatusOK))
	w.says(w.get(at, http.StatusOK), "あなたの確認")
	w.says(w.post(at+"/check", nil, http.StatusUnprocessableEntity), "書類の種類を選んでください")
	w.says(w.post(at+"/refuse", nil, http.StatusUnprocessableEntity), "却下する理由を")
	w.says(w.post(at+"/check", url.Values{"document": {"passport"}}, http.StatusOK), "「転入」を受け付けました")
	c.run(time.Second)
	if len(c.changes) != 1 {
		t.Fatalf("told %d times", len(c.changes))
	}
	taken, _ = c.takenAs(strings.TrimPrefix(at, "/taken/"))
	person := "/resident/" + taken.Person.String()
	out := with(inputs(v.get(person+"/change/move-out", http.StatusOK)), "place", "東京都足立区中央本町", "arose", today.AddDays(3).String(), "document", "my-number-card", "step", "file")
	page = v.post(person+"/change/move-out", out, http.StatusOK)
	v.says(page, "転出", "もう一人の職員の確認を待っています", "東京都足立区中央本町")
	at = path(page)
	w.says(w.post(at+"/refuse", url.Values{"reason": {"書類と顔が一致しないため"}}, http.StatusOK), "却下しました", "書類と顔が一致しないため")
	w.get("/taken/t-none", http.StatusNotFound)
	if plan := c.now(taken.Person); !plan.Present() {
		t.Error("the record has ended")
	}
}

// lapsed has nobody check what waits at a page for an hour, and gives the form as it is filed again: with what was typed, and without by which
// documents was checked.
func (v *counter) lapsed(at string) url.Values {
	v.t.Helper()
	v.run(2 * time.Hour)
	page := v.get(at, http.StatusOK)
	v.says(page, "期限切れになりました。何も登録されていません", "入力した内容で受け付け直す")
	v.post(at+"/check", url.Values{"document": {"passport"}}, http.StatusUnprocessableEntity)
	action := regexp.MustCompile(`action="/municipality-202029([^"]*)"><h2>受け付け直す`).FindStringSubmatch(page)
	if action == nil {
		v.t.Fatalf("it cannot be filed again:\n%s", text(page))
	}
	taken, _ := v.takenAs(strings.TrimPrefix(at, "/taken/"))
	again := url.Values{"_back": {"yes"}, fieldTaken: {taken.Case}}
	for name, value := range taken.Typed {
		again.Set(name, value)
	}
	form := inputs(v.post(action[1], again, http.StatusOK))
	if form.Has("document") && form.Get("document") != "" {
		v.t.Errorf("filed again with the check of before: %v", form)
	}
	return with(form, "document", "passport", "step", "file")
}

// TestSecondCheckOfAnArrival: a family is registered, and the old municipality told, by the second check, and only all for whom it was filed.
func TestSecondCheckOfAnArrival(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.twoCheckFor(access.FileChange)
	v, w := n.counter("clerk-aoki"), n.counter("clerk-inoue")
	n.leave(today, true)
	family := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here
	register := "/moves/" + family[0].Move + "/register"
	file := func(form url.Values) string {
		t.Helper()
		page := v.post(register, with(form, "document", "passport", "step", "file"), http.StatusOK)
		v.says(page, "転入の登録", "もう一人の職員の確認を待っています", "葛󠄂西 一郎")
		return path(page)
	}
	refused := func(at string) {
		t.Helper()
		const says = "届け出た方の中に、もう転入の登録を待っていない方がいます。「転出入」の画面で確かめ、この届出を却下して受け付け直してください。"
		told := len(n.changes)
		w.says(w.get(at, http.StatusOK), "このままでは受け付けられません", says)
		w.says(w.get(at+"?lang=en", http.StatusOK), "Somebody for whom this was filed does not wait to be registered any more")
		w.says(w.post(at+"/check?lang=ja", url.Values{"document": {"passport"}}, http.StatusUnprocessableEntity), says)
		if len(n.changes) != told {
			t.Error("somebody was registered all the same")
		}
	}
	here := func() int { return len(must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here) }
	three := file(inputs(v.get(register, http.StatusOK)))
	v.says(v.get(three, http.StatusOK), "葛󠄂西 葵")
	form := v.lapsed(three)
	if here() != 3 || len(n.changes) != 0 {
		t.Fatalf("%d wait, %d were told, and nobody had checked", here(), len(n.changes))
	}
	three = file(form)
	v.post("/moves/"+family[2].Move+"/give-up", nil, http.StatusOK) // the child stays where it was
	refused(three)
	w.says(w.post(three+"/refuse", url.Values{"reason": {"お子さんは転入しないため"}}, http.StatusOK), "却下しました")

	two, again := file(inputs(v.get(register, http.StatusOK))), file(inputs(v.get(register, http.StatusOK))) // at two counters
	w.says(w.post(two+"/check", url.Values{"document": {"my-number-card"}}, http.StatusOK), "「転入」を受け付けました")
	n.run(time.Minute)
	there := must[MoveList](t)(n.there.Moves(as(t, "clerk-aoki")))
	if here() != 0 || len(n.changes) != 2 || len(there.Closed) != 2 {
		t.Errorf("%d wait, %d were told, %d have moved there", here(), len(n.changes), len(there.Closed))
	}
	if taken, wait := n.takenAs(strings.TrimPrefix(two, "/taken/")); wait.State != identity.Checked || len(taken.Typed) != 0 || n.now(taken.Person).EnteredBy != "clerk-aoki" {
		t.Errorf("%s, %v, entered by %s", wait.State, taken.Typed, n.now(taken.Person).EnteredBy)
	}
	refused(again)
}

// TestAnArrivalSaysWhoIsNotThereAnyMore: who was ticked and is registered elsewhere meanwhile, or does not come, is not left out without a word; those who
// are left are registered when the clerk has looked.
func TestAnArrivalSaysWhoIsNotThereAnyMore(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	v := n.counter("clerk-aoki")
	n.leave(today, true)
	family := must[MoveList](t)(n.o.Moves(as(t, "clerk-aoki"))).Here
	register := "/moves/" + family[0].Move + "/register"
	form := with(inputs(v.get(register, http.StatusOK)), "document", "passport")
	v.post("/moves/"+family[2].Move+"/give-up", nil, http.StatusOK)
	for _, step := range []string{"", "file"} { // on the way to the page that shows what it will do, and from there
		page := v.post(register, with(form, "step", step), http.StatusUnprocessableEntity)
		v.says(page, "印を付けた方の中に、もう転入の登録を待っていない方がいます")
		if len(n.changes) != 0 || strings.Contains(page, "in-"+family[2].Move) {
			t.Fatalf("step %q: %d were registered", step, len(n.changes))
		}
	}
	page := v.post(register, with(inputs(v.post(register, form, http.StatusUnprocessableEntity)), "document", "passport"), http.StatusOK)
	v.says(v.post(register, with(inputs(page), "step", "file"), http.StatusOK), "「転入」を受け付けました")
	if n.run(time.Minute); len(n.changes) != 2 {
		t.Errorf("%d were registered", len(n.changes))
	}
}

// TestSecondCheckOfAHousehold: nobody is placed before the second check, and not when the record of anybody in the household has changed.
func TestSecondCheckOfAHousehold(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	c.twoCheckFor(access.FileChange)
	v, w := c.counter("clerk-aoki"), c.counter("clerk-inoue")
	form := "/resident/" + p[0].String() + "/household/household-split"
	file := func() string {
		t.Helper()
		page := v.post(form, with(inputs(v.get(form, http.StatusOK)), "document", "passport", "moves-"+p[2].String(), "yes", relationField(p[2]), "世帯主"), http.StatusOK)
		page = v.post(form, with(inputs(page), "step", "file"), http.StatusOK)
		v.says(page, "世帯分離", "もう一人の職員の確認を待っています")
		return path(page)
	}
	stood := c.stands(p[2])
	v.lapsed(file())
	changed := file()
	must[Filed](t)(c.o.File(as(t, "clerk-inoue"), Amendment{Filing: c.filing(p[1], "order-12"), Name: name("山﨑 一")}))
	w.says(w.post(changed+"/check", url.Values{"document": {"passport"}}, http.StatusUnprocessableEntity), "この世帯のどなたかの記録が変わりました")
	if c.stands(p[2]) != stood {
		t.Errorf("placed at %s", c.stands(p[2]))
	}
	w.post(changed+"/refuse", url.Values{"reason": {"記載が変わったため"}}, http.StatusOK)
	at, told := file(), len(c.changes)
	w.says(w.get(at, http.StatusOK), "新しい世帯・世帯主", "あなたの確認")
	w.says(w.post(at+"/check", url.Values{"document": {"passport"}}, http.StatusOK), "「世帯分離」を受け付けました")
	if c.now(p[2]).Record.Relation != resident.Head || c.stands(p[2]) == stood || c.places(p[2])[0].EnteredBy != "clerk-aoki" || len(c.changes) != told {
		t.Errorf("stands at %s, by %s", c.stands(p[2]), c.places(p[2])[0].EnteredBy)
	}
}

// TestSecondCheckOfAFamilyLeaving: each of them leaves by the second check, or none, and none when one of them has left the household meanwhile.
func TestSecondCheckOfAFamilyLeaving(t *testing.T) {
	c := newCountry(t, "memory:")
	p := c.family("世帯主", "妻", "子")
	c.twoCheckFor(access.FileChange)
	v, w := c.counter("clerk-aoki"), c.counter("clerk-inoue")
	form := "/resident/" + p[0].String() + "/change/move-out"
	file := func(typed url.Values) string {
		t.Helper()
		page := v.post(form, with(typed, "place", "東京都足立区中央本町", "arose", today.String(), "document", "passport", "with-"+p[1].String(), "yes", "with-"+p[2].String(), "yes", "step", "file"), http.StatusOK)
		v.says(page, "転出", "もう一人の職員の確認を待っています", "東京都足立区中央本町")
		return path(page)
	}
	present := func() (n int) {
		for _, who := range p {
			if c.now(who).Present() {
				n++
			}
		}
		return n
	}
	again := v.lapsed(file(inputs(v.get(form, http.StatusOK))))
	if again.Get("with-"+p[2].String()) != "yes" || present() != 3 {
		t.Fatalf("%d are here, to be filed again: %v", present(), again)
	}
	apart := file(again)
	must[HouseholdFiled](t)(c.fileHousehold(HouseholdAct{Event: "household-split", Arose: today, Basis: "order-12", Places: []Placement{{p[2], "", resident.Head}}}))
	w.says(w.get(apart, http.StatusOK), "このままでは受け付けられません")
	w.says(w.post(apart+"/check", url.Values{"document": {"passport"}}, http.StatusUnprocessableEntity), errRecordChanged.JA)
	if present() != 3 {
		t.Errorf("%d are here", present())
	}
	w.post(apart+"/refuse", url.Values{"reason": {"世帯が変わったため"}}, http.StatusOK)
	must[HouseholdFiled](t)(c.fileHousehold(HouseholdAct{Event: "household-merge", Arose: today, Basis: "order-12", Places: []Placement{{p[2], c.now(p[0]).Record.Household, relation("子")}}}))
	told := len(c.changes)
	w.says(w.post(file(inputs(v.get(form, http.StatusOK)))+"/check", url.Values{"document": {"passport"}}, http.StatusOK), "「転出」を受け付けました")
	if present() != 0 || len(c.changes) != told+3 {
		t.Errorf("%d are here, %d were told", present(), len(c.changes)-told)
	}
}
