package provision

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

var stateBadges = map[State]webui.Badge{
	Waiting:  {Kind: webui.Wait, Text: say("承認待ち", "waits for approval")},
	Approved: {Kind: webui.OK, Text: say("承認", "approved")},
	Refused:  {Kind: webui.Bad, Text: say("不承認", "refused")},
	Ended:    {Kind: webui.Off, Text: say("終了", "ended")},
}

// badge says how a use stands on a day: an approved one may not have begun, or be over.
func (u Use) badge(today resident.Date) webui.Badge {
	switch {
	case u.State == Approved && today.Before(u.Begins):
		return webui.Badge{Kind: webui.Wait, Text: say("承認（まだ始まっていない）", "approved, not yet begun")}
	case u.State == Approved && u.Ends.Valid() && today.After(u.Ends):
		return webui.Badge{Kind: webui.Off, Text: say("期間終了", "over")}
	}
	return stateBadges[u.State]
}

type usesPage struct {
	*webui.Form
	May      bool
	Waiting  []webui.Notice
	Table    webui.Table
	Purposes []webui.Choice
	Items    []itemBox
}

func (p *pages) today() resident.Date { return resident.DateOf(p.o.Host.Clock.Now()) }

func (p *pages) showUses(w http.ResponseWriter, r *http.Request, f *webui.Form, status int) {
	var all []Use
	if err := p.view(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		all, err = Uses(ctx, tx)
		return err
	}); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	page := usesPage{Form: f, May: access.May(access.From(r.Context()), access.ApproveUse, p.o.Host.Self.Role()) == nil, Items: boxes("item-"), Table: webui.Table{
		Caption: say("提供する事務（新しい順）", "Uses, the newest first"),
		Columns: []webui.Column{{Name: say("事務", "Work")}, {Name: say("機関", "Body")}, {Name: say("根拠", "Law")}, {Name: say("項目", "Items")}, {Name: say("始まる日", "From")}, {Name: say("状態", "State")}},
		Empty:   webui.Empty{Text: say("提供する事務はまだありません。下で提案し、別の運用員が承認すると、提供できるようになります。", "There is no use yet: propose one below; another operator approves it.")},
	}}
	waiting := 0
	for _, u := range all {
		if u.State == Waiting {
			waiting++
		}
		page.Table.Rows = append(page.Table.Rows, []any{webui.Link{Href: p.ui.URL(fmt.Sprintf("/uses/%d", u.Number)), Text: u.Name}, u.Body, u.Law, u.Items.Name(), dayWords(u.Begins), u.badge(p.today())})
	}
	if waiting > 0 {
		page.Waiting = []webui.Notice{{Kind: webui.Warn, Title: say(fmt.Sprintf("承認を待つ事務が%d件あります", waiting), fmt.Sprintf("Uses that wait for approval: %d", waiting)),
			Text: say("承認するまで、その機関には何も提供されません。", "Nothing is given to the body until it is approved.")}}
	}
	for _, rule := range look.Purposes(p.o.Host.Self.Role()) {
		if slices.Contains(purposes, rule.Purpose) {
			page.Purposes = append(page.Purposes, webui.Choice{Value: string(rule.Purpose), Name: plain.Sentence{JA: rule.Name.JA + "（" + rule.Law.JA + "）", EN: rule.Name.EN + " (" + rule.Law.EN + ")"}})
		}
	}
	p.ui.Render(w, r, p.uses, status, page)
}

func dayWords(d resident.Date) any {
	if !d.Valid() {
		return nil
	}
	return say(d.Wareki(), d.String())
}

func (p *pages) propose(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	u := Use{Name: f.Value("name"), Body: f.Value("body"), Law: f.Value("law"), Purpose: look.Purpose(f.Value("purpose")), Items: checked(f, "item-"),
		Staff: strings.Fields(strings.NewReplacer(",", " ", "、", " ", "　", " ").Replace(f.Value("staff")))}
	u.Begins, u.Ends = date(f, "begins"), date(f, "ends")
	var number uint64
	if f.OK() {
		var err error
		number, err = p.o.Propose(r.Context(), access.From(r.Context()), u)
		if err := f.Take(err); err != nil {
			p.ui.Fail(w, r, err)
			return
		}
	}
	if !f.OK() {
		p.showUses(w, r, f, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, p.ui.URL(fmt.Sprintf("/uses/%d", number)), http.StatusSeeOther)
}

func date(f *webui.Form, name string) (d resident.Date) {
	if f.Value(name) == "" {
		return d
	}
	d, err := resident.ParseDate(name, f.Value(name))
	if err != nil {
		f.Take(err) // a Parse function refuses with a plain.Problem and nothing else
	}
	return d
}

type usePage struct {
	*webui.Form
	Base, Failed         string
	Facts                []webui.Term
	Decide, Alone, MyEnd bool
}

func (p *pages) showUse(w http.ResponseWriter, r *http.Request, f *webui.Form, failed string, status int) {
	number, err := p.numberOf(r)
	var u Use
	if err == nil {
		err = p.view(r.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			var found bool
			if u, found, err = use(ctx, tx, number); err == nil && !found {
				err = plain.Bad("", "この事務はありません。一覧から選び直してください。", "There is no such use: choose one of the list.")
			}
			return err
		})
	}
	if err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	person := access.From(r.Context())
	may := access.May(person, access.ApproveUse, p.o.Host.Self.Role()) == nil
	page := usePage{Form: f, Failed: failed, Base: p.ui.URL(fmt.Sprintf("/uses/%d", u.Number)), Facts: []webui.Term{
		{Label: say("状態", "State"), Value: u.badge(p.today())}, {Label: say("事務", "Work"), Value: u.Name}, {Label: say("提供を受ける機関", "Body"), Value: u.Body},
		{Label: say("根拠", "Law"), Value: u.Law}, {Label: say("種類", "Kind"), Value: u.Purpose.Name()}, {Label: say("提供できる項目", "Items"), Value: u.Items.Name()},
		{Label: say("担当者", "Persons of the body"), Value: webui.Code(strings.Join(u.Staff, " "))},
		{Label: say("始まる日", "From"), Value: dayWords(u.Begins)}, {Label: say("終わる日", "Until"), Value: dayWords(u.Ends)},
		{Label: say("提案した人", "Proposed by"), Value: webui.Code(u.ProposedBy)}, {Label: say("提案した時刻", "Proposed at"), Value: u.ProposedAt},
	}}
	if u.DecidedBy != "" {
		page.Facts = append(page.Facts, webui.Term{Label: say("決めた人", "Decided by"), Value: webui.Code(u.DecidedBy)}, webui.Term{Label: say("決めた時刻", "Decided at"), Value: u.DecidedAt})
	}
	if u.EndedBy != "" {
		page.Facts = append(page.Facts, webui.Term{Label: say("終えた人", "Ended by"), Value: webui.Code(u.EndedBy)}, webui.Term{Label: say("終えた時刻", "Ended at"), Value: u.EndedAt})
	}
	if u.Why != "" {
		page.Facts = append(page.Facts, webui.Term{Label: say("わけ", "Why"), Value: u.Why})
	}
	page.Decide = may && u.State == Waiting && u.ProposedBy != person.ID
	page.Alone = u.State == Waiting && !page.Decide
	page.MyEnd = may && u.State == Approved
	p.ui.Render(w, r, p.use, status, page)
}

func (p *pages) decide(w http.ResponseWriter, r *http.Request) {
	f, ok := p.ui.ReadForm(w, r)
	if !ok {
		return
	}
	number, err := p.numberOf(r)
	act := r.PathValue("act")
	if err == nil && f.OK() {
		by, why := access.From(r.Context()), f.Value("why")
		switch act {
		case "approve", "refuse":
			err = p.o.Approve(r.Context(), by, number, act == "approve", why)
		case "end":
			err = p.o.End(r.Context(), by, number, why)
		default:
			p.ui.NotFound(w, r)
			return
		}
	}
	if err := f.Take(err); err != nil {
		p.ui.Fail(w, r, err)
		return
	}
	if !f.OK() {
		p.showUse(w, r, f, act, http.StatusUnprocessableEntity)
		return
	}
	http.Redirect(w, r, p.ui.URL(fmt.Sprintf("/uses/%d", number)), http.StatusSeeOther)
}
