package simulate

import (
	"context"
	"fmt"
	"slices"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/inspection"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/sqlstore"
)

// Among many people some have the same name, date of birth and sex. The center's check asks about each such pair, its staff ask the
// municipalities, and the municipalities know: here, that two people were settled. Two operators then close the case.

var asks, confirms = access.Person{ID: "operator-ueda", Job: access.Operator, Fresh: true}, access.Person{ID: "operator-egawa", Job: access.Operator, Fresh: true}

// namesakes closes what the duplicate check has found, unless there is a pair of which somebody is nobody, or both are the same one.
func (s *simulation) namesakes(ctx context.Context) error {
	center := s.land.center
	var open []inspection.Finding
	if err := center.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		open, err = inspection.Open(ctx, tx, s.opt.Residents)
		return err
	}); err != nil {
		return err
	}
	open = slices.DeleteFunc(open, func(f inspection.Finding) bool { return f.Rule != "same-person" })
	if len(open) == 0 {
		return nil
	}
	if apart, err := s.twoPeopleEach(ctx); err != nil || !apart {
		return err
	}
	for _, f := range open {
		id := nationalcenter.FindingID(f)
		if err := center.ProposeDuplicate(ctx, asks, id, "両市区町村に確かめた。別の世帯の別の人。"); err != nil {
			return fmt.Errorf("couldn't propose to close %s: %w", f.Item, err)
		}
		if err := center.ConfirmDuplicate(ctx, confirms, id); err != nil {
			return fmt.Errorf("couldn't close %s: %w", f.Item, err)
		}
		s.report.Namesakes++
	}
	return nil
}

// twoPeopleEach is what the municipalities answer, about all pairs that the center's table has.
func (s *simulation) twoPeopleEach(ctx context.Context) (bool, error) {
	type two [2]string
	pairs, err := list(ctx, s.land.center.Host, func(r *sqlstore.Rows, p *two) error { return r.Scan(&p[0], &p[1]) }, `SELECT a.code, b.code FROM resident AS a
		JOIN resident AS b ON b.birth = a.birth AND b.name_key = a.name_key AND b.sex = a.sex AND b.resides AND b.code > a.code WHERE a.resides AND a.name_key <> ''`)
	if err != nil {
		return false, err
	}
	type place struct {
		at *town
		id int64
	}
	souls := make(map[place]*soul, len(s.souls))
	for _, x := range s.souls {
		souls[place{x.at, int64(x.id)}] = x
	}
	who := func(code string) (*soul, error) {
		for _, t := range s.land.towns {
			ids, err := list(ctx, t.Host, func(r *sqlstore.Rows, id *int64) error { return r.Scan(id) }, `SELECT person FROM resident WHERE code = $1 AND present`, code)
			if err != nil {
				return nil, err
			}
			for _, id := range ids {
				if x := souls[place{t, id}]; x != nil {
					return x, nil
				}
			}
		}
		return nil, nil
	}
	for _, p := range pairs {
		a, err := who(p[0])
		if err != nil {
			return false, err
		}
		b, err := who(p[1])
		if err != nil || a == nil || b == nil || a == b {
			return false, err
		}
	}
	return true, nil
}
