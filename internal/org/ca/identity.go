package ca

import (
	"context"
	"fmt"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// oldestCheck is how long before an application its oldest check of the applicant's identity may be. A counter waits an hour for the
// second one; somebody who was checked this morning is checked again.
const oldestCheck = 2 * time.Hour

// onIdentityRule takes a municipality's rule of how many of its staff check an applicant (本人確認): "長野県認証局運用規程に、複数職員による
// チェック体制の充実を市町村と協議し規定済". A rule that asks for less holds here from the day after it came at the earliest, so that nobody
// lowers it for one application, and takes two persons.
func (o *CA) onIdentityRule(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.IdentityRule) ([]message.Out, error) {
	if d.Sender.Code() != n.Municipality.String() {
		return nil, exchange.Reject("not-your-rule",
			"ほかの市区町村の本人確認の規則は、受け付けられません。自分の市区町村の規則を送ってください。",
			"this is another municipality's rule of identity checks: send your own")
	}
	all, err := tx.IdentityRules(ctx, d.Sender)
	if err != nil {
		return nil, err
	}
	today := resident.DateOf(tx.Now())
	r := store.IdentityRule{Municipality: d.Sender, Version: n.Version, Persons: int(n.Persons), From: n.From, ToldFrom: n.From, ProposedBy: n.ProposedBy, ConfirmedBy: n.ConfirmedBy}
	for _, was := range all {
		if was.Version != n.Version {
			continue
		}
		if was.Persons == r.Persons && was.ToldFrom == r.ToldFrom && was.ProposedBy == r.ProposedBy && was.ConfirmedBy == r.ConfirmedBy {
			return nil, nil // told again
		}
		return nil, exchange.Reject("rule-differs",
			"この版の本人確認の規則は、別の内容ですでに届いています。新しい版で送ってください。",
			"this version of the rule of identity checks came before and said something else: send it as a new version")
	}
	if weaker := r.Persons < personsNeeded(all, today) || len(all) > 0 && r.Persons < all[0].Persons; weaker {
		if r.ProposedBy == r.ConfirmedBy {
			return nil, exchange.Reject("rule-of-one-person",
				"本人確認の人数を減らす規則は、提案した人とは別の人が承認します。もう一人の職員が承認してください。",
				"a rule by which fewer persons check is confirmed by another person than the one who proposed it: have a second person confirm it")
		}
		if tomorrow := today.AddDays(1); r.From.Before(tomorrow) {
			r.From = tomorrow
		}
	}
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(d.Sender), Act: "keep-identity-rule", Subject: string(d.Sender), Case: d.ID.String(),
		Detail: fmt.Sprintf("version %d: %d persons from %s", r.Version, r.Persons, r.From)})
	return nil, tx.KeepIdentityRule(ctx, r)
}

// personsNeeded is how many check by these versions of a rule, the newest first, on a day; none when the municipality has told of no rule.
// Of a version that cannot be read the most: doubt issues nothing.
func personsNeeded(all []store.IdentityRule, day resident.Date) int {
	for _, r := range all {
		switch {
		case !r.From.Valid() || r.Persons < 1:
			return message.MostIdentityChecks
		case !day.Before(r.From):
			return r.Persons
		}
	}
	return 0
}

// wereChecked refuses an application whose applicant fewer different persons have checked than the municipality's rule says, whatever its
// own screens let through. The rule is that in force here and now, not on a day that the application names. It parks on both sides, and
// nobody may accept it as it is: this protects a person, not a form.
func (o *CA) wereChecked(ctx context.Context, tx *store.Tx, d exchange.Delivery, n message.CertRequest) error {
	all, err := tx.IdentityRules(ctx, d.Sender)
	if err != nil {
		return err
	}
	staff, keys := map[message.Pseudonym]bool{}, map[message.Pseudonym]bool{}
	for _, c := range n.Checks {
		switch {
		case staff[c.Staff]:
			return exchange.Reject("one-checker-twice",
				"同じ職員の本人確認が、二人分として数えられています。別の職員が確認し、申請し直してください。",
				"one person's check of the applicant's identity is counted twice: have another person check, and apply anew")
		case c.Passkey != (message.Pseudonym{}) && keys[c.Passkey]:
			return exchange.Reject("one-passkey-twice",
				"二人分の本人確認が、同じパスキーで行われています。別の職員が自分のパスキーで確認し、申請し直してください。",
				"two checks of the applicant's identity were made with one passkey: have another person check with a passkey of their own, and apply anew")
		case c.At.After(d.CreatedAt):
			return exchange.Reject("check-after-request",
				"本人確認の時刻が、申請より後になっています。確認してから申請し直してください。",
				"the applicant's identity was checked after the application: check first, and apply anew")
		case c.At.Before(d.CreatedAt.Add(-oldestCheck)):
			return exchange.Reject("check-too-old",
				"本人確認から2時間以上たった申請です。もう一度確認し、申請し直してください。",
				"the applicant's identity was checked more than two hours before the application: check again, and apply anew")
		}
		staff[c.Staff], keys[c.Passkey] = true, true
	}
	if need := personsNeeded(all, resident.DateOf(tx.Now())); len(n.Checks) < need {
		return exchange.Reject("too-few-checkers",
			fmt.Sprintf("この市区町村の規則では、本人確認を%d人の職員で行います。この申請は%d人です。足りない職員が確認し、申請し直してください。", need, len(n.Checks)),
			fmt.Sprintf("by the municipality's rule %d of its staff check the applicant's identity, and %d have: have it checked by those who lack, and apply anew", need, len(n.Checks)))
	}
	return nil
}
