package municipality

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// maxHeadless is how many households without a head are shown at once.
const maxHeadless = 100

// headless is a household without a head, as a clerk sees it.
type headless struct {
	store.Headless
	Member PersonID // of those who remain, when the head that is gone is protected and so is not shown; 0: nobody
}

// Headless are the households that people live in and that have no head, the oldest first, with who sees to each.
func (o *Municipality) Headless(ctx context.Context) (all []headless, err error) {
	if _, err := clerk(ctx, access.FileChange); err != nil {
		return nil, err
	}
	err = o.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		listed, err := o.in(tx).Headless(ctx, maxHeadless)
		if err != nil {
			return err
		}
		all = nil
		for _, h := range listed {
			shown := headless{Headless: h}
			standing, err := o.protected(ctx, o.in(tx), protection.Register, h.Person)
			if err != nil {
				return err
			}
			if standing.Held { // neither the messages of the notice, which say where she has gone, nor her number beside the household of hers
				shown.Trace, shown.Person = "", 0
				if shown.Member, err = o.unprotectedOf(ctx, o.in(tx), h.Household); err != nil {
					return err
				}
			}
			all = append(all, shown)
		}
		return nil
	})
	return all, err
}

// unprotectedOf is somebody of a household who is not protected; 0: there is nobody.
func (o *Municipality) unprotectedOf(ctx context.Context, tx *store.Tx, id resident.HouseholdID) (PersonID, error) {
	members, err := tx.Household(ctx, id)
	if err == nil {
		err = o.hideFound(ctx, tx, members)
	}
	for _, m := range members {
		if err == nil && !isMasked(m) {
			return m.Person, nil
		}
	}
	return 0, err
}

// TakeHeadless makes the clerk in the context the owner of a household without a head.
func (o *Municipality) TakeHeadless(ctx context.Context, id resident.HouseholdID) error {
	who, err := clerk(ctx, access.FileChange)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		there, err := tx.TakeHeadless(ctx, id, who)
		if err == nil && !there {
			return nil, plain.Bad("household",
				"この世帯は、世帯主のいない世帯の一覧にもうありません。世帯主が決まったか、だれもいなくなりました。",
				"This household is not on the list any more: it has a head by now, or nobody is in it.")
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: "file-change", Subject: "household " + string(id), Case: trace, Detail: "sees to the household without a head"})
		return nil, err
	})
	return err
}

// headlessPage lists the households without a head.
type headlessPage struct {
	Rows []headlessRow
	Full bool
}

type headlessRow struct {
	Terms  []webui.Term
	Take   string // address; empty: it is the reader's own
	Open   string // where another head is filed; empty: the head that is gone is not shown
	Member string // the same, by somebody who remains
}

func (w *screens) showHeadless(rw http.ResponseWriter, r *http.Request) {
	all, err := w.o.Headless(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := headlessPage{Full: len(all) == maxHeadless}
	for _, h := range all {
		row := headlessRow{Terms: []webui.Term{
			{Label: both("世帯番号", "Household"), Value: webui.Code(h.Household)}, {Label: both("世帯主がいなくなった時", "Without a head since"), Value: h.OpenedAt},
			{Label: both("担当", "In the charge of"), Value: webui.Code(h.Owner)}}}
		if h.Person != 0 {
			row.Open = w.personURL(h.Person, "")
		}
		if h.Member != 0 {
			row.Member = w.personURL(h.Member, "")
		}
		if h.Trace != "" {
			row.Terms = append(row.Terms, webui.Term{Label: both("もとになった届出", "Left so by"), Value: webui.Link{Href: w.personURL(h.Person, "/filed/"+h.Trace), Text: webui.Code(h.Trace)}})
		}
		if h.Owner != access.From(r.Context()).ID {
			row.Take = w.ui.URL("/headless/" + string(h.Household) + "/take")
		}
		p.Rows = append(p.Rows, row)
	}
	w.ui.Render(rw, r, w.headless, http.StatusOK, p)
}

func (w *screens) takeHeadless(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	id, err := resident.ParseHouseholdID("household", r.PathValue("household"))
	if err == nil {
		err = w.o.TakeHeadless(r.Context(), id)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/headless"), http.StatusSeeOther)
}

// headlessNotices say on somebody's page that the household has no head, and how it gets one.
func (w *screens) headlessNotices(d Dossier) []webui.Notice {
	if len(d.Household) == 0 || slices.ContainsFunc(d.Household, isHead) || withheld(d.Household) > 0 { // one who is not shown may be it
		return nil
	}
	first := d.Household[0].Person
	return []webui.Notice{{Kind: webui.Warn, Title: both("この世帯には世帯主がいません", "This household has no head"),
		Text: both("残っている方に世帯主を聞き、世帯主変更を受け付けてください。", "Ask those who remain who it is, and file another head."),
		Link: &webui.Link{Href: w.personURL(first, "/household/head-change"), Text: both("世帯主変更を受け付ける", "File another head")}}}
}

// headlessCount is the notice of the first page; nil when every household has a head.
func (w *screens) headlessCount(n int) []webui.Notice {
	if n == 0 {
		return nil
	}
	text := strconv.Itoa(n)
	return []webui.Notice{{Kind: webui.Warn, Title: both("世帯主のいない世帯が"+text+"件あります", "Households without a head: "+text),
		Text: both("それぞれに担当がいます。世帯の方に聞いて、世帯主変更を受け付けてください。", "Each is in somebody's charge: ask the people, and file another head."),
		Link: &webui.Link{Href: w.ui.URL("/headless"), Text: both("一覧を開く", "Open the list")}}}
}
