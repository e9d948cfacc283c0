package municipality

import (
	"context"
	"net/http"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// placeLines are the lines of what was typed, without blanks around them and empty ones.
func placeLines(s string) (all []string) {
	for _, l := range strings.FieldsFunc(s, func(r rune) bool { return r == '\n' || r == '\r' || r == '、' || r == ',' }) {
		if l = strings.TrimSpace(l); l != "" {
			all = append(all, l)
		}
	}
	return all
}

// protectedPage is what a clerk sees of a protected person whose record is not open to them.
type protectedPage struct {
	*webui.Form
	Name     string
	Notices  []webui.Notice
	Flags    webui.Table
	Releases webui.Table
	Purposes []webui.Choice
	// Documents are those by which is checked who has come.
	Documents []webui.Choice
	Measure   string // address of our own measure; empty: none
	TakeOver  string // address; empty: there is nothing to take over
	Waiting   bool   // a request of this clerk's waits
	Loss      string
	Action    string
}

var purposes = []webui.Choice{
	{Value: string(protection.Look), Name: purposeName(protection.Look), Note: both("認められてから最初に開いた時から15分だけ、あなたにだけ開きます。", "Open to you alone, for fifteen minutes from when you first open it.")},
	{Value: string(protection.Document), Name: purposeName(protection.Document), Note: both("記録の閲覧に加えて、電子証明書か証明書を一通だけ申請できます。", "In addition, one certificate or document can be applied for.")},
}

func (p *protectScreens) showProtected(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form, d Dossier) {
	who := d.Now.Person
	page := protectedPage{Form: f, Name: d.Now.Record.Name.Reveal(), Purposes: purposes, Documents: documentChoices(), Loss: p.personURL(who, "/loss"), Action: p.personURL(who, ""),
		Notices: []webui.Notice{{Kind: webui.Warn, Title: both("支援措置中の方です。住所などは表示しません", "This person is protected: no address is shown"),
			Text: both("だれから尋ねられても、住所も、ここに記録があることも答えないでください。本人が来たときは、本人確認をしてから一時解除を依頼します。", "Whoever asks, say neither an address nor that there is a record here. When it is the person herself, check who she is and then ask for a release.")}},
		Flags: webui.Table{Caption: both("支援措置", "Protection"), Columns: []webui.Column{{Name: both("決めた市区町村", "Decided by")}, {Name: both("状態", "State")}, {Name: both("期限", "Until")}},
			Empty: webui.Empty{Text: both("ありません。", "None.")}}}
	foreign, own := false, false
	for _, of := range d.Protection.Flags {
		state := badge(webui.Info, "措置中", "in force")
		if of.Provisional {
			state = badge(webui.Warn, "仮の措置", "provisional")
		}
		// Which other municipality decided says where she has gone: nobody needs it here.
		owner := both("ほかの市区町村", "another municipality")
		if of.Owner == p.o.Self {
			owner = p.o.Name
		}
		page.Flags.Rows = append(page.Flags.Rows, []any{owner, state, day(of.Until)})
		foreign, own = foreign || of.Owner != p.o.Self, own || of.Owner == p.o.Self
	}
	if foreign && !own {
		page.TakeOver = p.personURL(who, "/take-over")
	}
	var releases []protection.Release
	err := p.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		m, found, err := p.o.flags(tx).MeasureOf(ctx, who.String())
		if err == nil && found && own {
			page.Measure = p.measureURL(m.Number, "")
		}
		if err == nil {
			releases, err = p.o.flags(tx).ReleasesOf(ctx, who.String())
		}
		return err
	})
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	page.Releases = p.releaseTable(releases)
	for _, of := range releases {
		page.Waiting = page.Waiting || of.State == "asked" && of.AskedBy == access.From(r.Context()).ID && of.Alive(p.o.Clock.Now())
	}
	if page.Waiting {
		page.Notices = append(page.Notices, webui.Notice{Kind: webui.Wait, Title: both("一時解除の承認を待っています", "Your request waits for a second person"),
			Text: both("もう一人の窓口職員に、「支援措置」の画面で認めてもらってください。認められたら、この画面を開き直します。", "Ask another clerk to grant it on the page of protected persons, then open this page again.")})
	}
	p.ui.Render(rw, r, p.person, status, page)
}

func (p *protectScreens) releaseTable(releases []protection.Release) webui.Table {
	t := webui.Table{Caption: both("この方の一時解除（新しい順）", "Releases, the newest first"),
		Columns: []webui.Column{{Name: both("依頼した人", "Asked by")}, {Name: both("目的", "For")}, {Name: both("理由", "Reason")}, {Name: both("決めた人", "Decided by")}, {Name: both("状態", "State")}, {Name: both("期限", "Until")}},
		Empty:   webui.Empty{Text: both("一時解除はありません。", "There was none.")}}
	names := map[string]webui.Badge{"asked": badge(webui.Wait, "承認待ち", "asked"), "granted": badge(webui.Info, "認められた（未使用）", "granted, not used"),
		"open": badge(webui.Warn, "開いている", "open"), "refused": badge(webui.Off, "認められなかった", "refused")}
	for _, of := range releases {
		state, known := names[of.State]
		if !known || of.State != "refused" && !of.Alive(p.o.Clock.Now()) {
			state = badge(webui.Off, "終わった", "over")
		}
		t.Rows = append(t.Rows, []any{webui.Code(of.AskedBy), purposeName(of.Purpose), of.Reason, nameText(of.DecidedBy), state, of.ExpiresAt})
	}
	return t
}

func (p *protectScreens) askRelease(rw http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	who := personOf(r)
	if !relanguaged(f) {
		err := p.o.AskRelease(r.Context(), who, protection.Purpose(f.Value("purpose")), f.Value("reason"), evidenceOf(f))
		if err = refused(f, err); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
		if len(f.Problems()) == 0 {
			http.Redirect(rw, r, p.personURL(who, ""), http.StatusSeeOther)
			return
		}
	}
	p.again(rw, r, f, "release request")
}

// again shows the page of a protected person with what was refused.
func (p *protectScreens) again(rw http.ResponseWriter, r *http.Request, f *webui.Form, why string) {
	d, err := p.o.Look(r.Context(), personOf(r), why)
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	p.showProtected(rw, r, statusOf(f), f, d)
}

func (p *protectScreens) takeOver(rw http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if !relanguaged(f) {
		measure, err := p.o.TakeOver(r.Context(), personOf(r))
		if err == nil {
			http.Redirect(rw, r, p.measureURL(measure, ""), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
	}
	p.again(rw, r, f, "taking over")
}

// applyProtectionPage is the form of an application.
type applyProtectionPage struct {
	*webui.Form
	Terms     []webui.Term
	With      []withChoice
	Documents []webui.Choice
	Action    string
	Back      string
}

// withChoice is somebody of the household who can be protected too.
type withChoice struct{ Field, Name string }

func protectWith(v store.Version) string { return "with_" + v.Person.String() }

func (p *protectScreens) showApply(rw http.ResponseWriter, r *http.Request) {
	p.renderApplication(rw, r, webui.NewForm(nil))
}

func (p *protectScreens) renderApplication(rw http.ResponseWriter, r *http.Request, f *webui.Form) {
	d, err := p.o.Look(r.Context(), personOf(r), "application for protection")
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	if d.Hidden {
		p.showProtected(rw, r, http.StatusOK, f, d)
		return
	}
	page := applyProtectionPage{Form: f, Documents: documentChoices(), Terms: p.recordTerms(d.Now)[:5], Action: p.personURL(d.Now.Person, "/protect"), Back: p.personURL(d.Now.Person, "")}
	for _, v := range d.Household {
		if v.Person != d.Now.Person && !isMasked(v) {
			page.With = append(page.With, withChoice{protectWith(v), v.Record.Name.Reveal() + "（" + v.Record.Relation.Reveal() + "、" + v.Record.Birth.Wareki() + "）"})
		}
	}
	p.ui.Render(rw, r, p.apply, statusOf(f), page)
}

func (p *protectScreens) doApply(rw http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		p.renderApplication(rw, r, f)
		return
	}
	d, err := p.o.Look(r.Context(), personOf(r), "application for protection")
	if err != nil {
		p.ui.Fail(rw, r, err)
		return
	}
	a := Protecting{Applicant: d.Now.Person, Places: p.readPlaces(f, "places"), Evidence: needEvidence(f)}
	for _, v := range d.Household {
		if ticked(f, protectWith(v)) {
			a.With = append(a.With, v.Person)
		}
	}
	if f.OK() {
		measure, err := p.o.Protect(r.Context(), a)
		if err == nil {
			http.Redirect(rw, r, p.measureURL(measure, ""), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			p.ui.Fail(rw, r, err)
			return
		}
	}
	p.renderApplication(rw, r, f)
}

// openUntil says on the page of a protected person's record, which a release opens, for how long it does.
func (w *screens) openUntil(r *http.Request, who PersonID) (n webui.Notice, err error) {
	n = webui.Notice{Kind: webui.Warn, Title: both("支援措置中の方です。一時解除で開いています", "This person is protected; a release opens the record to you"),
		Text: both("来庁した本人のほかには、何も答えないでください。", "Say nothing to anybody but the person herself.")}
	err = w.o.Store.View(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		all, err := w.o.flags(tx).ReleasesOf(ctx, who.String())
		for _, of := range all {
			if of.State == "open" && of.AskedBy == access.From(ctx).ID && of.Alive(w.o.Clock.Now()) {
				at := of.ExpiresAt.In(resident.JST).Format("15:04")
				n.Title.JA, n.Title.EN = n.Title.JA+"（"+at+"まで）", n.Title.EN+" (until "+at+")"
			}
		}
		return err
	})
	return n, err
}
