package desk

import (
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
)

// What messages and cases have in common: words to the other side, and a resolution that one person proposes and another
// confirms.

// proposal is a resolution that waits for a second person.
type proposal struct {
	Items      []webui.Term
	What       plain.Sentence // what will happen
	MayConfirm bool
	Last       bool
	Seen       string // what the person has read, so that nobody confirms what was changed meanwhile
}

func newProposal(w way, why, by string, at time.Time, seen string, mayConfirm bool) *proposal {
	return &proposal{What: w.what, Last: w.last, Seen: seen, MayConfirm: mayConfirm, Items: []webui.Term{
		{Label: plain.Sentence{JA: "解決方法", EN: "Resolution"}, Value: w.name},
		{Label: plain.Sentence{JA: "わけ", EN: "Why"}, Value: why},
		{Label: plain.Sentence{JA: "提案した人", EN: "Proposed by"}, Value: webui.Code(by)},
		{Label: plain.Sentence{JA: "提案した時", EN: "Proposed at"}, Value: at},
	}}
}

// mayConfirm tells whether the person is offered to confirm what another proposed. It is decided again where it is done.
func (d *Desk) mayConfirm(person access.Person, proposedBy string) bool {
	return access.May(person, access.ResolveConfirm, d.role) == nil && access.SecondPerson(access.Person{ID: proposedBy}, person) == nil
}

// seenAs names a proposal as it was shown.
func seenAs(act, by string, at time.Time) string {
	return strings.Join([]string{act, by, at.Format(time.RFC3339Nano)}, " ")
}

// noteChoices are what words to the other side may be.
var noteChoices = []webui.Choice{{Value: "inquiry", Name: noteActs["inquiry"]}, {Value: "answer", Name: noteActs["answer"]}}

func readNote(f *webui.Form) (act, text string) {
	act = f.NeedChoice("act", plain.Sentence{JA: "問合せか回答か", EN: "whether this is an inquiry or an answer"})
	text = f.Need("text", plain.Sentence{JA: "内容", EN: "what you want to say"})
	if act != "" && act != "inquiry" && act != "answer" {
		f.Bad("act", "問合せか回答かを、選び直してください。", "Choose again whether this is an inquiry or an answer.")
	}
	return act, text
}

func readProposal(f *webui.Form) (way, why string) {
	return f.NeedChoice("way", plain.Sentence{JA: "解決方法", EN: "a resolution"}), f.Need("why", plain.Sentence{JA: "わけ", EN: "why"})
}
