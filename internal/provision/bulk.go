package provision

import (
	"context"
	"encoding/csv"
	"fmt"
	"strings"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/resident"
)

// BulkColumns are the columns of a file that asks for many: the body's number, and who. They stand in its first line.
var BulkColumns = []string{"番号", "住民票コード", "氏名", "生年月日", "性別", "住所"}

// MostLines is how many lines one file may have: they are answered in one transaction, all or none.
const MostLines = 500

// Bulk is the answer to a file: a row for each line, whatever became of it.
type Bulk struct {
	Head                                []string
	Rows                                [][]string
	Given, Nobody, Withheld, Unreadable int
	Bad                                 int // lines that could not be understood: set aside, each with its sentence
}

// line is one line of a file as it was read.
type line struct {
	number int // from 1, the heading included
	Request
	bad *plain.Sentence // why it is set aside
}

// ProvideFile answers a file. A line names a person by the record code alone: a search by attributes gives candidates, which
// somebody has to look at. Attributes beside the code are compared. A line that cannot be understood is set aside and counted; the
// others are answered.
func (o *Office) ProvideFile(ctx context.Context, by access.Person, number uint64, wanted Items, file []byte) (b Bulk, err error) {
	lines, err := readLines(file)
	if err != nil {
		return b, err
	}
	err = o.Host.Store.Update(ctx, func(ctx context.Context, tx *sqlstore.Tx) error {
		u, err := o.permitted(ctx, tx, by, number, wanted)
		if err != nil {
			return err
		}
		set := wanted
		if set == 0 {
			set = u.Items
		}
		b = Bulk{Head: []string{"行", "番号", "結果", "照合"}}
		set.each(func(i item) { b.Head = append(b.Head, i.name.JA) })
		for _, l := range lines {
			row, err := o.answerLine(ctx, tx, by, u, set, l, &b)
			if err != nil {
				return err
			}
			b.Rows = append(b.Rows, row)
		}
		auditlog.Write(tx, auditlog.Entry{Actor: by.ID, Act: "provide", Subject: u.Subject(),
			Detail: fmt.Sprintf("by file, %d lines, %d given, %d nobody, %d withheld, %d unreadable, %d set aside", len(lines), b.Given, b.Nobody, b.Withheld, b.Unreadable, b.Bad)})
		return nil
	})
	if err != nil {
		return Bulk{}, err
	}
	return b, nil
}

func (o *Office) answerLine(ctx context.Context, tx *sqlstore.Tx, by access.Person, u Use, set Items, l line, b *Bulk) ([]string, error) {
	row := make([]string, 4+set.Count())
	row[0], row[1] = fmt.Sprint(l.number), webui.Inert(l.Case)
	g := look.Ground{Purpose: u.Purpose, Case: l.Case}
	if l.bad == nil {
		if ps, ok := plain.AsProblems(g.Check(by, o.Host.Self)); ok && len(ps) > 0 {
			l.bad = &ps[0].Sentence
		}
	}
	if l.bad != nil {
		b.Bad++
		row[2] = "不備: " + l.bad.JA
		return row, nil
	}
	found, err := o.Inquiry.States(tx).Known(ctx, l.Code, l.Asked)
	switch {
	case err != nil:
		return nil, err
	case found.Unreadable > 0:
		b.Unreadable++
		row[2] = "記録が壊れていて読めません"
		return row, nil
	case len(found.Candidates) == 0:
		b.Nobody++
		row[2] = "該当なし"
		return row, nil
	}
	l.Items = set
	given, shown, _, err := o.give(ctx, tx, by, u, g, l.Request, found.Candidates[0], "file")
	switch {
	case err != nil:
		return nil, err
	case !shown:
		b.Withheld++
		row[2] = "提供できません（住所地の市区町村に照会してください）"
		return row, nil
	}
	b.Given++
	row[2] = "提供"
	if len(given.Match) > 0 {
		row[3] = given.Match.Grade().Name().JA + ": " + inquiry.Why(given.Match).JA
	}
	at := 4
	set.each(func(i item) { row[at] = webui.Inert(given.Of(i.one)); at++ })
	return row, nil
}

// readLines reads each line by itself, so that a quotation mark that is not closed spoils one line and not the rest.
func readLines(file []byte) ([]line, error) {
	text := strings.TrimPrefix(string(file), "\ufeff")
	all := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
	head, err := fields(all[0])
	if err != nil || strings.Join(head, ",") != strings.Join(BulkColumns, ",") {
		return nil, plain.Bad("file", "1行目の見出しが違います。「"+strings.Join(BulkColumns, ",")+"」にして、UTF-8で保存してください。",
			"The first line must be \""+strings.Join(BulkColumns, ",")+"\", in UTF-8.")
	}
	var lines []line
	for i, s := range all[1:] {
		if strings.TrimSpace(s) == "" {
			continue
		}
		if len(lines) == MostLines {
			return nil, plain.Bad("file", fmt.Sprintf("%d行を超えています。ファイルを分けてください。", MostLines), fmt.Sprintf("The file has more than %d lines: divide it.", MostLines))
		}
		lines = append(lines, readLine(i+2, s))
	}
	if len(lines) == 0 {
		return nil, plain.Bad("file", "見出しの下に行がありません。", "There is no line below the heading.")
	}
	return lines, nil
}

func fields(s string) ([]string, error) {
	r := csv.NewReader(strings.NewReader(s))
	r.FieldsPerRecord = -1
	return r.Read()
}

func readLine(number int, s string) line {
	l := line{number: number}
	f, err := fields(s)
	if err != nil || len(f) != len(BulkColumns) {
		l.bad = &plain.Sentence{JA: fmt.Sprintf("列の数が%dではないか、引用符が閉じていません。", len(BulkColumns)), EN: "It does not have as many columns as the heading."}
		return l
	}
	for i := range f {
		f[i] = strings.TrimSpace(f[i])
	}
	l.Case = f[0]
	var ps plain.Problems
	read := func(err error) {
		if found, ok := plain.AsProblems(err); ok {
			ps = append(ps, found...)
		}
	}
	if f[1] == "" {
		l.bad = &plain.Sentence{JA: "住民票コードがありません。氏名などからは候補しか出ないので、画面で確かめてください。", EN: "It has no record code: what is found by attributes are candidates, to be looked at on the screen."}
		return l
	}
	l.Code, err = resident.ParseRecordCode("code", f[1])
	read(err)
	if f[2] != "" {
		l.Asked.Name, err = resident.ParseName("name", f[2])
		read(err)
	}
	if f[3] != "" {
		l.Asked.Birth, err = resident.ParsePartialDate("birth", f[3])
		read(err)
	}
	if f[4] != "" {
		l.Asked.Sex, err = resident.ParseSex("sex", f[4])
		read(err)
	}
	if f[5] != "" {
		l.Asked.Address, err = resident.ParseAddress("address", f[5])
		read(err)
	}
	if len(ps) > 0 {
		l.bad = &ps[0].Sentence
	}
	return l
}
