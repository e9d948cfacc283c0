package ca

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/resident"
)

// TestKeptCounts: many readers of a public page make one count, and never two at a time.
func TestKeptCounts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		counts, at, most := 0, 0, 0
		var mu sync.Mutex
		fails := errors.New("the disk")
		var fail error
		k := keepCounts(time.Now, func(context.Context, resident.Date) ([]IssuanceRow, IssuanceRow, error) {
			mu.Lock()
			counts, at = counts+1, at+1
			most = max(most, at)
			mu.Unlock()
			time.Sleep(time.Second) // in the bubble's time
			mu.Lock()
			defer mu.Unlock()
			at--
			return nil, IssuanceRow{Signature: int64(counts)}, fail
		})
		day := resident.MustDate(2026, 4, 1)
		var all sync.WaitGroup
		for i := range 200 {
			all.Go(func() {
				if _, err := k.of(t.Context(), day.AddDays(-i%4)); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if counts != 4 || most != 1 {
			t.Errorf("%d counts for four days, %d at a time", counts, most)
		}
		time.Sleep(keepCount)
		c, err := k.of(t.Context(), day)
		if err != nil || c.total.Signature != 5 || counts != 5 {
			t.Errorf("after a minute: %+v, %v", c, err)
		}
		for i := range 3 * keptDays {
			if _, err := k.of(t.Context(), day.AddDays(-100-i)); err != nil {
				t.Fatal(err)
			}
		}
		if len(k.kept) > keptDays {
			t.Errorf("%d days are kept", len(k.kept))
		}

		// A count that failed is nobody's answer; a reader who has gone waits for nobody.
		fail = fails
		if _, err := k.of(t.Context(), day); !errors.Is(err, fails) {
			t.Errorf("%v", err)
		}
		fail = nil
		before := counts
		if c, err := k.of(t.Context(), day); err != nil || counts != before+1 || c.total.Signature == 0 {
			t.Errorf("after a failure: %+v, %v", c, err)
		}
		gone, leave := context.WithCancel(t.Context())
		all.Go(func() { _, _ = k.of(t.Context(), day.AddDays(-1)) })
		synctest.Wait()
		leave()
		if _, err := k.of(gone, day.AddDays(-2)); !errors.Is(err, context.Canceled) {
			t.Errorf("a reader who has gone: %v", err)
		}
		all.Wait()
	})
}
