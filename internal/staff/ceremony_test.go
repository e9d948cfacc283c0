package staff_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/staff"
)

// TestAnAnswerCountsOnceForOnePurposeAndOneBrowser: each way in which an answer could be used for something else is tried.
func TestAnAnswerCountsOnceForOnePurposeAndOneBrowser(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Operator, d)
		ask := func(session, bound string) access.Question {
			q, err := o.Ask(o.Context(), session, bound)
			o.ok(err)
			return q
		}
		used := o.show(d, ask("", browser))
		session, err := o.SignIn(o.Context(), browser, used)
		o.ok(err)
		other, err := o.signIn(d)
		o.ok(err)
		for name, try := range map[string]func() error{
			"a second time": func() error { _, err := o.SignIn(o.Context(), browser, used); return err },
			"in another browser": func() error {
				_, err := o.SignIn(o.Context(), browser+"2", o.show(d, ask("", browser)))
				return err
			},
			"to step up": func() error { return o.StepUp(o.Context(), session, o.show(d, ask("", session))) },
			"to sign in, asked to step up": func() error {
				_, err := o.SignIn(o.Context(), session, o.show(d, ask(session, "")))
				return err
			},
			"in another session": func() error { return o.StepUp(o.Context(), other, o.show(d, ask(session, ""))) },
			"too late": func() error {
				q := ask("", browser)
				o.clk.Set(o.clk.Now().Add(5 * time.Minute))
				_, err := o.SignIn(o.Context(), browser, o.show(d, q))
				return err
			},
			"with another seal": func() error {
				a := o.show(d, ask("", browser))
				a.Sealed = "e30." + strings.SplitN(a.Sealed, ".", 2)[1]
				_, err := o.SignIn(o.Context(), browser, a)
				return err
			},
			"to another question": func() error {
				a := o.show(d, ask("", browser))
				a.Sealed = ask("", browser).Sealed
				_, err := o.SignIn(o.Context(), browser, a)
				return err
			},
			"with nothing":         func() error { _, err := o.SignIn(o.Context(), browser, access.Answer{}); return err },
			"stepping up silently": func() error { return o.StepUp(o.Context(), session, access.Answer{}) },
		} {
			if err := try(); err == nil {
				o.Errorf("%s: taken", name)
			} else {
				o.refused(err, "確かめられませんでした")
			}
		}
		if _, err := o.signIn(d); err != nil {
			o.Errorf("and then rightly: %v", err)
		}
	})
}

func TestSteppingUp(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d, e := newDevice(1), newDevice(2)
		o.hire(admin, "tanaka", access.Operator, d)
		o.hire(admin, "inoue", access.Operator, e)
		session, _ := o.signedIn(d)
		o.clk.Set(start.Add(access.FreshFor))
		if p := o.who(session); !p.Fresh {
			o.Error("five minutes are not over")
		}
		o.clk.Set(start.Add(access.FreshFor + time.Microsecond))
		if p := o.who(session); p.Fresh || access.May(p, access.ResolveConfirm, "ca") == nil {
			o.Error("still fresh")
		}
		q, err := o.Ask(o.Context(), session, "")
		o.ok(err)
		if _, err := e.soft.Show(q.Options, origin, nil, 0); err == nil {
			o.Error("somebody else's passkey was asked for")
		}
		// A browser that shows another passkey all the same.
		loose := q
		loose.Options = strings.Replace(q.Options, `"allowCredentials":[`, `"all":[`, 1)
		if err := o.StepUp(o.Context(), session, o.show(e, loose)); err == nil {
			o.Error("somebody else stepped up")
		}
		o.ok(o.StepUp(o.Context(), session, o.show(d, q)))
		p := o.who(session)
		if !p.Fresh || access.May(p, access.ResolveConfirm, "ca") != nil {
			o.Errorf("%+v", p)
		}
		if got := o.acts("tanaka"); got[len(got)-1] != staff.ActStepUp {
			o.Error(got)
		}
		o.refused(o.forget(admin.FreshAt(start), "tanaka", o.Lose), "")
		if err := o.StepUp(o.Context(), session, access.Answer{}); err == nil {
			o.Error("stepped up in a session that is over")
		}
	})
}

func TestAnInvitationIsGoodOnceAndForAWhile(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		first, err := o.Invite(o.Context(), admin, newcomer("tanaka", access.Clerk))
		o.ok(err)
		_, q, err := o.AskRegister(o.Context(), first, browser)
		o.ok(err)
		if err := o.answerNew(first, browser+"2", newDevice(1), q); err == nil {
			o.Error("registered in another browser")
		}
		second, err := o.InviteAgain(o.Context(), admin, "tanaka")
		o.ok(err)
		o.refused(o.answerNew(first, browser, newDevice(1), q), "招待")
		o.refused(o.register(first, newDevice(1)), "招待")
		o.ok(o.register(second, newDevice(1)))
		o.refused(o.register(second, newDevice(2)), "招待")
		third, err := o.InviteAgain(o.Context(), admin, "tanaka")
		o.ok(err)
		o.clk.Set(start.Add(staff.InvitationLife))
		o.refused(o.register(third, newDevice(2)), "招待")
		for _, wrong := range []string{"", "x", third + "x"} {
			o.refused(o.register(wrong, newDevice(2)), "招待")
		}
	})
}

func TestBadEntriesOfANewcomer(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		for want, spoil := range map[string]func(*staff.Newcomer){
			"識別子":      func(n *staff.Newcomer) { n.ID = "Tanaka" },
			"団体の名前":    func(n *staff.Newcomer) { n.ID = "ca" },
			"氏名":       func(n *staff.Newcomer) { n.Name.JA = " " },
			"ローマ字":     func(n *staff.Newcomer) { n.Name.EN = strings.Repeat("x", 101) },
			"職務":       func(n *staff.Newcomer) { n.Job = "king" },
			"所属":       func(n *staff.Newcomer) { n.Office = "" },
			"期限":       func(n *staff.Newcomer) { n.Until = start },
			"使われていました": func(n *staff.Newcomer) { n.ID = "hayashi-2" },
		} {
			n := newcomer("tanaka", access.Clerk)
			if spoil(&n); n.ID == "hayashi-2" {
				_, err := o.Invite(o.Context(), admin, n)
				o.ok(err)
			}
			_, err := o.Invite(o.Context(), admin, n)
			o.refused(err, want)
		}
	})
}

// TestPersonasComeInByThePasskeyOfSoftware: again and again, at the same time, and not when their authority is gone.
func TestPersonasComeInByThePasskeyOfSoftware(t *testing.T) {
	each(t, func(o *office) {
		aoki := access.Personas()[0]
		var secrets [4]string
		var all sync.WaitGroup
		for i := range secrets {
			all.Go(func() {
				var err error
				if secrets[i], err = o.Enter(o.Context(), aoki); err != nil {
					o.Error(err)
				}
			})
		}
		all.Wait()
		for _, secret := range secrets {
			if p := o.who(secret); p.ID != aoki.ID || p.Job != aoki.Job || !p.Persona || p.Credential == "" || !p.Fresh {
				o.Errorf("%+v", p)
			}
		}
		o.clk.Set(start.Add(access.FreshFor + time.Second))
		if o.who(secrets[0]).Fresh {
			o.Error("a persona is fresh for ever")
		}
		o.ok(o.StepUp(o.Context(), secrets[0], access.Answer{}))
		if !o.who(secrets[0]).Fresh {
			o.Error("the software did not answer")
		}
		if _, err := o.Enter(o.Context(), access.Person{ID: "tanaka", Job: access.Clerk}); err == nil {
			o.Error("somebody came in without a passkey")
		}
		admin := o.administrator()
		o.refused(o.forget(admin, aoki.ID, o.Lose), "")
		if o.who(secrets[0]).ID != "" {
			o.Error("a persona's session outlives the passkey")
		}
		_, err := o.Enter(o.Context(), aoki)
		o.refused(err, "紛失")
		_, err = o.InviteAgain(o.Context(), admin, aoki.ID)
		o.ok(err)
		if secrets[0], err = o.Enter(o.Context(), aoki); err != nil {
			o.Fatal(err)
		}
		o.ok(o.Revoke(o.Context(), admin, aoki.ID, "試験"))
		if o.who(secrets[0]).ID != "" {
			o.Error("a persona acts without authority")
		}
		_, err = o.Enter(o.Context(), aoki)
		o.refused(err, "操作者ID")
	})
}

// TestAPersonaIsNobodyWhoWasInvited: the software of a test country makes no passkey for a person who has the identifier of a persona.
func TestAPersonaIsNobodyWhoWasInvited(t *testing.T) {
	each(t, func(o *office) {
		admin, aoki, d := o.administrator(), access.Personas()[0], newDevice(1)
		invitation, err := o.Invite(o.Context(), admin, newcomer(aoki.ID, access.Operator))
		o.ok(err)
		for _, registered := range []bool{false, true} { // the software has a passkey for nobody who has one of their own either
			if registered {
				o.ok(o.register(invitation, d))
			}
			_, err = o.Enter(o.Context(), aoki)
			o.refused(err, "この識別子は、招かれた職員のものです。")
		}
		if w, err := o.Member(o.Context(), admin, aoki.ID); err != nil || len(w.Passkeys) != 1 || w.Persona {
			o.Errorf("%+v, %v", w, err)
		}
		if _, p := o.signedIn(d); p.Persona || p.Job != access.Operator {
			o.Errorf("signed in as %+v", p)
		}
	})
}

// TestAPersonHasOnlySoManyPasskeys: one in use and spares; the next is registered when one of them is out of use, by the same invitation.
func TestAPersonHasOnlySoManyPasskeys(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		o.hire(admin, "tanaka", access.Clerk, newDevice(1))
		for n := byte(2); n <= 5; n++ {
			invitation, err := o.InviteAgain(o.Context(), admin, "tanaka")
			o.ok(err)
			o.ok(o.register(invitation, newDevice(n)))
		}
		invitation, err := o.InviteAgain(o.Context(), admin, "tanaka")
		o.ok(err)
		o.refused(o.register(invitation, newDevice(6)), "登録できるパスキーは、一人5個までです。使わないものを、管理者に取り消してもらってください。")
		if w, err := o.Member(o.Context(), admin, "tanaka"); err != nil || len(w.Passkeys) != 5 {
			o.Errorf("%d passkeys, %v", len(w.Passkeys), err)
		}
		o.refused(o.forget(admin, "tanaka", o.Withdraw), "")
		if err := o.register(invitation, newDevice(6)); err != nil {
			o.Error(err)
		}
	})
}

// TestNothingHappensByHalves: a commit that fails leaves nothing, and one whose answer was lost has happened.
func TestNothingHappensByHalves(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Clerk, d)
		session, _ := o.signedIn(d)
		w, err := o.Member(o.Context(), admin, "tanaka")
		o.ok(err)
		lose := func() error { return o.Lose(o.Context(), admin, "tanaka", w.Passkeys[0].Name, "電車に忘れた") }
		o.faults.FailNext(1)
		if err := lose(); err == nil || o.who(session).ID != "tanaka" {
			o.Errorf("failed: %v", err)
		}
		q, err := o.Ask(o.Context(), "", browser)
		o.ok(err)
		answer := o.show(d, q)
		o.faults.FailNext(1)
		if _, err := o.SignIn(o.Context(), browser, answer); err == nil {
			o.Error("signed in though the commit failed")
		}
		if _, err := o.SignIn(o.Context(), browser, answer); err != nil {
			o.Errorf("an answer was spent for nothing: %v", err)
		}
		o.faults.LoseNext(1)
		if err := lose(); err == nil {
			o.Error("the answer of the commit was not lost")
		}
		if o.who(session).ID != "" {
			o.Error("what was committed did not happen")
		}
	})
}

func TestTheHistoryCannotBeChanged(t *testing.T) {
	each(t, func(o *office) {
		o.administrator()
		for _, statement := range []string{"UPDATE staff_history SET detail = 'x'", "DELETE FROM staff_history"} {
			err := o.Store.Update(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, statement)
				return err
			})
			if err == nil || !strings.Contains(err.Error(), "append-only") {
				o.Errorf("%s: %v", statement, err)
			}
		}
	})
}

func TestWithoutAnAddressNobodyIsAsked(t *testing.T) {
	store := sqlstoretest.Open(t, sqlstoretest.SQLite(t), sqlstore.Options{}, staff.Schema)
	s, err := staff.New(staff.Config{Self: "ca", Name: plain.Sentence{JA: "認証局", EN: "CA"}, Store: store, Clock: clock.System(), Rand: zeros{}})
	if err != nil {
		t.Fatal(err)
	}
	if q, err := s.Ask(t.Context(), "", browser); err != nil || q != (access.Question{}) {
		t.Errorf("%+v %v", q, err)
	}
	if _, err := staff.New(staff.Config{Self: "ca", Name: plain.Sentence{JA: "認証局", EN: "CA"}, Store: store, Clock: clock.System(), Rand: zeros{}, Origin: "http://192.0.2.1"}); err == nil {
		t.Error("an address was taken at which no browser shows a passkey")
	}
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestAPasskeyThatDoesNotCount: many devices count nothing, and then the challenge alone says that an answer was given before.
func TestAPasskeyThatDoesNotCount(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Clerk, d)
		d.counter = 1<<32 - 1 // the next is 0
		q, err := o.Ask(o.Context(), "", browser)
		o.ok(err)
		answer := o.show(d, q)
		_, err = o.SignIn(o.Context(), browser, answer)
		o.ok(err)
		_, err = o.SignIn(o.Context(), browser, answer)
		o.refused(err, "確かめられませんでした")
		d.counter = 1<<32 - 1
		if _, err := o.signIn(d); err != nil {
			o.Errorf("a second question: %v", err)
		}
	})
}

// TestAnInvitationEndsWithWhatItWasMadeFor: it does not come to life again under a later authority, nor after a passkey was lost.
func TestAnInvitationEndsWithWhatItWasMadeFor(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		grant := newcomer("tanaka", access.Clerk).Grant
		kept, err := o.Invite(o.Context(), admin, newcomer("tanaka", access.Clerk))
		o.ok(err)
		o.ok(o.Revoke(o.Context(), admin, "tanaka", "退職"))
		o.ok(o.Issue(o.Context(), admin, "tanaka", grant))
		o.refused(o.register(kept, newDevice(1)), "招待")
		again := func() string {
			secret, err := o.InviteAgain(o.Context(), admin, "tanaka")
			o.ok(err)
			return secret
		}
		kept = again()
		o.ok(o.Transfer(o.Context(), admin, "tanaka", grant, "異動"))
		o.refused(o.register(kept, newDevice(1)), "招待")
		o.ok(o.register(again(), newDevice(1)))
		kept = again()
		o.refused(o.forget(admin, "tanaka", o.Lose), "")
		o.refused(o.register(kept, newDevice(2)), "招待")
		o.ok(o.register(again(), newDevice(2)))
	})
}
