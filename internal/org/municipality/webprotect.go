package municipality

import (
	"context"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

var protectNav = webui.NavItem{Path: protection.Page, Name: both("支援措置", "Protected"), Act: access.ProtectPerson}

// protectScreens are the pages about protected persons.
type protectScreens struct {
	*screens
	all, measure, list, apply, person, asked, release *webui.Page
}

func (w *screens) mountProtection(mux *http.ServeMux) error {
	p := &protectScreens{screens: w}
	w.protect = p
	var err error
	for name, page := range map[string]**webui.Page{"protections": &p.all, "protection": &p.measure, "protection-list": &p.list, "protect": &p.apply, "protected": &p.person, "protection-asked": &p.asked,
		"protection-release": &p.release} {
		var common []string
		if name != "protection-asked" {
			common = []string{"documents"}
		}
		if *page, err = w.ui.Page(files, name, common...); err != nil {
			return err
		}
	}
	for pattern, page := range map[string]struct {
		act  access.Act
		show http.HandlerFunc
	}{
		"GET /protections":                            {access.ProtectPerson, p.showAll},
		"GET /protections/release/{release}":          {access.ProtectPerson, p.showRelease},
		"POST /protections/release/{release}":         {access.ReleaseProtection, p.decideRelease},
		"GET /protections/measure/{measure}":          {access.ProtectPerson, p.showMeasure},
		"GET /protections/measure/{measure}/asked":    {access.ProtectPerson, p.showAskedAbout},
		"POST /protections/measure/{measure}/decided": {access.ProtectPerson, p.decided},
		"POST /protections/measure/{measure}/renewed": {access.ProtectPerson, p.renewed},
		"POST /protections/measure/{measure}/end":     {access.AskRelease, p.listToEnd},
		"POST /protections/end":                       {access.AskRelease, p.listToEnd},
		"GET /protections/list/{list}":                {access.AskRelease, p.showList},
		"POST /protections/list/{list}":               {access.ReleaseProtection, p.applyList},
		"GET /resident/{person}/protect":              {access.ProtectPerson, p.showApply},
		"POST /resident/{person}/protect":             {access.ProtectPerson, p.doApply},
		"POST /resident/{person}/release":             {access.AskRelease, p.askRelease},
		"POST /resident/{person}/take-over":           {access.ProtectPerson, p.takeOver},
	} {
		mux.Handle(pattern, w.ui.Only(page.act, page.show))
	}
	return nil
}

// protectionsPage is the list of measures, and what waits for a second person.
type protectionsPage struct {
	*webui.Form
	Asked    []askedPart
	Measures webui.Table
	Lists    webui.Table
	Over     int // measures whose term is over
	Action   string
}

// askedPart is a request for a release.
type askedPart struct {
	Terms  []webui.Term
	Action string
	Mine   bool // of whoever looks: another has to grant it
	Two    bool // whoever grants it has checked too who has come
}

func (p *protectScreens) showAll(rw http.ResponseWriter, r *http.Request) {
	p.renderAll(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (p *protectScreens) renderAll(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	measures, err := p.o.Measures(r.Context())
	var asked []askedPart
	var lists []protection.List
	if err == nil {
		err = p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			if asked, err = p.askedParts(ctx, tx); err != nil {
				return err
			}
			lists, err = p.o.flags(tx).Lists(ctx)
			return err
		})
	}
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	page := protectionsPage{Form: f, Asked: asked, Action: p.ui.URL("/protections/end"), Measures: webui.Table{
		Caption: both("続いている支援措置（期限の早い順）", "Measures that hold, the earliest end first"),
		Columns: []webui.Column{{Name: both("措置番号", "Measure")}, {Name: both("状態", "State")}, {Name: both("期限", "Until")}, {Name: both("守られている人数", "Persons"), Right: true}, {Name: both("申出の日", "Applied")}},
		Empty:   webui.Empty{Text: both("続いている支援措置はありません。申出は、住民の画面の「支援措置の申出を受け付ける」から受け付けます。", "None holds. An application is taken on the page of the resident.")},
	}}
	today := resident.DateOf(p.o.Clock.Now())
	for _, m := range measures {
		if !m.Provisional && m.Until.Before(today) {
			page.Over++
		}
		page.Measures.Rows = append(page.Measures.Rows, []any{webui.Link{Href: p.measureURL(m.Number, ""), Text: webui.Code(m.Number)}, measureBadge(m.Measure, true, today),
			day(m.Until), int64(len(m.Members)), day(m.AppliedOn)})
	}
	page.Lists = webui.Table{Caption: both("終了の一覧（新しい順）", "Lists of measures to end, the newest first"),
		Columns: []webui.Column{{Name: both("一覧", "List")}, {Name: both("理由", "Reason")}, {Name: both("作った人", "Made by")}, {Name: both("作った時", "Made")}, {Name: both("状態", "State")}},
		Empty:   webui.Empty{Text: both("終了の一覧はありません。", "There is none.")}}
	for _, l := range lists {
		state := badge(webui.Warn, "適用待ち", "waits for a second person")
		if l.Applied() {
			state = badge(webui.Off, "適用済み", "applied")
		}
		page.Lists.Rows = append(page.Lists.Rows, []any{webui.Link{Href: p.listURL(l.ID), Text: webui.Code(listCase(l.ID))}, l.Reason, webui.Code(l.MadeBy), l.MadeAt, state})
	}
	p.ui.Render(rw, r, p.all, status, page)
}

// askedParts are the requests for a release that wait, each with what its asker has checked.
func (p *protectScreens) askedParts(ctx context.Context, tx *sqlstore.Tx) (parts []askedPart, err error) {
	asked, err := p.o.flags(tx).Asked(ctx)
	for _, a := range asked {
		one, err := p.askedPart(ctx, tx, a)
		if err != nil {
			return nil, err
		}
		parts = append(parts, one)
	}
	return parts, err
}

func (p *protectScreens) askedPart(ctx context.Context, tx *sqlstore.Tx, a protection.Release) (askedPart, error) {
	checks, err := identity.In(tx).ChecksOf(ctx, releaseCase(a.ID))
	if err != nil {
		return askedPart{}, err
	}
	alone, err := releasesAlone(ctx, p.o.in(tx), a.AskedAt)
	return askedPart{Action: p.ui.URL("/protections/release/" + strconv.FormatInt(a.ID, 10)), Mine: a.AskedBy == access.From(ctx).ID, Two: !alone, Terms: append([]webui.Term{
		{Label: both("だれの記録", "Whose record"), Value: webui.Link{Href: p.personURL(personNamed(a.Holder), ""), Text: webui.Code(a.Holder)}},
		{Label: both("目的", "For"), Value: purposeName(a.Purpose)},
		{Label: both("理由", "Reason"), Value: a.Reason},
		{Label: both("依頼した人", "Asked by"), Value: webui.Code(a.AskedBy)},
		{Label: both("依頼した時", "Asked"), Value: a.AskedAt},
	}, checkTerms(checks)...)}, err
}

// releasePage is a request for a release, of which whoever decides has checked too who has come.
type releasePage struct {
	*webui.Form
	askedPart
	Documents []webui.Choice
}

func (p *protectScreens) showRelease(rw http.ResponseWriter, r *http.Request) {
	p.renderRelease(rw, r, webui.NewForm(nil))
}

func (p *protectScreens) renderRelease(rw http.ResponseWriter, r *http.Request, f *webui.Form) {
	page := releasePage{Form: f, Documents: documentChoices()}
	found := false
	err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		asked, err := p.o.flags(tx).Asked(ctx)
		for _, a := range asked {
			if strconv.FormatInt(a.ID, 10) == r.PathValue("release") {
				found = true
				page.askedPart, err = p.askedPart(ctx, tx, a)
			}
		}
		return err
	})
	switch {
	case err != nil:
		p.ui.Fail(rw, r, err)
	case !found || !page.Two: // it is over, or is decided where it stands in the list
		p.renderAll(rw, r, statusOf(f), f)
	default:
		p.ui.Render(rw, r, p.release, statusOf(f), page)
	}
}

func (p *protectScreens) measureURL(number, more string) string {
	return p.ui.URL("/protections/measure/" + number + more)
}

func (p *protectScreens) listURL(id int64) string {
	return p.ui.URL("/protections/list/" + strconv.FormatInt(id, 10))
}

func purposeName(p protection.Purpose) plain.Sentence {
	if p == protection.Document {
		return both("一通の発行", "to issue one document")
	}
	return both("記録の閲覧と届出", "to see the record and file")
}

func measureBadge(m protection.Measure, running bool, today resident.Date) webui.Badge {
	switch {
	case !running:
		return badge(webui.Off, "終了", "ended")
	case m.Provisional:
		return badge(webui.Warn, "仮の措置", "provisional")
	case m.Until.Before(today):
		return badge(webui.Bad, "期限を過ぎて継続中", "goes on after its term")
	}
	return badge(webui.Info, "措置中", "in force")
}

// decideRelease grants or refuses a request.
func (p *protectScreens) decideRelease(rw http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if !relanguaged(f) {
		id, _ := strconv.ParseInt(r.PathValue("release"), 10, 64)
		err := p.o.DecideRelease(r.Context(), id, f.Value("step") == "grant", evidenceOf(f))
		if err = refused(f, err); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
		if len(f.Problems()) == 0 {
			http.Redirect(rw, r, p.ui.URL("/protections"), http.StatusSeeOther)
			return
		}
	}
	p.renderRelease(rw, r, f)
}

// measurePage is one measure.
type measurePage struct {
	*webui.Form
	Terms       []webui.Term
	Members     webui.Table
	Provisional bool
	Running     bool
	Comes       bool // it is ended on the word of somebody who has come
	Documents   []webui.Choice
	Action      string
}

func (p *protectScreens) showMeasure(rw http.ResponseWriter, r *http.Request) {
	p.renderMeasure(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (p *protectScreens) renderMeasure(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	var m protection.Measure
	var running bool
	err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		m, running, err = p.o.measure(ctx, p.o.in(tx), r.PathValue("measure"))
		return err
	})
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	page := measurePage{Form: f, Running: running, Provisional: m.Provisional, Comes: comesToEnd(m, resident.DateOf(p.o.Clock.Now())), Documents: documentChoices(), Action: p.measureURL(m.Number, ""), Terms: []webui.Term{
		{Label: both("措置番号", "Measure"), Value: webui.Code(m.Number)},
		{Label: both("状態", "State"), Value: measureBadge(m, running, resident.DateOf(p.o.Clock.Now()))},
		{Label: both("期限", "Until"), Value: day(m.Until)},
		{Label: both("申出の日", "Applied"), Value: day(m.AppliedOn)},
		{Label: both("受け付けた人", "Taken by"), Value: webui.Code(m.AppliedBy)},
		{Label: both("追跡番号", "Trace"), Value: p.traceLink(m.Trace)},
	}, Members: webui.Table{Caption: both("守られている人", "Who is protected"),
		Columns: []webui.Column{{Name: both("宛名番号", "Number")}, {Name: both("立場", "As")}}}}
	if m.TakenOver != "" { // not from whom: where she was is as dangerous as where she is, and no work of the measure needs it
		page.Terms = append(page.Terms, webui.Term{Label: both("引き継いだ措置", "Taken over"), Value: both("ほかの市区町村から", "from another municipality")})
	}
	for _, w := range m.Members {
		as := both("同伴者", "lives with the applicant")
		if w.Applicant {
			as = both("申出者", "applicant")
		}
		page.Members.Rows = append(page.Members.Rows, []any{webui.Link{Href: p.personURL(personNamed(w.Holder), ""), Text: webui.Code(w.Holder)}, as})
	}
	p.ui.Render(rw, r, p.measure, status, page)
}

func (p *protectScreens) decided(rw http.ResponseWriter, r *http.Request) {
	p.onMeasure(rw, r, p.o.Decided)
}
func (p *protectScreens) renewed(rw http.ResponseWriter, r *http.Request) {
	p.onMeasure(rw, r, p.o.Renewed)
}

func (p *protectScreens) onMeasure(rw http.ResponseWriter, r *http.Request, do func(context.Context, string) error) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	number := r.PathValue("measure")
	if !relanguaged(f) {
		if err := refused(f, do(r.Context(), number)); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
		if len(f.Problems()) == 0 {
			http.Redirect(rw, r, p.measureURL(number, ""), http.StatusSeeOther)
			return
		}
	}
	p.renderMeasure(rw, r, statusOf(f), f)
}

// statusOf is that of a form that is shown again.
func statusOf(f *webui.Form) int {
	if len(f.Problems()) > 0 {
		return http.StatusUnprocessableEntity
	}
	return http.StatusOK
}

// listToEnd makes the list of one measure, or of all whose term is over.
func (p *protectScreens) listToEnd(rw http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	measure := r.PathValue("measure")
	if !relanguaged(f) {
		id, err := p.o.ListToEnd(r.Context(), measure, f.Value("reason"), evidenceOf(f))
		if err == nil {
			http.Redirect(rw, r, p.listURL(id), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
	}
	if measure == "" {
		p.renderAll(rw, r, statusOf(f), f)
		return
	}
	p.renderMeasure(rw, r, statusOf(f), f)
}

// listPage is a list of flags to end.
type listPage struct {
	*webui.Form
	Terms          []webui.Term
	Lines          webui.Table
	Applied, Mine  bool
	Ended, Changed int
	Two            bool // whoever applies it has checked too who has come
	Documents      []webui.Choice
	Notices        []webui.Notice
	Action         string
}

func (p *protectScreens) showList(rw http.ResponseWriter, r *http.Request) {
	p.renderList(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (p *protectScreens) renderList(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	id, _ := strconv.ParseInt(r.PathValue("list"), 10, 64)
	var l protection.List
	var checks []identity.Check
	var found, alone bool
	err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if l, found, err = p.o.flags(tx).List(ctx, id); err != nil {
			return err
		}
		if checks, err = identity.In(tx).ChecksOf(ctx, listCase(id)); err == nil {
			alone, err = releasesAlone(ctx, p.o.in(tx), l.MadeAt)
		}
		return err
	})
	switch {
	case err != nil:
		p.ui.Fail(rw, r, err)
		return
	case !found:
		p.ui.NotFound(rw, r)
		return
	}
	page := listPage{Form: f, Two: len(checks) > 0 && !alone, Documents: documentChoices(), Applied: l.Applied(), Mine: l.MadeBy == access.From(r.Context()).ID, Action: p.listURL(l.ID), Terms: []webui.Term{
		{Label: both("理由", "Reason"), Value: l.Reason}, {Label: both("作った人", "Made by"), Value: webui.Code(l.MadeBy)}, {Label: both("作った時", "Made"), Value: l.MadeAt},
	}, Lines: webui.Table{Caption: both("一覧の行", "Lines"), Columns: []webui.Column{{Name: both("措置番号", "Measure")}, {Name: both("宛名番号", "Number")}, {Name: both("作った時の版", "Version then"), Right: true}, {Name: both("結果", "Outcome")}}}}
	page.Terms = append(page.Terms, checkTerms(checks)...)
	if l.Applied() {
		page.Terms = append(page.Terms, webui.Term{Label: both("適用した人", "Applied by"), Value: webui.Code(l.AppliedBy)}, webui.Term{Label: both("適用した時", "Applied"), Value: l.AppliedAt})
	}
	for _, v := range l.Lines {
		outcome := badge(webui.Wait, "適用待ち", "waits")
		switch v.Outcome {
		case "ended":
			outcome = badge(webui.Off, "終了した", "ended")
			page.Ended++
		case "changed":
			outcome = badge(webui.Warn, "取り置き（一覧の後に変わった）", "set aside: it has changed since")
			page.Changed++
		}
		page.Lines.Rows = append(page.Lines.Rows, []any{webui.Link{Href: p.measureURL(v.Measure, ""), Text: webui.Code(v.Measure)},
			webui.Link{Href: p.personURL(personNamed(v.Holder), ""), Text: webui.Code(v.Holder)}, uint64(v.Version), outcome})
	}
	if page.Changed > 0 {
		n := strconv.Itoa(page.Changed)
		page.Notices = []webui.Notice{{Kind: webui.Warn, Title: both(n+"行を取り置きました", "Lines set aside: "+n),
			Text: both("一覧を作った後に、再び設定されたか延長された方です。措置は続いています。今の措置を見て、必要なら新しい一覧を作ってください。", "These were set again or renewed after the list was made, and go on. Look at each, and make a new list if it is to end.")}}
	}
	p.ui.Render(rw, r, p.list, status, page)
}

func (p *protectScreens) applyList(rw http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	id, _ := strconv.ParseInt(r.PathValue("list"), 10, 64)
	if !relanguaged(f) {
		_, err := p.o.ApplyList(r.Context(), id, evidenceOf(f))
		if err = refused(f, err); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
		if len(f.Problems()) == 0 {
			http.Redirect(rw, r, p.listURL(id), http.StatusSeeOther)
			return
		}
	}
	p.renderList(rw, r, statusOf(f), f)
}

// readPlaces reads municipalities that an applicant names, a line each: by code, or by name as it stands in an address.
func (p *protectScreens) readPlaces(f *webui.Form, name string) (places []resident.MunicipalityCode) {
	for _, line := range placeLines(f.Value(name)) {
		code, err := resident.ParseMunicipalityCode(name, line)
		if err == nil {
			_, err = resident.Lookup(name, code, resident.DateOf(p.o.Clock.Now()))
		} else if m, found := municipalityNamed(line, resident.DateOf(p.o.Clock.Now())); found {
			code, err = m.Code, nil
		}
		if err != nil {
			f.Bad(name, "「"+line+"」という市区町村はありません。「長野県松本市」のように都道府県から書くか、6けたのコードを入力してください。",
				"There is no municipality “"+line+"”: write its name from the prefecture on, such as 長野県松本市, or its six digits.")
			continue
		}
		places = append(places, code)
	}
	return places
}

func municipalityNamed(name string, on resident.Date) (resident.Municipality, bool) {
	for _, m := range resident.Municipalities(on) {
		if m.FullName() == name {
			return m, true
		}
	}
	return resident.Municipality{}, false
}
