package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// MostCheckers is the most of the staff that a rule has check an applicant.
const MostCheckers = identity.MostPersons

// ProposeIdentityRule proposes how many of the staff check, for the clerk in the context; another person confirms it.
func (o *Municipality) ProposeIdentityRule(ctx context.Context, r identity.Rule) (version int64, err error) {
	who, err := clerk(ctx, access.SetIdentityRule)
	if err != nil {
		return 0, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		proposed, err := identity.In(tx.Tx).Propose(ctx, r, access.From(ctx))
		if err != nil {
			return nil, err
		}
		version = proposed.Version
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "propose-identity-rule", Case: ruleCase(version), Detail: ruleSays(proposed)})
		return nil, nil
	})
	return version, err
}

// DecideIdentityRule confirms a rule that another person proposed, and tells the CA of one about certificates, or drops it, for the clerk in
// the context. Who proposed it may drop it and not confirm it.
func (o *Municipality) DecideIdentityRule(ctx context.Context, version int64, confirm bool) error {
	who, err := clerk(ctx, access.SetIdentityRule)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		r, err := identity.In(tx.Tx).Decide(ctx, version, access.From(ctx), confirm)
		if err != nil {
			return nil, err
		}
		act := "drop-identity-rule"
		if confirm {
			act = "confirm-identity-rule"
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: act, Case: ruleCase(version), Detail: ruleSays(r)})
		if !confirm || r.Act != access.IssueCertificate { // the CA is told what it enforces
			return nil, nil
		}
		return []message.Out{o.ruleTold(r)}, nil
	})
	return err
}

// foundRule writes down the rule that a new municipality begins with, once, and tells the CA of it.
func (o *Municipality) foundRule(ctx context.Context, persons int) error {
	_, err := o.Act(ctx, func(ctx context.Context, tx *sqlstore.Tx) ([]message.Out, error) {
		r, founded, err := identity.In(tx).Found(ctx, access.IssueCertificate, persons)
		if err != nil || !founded {
			return nil, err
		}
		auditlog.Write(tx, auditlog.Entry{Actor: message.System, Act: "found-identity-rule", Case: ruleCase(r.Version), Detail: ruleSays(r)})
		return []message.Out{o.ruleTold(r)}, nil
	})
	return err
}

func (o *Municipality) ruleTold(r identity.Rule) message.Out {
	return message.Out{To: o.ca, Body: message.IdentityRule{Municipality: o.code, Version: uint64(r.Version), Persons: uint32(r.Persons), From: r.From,
		ProposedBy: o.pseudonym("staff", r.ProposedBy), ConfirmedBy: o.pseudonym("staff", r.DecidedBy)}}
}

func ruleCase(version int64) string { return fmt.Sprintf("identity-rule-%d", version) }

func ruleSays(r identity.Rule) string {
	return fmt.Sprintf("%s: %d persons from %s", r.Act, r.Persons, r.From)
}
