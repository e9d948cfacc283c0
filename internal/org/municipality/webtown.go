package municipality

import (
	"context"
	"fmt"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

type townsPage struct {
	*webui.Form
	Wards  []webui.Choice // of a designated city
	Bases  []webui.Choice
	Start  string // how addresses begin
	Action string
	Open   []openRename
	Done   webui.Table
}

// openRename is one that waits for a decision, for its day, or for its last record.
type openRename struct {
	Name            plain.Sentence
	Terms           []webui.Term
	Confirm, Drop   bool
	ConfirmAt, Here string
}

func (w *screens) showTowns(rw http.ResponseWriter, r *http.Request) {
	w.renderTowns(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderTowns(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	var all []store.Rename
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		all, err = w.o.in(raw).Renames(ctx)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := townsPage{Form: f, Start: w.addressStart(), Action: w.ui.URL("/towns")}
	for _, b := range BasesOf(resident.MinorAmendment) {
		if renameGrounds[b.Key] {
			p.Bases = append(p.Bases, webui.Choice{Value: b.Key, Name: b.Name})
		}
	}
	today := resident.DateOf(w.o.Clock.Now())
	if self, err := resident.Lookup("municipality", w.o.code, today); err == nil {
		for _, ward := range w.o.wards(self, today) {
			p.Wards = append(p.Wards, webui.Choice{Value: ward.Code.String(), Name: both(ward.Name, ward.Romaji())})
		}
	}
	p.Done = webui.Table{Caption: both("終わった町名の変更", "Done"),
		Columns: []webui.Column{{Name: both("前の町名", "Before")}, {Name: both("新しい町名", "Now")}, {Name: both("変わった日", "From")}, {Name: both("修正した人数", "Records"), Right: true},
			{Name: both("提案", "Proposed by")}, {Name: both("承認", "Confirmed by")}},
		Empty: webui.Empty{Text: both("まだありません。", "None yet.")}}
	for _, one := range all {
		if one.State == store.RenameSpread && one.Changed >= one.Given {
			p.Done.Rows = append(p.Done.Rows, []any{webui.Name(one.Old), webui.Name(one.New), day(one.Day), one.Changed, webui.Code(one.ProposedBy), webui.Code(one.DecidedBy)})
			continue
		}
		p.Open = append(p.Open, w.openRename(r.Context(), one))
	}
	w.ui.Render(rw, r, w.towns, status, p)
}

func (w *screens) openRename(ctx context.Context, r store.Rename) openRename {
	state := badge(webui.Wait, "人数を数えています", "being counted")
	switch r.State {
	case store.RenameCounted:
		state = badge(webui.Warn, "もう一人の承認待ち", "waits for a second person")
	case store.RenameConfirmed:
		state = badge(webui.Wait, "承認済み（その日から修正します）", "confirmed, done from its day on")
	case store.RenameSpread:
		state = badge(webui.Wait, "修正しています", "being done")
	}
	one := openRename{Name: both(r.Old+" → "+r.New, r.Old+" → "+r.New), Here: w.ui.URL("/towns/" + strconv.FormatInt(r.ID, 10) + "/drop"),
		ConfirmAt: w.ui.URL("/towns/" + strconv.FormatInt(r.ID, 10) + "/confirm")}
	one.Terms = []webui.Term{{Label: both("状態", "State"), Value: state}, {Label: both("新しい町名になる日", "From"), Value: day(r.Day)},
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

func (w *screens) doTowns(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderTowns(rw, r, http.StatusOK, f)
		return
	}
	n := Renaming{Old: f.Value("old_name"), New: f.Value("new_name"), Basis: f.Value("basis"), Day: entry(f, "day", resident.ParseDate),
		Municipality: entry(f, "municipality", resident.ParseMunicipalityCode)}
	if f.OK() {
		_, err := w.o.ProposeRenaming(r.Context(), n)
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/towns"), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderTowns(rw, r, http.StatusUnprocessableEntity, f)
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
