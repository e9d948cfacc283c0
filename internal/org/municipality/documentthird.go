package municipality

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Others than the person and the household ask for a copy on a ground that the law names (第三者の請求): offices of the state and of local bodies for their work by law
// (法12条の2), and whoever says by what right, to which office or for what good reason they need it, or acts for such a one as a lawyer does (法12条の3). What the latter get is
// for the municipality to judge (相当と認めるとき): so another clerk decides than who took the request. They get 基礎証明事項 (7条1号から3号まで・6号から8号まで); what else is
// on request (12条の3第7項・8項) with a reason of its own; never the 個人番号 and the 住民票コード (7条8号の2・13号), which have no box in this form. The articles are cited from
// memory.

// ThirdGround is on which ground somebody asks who is neither the person nor of the household.
type ThirdGround string

// The grounds.
const (
	ThirdOffice  ThirdGround = "12-2"     // 国・地方公共団体の機関
	ThirdRight   ThirdGround = "12-3-1-1" // 自己の権利の行使、義務の履行
	ThirdSubmit  ThirdGround = "12-3-1-2" // 国・地方公共団体の機関に提出
	ThirdReason  ThirdGround = "12-3-1-3" // そのほかの正当な理由
	ThirdTrusted ThirdGround = "12-3-2"   // 特定事務受任者
)

// ThirdGrounds are all of them, in the order of the law.
var ThirdGrounds = []ThirdGround{ThirdOffice, ThirdRight, ThirdSubmit, ThirdReason, ThirdTrusted}

// purpose is for what clerks look at the person on this ground.
func (g ThirdGround) purpose() look.Purpose {
	if g == ThirdOffice {
		return look.ByOffice
	}
	return look.ByOthers
}

// judged tells whether the municipality judges what is asked on this ground.
func (g ThirdGround) judged() bool { return g != ThirdOffice }

// ThirdRequest is what somebody has asked for who is neither the person nor of the household.
type ThirdRequest = store.ThirdRequest

// ThirdApplication is such a request, as it is taken.
type ThirdApplication struct {
	Person PersonID
	Base   resident.Version
	Ground ThirdGround

	Applicant, Place string // who asks, and where they are
	Came, Authority  string // who has come for them, and by what that was checked
	Evidence         identity.Evidence
	Purpose, Proof   string
	Items            document.Items // 世帯主・続柄, 本籍など
	ItemsWhy         string
}

// maxThird bounds each text of a request in characters.
const maxThird = 500

// check says what is missing.
func (a ThirdApplication) check() error {
	var ps plain.Problems
	bad := func(field, ja, en string) { ps = append(ps, plain.Bad(field, ja, en)) }
	if !slices.Contains(ThirdGrounds, a.Ground) {
		bad("ground", "請求の根拠を選んでください。", "Choose the ground of the request.")
	}
	if a.Items.Number || a.Items.Code {
		bad("items", "本人と同じ世帯の方以外に、個人番号や住民票コードは出せません。", "Only the person, or one of the same household, is given the individual number or the record code.")
	}
	for _, one := range []struct{ field, text, ja, en string }{
		{"applicant", a.Applicant, "請求する方の氏名（法人や機関は名称）", "who asks: the name, or that of the body"},
		{"place", a.Place, "請求する方の住所（法人や機関は所在地）", "the address of who asks"},
		{"came", a.Came, "窓口に来た方の氏名", "the name of who has come"},
		{"authority", a.Authority, "来た方の立場と、それを確かめた書類（本人が来たときは「本人」）", "for whom they have come, and by what that was checked (“in person”, when they ask for themselves)"},
		{"purpose", a.Purpose, "何に使うか", "what it is used for"},
		{"proof", a.Proof, "使いみちを確かめた資料", "what was shown of that"},
	} {
		if strings.TrimSpace(one.text) == "" || len([]rune(one.text)) > maxThird {
			bad(one.field, fmt.Sprintf("%sを%d文字以内で入力してください。", one.ja, maxThird), fmt.Sprintf("Enter %s, in at most %d characters.", one.en, maxThird))
		}
	}
	if asked := a.Items.Relation || a.Items.Domicile; asked && (strings.TrimSpace(a.ItemsWhy) == "" || len([]rune(a.ItemsWhy)) > maxThird) {
		bad("items_why", fmt.Sprintf("その項目が要る理由を%d文字以内で入力してください。要らなければ、項目を外してください。", maxThird),
			fmt.Sprintf("Say why these items are needed, in at most %d characters; or leave them out.", maxThird))
	}
	return ps.Err()
}

// AskAsThird takes the request of a third person, for the clerk in the context, who has checked who has come. What an office asks for its work by law is applied for at
// once; what else is asked waits for another clerk.
func (o *Municipality) AskAsThird(ctx context.Context, a ThirdApplication) (t ThirdRequest, err error) {
	if _, err := clerk(ctx, access.IssueDocument); err != nil {
		return t, err
	}
	if o.issuing == "" || o.documents == nil {
		return t, errNoServer
	}
	if err := a.check(); err != nil {
		return t, err
	}
	if _, err := a.Evidence.Way(); err != nil {
		return t, err
	}
	by := access.From(ctx)
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		now, found, err := tx.Current(ctx, a.Person)
		if err == nil && !found {
			err = errNobody
		}
		if err == nil {
			err = open(now, a.Base)
		}
		if err != nil {
			return nil, err
		}
		id, err := o.drawName(o.code.String() + "-third")
		if err != nil {
			return nil, err
		}
		t = ThirdRequest{ID: id, Person: now.Person, Code: now.Record.Code, Article: string(a.Ground), Applicant: a.Applicant, Place: a.Place, Came: a.Came, Authority: a.Authority,
			Purpose: a.Purpose, Proof: a.Proof, Items: making.Names(a.Items), ItemsWhy: a.ItemsWhy, At: tx.Now(), By: by.ID, Credential: by.Credential, Trace: trace, State: store.ThirdAsked}
		if err := o.lookForThird(ctx, tx, t, now); err != nil {
			return nil, err
		}
		check, err := identity.In(tx.Tx).Record(access.IssueDocument, id, id, by, a.Evidence)
		if err != nil {
			return nil, err
		}
		t.Checked = check.ID
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "third-request", Subject: t.Code.Reveal(), Case: id, Detail: fmt.Sprintf("art. %s, items %q, identity checked by %s (%s)", t.Article, t.Items, check.Way, check.Documents)})
		if !a.Ground.judged() {
			t.State, t.Granted, t.DecidedAt = store.ThirdGranted, t.Items, tx.Now()
			if outs, err = o.applyForThird(ctx, tx, &t, by.ID, trace); err != nil {
				return nil, err
			}
		}
		tx.AddThird(t)
		return outs, nil
	})
	return t, err
}

// DecideThird grants a request of a third person, with those of the items that were asked which are justified, or refuses it; for a clerk other than who took it.
func (o *Municipality) DecideThird(ctx context.Context, id string, grant bool, items document.Items, why string) (t ThirdRequest, err error) {
	who, err := clerk(ctx, access.IssueDocument)
	if err != nil {
		return t, err
	}
	if strings.TrimSpace(why) == "" || len([]rune(why)) > maxThird {
		return t, plain.Bad("why", fmt.Sprintf("そう決めた理由を%d文字以内で書いてください。例：契約書で債権を確かめた。基礎証明事項で足りる。", maxThird),
			fmt.Sprintf("Say in at most %d characters why that was decided: for example, that the contract shows the claim, and the basic items suffice.", maxThird))
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		var found bool
		if t, found, err = tx.Third(ctx, id); err != nil {
			return nil, err
		}
		if !found || t.State != store.ThirdAsked {
			return nil, errThirdDecided
		}
		if err := access.SecondPerson(access.Person{ID: t.By, Credential: t.Credential}, access.From(ctx)); err != nil {
			return nil, err
		}
		now, there, err := tx.Current(ctx, t.Person)
		if err == nil && !there {
			err = errNobody
		}
		if err == nil {
			err = o.lookForThird(ctx, tx, t, now)
		}
		if err != nil {
			return nil, err
		}
		t.State, t.Why, t.DecidedAt, t.DecidedBy = store.ThirdRefused, why, tx.Now(), who
		if grant {
			t.State, t.Granted = store.ThirdGranted, making.Names(items)
			if slices.ContainsFunc(t.Granted, func(i string) bool { return !slices.Contains(t.Items, i) }) {
				return nil, plain.Bad("items", "請求されていない項目は載せられません。", "Items that were not asked for cannot be granted.")
			}
			if outs, err = o.applyForThird(ctx, tx, &t, who, trace); err != nil {
				return nil, err
			}
		}
		decided, err := tx.DecideThird(ctx, t)
		if err == nil && !decided {
			err = errThirdDecided
		}
		if err != nil {
			return nil, err
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "third-decided", Subject: t.Code.Reveal(), Case: id, Detail: fmt.Sprintf("%s %q %s", t.State, t.Granted, t.Request)})
		return outs, nil
	})
	return t, err
}

var errThirdDecided = plain.Bad("decision", "この請求は、すでに決まっています。画面を開き直してください。", "This request was decided: open the page again.")

// lookForThird records that the clerk looks at the person for the request: on the ground that it is asked on, so that the person reads in a disclosure that somebody else had
// asked.
func (o *Municipality) lookForThird(ctx context.Context, tx *store.Tx, t ThirdRequest, now store.Version) error {
	ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
	if err != nil {
		return err
	}
	if ground.Purpose != ThirdGround(t.Article).purpose() {
		ja, en := "本人等以外の申出への回答", "answer somebody else's request"
		if ThirdGround(t.Article) == ThirdOffice {
			ja, en = "国・地方公共団体の機関からの照会への回答", "answer an office"
		}
		return plain.Bad("ground", "いまの用件の目的が、この請求と合いません。「この方の用件を終える」を押し、目的に「"+ja+"」を選び直してから、もう一度行ってください。",
			"The purpose of this visit is not that of the request: end the visit, choose “"+en+"”, and do this again.")
	}
	return o.lookedOn(ctx, tx, ground, now.Record.Code, look.Four|itemsOf(now.Record), "request "+t.ID+" of a third person, art. "+t.Article)
}

// applyForThird asks the issuing server for what was granted. A protected person (支援措置) is given out by the release for one document alone, which the clerk who decides has.
func (o *Municipality) applyForThird(ctx context.Context, tx *store.Tx, t *ThirdRequest, who, trace string) ([]message.Out, error) {
	request, err := o.drawName(o.code.String())
	if err != nil {
		return nil, err
	}
	if err := o.spend(ctx, tx, who, t.Person, request); err != nil {
		return nil, err
	}
	t.Request = request
	d := Document{Request: request, Person: t.Person, Code: t.Code, Kind: string(making.IndividualRecord), Items: t.Granted, As: string(document.Other),
		Requester: fmt.Sprintf("check-%d", t.Checked), At: tx.Now(), By: who, Trace: trace, State: store.DocumentApplied}
	return o.applies(ctx, tx, d, "third person's request "+t.ID)
}
