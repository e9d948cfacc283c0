package match

import (
	"maps"
	"slices"
	"testing"
)

// TestKeysAreOfAllThatAgree: whatever character counts as one with another, the key of the other is among those that are asked for.
func TestKeysAreOfAllThatAgree(t *testing.T) {
	v := load()
	all := slices.Sorted(maps.Keys(v.keys))
	for r := range v.edges {
		all = append(all, r)
	}
	slices.Sort(all)
	all = slices.Compact(all)
	beside := 0
	for n := 0; n < len(all); n += 53 { // some of them, against all
		near := v.near(all[n])
		for _, other := range all {
			if _, ok := v.joined(all[n], other); ok && other != all[n] && !slices.Contains(near, v.key(other)) {
				t.Errorf("%c and %c are one, and the key %c is not asked for", all[n], other, v.key(other))
			}
		}
		beside += len(near) - 1
	}
	if beside == 0 {
		t.Error("no character is one with any of another group: nothing was tried")
	}
}

func TestKeysOfAName(t *testing.T) {
	keys, ok := Keys("化　太郎", 64)
	if !ok || keys[0] != Key("化　太郎") || !slices.Contains(keys, Key("㐶太郎")) {
		t.Errorf("%q, %v", keys, ok)
	}
	if keys, ok := Keys("化　太郎", 1); ok || keys != nil {
		t.Errorf("more than one: %q", keys)
	}
}
