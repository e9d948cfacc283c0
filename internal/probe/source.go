package probe

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/pki/inspect"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Source tells the alarms of targets that fail, by how many probes in a row, and of probes that are not made. While it is planned that a
// target stands still it is no alarm; if it stands still afterwards it is one at once. What tells something untrue does not stand still, and
// is an alarm all the time. href is the page where one sees them.
func (p *Prober) Source(href string) alarm.Source {
	l := look{p, href, p.cfg.Clock.Now()}
	return alarm.InView("probe", p.cfg.Store, l.signals)
}

// untrue are the reasons that nobody plans: somebody else's signature, a revoked certificate told to be good or a good one revoked, a list
// of before or two of one number.
var untrue = []Reason{Reason(inspect.Signature), Reason(inspect.Good), Reason(inspect.Revoked), Reason(inspect.WentBack), Reason(inspect.OtherList)}

// look is a source, and since when it is one.
type look struct {
	p     *Prober
	href  string
	began time.Time
}

func (l look) signals(ctx context.Context, tx *sqlstore.Tx, now time.Time) (all []alarm.Signal, err error) {
	probed := l.p.Targets()
	if len(probed) == 0 {
		return nil, nil
	}
	windows, err := Windows(ctx, tx, now, now.Add(time.Microsecond))
	if err != nil {
		return nil, err
	}
	standings, err := Standings(ctx, tx)
	if err != nil {
		return nil, err
	}
	last := l.began
	for _, s := range standings {
		if !slices.Contains(probed, s.Target) {
			continue // it was probed once, and is not any more
		}
		if s.LastAt.After(last) {
			last = s.LastAt
		}
		planned := slices.ContainsFunc(windows, func(w Window) bool { return w.covers(s.Target.Service, minuteOf(now)) })
		if s.InRow == 0 || planned && !slices.Contains(untrue, s.Reason) {
			continue
		}
		name, why := s.Target.Name(), s.Reason.Words()
		all = append(all, alarm.Signal{Code: alarm.ProbeFailed, About: s.Target.String(), Value: s.InRow, Since: s.Since, Href: l.href, Detail: plain.Sentence{
			JA: fmt.Sprintf("%s: %s。", name.JA, why.JA), EN: fmt.Sprintf("%s: %s.", name.EN, why.EN)}})
	}
	if still := now.Sub(last); still > 0 {
		all = append(all, alarm.Signal{Code: alarm.ProbeMissing, Value: int64(still / time.Second), Href: l.href})
	}
	return all, nil
}
