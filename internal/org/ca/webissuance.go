package ca

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// issuanceNav leads to the statistics. They name nobody, and are public as the tables of the sources were.
var issuanceNav = webui.NavItem{Path: "/issuance", Name: say("発行状況の統計", "Statistics")}

// issuancePage is the data of the page: the table of the sources, 電子証明書の発行状況, and a map of it.
type issuancePage struct {
	*webui.Form
	Notices             []webui.Notice
	Sums                []webui.Term
	Map                 webui.TileMap
	Prefectures, Places webui.Table
	CSV                 string // empty: the day is no day
}

func (s *screens) mountIssuance(mux *http.ServeMux) error {
	page, err := s.ui.Page(files, "issuance")
	if err != nil {
		return err
	}
	mux.HandleFunc("GET /issuance", func(w http.ResponseWriter, r *http.Request) { s.showIssuance(w, r, page) })
	mux.HandleFunc("GET /issuance.csv", s.sendIssuance)
	return nil
}

// dayOf reads which day is asked for; today when none is.
func (s *screens) dayOf(r *http.Request) (*webui.Form, resident.Date) {
	today := resident.DateOf(s.o.Clock.Now())
	text := cmp.Or(r.URL.Query().Get("as-of"), today.String())
	form := webui.NewForm(map[string]string{"as-of": text})
	day, err := resident.ParseDate("as-of", text)
	_ = form.Take(err) // it refuses with plain.Problems alone
	if form.OK() && day.After(today) {
		form.Bad("as-of", "これから来る日です。今日までの日を入力してください。", "That day is still to come: enter today or a day before.")
	}
	return form, day
}

func (s *screens) showIssuance(w http.ResponseWriter, r *http.Request, page *webui.Page) {
	form, day := s.dayOf(r)
	if !form.OK() {
		s.ui.Render(w, r, page, http.StatusUnprocessableEntity, issuancePage{Form: form})
		return
	}
	c, err := s.counts.of(r.Context(), day)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	s.ui.Render(w, r, page, http.StatusOK, s.issuance(form, day, c))
}

func (s *screens) issuance(form *webui.Form, day resident.Date, c issuanceCount) issuancePage {
	rows, total := c.rows, c.total
	p := issuancePage{Form: form, CSV: s.ui.URL("/issuance.csv") + "?as-of=" + day.String(),
		Sums: []webui.Term{{Label: say("現在", "As of"), Value: webui.Day(day.Start())}, {Label: say("数えた時刻", "Counted at"), Value: c.at}, {Label: say("発行した枚数", "Certificates issued"), Value: total.Issued()},
			{Label: say("うち署名用", "Of these for signatures"), Value: total.Signature}, {Label: say("うち利用者証明用", "Of these for authentication"), Value: total.Authentication},
			{Label: say("その日の終わりに有効", "Valid at the end of that day"), Value: total.Valid}, {Label: say("それまでに失効", "Revoked by then"), Value: total.Revoked}},
		Map: webui.TileMap{Caption: say("都道府県の地図", "Map of the prefectures"), Unit: say("枚", "certificates"), Figures: map[resident.PrefectureCode]int64{}}}
	if n := total.Unreadable; n > 0 {
		p.Notices = []webui.Notice{{Kind: webui.Bad, Title: say(fmt.Sprintf("読めない記録が%d件あります", n), fmt.Sprintf("%d records cannot be read", n)),
			Text: say("市区町村、種別または失効の事由が読めず、下の数に入っていません。控えと比べてください。",
				"Their municipality, kind or reason cannot be read, and they are in none of the figures below: compare them with the backup.")}}
	}
	empty := webui.Empty{Text: say("この日までに発行したものはありません。", "Nothing had been issued by that day.")}
	columns := []webui.Column{{Name: say("枚数", "Issued"), Right: true}, {Name: say("署名用", "Signature"), Right: true},
		{Name: say("利用者証明用", "Authentication"), Right: true}, {Name: say("有効", "Valid"), Right: true}, {Name: say("失効", "Revoked"), Right: true}}
	p.Prefectures = webui.Table{Caption: say("都道府県ごと", "By prefecture"), Columns: append([]webui.Column{{Name: say("都道府県", "Prefecture")}}, columns...), Empty: empty}
	p.Places = webui.Table{Caption: say("市区町村ごと（枚数の多い順）", "By municipality, the most first"),
		Columns: append([]webui.Column{{Name: say("市区町村", "Municipality")}}, columns...), Empty: empty}
	cells := func(name plain.Sentence, r IssuanceRow) []any {
		return []any{name, r.Issued(), r.Signature, r.Authentication, r.Valid, r.Revoked}
	}
	for _, code := range s.o.served() {
		p.Map.Figures[code] = 0
	}
	for _, pref := range byPrefecture(rows) {
		code := pref.Municipality.Prefecture()
		p.Map.Figures[code] = pref.Issued()
		p.Prefectures.Rows = append(p.Prefectures.Rows, cells(prefectureName(code), pref))
	}
	byNumber := slices.Clone(rows)
	slices.SortStableFunc(byNumber, func(a, b IssuanceRow) int { return cmp.Compare(b.Issued(), a.Issued()) })
	for _, row := range byNumber {
		p.Places.Rows = append(p.Places.Rows, cells(s.place(row.Municipality), row))
	}
	return p
}

// prefectureName has the code before it where the map has room for that alone.
func prefectureName(code resident.PrefectureCode) plain.Sentence {
	p, _ := resident.PrefectureOf(code)
	return say(p.Name, code.String()+" "+p.Romaji())
}

// byPrefecture adds up the rows of each prefecture, by code; the municipality is the prefecture's own code.
func byPrefecture(rows []IssuanceRow) (all []IssuanceRow) {
	for _, r := range rows {
		code := r.Municipality.Prefecture().Body()
		if len(all) == 0 || all[len(all)-1].Municipality != code {
			all = append(all, IssuanceRow{Municipality: code})
		}
		sum := &all[len(all)-1]
		sum.Signature, sum.Authentication = sum.Signature+r.Signature, sum.Authentication+r.Authentication
		sum.Revoked, sum.Valid = sum.Revoked+r.Revoked, sum.Valid+r.Valid
	}
	return all
}

// sendIssuance sends the table by municipality.
func (s *screens) sendIssuance(w http.ResponseWriter, r *http.Request) {
	form, day := s.dayOf(r)
	if !form.OK() {
		s.ui.Fail(w, r, form.Problems())
		return
	}
	c, err := s.counts.of(r.Context(), day)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	table := [][]string{{"現在 (as of)", "都道府県 (prefecture)", "市区町村コード (municipality code)", "市区町村 (municipality)", "枚数 (issued)",
		"署名用 (signature)", "利用者証明用 (authentication)", "有効 (valid)", "失効 (revoked)"}}
	number := func(n int64) string { return strconv.FormatInt(n, 10) }
	for _, row := range c.rows {
		table = append(table, []string{day.String(), prefectureName(row.Municipality.Prefecture()).JA, row.Municipality.String(), nameIn(row.Municipality, day),
			number(row.Issued()), number(row.Signature), number(row.Authentication), number(row.Valid), number(row.Revoked)})
	}
	webui.SendCSV(w, "issuance-"+day.String()+".csv", table)
}

// nameIn is what a municipality was called on a day, without its prefecture; its code when it was none.
func nameIn(code resident.MunicipalityCode, day resident.Date) string {
	m, err := resident.Lookup("municipality", code, day)
	if err != nil {
		return code.String()
	}
	return m.City + m.Name
}
