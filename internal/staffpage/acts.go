package staffpage

import (
	"context"
	"net/http"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/staff"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// actPage is the form of one act: what it asks for, and the button that does it.
type actPage struct {
	*webui.Form
	Title, Lead, Button plain.Sentence
	Danger              bool
	Newcomer            bool // asks for a new person's identifier and names
	Grant               bool // asks for job, office and end
	Why                 bool
	Mark                string         // of the invitation that is confirmed
	Ends                []webui.Choice // how a passkey ends
	Jobs                []webui.Choice
	Action, Back        string
}

// act is what an administrator does about a person who is there.
type act struct {
	page actPage
	do   func(s *screens, ctx context.Context, by access.Person, person string, f *webui.Form, g staff.Grant) (secret string, err error)
}

var acts = map[string]act{
	"review": {actPage{Title: say("操作者IDの見直し", "Review of an authority"), Button: say("見直した：まだ要る", "Reviewed: it is still needed"),
		Lead: say("この人が、いまの職務と所属で、まだ操作する必要があることを確かめてください。次の見直しは180日後です。要らなくなっていれば、取り消してください。", "Find out whether this person still works here in this job. The next review is in 180 days. If it is not needed any more, revoke it instead.")},
		func(s *screens, ctx context.Context, by access.Person, person string, _ *webui.Form, _ staff.Grant) (string, error) {
			return "", s.Review(ctx, by, person)
		}},
	"invite": {actPage{Title: say("パスキーの登録に招く", "Invite to register a passkey"), Button: say("招待を作る", "Make an invitation"),
		Lead: say("予備の装置、またはなくした装置の代わりを登録してもらいます。前の招待は使えなくなります。", "For a spare device, or in the place of a lost one. An earlier invitation is void.")},
		func(s *screens, ctx context.Context, by access.Person, person string, _ *webui.Form, _ staff.Grant) (string, error) {
			return s.InviteAgain(ctx, by, person)
		}},
	"confirm": {actPage{Title: say("招待の確認", "Confirm an invitation"), Button: say("本人と確かめたので、招待を認める", "I have met the person: confirm"),
		Lead: say("招いた管理者とは別に、本人に会って、この人が実際に勤めていることと、自分の装置を持っていることを確かめてください。確認すると、招待のリンクが使えるようになります。", "Apart from who invited, meet the person: that they work here, and have a device of their own. Once confirmed, the link of the invitation is good.")},
		func(s *screens, ctx context.Context, by access.Person, person string, f *webui.Form, _ staff.Grant) (string, error) {
			return "", s.ConfirmInvitation(ctx, by, person, f.Value("mark"))
		}},
	"transfer": {actPage{Title: say("異動", "Transfer"), Button: say("異動する", "Transfer"), Grant: true, Why: true,
		Lead: say("いまの操作者IDを閉じ、新しい操作者IDを発行します。パスキーはそのまま使えます。ログイン中の画面は、すぐに終わります。", "Closes the authority and issues another. The passkeys stay. What the person is signed in to is over at once.")},
		func(s *screens, ctx context.Context, by access.Person, person string, f *webui.Form, g staff.Grant) (string, error) {
			return "", s.Transfer(ctx, by, person, g, f.Value("why"))
		}},
	"issue": {actPage{Title: say("操作者IDの発行", "Issue an authority"), Button: say("発行する", "Issue"), Grant: true,
		Lead: say("この人には、いま操作者IDがありません。", "This person has no authority now.")},
		func(s *screens, ctx context.Context, by access.Person, person string, _ *webui.Form, g staff.Grant) (string, error) {
			return "", s.Issue(ctx, by, person, g)
		}},
	"revoke": {actPage{Title: say("操作者IDの取消し", "Revoke an authority"), Button: say("取り消す", "Revoke"), Danger: true, Why: true,
		Lead: say("この人は、すぐに何も操作できなくなります。ログイン中の画面も終わります。行った記録は残ります。", "The person can do nothing from now on, and is signed out. What they did stays on record.")},
		func(s *screens, ctx context.Context, by access.Person, person string, f *webui.Form, _ staff.Grant) (string, error) {
			return "", s.Revoke(ctx, by, person, f.Value("why"))
		}},
}

var jobs = func() (all []webui.Choice) {
	for _, j := range access.Jobs() {
		all = append(all, webui.Choice{Value: string(j), Name: j.Name()})
	}
	return all
}()

func personPath(r *http.Request) string { return "/staff/person/" + r.PathValue("person") }

// formOf is the page of an act about the person of the request; false when it has answered.
func (s *screens) formOf(w http.ResponseWriter, r *http.Request, page actPage) (actPage, bool) {
	one, err := s.Member(r.Context(), access.From(r.Context()), r.PathValue("person"))
	if err != nil {
		s.ui.Fail(w, r, err)
		return page, false
	}
	name := one.Name
	if one.Invitation != nil {
		page.Mark = one.Invitation.Mark
	}
	page.Form, page.Jobs = webui.NewForm(nil), jobs
	page.Title = say(page.Title.JA+"："+name.JA, page.Title.EN+": "+name.EN)
	page.Action, page.Back = s.ui.URL(r.URL.Path), s.ui.URL(personPath(r))
	return page, true
}

func (s *screens) showAct(w http.ResponseWriter, r *http.Request) {
	a, ok := acts[r.PathValue("act")]
	if !ok {
		s.ui.NotFound(w, r)
		return
	}
	if page, ok := s.formOf(w, r, a.page); ok {
		s.ui.Render(w, r, s.act, http.StatusOK, page)
	}
}

func (s *screens) takeAct(w http.ResponseWriter, r *http.Request) {
	a, ok := acts[r.PathValue("act")]
	if !ok {
		s.ui.NotFound(w, r)
		return
	}
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	page, ok := s.formOf(w, r, a.page)
	if !ok {
		return
	}
	page.Form = f
	var g staff.Grant
	if page.Grant {
		g = readGrant(f)
	}
	if page.Why {
		f.Need("why", say("わけ", "why"))
	}
	secret := ""
	s.finish(w, r, page, func(ctx context.Context) (err error) {
		secret, err = a.do(s, ctx, access.From(ctx), r.PathValue("person"), f, g)
		return err
	}, func() {
		if secret != "" {
			s.showInvitation(w, r, secret, page.Back)
			return
		}
		http.Redirect(w, r, page.Back, http.StatusSeeOther)
	})
}

// finish does what a form asks for, or shows it again with what is wrong.
func (s *screens) finish(w http.ResponseWriter, r *http.Request, page actPage, do func(context.Context) error, done func()) {
	if page.Form.OK() {
		err := do(r.Context())
		if err == nil {
			done()
			return
		}
		if err = page.Form.Take(err); err != nil {
			s.ui.Fail(w, r, err)
			return
		}
	}
	status := http.StatusUnprocessableEntity
	if len(page.Form.Problems()) == 0 {
		status = http.StatusOK // only to be seen again, in the other language
	}
	s.ui.Render(w, r, s.act, status, page)
}

func readGrant(f *webui.Form) staff.Grant {
	g := staff.Grant{Job: access.Job(f.NeedChoice("job", say("職務", "the job"))), Office: f.Need("office", say("所属", "the office"))}
	if v := f.Value("until"); v != "" {
		d, err := resident.ParseDate("until", v)
		if err == nil {
			g.Until = d.AddDays(1).Start() // it holds until the end of that day in Japan
		} else if f.Take(err) != nil {
			f.Bad("until", "期限の日付を読めません。入力し直してください。", "The day cannot be read: enter it again.")
		}
	}
	return g
}

// showKey and takeKey end a passkey.

func (s *screens) keyPage(w http.ResponseWriter, r *http.Request) (actPage, bool) {
	return s.formOf(w, r, actPage{Title: say("パスキーを止める", "Stop a passkey"), Button: say("止める", "Stop it"), Danger: true, Why: true,
		Lead: say("このパスキーは、すぐに使えなくなります。これでログインしている画面も終わります。元には戻せません。", "It cannot be used from now on, and what was signed in with it is over. This cannot be undone."),
		Ends: []webui.Choice{{Value: "lost", Name: say("紛失・盗難・複製のおそれ", "Lost, stolen, or maybe copied")}, {Value: "withdraw", Name: say("もう使わない（交換・返却）", "Not used any more (replaced, given back)")}}})
}

func (s *screens) showKey(w http.ResponseWriter, r *http.Request) {
	if page, ok := s.keyPage(w, r); ok {
		s.ui.Render(w, r, s.act, http.StatusOK, page)
	}
}

func (s *screens) takeKey(w http.ResponseWriter, r *http.Request) {
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	page, ok := s.keyPage(w, r)
	if !ok {
		return
	}
	page.Form = f
	end := map[string]func(context.Context, access.Person, string, string, string) error{"lost": s.Lose, "withdraw": s.Withdraw}[f.NeedChoice("end", say("止めるわけ", "why it is stopped"))]
	if end == nil && f.Value("end") != "" {
		f.Bad("end", "紛失か使用終了かを、選び直してください。", "Choose again whether it was lost or is not used any more.")
	}
	f.Need("why", say("わけ", "why"))
	s.finish(w, r, page, func(ctx context.Context) error {
		return end(ctx, access.From(ctx), r.PathValue("person"), r.PathValue("name"), f.Value("why"))
	}, func() { http.Redirect(w, r, page.Back, http.StatusSeeOther) })
}

func (s *screens) invitePage() actPage {
	return actPage{Form: webui.NewForm(nil), Title: say("職員を招く", "Invite somebody"), Button: say("操作者IDを発行して招く", "Issue authority and invite"), Newcomer: true, Grant: true, Jobs: jobs,
		Lead:   say("操作者IDを発行し、パスキーを登録するための招待を作ります。招待は、ほかの管理者が確認すると、一度だけ、72時間使えます。", "Issues an authority and makes an invitation to register a passkey. Once another administrator has confirmed it, it is good once, for 72 hours."),
		Action: s.ui.URL("/staff/invite"), Back: s.ui.URL("/staff")}
}

func (s *screens) showInvite(w http.ResponseWriter, r *http.Request) {
	s.ui.Render(w, r, s.act, http.StatusOK, s.invitePage())
}

func (s *screens) takeInvite(w http.ResponseWriter, r *http.Request) {
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	page := s.invitePage()
	page.Form = f
	n := staff.Newcomer{ID: f.Need("id", say("識別子", "the identifier")), Name: plain.Sentence{JA: f.Need("name_ja", say("氏名", "the name in Japanese")), EN: f.Need("name_en", say("ローマ字の氏名", "the name in Roman letters"))}, Grant: readGrant(f)}
	secret := ""
	s.finish(w, r, page, func(ctx context.Context) (err error) {
		secret, err = s.Invite(ctx, access.From(ctx), n)
		return err
	}, func() { s.showInvitation(w, r, secret, s.ui.URL("/staff/person/"+n.ID)) })
}

type invitedPage struct{ Link, Back string }

// showInvitation shows the link this once: only its hash is kept.
func (s *screens) showInvitation(w http.ResponseWriter, r *http.Request, secret, back string) {
	s.ui.Render(w, r, s.invited, http.StatusOK, invitedPage{s.link(secret), back})
}
