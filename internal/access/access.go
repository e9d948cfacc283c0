// Package access decides who may do what (権限, access rights): persons with a job, acts, and one table of rules that an
// auditor can read. Nothing is allowed that the table does not name.
//
// The decision is May, and it is the only one: screens, commands and tests call it. What is dangerous (Act.Dangerous) takes
// a passkey that was shown a moment ago. What needs two people is decided by SecondPerson.
//
// Who signs in, with which passkey and by which authority, is the Directory's (internal/staff). The personas of the test
// country (Personas) are chosen without a hand: a passkey made of software is shown for them. So everything that uses them
// is refused on an address that other machines reach: GuardLoopback when the program starts, and Sessions at each
// request, for a page elsewhere that points its own name at the loopback address.
package access

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/message"
)

// Job is what a person is employed to do (職務). The zero value is the public: somebody who has shown no persona.
type Job string

// The jobs.
const (
	Public   Job = ""
	Clerk    Job = "clerk"    // 窓口職員
	Operator Job = "operator" // 運用員
	Auditor  Job = "auditor"  // 監査人

	// Administrator manages who acts, and does nothing else: whoever gives out authority uses none of it (操作者の管理者).
	Administrator Job = "administrator"
)

// Jobs are those that a person can be given authority for.
func Jobs() []Job { return []Job{Clerk, Operator, Auditor, Administrator} }

// Name returns the job's name for people.
func (j Job) Name() plain.Sentence {
	switch j {
	case Clerk:
		return plain.Sentence{JA: "窓口職員", EN: "counter clerk"}
	case Operator:
		return plain.Sentence{JA: "運用員", EN: "operator"}
	case Auditor:
		return plain.Sentence{JA: "監査人", EN: "auditor"}
	case Administrator:
		return plain.Sentence{JA: "操作者の管理者", EN: "administrator of operators"}
	}
	return plain.Sentence{JA: "一般の利用者", EN: "member of the public"}
}

// Person is somebody who acts (操作者). The zero value is the public and may do next to nothing.
type Person struct {
	ID   string // as written to the audit log: "clerk-aoki"; empty for the public
	Job  Job
	Name plain.Sentence

	Authority  int64     // the number of the authority (操作者ID) under which the person acts; 0: a persona that nobody has signed in
	Credential string    // names the passkey that was shown; empty where none was
	VerifiedAt time.Time // when it was shown last
	Persona    bool      // of the test country: its passkey is software, and counts only where personas can be chosen

	// Fresh says that the passkey was shown within FreshFor. Without it nothing dangerous is allowed.
	Fresh bool
	// Overdue says that the authority's review is overdue: nothing dangerous is allowed until it has been reviewed.
	Overdue bool
}

// FreshFor is how long a passkey that was shown allows what is dangerous.
const FreshFor = 5 * time.Minute

// FreshAt returns the person as of a moment: fresh or not.
func (p Person) FreshAt(now time.Time) Person {
	age := now.Sub(p.VerifiedAt)
	p.Fresh = p.ID != "" && age >= 0 && age <= FreshFor
	return p
}

// LogValue gives the identifier and the job; the name stays out of logs, which other people read.
func (p Person) LogValue() slog.Value {
	return slog.GroupValue(slog.String("id", p.ID), slog.String("job", string(p.Job)))
}

// Personas are the personas of the test country: two of each job that needs a second person, an auditor and an
// administrator. The names begin with あ, い, う, え, お, か so that nobody takes them for somebody. They are as fresh as
// somebody who has just signed in, for tests and commands, which sign nobody in.
func Personas() []Person {
	return []Person{
		persona("clerk-aoki", Clerk, "青木", "Aoki"),
		persona("clerk-inoue", Clerk, "井上", "Inoue"),
		persona("operator-ueda", Operator, "上田", "Ueda"),
		persona("operator-egawa", Operator, "江川", "Egawa"),
		persona("auditor-onishi", Auditor, "大西", "Onishi"),
		persona("administrator-kato", Administrator, "加藤", "Kato"),
	}
}

func persona(id string, job Job, ja, en string) Person {
	return Person{ID: id, Job: job, Name: plain.Sentence{JA: ja, EN: en}, Persona: true, Fresh: true}
}

// Refused says that a person may not do an act. It is an error, and shown to the person as it is.
type Refused struct {
	Person Person
	Act    Act
	Role   message.Role
	StepUp bool // it would be allowed once the person has shown the passkey again
	plain.Sentence
}

// Error gives who, what and where, for logs.
func (r *Refused) Error() string {
	return fmt.Sprintf("%s at %s: %s", r.Act, r.Role, r.Sentence)
}

// May returns nil when the rules let the person do the act at an organisation of the role, and a *Refused otherwise.
// Everything is refused that no rule names, an unknown act and an unknown job included. What is dangerous is refused to
// whoever has not shown the passkey a moment ago (Refused.StepUp), and under an authority whose review is overdue.
func May(p Person, act Act, role message.Role) error {
	for i := range rules {
		rule := &rules[i]
		if rule.Act == act && slices.Contains(rule.Jobs, p.Job) && slices.Contains(rule.Roles, role) {
			switch {
			case !act.Dangerous():
				return nil
			case p.Overdue:
				return &Refused{Person: p, Act: act, Role: role, Sentence: overdue(act)}
			case !p.Fresh:
				return &Refused{Person: p, Act: act, Role: role, StepUp: true, Sentence: stale(act)}
			}
			return nil
		}
	}
	return &Refused{Person: p, Act: act, Role: role, Sentence: whoMay(p, act, role)}
}

func stale(act Act) plain.Sentence {
	return plain.Sentence{
		JA: "「" + act.Name().JA + "」は、直前にパスキーで本人を確かめてから行います。もう一度、パスキーで確かめてください。",
		EN: "This is done right after showing your passkey: " + act.Name().EN + ". Show it once more.",
	}
}

func overdue(act Act) plain.Sentence {
	return plain.Sentence{
		JA: "操作者IDの見直しの期日を過ぎているため、「" + act.Name().JA + "」は行えません。操作者の管理者に見直しを依頼してください。",
		EN: "Your authority was due for review, so this is not possible: " + act.Name().EN + ". Ask the administrator of operators to review it.",
	}
}

// whoMay is the sentence of a refusal: who is refused what, and who is to be asked instead.
func whoMay(p Person, act Act, role message.Role) plain.Sentence {
	what, job := act.Name(), p.Job.Name()
	s := plain.Sentence{
		JA: job.JA + "は、ここで「" + what.JA + "」を行えません。",
		EN: "A " + job.EN + " may not do this here: " + what.EN + ".",
	}
	if p.Job == Operator || p.Job == Auditor || p.Job == Administrator {
		s.EN = "An " + s.EN[2:]
	}
	who := WhoDoes(act, role)
	if who.JA == "" {
		s.JA += "この団体では、だれも行えません。行う団体の画面を開いてください。"
		s.EN += " Nobody does it at this organisation: open the screen of the one that does."
		return s
	}
	s.JA += "行えるのは" + who.JA + "です。担当者に依頼するか、担当者を選び直してください。"
	s.EN += " It is for the " + who.EN + ": ask one, or choose who you are again."
	return s
}

// WhoDoes names the jobs that may do an act at an organisation of a role; it is empty where none may.
func WhoDoes(act Act, role message.Role) (who plain.Sentence) {
	for i := range rules {
		rule := &rules[i]
		if rule.Act != act || !slices.Contains(rule.Roles, role) {
			continue
		}
		for _, j := range rule.Jobs {
			if who.JA != "" {
				who.JA, who.EN = who.JA+"・", who.EN+" or "
			}
			who.JA, who.EN = who.JA+j.Name().JA, who.EN+j.Name().EN
		}
	}
	return who
}

// SecondPerson returns nil when a step that one person proposed may be confirmed by the other: two different persons,
// both known, and not one passkey under two names. What a single operator can do alone, nobody has checked.
func SecondPerson(proposer, confirmer Person) error {
	switch {
	case proposer.ID == "" || confirmer.ID == "":
		return plain.Bad("confirmer",
			"提案した人か確認する人が分かりません。担当者を選んでから、もう一度行ってください。",
			"It is not known who proposed this, or who confirms it: choose who you are, then do it again.")
	case proposer.ID == confirmer.ID:
		return plain.Bad("confirmer",
			"提案した人は、自分で確認できません。もう一人の担当者に確認を依頼してください。",
			"The person who proposed this cannot confirm it: ask a second person.")
	case proposer.Credential != "" && proposer.Credential == confirmer.Credential:
		return plain.Bad("confirmer",
			"提案と同じパスキーでは、名前が違っても確認できません。もう一人の担当者に、その人のパスキーで確認を依頼してください。",
			"The passkey that proposed this cannot confirm it under another name: ask a second person, with a passkey of their own.")
	}
	return nil
}

type contextKey struct{}

// With returns a context that carries the person who acts.
func With(ctx context.Context, p Person) context.Context {
	return context.WithValue(ctx, contextKey{}, p)
}

// From returns the person who acts; the public when the context carries none.
func From(ctx context.Context) Person {
	p, _ := ctx.Value(contextKey{}).(Person)
	return p
}

type commandKey struct{}

// ByCommand returns a context of somebody who acts from the command line. There whoever may open the country's socket says who they
// are, so that one person can give two names: records of what takes two say so (Detail).
func ByCommand(ctx context.Context) context.Context {
	return context.WithValue(ctx, commandKey{}, true)
}

// Detail is what an audit entry says of an act, with the way that it came when that was not the screens.
func Detail(ctx context.Context, what string) string {
	switch by, _ := ctx.Value(commandKey{}).(bool); {
	case !by:
		return what
	case what == "":
		return "command line"
	}
	return "command line, " + what
}
