package municipality

import (
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// householdPage is the form of a household act: everybody of the household, and where each goes.
type householdPage struct {
	*webui.Form
	Name, Says   plain.Sentence
	Steps        []webui.Step
	Now          *webui.Table
	Members      []memberField
	Moves        bool // some of them may go over
	Target       bool // to another household
	Bases        []webui.Choice
	Filers       []webui.Choice
	Documents    []webui.Choice // none: it is no notice
	Back, Action string
}

// memberField is somebody of the household on its form.
type memberField struct {
	Name            string
	Now             plain.Sentence // what tells namesakes apart
	Moves, Relation string         // fields
}

// householdSays is what each act is for.
var householdSays = map[string]plain.Sentence{
	"household-split":  both("同じ住所のまま、世帯の一部の人が新しい世帯を作ります。移る人に印を付け、新しい世帯での続柄を入力します。一人は「世帯主」です。", "Some of the household begin a new one at the same address. Tick who goes, and enter the relations in the new household; one of them is 世帯主."),
	"household-merge":  both("同じ住所の二つの世帯を一つにします。この世帯の全員が、移る先の世帯に入ります。移る先の世帯主との続柄を入力します。", "Two households at one address become one: everybody of this one goes over. Enter their relations to the head over there."),
	"household-change": both("世帯の一部の人が、同じ住所にある別の世帯へ移ります。移る人に印を付け、移る先の世帯主との続柄を入力します。", "Some of the household go over to another one at the same address. Tick who goes, and enter the relations to the head over there."),
	"head-change":      both("世帯主が替わります。新しい世帯主を「世帯主」とし、全員の続柄を新しい世帯主から見て入力し直します。", "The household gets another head. Enter 世帯主 for the new one, and everybody's relation as seen from there."),
	"relation-change":  both("世帯主はそのままで、続柄だけが変わります。", "The head stays, and only a relation changes."),
}

func householdEvent(r *http.Request) (Event, bool) {
	e, known := EventOf(r.PathValue("event"))
	return e, known && e.Form == formHousehold
}

func (w *screens) showHousehold(rw http.ResponseWriter, r *http.Request) {
	e, ok := householdEvent(r)
	if !ok {
		w.ui.NotFound(rw, r)
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "form "+e.Key)
	if err == nil {
		err = open(d.Now, d.Now.Number)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	f := webui.NewForm(map[string]string{"arose": resident.DateOf(w.o.Clock.Now()).String(), "basis": e.Grounds[0]})
	for _, v := range d.Household {
		f.Set(d.relationField(v), v.Record.Relation.Reveal())
	}
	w.renderHousehold(rw, r, http.StatusOK, e, f, d)
}

func (w *screens) renderHousehold(rw http.ResponseWriter, r *http.Request, status int, e Event, f *webui.Form, d Dossier) {
	c := e.Clock.Says()
	p := householdPage{Form: f, Name: e.Name, Says: both(householdSays[e.Key].JA+c.JA, householdSays[e.Key].EN+" "+c.EN), Steps: steps(0), Now: w.people(d.Household),
		Moves: e.Key == "household-split" || e.Key == "household-change", Target: e.Key == "household-merge" || e.Key == "household-change",
		Bases: groundsOf(e), Filers: e.filerChoices(), Back: w.personURL(d.Now.Person, ""), Action: w.personURL(d.Now.Person, "/household/"+e.Key)}
	p.Now.Caption = both("世帯番号"+string(d.Now.Record.Household)+"の人", "The people of household "+string(d.Now.Record.Household))
	if slices.ContainsFunc(e.Grounds, filedByNotice) {
		p.Documents = documentChoices()
	}
	for _, v := range d.Household {
		if isUnnamed(v) {
			p.Members = append(p.Members, memberField{memberName(v), plain.Sentence{}, d.movesField(v), d.relationField(v)})
			continue
		}
		p.Members = append(p.Members, memberField{v.Record.Name.Reveal(), both("今は「"+v.Record.Relation.Reveal()+"」、"+v.Record.Birth.Wareki()+"生", "now "+v.Record.Relation.Reveal()+", born "+v.Record.Birth.String()), d.movesField(v), d.relationField(v)})
	}
	w.ui.Render(rw, r, w.household, status, p)
}

// readHousehold reads the form of a household act. Whoever stays as they are is not part of it, unless the head changes:
// then everybody's relation is stated anew.
func readHousehold(e Event, f *webui.Form, d Dossier) HouseholdAct {
	act := HouseholdAct{Event: e.Key, Arose: entry(f, "arose", resident.ParseDate), Basis: f.Value("basis"), By: entry(f, "by", parseFiler), Base: f.Value("seen"), On: d.Now.Person, Notified: notified(f, e.Key)}
	target, home := entry(f, "household", resident.ParseHouseholdID), d.Now.Record.Household
	var staying []Placement
	restated := e.Key == "head-change" || e.Key == "relation-change"
	for _, v := range d.Household {
		p := Placement{v.Person, home, entry(f, d.relationField(v), resident.ParseRelation)}
		if e.Key == "household-merge" || ticked(f, d.movesField(v)) {
			p.Household = target
			act.Places = append(act.Places, p)
			continue
		}
		staying, restated = append(staying, p), restated || p.Relation != v.Record.Relation
	}
	if restated {
		act.Places = append(act.Places, staying...)
	}
	return act
}

// doHousehold checks a household act, shows it beside what is, and files it when the clerk has looked.
func (w *screens) doHousehold(rw http.ResponseWriter, r *http.Request) {
	e, ok := householdEvent(r)
	if !ok {
		w.ui.NotFound(rw, r)
		return
	}
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "form "+e.Key)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.Value("step") == stepEdit || relanguaged(f) && f.Value("shown") == "" {
		f.Set("step", "")
		w.renderHousehold(rw, r, http.StatusOK, e, f, d)
		return
	}
	needNotifier(f)
	act := readHousehold(e, f, d)
	if (e.Key == "household-merge" || e.Key == "household-change") && act.Places != nil && f.Value("household") == "" {
		f.Bad("household", "移る先の世帯番号を入力してください。相手の方の住民の記録にあります。", "Enter the id of the household to go to: it stands on the record of somebody who is in it.")
	}
	arranged, err := w.o.PreviewHousehold(r.Context(), act)
	if err = refused(f, d.veiled(err)); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.OK() && f.Value("step") == stepFile {
		filed, err := w.o.FileHousehold(r.Context(), act)
		if err == nil {
			http.Redirect(rw, r, w.filedURL(Filed{Person: shownPlace(act.Places, d), Trace: filed.Trace, Waits: filed.Waits}), http.StatusSeeOther)
			return
		}
		if err = refused(f, d.veiled(err)); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if len(f.Problems()) > 0 {
		w.renderHousehold(rw, r, http.StatusUnprocessableEntity, e, f, d)
		return
	}
	values := hidden(f)
	values["seen"] = arranged.Stamp
	w.ui.Render(rw, r, w.confirm, http.StatusOK, confirmPage{Form: f, Name: e.Name, Steps: steps(1), Values: values, People: standsTable(arranged.People, d),
		Action: w.personURL(d.Now.Person, "/household/"+e.Key), Yes: both("「"+e.Name.JA+"」を届け出る", "File: "+e.Name.EN),
		Notices: append(lateNotice(arranged.Late), webui.Notice{Kind: webui.OK, Title: both("この届出で失効するものはありません", "This notice ends nothing"),
			Text: both("世帯だけの変更なので、都道府県などへは通知しません。記録の版も変わりません。", "Only the household changes: nobody outside is told, and the version of the record stays.")}),
		Terms: []webui.Term{{Label: both("異動事由", "Event"), Value: e.Name}, {Label: both("世帯が変わった日", "Day"), Value: day(act.Arose)}, {Label: both("根拠", "Ground"), Value: basisName(act.Basis)}}})
}

// shownPlace is the first of those whom an act places of whom the clerk sees anything: the page of what was filed is hers.
func shownPlace(places []Placement, d Dossier) PersonID {
	for _, p := range places {
		if !slices.ContainsFunc(d.Household, func(v store.Version) bool { return v.Person == p.Person && isUnnamed(v) }) {
			return p.Person
		}
	}
	return d.Now.Person
}
