package verifier

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/verifier/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// duties are the pages of what the office owes and is owed as a signature verifier: its filing, and the notices of late
// revocations.
type duties struct {
	o                       *Verifier
	ui                      *webui.UI
	filing, impacts, impact *webui.Page
}

var dutiesNav = []webui.NavItem{
	{Path: "/filing", Name: say("届出", "Filing"), Act: access.ViewMessages},
	{Path: "/impact", Name: say("失効の遅れ", "Late revocations"), Act: access.ViewMessages},
}

func (o *Verifier) mountDuties(mux *http.ServeMux, ui *webui.UI) (err error) {
	d := &duties{o: o, ui: ui}
	for name, page := range map[string]**webui.Page{"filing": &d.filing, "impacts": &d.impacts, "impact": &d.impact} {
		if *page, err = ui.Page(files, name); err != nil {
			return err
		}
	}
	mux.Handle("GET /filing", ui.Only(access.ViewMessages, d.getFiling))
	mux.Handle("POST /filing", ui.Only(access.FileVerifier, d.takeFiling))
	mux.Handle("POST /filing/end", ui.Only(access.FileVerifier, d.takeEnd))
	mux.Handle("GET /impact", ui.Only(access.ViewMessages, d.showImpacts))
	mux.Handle("GET /impact/{notice}", ui.Only(access.ViewMessages, d.getImpact))
	mux.Handle("POST /impact/{notice}", ui.Only(access.AcknowledgeImpact, d.takeAcknowledgement))
	return nil
}

type filingPage struct {
	*webui.Form
	Notice webui.Notice
	MayEnd bool
	May    bool // file
	Table  webui.Table
}

var filingBadges = map[string]webui.Badge{
	"waiting":  {Kind: webui.Wait, Text: say("審査待ち", "to be decided")},
	"accepted": {Kind: webui.OK, Text: say("受理", "accepted")},
	"refused":  {Kind: webui.Bad, Text: say("不受理", "refused")},
	"ended":    {Kind: webui.Off, Text: say("終了", "ended")},
	"sent":     {Kind: webui.Info, Text: say("終了の届出", "notice of the end")},
}

func (d *duties) getFiling(w http.ResponseWriter, r *http.Request) {
	d.showFiling(w, r, nil, http.StatusOK)
}

func (d *duties) showFiling(w http.ResponseWriter, r *http.Request, form *webui.Form, status int) {
	var all []store.Filing
	err := d.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = d.o.in(tx).Filings(ctx, maxFilings)
		return err
	})
	if err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if form == nil {
		form = webui.NewForm(nil)
	}
	may := access.May(access.From(r.Context()), access.FileVerifier, d.o.Self.Role()) == nil
	page := filingPage{Form: form, Notice: filingNotice(all), May: may && !waits(all), MayEnd: may && stands(all) && !ending(all), Table: webui.Table{
		Caption: say("届出（新しい順）", "Filings, the newest first"),
		Columns: []webui.Column{{Name: say("番号", "Number"), Right: true}, {Name: say("状態", "State")}, {Name: say("手続", "Procedures")}, {Name: say("手続を行う所", "Where they are made")},
			{Name: say("届出の時刻", "Filed at")}, {Name: say("届け出た人", "Filed by")}, {Name: say("回答のわけ", "Why it was decided so")}},
		Empty: webui.Empty{Text: say("まだ、届け出ていません。", "Nothing has been filed yet.")},
	}}
	for _, f := range all {
		page.Table.Rows = append(page.Table.Rows, []any{f.Number, filingBadges[f.State], f.Procedures, f.Address, f.FiledAt, webui.Code(f.FiledBy), f.Reason})
	}
	d.ui.Render(w, r, d.filing, status, page)
}

func waits(all []store.Filing) bool {
	for _, f := range all {
		if f.State == "waiting" {
			return true
		}
	}
	return false
}

// ending is whether the office has filed the end of what still stands.
func ending(all []store.Filing) bool { return len(all) > 0 && all[0].State == "sent" && stands(all) }

// filingNotice says how the office stands.
func filingNotice(all []store.Filing) webui.Notice {
	var accepted bool
	for _, f := range all {
		accepted = accepted || f.State == "accepted"
	}
	switch {
	case ending(all):
		return webui.Notice{Kind: webui.Wait, Title: say("終了を届け出ました", "The end was filed"),
			Text: say("都道府県に届くと、失効情報提供センターはこの機関に答えなくなります。", "When it has arrived at the prefecture, the validation authority answers this office no more.")}
	case accepted && waits(all):
		return webui.Notice{Kind: webui.Wait, Title: say("新しい届出の審査を待っています", "The new filing is being decided"),
			Text: say("それまでは、受理された前の届出のまま提供を受けます。", "Until then the one that was accepted before goes on.")}
	case accepted:
		return webui.Notice{Kind: webui.OK, Title: say("届出は受理されています", "The filing is accepted"),
			Text: say("失効情報の提供を受けられます。", "The validation authority answers this office.")}
	case waits(all):
		return webui.Notice{Kind: webui.Wait, Title: say("届出の審査を待っています", "The filing is being decided"),
			Text: say("受理されるまで、失効情報提供センターはこの機関に答えません。署名は「判定できない」になります。", "Until it is accepted, the validation authority does not answer this office, and no signature can be judged.")}
	}
	if len(all) > 0 {
		return webui.Notice{Kind: webui.Bad, Title: say("受理された届出がありません", "No filing of this office is accepted"),
			Text: say("前の届出は受理されなかったか、終わっています。届け出直して受理されるまで、失効情報提供センターはこの機関に答えません（公的個人認証法第17条・第18条）。署名は「判定できない」になります。",
				"What was filed before was refused or has ended. Until this office has filed again and was accepted, the validation authority does not answer it (JPKI Act, arts. 17 and 18), and no signature can be judged.")}
	}
	return webui.Notice{Kind: webui.Bad, Title: say("届け出ていません", "This office has not filed"),
		Text: say("届け出て受理されるまで、失効情報提供センターはこの機関に答えません（公的個人認証法第17条・第18条）。署名は「判定できない」になります。",
			"Until it has filed and was accepted, the validation authority does not answer this office (JPKI Act, arts. 17 and 18), and no signature can be judged.")}
}

func (d *duties) takeFiling(w http.ResponseWriter, r *http.Request) {
	form, ok := d.ui.ReadForm(w, r)
	if !ok {
		return
	}
	var err error
	if form.OK() {
		_, err = d.o.File(r.Context(), access.From(r.Context()), Application{form.Value("office"), form.Value("procedures"), form.Value("address")})
	}
	d.done(w, r, form, err)
}

func (d *duties) takeEnd(w http.ResponseWriter, r *http.Request) {
	form, ok := d.ui.ReadForm(w, r)
	if !ok {
		return
	}
	// One press would leave the office without answers until two persons at the prefecture have accepted a new filing.
	if form.OK() && form.Value("agreed") != "yes" {
		form.Bad("agreed", "検証の業務を続けないことを確かめてから、印を付けてください。", "Make sure that this office is to check no more signatures, then tick the box.")
	}
	var err error
	if form.OK() {
		_, err = d.o.End(r.Context(), access.From(r.Context()))
	}
	d.done(w, r, form, err)
}

func (d *duties) done(w http.ResponseWriter, r *http.Request, form *webui.Form, err error) {
	if err := form.Take(err); err != nil {
		d.ui.Fail(w, r, err)
		return
	}
	if !form.OK() {
		d.showFiling(w, r, form, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, d.ui.URL("/filing"), http.StatusSeeOther)
}
