package municipality

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

// TestOldRenamingHolds: a town that lost its name before five hundred others did has lost it still, is looked up by its name, and may get it
// back; nobody proposes it twice.
func TestOldRenamingHolds(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		who := c.register(movedIn()).Person
		city := c.now(who).Record.Municipality
		rename := func(id int64, old, new, state string, ago int) store.Rename {
			return store.Rename{ID: id, Municipality: city, Old: old, New: new, Day: today.AddDays(-ago), Basis: "rule-21-2-3", State: state, ProposedAt: c.clk.Now(), ProposedBy: "clerk-aoki"}
		}
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, raw *sqlstore.Tx) error {
			tx := c.o.in(raw)
			tx.AddRename(rename(1, "旧町", "新町", store.RenameSpread, 9))
			tx.AddRename(rename(2, "元町", "仮町", store.RenameSpread, 9))
			tx.AddRename(rename(3, "仮町", "元町", store.RenameSpread, 8))
			tx.AddRename(rename(4, "東町", "西町", store.RenameCounted, 1))
			for id := range int64(520) {
				tx.AddRename(rename(id+5, "大字"+strings.Repeat("上", int(id/26)+1)+string(rune('ア'+id%26)), "中央", store.RenameSpread, 1))
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		move := func(to string) error {
			_, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市" + to)})
			return err
		}
		for _, to := range []string{"旧町1番", "旧町", "旧町　二番館", "仮町三丁目1番"} {
			if err := move(to); err == nil || !slices.Equal(fieldsOf(t, err), []string{"address"}) {
				t.Errorf("%s: %v", to, err)
			}
		}
		for _, to := range []string{"旧町通1番", "元町1番"} {
			if err := move(to); err != nil {
				t.Errorf("%s: %v", to, err)
			}
		}
		_, err := c.o.ProposeRenaming(as(t, "clerk-aoki"), Renaming{Old: "東町", New: "南町", Day: today, Basis: "rule-21-2-3"})
		if err == nil || !slices.Equal(fieldsOf(t, err), []string{"old_name"}) {
			t.Errorf("proposed twice: %v", err)
		}
	})
}

// searched is what the search asks for those whose key begins so and who were born on a day.
func searched(key string) string {
	return `SELECT v.name FROM resident r JOIN record_version v ON v.person = r.person AND v.version = r.version
		WHERE r.` + key + ` >= x'61' AND r.` + key + ` < x'61ff' AND r.birth = '1980-04-01' ORDER BY r.name_key, r.birth, r.person LIMIT 21`
}

// TestLookupsUseTheirIndex: what every notice and the page of moves ask is found without reading a table through.
func TestLookupsUseTheirIndex(t *testing.T) {
	c := newCountry(t, "memory:")
	for query, index := range map[string]string{
		`SELECT move FROM move_out WHERE family = 'x' ORDER BY person`:                              "move_out_family",
		`SELECT move FROM move_out WHERE settled_at <> 0 ORDER BY settled_at DESC, person LIMIT 20`: "move_out_settled",
		`SELECT move FROM move_in WHERE settled_at <> 0 ORDER BY settled_at DESC, move LIMIT 20`:    "move_in_settled",
		`SELECT id FROM town_rename WHERE municipality = 'x' AND old_name IN ('a', 'b')`:            "town_rename_old",
		`SELECT id FROM town_rename WHERE municipality = 'x' AND new_name IN ('a', 'b')`:            "town_rename_new",
		searched("name_key"): "resident_born (birth=? AND name_key>? AND name_key<?)",
		searched("kana_key"): "resident_born (birth=?)",
	} {
		var plan []string
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
			plan, err = sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error { var a, b, n int64; return r.Scan(&a, &b, &n, s) }, "EXPLAIN QUERY PLAN "+query)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(strings.Join(plan, "; "), index) {
			t.Errorf("%s does not use %s: %v", query, index, plan)
		}
	}
}

// TestProblemsInOneOrder: what is wrong with a notice is said in the same order each time.
func TestProblemsInOneOrder(t *testing.T) {
	c := newCountry(t, "memory:")
	p, q := c.family("世帯主", "妻"), c.family("世帯主", "同居人")
	home, other := c.now(p[0]).Record.Household, c.now(q[0]).Record.Household
	said := func(err error) string {
		if err == nil {
			err = errors.New("taken")
		}
		return err.Error()
	}
	heads := household("household-change", Placement{p[1], other, resident.Head}, Placement{p[0], home, relation("夫")})
	town := Renaming{Old: "\x01", New: "\x02", Day: today, Basis: "rule-21-2-3"}
	var first [2]string
	for i := range 20 {
		_, err := c.o.PreviewHousehold(as(t, "clerk-aoki"), heads)
		_, bad := c.o.ProposeRenaming(as(t, "clerk-aoki"), town)
		now := [2]string{said(err), said(bad)}
		if i == 0 {
			first = now
		}
		if now != first {
			t.Fatalf("%q, and before %q", now, first)
		}
	}
	for _, s := range []string{"世帯主のいない", "二人以上"} {
		if !strings.Contains(first[0], s) {
			t.Errorf("%q lacks %s", first[0], s)
		}
	}
}
