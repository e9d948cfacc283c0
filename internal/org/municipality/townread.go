package municipality

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/resident"
)

// townColumns are the columns of a file of towns, as the 町字マスター of the アドレス・ベース・レジストリ calls them, and in Japanese. Others are not read.
var townColumns = []struct {
	name, ja string
	need     bool
}{
	{"lg_code", "全国地方公共団体コード", true}, {"machiaza_id", "町字ID", true}, {"oaza_cho", "大字・町名", true}, {"oaza_cho_kana", "大字・町名_カナ", false},
	{"chome", "丁目名", false}, {"chome_kana", "丁目名_カナ", false}, {"koaza", "小字名", false}, {"koaza_kana", "小字名_カナ", false},
	{"rsdt_addr_flg", "住居表示フラグ", false}, {"efct_date", "効力発生日", false}, {"ablt_date", "廃止日", false},
}

// mostTowns is how many rows one file may have: they are entered in one transaction. The largest cities have some ten thousand.
const mostTowns = 50_000

// townFile is a file of towns as it was read.
type townFile struct {
	rows   []store.TownRow
	others int64 // rows of other municipalities
}

// readTowns reads a file of towns, each line by itself, so that a quotation mark that is not closed spoils one line and not the rest. Rows that
// cannot be read are set aside with a sentence. Whose a code is, ours says.
func readTowns(data []byte, ours func(resident.MunicipalityCode) (resident.Municipality, bool)) (f townFile, err error) {
	if !utf8.Valid(bytes.TrimPrefix(data, []byte("\uFEFF"))) {
		return f, plain.Bad("file", "ファイルがUTF-8ではありません。文字コードをUTF-8にして保存し直してください。", "The file is not UTF-8: save it as UTF-8 again.")
	}
	lines := strings.Split(strings.TrimPrefix(string(data), "\uFEFF"), "\n")
	at, err := townHeader(lines[0])
	if err != nil {
		return f, err
	}
	seen := map[string]int{} // id and first day → index into rows
	for n, line := range lines[1:] {
		line = strings.TrimSuffix(line, "\r")
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(f.rows) >= mostTowns {
			return f, plain.Bad("file", fmt.Sprintf("行が多すぎます（上限%d行）。この市区町村の町字だけのファイルを選んでください。", mostTowns),
				fmt.Sprintf("There are too many rows (at most %d): choose the file of this municipality alone.", mostTowns))
		}
		r, other, bad := readTownRow(line, at, ours)
		r.Line, r.Raw = int64(n+2), line
		switch key := r.Town.ID + " " + r.Town.From.String(); {
		case other:
			f.others++
			continue
		case bad != nil:
		case seen[key] == 0:
			seen[key] = len(f.rows) + 1
		case f.rows[seen[key]-1].Town.Key() == r.Town.Key():
			// A town that is 住居表示 in part stands twice, with the flag and without.
			f.rows[seen[key]-1].Town.Blocks = f.rows[seen[key]-1].Town.Blocks || r.Town.Blocks
			r.Town.Blocks = f.rows[seen[key]-1].Town.Blocks
		default:
			bad = plain.Bad("", fmt.Sprintf("%d行目と同じ町字IDで、名称が違います。正しい方の行だけを残してください。", f.rows[seen[key]-1].Line),
				fmt.Sprintf("Line %d has the same id and another name: leave the right one of them.", f.rows[seen[key]-1].Line))
		}
		if bad != nil {
			r.Outcome, r.WhyJA, r.Why = store.TownRejected, bad.JA, bad.EN
		}
		f.rows = append(f.rows, r)
	}
	if len(f.rows) == 0 {
		return f, plain.Bad("file", fmt.Sprintf("この市区町村の町字が、ファイルにありません（ほかの市区町村の行が%d行）。", f.others),
			fmt.Sprintf("The file has no town of this municipality (%d rows are of others): choose another file.", f.others))
	}
	return f, nil
}

// townHeader finds the columns.
func townHeader(line string) (map[string]int, error) {
	names, err := csv.NewReader(strings.NewReader(strings.TrimSuffix(line, "\r"))).Read()
	if err != nil && err != io.EOF {
		return nil, plain.Bad("file", "見出しの行がCSVとして読めません。", "The header line cannot be read as CSV: correct it.")
	}
	at := map[string]int{}
	for i, name := range names {
		name = strings.NewReplacer("ＩＤ", "ID", "名カナ", "名_カナ").Replace(strings.TrimSpace(name))
		for _, c := range townColumns {
			if name == c.name || name == c.ja {
				at[c.name] = i
			}
		}
	}
	for _, c := range townColumns {
		if _, found := at[c.name]; c.need && !found {
			return nil, plain.Bad("file", "見出しに「"+c.ja+"」（"+c.name+"）の列がありません。アドレス・ベース・レジストリの町字マスターのCSVを選んでください。",
				"The header has no column "+c.name+": choose the CSV of the master of towns (町字マスター) of the Address Base Registry.")
		}
	}
	return at, nil
}

func readTownRow(line string, at map[string]int, ours func(resident.MunicipalityCode) (resident.Municipality, bool)) (r store.TownRow, other bool, bad *plain.Problem) {
	fields, err := csv.NewReader(strings.NewReader(line)).Read()
	if err != nil {
		return r, false, plain.Bad("", "引用符が閉じていないか、区切りが読めません。行を直してください。", "A quotation mark is not closed, or the line cannot be split: correct it.")
	}
	cell := func(name string) string {
		if i, there := at[name]; there && i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	code, err := resident.ParseMunicipalityCode("lg_code", cell("lg_code"))
	if err != nil {
		return r, false, firstOf(err)
	}
	of, mine := ours(code)
	if !mine {
		return r, true, nil
	}
	t := store.Town{Municipality: of.Code, ID: cell("machiaza_id"), Oaza: cell("oaza_cho"), Chome: cell("chome"), Koaza: cell("koaza"),
		Kana: cell("oaza_cho_kana") + cell("chome_kana") + cell("koaza_kana")}
	switch cell("rsdt_addr_flg") {
	case "", "0":
	case "1":
		t.Blocks = true
	default:
		return r, false, plain.Bad("rsdt_addr_flg", "住居表示フラグが「"+cell("rsdt_addr_flg")+"」です。0か1にしてください。", "The column rsdt_addr_flg says “"+cell("rsdt_addr_flg")+"”: it is 0 or 1.")
	}
	for name, day := range map[string]*resident.Date{"efct_date": &t.From, "ablt_date": &r.Until} {
		if text := cell(name); text != "" {
			if *day, err = resident.ParseDate(name, text); err != nil {
				return r, false, firstOf(err)
			}
		}
	}
	r.Town, r.Outcome = t, store.TownAdded
	return r, false, checkTown(t, r.Until, of)
}

// firstOf is the first sentence of a vocabulary's refusal: it always has one.
func firstOf(err error) *plain.Problem {
	ps, _ := plain.AsProblems(err)
	return ps[0]
}

// checkTown judges a town by itself.
func checkTown(t store.Town, until resident.Date, of resident.Municipality) *plain.Problem {
	if len(t.ID) != 7 || strings.Trim(t.ID, "0123456789") != "" {
		return plain.Bad("town", "町字IDは7けたの数字です（大字・町4けたと丁目・小字3けた）。", "The id of a town (町字ID) is 7 digits: 4 for 大字・町 and 3 for 丁目 or 小字.")
	}
	if none := t.ID == "0000000"; none != (t.Name() == "") {
		return plain.Bad("oaza", "町字の名称がありません。名称がないのは、町字ID 0000000（町字のない区域）だけです。", "The town has no name: only 0000000, where there are no towns, has none.")
	}
	if t.Name() != "" {
		if _, err := resident.ParseAddress("oaza", of.FullName()+t.Name()); err != nil {
			return firstOf(err)
		}
	}
	if bad := checkTownKana(t.Kana); bad != nil {
		return bad
	}
	if until.Valid() && !until.After(t.From) {
		return plain.Bad("until", "廃止日が効力発生日より後ではありません。日付を確かめてください。", "The day of its end is not after its first day: check them.")
	}
	return nil
}

// checkTownKana refuses a reading that is no kana.
func checkTownKana(kana string) *plain.Problem {
	if strings.ContainsFunc(store.KanaKey(kana), func(r rune) bool { return (r < 'ァ' || r > 'ヺ') && r != 'ー' && r != '・' && (r < '0' || r > '9') }) {
		return plain.Bad("kana", "町字のカナは、全角カタカナで入力してください。", "The reading of a town is written in katakana.")
	}
	return nil
}
