package municipality

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// SealWay is how a counter makes sure that somebody wants this seal registered. The registration of seals is a matter of each municipality's
// ordinance, after the ministry's model (印鑑登録証明事務処理要領; the ways and the term of the answer are from memory).
type SealWay string

// The ways.
const (
	SealByPhotoID   SealWay = "photo-id"  // the holder came and has an official document with a photograph
	SealByGuarantor SealWay = "guarantor" // the holder came, and somebody whose seal is registered here vouches in writing
	SealByInquiry   SealWay = "inquiry"   // a letter to the address asks, and its answer is brought (照会書・回答書)
)

// sealAnswerDays is for how long the answer to a letter is waited.
const sealAnswerDays = 30

// SealApplication asks for the registration of a seal (印鑑登録申請).
type SealApplication struct {
	Person    PersonID
	Base      resident.Version // the version that the clerk saw
	Scan      []byte           // PNG of the imprint
	Text      string           // what is cut into the seal, as the clerk reads it
	Way       SealWay
	Guarantor PersonID // with SealByGuarantor
	Agent     bool     // somebody else has come for the holder
	Compared  bool     // the clerk has compared it with the seals of the household that look alike

	Evidence identity.Evidence // by what the clerk has checked who applies (本人確認)
	Typed    map[string]string // the form as it was typed, which is kept where another person checks too
}

// Names of the fields of a SealApplication on forms.
const (
	fieldSeal      = "seal"
	fieldSealText  = "seal_text"
	fieldSealWay   = "way"
	fieldGuarantor = "guarantor"
	fieldCompared  = "compared"
)

// RegisterSeal registers a seal for the clerk in the context, or sends for the holder's answer; or problems and nothing. The zero seal:
// the application waits for another person's check (CheckFiling).
func (o *Municipality) RegisterSeal(ctx context.Context, a SealApplication) (s store.Seal, err error) {
	if _, err := clerk(ctx, access.KeepSeal); err != nil {
		return s, err
	}
	d := o.sealing(a, &s)
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		s = store.Seal{}
		outs, _, err := o.take(ctx, tx, access.KeepSeal, store.Taken{Case: trace, Kind: takenSeal, Person: a.Person, Version: a.Base, Typed: a.Typed, Picture: a.Scan}, a.Evidence, d)
		return outs, err
	})
	return s, err
}

// sealing is what an application asks for. s becomes the seal.
func (o *Municipality) sealing(a SealApplication, s *store.Seal) deed {
	// Outside of the transaction: a picture takes as long as many transactions.
	seal, unread := imprint.Read(fieldSeal, a.Scan)
	return func(ctx context.Context, tx *store.Tx, by, trace string, do bool) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Issue, by, a.Person); err != nil {
			return nil, err
		}
		now, err := o.judgeSeal(ctx, tx, a, seal, unread)
		if err != nil || !do {
			return nil, err
		}
		*s = store.Seal{ID: tx.Serial(), Person: a.Person, State: store.SealRegistered, Text: a.Text, Imprint: seal.PNG(), Way: string(a.Way),
			Guarantor: a.Guarantor, AppliedAt: tx.Now(), AppliedBy: by, Trace: trace}
		act := "register-seal"
		if a.Way == SealByInquiry {
			act, s.State, s.AnswerUntil = "inquire-seal", store.SealInquired, resident.DateOf(tx.Now()).AddDays(sealAnswerDays)
			due.Add(tx.Tx, s.AnswerUntil.AddDays(1).Start(), dueSealAnswer, fmt.Sprint(s.ID), binary.BigEndian.AppendUint64(nil, uint64(s.ID)))
		} else {
			s.RegisteredAt, s.RegisteredBy = tx.Now(), by
			if s.Card, err = tx.NextCard(ctx); err != nil {
				return nil, err
			}
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: act, Subject: now.Record.Code.Reveal(), Case: trace, Detail: sealDetail(a.Way, a.Evidence)})
		return nil, tx.AddSeal(ctx, *s)
	}
}

func sealDetail(w SealWay, e identity.Evidence) string {
	way, _ := e.Way() // judged before
	return fmt.Sprintf("%s, identity checked by %s (%s)", w, way, e)
}

// judgeSeal checks an application with what was read of its scan, and writes nothing.
func (o *Municipality) judgeSeal(ctx context.Context, tx *store.Tx, a SealApplication, seal imprint.Imprint, unread error) (store.Version, error) {
	now, found, err := tx.Current(ctx, a.Person)
	if err != nil {
		return now, err
	}
	if !found {
		return now, errNobody
	}
	if err := open(now, a.Base); err != nil {
		return now, err
	}
	var ps problems
	if tooYoung(now.Record.Birth, resident.DateOf(tx.Now())) { // 15 years, as for a signature certificate
		ps.bad("person", "15歳未満の方の印鑑は登録できません。", "The seal of a person under 15 cannot be registered.")
	}
	if _, live, err := tx.LiveSeal(ctx, a.Person); err != nil {
		return now, err
	} else if live {
		ps.bad("person", "この方には、登録または照会中の印鑑があります。登録できるのは一人一つです。先に廃止してください。",
			"This person has a seal that is registered or inquired about, and can have one only: end that one first.")
	}
	if err := ps.take(unread); err != nil {
		return now, err
	}
	if unread == nil {
		ps.note(seal.CheckSize(fieldSeal))
	}
	if ps.need(a.Text != "", fieldSealText, "印鑑に彫られている文字", "what is cut into the seal") && !expressed(a.Text, now.Record) {
		ps.bad(fieldSealText,
			"住民票の氏名・通称の文字を、その順に表した印鑑ではありません。読み違いがないか確かめてください。氏名を表さない印鑑は登録できません。",
			"This is not the name of the record, nor parts of it in their order: check the reading. A seal that does not state the holder's name cannot be registered.")
	}
	if err := o.judgeWay(ctx, tx, a, &ps); err != nil {
		return now, err
	}
	if err := o.judgeAlike(ctx, tx, a, now, seal, &ps); err != nil {
		return now, err
	}
	return now, ps.Err()
}

func (o *Municipality) judgeWay(ctx context.Context, tx *store.Tx, a SealApplication, ps *problems) error {
	switch {
	case !slices.Contains([]SealWay{SealByPhotoID, SealByGuarantor, SealByInquiry}, a.Way):
		ps.bad(fieldSealWay, "本人の意思をどう確かめたかを選んでください。", "Choose how it was made sure that this is the holder's will.")
	case a.Agent && a.Way != SealByInquiry:
		ps.bad(fieldSealWay, "代理人による申請は、その場で登録できません。「照会書」を選んでください。本人の住所に郵送します。",
			"When somebody else has come it cannot be registered at once: choose the letter, which goes to the holder's address.")
	case a.Way == SealByPhotoID && !byPhoto(a.Evidence):
		ps.bad(identity.FieldDocument, "その場の登録には、顔写真付きの書類が要ります。その書類を選ぶか、「保証書」か「照会書」を選んでください。",
			"To register at once takes a document with a photograph: choose that document, or the guarantee or the letter.")
	case a.Way == SealByGuarantor:
		v, found, err := tx.Current(ctx, a.Guarantor)
		if err != nil {
			return err
		}
		seal, live, err := tx.LiveSeal(ctx, a.Guarantor)
		if err != nil {
			return err
		}
		if !found || !v.Present() || !live || seal.State != store.SealRegistered || a.Guarantor == a.Person {
			if found && a.Guarantor != a.Person {
				if err := o.tells(ctx, tx, v.Record.Code, look.Seal, "refusal: a guarantor of a seal"); err != nil {
					return err
				}
			}
			ps.bad(fieldGuarantor, "保証人は、ここに印鑑を登録している別の方です。保証人の宛名番号を確かめてください。",
				"The guarantor is another person whose seal is registered here: check the guarantor's number.")
		}
	case a.Guarantor != 0:
		ps.bad(fieldGuarantor, "保証人は、保証書で登録するときだけ入力します。取り除いてください。", "A guarantor belongs to that way only: remove it.")
	}
	return nil
}

func byPhoto(e identity.Evidence) bool {
	way, err := e.Way()
	return err == nil && way == identity.ByPhoto
}

// judgeAlike asks for a second look when somebody of the household has a seal that looks alike: one seal cannot stand for two persons.
func (o *Municipality) judgeAlike(ctx context.Context, tx *store.Tx, a SealApplication, now store.Version, seal imprint.Imprint, ps *problems) error {
	if a.Compared || len(ps.Problems) > 0 {
		return nil
	}
	members, err := tx.Household(ctx, now.Record.Household)
	if err != nil {
		return err
	}
	for _, m := range members {
		if m.Person == a.Person {
			continue
		}
		other, live, err := tx.LiveSeal(ctx, m.Person)
		if err != nil {
			return err
		}
		if !live {
			continue
		}
		theirs, err := imprint.Stored(other.Imprint)
		if err != nil || imprint.Alike(seal, theirs) { // what cannot be compared here is compared by a person
			if err := o.tells(ctx, tx, m.Record.Code, look.Seal, "refusal: a seal that looks alike"); err != nil {
				return err
			}
			standing, err := o.protected(ctx, tx, protection.Register, m.Person)
			if err != nil {
				return err
			}
			if standing.Held { // her number opens her page, and beside it stands the address that they have in common
				ps.bad(fieldCompared, "同じ世帯の方が登録した印鑑に似ています。同じ印鑑は登録できません。見比べて、別の印鑑なら「見比べた」に印を付けてください。",
					"It looks like the seal of somebody of the household. One seal cannot be registered twice: compare them, and tick “I have compared them” when they are two.")
				return nil
			}
			ps.bad(fieldCompared, "同じ世帯の方（宛名番号"+m.Person.String()+"）が登録した印鑑に似ています。同じ印鑑は登録できません。見比べて、別の印鑑なら「見比べた」に印を付けてください。",
				"It looks like the seal of somebody of the household (number "+m.Person.String()+"). One seal cannot be registered twice: compare them, and tick “I have compared them” when they are two.")
			return nil
		}
	}
	return nil
}

// AnswerSeal registers a seal for the clerk in the context, on the answer to the letter that the holder brought or signed, and a document of
// the holder's. The zero seal: it waits for another person's check (CheckFiling).
func (o *Municipality) AnswerSeal(ctx context.Context, who PersonID, e identity.Evidence) (s store.Seal, err error) {
	if _, err := clerk(ctx, access.KeepSeal); err != nil {
		return s, err
	}
	d := o.answering(who, e, &s)
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		s = store.Seal{}
		version, err := versionOf(ctx, tx, who)
		if err != nil {
			return nil, err
		}
		t := store.Taken{Case: trace, Kind: takenAnswer, Person: who, Version: version, Typed: map[string]string{fieldSealWay: string(SealByInquiry)}}
		outs, _, err := o.take(ctx, tx, access.KeepSeal, t, e, d)
		return outs, err
	})
	return s, err
}

// answering is what the answer to a letter asks for. s becomes the seal.
func (o *Municipality) answering(who PersonID, e identity.Evidence, s *store.Seal) deed {
	return func(ctx context.Context, tx *store.Tx, by, _ string, do bool) ([]message.Out, error) {
		if err := o.admits(ctx, tx, protection.Issue, by, who); err != nil {
			return nil, err
		}
		inquired, live, err := tx.LiveSeal(ctx, who)
		if err != nil {
			return nil, err
		}
		if !live || inquired.State != store.SealInquired {
			return nil, plain.Bad("person", "照会中の印鑑がありません。期限を過ぎたときは、申請からやり直してください。",
				"There is no seal that is inquired about: after the last day, apply again.")
		}
		switch {
		case !slices.Contains(e, identity.Inquiry):
			return nil, plain.Bad(identity.FieldDocument, "回答書で登録します。「照会書への回答書」と、本人確認書類の種類を選んでください。",
				"It is registered on the answer: choose the answer to our letter, and the kind of the holder's document.")
		case len(e) < 2:
			return nil, plain.Bad(identity.FieldSecond, "回答書のほかに、本人確認書類の種類を選んでください。", "Beside the answer, choose the kind of the holder's document.")
		}
		now, _, err := tx.Current(ctx, who)
		if err != nil || !do {
			return nil, err
		}
		inquired.State, inquired.RegisteredAt, inquired.RegisteredBy = store.SealRegistered, tx.Now(), by
		if inquired.Card, err = tx.NextCard(ctx); err != nil {
			return nil, err
		}
		if _, err := due.Remove(ctx, tx.Tx, dueSealAnswer, fmt.Sprint(inquired.ID)); err != nil {
			return nil, err
		}
		*s = inquired
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "register-seal", Subject: now.Record.Code.Reveal(), Case: s.Trace, Detail: sealDetail(SealWay(s.Way), e)})
		return nil, tx.SetSeal(ctx, *s)
	}
}

// dueSealAnswer is the kind of due item that ends a seal whose holder has not answered.
const dueSealAnswer = "municipality.seal-answer"

// sealUnanswered ends what nobody has answered by the last day.
func (o *Municipality) sealUnanswered(ctx context.Context, raw *sqlstore.Tx, item due.Item, _ any) ([]message.Out, error) {
	if len(item.Payload) != 8 {
		return nil, fmt.Errorf("the letter about seal %s cannot be read", item.Ref)
	}
	tx := o.in(raw)
	s, found, err := tx.SealOf(ctx, int64(binary.BigEndian.Uint64(item.Payload)))
	if err != nil || !found || s.State != store.SealInquired {
		return nil, err
	}
	now, _, err := tx.Current(ctx, s.Person)
	if err != nil {
		return nil, err
	}
	return nil, o.endSeal(ctx, tx, s, now.Record.Code, SealUnanswered, string(o.Self))
}
