package simulate

import (
	"context"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// most of each that a report lists.
const most = 50

// bookWords: a difference that has ended by itself, because what was missing was sent again, is one too.
func bookWords(ctx context.Context, h *host.Host, f *finding) error {
	standings, err := h.Books.Standings(ctx)
	if err != nil {
		return err
	}
	for _, s := range standings {
		if s.Differences > 0 || s.Outcome != reconcile.Agreed && !(s.Outcome == reconcile.NotYet && s.Entries == 0) {
			f.add("books", string(s.Outcome), h.Self, "", fmt.Sprintf("帳簿 %s（相手 %s）: 不一致%d件 %s", s.Book, s.Peer, s.Differences, s.Reason),
				fmt.Sprintf("book %s with %s: %s, %d differences %s", s.Book, s.Peer, s.Outcome, s.Differences, s.Reason))
		}
	}
	cases, err := h.Books.Cases(ctx, true, most)
	if err != nil {
		return err
	}
	for _, c := range cases {
		f.add("books", c.What, h.Self, c.Key, fmt.Sprintf("帳簿 %s（相手 %s）の件 %s（%s）", c.Book, c.Peer, c.ID, c.State), fmt.Sprintf("book %s with %s, case %s (%s)", c.Book, c.Peer, c.ID, c.State))
	}
	return nil
}

func auditWords(ctx context.Context, h *host.Host, f *finding) error {
	found, err := h.Books.Findings(ctx, true, most)
	for _, x := range found {
		s := x.Says()
		f.add("self-audit", x.What, h.Self, x.Key, s.JA, s.EN)
	}
	return err
}

// inspectionWords reads the findings where there is an inspection.
func inspectionWords(ctx context.Context, h *host.Host, f *finding) error {
	if r := h.Self.Role(); r != message.CA && r != message.Validation && r != message.NationalCenter {
		return nil
	}
	return h.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		found, err := inspection.Open(ctx, tx, most)
		for _, x := range found {
			f.add("inspection", x.Rule, h.Self, x.Item, x.Says.JA, x.Says.EN)
		}
		return err
	})
}

func alarmWords(ctx context.Context, h *host.Host, f *finding) error {
	v, err := h.Alarms.View(ctx, 0)
	for _, a := range v.Open {
		if !a.Drill && a.Severity != alarm.Notice {
			f.add("alarms", string(a.Code), h.Self, a.What, a.Name.JA+": "+a.Detail.JA, a.Name.EN+": "+a.Detail.EN)
		}
	}
	return err
}

func messageWords(ctx context.Context, h *host.Host, f *finding) error {
	stuck, err := h.Exchange.Stuck(ctx, most)
	if err != nil {
		return err
	}
	for _, i := range stuck {
		f.add("messages", string(i.State), h.Self, i.ID.String(), i.Reason.JA, fmt.Sprintf("%s: %s", i.Kind, i.Reason.EN))
	}
	pairs, err := h.Exchange.Pairs(ctx)
	for _, p := range pairs {
		if p.Open > 0 {
			f.add("messages", "open", h.Self, string(p.Peer), fmt.Sprintf("終わっていない電文%d通", p.Open), fmt.Sprintf("%d messages have not ended", p.Open))
		}
	}
	return err
}

func scanGiven(r *sqlstore.Rows, c *issued) error {
	var serial []byte
	err := r.Scan(&serial, &c.holder, &c.profile, &c.version)
	c.serial = strings.ToUpper(hex.EncodeToString(serial))
	return err
}

// openMoves finds moves that are open at one end though nobody has still to act, and what one end told that the other was not told.
func (s *simulation) openMoves(ctx context.Context, f *finding) error {
	type row struct {
		move, code, state string
		person            int64
	}
	scan := func(r *sqlstore.Rows, m *row) error { return r.Scan(&m.move, &m.code, &m.state, &m.person) }
	under := map[string]bool{}
	for _, m := range s.moves {
		for _, x := range m.souls {
			open, err := list(ctx, m.from.Host, scan, `SELECT move, code, state, person FROM move_out WHERE person = $1 AND settled_at = 0`, int64(x.id))
			if err != nil {
				return err
			}
			for _, o := range open {
				under[o.move] = true
			}
		}
	}
	for _, t := range s.land.towns {
		for _, table := range []string{"move_out", "move_in"} {
			open, err := list(ctx, t.Host, scan, `SELECT move, code, state, person FROM `+table+` WHERE settled_at = 0 ORDER BY move`)
			if err != nil {
				return err
			}
			for _, o := range open {
				if !under[o.move] {
					f.add("moves", "open", t.Self, o.code, "終わったはずの引っ越し "+o.move+" が、終わっていません（"+o.state+"）。", "the move "+o.move+" should have ended and has not ("+o.state+")")
				}
			}
		}
	}
	return s.land.toldMoves(ctx, f)
}

// toldMoves: what a municipality told another of moves is what that one was told.
func (l *land) toldMoves(ctx context.Context, f *finding) error {
	read := func(t *town, peer message.Org, told bool) (lines, error) {
		all := lines{}
		rows, err := list(ctx, t.Host, func(r *sqlstore.Rows, x *[6]string) error {
			return r.Scan(&x[0], &x[1], &x[2], &x[3], &x[4], &x[5])
		}, `SELECT fact, move, step, code, day, CAST(version AS TEXT) FROM move_told WHERE peer = $1 AND told = $2`, string(peer), told)
		for _, x := range rows {
			all[x[0]] = strings.Join(x[1:], "\x1f")
		}
		return all, err
	}
	for _, a := range l.towns {
		for _, b := range l.towns {
			if a == b {
				continue
			}
			said, err := read(a, b.Self, true)
			if err != nil {
				return err
			}
			heard, err := read(b, a.Self, false)
			if err != nil {
				return err
			}
			f.compare("moves", b.Self, said, heard)
		}
	}
	return nil
}
