package municipality

import (
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// corrector is a notice that puts an earlier entry right, and names its version.
type corrector interface{ corrects() resident.Version }

// version finds one of the person's versions.
func (m *matter) version(n resident.Version) (store.Version, bool) {
	for _, v := range m.before {
		if v.Number == n {
			return v, true
		}
	}
	return store.Version{}, false
}

// Correction is 訂正: what was entered wrongly is entered rightly, as a new version that names the one in which the error
// came in (法14条, 令12条3項). The old one stays as it was entered. Outside it is an amendment ex officio.
type Correction struct {
	Amendment
	Corrects resident.Version
}

func (c Correction) corrects() resident.Version { return c.Corrects }

func (c Correction) next(m *matter, ps *problems) (resident.Record, error) {
	if _, found := m.version(c.Corrects); !found {
		ps.bad("corrects", "訂正する版が、この方の記録にありません。履歴から選び直してください。", "This record has no such version: choose the one to be corrected from the history.")
	}
	return c.Amendment.next(m, ps)
}

// Cancellation is 取消 of an amendment or a 転居: what that version changed is put back as it was before, in a new version
// that names it. Outside it is an amendment ex officio. An entry is cancelled by a Removal, a deletion by a Restoration.
type Cancellation struct {
	Filing
	Corrects resident.Version
	Relation resident.Relation // in the household that the person comes back to; zero: as it was
}

func (c Cancellation) corrects() resident.Version { return c.Corrects }

func (Cancellation) reason() resident.ChangeReason { return resident.AmendmentExOfficio }

func (Cancellation) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.AmendmentExOfficio, changed)
}

func (c Cancellation) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
	}
	wrong, before, ok := m.cancellable(c.Corrects, ps)
	if !ok {
		return next, nil
	}
	if err := m.placedSince(&before); err != nil {
		return next, err
	}
	overtaken := putBack(&next, before.Record, wrong.Record)
	if overtaken != 0 {
		ps.bad("corrects",
			"取り消す版の後に、同じ項目（"+overtaken.name().JA+"）がまた変わっています。新しい方から順に取り消すか、訂正で届け出てください。",
			"The same item ("+overtaken.name().EN+") has changed again since that version: cancel the newest first, or file a correction.")
		return next, nil
	}
	if next.Household != m.now.Record.Household {
		set(&next.Relation, c.Relation)
		return next, m.returnTo(&next, c.Relation.Valid(), ps)
	}
	return next, nil
}

// cancellable finds the version to be cancelled and the one before it.
func (m *matter) cancellable(n resident.Version, ps *problems) (wrong, before store.Version, ok bool) {
	wrong, found := m.version(n)
	if !found {
		ps.bad("corrects", "取り消す版が、この方の記録にありません。履歴から選び直してください。", "This record has no such version: choose the one to be cancelled from the history.")
		return wrong, before, false
	}
	for _, v := range m.before {
		if v.Corrects == n && v.Event != "correction" {
			ps.bad("corrects", "その版は、第"+v.Number.String()+"版ですでに取り消されています。", "That version was cancelled already, by version "+v.Number.String()+".")
			return wrong, before, false
		}
		if v.Number < n && v.Number > before.Number {
			before = v
		}
	}
	switch reason := wrong.Change.Reason; {
	case reason.Act() == resident.Entry:
		ps.bad("corrects", "その版は記載です。記載を取り消すときは「記載の取消」で届け出てください。", "That version is an entry: file the cancellation of an entry.")
	case reason.Act() == resident.Deletion:
		ps.bad("corrects", "その版は消除です。消除を取り消すときは「回復」で届け出てください。", "That version is a deletion: file a restoration.")
	case reason.Act() == resident.CodeAmendment:
		ps.bad("corrects", "住民票コードの変更は取り消せません。前のコードはもう使われません。新しいコードが要るときは、もう一度変更してください。", "A change of record code cannot be cancelled: the old one is not used again. File another change if a new one is wanted.")
	case reason == resident.MinorAmendment:
		ps.bad("corrects", "軽微な修正を元の文字に戻すときは、もう一度「軽微な修正」で届け出てください。取消では署名用電子証明書が失効してしまいます。", "Put a minor amendment back by another minor amendment: a cancellation would revoke the signature certificate.")
	default:
		return wrong, before, before.Number != 0
	}
	return wrong, before, false
}

// placedSince gives a state the place in a household that somebody was given after it (HouseholdAct): the next version began with that one, and
// has not changed it.
func (m *matter) placedSince(v *store.Version) error {
	places, err := m.tx.Places(m.ctx, v.Person)
	for _, p := range places { // the newest first
		if p.Version == v.Number {
			v.Record.Household, v.Record.Relation = p.Household, p.Relation
			break
		}
	}
	return err
}

// EntryCancelled is 記載の取消: an entry that should not have been is taken back, by a deletion ex officio that names it.
type EntryCancelled struct {
	Removal
	Corrects resident.Version
}

func (c EntryCancelled) corrects() resident.Version { return c.Corrects }

func (c EntryCancelled) next(m *matter, ps *problems) (resident.Record, error) {
	if entry, found := m.version(c.Corrects); !found || entry.Change.Reason.Act() != resident.Entry {
		ps.bad("corrects", "取り消せる記載ではありません。転入・出生・職権記載の版を選んでください。", "That version is no entry: choose one by which the record was entered.")
	}
	return c.Removal.next(m, ps)
}

// Restoration is 回復: a deletion that should not have been is taken back, in an entry ex officio that names it (令12条).
// The record goes on as it stood. What died by the deletion stays dead: a certificate cannot be unrevoked.
type Restoration struct {
	Filing
	Corrects  resident.Version
	Household resident.HouseholdID // zero: as it was
	Relation  resident.Relation    // zero: as it was
}

func (c Restoration) corrects() resident.Version { return c.Corrects }

func (Restoration) reason() resident.ChangeReason { return resident.EntryExOfficio }

func (Restoration) kills(changed resident.Attributes) resident.Effect {
	return resident.EffectOf(resident.EntryExOfficio, changed)
}

// restores is what an event of restoration takes back; an event that is not here takes back every deletion.
var restores = map[string]func(store.Version) (ok bool){
	"move-out-cancelled":      func(v store.Version) bool { return v.Change.Reason == resident.MoveOut },
	"disappearance-cancelled": func(v store.Version) bool { return v.Event == "disappearance" },
}

func (c Restoration) next(m *matter, ps *problems) (resident.Record, error) {
	next := m.now.Record
	if m.now.Present() {
		ps.bad("person", "この方の住民票は消除されていません。回復するものはありません。", "This person's record is not deleted: there is nothing to restore.")
		return next, nil
	}
	if c.Corrects != m.now.Number {
		ps.bad("corrects", "回復できるのは、いちばん新しい消除（第"+m.now.Number.String()+"版）だけです。", "Only the newest deletion (version "+m.now.Number.String()+") can be taken back.")
		return next, nil
	}
	if fits, special := restores[c.Event]; special && !fits(m.now) {
		name := eventName(m.now.Event, m.now.Change.Reason)
		ps.bad("event", "この消除は「"+name.JA+"」によるものです。異動事由を「回復」にしてください。", "This deletion was for “"+name.EN+"”: choose the event of restoration.")
	}
	if c.Arose.Valid() {
		ps.notAfter("arose", c.Arose, m.today)
	}
	set(&next.Household, c.Household)
	set(&next.Relation, c.Relation)
	return next, m.returnTo(&next, c.Relation.Valid(), ps)
}

// returnTo brings somebody into a household that went on, or ended, while the person was elsewhere. stated tells whether the relation is
// what the notice says, and not what the record said before.
func (m *matter) returnTo(next *resident.Record, stated bool, ps *problems) error {
	back, stands, err := m.comeBack(m.ctx, m.tx, m.now.Person, next.Household, next.Relation, stated)
	if err != nil {
		return err
	}
	switch back {
	case backToOther:
		ps.bad("relation",
			"戻る世帯には、いま別の世帯主がいます。その世帯主との続柄を入力してください。",
			"The household has another head by now: enter the relation to that head.")
	case backToNone:
		ps.bad("relation",
			"戻る世帯には、いま世帯主がいません。先に世帯主変更を届け出てください。",
			"The household has no head: file another head first.")
	}
	next.Relation = stands
	return nil
}
