package trend

import (
	"testing"

	"pgregory.net/rapid"
)

// TestRoot: the whole part of the root, and no more.
func TestRoot(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Int64Range(0, 1<<60).Draw(t, "n")
		if r := root(n); r*r > n || (r+1)*(r+1) <= n {
			t.Fatalf("root(%d) = %d", n, r)
		}
	})
}

// TestUsual: the mean lies between the values seen, the border around the mean, and a value that comes again and again
// is usual.
func TestUsual(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var u usual
		lowest, highest := int64(1<<62), int64(0)
		values := rapid.SliceOfN(rapid.Int64Range(0, 10_000_000), 1, 50).Draw(t, "values")
		for _, v := range values {
			lowest, highest = min(lowest, v), max(highest, v)
			u = u.learn(v)
		}
		if u.mean/milli < lowest-1 || u.mean/milli > highest || u.dev < 0 || u.n != int64(len(values)) {
			t.Fatalf("%+v of %v", u, values)
		}
		for _, m := range []Measure{Sent, Wait} {
			if low, high := u.border(m); low < 0 || low > u.mean/milli || high < u.mean/milli {
				t.Fatalf("%s: usual are %d to %d, the mean is %d/1000", m, low, high, u.mean)
			}
		}
		for range 100 {
			u = u.learn(values[0])
		}
		for _, m := range []Measure{Sent, Wait} {
			if low, high := u.border(m); values[0] < low || values[0] > high {
				t.Fatalf("%s: %d a hundred times, and usual are %d to %d", m, values[0], low, high)
			}
		}
	})
}
