package municipality

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// checksAlone tells whether one person's check is enough for an act today.
func (o *Municipality) checksAlone(ctx context.Context, act access.Act) (alone bool, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		need, err := identity.In(tx).Needed(ctx, act, resident.DateOf(tx.Now()))
		alone = need <= 1
		return err
	})
	return alone, err
}

// checkTold is a check as the CA is told of it.
func (o *Municipality) checkTold(c identity.Check) message.IdentityCheck {
	told := message.IdentityCheck{Staff: o.pseudonym("staff", c.By), Way: string(c.Way), At: c.At.Truncate(time.Second)}
	if c.Credential != "" {
		told.Passkey = o.pseudonym("passkey", c.Credential)
	}
	return told
}

// pseudonym stands for one of the staff, or for a passkey, outside of the municipality: the same for the same, and nobody finds out whose
// it is who does not have our key.
func (o *Municipality) pseudonym(what, of string) (p message.Pseudonym) {
	h := hmac.New(sha256.New, o.staffKey)
	fmt.Fprintf(h, "identity check\n%s\n%s\n%s", o.Self, what, of)
	copy(p[:], h.Sum(nil))
	return p
}

var errNotChecking = plain.Bad("case",
	"この申請は、本人確認を待っていません。申請の画面で状態を確かめてください。",
	"This application waits for no check: see on its page how it stands.")

var errRecordChanged = plain.Bad("record",
	"最初の確認の後に、住民票の記載が変わりました。この申請は却下し、今の記載で申請し直してください。",
	"The record has changed since the first check: refuse this application, and apply anew with what it says now.")

// CheckAgain records the check of the clerk in the context, another person than whoever checked before, and sends the application to the
// CA: "複数職員によるチェック体制". What the record says has to be what it said when the first person checked.
func (o *Municipality) CheckAgain(ctx context.Context, request string, e identity.Evidence) (Applied, error) {
	if _, err := clerk(ctx, access.IssueCertificate); err != nil {
		return Applied{}, err
	}
	if _, err := e.Way(); err != nil {
		return Applied{}, err
	}
	waiting, err := o.storedApplication(ctx, request)
	if err != nil {
		return Applied{}, err
	}
	// As with Apply, before the transaction; and thrown away when the check is refused.
	key := holderKey{public: waiting.PublicKey}
	if len(waiting.PublicKey) == 0 {
		if key, err = o.holderKey(nil); err != nil {
			return Applied{}, err
		}
	}
	applied := Applied{Request: request, KeyHere: key.private != nil}
	applied.Trace, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		return o.checkAgain(ctx, tx, request, e, key, trace)
	})
	if _, refused := plain.AsProblems(err); err != nil && !refused && applied.KeyHere {
		// The answer of the commit may be lost. Of what was applied the key is the only copy: it is this one, when the application has it.
		if now, look := o.storedApplication(context.WithoutCancel(ctx), request); look == nil && string(now.PublicKey) == string(key.public) {
			applied.Trace, err = now.Trace, nil
		}
	}
	if err != nil {
		return Applied{}, err
	}
	if applied.KeyHere {
		o.shelf.put(request, key.private)
	}
	return applied, nil
}

func (o *Municipality) checkAgain(ctx context.Context, tx *store.Tx, request string, e identity.Evidence, key holderKey, trace string) ([]message.Out, error) {
	by := access.From(ctx)
	a, err := o.checking(ctx, tx, request)
	if err != nil {
		return nil, err
	}
	checks := identity.In(tx.Tx)
	first, err := checks.Second(ctx, request, by)
	if err != nil {
		return nil, err
	}
	now, found, err := tx.Current(ctx, a.Person)
	if err == nil && !found {
		err = errNobody
	}
	if err != nil {
		return nil, err
	}
	if !now.Present() || fresh(now, a.Version) != nil {
		return nil, errRecordChanged
	}
	// Somebody may have come under protection meanwhile; the release for this document is the first person's.
	if err := o.handsOver(ctx, tx, a.AppliedBy, a.Person, request); err != nil {
		return nil, err
	}
	c, err := checks.Record(access.IssueCertificate, request, a.Person.String(), by, e)
	if err != nil {
		return nil, err
	}
	if err := checks.Close(ctx, request, identity.Checked, by.ID, ""); err != nil {
		return nil, err
	}
	a.State, a.Version, a.PublicKey, a.MadeHere, a.Trace = store.Requested, now.Number, key.public, key.private != nil, trace
	if err := tx.SendOn(ctx, a); err != nil {
		return nil, err
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "check-identity-again", Subject: a.Code.Reveal(), Case: request,
		Detail: fmt.Sprintf("%s, version %d, identity checked by %s (%s)", a.Profile, now.Number, c.Way, c.Documents)})
	return []message.Out{{To: o.ca, Body: o.certRequest(request, a.Profile, now, key.public, append(first, c)...)}}, nil
}

// checking finds an application that is being checked.
func (o *Municipality) checking(ctx context.Context, tx *store.Tx, request string) (store.Application, error) {
	a, found, err := tx.Application(ctx, request)
	if err == nil && (!found || a.State != store.Checking) {
		err = errNotChecking
	}
	return a, err
}

func (o *Municipality) storedApplication(ctx context.Context, request string) (a store.Application, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		found := false
		if a, found, err = o.in(raw).Application(ctx, request); err == nil && !found {
			err = errNotChecking
		}
		return err
	})
	return a, err
}

// RefuseApplication ends an application that is being checked: either of the staff may, with a reason. Nothing has gone to the CA.
func (o *Municipality) RefuseApplication(ctx context.Context, request, reason string) error {
	who, err := clerk(ctx, access.IssueCertificate)
	if err != nil {
		return err
	}
	if reason, err = whyRefused(reason); err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		a, err := o.checking(ctx, tx, request)
		if err != nil {
			return nil, err
		}
		if err := identity.In(tx.Tx).Close(ctx, request, identity.Refused, who, reason); err != nil {
			return nil, err
		}
		a.State, a.Why, a.Reason = store.Refused, "identity-refused", both("窓口で却下しました。理由: "+reason, "It was refused at the counter. Reason: "+reason)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "refuse-application", Subject: a.Code.Reveal(), Case: request})
		return nil, tx.Decide(ctx, a)
	})
	return err
}

func whyRefused(reason string) (string, error) {
	reason = strings.TrimSpace(reason)
	if n := len([]rune(reason)); n == 0 || n > mostReason {
		return "", plain.Bad("reason", "却下する理由を300字以内で入力してください。", "Enter why it is refused, in at most 300 characters.")
	}
	return reason, nil
}

// checkLapsed ends an application for which nobody else has checked in time. Its applicant is to be told: the counter's page of checks
// names it until somebody has.
func (o *Municipality) checkLapsed(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	tx := o.in(raw)
	checks := identity.In(raw)
	w, found, err := checks.Wait(ctx, item.Ref)
	if err != nil || !found || w.State != identity.Waiting {
		return nil, err
	}
	if w.Act != access.IssueCertificate {
		return nil, o.takenLapsed(ctx, tx, item.Ref)
	}
	a, found, err := tx.Application(ctx, item.Ref)
	if err != nil {
		return nil, err
	}
	if !found || a.State != store.Checking {
		return nil, fmt.Errorf("the application %s waits for a check, and is not being checked", item.Ref)
	}
	if err := checks.Close(ctx, item.Ref, identity.Lapsed, message.System, ""); err != nil {
		return nil, err
	}
	a.State, a.Why, a.Reason = store.Refused, "check-lapsed", both("もう一人の職員の本人確認が1時間以内に行われず、期限切れになりました。必要なら申請し直してください。",
		"No other person checked the applicant's identity within an hour, and it has lapsed. Apply anew if it is needed.")
	auditlog.Write(raw, auditlog.Entry{Actor: message.System, Act: "check-lapsed", Subject: a.Code.Reveal(), Case: item.Ref})
	return nil, tx.Decide(ctx, a)
}

// ToldOfLapse records that the clerk in the context has told an applicant that the application, or the notice, has lapsed.
func (o *Municipality) ToldOfLapse(ctx context.Context, request string) error {
	who, err := clerk(ctx, access.IssueCertificate)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		e := auditlog.Entry{Actor: who, Act: "tell-of-lapse", Case: request}
		a, found, err := tx.Application(ctx, request)
		if err != nil {
			return nil, err
		}
		if e.Subject = a.Code.Reveal(); !found {
			t, found, err := tx.TakenOf(ctx, request)
			if err == nil && !found {
				err = errNotChecking
			}
			if err != nil {
				return nil, err
			}
			e.Subject = t.Code.Reveal()
		}
		auditlog.Write(tx.Tx, e)
		return nil, identity.In(tx.Tx).Told(ctx, request, who)
	})
	return err
}

// mayCheck tells whether somebody has not checked an application yet, and so may check it.
func mayCheck(done []identity.Check, who access.Person) bool {
	return !slices.ContainsFunc(done, func(c identity.Check) bool { return access.SecondPerson(c.Person(), who) != nil })
}
