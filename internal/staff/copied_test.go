package staff_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/staff"
)

// held is what the alarms say of passkeys that may be copied.
func (o *office) held() (n int64) {
	o.Helper()
	signals, err := o.Source().Signals(o.Context(), o.clk.Now())
	o.ok(err)
	for _, s := range signals {
		if s.Code == alarm.PasskeyHeld {
			n += s.Value
		}
	}
	return n
}

// TestAPasskeyThatMayBeCopiedIsHeld: with a counter that falls back or stands still nobody signs in or steps up, neither the one nor the other
// device; sessions and invitations are over, it is seen, rings and is in the audit log, until it is ended or another took its place.
func TestAPasskeyThatMayBeCopiedIsHeld(t *testing.T) {
	each(t, func(o *office) {
		admin := o.administrator()
		for name, c := range map[string]struct {
			copied  func(d *device, session string) error
			release func(id string)
		}{
			"signing in; another registered": {func(d *device, _ string) error {
				d.counter--
				_, err := o.signIn(d)
				return err
			}, func(id string) {
				again, err := o.InviteAgain(o.Context(), admin, id)
				o.ok(err)
				o.ok(o.register(again, newDevice(50)))
				if got := o.acts(id); got[len(got)-1] != staff.ActWithdraw {
					o.Error(got)
				}
			}},
			"stepping up; ended": {func(d *device, session string) error {
				q, err := o.Ask(o.Context(), session, "")
				o.ok(err)
				d.counter = 0
				return o.StepUp(o.Context(), session, o.show(d, q))
			}, func(id string) { o.refused(o.forget(admin, id, o.Lose), "") }},
		} {
			o.clk.Set(start)
			id, d := "tanaka-1", newDevice(1)
			if name != "signing in; another registered" {
				id, d = "tanaka-2", newDevice(2)
			}
			o.hire(admin, id, access.Operator, d)
			_, err := o.signIn(d)
			o.ok(err)
			session, _ := o.signedIn(d)
			open, err := o.InviteAgain(o.Context(), admin, id)
			o.ok(err)
			o.clk.Set(start.Add(time.Hour))
			o.refused(c.copied(d, session), "複製")
			if p := o.who(session); p.ID != "" {
				o.Errorf("%s: the session goes on: %+v", name, p)
			}
			d.counter = 100 // whichever of the two devices this is
			_, err = o.signIn(d)
			o.refused(err, "このパスキーは、複製されたおそれがあるため、令和8年11月24日から使えません")
			o.refused(o.register(open, newDevice(60)), "招待")
			w, err := o.Member(o.Context(), admin, id)
			o.ok(err)
			if k := w.Passkeys[0]; k.State != staff.Held || !k.EndedAt.Equal(start.Add(time.Hour)) || o.held() != 1 {
				o.Errorf("%s: %+v, the alarm says %d", name, k, o.held())
			}
			o.ok(o.Store.View(o.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				all, err := auditlog.List(ctx, tx, auditlog.Filter{Case: id})
				if len(all) == 0 || all[0].Act != "staff.hold" || all[0].Actor != "system" {
					o.Errorf("%s: the audit log has %+v", name, all)
				}
				return err
			}))
			c.release(id)
			if o.held() != 0 {
				o.Errorf("%s: the alarm goes on", name)
			}
			_, err = o.signIn(d)
			o.refused(err, "紛失または取消し")
		}
	})
}

// TestAnAnswerSentTwiceHoldsNothing: what a browser sends again by itself is no copy of a device.
func TestAnAnswerSentTwiceHoldsNothing(t *testing.T) {
	o := open(t, "memory:")
	admin := o.administrator()
	d := newDevice(1)
	o.hire(admin, "tanaka", access.Operator, d)
	q, err := o.Ask(o.Context(), "", browser)
	o.ok(err)
	answer := o.show(d, q)
	_, err = o.SignIn(o.Context(), browser, answer)
	o.ok(err)
	_, err = o.SignIn(o.Context(), browser, answer)
	o.refused(err, "確かめられませんでした")
	if _, err := o.signIn(d); err != nil || o.held() != 0 {
		o.Errorf("afterwards: %v", err)
	}
}

// TestADeviceThatDoesNotCount: a counter of zero, now and before, is no sign of a copy (WebAuthn §6.1.1).
func TestADeviceThatDoesNotCount(t *testing.T) {
	o := open(t, "memory:")
	admin := o.administrator()
	d := newDevice(1)
	o.hire(admin, "tanaka", access.Operator, d)
	for range 3 {
		d.counter = ^uint32(0) // the next is 0
		if _, err := o.signIn(d); err != nil {
			o.Fatal(err)
		}
	}
	if o.held() != 0 {
		o.Error("held")
	}
}

// TestHoldingIsInTheTransaction: where the hold could not be written nobody is signed in all the same, and the next answer holds it; where it was,
// and nobody heard of it, it holds.
func TestHoldingIsInTheTransaction(t *testing.T) {
	for name, fail := range map[string]func(*office){"failed": func(o *office) { o.faults.FailNext(1) }, "failed but applied": func(o *office) { o.faults.LoseNext(1) }} {
		o := open(t, "memory:")
		admin := o.administrator()
		d := newDevice(1)
		o.hire(admin, "tanaka", access.Operator, d)
		_, err := o.signIn(d)
		o.ok(err)
		fail(o)
		d.counter = 0
		if _, err := o.signIn(d); err == nil || o.held() != map[string]int64{"failed but applied": 1}[name] {
			o.Errorf("%s: %v, held %d", name, err, o.held())
		}
		d.counter = 0
		_, err = o.signIn(d)
		o.refused(err, "複製")
		if o.held() != 1 {
			o.Errorf("%s: not held", name)
		}
	}
}
