package storybook

import (
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// mapData are a map on which every prefecture has a figure, from none to the longest that a square can hold, and one on which few have.
func mapData() []webui.TileMap {
	all := webui.TileMap{Caption: both("発行した枚数", "Certificates issued"), Unit: both("枚", "certificates"), Figures: map[resident.PrefectureCode]int64{}, Own: 20}
	n := int64(0)
	for _, p := range resident.Prefectures() {
		all.Figures[p.Code] = n
		n = n*3/2 + 1
	}
	few := webui.TileMap{Caption: both("報告のあった都道府県", "Prefectures that reported"), Unit: both("枚", "certificates"),
		Figures: map[resident.PrefectureCode]int64{13: 57_751, 20: 482, 47: 0}}
	return []webui.TileMap{all, few}
}
