package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// errProtected is what a clerk is told to whom a record is not open.
var errProtected = plain.Bad("person",
	"支援措置中の方です。記録を見るにも届出を受け付けるにも、二人目の職員が認める一時解除が要ります。この方の画面から、理由を書いて依頼してください。来た方の本人確認を先に行い、住所を口頭でも伝えないでください。",
	"This person is protected: to see the record or to file anything takes a release that a second person grants. Ask for it on the person's page, with the reason. Check first who has come, and say no address aloud.")

// errNoDocument is what a clerk is told who would issue without a release for a document.
var errNoDocument = plain.Bad("person",
	"支援措置中の方です。電子証明書や証明書の申請には、「一通の発行」の一時解除が要ります。本人であることを確かめ、確かめた書類の種類を選んで依頼してください。",
	"This person is protected: to issue takes a release for one document. Make sure that it is the person herself, and ask for it with the papers that you checked.")

// protected tells whether somebody is protected, under any code that they have or had. An error is a refusal.
func (o *Municipality) protected(ctx context.Context, tx *store.Tx, of protection.System, who PersonID) (protection.Standing, error) {
	codes, err := tx.Codes(ctx, who)
	if err != nil {
		return protection.Standing{Held: true}, err
	}
	return o.gate.Standing(ctx, tx.Tx, of, codes...)
}

// admits lets a clerk at the record of somebody who is not protected, or whose record a release opens to this clerk now; else it refuses.
func (o *Municipality) admits(ctx context.Context, tx *store.Tx, of protection.System, by string, who PersonID) error {
	standing, err := o.protected(ctx, tx, of, who)
	if err != nil || !standing.Held {
		return err
	}
	open, err := o.opens(ctx, tx, by, who)
	if err == nil && !open {
		err = errProtected
	}
	return err
}

// admitsAll is the gate of pages that show what came or went about persons (host.Admits). The ground is that of the clerk's visit, and
// nothing else; somebody on the list for attention is confirmed first. A code that the register does not know is asked for by itself.
func (o *Municipality) admitsAll(ctx context.Context, raw *sqlstore.Tx, _ look.Ground, codes []resident.RecordCode) (look.Ground, error) {
	tx, by := o.in(raw), access.From(ctx)
	ground, err := look.GroundOf(ctx, raw, by.ID)
	if err == nil {
		err = ground.Check(by, o.Self)
	}
	for _, code := range codes {
		if err != nil {
			break
		}
		err = o.admitsCode(ctx, tx, by.ID, ground, code)
	}
	if err != nil {
		return look.Ground{}, err
	}
	return ground, nil
}

func (o *Municipality) admitsCode(ctx context.Context, tx *store.Tx, by string, ground look.Ground, code resident.RecordCode) error {
	holder, known, err := tx.ByCode(ctx, code)
	switch {
	case err != nil:
		return err
	case known:
		if err := o.admits(ctx, tx, protection.Register, by, holder.Person); err != nil {
			return err
		}
	default:
		standing, err := o.gate.Standing(ctx, tx.Tx, protection.Register, code)
		if err != nil {
			return err
		}
		if standing.Held {
			return errProtected
		}
	}
	unconfirmed, err := look.Unconfirmed(ctx, tx.Tx, by, code, ground.Case)
	if err == nil && unconfirmed {
		err = look.ErrUnconfirmed
	}
	return err
}

// opens tells whether a release opens a record to a clerk, and begins its use.
func (o *Municipality) opens(ctx context.Context, tx *store.Tx, by string, who PersonID) (bool, error) {
	r, begun, open, err := o.flags(tx.Tx).Opened(ctx, who.String(), by)
	if err != nil || !begun {
		return open, err
	}
	relockAt(tx, r)
	now, _, err := tx.Current(ctx, who)
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "release-opened", Subject: now.Record.Code.Reveal(), Case: releaseCase(r.ID), Detail: string(r.Purpose)})
	return open, err
}

// hide takes out of a dossier all that says where somebody is who is protected, or who is in the household of the person and protected,
// unless a release opens the person's own record to this clerk. What others in the household are is opened by their own releases.
func (o *Municipality) hide(ctx context.Context, tx *store.Tx, by string, d *Dossier) error {
	who := d.Now.Person
	standing, err := o.protected(ctx, tx, protection.Register, who)
	if err != nil {
		return err
	}
	d.Protection = standing
	open := true
	if standing.Held {
		if open, err = o.opens(ctx, tx, by, who); err != nil {
			return err
		}
	}
	if !open {
		d.Hidden, d.Now, d.Plan, d.Applications, d.Documents, d.Household = true, masked(d.Now), nil, nil, nil, nil
		for i := range d.Versions {
			d.Versions[i] = masked(d.Versions[i])
		}
		return nil
	}
	for i, v := range d.Household {
		if v.Person == who {
			continue
		}
		of, err := o.protected(ctx, tx, protection.Register, v.Person)
		if err != nil {
			return err
		}
		if of.Held {
			d.Household[i] = unnamed(v)
		}
	}
	return nil
}

// hideFound takes out of what a search found all that says where a protected person is. A release opens no list.
func (o *Municipality) hideFound(ctx context.Context, tx *store.Tx, found []store.Version) error {
	people := make([]PersonID, 0, len(found))
	for _, v := range found {
		people = append(people, v.Person)
	}
	former, err := tx.FormerCodes(ctx, people)
	if err != nil {
		return err
	}
	var all []resident.RecordCode
	for _, v := range found {
		all = append(append(all, former[v.Person]...), v.Record.Code)
	}
	any, err := o.gate.Standing(ctx, tx.Tx, protection.Register, all...)
	if err != nil || !any.Held {
		return err // almost always nobody is
	}
	for i, v := range found {
		of, err := o.gate.Standing(ctx, tx.Tx, protection.Register, append(former[v.Person], v.Record.Code)...)
		if err != nil {
			return err
		}
		if of.Held {
			found[i] = masked(v)
		}
	}
	return nil
}

// masked is a state without anything that says where, or who, somebody is but the name, which whoever searched has typed.
func masked(v store.Version) store.Version {
	return store.Version{Person: v.Person, Masked: true, Number: v.Number, Kills: v.Kills, Trace: v.Trace, EnteredAt: v.EnteredAt,
		Record: resident.Record{BasicFour: resident.BasicFour{Name: v.Record.Name}}, Change: resident.ChangeInfo{Reason: v.Change.Reason}}
}

// unnamed is a state of somebody in another's dossier: not even the name, for beside it stands the address that they have in common.
func unnamed(v store.Version) store.Version {
	return store.Version{Person: v.Person, Masked: true, Number: v.Number}
}

// withheld are how many of a list are unnamed.
func withheld(list []store.Version) (n int) {
	for _, v := range list {
		if isUnnamed(v) {
			n++
		}
	}
	return n
}

func isUnnamed(v store.Version) bool { return v.Masked && !v.Record.Name.Valid() }

// isMasked tells whether a state was masked.
func isMasked(v store.Version) bool { return v.Masked }

// LookOpened is Look for pages on which something is filed: a record that is not open to the clerk is refused.
func (o *Municipality) LookOpened(ctx context.Context, who PersonID, why string) (Dossier, error) {
	d, err := o.Look(ctx, who, why)
	if err == nil && d.Hidden {
		return Dossier{}, errProtected
	}
	return d, err
}

// spend lets a clerk issue one document to somebody: of a protected person on a release for it, and once.
func (o *Municipality) spend(ctx context.Context, tx *store.Tx, by string, who PersonID, document string) error {
	standing, err := o.protected(ctx, tx, protection.Issue, who)
	if err != nil || !standing.Held {
		return err
	}
	spent, err := o.flags(tx.Tx).Spend(ctx, who.String(), by, document)
	if err == nil && !spent {
		err = errNoDocument
	}
	return err
}

// handsOver lets a clerk hand over what was issued: of a protected person the one document of the clerk's own release.
func (o *Municipality) handsOver(ctx context.Context, tx *store.Tx, by string, who PersonID, document string) error {
	standing, err := o.protected(ctx, tx, protection.Issue, who)
	if err != nil || !standing.Held {
		return err
	}
	spent, err := o.flags(tx.Tx).Spent(ctx, who.String(), by, document)
	if err == nil && !spent {
		err = errProtected
	}
	return err
}

// carryFlags sets the flag of somebody whose code changes under the new code too, so that whoever learns of that one alone is told.
func (o *Municipality) carryFlags(ctx context.Context, tx *store.Tx, v store.Version) (outs []message.Out, err error) {
	if !v.Change.OldCode.Valid() || v.Change.OldCode == v.Record.Code {
		return nil, nil
	}
	codes, err := tx.Codes(ctx, v.Person)
	if err != nil {
		return nil, err
	}
	standing, err := protection.OneFlag{}.Standing(ctx, tx.Tx, protection.Register, append(codes, v.Change.OldCode)...)
	if err != nil || !standing.Held {
		return nil, err
	}
	f := standing.Flags[0]
	for _, of := range standing.Flags {
		if of.Owner == o.Self {
			f = of
		}
	}
	n, err := o.flags(tx.Tx).Decide(ctx, message.ResidentProtection{Code: v.Record.Code, Owner: o.Self, Measure: f.Measure, Provisional: f.Provisional, Until: f.Until})
	return []message.Out{{To: o.prefecture, Body: n, Trace: v.Trace}}, err
}
