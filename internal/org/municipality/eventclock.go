package municipality

import (
	"fmt"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Clock is the time within which an event has to be notified (届出期間). The zero value: the Act sets none.
type Clock uint8

// The clocks of the Act. A family register notice has a clock of its own, which is the family register's affair.
const (
	Within14  Clock = iota + 1 // 法22条, 23条, 25条, 30条の46, 30条の47: within 14 days after it happened
	InAdvance                  // 法24条: before the move
)

// noticeDays are the days of Within14. The day of the event is not counted (民法140条), so that the last day is the one with
// the same weekday two weeks later. That a term which ends on a holiday of the office runs on is left to the clerk.
const noticeDays = 14

// LastDay is the last day on which an event of a day is notified in time; false when the Act sets no term.
func (c Clock) LastDay(arose resident.Date) (resident.Date, bool) {
	switch c {
	case Within14:
		return arose.AddDays(noticeDays), arose.Valid()
	case InAdvance:
		return arose.AddDays(-1), arose.Valid()
	}
	return resident.Date{}, false
}

// Late tells what to say of a notice that is filed after its term; false when it is in time. It is accepted all the same:
// a register that stays wrong because somebody came late would be worse.
func (c Clock) Late(arose, filed resident.Date) (plain.Sentence, bool) {
	last, bound := c.LastDay(arose)
	if !bound || !filed.After(last) {
		return plain.Sentence{}, false
	}
	if c == InAdvance {
		if filed == arose {
			return plain.Sentence{}, false // the day itself is no reason to frighten anybody
		}
		return plain.Sentence{
			JA: fmt.Sprintf("転出の届出は、転出の前にするものです（法24条）。転出の日から%d日が過ぎています。このまま受け付けられます。", daysFrom(arose, filed)),
			EN: fmt.Sprintf("A move out is notified before it (Act, art. 24), and it was %d days ago. The notice can be filed all the same.", daysFrom(arose, filed)),
		}, true
	}
	return plain.Sentence{
		JA: fmt.Sprintf("届出期間（14日以内、%sまで）を%d日過ぎています。正当な理由がないときは、5万円以下の過料に処されることがあります（法52条）。理由を聞き、このまま受け付けてください。", last.Wareki(), daysFrom(last, filed)),
		EN: fmt.Sprintf("The term (14 days, until %s) was over %d days ago. Without a good reason there may be a fine of up to 50,000 yen (Act, art. 52). Ask for the reason, and file the notice all the same.", last, daysFrom(last, filed)),
	}, true
}

// Says is the clock for people, before any day is entered; empty when the Act sets none.
func (c Clock) Says() plain.Sentence {
	switch c {
	case Within14:
		return plain.Sentence{JA: "その日から14日以内に届け出ます。", EN: "To be notified within 14 days."}
	case InAdvance:
		return plain.Sentence{JA: "転出の前に届け出ます。", EN: "To be notified before the move."}
	}
	return plain.Sentence{}
}

// daysFrom counts the days from one day to a later one.
func daysFrom(from, to resident.Date) int { return int(to.Start().Sub(from.Start()).Hours() / 24) }
