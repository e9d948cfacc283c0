package validation

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/pki/crl"
	"github.com/akashi-id/akashi/internal/pki/crl/publish"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

const (
	// publishDeadline is how long a list may be looked at. One of a million entries takes some seconds.
	publishDeadline = 3 * time.Minute
	// tellPage is how many statuses one transaction takes from a list.
	tellPage = 500
)

// publishRule publishes what has come: it looks at a list outside of any transaction that writes, since to read a million entries takes longer
// than that may, learns from it what nobody has told, and puts it in the place of the one before. Where something else was published in
// between, it looks again.
func (o *Validation) publishRule() due.Rule {
	return due.Rule{Kind: dueLists, Deadline: publishDeadline,
		Prepare: func(_ context.Context, _ *sqlstore.Tx, item due.Item) (any, error) { return item.Ref, nil },
		Outside: func(ctx context.Context, ref any) (any, error) {
			var d decision
			err := o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
				d, err = o.decide(ctx, o.in(tx), ref.(string))
				return err
			})
			for len(d.untold) > 0 && err == nil {
				page := d.untold[:min(tellPage, len(d.untold))]
				d.untold = d.untold[len(page):]
				err = o.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error { return o.learn(ctx, o.in(tx), d, page) })
			}
			return d, err
		},
		Finish: func(ctx context.Context, tx *sqlstore.Tx, item due.Item, result any) ([]message.Out, error) {
			return nil, o.settleList(ctx, o.in(tx), result.(decision))
		}}
}

// learn takes from a list what no status has told.
func (o *Validation) learn(ctx context.Context, tx *store.Tx, d decision, entries []crl.Entry) error {
	for _, e := range entries {
		s := message.CertStatus{Serial: e.Serial, Issuer: d.offer.Issuer, Profile: d.profile, Municipality: d.offer.Municipality,
			Revoked: true, Reason: e.Reason, At: e.At, NotAfter: time.Unix(0, 0)}
		ended, err := tx.Tell(ctx, s)
		if err == nil {
			err = o.planImpact(tx, s, ended)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// settleList does what was decided about a list.
func (o *Validation) settleList(ctx context.Context, tx *store.Tx, d decision) error {
	if !d.found {
		return nil
	}
	of := d.offer
	was, _, err := tx.Published(ctx, of.Issuer, of.Municipality)
	if err != nil {
		return err
	}
	delta, _, err := tx.Delta(ctx, of.Issuer, of.Municipality)
	if err != nil {
		return err
	}
	// There may be another; where there is none, that is soon seen. Once is enough, however many came: each may take long to look at.
	if _, err := due.Remove(ctx, tx.Tx, dueLists, d.ref); err != nil {
		return err
	}
	due.Add(tx.Tx, tx.Now(), dueLists, d.ref, nil)
	if was.Number != d.full || delta.Number != d.delta || d.more {
		return nil
	}
	entry := auditlog.Entry{Actor: string(of.Sender), Subject: of.Municipality.String(), Case: of.Case, Detail: detail(of)}
	switch {
	case d.wrong.JA != "":
		o.Log.ErrorContext(ctx, "a revocation list was not published", "municipality", of.Municipality, "number", of.Number, "delta", of.Delta, "says", d.wrong)
		entry.Act = "publish-refused"
		auditlog.Write(tx.Tx, entry)
		return tx.Refuse(ctx, of, d.wrong)
	case !d.verdict.Publish():
		return tx.Drop(ctx, of) // it is published already, or a later one is
	}
	for _, f := range d.verdict.Findings {
		o.Log.ErrorContext(ctx, "a revocation list was published and something is wrong with it", "municipality", of.Municipality, "number", of.Number, "finding", f.Code, "says", f.Sentence)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: string(of.Sender), Act: "publish-finding", Subject: of.Municipality.String(), Case: of.Case, Detail: string(f.Code) + " " + f.Serial.String()})
	}
	if err := o.notePublished(ctx, tx, d); err != nil {
		return err
	}
	entry.Act = "publish"
	auditlog.Write(tx.Tx, entry)
	list := d.verdict.Full
	if of.Delta {
		list = d.verdict.Delta
	}
	return tx.Publish(ctx, store.List{Issuer: of.Issuer, Municipality: of.Municipality, Profile: d.profile, Number: of.Number, Base: of.Base,
		ThisUpdate: list.ThisUpdate, NextUpdate: list.NextUpdate, Entries: int64(list.Entries), Digest: of.Digest})
}

// notePublished makes findings of what the publication of a list has seen.
func (o *Validation) notePublished(ctx context.Context, tx *store.Tx, d decision) error {
	var all []inspection.Fault
	seen := map[publish.Code]bool{}
	for _, f := range d.verdict.Findings {
		if !seen[f.Code] {
			seen[f.Code] = true
			all = append(all, inspection.Fault{Rule: string(f.Code), Sentence: f.Sentence})
		}
	}
	key := d.profile.String() + "/" + d.offer.Municipality.String()
	if r := o.byID[d.offer.Issuer]; r != nil {
		key = r.path() + "/" + d.offer.Municipality.String()
	}
	if d.offer.Delta {
		key += deltaMark
	}
	return o.checks.Note(ctx, tx.Tx, checkPublished, key, d.offer.Digest, all)
}

// deltaMark tells the delta list of a partition from the full one where items are named.
const deltaMark = "/delta"
