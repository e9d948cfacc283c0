package validation

import (
	"context"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/validation/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// verifierPages show whom we answer, and whom we answered wrongly.
type verifierPages struct {
	o                         *Validation
	ui                        *webui.UI
	register, impacts, impact *webui.Page
}

var verifierNav = []webui.NavItem{
	{Path: "/verifiers", Name: say("署名検証者", "Verifiers"), Act: access.LookAtCertificate},
	{Path: "/impact", Name: say("失効の遅れの影響", "Late revocations"), Act: access.LookAtCertificate},
}

func (o *Validation) mountVerifiers(mux *http.ServeMux, ui *webui.UI) (err error) {
	p := &verifierPages{o: o, ui: ui}
	for name, page := range map[string]**webui.Page{"verifiers": &p.register, "impacts": &p.impacts, "impact": &p.impact} {
		if *page, err = ui.Page(files, name); err != nil {
			return err
		}
	}
	mux.Handle("GET /verifiers", ui.Only(access.LookAtCertificate, p.showRegister))
	mux.Handle("GET /impact", ui.Only(access.LookAtCertificate, p.showImpacts))
	mux.Handle("GET /impact.csv", ui.Only(access.LookAtCertificate, p.sendCSV))
	mux.Handle("GET /impact/{case}", ui.Only(access.LookAtCertificate, p.showImpact))
	return nil
}

type registerPage struct {
	Notice  webui.Notice
	Table   webui.Table
	Refused webui.Table
}

func (p *verifierPages) showRegister(w http.ResponseWriter, r *http.Request) {
	const days = 7
	var all []store.Verifier
	asked := map[string]store.Asked{}
	err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if all, err = p.o.in(tx).Verifiers(ctx, maxVerifiers); err != nil {
			return err
		}
		for _, v := range all {
			if asked[string(v.ID)], err = p.o.in(tx).AskedBy(ctx, v.ID, tx.Now().AddDate(0, 0, -days)); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := registerPage{Table: webui.Table{
		Caption: say("提供を受ける署名検証者", "Verifiers that are served"),
		Columns: []webui.Column{{Name: say("機関", "Office")}, {Name: say("団体の名前", "Organisation")}, {Name: say("状態", "State")}, {Name: say("届出先", "Filed with")},
			{Name: say("手続", "Procedures")}, {Name: say("状態の始まり", "Since")}, {Name: say("7日間の回答", "Answers in 7 days"), Right: true}, {Name: say("最後の問合せ", "Last asked")}},
		Empty: webui.Empty{Text: say("都道府県が受理した署名検証者は、まだありません。", "No prefecture has accepted a verifier yet.")},
	}, Refused: webui.Table{
		Caption: say("断った問合せ（起動以後）", "Questions that were refused, since the start"),
		Columns: []webui.Column{{Name: say("団体の名前", "Organisation")}, {Name: say("件数", "Number"), Right: true}, {Name: say("最後", "Last")}},
		Empty:   webui.Empty{Text: say("届け出ていない機関からの問合せはありません。", "No office that is not served has asked.")},
	}}
	page.Notice = webui.Notice{Kind: webui.Info, Title: say("届け出た署名検証者にだけ答えます", "Only verifiers that have filed are answered"),
		Text: say("公的個人認証法第17条・第18条。だれでも届くアドレスでは答えません。", "JPKI Act, arts. 17 and 18. At the address that everybody reaches, nobody is answered.")}
	if p.o.cfg.Open {
		page.Notice = webui.Notice{Kind: webui.Warn, Title: say("試験国のため、だれにでも答えています", "This is a test country: everybody is answered"),
			Text: say("法律は、届け出た署名検証者への提供だけを定めています。名乗る機関は、届け出ていなければここでも断ります。", "The law knows only verifiers that have filed. An office that says who it is, and has not filed, is refused here too.")}
	}
	for _, v := range all {
		state := webui.Badge{Kind: webui.OK, Text: say("提供中", "served")}
		if !v.Served {
			state = webui.Badge{Kind: webui.Off, Text: say("終了", "ended")}
		}
		a := asked[string(v.ID)]
		page.Table.Rows = append(page.Table.Rows, []any{v.Office, webui.Code(v.ID), state, webui.NameOf(v.Prefecture, v.Since), v.Procedures, v.Since, a.N, instantOrNone(a.Last)})
	}
	for _, peer := range p.o.Peers {
		if r := p.o.strangers.get(peer); r.n > 0 {
			page.Refused.Rows = append(page.Refused.Rows, []any{webui.Code(peer), r.n, r.last})
		}
	}
	p.ui.Render(w, r, p.register, http.StatusOK, page)
}

func instantOrNone(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}
