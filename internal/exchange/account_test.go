package exchange

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
)

// TestAccountQueriesReadTheRangeOnly: a close must not grow with the messages that were ever sent. SQLite's planner is asked.
func TestAccountQueriesReadTheRangeOnly(t *testing.T) {
	store, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{}, Schema())
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	const out, in = "INDEX sqlite_autoindex_x_out_1 (peer=? AND ", "INDEX sqlite_autoindex_x_in_1 (peer=? AND node=? AND "
	const after, between, one = "(epoch,seq)>(?,?)", " AND (epoch,seq)<(?,?)", "epoch=? AND seq>? AND seq<?)"
	for query, want := range map[string]string{
		selectCut: out + after, selectFirst: out + after, selectLast: out + "epoch=? AND seq<?)",
		selectOpenOut: "x_out_stuck (peer=? AND state=?", selectReadyOut: "x_out_ready (peer=?", selectOpenIn: "x_in_stuck (peer=? AND outcome=?",
		selectBeside: in + after + between, selectBehind: in + "epoch=?", selectLaterOut: out + after, selectLaterIn: in + after,
		selectEndOut:     out + one,
		selectEndIn:      in + one,
		selectPartOut:    out + one,
		selectPartIn:     in + one,
		selectOpenPartIn: in + one,
	} {
		err := store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			var args []any
			for n := '1'; strings.Contains(query, "$"+string(n)); n++ {
				args = append(args, int64(1))
			}
			plan, err := sqlstore.List(ctx, tx, func(r *sqlstore.Rows, s *string) error {
				var a, b, c int64
				return r.Scan(&a, &b, &c, s)
			}, "EXPLAIN QUERY PLAN "+query, args...)
			if got := strings.Join(plan, "; "); !strings.Contains(got, want) {
				t.Errorf("%s\nplan: %s\nwant: %s", query, got, want)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// TestPartsCoverEachNumberOnce: whatever is unsettled, each number of the range stands under one heading.
func TestPartsCoverEachNumberOnce(t *testing.T) {
	a := &message.Account{From: message.Place{Epoch: 1, Seq: 10}, To: message.Place{Epoch: 2, Seq: 40},
		Numbered:  []message.Stretch{{Epoch: 1, First: 11, Last: 20}, {Epoch: 2, First: 21, Last: 40}},
		Unsettled: []message.Stretch{{Epoch: 1, First: 3, Last: 4}, {Epoch: 1, First: 9, Last: 12}, {Epoch: 1, First: 20, Last: 20}, {Epoch: 2, First: 30, Last: 31}, {Epoch: 2, First: 40, Last: 40}}}
	got := map[heading][]uint64{}
	for _, p := range parts(a) {
		for seq := p.First; seq <= p.Last; seq++ {
			got[p.heading] = append(got[p.heading], seq)
		}
	}
	var all []uint64
	for _, h := range []heading{isSettled, isInside, isBefore} {
		slices.Sort(got[h])
		all = append(all, got[h]...)
	}
	slices.Sort(all)
	want := []uint64{3, 4, 9}
	for seq := uint64(10); seq <= 40; seq++ {
		want = append(want, seq)
	}
	if !slices.Equal(all, want) || !slices.Equal(got[isBefore], []uint64{3, 4, 9, 10}) || !slices.Equal(got[isInside], []uint64{11, 12, 20, 30, 31, 40}) {
		t.Errorf("got %v", got)
	}
}

// TestJoin: too many stretches become few, none is lost, and none reaches over the beginning of the range.
func TestJoin(t *testing.T) {
	var all []message.Stretch
	for i := range uint64(1000) {
		all = append(all, message.Stretch{Epoch: 1, First: 2 + i*i, Last: 2 + i*i})
	}
	from := message.Place{Epoch: 1, Seq: 100}
	joined := join(slices.Clone(all), from)
	if len(joined) > message.MaxUnsettled || len(joined) < message.MaxUnsettled-1 {
		t.Errorf("%d stretches", len(joined))
	}
	for _, s := range all {
		if !within(joined, message.OpenMessage{Epoch: 1, Seq: s.First}) {
			t.Fatalf("%d is lost", s.First)
		}
	}
	if within(joined, message.OpenMessage{Epoch: 1, Seq: 100}) && within(joined, message.OpenMessage{Epoch: 1, Seq: 101}) {
		for _, s := range joined {
			if s.First <= 100 && s.Last > 100 {
				t.Errorf("%v reaches over the beginning", s)
			}
		}
	}
	if last := joined[len(joined)-1]; last.First != last.Last {
		t.Errorf("the widest gap was closed: %v", last)
	}
}
