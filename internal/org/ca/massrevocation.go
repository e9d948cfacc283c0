package ca

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/org/ca/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// A mass revocation (一括失効) ends many certificates at a time: of a CA's key that others may know, of a municipality's window whose
// papers were wrong, of keys of a faulty device. One officer proposes it, by a criterion. A dry run counts what meets it and freezes
// the set, whose digest both officers see; another officer confirms exactly that set. Then it goes on by itself in small steps beside
// all other work, over restarts, and can be paused. Each certificate ends once, also one that cannot be read; what cannot be ended is
// set aside, shown and counted, and does not stop the others.

// officer is who acts, when they may.
func (o *CA) officer(ctx context.Context, a access.Act) (access.Person, error) {
	p := access.From(ctx)
	return p, access.May(p, a, o.Self.Role())
}

// MassSeen is what the second officer has seen of the set, and confirms.
type MassSeen struct {
	Digest string
	Left   int64 // of the set, not ended by something else since the dry run
}

// ConfirmMass starts a mass revocation, for the officer in the context: another one than who proposed it. The set must be the one that
// was frozen, to the last certificate, and stand as the officer has seen it.
func (o *CA) ConfirmMass(ctx context.Context, id int64, seen MassSeen) error {
	who, err := o.officer(ctx, access.MassConfirm)
	if err != nil {
		return err
	}
	var digest string
	var alive int64
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		digest, alive, err = o.in(tx).MassDigest(ctx, id)
		return err
	})
	if err != nil {
		return err
	}
	return o.onMass(ctx, id, func(ctx context.Context, tx *store.Tx, m store.Mass) error {
		switch {
		case m.State == store.MassCounting:
			return plain.Bad("mass", "試行がまだ終わっていません。対象が確定してから承認してください。", "The dry run is still under way: confirm it when its set is frozen.")
		case m.State != store.MassFrozen:
			return plain.Bad("mass", "この一括失効は、承認を待っていません。今の状態を確かめてください。", "This mass revocation does not wait to be confirmed: look at its state.")
		case m.Size == 0:
			return plain.Bad("mass", "対象が1件もありません。取り下げてください。", "The set is empty: drop it.")
		case m.Digest != digest:
			return plain.Bad("mass", "確定した対象が、プログラムの外で書き換えられています。取り下げて、試行をやり直し、監査人に知らせてください。",
				"The frozen set was changed behind the program's back: drop it, make the dry run anew, and tell the auditor.")
		case strings.ToLower(strings.TrimSpace(seen.Digest)) != m.Digest:
			return plain.Bad("digest", "見た対象と、確定した対象が違います。画面を開き直して、ダイジェストを確かめてください。",
				"What you have seen is not the frozen set: open the page again and compare the digest.")
		case seen.Left != alive:
			return plain.Bad("left", fmt.Sprintf("画面を開いた後に、対象の一部が別の理由で失効しました（残り%d件、画面では%d件）。確かめてから、もう一度承認してください。", alive, seen.Left),
				fmt.Sprintf("Since you opened the page some of the set have ended for other reasons (%d are left, and you saw %d): look at it, then confirm again.", alive, seen.Left))
		}
		if err := access.SecondPerson(access.Person{ID: m.ProposedBy}, who); err != nil {
			return err
		}
		started, err := tx.ConfirmMass(ctx, id, who.ID, m.Digest)
		if err != nil || !started {
			return err
		}
		due.Add(tx.Tx, tx.Now(), dueMassRevoke, massRef(id), nil)
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who.ID, Act: "mass.confirm", Subject: massName(id), Case: m.Trace,
			Detail: access.Detail(ctx, "proposed by "+m.ProposedBy+", "+m.Digest)})
		return nil
	})
}

// MoveMass pauses, resumes or drops a mass revocation, for the officer in the context. What has ended stays ended.
func (o *CA) MoveMass(ctx context.Context, id int64, act string) error {
	who, err := o.officer(ctx, access.MassPropose)
	if err != nil {
		return err
	}
	ways, known := massMoves[act]
	if !known {
		return plain.Bad("act", "一括失効の操作は、停止（pause）・再開（resume）・取下げ（drop）のいずれかです。", "A mass revocation is paused, resumed or dropped.")
	}
	return o.onMass(ctx, id, func(ctx context.Context, tx *store.Tx, m store.Mass) error {
		to, can := ways[m.State]
		if !can {
			return plain.Bad("mass", "今の状態では、その操作はできません。", "That cannot be done in its present state.")
		}
		moved, err := tx.MoveMass(ctx, id, m.State, to, who.ID)
		if err != nil || !moved {
			return err
		}
		for _, kind := range []string{dueMassCount, dueMassRevoke} {
			if _, err := due.Remove(ctx, tx.Tx, kind, massRef(id)); err != nil {
				return err
			}
		}
		if to == store.MassRunning {
			due.Add(tx.Tx, tx.Now(), dueMassRevoke, massRef(id), nil)
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who.ID, Act: "mass." + act, Subject: massName(id), Case: m.Trace, Detail: access.Detail(ctx, "")})
		return nil
	})
}

// massMoves are what can be done in which state, and where it leads. One that has begun is not dropped: it is paused, and its rest stays.
var massMoves = map[string]map[store.MassState]store.MassState{
	"pause":  {store.MassRunning: store.MassPaused},
	"resume": {store.MassPaused: store.MassRunning},
	"drop":   {store.MassCounting: store.MassDropped, store.MassFrozen: store.MassDropped},
}

// onMass does something about a mass revocation, in one transaction.
func (o *CA) onMass(ctx context.Context, id int64, do func(context.Context, *store.Tx, store.Mass) error) error {
	return o.Store.Update(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := o.in(raw)
		m, found, err := tx.Mass(ctx, id)
		if err != nil {
			return err
		}
		if !found {
			return noSuchMass
		}
		return do(ctx, tx, m)
	})
}

var noSuchMass = plain.Bad("mass", "その番号の一括失効はありません。番号を確かめてください。", "There is no mass revocation of this number: check it.")

func massRef(id int64) string { return strconv.FormatInt(id, 10) }

// massName is how records name a mass revocation.
func massName(id int64) string { return "mass-" + massRef(id) }
