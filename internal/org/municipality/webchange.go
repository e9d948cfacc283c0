package municipality

import (
	"net/http"
	"slices"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// The steps that a form's buttons name. Without one, what was entered is checked and shown beside the record.
const (
	stepFile = "file" // it was looked at: file it
	stepEdit = "edit" // back to the form, with what was entered
)

// changePage is the form of a notice.
type changePage struct {
	*webui.Form
	Towns       []webui.Suggestion
	Act         string
	Name, Says  plain.Sentence
	Day         plain.Sentence
	Steps       []webui.Step
	Effect      webui.Notice
	Now         []webui.Term
	Bases, Ward []webui.Choice
	Sexes       []webui.Choice
	Abroad      []webui.Choice
	With        []withField // others of the household, of a move out
	AskAsIs     bool
	Back        string
	Action      string
	Check       string         // where the form is checked while it is typed
	Event       Event          // what was chosen from the list; zero: the plainest of the act
	Filers      []webui.Choice // who may file it; none: not asked
	Corrects    []webui.Choice // the versions that can be put right
	Rest        []restField    // those who remain in the household without their head
	Documents   []webui.Choice // by which is checked who files it; none: it is no notice
	Items       itemForm       // which of the items stand on the form
	itemChoices
}

// Asks tells whether the form of the event has a field.
func (p changePage) Asks(field string) bool {
	if p.Event.Key == "" {
		return field != "nationality"
	}
	switch p.Event.Key { // these take the item away, so that there is nothing to type
	case "common-name-deletion":
		return false
	case "naturalisation", "nationality-acquired":
		if field == "nationality" || field == "common_name" {
			return false
		}
	}
	for _, n := range itemNames {
		if n.field == field {
			return p.Event.May&n.item != 0
		}
	}
	return true
}

// confirmPage shows what would be filed, beside what is.
type confirmPage struct {
	*webui.Form
	Name    plain.Sentence
	Steps   []webui.Step
	Notices []webui.Notice
	Diff    *webui.Table
	People  *webui.Table // of the household; nil: only the person is concerned
	Terms   []webui.Term
	Values  map[string]string
	Action  string
	Yes     plain.Sentence
	Danger  bool
}

func steps(now int) []webui.Step {
	all := []webui.Step{{Name: both("入力", "Enter")}, {Name: both("確認", "Check")}, {Name: both("受付", "File")}}
	for i := range all {
		switch {
		case i < now:
			all[i].State = webui.Done
		case i == now:
			all[i].State = webui.Now
		default:
			all[i].State = webui.Todo
		}
	}
	return all
}

func (w *screens) showChange(rw http.ResponseWriter, r *http.Request) {
	act, ok := actOf(r.PathValue("act"))
	if !ok {
		w.ui.NotFound(rw, r)
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "form "+act.key)
	if err == nil && act.key != formRestoration {
		err = open(d.Now, d.Now.Number) // said before anything is typed
	}
	if err == nil && act.corrects && len(correctable(act.key, d.Versions)) == 0 {
		err = errNothingToCorrect
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	f := webui.NewForm(map[string]string{"base": d.Now.Number.String(), "arose": resident.DateOf(w.o.Clock.Now()).String()})
	if act.fill != nil {
		act.fill(f, d.Now, w.addressStart())
	}
	if e, chosen := EventOf(r.URL.Query().Get("event")); chosen && e.Form == act.key {
		f.Set("event", e.Key)
		if !slices.Contains(e.Grounds, f.Value("basis")) {
			f.Set("basis", e.Grounds[0])
		}
	}
	w.renderChange(rw, r, http.StatusOK, act, f, d)
}

func (w *screens) renderChange(rw http.ResponseWriter, r *http.Request, status int, act counterAct, f *webui.Form, d Dossier) {
	kind := webui.Warn
	if act.dies == diesNothing {
		kind = webui.OK
	}
	p := changePage{Form: f, Towns: w.suggestTowns(r.Context()), Act: act.key, Name: act.name, Says: act.says, Day: act.day, Steps: steps(0), Now: w.recordTerms(d.Now), Bases: basisChoices(act.reasons...),
		Effect: webui.Notice{Kind: kind, Title: act.dies, Text: held(d, w.o)}, Ward: w.wardChoices(), Sexes: sexChoices,
		Abroad:  []webui.Choice{choice("no", "国内の市区町村へ", "To another municipality"), choice("yes", "国外へ", "Abroad")},
		AskAsIs: has(f, fieldAsIs), Back: w.personURL(d.Now.Person, ""), Action: w.personURL(d.Now.Person, "/change/"+act.key)}
	if e, chosen := EventOf(f.Value("event")); chosen {
		p.Event, p.Name, p.Bases, p.Filers = e, e.Name, groundsOf(e), e.filerChoices()
		if len(p.Filers) == 1 {
			p.Filers = nil // there is nothing to ask
		}
		if c := e.Clock.Says(); c.JA != "" {
			p.Says = both(p.Says.JA+c.JA, p.Says.EN+" "+c.EN)
		}
	}
	if act.corrects {
		p.Corrects = correctable(act.key, d.Versions)
	}
	p.Items, p.itemChoices = itemFormOf(act, p.Event, d.Now.Record), choicesFor(f)
	if slices.ContainsFunc(p.Bases, func(c webui.Choice) bool { return filedByNotice(c.Value) }) {
		p.Documents = documentChoices()
	}
	p.Check, p.Rest = w.personURL(d.Now.Person, "/check/"+act.key), restFields(act, f, d)
	if act.key == moveOutAct {
		p.With = withFields(d)
	}
	w.ui.Render(rw, r, w.change, status, p)
}

var sexChoices = []webui.Choice{choice("男", "男", "male"), choice("女", "女", "female"), choice("不明", "不明", "unknown")}

// wardChoices are the wards of a designated city; none elsewhere.
func (w *screens) wardChoices() (cs []webui.Choice) {
	today := resident.DateOf(w.o.Clock.Now())
	self, err := resident.Lookup("municipality", w.o.code, today)
	if err != nil {
		return nil
	}
	for _, m := range w.o.wards(self, today) {
		cs = append(cs, choice(m.Code.String(), m.Name, m.Romaji()))
	}
	return cs
}

// held says which certificates the person holds, as far as this municipality issued them.
func held(d Dossier, o *Municipality) plain.Sentence {
	counts := map[cert.Profile]int{}
	for _, a := range d.Applications {
		if standing(a, d.Versions, o.Clock.Now()) == StandsAlive {
			counts[a.Profile]++
		}
	}
	say := func(n int) plain.Sentence {
		if n > 0 {
			return both("あり", "yes")
		}
		return both("なし", "none")
	}
	s, a := say(counts[cert.Signature]), say(counts[cert.Authentication])
	return both("この市区町村で発行した有効な電子証明書: 署名用 "+s.JA+"、利用者証明用 "+a.JA, "Valid certificates issued here: signature "+s.EN+", authentication "+a.EN)
}

// doChange checks a notice, shows what it would do, and files it when the clerk has looked.
func (w *screens) doChange(rw http.ResponseWriter, r *http.Request) {
	act, ok := actOf(r.PathValue("act"))
	if !ok {
		w.ui.NotFound(rw, r)
		return
	}
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	d, err := w.o.LookOpened(r.Context(), personOf(r), "form "+act.key)
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	// The language switch sends the same page again; which one it was stands in the form.
	if f.Value("step") == stepEdit || relanguaged(f) && f.Value("shown") == "" {
		f.Set("step", "")
		w.renderChange(rw, r, http.StatusOK, act, f, d)
		return
	}
	needNotifier(f)
	change := readChange(act, f, d)
	preview, err := w.o.Preview(r.Context(), change)
	if err = refused(f, d.veiled(err)); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.OK() && f.Value("step") == stepFile {
		filed, err := w.file(r.Context(), f, change, d)
		if err == nil {
			http.Redirect(rw, r, w.filedURL(filed), http.StatusSeeOther)
			return
		}
		if err = refused(f, d.veiled(err)); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if len(f.Problems()) > 0 {
		for _, p := range f.Problems() {
			if p.Field == "base" {
				f.Set("base", d.Now.Number.String()) // it was said, and the record as it is stands beside the form
			}
		}
		w.renderChange(rw, r, http.StatusUnprocessableEntity, act, f, d)
		return
	}
	w.renderConfirm(rw, r, act, f, d, preview)
}

// readChange reads the form of a notice.
func readChange(act counterAct, f *webui.Form, d Dossier) Change {
	return act.read(f, Filing{Person: d.Now.Person, Base: entry(f, "base", versionEntry), Arose: entry(f, "arose", resident.ParseDate), Basis: f.Value("basis"),
		Event: f.Value("event"), By: entry(f, "by", parseFiler), Rest: readRest(f, d), Notified: notified(f, act.key)})
}

func (w *screens) renderConfirm(rw http.ResponseWriter, r *http.Request, act counterAct, f *webui.Form, d Dossier, v Preview) {
	p := confirmPage{Form: f, Name: act.name, Steps: steps(1), Values: hidden(f), Action: w.personURL(d.Now.Person, "/change/"+act.key), Yes: act.yes, Danger: act.danger,
		Notices: append(filingNotices(v, f, d), effectNotices(v, d, w.o)...), Diff: beside(v), People: standsTable(v.Rest, d)}
	if p.Diff == nil {
		p.Terms = w.recordTerms(d.Now)[:6] // whose record ends
	}
	p.Terms = append(p.Terms, noticeTerms(act, v, f, d)...)
	w.ui.Render(rw, r, w.confirm, http.StatusOK, p)
}

// noticeTerms are what a notice says beside what it changes.
func noticeTerms(act counterAct, v Preview, f *webui.Form, d Dossier) []webui.Term {
	terms := append([]webui.Term{},
		webui.Term{Label: both("異動事由", "Event"), Value: v.Event.Name},
		webui.Term{Label: act.day, Value: day(v.After.Change.Arose)},
		webui.Term{Label: both("根拠", "Ground"), Value: basisName(v.After.Basis)})
	if v.After.Corrects != 0 {
		terms = append(terms, webui.Term{Label: both("直す版", "Version put right"), Value: webui.Code(v.After.Corrects.String())})
	}
	for _, name := range withNames(f, d) {
		terms = append(terms, webui.Term{Label: both("一緒に転出する方", "Moves out too"), Value: name})
	}
	if v.After.Place.Valid() {
		terms = append(terms, webui.Term{Label: both("転出先", "Moves to"), Value: webui.Name(v.After.Place.Reveal())})
	}
	return terms
}

// hidden are the entries that travel with the page on which they are confirmed.
func hidden(f *webui.Form) map[string]string {
	values := f.All()
	delete(values, "step")
	values["shown"] = "confirm"
	return values
}

// beside is the record before and after the notice, item by item; nil when the record ends, of which there is no after.
func beside(v Preview) *webui.Table {
	if !v.After.Present() {
		return nil
	}
	t := &webui.Table{Caption: both("今の記録と、届出の後", "The record now, and after"),
		Columns: []webui.Column{{Name: both("項目", "Item")}, {Name: both("今の記録", "Now")}, {Name: both("届出の後", "After")}, {Name: both("変わるか", "Changes")}}}
	was := items(v.Before.Record)
	recoded := v.After.Change.Reason.Act() == resident.CodeAmendment
	for i, d := range items(v.After.Record) {
		d.before = was[i].after
		after, mark := nameText(d.after), badge(webui.Off, "同じ", "same")
		switch {
		case d.after == string(householdToCome):
			after, mark = both("新しい世帯（届け出ると番号が決まります）", "a new household, numbered when it is filed"), badge(webui.Warn, "変わる", "changes")
		case recoded && i == len(was)-1:
			after, mark = both("新しいコード（届け出ると決まります）", "a new code, drawn when it is filed"), badge(webui.Warn, "変わる", "changes")
		case d.before != d.after:
			mark = badge(webui.Warn, "変わる", "changes")
		case i >= mainItems:
			continue // not what a clerk compares with the paper
		}
		t.Rows = append(t.Rows, []any{d.label, nameText(d.before), after, mark})
	}
	return t
}

// effectNotices say what the notice ends, and what stays, before it is filed.
func effectNotices(v Preview, d Dossier, o *Municipality) (ns []webui.Notice) {
	when := both("この届出で", "This notice ends: ")
	if v.Planned.Valid() {
		when = both(v.Planned.Wareki()+"に、この届出で", "On "+v.Planned.String()+" this notice ends: ")
	}
	if !v.After.Present() {
		ends := both("この方の住民票を消除します", "This person's record will be deleted")
		if v.Planned.Valid() {
			ends = both(v.Planned.Wareki()+"に、この方の住民票を消除します", "This person's record will be deleted on "+v.Planned.String())
		}
		ns = append(ns, webui.Notice{Kind: webui.Warn, Title: ends, Text: both("消除した後は、異動を届け出られません。人と日付を確かめてください。", "After that no change can be filed: make sure of the person and the day.")})
	}
	if v.Kills.Nothing() && !v.Before.Present() {
		return []webui.Notice{{Kind: webui.Warn, Title: both("消除で失効したものは、回復しても戻りません", "What the deletion ended stays ended"),
			Text: both("電子証明書と個人番号カードは、改めて申請するよう案内してください。", "Tell the person to apply for certificates and card again.")}}
	}
	if v.Kills.Nothing() {
		return []webui.Notice{{Kind: webui.OK, Title: both("この届出で失効するものはありません", "This notice ends nothing"), Text: held(d, o)}}
	}
	dead := deadWords(v.Kills)
	ns = append(ns, webui.Notice{Kind: webui.Bad, Title: both(when.JA+dead.JA+"が失効します", when.EN+dead.EN), Text: held(d, o)})
	if v.Kills.Signature && !v.Kills.Authentication {
		ns = append(ns, webui.Notice{Kind: webui.OK, Title: both("利用者証明用電子証明書は、有効なまま残ります", "The authentication certificate stays valid"),
			Text: both("署名用電子証明書が必要な方には、新しく申請するよう案内してください。", "Tell those who need a signature certificate to apply for a new one.")})
	}
	return ns
}
