package nationalcenter_test

import (
	"testing"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func TestIndexFollowsChanges(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "髙橋　辰男")
		first := a.change(resident.MoveIn)
		want(t, c.tell(nagano, first, b.change(resident.Birth), a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))),
			"applied", "applied", "applied")
		second := message.ResidentChange{After: a.IdentificationInfo, Before: first.After.StateHash()}
		want(t, c.tell(nagano, second, a.change(resident.MinorAmendment)), "applied", "applied") // once more is the same as once
		want(t, c.tell(nagano, first), "gap")
	})
}

func TestRefusesWhatCannotBe(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")

		stranger := newPerson(t, 1, "別人　太郎")
		want(t, c.tell(nagano, stranger.change(resident.Birth)), "code-in-use")

		// Both in one batch: the first state is still being collected when the second comes.
		one, other := newPerson(t, 11, "先野　一子"), newPerson(t, 11, "後野　二子")
		want(t, c.tell(nagano, one.change(resident.Birth), other.change(resident.Birth)), "applied", "code-in-use")

		gap := newPerson(t, 2, "飛田　次郎")
		gap.change(resident.MoveIn)
		want(t, c.tell(nagano, gap.change(resident.MoveWithin)), "applied") // a gap at first, filled by the full state

		dead := newPerson(t, 3, "亡井　三郎")
		want(t, c.tell(nagano, dead.change(resident.MoveIn), dead.change(resident.Death), dead.change(resident.MoveWithin)),
			"applied", "applied", "has-left")

		twice := newPerson(t, 4, "重田　四郎")
		want(t, c.tell(nagano, twice.change(resident.MoveIn), twice.change(resident.EntryExOfficio)), "applied", "already-resident")

		lost := newPerson(t, 5, "迷田　五郎")
		items := c.tell(nagano, lost.change(resident.MoveIn, at("新しい団地1号棟")))
		want(t, items, "unreadable-address")
		x := c.center.Exchange
		if err := x.Propose(t.Context(), items[0].ID, exchange.Accept, "現地を確認した", "operator-ueda"); err != nil {
			t.Fatal(err)
		}
		if err := x.Confirm(t.Context(), items[0].ID, "operator-egawa"); err != nil {
			t.Fatal(err)
		}
		want(t, c.tell(nagano, lost.change(resident.MinorAmendment, at("長野県松本市丸の内1号"))), "applied")

		foreign := newPerson(t, 6, "他県　六郎")
		want(t, c.tell(tokyo, foreign.change(resident.MoveIn)), "not-your-resident")
	})
}

func TestMovesFromPrefectureToPrefecture(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
	adachi := in("131211", "東京都足立区中央本町1丁目17番1号")

	early := *a // told before the deletion at the old municipality, with room left for that
	early.last, early.Version = resident.StateHash{}, 5
	waiting := c.tell(tokyo, early.change(resident.MoveIn, adachi))
	want(t, waiting, "awaits-another")
	want(t, c.tell(nagano, a.change(resident.MoveOut)), "applied")
	c.run()
	want(t, c.again(waiting), "applied")

	b := newPerson(t, 2, "飯田　一郎")
	want(t, c.tell(nagano, b.change(resident.MoveIn), b.change(resident.MoveOut)), "applied", "applied")
	other := *b
	other.last, other.Name = resident.StateHash{}, must(resident.ParseName("name", "飯田　二郎"))
	want(t, c.tell(tokyo, other.change(resident.MoveIn, adachi)), "another-person")

	d := newPerson(t, 3, "越川　京子")
	want(t, c.tell(nagano, d.change(resident.MoveIn), d.change(resident.MoveOut)), "applied", "applied")
	backwards := *d
	backwards.last, backwards.Version = resident.StateHash{}, 0
	want(t, c.tell(tokyo, backwards.change(resident.MoveIn, adachi)), "version-not-after")

	e := newPerson(t, 4, "正木　京子")
	want(t, c.tell(nagano, e.change(resident.MoveIn), e.change(resident.MoveOut)), "applied", "applied")
	e.last = resident.StateHash{}
	want(t, c.tell(tokyo, e.change(resident.MoveIn, adachi)), "applied")
}

// TestPresentStateInPlaceOfParked is "resend corrected" with more than one message behind: the present state takes the
// parked one's place, and those that lie between the two have nothing left to say.
func TestPresentStateInPlaceOfParked(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	first := a.change(resident.MoveIn)
	second := a.change(resident.MoveWithin, at("新しい団地1号棟"))
	third := a.change(resident.AmendmentExOfficio, at("長野県松本市大手1番1号"))
	fourth := a.change(resident.MinorAmendment, at("長野県松本市大手1丁目1番1号"))
	want(t, c.tell(nagano, first, message.ResidentChange{After: fourth.After, Before: second.Before}, third, fourth),
		"applied", "applied", "applied", "applied")
	// The same where the parked one was the first notice about the person.
	b := newPerson(t, 2, "髙橋　辰男")
	entry, move := b.change(resident.MoveIn, at("新しい団地2号棟")), b.change(resident.MoveWithin, at("長野県松本市大手2番2号"))
	last := b.change(resident.MinorAmendment)
	want(t, c.tell(nagano, message.ResidentChange{After: last.After, Before: entry.Before}, move, last), "applied", "applied", "applied")

	restored := *a
	restored.Version, restored.last = 3, second.Before
	want(t, c.tell(nagano, restored.change(resident.MoveWithin, at("長野県松本市城山1番"))), "gap")
}

func TestAddresses(t *testing.T) {
	for _, a := range []struct{ code, address, want string }{
		{"203211", "長野県北佐久郡軽井沢町大字長倉2381番地1", "applied"},
		{"203211", "長野県軽井沢町大字長倉2381番地1", "applied"},
		{"203211", "長野県北佐久郡御代田町大字馬瀬口1794番地6", "unreadable-address"},
		{"202029", "長野県塩尻市大門7番町3番3号", "unreadable-address"},
		{"202029", "松本市丸の内3番7号", "unreadable-address"},
	} {
		c := newCountry(t, "memory:")
		want(t, c.tell(nagano, newPerson(t, 1, "松本　花子").change(resident.MoveIn, in(a.code, a.address))), a.want)
	}
}

func TestChangeOfCode(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(nagano, a.change(resident.MoveIn)), "applied")
		issued := a.certified(cert.Signature)
		want(t, c.tell(theCA, issued), "applied")
		recode := func(to uint64) func(*resident.IdentificationInfo) {
			return func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(to) }
		}
		want(t, c.tell(nagano, a.change(resident.CodeChangeRequested, recode(7))), "applied")
		taken := newPerson(t, 1, "後野　者子")
		want(t, c.tell(nagano, taken.change(resident.Birth)), "code-retired")

		// The invalidation under a second new code overtakes the change that says whose code that is.
		recoded := a.change(resident.CodeChangeRequested, recode(8))
		moved := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		want(t, c.tell(nagano, a.kill()), "applied")
		if len(c.revocations) != 0 {
			t.Fatalf("%d revocations before it is known whose the code is", len(c.revocations))
		}
		want(t, c.tell(nagano, recoded, moved), "applied", "applied")
		if len(c.revocations) != 1 || c.revocations[0].Serial != issued.Serial || c.revocations[0].Code != issued.Code {
			t.Fatalf("%d revocations, want one, under the code that the CA knows", len(c.revocations))
		}
	})
}

// TestChangeOfCodeOfNobody: what came before the change was lost, so that it is a gap and goes on building on nothing. What
// is known under the old code holds for the new one all the same, and once more is the same as once.
func TestChangeOfCodeOfNobody(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		a.change(resident.MoveIn)
		want(t, c.tell(theCA, a.certified(cert.Signature)), "applied")
		recoded := a.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(7) })
		want(t, c.tell(nagano, recoded, recoded), "applied", "applied")
		recoded.Before = resident.StateHash{}
		want(t, c.tell(nagano, recoded), "applied")
		says(c, "once", message.Residents, nagano, recoded)
		moved := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		want(t, c.tell(nagano, moved, a.kill()), "applied", "applied")
		if len(c.revocations) != 1 {
			t.Errorf("%d revocations of the certificate that was issued under the old code, want one", len(c.revocations))
		}
		want(t, c.tell(nagano, newPerson(t, 1, "後野　者子").change(resident.Birth)), "code-retired")

		// In one batch, where the first state is still being collected when the change of code comes.
		e := newPerson(t, 4, "続木　四郎")
		entry := e.change(resident.MoveIn)
		unfounded := e.change(resident.CodeChangeRequested, func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(9) })
		unfounded.Before = resident.StateHash{}
		want(t, c.tell(nagano, entry, unfounded), "applied", "code-in-use")
	})
}
