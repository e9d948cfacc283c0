package staff_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/internal/staff"
)

const (
	origin  = "https://juki.example.lg.jp"
	browser = "a secret of a browser that is long enough"
)

var start = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// office is an organisation with its staff, in virtual time.
type office struct {
	*testing.T
	*staff.Staff
	clk    *clock.Virtual
	faults *sqlstoretest.Faults
}

func open(t *testing.T, url string) *office {
	t.Helper()
	o := &office{T: t, clk: clock.NewVirtual(start), faults: &sqlstoretest.Faults{}}
	store := sqlstoretest.Open(t, url, sqlstore.Options{Clock: o.clk, Faults: o.faults}, auditlog.Schema, staff.Schema)
	var err error
	o.Staff, err = staff.New(staff.Config{Self: "municipality-202029", Name: plain.Sentence{JA: "松本市", EN: "Matsumoto"}, Store: store, Clock: o.clk,
		Rand: &locked{from: rand.NewChaCha8([32]byte{1})}, Origin: origin})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// locked is randomness for several at once.
type locked struct {
	mu   sync.Mutex
	from *rand.ChaCha8
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.from.Read(p)
}

func each(t *testing.T, test func(o *office)) {
	sqlstoretest.Each(t, func(t *testing.T, url string) { test(open(t, url)) })
}

// device is a person's passkey, and what their browser knows.
type device struct {
	soft    passkey.Soft
	handle  []byte
	counter uint32
}

func newDevice(n byte) *device {
	soft, err := passkey.NewSoft(bytes.Repeat([]byte{n}, passkey.SeedSize))
	if err != nil {
		panic(err)
	}
	return &device{soft: soft}
}

func newcomer(id string, job access.Job) staff.Newcomer {
	return staff.Newcomer{ID: id, Name: plain.Sentence{JA: "職員 " + id, EN: id}, Grant: staff.Grant{Job: job, Office: "市民課"}}
}

// register registers a device for an invitation.
func (o *office) register(invitation string, d *device) error {
	o.Helper()
	_, q, err := o.AskRegister(o.Context(), invitation, browser)
	if err != nil {
		return err
	}
	return o.answerNew(invitation, browser, d, q)
}

func (o *office) answerNew(invitation, bound string, d *device, q access.Question) error {
	o.Helper()
	answer, err := d.soft.Create(q.Options, origin)
	if err != nil {
		return err
	}
	return o.Register(o.Context(), invitation, bound, "鍵", access.Answer{Sealed: q.Sealed, Credential: answer})
}

func (o *office) show(d *device, q access.Question) access.Answer {
	o.Helper()
	answer, err := d.soft.Show(q.Options, origin, d.handle, d.counter)
	if err != nil {
		o.Fatal(err)
	}
	d.counter++
	return access.Answer{Sealed: q.Sealed, Credential: answer}
}

func (o *office) signIn(d *device) (string, error) {
	o.Helper()
	q, err := o.Ask(o.Context(), "", browser)
	o.ok(err)
	return o.SignIn(o.Context(), browser, o.show(d, q))
}

func (o *office) signedIn(d *device) (secret string, p access.Person) {
	o.Helper()
	secret, err := o.signIn(d)
	o.ok(err)
	return secret, o.who(secret)
}

func (o *office) who(secret string) access.Person {
	o.Helper()
	p, err := o.Resume(o.Context(), secret)
	o.ok(err)
	return p
}

func (o *office) ok(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o *office) refused(err error, want string) {
	o.Helper()
	if _, plainly := plain.AsProblems(err); !plainly || !strings.Contains(err.Error(), want) {
		o.Errorf("refused with %v, want %q", err, want)
	}
}

// administrator is the first of an organisation, signed in.
func (o *office) administrator() access.Person {
	o.Helper()
	invitation, err := o.InviteFirst(o.Context(), newcomer("hayashi", access.Administrator))
	o.ok(err)
	d := newDevice(200)
	o.ok(o.register(invitation, d))
	_, p := o.signedIn(d)
	second, err := o.Staff.Invite(o.Context(), p, newcomer("mori", access.Administrator))
	o.ok(err)
	o.ok(o.ConfirmFromMachine(o.Context(), "mori"))
	o.ok(o.register(second, newDevice(201)))
	return p
}

// mori is the second administrator, who confirms what the first one invites.
var mori = access.Person{ID: "mori", Job: access.Administrator, Credential: "mori's", Fresh: true}

// Invite and InviteAgain have what is invited confirmed by the second administrator.
func (o *office) Invite(ctx context.Context, by access.Person, n staff.Newcomer) (string, error) {
	secret, err := o.Staff.Invite(ctx, by, n)
	if err == nil {
		err = o.confirmed(n.ID)
	}
	return secret, err
}

func (o *office) InviteAgain(ctx context.Context, by access.Person, person string) (string, error) {
	secret, err := o.Staff.InviteAgain(ctx, by, person)
	if err == nil {
		err = o.confirmed(person)
	}
	return secret, err
}

func (o *office) confirmed(person string) error {
	w, err := o.Member(o.Context(), mori, person)
	o.ok(err)
	return o.ConfirmInvitation(o.Context(), mori, person, w.Invitation.Mark)
}

func (o *office) hire(by access.Person, id string, job access.Job, d *device) {
	o.Helper()
	invitation, err := o.Invite(o.Context(), by, newcomer(id, job))
	o.ok(err)
	o.ok(o.register(invitation, d))
}

func (o *office) acts(person string) (acts []string) {
	o.Helper()
	w, err := o.Member(o.Context(), access.Person{ID: "auditor", Job: access.Auditor}, person)
	o.ok(err)
	for _, l := range w.History {
		acts = append([]string{l.Act}, acts...)
	}
	return acts
}

func TestFromTheFirstInvitationToAClerkWhoSignsIn(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		if admin.ID != "hayashi" || admin.Job != access.Administrator || admin.Authority != 1 || !admin.Fresh || admin.Credential == "" || admin.Persona {
			o.Fatalf("%+v", admin)
		}
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Clerk, d)
		secret, p := o.signedIn(d)
		if p.ID != "tanaka" || p.Job != access.Clerk || p.Authority != 3 || p.Credential == admin.Credential {
			o.Fatalf("%+v", p)
		}
		if got := fmt.Sprint(o.acts("tanaka")); got != "[issue invite confirm register sign-in]" {
			o.Error(got)
		}
		o.ok(o.Leave(o.Context(), secret))
		if p := o.who(secret); p.ID != "" {
			o.Errorf("after leaving: %+v", p)
		}
		// The audit log has what was done about persons, and not who came and went.
		var audit []auditlog.Record
		o.ok(o.Store.View(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			audit, err = auditlog.List(ctx, tx, auditlog.Filter{Case: "tanaka"})
			return err
		}))
		if len(audit) != 4 || audit[0].Act != "staff.register" || audit[2].Actor != "hayashi" {
			o.Errorf("%+v", audit)
		}
	})
}

func TestASessionEndsWithItsTime(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Clerk, d)
		secret, _ := o.signedIn(d)
		o.clk.Set(start.Add(access.Life - time.Second))
		if o.who(secret).ID != "tanaka" {
			o.Error("ended before its time")
		}
		o.clk.Set(start.Add(access.Life))
		if o.who(secret).ID != "" {
			o.Error("goes on after its time")
		}
		for _, forged := range []string{"", "x", secret + "x", strings.ToUpper(secret)} {
			if o.who(forged).ID != "" {
				o.Errorf("%q stands for somebody", forged)
			}
		}
	})
}

// TestOnePasskeyIsNotTwoPersons: neither the ID nor the public key of a passkey that anybody has, or had, is taken again, and a
// device is asked not to make one for a second person.
func TestOnePasskeyIsNotTwoPersons(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Operator, d)
		second, err := o.Invite(o.Context(), admin, newcomer("inoue", access.Operator))
		o.ok(err)
		if err := o.register(second, d); err == nil || !strings.Contains(err.Error(), "must not be there") {
			o.Errorf("the device made one: %v", err)
		}
		// A device that does not care: the same key is brought along, with the question it would have been asked.
		careless := func() error {
			_, q, err := o.AskRegister(o.Context(), second, browser)
			o.ok(err)
			q.Options = strings.Replace(q.Options, `"excludeCredentials":[`, `"others":[`, 1)
			return o.answerNew(second, browser, d, q)
		}
		o.refused(careless(), "一人のもの")
		o.refused(o.forget(admin, "tanaka", o.Lose), "") // lost, and still tanaka's
		o.refused(careless(), "一人のもの")
		if got := o.acts("inoue"); got[len(got)-1] != staff.ActTaken {
			o.Errorf("nobody wrote it down: %v", got)
		}
		o.ok(o.register(second, newDevice(2)))
	})
}

// forget ends the one passkey of a person, and returns a problem without words when it went well, for refused.
func (o *office) forget(by access.Person, person string, end func(context.Context, access.Person, string, string, string) error) error {
	o.Helper()
	w, err := o.Member(o.Context(), by, person)
	o.ok(err)
	o.ok(end(o.Context(), by, person, w.Passkeys[0].Name, "電車に忘れた"))
	return plain.Bad("", "", "")
}

func TestALostPasskeyEndsItsSessionsAtOnce(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		for i, c := range []struct {
			end  func(context.Context, access.Person, string, string, string) error
			want string
		}{{o.Lose, "紛失"}, {o.Withdraw, "取消し"}} {
			id, d := fmt.Sprintf("tanaka-%d", i), newDevice(byte(i+1))
			o.hire(admin, id, access.Clerk, d)
			secret, _ := o.signedIn(d)
			o.refused(o.forget(admin, id, c.end), "")
			if p := o.who(secret); p.ID != "" {
				o.Errorf("goes on: %+v", p)
			}
			_, err := o.signIn(d)
			o.refused(err, c.want)
			again, err := o.InviteAgain(o.Context(), admin, id)
			o.ok(err)
			o.ok(o.register(again, newDevice(byte(i+100))))
		}
	})
}

func TestWithoutAuthorityNobodySignsIn(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Clerk, d)
		secret, _ := o.signedIn(d)
		o.ok(o.Revoke(o.Context(), admin, "tanaka", "退職"))
		if o.who(secret).ID != "" {
			o.Error("the session goes on without authority")
		}
		_, err := o.signIn(d)
		o.refused(err, "いま有効な操作者IDがないため、ログインできません")
		_, err = o.InviteAgain(o.Context(), admin, "tanaka")
		o.refused(err, "操作者IDがない人は、招けません")
		o.refused(o.Revoke(o.Context(), admin, "tanaka", "退職"), "この人には、いま操作者IDがありません")
		// With an end, it ends by itself.
		g := staff.Grant{Job: access.Clerk, Office: "市民課", Until: start.Add(time.Hour)}
		o.ok(o.Issue(o.Context(), admin, "tanaka", g))
		secret, p := o.signedIn(d)
		if p.Authority != 4 {
			o.Errorf("%+v", p)
		}
		o.clk.Set(start.Add(time.Hour))
		if o.who(secret).ID != "" {
			o.Error("the session goes on after the authority's end")
		}
		_, err = o.signIn(d)
		o.refused(err, "操作者ID")
		o.refused(o.Issue(o.Context(), admin.FreshAt(start), "tanaka", staff.Grant{Job: access.Clerk, Office: "市民課", Until: start}), "期限")
	})
}

func TestATransferEndsWhatWasDoneUnderTheOldAuthority(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Clerk, d)
		secret, _ := o.signedIn(d)
		o.ok(o.Transfer(o.Context(), admin, "tanaka", staff.Grant{Job: access.Operator, Office: "情報政策課"}, "4月の異動"))
		if o.who(secret).ID != "" {
			o.Error("still a clerk")
		}
		if _, p := o.signedIn(d); p.Job != access.Operator || p.Authority != 4 {
			o.Errorf("%+v", p)
		}
		w, err := o.Member(o.Context(), admin, "tanaka")
		o.ok(err)
		if len(w.Authorities) != 2 || w.Authorities[1].State != staff.Transferred || w.Now().Office != "情報政策課" {
			o.Errorf("%+v", w.Authorities)
		}
		o.refused(o.Issue(o.Context(), admin, "tanaka", staff.Grant{Job: access.Clerk, Office: "市民課"}), "異動")
	})
}

func TestReviewsAreDueAndDangerousActsWait(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Operator, d)
		at := start.Add(staff.ReviewEvery)
		for _, c := range []struct {
			at   time.Time
			want bool
			due  int64
		}{{at.Add(-time.Microsecond), false, 0}, {at, true, 3}} {
			o.clk.Set(c.at)
			_, p := o.signedIn(d)
			if err := access.May(p, access.ResolveConfirm, "municipality"); p.Overdue != c.want || (err != nil) != c.want {
				o.Errorf("at %v: %+v %v", c.at, p, err)
			}
			if got := o.due(); got != c.due {
				o.Errorf("at %v the alarm counts %d, want %d", c.at, got, c.due)
			}
		}
		o.ok(o.Review(o.Context(), admin, "tanaka"))
		if _, p := o.signedIn(d); p.Overdue || access.May(p, access.ResolveConfirm, "municipality") != nil {
			o.Errorf("after the review: %+v", p)
		}
		if got := o.due(); got != 2 {
			o.Errorf("after the review the alarm counts %d", got)
		}
	})
}

func (o *office) due() (n int64) {
	o.Helper()
	all, err := o.Source().Signals(o.Context(), o.clk.Now())
	o.ok(err)
	for _, s := range all {
		if s.Code == alarm.AuthorityReviewDue {
			n += s.Value
		}
	}
	return n
}

func TestOnlyAnotherAdministratorManages(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		o.hire(admin, "tanaka", access.Operator, newDevice(1))
		g := staff.Grant{Job: access.Clerk, Office: "市民課"}
		stale := admin.FreshAt(start.Add(time.Hour))
		for _, by := range []access.Person{{}, access.Personas()[0], access.Personas()[2], access.Personas()[4], stale} {
			_, invited := o.Invite(o.Context(), by, newcomer("inoue", access.Clerk))
			_, again := o.InviteAgain(o.Context(), by, "tanaka")
			for what, err := range map[string]error{"invite": invited, "invite again": again, "transfer": o.Transfer(o.Context(), by, "tanaka", g, "x"),
				"issue": o.Issue(o.Context(), by, "tanaka", g), "revoke": o.Revoke(o.Context(), by, "tanaka", "x"), "review": o.Review(o.Context(), by, "tanaka"),
				"lose": o.Lose(o.Context(), by, "tanaka", "x", "x"), "withdraw": o.Withdraw(o.Context(), by, "tanaka", "x", "x")} {
				var refused *access.Refused
				if !errors.As(err, &refused) || refused.StepUp != (by.ID == "hayashi") {
					o.Errorf("%s by %q: %v", what, by.ID, err)
				}
			}
		}
		o.refused(o.Review(o.Context(), admin, "hayashi"), "自分の権限")
		o.refused(o.Transfer(o.Context(), admin, "hayashi", g, "x"), "自分の権限")
		o.refused(o.Revoke(o.Context(), admin, "nobody-there", "x"), "職員「nobody-there」はいません。職員の一覧から選んでください")
		o.refused(o.Revoke(o.Context(), admin, "tanaka", strings.Repeat("長", 101)), "わけは、100文字までの一行で入力してください")
		o.refused(o.Revoke(o.Context(), admin, "tanaka", " "), "わけ")
		if _, err := o.Members(o.Context(), access.Personas()[0]); err == nil {
			o.Error("a clerk sees the staff")
		}
	})
}

// TestTheMachineInvitesAdministratorsOnlyWhileNoneCanSignIn: for the beginning, and after the last passkey was lost.
func TestTheMachineInvitesAdministratorsOnlyWhileNoneCanSignIn(t *testing.T) {
	each(t, func(o *office) {
		_, err := o.InviteFirst(o.Context(), newcomer("tanaka", access.Clerk))
		o.refused(err, "コマンドで招けるのは、操作者の管理者（administrator）だけです")
		_, err = o.Enter(o.Context(), access.Personas()[5])
		o.ok(err) // an administrator of the test country is nobody who could sign in
		if _, err := o.InviteFirst(o.Context(), newcomer("early", access.Administrator)); err != nil {
			o.Error(err)
		}
		admin := o.administrator()
		_, err = o.InviteFirst(o.Context(), newcomer("second", access.Administrator))
		o.refused(err, "管理者がいます")
		d := newDevice(9)
		o.hire(admin, "third", access.Administrator, d)
		_, third := o.signedIn(d)
		o.refused(o.forget(third, "hayashi", o.Lose), "")
		_, err = o.InviteFirst(o.Context(), newcomer("second", access.Administrator))
		o.refused(err, "管理者がいます")
		o.clk.Set(start.Add(staff.ReviewEvery))
		if _, err := o.InviteFirst(o.Context(), newcomer("second", access.Administrator)); err != nil {
			o.Errorf("all are overdue: %v", err)
		}
	})
}
