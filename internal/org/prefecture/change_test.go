package prefecture_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// came fails unless exactly these came to the national center, in this order.
func (c *country) came(payloads ...message.Payload) {
	c.t.Helper()
	if len(c.relayed) != len(payloads) {
		c.t.Fatalf("%d messages came to the center, want %d", len(c.relayed), len(payloads))
	}
	for i, p := range payloads {
		if c.relayed[i] != p {
			c.t.Errorf("message %d is not what the municipality sent: %T", i, c.relayed[i])
		}
	}
}

func TestRelaysUnchanged(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		entry := a.change(resident.MoveIn)
		move := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
		kill := a.kill()
		want(t, c.tell(matsumoto, entry, move, kill), "applied", "applied", "applied")
		c.came(entry, move, kill)
		want(t, c.tell(matsumoto, move), "applied") // once more is the same as once, and is not relayed twice
		c.came(entry, move, kill)
	})
}

func TestInvalidationWaitsForNoChange(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	entry, left := a.change(resident.MoveIn), a.change(resident.MoveOut)
	move := a.change(resident.MoveWithin, at("長野県松本市大手1番1号"))
	want(t, c.tell(matsumoto, entry, left, move, a.kill()), "applied", "applied", "has-left", "applied")
	c.came(entry, left, a.kill())
}

// TestGapIsFilled: a change whose predecessor never came is taken on top of what is held, and told on so.
func TestGapIsFilled(t *testing.T) {
	c := newCountry(t, "memory:")
	a := newPerson(t, 1, "松本　花子")
	entry := a.change(resident.MoveIn)
	want(t, c.tell(matsumoto, entry), "applied")
	held := a.last
	a.change(resident.MoveWithin, at("長野県松本市大手1番1号")) // lost
	move := a.change(resident.MoveWithin, at("長野県松本市大手2番2号"))
	want(t, c.tell(matsumoto, move), "applied")
	move.Before = held
	c.came(entry, move)
}

func TestKeepsToItsResidents(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(iida, a.change(resident.MoveIn)), "not-your-resident")
		b := newPerson(t, 2, "飯田　一郎")
		want(t, c.tell(matsumoto, b.change(resident.MoveIn)), "applied")
		steal := *b
		want(t, c.tell(iida, steal.change(resident.AmendmentExOfficio, in("202053", "長野県飯田市大久保町2534番地"))), "held-elsewhere")
		early := *b
		early.last = resident.StateHash{}
		early.Code = resident.RecordCodeOf(3)
		want(t, c.tell(matsumoto, early.change(resident.Birth)), "applied")
		twin := newPerson(t, 3, "同番　者子")
		want(t, c.tell(matsumoto, twin.change(resident.Birth)), "code-in-use")
	})
}

func TestMovesWithinAndBack(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(matsumoto, a.change(resident.MoveIn)), "applied")
		early := *a // told before the deletion at the old municipality, with room left for that
		early.last, early.Version = resident.StateHash{}, 5
		waiting := c.tell(iida, early.change(resident.MoveIn, in("202053", "長野県飯田市大久保町2534番地")))
		want(t, waiting, "awaits-another")
		want(t, c.tell(matsumoto, a.change(resident.MoveOut)), "applied")
		c.run()
		want(t, c.again(waiting), "applied")

		b := newPerson(t, 2, "飯田　一郎")
		want(t, c.tell(matsumoto, b.change(resident.MoveIn), b.change(resident.MoveOut)), "applied", "applied")
		gone := *b
		want(t, c.tell(matsumoto, gone.change(resident.MoveWithin)), "has-left")
		b.Code = resident.RecordCodeOf(4)
		b.Version, b.last = 0, resident.StateHash{}
		want(t, c.tell(matsumoto, b.change(resident.MoveIn), b.change(resident.MoveOut)), "applied", "applied")
		back := *b
		back.Version, back.last = 6, resident.StateHash{1} // years elsewhere, on a state that only another prefecture has
		want(t, c.tell(iida, back.change(resident.MoveIn, in("202053", "長野県飯田市大久保町2534番地"))), "applied")
		late := *b
		late.Version, late.last = 0, resident.StateHash{}
		want(t, c.tell(matsumoto, late.change(resident.MoveIn)), "gap")

		d := newPerson(t, 5, "他県　出子")
		d.Version, d.last = 6, resident.StateHash{2}
		want(t, c.tell(matsumoto, d.change(resident.MoveIn)), "applied")
		e := newPerson(t, 6, "版木　古子")
		want(t, c.tell(matsumoto, e.change(resident.MoveIn), e.change(resident.MoveOut)), "applied", "applied")
		e.Version, e.last = 0, resident.StateHash{}
		want(t, c.tell(matsumoto, e.change(resident.MoveIn)), "version-not-after")
	})
}

func TestChangeOfCode(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a, b := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "飯田　一郎")
		recode := func(to uint64) func(*resident.IdentificationInfo) {
			return func(i *resident.IdentificationInfo) { i.Change.OldCode, i.Code = i.Code, resident.RecordCodeOf(to) }
		}
		want(t, c.tell(matsumoto, a.change(resident.MoveIn), b.change(resident.MoveIn), a.change(resident.CodeChangeRequested, recode(7)),
			a.change(resident.MoveWithin)), "applied", "applied", "applied", "applied")
		want(t, c.tell(matsumoto, b.change(resident.CodeExOfficio, recode(7))), "code-in-use")

		// What came before the change was lost: it is a gap, and goes on building on nothing. Once more is the same as once.
		d := newPerson(t, 3, "抜田　三郎")
		d.change(resident.MoveIn)
		before, recoded := len(c.relayed), d.change(resident.CodeChangeRequested, recode(8))
		want(t, c.tell(matsumoto, recoded, recoded), "applied", "applied")
		recoded.Before = resident.StateHash{}
		want(t, c.tell(matsumoto, recoded, d.change(resident.MoveWithin)), "applied", "applied")
		if n := len(c.relayed) - before; n != 2 {
			t.Errorf("%d messages came to the center, want 2", n)
		}
		// In one batch, where the first state is still being collected when the change of code comes.
		e := newPerson(t, 4, "続木　四郎")
		entry, unfounded := e.change(resident.MoveIn), e.change(resident.CodeChangeRequested, recode(9))
		unfounded.Before = resident.StateHash{}
		want(t, c.tell(matsumoto, entry, unfounded), "applied", "code-in-use")
	})
}

// TestResendCorrected: the center cannot read an address; the counter files a correction; the prefecture sends its present
// state in the parked one's place, and what was held behind it goes on.
func TestResendCorrected(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		c.cannot = "新しい団地1号棟"
		a := newPerson(t, 1, "松本　花子")
		entry := a.change(resident.MoveIn)
		bad := a.change(resident.MoveWithin, at(c.cannot))
		want(t, c.tell(matsumoto, entry, bad), "applied", "applied")
		c.came(entry)
		good := a.change(resident.AmendmentExOfficio, at("長野県松本市大手1番1号"))
		want(t, c.tell(matsumoto, good), "applied")
		c.came(entry)
		x := c.nagano.Exchange
		stuck, err := x.Stuck(t.Context(), 10)
		if err != nil || len(stuck) != 2 || !stuck[0].Parked() {
			t.Fatalf("%d messages are stuck, want the parked one and the one held behind it: %v", len(stuck), err)
		}
		if err := x.Propose(t.Context(), stuck[0].ID, exchange.Correct, "窓口で住所を訂正した", "operator-ueda"); err != nil {
			t.Fatal(err)
		}
		if err := x.Confirm(t.Context(), stuck[0].ID, "operator-egawa"); err != nil {
			t.Fatal(err)
		}
		c.run()
		c.came(entry, message.ResidentChange{After: good.After, Before: bad.Before}, good)
	})
}
