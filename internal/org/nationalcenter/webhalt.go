package nationalcenter

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/halting"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// haltPath is the page of the stops of issuing, below the center's base.
const haltPath = "/halts"

var haltNav = webui.NavItem{Path: haltPath, Name: plain.Sentence{JA: "証明書の発行の停止", EN: "Stop issuing"}, Act: access.ViewIssuing}

type haltsPage struct {
	*webui.Form
	Notice    webui.Notice
	May       bool // whoever looks may propose
	Orders    webui.Table
	Programs  webui.Table
	Scopes    []webui.Choice
	ProposeTo string
}

type haltPage struct {
	*webui.Form
	Facts                []webui.Term
	Seen, Base           string
	Stop, Lift, Proposes bool // what whoever looks may do: approve the stop, approve that it is lifted, propose to lift it
	Waits                bool // for somebody else than whoever looks
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

// mountHalts adds the pages on which issuing is stopped for one version of the program, or everywhere.
func (w *web) mountHalts(mux *http.ServeMux) {
	mux.Handle("GET "+haltPath, w.ui.Only(access.ViewIssuing, func(rw http.ResponseWriter, r *http.Request) { w.showHalts(rw, r, http.StatusOK, webui.NewForm(nil)) }))
	mux.Handle("GET "+haltPath+"/{halt}", w.ui.Only(access.ViewIssuing, func(rw http.ResponseWriter, r *http.Request) { w.showHalt(rw, r, http.StatusOK, webui.NewForm(nil)) }))
	mux.Handle("POST "+haltPath, w.ui.Only(access.StopIssuing, w.proposeStop))
	mux.Handle("POST "+haltPath+"/{halt}/stop", w.ui.Only(access.StopIssuing, w.stepHalt(func(ctx context.Context, f *webui.Form, halt string) error {
		return w.ApproveStop(ctx, halt, f.Value("seen"))
	})))
	mux.Handle("POST "+haltPath+"/{halt}/propose", w.ui.Only(access.ResumeIssuing, w.stepHalt(func(ctx context.Context, f *webui.Form, halt string) error {
		return w.ProposeLift(ctx, halt, f.Value("seen"), f.Value("cause"))
	})))
	mux.Handle("POST "+haltPath+"/{halt}/lift", w.ui.Only(access.ResumeIssuing, w.stepHalt(func(ctx context.Context, f *webui.Form, halt string) error {
		return w.ApproveLift(ctx, halt, f.Value("seen"))
	})))
}

func versionOf(o halting.Order) any {
	if o.Version == "" {
		return say("すべて", "every one")
	}
	return webui.Code(o.Version)
}

// standsAs says how an order stands.
func standsAs(o halting.Order, now time.Time) webui.Badge {
	switch {
	case o.HeardAt.IsZero():
		return webui.Badge{Kind: webui.Wait, Text: say("承認を待つ（止まっていない）", "waits for approval; nothing is stopped")}
	case !o.LiftedAt.IsZero():
		return webui.Badge{Kind: webui.OK, Text: say("再開した", "resumed")}
	case o.From.After(now):
		return webui.Badge{Kind: webui.Warn, Text: say("承認済み。時刻になると止まる", "approved; it stops at the time")}
	case !o.Lift.At.IsZero():
		return webui.Badge{Kind: webui.Bad, Text: say("止めている（再開の承認を待つ）", "stopped; to resume waits for approval")}
	}
	return webui.Badge{Kind: webui.Bad, Text: say("止めている", "stopped")}
}

func whenOrApproval(t time.Time) any {
	if t.IsZero() {
		return say("承認した時から", "from the approval on")
	}
	return t
}

func (w *web) showHalts(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	orders, programs, err := w.Halts(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	now := w.Clock.Now()
	p := haltsPage{Form: f, May: access.May(access.From(r.Context()), access.StopIssuing, w.Self.Role()) == nil, ProposeTo: w.ui.URL(haltPath),
		Scopes: []webui.Choice{{Value: "version", Name: say("この版だけ", "this version alone"), Note: say("ほかの版の証明発行サーバは発行を続けます。", "Issuing servers of other versions go on.")},
			{Value: "all", Name: say("すべて", "everything"), Note: say("全国のどの証明発行サーバも発行しません。", "No issuing server of the country issues anything.")}},
		Notice: webui.Notice{Kind: webui.OK, Title: say("全国センターからの停止はありません", "The center has stopped nothing"), Text: say("一つの市区町村だけを止めるのは、その証明発行サーバの「停止と再開」で行います。", "To stop one municipality alone is done on its issuing server, under Stop and resume.")},
		Orders: webui.Table{Caption: say("停止の記録", "Stops"), Empty: webui.Empty{Text: say("止めたことはありません。", "Nothing was ever stopped.")},
			Columns: []webui.Column{{Name: say("番号", "Number")}, {Name: say("プログラムの版", "Version")}, {Name: say("状態", "State")}, {Name: say("いつから", "From")}, {Name: say("理由", "Why")}, {Name: say("止めた人", "By")}}},
		Programs: webui.Table{Caption: say("証明発行サーバの版", "Versions of the issuing servers"), Empty: webui.Empty{Text: say("まだ、どの市区町村からも知らされていません。", "No municipality has told of its server yet.")},
			Columns: []webui.Column{{Name: say("証明発行サーバ", "Issuing server")}, {Name: say("プログラムの版", "Version")}, {Name: say("いつから", "Since")}, {Name: say("発行", "Issuing")}}}}
	stopped := 0
	for _, o := range orders {
		if o.Binds("", now) {
			stopped++
		}
		p.Orders.Rows = append(p.Orders.Rows, []any{webui.Link{Href: w.ui.URL(haltPath + "/" + o.Halt), Text: webui.Code(o.Halt)}, versionOf(o), standsAs(o, now), whenOrApproval(o.From), webui.Spell(o.Reason), webui.Code(o.By)})
	}
	behind := 0
	for _, s := range programs {
		state := webui.Badge{Kind: webui.OK, Text: say("止めていない", "not stopped")}
		for _, o := range orders {
			if o.Binds(s.Program, now) {
				state = webui.Badge{Kind: webui.Bad, Text: say("止められた版で動いている", "runs a stopped version")}
			}
		}
		if state.Kind == webui.Bad {
			behind++
		}
		p.Programs.Rows = append(p.Programs.Rows, []any{webui.Code(string(s.Server)), webui.Code(s.Program), s.At, state})
	}
	if stopped > 0 {
		p.Notice = webui.Notice{Kind: webui.Bad, Title: say("発行を止めています", "Issuing is stopped"),
			Text: say(fmt.Sprintf("止められた版で動いている証明発行サーバが%d台あります。下の表にあります。", behind), fmt.Sprintf("Issuing servers that run a stopped version: %d. They stand in the table below.", behind))}
	}
	w.ui.Render(rw, r, w.haltsAll, status, p)
}

func (w *web) proposeStop(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	p := StopProposal{Version: f.Value("version"), Reason: f.Value("reason")}
	switch f.Value("scope") {
	case "version":
		if f.OK() && p.Version == "" {
			f.Bad("version", "止めるプログラムの版を入力してください。上の表にあります。", "Write the version to be stopped. It stands in the table above.")
		}
	case "all":
		p.Version = ""
	default:
		if f.OK() {
			f.Bad("scope", "止める範囲を選んでください。", "Choose what is stopped.")
		}
	}
	if text := f.Value("from"); text != "" {
		var err error
		if p.From, err = time.ParseInLocation("2006-01-02 15:04", text, japan); err != nil {
			f.Bad("from", "止める時刻を「2026-11-24 17:15」の形で入力してください。すぐに止めるときは空欄にします。", "Write the time as 2026-11-24 17:15 (Japan). Leave it empty to stop at once.")
		}
	}
	if len(f.Problems()) == 0 && !f.OK() { // shown again in the other language
		w.showHalts(rw, r, http.StatusOK, f)
		return
	}
	var halt string
	if f.OK() {
		var err error
		halt, err = w.ProposeStop(r.Context(), p)
		if err = f.Take(err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if !f.OK() {
		w.showHalts(rw, r, http.StatusUnprocessableEntity, f)
		return
	}
	http.Redirect(rw, r, w.ui.URL(haltPath+"/"+halt), http.StatusSeeOther)
}

var japan = time.FixedZone("JST", 9*60*60)

func (w *web) showHalt(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	var o halting.Order
	var found bool
	if err := w.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		o, found, err = halting.Find(ctx, tx, r.PathValue("halt"))
		return err
	}); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !found {
		w.ui.NotFound(rw, r)
		return
	}
	by, role := access.From(r.Context()), w.Self.Role()
	other := func(p halting.Proposal) bool {
		return !p.At.IsZero() && access.SecondPerson(access.Person{ID: p.By, Credential: p.Credential}, by) == nil
	}
	p := haltPage{Form: f, Seen: o.Seen(), Base: w.ui.URL(haltPath + "/" + o.Halt),
		Stop:     o.HeardAt.IsZero() && other(o.Proposed) && access.May(by, access.StopIssuing, role) == nil,
		Lift:     o.Lasts() && other(o.Lift) && access.May(by, access.ResumeIssuing, role) == nil,
		Proposes: o.Lasts() && access.May(by, access.ResumeIssuing, role) == nil}
	p.Waits = !p.Stop && !p.Lift && (o.HeardAt.IsZero() || o.Lasts() && !o.Lift.At.IsZero())
	p.Facts = []webui.Term{{Label: say("状態", "State"), Value: standsAs(o, w.Clock.Now())}, {Label: say("プログラムの版", "Version of the program"), Value: versionOf(o)}, {Label: say("いつから", "From"), Value: whenOrApproval(o.From)},
		{Label: say("理由", "Why"), Value: webui.Spell(o.Reason)}, {Label: say("提案した人", "Proposed by"), Value: webui.Code(o.Proposed.By)}, {Label: say("提案した時", "Proposed"), Value: o.Proposed.At}}
	if !o.HeardAt.IsZero() {
		p.Facts = append(p.Facts, webui.Term{Label: say("止めた人", "Stopped by"), Value: webui.Code(o.By)}, webui.Term{Label: say("承認した時", "Approved"), Value: o.HeardAt})
	}
	if !o.Lift.At.IsZero() {
		p.Facts = append(p.Facts, webui.Term{Label: say("原因と対処", "What was found and done"), Value: webui.Spell(o.Cause)}, webui.Term{Label: say("再開を提案した人", "To resume was proposed by"), Value: webui.Code(o.Lift.By)})
	}
	if !o.LiftedAt.IsZero() {
		p.Facts = append(p.Facts, webui.Term{Label: say("再開した人", "Resumed by"), Value: webui.Code(o.LiftedBy)}, webui.Term{Label: say("再開した時", "Resumed"), Value: o.LiftedAt})
	}
	w.ui.Render(rw, r, w.haltOne, status, p)
}

// stepHalt takes a step of one order and shows it again.
func (w *web) stepHalt(step func(context.Context, *webui.Form, string) error) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		f, ok := w.ui.ReadForm(rw, r)
		if !ok {
			return
		}
		if !f.OK() { // shown again in the other language
			w.showHalt(rw, r, http.StatusOK, f)
			return
		}
		if err := f.Take(step(r.Context(), f, r.PathValue("halt"))); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		if !f.OK() {
			w.showHalt(rw, r, http.StatusUnprocessableEntity, f)
			return
		}
		http.Redirect(rw, r, w.ui.URL(haltPath+"/"+r.PathValue("halt")), http.StatusSeeOther)
	}
}
