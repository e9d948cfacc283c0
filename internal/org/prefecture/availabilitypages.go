package prefecture

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/probe"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

var availabilityNav = webui.NavItem{Path: "/availability", Name: say("可用性", "Availability"), Act: access.ViewMessages}

// availabilityPages are the pages of what is probed from outside.
type availabilityPages struct {
	o    *Prefecture
	ui   *webui.UI
	page *webui.Page
}

func (o *Prefecture) mountAvailability(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &availabilityPages{o: o, ui: ui}
	if p.page, err = ui.Page(files, "availability"); err != nil {
		return err
	}
	mux.Handle("GET /availability", ui.Only(access.ViewMessages, func(w http.ResponseWriter, r *http.Request) { p.show(w, r, nil, http.StatusOK) }))
	mux.Handle("GET /availability.csv", ui.Only(access.ViewMessages, p.sendCSV))
	mux.Handle("POST /availability/maintenance", ui.Only(access.PlanMaintenance, p.takeWindow))
	mux.Handle("POST /availability/maintenance/{id}/withdraw", ui.Only(access.PlanMaintenance, p.takeWithdrawal))
	return nil
}

// availabilityPage is a month.
type availabilityPage struct {
	*webui.Form
	Notices  []webui.Notice
	Table    webui.Table
	CSV      webui.Link
	Calendar webui.Calendar
	Outages  webui.Table
	Windows  webui.Table
	Pending  []pendingWindow
	Known    bool // something is known, of this month or of one beside it
	May      bool
	Services []webui.Choice
	until    time.Time
}

// AsOf is up to which moment it is told.
func (p availabilityPage) AsOf() time.Time { return p.until }

// pendingWindow is one that can still be withdrawn.
type pendingWindow struct {
	Action string
	Text   plain.Sentence
}

// shown is what a page is made of.
type shown struct {
	report    probe.Report
	standings []probe.Standing
	coming    []probe.Window
	first     probe.Month // of which anything is known
	known     bool
}

func (p *availabilityPages) read(ctx context.Context, m probe.Month) (s shown, err error) {
	now := p.o.Clock.Now()
	err = p.o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if s.report, err = probe.ReportOf(ctx, tx, m, now); err != nil {
			return err
		}
		if s.standings, err = probe.Standings(ctx, tx); err != nil {
			return err
		}
		if s.coming, err = probe.Windows(ctx, tx, now, now.AddDate(2, 0, 0)); err != nil {
			return err
		}
		s.first, s.known, err = probe.First(ctx, tx)
		return err
	})
	return s, err
}

// monthOf is the month that is asked for; this one when none is.
func (p *availabilityPages) monthOf(r *http.Request) (m probe.Month, ok bool) {
	now := probe.MonthOf(p.o.Clock.Now())
	asked := r.URL.Query().Get("month")
	if asked == "" {
		return now, true
	}
	m, err := probe.ParseMonth("month", asked)
	return m, err == nil && !m.First.After(now.First)
}

func (p *availabilityPages) show(w http.ResponseWriter, r *http.Request, form *webui.Form, status int) {
	m, ok := p.monthOf(r)
	if !ok {
		p.ui.NotFound(w, r)
		return
	}
	s, err := p.read(r.Context(), m)
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if form == nil {
		form = webui.NewForm(nil)
	}
	page := availabilityPage{Form: form, Notices: p.notices(s), Table: monthTable(s.report), Outages: outageTable(s.report), Windows: windowTable(s.report.Month, s.coming, s.report.Windows),
		CSV:      webui.Link{Href: p.ui.URL("/availability.csv?month=" + m.String()), Text: say("この表をCSVで受け取る", "Take this table as CSV")},
		Calendar: p.calendar(s), until: s.report.Until,
		May: access.May(access.From(r.Context()), access.PlanMaintenance, p.o.Self.Role()) == nil}
	page.Known = len(page.Table.Rows) > 0 || page.Calendar.Before != nil || page.Calendar.After != nil
	for _, service := range append([]probe.Service{""}, probe.Services...) {
		page.Services = append(page.Services, webui.Choice{Value: serviceValue(service), Name: webui.Capital(service.Name())})
	}
	if page.May {
		for _, v := range s.coming {
			if v.WithdrawnBy == "" && v.From.After(p.o.Clock.Now()) {
				page.Pending = append(page.Pending, pendingWindow{p.ui.URL("/availability/maintenance/" + strconv.FormatInt(v.ID, 10) + "/withdraw"), windowName(v)})
			}
		}
	}
	p.ui.Render(w, r, p.page, status, page)
}

// everything is the value of the choice that names no service.
const everything = "all"

func serviceValue(s probe.Service) string {
	if s == "" {
		return everything
	}
	return string(s)
}

// notices say what is not probed, what fails now, and what is not measured.
func (p *availabilityPages) notices(s shown) (all []webui.Notice) {
	probed := map[probe.Service]bool{}
	for _, t := range p.o.probes.Targets() {
		probed[t.Service] = true
	}
	switch {
	case len(probed) == 0:
		all = append(all, webui.Notice{Kind: webui.Info, Title: say("外部監視は行っていません", "Nothing is probed from outside"),
			Text: say("尋ねる先がありません。失効情報提供センターがだれにでも答える番地も、委任した認証局も、この団体は知りません。測っていないものは、使えたことにはしません。",
				"There is nobody to ask: this organisation knows neither an address at which the validation authority answers everybody, nor a CA that it has delegated. What is not measured is not counted as available.")})
	case !probed[probe.OCSP]:
		all = append(all, webui.Notice{Kind: webui.Info, Title: say("失効の問合せと失効リストは測っていません", "OCSP and the lists are not probed"),
			Text: say("失効情報提供センターは、届け出た署名検証者だけに答えます（公的個人認証法第18条）。外から尋ねる番地がありません。",
				"The validation authority answers only verifiers that have filed (JPKI Act, art. 18): there is no address to be asked from outside.")})
	}
	for _, v := range s.standings {
		if v.InRow == 0 || !slices.Contains(p.o.probes.Targets(), v.Target) {
			continue // it stands, or it was probed once and is not any more
		}
		name, why := v.Target.Name(), v.Reason.Words()
		all = append(all, webui.Notice{Kind: webui.Bad, Title: say(name.JA+"が使えません", webui.Capital(name).EN+": cannot be used"),
			Text: say(fmt.Sprintf("続けて%d回失敗しました。わけ: %s。", v.InRow, why.JA), fmt.Sprintf("Failed %d times in a row: %s.", v.InRow, why.EN))})
	}
	for _, t := range s.report.Targets {
		if t.Gone {
			all = append(all, webui.Notice{Kind: webui.Info, Title: say("分ごとの記録は残っていません", "The minutes are gone"),
				Text: say("13か月を過ぎたため、月の数値だけが残っています。", "After 13 months only the figures of the month are kept.")})
			break
		}
	}
	return all
}

// monthTable is the month of each target.
func monthTable(r probe.Report) webui.Table {
	t := webui.Table{
		Caption: say(fmt.Sprintf("%d年%d月の可用性", r.Month.First.Year(), int(r.Month.First.Month())), fmt.Sprintf("Availability of %s %d", r.Month.First.Month(), r.Month.First.Year())),
		Columns: []webui.Column{{Name: say("対象", "What")}, {Name: say("可用性", "Availability"), Right: true}, {Name: say("計画除外", "Net"), Right: true},
			{Name: say("測定率", "Measured"), Right: true}, {Name: say("停止", "Outages"), Right: true}, {Name: say("最も長い停止", "Longest outage")},
			{Name: say("中央値", "Median"), Right: true}, {Name: say("99%値", "99th percentile"), Right: true}},
		Empty: webui.Empty{Text: say("この月に測定したものはありません。", "Nothing was measured in this month.")},
	}
	for _, one := range r.Targets {
		var longest any
		if one.Outages > 0 {
			longest = span(one.Longest.From, one.Longest.Until)
		}
		f := one.Figures
		t.Rows = append(t.Rows, []any{webui.Capital(one.Target.Name()), percent(f.Availability()), percent(f.Unplanned()), percent(f.Coverage()), f.Outages, longest, tookOrNone(f.P50), tookOrNone(f.P99)})
	}
	return t
}

func percent(s probe.Share, ok bool) any {
	if !ok {
		return nil
	}
	return s.String() + "%"
}

func tookOrNone(d time.Duration) any {
	if d == 0 {
		return nil
	}
	return d
}

// span is a time within a month; a zero end goes on.
func span(from, until time.Time) plain.Sentence {
	a := from.In(resident.JST).Format("01-02 15:04")
	if until.IsZero() {
		return say(a+" から続いている", "since "+a)
	}
	b := until.In(resident.JST)
	end := b.Format("01-02 15:04")
	if resident.DateOf(from) == resident.DateOf(until) {
		end = b.Format("15:04")
	}
	return say(a+"〜"+end, a+" to "+end)
}

// calendar shows each day, by colour and by words, worst of the two profiles' services together.
func (p *availabilityPages) calendar(s shown) webui.Calendar {
	m := s.report.Month
	name := strings.TrimSuffix(m.First.Wareki(), "1日")
	v := webui.Calendar{Caption: say(fmt.Sprintf("%sの日々（%d年）", name, m.First.Year()), fmt.Sprintf("The days of %s %d", m.First.Month(), m.First.Year())), Legend: availabilityLegend}
	if s.known && s.first.First.Before(m.First) {
		v.Before = &webui.Link{Href: p.ui.URL("/availability?month=" + m.Before().String()), Text: say("前の月", "Month before")}
	}
	now := p.o.Clock.Now()
	if !m.Next().Start().After(now) {
		v.After = &webui.Link{Href: p.ui.URL("/availability?month=" + m.Next().String()), Text: say("次の月", "Month after")}
	}
	days := map[resident.Date]map[probe.Service]probe.Day{}
	for _, t := range s.report.Targets {
		for _, d := range t.Days {
			if days[d.Day] == nil {
				days[d.Day] = map[probe.Service]probe.Day{}
			}
			sum := days[d.Day][t.Target.Service]
			sum.Minutes, sum.OK, sum.Failed, sum.Planned = sum.Minutes+d.Minutes, sum.OK+d.OK, sum.Failed+d.Failed, sum.Planned+d.Planned
			days[d.Day][t.Target.Service] = sum
		}
	}
	column := (int(m.Start().In(resident.JST).Weekday()) + 6) % 7 // Monday is the first
	var week [7]webui.CalendarDay
	for d := m.First; d.Before(m.Next().First); d = d.AddDays(1) {
		cell := webui.CalendarDay{Day: d.Day(), Today: d == resident.DateOf(now)}
		for _, service := range probe.Services {
			if sum, ok := days[d][service]; ok {
				cell.Marks = append(cell.Marks, webui.CalendarMark{Badge: dayBadge(service, sum), Letter: letters[service]})
			}
		}
		week[column] = cell
		if column++; column == 7 {
			v.Weeks, week, column = append(v.Weeks, week), [7]webui.CalendarDay{}, 0
		}
	}
	if column > 0 {
		v.Weeks = append(v.Weeks, week)
	}
	return v
}

var letters = map[probe.Service]plain.Sentence{probe.Issuance: say("発", "I"), probe.OCSP: say("問", "O"), probe.CRL: say("リ", "L")}

var shortNames = map[probe.Service]plain.Sentence{probe.Issuance: say("発行", "Issuance"), probe.OCSP: say("問合せ", "OCSP"), probe.CRL: say("リスト", "List")}

var availabilityLegend = []webui.CalendarMark{
	{Badge: webui.Badge{Kind: webui.OK, Text: say("止まらなかった", "no outage")}},
	{Badge: webui.Badge{Kind: webui.Info, Text: say("計画停止だけ", "only as planned")}},
	{Badge: webui.Badge{Kind: webui.Warn, Text: say("止まった（99%以上使えた）", "outages, 99% or more")}},
	{Badge: webui.Badge{Kind: webui.Bad, Text: say("止まった（99%未満）", "outages, below 99%")}},
	{Badge: webui.Badge{Kind: webui.Off, Text: say("測定なし、一部だけ測定", "not measured, or in part")}},
}

// dayBadge is how a service stood on a day.
func dayBadge(service probe.Service, d probe.Day) webui.Badge {
	name := shortNames[service]
	share, measured := probe.Figures{OK: d.OK, Failed: d.Failed}.Availability()
	text := share.String()
	b := webui.Badge{Kind: webui.OK, Text: say(name.JA+" "+text+"%", name.EN+" "+text+"%")}
	switch {
	case !measured:
		return webui.Badge{Kind: webui.Off, Text: say(name.JA+" 測定なし", name.EN+" not measured")}
	case d.Failed == 0 && (d.OK+d.Failed)*100 < d.Minutes*99: // what nobody knows is never available
		return webui.Badge{Kind: webui.Off, Text: say(name.JA+" 一部だけ測定", name.EN+" measured in part")}
	case d.Failed == 0:
	case d.Failed == d.Planned:
		b.Kind = webui.Info
	case share >= 99_000:
		b.Kind = webui.Warn
	default:
		b.Kind = webui.Bad
	}
	return b
}

// mostShown is how many outages a page lists, the latest of each target.
const mostShown = 100

func outageTable(r probe.Report) webui.Table {
	t := webui.Table{
		Caption: say("停止", "Outages"),
		Columns: []webui.Column{{Name: say("対象", "What")}, {Name: say("いつ", "When")}, {Name: say("失敗した分", "Minutes failed"), Right: true},
			{Name: say("測れなかった分", "Not measured"), Right: true}, {Name: say("わけ", "Reason")}, {Name: say("計画停止", "Planned")}},
		Empty: webui.Empty{Text: say("停止は見つかっていません。", "No outage was found.")},
	}
	for _, one := range r.Targets {
		for _, o := range one.Outage[max(0, len(one.Outage)-mostShown):] {
			when, why := span(o.From, o.Until), o.Reason.Words()
			if o.Before {
				when = say("前の月から "+when.JA, "from the month before, "+when.EN)
			}
			if o.Others {
				why = say(why.JA+"、ほか", why.EN+", and others")
			}
			var planned any
			switch {
			case o.Planned == o.Failed && o.Failed > 0:
				planned = webui.Badge{Kind: webui.Info, Text: say("計画どおり", "as planned")}
			case o.Planned > 0:
				planned = webui.Badge{Kind: webui.Warn, Text: say(fmt.Sprintf("うち%d分", o.Planned), fmt.Sprintf("%d min of it", o.Planned))}
			}
			t.Rows = append(t.Rows, []any{webui.Capital(one.Target.Name()), when, o.Failed, o.Unmeasured, why, planned})
		}
	}
	return t
}

// sendCSV sends the lines of a month. The columns are those of AvailabilityLine. What leaves the house is written down, as elsewhere.
func (p *availabilityPages) sendCSV(w http.ResponseWriter, r *http.Request) {
	m, ok := p.monthOf(r)
	if !ok {
		p.ui.NotFound(w, r)
		return
	}
	report, err := p.o.Availability(r.Context(), m)
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if err := p.o.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: "availability.csv", Detail: m.String()})
		return nil
	}); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	line := reflect.TypeFor[AvailabilityLine]()
	var head []string
	for i := range line.NumField() {
		head = append(head, line.Field(i).Tag.Get("json"))
	}
	rows := [][]string{head}
	for _, t := range report.Targets {
		v := reflect.ValueOf(lineOf(t, m))
		var row []string
		for i := range v.NumField() {
			row = append(row, cellOf(v.Field(i).Interface()))
		}
		rows = append(rows, row)
	}
	webui.SendCSV(w, "availability-"+m.String()+".csv", rows)
}

func cellOf(v any) string {
	if t, ok := v.(*time.Time); ok {
		if t == nil {
			return ""
		}
		return t.Format(time.RFC3339)
	}
	return fmt.Sprint(v)
}
