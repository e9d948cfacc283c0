package municipality

import (
	"context"
	"maps"
	"slices"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// arrange judges a household act and gives what it leads to, with its problems in ps. leaving is somebody whose record the
// same act ends or takes elsewhere, and who is no member any more; 0 for nobody.
func (o *Municipality) arrange(ctx context.Context, tx *store.Tx, act HouseholdAct, leaving PersonID, ps *problems) (Arrangement, error) {
	a := Arrangement{act: act}
	today := resident.DateOf(tx.Now())
	var known bool
	if a.Event, known = EventOf(act.Event); !known || a.Event.Form != formHousehold {
		ps.bad("event",
			"世帯の異動（世帯分離・世帯合併・世帯変更・世帯主変更・続柄の変更）から選んでください。",
			"Choose one of the changes of households: divided, joined, going over, another head, another relation.")
		return a, nil
	}
	checkGround(a.Event, act.Basis, ps)
	checkFiler(a.Event, act.By, ps)
	if ps.need(act.Arose.Valid(), "arose", "世帯が変わった日", "the day on which the household changed") {
		ps.notAfter("arose", act.Arose, today)
		a.Late, _ = a.Event.Clock.Late(act.Arose, today)
	}
	if len(act.Places) == 0 {
		ps.bad("places", "世帯の異動をする方を、一人以上選んでください。", "Choose at least one person whose place in the household changes.")
		return a, nil
	}
	plan := &placing{o: o, leaving: leaving, households: map[resident.HouseholdID][]store.Version{}, placed: map[PersonID]Placement{}}
	for _, p := range act.Places {
		if err := plan.add(ctx, tx, p, act.Arose, ps); err != nil {
			return a, err
		}
	}
	if err := plan.targets(ctx, tx, ps); err != nil || len(ps.Problems) > 0 {
		return a, err
	}
	a.People = plan.people()
	a.Stamp = stampOf(a.People)
	plan.judgeKind(act.Event, a.People, ps)
	if len(ps.Problems) == 0 {
		plan.judgeHeads(a.People, ps)
	}
	return a, nil
}

// placing is an act in hand: who is in the households concerned, and who is placed where.
type placing struct {
	o          *Municipality
	leaving    PersonID
	households map[resident.HouseholdID][]store.Version // before
	placed     map[PersonID]Placement
}

func (p *placing) load(ctx context.Context, tx *store.Tx, id resident.HouseholdID) ([]store.Version, error) {
	if members, there := p.households[id]; there {
		return members, nil
	}
	members, err := tx.Household(ctx, id)
	members = slices.DeleteFunc(members, func(v store.Version) bool { return v.Person == p.leaving })
	p.households[id] = members
	return members, err
}

// add takes one placement in.
func (p *placing) add(ctx context.Context, tx *store.Tx, at Placement, arose resident.Date, ps *problems) error {
	now, found, err := tx.Current(ctx, at.Person)
	if err != nil {
		return err
	}
	if !found {
		return errNobody
	}
	_, twice := p.placed[at.Person]
	switch {
	case !now.Present():
		ps.bad("person", "住民票が消除されている方は、世帯の異動に加えられません。その方を外してください。", "Somebody whose record was deleted cannot take part in a change of household: leave that person out.")
		return nil
	case at.Person == p.leaving:
		ps.bad("rest", "この届出で世帯からいなくなる方の続柄は、入力できません。残る方だけを入力してください。", "Whoever leaves the household by this notice gets no relation in it: enter those who remain.")
		return nil
	case twice:
		ps.bad("person", "同じ方が二度入っています。一度だけにしてください。", "The same person stands here twice: leave one out.")
		return nil
	}
	ps.need(at.Relation.Valid(), relationField(at.Person), "続柄", "the relation to the head")
	if arose.Valid() {
		ps.notBefore("arose", arose, now.Record.BecameResident, "その方が住民となった日", "the day on which one of them became a resident")
	}
	p.placed[at.Person] = at
	_, err = p.load(ctx, tx, now.Record.Household)
	return err
}

// targets looks the households up that people go to.
func (p *placing) targets(ctx context.Context, tx *store.Tx, ps *problems) error {
	for _, who := range slices.Sorted(maps.Keys(p.placed)) {
		at := p.placed[who]
		if at.Household == "" {
			continue
		}
		members, err := p.load(ctx, tx, at.Household)
		if err != nil {
			return err
		}
		if len(members) == 0 {
			ps.bad("household", "この世帯番号の世帯はありません。世帯番号を確かめてください。", "There is no household with this id: check it.")
			return nil
		}
	}
	return nil
}

// people is everybody concerned, before and after, by person.
func (p *placing) people() (all []Stood) {
	for _, members := range p.households {
		for _, v := range members {
			s := Stood{Before: v, After: v}
			if at, is := p.placed[v.Person]; is {
				s.After.Record.Household, s.After.Record.Relation = at.Household, at.Relation
			}
			all = append(all, s)
		}
	}
	slices.SortFunc(all, byPerson)
	return all
}

// in are the people of a household after the act.
func in(people []Stood, id resident.HouseholdID) (members []*Stood) {
	for i := range people {
		if people[i].After.Record.Household == id {
			members = append(members, &people[i])
		}
	}
	return members
}

// judgeHeads holds what makes a household one: exactly one head, and relations that are to that head.
func (p *placing) judgeHeads(people []Stood, ps *problems) {
	after := map[resident.HouseholdID]bool{}
	for _, s := range people {
		after[s.After.Record.Household] = true
	}
	for _, id := range slices.Sorted(maps.Keys(after)) {
		members := in(people, id)
		var head *Stood
		heads := 0
		for _, m := range members {
			if isHead(m.After) {
				head, heads = m, heads+1
			}
		}
		switch {
		case heads == 0:
			ps.bad("head", "世帯主のいない世帯ができます。残る方の中から世帯主を決め、全員の続柄を入力してください。", "A household would have no head: name one of those who are in it, and enter everybody's relation.")
		case heads > 1:
			ps.bad("head", "世帯主が二人以上いる世帯ができます。世帯主は一人だけにし、ほかの方の続柄を直してください。", "A household would have more than one head: keep one, and correct the relations of the others.")
		case !p.headBefore(id, head.Before.Person):
			// Whatever was stated was stated of the head before.
			for _, m := range members {
				if _, restated := p.placed[m.Before.Person]; !restated {
					ps.bad(relationField(m.Before.Person), "世帯主が替わるので、この方の続柄も入力し直してください。", "The head changes, so state this person's relation anew.")
				}
				m.restated = true
			}
		}
	}
}

// headBefore tells whether somebody was the head of a household before the act.
func (p *placing) headBefore(id resident.HouseholdID, who PersonID) bool {
	return slices.ContainsFunc(p.households[id], func(v store.Version) bool { return v.Person == who && isHead(v) })
}

// relationField is the field of somebody's relation on a form that has several.
func relationField(who PersonID) string { return "relation-" + who.String() }
