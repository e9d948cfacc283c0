package municipality

import (
	"context"
	"net/http"
	"strings"

	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// arrivalPage is the form with which a family of whom the old municipality has told is registered. Who they are stands on it and is not typed.
type arrivalPage struct {
	*webui.Form
	Towns       []webui.Suggestion
	Steps       []webui.Step
	People      []arrivalRow
	Bases, Ward []webui.Choice
	AskAsIs     bool
	AskPaper    bool // a moving-out certificate is needed, and has been shown or not
	Documents   []webui.Choice
	Back        string
	Action      string
}

// arrivalRow is one of the family.
type arrivalRow struct {
	In, Relation string // names of the fields
	Name         string
	Terms        []webui.Term
}

// familyOf are those of a move's notice who are to be registered.
func (o *Municipality) familyOf(ctx context.Context, move string) (family []MoveHere, err error) {
	s, found, err := o.Move(ctx, move)
	if err != nil || !found || s.Here == nil {
		return nil, err
	}
	for _, move := range s.Family {
		one, _, err := o.Move(ctx, move)
		if err != nil {
			return nil, err
		}
		if one.Here != nil && one.Here.Waits() && one.Here.Info != nil {
			family = append(family, *one.Here)
		}
	}
	return family, nil
}

func (w *screens) showArrival(rw http.ResponseWriter, r *http.Request) {
	family, err := w.o.familyOf(r.Context(), r.PathValue("move"))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if len(family) == 0 {
		w.ui.NotFound(rw, r)
		return
	}
	first := family[0]
	on := first.Planned
	if today := resident.DateOf(w.o.Clock.Now()); on.After(today) {
		on = today
	}
	values := map[string]string{"basis": "law-22", "became": on.String(), "address": w.addressStart()}
	if place := first.Info.Person.Place; place.Valid() {
		values["address"] = place.Reveal()
	}
	heads := 0
	for _, m := range family {
		values["in-"+m.Move], values["relation-"+m.Move] = "yes", m.Info.Person.Relation.Reveal()
		if m.Info.Person.Relation == resident.Head {
			heads++
		}
	}
	if heads == 0 && len(family) == 1 { // somebody who leaves a household begins one
		values["relation-"+first.Move] = resident.Head.Reveal()
	}
	w.renderArrival(rw, r, http.StatusOK, webui.NewForm(values), family)
}

func (w *screens) renderArrival(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, family []MoveHere) {
	p := arrivalPage{Form: f, Documents: documentChoices(), Towns: w.suggestTowns(r.Context()), Steps: steps(0), Bases: basisChoices(resident.MoveIn), Ward: w.wardChoices(), AskAsIs: has(f, fieldAsIs), AskPaper: has(f, fieldCertificate) || f.Value(fieldCertificate) != "",
		Back: w.moveURL(r.PathValue("move"), ""), Action: w.moveURL(r.PathValue("move"), "/register")}
	for _, m := range family {
		p.People = append(p.People, arrivalRow{In: "in-" + m.Move, Relation: "relation-" + m.Move, Name: m.Info.Person.Name.Reveal(), Terms: w.arrivalTerms(m)})
	}
	w.ui.Render(rw, r, w.arrival, status, p)
}

// arrivalTerms is who somebody is, as the old municipality has told.
func (w *screens) arrivalTerms(m MoveHere) []webui.Term {
	i := m.Info.Person
	if !m.From.Valid() { // taken out of the move of a protected person
		return []webui.Term{{Label: both("氏名", "Name"), Value: webui.Name(i.Name.Reveal())}, {Label: both("前の市区町村", "From"), Value: w.placeName(m.From)}}
	}
	terms := []webui.Term{
		{Label: both("氏名", "Name"), Value: webui.Name(i.Name.Reveal())}, {Label: both("振り仮名", "Reading"), Value: nameText(i.Kana.Reveal())},
		{Label: both("生年月日", "Date of birth"), Value: bornText(i.Birth)}, {Label: both("性別", "Sex"), Value: sexName(i.Sex)},
		{Label: both("住民票コード", "Record code"), Value: codeText(m.Code)}, {Label: both("前の住所", "Old address"), Value: webui.Name(i.Address.Reveal())}}
	if i.CommonName.Valid() {
		terms = append(terms, webui.Term{Label: both("通称", "Common name"), Value: webui.Name(i.CommonName.Reveal())})
	}
	if i.Nationality.Valid() {
		terms = append(terms, webui.Term{Label: both("国籍・地域", "Nationality"), Value: webui.Name(i.Nationality.Reveal())})
	}
	for _, more := range m.Info.Items {
		terms = append(terms, webui.Term{Label: both(more.Name, more.Name), Value: webui.Name(more.Value)})
	}
	return terms
}

// arrivals reads the form.
func arrivals(f *webui.Form, family []MoveHere) MoveIn {
	c := MoveIn{Became: entry(f, "became", resident.ParseDate), Address: entry(f, "address", resident.ParseAddress), Municipality: entry(f, "municipality", resident.ParseMunicipalityCode),
		Household: entry(f, "household", resident.ParseHouseholdID), Basis: f.Value("basis"), AsIs: ticked(f, fieldAsIs), Certificate: ticked(f, fieldCertificate)}
	for _, m := range family {
		if ticked(f, "in-"+m.Move) {
			c.People = append(c.People, Arrival{Move: m.Move, Relation: entry(f, "relation-"+m.Move, resident.ParseRelation)})
		}
	}
	return c
}

// leavesOut tells whether somebody is ticked on the form who is not among those who wait any more: another counter has registered them
// meanwhile, or they have been given up.
func leavesOut(f *webui.Form, c MoveIn) bool {
	filed := 0
	for name := range f.All() {
		if strings.HasPrefix(name, "in-") && ticked(f, name) {
			filed++
		}
	}
	return len(c.People) < filed
}

// doArrival checks what was entered, shows it, and registers the family when the clerk has looked.
func (w *screens) doArrival(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	family, err := w.o.familyOf(r.Context(), r.PathValue("move"))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if len(family) == 0 {
		http.Redirect(rw, r, w.moveURL(r.PathValue("move"), ""), http.StatusSeeOther) // its page says what has become of it
		return
	}
	if f.Value("step") == stepEdit || relanguaged(f) && f.Value("shown") == "" {
		f.Set("step", "")
		w.renderArrival(rw, r, http.StatusOK, f, family)
		return
	}
	needNotifier(f)
	c := arrivals(f, family)
	c.Notified = notified(f, r.PathValue("move"))
	if leavesOut(f, c) {
		f.Bad("people", "印を付けた方の中に、もう転入の登録を待っていない方がいます。ほかの窓口で登録されたか、転入しないことになりました。この画面にいるのは、いまも待っている方だけです。確かめて、もう一度送ってください。",
			"Somebody who was ticked does not wait to be registered any more: another counter has registered them, or they do not move in. Those on this page still wait. Look, and send it again.")
	}
	if err := refused(f, w.o.CheckArrivals(r.Context(), c)); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.OK() && f.Value("step") == stepFile {
		filed, err := w.o.RegisterArrivals(r.Context(), c)
		if err == nil {
			http.Redirect(rw, r, w.filedURL(filed[0]), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if len(f.Problems()) > 0 {
		w.renderArrival(rw, r, http.StatusUnprocessableEntity, f, family)
		return
	}
	p := confirmPage{Form: f, Name: both("転入の登録", "Moving in"), Steps: steps(1), Values: hidden(f), Action: w.moveURL(r.PathValue("move"), "/register"), Yes: both("転入を登録する", "Register them"),
		Terms: []webui.Term{{Label: both("転入をした日", "Moved in"), Value: day(c.Became)}, {Label: both("住所", "Address"), Value: webui.Name(c.Address.Reveal())}, {Label: both("根拠", "Ground"), Value: basisName(c.Basis)}}}
	today := resident.DateOf(w.o.Clock.Now())
	if c.Became.Valid() && today.After(filingUntil(c.Became)) {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("転入をした日から14日を過ぎています", "More than 14 days have passed since the moving in"),
			Text: both("届出は受け付けます。遅れた理由を聞いてください（法22条）。", "It is taken all the same: ask why it is late (Act, art. 22).")})
	}
	for _, a := range c.People {
		for _, m := range family {
			if m.Move != a.Move {
				continue
			}
			p.Terms = append(p.Terms, webui.Term{Label: both(a.Relation.Reveal(), a.Relation.Reveal()), Value: webui.Name(m.Info.Person.Name.Reveal())})
			if m.Special && (m.SpecialVoid || specialVoid(m.Planned, c.Became, today)) {
				p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("カードによる転入は、期限を過ぎて無効です", "Moving in by the card is void: its time is over"),
					Text: cardNotice})
			}
		}
	}
	p.Notices = append(p.Notices, webui.Notice{Kind: webui.Info, Title: both("前の市区町村に、転入通知を送ります", "The old municipality is told"), Text: both("登録と同時に送られます（法9条）。", "In the same moment (Act, art. 9).")})
	w.ui.Render(rw, r, w.confirm, http.StatusOK, p)
}
