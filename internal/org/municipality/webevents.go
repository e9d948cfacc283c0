package municipality

import (
	"net/http"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// eventsPage is the list of life events from which a clerk chooses what to file.
type eventsPage struct {
	Back, Action, Part string
	Query              string
	Gone               bool
	Name               any
	Groups             []eventGroup
}

type eventGroup struct {
	Name   plain.Sentence
	Events []eventLink
}

type eventLink struct {
	Href       string
	Name, Says plain.Sentence
}

// showEvents opens the list for a person.
func (w *screens) showEvents(rw http.ResponseWriter, r *http.Request) {
	d, err := w.o.LookOpened(r.Context(), personOf(r), "choose an event")
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := w.eventsFor(r, !d.Now.Present())
	p.Name = webui.Name(d.Now.Record.Name.Reveal())
	w.ui.Render(rw, r, w.events, http.StatusOK, p)
}

// showEventsPart is the list as it is narrowed while somebody types. It shows nothing of the person.
func (w *screens) showEventsPart(rw http.ResponseWriter, r *http.Request) {
	w.ui.RenderPart(rw, r, w.events, "events", w.eventsFor(r, r.URL.Query().Get("gone") != ""))
}

// eventsFor lists what can be filed for somebody who is a resident, or for a 除票.
func (w *screens) eventsFor(r *http.Request, gone bool) eventsPage {
	who, query := personOf(r), r.URL.Query().Get("q")
	p := eventsPage{Back: w.personURL(who, ""), Action: w.personURL(who, "/events"), Part: w.personURL(who, "/events/part"), Query: query, Gone: gone}
	found := FindEvents(query)
	for _, g := range Groups() {
		group := eventGroup{Name: g.Name()}
		for _, e := range found {
			if e.Group != g || e.Form == "register" || (e.Form == formRestoration) != gone {
				continue
			}
			href := w.personURL(who, "/change/"+e.Form+"?event="+e.Key)
			if e.Form == formHousehold {
				href = w.personURL(who, "/household/"+e.Key)
			}
			group.Events = append(group.Events, eventLink{href, e.Name, e.says()})
		}
		if len(group.Events) > 0 {
			p.Groups = append(p.Groups, group)
		}
	}
	return p
}

// says is what an event means for those outside, and by when it is to be notified.
func (e Event) says() plain.Sentence {
	s := both("外へは通知しません。", "Nobody outside is told.")
	if !e.Silent() {
		s = both("「"+e.Reason.In(plain.JA)+"」として通知します。", "Told as: "+e.Reason.In(plain.EN)+".")
	}
	if c := e.Clock.Says(); c.JA != "" {
		s = both(s.JA+c.JA, s.EN+" "+c.EN)
	}
	return s
}

// filerChoices are who may file an event.
func (e Event) filerChoices() (cs []webui.Choice) {
	for _, n := range filerNames {
		if e.By&n.filer != 0 {
			cs = append(cs, webui.Choice{Value: n.key, Name: n.name})
		}
	}
	return cs
}

// parseFiler reads who files a notice.
func parseFiler(field, s string) (Filer, error) {
	for _, n := range filerNames {
		if n.key == s {
			return n.filer, nil
		}
	}
	return 0, plain.Bad(field, "届出人を一覧から選んでください。", "Choose from the list who files this.")
}

func groundsOf(e Event) (cs []webui.Choice) {
	for _, b := range e.bases() {
		cs = append(cs, webui.Choice{Value: b.Key, Name: b.Name})
	}
	return cs
}
