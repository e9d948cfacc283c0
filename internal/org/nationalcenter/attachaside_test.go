package nationalcenter_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/protection"
	"github.com/akashi-id/akashi/message"
	"github.com/akashi-id/akashi/resident"
)

var (
	ueda  = access.Person{ID: "operator-ueda", Job: access.Operator, Fresh: true}
	egawa = access.Person{ID: "operator-egawa", Job: access.Operator, Fresh: true}
)

// asides gives the open addresses of what is set aside, and the alarm's value.
func (c *country) asides() (paths []string, rings int64) {
	c.t.Helper()
	page := c.page("operator-ueda", "GET", "/asides", nil).Body.String()
	for _, part := range strings.Split(page, `href="/nationalcenter/asides/`)[1:] {
		id, _, _ := strings.Cut(part, `"`)
		paths = append(paths, id)
	}
	for _, s := range must(c.center.AsidesAlarm().Signals(c.t.Context(), c.clk.Now())) {
		rings += s.Value
	}
	return paths, rings
}

// page asks for a page as a persona.
func (c *country) page(who, method, path string, form url.Values) *httptest.ResponseRecorder {
	c.t.Helper()
	send := func(method, path, body string, cookies []*http.Cookie) *httptest.ResponseRecorder {
		r := httptest.NewRequest(method, "http://127.0.0.1/nationalcenter"+path, strings.NewReader(body))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("Sec-Fetch-Site", "same-origin")
		for _, k := range cookies {
			r.AddCookie(k)
		}
		w := httptest.NewRecorder()
		c.center.Handler().ServeHTTP(w, r)
		return w
	}
	in := send("POST", "/session", url.Values{"persona": {who}}.Encode(), nil)
	return send(method, path, form.Encode(), in.Result().Cookies())
}

// TestAttachOfProtected: of a protected person no answer depends on the earlier municipality that is named: still there, moved out, and after
// two operators have let the asker. Whom she told is agreed with.
func TestAttachOfProtected(t *testing.T) {
	c := newCountry(t, "memory:")
	her := newPerson(t, 1, "山田　花子")
	want(t, c.tell(nagano, her.change(resident.MoveIn)), "applied")
	flag := message.ResidentProtection{Code: her.Code, Owner: matsumoto, Version: 1, Measure: "S202029-1", Provisional: true}
	want(t, c.tell(nagano, flag), "applied")
	n := 0
	whys := func(asker message.Org, at string) map[string]bool {
		answers := map[string]bool{}
		for _, from := range []string{"202029", "202053", "131211"} { // 松本市, where she lives, and two that she has never seen
			n++
			a := c.attach(asker, asks(her, fmt.Sprintf("t-%d", n), at, from))
			answers[fmt.Sprint(a.Why, " ", a.Version)] = true
		}
		return answers
	}
	one := func(what string, got map[string]bool, why string) {
		t.Helper()
		if len(got) != 1 || !got[why] {
			t.Errorf("%s: the center says %v, want %s", what, got, why)
		}
	}
	one("she lives there", whys(adachi, "131211"), "[present] 1")
	want(t, c.tell(nagano, her.change(resident.MoveOut)), "applied")
	one("she has moved out, and nobody said to 飯田市", whys(iida, "202053"), "[aside] 0")
	paths, rings := c.asides()
	if len(paths) != 1 || rings != 1 {
		t.Fatalf("set aside: %v, the alarm says %d", paths, rings)
	}
	// One person lets nobody.
	if err := c.center.LetAsk(t.Context(), egawa, paths[0]); err == nil || !strings.Contains(err.Error(), "この照会には、提案がありません") {
		t.Errorf("let without a proposal: %v", err)
	}
	if err := c.center.ProposeToLet(t.Context(), ueda, paths[0], " "); err == nil || !strings.Contains(err.Error(), "答えてよいわけを、1,000文字以内で書いてください") {
		t.Errorf("proposed without a reason: %v", err)
	}
	if err := c.center.ProposeToLet(t.Context(), ueda, "nothing", "電話した。"); err == nil || !strings.Contains(err.Error(), "この照会は、もう取り置かれていないか、ありません") {
		t.Errorf("one that is not there: %v", err)
	}
	if err := c.center.ProposeToLet(t.Context(), ueda, paths[0], "飯田市に電話し、本人と確かめた。"); err != nil {
		t.Fatal(err)
	}
	if err := c.center.LetAsk(t.Context(), ueda, paths[0]); err == nil {
		t.Error("let by the one who proposed it")
	}
	if err := c.center.LetAsk(t.Context(), egawa, paths[0]); err != nil {
		t.Fatal(err)
	}
	one("two operators have let it", whys(iida, "202053"), "[] 2")
	c.attachSays("without a certificate", iida, asks(her, "t-none", "202053", ""), "elsewhere")
	c.clk.Set(c.clk.Now().Add(25 * time.Hour))
	if _, rings := c.asides(); rings != 0 {
		t.Error("the alarm goes on")
	}
	one("the day is over", whys(iida, "202053"), "[aside] 0")

	// She says where she goes, as the counter of 松本市 tells when it takes the notice.
	flag.Version, flag.Places = 2, []resident.MunicipalityCode{must(resident.ParseMunicipalityCode("m", "131211"))}
	want(t, c.tell(nagano, flag), "applied")
	one("whom she told", whys(adachi, "131211"), "[] 2")
	namesake := *her
	namesake.Name = must(resident.ParseName("name", "山田　華子"))
	c.attachSays("a namesake all the same", adachi, asks(&namesake, "t-name", "131211", "202029"), "name")

	// The owner of the flag sees that somebody asked, and of whom it agreed with not who: that says where she has gone.
	told := must(protection.ReadQuestions(must(c.peers[matsumoto].Ask(t.Context(), theCenter, protection.AskQuestions, must(protection.AskedOf([]resident.RecordCode{her.Code}))))))
	refused, agreed := 0, 0
	for _, q := range told {
		switch {
		case q.Agreed && q.AskedBy != "":
			t.Errorf("the owner is told that %s was agreed with", q.AskedBy)
		case q.Agreed:
			agreed++
		case q.AskedBy == adachi || q.AskedBy == iida:
			refused++
		}
	}
	if refused != 11 || agreed != 6 {
		t.Errorf("the owner is told of %d refused and %d agreed", refused, agreed)
	}
	if _, err := c.peers[iida].Ask(t.Context(), theCenter, protection.AskQuestions, must(protection.AskedOf([]resident.RecordCode{her.Code}))); err == nil {
		t.Error("somebody who does not protect her is told who asked")
	}
}

// TestAttachIsBounded: who is refused five different questions about one code gets no answer to the sixth, though it is right, until two
// operators let it. The same question put again says nothing new and counts once; another code and another asker are not held up.
func TestAttachIsBounded(t *testing.T) {
	c := newCountry(t, "memory:")
	a, b := newPerson(t, 1, "坂出　太郎"), newPerson(t, 2, "松本　花子")
	for _, p := range []*person{a, b} {
		want(t, c.tell(nagano, p.change(resident.MoveIn)), "applied")
		want(t, c.tell(nagano, p.change(resident.MoveOut)), "applied")
	}
	for i := range 7 {
		c.attachSays("the same question", adachi, asks(a, fmt.Sprintf("same-%d", i), "131211", "202053"), "elsewhere")
	}
	for i, birth := range []string{"1980-01-01", "1980-01-02", "1980-01-03", "1980-01-04"} {
		guess := *a
		guess.Birth = must(resident.ParsePartialDate("birth", birth))
		c.attachSays("a guess", adachi, asks(&guess, fmt.Sprintf("guess-%d", i), "131211", "202029"), "birth")
	}
	right := asks(a, "right-1", "131211", "202029")
	c.attachSays("the sixth", adachi, right, "aside")
	c.attachSays("another code", adachi, asks(b, "b-1", "131211", "202029"), "")
	right.Request = "right-2"
	c.attachSays("again", adachi, right, "aside")
	c.clk.Set(c.clk.Now().Add(25 * time.Hour))
	right.Request = "right-3"
	c.attachSays("a day later", adachi, right, "aside")
	q := asks(a, "iida-1", "202053", "202029")
	c.attachSays("another asker", iida, q, "")

	// The pages name neither the person nor the code, and two operators let it.
	paths, rings := c.asides()
	if len(paths) != 1 || rings != 1 {
		t.Fatalf("set aside: %v, the alarm says %d", paths, rings)
	}
	one := "/asides/" + paths[0]
	for _, page := range []string{c.page("operator-ueda", "GET", "/asides", nil).Body.String(), c.page("operator-ueda", "GET", one, nil).Body.String()} {
		if !strings.Contains(page, string(adachi)) || strings.Contains(page, a.Code.Reveal()) || strings.Contains(page, "坂出") {
			t.Error("the page does not say who asked, or says about whom")
		}
	}
	for _, x := range []struct {
		who, path string
		form      url.Values
		status    int
	}{
		{"operator-ueda", one + "/propose", url.Values{"why": {""}}, http.StatusUnprocessableEntity},
		{"operator-ueda", one + "/propose", url.Values{"why": {"足立区に電話した。生年月日の打ち間違い。"}}, http.StatusSeeOther},
		{"operator-ueda", one + "/confirm", nil, http.StatusUnprocessableEntity},
		{"clerk-aoki", one + "/confirm", nil, http.StatusForbidden},
		{"operator-egawa", one + "/confirm", nil, http.StatusSeeOther},
	} {
		if got := c.page(x.who, "POST", x.path, x.form); got.Code != x.status {
			t.Errorf("%s %s: %d, want %d", x.who, x.path, got.Code, x.status)
		}
	}
	c.clk.Set(c.clk.Now().Add(31 * time.Minute)) // until what was agreed with 飯田市 is over
	right.Request = "right-4"
	c.attachSays("let", adachi, right, "")
	if c.audited("attach.let", a.Code) != 1 || c.audited("attach.propose", a.Code) != 1 {
		t.Error("who let it is not in the audit log")
	}
}
