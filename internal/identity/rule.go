package identity

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// Acts are the acts of which the rule says how many of the staff check who somebody is.
var Acts = []access.Act{access.IssueCertificate, access.FileChange, access.KeepSeal, access.ReleaseProtection}

// Disclosure is the check of who asks to be told what is recorded of them (住基法30条の37). No rule says by how many: one of the staff checks.
const Disclosure access.Act = "disclosure"

var actNames = map[access.Act]plain.Sentence{
	access.IssueCertificate:  both("電子証明書の申請", "an application for a certificate"),
	access.FileChange:        both("転入・転居・転出・世帯変更などの届出", "a notice of moving in, within or out, or of the household"),
	access.KeepSeal:          both("印鑑登録の申請", "the registration of a seal"),
	access.ProtectPerson:     both("支援措置の申出", "an application for protection"),
	access.ReleaseProtection: both("支援措置の一時解除・終了", "the release or the end of a protection"),
	Disclosure:               both("開示の請求・訂正の申出", "a request for disclosure or correction"),
}

// ActName is what people call that for which somebody is checked.
func ActName(a access.Act) plain.Sentence {
	if n, known := actNames[a]; known {
		return n
	}
	return a.Name()
}

// MostPersons is the most that a rule asks for: one more than one of the staff. A counter in a village has two.
const MostPersons = 2

// RuleState is how a version of the rule stands.
type RuleState string

// The states.
const (
	RuleProposed  RuleState = "proposed"
	RuleConfirmed RuleState = "confirmed" // it holds from its day on
	RuleDropped   RuleState = "dropped"
)

// Rule is a version of the municipality's rule: how many of the staff check, from a day on. Versions are kept.
type Rule struct {
	Version    int64
	Act        access.Act
	Persons    int
	From       resident.Date
	Reason     string
	State      RuleState
	ProposedAt time.Time
	ProposedBy string
	Credential string // the passkey of who proposed it
	DecidedAt  time.Time
	DecidedBy  string
}

// Founding stands for the file of the country, where a rule that a municipality began with was written.
const Founding = "founding"

const ruleColumns = `version, act, persons, from_day, reason, state, proposed_at, proposed_by, credential, decided_at, decided_by`

// Names of the fields of a Rule on forms.
const (
	FieldAct     = "act"
	FieldPersons = "persons"
	FieldFrom    = "from"
	FieldReason  = "reason"
)

// mostReason bounds what is written as a reason.
const mostReason = 300

// Propose writes a version down for another person to confirm. It holds from tomorrow on at the earliest, so that nobody is served by
// a rule that was changed while they stood there.
func (t Tables) Propose(ctx context.Context, r Rule, by access.Person) (Rule, error) {
	var ps plain.Problems
	tomorrow := resident.DateOf(t.tx.Now()).AddDays(1)
	if !slices.Contains(Acts, r.Act) {
		ps = append(ps, plain.Bad(FieldAct, "対象の事務を選んでください。", "Choose the act."))
	}
	if r.Persons < 1 || r.Persons > MostPersons {
		ps = append(ps, plain.Bad(FieldPersons, "確認する職員の人数を選んでください。", "Choose how many of the staff check."))
	}
	switch {
	case !r.From.Valid():
		ps = append(ps, plain.Bad(FieldFrom, "いつから適用するかを入力してください。", "Enter from which day it holds."))
	case r.From.Before(tomorrow) || r.From.After(tomorrow.AddDays(366)):
		ps = append(ps, plain.Bad(FieldFrom, "適用は、明日から1年以内の日を入力してください。", "It holds from tomorrow on at the earliest, and within a year: enter such a day."))
	}
	r.Reason = strings.TrimSpace(r.Reason)
	if n := len([]rune(r.Reason)); n == 0 || n > mostReason {
		ps = append(ps, plain.Bad(FieldReason, "理由を300字以内で入力してください。", "Enter the reason, in at most 300 characters."))
	}
	all, err := t.Rules(ctx)
	if err != nil {
		return r, err
	}
	for _, other := range all {
		if other.Act == r.Act && other.State == RuleProposed {
			ps = append(ps, plain.Bad(FieldAct, "この事務の規則は、すでに提案されています。先に承認するか取り下げてください。", "A rule for this act is proposed already: confirm or drop that one first."))
		}
	}
	if len(ps) > 0 {
		return r, ps
	}
	r.State, r.ProposedAt, r.ProposedBy, r.Credential = RuleProposed, t.tx.Now(), by.ID, by.Credential
	r.DecidedAt, r.DecidedBy = time.Time{}, ""
	return r, t.add(ctx, &r, all)
}

// Found writes down the rule that a municipality begins with, when it has none yet; false: it has one.
func (t Tables) Found(ctx context.Context, act access.Act, persons int) (Rule, bool, error) {
	all, err := t.Rules(ctx)
	if err != nil || len(all) > 0 {
		return Rule{}, false, err
	}
	if persons < 1 || persons > MostPersons {
		return Rule{}, false, fmt.Errorf("a rule of %d persons: there is none but 1 to %d", persons, MostPersons)
	}
	now := t.tx.Now()
	r := Rule{Act: act, Persons: persons, From: resident.DateOf(now), State: RuleConfirmed, ProposedAt: now, ProposedBy: Founding, DecidedAt: now, DecidedBy: Founding}
	return r, true, t.add(ctx, &r, all)
}

func (t Tables) add(ctx context.Context, r *Rule, all []Rule) error {
	r.Version = 1
	for _, other := range all {
		r.Version = max(r.Version, other.Version+1)
	}
	_, err := t.tx.Exec(ctx, `INSERT INTO identity_rule(`+ruleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
		r.Version, string(r.Act), int64(r.Persons), r.From.String(), r.Reason, string(r.State), r.ProposedAt, r.ProposedBy, r.Credential, sqlstore.MicrosOrNone(r.DecidedAt), r.DecidedBy)
	return err
}

// Decide confirms a version that another person proposed, or drops it.
func (t Tables) Decide(ctx context.Context, version int64, by access.Person, confirm bool) (Rule, error) {
	all, err := t.Rules(ctx)
	if err != nil {
		return Rule{}, err
	}
	i := slices.IndexFunc(all, func(r Rule) bool { return r.Version == version })
	if i < 0 || all[i].State != RuleProposed {
		return Rule{}, plain.Bad("rule", "この提案は、もうありません（承認済みか、取り下げられています）。", "This proposal is over: it was confirmed or dropped.")
	}
	r := all[i]
	r.State = RuleDropped
	if confirm {
		if err := access.SecondPerson(access.Person{ID: r.ProposedBy, Credential: r.Credential}, by); err != nil {
			return r, err
		}
		if !resident.DateOf(t.tx.Now()).Before(r.From) {
			return r, plain.Bad("rule", "適用する日が過ぎました。取り下げて、明日以降の日で提案し直してください。", "Its day has come: drop it, and propose it anew for a day from tomorrow on.")
		}
		r.State = RuleConfirmed
	}
	r.DecidedAt, r.DecidedBy = t.tx.Now(), by.ID
	_, err = t.tx.Exec(ctx, `UPDATE identity_rule SET state = $2, decided_at = $3, decided_by = $4 WHERE version = $1`, r.Version, string(r.State), r.DecidedAt, r.DecidedBy)
	return r, err
}

// Rules are all versions, the newest first, at most 500.
func (t Tables) Rules(ctx context.Context) ([]Rule, error) {
	return sqlstore.List(ctx, t.tx, scanRule, `SELECT `+ruleColumns+` FROM identity_rule ORDER BY version DESC LIMIT 500`)
}

// Needed is how many of the staff check for an act on a day: by the newest version whose day has come, one without any. A version that
// cannot be read asks for the most, because doubt must not issue.
func (t Tables) Needed(ctx context.Context, act access.Act, day resident.Date) (int, error) {
	all, err := t.Rules(ctx)
	if err != nil {
		return 0, err
	}
	return Needed(all, act, day), nil
}

// Needed is how many check by these versions, the newest first.
func Needed(all []Rule, act access.Act, day resident.Date) int {
	for _, r := range all {
		switch {
		case r.Act != act || r.State != RuleConfirmed:
		case !r.From.Valid() || r.Persons < 1:
			return MostPersons
		case !day.Before(r.From):
			return r.Persons
		}
	}
	return 1
}

func scanRule(r *sqlstore.Rows, v *Rule) error {
	var from string
	var decided int64
	if err := r.Scan(&v.Version, &v.Act, &v.Persons, &from, &v.Reason, &v.State, sqlstore.Time(&v.ProposedAt), &v.ProposedBy, &v.Credential, &decided, &v.DecidedBy); err != nil {
		return err
	}
	v.DecidedAt = sqlstore.FromMicrosOrNone(decided)
	day, err := resident.ParseDate("stored", from)
	var damaged *plain.Problem
	if err != nil && !errors.As(err, &damaged) {
		return err
	}
	v.From = day // of a damaged one none: Needed
	return nil
}
