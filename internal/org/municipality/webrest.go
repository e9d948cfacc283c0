package municipality

import (
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// restField asks how somebody who remains in a household stands to its new head.
type restField struct {
	Field string
	Label plain.Sentence
}

// mayLeave are the acts that can take somebody out of the household.
var mayLeave = map[string]bool{"move-within": true, "move-out": true, "death": true, "deletion": true, "entry-cancel": true}

// restFields are the fields of those who remain without a head when the person goes. One alone is the head without being asked.
func restFields(act counterAct, f *webui.Form, d Dossier) (fields []restField) {
	others := othersOf(d)
	if !mayLeave[act.key] || !isHead(d.Now) || len(others) < 2 {
		return nil
	}
	for _, v := range others {
		name, now := memberWords(v), v.Record.Relation.Reveal()
		label := both(name.JA+" さんの続柄（今は「"+now+"」）", "Relation of "+name.EN+" (now "+now+")")
		if isUnnamed(v) {
			label = both(name.JA+"の続柄", "Relation of "+name.EN)
		}
		fields = append(fields, restField{d.relationField(v), label})
	}
	return fields
}

// othersOf are those in the household besides the person.
func othersOf(d Dossier) (others []store.Version) {
	for _, v := range d.Household {
		if v.Person != d.Now.Person {
			others = append(others, v)
		}
	}
	return others
}

func readRest(f *webui.Form, d Dossier) (rest []Placement) {
	for _, v := range othersOf(d) {
		if field := d.relationField(v); f.Value(field) != "" {
			rest = append(rest, Placement{v.Person, d.Now.Record.Household, entry(f, field, resident.ParseRelation)})
		}
	}
	return rest
}

// standsTable is everybody of the households before and after; nil when nobody but the person is concerned.
func standsTable(people []Stood, d Dossier) *webui.Table {
	if len(people) == 0 {
		return nil
	}
	t := &webui.Table{Caption: both("世帯の人、届出の前と後", "The people of the households, before and after"),
		Columns: []webui.Column{{Name: both("氏名", "Name")}, {Name: both("今の世帯と続柄", "Now")}, {Name: both("届出の後", "After")}, {Name: both("変わるか", "Changes")}}}
	for _, s := range people {
		was, is := s.Before.Record, s.After.Record
		mark := badge(webui.Off, "同じ", "same")
		switch {
		case was.Household != is.Household:
			mark = badge(webui.Warn, "世帯を移る", "goes over")
		case was.Relation != is.Relation:
			mark = badge(webui.Warn, "続柄が変わる", "relation changes")
		case s.restated:
			mark = badge(webui.Info, "新しい世帯主との続柄", "stated of the new head")
		}
		t.Rows = append(t.Rows, []any{webui.Name(d.nameOf(s.Before)), standsAs(was), standsAs(is), mark})
	}
	return t
}

// standsAs is a household and the relation in it.
func standsAs(r resident.Record) any {
	if r.Household == "" {
		return both("新しい世帯・"+r.Relation.Reveal(), "a new household, "+r.Relation.Reveal())
	}
	return webui.Name(string(r.Household) + "・" + r.Relation.Reveal())
}

// filingNotices are what to say of a notice besides what it ends: that it is late, and whom it leaves without a head. Those who go along do
// not remain, and one who remains alone is the head without being asked.
func filingNotices(v Preview, f *webui.Form, d Dossier) (ns []webui.Notice) {
	ns = lateNotice(v.Late)
	if remain := v.Headless - len(withNames(f, d)); remain > 1 {
		n := strconv.Itoa(remain)
		ns = append(ns, webui.Notice{Kind: webui.Warn, Title: both("残る"+n+"人の世帯に、世帯主がいなくなります", "The "+n+" who remain have no head of the household"),
			Text: both("入力に戻って残る人の続柄を入力するか、このまま届け出て、後で世帯主変更を受け付けてください。世帯はあなたの担当として一覧に残ります。", "Go back and enter their relations, or file this and another head later: the household is kept on a list, in your charge.")})
	}
	return ns
}

func lateNotice(late plain.Sentence) []webui.Notice {
	if late.JA == "" {
		return nil
	}
	return []webui.Notice{{Kind: webui.Warn, Title: both("届出期間を過ぎています", "The notice is late"), Text: late}}
}

// checkChange judges a notice while it is typed, and answers with what is wrong so far: nothing is said of a field that
// nobody has filled in yet. It is recorded as a look like every preview.
func (w *screens) checkChange(rw http.ResponseWriter, r *http.Request) {
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
	change := readChange(act, f, d)
	preview, err := w.o.Preview(r.Context(), change)
	if err = refused(f, err); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if e, known := EventOf(eventFor(change)); known && preview.Event.Key == "" {
		// A notice that is late is so whatever else is wrong with it.
		preview.Late, _ = e.Clock.Late(change.common().Arose, resident.DateOf(w.o.Clock.Now()))
	}
	ns := filingNotices(preview, f, d)
	for _, p := range f.Problems() {
		if f.Value(p.Field) != "" {
			ns = append(ns, webui.Notice{Kind: webui.Bad, Title: both("このままでは受け付けられません", "This cannot be filed as it is"), Text: p.Sentence})
		}
	}
	w.ui.RenderPart(rw, r, w.change, "checks", ns)
}
