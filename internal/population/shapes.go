package population

import "sync"

// shape is a form of household with the age of its head.
type shape struct {
	kind kind
	from int // the head is this old, in years, or up to four years older
}

const (
	band   = 5
	oldest = 95 // from this age on years become fewer and fewer
)

// headAges says how many of 10,000 households are of a kind and have a head of 15–19, 20–24, … 90–94, 95 and over. The
// numbers are fitted: the kinds have their shares of 2020, and everybody who is then drawn with the heads together has
// the ages of 2024 (see the package doc for both).
var headAges = [kinds][17]int{
	alone:         {9, 222, 366, 266, 191, 162, 204, 244, 217, 233, 241, 297, 358, 309, 255, 155, 75},
	couple:        {0, 7, 51, 77, 60, 47, 58, 101, 136, 193, 266, 338, 318, 219, 123, 47, 12},
	parents:       {0, 5, 49, 134, 224, 293, 346, 393, 329, 226, 164, 151, 122, 72, 30, 11, 0},
	oneParent:     {0, 2, 7, 16, 43, 65, 81, 108, 96, 66, 54, 68, 88, 93, 69, 30, 13},
	middleOfThree: {0, 0, 8, 22, 45, 73, 95, 110, 98, 50, 0, 0, 0, 0, 0, 0, 0},
	eldestOfThree: {0, 0, 0, 0, 0, 0, 0, 0, 2, 14, 32, 42, 46, 36, 21, 6, 0},
}

// headAgesAbroad is the same for households from abroad, where most came lately, to work or to study; from memory.
var headAgesAbroad = [kinds][17]int{
	alone:     {0, 1700, 1900, 900, 450, 300, 200, 150, 120, 100, 80, 60, 40, 20, 10, 0, 0},
	couple:    {0, 80, 350, 300, 150, 80, 60, 50, 50, 50, 50, 40, 30, 10, 0, 0, 0},
	parents:   {0, 10, 200, 450, 500, 350, 250, 120, 60, 30, 10, 0, 0, 0, 0, 0, 0},
	oneParent: {0, 5, 20, 60, 100, 100, 100, 60, 30, 10, 0, 0, 0, 0, 0, 0, 0},
}

var (
	shapes       = sync.OnceValue(func() *bag[shape] { return shapesOf(headAges) })
	shapesAbroad = sync.OnceValue(func() *bag[shape] { return shapesOf(headAgesAbroad) })
)

func shapesOf(table [kinds][17]int) *bag[shape] {
	all := &bag[shape]{}
	for k, ages := range table {
		for i, weight := range ages {
			if weight > 0 {
				all.add(shape{kind(k), 15 + band*i}, weight)
			}
		}
	}
	return all
}

// drawAge is the age in days of a head of the shape.
func (s shape) drawAge(d dice) int {
	age := s.from + d.below(band)
	if s.from == oldest {
		for age = oldest; d.permille(650) && age < 110; {
			age++
		}
	}
	return years(age) + d.below(365)
}
