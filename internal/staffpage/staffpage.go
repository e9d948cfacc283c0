// Package staffpage is the screens of an organisation's staff (職員の画面): who may act and as what, their passkeys and history,
// what an administrator of operators does about them, and the page on which somebody who was invited registers a passkey.
package staffpage

import (
	"embed"
	"net/http"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/staff"
	"github.com/akashi-id/akashi/internal/webui"
)

//go:embed html
var files embed.FS

// Nav is the page's entry in an organisation's menu.
var Nav = webui.NavItem{Path: "/staff", Name: plain.Sentence{JA: "職員", EN: "Staff"}, Act: access.ViewStaff, Within: []string{"/staff"}}

type screens struct {
	*staff.Staff
	host *host.Host
	ui   *webui.UI

	list, one, act, invited, join, register, joined *webui.Page
}

// Mount adds the pages to an organisation's, which webui.UI.Serve serves, and has the organisation's staff say who sends a request.
// Its errors are mistakes of the program.
func Mount(mux *http.ServeMux, h *host.Host, ui *webui.UI) (err error) {
	s := &screens{Staff: h.Staff, host: h, ui: ui}
	for _, p := range []struct {
		page **webui.Page
		name string
	}{{&s.list, "staff"}, {&s.one, "person"}, {&s.act, "act"}, {&s.invited, "invited"}, {&s.join, "join"}, {&s.register, "register"}, {&s.joined, "joined"}} {
		if *p.page, err = ui.Page(files, p.name); err != nil {
			return err
		}
	}
	if ui.Sessions() == nil {
		return nil // nobody is anybody here
	}
	ui.Sessions().Join(h.Staff)
	for pattern, one := range map[string]struct {
		act  access.Act
		page http.HandlerFunc
	}{
		"GET /staff":                             {access.ViewStaff, s.showList},
		"GET /staff/invite":                      {access.ManageStaff, s.showInvite},
		"POST /staff/invite":                     {access.ManageStaff, s.takeInvite},
		"GET /staff/person/{person}":             {access.ViewStaff, s.showPerson},
		"GET /staff/person/{person}/{act}":       {access.ManageStaff, s.showAct},
		"POST /staff/person/{person}/{act}":      {access.ManageStaff, s.takeAct},
		"GET /staff/person/{person}/key/{name}":  {access.ManageStaff, s.showKey},
		"POST /staff/person/{person}/key/{name}": {access.ManageStaff, s.takeKey},
	} {
		mux.Handle(pattern, ui.Only(one.act, one.page))
	}
	// Whoever holds an invitation is nobody yet.
	mux.HandleFunc("GET /join", s.showJoin)
	mux.HandleFunc("POST /join", s.takeJoin)
	mux.HandleFunc("POST /join/passkey", s.takePasskey)
	return nil
}

func say(ja, en string) plain.Sentence { return plain.Sentence{JA: ja, EN: en} }

type listPage struct {
	Table  webui.Table
	Due    *webui.Notice
	Held   *webui.Notice
	Alone  *webui.Notice
	Invite bool
}

func (s *screens) showList(w http.ResponseWriter, r *http.Request) {
	by := access.From(r.Context())
	all, err := s.Members(r.Context(), by)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	now, due, held := s.Clock.Now(), 0, int64(0)
	p := listPage{Invite: access.May(by, access.ManageStaff, s.Self.Role()) == nil, Table: webui.Table{
		Caption: say("職員", "Staff"),
		Columns: []webui.Column{{Name: say("氏名", "Name")}, {Name: say("識別子", "Identifier")}, {Name: say("操作者ID", "Authority"), Right: true}, {Name: say("職務", "Job")}, {Name: say("所属", "Office")},
			{Name: say("状態", "State")}, {Name: say("次の見直し", "Next review")}, {Name: say("パスキー", "Passkeys"), Right: true}},
		Empty: webui.Empty{Text: say("職員はまだいません。最初の管理者は、この団体の機械でコマンドから招きます。", "There is nobody yet. The first administrator is invited by a command on this organisation's machine.")}}}
	for _, m := range all {
		a := m.Authority
		if a.Overdue(now) {
			due++
		}
		var review any
		if a.State == staff.Issued && !m.Persona {
			review = webui.Day(a.Review)
		}
		held += m.Held
		p.Table.Rows = append(p.Table.Rows, []any{webui.Link{Href: s.ui.URL("/staff/person/" + m.ID), Text: nameOf(m.Person)}, webui.Code(m.ID), a.Number, a.Job.Name(), a.Office, standing(a, m.Passkeys, m.Held, m.Invited, m.Waits, now), review, m.Passkeys})
	}
	alone, err := s.Alone(r.Context(), by)
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	if alone {
		p.Alone = &webui.Notice{Kind: webui.Warn, Title: say("ログインできる管理者が、二人いません", "There are not two administrators who can sign in"),
			Text: say("招待は、招いた人とは別の管理者が確認します。その人がいない間は、管理者だけを招けます。招待の確認は、この団体の機械で akashi staff confirm により行います。一人の管理者が、二人の担当者になりすますことを防ぐためです。",
				"An invitation is confirmed by an administrator who did not make it. While there is none, only administrators can be invited, and whoever holds this organisation's machine confirms with akashi staff confirm. So no administrator becomes two operators alone.")}
	}
	if held > 0 {
		p.Held = &webui.Notice{Kind: webui.Bad, Title: say("複製されたおそれのあるパスキーがあります", "There may be a copy of a passkey"),
			Text: say("そのパスキーでは、もうログインできません。本人と装置を確かめ、その人の画面で「紛失・使用終了」にするか、新しい装置の登録に招いてください。", "Nobody signs in with it any more. See the person and the device, then end it on the person's page, or invite them to register another device.")}
	}
	if due > 0 {
		p.Due = &webui.Notice{Kind: webui.Warn, Title: say("見直しの期日を過ぎた人がいます", "The review of somebody's authority is overdue"),
			Text: say("見直すまで、その人は失効や承認を行えません。まだ要るかを確かめて、「見直した」を押すか、取り消してください。", "Until it is reviewed they can neither revoke nor confirm. Find out whether it is still needed, then review or revoke it.")}
	}
	s.ui.Render(w, r, s.list, http.StatusOK, p)
}

// nameOf is a person's name; personas say what they are.
func nameOf(p staff.Person) plain.Sentence {
	if p.Persona {
		return say(p.Name.JA+"（試験国の担当者）", p.Name.EN+" (persona)")
	}
	return p.Name
}

// standing is what stands in somebody's way, the first thing first.
func standing(a staff.Authority, passkeys, held int64, invited, waits bool, now time.Time) webui.Badge {
	switch {
	case a.State == staff.Revoked:
		return webui.Badge{Kind: webui.Off, Text: say("取り消した", "revoked")}
	case a.State == staff.Transferred:
		return webui.Badge{Kind: webui.Off, Text: say("異動した", "transferred")}
	case !a.Holds(now):
		return webui.Badge{Kind: webui.Off, Text: say("期限が過ぎた", "has ended")}
	case held > 0:
		return webui.Badge{Kind: webui.Bad, Text: say("パスキーに複製のおそれ", "a passkey is held")}
	case a.Overdue(now):
		return webui.Badge{Kind: webui.Warn, Text: say("見直しが遅れている", "review overdue")}
	case waits:
		return webui.Badge{Kind: webui.Wait, Text: say("招待の確認を待っている", "invitation to be confirmed")}
	case passkeys == 0 && invited:
		return webui.Badge{Kind: webui.Wait, Text: say("登録を待っている", "invited")}
	case passkeys == 0:
		return webui.Badge{Kind: webui.Warn, Text: say("パスキーがない", "no passkey")}
	}
	return webui.Badge{Kind: webui.OK, Text: say("有効", "in force")}
}

type personPage struct {
	Terms                          []webui.Term
	Acts                           []webui.Link
	Authorities, Passkeys, History webui.Table
	Self                           bool
}

func (s *screens) showPerson(w http.ResponseWriter, r *http.Request) {
	by := access.From(r.Context())
	one, err := s.Member(r.Context(), by, r.PathValue("person"))
	if err != nil {
		s.ui.Fail(w, r, err)
		return
	}
	now, base := s.Clock.Now(), s.ui.URL("/staff/person/"+one.ID)
	may := access.May(by, access.ManageStaff, s.Self.Role()) == nil
	p := personPage{Self: may && by.ID == one.ID}
	live, held := int64(0), int64(0)
	for _, c := range one.Passkeys {
		switch c.State {
		case staff.Live:
			live++
		case staff.Held:
			held++
		}
	}
	has := one.Now()
	state := webui.Badge{Kind: webui.Off, Text: say("操作者IDがない", "no authority")}
	if has.Number != 0 {
		state = standing(has, live, held, one.Invitation != nil, one.Invitation != nil && !one.Invitation.Confirmed, now)
	}
	p.Terms = []webui.Term{{Label: say("氏名", "Name"), Value: nameOf(one.Person)}, {Label: say("識別子", "Identifier"), Value: webui.Code(one.ID)}, {Label: say("状態", "State"), Value: state},
		{Label: say("登録した日", "Since"), Value: webui.Day(one.MadeAt)}, {Label: say("登録した人", "Entered by"), Value: webui.Code(one.MadeBy)}}
	if i := one.Invitation; i != nil {
		state := webui.Badge{Kind: webui.Wait, Text: say("もう一人の管理者の確認を待っている", "waits for a second administrator")}
		if i.Confirmed {
			state = webui.Badge{Kind: webui.OK, Text: say("確認済み", "confirmed")}
		}
		p.Terms = append(p.Terms, webui.Term{Label: say("招待", "Invitation"), Value: state}, webui.Term{Label: say("招いた人", "Invited by"), Value: webui.Code(i.MadeBy)},
			webui.Term{Label: say("招いた時", "Invited at"), Value: i.MadeAt})
	}
	if may && !p.Self {
		if has.Number != 0 {
			p.Acts = []webui.Link{{Href: base + "/review", Text: say("見直した", "Review")}, {Href: base + "/invite", Text: say("パスキーの登録に招く", "Invite to register a passkey")},
				{Href: base + "/transfer", Text: say("異動", "Transfer")}, {Href: base + "/revoke", Text: say("操作者IDを取り消す", "Revoke the authority")}}
			if i := one.Invitation; i != nil && !i.Confirmed && i.MadeBy != by.ID {
				p.Acts = append([]webui.Link{{Href: base + "/confirm", Text: say("招待を確認する", "Confirm the invitation")}}, p.Acts...)
			}
		} else {
			p.Acts = []webui.Link{{Href: base + "/issue", Text: say("操作者IDを発行する", "Issue an authority")}}
		}
	}
	p.Authorities = webui.Table{Caption: say("操作者ID", "Authority"), Columns: []webui.Column{{Name: say("番号", "Number"), Right: true}, {Name: say("職務", "Job")}, {Name: say("所属", "Office")}, {Name: say("状態", "State")},
		{Name: say("開始", "From")}, {Name: say("期限", "Until")}, {Name: say("最後の見直し", "Last review")}, {Name: say("見直した人", "Reviewed by")}, {Name: say("次の見直し", "Next review")}}}
	for _, a := range one.Authorities {
		var until, reviewed, by, review any
		if !a.Until.IsZero() {
			until = webui.Day(a.Until.Add(-time.Microsecond)) // the last day on which it holds
		}
		if !a.EndedAt.IsZero() {
			until = webui.Day(a.EndedAt)
		}
		if !a.ReviewedAt.IsZero() {
			reviewed, by = webui.Day(a.ReviewedAt), webui.Code(a.ReviewedBy)
		}
		if a.State == staff.Issued && !one.Persona {
			review = webui.Day(a.Review)
		}
		keys, copied := live, held
		if a.State != staff.Issued {
			keys, copied = 1, 0
		}
		p.Authorities.Rows = append(p.Authorities.Rows, []any{a.Number, a.Job.Name(), a.Office, standing(a, keys, copied, false, false, now), webui.Day(a.From), until, reviewed, by, review})
	}
	p.Passkeys = webui.Table{Caption: say("パスキー", "Passkeys"), Columns: []webui.Column{{Name: say("呼び名", "Called")}, {Name: say("番号", "Number")}, {Name: say("状態", "State")}, {Name: say("登録", "Registered")}, {Name: say("最後の使用", "Used last")}, {Name: say("止まった日時", "Stopped")}, {Name: say("止める", "Stop")}},
		Empty: webui.Empty{Text: say("パスキーはまだありません。", "There is no passkey yet.")}}
	for _, c := range one.Passkeys {
		var used, ended, stop any
		if !c.UsedAt.IsZero() {
			used = c.UsedAt
		}
		if !c.EndedAt.IsZero() {
			ended = c.EndedAt
		}
		if may && !p.Self && (c.State == staff.Live || c.State == staff.Held) {
			stop = webui.Link{Href: base + "/key/" + c.Name, Text: say("紛失・使用終了", "Lost, or not used any more")}
		}
		p.Passkeys.Rows = append(p.Passkeys.Rows, []any{webui.Name(c.Label), webui.Code(c.Name), passkeyStates[c.State], c.MadeAt, used, ended, stop})
	}
	p.History = webui.Table{Caption: say("履歴（新しい順）", "History, newest first"), Columns: []webui.Column{{Name: say("日時", "When")}, {Name: say("だれが", "Who")}, {Name: say("何を", "What")}, {Name: say("詳細", "Detail")}}}
	for _, l := range one.History {
		p.History.Rows = append(p.History.Rows, []any{l.At, webui.Code(l.Actor), historyWords[l.Act], l.Detail})
	}
	s.ui.Render(w, r, s.one, http.StatusOK, p)
}

var passkeyStates = map[staff.State]webui.Badge{
	staff.Live:    {Kind: webui.OK, Text: plain.Sentence{JA: "使用中", EN: "in use"}},
	staff.Held:    {Kind: webui.Bad, Text: plain.Sentence{JA: "複製のおそれ（停止中）", EN: "held: maybe copied"}},
	staff.Lost:    {Kind: webui.Bad, Text: plain.Sentence{JA: "紛失", EN: "lost"}},
	staff.Revoked: {Kind: webui.Off, Text: plain.Sentence{JA: "使用終了", EN: "not used any more"}},
}

var historyWords = map[string]plain.Sentence{
	staff.ActIssue: say("操作者IDを発行した", "issued authority"), staff.ActTransfer: say("異動した", "transferred"), staff.ActRevoke: say("操作者IDを取り消した", "revoked the authority"),
	staff.ActReview: say("見直した", "reviewed"), staff.ActInvite: say("パスキーの登録に招いた", "invited to register a passkey"), staff.ActConfirm: say("招待を確認した", "confirmed the invitation"), staff.ActRegister: say("パスキーを登録した", "registered a passkey"),
	staff.ActLost: say("パスキーを紛失とした", "took a passkey out of use as lost"), staff.ActWithdraw: say("パスキーの使用を終えた", "took a passkey out of use"), staff.ActHold: say("複製のおそれのあるパスキーを止めた", "held a passkey of which there may be a copy"), staff.ActTaken: say("他人のパスキーの登録を断った", "refused another person's passkey"),
	staff.ActSignIn: say("ログインした", "signed in"), staff.ActStepUp: say("もう一度、本人を確かめた", "showed the passkey again"), staff.ActLeave: say("ログアウトした", "signed out"),
}

// link is where an invitation leads. The secret stands behind the #, which browsers send to nobody.
func (s *screens) link(secret string) string { return Link(s.Origin, s.ui.URL(""), secret) }

// Link is where an invitation leads, for an organisation whose screens lie below base of an origin.
func Link(origin, base, secret string) string { return origin + base + "/join#" + secret }
