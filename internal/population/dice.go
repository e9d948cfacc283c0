package population

import (
	"math/bits"
	"math/rand/v2"
	"sort"
)

// dice are the only chance of this package. They reduce the generator's words themselves: the words of PCG are fixed,
// what rand.Rand makes of them may change with a version of Go, and a seed must give the same bytes for years.
type dice struct{ pcg *rand.PCG }

func newDice(seed, stream uint64) dice { return dice{rand.NewPCG(seed, stream)} }

// below is one of 0 … n−1, n ≥ 1.
func (d dice) below(n int) int {
	high, _ := bits.Mul64(d.pcg.Uint64(), uint64(n))
	return int(high)
}

// between is one of low … high, both included; low when high is less.
func (d dice) between(low, high int) int {
	if high <= low {
		return low
	}
	return low + d.below(high-low+1)
}

// around is near the middle more often than at the ends of middle ± spread: a mean of four throws.
func (d dice) around(middle, spread int) int {
	sum := 0
	for range 4 {
		sum += d.below(2*spread + 1)
	}
	return middle - spread + sum/4
}

// permille is true n times in a thousand.
func (d dice) permille(n int) bool { return d.below(1000) < n }

// bag is a list to draw from, each thing by its weight. The zero value is empty and must not be drawn from.
type bag[T any] struct {
	things []T
	sums   []int // of the weights so far
}

func (b *bag[T]) add(thing T, weight int) {
	b.things = append(b.things, thing)
	b.sums = append(b.sums, b.total()+weight)
}

func (b *bag[T]) total() int {
	if len(b.sums) == 0 {
		return 0
	}
	return b.sums[len(b.sums)-1]
}

func (b *bag[T]) draw(d dice) T {
	at := d.below(b.total())
	return b.things[sort.SearchInts(b.sums, at+1)]
}
