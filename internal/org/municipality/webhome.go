package municipality

import (
	"context"
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

type homePage struct {
	Looks, Registers, Messages bool // what the page leads whoever opens it to
	After                      bool // the same, of whoever is not led there from the documents at the counter
	Notices                    []webui.Notice
	Inbox                      *webui.Table // nil for whoever decides nothing here
	Today                      webui.Table
	Terms                      []webui.Term
}

// leads tells whether a page is one for whoever sends the request: or nobody has signed in, who is asked to.
func leads(r *http.Request, act access.Act) bool {
	by := access.From(r.Context())
	return by.ID == "" || access.May(by, act, message.Municipality) == nil
}

// showHome is the first page: what was filed today, and whether it got away. It shows no person.
func (w *screens) showHome(rw http.ResponseWriter, r *http.Request) {
	var population, free int64
	var tally []store.Tally
	var headless []store.Headless
	var moves store.MoveCounts
	var waits []proposal
	var checks []identity.Wait
	var cases, said, thirds int64
	persons := 1
	today := resident.DateOf(w.o.Clock.Now())
	err := w.o.Store.View(r.Context(), func(ctx context.Context, raw *sqlstore.Tx) (err error) {
		tx := w.o.in(raw)
		if population, err = tx.Population(ctx); err != nil {
			return err
		}
		if free, err = tx.FreeCodes(ctx); err != nil {
			return err
		}
		if cases, said, err = tx.CountCases(ctx); err != nil {
			return err
		}
		if thirds, err = tx.CountThirds(ctx); err != nil {
			return err
		}
		if headless, err = tx.Headless(ctx, maxHeadless); err != nil {
			return err
		}
		if moves, err = tx.CountMoves(ctx); err != nil {
			return err
		}
		if waits, err = w.o.proposals(ctx, tx); err != nil {
			return err
		}
		if checks, err = identity.In(raw).Queue(ctx); err != nil {
			return err
		}
		if persons, err = identity.In(raw).Needed(ctx, access.IssueCertificate, today); err != nil {
			return err
		}
		tally, err = tx.EnteredSince(ctx, sqlstore.Micros(today.Start()))
		return err
	})
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	pairs, err := w.o.Exchange.Pairs(r.Context())
	if err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	p := homePage{Looks: leads(r, access.LookAtPerson), Registers: leads(r, access.Register), Messages: leads(r, access.ViewMessages),
		After: leads(r, access.TraceDocument) && !leads(r, access.IssueDocument)}
	if p.Today, err = enteredToday(tally); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	if leads(r, access.FileChange) {
		inbox := w.inbox(r.Context(), waits)
		p.Inbox = &inbox
	}
	notice := func(behind access.Act, n webui.Notice) {
		if !leads(r, behind) {
			n.Link = nil
		}
		p.Notices = append(p.Notices, n)
	}
	var waiting, parked int64
	for _, pair := range pairs {
		waiting, parked = waiting+pair.Waiting+pair.Held, parked+pair.Parked+pair.InParked
	}
	if parked > 0 {
		n := strconv.FormatInt(parked, 10)
		notice(access.ViewMessages, webui.Notice{Kind: webui.Warn, Title: both("保留中の電文が"+n+"件あります", "Parked messages: "+n),
			Text: both("人が解決するまで待っています。ほかの住民の届出は届いています。", "They wait for people to resolve them. Notices about other residents arrive."),
			Link: &webui.Link{Href: w.ui.URL("/messages"), Text: both("電文の状況を見る", "Look at the messages")}})
	}
	if free == 0 {
		p.Notices = append(p.Notices, webui.Notice{Kind: webui.Warn, Title: both("割り当てられる住民票コードがありません", "No record code is left to give"),
			Text: both("全国センターに依頼しています。出生や国外からの転入は、届くまで登録できません。", "More have been asked of the national center. Births and people from abroad cannot be registered until they come.")})
	}
	for _, n := range w.headlessCount(len(headless)) {
		notice(access.FileChange, n)
	}
	if cases > 0 {
		notice(access.IssueDocument, webui.Notice{Kind: webui.Bad, Title: both("証明書の件が"+strconv.FormatInt(cases, 10)+"件あります", "Cases about documents: "+strconv.FormatInt(cases, 10)),
			Text: casesText(cases, said), Link: &webui.Link{Href: w.ui.URL("/documents"), Text: both("証明書の件を見る", "Look at them")}})
	}
	if thirds > 0 {
		n := strconv.FormatInt(thirds, 10)
		notice(access.IssueDocument, webui.Notice{Kind: webui.Wait, Title: both("審査を待つ第三者の請求が"+n+"件あります", "Requests of third persons that wait for a decision: "+n),
			Text: both("受け付けた人とは別の職員が、資料を見て決めます。", "Another clerk than who took each sees the proof and decides."), Link: &webui.Link{Href: w.ui.URL("/documents"), Text: both("審査待ちの請求を見る", "Look at them")}})
	}
	if n := moves.Asks(); n > 0 {
		notice(access.LookAtPerson, webui.Notice{Kind: webui.Warn, Title: both("確かめの要る転出入が"+strconv.FormatInt(n, 10)+"件あります", "Moves about which somebody has to find out: "+strconv.FormatInt(n, 10)),
			Text: both("電文だけでは終わりません。", "No message will end them."), Link: &webui.Link{Href: w.ui.URL("/moves"), Text: both("転出入を見る", "Look at the moves")}})
	}
	if len(checks) > 0 {
		n := strconv.Itoa(len(checks))
		notice(access.IssueCertificate, webui.Notice{Kind: webui.Wait, Title: both("二人目の本人確認を待つ届出・申請が"+n+"件あります", "Notices and applications that a second person is to check: "+n),
			Text: both("来た方が待っています。期限切れのものは、本人に伝えるか、受け付け直します。", "Whoever came waits. Of those that have lapsed they are told, or file again."),
			Link: &webui.Link{Href: w.ui.URL("/checks"), Text: both("本人確認を待つ届出・申請を見る", "Look at them")}})
	}
	link := func(behind access.Act, page string, text any) any {
		if !leads(r, behind) {
			return text
		}
		return webui.Link{Href: w.ui.URL(page), Text: text}
	}
	count := func(n int64) any { return link(access.LookAtPerson, "/moves", strconv.FormatInt(n, 10)) }
	p.Terms = []webui.Term{
		{Label: both("転入を待っている方", "People who are to move in"), Value: count(moves.In[store.InPlanned] + moves.In[store.InLeft])},
		{Label: both("転入通知を待っている転出", "Moves out without a notice yet"), Value: count(moves.Out[store.OutPlanned] + moves.Out[store.OutLeft] + moves.Out[store.OutCancelling])},
		{Label: both("登録されている住民", "Residents registered"), Value: population},
		{Label: both("送信中・待機中の電文", "Messages under way or held"), Value: waiting},
		{Label: both("保留中の電文", "Messages parked"), Value: parked},
		{Label: both("電子証明書の申請者の本人確認", "Who checks an applicant for a certificate"), Value: link(access.ViewIdentityRule, "/identity-rule", personsText(persons))},
		{Label: both("残りの住民票コード", "Record codes left"), Value: free},
	}
	w.ui.Render(rw, r, w.home, http.StatusOK, p)
}

// enteredToday counts by reason, and what was imported as one.
func enteredToday(tally []store.Tally) (webui.Table, error) {
	t := webui.Table{
		Caption: both("今日入力した異動", "Entered today"),
		Columns: []webui.Column{{Name: both("異動事由", "Reason")}, {Name: both("件数", "Count"), Right: true}},
		Empty:   webui.Empty{Text: both("今日はまだ、異動の入力がありません。", "Nothing has been entered today.")},
	}
	byReason := map[plain.Sentence]int64{}
	var order []plain.Sentence
	for _, one := range tally {
		reason, err := resident.ParseChangeReason("reason", one.Reason)
		if err != nil {
			return t, err
		}
		name := reasonName(reason)
		if one.Basis == importBasis {
			name = basisName(importBasis)
		}
		if byReason[name] == 0 {
			order = append(order, name)
		}
		byReason[name] += one.Count
	}
	for _, name := range order {
		t.Rows = append(t.Rows, []any{name, byReason[name]})
	}
	return t, nil
}
