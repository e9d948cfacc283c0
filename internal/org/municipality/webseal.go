package municipality

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/imprint"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

type sealPage struct {
	*webui.Form
	Person  []webui.Term
	Notices []webui.Notice

	Seal    []webui.Term // the one that is registered or inquired about; none: one can be registered
	Picture string       // address of its imprint
	Size    string       // of the seal itself; the picture is enlarged
	Waiting bool         // for the answer to a letter
	Ways    []webui.Choice
	Grounds []webui.Choice
	Alike   bool // ask whether they were compared

	Documents []webui.Choice
	Scanned   bool // the scan is there from before
	Gone      bool // the person is no resident any more

	Before webui.Table
	Action string
	Back   string
}

var sealWays = []webui.Choice{
	choice(string(SealByPhotoID), "本人が来て、顔写真付きの公的な本人確認書類を示した（その場で登録）", "The holder came with an official document with a photograph (registered at once)"),
	choice(string(SealByGuarantor), "本人が来て、登録者の保証書を示した（その場で登録）", "The holder came with the written guarantee of a registered person (registered at once)"),
	choice(string(SealByInquiry), "照会書を住所に郵送し、回答書を待つ（代理人のときはこれだけ）", "A letter goes to the address and its answer is waited for (the only way with an agent)"),
}

// dossierOfSeal is what the page shows, read together with the look at the person.
func (w *screens) dossierOfSeal(r *http.Request) (d Dossier, seals []store.Seal, waits []webui.Notice, err error) {
	if d, err = w.o.LookOpened(r.Context(), personOf(r), "seal"); err != nil {
		return d, nil, nil, err
	}
	err = w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		if waits, err = w.takenWaits(ctx, raw, d.Now.Person); err != nil {
			return err
		}
		seals, err = w.o.in(raw).Seals(ctx, d.Now.Person)
		return err
	})
	return d, seals, waits, err
}

func (w *screens) showSeal(rw http.ResponseWriter, r *http.Request) {
	w.renderSeal(rw, r, http.StatusOK, webui.NewForm(nil))
}

func (w *screens) renderSeal(rw http.ResponseWriter, r *http.Request, status int, f *webui.Form) {
	d, seals, notices, err := w.dossierOfSeal(r)
	if err == nil && len(notices) == 0 {
		notices, err = w.twoCheck(r.Context(), access.KeepSeal)
	}
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if f.Value("base") == "" || hasProblem(f, "base") {
		f.Set("base", d.Now.Number.String())
	}
	p := sealPage{Form: f, Person: w.recordTerms(d.Now)[:5], Ways: sealWays, Alike: hasProblem(f, fieldCompared) || ticked(f, fieldCompared),
		Notices: notices, Documents: documentChoices(), Scanned: f.Value(fieldTaken) != "", Gone: !d.Now.Present(), Action: w.personURL(d.Now.Person, "/seal"), Back: w.personURL(d.Now.Person, "")}
	for _, g := range counterSealGrounds {
		p.Grounds = append(p.Grounds, webui.Choice{Value: string(g), Name: g.Name()})
	}
	p.Before = webui.Table{Caption: both("これまでの印鑑登録", "Earlier registrations"),
		Columns: []webui.Column{{Name: both("登録証の番号", "Card")}, {Name: both("申請", "Applied")}, {Name: both("登録", "Registered")}, {Name: both("終わり", "Ended")}, {Name: both("理由", "Why")}},
		Empty:   webui.Empty{Text: both("ありません。", "None.")}}
	for i, s := range seals {
		if s.State == store.SealEnded {
			p.Before.Rows = append(p.Before.Rows, []any{cardText(s.Card), s.AppliedAt, momentOrNone(s.RegisteredAt), s.EndedAt, SealGround(s.Ground).Name()})
			if i == 0 && SealGround(s.Ground) == SealRenamed {
				p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("氏名の変更で印鑑登録が廃止されています", "The registration ended with the change of the name"),
					Text: both("前の印鑑は、今の氏名を表していません。証明が要るときは、新しい印鑑の登録が要ることを本人に伝えてください。", "The seal does not state the present name: tell the holder that another one has to be registered.")})
			}
			continue
		}
		w.showLive(&p, s)
	}
	w.ui.Render(rw, r, w.seal, status, p)
}

// showLive puts the seal that is registered, or inquired about, on the page.
func (w *screens) showLive(p *sealPage, s store.Seal) {
	p.Waiting = s.State == store.SealInquired
	state := badge(webui.OK, "登録済み", "registered")
	if p.Waiting {
		state = badge(webui.Wait, "回答書を待っています", "waiting for the answer")
	}
	p.Seal = []webui.Term{{Label: both("状態", "State"), Value: state}}
	if p.Waiting {
		p.Seal = append(p.Seal, webui.Term{Label: both("回答の期限", "Answer until"), Value: day(s.AnswerUntil)})
	} else {
		p.Seal = append(p.Seal, webui.Term{Label: both("登録証の番号", "Number of the card"), Value: cardText(s.Card)},
			webui.Term{Label: both("登録", "Registered"), Value: s.RegisteredAt}, webui.Term{Label: both("登録した職員", "Registered by"), Value: webui.Code(s.RegisteredBy)})
	}
	p.Seal = append(p.Seal, webui.Term{Label: both("印鑑の文字", "What is cut into it"), Value: webui.Name(s.Text)})
	seal, err := imprint.Stored(s.Imprint)
	if err != nil {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Bad, Title: both("印影を読めません", "The imprint cannot be read"),
			Text: both("控えと比べ、運用員に知らせてください。この印鑑では証明できません。", "Compare it with the backup and call an operator: nothing can be certified with it.")})
		return
	}
	p.Picture = w.personURL(s.Person, "/seal/"+strconv.FormatInt(s.ID, 10)+"/imprint.png")
	p.Size = seal.Width.String() + " × " + seal.Height.String() + " mm"
}

// cardText is the number of a registration card, eight digits.
func cardText(card int64) any {
	if card == 0 {
		return nil
	}
	return webui.Code(fmt.Sprintf("%08d", card))
}

func momentOrNone(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t
}

func hasProblem(f *webui.Form, field string) bool {
	for _, p := range f.Problems() {
		if p.Field == field {
			return true
		}
	}
	return false
}

func (w *screens) doSeal(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderSeal(rw, r, http.StatusOK, f)
		return
	}
	scan, _, _ := f.File(fieldSeal)
	if ref := f.Value(fieldTaken); scan == nil && ref != "" {
		if t, _, err := w.o.takenOf(r.Context(), ref); err == nil && t.Kind == takenSeal && t.Person == personOf(r) {
			scan = t.Picture
		}
	}
	if len(scan) == 0 {
		f.Set(fieldTaken, "") // it was forgotten
		f.NeedChoice(fieldSeal, both("印影を読み取った画像", "the scan of the imprint"))
	}
	a := readSeal(f, personOf(r), scan, needEvidence(f))
	if f.OK() {
		_, err := w.o.RegisterSeal(r.Context(), a)
		if w.sealDone(rw, r, f, err) {
			return
		}
	}
	w.renderSeal(rw, r, http.StatusUnprocessableEntity, f)
}

// readSeal reads the form of an application.
func readSeal(f *webui.Form, who PersonID, scan []byte, e identity.Evidence) SealApplication {
	return SealApplication{Person: who, Base: entry(f, "base", versionEntry), Text: f.Value(fieldSealText), Way: SealWay(f.Value(fieldSealWay)),
		Guarantor: entry(f, fieldGuarantor, personEntry), Agent: ticked(f, "agent"), Compared: ticked(f, fieldCompared), Scan: scan, Evidence: e, Typed: typed(f)}
}

// personEntry reads the number of a person of this register.
func personEntry(field, s string) (PersonID, error) {
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil || n <= 0 {
		return 0, plain.Bad(field, "宛名番号は数字です。保証人の記録の画面で確かめてください。", "This number has digits only: see the page of the guarantor's record.")
	}
	return PersonID(n), nil
}

// sealDone answers what a rule said; false when the form is to be shown again.
func (w *screens) sealDone(rw http.ResponseWriter, r *http.Request, f *webui.Form, err error) bool {
	if err == nil {
		http.Redirect(rw, r, w.personURL(personOf(r), "/seal"), http.StatusSeeOther)
		return true
	}
	if err = refused(f, err); err != nil {
		w.ui.Fail(rw, r, err)
		return true
	}
	return false
}

func (w *screens) answerSeal(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if !relanguaged(f) {
		e := needEvidence(f)
		if f.OK() {
			_, err := w.o.AnswerSeal(r.Context(), personOf(r), e)
			if w.sealDone(rw, r, f, err) {
				return
			}
		}
		w.renderSeal(rw, r, http.StatusUnprocessableEntity, f)
		return
	}
	w.renderSeal(rw, r, http.StatusOK, f)
}

func (w *screens) endSeal(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderSeal(rw, r, http.StatusOK, f)
		return
	}
	if f.OK() && w.sealDone(rw, r, f, w.o.EndSeal(r.Context(), personOf(r), SealGround(f.Value("ground")))) {
		return
	}
	w.renderSeal(rw, r, http.StatusUnprocessableEntity, f)
}

// giveImprint sends the picture of a seal to who looks at its holder.
func (w *screens) giveImprint(rw http.ResponseWriter, r *http.Request) {
	id, err := strconv.ParseInt(r.PathValue("seal"), 10, 64)
	if err != nil {
		w.ui.NotFound(rw, r)
		return
	}
	s, found, err := w.o.LookAtSeal(r.Context(), personOf(r), id)
	switch {
	case err != nil:
		w.ui.Fail(rw, r, err)
	case !found:
		w.ui.NotFound(rw, r)
	default:
		rw.Header().Set("Content-Type", "image/png")
		rw.Header().Set("Cache-Control", "no-store")
		rw.Write(s.Imprint)
	}
}
