package org_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/document"
	"github.com/akashi-id/akashi/internal/document/making"
	"github.com/akashi-id/akashi/internal/org/issuing"
	"github.com/akashi-id/akashi/internal/org/municipality"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// handedOver is a document of somebody that they have got.
func (v *issuers) handedOver(who municipality.PersonID) (request string) {
	v.Helper()
	request = v.applied(making.IndividualRecord, who, document.Items{})
	v.run(2 * time.Second)
	_, err := v.town.PrintDocument(v.clerk, request)
	check(v, err)
	check(v, v.handOver(request, 1))
	v.run(2 * time.Second)
	return request
}

// TestDocumentIsRecalled: what was handed over and is wrong does not verify any more from the moment at which the server hears of it, and its paper is sought until
// somebody has written down what became of it. The day agrees as before.
func TestDocumentIsRecalled(t *testing.T) {
	v := newIssuers(t, inMemory, true)
	who := v.person("松本　一子", "1960-05-01", "世帯主", "")
	v.run(2 * time.Second)
	id := v.handedOver(who.Person)
	counter, server := v.traced(id)
	var verify string
	check(t, v.server.Store.View(t.Context(), func(ctx context.Context, tx *sqlstore.Tx) error {
		return tx.QueryRow(ctx, `SELECT binding FROM document WHERE request = $1`, id).Scan(&verify)
	}))
	refused := func(err error, ja string) {
		t.Helper()
		if err == nil || !strings.Contains(err.Error(), ja) {
			t.Errorf("%v, want %s", err, ja)
		}
	}
	stands := func(place municipality.Place, ending message.Ending, verdict issuing.Verdict, concerns bool) {
		t.Helper()
		c, s := v.traced(id)
		is, err := v.server.VerifyNumber(t.Context(), counter.Number, verify)
		check(t, err)
		if c.Place != place || c.State != string(ending) || s.Ending != ending || is.Verdict != verdict {
			t.Errorf("it is %s and %s, at the server %s, and verifies as %s", c.Place, c.State, s.Ending, is.Verdict)
		}
		if !c.EndedAt.Equal(counter.EndedAt) || !s.EndedAt.Equal(server.EndedAt) || s.Sheets != 1 {
			t.Errorf("it was handed over at %v and, by the server, %v", c.EndedAt, s.EndedAt)
		}
		day := v.clk.Now().Format(time.DateOnly)
		q, err := municipality.ParseInquiry(day, day, "別の人の記録が載っていた")
		check(t, err)
		q, err = v.town.InquireDocuments(v.clerk, q)
		check(t, err)
		a, err := v.town.Affected(v.clerk, municipality.AffectedQuery{Inquiry: q.ID})
		check(t, err)
		if got := a.Counts.Concerned == 1; got != concerns || a.Counts.Places[place] != 1 {
			t.Errorf("it concerns somebody: %t, and the papers are %v", got, a.Counts.Places)
		}
		v.accounts(1, 0, 1, 0, 0)
	}
	stands(municipality.PlaceCitizen, message.Delivered, issuing.Genuine, true)
	refused(v.town.RecoverDocument(v.clerk, id, 1, "裁断した"), "回収を記録できるのは、無効にした証明書だけです。")
	refused(v.town.RecallDocument(v.clerk, id, " "), "無効にする理由を500文字以内で書いてください。")
	refused(v.town.RecallDocument(v.clerk, id, strings.Repeat("長", 501)), "無効にする理由を500文字以内で書いてください。")

	check(t, v.town.RecallDocument(v.clerk, id, "別の方の記録が載っていた。"))
	v.run(2 * time.Second)
	stands(municipality.PlaceRecalled, message.Recalled, issuing.Void, true)
	refused(v.town.RecallDocument(v.clerk, id, "もう一度"), "無効にできるのは、渡した証明書だけです。")
	refused(v.town.RecoverDocument(v.clerk, id, 0, "裁断した"), "戻った枚数を1から100までの数で入力してください。")
	refused(v.town.RecoverDocument(v.clerk, id, 2, "裁断した"), "渡したときに印刷した枚数は1枚です。")
	refused(v.town.RecoverDocument(v.clerk, id, 1, ""), "紙がどうなったかを500文字以内で書いてください。")
	stands(municipality.PlaceRecalled, message.Recalled, issuing.Void, true)

	check(t, v.town.RecoverDocument(v.clerk, id, 1, "本人から受け取り、裁断した。"))
	v.run(2 * time.Second)
	stands(municipality.PlaceGone, message.Recovered, issuing.Void, false)
	c, _ := v.traced(id)
	if r := c.Recall; r == nil || r.By != "clerk-aoki" || r.Reason != "別の方の記録が載っていた。" || r.RecoveredAt.IsZero() || r.Sheets != 1 || r.Proof != "本人から受け取り、裁断した。" {
		t.Errorf("the counter knows of the recall %+v", r)
	}
	var acts []string
	for _, s := range c.Steps {
		acts = append(acts, s.Act)
	}
	if n := len(acts); n < 4 || !slices.Equal(acts[n-4:], []string{"document-state", "document-recall", "document-state", "document-recover"}) {
		t.Errorf("the steps are %q", acts)
	}
	refused(v.town.RecoverDocument(v.clerk, id, 1, "もう一度"), "回収を記録できるのは、無効にした証明書だけです。")

	// What was never handed over is not recalled.
	held := v.applied(making.IndividualRecord, who.Person, document.Items{})
	v.run(2 * time.Second)
	refused(v.town.RecallDocument(v.clerk, held, "誤り"), "無効にできるのは、渡した証明書だけです。")
}

// TestRecallScreens: a clerk declares a document void that was handed over, finds it among those that are sought, and writes down that its paper is back.
func TestRecallScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			v := newIssuersBy(t, inMemory, true, rand.NewChaCha8([32]byte{11}))
			who := v.person("松本　一子", "1960-05-01", "世帯主", "")
			v.run(70 * time.Second)
			id := v.handedOver(who.Person)
			server := httptest.NewServer(v.town.Handler())
			t.Cleanup(server.Close)
			base := server.URL + "/" + string(matsumoto)
			tab := webuitest.Browser(t)
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d: %s", tab.Location(), got, want, tab.Text("main"))
				}
			}
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			status(tab.Open(base+"/session?next=/"+string(matsumoto)+"/document/"+id), http.StatusOK)
			status(tab.Follow(`button[value="clerk-inoue"]`), http.StatusConflict) // for what, the visit says
			tab.Fill("#f-visit_case", "F-17")
			tab.Press(`label:has(input[value="fault"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Screen("recall-delivered-" + lang)
			tab.Press(`details.more summary`)
			status(tab.Follow(`#recall-form .button`), http.StatusUnprocessableEntity)
			tab.Screen("recall-wrong-" + lang)
			tab.Fill("#f-recall", "別の方の記録が載っていた。")
			status(tab.Follow(`#recall-form .button`), http.StatusOK)
			tab.Screen("recall-recalled-" + lang)
			status(tab.Open(base+"/documents"), http.StatusOK)
			if got := tab.Text("main"); !strings.Contains(got, id) {
				t.Errorf("nobody seeks it: %s", got)
			}
			tab.Screen("recall-sought-" + lang)
			status(tab.Open(base+"/document/"+id), http.StatusOK)
			tab.Fill("#f-back", "1")
			tab.Fill("#f-back_proof", "本人から受け取り、係長の前で裁断した。")
			status(tab.Follow(`#recover-form .button`), http.StatusOK)
			tab.Screen("recall-recovered-" + lang)
		})
	}
}
