package municipality

import (
	"github.com/akashi-id/akashi/resident"
)

// formHousehold is the form of the events that change households and nothing else.
const formHousehold = "household"

// judgeKind refuses an arrangement that is not of the kind which the event says: what the four kinds are is what the notice
// of 法25条 is filed as, and a clerk who confuses them has not understood what the people want.
func (p *placing) judgeKind(event string, people []Stood, ps *problems) {
	from, to := map[resident.HouseholdID]bool{}, map[resident.HouseholdID]bool{}
	moved, restated, otherHead := 0, 0, false
	for _, s := range people {
		was, is := s.Before.Record, s.After.Record
		switch {
		case was.Household != is.Household:
			moved++
			from[was.Household], to[is.Household] = true, true
		case was.Relation != is.Relation:
			restated++
		}
		otherHead = otherHead || isHead(s.After) && !p.headBefore(is.Household, s.Before.Person)
	}
	stay := 0
	for id := range from {
		stay += len(in(people, id))
	}
	switch event {
	case "household-split":
		p.judgeSplit(moved, stay, from, to, ps)
	case "household-merge", "household-change":
		p.judgeJoining(event, moved, stay, from, to, people, ps)
	case "head-change":
		switch {
		case moved > 0:
			ps.bad("event", "世帯主変更では、世帯を移る方はいません。移る方がいるときは、世帯分離か世帯変更で届け出てください。", "Nobody goes to another household when the head changes: file that as a household divided or a going over.")
		case !otherHead && p.leaving == 0:
			ps.bad("head", "世帯主が今と同じです。新しい世帯主を選んでください。", "The head is the same as now: choose the new one.")
		}
	case "relation-change":
		switch {
		case moved > 0 || otherHead:
			ps.bad("event", "続柄の変更では、世帯も世帯主も変わりません。世帯主が替わるときは世帯主変更で届け出てください。", "Neither the household nor its head changes here: file another head as such.")
		case restated == 0:
			ps.bad("places", "続柄が今の記録と同じです。変わった後の続柄を入力してください。", "No relation differs from the record: enter what it is now.")
		}
	}
}

func (p *placing) judgeSplit(moved, stay int, from, to map[resident.HouseholdID]bool, ps *problems) {
	switch {
	case moved == 0:
		ps.bad("places", "新しい世帯に移る方を選んでください。", "Choose who goes to the new household.")
	case len(from) != 1 || len(to) != 1 || !to[""]:
		ps.bad("event", "世帯分離は、一つの世帯から新しい世帯を一つ作る届出です。今ある世帯に移るときは世帯変更で届け出てください。", "A household is divided into itself and one new household: going over to one that there is already is another event.")
	case stay == 0:
		ps.bad("places", "全員が移ると、元の世帯がなくなります。世帯主を替えるだけなら世帯主変更で届け出てください。", "When everybody goes nothing is divided: file another head if that is what is meant.")
	}
}

func (p *placing) judgeJoining(event string, moved, stay int, from, to map[resident.HouseholdID]bool, people []Stood, ps *problems) {
	switch {
	case moved == 0:
		ps.bad("places", "移る方と、移る先の世帯を選んでください。", "Choose who goes over, and to which household.")
		return
	case len(from) != 1 || len(to) != 1 || to[""]:
		ps.bad("event", "世帯合併・世帯変更は、一つの世帯から今ある一つの世帯へ移る届出です。新しい世帯を作るときは世帯分離で届け出てください。", "People go from one household to one that there is already: file a new household as a household divided.")
		return
	case event == "household-merge" && stay > 0:
		ps.bad("places", "世帯合併では、元の世帯の全員が移ります。残る方がいるときは世帯変更で届け出てください。", "When households are joined everybody goes over: file it as a going over if somebody stays.")
		return
	case event == "household-change" && stay == 0:
		ps.bad("places", "全員が移ると、元の世帯がなくなります。世帯合併で届け出てください。", "Everybody goes, so that the household ends: file it as households joined.")
		return
	}
	// Households are of people who live together: somebody who lives elsewhere moves there first, which is 転居 (法23条).
	for _, s := range people {
		if s.Before.Record.Household == s.After.Record.Household {
			continue
		}
		for _, m := range p.households[s.After.Record.Household] {
			if m.Record.Address != s.Before.Record.Address {
				ps.bad("household", "移る先の世帯は住所が違います。住所も変わるときは転居で届け出てください。", "That household lives at another address: file a move within the municipality.")
				return
			}
		}
	}
}
