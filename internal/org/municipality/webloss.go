package municipality

import (
	"net/http"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/webui"
)

type lossPage struct {
	*webui.Form
	Terms        []webui.Term
	Grounds      []webui.Choice
	Action, Back string
}

// groundChoices are grounds to choose from.
func groundChoices(grounds []cert.Ground) (all []webui.Choice) {
	for _, g := range grounds {
		all = append(all, webui.Choice{Value: string(g), Name: g.Name(), Note: g.Meaning()})
	}
	return all
}

func (w *screens) showLoss(rw http.ResponseWriter, r *http.Request) {
	w.renderLoss(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderLoss(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	d, err := w.o.Look(r.Context(), personOf(r), "report of a loss")
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	w.ui.Render(rw, r, w.loss, status, lossPage{Form: f, Terms: w.recordTerms(d.Now)[:6], Grounds: groundChoices(counterGrounds),
		Action: w.personURL(d.Now.Person, "/loss"), Back: w.personURL(d.Now.Person, "")})
}

func (w *screens) doLoss(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderLoss(rw, r, http.StatusOK, f)
		return
	}
	ground := groundOf(f)
	if f.OK() {
		_, err := w.o.ReportLoss(r.Context(), Report{personOf(r), ground})
		if err == nil {
			http.Redirect(rw, r, w.personURL(personOf(r), ""), http.StatusSeeOther)
			return
		}
		if err = refused(f, err); err != nil {
			w.ui.Fail(rw, r, err)
			return
		}
	}
	w.renderLoss(rw, r, http.StatusUnprocessableEntity, f)
}

// groundOf reads why somebody has a certificate ended, and asks whether they were told that it is for good.
func groundOf(f *webui.Form) cert.Ground {
	if !ticked(f, "told") && !relanguaged(f) {
		f.Bad("told", "失効は取り消せないことを本人に伝えてから、印を付けてください。", "Tell the holder that a revocation cannot be undone, then tick the box.")
	}
	return entry(f, "revoke_reason", cert.ParseGround)
}
