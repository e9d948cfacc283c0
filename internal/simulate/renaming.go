package simulate

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/akashi-id/akashi/internal/org/municipality"
)

// renaming: a town gets another name, and with it the record of everybody who lives there. One clerk proposes it, who lives there is counted, another
// confirms it.
func (s *simulation) renaming(ctx context.Context) error {
	who, d, err := s.somebody(ctx, func(x *soul, d municipality.Dossier) bool { return townOf(x.at, d) != "" })
	if err != nil {
		return err
	}
	s.report.cases++
	id, err := who.at.ProposeRenaming(ctx, municipality.Renaming{Old: townOf(who.at, d), New: fmt.Sprintf("新町%d", s.report.cases), Day: s.land.today(), Basis: "rule-21-2-3"})
	if err != nil {
		return err
	}
	if err := s.land.wait(ctx, time.Minute); err != nil { // they are counted
		return err
	}
	if err := who.at.DecideRenaming(s.atDesk(ctx), id, true); err != nil {
		return err
	}
	return s.land.wait(ctx, time.Minute) // nobody else at the counter holds an old version
}

// townOf is the town in an address, before the first digit.
func townOf(at *town, d municipality.Dossier) string {
	rest, ok := strings.CutPrefix(d.Now.Record.Address.Reveal(), at.full)
	i := strings.IndexAny(rest, "0123456789０１２３４５６７８９")
	if !ok || i <= 0 {
		return ""
	}
	return rest[:i]
}
