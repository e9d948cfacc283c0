package municipality

import (
	mathrand "math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
)

// TestCodesBecomeCharacters: a code in any field of a form becomes its character, which the clerk sees before the page on which the notice is
// confirmed, and which is what the register then holds; a code that there is not is refused where it stands.
func TestCodesBecomeCharacters(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	form := v.get("/register", http.StatusOK)
	if !strings.Contains(form, `href="/municipality-202029/characters" target="_blank" rel="noopener" data-picker="f-name"`) || strings.Contains(form, `data-picker="f-code"`) {
		t.Error("where names and addresses are typed, and nowhere else, a link leads to the page that finds characters")
	}
	entered := with(inputs(form), "name", "&J+B9D5;城　＆Ｊ＋８４５Ｂ；子", "furigana", "カツラギ カツコ", "birth", "1992-02-29", "sex", "女", "address", home,
		"domicile", "東京都&U+845B_E0102;飾区1番", "domicile_head", "&MJ999999; 一郎", "earlier_address", "ブラジル")
	page := v.post("/register", entered, http.StatusUnprocessableEntity)
	v.says(page, "「&MJ999999;」: MJ999999という文字は文字情報基盤の一覧にありません", "まだ何も記録していません")
	if got := inputs(page); got.Get("domicile_head") != "&MJ999999; 一郎" || got.Get("name") != "葛\U000E0103城　葛\U000E0102子" {
		t.Errorf("the form comes back with %+q and %+q", got.Get("name"), got.Get("domicile_head"))
	}
	page = v.post("/register", with(entered, "domicile_head", "葛\U000E0103城 一郎"), http.StatusOK)
	v.says(page, "コードを文字に替えました", "&J+B9D5; →", "まだ何も記録していません", "内容を確認する")
	v.silent(page, "登録する を押し")
	if len(c.changes) != 0 {
		t.Fatal("something was filed before anybody saw the characters")
	}
	// Also whoever sends the last step at once sees them first.
	page = v.post("/register", with(entered, "step", "file"), http.StatusOK)
	v.says(page, "コードを文字に替えました")
	if len(c.changes) != 0 {
		t.Fatal("characters that nobody saw were filed")
	}
	page = v.post("/register", with(inputs(page), "step", "", "document", "passport"), http.StatusOK)
	v.says(page, "まだ記録していません", "登録する", "MJ")
	v.silent(page, "コードを文字に替えました")
	person := path(v.post("/register", with(inputs(page), "step", "file"), http.StatusOK))
	person = person[:strings.Index(person, "/filed/")]
	page = v.get(person, http.StatusOK)
	v.says(page, "葛\U000E0103城 葛\U000E0102子", "東京都葛\U000E0102飾区1番")
	// Two shapes that look alike at a glance are told apart by their names in the list.
	both := []string{}
	for _, code := range []string{"J+B9D5", "J+845B"} {
		found := v.get("/characters?code="+url.QueryEscape(code), http.StatusOK)
		v.says(found, code)
		_, after, _ := strings.Cut(found, `class="glyph__name"`)
		_, after, _ = strings.Cut(after, "MJ")
		both = append(both, "MJ"+after[:6])
	}
	if both[0] == both[1] {
		t.Fatal("two shapes have one name")
	}
	v.says(page, both...)

	// A search keeps nothing, and is answered at once.
	page = v.post("/search", url.Values{"name": {"&J+B9D5;城"}}, http.StatusOK)
	v.says(page, "葛\U000E0103城 葛\U000E0102子")
	v.silent(page, "コードを文字に替えました")
}

// TestCodesWaitWithAVisit: what was sent without a visit waits as it was typed, so that its codes are still shown before they are kept.
func TestCodesWaitWithAVisit(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	form := v.get("/register", http.StatusOK)
	v.post("/visit/close", url.Values{}, http.StatusOK)
	page := v.postOnce("/register", with(inputs(form), "name", "&J+B9D5;城 一"), http.StatusConflict)
	if !strings.Contains(page, `value="&amp;J&#43;B9D5;城 一"`) {
		t.Error("the entry does not wait as it was typed")
	}
}

// TestFindCharacters: by a character, a reading or a code, without script and in part over a form; nothing that is typed comes into an address,
// and a whole name is refused without being shown anywhere but in the field.
func TestFindCharacters(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	v.post("/visit/close", url.Values{}, http.StatusOK) // it shows nobody
	page := v.get("/characters", http.StatusOK)
	if !strings.Contains(page, `<form method="post"`) {
		t.Error("what is typed would stand in an address")
	}
	for q, says := range map[string][]string{
		"邊": {"邊\U000E0108", "辺", "この字の仲間"}, "J+B9D5": {"葛\U000E0103", "U+845B_E0103", "葛\U000E0102"}, "かつらぎ": {"見つかりませんでした"}, "くず": {"葛\U000E0103"},
		"&J+B9D5;": {"葛\U000E0103"}, "J+B802": {"公式の文字表にないので、記録できません"},
	} {
		v.says(v.post("/characters", url.Values{"q": {q}}, http.StatusOK), says...)
	}
	for q, says := range map[string]string{"山田　花子": "漢字は1文字だけ", "": "どれかを入力", "MJ999999": "一覧にありません", "①": "一覧にありません"} {
		page := v.post("/characters", url.Values{"q": {q}}, http.StatusUnprocessableEntity)
		v.says(page, says)
		if q != "" && strings.Count(page, q) != strings.Count(page, `value="`+q+`"`)+strings.Count(says, q) && q == "山田　花子" {
			t.Errorf("%q stands outside of its field", q)
		}
	}
	v.says(v.get("/characters?code=%E5%B1%B1%E7%94%B0", http.StatusUnprocessableEntity), "文字のコードではありません")

	part := func(method, path string, form url.Values) string {
		r, _ := http.NewRequest(method, v.base+path, strings.NewReader(form.Encode()))
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("HX-Request", "true")
		answer, err := v.client.Do(r)
		return v.read(method+" "+path, answer, err, http.StatusOK) // htmx shows no other
	}
	for _, p := range []string{part("GET", "/characters", nil), part("POST", "/characters", url.Values{"q": {"山田"}})} {
		if strings.Contains(p, "<html") || strings.Contains(p, `id="form"`) || strings.Contains(p, "data-insert") {
			t.Errorf("the part over a form is\n%s", p)
		}
	}
	found := part("POST", "/characters", url.Values{"q": {"葛"}})
	if !strings.Contains(found, "data-insert=\"葛\U000E0103\"") || strings.Contains(found, "この字の仲間") {
		t.Errorf("the part over a form is\n%s", found)
	}
	if strings.Contains(part("POST", "/characters", url.Values{"q": {"J+B802"}}), `data-insert="鿯"`) {
		t.Error("what cannot be drawn is offered")
	}

	u := c.counter("auditor-onishi")
	u.get("/characters", http.StatusForbidden)
	u.post("/characters", url.Values{"q": {"葛"}}, http.StatusForbidden)
}

// TestSubstitutesAreSaidBeforeTheyAreIssued: whoever applies is told how the certificate will write the name.
func TestSubstitutesAreSaidBeforeTheyAreIssued(t *testing.T) {
	c := newCountry(t, "memory:")
	v := c.counter("clerk-aoki")
	r := movedIn() // 髙𠮷 葛󠄂子
	who := c.register(r).Person
	at := "/resident/" + who.String() + "/apply"
	page := v.get(at, http.StatusOK)
	v.says(page, "氏名は、署名用電子証明書に「高吉 葛子」と載ります", "1文字目の「髙」は、載せられないので「高」になります", "2文字目の「𠮷」", "4文字目の「葛\U000E0102」は、載せられないので「葛」になります")
	v.silent(page, "住所は、署名用電子証明書に", "●")
	v.says(v.get(at+"?lang=en", http.StatusOK), "The name stands in a signature certificate as 高吉 葛子")
	v.get("/?lang=ja", http.StatusOK)
	r.Record.Name = name("㐂田 一")
	v.says(v.get("/resident/"+c.register(r).Person.String()+"/apply", http.StatusOK), "1文字目の「㐂」は")
}

// TestCharacterScreens looks at the page that finds characters, by itself and over a form, where what is chosen goes to the cursor.
func TestCharacterScreens(t *testing.T) {
	for _, lang := range webuitest.Languages() {
		t.Run(lang, func(t *testing.T) {
			tab := webuitest.Browser(t)
			c := newCountryBy(t, "memory:", mathrand.NewChaCha8([32]byte{1}))
			c.step(c.o, c.o.Alarms.Tasks()...)
			base := c.serve()
			look := func(name string) {
				t.Helper()
				tab.Screen(name + "-" + lang)
			}
			status := func(got, want int) {
				t.Helper()
				if got != want {
					t.Fatalf("%s: %d, want %d", tab.Location(), got, want)
				}
			}
			name := func() string { return webuitest.Eval[string](tab, `document.getElementById("f-name").value`) }
			status(tab.Open(base+"/?lang="+lang), http.StatusOK)
			status(tab.Open(base+"/session?next=/municipality-202029/characters"), http.StatusOK)
			status(tab.Follow(`button[value="clerk-aoki"]`), http.StatusOK)
			tab.Fill("#f-q", "葛")
			status(tab.Follow(`#form .button`), http.StatusOK)
			look("characters")

			status(tab.Open(base+"/register"), http.StatusConflict)
			tab.Fill("#f-visit_case", "A-17")
			tab.Press(`label:has(input[value="notice"])`)
			status(tab.Follow(`#form .button`), http.StatusOK)
			tab.Fill("#f-name", "西　太郎")
			webuitest.Eval[string](tab, `(() => { const f = document.getElementById("f-name"); f.focus(); f.setSelectionRange(0, 0); return "" })()`)
			tab.Press(`a[data-picker="f-name"]`)
			tab.WaitFor("dialog[open] #f-q")
			tab.Fill("#f-q", "葛")
			tab.Press("dialog[open] form .button")
			tab.WaitFor("dialog[open] [data-insert]")
			look("characters-over")
			tab.Press("dialog[open] [data-insert=\"葛\U000E0103\"]")
			if got := name(); got != "葛\U000E0103西　太郎" {
				t.Errorf("the field has %+q", got)
			}
			if got := webuitest.Eval[string](tab, `document.activeElement.id + (document.querySelector("dialog[open]") ? " below" : "")`); got != "f-name" {
				t.Errorf("the cursor is in %s", got)
			}
			tab.Fill("#f-name", "&J+B9D5;西　太郎")
			status(tab.Follow(`#form .button`), http.StatusOK)
			if got := name(); got != "葛\U000E0103西　太郎" {
				t.Errorf("the form comes back with %+q", got)
			}
			if got := webuitest.Eval[string](tab, "document.activeElement.id"); got != "replaced" {
				t.Errorf("the page begins at %s", got)
			}
			look("register-codes")

			// Whoever gets no answer is told so over the form, and loses nothing.
			webuitest.Eval[string](tab, `(document.querySelector('a[data-picker="f-name"]').href += "/not-there", "")`)
			tab.Press(`a[data-picker="f-name"]`)
			tab.WaitFor("dialog[open] [role=alert]")
			look("characters-failed")
			tab.Press("dialog[open] > .button")
			if got := name(); got != "葛\U000E0103西　太郎" {
				t.Errorf("the form has %+q", got)
			}
		})
	}
}
