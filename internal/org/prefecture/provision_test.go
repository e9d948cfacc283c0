package prefecture_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/inquiry"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/provision"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/sqlstore/sqlstoretest"
	"github.com/akashi-id/akashi/resident"
)

var inoue, onishi = access.Personas()[1], access.Personas()[4]

// passports is a use of the passport office, from a day on.
func passports(begins resident.Date) provision.Use {
	return provision.Use{Name: "一般旅券の発給", Body: "旅券センター", Law: "住民基本台帳法第30条の8・別表第五の六", Purpose: look.Passport,
		Items: provision.Resides | provision.Name | provision.Birth | provision.Address, Staff: []string{clerk.ID}, Begins: begins}
}

// approved is a use that two persons have approved.
func (c *country) approved(u provision.Use) uint64 {
	c.t.Helper()
	n, err := c.nagano.Provision.Propose(c.t.Context(), ueda, u)
	if err == nil {
		err = c.nagano.Provision.Approve(c.t.Context(), egawa, n, true, "")
	}
	if err != nil {
		c.t.Fatal(err)
	}
	return n
}

func (c *country) counted(from, to resident.Date) (s provision.Statistics) {
	c.t.Helper()
	if err := c.nagano.Store.View(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		s, err = provision.Count(ctx, tx, from, to)
		return err
	}); err != nil {
		c.t.Fatal(err)
	}
	return s
}

// saysNo fails unless an error is a sentence about a field that has the words.
func saysNo(t *testing.T, what string, err error, field, words string) {
	t.Helper()
	ps, ok := plain.AsProblems(err)
	if !ok || ps[0].Field != field || !strings.Contains(ps[0].JA, words) || ps[0].EN == "" {
		t.Errorf("%s: %v, want a sentence about %q with %q", what, err, field, words)
	}
}

// TestAUseWorksOnlyWhenApproved: not before two persons, not before its day, not after its end, for nobody else, and for no item beyond.
func TestAUseWorksOnlyWhenApproved(t *testing.T) {
	sqlstoretest.Each(t, func(t *testing.T, url string) {
		c := newCountry(t, url)
		a := newPerson(t, 1, "松本　花子")
		want(t, c.tell(matsumoto, a.change(resident.MoveIn)), "applied")
		ctx, office := t.Context(), c.nagano.Provision
		today := resident.DateOf(c.clk.Now())
		ask := func(by access.Person, number uint64, items provision.Items) error {
			_, err := office.Provide(ctx, by, provision.Request{Use: number, Case: "旅券-17", Items: items, Question: inquiry.Question{Code: a.Code}})
			return err
		}
		saysNo(t, "a use that is not there", ask(clerk, 99, 0), "use", "この事務はありません。一覧から選んでください")

		u := passports(today.AddDays(2))
		u.Ends = today.AddDays(3)
		n, err := office.Propose(ctx, ueda, u)
		if err != nil {
			t.Fatal(err)
		}
		saysNo(t, "proposed", ask(clerk, n, 0), "use", "まだ承認されていません")
		saysNo(t, "approved by the proposer", office.Approve(ctx, ueda, n, true, ""), "confirmer", "もう一人")
		saysNo(t, "refused without a reason", office.Approve(ctx, egawa, n, false, ""), "why", "承認しないわけを入力してください")
		if err := office.Approve(ctx, clerk, n, true, ""); err == nil {
			t.Error("a clerk approves")
		}
		if err := office.Approve(ctx, egawa, n, true, ""); err != nil {
			t.Fatal(err)
		}
		saysNo(t, "approved twice", office.Approve(ctx, egawa, n, true, ""), "", "この事務は、その間に変わりました")
		saysNo(t, "before its day", ask(clerk, n, 0), "use", "この事務での提供は令和8年4月3日からです。その日まで")

		c.clk.Set(today.AddDays(2).Start())
		if err := ask(clerk, n, 0); err != nil {
			t.Errorf("on its first day: %v", err)
		}
		saysNo(t, "another body's", ask(inoue, n, 0), "use", "この事務は「旅券センター」のものです。あなたは")
		saysNo(t, "beyond its items", ask(clerk, n, provision.Name|provision.Code), "items", "この事務で提供できない項目があります（住民票コード）")
		for _, by := range []access.Person{ueda, onishi, {}} {
			if err := ask(by, n, 0); err == nil {
				t.Errorf("%q is given", by.ID)
			}
		}
		c.clk.Set(today.AddDays(4).Start().Add(-time.Microsecond))
		if err := ask(clerk, n, 0); err != nil {
			t.Errorf("on its last day: %v", err)
		}
		c.clk.Set(today.AddDays(4).Start())
		saysNo(t, "after its last day", ask(clerk, n, 0), "use", "終わりました")

		other := c.approved(passports(today))
		if err := ask(clerk, other, 0); err != nil {
			t.Error(err)
		}
		saysNo(t, "ended for too long a reason", office.End(ctx, ueda, other, strings.Repeat("長", 201)), "why", "わけは200文字までにしてください")
		saysNo(t, "one that is not there", office.End(ctx, ueda, 99, "法改正"), "", "この事務はありません。一覧から選び直してください")
		saysNo(t, "ended without a reason", office.End(ctx, ueda, other, ""), "why", "終えるわけを入力してください")
		if err := office.End(ctx, ueda, other, "法改正"); err != nil {
			t.Error(err)
		}
		saysNo(t, "ended", ask(clerk, other, 0), "use", "終わりました")
		saysNo(t, "ended twice", office.End(ctx, ueda, other, "法改正"), "", "この事務は、その間に変わりました")
		refused, err := office.Propose(ctx, egawa, passports(today))
		if err == nil {
			err = office.Approve(ctx, ueda, refused, false, "根拠がない")
		}
		if err != nil {
			t.Error(err)
		}
		saysNo(t, "refused", ask(clerk, refused, 0), "use", "承認されませんでした")
	})
}

func TestAUseThatLacksSomethingIsNotProposed(t *testing.T) {
	c := newCountry(t, "memory:")
	today := resident.DateOf(c.clk.Now())
	for field, x := range map[string]struct {
		spoil func(*provision.Use)
		says  string
	}{
		"name":    {func(u *provision.Use) { u.Name = "" }, "事務の名前を入力してください。"},
		"body":    {func(u *provision.Use) { u.Body = strings.Repeat("長", 201) }, "提供を受ける機関は200文字までにしてください。"},
		"law":     {func(u *provision.Use) { u.Law = "一行\n二行" }, "根拠となる法律の条項は1行で入力してください。"},
		"purpose": {func(u *provision.Use) { u.Purpose = look.Fault }, "事務の種類を選んでください"},
		"items":   {func(u *provision.Use) { u.Items = 0 }, "提供できる項目を一つ以上選んでください"},
		"staff":   {func(u *provision.Use) { u.Staff = nil }, "その機関で照会する人の識別子を、1人から50人まで入力してください"},
		"begins":  {func(u *provision.Use) { u.Begins = resident.Date{} }, "提供を始める日を入力してください"},
		"ends":    {func(u *provision.Use) { u.Ends = u.Begins.AddDays(-1) }, "終わる日は、始まる日以後にしてください"},
	} {
		u := passports(today)
		x.spoil(&u)
		_, err := c.nagano.Provision.Propose(t.Context(), ueda, u)
		saysNo(t, field, err, field, x.says)
	}
	if _, body := c.get(t, ueda.ID, "/provision?from=2026-04-02&to=2026-04-01"); !strings.Contains(body, "終わりの日は、始まりの日以後にしてください") {
		t.Error("counts of a time that ends before it begins")
	}
}

// TestOnlyTheItemsAreGivenAndAllIsRecorded: what is not an item of the use is nowhere in the answer; who was given is a look and is counted.
func TestOnlyTheItemsAreGivenAndAllIsRecorded(t *testing.T) {
	c := newCountry(t, "memory:")
	a, b := newPerson(t, 1, "渡邉　花子"), newPerson(t, 2, "渡辺　花子")
	want(t, c.tell(matsumoto, a.change(resident.MoveIn)), "applied")
	want(t, c.tell(iida, b.change(resident.MoveIn, in("202053", "長野県飯田市大久保町2534番地"))), "applied")
	today := resident.DateOf(c.clk.Now())
	n := c.approved(passports(today))
	answer, err := c.nagano.Provision.Provide(t.Context(), clerk, provision.Request{Use: n, Case: "旅券-1", Question: inquiry.Question{Code: a.Code, Asked: resident.BasicFour{Name: b.Name}}})
	if err != nil || len(answer.Given) != 1 {
		t.Fatalf("%+v, %v", answer, err)
	}
	g := answer.Given[0]
	if g.Of(provision.Name) != a.Name.Reveal() || g.Of(provision.Resides) != "住民" || g.Of(provision.Birth) != "1980-05-01" || !g.Match.Weak() {
		t.Errorf("given %v", g)
	}
	if g.Of(provision.Code) != "" || g.Of(provision.Sex) != "" || strings.Contains(fmt.Sprintf("%#v", g), a.Code.Reveal()) {
		t.Error("more than the items of the use is given")
	}
	// By attributes candidates come, and each of them is one that was given.
	answer, err = c.nagano.Provision.Provide(t.Context(), clerk, provision.Request{Use: n, Case: "旅券-2", Items: provision.Name, Question: inquiry.Question{Asked: resident.BasicFour{Name: a.Name, Birth: a.Birth}}})
	if err != nil || len(answer.Given) != 2 || answer.Given[0].Of(provision.Address) != "" {
		t.Errorf("candidates: %+v, %v", answer, err)
	}
	if _, err = c.nagano.Provision.Provide(t.Context(), clerk, provision.Request{Use: n, Question: inquiry.Question{Code: a.Code}}); err == nil {
		t.Error("given without a case number")
	}

	var rows []look.Row
	var entries []auditlog.Record
	if err := c.nagano.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		if rows, err = look.List(ctx, tx, look.Filter{}); err != nil {
			return err
		}
		entries, err = auditlog.List(ctx, tx, auditlog.Filter{Act: "provide"})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 3 || rows[0].Ground.Purpose != look.Passport || rows[2].Items != look.Four|look.History || len(entries) != 2 || entries[0].Subject != "use-1" {
		t.Errorf("%d looks, %d entries: %+v", len(rows), len(entries), rows)
	}
	s := c.counted(today, today)
	if s.Total() != 3 || s.ByPrefecture(n)[20] != 3 || len(s.Rows) != 2 || s.Rows[0].Municipality != "202029" || s.Rows[0].N != 2 {
		t.Errorf("counted %+v", s.Rows)
	}
	if s := c.counted(today.AddDays(1), today.AddDays(9)); s.Total() != 0 {
		t.Errorf("counted %d on other days", s.Total())
	}
}

// TestAFileIsAnsweredLineByLine: what is wrong with a line is said in that line, and the others are answered.
func TestAFileIsAnsweredLineByLine(t *testing.T) {
	c := newCountry(t, "memory:")
	a, b, damaged, secret := newPerson(t, 1, "松本　花子"), newPerson(t, 2, "=1+1"), newPerson(t, 3, "飯田　一郎"), newPerson(t, 4, "松本　次郎")
	want(t, c.tell(matsumoto, a.change(resident.MoveIn), b.change(resident.MoveIn), damaged.change(resident.MoveIn), secret.change(resident.MoveIn)), "applied", "applied", "applied", "applied")
	if err := c.nagano.Store.Update(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		_, err := tx.Exec(ctx, `UPDATE resident SET sex = 'x' WHERE code = $1`, damaged.Code.Reveal())
		return err
	}); err != nil {
		t.Fatal(err)
	}
	c.nagano.Inquiry.Withheld = func(_ context.Context, _ *sqlstore.Tx, code resident.RecordCode) (bool, error) {
		return code == secret.Code, nil
	}
	today := resident.DateOf(c.clk.Now())
	n := c.approved(passports(today))
	head := strings.Join(provision.BulkColumns, ",")
	file := "\ufeff" + head + "\r\n" +
		"17," + a.Code.Reveal() + ",松本　花子,昭和55年5月1日,,\r\n" +
		"18," + b.Code.Reveal() + ",,,,\r\n\r\n" +
		"19,12345678901,,,,\r\n" + // no record code: the check digit
		"20,,松本　花子,1980-05-01,,\r\n" +
		"21," + resident.RecordCodeOf(99).Reveal() + ",,,,\r\n" +
		"22,\"" + a.Code.Reveal() + ",,,,\r\n" +
		"受付," + a.Code.Reveal() + ",,,,\r\n" +
		"24," + damaged.Code.Reveal() + ",,,,\r\n" +
		"25," + secret.Code.Reveal() + ",,,,\r\n" +
		"26," + a.Code.Reveal() + ",松本　花,,,\r\n"
	answer, err := c.nagano.Provision.ProvideFile(t.Context(), clerk, n, 0, []byte(file))
	if err != nil || len(answer.Rows) != 10 {
		t.Fatalf("%d rows, %v", len(answer.Rows), err)
	}
	for i, w := range []string{"提供", "提供", "不備", "不備", "該当なし", "不備", "不備", "記録が壊れて", "提供できません", "提供"} {
		if !strings.HasPrefix(answer.Rows[i][2], w) || len(answer.Rows[i]) != len(answer.Head) {
			t.Errorf("line %s: %q, want %s", answer.Rows[i][0], answer.Rows[i], w)
		}
	}
	if answer.Given != 3 || answer.Bad != 4 || answer.Nobody != 1 || answer.Unreadable != 1 || answer.Withheld != 1 {
		t.Errorf("counted %+v", answer)
	}
	if !strings.HasPrefix(answer.Rows[0][3], "すべて一致") || !strings.HasPrefix(answer.Rows[9][3], "一部が違う") {
		t.Errorf("degrees %q and %q", answer.Rows[0][3], answer.Rows[9][3])
	}
	if got := answer.Rows[1][5]; got != "'=1+1" {
		t.Errorf("a spreadsheet takes the name %q for a formula", got)
	}
	if s := c.counted(today, today); s.Total() != 3 {
		t.Errorf("%d counted, want 3", s.Total())
	}
	for file, says := range map[string]string{"17,1,,,,": "1行目の見出しが違います", head: "見出しの下に行がありません", head + strings.Repeat("\n1,2,,,,", provision.MostLines+1): "行を超えています。ファイルを分けて"} {
		_, err := c.nagano.Provision.ProvideFile(t.Context(), clerk, n, 0, []byte(file))
		saysNo(t, says, err, "file", says)
	}
	_, err = c.nagano.Provision.ProvideFile(t.Context(), inoue, n, 0, []byte(file))
	saysNo(t, "another body's", err, "use", "旅券センター")
}
