package issuing

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/webui"
)

type haltPage struct {
	*webui.Form
	Notice   webui.Notice
	Open     bool // it is stopped
	Confirm  bool // to resume was proposed
	May      bool // whoever looks may approve it
	Proposal []webui.Term
	Seen     string // which proposal the page shows
	History  webui.Table
}

// mountHalt adds the page on which issuing is stopped and resumed.
func (o *Issuing) mountHalt(mux *http.ServeMux, ui *webui.UI) error {
	page, err := ui.Page(files, "halt")
	if err != nil {
		return err
	}
	show := func(w http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
		p, err := o.haltPage(r.Context(), f)
		if err != nil {
			ui.Fail(w, r, err)
			return
		}
		ui.Render(w, r, page, status, p)
	}
	mux.Handle("GET /halt", ui.Only(access.ViewIssuing, func(w http.ResponseWriter, r *http.Request) { show(w, r, http.StatusOK, webui.NewForm(nil)) }))
	for path, what := range map[string]struct {
		act access.Act
		do  func(context.Context, *webui.Form) error
	}{
		"POST /halt/stop":    {access.StopIssuing, func(ctx context.Context, f *webui.Form) error { return o.Stop(ctx, f.Value("reason")) }},
		"POST /halt/propose": {access.ResumeIssuing, func(ctx context.Context, f *webui.Form) error { return o.ProposeResuming(ctx, f.Value("cause")) }},
		"POST /halt/resume":  {access.ResumeIssuing, func(ctx context.Context, f *webui.Form) error { return o.Resume(ctx, f.Value("seen")) }},
	} {
		mux.Handle(path, ui.Only(what.act, func(w http.ResponseWriter, r *http.Request) {
			f, ok := ui.ReadForm(w, r)
			if !ok {
				return
			}
			if !f.OK() { // shown again in the other language
				show(w, r, http.StatusOK, f)
				return
			}
			if err := f.Take(what.do(r.Context(), f)); err != nil {
				ui.Fail(w, r, err)
				return
			}
			if !f.OK() {
				show(w, r, http.StatusUnprocessableEntity, f)
				return
			}
			http.Redirect(w, r, ui.URL("/halt"), http.StatusSeeOther)
		}))
	}
	return nil
}

func (o *Issuing) haltPage(ctx context.Context, f *webui.Form) (p haltPage, err error) {
	all, err := o.Halts(ctx)
	if err != nil {
		return p, err
	}
	p = haltPage{Form: f, Notice: webui.Notice{Kind: webui.OK, Title: say("証明書を発行しています", "Documents are issued"),
		Text: say("別の人の証明書が出た、内容が違うなどの連絡があれば、すぐに止めてください。", "Stop at once when it is said that somebody got another person's paper, or a wrong one.")},
		History: webui.Table{Caption: say("停止の記録", "Halts"), Empty: webui.Empty{Text: say("止めたことはありません。", "It was never stopped.")},
			Columns: []webui.Column{{Name: say("停止", "Stopped")}, {Name: say("止めた人", "By")}, {Name: say("理由", "Why")}, {Name: say("再開", "Resumed")}, {Name: say("提案", "Proposed by")}, {Name: say("承認", "Approved by")}, {Name: say("原因と対処", "Found and done")}}}}
	for _, h := range all {
		var resumed, by, approved any
		if !h.ResumedAt.IsZero() {
			resumed, by, approved = h.ResumedAt, webui.Code(h.ProposedBy), webui.Code(h.ResumedBy)
		} else {
			p.Open, p.Confirm, p.Seen = true, !h.ProposedAt.IsZero(), h.Proposal()
			p.May = access.SecondPerson(access.Person{ID: h.ProposedBy, Credential: h.Credential}, access.From(ctx)) == nil
			p.Notice = webui.Notice{Kind: webui.Bad, Title: say("発行を止めています", "Issuing is stopped"), Text: say("理由: "+h.Reason, "Why: "+h.Reason)}
			p.Proposal = []webui.Term{{Label: say("原因と対処", "What was found and done"), Value: webui.Spell(h.Cause)}, {Label: say("提案した人", "Proposed by"), Value: webui.Code(h.ProposedBy)},
				{Label: say("提案した時", "Proposed"), Value: h.ProposedAt}}
		}
		p.History.Rows = append(p.History.Rows, []any{h.At, webui.Code(h.By), webui.Spell(h.Reason), resumed, by, approved, webui.Spell(h.Cause)})
	}
	return p, nil
}
