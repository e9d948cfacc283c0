package municipality

import (
	"context"
	"fmt"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Registration brings somebody into the register (記載): 転入等, 出生 or 職権記載等.
type Registration struct {
	Reason resident.ChangeReason // MoveIn, Birth or EntryExOfficio
	Basis  string                // a Key of BasesOf

	// Record is what is to be entered. Arose is its BecameResident. Left empty: Code, for one from the pool, which is
	// possible unless the person comes from another municipality and so has one; Household, for a new household, whose
	// head the person then is; Municipality, unless this is a designated city.
	Record resident.Record

	// From is the municipality that the person comes from (従前の住所); zero for one who comes from abroad.
	From resident.MunicipalityCode
	// Prior is the version of the record that the earlier municipality ended (転出証明書情報). Versions of a person only
	// grow, wherever they are made: else a certificate issued here would look older than the revocation there.
	Prior resident.Version
	// Paper is why this is typed from a certificate on paper (規則2条②); needed where From tells of its moves by message.
	Paper string

	arrived bool // who it is comes from the earlier municipality, by message

	Whole   bool // every item that the law asks for must be there, as at the counter; otherwise what is absent may follow
	AsIs    bool // file an address that the center may be unable to read
	Another bool // the clerk has made sure that this is not the person of the same name and birth who is registered

	agreement *message.AttachAnswer // of the center, to a code from elsewhere; only askToAttach sets it

	Notified
}

// Register enters somebody for the clerk in the context: a first version, or the next one of a person who was here
// before, with message and audit entry; or problems and nothing; or it waits for another person's check.
func (o *Municipality) Register(ctx context.Context, r Registration) (filed Filed, err error) {
	who, err := clerk(ctx, access.Register)
	if err != nil {
		return Filed{}, err
	}
	if r, err = o.askToAttach(ctx, who, r); err != nil {
		return Filed{}, err
	}
	d := o.registering(r, &filed)
	trace, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) (outs []message.Out, err error) {
		filed = Filed{}
		outs, filed.Waits, err = o.takeNotice(ctx, tx, r.Basis, store.Taken{Case: trace, Kind: takenRegistration}, r.Notified, d)
		return outs, err
	})
	filed.Trace = trace
	return filed, err
}

// registering is what a registration asks for. filed becomes what has become of it.
func (o *Municipality) registering(r Registration, filed *Filed) deed {
	return func(ctx context.Context, tx *store.Tx, by, trace string, do bool) ([]message.Out, error) {
		v, first, err := o.admit(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		if !do {
			return nil, o.needAgreement(ctx, tx, r, v, false)
		}
		if first {
			v.Person = store.Person(tx.Serial())
		}
		if err := o.needAgreement(ctx, tx, r, v, true); err != nil {
			return nil, err
		}
		if !v.Record.Code.Valid() {
			if v.Record.Code, err = o.giveCode(ctx, tx); err != nil {
				return nil, err
			}
		}
		if v.Record.Household == "" {
			v.Record.Household = newHousehold(tx)
		}
		v.EnteredBy, v.EnteredAt, v.Trace = by, tx.Now(), trace
		*filed = Filed{Person: v.Person, Code: v.Record.Code, Version: v.Number, Trace: trace}
		outs, err := o.enter(ctx, tx, v, first)
		if err != nil {
			return nil, err
		}
		told, err := o.onPaper(ctx, tx, r, v)
		return append(append(outs, told...), o.askForNumber(tx, v)...), err
	}
}

// CheckRegistration checks as Register does, asks the center as it does, and registers nobody.
func (o *Municipality) CheckRegistration(ctx context.Context, r Registration) error {
	who, err := clerk(ctx, access.Register)
	if err != nil {
		return err
	}
	if r, err = o.askToAttach(ctx, who, r); err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		v, _, err := o.admit(ctx, tx, r)
		if err != nil {
			return nil, err
		}
		return nil, o.needAgreement(ctx, tx, r, v, false)
	})
	return err
}

// admit checks a registration and gives the version that it leads to, without what is drawn when it is filed: code,
// person, household. It writes nothing.
func (o *Municipality) admit(ctx context.Context, tx *store.Tx, r Registration) (v store.Version, first bool, err error) {
	return o.admitIn(ctx, tx, r, false)
}

// admitIn is admit; joins: into the household of somebody who is registered in the same act.
func (o *Municipality) admitIn(ctx context.Context, tx *store.Tx, r Registration, joins bool) (v store.Version, first bool, err error) {
	var ps problems
	today, rec := resident.DateOf(tx.Now()), r.Record
	if r.Reason.Act() != resident.Entry {
		ps.bad("reason", "登録の理由を「転入等」「出生」「職権記載等」から選んでください。", "Choose the reason: moving in, a birth, or ex officio.")
		return v, false, ps.Err()
	}
	ps.note(checkBasis(r.Basis, r.Reason))
	ps.Problems = append(ps.Problems, rec.BasicFour.Check()...)
	ps.need(rec.Relation.Valid(), "relation", "続柄", "the relation to the head of the household")
	on := rec.BecameResident
	if ps.need(on.Valid(), "became", "住民となった年月日", "the day of becoming a resident") {
		ps.notAfter("became", on, today)
	} else {
		on = today
	}
	checkBirth(&ps, rec, today)
	rec.FamilyRegister = rec.FamilyRegister.Stated()
	if !rec.Kana.Valid() {
		rec.Kana = rec.Furigana
	}
	r.checkItems(&ps, rec, today)
	if born, whole := rec.Birth.Whole(); r.Reason == resident.Birth && whole && rec.BecameResident.Valid() && born != rec.BecameResident {
		ps.bad("became",
			"出生による記載では、住民となった日は生年月日（"+born.Wareki()+"）と同じです。",
			"After a birth, the day of becoming a resident is the day of birth ("+born.String()+").")
	}
	body, err := o.body("municipality", rec.Municipality, on)
	if err = ps.take(err); err != nil {
		return v, false, err
	}
	if body.Code.Valid() {
		rec.Municipality = body.Code
		if rec.Address.Valid() {
			ps.checkAddress("address", rec.Address, body, r.AsIs, on)
			if err := o.checkTown(ctx, tx, "address", rec, on, &ps); err != nil {
				return v, false, err
			}
		}
	}
	v, first, err = o.admitCode(ctx, tx, r, on, &ps)
	if err != nil {
		return v, false, err
	}
	if rec.Household == "" && !joins && rec.Relation.Valid() && rec.Relation != resident.Head {
		ps.bad("household",
			"世帯主でない方は、入る世帯の世帯番号を入力してください。",
			"Somebody who is not the head needs the id of the household to join.")
	}
	if rec.Household != "" {
		if err := o.checkHousehold(ctx, tx, v.Person, rec, &ps); err != nil {
			return v, false, err
		}
	}
	if v.Person == 0 && !r.Another && rec.Name.Valid() && rec.Birth.Valid() {
		if err := o.checkNamesake(ctx, tx, rec, &ps); err != nil {
			return v, false, err
		}
	}
	v.Record, v.Basis = rec, r.Basis
	v.Change = resident.ChangeInfo{Reason: r.Reason, Arose: rec.BecameResident}
	return v, first, ps.Err()
}

// admitCode judges the record code and what it says about where the person has been.
func (o *Municipality) admitCode(ctx context.Context, tx *store.Tx, r Registration, on resident.Date, ps *problems) (v store.Version, first bool, err error) {
	if r.From.Valid() {
		if err := ps.take(existed(r.From, on)); err != nil {
			return v, false, err
		}
		if err := o.checkPaper(ctx, tx, r, on, ps); err != nil {
			return v, false, err
		}
		// Whoever comes from another municipality has a code; a second one would make two persons of one.
		ps.need(r.Record.Code.Valid(), "code", "転出証明書の住民票コード", "the record code of the moving-out certificate")
		if r.Reason != resident.MoveIn {
			ps.bad("from", "従前の市区町村は、転入のときだけ入力します。取り除いてください。", "The earlier municipality belongs to moving in only: remove it.")
		}
	}
	v.Number, first = r.Prior+1, true
	if !r.Record.Code.Valid() {
		free, err := tx.FreeCodes(ctx)
		if err == nil && free == 0 {
			ps.note(errNoCodes)
		}
		return v, first, err
	}
	if r.Reason == resident.Birth {
		ps.bad("code", "出生では、新しい住民票コードを割り当てます。住民票コードは空けてください。", "After a birth a new record code is given: leave it empty.")
	}
	holder, held, err := tx.ByCode(ctx, r.Record.Code)
	if err != nil {
		return v, false, err
	}
	if held && (holder.Former || holder.Present) {
		if err := o.tells(ctx, tx, r.Record.Code, look.Code, "refusal: whose code it is"); err != nil {
			return v, false, err
		}
	}
	switch {
	case held && holder.Former:
		ps.bad("code",
			"この住民票コードは、変更されて使われなくなったものです。新しい住民票コードを確かめてください。",
			"This record code was given up for another one: find out the present code.")
	case held && holder.Present:
		ps.bad("code",
			"この住民票コードの住民は、すでに登録されています（重複）。打ち間違いがないか確かめ、検索でその方の記録を見てください。",
			"Somebody with this record code is registered already (duplicate): check for a typing error, and search for the record.")
	case held:
		return o.admitAgain(ctx, tx, r, holder.Person, v, ps)
	default:
		if _, free, err := tx.Allotted(ctx, r.Record.Code); err != nil {
			return v, false, err
		} else if free {
			ps.bad("code",
				"この住民票コードは、まだだれにも割り当てていないものです。打ち間違いがないか、転出証明書と見比べてください。",
				"This record code has not been given to anybody yet: compare it with the certificate for a typing error.")
		}
		ps.need(r.Prior > 0, "prior", "転出証明書の「記録の版」", "the record version of the moving-out certificate")
	}
	return v, first, nil
}

// admitAgain goes on with the record of somebody who was here before.
func (o *Municipality) admitAgain(ctx context.Context, tx *store.Tx, r Registration, who PersonID, v store.Version, ps *problems) (store.Version, bool, error) {
	last, found, err := tx.Current(ctx, who)
	if err != nil || !found {
		return v, false, err
	}
	telling := len(ps.Problems)
	// The code is the key of a person, and a typing error in it must not make one person of two.
	if was := last.Record; was.Birth != r.Record.Birth || was.Sex != r.Record.Sex {
		ps.bad("code",
			"この住民票コードは、前にここにいた別の方のものです（生年月日か性別が違います）。打ち間違いがないか確かめてください。",
			"This record code belongs to another person who was here before (birth or sex differ): check for a typing error.")
	}
	if arose := last.Change.Arose; r.Record.BecameResident.Valid() {
		standing, err := o.protected(ctx, tx, protection.Register, who)
		switch {
		case err != nil:
			return v, false, err
		case !standing.Held:
			ps.notBefore("became", r.Record.BecameResident, arose, "前の住民票が消除された日", "the day on which the earlier record was deleted")
		case r.Record.BecameResident.Before(arose): // when she left is not said
			ps.bad("became", "住民となった日が、前の住民票が消除された日より前です。日付を確かめてください。", "The person became a resident before the earlier record was deleted: check the day.")
		}
	}
	if len(ps.Problems) > telling {
		if err := o.tells(ctx, tx, last.Record.Code, look.Code|look.History, "refusal: an earlier record of the code"); err != nil {
			return v, false, err
		}
	}
	v.Person, v.Number = who, max(last.Number, r.Prior)+1
	if r.Reason != resident.MoveIn {
		// 回復: an entry ex officio goes on from the deletion that it corrects. After a move the person may have been
		// registered elsewhere, so a moving-in begins a chain.
		v.Before = last.Hash()
	}
	return v, false, nil
}

// existed refuses a municipality that did not exist on the day, and one that is not another one.
func existed(code resident.MunicipalityCode, on resident.Date) error {
	m, err := resident.Lookup("from", code, on)
	if err != nil {
		return err
	}
	if m.NoAdministration || code.IsPrefecture() {
		return plain.Bad("from",
			fmt.Sprintf("%sには住民基本台帳がありません。従前の市区町村を確かめてください。", m.FullName()),
			m.Romaji()+" keeps no resident register: check the earlier municipality.")
	}
	return nil
}

// fieldAnother is the tick box with which a clerk registers a namesake.
const fieldAnother = "another"

// checkNamesake warns of somebody with the same name, but for blanks and shapes, and birth: it is the same person, registered a moment ago, or it is
// a namesake. In 2016 two men of the same reading and birth were taken for one; here a person decides.
func (o *Municipality) checkNamesake(ctx context.Context, tx *store.Tx, rec resident.Record, ps *problems) error {
	found, err := tx.Search(ctx, store.Query{Name: rec.Name.Reveal(), Birth: rec.Birth}, maxFound)
	if err != nil {
		return err
	}
	for _, v := range found {
		if !v.Present() || !store.SameName(v.Record.Name, rec.Name) {
			continue
		}
		standing, err := o.protected(ctx, tx, protection.Register, v.Person)
		if err == nil {
			err = o.tells(ctx, tx, v.Record.Code, look.Name, "refusal: a namesake")
		}
		if err != nil {
			return err
		}
		if standing.Held { // neither the number, which opens pages, nor when she came
			ps.bad(fieldAnother,
				"氏名と生年月日が同じ住民がいます。同じ方でないか、住民の検索で確かめてください。別の方なら「別の方であることを確かめた」に印を付けてください。",
				"There is a resident of the same name and birth: search for them, so that nobody is registered twice. If this is another person, tick “I have made sure that this is another person”.")
			return nil
		}
		ps.bad(fieldAnother,
			"氏名と生年月日が同じ方が、すでに登録されています（宛名番号"+v.Person.String()+"、"+v.EnteredAt.In(resident.JST).Format("2006-01-02 15:04")+"に入力）。同じ方なら登録しないでください。別の方なら「別の方であることを確かめた」に印を付けてください。",
			"Somebody of the same name and birth is registered (number "+v.Person.String()+", entered "+v.EnteredAt.In(resident.JST).Format("2006-01-02 15:04")+"): do not register the same person twice. If this is another person, tick “I have made sure that this is another person”.")
		return nil
	}
	return nil
}
