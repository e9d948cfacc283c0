package municipality

import (
	"context"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// rebuild gives what would be sent today in the place of a parked message ("resend corrected"): of a change, what the
// register holds now, building on the state that the parked one built on. All else is sent again as it was.
func (o *Municipality) rebuild(ctx context.Context, raw *sqlstore.Tx, was message.Payload) (message.Payload, error) {
	tx := o.in(raw)
	switch n := was.(type) {
	case message.ResidentChange:
		if n.After.Change.OldCode.Valid() {
			return n, nil // it ends one key and begins another, and a later state would say nothing of the first
		}
		v, err := o.present(ctx, tx, n.After.Code)
		if err != nil {
			return nil, err
		}
		return message.ResidentChange{After: v.Identification(), Before: n.Before}, nil
	case message.CertRequest:
		v, err := o.present(ctx, tx, n.Holder.Code)
		if err != nil {
			return nil, err
		}
		if !v.Present() {
			return nil, plain.Bad("message",
				"申請した方はもう住民ではありません。再送せず、取り下げてください。",
				"The applicant is no resident any more: withdraw the application instead of sending it again.")
		}
		n.Holder = applicantOf(v)
		return n, nil
	case message.IssuingRecord:
		all, err := o.printableOf(ctx, tx, n.Code.Reveal())
		if err != nil || len(all) == 0 || all[0].Err != nil || all[0].Record.Code != n.Code {
			return n, err // of whoever has another code by now a later message tells
		}
		now := all[0].As(max(all[0].Told.Version, n.Version))
		now.Before, now.OldCode = n.Before, n.OldCode
		return now, nil
	}
	return was, nil
}

// present is the newest state under a code: the message keeps its order key.
func (o *Municipality) present(ctx context.Context, tx *store.Tx, code resident.RecordCode) (store.Version, error) {
	holder, found, err := tx.ByCode(ctx, code)
	if err != nil {
		return store.Version{}, err
	}
	if found {
		v, found, err := tx.LastOfCode(ctx, holder.Person, code)
		if err != nil || found {
			return v, err
		}
	}
	return store.Version{}, plain.Bad("message",
		"この電文の住民は登録されていません。取り下げて、記録を確かめてください。",
		"The register has nobody whom this message is about: withdraw it and look into the register.")
}
