package webui

import (
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// TileMap is Japan as a grid of equal squares, one for each prefecture about where it lies (都道府県の升目の地図): a small
// prefecture is as easy to see as a large one. It is drawn without scripts. Each square says its number; the shade only repeats how
// many digits that has. A table of the same figures belongs beside it, in the page.
type TileMap struct {
	Caption plain.Sentence
	Unit    plain.Sentence // what is counted: 枚, certificates
	// Figures are the numbers; of a prefecture that is not in it nothing is known, which is drawn as such.
	Figures map[resident.PrefectureCode]int64
	Own     resident.PrefectureCode // is marked; zero: none
}

// The size of the drawing in units of its own, which the width of the page scales.
const (
	tileSize              = 40
	tileColumns, tileRows = 11, 12
	tileLevels            = 5
)

// tilePlaces are where the prefectures lie, column and row from the north-west, by code. Neighbours are neighbours as far as a grid
// allows.
var tilePlaces = [48][2]int{
	1: {10, 0}, 2: {10, 1}, 3: {10, 2}, 4: {10, 3}, 5: {9, 2}, 6: {9, 3}, 7: {10, 4},
	8: {10, 6}, 9: {10, 5}, 10: {9, 5}, 11: {9, 6}, 12: {10, 7}, 13: {9, 7}, 14: {9, 8},
	15: {9, 4}, 16: {8, 4}, 17: {7, 4}, 18: {6, 5}, 19: {8, 6}, 20: {8, 5}, 21: {7, 5}, 22: {8, 7}, 23: {7, 6},
	24: {7, 7}, 25: {6, 6}, 26: {5, 6}, 27: {5, 7}, 28: {4, 6}, 29: {6, 7}, 30: {5, 8},
	31: {3, 6}, 32: {2, 6}, 33: {3, 7}, 34: {2, 7}, 35: {1, 7},
	36: {4, 9}, 37: {4, 8}, 38: {3, 8}, 39: {3, 9},
	40: {1, 8}, 41: {0, 8}, 42: {0, 9}, 43: {1, 9}, 44: {2, 8}, 45: {2, 9}, 46: {1, 10}, 47: {0, 11},
}

// ID is the map's id in the page.
func (m TileMap) ID() string { return "map-" + slug(m.Caption) }

// tile is one square as it is drawn.
type tile struct {
	X, Y  int
	Label plain.Sentence // in the square: the name without 県 and the like; the two digits of the code where letters have no room
	Name  plain.Sentence
	Known bool
	Count Count
	Short plain.Sentence
	Level int
	Own   bool
}

// Tiles are the squares, by code.
func (m TileMap) Tiles() []tile {
	var all []tile
	for _, p := range resident.Prefectures() {
		at := tilePlaces[p.Code]
		n, known := m.Figures[p.Code]
		t := tile{X: at[0] * tileSize, Y: at[1] * tileSize, Label: plain.Sentence{JA: shortPrefecture(p), EN: p.Code.String()},
			Name: plain.Sentence{JA: p.Name, EN: p.Code.String() + " " + p.Romaji()}, Known: known, Count: Count{n, m.Unit}, Own: p.Code == m.Own}
		t.Short = plain.Sentence{JA: "—", EN: "—"}
		if known {
			t.Short, t.Level = shortNumber(n), tileLevel(n)
		}
		all = append(all, t)
	}
	return all
}

// shortPrefecture is the name as it stands on maps: 長野, 東京, 京都, 北海道.
func shortPrefecture(p resident.Prefecture) string {
	if p.Code == 1 {
		return p.Name
	}
	runes := []rune(p.Name)
	return string(runes[:len(runes)-1])
}

// shortNumber fits into a square: in full up to 999,999.
func shortNumber(n int64) plain.Sentence {
	if n < 1_000_000 {
		s, _ := thousands(n) // a whole number
		return plain.Sentence{JA: s, EN: s}
	}
	return plain.Sentence{JA: fmt.Sprintf("%d万", n/10_000), EN: fmt.Sprintf("%d.%dM", n/1_000_000, n/100_000%10)}
}

// tileLevel is how many digits a number has, up to the last level; 0 is none at all. The steps are the same on each day, so that two
// maps can be laid side by side.
func tileLevel(n int64) int {
	level := 0
	for ; n > 0 && level < tileLevels; n /= 10 {
		level++
	}
	return level
}

// tileKey is one line of the legend.
type tileKey struct {
	Level int
	Known bool
	Says  plain.Sentence
}

// Legend are the shades and what they stand for.
func (m TileMap) Legend() []tileKey {
	keys := []tileKey{{Says: plain.Sentence{JA: "数なし", EN: "no figure"}}, {Known: true, Says: plain.Sentence{JA: "0", EN: "0"}}}
	from := int64(1)
	for level := 1; level <= tileLevels; level++ {
		low, _ := thousands(from)
		says := low + "〜"
		if level < tileLevels {
			high, _ := thousands(from*10 - 1)
			says += high
		}
		keys = append(keys, tileKey{Level: level, Known: true, Says: plain.Sentence{JA: says, EN: strings.Replace(says, "〜", "–", 1)}})
		from *= 10
	}
	last := &keys[len(keys)-1].Says
	low, _ := thousands(from / 10)
	*last = plain.Sentence{JA: low + "以上", EN: low + " or more"}
	return keys
}

// Sum says in a sentence what the picture shows, for whoever does not see it.
func (m TileMap) Sum() plain.Sentence {
	var sum int64
	for _, n := range m.Figures {
		sum += n
	}
	total, _ := thousands(sum)
	return plain.Sentence{JA: fmt.Sprintf("%d都道府県の計 %s%s。同じ数は表にもあります。", len(m.Figures), total, m.Unit.JA),
		EN: fmt.Sprintf("%s %s in %d prefectures. The table has the same figures.", total, m.Unit.EN, len(m.Figures))}
}

// Box is the frame of the drawing.
func (m TileMap) Box() string {
	return fmt.Sprintf("-2 -2 %d %d", tileColumns*tileSize+4, tileRows*tileSize+4)
}
