package nationalcenter

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/nationalcenter/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

var duplicateNav = webui.NavItem{Path: duplicatePath, Name: plain.Sentence{JA: "重複の点検", EN: "Duplicate check"}, Act: access.ViewMessages}

// mountDuplicates adds the pages of the duplicate check. Operators see what was found and between which municipalities, and end it by two;
// staff who answer inquiries compare the records, with a ground.
func (w *web) mountDuplicates(mux *http.ServeMux) {
	mux.Handle("GET "+duplicatePath, w.ui.Only(access.ViewMessages, w.showDuplicates))
	mux.Handle("GET "+duplicatePath+"/part/found", w.ui.Only(access.ViewMessages, w.showDuplicatesPart))
	mux.Handle("GET "+duplicatePath+"/{finding}", w.ui.Only(access.ViewMessages, func(rw http.ResponseWriter, r *http.Request) {
		w.showDuplicate(rw, r, http.StatusOK, webui.NewForm(nil))
	}))
	mux.Handle("POST "+duplicatePath+"/{finding}/propose", w.ui.Only(access.ResolvePropose, w.proposeDuplicate))
	mux.Handle("POST "+duplicatePath+"/{finding}/confirm", w.ui.Only(access.ResolveConfirm, w.confirmDuplicate))
	mux.Handle("GET "+duplicatePath+"/{finding}/records", w.ui.Only(access.LookAtPerson, func(rw http.ResponseWriter, r *http.Request) {
		w.showAlike(rw, r, http.StatusOK, webui.NewForm(nil), nil)
	}))
	mux.Handle("POST "+duplicatePath+"/{finding}/records", w.ui.Only(access.LookAtPerson, w.lookAtAlike))
}

type duplicatesPage struct {
	Notice              webui.Notice
	Open, Round, Closed webui.Table
}

func (w *web) duplicatesPage(ctx context.Context) (p duplicatesPage, err error) {
	standings, err := w.duplicates.Standings(ctx)
	if err != nil {
		return p, err
	}
	var open, closed []inspection.Finding
	if err := w.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if open, err = inspection.Open(ctx, tx, 200); err != nil {
			return err
		}
		closed, err = inspection.Closed(ctx, tx, 50)
		return err
	}); err != nil {
		return p, err
	}
	p.Notice = webui.Notice{Kind: webui.OK, Title: plain.Sentence{JA: "重複は見つかっていません", EN: "No duplicate was found"},
		Text: plain.Sentence{JA: "有効な住民のすべてを、絶えず見て回っています。", EN: "All residents in force are gone round all the time."}}
	switch {
	case len(standings) == 0:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: "重複の点検をしていません", EN: "The duplicate check does not run"},
			Text: plain.Sentence{JA: "全国センターに番号の鍵がありません。鍵を置いて起動し直してください。", EN: "The center has no key for numbers: start it with the key."}}
	case len(open) > 0:
		p.Notice = webui.Notice{Kind: webui.Bad, Title: plain.Sentence{JA: fmt.Sprintf("%d件あります", len(open)), EN: fmt.Sprintf("Findings: %d", len(open))},
			Text: plain.Sentence{JA: "件を開き、関係する市区町村に確かめてください。正しくなれば、次の点検で閉じます。", EN: "Open each and ask the municipalities concerned. When it is right again, the next round ends it."}}
	}
	p.Open = webui.Table{Caption: plain.Sentence{JA: "見つかったもの（古い順）", EN: "What was found, oldest first"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "件", EN: "Case"}}, {Name: plain.Sentence{JA: "何が", EN: "What"}}, {Name: plain.Sentence{JA: "見つけた時", EN: "Found"}}},
		Empty:   webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}}}
	for _, f := range open {
		p.Open.Rows = append(p.Open.Rows, []any{webui.Link{Href: w.ui.URL(duplicatePath + "/" + FindingID(f)), Text: webui.Code(shortName(f.Item))}, f.Says, f.At})
	}
	p.Round = webui.Table{Caption: plain.Sentence{JA: "見て回った数", EN: "How far the round is"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "この一巡で見た住民", EN: "Residents in this round"}, Right: true}, {Name: plain.Sentence{JA: "前の一巡の住民", EN: "Last round"}, Right: true},
			{Name: plain.Sentence{JA: "前の一巡の長さ", EN: "It took"}}, {Name: plain.Sentence{JA: "前の一巡の終わり", EN: "It ended"}},
			{Name: plain.Sentence{JA: "点検できないもの", EN: "Set aside"}, Right: true}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}}}
	for _, s := range standings {
		row := []any{s.Looked, nil, nil, nil, s.Aside}
		if !s.Ended.IsZero() {
			row[1], row[2], row[3] = s.Items, s.Took.Round(time.Second), s.Ended
		}
		p.Round.Rows = append(p.Round.Rows, row)
	}
	p.Closed = webui.Table{Caption: plain.Sentence{JA: "閉じたもの（新しい順）", EN: "Closed, newest first"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "件", EN: "Case"}}, {Name: plain.Sentence{JA: "何が", EN: "What"}}, {Name: plain.Sentence{JA: "閉じた時", EN: "Closed"}},
			{Name: plain.Sentence{JA: "だれが、なぜ", EN: "By whom, and why"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "ありません。", EN: "None."}}}
	for _, f := range closed {
		var why any = plain.Sentence{JA: "正しくなった", EN: "it was found right"}
		if f.ClosedBy != "" {
			why = f.ClosedBy + ": " + f.Text
		}
		p.Closed.Rows = append(p.Closed.Rows, []any{webui.Code(shortName(f.Item)), f.Says, f.Closed, why})
	}
	return p, nil
}

// shortName is enough of a case's name to tell it from others.
func shortName(name string) string { return name[:min(len(name), 8)] }

// FindingID names a finding of the duplicate check in an address.
func FindingID(f inspection.Finding) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %q %q %d", f.Way, f.Item, f.Rule, f.At.UnixMicro()))
	return hex.EncodeToString(sum[:12])
}

func (w *web) showDuplicates(rw http.ResponseWriter, r *http.Request) {
	p, err := w.duplicatesPage(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.Render(rw, r, w.duplicatesAll, http.StatusOK, p)
}

func (w *web) showDuplicatesPart(rw http.ResponseWriter, r *http.Request) {
	p, err := w.duplicatesPage(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.RenderPart(rw, r, w.duplicatesAll, "found", p)
}

type duplicateOnePage struct {
	*webui.Form
	Notice             webui.Notice
	Facts              []webui.Term
	Base               string
	Proposed           bool
	Propose, MayRecord bool
	Confirm            bool
}

func (w *web) showDuplicate(rw http.ResponseWriter, r *http.Request, status int, form *webui.Form) {
	var f inspection.Finding
	var word store.Word
	var proposed bool
	var about concerned
	err := w.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if f, word, proposed, err = w.finding(ctx, w.in(tx), r.PathValue("finding")); err != nil {
			return err
		}
		about, err = w.concernedBy(ctx, w.in(tx), f)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	by, role := access.From(r.Context()), w.Self.Role()
	p := duplicateOnePage{Form: form, Base: w.ui.URL(duplicatePath + "/" + FindingID(f)), Proposed: proposed,
		Propose: access.May(by, access.ResolvePropose, role) == nil, MayRecord: access.May(by, access.LookAtPerson, role) == nil,
		Confirm: proposed && word.By != by.ID && access.May(by, access.ResolveConfirm, role) == nil,
		Notice: webui.Notice{Kind: webui.Bad, Title: f.Says, Text: plain.Sentence{JA: "関係する市区町村に、登録の経緯を確かめてください。正しくなれば、次の点検で閉じます。別の人と分かったときは、二人で閉じます。",
			EN: "Ask the municipalities concerned how the people came to be registered. When it is right again, the next round ends the finding; when they are two people, two operators close it."}},
		Facts: []webui.Term{{Label: plain.Sentence{JA: "件の名前", EN: "Name of the case"}, Value: webui.Code(f.Item)},
			{Label: plain.Sentence{JA: "規則", EN: "Rule"}, Value: webui.Code(f.Rule)}, {Label: plain.Sentence{JA: "見つけた時", EN: "Found"}, Value: f.At}}}
	switch {
	case about.hidden:
		p.Facts = append(p.Facts, webui.Term{Label: plain.Sentence{JA: "市区町村", EN: "Municipalities"},
			Value: plain.Sentence{JA: "支援措置中の方が含まれるか、コードが読めないため、表示しません", EN: "Not shown: somebody of them is protected, or a code cannot be read"}})
	case len(about.places) > 0:
		var places plain.Sentence
		for i, of := range about.places {
			if i > 0 {
				places.JA, places.EN = places.JA+"・", places.EN+", "
			}
			places.JA, places.EN = places.JA+of.JA, places.EN+of.EN
		}
		p.Facts = append(p.Facts, webui.Term{Label: plain.Sentence{JA: "市区町村", EN: "Municipalities"}, Value: places})
		if f.Rule == ruleSamePerson {
			address := plain.Sentence{JA: "違う", EN: "two"}
			if about.same {
				address = plain.Sentence{JA: "同じ", EN: "one and the same"}
			}
			p.Facts = append(p.Facts, webui.Term{Label: plain.Sentence{JA: "住所", EN: "Addresses"}, Value: address})
		}
	}
	if proposed {
		p.Facts = append(p.Facts, webui.Term{Label: plain.Sentence{JA: "閉じる提案", EN: "Proposed to close"}, Value: webui.Name(word.By + "：" + word.Why)},
			webui.Term{Label: plain.Sentence{JA: "提案した時", EN: "Proposed at"}, Value: word.At})
	}
	w.ui.Render(rw, r, w.duplicateOne, status, p)
}

func (w *web) proposeDuplicate(rw http.ResponseWriter, r *http.Request) {
	form, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	why := form.Need("why", plain.Sentence{JA: "わけ", EN: "why"})
	if form.OK() {
		if err := form.Take(w.ProposeDuplicate(r.Context(), access.From(r.Context()), r.PathValue("finding"), why)); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	if !form.OK() {
		w.showDuplicate(rw, r, http.StatusUnprocessableEntity, form)
		return
	}
	http.Redirect(rw, r, w.ui.URL(duplicatePath+"/"+r.PathValue("finding")), http.StatusSeeOther)
}

func (w *web) confirmDuplicate(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.ConfirmDuplicate(r.Context(), access.From(r.Context()), r.PathValue("finding")); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL(duplicatePath), http.StatusSeeOther)
}

type alikePage struct {
	*webui.Form
	Base     string
	Purposes []webui.Choice
	Table    *webui.Table
}

func (w *web) lookAtAlike(rw http.ResponseWriter, r *http.Request) {
	form, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	ground := look.Ground{Purpose: look.Purpose(form.Value("purpose")), Case: form.Value("case")}
	all, err := w.LookAtAlike(r.Context(), access.From(r.Context()), r.PathValue("finding"), ground)
	if err := form.Take(err); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if !form.OK() {
		w.showAlike(rw, r, http.StatusUnprocessableEntity, form, nil)
		return
	}
	t := webui.Table{Caption: plain.Sentence{JA: "記録", EN: "Records"},
		Columns: []webui.Column{{Name: plain.Sentence{JA: "市区町村", EN: "Municipality"}}, {Name: plain.Sentence{JA: "氏名", EN: "Name"}}, {Name: plain.Sentence{JA: "生年月日", EN: "Date of birth"}},
			{Name: plain.Sentence{JA: "性別", EN: "Sex"}}, {Name: plain.Sentence{JA: "住所", EN: "Address"}}, {Name: plain.Sentence{JA: "最後の異動", EN: "Last change"}},
			{Name: plain.Sentence{JA: "住民票コード", EN: "Record code"}}},
		Empty: webui.Empty{Text: plain.Sentence{JA: "読める記録がありません。", EN: "No record can be read."}}}
	for _, i := range all {
		if i.Protected {
			t.Rows = append(t.Rows, []any{plain.Sentence{JA: "支援措置中の方（表示しません）", EN: "A protected person: nothing is shown"}, nil, nil, nil, nil, nil, nil})
			continue
		}
		t.Rows = append(t.Rows, []any{w.placeName(i.Municipality), webui.Name(i.Name.Reveal()), webui.Name(i.Birth.Wareki()), webui.Name(i.Sex.String()), webui.Name(i.Address.Reveal()),
			plain.Sentence{JA: i.Change.Reason.In(plain.JA), EN: i.Change.Reason.In(plain.EN)}, webui.Code(i.Code.Reveal())})
	}
	w.showAlike(rw, r, http.StatusOK, form, &t)
}

func (w *web) showAlike(rw http.ResponseWriter, r *http.Request, status int, form *webui.Form, t *webui.Table) {
	w.ui.Render(rw, r, w.duplicateAlike, status, alikePage{form, w.ui.URL(duplicatePath + "/" + r.PathValue("finding")), inquiry.Purposes(w.Self.Role()), t})
}
