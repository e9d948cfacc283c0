package protection_test

import (
	"context"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/message"
)

// TestReleaseIsForOneClerkOnce: what one clerk asked for another grants; it opens one person's record to that clerk, for its time, and a
// document once. Nobody relocks it here: the time alone does.
func TestReleaseIsForOneClerkOnce(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s, clk := open(t, url)
		ask := func(p protection.Purpose) (r protection.Release) {
			in(t, s, func(ctx context.Context, f protection.Flags) (err error) {
				r, err = f.Ask(ctx, protection.Release{Holder: "7", Purpose: p, Reason: "本人の転居", AskedBy: aoki.ID})
				return err
			})
			return r
		}
		decide := func(id int64, by access.Person, grant bool) (err error) {
			in(t, s, func(ctx context.Context, f protection.Flags) error {
				_, err = f.DecideRelease(ctx, id, by, grant)
				return nil
			})
			return err
		}
		opened := func(holder, clerk string) (open bool) {
			in(t, s, func(ctx context.Context, f protection.Flags) (err error) {
				_, _, open, err = f.Opened(ctx, holder, clerk)
				return err
			})
			return open
		}
		spend := func(document string) (ok bool) {
			in(t, s, func(ctx context.Context, f protection.Flags) (err error) {
				ok, err = f.Spend(ctx, "7", aoki.ID, document)
				return err
			})
			return ok
		}
		look := ask(protection.Look)
		if opened("7", aoki.ID) {
			t.Error("what nobody granted opens")
		}
		if decide(look.ID, aoki, true) == nil || opened("7", aoki.ID) {
			t.Error("one person grants what they asked for")
		}
		if err := decide(look.ID, inoue, true); err != nil {
			t.Fatal(err)
		}
		if opened("7", inoue.ID) || opened("8", aoki.ID) || !opened("7", aoki.ID) || spend("D-1") {
			t.Error("it opens to another clerk, or another person's record, or not at all, or a document")
		}
		clk.Set(clk.Now().Add(protection.OpenFor - time.Second))
		if !opened("7", aoki.ID) {
			t.Error("it has locked too soon, or each use is a new one")
		}
		clk.Set(clk.Now().Add(time.Second))
		if opened("7", aoki.ID) {
			t.Error("it does not lock again")
		}
		if decide(look.ID, inoue, true) == nil {
			t.Error("it is granted twice")
		}

		document := ask(protection.Document)
		if err := decide(document.ID, inoue, true); err != nil {
			t.Fatal(err)
		}
		if !opened("7", aoki.ID) || !spend("D-1") || spend("D-2") {
			t.Error("a document is issued never, or twice")
		}
		in(t, s, func(ctx context.Context, f protection.Flags) error {
			if spent, err := f.Spent(ctx, "7", aoki.ID, "D-1"); err != nil || !spent {
				t.Errorf("the one document cannot be handed over: %v", err)
			}
			if spent, err := f.Spent(ctx, "7", aoki.ID, "D-2"); err != nil || spent {
				t.Errorf("another document can: %v", err)
			}
			return nil
		})

		lapsed := ask(protection.Look)
		clk.Set(clk.Now().Add(protection.AskedFor))
		if decide(lapsed.ID, inoue, true) == nil {
			t.Error("a request is granted after its time")
		}
		unused := ask(protection.Look)
		if err := decide(unused.ID, inoue, true); err != nil {
			t.Fatal(err)
		}
		clk.Set(clk.Now().Add(protection.GrantedFor))
		if opened("7", aoki.ID) {
			t.Error("a grant lives for ever")
		}
		refused := ask(protection.Look)
		if err := decide(refused.ID, inoue, false); err != nil || opened("7", aoki.ID) {
			t.Errorf("what was refused opens; %v", err)
		}
	})
}

// TestListSetsAsideWhatChanged: between the making of a list and its use one flag was set again and one was ended. Both lines are set
// aside and shown, the third is ended, and the maker cannot apply the list alone.
func TestListSetsAsideWhatChanged(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		s, clk := open(t, url)
		var l protection.List
		in(t, s, func(ctx context.Context, f protection.Flags) (err error) {
			l = protection.List{Reason: "期間満了", MadeBy: aoki.ID}
			for i, holder := range []string{"7", "8", "9"} {
				n, err := f.Decide(ctx, message.ResidentProtection{Code: code(i), Owner: meguro, Measure: "S-" + holder, Until: until})
				if err != nil {
					return err
				}
				l.Lines = append(l.Lines, protection.Line{Measure: n.Measure, Holder: holder, Code: n.Code, Version: n.Version})
			}
			l, err = f.MakeList(ctx, l)
			return err
		})
		clk.Set(clk.Now().Add(6 * 24 * time.Hour))
		in(t, s, func(ctx context.Context, f protection.Flags) error {
			if _, err := f.Decide(ctx, message.ResidentProtection{Code: code(0), Owner: meguro, Measure: "S-10", Until: until}); err != nil {
				return err
			}
			return f.EndExactly(ctx, message.ResidentProtectionEnd{Code: code(1), Owner: meguro, Version: 1})
		})
		in(t, s, func(ctx context.Context, f protection.Flags) error {
			if _, _, err := f.Apply(ctx, meguro, l.ID, aoki); err == nil {
				t.Error("the maker applies the list")
			}
			return nil
		})
		in(t, s, func(ctx context.Context, f protection.Flags) error {
			after, ends, err := f.Apply(ctx, meguro, l.ID, inoue)
			if err != nil {
				return err
			}
			if len(ends) != 1 || ends[0].Code != code(2) || after.Lines[0].Outcome != "changed" || after.Lines[1].Outcome != "changed" || after.Lines[2].Outcome != "ended" {
				t.Errorf("%d ends, %+v", len(ends), after.Lines)
			}
			if _, _, err := f.Apply(ctx, meguro, l.ID, inoue); err == nil {
				t.Error("a list is applied twice")
			}
			return nil
		})
		if !standing(t, s, code(0)).Held || standing(t, s, code(1)).Held || standing(t, s, code(2)).Held {
			t.Error("an old list cleared a flag that was set again, or ended nothing")
		}
	})
}
