package desk_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/statement"
)

// closed is a country after the first midnight, of which the day shows a message that the prefecture has lost.
func closed(t *testing.T) *country {
	c := newCountry(t)
	c.move(1, "長野県松本市大手1番1号", "長野県松本市大手2番2号")
	c.move(2, "新しい団地1号棟")
	c.byHand(nagano, `DELETE FROM x_in WHERE seq = 2`)
	c.run(15*time.Hour + often) // the country began at nine in the morning
	return c
}

// TestStatementWithAnUnexplainedLine is the way from the calendar to what nobody can explain, and the file for others.
func TestStatementWithAnUnexplainedLine(t *testing.T) {
	c := closed(t)
	for path, v := range map[string]visitor{
		"/statements/2026-04-01/day/out/prefecture-20":      c.as("operator-ueda", matsumoto),
		"/statements/2026-04-01/day/in/municipality-202029": c.as("auditor-onishi", nagano),
	} {
		status, body := v.get("/statements?month=2026-04")
		wants(t, status, body, 200, "令和8年4月の締め（2026年）", "説明なし", `href="`+v.base+`/statements/2026-04-01"`)
		if strings.Contains(body, `/statements/2026-04-03"`) {
			t.Error("a day to come can be opened")
		}
		status, body = v.get("/statements/2026-04-01")
		wants(t, status, body, 200, "令和8年4月1日", "説明なし", `href="`+v.base+path+`"`)
		status, body = v.get(path)
		wants(t, status, body, 200, "説明のつかない差があります", "令和8年4月1日の日締め", "松本市の件数", "長野県での適用", "municipality-202029.1.1.prefecture-20.2", "帳簿: 住民（本人確認情報）")
		if strings.Contains(body, "prefecture-20 では") {
			t.Error("an organisation is called by its identifier")
		}
		if bad, good := strings.Index(body, `data-kind="bad"`), strings.Index(body, "双方の件数が一致し"); bad < 0 || good >= 0 && good < bad {
			t.Error("a line that agrees stands before the one that nothing explains")
		}
		status, body = v.get(path + "?lang=en")
		wants(t, status, body, 200, "nothing explains", "of the day 1 April 2026", "Applied at Nagano-ken")
		status, body = v.get(path + "/file")
		wants(t, status, body, 200, `"signature"`)
	}
}

func TestOtherDaysAndAddresses(t *testing.T) {
	c := closed(t)
	ueda := c.as("operator-ueda", matsumoto)
	for path, says := range map[string]string{
		"/statements/2026-04-02": "まだ締めていません",
		"/statements/2026-04-09": "まだ締めていません",
		"/statements/2026-03-31": "この日の締めはありません",
	} {
		status, body := ueda.get(path)
		wants(t, status, body, 200, says)
	}
	for path, want := range map[string]int{
		"/statements?month=2026-13":                                  http.StatusNotFound,
		"/statements?month=2026-03":                                  http.StatusOK,
		"/statements?month=2026-05":                                  http.StatusNotFound,
		"/statements?month=9999-12":                                  http.StatusNotFound,
		"/statements/2026-02-30":                                     http.StatusNotFound,
		"/statements/9999-12-31":                                     http.StatusOK,
		"/statements/2026-04-01/day/out/nobody":                      http.StatusNotFound,
		"/statements/2026-04-01/day/sideways/prefecture-20":          http.StatusNotFound,
		"/statements/2026-04-01/year/out/prefecture-20":              http.StatusNotFound,
		"/statements/2026-04-01/day/out/prefecture-13":               http.StatusUnprocessableEntity,
		"/statements/2026-04-01/day/out/prefecture-13/file":          http.StatusUnprocessableEntity,
		"/statements/9999-12-31/week/in/prefecture-20":               http.StatusUnprocessableEntity,
		"/statements/2026-04-01/day/out/prefecture-20/file/nonsense": http.StatusNotFound,
	} {
		if status, body := ueda.get(path); status != want {
			t.Errorf("%s: %d, want %d\n%.300s", path, status, want, body)
		}
	}
}

// TestRound: an operator signs by name; where something asks for somebody, not without a word about it; and who is late is
// told and can make up for it.
func TestRound(t *testing.T) {
	c := newCountry(t)
	c.run(time.Second)
	ueda := c.as("operator-ueda", matsumoto)
	status, body := ueda.get("/round")
	wants(t, status, body, 200, "まだ署名されていません", "令和8年4月1日（今日）", "任意")
	for _, persona := range []string{"clerk-aoki", "auditor-onishi"} {
		status, body = c.as(persona, matsumoto).post("/round", "day", "2026-04-01", "findings", "")
		wants(t, status, body, 403, "運用員")
	}
	status, body = ueda.post("/round", "day", "2026-04-01")
	wants(t, status, body, 200, "今日の日次業務は署名されています", "上田")
	c.move(1, "新しい団地1号棟")
	c.run(time.Minute)
	status, body = ueda.post("/round", "day", "2026-04-01", "findings", " ")
	wants(t, status, body, 422, "何を見て、どうしたかを所見に書いてください", "必須")
	status, body = ueda.post("/round", "day", "2026-04-01", "findings", "<i>長野県に問い合わせた</i>")
	wants(t, status, body, 200, "&lt;i&gt;長野県に問い合わせた&lt;/i&gt;")
	for _, day := range []string{"", "yesterday", "2026-03-31", "2026-04-02"} {
		if status, _ := ueda.post("/round", "day", day, "findings", "見た"); status != 422 {
			t.Errorf("signed for %q: %d", day, status)
		}
	}
	if got := c.audit(matsumoto, statement.ActRound); len(got) != 2 || got[0].Actor != "operator-ueda" {
		t.Errorf("recorded: %+v", got)
	}

	c.run(52 * time.Hour) // to the afternoon of the third: nobody signed for the second
	ueda = c.as("operator-ueda", matsumoto)
	status, body = ueda.get("/round")
	wants(t, status, body, 200, "署名のない日が1日あります", "令和8年4月2日（署名がない日）")
	_, body = ueda.get("/statements")
	wants(t, 200, body, 200, "業務なし", "業務済み")
	_, body = ueda.get("/statements/2026-04-02")
	wants(t, 200, body, 200, "業務なし")
	status, body = ueda.post("/round", "day", "2026-04-02", "findings", "遅れて確かめた")
	wants(t, status, body, 200, "令和8年4月2日（遅れ）")
	_, body = ueda.get("/statements/2026-04-02")
	wants(t, 200, body, 200, "上田が署名", "遅れて確かめた")
}
