package desk_test

import (
	"strings"
	"testing"

	"github.com/akashi-id/akashi/message"
)

const bookOfResidents = "/reconcile/book/" + string(message.Residents) + "/"

// TestBookSentAgainByTwo: one person of the source proposes to have a book sent again, another confirms, and what the copy
// had lost is there.
func TestBookSentAgainByTwo(t *testing.T) {
	c := newCountry(t)
	one := c.differ(1)
	page := bookOfResidents + string(nagano)
	ueda, egawa, peer := c.as("operator-ueda", matsumoto), c.as("operator-egawa", matsumoto), c.as("operator-ueda", nagano)
	status, body := ueda.get("/reconcile")
	wants(t, status, body, 200, `href="`+ueda.base+page+`"`)
	status, body = peer.get(bookOfResidents + string(matsumoto))
	wants(t, status, body, 200, "この団体は写しです")
	if strings.Contains(body, "<textarea") {
		t.Error("the copy is offered to send the book")
	}
	status, body = ueda.get("/reconcile/book/residents/prefecture-13")
	wants(t, status, body, 422, "その帳簿はありません")

	status, body = ueda.post(page+"/propose", "why", "")
	wants(t, status, body, 422, "わけを入力してください")
	status, body = ueda.post(page+"/propose", "why", "長野県が古い控えから戻した")
	wants(t, status, body, 200, "提案されている解決方法", "長野県が古い控えから戻した", "提案した人とは別の運用員", "提案を取り下げる")
	status, body = egawa.get("/reconcile")
	wants(t, status, body, 200, "送り直しの承認待ち")
	_, body = egawa.get(page)
	first := between(body, `name="seen" value="`, `"`)
	status, body = ueda.post(page+"/confirm", "seen", first)
	wants(t, status, body, 422, "承認できません")
	status, body = ueda.post(page + "/drop")
	wants(t, status, body, 200, "帳簿をまるごと送り直す")
	status, body = egawa.post(page+"/confirm", "seen", first)
	wants(t, status, body, 422, "承認する提案がありません")
	ueda.post(page+"/propose", "why", "長野県が古い控えから戻した")
	_, body = egawa.get(page)
	status, body = egawa.post(page+"/confirm", "seen", first+"1")
	wants(t, status, body, 422, "見ていた提案は")
	_, body = egawa.get(page)
	status, body = egawa.post(page+"/confirm", "seen", between(body, `name="seen" value="`, `"`))
	wants(t, status, body, 200, "帳簿を送り直しています", "operator-egawa")
	c.run(3 * often)
	status, body = ueda.get(caseURL(one))
	wants(t, status, body, 200, "一致して閉じた")
	status, body = ueda.get(page)
	wants(t, status, body, 200, "一致", "帳簿をまるごと送り直す")
	for act, n := range map[string]int{"book.refill.propose": 2, "book.refill.drop": 1, "book.refill.confirm": 1} {
		if got := c.audit(matsumoto, act); len(got) != n || got[0].Case != "residents prefecture-20" {
			t.Errorf("%d audit entries %s, want %d: %+v", len(got), act, n, got)
		}
	}
}
