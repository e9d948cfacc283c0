package municipality

import (
	"context"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// mostLines bounds a list of measures to end, so that its application is a short transaction.
const mostLines = 500

// ListToEnd makes a list of flags to be ended, for another person to apply: those of one measure, or, for "", those whose term is over.
// It writes down the version of each. A measure whose term is not over ends because somebody has come who says so: the clerk has checked who that
// is, by the evidence.
func (o *Municipality) ListToEnd(ctx context.Context, measure, reason string, e identity.Evidence) (id int64, err error) {
	by, err := clerk(ctx, access.AskRelease)
	if err != nil {
		return 0, err
	}
	if reason = strings.TrimSpace(reason); reason == "" || len([]rune(reason)) > mostReason {
		return 0, plain.Bad("reason", "終了する理由を300字までで入力してください。", "Enter why it is to end, in at most 300 characters.")
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		l, comes, holder := protection.List{Reason: reason, MadeBy: by}, false, ""
		if measure != "" {
			m, running, err := o.measure(ctx, tx, measure)
			if err != nil {
				return nil, err
			}
			if comes = running && comesToEnd(m, resident.DateOf(tx.Now())); comes {
				if _, err := e.Way(); err != nil {
					return nil, err
				}
				holder = m.Members[0].Holder
			}
			if l.Lines, err = o.linesOf(ctx, tx, m); err != nil {
				return nil, err
			}
		} else if l.Lines, err = o.linesOver(ctx, tx); err != nil {
			return nil, err
		}
		if len(l.Lines) == 0 {
			return nil, errNothingToEnd
		}
		if l, err = o.flags(tx.Tx).MakeList(ctx, l); err != nil {
			return nil, err
		}
		id = l.ID
		detail := fmt.Sprintf("%d lines", len(l.Lines))
		if comes {
			c, err := identity.In(tx.Tx).Record(access.ReleaseProtection, listCase(id), holder, access.From(ctx), e)
			if err != nil {
				return nil, err
			}
			detail += fmt.Sprintf(", identity checked by %s (%s)", c.Way, c.Documents)
		}
		auditlog.Write(tx.Tx, auditlog.Entry{Actor: by, Act: "protection-list-made", Case: listCase(id), Detail: detail})
		return nil, nil
	})
	return id, err
}

// comesToEnd tells whether a measure that runs is ended on somebody's word, and not because its term is over.
func comesToEnd(m protection.Measure, today resident.Date) bool {
	return m.Provisional || !m.Until.Before(today)
}

func listCase(id int64) string { return fmt.Sprintf("list-%d", id) }

// linesOf are the flags of ours that hold for everybody whom a measure protects.
func (o *Municipality) linesOf(ctx context.Context, tx *store.Tx, m protection.Measure) (lines []protection.Line, err error) {
	for _, w := range m.Members {
		codes, err := tx.Codes(ctx, personNamed(w.Holder))
		if err != nil {
			return nil, err
		}
		for _, c := range codes {
			f, found, err := o.flags(tx.Tx).Last(ctx, o.Self, c)
			if err != nil {
				return nil, err
			}
			if found && !f.Ended() && f.Measure == m.Number {
				lines = append(lines, protection.Line{Measure: m.Number, Holder: w.Holder, Code: c, Version: f.Version})
			}
		}
	}
	return lines, nil
}

// linesOver are the flags of ours that hold though their term is over.
func (o *Municipality) linesOver(ctx context.Context, tx *store.Tx) (lines []protection.Line, err error) {
	flags, err := o.flags(tx.Tx).OurOwn(ctx, 10*mostLines)
	if err != nil {
		return nil, err
	}
	today := resident.DateOf(tx.Now())
	for _, f := range flags {
		if f.Provisional || !f.Until.Before(today) || len(lines) == mostLines {
			continue
		}
		holder, found, err := tx.ByCode(ctx, f.Code)
		if err != nil {
			return nil, err
		}
		if found {
			lines = append(lines, protection.Line{Measure: f.Measure, Holder: holder.Person.String(), Code: f.Code, Version: f.Version})
		}
	}
	return lines, nil
}

// ApplyList ends what a list names, for a second person. Each flag is read again: one that was set again or renewed since the list was
// made stays, and its line is set aside (目黒区, 令和7年). Of a list that was made on somebody's word the second person has checked too who that is,
// where the municipality's rule wants two.
func (o *Municipality) ApplyList(ctx context.Context, id int64, e identity.Evidence) (l protection.List, err error) {
	if _, err := clerk(ctx, access.ReleaseProtection); err != nil {
		return l, err
	}
	by := access.From(ctx)
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) (outs []message.Out, err error) {
		var ends []message.ResidentProtectionEnd
		if l, ends, err = o.flags(tx.Tx).Apply(ctx, o.Self, id, by); err != nil {
			return nil, err
		}
		detail := "listed by " + l.MadeBy
		if first, err := identity.In(tx.Tx).ChecksOf(ctx, listCase(id)); err != nil {
			return nil, err
		} else if len(first) > 0 {
			checked, err := o.checkedToRelease(ctx, tx, listCase(id), first[0].Holder, l.MadeAt, e)
			if err != nil {
				return nil, err
			}
			detail += checked
		}
		for _, n := range ends {
			outs = append(outs, message.Out{To: o.prefecture, Body: n})
			if err := o.touchCode(ctx, tx, n.Code); err != nil {
				return nil, err
			}
			auditlog.Write(tx.Tx, auditlog.Entry{Actor: by.ID, Act: "protection-ended", Subject: n.Code.Reveal(), Case: listCase(id), Detail: detail})
		}
		return outs, nil
	})
	return l, err
}

// RunningMeasure is a measure of ours of which a flag holds.
type RunningMeasure struct {
	protection.Measure
	Persons []PersonID // whose flag holds
}

// Measures lists the measures that hold, the provisional ones first and then by the end of their terms. It names nobody.
func (o *Municipality) Measures(ctx context.Context) (all []RunningMeasure, err error) {
	if _, err := clerk(ctx, access.ProtectPerson); err != nil {
		return nil, err
	}
	_, err = o.act(ctx, func(ctx context.Context, tx *store.Tx, _ string) ([]message.Out, error) {
		all = nil
		flags, err := o.flags(tx.Tx).OurOwn(ctx, 10*mostLines)
		if err != nil {
			return nil, err
		}
		seen := map[string]bool{}
		for _, f := range flags {
			if seen[f.Measure] || len(all) == mostLines {
				continue
			}
			seen[f.Measure] = true
			m, found, err := o.flags(tx.Tx).Measure(ctx, f.Measure)
			if err != nil {
				return nil, err
			}
			if !found {
				continue // carried from another municipality's measure to a new code: it is on the person's page
			}
			r := RunningMeasure{Measure: m}
			for _, w := range m.Members {
				r.Persons = append(r.Persons, personNamed(w.Holder))
			}
			all = append(all, r)
		}
		return nil, nil
	})
	return all, err
}
