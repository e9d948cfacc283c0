package desk_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/docs/runbooks"
	"github.com/akashi-id/akashi/internal/alarm"
	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/reconcile"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

// byHand changes one row of an organisation's database behind its program's back.
func (c *country) byHand(at message.Org, query string, args ...any) {
	c.t.Helper()
	err := c.hosts[at].Store.Update(c.t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		n, err := tx.Exec(ctx, query, args...)
		if err == nil && n != 1 {
			c.t.Errorf("%s changed %d rows", query, n)
		}
		return err
	})
	if err != nil {
		c.t.Fatal(err)
	}
}

// differ sends the changes of a resident, deletes the row at the prefecture by hand, and returns the case that both sides open.
func (c *country) differ(code uint64) reconcile.Case {
	c.t.Helper()
	c.move(code, "長野県松本市大手1番1号")
	c.byHand(nagano, `DELETE FROM held WHERE code = $1`, resident.RecordCodeOf(code).Reveal())
	c.run(3 * often)
	cases, err := c.hosts[matsumoto].Books.Cases(c.t.Context(), false, 100)
	if err != nil || len(cases) != 1 || cases[0].Key != resident.RecordCodeOf(code).Reveal() {
		c.t.Fatalf("%v, cases %+v", err, cases)
	}
	return cases[0]
}

func caseURL(c reconcile.Case) string { return "/reconcile/case/" + strings.ReplaceAll(c.ID, "/", "~") }

// TestCaseEndedByTwo is the way of a difference: both sides see it, one person of the source proposes, another confirms.
func TestCaseEndedByTwo(t *testing.T) {
	c := newCountry(t)
	one := c.differ(1)
	page, code := caseURL(one), one.Key
	ueda, egawa, peer := c.as("operator-ueda", matsumoto), c.as("operator-egawa", matsumoto), c.as("operator-ueda", nagano)

	for _, v := range []visitor{ueda, peer} {
		status, body := v.get("/reconcile")
		wants(t, status, body, 200, one.ID, "長野県")
		if strings.Contains(body, code) {
			t.Error("the list of cases shows whose they are")
		}
	}
	if looks := c.audit(matsumoto, auditlog.ActLook); len(looks) != 0 {
		t.Errorf("%d looks recorded before anybody was shown", len(looks))
	}
	status, body := peer.post(page+"/note", "act", "inquiry", "text", `<b>どちらが</b>正しいですか。`)
	wants(t, status, body, 200, "&lt;b&gt;どちらが&lt;/b&gt;正しいですか。", "この団体は写しです", "照会", code)
	c.run(time.Second)
	status, body = ueda.get(page)
	wants(t, status, body, 200, "&lt;b&gt;どちらが&lt;/b&gt;正しいですか。", "何も保有していません。", "第1版を保有しています。", code, "この団体が元です")
	status, body = ueda.post(page + "/own")
	wants(t, status, body, 200, "担当")

	status, body = ueda.post(page+"/propose", "way", "request", "why", "元が照会する")
	wants(t, status, body, 422, "元の団体は「再送」")
	status, body = ueda.post(page+"/propose", "way", "resend", "why", "")
	wants(t, status, body, 422, "わけを入力してください", code)
	status, body = ueda.post(page+"/propose", "way", "resend", "why", "届出の原本で確かめた")
	wants(t, status, body, 200, "提案されている解決方法", "提案した人とは別の運用員")
	if strings.Contains(body, "承認して実行する") || strings.Contains(body, "resend: ") {
		t.Error("who proposed is offered to confirm, or the page speaks the program's language")
	}
	_, body = egawa.get(page)
	seen := between(body, `name="seen" value="`, `"`)
	status, body = ueda.post(page+"/confirm", "seen", seen)
	wants(t, status, body, 422, "承認できません")
	status, body = egawa.post(page+"/confirm", "seen", "resend operator-ueda yesterday")
	wants(t, status, body, 422, "見ていた提案は")
	status, body = egawa.post(page+"/confirm", "seen", seen)
	wants(t, status, body, 200, "再送", "operator-egawa")
	c.run(3 * often)
	for _, v := range []visitor{egawa, peer} {
		status, body = v.get(page)
		wants(t, status, body, 200, "一致して閉じた", "双方の登録が一致した。")
		if strings.Contains(body, "<textarea") || strings.Contains(body, "Both ends hold the same") {
			t.Error("a closed case can be worked on, or a Japanese page speaks English")
		}
	}
	status, body = c.as("auditor-onishi", matsumoto).get(page + "?lang=en")
	wants(t, status, body, 200, "Both ends hold the same.", "closed, both agree")
	if strings.Contains(body, "双方の登録が") {
		t.Error("an English page speaks Japanese")
	}
	for _, look := range c.audit(matsumoto, auditlog.ActLook) {
		if look.Subject != code || look.Case != one.ID || look.Actor == "" {
			t.Errorf("a look is recorded as %+v", look.Entry)
		}
	}
	for act, n := range map[string]int{"case.own": 1, "case.propose": 1, "case.confirm": 1} {
		if got := c.audit(matsumoto, act); len(got) != n || got[0].Case != one.ID {
			t.Errorf("%d audit entries %s, want %d about %s", len(got), act, n, one.ID)
		}
	}
}

// TestARefusedEntryIsALookToo: a page that comes back with what is wrong shows the person as well as the page before it did.
func TestARefusedEntryIsALookToo(t *testing.T) {
	c := newCountry(t)
	one := c.differ(1)
	ueda := c.as("operator-ueda", matsumoto)
	status, body := ueda.post(caseURL(one)+"/note", "act", "inquiry")
	wants(t, status, body, 422, one.Key)
	if looks := c.audit(matsumoto, auditlog.ActLook); len(looks) != 1 || looks[0].Subject != one.Key || looks[0].Actor != "operator-ueda" {
		t.Errorf("the looks recorded are %+v", looks)
	}
}

// TestFinding: what the self-audit found has a page of its own, whose address does not say whose row it is. While a case is
// open about the row, the case is ended first.
func TestFinding(t *testing.T) {
	c := newCountry(t)
	one := c.differ(1)
	ueda := c.as("operator-ueda", nagano)
	_, body := ueda.get("/reconcile")
	path := "/reconcile/finding/" + between(body, `href="/prefecture-20/reconcile/finding/`, `"`)
	if strings.Contains(body, one.Key) || strings.Contains(path, one.Key) || len(c.audit(nagano, auditlog.ActLook)) != 0 {
		t.Errorf("the list of findings shows whose rows they are: %s", path)
	}
	status, body := ueda.get(path)
	wants(t, status, body, 200, "プログラムによらず消え", one.Key, "先に件を終えてください", caseURL(one))
	if strings.Contains(body, "<textarea") {
		t.Error("a finding can be closed while its case is open")
	}
	looks := c.audit(nagano, auditlog.ActLook)
	if len(looks) != 1 || looks[0].Subject != one.Key || looks[0].Actor != "operator-ueda" {
		t.Errorf("the looks recorded are %+v", looks)
	}
	status, body = ueda.post(path+"/close", "why", "直した")
	wants(t, status, body, 422, "先に件を終えてください")
	if got := c.audit(nagano, "finding.acknowledge"); len(got) != 0 {
		t.Errorf("%d are recorded as closed", len(got))
	}
	status, body = ueda.get("/reconcile/finding/00112233445566778899aabbccddeeff")
	wants(t, status, body, 422, "この所見は、もう閉じているか")
}

// TestFindingIsClosedWithAReason: one that led to no case is closed by a person, whose reason is kept in full.
func TestFindingIsClosedWithAReason(t *testing.T) {
	c := newCountry(t)
	c.move(1, "長野県松本市大手1番1号")
	c.run(3 * often)
	c.byHand(nagano, `UPDATE r_digest SET l0 = l0 + 1 WHERE bucket = (SELECT MIN(bucket) FROM r_digest)`)
	c.run(3 * often)
	ueda := c.as("operator-ueda", nagano)
	_, body := ueda.get("/reconcile")
	path := "/reconcile/finding/" + between(body, `href="/prefecture-20/reconcile/finding/`, `"`)
	status, body := ueda.get(path)
	wants(t, status, body, 200, "帳簿の合計が", "所見を閉じる")
	status, body = ueda.post(path+"/close", "why", " ")
	wants(t, status, body, 422, "わけを入力してください")
	status, body = ueda.post(path+"/close", "why", strings.Repeat("長", 334))
	wants(t, status, body, 422, "わけが長すぎます", strings.Repeat("長", 334))
	why := strings.Repeat("長", 333)
	status, body = ueda.post(path+"/close", "why", why)
	wants(t, status, body, 200, "不一致の件はありません")
	if strings.Contains(body, "所見あり") {
		t.Error("the finding is still open")
	}
	if got := c.audit(nagano, "finding.acknowledge"); len(got) != 1 || got[0].Detail != why || got[0].Actor != "operator-ueda" {
		t.Errorf("recorded: %+v", got)
	}
	if status, _ := ueda.post(path+"/close", "why", "もう一度"); status != 422 {
		t.Errorf("closed twice: %d", status)
	}
}

// TestAlarmsAndTheirRunbooks: what asks for somebody is counted on every page, and what to do is one click away.
func TestAlarmsAndTheirRunbooks(t *testing.T) {
	c := newCountry(t)
	ueda := c.as("operator-ueda", nagano)
	status, body := ueda.get("/alarms")
	wants(t, status, body, 200, "警報は出ていません", "出ている警報はありません")
	c.differ(1)
	c.move(2, "新しい団地1号棟")
	c.run(3 * often)
	status, body = ueda.get("/alarms/part/open")
	wants(t, status, body, 200, "警報が3件出ています", "記録がプログラムの外で書き換えられた", "重大", "突合の不一致がある", "受けた電文を保留している", "1件", "松本市、住民（本人確認情報）",
		`data-kind="bad"`, `href="/prefecture-20/reconcile"`, `href="/prefecture-20/alarms/row-changed"`)
	if at, then := strings.Index(body, "重大"), strings.Index(body, "警告"); at > then {
		t.Error("a warning stands before what is critical")
	}
	_, body = ueda.get("/round")
	wants(t, 200, body, 200, `警報 3</a>`)
	for _, def := range alarm.Definitions {
		book, err := runbooks.Of(string(def.Code))
		if err != nil || len(book.JA.Do) == 0 {
			t.Errorf("%s: %v", def.Code, err)
		}
		status, body := ueda.get("/alarms/" + string(def.Code))
		wants(t, status, body, 200, def.Name.JA, "見るところ", "すること")
	}
	for _, path := range []string{"/alarms/no-such-alarm", "/alarms/part/closed", "/alarms/..%2Fmessages"} {
		if status, _ := ueda.get(path); status != http.StatusNotFound {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// TestAuditLogSaysWhoReadIt: an auditor reads in words what operators did here, nobody else reads it, and reading is recorded.
func TestAuditLogSaysWhoReadIt(t *testing.T) {
	c := newCountry(t)
	one := c.differ(1)
	c.as("operator-ueda", matsumoto).post(caseURL(one)+"/propose", "way", "resend", "why", "届出の原本で確かめた")
	for _, persona := range []string{"operator-ueda", "clerk-aoki"} {
		if status, _ := c.as(persona, matsumoto).get("/audit"); status != http.StatusForbidden {
			t.Errorf("%s reads the audit log: %d", persona, status)
		}
	}
	if n := len(c.audit(matsumoto, "audit.read")); n != 0 {
		t.Errorf("%d readings are recorded of those who were refused", n)
	}
	onishi := c.as("auditor-onishi", matsumoto)
	status, body := onishi.get("/audit")
	wants(t, status, body, 200, "件の解決を提案した", "operator-ueda", "不一致の件を開いた", "松本市", one.Key)
	status, body = onishi.get("/audit?before=" + "1775000000000000-1&lang=en")
	wants(t, status, body, 200, "There is no record yet.")
	if got := c.audit(matsumoto, "audit.read"); len(got) != 2 || got[0].Actor != "auditor-onishi" || got[0].Detail == got[1].Detail {
		t.Errorf("recorded: %+v", got)
	}
}
