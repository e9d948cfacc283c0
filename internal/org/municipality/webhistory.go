package municipality

import (
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// history is every version, and every change of the household between them, the first one first.
func (w *screens) history(d Dossier) webui.Timeline {
	t := webui.Timeline{Caption: both("記録の履歴", "History of the record")}
	putRight := map[resident.Version]store.Version{}
	for _, v := range d.Versions {
		if v.Corrects != 0 {
			putRight[v.Corrects] = v
		}
	}
	first := d.Versions[len(d.Versions)-1].EnteredAt
	record := resident.Record{}
	places := slices.Clone(d.Places)
	slices.Reverse(places)
	for i, v := range slices.Backward(d.Versions) {
		stop := w.versionStop(v, first)
		if i+1 < len(d.Versions) {
			stop.Detail = append(stop.Detail, changedTerms(record, v.Record)...)
		}
		stop.Detail = append(stop.Detail, w.versionTerms(v, putRight)...)
		t.Stops, record = append(t.Stops, stop), v.Record
		for len(places) > 0 && places[0].Version == v.Number {
			p := places[0]
			after := record
			after.Household, after.Relation = p.Household, p.Relation
			t.Stops = append(t.Stops, webui.Stop{Org: w.o.Name, Role: message.Municipality, At: p.EnteredAt, After: p.EnteredAt.Sub(first), What: eventName(p.Event, 0),
				State: badge(webui.Off, "第"+p.Version.String()+"版のまま（通知なし）", "version "+p.Version.String()+" stays, nobody told"),
				Detail: append([]webui.Term{{Label: both("事由の生じた日", "Day"), Value: day(p.Arose)}, {Label: both("根拠", "Ground"), Value: basisName(p.Basis)},
					{Label: both("入力", "Entered by"), Value: webui.Code(p.EnteredBy)}}, changedTerms(record, after)...)})
			places, record = places[1:], after
		}
	}
	return t
}

func changedTerms(before, after resident.Record) (terms []webui.Term) {
	for _, c := range differences(before, after) {
		terms = append(terms, webui.Term{Label: c.label, Value: webui.Name(c.before + " → " + c.after)})
	}
	return terms
}

func (w *screens) versionStop(v store.Version, first time.Time) webui.Stop {
	return webui.Stop{Org: w.o.Name, Role: message.Municipality, At: v.EnteredAt, After: v.EnteredAt.Sub(first), What: eventName(v.Event, v.Change.Reason),
		State: badge(webui.Info, "第"+v.Number.String()+"版", "version "+v.Number.String()),
		Detail: []webui.Term{
			{Label: both("通知した事由", "Told as"), Value: reasonName(v.Change.Reason)},
			{Label: both("事由の生じた日", "Day"), Value: day(v.Change.Arose)},
			{Label: both("根拠", "Ground"), Value: basisName(v.Basis)},
			{Label: both("入力", "Entered by"), Value: webui.Code(v.EnteredBy)},
		}}
}

func (w *screens) versionTerms(v store.Version, putRight map[resident.Version]store.Version) (terms []webui.Term) {
	if v.Place.Valid() {
		terms = append(terms, webui.Term{Label: both("転出先", "Moved to"), Value: webui.Name(v.Place.Reveal())})
	}
	if v.Corrects != 0 {
		terms = append(terms, webui.Term{Label: both("直した版", "Puts right"), Value: webui.Code(v.Corrects.String())})
	}
	if by, wrong := putRight[v.Number]; wrong {
		name := eventName(by.Event, by.Change.Reason)
		terms = append(terms, webui.Term{Label: both("後で直された", "Put right later"), Value: both("第"+by.Number.String()+"版「"+name.JA+"」", "by version "+by.Number.String()+", "+name.EN)})
	}
	if !v.Kills.Nothing() {
		terms = append(terms, webui.Term{Label: both("失効させたもの", "Ended"), Value: deadWords(v.Kills)})
	}
	return append(terms, webui.Term{Label: both("行き先", "Where it went"), Value: webui.Link{Href: w.personURL(v.Person, "/filed/"+v.Trace), Text: both("電文を見る", "See its messages")}})
}
