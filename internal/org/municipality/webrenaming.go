package municipality

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// townFormPage proposes something about towns.
type townFormPage struct {
	*webui.Form
	Kind         string // rename, add, end, import
	Wards, Bases []webui.Choice
	Start        string // how addresses begin
	Action, Back string
}

func (w *screens) townFormOf(kind string, f *webui.Form) townFormPage {
	p := townFormPage{Form: f, Kind: kind, Wards: w.wardsOf(), Start: w.addressStart(), Action: w.ui.URL("/towns/" + kind), Back: w.ui.URL("/towns")}
	if kind != "rename" {
		return p
	}
	for _, b := range BasesOf(resident.MinorAmendment) {
		if renameGrounds[b.Key] {
			p.Bases = append(p.Bases, webui.Choice{Value: b.Key, Name: b.Name})
		}
	}
	return p
}

// filled is a form with what a link says.
func filled(r *http.Request, names ...string) *webui.Form {
	values := map[string]string{}
	for _, n := range names {
		values[n] = r.URL.Query().Get(n)
	}
	return webui.NewForm(values)
}

func (w *screens) showRenaming(rw http.ResponseWriter, r *http.Request) {
	w.ui.Render(rw, r, w.townForm, http.StatusOK, w.townFormOf("rename", filled(r, "municipality", "old_name")))
}

func (w *screens) doRenaming(rw http.ResponseWriter, r *http.Request) {
	w.doTownForm(rw, r, "rename", func(f *webui.Form) (string, error) {
		n := Renaming{Old: f.Value("old_name"), New: f.Value("new_name"), Kana: f.Value("kana"), Basis: f.Value("basis"), Day: entry(f, "day", resident.ParseDate),
			Municipality: entry(f, "municipality", resident.ParseMunicipalityCode)}
		if !f.OK() {
			return "", nil
		}
		_, err := w.o.ProposeRenaming(r.Context(), n)
		return "/towns", err
	})
}

// doTownForm reads a form about towns, and shows it again with what is wrong.
func (w *screens) doTownForm(rw http.ResponseWriter, r *http.Request, kind string, do func(*webui.Form) (to string, err error)) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.ui.Render(rw, r, w.townForm, http.StatusOK, w.townFormOf(kind, f))
		return
	}
	to, err := do(f)
	if err == nil && f.OK() {
		http.Redirect(rw, r, w.ui.URL(to), http.StatusSeeOther)
		return
	}
	if err != nil {
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.ui.Render(rw, r, w.townForm, http.StatusUnprocessableEntity, w.townFormOf(kind, f))
}

// townListPage is a list that has a page of its own.
type townListPage struct {
	List webui.Table
	Back string
}

func (w *screens) showRenamings(rw http.ResponseWriter, r *http.Request) {
	var all []store.Rename
	var total int64
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		all, total, err = w.o.in(raw).Renames(ctx, (pageOf(r)-1)*townsShown, townsShown)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := townListPage{Back: w.ui.URL("/towns"), List: webui.Table{Caption: both("町名の変更（新しい順）", "Renamings, the newest first"),
		Columns: []webui.Column{{Name: both("前の町名", "Before")}, {Name: both("新しい町名", "Now")}, {Name: both("変わった日", "From")}, {Name: both("状態", "State")}, {Name: both("修正した人数", "Records"), Right: true},
			{Name: both("提案", "Proposed by")}, {Name: both("決定", "Decided by")}},
		Empty: webui.Empty{Text: both("まだありません。", "None yet.")}, Pages: pages(w.ui.URL("/towns/renamings"), pageOf(r), total)}}
	for _, one := range all {
		p.List.Rows = append(p.List.Rows, []any{webui.Name(one.Old), webui.Name(one.New), day(one.Day), renameState(one), one.Changed, webui.Code(one.ProposedBy), webui.Code(one.DecidedBy)})
	}
	w.ui.Render(rw, r, w.townList, http.StatusOK, p)
}

func renameState(r store.Rename) webui.Badge {
	switch {
	case r.State == store.RenameCounted:
		return badge(webui.Warn, "もう一人の承認待ち", "waits for a second person")
	case r.State == store.RenameConfirmed:
		return badge(webui.Wait, "承認済み（その日から修正します）", "confirmed, done from its day on")
	case r.State == store.RenameSpread && r.Changed < r.Given:
		return badge(webui.Wait, "修正しています", "being done")
	case r.State == store.RenameSpread:
		return badge(webui.OK, "終わりました", "done")
	case r.State == store.RenameDropped:
		return badge(webui.Off, "取下げ", "dropped")
	}
	return badge(webui.Wait, "人数を数えています", "being counted")
}

func (w *screens) openRename(ctx context.Context, r store.Rename) openRename {
	one := openRename{Name: both(r.Old+" → "+r.New, r.Old+" → "+r.New), Here: w.ui.URL("/towns/" + strconv.FormatInt(r.ID, 10) + "/drop"),
		ConfirmAt: w.ui.URL("/towns/" + strconv.FormatInt(r.ID, 10) + "/confirm")}
	one.Terms = []webui.Term{{Label: both("状態", "State"), Value: renameState(r)}, {Label: both("新しい町名になる日", "From"), Value: day(r.Day)},
		{Label: both("根拠", "Ground"), Value: basisName(r.Basis)}, {Label: both("住んでいる人", "People who live there"), Value: webui.Count{N: max(r.Found, r.Given), Of: both("人", "people")}}}
	if r.State == store.RenameSpread {
		one.Terms = append(one.Terms, webui.Term{Label: both("修正した人", "Done"), Value: fmt.Sprintf("%d / %d", r.Changed, r.Given)},
			webui.Term{Label: both("残り", "The rest"), Value: webui.Link{Href: w.ui.URL("/messages"), Text: both("できなかったものは、保留の一覧に理由があります", "what could not be done is parked, with its reason")}})
	}
	one.Terms = append(one.Terms, webui.Term{Label: both("提案した職員", "Proposed by"), Value: webui.Code(r.ProposedBy)})
	if r.DecidedBy != "" {
		one.Terms = append(one.Terms, webui.Term{Label: both("承認した職員", "Confirmed by"), Value: webui.Code(r.DecidedBy)})
	}
	one.Confirm = r.State == store.RenameCounted && access.SecondPerson(access.Person{ID: r.ProposedBy}, access.From(ctx)) == nil
	one.Drop = r.State == store.RenameCounting || r.State == store.RenameCounted || r.State == store.RenameConfirmed && w.o.Clock.Now().Before(r.Day.Start())
	return one
}
