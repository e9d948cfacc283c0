package municipality

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// Protecting is an application for protection (支援措置の申出): who applies, who is protected with them (同伴者), and which other
// municipalities the applicant names, where she lived, lives in truth, or goes.
type Protecting struct {
	Applicant PersonID
	With      []PersonID
	Places    []resident.MunicipalityCode
	Evidence  identity.Evidence // by what the clerk has checked who applies (本人確認)
}

// Protect takes an application for the clerk in the context. The flags are set at this moment, provisionally (仮の措置), under every code that each
// person has or had, and are the first that is told to anybody.
func (o *Municipality) Protect(ctx context.Context, p Protecting) (measure string, err error) {
	who, err := clerk(ctx, access.ProtectPerson)
	if err != nil {
		return "", err
	}
	if _, err := p.Evidence.Way(); err != nil {
		return "", err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		m := protection.Measure{Number: fmt.Sprintf("S%s-%d", o.code, tx.Serial()), Provisional: true, AppliedOn: resident.DateOf(tx.Now()), AppliedAt: tx.Now(),
			AppliedBy: who, Places: p.Places, Trace: trace, Members: []protection.Member{{Holder: p.Applicant.String(), Applicant: true}}}
		for _, other := range p.With {
			if !slices.ContainsFunc(m.Members, func(w protection.Member) bool { return w.Holder == other.String() }) {
				m.Members = append(m.Members, protection.Member{Holder: other.String()})
			}
		}
		measure = m.Number
		// To protect takes one person, whatever the rule says: it must not wait.
		if _, err := identity.In(tx.Tx).Record(access.ProtectPerson, m.Number, p.Applicant.String(), access.From(ctx), p.Evidence); err != nil {
			return nil, err
		}
		return o.openMeasure(ctx, tx, who, m)
	})
	return measure, err
}

// openMeasure writes a new measure down and sets its flags.
func (o *Municipality) openMeasure(ctx context.Context, tx *store.Tx, who string, m protection.Measure) ([]message.Out, error) {
	for _, w := range m.Members {
		before, found, err := o.flags(tx.Tx).MeasureOf(ctx, w.Holder)
		if err != nil {
			return nil, err
		}
		if !found {
			continue
		}
		if running, err := o.running(ctx, tx, before); err != nil || running {
			if err == nil {
				err = plain.Bad("person",
					"この方には、この市区町村の支援措置（"+before.Number+"）があります。期間を延ばすときは、その措置の画面で延長してください。",
					"This person is protected here already ("+before.Number+"): renew that measure instead.")
			}
			return nil, err
		}
	}
	if err := o.flags(tx.Tx).Open(ctx, m); err != nil {
		return nil, err
	}
	return o.setFlags(ctx, tx, who, "protect-person", m)
}

// running tells whether a flag of a measure holds.
func (o *Municipality) running(ctx context.Context, tx *store.Tx, m protection.Measure) (bool, error) {
	lines, err := o.linesOf(ctx, tx, m)
	return len(lines) > 0, err
}

// setFlags sets the next version of our flag for everybody whom a measure protects. The messages come first of all that the act sends.
func (o *Municipality) setFlags(ctx context.Context, tx *store.Tx, who, act string, m protection.Measure) (outs []message.Out, err error) {
	for _, w := range m.Members {
		person, codes, err := o.memberCodes(ctx, tx, w)
		if err != nil {
			return nil, err
		}
		for _, c := range codes {
			n, err := o.flags(tx.Tx).Decide(ctx, message.ResidentProtection{Code: c, Owner: o.Self, Measure: m.Number, Provisional: m.Provisional, Until: m.Until, Places: m.Places})
			if err != nil {
				return nil, err
			}
			outs = append(outs, message.Out{To: o.prefecture, Body: n})
		}
		o.touch(tx.Tx, person.Person, "")
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: who, Act: act, Subject: person.Record.Code.Reveal(), Case: m.Number})
	}
	return outs, nil
}

func (o *Municipality) memberCodes(ctx context.Context, tx *store.Tx, w protection.Member) (store.Version, []resident.RecordCode, error) {
	id := personNamed(w.Holder)
	now, found, err := tx.Current(ctx, id)
	if err == nil && !found {
		err = errNobody
	}
	if err != nil {
		return now, nil, err
	}
	codes, err := tx.Codes(ctx, id)
	return now, codes, err
}

// Decided puts a measure into force for a year (支援の必要性の確認), and Renewed for one more.
func (o *Municipality) Decided(ctx context.Context, measure string) error {
	return o.term(ctx, measure, true)
}

// Renewed prolongs a measure that is in force by a year, from the end of its term on, or from today when that is over.
func (o *Municipality) Renewed(ctx context.Context, measure string) error {
	return o.term(ctx, measure, false)
}

func (o *Municipality) term(ctx context.Context, measure string, first bool) error {
	who, err := clerk(ctx, access.ProtectPerson)
	if err != nil {
		return err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		m, running, err := o.measure(ctx, tx, measure)
		switch {
		case err != nil:
			return nil, err
		case !running:
			return nil, plain.Bad("measure", "この措置は終了しています。必要なら、新しい申出を受け付けてください。", "This measure has ended: take a new application if it is needed.")
		case m.Provisional != first:
			return nil, plain.Bad("measure", "この措置の状態は、画面を開いた後に変わりました。今の状態を確かめてください。", "The measure has changed since the page was opened: look at it as it is now.")
		}
		today := resident.DateOf(tx.Now())
		from, act := today, "protection-decided"
		if !first {
			if act = "protection-renewed"; !m.Until.Before(today) {
				from = m.Until.AddDays(1)
			}
		}
		m.Provisional, m.Until = false, protection.Term(from)
		if err := o.flags(tx.Tx).Change(ctx, m); err != nil {
			return nil, err
		}
		return o.setFlags(ctx, tx, who, act, m)
	})
	return err
}

// measure reads a measure of ours, and whether any of its flags holds.
func (o *Municipality) measure(ctx context.Context, tx *store.Tx, number string) (protection.Measure, bool, error) {
	m, found, err := o.flags(tx.Tx).Measure(ctx, number)
	if err == nil && !found {
		err = plain.Bad("measure", "この措置番号の支援措置はありません。一覧から選び直してください。", "There is no measure of this number: choose it from the list.")
	}
	if err != nil {
		return m, false, err
	}
	running, err := o.running(ctx, tx, m)
	return m, running, err
}

// TakeOver makes the protection of somebody who moved here ours too (引継ぎ). The flag that the other municipality set goes on until
// two persons there end it, so that at no moment none holds.
func (o *Municipality) TakeOver(ctx context.Context, who PersonID) (measure string, err error) {
	by, err := clerk(ctx, access.ProtectPerson)
	if err != nil {
		return "", err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, trace string) ([]message.Out, error) {
		standing, err := o.protected(ctx, tx, protection.Register, who)
		if err != nil {
			return nil, err
		}
		var from *protection.Flag
		for i, f := range standing.Flags {
			if f.Owner != o.Self && (from == nil || from.Until.Before(f.Until)) {
				from = &standing.Flags[i]
			}
		}
		if from == nil {
			return nil, plain.Bad("person", "引き継ぐ支援措置がありません。ほかの市区町村が決めたものは、終了しています。", "There is nothing to take over: no protection of another municipality holds.")
		}
		m := protection.Measure{Number: fmt.Sprintf("S%s-%d", o.code, tx.Serial()), Provisional: from.Provisional, Until: from.Until, AppliedOn: resident.DateOf(tx.Now()), AppliedAt: tx.Now(),
			AppliedBy: by, TakenOver: from.Owner, Trace: trace, Members: []protection.Member{{Holder: who.String(), Applicant: true}}}
		if code, err := resident.ParseMunicipalityCode("owner", from.Owner.Code()); err == nil {
			m.Places = append(m.Places, code)
		}
		measure = m.Number
		return o.openMeasure(ctx, tx, by, m)
	})
	return measure, err
}

// flagsAhead has the flag of somebody who moves out go before her: the municipality that she names is told by a new version of our flag, when
// the notice is filed and not when the day has come, so that it holds there before her record does.
func (o *Municipality) flagsAhead(ctx context.Context, tx *store.Tx, c Change, v store.Version) (outs []message.Out, err error) {
	move, moves := c.(MoveOut)
	if !moves || move.Abroad {
		return nil, nil
	}
	standing, err := o.protected(ctx, tx, protection.Register, v.Person)
	if err != nil || !standing.Held {
		return nil, err
	}
	to := destination(move, resident.DateOf(tx.Now()))
	if !to.Valid() || to == o.code {
		return nil, nil // the center tells whoever she comes to as soon as it hears of it
	}
	for _, f := range standing.Flags {
		if f.Owner != o.Self {
			continue
		}
		n := f.ResidentProtection
		n.Places = []resident.MunicipalityCode{to}
		if n, err = o.flags(tx.Tx).Decide(ctx, n); err != nil {
			return nil, err
		}
		// By a trace of its own: on the pages of those who move with her stand the messages of the notice that they filed together.
		trace, err := o.Exchange.NewTrace()
		if err != nil {
			return nil, err
		}
		outs = append(outs, message.Out{To: o.prefecture, Body: n, Trace: trace})
	}
	return outs, nil
}
