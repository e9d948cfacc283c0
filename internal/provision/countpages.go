package provision

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

type countsPage struct {
	*webui.Form
	Period      plain.Sentence
	CSV         string
	Map         webui.TileMap
	Uses        webui.Table
	Prefectures webui.Table
	Places      webui.Table
	Searches    webui.Table
}

// period reads the fields from and to; without them it is the business year so far.
func (p *pages) period(r *http.Request) (f *webui.Form, from, to resident.Date) {
	f = webui.NewForm(map[string]string{"from": r.URL.Query().Get("from"), "to": r.URL.Query().Get("to")})
	from, to = date(f, "from"), date(f, "to")
	year, end := FiscalYear(p.today())
	if !from.Valid() {
		from = year
	}
	if !to.Valid() {
		to = end
	}
	if to.Before(from) {
		f.Bad("to", "終わりの日は、始まりの日以後にしてください。", "The last day must not come before the first.")
	}
	return f, from, to
}

func (p *pages) count(ctx context.Context, from, to resident.Date) (s Statistics, err error) {
	err = p.view(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		s, err = Count(ctx, tx, from, to)
		return err
	})
	return s, err
}

func (p *pages) showCounts(w http.ResponseWriter, r *http.Request) {
	f, from, to := p.period(r)
	s, err := p.count(r.Context(), from, to)
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	status := http.StatusOK
	if !f.OK() {
		status = http.StatusUnprocessableEntity
	}
	p.ui.Render(w, r, p.counts, status, p.countsOf(f, s))
}

func (p *pages) countsOf(f *webui.Form, s Statistics) countsPage {
	times := say("件", "provisions")
	page := countsPage{Form: f, Period: periodWords(s.From, s.To), CSV: p.ui.URL("/provision/provision.csv?from=" + s.From.String() + "&to=" + s.To.String()),
		Map:  webui.TileMap{Caption: say("提供の件数の地図", "Map of provisions"), Unit: times, Figures: s.ByPrefecture(0)},
		Uses: webui.Table{Caption: say("事務ごとの提供", "Provisions by use"), Columns: []webui.Column{{Name: say("事務", "Work")}, {Name: say("機関", "Body")}, {Name: say("根拠", "Law")}, {Name: say("件数", "Number"), Right: true}}, Empty: nothing},
		Prefectures: webui.Table{Caption: say("都道府県ごとの提供", "Provisions by prefecture"), Columns: []webui.Column{{Name: say("都道府県", "Prefecture")}, {Name: say("件数", "Number"), Right: true}},
			Empty: nothing},
		Places: webui.Table{Caption: say("市区町村ごとの提供", "Provisions by municipality"), Columns: []webui.Column{{Name: say("市区町村", "Municipality")}, {Name: say("コード", "Code")}, {Name: say("事務", "Work")},
			{Name: say("件数", "Number"), Right: true}}, Empty: nothing},
		Searches: webui.Table{Caption: say("目的ごとの照会", "Searches by purpose"), Columns: []webui.Column{{Name: say("目的", "Purpose")}, {Name: say("照会", "Searches"), Right: true}, {Name: say("表示した記録", "Records shown"), Right: true}},
			Empty: webui.Empty{Text: say("この期間に照会はありません。", "There was no search in this period.")}},
	}
	if self := p.o.Host.Self; self.Role() == message.Prefecture {
		if code, err := strconv.Atoi(self.Code()); err == nil {
			page.Map.Own = resident.PrefectureCode(code)
			page.Map.Figures[page.Map.Own] += 0
		}
	} else {
		for _, one := range resident.Prefectures() {
			page.Map.Figures[one.Code] += 0
		}
	}
	sums := map[uint64]int64{}
	for _, c := range s.Rows {
		sums[c.Use] += c.N
		page.Places.Rows = append(page.Places.Rows, []any{p.placeName(c.Municipality), webui.Code(c.Municipality), s.nameOf(c.Use), c.N})
	}
	for number, u := range s.Uses {
		page.Uses.Rows = append(page.Uses.Rows, []any{webui.Link{Href: p.ui.URL(fmt.Sprintf("/uses/%d", number)), Text: u.Name}, u.Body, u.Law, sums[number]})
	}
	slices.SortFunc(page.Uses.Rows, func(a, b []any) int { return cmp.Compare(b[3].(int64), a[3].(int64)) })
	for _, one := range resident.Prefectures() {
		if n, there := page.Map.Figures[one.Code]; there {
			page.Prefectures.Rows = append(page.Prefectures.Rows, []any{say(one.Name, one.Romaji()), n})
		}
	}
	for _, c := range s.Searches {
		page.Searches.Rows = append(page.Searches.Rows, []any{c.Purpose.Name(), c.N, c.Shown})
	}
	return page
}

var nothing = webui.Empty{Text: say("この期間に提供はありません。", "Nothing was given in this period.")}

func periodWords(from, to resident.Date) plain.Sentence {
	return say(from.Wareki()+"から"+to.Wareki()+"まで", from.String()+" to "+to.String())
}

// nameOf is a use's name; its number when the row is gone.
func (s Statistics) nameOf(number uint64) string {
	if u, there := s.Uses[number]; there {
		return u.Name
	}
	return fmt.Sprintf("use-%d", number)
}

func (p *pages) placeName(code string) plain.Sentence {
	if c, err := resident.ParseMunicipalityCode("municipality", code); err == nil {
		if m, err := resident.Lookup("municipality", c, p.today()); err == nil {
			return say(m.FullName(), m.Romaji())
		}
	}
	return say(code, code)
}

// sendCounts sends the same as a file, a line for each use and municipality.
func (p *pages) sendCounts(w http.ResponseWriter, r *http.Request) {
	f, from, to := p.period(r)
	if !f.OK() {
		p.ui.Fail(w, r, f.Problems())
		return
	}
	var s Statistics
	if err := p.o.Host.Store.Update(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		s, err = Count(ctx, tx, from, to)
		// What leaves the house is written down, as elsewhere.
		auditlog.Write(tx, auditlog.Entry{Actor: access.From(ctx).ID, Act: auditlog.ActLook, Subject: "provision.csv", Detail: from.String() + " to " + to.String()})
		return err
	}); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	rows := [][]string{{"期間 (from)", "期間 (to)", "事務の番号 (use)", "事務 (work)", "機関 (body)", "根拠 (law)", "都道府県 (prefecture)", "市区町村コード (municipality code)", "市区町村 (municipality)", "件数 (provisions)"}}
	for _, c := range s.Rows {
		prefecture := ""
		if code, err := resident.ParseMunicipalityCode("municipality", c.Municipality); err == nil {
			if one, there := resident.PrefectureOf(code.Prefecture()); there {
				prefecture = one.Name
			}
		}
		u := s.Uses[c.Use]
		rows = append(rows, []string{from.String(), to.String(), strconv.FormatUint(c.Use, 10), webui.Inert(s.nameOf(c.Use)), webui.Inert(u.Body), webui.Inert(u.Law), prefecture,
			c.Municipality, p.placeName(c.Municipality).JA, strconv.FormatInt(c.N, 10)})
	}
	webui.SendCSV(w, "provision-"+from.String()+"-"+to.String()+".csv", rows)
}

type publishedPage struct {
	Period plain.Sentence
	Tables []webui.Table
	Empty  webui.Empty
}

// showPublished is the page that anybody may see: the business year before, and the one so far.
func (p *pages) showPublished(w http.ResponseWriter, r *http.Request) {
	year, end := FiscalYear(p.today())
	before, _ := FiscalYear(year.AddDays(-1))
	s, err := p.count(r.Context(), before, year.AddDays(-1))
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	now, err := p.count(r.Context(), year, end)
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := publishedPage{}
	for _, one := range []Statistics{now, s} {
		t := webui.Table{Caption: plain.Sentence{JA: periodWords(one.From, one.To).JA + "の提供", EN: "Provisions from " + periodWords(one.From, one.To).EN},
			Columns: []webui.Column{{Name: say("事務", "Work")}, {Name: say("機関", "Body")}, {Name: say("根拠", "Law")}, {Name: say("地域", "Area")}, {Name: say("件数", "Number"), Right: true}}, Empty: nothing}
		for _, u := range one.Publish(p.area) {
			what := one.Uses[u.Use]
			t.Rows = append(t.Rows, []any{one.nameOf(u.Use), what.Body, what.Law, say("計", "All"), totalOf(u)})
			areas := make([]string, 0, len(u.Areas))
			for a := range u.Areas {
				areas = append(areas, a)
			}
			slices.Sort(areas)
			for _, a := range areas {
				t.Rows = append(t.Rows, []any{one.nameOf(u.Use), nil, nil, p.areaName(a), published(u.Areas[a])})
			}
		}
		page.Tables = append(page.Tables, t)
	}
	p.ui.Render(w, r, p.published, http.StatusOK, page)
}

// area is what a municipality is published under: itself in its prefecture, its prefecture in the country.
func (p *pages) area(municipality string) string {
	if code, err := resident.ParseMunicipalityCode("municipality", municipality); err == nil && p.o.Host.Self.Role() == message.NationalCenter {
		return code.Prefecture().String()
	}
	return municipality
}

func (p *pages) areaName(area string) plain.Sentence {
	if n, err := strconv.Atoi(area); err == nil && len(area) == 2 {
		if one, there := resident.PrefectureOf(resident.PrefectureCode(n)); there {
			return say(one.Name, one.Romaji())
		}
	}
	return p.placeName(area)
}

func published(n int64) any {
	if n == hidden {
		return say("公表しない（1〜9）", "not published (1 to 9)")
	}
	return n
}

func totalOf(u Published) any {
	if u.Least == u.Most {
		return u.Most
	}
	from, to := strconv.FormatInt(u.Least, 10), strconv.FormatInt(u.Most, 10)
	return say(from+"〜"+to, from+" to "+to)
}
