package municipality

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/org/municipality/internal/store"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

const townHead = "lg_code,machiaza_id,machiaza_type,pref,city,oaza_cho,oaza_cho_kana,chome,chome_kana,koaza,koaza_kana,rsdt_addr_flg,efct_date,ablt_date\n"

// towns is a file of 松本市: id, 大字・町, its reading, 丁目, its reading, flag, from, until.
func towns(rows ...string) string {
	var b strings.Builder
	b.WriteString("\uFEFF" + townHead)
	for _, row := range rows {
		c := strings.Split(row, ",")
		b.WriteString("202029," + c[0] + ",2,長野県,松本市," + c[1] + "," + c[2] + "," + c[3] + "," + c[4] + ",,," + c[5] + "," + c[6] + "," + c[7] + "\n")
	}
	return b.String()
}

var matsumoto = towns("0001000,丸の内,マルノウチ,,,1,1947-04-17,", "0002001,大手,オオテ,一丁目,１チョウメ,1,1947-04-17,", "0002003,大手,オオテ,３丁目,３チョウメ,1,,",
	"0003000,大手町,オオテマチ,,,0,,", "0004000,中央,チュウオウ,,,1,,", "0005000,大字里山辺,オオアザサトヤマベ,,,0,,", "0006000,旧町,キュウチョウ,,,0,1947-04-17,2026-01-01")

// keep gives the municipality a master, by two persons.
func (c *country) keep(file string) int64 {
	c.t.Helper()
	id := must[int64](c.t)(c.o.ProposeTownFile(as(c.t, "clerk-aoki"), "mt_town.csv", []byte(file)))
	if err := c.o.DecideTowns(as(c.t, "clerk-inoue"), id, true); err != nil {
		c.t.Fatal(err)
	}
	return id
}

func (c *country) townChange(id int64) (got store.TownChange, rejected []store.TownRow) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		if got, _, err = tx.TownChange(ctx, id); err != nil {
			return err
		}
		rejected, err = tx.TownRows(ctx, id, []string{store.TownRejected}, 0, 100)
		return err
	})
	return got, rejected
}

func (c *country) moveTo(who PersonID, to string) error {
	c.t.Helper()
	_, err := c.o.File(as(c.t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市" + to)})
	return err
}

// TestTownFile: rows that cannot be taken are set aside with a sentence, those of others are passed over, and the rest waits for a second person.
func TestTownFile(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		file := matsumoto + "202053,0001000,2,長野県,飯田市,銀座,ギンザ,,,,,0,,\n" +
			"202029,12,2,長野県,松本市,深志,フカシ,,,,,0,,\n" + // line 10
			"202029,0010000,2,長野県,松本市,,,,,,,0,,\n" +
			"202029,0011000,2,長野県,松本市,深\uE000志,フカシ,,,,,0,,\n" +
			"202029,0012000,2,長野県,松本市,深志,ふかし1,,,,,0,,\n" + // hiragana is read as katakana
			"202029,0013000,2,長野県,松本市,渚,渚,,,,,0,,\n" +
			"202029,0014000,2,長野県,松本市,桐,キリ,,,,,2,,\n" +
			"202029,0015000,2,長野県,松本市,旭,アサヒ,,,,,0,2026-13-01,\n" +
			"202029,0016000,2,長野県,松本市,県,アガタ,,,,,0,2020-04-01,2020-04-01\n" +
			"202029,0001000,2,長野県,松本市,丸内,マルウチ,,,,,1,1947-04-17,\n" +
			"202029,0004000,2,長野県,松本市,中央,チュウオウ,,,,,0,,\n" + // in part 住居表示
			"202029,0017000,2,長野県,松本市,\"女鳥羽,メトバ,,,,,0,,\n" +
			"20202,0018000,2,長野県,松本市,筑摩,ツカマ,,,,,0,,\n\n"
		id := must[int64](t)(c.o.ProposeTownFile(as(t, "clerk-aoki"), "mt_town_city202029.csv", []byte(file)))
		got, bad := c.townChange(id)
		if got.Added != 8 || got.Same != 1 || got.Others != 1 || got.Rejected != 10 {
			t.Errorf("%+v", got)
		}
		for i, says := range []struct {
			line int64
			ja   string
		}{{10, "町字IDは7けたの数字です"}, {11, "名称がありません"}, {12, "外字"}, {14, "町字のカナは、全角カタカナで入力してください"}, {15, "住居表示フラグ"}, {16, "月"}, {17, "廃止日が効力発生日より後ではありません"}, {18, "2行目と同じ町字ID"}, {20, "引用符が閉じていないか、区切りが読めません"}, {21, "けた"}} {
			if i >= len(bad) || bad[i].Line != says.line || !strings.Contains(bad[i].WhyJA, says.ja) || bad[i].Why == "" {
				t.Errorf("line %d: %+v", says.line, bad[min(i, len(bad)-1)])
			}
		}
		if c.moveTo(c.settle("丸の内1番"), "深志1番") != nil {
			t.Error("a file that nobody has confirmed holds")
		}
		if err := c.o.DecideTowns(as(t, "clerk-aoki"), id, true); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
			t.Errorf("confirmed by who proposed it: %v", err)
		}
		if err := c.o.DecideTowns(as(t, "clerk-inoue"), id, true); err != nil {
			t.Fatal(err)
		}
		if again, _ := c.townChange(id); again.Added != 8 || again.State != store.TownConfirmed || again.DecidedBy != "clerk-inoue" {
			t.Errorf("confirmed: %+v", again)
		}
		if err := c.o.DecideTowns(as(t, "clerk-inoue"), id, true); !slices.Equal(fieldsOf(t, err), []string{"towns"}) || !strings.Contains(err.Error(), "この提案は、すでに承認されたか、取り下げられています") {
			t.Errorf("twice: %v", err)
		}
		if again, _ := c.townChange(c.keep(matsumoto)); again.Same != 7 || again.Added+again.Changed+again.Rejected != 0 {
			t.Errorf("the same file again: %+v", again)
		}
		// A row of the master stays as it is.
		for _, statement := range []string{"UPDATE town SET kana = 'ア'", "DELETE FROM town"} {
			if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil {
				t.Errorf("%s went through", statement)
			}
		}
		// Another name in a file is no renaming.
		changed, bad := c.townChange(c.keep(towns("0004000,新中央,シンチュウオウ,,,1,,", "0001000,丸の内,マルノウチ,,,0,1947-04-17,")))
		if changed.Rejected != 1 || changed.Changed != 1 || !strings.Contains(bad[0].WhyJA, "町名の変更") {
			t.Errorf("%+v %+v", changed, bad)
		}
	})
}

func TestRefusedTownFiles(t *testing.T) {
	c := newCountry(t, "memory:")
	for name, x := range map[string]struct{ file, says string }{
		"another encoding": {"\x8a\xae", "ファイルがUTF-8ではありません。文字コード"}, "a header that is no CSV": {"\"lg_code", "見出しの行がCSVとして読めません"},
		"more than a country": {townHead + strings.Repeat("x\n", mostTowns+1), "行が多すぎます"}, "no such columns": {"a,b\n", "町字マスターのCSV"}, "nothing": {"", "列がありません"},
		"another's": {townHead + "202053,0001000,2,長野県,飯田市,銀座,ギンザ,,,,,0,,\n", "1行"},
	} {
		before := c.footprint()
		_, err := c.o.ProposeTownFile(as(t, "clerk-aoki"), "x.csv", []byte(x.file))
		if err == nil || !slices.Equal(fieldsOf(t, err), []string{"file"}) || !strings.Contains(err.Error(), x.says) || c.footprint() != before {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, who := range []string{"operator-ueda", "auditor-onishi"} {
		_, err := c.o.ProposeTownFile(as(t, who), "x.csv", []byte(matsumoto))
		for _, err := range []error{err, c.o.DecideTowns(as(t, who), 1, true)} {
			if _, ok := err.(*access.Refused); !ok {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
}

// TestAddressInTown: where there is a master an address is in one of its towns, on the day of the notice; each refusal says what to do.
func TestAddressInTown(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.settle("どこか1番") // nothing is asked before there is a master
	c.keep(matsumoto)
	for to, says := range map[string]string{
		"大手一丁目1番1号": "", "大手１丁目２番": "", "大手3丁目7番　ハイツ１０１": "", "大手町3番": "", "大字里山辺甲12番地": "", "大字里山辺字中1番地": "", "中央9": "",
		"大手2丁目1番": "「大手一丁目」", "大手1番": "「大手", "おおて町1番": "「大手町」", "里山辺1番": "「大字里山辺」", "丸ノ内1番": "「丸の内」", "中央町1番": "「中央」",
		"旧町1番": "に廃止された町字です", "中央三丁目1番": "町字マスターにありません", "": "町字マスターにありません",
	} {
		err := c.moveTo(who, to)
		if says == "" {
			if err != nil {
				t.Errorf("%s: %v", to, err)
			}
			continue
		}
		if err == nil || !slices.Equal(fieldsOf(t, err), []string{"address"}) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", to, err)
		}
	}
	// To file it as it is does not help.
	for _, x := range []struct{ to, says string }{{"長野県松本市大手9丁目1番", "町字マスターにありません"}, {"松本市大手三丁目1番", "住所は「長野県松本市」から始めてください"}} {
		r := at(movedIn(), x.to)
		r.AsIs = true
		if _, err := c.o.Register(as(t, "clerk-aoki"), r); err == nil || !slices.Equal(fieldsOf(t, err), []string{"address"}) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("registered: %v", err)
		}
	}
	_, err := c.o.File(as(t, "clerk-aoki"), MinorAmendment{Filing: c.filing(who, "rule-21-2-3"), Address: address("長野県松本市大手2丁目1番")})
	if err == nil || !slices.Equal(fieldsOf(t, err), []string{"address"}) {
		t.Errorf("amended: %v", err)
	}
	_, err = c.o.File(as(t, "clerk-aoki"), Amendment{Filing: c.filing(who, "order-12"), Address: address("長野県松本市大手2丁目1番")})
	if err == nil || !slices.Contains(fieldsOf(t, err), "address") {
		t.Errorf("amended ex officio: %v", err)
	}
}

// TestTownDays: a town begins and ends with its day.
func TestTownDays(t *testing.T) {
	c := newCountry(t, "memory:")
	c.keep(matsumoto)
	who := c.settle("丸の内1番")
	today := resident.DateOf(c.clk.Now())
	decide := func(id int64, err error) {
		t.Helper()
		if err == nil {
			err = c.o.DecideTowns(as(t, "clerk-inoue"), id, true)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	tomorrow := today.AddDays(1)
	decide(c.o.ProposeTown(as(t, "clerk-aoki"), NewTown{ID: "0007000", Oaza: "新町", Kana: "シンマチ", From: tomorrow}))
	decide(c.o.ProposeTownEnd(as(t, "clerk-aoki"), TownEnd{ID: "0004000", Day: tomorrow}))
	if err := c.moveTo(who, "新町1番"); err == nil || !strings.Contains(err.Error(), "まだありません") {
		t.Errorf("the day before: %v", err)
	}
	if err := c.moveTo(who, "中央1番"); err != nil {
		t.Errorf("on its last day: %v", err)
	}
	c.run(tomorrow.Start().Sub(c.clk.Now()) + time.Hour)
	move := func(to string, day resident.Date) error {
		f := c.filing(who, "law-23")
		f.Arose = day
		_, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: f, Address: address("長野県松本市" + to)})
		return err
	}
	if err := move("新町1番", today); err == nil || !strings.Contains(err.Error(), "まだありません") {
		t.Errorf("of the day before: %v", err)
	}
	if err := move("中央2番", tomorrow); err == nil || !strings.Contains(err.Error(), "に廃止された町字です") {
		t.Errorf("after it ended: %v", err)
	}
	if err := move("中央2番", today); err != nil {
		t.Errorf("of its last day, told later: %v", err)
	}
	if err := move("新町1番", tomorrow); err != nil {
		t.Errorf("on its first day: %v", err)
	}
	right := NewTown{ID: "0008000", Oaza: "東町", Kana: "ヒガシマチ", From: tomorrow}
	for name, x := range map[string]struct {
		change func(*NewTown)
		field  string
		says   string
	}{
		"no id": {func(n *NewTown) { n.ID = "8" }, "town", ""}, "no name": {func(n *NewTown) { n.Oaza = "" }, "oaza", ""}, "another's name": {func(n *NewTown) { n.Oaza = "丸の内" }, "oaza", "「丸の内」は、ほかの町字（町字ID"},
		"another name": {func(n *NewTown) { n.ID = "0001000" }, "town", ""}, "the same": {func(n *NewTown) { n.ID, n.Oaza, n.Kana = "0007000", "新町", "シンマチ" }, "town", "この町字は、すでにそのとおり載っています"},
		"no day": {func(n *NewTown) { n.From = resident.Date{} }, "from", ""}, "far": {func(n *NewTown) { n.From = today.AddDays(400) }, "from", ""}, "reading": {func(n *NewTown) { n.Kana = "east" }, "kana", ""},
	} {
		n := right
		x.change(&n)
		if _, err := c.o.ProposeTown(as(t, "clerk-aoki"), n); err == nil || !slices.Equal(fieldsOf(t, err), []string{x.field}) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, id := range []string{"0099000", "0006000", "0004000"} {
		if _, err := c.o.ProposeTownEnd(as(t, "clerk-aoki"), TownEnd{ID: id, Day: tomorrow}); err == nil || !slices.Equal(fieldsOf(t, err), []string{"day"}) {
			t.Errorf("the end of %s: %v", id, err)
		}
	}
	id := must[int64](t)(c.o.ProposeTown(as(t, "clerk-aoki"), right))
	if err := c.o.DecideTowns(as(t, "clerk-aoki"), id, false); err != nil {
		t.Errorf("dropped by who proposed it: %v", err)
	}
	if err := c.o.DecideTowns(as(t, "clerk-inoue"), id, true); err == nil {
		t.Error("confirmed after it was dropped")
	}
}

// TestRenamingInMaster: the master's rows and everybody's address get the new name on its day, whichever way the number of the 丁目 is written;
// who moves there meanwhile gets it too.
func TestRenamingInMaster(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		stray := c.settle("大手9丁目1番") // of before there was a master
		c.keep(matsumoto)
		inTown := []PersonID{c.settle("大手三丁目7番"), c.settle("大手１丁目2番")}
		other, moves := c.settle("大手町3番7号"), c.settle("丸の内2番")
		c.clk.Set(c.clk.Now().Truncate(24 * time.Hour))
		today := resident.DateOf(c.clk.Now())
		day := today.AddDays(1)
		for _, x := range []struct {
			r     Renaming
			field string
			says  string
		}{{Renaming{Old: "大手前", New: "城前"}, "old_name", "「大手"}, {Renaming{Old: "大手", New: "大手町"}, "new_name", "は、ほかの町字（町字ID 0003000）の名称です。町字を一つに合わせる変更"}, {Renaming{Old: "旧町", New: "古町"}, "old_name", "に効力のある町字ではありません"}} {
			x.r.Day, x.r.Basis = day, "rule-21-2-3"
			if _, err := c.o.ProposeRenaming(as(t, "clerk-aoki"), x.r); err == nil || !slices.Equal(fieldsOf(t, err), []string{x.field}) || !strings.Contains(err.Error(), x.says) {
				t.Errorf("%s: %v", x.r.Old, err)
			}
		}
		propose := func() int64 {
			id := must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), Renaming{Old: "大手", New: "城南", Kana: "ジョウナン", Day: day, Basis: "rule-21-2-3"}))
			c.run(time.Second)
			return id
		}
		dropped := propose()
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), dropped, true); err != nil {
			t.Fatal(err)
		}
		if err := c.o.DecideRenaming(as(t, "clerk-aoki"), dropped, false); err != nil {
			t.Fatal(err)
		}
		id := propose()
		if r := c.renaming(id); r.Found != 3 {
			t.Errorf("counted %d", r.Found)
		}
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); err != nil {
			t.Fatal(err)
		}
		if err := c.moveTo(moves, "大手三丁目9番"); err != nil { // the old name, on its last day
			t.Fatal(err)
		}
		c.run(day.Start().Sub(c.clk.Now()) + time.Minute)
		for who, want := range map[PersonID]string{inTown[0]: "城南三丁目7番", inTown[1]: "城南１丁目2番", moves: "城南三丁目9番", stray: "城南9丁目1番", other: "大手町3番7号"} {
			if got := c.address(who); got != want {
				t.Errorf("%s, want %s", got, want)
			}
		}
		if r := c.renaming(id); r.State != store.RenameSpread || r.Given != 4 || r.Changed != 4 {
			t.Errorf("done: %+v", r)
		}
		c.view(func(ctx context.Context, tx *store.Tx) error {
			for id, names := range map[string]string{"0002001": "大手一丁目 城南一丁目 大手一丁目 城南一丁目", "0002003": "大手３丁目 城南３丁目 大手３丁目 城南３丁目", "0003000": "大手町"} {
				rows := must[[]store.Town](t)(tx.TownByID(ctx, body("202029"), id))
				if last := rows[len(rows)-1]; last.Oaza == "城南" && last.Kana != "ジョウナン"+id[6:]+"チョウメ" {
					t.Errorf("%s is read %s", last.Name(), last.Kana)
				}
				var got []string
				for _, r := range rows {
					got = append(got, r.Name())
				}
				if strings.Join(got, " ") != names {
					t.Errorf("%s: %v", id, got)
				}
			}
			return nil
		})
		for _, to := range []string{"大手3丁目1番", "大手一丁目1番"} {
			if err := c.moveTo(other, to); err == nil || !strings.Contains(err.Error(), "へ変わりました") || !strings.Contains(err.Error(), "長野県松本市城南") {
				t.Errorf("the old name: %v", err)
			}
		}
		if err := c.moveTo(other, "城南3丁目1番"); err != nil {
			t.Errorf("the new name: %v", err)
		}
		if got, bad := c.townChange(c.keep(matsumoto)); got.Same != 7 { // a file that does not know of it yet
			t.Errorf("%+v %+v", got, bad)
		}
	})
}

// TestImportInTowns: lines whose address is in no town are set aside with the sentence.
func TestImportInTowns(t *testing.T) {
	c := newCountry(t, "memory:")
	c.keep(strings.Replace(matsumoto, "丸の内", "城内", 1))
	file := registerFile(t, 3, nil)
	if r, rejects := c.load(file); r.Rejected != 3 || !strings.Contains(rejects, "町字マスターにありません") {
		t.Errorf("%+v %s", r, rejects)
	}
	d := newCountry(t, "memory:")
	d.keep(matsumoto)
	if r, rejects := d.load(file); r.Added != 3 {
		t.Errorf("%+v %s", r, rejects)
	}
}

func TestTownKey(t *testing.T) {
	for _, x := range [][2]string{{"大手三丁目", "大手3丁目"}, {"大手十二丁目1", "大手12丁目1"}, {"大手二十丁目", "大手20丁目"}, {"大手１２丁目", "大手12丁目"}, {"葛\U000E0102飾", "葛飾"}, {"三丁目", "3丁目"}, {"一番町", "一番町"}, {"十丁目", "10丁目"}} {
		key, at := store.TownKey(x[0])
		if key != x[1] || len(at) != len(key)+1 {
			t.Errorf("%s: %s", x[0], key)
		}
	}
	if key, at := store.TownKey("大手三丁目7番"); "大手三丁目7番"[at[len("大手3丁目")]:] != "7番" || !strings.HasPrefix(key, "大手3丁目7") {
		t.Error(key, at)
	}
}

// TestDamagedTown keeps no notice back: neither one about an address nor the page of the others.
func TestDamagedTown(t *testing.T) {
	c := newCountry(t, "memory:")
	c.keep(matsumoto)
	who := c.settle("丸の内1番")
	for _, statement := range []string{"DROP TRIGGER town_no_update", "UPDATE town SET from_day = 'x' WHERE town = '0003000'", "UPDATE town SET municipality = '202029', from_day = '9' WHERE town = '0001000'"} {
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.moveTo(who, "中央2番"); err != nil {
		t.Error(err)
	}
	for _, to := range []string{"大手町2番", "どこか2番"} {
		if err := c.moveTo(who, to); err == nil || !slices.Equal(fieldsOf(t, err), []string{"address"}) {
			t.Errorf("%s: %v", to, err)
		}
	}
}

// TestFoundedTowns: a municipality that begins with a master has it once, and one that keeps none begins with none.
func TestFoundedTowns(t *testing.T) {
	c := newCountry(t, "memory:")
	for range 2 {
		if err := c.o.foundTowns(t.Context(), []byte(matsumoto+"202029,12,2,長野県,松本市,深志,フカシ,,,,,0,,\n")); err != nil {
			t.Fatal(err)
		}
	}
	c.view(func(ctx context.Context, tx *store.Tx) error {
		all, total, err := tx.TownChanges(ctx, 0, 10)
		if total != 1 || all[0].Added != 7 || all[0].Rejected != 1 || all[0].Kind != "found" {
			t.Errorf("%+v", all)
		}
		return err
	})
	if err := c.moveTo(c.settle("丸の内1番"), "深志1番"); err == nil {
		t.Error("a town that is not there")
	}
}
