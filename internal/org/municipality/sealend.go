package municipality

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// SealGround is why the registration of a seal has ended.
type SealGround string

// The grounds. Those that a change brings are never chosen by a person.
const (
	SealUnwanted   SealGround = "unwanted"   // 廃止の申請
	SealLost       SealGround = "lost"       // 印鑑の亡失
	SealCardLost   SealGround = "card-lost"  // 印鑑登録証の亡失
	SealUnanswered SealGround = "unanswered" // the letter was not answered in time
	SealLeft       SealGround = "left"       // 転出
	SealDied       SealGround = "died"       // 死亡
	SealRemoved    SealGround = "removed"    // 職権消除
	SealRenamed    SealGround = "renamed"    // the name is no longer what is cut into it
)

// sealGrounds are the words of each.
var sealGrounds = map[SealGround]plain.Sentence{
	SealUnwanted:   {JA: "本人の廃止の申請", EN: "the holder does not want it any more"},
	SealLost:       {JA: "印鑑をなくした", EN: "the seal was lost"},
	SealCardLost:   {JA: "印鑑登録証をなくした", EN: "the registration card was lost"},
	SealUnanswered: {JA: "照会への回答が期限までになかった", EN: "the letter was not answered in time"},
	SealLeft:       {JA: "転出", EN: "the holder moved away"},
	SealDied:       {JA: "死亡", EN: "the holder died"},
	SealRemoved:    {JA: "住民票の職権消除", EN: "the record was deleted ex officio"},
	SealRenamed:    {JA: "氏名が変わり、印鑑が氏名を表さなくなった", EN: "the name changed, and the seal does not state it any more"},
}

// Name is the ground in words; one of another program is shown as it is.
func (g SealGround) Name() plain.Sentence {
	if s, ok := sealGrounds[g]; ok {
		return s
	}
	return plain.Sentence{JA: string(g), EN: string(g)}
}

// counterSealGrounds are those that a holder can bring.
var counterSealGrounds = []SealGround{SealUnwanted, SealLost, SealCardLost}

// EndSeal ends somebody's registration, or what is inquired about, for the clerk in the context.
func (o *Municipality) EndSeal(ctx context.Context, who PersonID, ground SealGround) error {
	by, err := clerk(ctx, access.KeepSeal)
	if err != nil {
		return err
	}
	if !slices.Contains(counterSealGrounds, ground) {
		return plain.Bad("ground", "廃止の理由を選んでください。", "Choose why it ends.")
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Register, by, who); err != nil {
			return nil, err
		}
		s, live, err := tx.LiveSeal(ctx, who)
		if err != nil {
			return nil, err
		}
		if !live {
			return nil, plain.Bad("person", "廃止する印鑑登録がありません。すでに廃止されています。", "There is no registration to end: it has ended already.")
		}
		now, _, err := tx.Current(ctx, who)
		if err != nil {
			return nil, err
		}
		return nil, o.endSeal(ctx, tx, s, now.Record.Code, ground, by)
	})
	return err
}

// sealFollows ends a registration that a version of the record leaves without its ground. It is part of every entry, so that no
// path changes a record and keeps a seal that does not stand any more.
func (o *Municipality) sealFollows(ctx context.Context, tx *store.Tx, v store.Version) error {
	s, live, err := tx.LiveSeal(ctx, v.Person)
	if err != nil || !live {
		return err
	}
	ground := SealRenamed
	switch {
	case v.Change.Reason == resident.MoveOut:
		ground = SealLeft
	case v.Change.Reason == resident.Death:
		ground = SealDied
	case !v.Present():
		ground = SealRemoved
	case expressed(s.Text, v.Record):
		return nil
	}
	return o.endSeal(ctx, tx, s, v.Record.Code, ground, v.EnteredBy)
}

// LookAtSeal opens the imprint of somebody's seal for the clerk in the context, and writes down that it was opened: whoever has the picture
// can have the seal cut.
func (o *Municipality) LookAtSeal(ctx context.Context, who PersonID, id int64) (s store.Seal, found bool, err error) {
	by, err := clerk(ctx, access.KeepSeal)
	if err != nil {
		return s, false, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		s, found = store.Seal{}, false
		if err := o.admits(ctx, tx, protection.Register, by, who); err != nil {
			return nil, err
		}
		if s, found, err = tx.SealOf(ctx, id); err != nil || !found || s.Person != who {
			found = false
			return nil, err
		}
		now, _, err := tx.Current(ctx, who)
		if err != nil {
			return nil, err
		}
		return nil, o.looked(ctx, tx, now.Record.Code, look.Seal, "imprint of the seal")
	})
	return s, found, err
}

func (o *Municipality) endSeal(ctx context.Context, tx *store.Tx, s store.Seal, holder resident.RecordCode, ground SealGround, by string) error {
	if _, err := due.Remove(ctx, tx.Tx, dueSealAnswer, fmt.Sprint(s.ID)); err != nil {
		return err
	}
	s.State, s.EndedAt, s.EndedBy, s.Ground = store.SealEnded, tx.Now(), by, string(ground)
	auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "end-seal", Subject: holder.Reveal(), Case: s.Trace, Detail: string(ground)})
	return tx.SetSeal(ctx, s)
}
