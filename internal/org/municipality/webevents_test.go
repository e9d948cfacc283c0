package municipality

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/resident"
)

// silent is a page's text without what is not to be seen on it.
func (v *counter) silent(page string, none ...string) {
	v.t.Helper()
	for _, bad := range none {
		if strings.Contains(text(page), bad) {
			v.t.Errorf("the page says %q:\n%s", bad, text(page))
		}
	}
}

// TestChooseEvent: the list of events is found by words, also while they are typed; each leads to its form, which asks what the
// event may change and nothing else, and names its grounds and filers.
func TestChooseEvent(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	who := c.register(movedIn()).Person
	at := "/resident/" + who.String()
	page := v.get(at+"/events", http.StatusOK)
	v.says(page, "引っ越した", "婚姻", "世帯分離", "外へは通知しません", "「職権修正等」として通知します", "14日以内に届け出ます")
	v.silent(page, "回復（消除の取消）", "出生の届出")
	page = v.get(at+"/events?q="+url.QueryEscape("こんいん"), http.StatusOK)
	v.says(page, "婚姻")
	v.silent(page, "世帯分離", "転居")
	part := v.get(at+"/events/part?q="+url.QueryEscape("せたい"), http.StatusOK)
	v.says(part, "世帯合併")
	v.silent(part, "婚姻", "住民の記録へ戻る")
	v.says(v.get(at+"/events?q=xyzzy", http.StatusOK), "この言葉に当たる異動事由はありません")

	page = v.get(at+"/change/amendment?event=marriage", http.StatusOK)
	v.says(page, "婚姻", "戸籍の届出に伴う修正", "届出人", "氏名")
	v.silent(page, "誤記・脱漏の発見", "国籍・地域 任意")
	if strings.Contains(page, `name="birth"`) || !strings.Contains(page, `name="name"`) {
		t.Error("the form of a marriage asks for the birth, or not for the name")
	}
	page = v.post(at+"/change/amendment", with(inputs(page), "name", "山田 葛󠄂子", "by", "self"), http.StatusUnprocessableEntity)
	v.says(page, "「婚姻」を届け出られるのは、戸籍の届出・通知・職権です")
	page = v.post(at+"/change/amendment", with(inputs(page), "by", "family"), http.StatusOK)
	v.says(page, "異動事由 婚姻", "署名用電子証明書が失効します", "変わる")
	page = v.post(at+"/change/amendment", with(inputs(page), "step", "file"), http.StatusOK)
	v.says(page, "「婚姻」を受け付けました")
	v.says(v.get(at, http.StatusOK), "婚姻", "通知した事由 職権修正等")
	if now := c.now(who); now.Event != "marriage" || now.Record.Name != name("山田 葛󠄂子") {
		t.Errorf("filed as %s", now.Event)
	}
}

// TestCheckedWhileTyped: what is wrong so far is said before the form is sent, of what was filled in and of nothing else.
func TestCheckedWhileTyped(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	at := "/resident/" + c.register(movedIn()).Person.String()
	page := v.get(at+"/change/move-within?event=move-within", http.StatusOK)
	if !strings.Contains(page, `hx-post="/municipality-202029`+at+`/check/move-within"`) {
		t.Error("the form is not checked while it is typed")
	}
	form := inputs(page)
	v.silent(v.post(at+"/check/move-within", with(form, "address", ""), http.StatusOK), "受け付けられません")
	wrong := v.post(at+"/check/move-within", with(form, "address", "東京都足立区中央本町1番17号"), http.StatusOK)
	v.says(wrong, "このままでは受け付けられません", "東京都足立区の住所です")
	v.silent(wrong, "届出期間")
	v.says(v.post(at+"/check/move-within", with(form, "arose", today.AddDays(-15).String()), http.StatusOK), "東京都足立区の住所です", "届出期間を過ぎています")
	form.Set("arose", today.String())
	late := v.post(at+"/check/move-within", with(form, "address", "長野県松本市大手1番", "arose", today.AddDays(-15).String()), http.StatusOK)
	v.says(late, "届出期間を過ぎています", "5万円以下の過料")
	v.silent(late, "受け付けられません")
	v.says(v.post(at+"/check/move-within", with(form, "arose", today.AddDays(1).String()), http.StatusOK), "まだ来ていない日です")
	// The confirm page says it again, and it is accepted.
	page = v.post(at+"/change/move-within", with(form, "document", "driving-licence", "arose", today.AddDays(-15).String()), http.StatusOK)
	v.says(page, "届出期間を過ぎています", "このまま受け付けてください")
	v.says(v.post(at+"/change/move-within", with(inputs(page), "step", "file"), http.StatusOK), "「転居」を受け付けました")
}

// TestHouseholdPages goes through a division of a household and another head, without script.
func TestHouseholdPages(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	p := c.family("世帯主", "妻", "子")
	at := "/resident/" + p[0].String()
	told := len(c.changes)
	page := v.get(at+"/household/household-split", http.StatusOK)
	v.says(page, "新しい世帯を作ります", "移る", "14日以内")
	page = v.post(at+"/household/household-split", inputs(page), http.StatusUnprocessableEntity)
	v.says(page, "一人以上選んでください")
	page = v.post(at+"/household/household-split", with(inputs(page), "document", "driving-licence", "moves-"+p[2].String(), "yes"), http.StatusUnprocessableEntity)
	v.says(page, "世帯主のいない世帯ができます")
	page = v.post(at+"/household/household-split", with(inputs(page), relationField(p[2]), "世帯主"), http.StatusOK)
	v.says(page, "まだ記録していません", "世帯を移る", "新しい世帯・世帯主", "都道府県などへは通知しません")
	filed := v.post(at+"/household/household-split", with(inputs(page), "step", "file"), http.StatusOK)
	v.says(filed, "「世帯分離」を受け付けました", "外への電文はありません")
	// The page that was confirmed is of a household that is no more.
	v.says(v.post(at+"/household/household-split", with(inputs(page), "step", "file", "seen", "x"), http.StatusUnprocessableEntity), "受け付けられませんでした")
	v.says(v.get("/resident/"+p[2].String(), http.StatusOK), "世帯分離", "第1版のまま（通知なし）", "子 → 世帯主")

	page = v.get(at+"/household/head-change", http.StatusOK)
	page = v.post(at+"/household/head-change", with(inputs(page), "document", "driving-licence", relationField(p[0]), "夫", relationField(p[1]), "世帯主", "by", "head"), http.StatusOK)
	v.says(page, "続柄が変わる")
	v.post(at+"/household/head-change", with(inputs(page), "step", "file"), http.StatusOK)
	if c.now(p[1]).Record.Relation != resident.Head || c.now(p[0]).Record.Relation != relation("夫") || len(c.changes) != told {
		t.Errorf("stand at %s and %s, %d told", c.stands(p[0]), c.stands(p[1]), len(c.changes)-told)
	}
	page = v.get("/resident/"+p[2].String()+"/household/household-merge", http.StatusOK)
	page = v.post("/resident/"+p[2].String()+"/household/household-merge", with(inputs(page), "document", "driving-licence", relationField(p[2]), "子"), http.StatusUnprocessableEntity)
	v.says(page, "移る先の世帯番号を入力してください")
	page = v.post("/resident/"+p[2].String()+"/household/household-merge", with(inputs(page), "household", string(c.now(p[0]).Record.Household)), http.StatusOK)
	v.post("/resident/"+p[2].String()+"/household/household-merge", with(inputs(page), "step", "file"), http.StatusOK)
	if c.now(p[2]).Record.Household != c.now(p[0]).Record.Household {
		t.Error("the households were not joined")
	}
	v.get(at+"/household/marriage", http.StatusNotFound)
}

// TestHeadDies: the form of a death asks for the new head; left open, the confirm page and the lists say so until it is known.
func TestHeadDies(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	p := c.family("世帯主", "妻", "子")
	at := "/resident/" + p[0].String()
	page := v.get(at+"/change/death?event=death", http.StatusOK)
	v.says(page, "残る世帯の人", "今は「妻」")
	open := v.post(at+"/change/death", inputs(page), http.StatusOK)
	v.says(open, "残る2人の世帯に、世帯主がいなくなります")
	named := v.post(at+"/change/death", with(inputs(page), relationField(p[1]), "世帯主", relationField(p[2]), "子"), http.StatusOK)
	v.says(named, "世帯の人、届出の前と後", "新しい世帯主との続柄")
	v.silent(named, "世帯主がいなくなります")
	v.post(at+"/change/death", with(inputs(open), "step", "file"), http.StatusOK)
	v.says(v.get("/", http.StatusOK), "世帯主のいない世帯が1件あります")
	list := v.get("/headless", http.StatusOK)
	v.says(list, string(c.now(p[1]).Record.Household), "clerk-aoki")
	v.silent(list, "自分の担当にする")
	other := c.counter("clerk-inoue")
	other.says(other.get("/headless", http.StatusOK), "自分の担当にする")
	other.says(other.post("/headless/"+string(c.now(p[1]).Record.Household)+"/take", url.Values{}, http.StatusOK), "clerk-inoue")
	other.says(other.post("/headless/H999/take", url.Values{}, http.StatusUnprocessableEntity), "一覧にもうありません")
	v.says(v.get("/resident/"+p[1].String(), http.StatusOK), "この世帯には世帯主がいません", "世帯主変更を受け付ける")

	// The 除票: what it is, how long it is kept, and its one way back.
	gone := v.get(at, http.StatusOK)
	v.says(gone, "除票", "死亡", "150年", "平成16年の法で5年（令和13年4月1日まで）", "消除の誤りを直す（回復）")
	events := v.get(at+"/events", http.StatusOK)
	v.says(events, "回復（消除の取消）", "転出の取消")
	v.silent(events, "世帯分離", "氏の変更")
	v.says(v.get(at+"/change/amendment", http.StatusUnprocessableEntity), "消除されています")
	v.says(v.get(at+"/household/head-change", http.StatusUnprocessableEntity), "消除されています")
	back := v.get(at+"/change/restoration?event=restoration", http.StatusOK)
	v.says(back, "回復しても戻りません")
	back = v.post(at+"/change/restoration", inputs(back), http.StatusOK)
	v.says(back, "消除で失効したものは、回復しても戻りません", "直す版 2")
	v.says(v.post(at+"/change/restoration", with(inputs(back), "step", "file"), http.StatusOK), "「回復（消除の取消）」を受け付けました")
	v.says(v.get(at, http.StatusOK), "後で直された", "第3版「回復（消除の取消）」")
	if c.now(p[0]).Record.Relation != resident.Head || len(c.withoutHead()) != 0 {
		t.Errorf("came back as %s, %d without a head", c.stands(p[0]), len(c.withoutHead()))
	}
}

// TestCancelAMove: a version is chosen from the history and taken back.
func TestCancelAMove(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	who := c.register(movedIn()).Person
	at := "/resident/" + who.String()
	v.says(v.get(at+"/change/cancellation?event=cancellation", http.StatusUnprocessableEntity), "この届出で直せる版はありません")
	must[Filed](t)(c.o.File(as(t, "clerk-aoki"), MoveWithin{Filing: c.filing(who, "law-23"), Address: address("長野県松本市大手1番")}))
	page := v.get(at+"/change/cancellation?event=cancellation", http.StatusOK)
	v.says(page, "直す版", "第2版 転居")
	v.silent(page, "第1版 転入")
	page = v.post(at+"/change/cancellation", with(inputs(page), "corrects", "2"), http.StatusOK)
	v.says(page, "直す版 2", "署名用電子証明書が失効します", "長野県松本市大手1番")
	v.says(v.post(at+"/change/cancellation", with(inputs(page), "step", "file"), http.StatusOK), "受け付けました")
	if got := c.now(who); got.Corrects != 2 || got.Record.Address != address(home) {
		t.Errorf("corrects %d", got.Corrects)
	}
	page = v.get(at+"/change/correction?event=correction", http.StatusOK)
	page = v.post(at+"/change/correction", with(inputs(page), "corrects", "1", "birth", "1992-02-28"), http.StatusOK)
	v.says(page, "直す版 1", "平成4年2月28日")
	page = v.get(at+"/change/entry-cancel?event=entry-cancelled", http.StatusOK)
	page = v.post(at+"/change/entry-cancel", with(inputs(page), "corrects", "1"), http.StatusOK)
	v.says(page, "住民票を消除します")
}
