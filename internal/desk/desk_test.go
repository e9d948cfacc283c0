package desk_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/auditlog"
	"github.com/akashi-id/akashi/internal/desk"
	"github.com/akashi-id/akashi/internal/due"
	"github.com/akashi-id/akashi/internal/look"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/resident"
)

func TestOverviewShowsBothSides(t *testing.T) {
	c := newCountry(t)
	c.move(1, "新しい団地1号棟", "長野県松本市大手1番1号")
	status, body := c.as("operator-ueda", matsumoto).get("/messages")
	wants(t, status, body, 200, "長野県", "つながっている", "保留", "前の電文を待機", "住所を読み取れません。", c.parked(matsumoto).ID.String())
	status, body = c.as("auditor-onishi", nagano).get("/messages?lang=en")
	wants(t, status, body, 200, "Matsumoto-shi", "parked", "the address cannot be read", c.parked(nagano).ID.String())
	status, body = c.as("clerk-aoki", nagano).get("/messages")
	wants(t, status, body, 403, "運用員")
}

// TestPeerThatIsAwayOrRefuses: absence is a state of the pair, refusal of us an alarm with what to do.
func TestPeerThatIsAwayOrRefuses(t *testing.T) {
	c := newCountry(t)
	c.net.Join(nagano, nil)
	c.move(1, "長野県松本市大手1番1号")
	ueda := c.as("operator-ueda", matsumoto)
	status, body := ueda.get("/messages")
	wants(t, status, body, 200, "応答がない")
	c.net.Join(nagano, c.hosts[matsumoto].Exchange) // who answers does not know us
	c.run(time.Minute)
	status, body = ueda.get("/messages/part/sent")
	wants(t, status, body, 200, "相手が拒んでいる")
	status, body = ueda.get("/messages/part/stuck")
	wants(t, status, body, 200, "長野県が、この団体を拒んでいます", "証明書と設定を確かめ")
	if status, _ := ueda.get("/messages/part/nothing"); status != 404 {
		t.Errorf("a part that does not exist: %d", status)
	}
}

// TestAcceptedByTwo is the way of a parked message: inquiry, answer, proposal, and a second person.
func TestAcceptedByTwo(t *testing.T) {
	c := newCountry(t)
	c.move(1, "新しい団地1号棟", "長野県松本市大手1番1号")
	id := c.parked(nagano).ID.String()
	page := "/messages/" + id
	ueda, egawa := c.as("operator-ueda", nagano), c.as("operator-egawa", nagano)
	sender := c.as("operator-ueda", matsumoto)

	status, body := ueda.post(page+"/note", "act", "inquiry", "text", "")
	wants(t, status, body, 422, "内容を入力してください")
	status, body = ueda.post(page+"/note", "act", "inquiry", "text", "新築の団地ですか。")
	wants(t, status, body, 200, "新築の団地ですか。")
	c.run(time.Second)
	status, body = sender.post(page+"/note", "act", "answer", "text", "はい、三月にできました。")
	wants(t, status, body, 200, "新築の団地ですか。", "はい、三月にできました。")
	c.run(time.Second)

	status, body = ueda.post(page+"/propose", "way", "withdraw", "why", "受けた側が取り下げる")
	wants(t, status, body, 422, "受信側は「そのまま受入れ」")
	status, body = ueda.post(page+"/propose", "way", "accept", "why", "図面を確かめた")
	wants(t, status, body, 200, "提案されている解決方法", "人の取り違え", "提案した人とは別の運用員")
	if strings.Contains(body, "承認して実行する") {
		t.Error("who proposed is offered to confirm")
	}
	status, body = egawa.get(page)
	wants(t, status, body, 200, "承認して実行する", "図面を確かめた")
	seen := between(body, `name="seen" value="`, `"`)
	status, body = ueda.post(page+"/confirm", "seen", seen)
	wants(t, status, body, 422, "自分で確認できません")
	status, body = egawa.post(page+"/confirm", "seen", "accept operator-ueda yesterday")
	wants(t, status, body, 422, "見ていた提案は")
	if c.applied != 0 {
		t.Fatal("applied before it was confirmed")
	}
	status, body = egawa.post(page+"/confirm", "seen", seen)
	wants(t, status, body, 200, "適用")
	c.run(time.Minute)
	if c.applied != 2 {
		t.Errorf("%d changes applied, want the accepted one and the one that waited for it", c.applied)
	}
	status, body = sender.get(page)
	wants(t, status, body, 200, "そのまま受入れ", "operator-egawa")
	for act, n := range map[string]int{"message.inquiry": 1, "message.propose": 1, "message.confirm": 1} {
		if got := c.audit(nagano, act); len(got) != n || got[0].Case != id {
			t.Errorf("%d audit entries %s, want %d about %s", len(got), act, n, id)
		}
	}
}

func TestSentAgainAndWithdrawn(t *testing.T) {
	for way, applied := range map[string]int{"correct": 2, "withdraw": 1} {
		t.Run(way, func(t *testing.T) {
			c := newCountry(t)
			c.move(1, "新しい団地1号棟", "長野県松本市大手1番1号")
			page := "/messages/" + c.parked(matsumoto).ID.String()
			status, body := c.as("operator-ueda", matsumoto).post(page+"/propose", "way", way, "why", "窓口で確かめた")
			wants(t, status, body, 200, "窓口で確かめた")
			egawa := c.as("operator-egawa", matsumoto)
			_, body = egawa.get(page)
			status, body = egawa.post(page+"/confirm", "seen", between(body, `name="seen" value="`, `"`))
			wants(t, status, body, 200)
			c.run(time.Minute)
			if c.applied != applied {
				t.Errorf("%d changes applied, want %d", c.applied, applied)
			}
			_, body = egawa.get("/messages")
			wants(t, 200, body, 200, "止まっている電文はありません")
		})
	}
}

func TestLookIsRecorded(t *testing.T) {
	c := newCountry(t)
	c.move(1, "新しい団地1号棟")
	id := c.parked(matsumoto).ID.String()
	clerk, operator := c.as("clerk-aoki", matsumoto), c.as("operator-ueda", matsumoto)
	for _, v := range []visitor{clerk, operator} {
		if _, body := v.get("/messages/" + id); strings.Contains(body, "団地") || strings.Contains(body, "花子") {
			t.Error("the page shows a person without a look")
		}
	}
	status, body := operator.post("/messages/" + id + "/look")
	wants(t, status, body, 403, "窓口職員")
	status, body = clerk.post("/messages/" + id + "/look")
	wants(t, status, body, 200, "新しい団地1号棟", "松本　花子", "昭和55年5月1日", "監査記録に残しました")
	looks := c.audit(matsumoto, auditlog.ActLook)
	if len(looks) != 1 || looks[0].Actor != "clerk-aoki" || looks[0].Case != id || looks[0].Subject != resident.RecordCodeOf(1).Reveal() {
		t.Errorf("%d looks are recorded, want one with who, whom and which message", len(looks))
	}
	var rows []look.Row
	if err := c.hosts[matsumoto].Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) (err error) {
		rows, err = look.List(ctx, tx, look.Filter{Subject: resident.RecordCodeOf(1).Reveal()})
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(rows) != 1 || rows[0].Ground != (look.Ground{Purpose: look.Fault, Case: id}) || rows[0].Items&look.Four == 0 {
		t.Errorf("the person can be told of %+v", rows)
	}
}

// TestOnlyWhatIsStuckIsOpened: nobody reads a town's residents out of messages that arrived, by numbers that follow one another.
func TestOnlyWhatIsStuckIsOpened(t *testing.T) {
	c := newCountry(t)
	c.move(1, "長野県松本市大手1番1号", "新しい団地1号棟", "長野県松本市大手2番2号")
	parked := c.parked(matsumoto).ID
	for at, clerk := range map[string]visitor{"sender": c.as("clerk-aoki", matsumoto), "receiver": c.as("clerk-aoki", nagano)} {
		for seq, stuck := range map[uint64]bool{parked.Seq - 1: false, parked.Seq: true, parked.Seq + 1: true, parked.Seq + 2: false} {
			id := parked
			id.Seq = seq
			status, body := clerk.post("/messages/" + id.String() + "/look")
			if shown := strings.Contains(body, "花子"); shown != stuck || (status == 200) != stuck {
				t.Errorf("%s: message %d is shown: %v, with %d, want %v", at, seq, shown, status, stuck)
			}
		}
		id := parked
		id.Seq--
		status, body := clerk.post("/messages/" + id.String() + "/look")
		wants(t, status, body, 422, "止まっていて人の解決を待つ電文だけ")
		if status, body = clerk.get("/messages/" + id.String()); at == "sender" && status != 200 || strings.Contains(body, "/look\"") {
			t.Errorf("%s: a message that is not stuck offers its content, with %d", at, status)
		}
	}
	if looks := c.audit(matsumoto, auditlog.ActLook); len(looks) != 2 {
		t.Errorf("%d looks are recorded, want those two that were shown", len(looks))
	}
}

// TestContentAsksTheGate: the organisation is asked for everybody whom a message is about, and its ground is the one of the look.
func TestContentAsksTheGate(t *testing.T) {
	c := newCountry(t)
	c.move(1, "新しい団地1号棟")
	id, her := c.parked(matsumoto).ID.String(), resident.RecordCodeOf(1)
	clerk := c.as("clerk-aoki", matsumoto)
	c.gate = func(_ context.Context, _ *sqlstore.Tx, g look.Ground, codes []resident.RecordCode) (look.Ground, error) {
		if slices.Contains(codes, her) {
			return look.Ground{}, plain.Bad("person", "支援措置中の方です。", "This person is protected.")
		}
		return g, nil
	}
	status, body := clerk.post("/messages/" + id + "/look")
	wants(t, status, body, 422, "支援措置中の方です。")
	if strings.Contains(body, "団地") || len(c.audit(matsumoto, auditlog.ActLook)) != 0 {
		t.Error("a protected person's address is shown, or a look recorded of what was not")
	}
	c.gate = func(context.Context, *sqlstore.Tx, look.Ground, []resident.RecordCode) (look.Ground, error) {
		return look.Ground{Purpose: look.Disclosure, Case: "受付-17"}, nil
	}
	status, body = clerk.post("/messages/" + id + "/look")
	wants(t, status, body, 200, "新しい団地1号棟")
	if looks := c.audit(matsumoto, auditlog.ActLook); len(looks) != 1 || looks[0].Case != "受付-17" || !strings.Contains(looks[0].Detail, id) {
		t.Errorf("the looks recorded are %+v", looks)
	}
}

func TestSetAsideIsShownAndTriedAgain(t *testing.T) {
	c := newCountry(t)
	err := c.hosts[matsumoto].Store.Update(t.Context(), func(_ context.Context, tx *sqlstore.Tx) error {
		due.Add(tx, tx.Now(), "printer", "job-1", nil)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	c.run(24 * time.Hour)
	ueda := c.as("operator-ueda", matsumoto)
	_, body := ueda.get("/messages")
	wants(t, 200, body, 200, "印刷機に紙がありません。", "もう一度試す")
	action := between(body, `action="/municipality-202029/due/`, `"`)
	if status, body := ueda.post("/due/" + action); status != 200 || strings.Contains(body, "印刷機") {
		t.Errorf("the item is still set aside: %d", status)
	}
	if status, _ := ueda.post("/due/" + action); status != 422 {
		t.Errorf("an item that is not set aside was started again: %d", status)
	}
	if got := c.audit(matsumoto, "due.retry"); len(got) != 1 {
		t.Errorf("%d retries recorded, want one", len(got))
	}
}

func TestJSON(t *testing.T) {
	c := newCountry(t)
	c.move(1, "長野県松本市大手1番1号", "新しい団地1号棟", "長野県松本市大手2番2号")
	if status, body := c.as("", matsumoto).get("/api/status"); status != 403 || !strings.Contains(body, `"en"`) {
		t.Errorf("the public gets %d", status)
	}
	ueda := c.as("operator-ueda", matsumoto)
	status, body := ueda.get("/api/status")
	wants(t, status, body, 200)
	var s desk.Status
	if err := json.Unmarshal([]byte(body), &s); err != nil {
		t.Fatal(err)
	}
	if p := s.Pairs[0]; s.Organisation != matsumoto || s.AsOf.IsZero() || p.Peer != nagano || p.State != "up" || p.Sent != 3 ||
		p.Applied != 1 || p.Parked != 1 || p.Held != 1 || p.OldestAgeMS != 1000 {
		t.Errorf("status %+v", s)
	}
	code := resident.RecordCodeOf(1).Reveal()
	if status, _ := ueda.post("/api/trace", "what", code); status != 403 {
		t.Errorf("an operator, who sees no person, follows a person's code: %d", status)
	}
	aoki := c.as("clerk-aoki", matsumoto)
	for _, path := range []string{"/api/trace?what=" + code, "/api/trace?what=x&what=" + code} {
		if status, body := aoki.get(path); status == 200 && strings.Contains(body, "parked") {
			t.Errorf("a person's code is taken from the address %s", path)
		}
	}
	for _, form := range [][]string{{"what", code}, {"what", code + "/municipality-202029/1"}, {"what", code, "purpose", "fault"}, {"what", code, "case", "障害-17"},
		{"what", code, "purpose", "nothing", "case", "障害-17"}} {
		if status, body := aoki.post("/api/trace", form...); status != 422 || strings.Contains(body, "parked") {
			t.Errorf("a person's code is followed without a ground, by %q: %d", form[2:], status)
		}
	}
	c.gate = func(context.Context, *sqlstore.Tx, look.Ground, []resident.RecordCode) (look.Ground, error) {
		return look.Ground{}, plain.Bad("person", "支援措置中の方です。", "This person is protected.")
	}
	if status, body := aoki.post("/api/trace", "what", code, "purpose", "fault", "case", "障害-17"); status != 422 || !strings.Contains(body, "支援措置") || strings.Contains(body, "parked") {
		t.Errorf("a protected person's code is followed: %d", status)
	}
	c.gate = nil
	if looks := c.audit(matsumoto, auditlog.ActLook); len(looks) != 0 {
		t.Errorf("%d looks are recorded where nothing was shown", len(looks))
	}
	for what, who := range map[string]visitor{code: aoki, c.parked(matsumoto).Trace: ueda, c.parked(matsumoto).ID.String(): ueda} {
		if what == code {
			status, body = who.post("/api/trace", "what", what, "purpose", "fault", "case", "障害-17")
		} else {
			status, body = who.get("/api/trace?what=" + what)
		}
		wants(t, status, body, 200)
		var tr desk.Trace
		if err := json.Unmarshal([]byte(body), &tr); err != nil {
			t.Fatal(err)
		}
		found := false
		for _, i := range tr.Items {
			found = found || i.Verdict == "parked" && i.Direction == "out" && i.Code == "unreadable-address" && i.LagMS != nil && i.ReasonJA != ""
		}
		if !found || strings.Contains(body, "団地") {
			t.Errorf("the trace of %q has %d items, without the parked message, or with content", what, len(tr.Items))
		}
	}
	if looks := c.audit(matsumoto, auditlog.ActLook); len(looks) != 1 || looks[0].Case != "障害-17" || looks[0].Subject != code {
		t.Errorf("the looks recorded are %+v", looks)
	}
	if status, _ := ueda.get("/api/trace"); status != 422 {
		t.Errorf("a trace of nothing: %d", status)
	}
}

func TestNoSuchMessage(t *testing.T) {
	c := newCountry(t)
	ueda := c.as("operator-ueda", matsumoto)
	for _, id := range []string{"nonsense", "municipality-202029.1.1.prefecture-20.99", "prefecture-13.1.1.nationalcenter.1"} {
		status, body := ueda.get("/messages/" + id)
		wants(t, status, body, 422, "電文番号")
	}
}

// TestFiguresOfAPeerOfNowAndThen: to whoever serves persons one message more with such a peer would say where a protected person has gone; operators see
// all of it.
func TestFiguresOfAPeerOfNowAndThen(t *testing.T) {
	c := newCountry(t)
	c.move(1, "新しい団地1号棟", "長野県松本市大手1番1号")
	c.run(often)
	aoki, ueda := c.as("clerk-aoki", matsumoto), c.as("operator-ueda", matsumoto)
	for _, seldom := range []bool{false, true} {
		c.seldom = seldom
		for path, says := range map[string]string{"/messages": "長野県", "/messages/part/stuck": "長野県", "/api/status": string(nagano), "/reconcile": "長野県"} {
			status, body := ueda.get(path)
			wants(t, status, body, 200, says)
			if status, body = aoki.get(path); status != 200 || strings.Contains(body, says) == seldom {
				t.Errorf("%s, of now and then: %v, shows a clerk: %d\n%s", path, seldom, status, body)
			}
		}
	}
}
