package webui_test

import (
	"testing"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// TestTileMap: each prefecture has a square of its own, in which its number stands; of one that is not known nothing is said.
func TestTileMap(t *testing.T) {
	m := webui.TileMap{Unit: plain.Sentence{JA: "枚", EN: "certificates"}, Own: 20,
		Figures: map[resident.PrefectureCode]int64{1: 0, 13: 9, 20: 482, 27: 99_999, 14: 100_000, 40: 999_999, 46: 1_234_567}}
	tiles := m.Tiles()
	if len(tiles) != 47 {
		t.Fatalf("%d squares", len(tiles))
	}
	taken := map[[2]int]string{}
	for _, s := range tiles {
		at := [2]int{s.X, s.Y}
		if other, twice := taken[at]; twice || s.X < 0 || s.Y < 0 || s.X > 10*40 || s.Y > 11*40 {
			t.Errorf("%s lies at %v, as %q does", s.Name.EN, at, other)
		}
		taken[at] = s.Name.EN
	}
	// Whoever is east of whom, or north, is so on the map.
	for _, c := range []struct{ of, east, south resident.PrefectureCode }{{13, 12, 14}, {20, 10, 0}, {27, 29, 30}, {34, 33, 0}, {5, 3, 6}, {38, 37, 39}, {40, 44, 43}, {1, 0, 2}} {
		of := tiles[c.of-1]
		if c.east > 0 && (tiles[c.east-1].X <= of.X || tiles[c.east-1].Y != of.Y) {
			t.Errorf("%s is not east of %s", tiles[c.east-1].Name.EN, of.Name.EN)
		}
		if c.south > 0 && (tiles[c.south-1].Y <= of.Y || tiles[c.south-1].X != of.X) {
			t.Errorf("%s is not south of %s", tiles[c.south-1].Name.EN, of.Name.EN)
		}
	}
	for code, want := range map[resident.PrefectureCode]struct {
		known  bool
		level  int
		ja, en string
	}{1: {true, 0, "0", "0"}, 2: {false, 0, "—", "—"}, 13: {true, 1, "9", "9"}, 20: {true, 3, "482", "482"}, 27: {true, 5, "99,999", "99,999"},
		14: {true, 5, "100,000", "100,000"}, 40: {true, 5, "999,999", "999,999"}, 46: {true, 5, "123万", "1.2M"}} {
		s := tiles[code-1]
		if s.Known != want.known || s.Level != want.level || s.Short.JA != want.ja || s.Short.EN != want.en || s.Own != (code == 20) {
			t.Errorf("%s: %+v", s.Name.EN, s)
		}
	}
	if tiles[19].Label != (plain.Sentence{JA: "長野", EN: "20"}) || tiles[0].Label.JA != "北海道" || tiles[25].Label.JA != "京都" {
		t.Errorf("labels %v, %v, %v", tiles[19].Label, tiles[0].Label, tiles[25].Label)
	}
	keys := m.Legend()
	if len(keys) != 7 || keys[0].Known || keys[2].Says.JA != "1〜9" || keys[5].Says.EN != "1,000–9,999" || keys[6].Says != (plain.Sentence{JA: "10,000以上", EN: "10,000 or more"}) {
		t.Errorf("the legend says %+v", keys)
	}
	if sum := m.Sum(); sum.EN != "2,435,056 certificates in 7 prefectures. The table has the same figures." {
		t.Errorf("in all: %s", sum.EN)
	}
}
