package population

import (
	"strconv"

	"github.com/akashi-id/akashi/resident"
)

// Record codes come from pools, as the law has it (法30条の7, 規則14条): no two prefectures and no two municipalities
// share a code, and a larger municipality has a larger pool. The ten digits before the check digit are divided into 47
// equal shares, a share into a pool for every number that a municipality can have: large ones for the cities and wards
// (numbers 100–159 and 200–249), small ones for the towns and villages (300–700). The place of a pool follows from the
// municipality code alone. A municipality that is added to the table later moves nobody's pool, and populations made
// separately, with any seeds, can stand in one country.
//
// The codes of a pool must not lie side by side, as real ones do not. So the order of all ten-digit numbers is shuffled
// by one fixed permutation, and the order inside a pool by one that depends on the seed. Both are permutations by
// construction (Feistel networks), so nothing has to be remembered to avoid a collision. They hide the order of the
// codes from the eye; they are no cipher.

const (
	citySide  = 1280 // a pool is a square, for shuffle
	townSide  = 270
	cityPools = 60 + 50
	townPools = 401
	share     = cityPools*citySide*citySide + townPools*townSide*townSide // of a prefecture; 47 fit into 10^10

	allSide = 100_000            // all ten-digit numbers: 10^5 × 10^5
	allKey  = 0x6a75_6d69_6e01_d // the same for every seed, or pools would overlap
)

// pool is side² codes from the first on, before the shuffling of all.
type pool struct{ first, side uint64 }

// poolOf is the pool of a municipality; false for a number that none has today or had in the table's past.
func poolOf(code resident.MunicipalityCode) (pool, bool) {
	if !code.Valid() {
		return pool{}, false
	}
	number, err := strconv.ParseUint(code.String()[2:5], 10, 64)
	if err != nil {
		return pool{}, false
	}
	base := uint64(code.Prefecture()-1) * share
	const city, towns = citySide * citySide, cityPools * citySide * citySide
	switch {
	case 100 <= number && number < 160:
		return pool{base + (number-100)*city, citySide}, true
	case 200 <= number && number < 250:
		return pool{base + (60+number-200)*city, citySide}, true
	case 300 <= number && number < 300+townPools:
		return pool{base + towns + (number-300)*townSide*townSide, townSide}, true
	}
	return pool{}, false
}

// size is how many codes the pool has.
func (p pool) size() int { return int(p.side * p.side) }

// code is the nth code of the pool for a seed, 0 ≤ n < size.
func (p pool) code(seed uint64, n int) resident.RecordCode {
	return resident.RecordCodeOf(p.payload(seed, n))
}

// payload is the code without its check digit.
func (p pool) payload(seed uint64, n int) uint64 {
	inPool := shuffle(uint64(n), p.side, mix(seed^mix(p.first)))
	return shuffle(p.first+inPool, allSide, allKey)
}

const rounds = 6

// shuffle maps 0 … side²−1 onto itself: a Feistel network whose halves are digits to the base side, so that no number
// falls outside and every round can be undone.
func shuffle(n, side, key uint64) uint64 {
	left, right := n/side, n%side
	for round := range uint64(rounds) {
		left, right = right, (left+roundValue(key, round, right, side))%side
	}
	return left*side + right
}

func roundValue(key, round, half, side uint64) uint64 { return mix(key^mix(round<<32|half)) % side }

// mix is the finalizer of SplitMix64.
func mix(x uint64) uint64 {
	x += 0x9e37_79b9_7f4a_7c15
	x = (x ^ x>>30) * 0xbf58_476d_1ce4_e5b9
	x = (x ^ x>>27) * 0x94d0_49bb_1331_11eb
	return x ^ x>>31
}
