package nationalcenter

import (
	"context"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

var errNoFinding = plain.Bad("finding",
	"この件は、もう閉じているか、ありません。「重複の点検」の一覧から選び直してください。",
	"This finding is closed already, or there is none: choose from the list of the duplicate check.")

// finding is the open finding of an address, with what is proposed about it.
func (o *Center) finding(ctx context.Context, tx *store.Tx, id string) (f inspection.Finding, word store.Word, proposed bool, err error) {
	open, err := inspection.Open(ctx, tx.Tx, 20_000)
	if err != nil {
		return f, word, false, err
	}
	for _, f := range open {
		if f.Way == duplicates && FindingID(f) == id {
			word, proposed, err = tx.WordOn(ctx, f.Item, f.Rule, f.At)
			return f, word, proposed, err
		}
	}
	return f, word, false, errNoFinding
}

// ProposeDuplicate writes down why an operator would close a finding. It ends nothing.
func (o *Center) ProposeDuplicate(ctx context.Context, by access.Person, id, why string) error {
	if err := access.May(by, access.ResolvePropose, o.Self.Role()); err != nil {
		return err
	}
	why = strings.TrimSpace(why)
	if why == "" || len(why) > 3000 {
		return plain.Bad("why", "閉じるわけを、1,000文字以内で書いてください。", "Write in at most 1,000 characters why it is closed.")
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		f, _, _, err := o.finding(ctx, tx, id)
		if err != nil {
			return err
		}
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "duplicate.propose", Subject: f.Item, Case: f.Rule, Detail: why})
		return tx.PutWord(ctx, f.Item, f.Rule, f.At, by.ID, why)
	})
}

// ConfirmDuplicate closes a finding as another operator has proposed.
func (o *Center) ConfirmDuplicate(ctx context.Context, by access.Person, id string) error {
	if err := access.May(by, access.ResolveConfirm, o.Self.Role()); err != nil {
		return err
	}
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		f, word, proposed, err := o.finding(ctx, o.in(raw), id)
		if err != nil {
			return err
		}
		if !proposed {
			return plain.Bad("finding", "この件には、閉じる提案がありません。先に、別の担当者がわけを書いて提案してください。",
				"Nobody has proposed to close this finding: another operator first writes down why.")
		}
		if err := access.SecondPerson(access.Person{ID: word.By}, by); err != nil {
			return err
		}
		return o.duplicates.Close(ctx, raw, f, word.By+"・"+by.ID, word.Why)
	})
}

// Compared is a record of a finding, as staff see it.
type Compared struct {
	resident.IdentificationInfo
	Protected bool // and then nothing else is told of the person (支援措置)
}

// LookAtAlike gives the records that a finding is about, to staff who compare them. Each that is shown is a look at that person, on the ground given,
// and recorded in the same transaction. Nothing is shown of a protected person; that somebody opened the finding is in the audit log.
func (o *Center) LookAtAlike(ctx context.Context, by access.Person, id string, ground look.Ground) (all []Compared, err error) {
	if err := access.May(by, access.LookAtPerson, o.Self.Role()); err != nil {
		return nil, err
	}
	if err := ground.Check(by, o.Self); err != nil {
		return nil, err
	}
	err = o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		f, _, _, err := o.finding(ctx, tx, id)
		if err != nil {
			return err
		}
		c, err := o.concernedBy(ctx, tx, f)
		if err != nil {
			return err
		}
		auditlog.Write(raw, auditlog.Entry{Actor: by.ID, Act: "duplicate.compare", Subject: f.Item, Case: ground.Case, Detail: f.Rule})
		infos, err := tx.Alike(ctx, c.codes...)
		if err != nil {
			return err
		}
		for _, i := range infos {
			held, err := o.withheld(ctx, raw, i.Code)
			if err != nil {
				return err
			}
			if held {
				all = append(all, Compared{Protected: true})
				continue
			}
			if err := look.Record(raw, look.Look{By: by, Office: o.Self, Subject: i.Code, Ground: ground, Items: look.Four | look.Code | look.History,
				How: "duplicate check, " + f.Rule}); err != nil {
				return err
			}
			all = append(all, Compared{IdentificationInfo: i})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return all, nil
}
