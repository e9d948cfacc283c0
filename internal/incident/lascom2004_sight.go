package incident

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/message"
)

// watched is how long a replay looks on, second by second, from when something goes wrong.
const watched = 2 * time.Minute

// sight is what the screens of one organisation show about the other.
type sight struct {
	pair     exchange.Pair
	alarms   []alarm.Alarm
	cases    []reconcile.Case // open
	named    int              // cases ever
	findings int              // of the self-audit, open
}

// sign tells whether anything asks for a person.
func (s sight) sign() bool {
	return s.pair.Parked+s.pair.InParked > 0 || len(s.alarms)+len(s.cases)+s.findings > 0
}

func (s sight) says() string {
	differences := fmt.Sprintf("不一致%d（未了%d） / differences %d (open %d)", s.named, len(s.cases), s.named, len(s.cases))
	if len(s.alarms) == 0 {
		return differences + "; 警報なし / no alarm"
	}
	var ja, en []string
	for _, a := range s.alarms {
		ja, en = append(ja, a.Name.JA), append(en, a.Name.EN)
	}
	return fmt.Sprintf("%s; 警報「%s」 / alarm: %s", differences, strings.Join(ja, "」「"), strings.Join(en, ", "))
}

// sightOf reads an organisation's screens. Alarms about the organisations of the field are left out, for these neither
// compare nor close; so is the lateness of the self-audit, which rests where it is not measured, and what is merely unusual.
func sightOf(ctx context.Context, h *host.Host, peer message.Org) (s sight, err error) {
	if s.pair, err = pairOf(ctx, h.Exchange, peer); err != nil {
		return s, err
	}
	shown, err := h.Alarms.View(ctx, 0)
	if err != nil {
		return s, err
	}
	for _, a := range shown.Open {
		if a.Peer == peer && a.Code != alarm.AuditLate && a.Severity != alarm.Notice {
			s.alarms = append(s.alarms, a)
		}
	}
	cases, err := casesWith(ctx, h, peer)
	if err != nil {
		return s, err
	}
	s.named = len(cases)
	for _, c := range cases {
		if c.State == "open" {
			s.cases = append(s.cases, c)
		}
	}
	findings, err := h.Books.Findings(ctx, false, allOf)
	for _, f := range findings {
		if f.Peer == peer {
			s.findings++
		}
	}
	return s, err
}

// allOf is more than there can be of anything that people are to look at.
const allOf = 10_000

// casesWith are an organisation's cases with another one, closed ones too.
func casesWith(ctx context.Context, h *host.Host, peer message.Org) (with []reconcile.Case, err error) {
	cases, err := h.Books.Cases(ctx, true, allOf)
	for _, c := range cases {
		if c.Peer == peer {
			with = append(with, c)
		}
	}
	return with, err
}

// sights are both organisations' screens.
func (v *variant) sights(ctx context.Context) (ofCA, ofCenter sight, err error) {
	if ofCA, err = sightOf(ctx, v.ca.Host, theCenter); err == nil {
		ofCenter, err = sightOf(ctx, v.center.Host, theCA)
	}
	return ofCA, ofCenter, err
}

// watchIt looks at both organisations' screens second by second, and notes how soon they show what has gone wrong.
func (v *variant) watchIt(ctx context.Context) error {
	struck := v.clk.Now()
	for at := struck; !at.After(struck.Add(watched)); at = at.Add(time.Second) {
		if err := v.driver.Until(ctx, at); err != nil {
			return err
		}
		ofCA, ofCenter, err := v.sights(ctx)
		if err != nil {
			return err
		}
		first := func(name string, so bool) {
			if _, known := v.counts[name]; so && !known {
				v.counts[name] = int(at.Sub(struck) / time.Second)
			}
		}
		first("s_to_first_sign", ofCA.sign() && ofCenter.sign())
		first("s_to_alarm", len(ofCA.alarms) > 0 && len(ofCenter.alarms) > 0)
		if v.plan.fault == lostRows {
			named, err := v.named(ctx)
			if err != nil {
				return err
			}
			all := named.ca == len(v.lost) && named.center == len(v.lost)
			first("s_to_all_named", all)
			first("s_to_all_closed", all && len(ofCA.cases)+len(ofCenter.cases)+ofCenter.findings == 0)
		}
	}
	return nil
}

// look writes down how it stands at this moment, and what each party can see of it.
func (v *variant) look(ctx context.Context, what plain.Sentence) error {
	now := v.clk.Now()
	ofCA, ofCenter, err := v.sights(ctx)
	if err != nil {
		return err
	}
	sent, received := ofCA.pair, ofCenter.pair
	view := View{Unsent: int(sent.Open), Parked: int(sent.Parked), Late: v.late(now), Sees: map[string]string{}}
	if v.asItWas {
		view.Sees["ca"] = "送信の記録も、件数を確かめる作業もない / neither a record of what was sent nor a count of it"
		view.Sees["nationalcenter"] = "何も届かないことは、何も知らせない / that nothing comes tells it nothing"
		if v.plan.fault == lostRows {
			view.Sees["nationalcenter"] = "消えた行は、何も知らせない / a row that is gone tells it nothing"
		}
		if v.refused[again].why != "" {
			view.Sees["counter"] = "有効な電子証明書があります / a valid certificate exists"
		}
	} else {
		oldest := "—"
		if !sent.Oldest.IsZero() {
			oldest = now.Sub(sent.Oldest).Round(time.Minute).String()
		}
		view.Cases, view.Alarms = max(len(ofCA.cases), len(ofCenter.cases)), len(ofCA.alarms)+len(ofCenter.alarms)
		view.Sees["ca"] = fmt.Sprintf("送信済み%d 適用%d 保留%d 最も古い未了 %s / sent %d, applied %d, parked %d, oldest open %s; %s",
			sent.Sent, sent.Applied, sent.Parked, oldest, sent.Sent, sent.Applied, sent.Parked, oldest, ofCA.says())
		view.Sees["nationalcenter"] = fmt.Sprintf("受信%d 保留%d / received %d, parked %d; %s",
			received.Received, received.InParked, received.Received, received.InParked, ofCenter.says())
	}
	if v.relying != nil {
		told := len(v.relying.wrong)
		view.ToldGood = &told
		if told > 0 {
			view.Sees["verifiers"] = v.relying.says()
		}
	}
	v.counts["most_unsent"] = max(v.counts["most_unsent"], view.Unsent)
	v.moments = append(v.moments, PartMoment{now, what, view})
	return nil
}
