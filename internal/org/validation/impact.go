package validation

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// A revocation that comes late leaves answers behind that were wrong (失効の遅れの影響): 26 certificates in 2004, and nobody could
// say to whom "good" had been told. When one comes, the record of answers is gone through by itself; what was told wrongly
// becomes a case, and each verifier is told.

const (
	dueImpact = "impact"

	impactStep = 500 // answers of one transaction

	// impactFirst is when the record is first gone through, impactAgain when it is once more: answers are written down behind
	// their askers' backs, and may come into the record after the revocation.
	impactFirst = 5 * time.Second
	impactAgain = 5 * time.Minute
)

// WrongFrom is from when the answer "good" about a certificate was wrong. It was wrong after the moment at which the CA had
// revoked it; and on the days after the one since which it was untrue. Of that day itself nobody can say what came first.
func WrongFrom(since resident.Date, revokedAt time.Time) time.Time {
	from := revokedAt.Truncate(time.Second).Add(time.Second) // both times are whole seconds, the moment itself is within the first
	if since.Valid() {
		from = cert.Earlier(from, since.AddDays(1).Start())
	}
	return from
}

// planImpact plans to go through the record, when "good" can have been told wrongly until now: when a certificate was ended, and
// when something else had ended it already, because a list does not say since when it was untrue. What was found before is not
// found again.
func (o *Validation) planImpact(tx *store.Tx, s message.CertStatus, ended bool) error {
	if !ended && !(s.Revoked && s.Since.Valid()) {
		return nil
	}
	w := impactWork{Issuer: s.Issuer, Serial: s.Serial.String(), Profile: s.Profile.String(), Reason: s.Reason.String(), RevokedAt: s.At.UTC(), ToldAt: tx.Now().UTC()}
	if s.Since.Valid() {
		w.Since = s.Since.String()
	}
	// Until this transaction has committed good is still told, and its clock stands.
	if WrongFrom(s.Since, s.At).After(tx.Now().Add(impactFirst)) {
		return nil
	}
	return w.plan(tx.Tx, tx.Now().Add(impactFirst))
}

// impactWork is what the due item knows.
type impactWork struct {
	Issuer, Serial, Profile, Reason, Since string
	RevokedAt, ToldAt                      time.Time
	// How far the record was gone through, and that this is the second time.
	AfterAt time.Time
	After   int64
	Again   bool
}

func (w impactWork) plan(tx *sqlstore.Tx, at time.Time) error {
	payload, err := json.Marshal(w)
	if err == nil {
		due.Add(tx, at, dueImpact, w.Serial, payload)
	}
	return err
}

func (w impactWork) impact() (i store.Impact, err error) {
	var errs [4]error
	i = store.Impact{Issuer: w.Issuer, RevokedAt: w.RevokedAt, ToldAt: w.ToldAt}
	i.Serial, errs[0] = cert.ParseSerial(w.Serial)
	i.Profile, errs[1] = cert.ParseProfile(w.Profile)
	i.Reason, errs[2] = cert.ParseReason(w.Reason)
	if w.Since != "" {
		i.Since, errs[3] = resident.ParseDate("since", w.Since)
	}
	i.WrongFrom = WrongFrom(i.Since, i.RevokedAt)
	return i, errors.Join(errs[:]...)
}

// impactRule goes through the record, a step in each transaction, and tells the verifiers at its end.
func (o *Validation) impactRule() due.Rule {
	return due.Rule{Kind: dueImpact, Finish: func(ctx context.Context, plainTx *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
		tx := o.in(plainTx)
		var w impactWork
		if err := json.Unmarshal(item.Payload, &w); err != nil {
			return nil, err
		}
		i, err := w.impact()
		if err != nil {
			return nil, err
		}
		// What waits to be written down may be about this certificate.
		if w.Again && w.After == 0 && o.recorder.behind(w.ToldAt) {
			return nil, w.plan(plainTx, tx.Now().Add(impactAgain))
		}
		wrong, err := tx.WrongAnswers(ctx, o.Self, i.Issuer, i.Serial, i.WrongFrom, w.AfterAt, w.After, impactStep)
		if err != nil {
			return nil, err
		}
		if len(wrong) > 0 {
			if i.ID, err = o.addWrong(ctx, tx, i, wrong); err != nil {
				return nil, err
			}
		}
		if len(wrong) == impactStep {
			last := wrong[len(wrong)-1]
			w.AfterAt, w.After = last.AskedAt, last.Answer
			return nil, w.plan(plainTx, tx.Now())
		}
		outs, err := o.tellVerifiers(ctx, tx, i)
		if err != nil || w.Again {
			return outs, err
		}
		w.AfterAt, w.After, w.Again = time.Time{}, 0, true
		return outs, w.plan(plainTx, tx.Now().Add(impactAgain))
	}}
}

// addWrong adds answers to the case of the certificate, which it opens for the first.
func (o *Validation) addWrong(ctx context.Context, tx *store.Tx, i store.Impact, wrong []store.WrongAnswer) (int64, error) {
	id, opened, err := tx.OpenImpact(ctx, i)
	if err != nil {
		return 0, err
	}
	if opened {
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: "system", Act: "impact.opened", Subject: i.Serial.String(), Case: fmt.Sprint(id)})
	}
	for _, a := range wrong {
		if err := tx.AddWrong(ctx, id, a); err != nil {
			return 0, err
		}
	}
	return id, nil
}

// tellVerifiers tells each verifier of what it was told wrongly and no notice has named. A verifier that is no longer served is told
// too: it acted on the answers while it was.
func (o *Validation) tellVerifiers(ctx context.Context, tx *store.Tx, i store.Impact) (outs []message.Out, err error) {
	id, found, err := tx.ImpactOf(ctx, i.Issuer, i.Serial)
	if err != nil || !found {
		return nil, err
	}
	untold, err := tx.Untold(ctx, id)
	if err != nil {
		return nil, err
	}
	for _, v := range untold {
		// One that has left the country cannot be told, and must not keep the others from it. It stays to be seen as not told.
		if !slices.Contains(o.Peers, v) {
			continue
		}
		notice, n, first, err := tx.Notify(ctx, id, v)
		if err != nil {
			return nil, err
		}
		body := message.ImpactNotice{Notice: notice, Verifier: v, Issuer: i.Issuer, Serial: i.Serial, Profile: i.Profile, Reason: i.Reason, Since: i.Since,
			WrongFrom: i.WrongFrom, RevokedAt: i.RevokedAt, ToldAt: i.ToldAt, Count: n}
		for _, a := range first {
			body.Answers = append(body.Answers, message.ImpactAnswer{AskedAt: a.AskedAt, BasedAt: a.BasedAt})
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: "system", Act: "impact.notice", Subject: i.Serial.String(), Case: notice, Detail: string(v)})
		outs = append(outs, message.Out{To: v, Body: body})
	}
	return outs, nil
}

// onImpactAcknowledgement takes what a person at a verifier says: that a notice was taken note of, and what was done.
func (o *Validation) onImpactAcknowledgement(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.ImpactAcknowledgement) ([]message.Out, error) {
	if d.Sender != n.Verifier {
		return nil, exchange.Reject("another-verifier", "ほかの機関の名前で確認しています。自分の名前で送ってください。", "it names another office than its sender: send it under your own name")
	}
	first, found, err := tx.Acknowledged(ctx, n)
	if err != nil {
		return nil, err
	}
	if !found {
		return nil, exchange.Reject("unknown-notice", "この番号の通知は、この機関に送っていません。番号を確かめてください。", "no notice with this number was sent to this office: check the number")
	}
	detail := n.By
	if !first { // what was said first stays; this is in the message
		detail += ", again"
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "impact.acknowledged", Subject: n.Notice, Case: d.ID.String(), Detail: detail})
	return nil, nil
}
