package protection_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

const (
	daito  = message.Org("municipality-272183")
	meguro = message.Org("municipality-131105")
)

var (
	her   = resident.RecordCodeOf(1_000_000_001)
	until = resident.MustDate(2027, 3, 31)
	noon  = time.Date(2026, 4, 1, 3, 0, 0, 0, time.UTC)
	aoki  = access.Person{ID: "clerk-aoki", Job: access.Clerk}
	inoue = access.Person{ID: "clerk-inoue", Job: access.Clerk}
)

func code(i int) resident.RecordCode { return resident.RecordCodeOf(2_000_000_000 + uint64(i)) }

func open(t testing.TB, url string) (*sqlstore.Store, *clock.Virtual) {
	clk := clock.NewVirtual(noon)
	return sqlstoretest.Open(t, url, sqlstore.Options{Clock: clk}, protection.Schema), clk
}

func in(t testing.TB, s *sqlstore.Store, do func(ctx context.Context, f protection.Flags) error) {
	t.Helper()
	if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return do(ctx, protection.In(tx, protection.Shared{}))
	}); err != nil {
		t.Fatal(err)
	}
}

func standing(t testing.TB, s *sqlstore.Store, codes ...resident.RecordCode) (st protection.Standing) {
	t.Helper()
	if err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		st, err = protection.OneFlag{}.Standing(ctx, tx, protection.Register, codes...)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return st
}

func flag(owner message.Org, v resident.Version) message.ResidentProtection {
	return message.ResidentProtection{Code: her, Owner: owner, Version: v, Measure: fmt.Sprintf("%s-%d", owner.Code(), v), Until: until}
}

// TestFlagsCommute: whatever the order in which the versions of two owners and their ends come, and however often, whoever holds
// them says the same in the end: protected, unless the last version of each owner has ended. On the way, too, an end changes
// nothing about a version that it does not name.
func TestFlagsCommute(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		s, err := sqlstore.Open(t.Context(), "memory:", sqlstore.Options{Clock: clock.NewVirtual(noon)}, protection.Schema)
		if err != nil {
			r.Fatal(err)
		}
		defer s.Close()
		var all []message.Payload
		held := false
		for _, owner := range []message.Org{daito, meguro} {
			versions := rapid.IntRange(0, 3).Draw(r, "versions")
			ended := map[resident.Version]bool{}
			for v := range versions {
				n := flag(owner, resident.Version(v+1))
				all = append(all, n)
				if rapid.Bool().Draw(r, "ended") {
					ended[n.Version] = true
					all = append(all, message.ResidentProtectionEnd{Code: her, Owner: owner, Version: n.Version})
				}
			}
			held = held || versions > 0 && !ended[resident.Version(versions)]
		}
		waiting := slices.Clone(all)
		if len(all) > 0 {
			waiting = append(waiting, rapid.SliceOfN(rapid.SampledFrom(all), 0, 4).Draw(r, "again")...)
			waiting = rapid.Permutation(waiting).Draw(r, "order")
		}
		// What comes too early is offered again, as the exchange does.
		for turns := 0; len(waiting) > 0; turns++ {
			if turns > len(all)+1 {
				r.Fatalf("%d messages are refused for ever", len(waiting))
			}
			var later []message.Payload
			for _, p := range waiting {
				err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
					f := protection.In(tx, protection.Shared{})
					switch n := p.(type) {
					case message.ResidentProtection:
						_, err = f.Note(ctx, "nationalcenter", n)
					case message.ResidentProtectionEnd:
						_, _, err = f.Close(ctx, n)
					}
					return err
				})
				if refused := (*exchange.Rejected)(nil); errors.As(err, &refused) {
					later = append(later, p)
				} else if err != nil {
					r.Fatal(err)
				}
			}
			waiting = later
		}
		if got := standing(t, s, her); got.Held != held {
			r.Fatalf("held: %v, want %v", got.Held, held)
		}
	})
}

// TestEndNamesItsVersion: an end and a list's line end the version that they name; of a flag that was set again they end nothing.
func TestEndNamesItsVersion(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s, _ := open(t, url)
		set := func() (n message.ResidentProtection) {
			in(t, s, func(ctx context.Context, f protection.Flags) (err error) {
				n, err = f.Decide(ctx, message.ResidentProtection{Code: her, Owner: meguro, Measure: "S-1", Until: until})
				return err
			})
			return n
		}
		end := func(v resident.Version) (err error) {
			in(t, s, func(ctx context.Context, f protection.Flags) error {
				err = f.EndExactly(ctx, message.ResidentProtectionEnd{Code: her, Owner: meguro, Version: v})
				return nil
			})
			return err
		}
		if first := set(); first.Version != 1 || end(1) != nil || standing(t, s, her).Held {
			t.Fatalf("%+v", first)
		}
		if err := end(1); err != protection.ErrChanged || !strings.Contains(err.Error(), "一覧を作った後に、この支援措置は変わっています") {
			t.Errorf("a version ends twice: %v", err)
		}
		if again := set(); again.Version != 2 || !standing(t, s, her).Held {
			t.Fatalf("%+v", again)
		}
		if err := end(1); err != protection.ErrChanged || !standing(t, s, her).Held {
			t.Errorf("the old end: %v", err)
		}
		if err := end(3); err != protection.ErrChanged || !standing(t, s, her).Held {
			t.Errorf("an end of what was never set: %v", err)
		}
		if err := end(2); err != nil || standing(t, s, her).Held {
			t.Errorf("its own end: %v", err)
		}
	})
}

// TestDamagedFlagIsARefusal: what cannot be read is no permission. Of another person's row nothing is asked.
func TestDamagedFlagIsARefusal(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		for what, damage := range map[string]string{"state": `UPDATE protection_flag SET state = 'off'`, "term": `UPDATE protection_flag SET until_day = '2027-13-01'`,
			"owner": `UPDATE protection_flag SET owner = 'nobody'`, "measure": `UPDATE protection_flag SET measure = ''`} {
			s, _ := open(t, url)
			in(t, s, func(ctx context.Context, f protection.Flags) error {
				_, err := f.Note(ctx, "nationalcenter", flag(daito, 1))
				return err
			})
			if err := s.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				_, err := tx.Exec(ctx, damage)
				return err
			}); err != nil {
				t.Fatal(err)
			}
			err := s.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
				if st, err := (protection.OneFlag{}).Standing(ctx, tx, protection.Issue, resident.RecordCodeOf(7)); err != nil || st.Held {
					t.Errorf("%s: another person: %+v, %v", what, st, err)
				}
				st, err := protection.OneFlag{}.Standing(ctx, tx, protection.Issue, her)
				if !st.Held {
					t.Errorf("%s: %+v", what, st)
				}
				return err
			})
			if err == nil {
				t.Errorf("%s: a row that cannot be read is passed over", what)
			}
			s.Close()
		}
	})
}

// TestOtherCodesHold: a flag under a code that somebody had before holds, and no flag of another code does.
func TestOtherCodesHold(t *testing.T) {
	s, _ := open(t, "memory:")
	in(t, s, func(ctx context.Context, f protection.Flags) error {
		_, err := f.Note(ctx, "nationalcenter", flag(daito, 1))
		return err
	})
	now := resident.RecordCodeOf(1_000_000_002)
	if standing(t, s, now).Held || !standing(t, s, now, her).Held {
		t.Error("the code before does not count, or another's does")
	}
}

// TestTermBorders: a year, on leap days too.
func TestTermBorders(t *testing.T) {
	for from, want := range map[string]string{"2026-04-01": "2027-03-31", "2026-01-01": "2026-12-31", "2028-02-29": "2029-02-28", "2027-03-01": "2028-02-29", "2028-03-01": "2029-02-28"} {
		d, err := resident.ParseDate("from", from)
		if err != nil {
			t.Fatal(err)
		}
		if got := protection.Term(d).String(); got != want {
			t.Errorf("from %s until %s, want %s", from, got, want)
		}
	}
}
