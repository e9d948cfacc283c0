package municipality

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// townsPage is the master, what is proposed for it, and the renamings that are not over.
type townsPage struct {
	*webui.Form
	Notice                            webui.Notice
	Wards                             []webui.Choice // of a designated city
	Query                             string
	Action                            string
	Master                            *webui.Table // nil: there is none
	Open                              []openRename
	Changes                           webui.Table
	More                              bool // open ones that are not shown here
	Rename, Add, End, File, Past, All string
}

// openRename is one that waits for a decision, for its day, or for its last record.
type openRename struct {
	Name            plain.Sentence
	Terms           []webui.Term
	Confirm, Drop   bool
	ConfirmAt, Here string
}

const (
	townsShown = 50  // rows of a page
	openShown  = 100 // of what is not over; the rest stands on the pages of everything
)

// bodiesHere are the municipality, or the wards of a designated city.
func (w *screens) bodiesHere() []resident.Municipality {
	today := resident.DateOf(w.o.Clock.Now())
	self, err := resident.Lookup("municipality", w.o.code, today)
	if err != nil {
		return nil
	}
	if wards := w.o.wards(self, today); len(wards) > 0 {
		return wards
	}
	return []resident.Municipality{self}
}

// whose is the municipality or ward that a page is about.
func (w *screens) whose(code string) (resident.Municipality, bool) {
	for _, m := range w.bodiesHere() {
		if m.Code.String() == code || code == "" {
			return m, true
		}
	}
	return resident.Municipality{}, false
}

func (w *screens) wardsOf() (cs []webui.Choice) {
	all := w.bodiesHere()
	if len(all) < 2 {
		return nil
	}
	for _, ward := range all {
		cs = append(cs, webui.Choice{Value: ward.Code.String(), Name: both(ward.Name, ward.Romaji())})
	}
	return cs
}

// pageOf is the page that an address asks for, from 1.
func pageOf(r *http.Request) int {
	n, err := strconv.Atoi(r.URL.Query().Get("page"))
	if err != nil {
		return 1
	}
	return min(max(1, n), 1_000_000)
}

// pages leads through a list of so many rows; nil when they are all shown.
func pages(path string, at int, total int64) *webui.Pages {
	last := int((total + townsShown - 1) / townsShown)
	if last <= 1 {
		return nil
	}
	return &webui.Pages{Path: path, At: min(at, last), Last: last}
}

func (w *screens) showTowns(rw http.ResponseWriter, r *http.Request) {
	of, known := w.whose(r.URL.Query().Get("municipality"))
	if !known {
		w.ui.NotFound(rw, r)
		return
	}
	q := r.URL.Query().Get("q")
	p := townsPage{Form: webui.NewForm(map[string]string{"municipality": of.Code.String()}), Query: q, Wards: w.wardsOf(), Action: w.ui.URL("/towns"), Rename: w.ui.URL("/towns/rename"),
		Add: w.ui.URL("/towns/add"), End: w.ui.URL("/towns/end"), File: w.ui.URL("/towns/import"), Past: w.ui.URL("/towns/renamings"), All: w.ui.URL("/towns/changes")}
	var renames []store.Rename
	var changes []store.TownChange
	var towns []store.Town
	var ids []string
	var total int64
	var keeps bool
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := w.o.in(raw)
		if renames, err = tx.OpenRenames(ctx, openShown); err != nil {
			return err
		}
		if changes, err = tx.OpenTownChanges(ctx, openShown); err != nil {
			return err
		}
		if keeps, err = tx.KeepsTowns(ctx, of.Code); err != nil || !keeps {
			return err
		}
		if ids, total, err = tx.FindTowns(ctx, of.Code, q, (pageOf(r)-1)*townsShown, townsShown); err != nil {
			return err
		}
		for _, id := range ids {
			rows, err := tx.TownByID(ctx, of.Code, id)
			if err != nil {
				return err
			}
			towns = append(towns, rows...)
		}
		return nil
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if keeps {
		p.Master = w.masterTable(of, ids, towns)
		p.Master.Pages = pages(w.ui.URL("/towns")+"?"+url.Values{"q": {q}, "municipality": {of.Code.String()}}.Encode(), pageOf(r), total)
	} else {
		p.Notice = webui.Notice{Kind: webui.Warn, Title: both("町字マスターがありません", "There is no master of towns"),
			Text: both("このため、入力や取込みの住所が実在の町字かどうかは確かめていません。アドレス・ベース・レジストリの町字マスターのCSVを取り込むと、確かめるようになります。",
				"So nothing checks whether an address that is typed or imported is in a town that exists. Read in the CSV of the Address Base Registry, and it will be checked.")}
	}
	for _, one := range renames {
		p.Open = append(p.Open, w.openRename(r.Context(), one))
	}
	p.More = len(renames) == openShown || len(changes) == openShown
	p.Changes = w.changesTable(both("承認を待つマスターの変更", "Changes of the master that wait"), changes)
	w.ui.Render(rw, r, w.towns, http.StatusOK, p)
}

// masterTable shows the towns as they are today.
func (w *screens) masterTable(of resident.Municipality, ids []string, rows []store.Town) *webui.Table {
	today, b := resident.DateOf(w.o.Clock.Now()), newTownBook(of, rows)
	t := &webui.Table{Caption: both("町字マスター（"+of.FullName()+"）", "Towns of "+of.Romaji()),
		Columns: []webui.Column{{Name: both("町字", "Town")}, {Name: both("カナ", "Reading")}, {Name: both("町字ID", "Id")}, {Name: both("住居表示", "Numbered by")}, {Name: both("この日から", "From")}, {Name: both("状態", "State")}},
		Empty:   webui.Empty{Text: both("当たる町字はありません。町字の初めの文字か、カナで探してください。", "No town begins so: search by the beginning of its name or reading.")}}
	for _, id := range ids {
		town, state := townToday(b, id, today)
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL("/towns/town/" + of.Code.String() + "/" + id), Text: townText(town)}, nameText(town.Kana), webui.Code(id), blocksText(town.Blocks), day(town.From), state})
	}
	return t
}

func townText(t store.Town) plain.Sentence {
	if t.Name() == "" {
		return both("（町字なし）", "(no town)")
	}
	return both(t.Name(), t.Name())
}

func blocksText(blocks bool) plain.Sentence {
	if blocks {
		return both("住居表示", "blocks and houses")
	}
	return both("地番", "lots")
}

// townToday is what a town is today, or what it will be, and how that stands.
func townToday(b *townBook, id string, today resident.Date) (store.Town, webui.Badge) {
	rows := b.towns[id]
	t, known := asOf(rows, today)
	if !known {
		for _, one := range rows {
			if t.ID == "" || one.From.Before(t.From) {
				t = one
			}
		}
		return t, badge(webui.Wait, "予定", "to come")
	}
	if t.Ended {
		return t, badge(webui.Off, "廃止", "ended")
	}
	for _, one := range rows {
		if !one.From.After(today) {
			continue
		}
		if last, _ := asOf(rows, one.From); last.Key() != t.Key() || last.Ended {
			return t, badge(webui.Warn, "変わる予定", "will change")
		}
	}
	return t, badge(webui.OK, "効力あり", "in force")
}

// townPage is one town: what it was from which day on, and who said so.
type townPage struct {
	Terms   []webui.Term
	History webui.Table
	Ended   bool
	Rename  string
	End     string
	Back    string
}

func (w *screens) showTown(rw http.ResponseWriter, r *http.Request) {
	of, known := w.whose(r.PathValue("of"))
	var rows []store.Town
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if known {
			rows, err = w.o.in(raw).TownByID(ctx, of.Code, r.PathValue("town"))
		}
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if len(rows) == 0 {
		w.ui.NotFound(rw, r)
		return
	}
	t, state := townToday(newTownBook(of, rows), rows[0].ID, resident.DateOf(w.o.Clock.Now()))
	q := "?" + url.Values{"municipality": {of.Code.String()}, "town": {t.ID}, "old_name": {t.Name()}}.Encode()
	p := townPage{Back: w.ui.URL("/towns"), Ended: t.Ended, Rename: w.ui.URL("/towns/rename") + q, End: w.ui.URL("/towns/end") + q,
		Terms: []webui.Term{{Label: both("町字", "Town"), Value: both(of.FullName()+t.Name(), of.FullName()+t.Name())}, {Label: both("カナ", "Reading"), Value: nameText(t.Kana)},
			{Label: both("町字ID", "Id"), Value: webui.Code(t.ID)}, {Label: both("住居表示", "Numbered by"), Value: blocksText(t.Blocks)}, {Label: both("状態", "State"), Value: state}},
		History: webui.Table{Caption: both("履歴", "What it was"),
			Columns: []webui.Column{{Name: both("町字", "Town")}, {Name: both("この日から", "From")}, {Name: both("版", "Version"), Right: true}, {Name: both("何による", "By what")}, {Name: both("状態", "State")}, {Name: both("入力", "Entered")}, {Name: both("承認", "Confirmed by")}}}}
	for i := len(rows) - 1; i >= 0; i-- {
		one := rows[i]
		holds := badge(webui.OK, "この日からの内容", "holds from then on")
		if last, _ := asOf(rows, one.From); last.Version != one.Version {
			holds = badge(webui.Off, "後の版に置換え", "replaced by a later version")
		}
		from := any(both("初めから", "always"))
		if one.From.Valid() {
			from = day(one.From)
		}
		name := townText(one)
		if one.Ended {
			name = both("廃止", "ended")
		}
		p.History.Rows = append(p.History.Rows, []any{name, from, one.Version, w.byWhat(one), holds, one.EnteredAt, webui.Code(one.EnteredBy)})
	}
	w.ui.Render(rw, r, w.town, http.StatusOK, p)
}

// byWhat is what brought a row into the master.
func (w *screens) byWhat(t store.Town) any {
	if t.Rename != 0 {
		return both("町名の変更", "a renaming")
	}
	return webui.Link{Href: w.ui.URL(changeAt(t.Change)), Text: both("マスターの変更", "a change of the master")}
}

// suggestTowns are how addresses here begin, for whoever types one; none where there is no master. What is left out can be typed all the same.
func (w *screens) suggestTowns(ctx context.Context) (all []webui.Suggestion) {
	const most = 2000
	today := resident.DateOf(w.o.Clock.Now())
	err := w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		for _, of := range w.bodiesHere() {
			rows, err := w.o.in(raw).Towns(ctx, of.Code)
			if err != nil {
				return err
			}
			b, before := newTownBook(of, rows), ""
			for _, row := range rows { // by id
				t, in := b.on(row.ID, today)
				if row.ID == before || !in || t.Name() == "" || len(all) >= most {
					continue
				}
				before = row.ID
				all = append(all, webui.Suggestion{Value: of.FullName() + t.Name(), Label: t.Kana})
			}
		}
		return nil
	})
	if err != nil {
		w.o.Log.ErrorContext(ctx, "the towns could not be offered", "error", err)
		return nil
	}
	return all
}

func (w *screens) confirmTown(rw http.ResponseWriter, r *http.Request) { w.decideTown(rw, r, true) }

func (w *screens) dropTown(rw http.ResponseWriter, r *http.Request) { w.decideTown(rw, r, false) }

func (w *screens) decideTown(rw http.ResponseWriter, r *http.Request, confirm bool) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	id, err := strconv.ParseInt(r.PathValue("rename"), 10, 64)
	if err != nil {
		w.ui.NotFound(rw, r)
		return
	}
	if err := w.o.DecideRenaming(r.Context(), id, confirm); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/towns"), http.StatusSeeOther)
}
