package registrybench

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/match"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/org/nationalcenter"
	"github.com/akashi-id/akashi/internal/population"
	"github.com/akashi-id/akashi/internal/received"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

// searches is how many are measured of each kind, so that their slowest hundredth is that of some ten seconds: of half a second it
// tells only whether the collector, or the copier of the log, was at work.
const searches = 20_000

// Search measures searches at the national center and at a municipality's counter, by four people at once.
func Search(ctx context.Context, o Options) ([]figure.Result, error) {
	if o.Questions == 0 {
		o.Questions = searches
	}
	return o.each(ctx, "search", func(ctx context.Context, g ground) (all []figure.Result, err error) {
		for _, part := range []func(context.Context) ([]figure.Result, error){g.searchCenter, g.searchTown} {
			results, err := part(ctx)
			if err != nil {
				return nil, err
			}
			for _, r := range results {
				g.Say("%s: %.2f %s, ratio %.1f", r.What, r.Value, r.Unit, r.Ratio) // the rest takes long
			}
			all = append(all, results...)
		}
		physical, err := disk(g.Dir, g.Questions/4)
		return append(all, physical...), err
	})
}

// wanted is somebody who is looked for.
type wanted struct {
	resident.Record
	written resident.Name // as somebody may write the name: with a variant, or without the blank
}

// chosen are some of the residents, of whose birth all is known, in another order than they were registered.
func (g ground) chosen() (all []wanted) {
	every := max(1, g.Residents/g.Questions)
	n := 0
	for r := range population.People(g.people()) {
		n++
		if _, whole := r.Birth.Whole(); whole && n%every == 0 {
			all = append(all, wanted{r, otherwise(r.Name)})
		}
	}
	rand.New(rand.NewPCG(1, 2)).Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
	// Whoever answers has not made a population before: what that left behind would be looked at by the collector between
	// the questions. Names go a round later than whoever had them (package unique).
	runtime.GC()
	runtime.GC()
	return all
}

var variants = strings.NewReplacer("高", "髙", "髙", "高", "辺", "邊", "邊", "辺", "崎", "﨑", "﨑", "崎", "沢", "澤", "斎", "齋", "浜", "濱", "広", "廣", "真", "眞", "恵", "惠")

// otherwise writes a name with a variant of a character, where it has one that counts as the same, and else without its blank.
func otherwise(name resident.Name) resident.Name {
	for _, text := range []string{variants.Replace(name.Reveal()), strings.ReplaceAll(name.Reveal(), "　", "")} {
		other, err := resident.ParseName("name", text)
		if err == nil && other != name && match.Key(text) == match.Key(name.Reveal()) {
			return other
		}
	}
	return name
}

// people are those in the registers. The day does not matter; the same people come from one seed.
func (g ground) people() population.Options {
	code, err := resident.ParseMunicipalityCode("municipality", town.Code())
	if err != nil {
		panic(err) // a constant
	}
	return population.Options{Municipality: code, Count: g.Residents, Seed: 1}
}

const fillAtOnce = 2000

// fillCenter enters everybody into the national index, without the messages by which they come in use.
func (g ground) fillCenter(ctx context.Context, c *nationalcenter.Center) error {
	var batch []resident.Record
	put := func() error {
		defer func() { batch = batch[:0] }()
		return c.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
			states := received.In(tx, received.Shared{})
			for _, r := range batch {
				states.PutFirst(r.Identification(1, resident.ChangeInfo{Reason: resident.EntryExOfficio, Arose: r.BecameResident}), "")
			}
			return nil
		})
	}
	for r := range population.People(g.people()) {
		if batch = append(batch, r); len(batch) == fillAtOnce {
			if err := put(); err != nil {
				return err
			}
		}
	}
	if err := put(); err != nil {
		return err
	}
	return settle(ctx, c.Store)
}

func (g ground) searchCenter(ctx context.Context) (all []figure.Result, err error) {
	c, err := g.openCenter(ctx, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	if err := g.fillCenter(ctx, c); err != nil {
		return nil, err
	}
	// A register is searched that has been there, and not one whose pages are still on their way to the disk.
	if err := c.Close(); err != nil {
		return nil, err
	}
	if c, err = g.openCenter(ctx, 0); err != nil {
		return nil, err
	}
	g.Say("%s: the center holds %d", g.engine, g.Residents)
	who := g.chosen()
	clerk, confirm := access.Personas()[0], look.Ground{Purpose: look.Confirm, Case: "受付-1"}
	ask := func(question func(wanted, int) inquiry.Question) (times, error) {
		return take(readers, len(who), func(_, i int) error {
			a, err := c.Inquiry.Ask(ctx, clerk, confirm, question(who[i], i))
			if err == nil && !slices.ContainsFunc(a.Candidates, func(c received.Candidate) bool { return c.Code == who[i].Code }) {
				err = fmt.Errorf("search %d does not find the person", i)
			}
			return err
		})
	}
	bare := func(where string, args func(wanted) []any) (times, error) {
		return take(readers, len(who), func(_, i int) error {
			return c.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := sqlstore.List(ctx, tx, received.Scan, `SELECT `+received.Identification+` FROM resident WHERE `+where, args(who[i])...)
				return err
			})
		})
	}
	named := func(w wanted, i int) inquiry.Question {
		asked := resident.BasicFour{Name: w.Name, Birth: w.Birth}
		if i%2 == 1 {
			asked.Name = w.written
		}
		return inquiry.Question{Asked: asked}
	}
	if _, err := ask(named); err != nil { // the first of a morning
		return nil, err
	}
	before, used := c.Store.Commits(), peer.CPUSeconds()
	byName, err := ask(named)
	if err != nil {
		return nil, err
	}
	commits, cpu := c.Store.Commits()-before, peer.CPUSeconds()-used
	byCode, err := ask(func(w wanted, _ int) inquiry.Question { return inquiry.Question{Code: w.Code} })
	if err != nil {
		return nil, err
	}
	used = peer.CPUSeconds()
	bareName, err := bare(`name_key = $1 AND birth = $2`, func(w wanted) []any { return []any{match.Key(w.Name.Reveal()), w.Birth.String()} })
	if err != nil {
		return nil, err
	}
	bareCPU := peer.CPUSeconds() - used
	bareCode, err := bare(`code = $1`, func(w wanted) []any { return []any{w.Code.Reveal()} })
	if err != nil {
		return nil, err
	}
	commit, err := bareCommits(ctx, c.Store, g.Questions)
	if err != nil {
		return nil, err
	}
	label := fmt.Sprintf("%s: center of %d, by ", g.engine, g.Residents)
	const query = "the bare SQL query, 4 at once, nothing written down"
	all = append(all, byName.beside(label+"name and birth", query, bareName)...)
	perSearch := func(cpu float64) float64 { return 1000 * cpu / float64(len(who)) }
	all = append(all, figure.Result{What: label + "name and birth, CPU of this process", Value: perSearch(cpu), Unit: "ms"}.Beside(query, perSearch(bareCPU)))
	all = append(all, byCode.beside(label+"code", query, bareCode)...)
	all = append(all, byCode.beside(label+"code, once more", bareCommit, commit)...)
	return append(all, figure.Result{What: g.engine + ": durable transactions of a search by name, shared by whoever comes at once", Value: float64(commits) / float64(len(who)), Unit: "transactions"}), nil
}

func (g ground) searchTown(ctx context.Context) (all []figure.Result, err error) {
	m, err := g.openTown(ctx, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	if _, _, err := g.fillTown(ctx, m); err != nil {
		return nil, err
	}
	if err := m.Close(); err != nil { // as at the center
		return nil, err
	}
	if m, err = g.openTown(ctx, 1); err != nil {
		return nil, err
	}
	who := g.chosen()
	clerk := look.With(access.With(ctx, access.Personas()[0]), look.Ground{Purpose: look.Certificate, Case: "1"})
	for _, way := range []struct {
		name  string
		query func(wanted) municipality.Query
		bare  string
	}{
		{"reading and birth", func(w wanted) municipality.Query {
			return municipality.Query{Kana: reading(w.Record).Reveal(), Birth: w.Birth}
		}, `r.kana_key = (SELECT kana_key FROM resident WHERE code = $1) AND r.birth = $2`},
		{"name and birth", func(w wanted) municipality.Query {
			return municipality.Query{Name: strings.ReplaceAll(w.Name.Reveal(), "　", ""), Birth: w.Birth}
		}, `r.name_key = (SELECT name_key FROM resident WHERE code = $1) AND r.birth = $2`},
		{"code", func(w wanted) municipality.Query { return municipality.Query{Code: w.Code} }, `r.code = $1 AND r.birth = $2`},
	} {
		took, err := take(readers, len(who), func(_, i int) error {
			found, _, err := m.Search(clerk, way.query(who[i]))
			there := false
			for _, v := range found {
				there = there || v.Record.Code == who[i].Code
			}
			if err == nil && !there {
				err = fmt.Errorf("search %d by %s does not find the person", i, way.name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		bare, err := take(readers, len(who), func(_, i int) error {
			return m.Store.View(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *[3]string) error { return r.Scan(&s[0], &s[1], &s[2]) },
					`SELECT v.name, v.kana, v.address FROM resident AS r JOIN record_version AS v ON v.person = r.person AND v.version = r.version WHERE `+way.bare,
					who[i].Code.Reveal(), who[i].Birth.String())
				return err
			})
		})
		if err != nil {
			return nil, err
		}
		all = append(all, took.beside(fmt.Sprintf("%s: municipality of %d, by %s", g.engine, g.Residents, way.name), "the bare SQL query, 4 at once, nothing written down", bare)...)
	}
	return all, nil
}

// reading is what a person is read as.
func reading(r resident.Record) resident.Kana {
	if r.Kana.Valid() {
		return r.Kana
	}
	return r.Furigana
}
