package leave_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/akashi-id/akashi/internal/leave"
)

func TestCallComesBack(t *testing.T) {
	broken := errors.New("broken")
	for what, c := range map[string]struct {
		fn   func() (string, error)
		want string
	}{
		"returns":             {func() (string, error) { return "well", nil }, "well <nil>"},
		"fails":               {func() (string, error) { return "half", broken }, "half broken"},
		"panics":              {func() (string, error) { panic("a bad row") }, " panic: a bad row"},
		"ends its goroutine":  {func() (string, error) { runtime.Goexit(); return "", nil }, " it ended its goroutine"},
		"has its own timeout": {func() (string, error) { return "", context.DeadlineExceeded }, " context deadline exceeded"},
	} {
		var p leave.Place
		got, err := leave.Call(t.Context(), &p, c.fn, func(string) { t.Errorf("one that %s was late", what) })
		if s := fmt.Sprint(got, " ", err); s != c.want {
			t.Errorf("one that %s comes to %q, want %q", what, s, c.want)
		}
		if p.Left() != 0 || p.Full() || errors.Is(err, leave.ErrLate) {
			t.Errorf("one that %s was left behind: %d, %v", what, p.Left(), err)
		}
		var panicked *leave.Panic
		if errors.As(err, &panicked) != (what == "panics") || panicked != nil && !strings.Contains(string(panicked.Stack), "leave_test.go") {
			t.Errorf("one that %s: %#v", what, err)
		}
	}
}

// TestCallIsLeftBehind: whoever calls waits its time and no longer, the place counts the call until it is back, and takes
// no other meanwhile. Nothing is left in the bubble at the end but what came back.
func TestCallIsLeftBehind(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var p leave.Place
		over, closed := make(chan struct{}), 0
		hang := func() (int, error) { <-over; return 7, nil }
		call := func(fn func() (int, error)) (time.Duration, error) {
			begun := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			_, err := leave.Call(ctx, &p, fn, func(n int) { closed += n })
			return time.Since(begun), err
		}
		took, err := call(hang)
		if took != time.Second || !errors.Is(err, leave.ErrLate) || !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("%v after %v", err, took)
		}
		for range 3 {
			if took, err := call(hang); took != 0 || !errors.Is(err, leave.ErrFull) || p.Left() != 1 || !p.Full() {
				t.Fatalf("the next: %v after %v, and %d are left", err, took, p.Left())
			}
		}
		close(over)
		synctest.Wait()
		if p.Left() != 0 || p.Full() || closed != 7 {
			t.Errorf("it came back, and %d are left; %d was closed, want 7", p.Left(), closed)
		}
		if _, err := call(func() (int, error) { return 0, nil }); err != nil {
			t.Errorf("the next: %v", err)
		}
	})
}

// TestAfterTheEndNothingCounts: whoever heeds the end of the time and whoever does not come to the same, however the
// goroutines run.
func TestAfterTheEndNothingCounts(t *testing.T) {
	for what, give := range map[string]error{"an answer": nil, "a failure": errors.New("broken")} {
		for range 200 {
			var p leave.Place
			ctx, cancel := context.WithCancel(t.Context())
			closed := make(chan int, 1)
			got, err := leave.Call(ctx, &p, func() (int, error) {
				cancel() // from here on it is late, wherever the caller is
				return 7, give
			}, func(n int) { closed <- n })
			if got != 0 || !errors.Is(err, leave.ErrLate) || !errors.Is(err, context.Canceled) {
				t.Fatalf("%s after the end came to %d, %v", what, got, err)
			}
			if give == nil && <-closed != 7 {
				t.Fatal("what nobody waits for was not closed")
			}
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := leave.Call(ended, new(leave.Place), func() (int, error) { t.Error("called"); return 0, nil }, nil); !errors.Is(err, leave.ErrLate) {
		t.Errorf("when its time is over before it begins: %v", err)
	}
}

// TestPlaceIsBounded: by how many were left behind, and by how many run.
func TestPlaceIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct{ most, atOnce, together, left int }{
			{most: 0, together: 1, left: 1},
			{most: 3, together: 1, left: 3},
			{most: 1, atOnce: 5, together: 8, left: 5},
			{most: 9, atOnce: 2, together: 1, left: 2},
		} {
			p := &leave.Place{Most: c.most, AtOnce: c.atOnce}
			over := make(chan struct{})
			for range 10 {
				for range c.together {
					go func() {
						ctx, cancel := context.WithTimeout(t.Context(), time.Second)
						defer cancel()
						leave.Call(ctx, p, func() (int, error) { <-over; return 0, errors.New("late") }, nil)
					}()
				}
				time.Sleep(2 * time.Second)
			}
			if p.Left() != c.left {
				t.Errorf("%+v: %d are left", c, p.Left())
			}
			close(over)
			synctest.Wait()
			if p.Left() != 0 || p.Full() {
				t.Errorf("%+v: all are back, and %d are left", c, p.Left())
			}
			for range 2 * max(c.atOnce, 1) { // what came back is not counted as running either
				if _, err := leave.Call(t.Context(), p, func() (int, error) { return 0, nil }, nil); err != nil {
					t.Errorf("%+v: %v", c, err)
				}
			}
		}
	})
}

func TestPlacesByName(t *testing.T) {
	s := leave.Places{Most: 2}
	first, second := s.At("a").Leave(), s.At("a").Leave()
	if !s.At("a").Full() || s.At("a").Left() != 2 || s.At("b").Left() != 0 || s.At("b").Full() {
		t.Errorf("a has %d of 2, b %d", s.At("a").Left(), s.At("b").Left())
	}
	if _, err := leave.Call(t.Context(), s.At("a"), func() (int, error) { return 0, nil }, nil); !errors.Is(err, leave.ErrFull) {
		t.Errorf("a full place answers %v", err)
	}
	first()
	if s.At("a").Full() || s.At("a").Left() != 1 {
		t.Error("one came back, and its place is full")
	}
	second()
	if s.At("a").Left() != 0 {
		t.Errorf("%d are left", s.At("a").Left())
	}
}
