package municipality

import (
	"context"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

func (w *screens) showNewTown(rw http.ResponseWriter, r *http.Request) {
	w.ui.Render(rw, r, w.townForm, http.StatusOK, w.townFormOf("add", webui.NewForm(nil)))
}

func (w *screens) doNewTown(rw http.ResponseWriter, r *http.Request) {
	w.doTownForm(rw, r, "add", func(f *webui.Form) (string, error) {
		n := NewTown{Municipality: entry(f, "municipality", resident.ParseMunicipalityCode), ID: f.Value("town"), Oaza: f.Value("oaza"), Chome: f.Value("chome"), Koaza: f.Value("koaza"),
			Kana: f.Value("kana"), Blocks: ticked(f, "blocks"), From: entry(f, "from", resident.ParseDate)}
		if !f.OK() {
			return "", nil
		}
		id, err := w.o.ProposeTown(r.Context(), n)
		return changeAt(id), err
	})
}

func (w *screens) showTownEnd(rw http.ResponseWriter, r *http.Request) {
	w.ui.Render(rw, r, w.townForm, http.StatusOK, w.townFormOf("end", filled(r, "municipality", "town")))
}

func (w *screens) doTownEnd(rw http.ResponseWriter, r *http.Request) {
	w.doTownForm(rw, r, "end", func(f *webui.Form) (string, error) {
		e := TownEnd{Municipality: entry(f, "municipality", resident.ParseMunicipalityCode), ID: f.Value("town"), Day: entry(f, "day", resident.ParseDate)}
		if !f.OK() {
			return "", nil
		}
		id, err := w.o.ProposeTownEnd(r.Context(), e)
		return changeAt(id), err
	})
}

func (w *screens) showTownFile(rw http.ResponseWriter, r *http.Request) {
	w.ui.Render(rw, r, w.townForm, http.StatusOK, w.townFormOf("import", webui.NewForm(nil)))
}

func (w *screens) doTownFile(rw http.ResponseWriter, r *http.Request) {
	w.doTownForm(rw, r, "import", func(f *webui.Form) (string, error) {
		data, name, chosen := f.File("file")
		if !chosen {
			f.Bad("file", "町字マスターのCSVファイルを選んでください。", "Choose the CSV file of towns.")
			return "", nil
		}
		id, err := w.o.ProposeTownFile(r.Context(), name, data)
		return changeAt(id), err
	})
}

func changeAt(id int64) string { return "/towns/change/" + strconv.FormatInt(id, 10) }

var townKinds = map[string]plain.Sentence{"import": both("ファイルの取込み", "a file"), "add": both("町字の新設", "a new town"), "end": both("町字の廃止", "the end of a town"),
	"found": both("初めのマスター", "the master it began with")}

func townState(c store.TownChange) webui.Badge {
	switch c.State {
	case store.TownProposed:
		return badge(webui.Warn, "もう一人の承認待ち", "waits for a second person")
	case store.TownConfirmed:
		return badge(webui.OK, "承認済み", "confirmed")
	}
	return badge(webui.Off, "取下げ", "dropped")
}

func (w *screens) changesTable(caption plain.Sentence, all []store.TownChange) webui.Table {
	t := webui.Table{Caption: caption, Columns: []webui.Column{{Name: both("内容", "What")}, {Name: both("状態", "State")}, {Name: both("追加", "Added"), Right: true}, {Name: both("変更", "Changed"), Right: true},
		{Name: both("同じ", "The same"), Right: true}, {Name: both("除外", "Set aside"), Right: true}, {Name: both("提案した時", "Proposed")}, {Name: both("提案", "By")}, {Name: both("決定", "Decided by")}},
		Empty: webui.Empty{Text: both("ありません。", "None.")}}
	for _, c := range all {
		t.Rows = append(t.Rows, []any{webui.Link{Href: w.ui.URL(changeAt(c.ID)), Text: townKinds[c.Kind]}, townState(c), c.Added, c.Changed, c.Same, c.Rejected, c.ProposedAt, webui.Code(c.ProposedBy), webui.Code(c.DecidedBy)})
	}
	return t
}

func (w *screens) showTownChanges(rw http.ResponseWriter, r *http.Request) {
	var all []store.TownChange
	var total int64
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		all, total, err = w.o.in(raw).TownChanges(ctx, (pageOf(r)-1)*townsShown, townsShown)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	t := w.changesTable(both("マスターの変更（新しい順）", "Changes of the master, the newest first"), all)
	t.Pages = pages(w.ui.URL("/towns/changes"), pageOf(r), total)
	w.ui.Render(rw, r, w.townList, http.StatusOK, townListPage{List: t, Back: w.ui.URL("/towns")})
}

// townChangePage is what is proposed: how much it is, what cannot be taken, and what can.
type townChangePage struct {
	Terms             []webui.Term
	Rejected, Rows    webui.Table
	Confirm, Drop     bool
	ConfirmAt, DropAt string
	Back              string
}

// rejectedShown is how many rows that were set aside a page shows; all of them are counted.
const rejectedShown = 200

func (w *screens) showTownChange(rw http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("change"), 10, 64)
	if err != nil {
		w.ui.NotFound(rw, r)
		return
	}
	var c store.TownChange
	var found bool
	var rejected, rows []store.TownRow
	err = w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := w.o.in(raw)
		if c, found, err = tx.TownChange(ctx, id); err != nil || !found {
			return err
		}
		if rejected, err = tx.TownRows(ctx, id, []string{store.TownRejected}, 0, rejectedShown); err != nil {
			return err
		}
		rows, err = tx.TownRows(ctx, id, []string{store.TownAdded, store.TownChanged}, (pageOf(r)-1)*townsShown, townsShown)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !found {
		w.ui.NotFound(rw, r)
		return
	}
	p := townChangePage{Back: w.ui.URL("/towns"), ConfirmAt: w.ui.URL(changeAt(id) + "/confirm"), DropAt: w.ui.URL(changeAt(id) + "/drop"), Drop: c.State == store.TownProposed,
		Terms: []webui.Term{{Label: both("内容", "What"), Value: townKinds[c.Kind]}, {Label: both("状態", "State"), Value: townState(c)}}}
	if c.File != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("ファイル", "File"), Value: webui.Name(c.File)})
	}
	for _, n := range []struct {
		ja, en string
		n      int64
	}{{"追加", "Added", c.Added}, {"変更", "Changed", c.Changed}, {"マスターと同じ", "The same as in the master", c.Same}, {"除外（下に理由）", "Set aside, for the reasons below", c.Rejected},
		{"ほかの市区町村（取り込まない）", "Of other municipalities, not read in", c.Others}} {
		p.Terms = append(p.Terms, webui.Term{Label: both(n.ja, n.en), Value: webui.Count{N: n.n, Of: both("行", "rows")}})
	}
	p.Terms = append(p.Terms, webui.Term{Label: both("提案した職員", "Proposed by"), Value: webui.Code(c.ProposedBy)})
	if c.DecidedBy != "" {
		p.Terms = append(p.Terms, webui.Term{Label: both("決定した職員", "Decided by"), Value: webui.Code(c.DecidedBy)})
	}
	p.Confirm = p.Drop && access.SecondPerson(access.Person{ID: c.ProposedBy}, access.From(r.Context())) == nil
	p.Rejected = webui.Table{Caption: both("除外した行", "Rows that were set aside"), Columns: []webui.Column{{Name: both("行", "Line"), Right: true}, {Name: both("理由", "Why")}, {Name: both("内容", "What it says")}}}
	for _, one := range rejected {
		p.Rejected.Rows = append(p.Rejected.Rows, []any{one.Line, both(one.WhyJA, one.Why), nameText(cut(one.Raw))})
	}
	p.Rows = webui.Table{Caption: both("取り込む町字", "What is taken"), Columns: []webui.Column{{Name: both("町字", "Town")}, {Name: both("カナ", "Reading")}, {Name: both("町字ID", "Id")}, {Name: both("住居表示", "Numbered by")},
		{Name: both("この日から", "From")}, {Name: both("廃止の日", "Ends on")}},
		Empty: webui.Empty{Text: both("ありません。", "None.")}, Pages: pages(w.ui.URL(changeAt(id)), pageOf(r), c.Added+c.Changed)}
	for _, one := range rows {
		p.Rows.Rows = append(p.Rows.Rows, []any{townText(one.Town), nameText(one.Town.Kana), webui.Code(one.Town.ID), blocksText(one.Town.Blocks), day(one.Town.From), day(one.Until)})
	}
	w.ui.Render(rw, r, w.townChange, http.StatusOK, p)
}

// cut is as much of a line as a table shows.
func cut(s string) string {
	if r := []rune(s); len(r) > 120 {
		return string(r[:120]) + "…"
	}
	return s
}

func (w *screens) confirmTowns(rw http.ResponseWriter, r *http.Request) { w.decideTowns(rw, r, true) }

func (w *screens) dropTowns(rw http.ResponseWriter, r *http.Request) { w.decideTowns(rw, r, false) }

func (w *screens) decideTowns(rw http.ResponseWriter, r *http.Request, confirm bool) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	id, err := strconv.ParseInt(r.PathValue("change"), 10, 64)
	if err != nil {
		w.ui.NotFound(rw, r)
		return
	}
	if err := w.o.DecideTowns(r.Context(), id, confirm); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL(changeAt(id)), http.StatusSeeOther)
}
