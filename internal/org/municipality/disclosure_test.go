package municipality

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// TestDisclosureAtTheCounter: taken on the page of the person, in a visit that is for it; the answer shows what is recorded
// and who looked, by number, and says which office is missing.
func TestDisclosureAtTheCounter(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	person := "/resident/" + who.Person.String()
	v := c.counter("clerk-aoki")
	v.get(person, http.StatusOK)
	form := inputs(v.get(person+"/disclosure", http.StatusOK))
	v.says(v.post(person+"/disclosure", form, http.StatusUnprocessableEntity), "請求の種類を選んでください", "書類の種類を選んでください")
	with(form, "kind", "disclosure", "document", "driving-licence")
	v.says(v.post(person+"/disclosure", form, http.StatusUnprocessableEntity), "その目的で開いた用件で行います")
	v.post("/visit", url.Values{visitPurpose: {"disclosure"}, visitCase: {"開示1"}}, http.StatusOK)
	page := v.post(person+"/disclosure", form, http.StatusOK)
	request := path(page)
	if !strings.HasPrefix(request, "/disclosure/D-2026-04-01-") {
		t.Fatalf("accepted, and led to %s", request)
	}
	// Nobody here answers the question, as of offices that are away.
	c.run(10 * time.Minute)
	page = v.get(request, http.StatusOK)
	v.says(page, "開示請求への回答", "令和8年4月30日", "長野県の記録は、まだ届いていません", "髙𠮷", "松本市での閲覧", "clerk-aoki", "届出の受付", "本人への開示")
	if strings.Contains(text(page)[strings.Index(text(page), "松本市での閲覧"):], "A-17") {
		t.Error("the person is told the number of somebody's case")
	}
	if strings.Contains(text(page)[strings.Index(text(page), "松本市での閲覧"):], "青木") {
		t.Error("the person is told an operator's name")
	}
	v.says(v.post(request+"/answer", url.Values{"outcome": {"手渡した。"}}, http.StatusUnprocessableEntity), "まだ答えていない団体があります")
	v.says(v.post(request+"/extend", url.Values{"last": {"令和8年4月30日"}, "reason": {"待つため"}}, http.StatusUnprocessableEntity), "いまの期限より後の日")
	page = v.post(request+"/extend", url.Values{"last": {"令和8年5月20日"}, "reason": {"全国センターの答えを待つため"}}, http.StatusOK)
	v.says(page, "令和8年5月20日", "全国センターの答えを待つため")
	v.post("/visit", url.Values{visitPurpose: {"copy"}, visitCase: {"7"}}, http.StatusOK)
	v.says(v.get(request, http.StatusUnprocessableEntity), "その目的で開いた用件で行います")
	v.says(v.get("/disclosures", http.StatusOK), "開示請求", "回答していない")

	// A correction is investigated, and answered in writing.
	v.post("/visit", url.Values{visitPurpose: {"correction"}, visitCase: {"訂正2"}}, http.StatusOK)
	form.Set("kind", "correction")
	v.says(v.post(person+"/disclosure", form, http.StatusUnprocessableEntity), "どこを、どう直してほしいか")
	page = v.post(person+"/disclosure", with(form, "wish", "番地が違う。"), http.StatusOK)
	v.says(page, "訂正などの申出への回答", "番地が違う。")
	correction := path(page)
	v.says(v.post(correction+"/answer", url.Values{}, http.StatusUnprocessableEntity), "本人に何と回答したか")
	v.says(v.post(correction+"/answer", url.Values{"outcome": {"調べた結果、申出のとおり直した。"}}, http.StatusOK), "回答済み", "申出のとおり直した")
	v.get("/disclosure/D-nothing", http.StatusUnprocessableEntity)
	for _, persona := range []string{"operator-ueda", "auditor-onishi"} {
		other := c.counter(persona)
		other.get("/disclosures", http.StatusForbidden)
		other.get(request, http.StatusForbidden)
		other.get(person+"/disclosure", http.StatusForbidden)
	}
}
