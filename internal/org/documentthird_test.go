package org_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
)

// asThird is a request as a creditor makes it.
func (v *issuers) asThird(who municipality.PersonID) municipality.ThirdApplication {
	return municipality.ThirdApplication{Person: who, Base: v.base(who), Ground: municipality.ThirdRight, Applicant: "架空商事株式会社", Place: "東京都足立区中央本町一丁目17番1号", Came: "架空　五郎", Authority: "社員（社員証）",
		Evidence: identity.Evidence{identity.DrivingLicence}, Purpose: "貸金の返還を求める訴えの準備", Proof: "金銭消費貸借契約書の写し", Items: document.Items{Relation: true, Domicile: true}, ItemsWhy: "相続人を確かめる"}
}

// visiting is the context of a clerk who has this purpose in hand.
func visiting(ctx context.Context, purpose look.Purpose) context.Context {
	return look.With(ctx, look.Ground{Purpose: purpose, Case: "31"})
}

// TestThirdPersonsAskForACopy: who is neither the person nor of the household gets what another clerk than who took the request holds justified, of the items that were asked
// for, and never the number; an office gets it for its work by law without. It is looked at for what it is, so that the person reads it. On both engines.
func TestThirdPersonsAskForACopy(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, _ string) {
		url := sqlstoretest.SQLite
		if strings.HasSuffix(t.Name(), "postgres") {
			url = sqlstoretest.Postgres
		}
		v := newIssuers(t, url, true)
		who := v.person("松本　一子", "1960-05-01", "世帯主", "")
		v.run(2 * time.Second)
		own := v.heldOf(making.IndividualRecord, who.Person, document.Items{})
		_, err := v.town.PrintDocument(v.clerk, own)
		check(t, err)

		taking, deciding := visiting(v.clerk, look.ByOthers), visiting(as(t, "clerk-inoue"), look.ByOthers)
		a := v.asThird(who.Person)
		ask := func(ctx context.Context, change func(*municipality.ThirdApplication)) (municipality.ThirdRequest, error) {
			b := a
			change(&b)
			return v.town.AskAsThird(ctx, b)
		}
		for want, change := range map[string]func(*municipality.ThirdApplication){
			"請求の根拠を選んでください。":                       func(a *municipality.ThirdApplication) { a.Ground = "12-9" },
			"請求する方の氏名（法人や機関は名称）を500文字以内で入力してください。": func(a *municipality.ThirdApplication) { a.Applicant = " " },
			"何に使うかを":                func(a *municipality.ThirdApplication) { a.Purpose = "" },
			"使いみちを確かめた資料を":          func(a *municipality.ThirdApplication) { a.Proof = "" },
			"その項目が要る理由を":            func(a *municipality.ThirdApplication) { a.ItemsWhy = "" },
			"個人番号や住民票コードは出せません。":    func(a *municipality.ThirdApplication) { a.Items.Number = true },
			"個人番号や住民票コードは出せません":     func(a *municipality.ThirdApplication) { a.Items.Code = true },
			"いまの用件の目的が、この請求と合いません。": func(a *municipality.ThirdApplication) { a.Ground = municipality.ThirdOffice },
		} {
			_, err := ask(taking, change)
			refuses(t, "taken all the same", want, err)
		}
		_, err = ask(v.clerk, func(*municipality.ThirdApplication) {})
		refuses(t, "looked at as for the person herself", "いまの用件の目的が、この請求と合いません。", err)

		taken, err := v.town.AskAsThird(taking, a)
		check(t, err)
		some := document.Items{Relation: true}
		decide := func(ctx context.Context, id string, grant bool, items document.Items, why string) error {
			_, err := v.town.DecideThird(ctx, id, grant, items, why)
			return err
		}
		refuses(t, "decided alone", "提案した人は、自分で確認できません。", decide(taking, taken.ID, true, some, "相当"))
		refuses(t, "without a reason", "そう決めた理由を", decide(deciding, taken.ID, true, some, ""))
		refuses(t, "the number is granted", "請求されていない項目は載せられません。", decide(deciding, taken.ID, true, document.Items{Number: true}, "相当"))
		refuses(t, "looked at for another work", "いまの用件の目的が", decide(visiting(deciding, look.Copy), taken.ID, true, some, "相当"))
		refuses(t, "by an operator", "", decide(visiting(as(t, "operator-ueda"), look.ByOthers), taken.ID, true, some, "相当"))
		granted, err := v.town.DecideThird(deciding, taken.ID, true, some, "契約書で債権を確かめた。本籍は要らない。")
		check(t, err)
		refuses(t, "decided twice", "すでに決まっています。", decide(deciding, taken.ID, false, some, "不要"))
		v.run(2 * time.Second)
		d, err := v.town.DocumentOf(visiting(v.clerk, look.ByOthers), granted.Request)
		check(t, err)
		if d.State != "held" || d.As != "other" || !slices.Equal(d.Items, []string{"relation"}) || d.By != "clerk-inoue" {
			t.Errorf("what was granted is %s as %s with %q by %s", d.State, d.As, d.Items, d.By)
		}
		if c, _ := v.traced(granted.Request); len(c.Checks) != 1 || c.Checks[0].By != "clerk-aoki" || c.As != "other" {
			t.Errorf("the trace does not say by what was checked who came: %+v", c)
		}
		_, err = v.town.PrintDocument(v.clerk, granted.Request)
		check(t, err)
		check(t, v.handOver(granted.Request, 1))
		if got := v.openCases(); len(got) != 0 {
			t.Errorf("the person's own document is a case, because somebody else has asked: %q", got)
		}

		refused, err := v.town.AskAsThird(taking, a)
		check(t, err)
		check(t, decide(deciding, refused.ID, false, document.Items{}, "債権が確かめられない。"))
		office, err := ask(visiting(v.clerk, look.ByOffice), func(a *municipality.ThirdApplication) { a.Ground = municipality.ThirdOffice })
		check(t, err)
		v.run(2 * time.Second)
		if got := v.at(office.Request); got != "held" || office.State != "granted" {
			t.Errorf("what an office has asked for is %s, %s", office.State, got)
		}
		for _, id := range []string{own, office.Request} {
			check(t, v.town.VoidDocument(v.clerk, id, 1, "裁断した。"))
		}
		v.run(2 * time.Second)
		v.accounts(3, 0, 1, 0, 2)
		var looks int64
		check(t, v.town.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			return tx.QueryRow(ctx, `SELECT COUNT(*) FROM look WHERE subject = $1 AND purpose = 'by-others' AND how LIKE 'request %'`, who.Code.Reveal()).Scan(&looks)
		}))
		if looks != 4 { // taken and decided, twice
			t.Errorf("%d looks for third persons are written down", looks)
		}
	})
}

// TestAThirdPersonAsksForAProtectedOne: of a protected person (支援措置) a third person gets nothing, whatever another clerk holds justified, but by the release for one document
// that two of the staff have given.
func TestAThirdPersonAsksForAProtectedOne(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	taking, deciding := visiting(v.clerk, look.ByOthers), visiting(as(t, "clerk-inoue"), look.ByOthers)
	taken, err := v.town.AskAsThird(taking, v.asThird(who.Person))
	check(t, err)
	_, err = v.town.Protect(v.clerk, municipality.Protecting{Applicant: who.Person, Evidence: byCard})
	check(t, err)
	_, err = v.town.DecideThird(deciding, taken.ID, true, document.Items{}, "契約書で債権を確かめた。")
	refuses(t, "granted", "支援措置中の方です。", err)
	check(t, v.town.AskRelease(deciding, who.Person, protection.Document, "裁判所の命令があった。", byCard))
	var release int64
	check(t, v.town.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := protection.In(tx, protection.Shared{}).Asked(ctx)
		if err == nil {
			release = all[0].ID
		}
		return err
	}))
	check(t, v.town.DecideRelease(as(t, "clerk-aoki"), release, true, nil))
	granted, err := v.town.DecideThird(deciding, taken.ID, true, document.Items{}, "裁判所の命令がある。")
	check(t, err)
	v.run(2 * time.Second)
	d, err := v.town.DocumentOf(deciding, granted.Request)
	if err != nil || d.State != "held" {
		t.Errorf("with the release it is %s: %v", d.State, err)
	}
}
