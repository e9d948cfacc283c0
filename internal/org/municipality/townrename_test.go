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

func (c *country) renaming(id int64) (r store.Rename) {
	c.t.Helper()
	c.view(func(ctx context.Context, tx *store.Tx) (err error) {
		r, _, err = tx.Rename(ctx, id)
		return err
	})
	return r
}

// settle registers somebody at an address of 松本市.
func (c *country) settle(at string) PersonID {
	c.t.Helper()
	r := movedIn()
	r.Record.Address = address("長野県松本市" + at)
	return c.register(r).Person
}

func (c *country) address(who PersonID) string {
	c.t.Helper()
	return strings.TrimPrefix(c.now(who).Record.Address.Reveal(), "長野県松本市")
}

// TestRenaming: one operation amends all who live there from its day on, tells the prefecture of each, and ends nothing.
func TestRenaming(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		inTown := []PersonID{c.settle("大手3番7号"), c.settle("大手四丁目1番　大手ハイツ２０１号室"), c.settle("大手")}
		others := []PersonID{c.settle("大手町3番7号"), c.settle("北大手3番7号"), c.settle("丸の内3番7号")}
		planned, moves := c.settle("大手９番"), c.settle("大手10番")
		c.clk.Set(c.clk.Now().Truncate(24 * time.Hour))
		tomorrow := resident.DateOf(c.clk.Now()).AddDays(1)
		renaming := Renaming{Old: "大手", New: "中央", Day: tomorrow, Basis: "rule-21-2-3"}
		id := must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), renaming))
		if _, err := c.o.ProposeRenaming(as(t, "clerk-inoue"), renaming); !slices.Equal(fieldsOf(t, err), []string{"old_name"}) || !strings.Contains(err.Error(), "この町名の変更は、すでに提案されています") {
			t.Errorf("proposed twice: %v", err)
		}
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id+1000, true); !slices.Equal(fieldsOf(t, err), []string{"rename"}) || !strings.Contains(err.Error(), "この町名の変更は、取り下げられています") {
			t.Errorf("one that is not there: %v", err)
		}
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); !slices.Equal(fieldsOf(t, err), []string{"rename"}) || !strings.Contains(err.Error(), "数えています") {
			t.Errorf("confirmed before it was counted: %v", err)
		}
		c.run(time.Second)
		if r := c.renaming(id); r.State != store.RenameCounted || r.Found != 5 {
			t.Fatalf("counted: %+v", r)
		}
		if err := c.o.DecideRenaming(as(t, "clerk-aoki"), id, true); !slices.Equal(fieldsOf(t, err), []string{"confirmer"}) {
			t.Errorf("confirmed by who proposed it: %v", err)
		}
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); err != nil {
			t.Fatal(err)
		}
		c.run(time.Hour)
		if got := c.address(inTown[0]); got != "大手3番7号" {
			t.Errorf("a day too early: %s", got)
		}
		// Meanwhile one dies and one moves away; one more comes.
		if _, err := c.o.File(as(t, "clerk-aoki"), Death{c.filing(planned, "family-86")}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(moves, "law-23"), Address: address("長野県松本市丸の内1番")}); err != nil {
			t.Fatal(err)
		}
		inTown = append(inTown, c.settle("大手１１番"))
		told, killed := len(c.changes), len(c.invalidations)
		c.run(tomorrow.Start().Sub(c.clk.Now()) + time.Minute)
		for i, want := range []string{"中央3番7号", "中央四丁目1番　大手ハイツ２０１号室", "中央", "中央１１番"} {
			v := c.now(inTown[i])
			if got := c.address(inTown[i]); got != want || v.Change.Reason != resident.MinorAmendment || v.Change.Arose != tomorrow || v.EnteredBy != "clerk-inoue" || !v.Kills.Nothing() {
				t.Errorf("%s by %s of %s, want %s", got, v.Change.Reason, v.Change.Arose, want)
			}
		}
		for i, want := range []string{"大手町3番7号", "北大手3番7号", "丸の内3番7号"} {
			if got := c.address(others[i]); got != want || c.now(others[i]).Number != 1 {
				t.Errorf("%s became %s", want, got)
			}
		}
		if r := c.renaming(id); r.State != store.RenameSpread || r.Given != 4 || r.Changed != 4 {
			t.Errorf("done: %+v", r)
		}
		if len(c.changes) != told+4 || len(c.invalidations) != killed {
			t.Errorf("the prefecture was told of %d, and of %d invalidations", len(c.changes)-told, len(c.invalidations)-killed)
		}

		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); !slices.Equal(fieldsOf(t, err), []string{"rename"}) || !strings.Contains(err.Error(), "この町名の変更は、すでに決まっています") {
			t.Errorf("confirmed twice: %v", err)
		}

		// From then on the old name is no address.
		for name, err := range map[string]error{
			"moved": second(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(others[0], "law-23"), Address: address("長野県松本市大手2番")})),
			"came":  second(c.o.Register(as(t, "clerk-aoki"), at(movedIn(), "長野県松本市大手2番"))),
		} {
			if !slices.Equal(fieldsOf(t, err), []string{"address"}) || !strings.Contains(err.Error(), "へ変わりました。「長野県松本市中央2番」と入力してください") {
				t.Errorf("%s to the old name: %v", name, err)
			}
		}
		if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(others[0], "law-23"), Address: address("長野県松本市大手町2番")}); err != nil {
			t.Errorf("moved to a town whose name begins so: %v", err)
		}
	})
}

func at(r Registration, place string) Registration {
	r.Record.Address = address(place)
	return r
}

func second[T any](_ T, err error) error { return err }

// TestRenamingGoesOnWithoutOne: a record that cannot be changed is set aside, and keeps nobody else's back.
func TestRenamingGoesOnWithoutOne(t *testing.T) {
	c := newCountry(t, "memory:")
	all := []PersonID{c.settle("大手1番"), c.settle("大手2番"), c.settle("大手3番")}
	today := resident.DateOf(c.clk.Now())
	id := must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), Renaming{Old: "大手", New: "中央", Day: today, Basis: "rule-21-2-5"}))
	c.run(time.Second)
	for _, statement := range []string{"DROP TRIGGER record_version_no_update", "UPDATE record_version SET address = '長野県松本市大手4番' WHERE person = " + all[1].String()} {
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, statement)
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); err != nil {
		t.Fatal(err)
	}
	c.run(48 * time.Hour)
	if a, b := c.address(all[0]), c.address(all[2]); a != "中央1番" || b != "中央3番" {
		t.Errorf("%s, %s", a, b)
	}
	if r := c.renaming(id); r.Given != 3 || r.Changed != 2 {
		t.Errorf("%d of %d", r.Changed, r.Given)
	}
	var parked int64
	c.view(func(ctx context.Context, tx *store.Tx) error {
		return tx.QueryRow(ctx, "SELECT COUNT(*) FROM due WHERE kind = $1 AND state = 'parked'", dueRenameOne).Scan(&parked)
	})
	if parked != 1 {
		t.Errorf("%d are parked", parked)
	}
}

// TestRenamedBack: a town that gets its old name back is entered with that one, and not with the name between.
func TestRenamedBack(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.settle("大手3番7号")
	for _, r := range []Renaming{{Old: "大手", New: "中央"}, {Old: "中央", New: "大手"}} {
		r.Day, r.Basis = resident.DateOf(c.clk.Now()).AddDays(1), "rule-21-2-3"
		id := must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), r))
		c.run(time.Second)
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); err != nil {
			t.Fatal(err)
		}
		c.run(r.Day.Start().Sub(c.clk.Now()) + time.Minute)
	}
	if got := c.address(who); got != "大手3番7号" {
		t.Errorf("the address is %s", got)
	}
	move := func(to string) error {
		_, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市" + to)})
		return err
	}
	if err := move("中央1番"); err == nil || !slices.Equal(fieldsOf(t, err), []string{"address"}) {
		t.Errorf("the name between: %v", err)
	}
	if err := move("大手1番"); err != nil {
		t.Errorf("the name of today: %v", err)
	}
}

// TestDamagedRenaming keeps no notice back: neither a change of address nor the page of the others.
func TestDamagedRenaming(t *testing.T) {
	for _, damage := range []string{"municipality = 'x'", "day = 'x'"} {
		c := newCountry(t, "memory:")
		who := c.settle("丸の内1番")
		must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), Renaming{Old: "大手", New: "中央", Day: resident.DateOf(c.clk.Now()), Basis: "rule-21-2-3"}))
		c.run(time.Second)
		if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
			_, err := tx.Exec(ctx, "UPDATE town_rename SET state = 'spread', "+damage)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if _, err := c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市丸の内2番")}); err != nil {
			t.Errorf("%s: %v", damage, err)
		}
	}
}

// TestDamagedSealKeepsNoDeathBack: a seal's row with a day that cannot be read ends with its holder's record.
func TestDamagedSealKeepsNoDeathBack(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn()).Person
	a := c.sealOf(who, 1)
	a.Way = SealByInquiry
	must[store.Seal](t)(c.o.RegisterSeal(as(t, "clerk-aoki"), a))
	if err := c.o.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, "UPDATE seal SET answer_until = 'x'")
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := c.o.File(as(t, "clerk-aoki"), Death{c.filing(who, "family-86")}); err != nil {
		t.Error(err)
	}
	if _, live := c.liveSeal(who); live {
		t.Error("the seal stands")
	}
}

// TestRenamingInPages: as many as fill several steps, each once.
func TestRenamingInPages(t *testing.T) {
	c := newCountry(t, "memory:")
	c.load(registerFile(t, 2*renamePage+3, nil))
	id := must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), Renaming{Old: "丸の内", New: "城内", Day: resident.DateOf(c.clk.Now()), Basis: "rule-21-2-3"}))
	c.run(time.Minute)
	r := c.renaming(id)
	if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, true); err != nil {
		t.Fatal(err)
	}
	c.run(time.Hour)
	if now := c.renaming(id); r.Found != 2*renamePage+3 || now.Given != r.Found || now.Changed != r.Found {
		t.Errorf("found %d, given %d, changed %d", r.Found, now.Given, now.Changed)
	}
}

func TestRefusedRenamings(t *testing.T) {
	c := newCountry(t, "memory:")
	today := resident.DateOf(c.clk.Now())
	right := Renaming{Old: "大手", New: "中央", Day: today, Basis: "rule-21-2-3"}
	for name, x := range map[string]struct {
		change func(*Renaming)
		field  string
		says   string
	}{
		"no present name":    {func(r *Renaming) { r.Old = "" }, "old_name", "今の町名を入力"},
		"no new name":        {func(r *Renaming) { r.New = "" }, "new_name", "新しい町名を入力"},
		"the same":           {func(r *Renaming) { r.New = r.Old }, "new_name", "同じです"},
		"a private letter":   {func(r *Renaming) { r.New = "中\uE000" }, "new_name", "外字"},
		"no ground":          {func(r *Renaming) { r.Basis = "" }, "basis", "名称の変更の根拠（規則21条の2第3号か第5号）を選んでください"},
		"the ground of lots": {func(r *Renaming) { r.Basis = "rule-21-2-4" }, "basis", "根拠"},
		"no day":             {func(r *Renaming) { r.Day = resident.Date{} }, "day", "日を入力"},
		"far ahead":          {func(r *Renaming) { r.Day = today.AddDays(367) }, "day", "年を確かめて"},
		"long ago":           {func(r *Renaming) { r.Day = today.AddDays(-367) }, "day", "年を確かめて"},
		"another's":          {func(r *Renaming) { r.Municipality = body("131211") }, "municipality", "松本市"},
	} {
		r := right
		x.change(&r)
		before := c.footprint()
		_, err := c.o.ProposeRenaming(as(t, "clerk-aoki"), r)
		if err == nil {
			t.Fatalf("%s: proposed", name)
		}
		if got := fieldsOf(t, err); !slices.Equal(got, []string{x.field}) || !strings.Contains(err.Error(), x.says) {
			t.Errorf("%s: %v: %v", name, got, err)
		}
		if c.footprint() != before {
			t.Errorf("%s: something was written", name)
		}
	}
	for _, day := range []resident.Date{today.AddDays(366), today.AddDays(-366)} {
		r := right
		r.Day, r.Old = day, "北"+day.String()[:4]
		if _, err := c.o.ProposeRenaming(as(t, "clerk-aoki"), r); err != nil {
			t.Errorf("%s: %v", day, err)
		}
	}
	id := must[int64](t)(c.o.ProposeRenaming(as(t, "clerk-aoki"), right))
	if _, err := c.o.ProposeRenaming(as(t, "clerk-inoue"), right); !slices.Equal(fieldsOf(t, err), []string{"old_name"}) {
		t.Errorf("twice: %v", err)
	}
	if err := c.o.DecideRenaming(as(t, "clerk-aoki"), id, false); err != nil {
		t.Errorf("dropped by who proposed it: %v", err)
	}
	for _, confirm := range []bool{true, false} {
		if err := c.o.DecideRenaming(as(t, "clerk-inoue"), id, confirm); !slices.Equal(fieldsOf(t, err), []string{"rename"}) {
			t.Errorf("after it was dropped: %v", err)
		}
	}
	c.run(time.Hour)
	if r := c.renaming(id); r.State != store.RenameDropped || r.Given != 0 {
		t.Errorf("it went on: %+v", r)
	}
	for _, who := range []string{"operator-ueda", "auditor-onishi"} {
		_, err := c.o.ProposeRenaming(as(t, who), right)
		for _, err := range []error{err, c.o.DecideRenaming(as(t, who), id, true)} {
			if _, ok := err.(*access.Refused); !ok {
				t.Errorf("%s: %v", who, err)
			}
		}
	}
}

func TestRenamedAddress(t *testing.T) {
	of := must[resident.Municipality](t)(resident.Lookup("municipality", body("202029"), today))
	for was, want := range map[string]string{
		"大手": "中央", "大手1番": "中央1番", "大手１丁目": "中央１丁目", "大手十丁目": "中央十丁目", "大手　ハイツ": "中央　ハイツ", "大手甲1": "中央甲1",
		"大手町": "", "大手前1番": "", "北大手1番": "", "大": "", "": "",
	} {
		got, ok := renamedAddress("長野県松本市"+was, of, "大手", "中央")
		if ok != (want != "") || ok && got != "長野県松本市"+want {
			t.Errorf("%s became %q", was, got)
		}
	}
	if _, ok := renamedAddress("東京都足立区大手1番", of, "大手", "中央"); ok {
		t.Error("another municipality's town")
	}
}
