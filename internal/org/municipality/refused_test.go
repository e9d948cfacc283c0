package municipality

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/cert"
	"github.com/akashi-id/akashi/resident"
)

// saysNo fails unless an act was refused with words of one sentence.
func saysNo(t *testing.T, what string, err error, says string) {
	t.Helper()
	if err == nil {
		t.Errorf("%s was taken", what)
	} else if len(fieldsOf(t, err)) != 1 || !strings.Contains(err.Error(), says) {
		t.Errorf("%s: %v, want %q", what, err, says)
	}
}

// TestRefusedPlans: a move out is planned once, and cancelled while it waits.
func TestRefusedPlans(t *testing.T) {
	c := newCountry(t, "memory:")
	clerk, who := as(t, "clerk-aoki"), c.register(movedIn()).Person
	saysNo(t, "cancelling nothing", c.o.CancelPlan(clerk, who), "取り消せる転出予定がありません")
	c.plan(who, today.AddDays(20))
	f := c.filing(who, "law-24")
	f.Arose = today.AddDays(30)
	saysNo(t, "a second day", second(c.o.File(clerk, MoveOut{Filing: f, To: address("東京都足立区中央本町1番")})), "の転出予定があります。日を変えるときは、先に予定を取り消してください")
	saysNo(t, "a notice for nobody", second(c.o.FileMoveOut(clerk, MoveOut{Filing: f}, nil, nil)), "転出する方を選んでください")
	saysNo(t, "telling what nobody waits for", c.o.TellMoveAgain(clerk, "M1"), "相手の市区町村の返事を待っていません")
}

// TestRefusedMoves: what has come by message is not typed, and what was asked of the new municipality is not asked again.
func TestRefusedMoves(t *testing.T) {
	n := newNeighbours(t, rand.Reader)
	n.leave(today.AddDays(3), false)
	r := movedIn()
	r.From, r.Prior, r.Record.Code, r.Record.BecameResident = body("131211"), 5, resident.RecordCodeOf(7_000_000_001), today
	saysNo(t, "typed beside the message", n.o.CheckRegistration(as(t, "clerk-aoki"), r), "この方の転出証明書情報は届いています")
	if err := n.there.CancelPlan(as(t, "clerk-aoki"), n.away[0]); err != nil {
		t.Fatal(err)
	}
	saysNo(t, "cancelled twice", n.there.CancelPlan(as(t, "clerk-aoki"), n.away[0]), "この転出の取消しは、新しい市区町村に確かめているところです")
}

// TestRefusedDeletionCancelled: a deletion is taken back by a restoration; of somebody who has come back it is cancelled by nothing.
func TestRefusedDeletionCancelled(t *testing.T) {
	c := newCountry(t, "memory:")
	clerk, who := as(t, "clerk-aoki"), c.register(movedIn()).Person
	must[Filed](t)(c.o.File(clerk, MoveOut{Filing: c.filing(who, "law-24"), To: address("東京都足立区中央本町1番")}))
	r := fromElsewhere(c.now(who).Record.Code, 5)
	r.Record.BecameResident = today
	must[Filed](t)(c.o.Register(clerk, r))
	saysNo(t, "a deletion", second(c.o.File(clerk, Cancellation{Filing: c.filing(who, "found-wrong"), Corrects: 2})), "その版は消除です。消除を取り消すときは「回復」で届け出てください")
}

// TestRefusedNotice: a notice of an individual number is sent once.
func TestRefusedNotice(t *testing.T) {
	c := newCountry(t, "memory:")
	c.numbers.give = counting()
	c.register(movedIn())
	request := c.numbers.asked[0].Request
	c.run(time.Second)
	clerk := as(t, "clerk-aoki")
	if err := c.o.SendNumberNotice(clerk, request); err != nil {
		t.Fatal(err)
	}
	saysNo(t, "sent twice", c.o.SendNumberNotice(clerk, request), "この個人番号通知書は、すでに送られています（clerk-aoki）")
	saysNo(t, "one that is not there", c.o.SendNumberNotice(clerk, "r"), "この個人番号通知書はありません")
}

// TestRevokedOnce: the end of a certificate is asked for once.
func TestRevokedOnce(t *testing.T) {
	c := newCountry(t, "memory:")
	applied := c.apply(c.register(movedIn()).Person, cert.Authentication, nil)
	r := Revocation{Request: applied.Request, Ground: cert.Lost}
	must[string](t)(c.o.Revoke(as(t, "clerk-aoki"), r))
	saysNo(t, "revoked twice", second(c.o.Revoke(as(t, "clerk-aoki"), r)), "この電子証明書の失効は、すでに申請されています")
}

// TestUnreadableFields: what a page cannot read it names.
func TestUnreadableFields(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	person := "/resident/" + c.register(movedIn()).Person.String()
	v.says(v.post("/register", url.Values{"prior": {"零"}}, http.StatusUnprocessableEntity), "記録の版は1以上の数字です")
	v.says(v.post(person+"/change/move-within", url.Values{"by": {"nobody"}}, http.StatusUnprocessableEntity), "届出人を一覧から選んでください")
	v.says(v.post(person+"/seal", url.Values{"guarantor": {"母"}, "way": {string(SealByGuarantor)}}, http.StatusUnprocessableEntity), "宛名番号は数字です")
}
