package municipality

import (
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Event is an entry of the fine list of life events (異動事由の細目) by which a counter speaks. It never leaves the
// municipality: what is told of it is its Reason, one of the eleven of 規則11条. Many events have the same reason; an event
// without one changes only what stays here, and nobody is told (法30条の5: entry, deletion, and amendment of the four
// attributes or of the code are what is notified).
type Event struct {
	Key     string // never changes once a register holds it
	Name    plain.Sentence
	Yomi    string // how the name is read, for the search
	Group   EventGroup
	Form    string                // the act at the counter that files it: key of a counterAct, "register" or "household"
	Reason  resident.ChangeReason // zero: nothing leaves the municipality
	Grounds []string              // keys of bases
	May     itemSet               // what it may change
	Must    itemSet               // what it must change
	By      Filer                 // who may file it
	Clock   Clock
	Memory  bool // that the list of municipal systems has it, or how it maps, is from memory and not from a source
}

// EventGroup is what happened, as somebody at the counter says it. The list of events is ordered by it.
type EventGroup uint8

// The groups.
const (
	GroupMove EventGroup = iota + 1
	GroupHousehold
	GroupFamily
	GroupName
	GroupNationality
	GroupLife
	GroupOffice
	GroupMinor
	GroupCorrection
	GroupCode
)

var groupNames = map[EventGroup]plain.Sentence{
	GroupMove: {JA: "引っ越した", EN: "A move"}, GroupHousehold: {JA: "世帯が変わった", EN: "The household"}, GroupFamily: {JA: "戸籍の届出があった", EN: "A family register notice"},
	GroupName: {JA: "名前や性別の記載が変わる", EN: "Name and sex"}, GroupNationality: {JA: "国籍が変わった", EN: "Nationality"}, GroupLife: {JA: "生まれた・亡くなった", EN: "Birth and death"},
	GroupOffice: {JA: "職権で行う", EN: "By the office"}, GroupMinor: {JA: "軽微な修正（暮らしは変わらない）", EN: "Minor amendments: nothing changes for the person"},
	GroupCorrection: {JA: "前の届出を直す", EN: "Putting an earlier entry right"}, GroupCode: {JA: "住民票コード", EN: "Record code"},
}

// Groups are all groups in the order of the list.
func Groups() []EventGroup {
	return []EventGroup{GroupMove, GroupHousehold, GroupFamily, GroupName, GroupNationality, GroupLife, GroupOffice, GroupMinor, GroupCorrection, GroupCode}
}

// Name is the group in both languages.
func (g EventGroup) Name() plain.Sentence { return groupNames[g] }

// Silent tells whether the event leaves no trace outside the municipality.
func (e Event) Silent() bool { return e.Reason == 0 }

// Filer is who files a notice (届出人); a set.
type Filer uint8

// The filers. A head may file for the members of the household, and anybody may send a deputy.
const (
	FilerSelf   Filer = 1 << iota // 本人
	FilerHead                     // 世帯主
	FilerDeputy                   // 代理人
	FilerOffice                   // 職権
	FilerFamily                   // 戸籍の届出・通知による (法9条2項)
)

const filersOfNotice = FilerSelf | FilerHead | FilerDeputy

var filerNames = []struct {
	filer Filer
	key   string
	name  plain.Sentence
}{
	{FilerSelf, "self", plain.Sentence{JA: "本人", EN: "the person"}},
	{FilerHead, "head", plain.Sentence{JA: "世帯主", EN: "the head of the household"}},
	{FilerDeputy, "deputy", plain.Sentence{JA: "代理人", EN: "a deputy"}},
	{FilerFamily, "family", plain.Sentence{JA: "戸籍の届出・通知", EN: "a family register notice"}},
	{FilerOffice, "office", plain.Sentence{JA: "職権", EN: "the office"}},
}

// Name lists who is in the set.
func (f Filer) Name() plain.Sentence {
	var ja, en []string
	for _, n := range filerNames {
		if f&n.filer != 0 {
			ja, en = append(ja, n.name.JA), append(en, n.name.EN)
		}
	}
	return plain.Sentence{JA: strings.Join(ja, "・"), EN: strings.Join(en, ", ")}
}

// EventOf finds an event by its key.
func EventOf(key string) (Event, bool) {
	i := slices.IndexFunc(events, func(e Event) bool { return e.Key == key })
	if i < 0 {
		return Event{}, false
	}
	return events[i], true
}

// Events are all of the list, in its order.
func Events() []Event { return slices.Clone(events) }

// FindEvents are the events whose name, reading or reason has the words; all for none. It is what the searchable list shows.
func FindEvents(words string) (found []Event) {
	for _, e := range events {
		text := strings.ToLower(e.Name.JA + " " + e.Name.EN + " " + e.Yomi + " " + e.Reason.In(plain.JA) + " " + e.Reason.In(plain.EN) + " " + e.Group.Name().JA + " " + e.Group.Name().EN)
		all := true
		for _, w := range strings.Fields(strings.ToLower(words)) {
			all = all && strings.Contains(text, w)
		}
		if all {
			found = append(found, e)
		}
	}
	return found
}

// eventName is an event for people; of a version from before there were events, or of an import, its reason.
func eventName(key string, reason resident.ChangeReason) plain.Sentence {
	if e, known := EventOf(key); known {
		return e.Name
	}
	return plain.Sentence{JA: reason.In(plain.JA), EN: reason.In(plain.EN)}
}

// minorEvents are the events of a minor amendment by its ground.
var minorEvents = map[string]string{"rule-21-2-1": "minor-plain", "rule-21-2-2": "minor-identified", "rule-21-2-3": "minor-renamed", "rule-21-2-4": "minor-lot", "rule-21-2-5": "minor-address"}

// defaultEvent is what a notice is filed as when nobody named an event: the plainest one of its reason.
func defaultEvent(reason resident.ChangeReason, basis string) string {
	switch reason {
	case resident.MoveIn:
		switch basis {
		case "law-30-46":
			return "move-in-abroad"
		case "law-30-47":
			return "became-covered"
		}
		return "move-in"
	case resident.MinorAmendment:
		return minorEvents[basis]
	}
	return reason.Code() // birth, entry-ex-officio, move-out, death, deletion-ex-officio, move-within, amendment-ex-officio, code-…
}

// eventFor is the event under which a notice is filed.
func eventFor(c Change) string {
	f := c.common()
	if f.Event != "" {
		return f.Event
	}
	switch n := c.(type) {
	case MoveOut:
		if n.Abroad {
			return "move-abroad"
		}
	case Correction:
		return "correction"
	case Cancellation:
		return "cancellation"
	case EntryCancelled:
		return "entry-cancelled"
	case Restoration:
		return "restoration"
	}
	return defaultEvent(c.reason(), f.Basis)
}

// correcting are the events that put an earlier entry right. They are filed by the notice that names its version and by no
// other one, and that notice files nothing else.
var correcting = map[string]func(Change) bool{
	"correction":              func(c Change) bool { _, ok := c.(Correction); return ok },
	"cancellation":            func(c Change) bool { _, ok := c.(Cancellation); return ok },
	"entry-cancelled":         func(c Change) bool { _, ok := c.(EntryCancelled); return ok },
	"restoration":             restoring,
	"move-out-cancelled":      restoring,
	"disappearance-cancelled": restoring,
}

func restoring(c Change) bool { _, ok := c.(Restoration); return ok }

// checkEvent refuses an event that is none, that is not filed by this notice, that has not this ground, and that this filer
// cannot file.
func checkEvent(key string, c Change, ps *problems) (Event, bool) {
	f := c.common()
	e, known := EventOf(key)
	if !known {
		ps.bad("event", "一覧にない異動事由です。異動事由の一覧から選び直してください。", "The list has no such event: choose one from it.")
		return e, false
	}
	_, corrects := c.(corrector)
	mine, special := correcting[key]
	if e.Reason != c.reason() || e.Form == "register" || corrects != special || special && !mine(c) {
		ps.bad("event",
			"「"+e.Name.JA+"」は「"+c.reason().In(plain.JA)+"」の届出では扱えません。異動事由を選び直してください。",
			"“"+e.Name.EN+"” cannot be filed as “"+c.reason().In(plain.EN)+"”: choose the event again.")
		return e, false
	}
	checkGround(e, f.Basis, ps)
	checkFiler(e, f.By, ps)
	return e, true
}

func checkGround(e Event, basis string, ps *problems) {
	if !slices.Contains(e.Grounds, basis) {
		ps.bad("basis",
			"「"+e.Name.JA+"」の根拠となる規定を、一覧から選んでください。",
			"Choose from the list the provision on which “"+e.Name.EN+"” is filed.")
	}
}

func checkFiler(e Event, by Filer, ps *problems) {
	if by != 0 && e.By&by == 0 {
		ps.bad("by",
			"「"+e.Name.JA+"」を届け出られるのは、"+e.By.Name().JA+"です。届出人を確かめてください。",
			"“"+e.Name.EN+"” is filed by: "+e.By.Name().EN+". Check who files it.")
	}
}

// groundChoices are the grounds of an event, for the form.
func (e Event) bases() (found []Basis) {
	for _, b := range bases {
		if slices.Contains(e.Grounds, b.Key) {
			found = append(found, b)
		}
	}
	return found
}
