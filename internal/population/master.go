package population

import (
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// Towns writes the master of towns (町字マスター) in which the invented residents of a municipality live, as CSV with the columns of the
// アドレス・ベース・レジストリ: ids are counted through, readings are from memory, and no day is given.
func Towns(code resident.MunicipalityCode, asOf resident.Date) ([]byte, error) {
	if !asOf.Valid() {
		asOf = DefaultAsOf
	}
	m, bad := municipality(code, asOf)
	if bad != nil {
		return nil, plain.Problems{bad}
	}
	var b strings.Builder
	b.WriteString("lg_code,machiaza_id,oaza_cho,oaza_cho_kana,chome,chome_kana,rsdt_addr_flg,efct_date,ablt_date\n")
	for i, t := range placeOf(m).towns.things {
		blocks := 0
		if t.blocks {
			blocks = 1
		}
		row := func(n int, chome, kana string) {
			fmt.Fprintf(&b, "%s,%04d%03d,%s,%s,%s,%s,%d,,\n", code, i+1, n, t.name, townKana()[t.name], chome, kana, blocks)
		}
		if t.chome == 0 {
			row(0, "", "")
		}
		for n := 1; n <= t.chome; n++ {
			row(n, kanjiNumber(n)+"丁目", wide(n)+"チョウメ")
		}
	}
	return []byte(b.String()), nil
}

// kanjiNumber writes 1 … 19 as the names of towns do.
func kanjiNumber(n int) string {
	digits := []string{"", "一", "二", "三", "四", "五", "六", "七", "八", "九"}
	if n >= 10 {
		return "十" + digits[n-10]
	}
	return digits[n]
}
