package municipality

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
)

// numberNav leads to the notices that are to be sent.
var numberNav = webui.NavItem{Path: "/numbers", Name: both("個人番号通知書", "Number notices"), Act: access.Register}

// noticesShown is how many notices the list has.
const noticesShown = 200

type numbersPage struct {
	Notice webui.Notice
	Table  webui.Table
}

// showNumbers lists the notices that are to be sent. It names nobody: who is meant, the notice itself says, and looking at it is recorded.
func (w *screens) showNumbers(rw http.ResponseWriter, r *http.Request) {
	var all []store.NumberRequest
	var hidden map[PersonID]bool
	var count int64
	if err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := w.o.in(raw)
		if count, err = tx.CountNotices(ctx); err != nil {
			return err
		}
		if all, err = tx.NoticesToSend(ctx, noticesShown); err != nil {
			return err
		}
		hidden, err = w.o.protectedToSend(ctx, tx, all)
		return err
	}); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := numbersPage{Notice: webui.Notice{Kind: webui.OK, Title: both("送る通知書はありません", "No notice is to be sent"),
		Text: both("個人番号が届くと、ここに出ます。", "When a number comes, its notice appears here.")},
		Table: webui.Table{Caption: both("送る通知書（古い順）", "To be sent, oldest first"),
			Columns: []webui.Column{{Name: both("通知書", "Notice")}, {Name: both("宛名番号", "Number in this register")}, {Name: both("番号が届いた時", "The number came")}},
			Empty:   webui.Empty{Text: both("ありません。", "None.")}}}
	if count > 0 {
		n := strconv.FormatInt(count, 10)
		p.Notice = webui.Notice{Kind: webui.Wait, Title: both("送る通知書が"+n+"通あります", "Notices to be sent: "+n),
			Text: both("通知書を開いて印刷し、本人に送ってから「印刷して本人に送った」を押してください。", "Open each, print it, send it to the person, and then press “Printed and sent to the person”.")}
	}
	for _, n := range all {
		who := any(webui.Code(n.Person.String()))
		if hidden[n.Person] {
			who = both("表示しません", "not shown")
		}
		p.Table.Rows = append(p.Table.Rows, []any{webui.Link{Href: w.ui.URL("/numbers/" + n.Request), Text: webui.Code(n.Request)}, who, n.AnsweredAt})
	}
	w.ui.Render(rw, r, w.numbers, http.StatusOK, p)
}

type numberPage struct {
	Notice  webui.Notice
	Terms   []webui.Term
	Request string
	Send    bool
	Person  string
}

func (w *screens) showNumber(rw http.ResponseWriter, r *http.Request) {
	n, err := w.o.NumberNotice(r.Context(), r.PathValue("request"))
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	rec := n.Now.Record
	number := any(both("送った後は表示しません", "not shown once it was sent"))
	if !n.Sent {
		number = webui.Code(inFours(rec.Number.Reveal()))
	}
	p := numberPage{Request: n.Request, Send: !n.Sent && n.Now.Present(), Person: w.personURL(n.Person, ""), Terms: []webui.Term{
		{Label: both("個人番号", "Individual number"), Value: number},
		{Label: both("氏名", "Name"), Value: webui.Name(rec.Name.Reveal())},
		{Label: both("生年月日", "Date of birth"), Value: bornText(rec.Birth)},
		{Label: both("性別", "Sex"), Value: sexName(rec.Sex)},
		{Label: both("住所", "Address"), Value: webui.Name(rec.Address.Reveal())},
		{Label: both("番号を記載した日", "Entered on"), Value: n.AnsweredAt},
	}}
	switch {
	case n.Sent:
		p.Notice = webui.Notice{Kind: webui.OK, Title: both("この通知書は送られています（"+n.SentBy+"）", "This notice was sent (by "+n.SentBy+")"),
			Text: both("同じ通知書を二度送らないでください。", "Do not send it twice.")}
	case !n.Now.Present():
		p.Notice = webui.Notice{Kind: webui.Off, Title: both("この方の住民票は消除されています", "This person's record was deleted"),
			Text: both("ここに送っても届かないおそれがあります。送らないでください。", "What is sent to this address may not reach the person: do not send it.")}
	default:
		p.Notice = webui.Notice{Kind: webui.Warn, Title: both("個人番号が出ています", "The individual number is shown"),
			Text: both("印刷して本人に送ってください。見たことは監査記録に残ります。ほかの用途に書き写さないでください。", "Print it and send it to the person. That it was seen is recorded. Copy it for nothing else.")}
	}
	w.ui.Render(rw, r, w.number, http.StatusOK, p)
}

// inFours groups twelve digits for the eye.
func inFours(s string) string {
	if len(s) != 12 {
		return s
	}
	return s[:4] + " " + s[4:8] + " " + s[8:]
}

func (w *screens) sendNumber(rw http.ResponseWriter, r *http.Request) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	if err := w.o.SendNumberNotice(r.Context(), r.PathValue("request")); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.ui.URL("/numbers"), http.StatusSeeOther)
}

// aboutCodes is what a person's page says of the number, and of the code when it is of elsewhere.
func (w *screens) aboutCodes(ctx context.Context, who PersonID) (notices []webui.Notice, terms []webui.Term, err error) {
	err = w.o.Store.View(ctx, func(ctx context.Context, raw *sqlstore.Tx) error {
		tx := w.o.in(raw)
		numbers, err := tx.NumbersOf(ctx, who)
		if err != nil {
			return err
		}
		for _, n := range numbers {
			switch {
			case n.Version != 0 && !n.Sent:
				notices = append(notices, webui.Notice{Kind: webui.Wait, Title: both("個人番号通知書を送っていません", "The notice of the individual number has not been sent"),
					Text: both("番号は届いて記載されています。", "The number has come and is entered."),
					Link: &webui.Link{Href: w.ui.URL("/numbers/" + n.Request), Text: both("通知書を開く（記録に残る）", "Open the notice (this is recorded)")}})
			case !n.Answered:
				terms = append(terms, webui.Term{Label: both("個人番号", "Individual number"), Value: badge(webui.Wait, "全国センターに求めています", "asked of the national center")})
			}
		}
		a, err := w.o.attachmentOf(ctx, tx, who)
		if err == nil && a != nil {
			terms = append(terms, webui.Term{Label: both("住民票コードを付けることへの同意", "Agreement to the record code"), Value: webui.Code(a.Agreement.Request)},
				webui.Term{Label: both("同意の時", "Agreed"), Value: a.Answer.SignedAt})
		}
		return err
	})
	return notices, terms, err
}

// withCodes says in the record's last group, its numbers, what is known beside the record: in the place of an item that the record does
// not state yet, so that the page does not say of one number both that there is none and that it is on its way.
func withCodes(groups []termGroup, known []webui.Term) []termGroup {
	if len(groups) == 0 {
		return groups
	}
	numbers := &groups[len(groups)-1]
	for _, k := range known {
		at := slices.IndexFunc(numbers.Terms, func(t webui.Term) bool { return t.Label == k.Label && t.Value == any(absent) })
		if at >= 0 {
			numbers.Terms[at] = k
		} else {
			numbers.Terms = append(numbers.Terms, k)
		}
	}
	return groups
}
