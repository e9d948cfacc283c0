package municipality

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/resident"
)

// townBook is the master of one municipality's towns, or the part of it that one address needs: by the id of each, what it is from which day on.
type townBook struct {
	of    resident.Municipality
	towns map[string][]store.Town
}

func newTownBook(of resident.Municipality, rows []store.Town) *townBook {
	b := &townBook{of: of, towns: map[string][]store.Town{}}
	for _, t := range rows {
		b.add(t)
	}
	return b
}

func (b *townBook) add(t store.Town) { b.towns[t.ID] = append(b.towns[t.ID], t) }

// on is what a town is on a day; false when it is none. Of two rows for one day the later version holds.
func (b *townBook) on(id string, day resident.Date) (store.Town, bool) {
	holds, found := asOf(b.towns[id], day)
	return holds, found && !holds.Ended
}

// asOf is the row that holds on a day.
func asOf(rows []store.Town, day resident.Date) (holds store.Town, found bool) {
	for _, t := range rows {
		if t.From.Valid() && t.From.After(day) {
			continue
		}
		if !found || t.From.After(holds.From) || t.From == holds.From && t.Version > holds.Version {
			holds, found = t, true
		}
	}
	return holds, found
}

// place is an address, taken apart: what stands behind the municipality's name, and how it is compared.
type place struct {
	rest, key string
	at        []int
}

// behind takes the municipality's name off an address; false when it does not begin with it.
func (b *townBook) behind(address string) (place, bool) {
	rest, ours := strings.CutPrefix(address, b.of.FullName())
	key, at := store.TownKey(rest)
	return place{rest, key, at}, ours
}

// after is what the address says behind a beginning of its key.
func (p place) after(key string) string { return p.rest[p.at[len(key)]:] }

// keys are the beginnings that may be a town's name, for the index.
func (p place) keys() (keys []string) {
	for i := range p.key {
		if keys = append(keys, p.key[:i]); len(keys) > longestTown {
			return keys
		}
	}
	return append(keys, p.key)
}

// longestTown is how many characters of an address are looked up: the longest names of towns have about forty.
const longestTown = 60

// within tells whether an address is in a town of this name: what stands behind it must be a lot or a house, and no more of a name. 大手 is no
// part of 大手町, and none of 大手9丁目.
func (p place) within(t store.Town) bool {
	rest, begins := strings.CutPrefix(p.key, t.Key())
	return begins && beginsLot(rest) && (rest != "" || t.Name() != "")
}

// lotLetters are those by which lots are counted beside figures (甲1番地, イ12).
const lotLetters = "甲乙丙丁戊己庚辛壬癸子丑寅卯辰巳午未申酉戌亥イロハニホヘトチリヌルヲワカヨタレソツネナラムウヰノオクヤマケフコエテアサキユメミシヱヒモセス"

const figures = "0123456789０１２３４５６７８９〇一二三四五六七八九十百千"

// beginsLot tells whether a lot or a house may begin so, or a 小字 that the master need not have.
func beginsLot(rest string) bool {
	if rest == "" || strings.HasPrefix(rest, "字") {
		return true
	}
	first, size := utf8.DecodeRuneInString(rest)
	next, _ := utf8.DecodeRuneInString(rest[size:])
	figure := func(r rune) bool { return strings.ContainsRune(figures, r) }
	switch {
	case first == ' ' || first == '　':
		return true
	case figure(first):
		behind := strings.TrimLeft(rest, figures)
		return !strings.HasPrefix(behind, "丁目")
	case first == '第' || strings.ContainsRune(lotLetters, first):
		return figure(next) || len(rest) == size
	}
	return false
}

// match is the town in which an address is on a day: that with the longest name.
func (b *townBook) match(p place, day resident.Date) (best store.Town, found bool) {
	for id := range b.towns {
		t, in := b.on(id, day)
		if !in || !p.within(t) {
			continue
		}
		if longer := len(t.Key()) - len(best.Key()); !found || longer > 0 || longer == 0 && t.ID < best.ID {
			best, found = t, true
		}
	}
	return best, found
}

// former finds what an address is called now that uses a name which its town has no more on a day, and that name.
func (b *townBook) former(p place, day resident.Date) (was, now store.Town, found bool) {
	for id, rows := range b.towns {
		t, in := b.on(id, day)
		if !in {
			continue
		}
		for _, old := range rows {
			held, really := asOf(rows, old.From)
			if !really || held.Version != old.Version || old.Ended || old.From.After(day) || old.Key() == t.Key() || !p.within(old) {
				continue
			}
			if !found || len(old.Key()) > len(was.Key()) {
				was, now, found = old, t, true
			}
		}
	}
	return was, now, found
}

// later finds a town of an address that begins after a day, and gone one that ended before it.
func (b *townBook) later(p place, day resident.Date) (t store.Town, found bool) {
	for _, rows := range b.towns {
		for _, one := range rows {
			if held, _ := asOf(rows, one.From); one.Ended || held.Version != one.Version || !one.From.After(day) || !p.within(one) {
				continue
			}
			if !found || one.From.Before(t.From) {
				t, found = one, true
			}
		}
	}
	return t, found
}

func (b *townBook) gone(p place, day resident.Date) (t store.Town, found bool) {
	for _, rows := range b.towns {
		if held, known := asOf(rows, day); known && held.Ended && p.within(held) {
			return held, true
		}
	}
	return t, false
}

// near are the names that are nearest to what was typed, at most three, on a day. In kana it is compared with the readings.
func (b *townBook) near(p place, day resident.Date) []string {
	type candidate struct {
		name string
		far  int // hundredths of the length
		same int // how many characters agree from the beginning
	}
	var all []candidate
	seen, kana := map[string]bool{}, store.KanaKey(p.rest)
	for id := range b.towns {
		t, in := b.on(id, day)
		if !in || t.Name() == "" || seen[t.Name()] {
			continue
		}
		seen[t.Name()] = true
		c := candidate{name: t.Name(), far: 100}
		for _, pair := range [][2]string{{t.Key(), p.key}, {strings.TrimPrefix(t.Key(), "大字"), p.key}, {store.KanaKey(t.Kana), kana}} {
			name, typed := []rune(pair[0]), []rune(pair[1])
			if len(name) == 0 || len(typed) == 0 {
				continue
			}
			same := 0
			for same < len(name) && same < len(typed) && name[same] == typed[same] {
				same++
			}
			c.same = max(c.same, same)
			for _, n := range []int{len(name) - 1, len(name), len(name) + 1} {
				if n >= 1 && n <= len(typed) {
					c.far = min(c.far, 100*distance(name, typed[:n])/len(name))
				}
			}
		}
		if c.far <= 50 || c.same >= 2 {
			all = append(all, c)
		}
	}
	slices.SortFunc(all, func(x, y candidate) int {
		return cmp.Or(cmp.Compare(x.far, y.far), cmp.Compare(y.same, x.same), cmp.Compare(x.name, y.name))
	})
	var names []string
	for _, c := range all[:min(3, len(all))] {
		names = append(names, c.name)
	}
	return names
}

// distance is how many characters must be put in, taken out or replaced (Levenshtein).
func distance(a, b []rune) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i, x := range a {
		before := row[0]
		row[0] = i + 1
		for j, y := range b {
			cost := before
			if x != y {
				cost++
			}
			before = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// renamed gives an address the name that a renaming gives its town, and says which town that is; false when its town is not concerned. was
// is the eve of the day of the new name.
func (b *townBook) renamed(address string, r store.Rename) (string, store.Town, bool) {
	p, ours := b.behind(address)
	if !ours {
		return "", store.Town{}, false
	}
	t, in := b.match(p, r.Day.AddDays(-1))
	if !in {
		return "", t, false
	}
	_, rest, concerned := newName(t, r.Old, r.New)
	if !concerned {
		return "", t, true
	}
	return b.of.FullName() + r.New + p.after(rest), t, true
}

// newName is what a town is called after a renaming of old, its whole name or its 大字・町 with everything below it, and which beginning of
// its key the new name replaces.
func newName(t store.Town, old, now string) (store.Town, string, bool) {
	was, _ := store.TownKey(old)
	oaza, _ := store.TownKey(t.Oaza)
	switch was {
	case oaza:
		t.Oaza = now
	case t.Key():
		t.Oaza, t.Chome, t.Koaza = now, "", ""
	default:
		return t, "", false
	}
	return t, was, true
}
