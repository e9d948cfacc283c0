package municipality

import (
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/resident"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

// counter is a browser without script at the counter's pages.
type counter struct {
	*country
	client *http.Client
	base   string // of the server, with the municipality's path
}

func (c *country) counter(persona string) *counter {
	c.t.Helper()
	server := c.serve()
	jar, err := cookiejar.New(nil)
	if err != nil {
		c.t.Fatal(err)
	}
	v := &counter{c, &http.Client{Jar: jar}, server}
	if persona != "" {
		v.post("/session", url.Values{"persona": {persona}}, http.StatusOK)
		if strings.HasPrefix(persona, "clerk-") {
			v.visit()
		}
	}
	return v
}

// visit says what for the clerk looks; months of virtual time may lie between two pages, so that it is said again whenever a
// page asks.
func (v *counter) visit() {
	v.t.Helper()
	v.post("/visit", url.Values{visitPurpose: {"notice"}, visitCase: {"A-17"}}, http.StatusOK)
}

func (c *country) serve() string {
	mux := http.NewServeMux()
	base := "/" + string(c.o.Self)
	mux.Handle(base+"/", c.o.Handler())
	s := httptest.NewServer(mux)
	c.t.Cleanup(s.Close)
	return s.URL + base
}

func (v *counter) get(path string, want int) string {
	v.t.Helper()
	r, err := v.client.Get(v.base + path)
	if err == nil && r.StatusCode == http.StatusConflict && want != http.StatusConflict {
		r.Body.Close()
		v.visit()
		r, err = v.client.Get(v.base + path)
	}
	return v.read("GET "+path, r, err, want)
}

func (v *counter) post(path string, form url.Values, want int) string {
	v.t.Helper()
	r, err := v.client.PostForm(v.base+path, form)
	if err == nil && r.StatusCode == http.StatusConflict && want != http.StatusConflict && path != "/visit" {
		r.Body.Close()
		v.visit()
		r, err = v.client.PostForm(v.base+path, form)
	}
	return v.read("POST "+path, r, err, want)
}

func (v *counter) read(what string, r *http.Response, err error, want int) string {
	v.t.Helper()
	if err != nil {
		v.t.Fatal(err)
	}
	defer r.Body.Close()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		v.t.Fatal(err)
	}
	if r.StatusCode != want {
		v.t.Fatalf("%s: %d, want %d\n%s", what, r.StatusCode, want, text(string(body)))
	}
	v.run(time.Second)
	return r.Request.URL.Path + "\n" + string(body)
}

// text is a page without its tags.
func text(page string) string {
	return strings.Join(strings.Fields(html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(page, " "))), " ")
}

// inputs are the entries of a page's form, as a browser would send them again.
func inputs(page string) url.Values {
	_, form, _ := strings.Cut(page, `id="form"`)
	form, _, _ = strings.Cut(form, "</form>")
	values := url.Values{}
	attr := func(tag, name string) string {
		m := regexp.MustCompile(` ` + name + `="([^"]*)"`).FindStringSubmatch(tag)
		if m == nil {
			return ""
		}
		return html.UnescapeString(m[1])
	}
	for _, tag := range regexp.MustCompile(`<input[^>]*>`).FindAllString(form, -1) {
		kind := attr(tag, "type")
		if (kind == "radio" || kind == "checkbox") && !strings.Contains(tag, " checked") {
			continue
		}
		values.Set(attr(tag, "name"), attr(tag, "value"))
	}
	for _, s := range regexp.MustCompile(`(?s)<select[^>]*name="([^"]*)".*?</select>`).FindAllStringSubmatch(form, -1) {
		if o := regexp.MustCompile(`<option value="([^"]*)" selected`).FindStringSubmatch(s[0]); o != nil {
			values.Set(s[1], o[1])
		}
	}
	return values
}

func with(v url.Values, pairs ...string) url.Values {
	for i := 0; i < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
	}
	return v
}

func (v *counter) says(page string, all ...string) {
	v.t.Helper()
	for _, want := range all {
		if !strings.Contains(text(page), want) {
			v.t.Errorf("the page does not say %q:\n%s", want, text(page))
		}
	}
}

func path(page string) string {
	p, _, _ := strings.Cut(page, "\n")
	return strings.TrimPrefix(p, "/municipality-202029")
}

// TestCounter goes through a day at the counter, without script.
func TestCounter(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	page := v.get("/register", http.StatusOK)
	// 法7条5号・8号: what is needed of most is not called optional.
	v.says(page, "従前の住所 転入では必須", "届出の日 転入では必須", "本籍 戸籍のある方は必須", "筆頭者 戸籍のある方は必須", "戸籍の有無 日本国籍の方は必須")
	entered := with(inputs(page), "name", "髙𠮷 葛󠄂子", "kana", "タカヨシ カツコ", "birth", "2023-02-29", "sex", "女", "address", home)
	page = v.post("/register", entered, http.StatusUnprocessableEntity)
	v.says(page, "2023年2月29日という日はありません", "まだ何も記録していません", "本籍がありません", "筆頭者がありません", "従前の住所（国外からの方は国名）を入力してください")
	entered = with(entered, "domicile", "長野県飯田市大久保町2534番地", "domicile_head", "髙𠮷 一郎", "earlier_address", "ブラジル", "furigana", "タカヨシ カツコ", "document", "passport")
	page = v.post("/register", entered, http.StatusUnprocessableEntity)
	if got := inputs(page); got.Get("name") != "髙𠮷 葛󠄂子" || got.Get("birth") != "2023-02-29" || got.Get("sex") != "女" {
		t.Errorf("what was entered is lost: %v", got)
	}
	page = v.post("/register", with(inputs(page), "document", "passport", "birth", "平成4年2月29日"), http.StatusOK)
	v.says(page, "まだ記録していません", "新しく割り当てます", "平成4年2月29日", "飯田市大久保町", "髙𠮷 一郎", "ブラジル")
	if len(c.changes) != 0 {
		t.Fatal("something was filed before it was confirmed")
	}
	edit := v.post("/register", with(inputs(page), "step", "edit"), http.StatusOK)
	if got := inputs(edit); got.Get("birth") != "平成4年2月29日" || got.Get("step") != "" {
		t.Errorf("back at the form: %v", got)
	}
	page = v.post("/register", with(inputs(page), "step", "file"), http.StatusOK)
	v.says(page, "「転入」を受け付けました", "異動")
	if len(c.changes) != 1 {
		t.Fatalf("%d changes", len(c.changes))
	}
	person := regexp.MustCompile(`^/resident/\d+`).FindString(path(page))
	if person == "" || !strings.Contains(path(page), "/filed/t-") {
		t.Fatalf("registered at %s", path(page))
	}
	v.says(v.get(path(page)+"/part", http.StatusOK), "届いて反映された")

	// The same person again, by a second press of the button.
	page = v.post("/register", with(entered, "birth", "1992-02-29", "step", "file"), http.StatusUnprocessableEntity)
	v.says(page, "すでに登録されています", "別の方であることを確かめた")

	page = v.post("/search", url.Values{"name": {"髙𠮷葛"}}, http.StatusOK)
	if !strings.Contains(page, person) {
		t.Errorf("not found by the beginning of the name without its variant: %s", text(page))
	}
	v.says(v.get(person, http.StatusOK), "髙𠮷 葛󠄂子", "第1版", "転居", home, "筆頭者 髙𠮷 一郎", "旧氏 記載なし", "最初の記載から、何も変わっていません")

	// A move to an address that the center may not read.
	form := v.get(person+"/change/move-within", http.StatusOK)
	v.says(form, "署名用電子証明書が失効します")
	page = v.post(person+"/change/move-within", with(inputs(form), "document", "driving-licence", "address", "松本市大手4番2号"), http.StatusUnprocessableEntity)
	v.says(page, "全国センターで読めず", "このまま届け出る")
	page = v.post(person+"/change/move-within", with(inputs(page), "as_is", "yes"), http.StatusOK)
	v.says(page, "この届出で署名用電子証明書が失効します", "利用者証明用電子証明書は、有効なまま残ります", "松本市大手4番2号", home, "新しい世帯（届け出ると番号が決まります）")
	confirm := inputs(page)
	english := v.post(person+"/change/move-within", with(inputs(page), "_lang", "en"), http.StatusOK)
	v.says(english, "This notice ends: signature certificate")
	v.get("/?lang=ja", http.StatusOK)
	page = v.post(person+"/change/move-within", with(confirm, "step", "file"), http.StatusOK)
	v.says(page, "「転居」を受け付けました", "失効します: 署名用電子証明書")
	if len(c.invalidations) != 1 {
		t.Errorf("%d invalidations", len(c.invalidations))
	}

	// The form that is still open in another window.
	page = v.post(person+"/change/move-within", with(inputs(form), "document", "driving-licence", "address", "長野県松本市大手9番"), http.StatusUnprocessableEntity)
	v.says(page, "第2版に変わりました")
	if got := inputs(page); got.Get("address") != "長野県松本市大手9番" || got.Get("base") != "2" {
		t.Errorf("what was entered is lost: %v", got)
	}
	page = v.post(person+"/change/move-within", inputs(page), http.StatusOK)
	v.says(page, "長野県松本市大手9番")

	form = v.get(person+"/change/minor-amendment", http.StatusOK)
	page = v.post(person+"/change/minor-amendment", with(inputs(form), "address", "長野県松本市大手四丁目2番2号", "basis", "rule-21-2-5"), http.StatusOK)
	v.says(page, "この届出で失効するものはありません")
	v.post(person+"/change/minor-amendment", with(inputs(page), "step", "file"), http.StatusOK)
	if len(c.invalidations) != 1 {
		t.Error("a minor amendment ended something")
	}

	form = v.get(person+"/change/move-out", http.StatusOK)
	page = v.post(person+"/change/move-out", with(inputs(form), "document", "driving-licence", "place", "東京都足立区中央本町", "arose", today.AddDays(3).String()), http.StatusOK)
	page = v.post(person+"/change/move-out", with(inputs(page), "step", "file"), http.StatusOK)
	v.says(page, "転出の予定を受け付けました")
	v.says(v.get(person, http.StatusOK), "転出する予定です", "転出の予定を取り消す")
	v.says(v.post(person+"/planned/cancel", nil, http.StatusOK), "住民の記録")

	for _, act := range []string{"amendment", "death", "deletion", "code-change"} {
		v.get(person+"/change/"+act, http.StatusOK)
	}
	form = v.get(person+"/change/death", http.StatusOK)
	page = v.post(person+"/change/death", inputs(form), http.StatusOK)
	v.says(page, "個人番号カードが失効します", "髙𠮷 葛󠄂子")
	v.post(person+"/change/death", with(inputs(page), "step", "file"), http.StatusOK)
	v.says(v.get(person+"/change/move-within", http.StatusUnprocessableEntity), "消除されています")
	v.says(v.get(person, http.StatusOK), "この方の住民票は消除されています")
	v.says(v.get("/", http.StatusOK), "転居", "登録されている住民")
}

// TestApplicationPages: apply, hand over key and certificate, revoke.
func TestApplicationPages(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	v := c.counter("clerk-aoki")
	apply := fmt.Sprintf("/resident/%s/apply", who.Person)
	form := inputs(v.get(apply, http.StatusOK))
	page := v.post(apply, form, http.StatusUnprocessableEntity)
	v.says(page, "種類を選んでください", "書類の種類を選んでください")
	page = v.post(apply, with(form, "profile", "signature", "document", "health-insurance", "second_document", "pension"), http.StatusOK)
	v.says(page, "待っています", "一度だけ", "健康保険の資格確認書・年金手帳")
	at := path(page)
	result := v.get(at+"/part", http.StatusOK)
	v.says(result, "電子証明書が発行されました")
	if strings.Contains(result, "一度だけ") {
		t.Error("the result and the offer of the key are one part: whoever presses the button there keeps the result away")
	}
	v.says(v.get(at+"/key-part", http.StatusOK), "一度だけ")
	key := v.post(at+"/key", nil, http.StatusOK)
	if part := v.get(at+"/key-part", http.StatusOK); strings.Contains(part, "一度だけ") {
		t.Error("the part that refreshes itself still offers the key that was handed over")
	}
	private, err := pki.DecodeKey([]byte(strings.SplitN(key, "\n", 2)[1]))
	if err != nil {
		t.Fatal(err)
	}
	v.says(v.post(at+"/key", nil, http.StatusUnprocessableEntity), "秘密鍵はもうありません")
	block, _ := pem.Decode([]byte(strings.SplitN(v.get(at+"/certificate.pem", http.StatusOK), "\n", 2)[1]))
	crt, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if acts := c.audited(c.now(who.Person).Record.Code); acts[0] != "clerk-aoki look" {
		t.Errorf("who took the certificate is not in the audit log: %q", acts)
	}
	if public, isRSA := private.Public().(*rsa.PublicKey); !isRSA || !public.Equal(crt.PublicKey) {
		t.Error("the certificate is not for the key that was handed over")
	}
	page = v.get(at, http.StatusOK)
	page = v.post(at+"/revoke", inputs(page), http.StatusUnprocessableEntity)
	v.says(page, "取り消せないことを")
	page = v.post(at+"/revoke", with(inputs(page), "told", "yes"), http.StatusUnprocessableEntity)
	v.says(page, "失効の理由を一覧から")
	page = v.post(at+"/revoke", with(inputs(page), "told", "yes", "revoke_reason", "exposed"), http.StatusOK)
	v.says(page, "失効を申請しました")
	if len(c.revokes) != 1 {
		t.Errorf("%d revocations asked for", len(c.revokes))
	}
	page = v.post(apply, with(form, "public_key", "-----BEGIN PRIVATE KEY-----\nMAA=\n-----END PRIVATE KEY-----"), http.StatusUnprocessableEntity)
	v.says(page, "秘密鍵です")
	v.get("/application/nothing", http.StatusNotFound)
	v.get("/resident/1", http.StatusUnprocessableEntity)
	v.get("/resident/x/change/move-within", http.StatusUnprocessableEntity)
	v.get(fmt.Sprintf("/resident/%s/change/nothing", who.Person), http.StatusNotFound)
	v.get(fmt.Sprintf("/resident/%s/filed/t-nothing", who.Person), http.StatusNotFound)
}

// TestWhoMaySee: pages are for those whom the rules name.
func TestWhoMaySee(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	person := "/resident/" + who.Person.String()
	for persona, want := range map[string]map[string]int{
		"operator-ueda":  {"/": 200, "/search": 403, "/register": 403, person: 403, person + "/apply": 403, person + "/change/death": 403, "/audit": 403, "/messages": 200},
		"auditor-onishi": {"/": 200, "/search": 403, "/register": 403, person: 403, "/audit": 200, "/messages": 200},
		"clerk-aoki":     {"/": 200, "/search": 200, "/register": 200, person: 200, person + "/apply": 200, "/audit": 403, "/messages": 200},
	} {
		v := c.counter(persona)
		for p, status := range want {
			v.get(p, status)
		}
	}
	nobody := c.counter("")
	if page := nobody.get("/search", http.StatusOK); path(page) != "/session" {
		t.Errorf("nobody is led to %s", path(page))
	}
	if page := nobody.get("/", http.StatusOK); strings.Contains(page, "髙") {
		t.Error("the first page shows a person")
	}
	page := c.counter("auditor-onishi").get("/audit", http.StatusOK)
	if !strings.Contains(page, "住民を登録した") || strings.Contains(page, "髙") {
		t.Error("the audit log lacks the registration, or shows a name")
	}
	if acts := c.audited(c.now(who.Person).Record.Code); !slices.Contains(acts, "clerk-aoki look") {
		t.Errorf("audited: %v", acts)
	}
}

// TestSearchPage covers each way to look for somebody.
func TestSearchPage(t *testing.T) {
	c := newCountry(t, "memory:")
	who := c.register(movedIn())
	v := c.counter("clerk-aoki")
	old := c.now(who.Person).Record.Code
	if _, err := c.o.File(as(t, "clerk-aoki"), Recode{Filing: c.filing(who.Person, "law-30-3")}); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		field, value string
		found        bool
	}{
		{"name", "髙𠮷", true}, {"name", "髙𠮷　葛子", true}, {"name", "高吉", true}, {"name", "高吉葛子", true}, {"name", "斎吉", false}, {"kana", "タカ", true}, {"kana", "カツコ", false},
		{"birth", "H4.2.29", true}, {"birth", "1992-02-28", false}, {"code", c.now(who.Person).Record.Code.Reveal(), true}, {"code", old.Reveal(), true},
		{"code", resident.RecordCodeOf(3).Reveal(), false},
	} {
		page := v.post("/search", url.Values{test.field: {test.value}}, http.StatusOK)
		if got := strings.Contains(page, "/resident/"+who.Person.String()); got != test.found {
			t.Errorf("%s %s: found %v", test.field, test.value, got)
		}
	}
	v.says(v.post("/search", url.Values{}, http.StatusUnprocessableEntity), "どれかを入力")
	v.says(v.post("/search", url.Values{"code": {"12345678901"}}, http.StatusUnprocessableEntity), "検査数字")
	v.says(v.post("/search", url.Values{"birth": {"2023-02-29"}}, http.StatusUnprocessableEntity), "2023年2月29日")
	for range maxFound {
		c.register(movedIn())
	}
	v.says(v.post("/search", url.Values{"name": {"髙"}}, http.StatusOK), "ほかにもいます")
}
