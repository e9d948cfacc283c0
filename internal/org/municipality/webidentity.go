package municipality

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

func documentChoices() (cs []webui.Choice) {
	for _, k := range identity.Kinds() {
		cs = append(cs, webui.Choice{Value: string(k.Document), Name: k.Name})
	}
	return cs
}

// evidenceOf is what a form says of the documents that were shown.
func evidenceOf(f *webui.Form) identity.Evidence {
	e := identity.Evidence{identity.Document(f.Value(identity.FieldDocument))}
	if second := f.Value(identity.FieldSecond); second != "" {
		e = append(e, identity.Document(second))
	}
	return e
}

// checkTerms say who has checked, and how.
func checkTerms(checks []identity.Check) (terms []webui.Term) {
	for i, c := range checks {
		n := strconv.Itoa(i + 1)
		documents := c.Documents.Names()
		terms = append(terms, webui.Term{Label: both("本人確認（"+n+"人目）", "Identity checked by ("+n+")"), Value: webui.Code(c.By)},
			webui.Term{Label: both("書類の種類（"+n+"人目）", "Kinds of documents ("+n+")"), Value: documents},
			webui.Term{Label: both("確認した時（"+n+"人目）", "Checked at ("+n+")"), Value: c.At})
	}
	return terms
}

// checksPage are the applications that wait for another person's check. It names no resident.
type checksPage struct {
	Waiting webui.Table
	Lapsed  []lapsedPart
	Counts  webui.Table
	Rule    string
}

type lapsedPart struct {
	Terms  []webui.Term
	Action string
}

func (w *screens) showChecks(rw http.ResponseWriter, r *http.Request) {
	var waits []identity.Wait
	var counts []identity.Count
	first := map[string][]identity.Check{}
	since := resident.DateOf(w.o.Clock.Now()).AddDays(-30).Start()
	err := w.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		checks := identity.In(tx)
		if waits, err = checks.Queue(ctx); err != nil {
			return err
		}
		for _, one := range waits {
			if first[one.Case], err = checks.ChecksOf(ctx, one.Case); err != nil {
				return err
			}
		}
		counts, err = checks.Counts(ctx, since)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := checksPage{Rule: w.ui.URL("/identity-rule"),
		Waiting: webui.Table{Caption: both("確認を待っている届出・申請", "Notices and applications that wait"),
			Columns: []webui.Column{{Name: both("番号", "Number")}, {Name: both("事務", "What for")}, {Name: both("一人目", "First checked by")}, {Name: both("受付", "Taken")}, {Name: both("期限", "Lapses")}},
			Empty:   webui.Empty{Text: both("待っているものはありません。", "None waits.")}},
		Counts: webui.Table{Caption: both("この30日の本人確認", "Checks in the last 30 days"),
			Columns: []webui.Column{{Name: both("事務", "Act")}, {Name: both("確認の方法", "By what")}, {Name: both("件数", "Count"), Right: true}},
			Empty:   webui.Empty{Text: both("まだありません。", "None yet.")}}}
	for _, one := range waits {
		by := ""
		if len(first[one.Case]) > 0 {
			by = first[one.Case][0].By
		}
		name, page, check := identity.ActName(one.Act), "/taken/"+one.Case, "" // what was filed is checked on its own page
		if one.Act == access.IssueCertificate {
			page, check = "/application/"+one.Case, "/check"
		}
		if one.State == identity.Lapsed {
			p.Lapsed = append(p.Lapsed, lapsedPart{Action: w.ui.URL("/checks/" + one.Case + "/told"), Terms: []webui.Term{
				{Label: both("番号", "Number"), Value: webui.Link{Href: w.ui.URL(page), Text: both(one.Case, one.Case)}},
				{Label: both("事務", "What for"), Value: name},
				{Label: both("受け付けた人", "Taken by"), Value: webui.Code(by)}, {Label: both("期限切れになった時", "Lapsed"), Value: one.ClosedAt}}})
			continue
		}
		p.Waiting.Rows = append(p.Waiting.Rows, []any{webui.Link{Href: w.ui.URL(page + check), Text: both(one.Case, one.Case)}, name, webui.Code(by), one.BeganAt, one.UntilAt})
	}
	for _, c := range counts {
		p.Counts.Rows = append(p.Counts.Rows, []any{identity.ActName(c.Act), c.Way.Name(), c.N})
	}
	w.ui.Render(rw, r, w.checks, http.StatusOK, p)
}

func (w *screens) tellLapse(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.o.ToldOfLapse(r.Context(), r.PathValue("request")); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/checks"), http.StatusSeeOther)
}

// checkPage is where the second person checks.
type checkPage struct {
	*webui.Form
	Notices      []webui.Notice
	Terms, First []webui.Term
	Documents    []webui.Choice
	May          bool // another person than whoever has checked
	Action       string
	Refuse, Back string
}

func (w *screens) showCheck(rw http.ResponseWriter, r *http.Request) {
	w.renderCheck(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderCheck(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	a, err := w.o.storedApplication(r.Context(), r.PathValue("request"))
	if errors.Is(err, errNotChecking) {
		w.ui.NotFound(rw, r)
		return
	}
	var d Dossier
	var done []identity.Check
	if err == nil {
		d, err = w.o.LookOpened(r.Context(), a.Person, "check of an application")
	}
	if err == nil {
		done, err = w.o.checksOf(r.Context(), a.Request)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	base := w.ui.URL("/application/" + a.Request)
	if a.State != store.Checking {
		http.Redirect(rw, r, base, http.StatusSeeOther)
		return
	}
	p := checkPage{Form: f, Documents: documentChoices(), Action: base + "/check", Refuse: base + "/refuse", Back: base,
		Terms: append(w.recordTerms(d.Now)[:6], webui.Term{Label: both("申請", "Applied for"), Value: a.Profile.Name()}), First: checkTerms(done),
		May: mayCheck(done, access.From(r.Context()))}
	if !p.May {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Info, Title: both("もう一人の職員の確認を待っています", "It waits for another person"),
			Text: both("確認した人は、二人目になれません。もう一人の職員に、その人のパスキーで確認を依頼してください。", "Whoever has checked cannot be the second person too: ask another, with a passkey of their own.")})
	}
	if !d.Now.Present() || fresh(d.Now, a.Version) != nil {
		p.May = false
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("住民票の記載が変わりました", "The record has changed"),
			Text: both("最初の確認の後に記載が変わったため、この申請では発行できません。却下し、今の記載で申請し直してください。", "It has changed since the first check, so nothing can be issued on this application: refuse it, and apply anew.")})
	}
	w.ui.Render(rw, r, w.check, status, p)
}

// checksOf are the checks of an application.
func (o *Municipality) checksOf(ctx context.Context, request string) (all []identity.Check, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err = identity.In(tx).ChecksOf(ctx, request)
		return err
	})
	return all, err
}

func (w *screens) doCheck(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderCheck(rw, r, http.StatusOK, f)
		return
	}
	e := needEvidence(f)
	w.checkDone(rw, r, f, func(request string) error {
		_, err := w.o.CheckAgain(r.Context(), request, e)
		return err
	})
}

func (w *screens) refuseChecked(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderCheck(rw, r, http.StatusOK, f)
		return
	}
	w.checkDone(rw, r, f, func(request string) error { return w.o.RefuseApplication(r.Context(), request, f.Value("reason")) })
}

func (w *screens) checkDone(rw http.ResponseWriter, r *http.Request, f *webui.Form, do func(request string) error) {
	if f.OK() {
		err := do(r.PathValue("request"))
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/application/"+r.PathValue("request")), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderCheck(rw, r, http.StatusUnprocessableEntity, f)
}

// identityRulePage is the rule, what it was before, and what is proposed.
type identityRulePage struct {
	*webui.Form
	Now      []webui.Term
	Open     []openRule
	May      bool
	Action   string
	Acts     []webui.Choice
	Persons  []webui.Choice
	Versions webui.Table
}

type openRule struct {
	Terms             []webui.Term
	Confirm           bool
	ConfirmAt, DropAt string
}

func personsText(n int) plain.Sentence {
	if n == 1 {
		return both("職員1人", "one of the staff")
	}
	return both("職員"+strconv.Itoa(n)+"人（別の人が、それぞれのパスキーで）", strconv.Itoa(n)+" of the staff, each with a passkey of their own")
}

func (w *screens) showIdentityRule(rw http.ResponseWriter, r *http.Request) {
	w.renderIdentityRule(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderIdentityRule(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	var all []identity.Rule
	err := w.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = identity.In(tx).Rules(ctx)
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	who, at := access.From(r.Context()), func(v int64, act string) string {
		return w.ui.URL("/identity-rule/" + strconv.FormatInt(v, 10) + "/" + act)
	}
	today := resident.DateOf(w.o.Clock.Now())
	p := identityRulePage{Form: f, Action: w.ui.URL("/identity-rule"), Persons: []webui.Choice{{Value: "1", Name: personsText(1)}, {Value: "2", Name: personsText(2)}},
		Versions: webui.Table{Caption: both("規則の履歴", "Versions"),
			Columns: []webui.Column{{Name: both("版", "Version"), Right: true}, {Name: both("事務", "What for")}, {Name: both("確認する職員", "Who checks")}, {Name: both("適用する日", "From")}, {Name: both("状態", "State")},
				{Name: both("提案", "Proposed by")}, {Name: both("決定", "Decided by")}, {Name: both("理由", "Reason")}},
			Empty: webui.Empty{Text: both("まだ定めていません。定めるまでは職員1人です。", "None yet: one of the staff checks until there is one.")}}}
	for _, act := range identity.Acts {
		p.Acts = append(p.Acts, webui.Choice{Value: string(act), Name: identity.ActName(act)})
		p.Now = append(p.Now, webui.Term{Label: identity.ActName(act), Value: personsText(identity.Needed(all, act, today))})
	}
	anew := who
	anew.Fresh, anew.Overdue = true, false // whoever is stale is asked for the passkey when the form is sent
	p.May = access.May(anew, access.SetIdentityRule, message.Municipality) == nil
	for _, one := range all {
		state := badge(webui.OK, "承認済み", "confirmed")
		switch one.State {
		case identity.RuleProposed:
			state = badge(webui.Wait, "もう一人の承認待ち", "waits for a second person")
			p.Open = append(p.Open, openRule{ConfirmAt: at(one.Version, "confirm"), DropAt: at(one.Version, "drop"),
				Confirm: access.SecondPerson(access.Person{ID: one.ProposedBy, Credential: one.Credential}, who) == nil,
				Terms: []webui.Term{{Label: both("事務", "What for"), Value: identity.ActName(one.Act)}, {Label: both("確認する職員", "Who checks"), Value: personsText(one.Persons)}, {Label: both("適用する日", "From"), Value: day(one.From)},
					{Label: both("理由", "Reason"), Value: webui.Name(one.Reason)}, {Label: both("提案した職員", "Proposed by"), Value: webui.Code(one.ProposedBy)}}})
		case identity.RuleDropped:
			state = badge(webui.Off, "取下げ", "dropped")
		}
		p.Versions.Rows = append(p.Versions.Rows, []any{one.Version, identity.ActName(one.Act), personsText(one.Persons), day(one.From), state, webui.Code(one.ProposedBy), webui.Code(one.DecidedBy), webui.Name(one.Reason)})
	}
	w.ui.Render(rw, r, w.identityRule, status, p)
}

func (w *screens) doIdentityRule(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderIdentityRule(rw, r, http.StatusOK, f)
		return
	}
	n := identity.Rule{Act: access.Act(f.Value(identity.FieldAct)), From: entry(f, identity.FieldFrom, resident.ParseDate), Reason: f.Value(identity.FieldReason)}
	n.Persons, _ = strconv.Atoi(f.Value(identity.FieldPersons)) // of anything else the rule says to choose
	if f.OK() {
		_, err := w.o.ProposeIdentityRule(r.Context(), n)
		if err == nil {
			http.Redirect(rw, r, w.ui.URL("/identity-rule"), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderIdentityRule(rw, r, http.StatusUnprocessableEntity, f)
}

func (w *screens) confirmIdentityRule(rw http.ResponseWriter, r *http.Request) {
	w.decideIdentityRule(rw, r, true)
}

func (w *screens) dropIdentityRule(rw http.ResponseWriter, r *http.Request) {
	w.decideIdentityRule(rw, r, false)
}

func (w *screens) decideIdentityRule(rw http.ResponseWriter, r *http.Request, confirm bool) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	version, err := strconv.ParseInt(r.PathValue("version"), 10, 64)
	if err != nil {
		w.ui.NotFound(rw, r)
		return
	}
	if err := w.o.DecideIdentityRule(r.Context(), version, confirm); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/identity-rule"), http.StatusSeeOther)
}
