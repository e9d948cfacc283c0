package simulate

import (
	"context"
	"time"

	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/identity"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// protect: somebody applies for protection, which holds from that moment on, and an hour later what the police has said puts it into force. Nothing
// else happens to who is protected, nor to who lives with them, until it ends: that takes releases, which a clerk gives a visitor.
func (s *simulation) protect(ctx context.Context) error {
	_, _, err := s.protected(ctx)
	return err
}

func (s *simulation) protected(ctx context.Context) (*soul, municipality.Dossier, error) {
	who, d, err := s.somebody(ctx, func(_ *soul, d municipality.Dossier) bool { return s.age(d) >= 18 })
	if err != nil {
		return nil, d, err
	}
	if who.measure, err = who.at.Protect(ctx, municipality.Protecting{Applicant: who.id, Evidence: identity.Evidence{identity.MyNumberCard}}); err != nil {
		return nil, d, err
	}
	if err := s.land.wait(ctx, 10*time.Minute); err != nil {
		return nil, d, err
	}
	return who, d, who.at.Decided(ctx, who.measure)
}

// protectionEnded: one clerk lists what is to end, and another applies the list.
func (s *simulation) protectionEnded(ctx context.Context) error {
	var all []*soul
	for _, x := range s.souls {
		if x.measure != "" {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		who, _, err := s.protected(ctx)
		if err != nil {
			return err
		}
		s.report.Events[Protection]++
		all = append(all, who)
	}
	who := all[s.rng.IntN(len(all))]
	id, err := who.at.ListToEnd(ctx, who.measure, "本人の申出", identity.Evidence{identity.MyNumberCard})
	if err != nil {
		return err
	}
	who.measure = ""
	_, err = who.at.ApplyList(s.atDesk(ctx), id, nil)
	return err
}

// flags holds what everybody knows of the flags to what their owners have decided.
func (l *land) flags(ctx context.Context, f *finding) error {
	must := lines{}
	above := map[message.Org]lines{}
	for _, t := range l.towns {
		own, err := newestFlags(ctx, t.Host, t.Self)
		if err != nil {
			return err
		}
		if above[t.above()] == nil {
			above[t.above()] = lines{}
		}
		for k, v := range own {
			must[k], above[t.above()][k] = v, v
		}
	}
	is, err := newestFlags(ctx, l.center.Host, "")
	if err != nil {
		return err
	}
	f.compare("flags", theCenter, must, is)
	for _, p := range l.prefectures {
		held, err := newestFlags(ctx, p.Host, "")
		if err != nil {
			return err
		}
		for k := range held {
			if _, ours := above[p.Self][k]; !ours {
				delete(held, k) // of another prefecture's municipality, whose flag goes where the person was
			}
		}
		f.compare("flags", p.Self, above[p.Self], held)
	}
	return nil
}

// newestFlags are the last versions of the flags of an owner, or of all.
func newestFlags(ctx context.Context, h *host.Host, owner message.Org) (lines, error) {
	all, err := list(ctx, h, func(r *sqlstore.Rows, p *[3]string) error {
		var version int64
		var ended bool
		var state, until string
		err := r.Scan(&p[0], &p[1], &version, &state, &until, &ended)
		p[2] = number(version) + "\x1f" + state + "\x1f" + until
		if ended {
			p[2] = number(version) + "\x1fended"
		}
		return err
	}, `SELECT code, owner, version, state, until_day, ended_at <> 0 FROM protection_flag AS p
		WHERE version = (SELECT MAX(version) FROM protection_flag WHERE code = p.code AND owner = p.owner)`)
	newest := lines{}
	for _, p := range all {
		if owner == "" || p[1] == string(owner) {
			newest[p[0]+" "+p[1]] = p[2]
		}
	}
	return newest, err
}
