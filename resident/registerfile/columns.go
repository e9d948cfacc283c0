package registerfile

import "github.com/akashi-id/akashi/internal/plain"

// column is one item of a line.
type column int

const (
	recordCode column = iota
	name
	kana
	birth
	sex
	address
	municipality
	household
	relation
	commonName
	nationality
	becameResident
	number
	columns // how many there are
)

// ids are the words of the header, in the order that a Writer writes them.
var ids = [columns]struct {
	plain.Sentence
	optional bool
}{
	recordCode:     {plain.Sentence{JA: "住民票コード", EN: "record_code"}, false},
	name:           {plain.Sentence{JA: "氏名", EN: "name"}, false},
	kana:           {plain.Sentence{JA: "振り仮名", EN: "kana"}, true},
	birth:          {plain.Sentence{JA: "生年月日", EN: "birth"}, false},
	sex:            {plain.Sentence{JA: "性別", EN: "sex"}, false},
	address:        {plain.Sentence{JA: "住所", EN: "address"}, false},
	municipality:   {plain.Sentence{JA: "市区町村コード", EN: "municipality"}, false},
	household:      {plain.Sentence{JA: "世帯番号", EN: "household"}, false},
	relation:       {plain.Sentence{JA: "続柄", EN: "relation"}, false},
	commonName:     {plain.Sentence{JA: "通称", EN: "common_name"}, true},
	nationality:    {plain.Sentence{JA: "国籍・地域", EN: "nationality"}, true},
	becameResident: {plain.Sentence{JA: "住民となった年月日", EN: "became_resident"}, false},
	number:         {plain.Sentence{JA: "個人番号", EN: "number"}, true},
}

func columnOf(id string) (column, bool) {
	for c := range columns {
		if ids[c].JA == id || ids[c].EN == id {
			return c, true
		}
	}
	return 0, false
}

// readHeader maps the positions of a header to columns, or says everything that is
// wrong with it.
func readHeader(line int, fields []string) ([]column, plain.Problems) {
	var ps plain.Problems
	bad := func(field, ja, en string) {
		p := plain.Bad(field, ja, en)
		p.Line = line
		ps = append(ps, p)
	}
	var seen [columns]bool
	order := make([]column, len(fields))
	for i, id := range fields {
		c, ok := columnOf(id)
		switch {
		case !ok:
			bad(id, "見出し「"+id+"」は項目名ではありません。項目名を直すか、この列を取り除いてください。",
				"“"+id+"” is not a column. Correct its name or remove the column.")
		case seen[c]:
			bad(id, "見出し「"+id+"」が二つあります。一つにしてください。", "The column “"+id+"” occurs twice. Keep one.")
		}
		order[i] = c
		seen[c] = seen[c] || ok
	}
	for c := range columns {
		if !seen[c] && !ids[c].optional {
			bad(ids[c].JA, "必要な列「"+ids[c].JA+"」("+ids[c].EN+")がありません。追加してください。",
				"The required column “"+ids[c].EN+"” ("+ids[c].JA+") is missing. Add it.")
		}
	}
	return order, ps
}
