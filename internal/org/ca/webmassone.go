package ca

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// revocationPage is one mass revocation.
type revocationPage struct {
	*webui.Form
	ID       int64
	Notice   webui.Notice
	Progress []webui.Term
	Terms    []webui.Term
	Parts    webui.Table
	Aside    webui.Table
	Moving   bool // it changes by itself
	Part     string
	Serials  string // address of the list; empty: there is none yet
	AllAside string // address of the list of all that are aside
	Confirm  string // address; empty: this person cannot confirm it
	Digest   string
	Left     int64
	Seen     plain.Sentence // what the second officer ticks: what was seen, in figures
	Moves    []massMove
}

type massMove struct {
	Action string
	Name   plain.Sentence
}

var massStates = map[string]struct {
	kind  webui.BadgeKind
	name  plain.Sentence
	means plain.Sentence
}{
	"counting": {webui.Wait, say("試行中", "dry run"), say("対象を数えています。何も失効していません。", "The set is being counted. Nothing is revoked.")},
	"frozen":   {webui.Warn, say("承認待ち", "to be confirmed"), say("対象が確定しました。提案した人とは別の担当者が、同じ対象を見て承認します。何も失効していません。", "The set is frozen. Another officer than the proposer looks at the same set and confirms it. Nothing is revoked.")},
	"running":  {webui.Wait, say("失効中", "revoking"), say("少しずつ失効させています。ほかの発行と失効は続いています。失効リストと状態の通知は、あとに続きます。", "Certificates are being revoked step by step, beside all other work. Lists and statuses follow.")},
	"paused":   {webui.Warn, say("停止中", "paused"), say("残りは失効していません。再開すると、続きから失効させます。", "The rest is not revoked. When it is resumed it goes on where it was.")},
	"done":     {webui.OK, say("終わりました", "done"), say("この画面が結果の計算書です。", "This page is the statement of the result.")},
	"dropped":  {webui.Off, say("取下げ", "dropped"), say("何も失効していません。", "Nothing was revoked.")},
}

func massBadge(state string) webui.Badge {
	b := massStates[state]
	return webui.Badge{Kind: b.kind, Text: b.name}
}

// massOf reads the one that the path names; false when it has answered the request already.
func (s *screens) massOf(w http.ResponseWriter, r *http.Request) (m MassRevocation, ok bool) {
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		s.ui.NotFound(w, r)
		return m, false
	}
	switch m, err = s.o.Mass(r.Context(), id); {
	case errors.Is(err, noSuchMass):
		s.ui.NotFound(w, r)
	case err != nil: // that it cannot be read now does not mean that it is not there
		s.ui.Fail(w, r, err)
	}
	return m, err == nil
}

func (s *screens) showRevocation(w http.ResponseWriter, r *http.Request) {
	if m, ok := s.massOf(w, r); ok {
		s.ui.Render(w, r, s.revocation, http.StatusOK, s.revocationOf(r.Context(), m, webui.NewForm(nil)))
	}
}

func (s *screens) showRevocationPart(w http.ResponseWriter, r *http.Request) {
	if m, ok := s.massOf(w, r); ok {
		s.ui.RenderPart(w, r, s.revocation, "progress", s.revocationOf(r.Context(), m, webui.NewForm(nil)))
	}
}

// massNotice says how one stands. One that has ended is not well while certificates of its set are alive.
func massNotice(m MassRevocation) webui.Notice {
	state := massStates[m.State]
	switch {
	case m.State == "frozen" && m.Size == 0:
		return webui.Notice{Kind: state.kind, Title: say("対象がありません", "The set is empty"), Text: say("承認するものはありません。条件を確かめ、取り下げてください。", "There is nothing to confirm: check the conditions, and drop it.")}
	case m.IssuedSince > 0:
		return webui.Notice{Kind: state.kind, Title: state.name, Text: say(fmt.Sprintf("対象を数え終えた後に、条件に合うものが%d件発行されました。対象に入っていません。必要なら取り下げて、やり直してください。残り%d件を失効させます。", m.IssuedSince, m.Left),
			fmt.Sprintf("Since the set was counted %d that meet the conditions were issued, and are not in it: drop it and begin again if they have to end too. The %d that are left will be revoked.", m.IssuedSince, m.Left))}
	case m.State == "frozen" && m.Left < m.Size:
		return webui.Notice{Kind: state.kind, Title: state.name, Text: say(fmt.Sprintf("確定した後に、%d件が別の理由で失効しました。残り%d件を失効させます。", m.Size-m.Left, m.Left),
			fmt.Sprintf("Since it was frozen %d have ended for other reasons. The %d that are left will be revoked.", m.Size-m.Left, m.Left))}
	case m.State == "done" && m.SetAside > 0:
		return webui.Notice{Kind: webui.Bad, Title: say(fmt.Sprintf("終わりましたが、%d件は失効していません", m.SetAside), fmt.Sprintf("Done, but %d are not revoked", m.SetAside)),
			Text: say("下の一覧のわけを読み、記録を直してから、その発行番号の一覧でもう一度行ってください。", "Read why in the list below, repair the rows, and do it again with a list of their serials.")}
	}
	return webui.Notice{Kind: state.kind, Title: state.name, Text: state.means}
}

func (s *screens) revocationOf(ctx context.Context, m MassRevocation, f *webui.Form) revocationPage {
	base := s.ui.URL("/revocations/" + massRef(m.ID))
	p := revocationPage{Form: f, ID: m.ID, Part: base + "/part", Moving: m.State == "counting" || m.State == "running", Digest: m.Digest, Left: m.Left,
		Notice: massNotice(m)}
	p.Progress = []webui.Term{
		{Label: say("対象", "In the set"), Value: webui.Count{N: m.Size, Of: say("件", " certificates")}},
		{Label: say("対象の人", "Holders affected"), Value: webui.Count{N: m.Holders, Of: say("人", " holders")}},
		{Label: say("失効させた", "Revoked"), Value: m.Revoked},
		{Label: say("別の理由で先に失効した", "Ended before, for other reasons"), Value: m.Before},
		{Label: say("失効させられず脇に置いた", "Could not be revoked, set aside"), Value: m.SetAside},
		{Label: say("残り（これから送る状態の通知）", "Left (statuses still to be sent)"), Value: m.Left},
	}
	p.Terms = []webui.Term{
		{Label: say("条件", "Chosen by"), Value: s.criterion(m)},
		{Label: say("事由", "Ground"), Value: m.Ground.Name()},
		{Label: say("事由の生じた日", "Ground arose on"), Value: dayOf(m.Since)},
		{Label: say("失効リストの理由", "Reason on the lists"), Value: m.Ground.Reason().Name()},
		{Label: say("この時までに発行したもの", "Issued until"), Value: timeOr(m.Cut)},
		{Label: say("わけ", "Why"), Value: webui.Name(m.Why)},
		{Label: say("提案した人", "Proposed by"), Value: webui.Code(m.ProposedBy)},
		{Label: say("提案した時", "Proposed at"), Value: m.ProposedAt},
		{Label: say("承認した人", "Confirmed by"), Value: codeOr(m.ConfirmedBy)},
		{Label: say("承認した時", "Confirmed at"), Value: timeOr(m.ConfirmedAt)},
		{Label: say("終わった時", "Ended at"), Value: timeOr(m.EndedAt)},
		{Label: say("止めた・再開した・取り下げた人", "Paused, resumed or dropped by"), Value: codeOr(m.StoppedBy)},
		{Label: say("ダイジェスト（SHA-256）", "Digest (SHA-256)"), Value: codeOr(m.Digest)},
	}
	if m.Digest != "" {
		p.Serials = base + "/serials.txt"
	}
	p.Parts = webui.Table{Caption: say("市区町村と失効リストへの影響", "By municipality, and what it does to the lists"),
		Columns: []webui.Column{{Name: say("市区町村", "Municipality")}, {Name: say("種別", "Kind")}, {Name: say("対象", "Set"), Right: true}, {Name: say("失効", "Revoked"), Right: true},
			{Name: say("リストの今の件数", "Entries now"), Right: true}, {Name: say("リスト", "List")}},
		Empty: webui.Empty{Text: say("対象はありません。", "The set is empty.")}}
	for _, part := range m.Parts {
		p.Parts.Rows = append(p.Parts.Rows, []any{s.placeOf(part.Municipality), kindOf(part.Profile), part.Certificates, part.Revoked, part.Entries, listBadge(m, part)})
	}
	p.Aside = webui.Table{Caption: say("対象に入らない、または脇に置いたもの（はじめの50件）", "Not in the set, or set aside (the first 50)"),
		Columns: []webui.Column{{Name: say("発行番号", "Serial")}, {Name: say("わけ", "Why")}}}
	for _, a := range m.Aside {
		p.Aside.Rows = append(p.Aside.Rows, []any{webui.Code(a.Serial), a.Why})
	}
	p.AllAside = base + "/aside.csv"
	who := access.From(ctx)
	if m.State == "frozen" && m.Size > 0 && who.ID != m.ProposedBy && access.May(who, access.MassConfirm, s.o.Self.Role()) == nil {
		p.Confirm = base + "/confirm"
	}
	p.Seen = say(fmt.Sprintf("対象%d件、残り%d件、ダイジェスト %.16s… を見ました", m.Size, m.Left, m.Digest), fmt.Sprintf("I have seen the set: %d certificates, %d left, digest %.16s…", m.Size, m.Left, m.Digest))
	if access.May(who, access.MassPropose, s.o.Self.Role()) == nil {
		for _, move := range []struct {
			act  string
			name plain.Sentence
		}{{"pause", say("停止する", "Pause")}, {"resume", say("再開する", "Resume")}, {"drop", say("取り下げる", "Drop")}} {
			for from := range massMoves[move.act] {
				if string(from) == m.State {
					p.Moves = append(p.Moves, massMove{base + "/" + move.act, move.name})
				}
			}
		}
	}
	return p
}

func listBadge(m MassRevocation, p MassPart) webui.Badge {
	switch {
	case m.State == "dropped":
		return webui.Badge{Kind: webui.Off, Text: say("変わりません", "unchanged")}
	case m.State != "done":
		return webui.Badge{Kind: webui.Info, Text: say(fmt.Sprintf("%d件増えます", p.Certificates-p.Revoked), fmt.Sprintf("%d will be added", p.Certificates-p.Revoked))}
	case p.Followed:
		return webui.Badge{Kind: webui.OK, Text: say("載せました", "they are on it")}
	}
	return webui.Badge{Kind: webui.Wait, Text: say("作成中", "being made")}
}

// criterion says in words what was chosen by.
func (s *screens) criterion(m MassRevocation) plain.Sentence {
	var c plain.Sentence
	add := func(ja, en string) {
		if c.JA != "" {
			c.JA, c.EN = c.JA+"、", c.EN+", "
		}
		c.JA, c.EN = c.JA+ja, c.EN+en
	}
	if m.Listed > 0 {
		add(fmt.Sprintf("発行番号の一覧（%d件）", m.Listed), fmt.Sprintf("a list of %d serials", m.Listed))
	}
	if m.Municipality != "" {
		name := s.placeOf(m.Municipality)
		add(name.JA, name.EN)
	}
	if m.Profile != "" {
		name := kindOf(m.Profile)
		add(name.JA, name.EN)
	}
	if m.From != nil {
		at := m.From.In(cert.JST).Format("2006-01-02 15:04")
		add(at+"から", "from "+at+" on")
	}
	if m.Until != nil {
		at := m.Until.In(cert.JST).Format("2006-01-02 15:04")
		add(at+"より前", "before "+at)
	}
	if m.Issuer != "" {
		add("認証局の鍵 "+m.Issuer, "the CA's key "+m.Issuer)
	}
	return c
}

// placeOf names a municipality as a row names it, which may be no code.
func (s *screens) placeOf(code string) plain.Sentence {
	m, err := resident.ParseMunicipalityCode("municipality", code)
	if err != nil {
		return say("読めない（"+code+"）", "unreadable ("+code+")")
	}
	return s.place(m)
}

func kindOf(profile string) plain.Sentence {
	p, err := cert.ParseProfile(profile)
	if err != nil {
		return say("読めない（"+profile+"）", "unreadable ("+profile+")")
	}
	return p.Name()
}

func (s *screens) doConfirm(w http.ResponseWriter, r *http.Request) {
	f, ok := s.ui.ReadForm(w, r)
	if !ok {
		return
	}
	if f.OK() && f.Value("seen") != "yes" {
		f.Bad("seen", "対象とダイジェストを見てから、印を付けてください。", "Look at the set and its digest, then tick the box.")
	}
	s.move(w, r, f, func(id int64) error {
		left, err := strconv.ParseInt(f.Value("left"), 10, 64)
		if err != nil {
			left = -1
		}
		return s.o.ConfirmMass(r.Context(), id, MassSeen{Digest: f.Value("digest"), Left: left})
	})
}

func (s *screens) doMove(w http.ResponseWriter, r *http.Request) {
	if f, ok := s.ui.ReadForm(w, r); ok {
		s.move(w, r, f, func(id int64) error { return s.o.MoveMass(r.Context(), id, r.PathValue("act")) })
	}
}

// move does something about the one that the path names, and shows it again.
func (s *screens) move(w http.ResponseWriter, r *http.Request, f *webui.Form, do func(id int64) error) {
	m, ok := s.massOf(w, r)
	if !ok {
		return
	}
	status := http.StatusOK
	if f.OK() {
		err := do(m.ID)
		if err == nil {
			http.Redirect(w, r, s.ui.URL("/revocations/"+massRef(m.ID)), http.StatusSeeOther)
			return
		}
		if err = f.Take(err); err != nil {
			s.ui.Fail(w, r, err)
			return
		}
		if m, ok = s.massOf(w, r); !ok {
			return
		}
	}
	if len(f.Problems()) > 0 {
		status = http.StatusUnprocessableEntity
	}
	s.ui.Render(w, r, s.revocation, status, s.revocationOf(r.Context(), m, f))
}

// codeOr is an identifier; nil when there is none.
func codeOr(s string) any {
	if s == "" {
		return nil
	}
	return webui.Code(s)
}

// timeOr is a moment; nil when it has not come.
func timeOr(t *time.Time) any {
	if t == nil {
		return nil
	}
	return *t
}

// dayOf is a day as a view gives it.
func dayOf(text string) any {
	d, err := resident.ParseDate("since", text)
	if err != nil {
		return nil
	}
	return webui.Day(d.Start())
}
