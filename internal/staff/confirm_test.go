package staff_test

import (
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/staff"
)

// TestNobodyInvitesAlone: an invitation is good only when an administrator who did not make it has confirmed just this one, with another passkey.
// One person with two devices does not become two operators.
func TestNobodyInvitesAlone(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		secret, err := o.Staff.Invite(o.Context(), admin, newcomer("tanaka", access.Operator))
		o.ok(err)
		mark := func() string {
			w, err := o.Member(o.Context(), admin, "tanaka")
			o.ok(err)
			return w.Invitation.Mark
		}
		first := mark()
		o.refused(o.register(secret, newDevice(1)), "もう一人の管理者")
		other := admin
		other.ID = "hayashi-two" // the passkey that invited, under another name
		for what, by := range map[string]access.Person{"who invited": admin, "the same passkey": other, "a clerk": access.Personas()[0], "an auditor": access.Personas()[4], "nobody": {},
			"herself": {ID: "tanaka", Job: access.Administrator, Fresh: true}, "too long ago": mori.FreshAt(start.Add(time.Hour))} {
			if err := o.ConfirmInvitation(o.Context(), by, "tanaka", first); err == nil {
				o.Errorf("confirmed by %s", what)
			}
		}
		o.refused(o.ConfirmFromMachine(o.Context(), "tanaka"), "ログインできる管理者が二人以上います。招いた人とは別の管理者に、職員の画面で確認してもらってください。")
		o.refused(o.register(secret, newDevice(1)), "もう一人の管理者")
		// Another invitation than the one that was seen.
		again, err := o.Staff.InviteAgain(o.Context(), admin, "tanaka")
		o.ok(err)
		o.refused(o.ConfirmInvitation(o.Context(), mori, "tanaka", first), "確認を待っている招待がありません")
		o.faults.FailNext(1)
		if err := o.ConfirmInvitation(o.Context(), mori, "tanaka", mark()); err == nil {
			o.Error("confirmed though the commit failed")
		}
		o.refused(o.register(again, newDevice(1)), "もう一人の管理者")
		o.faults.LoseNext(1)
		if err := o.ConfirmInvitation(o.Context(), mori, "tanaka", mark()); err == nil {
			o.Error("the answer of the commit was not lost")
		}
		o.ok(o.register(again, newDevice(1)))
		o.refused(o.register(secret, newDevice(2)), "招待")
		if got := o.acts("tanaka"); len(got) != 5 || got[3] != staff.ActConfirm {
			o.Error(got)
		}
		// A persona's software registers nothing on an invitation that waits.
		aoki := access.Personas()[0]
		_, err = o.Enter(o.Context(), aoki)
		o.ok(err)
		o.refused(o.forget(admin, aoki.ID, o.Lose), "")
		_, err = o.Staff.InviteAgain(o.Context(), admin, aoki.ID)
		o.ok(err)
		_, err = o.Enter(o.Context(), aoki)
		o.refused(err, "紛失")
	})
}

// TestAnAdministratorWhoIsAlone: invites another administrator and nobody else, and whoever holds the machine confirms; when there are two, and one
// cannot sign in any more, it is so again.
func TestAnAdministratorWhoIsAlone(t *testing.T) {
	each(t, func(o *office) {
		secret, err := o.InviteFirst(o.Context(), newcomer("hayashi", access.Administrator))
		o.ok(err)
		o.ok(o.register(secret, newDevice(200))) // confirmed by the machine that made it
		_, admin := o.signedIn(newDevice(200))
		alone := func(want bool) {
			o.Helper()
			if got, err := o.Alone(o.Context(), admin); err != nil || got != want {
				o.Errorf("alone: %v, %v", got, err)
			}
		}
		_, err = o.Enter(o.Context(), access.Personas()[5]) // an administrator of a test country is nobody here
		o.ok(err)
		alone(true)
		_, err = o.Staff.Invite(o.Context(), admin, newcomer("tanaka", access.Operator))
		o.refused(err, "一人だけ")
		if _, err := o.Member(o.Context(), admin, "tanaka"); err == nil {
			o.Error("somebody was made by halves")
		}
		secret, err = o.Staff.Invite(o.Context(), admin, newcomer("mori", access.Administrator))
		o.ok(err)
		o.refused(o.register(secret, newDevice(201)), "もう一人の管理者")
		o.refused(o.ConfirmFromMachine(o.Context(), "nobody"), "招待がありません")
		o.ok(o.ConfirmFromMachine(o.Context(), "mori"))
		o.ok(o.register(secret, newDevice(201)))
		alone(false)
		o.hire(admin, "tanaka", access.Operator, newDevice(1))
		o.refused(o.forget(admin, "mori", o.Lose), "")
		alone(true)
		_, err = o.Staff.Invite(o.Context(), admin, newcomer("inoue", access.Operator))
		o.refused(err, "一人だけ")
		_, err = o.Staff.InviteAgain(o.Context(), admin, "tanaka")
		o.ok(err)
		o.ok(o.ConfirmFromMachine(o.Context(), "tanaka"))
	})
}
