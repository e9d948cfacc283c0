package population

import (
	"cmp"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/akashi-id/akashi/resident"
)

// unshuffle undoes shuffle: that it can be undone is the proof that no two numbers become one.
func unshuffle(n, side, key uint64) uint64 {
	left, right := n/side, n%side
	for round := rounds - 1; round >= 0; round-- {
		left, right = (right+side-roundValue(key, uint64(round), left, side))%side, left
	}
	return left*side + right
}

func TestShuffleCanBeUndone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		side := rapid.SampledFrom([]uint64{townSide, citySide, allSide}).Draw(t, "side")
		key := rapid.Uint64().Draw(t, "key")
		n := rapid.Uint64Range(0, side*side-1).Draw(t, "n")
		s := shuffle(n, side, key)
		if s >= side*side {
			t.Fatalf("%d became %d, outside %d²", n, s, side)
		}
		if back := unshuffle(s, side, key); back != n {
			t.Fatalf("%d became %d, which came back as %d", n, s, back)
		}
	})
}

// everyMunicipality of the table, those of the past among them.
func everyMunicipality() []resident.Municipality {
	known := map[resident.MunicipalityCode]bool{}
	var all []resident.Municipality
	for _, on := range []resident.Date{firstCodes, resident.MustDate(2008, 1, 1), resident.MustDate(2023, 12, 31), DefaultAsOf} {
		for _, m := range resident.Municipalities(on) {
			if !known[m.Code] {
				known[m.Code] = true
				all = append(all, m)
			}
		}
	}
	return all
}

func TestPoolsDoNotOverlap(t *testing.T) {
	var pools []pool
	for _, m := range everyMunicipality() {
		p, ok := poolOf(m.Code)
		if !ok {
			t.Errorf("%s (%s) has no pool", m.FullName(), m.Code)
		}
		pools = append(pools, p)
	}
	if len(pools) < 1900 {
		t.Fatalf("only %d municipalities", len(pools))
	}
	slices.SortFunc(pools, func(a, b pool) int { return cmp.Compare(a.first, b.first) })
	for i, p := range pools[1:] {
		if before := pools[i]; before.first+uint64(before.size()) > p.first {
			t.Errorf("pool %+v runs into %+v", before, p)
		}
	}
	if last := pools[len(pools)-1]; last.first+uint64(last.size()) > allSide*allSide {
		t.Errorf("pool %+v goes beyond ten digits", last)
	}
	if 47*share > allSide*allSide {
		t.Errorf("47 shares of %d are more than ten digits hold", share)
	}
}

func TestNoTwoMunicipalitiesShareACode(t *testing.T) {
	// Every municipality with a seed of its own: that is the case which a shuffling by seed alone would fail.
	const each = 500
	all := everyMunicipality()
	payloads := make([]uint64, 0, each*len(all))
	for seed, m := range all {
		p, _ := poolOf(m.Code)
		for n := range each {
			payloads = append(payloads, p.payload(uint64(seed), n))
		}
	}
	slices.Sort(payloads)
	if distinct := len(slices.Compact(payloads)); distinct != each*len(all) {
		t.Errorf("%d codes for %d residents", distinct, each*len(all))
	}
}

func TestWholePoolIsDistinct(t *testing.T) {
	for _, code := range []string{"203211", "202029"} {
		p, ok := poolOf(must(resident.ParseMunicipalityCode("code", code)))
		if !ok {
			t.Fatal(code)
		}
		payloads := make([]uint64, p.size())
		for n := range payloads {
			payloads[n] = p.payload(7, n)
		}
		slices.Sort(payloads)
		if distinct := len(slices.Compact(payloads)); distinct != p.size() {
			t.Errorf("%s: %d codes for %d residents", code, distinct, p.size())
		}
	}
}

func TestNumbersWithoutAPool(t *testing.T) {
	if _, ok := poolOf(resident.MunicipalityCode{}); ok {
		t.Error("no code has a pool")
	}
	if _, ok := poolOf(resident.PrefectureCode(20).Body()); ok {
		t.Error("a prefecture has a pool")
	}
}
