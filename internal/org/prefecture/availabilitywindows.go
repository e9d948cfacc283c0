package prefecture

import (
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// windowName names a window in one line.
func windowName(w probe.Window) plain.Sentence {
	when, what := span(w.From, w.Until), w.Service.Name()
	return say(when.JA+"（"+what.JA+"）", when.EN+" ("+what.EN+")")
}

// windowTable lists the planned maintenance of the month, and what is to come.
func windowTable(m probe.Month, coming, in []probe.Window) webui.Table {
	t := webui.Table{
		Caption: say("計画停止", "Planned maintenance"),
		Columns: []webui.Column{{Name: say("いつ", "When")}, {Name: say("対象", "What")}, {Name: say("わけ", "Why")}, {Name: say("登録した人", "Entered by")}, {Name: say("状態", "State")}},
		Empty:   webui.Empty{Text: say("登録された計画停止はありません。", "No maintenance is entered.")},
	}
	seen := map[int64]bool{}
	for _, w := range append(in[:len(in):len(in)], coming...) {
		if seen[w.ID] {
			continue
		}
		seen[w.ID] = true
		state := webui.Badge{Kind: webui.Info, Text: say("登録済み", "entered")}
		if w.WithdrawnBy != "" {
			state = webui.Badge{Kind: webui.Off, Text: say("取消し", "withdrawn")}
		}
		when := span(w.From, w.Until)
		if probe.MonthOf(w.From) != m {
			year := w.From.In(resident.JST).Format("2006-")
			when = say(year+when.JA, year+when.EN)
		}
		t.Rows = append(t.Rows, []any{when, webui.Capital(w.Service.Name()), w.Why, webui.Code(w.By), state})
	}
	return t
}

func (p *availabilityPages) takeWindow(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	var v probe.Window
	read := func(err error) { _ = f.Take(err) } // what these refuse are plain.Problems
	switch name := f.Value("service"); name {
	case "":
		f.Bad("service", "対象を選んでください。", "Choose what will stand still.")
	case everything:
	default:
		service, err := probe.ParseService("service", name)
		v.Service = service
		read(err)
	}
	var err error
	v.From, err = readMoment("from", f.Value("from"))
	read(err)
	v.Until, err = readMoment("until", f.Value("until"))
	read(err)
	v.Why = f.Need("why", say("わけ", "why"))
	if f.OK() {
		err := p.o.PlanMaintenance(r.Context(), access.From(r.Context()), v)
		if err == nil {
			http.Redirect(w, r, p.ui.URL("/availability"), http.StatusSeeOther)
			return
		}
		if err = f.Take(err); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	status := http.StatusOK // shown again in the other language
	if len(f.Problems()) > 0 {
		status = http.StatusUnprocessableEntity
	}
	p.show(w, r, f, status)
}

func (p *availabilityPages) takeWithdrawal(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		p.ui.NotFound(w, r)
		return
	}
	if f.OK() {
		err = p.o.WithdrawMaintenance(r.Context(), access.From(r.Context()), id)
	}
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	http.Redirect(w, r, p.ui.URL("/availability"), http.StatusSeeOther)
}

// readMoment reads a moment in Japan.
func readMoment(field, text string) (time.Time, error) {
	t, err := time.ParseInLocation("2006-01-02T15:04", strings.Replace(text, " ", "T", 1), cert.JST)
	if err != nil {
		return t, plain.Bad(field, "日時は 2026-04-01 22:00 のように入力してください（日本時間）。", "Enter day and time as 2026-04-01 22:00, in Japan.")
	}
	return t, nil
}
