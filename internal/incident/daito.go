package incident

import (
	"context"
	"errors"
	"time"

	"github.com/akashi-id/akashi/internal/identity"
	counter "github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/resident"
)

// daito is the leak of 大東市: a protected woman moved, the flag was set for one of the systems that print where she lives, and two days
// later her husband had the address from another.
var daito = Incident{
	Name:  "daito",
	Title: plain.Sentence{JA: "支援措置の設定漏れ（大東市）", EN: "a flag set in one system of several (Daito)"},
	Part:  daitoPart,
	Join: func(was, ours *Part) *Report {
		return shownReport("daito", daitoNotes, was, ours, "asked", "shown", "systems_set", "papers_tried", "papers_stopped", "papers_stopped_elsewhere")
	},
	Line: shownLine,
}

var daitoNotes = []string{
	"of the reports: the move was filed on 10-17, the flag was set for the 住民票 alone, and on 10-19 the husband took the 附票 at a kiosk",
	"synthetic: the year, the hours, both persons and their addresses, that she moved within the city",
	"the 附票 and the kiosk are not in this program yet: what stands for them is a certificate that states the address, the 住民票の写し that whoever holds her card gets of the issuing server, and every other way that the counter and the index have; each is tried",
	"as it was, each system asks a flag of its own, and who takes the application sets them one by one; all else is the same program. Without the trigger the clerk sets all",
}

var daitoFiled, daitoTaken = resident.MustDate(2022, 10, 17), resident.MustDate(2022, 10, 19)

func daitoPart(ctx context.Context, opt Options, asItWas bool) (*Part, error) {
	p, err := daitoRun(ctx, opt, asItWas, true)
	if err != nil || asItWas || opt.NoTrigger {
		return p, err
	}
	// Once more, where the copy of the issuing server was never told of her flag.
	untold, err := daitoRun(ctx, opt, false, false)
	if err != nil {
		return nil, err
	}
	p.chainOn(untold)
	return p, nil
}

func daitoRun(ctx context.Context, opt Options, asItWas, told bool) (p *Part, err error) {
	systems := []protection.System{protection.Register, protection.Issue, protection.Index}
	var gate protection.Gate
	own := eachSystem{map[protection.System]bool{}}
	if asItWas {
		gate = own
	}
	l, err := openProtected(ctx, daitoFiled.AddDays(-30).Start().Add(9*time.Hour), "272183", "大東市", gate, untold(told)...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, l.end()) }()
	if err := l.until(ctx, daitoFiled, 10); err != nil {
		return nil, err
	}
	if err := l.move(ctx); err != nil {
		return nil, err
	}
	if _, err := l.town.Protect(atDesk(ctx, takes), counter.Protecting{Applicant: l.her.Person, Evidence: identity.Evidence{identity.MyNumberCard}}); err != nil {
		return nil, err
	}
	// What the clerk sets by hand where each system has a flag of its own. Where there is one, it is set.
	set := systems
	if !opt.NoTrigger {
		set = systems[:1]
	}
	for _, s := range set {
		own.set[s] = true
	}
	if l.counts["systems_set"] = len(set); !asItWas {
		l.counts["systems_set"] = len(systems)
	}
	if err := l.until(ctx, daitoTaken, 11); err != nil {
		return nil, err
	}
	if err := l.asked(ctx, plain.Sentence{JA: "夫が妻の住所を求める", EN: "the husband asks where she lives"}); err != nil {
		return nil, err
	}
	if !asItWas && !opt.NoTrigger {
		if err := l.chain(ctx, told); err != nil {
			return nil, err
		}
	}
	return &Part{Outcome: shownOutcome(l.counts, l.chained...), Counts: l.counts, Moments: l.moments}, nil
}
