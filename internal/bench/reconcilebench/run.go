// Package reconcilebench measures the comparison of books (突合の性能): what it takes to find a few differences among many
// records, in bytes, round trips and time, between two organisations over mutual TLS; and what it costs the writers to
// keep the book's entries and digests in their transactions.
package reconcilebench

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/akashi-id/akashi/internal/bench/figure"
	"github.com/akashi-id/akashi/internal/bench/pair"
	"github.com/akashi-id/akashi/internal/bench/peer"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

//go:embed schema/*.sql
var schema embed.FS

// Options say where and how much. The zero value is no place; the counts have defaults.
type Options struct {
	Dir         string // for files; removed by whoever made it
	Records     int    // of the book; 1,000,000
	Differences []int  // 0, 1, 26, 10,000
	Rounds      int    // of the measurement of writing; 7
	Say         func(format string, args ...any)
}

// ends are the two organisations and what their own tables say.
type ends struct {
	start                func(context.Context) error
	city, pref           *pair.End
	cityState, prefState state
	written              int // the last number that was written by write
}

// Run measures on SQLite.
func Run(ctx context.Context, opt Options) (results []figure.Result, err error) {
	if opt.Records == 0 {
		opt.Records = 1_000_000
	}
	if opt.Differences == nil {
		opt.Differences = []int{0, 1, 26, 10_000}
	}
	if opt.Rounds == 0 {
		opt.Rounds = 7
	}
	if opt.Say == nil {
		opt.Say = func(string, ...any) {}
	}
	e := &ends{}
	defer func() { err = errors.Join(err, e.close()) }()
	if err := e.open(ctx, opt); err != nil {
		return nil, err
	}
	// While nobody is at work: the self-audit would take what the state does not hold yet out of the book again.
	e.city.Rest()
	e.pref.Rest()
	took := peer.Stopwatch()
	if err := e.fill(ctx, opt.Records); err != nil {
		return nil, fmt.Errorf("couldn't fill the books: %w", err)
	}
	opt.Say("%d entries on each side in %.1f s", opt.Records, took())
	if err := e.close(); err != nil {
		return nil, err
	}
	if err := e.start(ctx); err != nil {
		return nil, err
	}
	for _, d := range opt.Differences {
		r, err := e.find(ctx, opt, d)
		if err != nil {
			return nil, fmt.Errorf("couldn't measure %d differences: %w", d, err)
		}
		results = append(results, r...)
	}
	e.city.Rest()
	e.pref.Rest()
	for _, rows := range []int{100, 1} {
		r, err := e.write(ctx, opt, rows)
		if err != nil {
			return nil, err
		}
		results = append(results, r...)
	}
	return results, nil
}

func (e *ends) open(ctx context.Context, opt Options) error {
	var stores [2]string
	for i, name := range []string{"source", "copy"} {
		stores[i] = "sqlite:" + filepath.Join(opt.Dir, "reconcile-"+name+".db")
	}
	seats, err := pair.Found(stores)
	if err != nil {
		return err
	}
	e.start = func(ctx context.Context) (err error) {
		rules := func(s *state, source bool) host.Rules {
			return host.Rules{Schema: sqlstore.SchemaIn("bench", schema), Books: []reconcile.Table{s.table(source)}}
		}
		if e.city, err = seats[0].Open(ctx, rules(&e.cityState, true)); err != nil {
			return err
		}
		e.pref, err = seats[1].Open(ctx, rules(&e.prefState, false))
		return err
	}
	if err := e.start(ctx); err != nil {
		return err
	}
	// The books are empty as yet, and have to be known to be before they fill.
	_, err = e.compared(ctx, func(s reconcile.Standing) bool { return s.Outcome == reconcile.Agreed })
	return err
}

func (e *ends) close() error {
	var errs []error
	for _, end := range []*pair.End{e.city, e.pref} {
		if end != nil {
			errs = append(errs, end.Close())
		}
	}
	e.city, e.pref = nil, nil
	return errors.Join(errs...)
}

// fill gives both sides the same entries, at the same time.
func (e *ends) fill(ctx context.Context, records int) error {
	const rows = 4096 // of a transaction
	order := inPlace(records)
	failed := make(chan error, 2)
	for _, side := range e.sides() {
		go func() {
			failed <- func() error {
				for from := 0; from < len(order); from += rows {
					some := order[from:min(from+rows, len(order))]
					if err := side.end.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
						for _, n := range some {
							side.end.Books.Set(tx, message.Residents, side.end.Peer, keyOf(n), valueOf(n))
						}
						return nil
					}); err != nil {
						return err
					}
				}
				side.state.grow(records)
				return side.end.Books.Fold(ctx)
			}()
		}()
	}
	return errors.Join(<-failed, <-failed)
}

type sideOf struct {
	end   *pair.End
	state *state
}

func (e *ends) sides() []sideOf {
	return []sideOf{{e.city, &e.cityState}, {e.pref, &e.prefState}}
}

// find makes the copy differ, measures until the source has named every key, and makes it agree again.
func (e *ends) find(ctx context.Context, opt Options, differences int) ([]figure.Result, error) {
	differs := map[int]message.Hash{}
	for i := range differences {
		switch n := 1 + i*(opt.Records/differences); i % 3 {
		case 0:
			differs[n] = message.Hash{} // missing
		case 1:
			differs[n] = otherValueOf(n)
		default:
			differs[opt.Records+1+i] = otherValueOf(i) // known to the copy alone
		}
	}
	if err := e.set(ctx, differs); err != nil {
		return nil, err
	}
	s, err := e.compared(ctx, func(s reconcile.Standing) bool { return s.Entries == int64(opt.Records) })
	if err != nil {
		return nil, err
	}
	if s.Differences != int64(differences) {
		return nil, fmt.Errorf("%d differences were found: %s %s", s.Differences, s.Outcome, s.Reason)
	}
	opt.Say("%d differences: %d bytes, %d round trips, %.1f ms, %d cases", differences, s.Bytes, s.Trips, s.seconds*1000, s.OpenCases)
	for n := range differs {
		differs[n] = message.Hash{}
		if n <= opt.Records {
			differs[n] = valueOf(n)
		}
	}
	if err := e.set(ctx, differs); err != nil {
		return nil, err
	}
	if _, err := e.compared(ctx, func(s reconcile.Standing) bool { return s.Outcome == reconcile.Agreed }); err != nil {
		return nil, err
	}
	// What a list of all would be: eleven digits of a key and eight bytes of a value each.
	list := float64(opt.Records) * 19
	what := fmt.Sprintf("%d differences among %d records", differences, opt.Records)
	return []figure.Result{
		figure.Result{What: what + ": bytes both ways", Value: float64(s.Bytes), Unit: "bytes"}.Beside("a list of all, reckoned", list),
		{What: what + ": round trips", Value: float64(s.Trips), Unit: "round trips"},
		{What: what + ": from the question to every key named and its case open at the source", Value: s.seconds * 1000, Unit: "ms"},
	}, nil
}

// set gives the copy entries, and makes its state say the same.
func (e *ends) set(ctx context.Context, values map[int]message.Hash) error {
	err := e.pref.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		for n, v := range values {
			e.pref.Books.Set(tx, message.Residents, e.pref.Peer, keyOf(n), v)
		}
		return nil
	})
	if err == nil {
		e.prefState.put(values)
		err = e.pref.Books.Fold(ctx) // as it is when they are compared the next time
	}
	return err
}

type timed struct {
	reconcile.Standing
	seconds float64
}

// again is how long a comparison is waited for before it is asked for again; the longest takes a few seconds.
const again = 20 * time.Second

// compared has the books compared until the outcome is one that is waited for, and tells what the last comparison took.
func (e *ends) compared(ctx context.Context, wanted func(reconcile.Standing) bool) (t timed, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	clk := clock.System()
	for {
		// Two comparisons are a second apart, however much one is wanted; that pause is not what is measured.
		if err := clk.Wait(ctx, clk.Now().Add(1100*time.Millisecond), nil); err != nil {
			return t, fmt.Errorf("the last comparison came to %q %s with %d differences: %w", t.Outcome, t.Reason, t.Differences, err)
		}
		before, err := e.standing(ctx)
		if err != nil {
			return t, err
		}
		took := peer.Stopwatch()
		e.city.Books.CompareNow()
		// What could not be compared is not told, so it is asked for again.
		for t.Standing = before; t.Compared.Equal(before.Compared) && took() < again.Seconds(); {
			if err := clk.Wait(ctx, clk.Now().Add(time.Millisecond), nil); err != nil {
				return t, fmt.Errorf("no comparison came to an end: %q %s: %w", t.Outcome, t.Reason, err)
			}
			if t.Standing, err = e.standing(ctx); err != nil {
				return t, err
			}
		}
		if t.Compared.Equal(before.Compared) {
			continue
		}
		if t.seconds = took(); wanted(t.Standing) {
			return t, nil
		}
	}
}

func (e *ends) standing(ctx context.Context) (s reconcile.Standing, err error) {
	all, err := e.city.Books.Standings(ctx)
	for _, one := range all {
		if one.Book == message.Residents { // an organisation holds other books beside it, for itself
			s = one
		}
	}
	return s, err
}

// write measures transactions of so many rows with their entries, and without, in turns; and those with them until all
// entries and sums are in their places, which they are a little later.
func (e *ends) write(ctx context.Context, opt Options, rows int) ([]figure.Result, error) {
	const with, folded, without = "with", "folded", "without"
	slice := min(200, 40+opt.Records/5000) * rows
	rounds := figure.Rounds{}
	type entry struct {
		key   string
		value message.Hash
	}
	entries := make([]entry, slice)
	for n := range opt.Rounds + 1 {
		for _, as := range []string{with, without} {
			first := opt.Records + 1 + e.written
			e.written += slice
			for i := range entries { // before the clock runs: a rule has them at hand
				entries[i] = entry{keyOf(first + i), valueOf(first + i)}
			}
			took := peer.Stopwatch()
			for done := 0; done < slice; done += rows {
				if err := e.city.Store.Update(ctx, func(_ context.Context, tx *sqlstore.Tx) error {
					for i := done; i < done+rows; i++ {
						tx.Collect("business", "n, name, address", int64(first+i), "山田　花子", "長野県松本市丸の内3番7号")
						if as == with {
							e.city.Books.Set(tx, message.Residents, e.city.Peer, entries[i].key, entries[i].value)
						}
					}
					return nil
				}); err != nil {
					return nil, err
				}
			}
			written := took()
			if as == with {
				if err := e.city.Books.Fold(ctx); err != nil {
					return nil, err
				}
			}
			if n == 0 { // the first round fills caches
				continue
			}
			rounds.Add(as, float64(slice)/written)
			if as == with {
				rounds.Add(folded, float64(slice)/took())
			}
		}
	}
	opt.Say("%d rows a transaction: %.0f rows/s with their entries, %.0f until these are folded, %.0f without",
		rows, rounds.Median(with), rounds.Median(folded), rounds.Median(without))
	book := fmt.Sprintf("in a book of %d, %d a transaction", opt.Records, rows)
	return []figure.Result{
		rounds.Beside("rows written with what they set "+book, "rows/s", with, without, "the same rows alone"),
		rounds.Beside(fmt.Sprintf("rows written, and their entries and sums folded %d at a time, %s", slice, book), "rows/s", folded, without, "the same rows alone"),
	}, nil
}
