package incident

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// The version of the program that prints the paper of whoever was there before, and the one that does not. Their names are invented.
const (
	driftFaulty = "v7.0"
	driftMended = "v7.1"
)

// munakata2023 is Munakata's (K6): the fault had been mended years before, and the mended version had not come there.
var munakata2023 = kiosk{
	name: "version-drift-2023", title: plain.Sentence{JA: "直した版が届いておらず、前の人の証明書が出る（宗像市）", EN: "the mended version never came, and the paper of whoever was there before comes out (Munakata)"},
	notes: []string{"of the reports: 2023-06-28 at a terminal in the city hall; of 123 places 41 to 44 had not got a correction of 2019",
		"how the paper of the one before came out is not published: the machine of Yokohama stands for it. That the mended version was carried from place to place by hand, and not to this one, is a moment at which nothing happens here",
		"ours: the national center stops the faulty version by its name; a server that has the mended one goes on"},
	code: "402206", begin: resident.MustDate(2023, 6, 27),
	households: []int{2, 1, 1}, mended: driftMended,
	fault: func(without bool) paperVariant {
		v := firstIsSlow(without)
		v.program = driftFaulty
		return v
	},
	play: func(ctx context.Context, l *paperLand, _ bool) error {
		if l.gates {
			if err := l.stopVersion(ctx, driftFaulty); err != nil {
				return err
			}
		}
		l.moment("版の誤りが分かり、直した版が配られる", "a version is known to be faulty, and the mended one is handed out")
		if err := l.driver.Until(ctx, l.day.AddDays(1).Start().Add(10*time.Hour)); err != nil {
			return err
		}
		if err := l.countBehind(ctx); err != nil {
			return err
		}
		for n := range 2 {
			if err := l.household(n, document.Items{}); err != nil {
				return err
			}
			if err := l.wait(ctx, time.Minute); err != nil {
				return err
			}
		}
		if err := l.give(); err != nil {
			return err
		}
		l.moment("その版が残る市役所で、2人が世帯の写しを求める", "where that version is still in use, two people ask for the record of their household")
		return nil
	},
	asked: askedAfter{resident.MustDate(2023, 6, 28), resident.MustDate(2023, 6, 28), "誤りのある版で、前の人の証明書が印刷されたおそれ"},
}

var versionDrift2023 = munakata2023.incident()

// stopVersion has the center stop a version of the program, by two of its operators.
func (l *paperLand) stopVersion(ctx context.Context, version string) error {
	var two []context.Context
	for _, p := range access.Personas() {
		if p.Job == access.Operator {
			two = append(two, access.With(ctx, p))
		}
	}
	halt, err := l.center.ProposeStop(two[0], nationalcenter.StopProposal{Version: version, Reason: "別の人の証明書が印刷される誤りがある。"})
	if err != nil {
		return err
	}
	orders, _, err := l.center.Halts(ctx)
	if err != nil {
		return err
	}
	return l.center.ApproveStop(two[1], halt, orders[0].Seen())
}

// countBehind counts the issuing servers that run a stopped version, as the center sees it.
func (l *paperLand) countBehind(ctx context.Context) error {
	orders, programs, err := l.center.Halts(ctx)
	for _, p := range programs {
		for _, o := range orders {
			if o.Binds(p.Program, l.clk.Now()) {
				l.counts["behind"]++
			}
		}
	}
	return err
}
