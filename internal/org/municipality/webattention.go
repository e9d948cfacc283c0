package municipality

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/message"
)

type attentionPage struct {
	*webui.Form
	Notice       webui.Notice
	Action, Back string
}

// attended lets nobody to the page of somebody on the list for attention who has not confirmed it. It only asks: what
// refuses is the look itself.
func (w *screens) attended(next http.HandlerFunc) http.HandlerFunc {
	return func(rw http.ResponseWriter, r *http.Request) {
		if r.PathValue("person") == "" {
			next(rw, r)
			return
		}
		unconfirmed, err := w.o.unconfirmed(r.Context(), personOf(r))
		switch {
		case err != nil:
			w.ui.Fail(rw, r, err)
		case unconfirmed:
			w.renderAttention(rw, r, http.StatusConflict, webui.NewForm(map[string]string{visitNext: w.ui.URL(r.URL.Path)}))
		default:
			next(rw, r)
		}
	}
}

func (w *screens) renderAttention(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	w.ui.Render(rw, r, w.attention, status, attentionPage{Form: f, Action: w.personURL(personOf(r), "/attention"), Back: w.ui.URL("/search"),
		Notice: webui.Notice{Kind: webui.Warn, Title: both("開く前に、用件を確かめてください", "Make sure of the case before it opens"),
			Text: both("この方の記録は注意対象です。開くと監査人に知らされ、監査人が用件を確かめます。申請や依頼がない、または担当を替わるべきときは、開かずに上司に相談してください。",
				"This record is on the list for attention. When it opens, the auditors are told and check the case. Without an application or a letter, or when somebody else should serve this person, do not open it and ask your superior.")}})
}

func (w *screens) doAffirm(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	status := http.StatusOK // the language switch
	if f.OK() {
		err := w.o.AffirmLook(r.Context(), personOf(r), f.Value("again"))
		if err == nil {
			http.Redirect(rw, r, w.within(f.Value(visitNext)), http.StatusSeeOther)
			return
		}
		if err = f.Take(err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
		status = http.StatusUnprocessableEntity
	}
	w.renderAttention(rw, r, status, f)
}

// unconfirmed tells whether the clerk in the context must confirm before the person's record opens.
func (o *Municipality) unconfirmed(ctx context.Context, who PersonID) (is bool, err error) {
	err = o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		now, found, err := o.in(raw).Current(ctx, who)
		if err != nil || !found {
			is = false
			return err
		}
		by := access.From(ctx).ID
		ground, err := look.GroundOf(ctx, raw, by)
		if err == nil {
			is, err = look.Unconfirmed(ctx, raw, by, now.Record.Code, ground.Case)
		}
		return err
	})
	return is, err
}

// AffirmLook confirms, for the clerk in the context, that the record of somebody on the list for attention must be
// opened: again is the number of the case, typed once more.
func (o *Municipality) AffirmLook(ctx context.Context, who PersonID, again string) error {
	_, err := o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		now, found, err := tx.Current(ctx, who)
		if err != nil {
			return nil, err
		}
		if !found {
			return nil, errNobody
		}
		ground, err := look.GroundOf(ctx, tx.Tx, access.From(ctx).ID)
		if err != nil {
			return nil, err
		}
		err = look.Affirm(ctx, tx.Tx, access.From(ctx), o.Self, now.Record.Code, ground, again)
		if problems, ok := plain.AsProblems(err); ok && problems[0].Field != "again" {
			return nil, plain.Bad("again", problems[0].JA, problems[0].EN) // the visit is over
		}
		return nil, err
	})
	return err
}
