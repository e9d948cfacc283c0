package municipality

import (
	"net/http"
	"strconv"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// waitingClosing is a proposal to close a move that waits for a second person.
type waitingClosing struct {
	Terms         []webui.Term
	Notices       []webui.Notice
	Approve, Drop string // Approve is empty for its proposer, and when the move has changed since
}

// fillClosing shows who proposed to close a move, and lets what no message ends be closed.
func (w *screens) fillClosing(p *movePage, r *http.Request, s MoveSeen) {
	if s.Hidden {
		return
	}
	e, open := ending{s.Away, s.Here}, false
	move := ""
	if m := s.Away; m != nil {
		move, open = m.Move, awayByHand(*m)
	} else if m := s.Here; m != nil {
		move, open = m.Move, hereByHand(*m, resident.DateOf(w.o.Clock.Now()))
	}
	p.Closings = webui.Table{Caption: both("閉じる提案の経過", "Proposals to close it"), Columns: []webui.Column{{Name: both("提案した時刻", "Proposed")}, {Name: both("提案した職員", "By")},
		{Name: both("結果", "Outcome")}, {Name: both("確かめたことと、確かめた相手", "How, and with whom")}, {Name: both("決めた職員", "Decided by")}, {Name: both("決定", "Decision")}}}
	for _, c := range s.Hand {
		if c.Open() {
			continue
		}
		decision := badge(webui.Off, "取下げ", "dropped")
		if c.Approved {
			decision = badge(webui.OK, "承認", "approved")
		}
		p.Closings.Rows = append(p.Closings.Rows, []any{c.ProposedAt, webui.Code(c.ProposedBy), outcomeName(c), webui.Name(c.Said), webui.Code(c.DecidedBy), decision})
	}
	if !open {
		return
	}
	p.Close, p.AskUnknown = w.moveURL(move, "/close"), s.Named == 0
	p.Outcomes = []webui.Choice{{Value: string(store.MoveIsRegistered), Name: outcomeName(store.MoveClosing{Outcome: store.MoveIsRegistered})},
		{Value: string(store.MoveIsUnmade), Name: outcomeName(store.MoveClosing{Outcome: store.MoveIsUnmade})}}
	if len(s.Hand) == 0 || !s.Hand[0].Open() {
		return
	}
	c := s.Hand[0]
	at := "/close/" + strconv.FormatInt(c.ID, 10)
	p.Waiting = &waitingClosing{Drop: w.moveURL(move, at+"/drop"), Terms: []webui.Term{{Label: both("提案した職員", "Proposed by"), Value: webui.Code(c.ProposedBy)},
		{Label: both("提案した時刻", "Proposed"), Value: c.ProposedAt}, {Label: both("結果", "Outcome"), Value: outcomeName(c)},
		{Label: both("相手の記録", "Record of the other end"), Value: recordNamed(s, c)}, {Label: both("確かめたことと、確かめた相手", "How, and with whom"), Value: webui.Name(c.Said)}}}
	switch {
	case e.seen() != c.Seen:
		p.Waiting.Notices = []webui.Notice{{Kind: webui.Warn, Title: both("提案の後に電文が届きました", "A message has come since"), Text: both("この提案は承認できません。いまの内容を確かめて、提案し直してください。", "This proposal cannot be approved: look at the move as it is now, and propose anew.")}}
	case access.SecondPerson(access.Person{ID: c.ProposedBy}, access.From(r.Context())) == nil:
		p.Waiting.Approve = w.moveURL(move, at+"/approve")
	default:
		p.Waiting.Notices = []webui.Notice{{Kind: webui.Info, Title: both("承認は、もう一人が行います", "Another person approves it"), Text: both("提案した人は承認できません。", "Not the one who proposed it.")}}
	}
}

func outcomeName(c store.MoveClosing) plain.Sentence {
	if c.Outcome == store.MoveIsRegistered {
		return both("新しい市区町村に住んでいる", "The person lives at the new municipality")
	}
	return both("この届出による転出入はなかった", "Nobody moved by this")
}

func recordNamed(s MoveSeen, c store.MoveClosing) plain.Sentence {
	if s.Named == 0 {
		if c.Unknown {
			return both("分からない", "not known")
		}
		return both("電文で知らされたものはない", "no message has named one")
	}
	v := s.Named.String()
	return both("第"+v+"版（電文で知らされたもの）", "version "+v+", as a message has named it")
}

func (w *screens) proposeClosing(rw http.ResponseWriter, r *http.Request) {
	f, ok := w.ui.ReadForm(rw, r)
	if !ok {
		return
	}
	if relanguaged(f) {
		w.renderMove(rw, r, http.StatusOK, f)
		return
	}
	err := refused(f, w.o.ProposeClosing(r.Context(), Closing{Move: r.PathValue("move"), Outcome: store.MoveOutcome(f.Value("outcome")), Unknown: ticked(f, "unknown"), Said: f.Value("text")}))
	switch {
	case err != nil:
		w.ui.Fail(rw, r, err)
	case len(f.Problems()) > 0:
		w.renderMove(rw, r, http.StatusUnprocessableEntity, f)
	default:
		http.Redirect(rw, r, w.moveURL(r.PathValue("move"), ""), http.StatusSeeOther)
	}
}

func (w *screens) approveClosing(rw http.ResponseWriter, r *http.Request) {
	w.decideClosing(rw, r, true)
}

func (w *screens) dropClosing(rw http.ResponseWriter, r *http.Request) { w.decideClosing(rw, r, false) }

func (w *screens) decideClosing(rw http.ResponseWriter, r *http.Request, approve bool) {
	if _, ok := w.ui.ReadForm(rw, r); !ok {
		return
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		w.ui.NotFound(rw, r)
		return
	}
	if err := w.o.DecideClosing(r.Context(), r.PathValue("move"), id, approve); err != nil {
		w.ui.Fail(rw, r, err)
		return
	}
	http.Redirect(rw, r, w.moveURL(r.PathValue("move"), ""), http.StatusSeeOther)
}
