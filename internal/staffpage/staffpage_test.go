package staffpage_test

import (
	"crypto/rand"
	"io"
	mathrand "math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/akashi-id/akashi/internal/access"
	"github.com/akashi-id/akashi/internal/clock"
	"github.com/akashi-id/akashi/internal/exchange"
	"github.com/akashi-id/akashi/internal/host"
	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/internal/pki"
	"github.com/akashi-id/akashi/internal/plain"
	"github.com/akashi-id/akashi/internal/sqlstore"
	"github.com/akashi-id/akashi/internal/staff"
	"github.com/akashi-id/akashi/internal/staffpage"
	"github.com/akashi-id/akashi/internal/webui"
	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

func TestMain(m *testing.M) { webuitest.Main(m) }

const (
	self = message.Org("municipality-202029")
	base = "/municipality-202029"
)

var start = time.Date(2026, 11, 24, 0, 0, 0, 0, time.UTC)

// locked is randomness for several at once, the same in each run: passkeys of software have numbers that stand in pictures.
type locked struct {
	mu   sync.Mutex
	from *mathrand.ChaCha8
}

func (l *locked) Read(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.from.Read(p)
}

// office is an organisation with nothing but its staff.
type office struct {
	*testing.T
	h   *host.Host
	clk *clock.Virtual
	url string // of the screens, on localhost
}

// open opens it; with personas it is one of the test country.
func open(t *testing.T, personas []access.Person) *office {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	check(t, err)
	_, port, err := net.SplitHostPort(ln.Addr().String())
	check(t, err)
	o := &office{T: t, clk: clock.NewVirtual(start)}
	origin := "http://localhost:" + port
	ca, err := pki.NewInfrastructureCA(rand.Reader, start)
	check(t, err)
	trust, err := pki.NewTrust(ca.Certificate())
	check(t, err)
	signer, err := ca.NewIdentity(rand.Reader, start, string(self), pki.ForSigning)
	check(t, err)
	name := plain.Sentence{JA: "松本市", EN: "Matsumoto-shi"}
	o.h, err = host.Open(t.Context(), host.Config{Self: self, Name: name, StoreURL: "memory:", Clock: o.clk, Rand: &locked{from: mathrand.NewChaCha8([32]byte{1})}, Drill: -1,
		Signer: signer, Trust: trust, Link: new(exchange.Memory).As(self), Origin: origin},
		host.Rules{Schema: sqlstore.Schema{Name: "test", FS: fstest.MapFS{"0001_test.sql": {Data: []byte("CREATE TABLE test(n BIGINT NOT NULL)")}}}})
	check(t, err)
	t.Cleanup(func() { o.h.Close() })
	sessions, err := access.NewSessions(access.SessionConfig{Org: string(self), Base: base, Key: []byte(strings.Repeat("k", 32)), Clock: o.clk, Personas: personas})
	check(t, err)
	ui, err := webui.New(webui.Config{Base: base, Org: name, Role: self.Role(), TestCountry: personas != nil, Nav: []webui.NavItem{staffpage.Nav}, Clock: o.clk, Sessions: sessions})
	check(t, err)
	pages := http.NewServeMux()
	check(t, staffpage.Mount(pages, o.h, ui))
	mux := http.NewServeMux()
	mux.Handle(base+"/", ui.Serve(pages))
	s := httptest.NewUnstartedServer(mux)
	s.Listener.Close()
	s.Listener = ln
	s.Start()
	t.Cleanup(s.Close)
	o.url = origin + base
	return o
}

func check(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// invite is the link for the first administrator.
func (o *office) invite() string {
	o.Helper()
	secret, err := o.h.Staff.InviteFirst(o.Context(), staff.Newcomer{ID: "hayashi", Name: plain.Sentence{JA: "林 恵子", EN: "Hayashi Keiko"},
		Grant: staff.Grant{Job: access.Administrator, Office: "情報政策課"}})
	check(o.T, err)
	return staffpage.Link(o.h.Origin, base, secret)
}

// visitor is somebody with a browser and, when it has one, a device.
type visitor struct {
	*webuitest.Tab
	o *office
}

func (o *office) visitor(device bool) visitor {
	o.Helper()
	v := visitor{webuitest.Browser(o.T), o}
	if device {
		v.Device()
	}
	return v
}

func (v visitor) page(path string, want int) {
	v.o.Helper()
	if got := v.Open(v.o.url + path); got != want {
		v.o.Fatalf("%s: %d, want %d: %s", path, got, want, v.Text("main"))
	}
}

// says waits for a page's title.
func (v visitor) says(title string) {
	v.o.Helper()
	deadline := time.Now().Add(time.Minute)
	for got := ""; time.Now().Before(deadline); {
		if got = webuitest.Eval[string](v.Tab, `document.readyState === "complete" ? (document.querySelector("h1")?.textContent ?? "") : ""`); got == title {
			return
		}
	}
	v.o.Fatalf("the page says %q, not %q: %s", v.Text("h1"), title, v.Text("main"))
}

// register registers the device for a link, and signs in with it.
func (v visitor) register(link, label string) {
	v.o.Helper()
	v.page("/session", 200) // so that the link is another page, and not a place on this one
	v.Open(link)
	if strings.Contains(v.Location(), "#") {
		v.o.Errorf("the invitation stays in the address: %s", v.Location())
	}
	v.Follow("main button")
	v.Fill("#f-label", label)
	v.Press("main button")
}

func (v visitor) signIn() {
	v.o.Helper()
	v.page("/session?next="+base+"/staff", 200)
	v.Press("form[data-passkey] button")
}

// TestOperatorsInABrowser: from the first administrator's invitation to an authority that is revoked, with the browser's own
// passkeys.
func TestOperatorsInABrowser(t *testing.T) {
	o := open(t, nil)
	admin, tanaka := o.visitor(true), o.visitor(true)
	admin.page("/staff", 200)
	admin.says("ログイン") // nobody has signed in
	admin.register(o.invite(), "青い鍵")
	admin.says("パスキーを登録しました")
	admin.signIn()
	admin.says("職員")

	// Whoever is alone invites another administrator, and the machine confirms.
	if said := admin.Text("main"); !strings.Contains(said, "二人いません") {
		t.Errorf("it does not say that there is one administrator: %s", said)
	}
	o.second()

	// The administrator invites an operator, who registers another device.
	link := admin.hire("tanaka", "田中 実", "operator")
	tanaka.register(link, "黒い鍵")
	tanaka.says("パスキーを登録しました")
	tanaka.page("/session?next="+base+"/session", 200)
	tanaka.Press("form[data-passkey] button")
	tanaka.WaitFor(".persona[data-known]")
	tanaka.page("/staff", http.StatusForbidden)

	// The administrator's device makes no passkey for a second person.
	link = admin.hire("inoue", "井上 花", "operator")
	admin.register(link, "青い鍵")
	admin.waits("[data-passkey-says]", "一つの装置は、一人のものです")
	nobody := o.visitor(false)
	nobody.Open(link)
	nobody.Follow("main button")
	nobody.says("パスキーの登録")

	// A while later the passkey is asked for again, and what was entered is kept.
	o.clk.Set(start.Add(access.FreshFor + time.Second))
	admin.page("/staff/person/tanaka/revoke", 200)
	admin.Fill("#f-why", "退職のため")
	if got := admin.Follow("main button"); got != http.StatusForbidden {
		t.Errorf("revoked without the passkey: %d", got)
	}
	admin.says("もう一度、本人を確かめます")
	if !strings.Contains(admin.Text("main"), "操作者IDの発行・見直し・取消し") {
		t.Errorf("it does not say for what: %s", admin.Text("main"))
	}
	admin.Press("main button")
	admin.says("職員の操作者IDとパスキー")
	if said := admin.Text("main"); !strings.Contains(said, "退職のため") || !strings.Contains(said, "取り消した") {
		t.Errorf("what was entered is not there: %s", said)
	}
	// The operator is nobody from that moment on.
	tanaka.page("/session", 200)
	if said := tanaka.Text("header"); !strings.Contains(said, "ログインしていません") {
		t.Errorf("the operator is still there: %s", said)
	}
	tanaka.signIn()
	tanaka.says("受け付けられませんでした")
	if said := tanaka.Text("main"); !strings.Contains(said, "操作者ID") {
		t.Errorf("it does not say why: %s", said)
	}
	admin.page("/session", 200)
	admin.Follow("form[action$='/session'] button")
	admin.page("/session", 200)
	if said := admin.Text("header"); !strings.Contains(said, "ログインしていません") {
		t.Errorf("signed out, and still there: %s", said)
	}
}

// waits waits for words that come by themselves.
func (v visitor) waits(css, want string) {
	v.o.Helper()
	deadline := time.Now().Add(time.Minute)
	for time.Now().Before(deadline) {
		if strings.Contains(webuitest.Eval[string](v.Tab, `document.querySelector(`+"`"+css+"`"+`)?.textContent ?? ""`), want) {
			return
		}
	}
	v.o.Fatalf("%s says %q, not %q", css, v.Text(css), want)
}

// hire fills in the invitation of somebody, and returns the link.
func (v visitor) hire(id, name, job string) string {
	v.o.Helper()
	v.page("/staff/invite", 200)
	v.Fill("#f-name_ja", name)
	v.Fill("#f-name_en", id)
	v.Fill("#f-id", id)
	v.Press("input[value=" + job + "]")
	v.Fill("#f-office", "市民課")
	v.Follow("main button")
	v.says("招待を作りました")
	link := v.Text("#invitation")
	check(v.o.T, v.o.h.Staff.ConfirmInvitation(v.o.Context(), mori, id, v.o.member(id).Invitation.Mark))
	return link
}

// mori is the second administrator.
var mori = access.Person{ID: "mori", Job: access.Administrator, Credential: "mori's", Fresh: true}

// second makes mori somebody who can sign in, with a passkey of software.
func (o *office) second() {
	o.Helper()
	s := o.h.Staff
	secret, err := s.Invite(o.Context(), access.Person{ID: "hayashi", Job: access.Administrator, Fresh: true},
		staff.Newcomer{ID: mori.ID, Name: plain.Sentence{JA: "森 一郎", EN: "Mori Ichiro"}, Grant: staff.Grant{Job: access.Administrator, Office: "情報政策課"}})
	check(o.T, err)
	check(o.T, s.ConfirmFromMachine(o.Context(), mori.ID))
	_, q, err := s.AskRegister(o.Context(), secret, "a browser")
	check(o.T, err)
	soft, err := passkey.NewSoft([]byte(strings.Repeat("m", passkey.SeedSize)))
	check(o.T, err)
	answer, err := soft.Create(q.Options, o.h.Origin)
	check(o.T, err)
	check(o.T, s.Register(o.Context(), secret, "a browser", "鍵", access.Answer{Sealed: q.Sealed, Credential: answer}))
}

// client is somebody in the test country, without a browser.
type client struct {
	*http.Client
	o *office
}

func (o *office) client(persona string) client {
	o.Helper()
	jar, err := cookiejar.New(nil)
	check(o.T, err)
	c := client{&http.Client{Jar: jar}, o}
	if persona != "" {
		c.post("/session", url.Values{"persona": {persona}}, 404) // there is no front page here
	}
	return c
}

func (c client) post(path string, form url.Values, want int) string {
	c.o.Helper()
	resp, err := c.PostForm(c.o.url+path, form)
	return c.read(path, resp, err, want)
}

func (c client) get(path string, want int) string {
	c.o.Helper()
	resp, err := c.Get(c.o.url + path)
	return c.read(path, resp, err, want)
}

func (c client) read(path string, resp *http.Response, err error, want int) string {
	c.o.Helper()
	check(c.o.T, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	check(c.o.T, err)
	if resp.StatusCode != want {
		c.o.Errorf("%s: %d, want %d\n%s", path, resp.StatusCode, want, b)
	}
	return string(b)
}

// TestAPersonaStepsUpWithoutAHandAndLosesNothing: in the test country, where no script runs either.
func TestAPersonaStepsUpWithoutAHandAndLosesNothing(t *testing.T) {
	o := open(t, access.Personas())
	kato, aoki := o.client("administrator-kato"), o.client("clerk-aoki")
	aoki.get("/session", 200)
	o.clk.Set(start.Add(access.FreshFor + time.Second))
	act := "/staff/person/clerk-aoki/revoke"
	kato.get(act, 200)
	page := kato.post(act, url.Values{"why": {"取り消す わけ"}}, http.StatusForbidden)
	for _, want := range []string{`action="` + base + act + `?_stepup=1"`, `name="why" value="取り消す わけ"`, `name="_soft"`, "加藤"} {
		if !strings.Contains(page, want) {
			t.Errorf("%s is not in the page: %s", want, page)
		}
	}
	if w := o.member("clerk-aoki"); w.Now().Number == 0 {
		t.Fatal("it was done without the passkey")
	}
	// Neither the query alone, nor an answer that is none, nor a switch of the language is an answer.
	for _, form := range []url.Values{{"why": {"x"}}, {"why": {"x"}, "_passkey": {"{}"}, "_sealed": {"x.y"}}, {"why": {"x"}, "_lang": {"en"}}} {
		kato.post(act+"?_stepup=1", form, http.StatusForbidden)
	}
	if w := o.member("clerk-aoki"); w.Now().Number == 0 {
		t.Fatal("it was done without the passkey")
	}
	done := kato.post(act+"?_stepup=1", url.Values{"why": {"取り消す わけ"}, "_soft": {"yes"}}, 200)
	if !strings.Contains(done, "取り消す わけ") {
		t.Error("what was entered was lost")
	}
	if w := o.member("clerk-aoki"); w.Now().Number != 0 {
		t.Error("it was not done")
	}
	if page := aoki.get("/session", 200); !strings.Contains(page, "You are nobody") && strings.Contains(page, `data-known`) {
		t.Error("the session of the revoked goes on")
	}
	nobody := o.client("")
	nobody.post(act+"?_stepup=1", url.Values{"why": {"x"}, "_soft": {"yes"}}, http.StatusUnprocessableEntity)
	nobody.post("/session/stepup", url.Values{"_soft": {"yes"}}, http.StatusUnprocessableEntity)
	nobody.post("/session/passkey", url.Values{"_passkey": {"{}"}, "_sealed": {"x.y"}}, http.StatusUnprocessableEntity)
}

func (o *office) member(id string) staff.Whole {
	o.Helper()
	w, err := o.h.Staff.Member(o.Context(), access.Person{ID: "a", Job: access.Auditor}, id)
	check(o.T, err)
	return w
}

// TestAnInvitationIsConfirmedOnThePage: by another administrator, who sees that it waits, and not by the one who made it.
func TestAnInvitationIsConfirmedOnThePage(t *testing.T) {
	kimura := access.Personas()[5]
	kimura.ID, kimura.Name = "administrator-kimura", plain.Sentence{JA: "木村", EN: "Kimura"}
	o := open(t, append(access.Personas(), kimura))
	kato := o.client("administrator-kato")
	tanaka := url.Values{"id": {"tanaka"}, "name_ja": {"田中"}, "name_en": {"Tanaka"}, "job": {"operator"}, "office": {"市民課"}}
	if page := kato.post("/staff/invite", tanaka, 422); !strings.Contains(page, "管理者だけを招けます") {
		t.Error("an operator is invited by an administrator who is alone")
	}
	second := o.client(kimura.ID)
	if page := kato.post("/staff/invite", tanaka, 200); !strings.Contains(page, "別の管理者") {
		t.Error("it does not say that it waits")
	}
	person, act := "/staff/person/tanaka", "/staff/person/tanaka/confirm"
	if page := kato.get(person, 200); strings.Contains(page, act) || !strings.Contains(page, "確認を待っている") {
		t.Error("who invited is to confirm, or does not see that it waits")
	}
	if page := second.get(person, 200); !strings.Contains(page, act) {
		t.Error("the other administrator is not asked to confirm")
	}
	mark := o.member("tanaka").Invitation.Mark
	if page := second.get(act, 200); !strings.Contains(page, `value="`+mark+`"`) {
		t.Error("the form does not say which invitation")
	}
	kato.post(act, url.Values{"mark": {mark}}, 422)
	second.post(act, url.Values{"mark": {"another"}}, 422)
	if o.member("tanaka").Invitation.Confirmed {
		t.Fatal("confirmed")
	}
	second.post(act, url.Values{"mark": {mark}}, 200)
	if !o.member("tanaka").Invitation.Confirmed {
		t.Error("not confirmed")
	}
}

// TestPersonasAreNobodyInARealOrganisation: what a test country has left in the tables opens nothing.
func TestPersonasAreNobodyInARealOrganisation(t *testing.T) {
	o := open(t, nil)
	secret, err := o.h.Staff.Enter(o.Context(), access.Personas()[0])
	check(t, err)
	c := o.client("")
	u, err := url.Parse(o.url)
	check(t, err)
	c.Jar.SetCookies(u, []*http.Cookie{{Name: "akashi-session", Value: secret, Path: base}})
	if page := c.get("/session", 200); strings.Contains(page, "data-known") {
		t.Error("a persona is somebody in a real organisation")
	}
	c.post("/session", url.Values{"persona": {"clerk-aoki"}}, http.StatusUnprocessableEntity)
}

// TestBadEntriesComeBackWithSentences, in the form, with what was entered.
func TestBadEntriesComeBackWithSentences(t *testing.T) {
	o := open(t, access.Personas())
	kato := o.client("administrator-kato")
	for want, c := range map[string]struct {
		path string
		form url.Values
	}{
		"職務を選んでください":    {"/staff/invite", url.Values{"id": {"tanaka"}, "name_ja": {"田中"}, "name_en": {"Tanaka"}, "office": {"市民課"}}},
		"英小文字で始まる":      {"/staff/invite", url.Values{"id": {"1"}, "name_ja": {"田中"}, "name_en": {"Tanaka"}, "office": {"市民課"}, "job": {"clerk"}}},
		"期限が過ぎています":     {"/staff/invite", url.Values{"id": {"tanaka"}, "name_ja": {"田中"}, "name_en": {"Tanaka"}, "office": {"市民課"}, "job": {"clerk"}, "until": {"令和8年11月23日"}}},
		"わけを入力してください":   {"/staff/person/clerk-aoki/transfer", url.Values{"job": {"operator"}, "office": {"市民課"}}},
		"すでに操作者IDがあります": {"/staff/person/clerk-aoki/issue", url.Values{"job": {"operator"}, "office": {"市民課"}}},
		"自分の権限は":        {"/staff/person/administrator-kato/review", nil},
		"紛失か使用終了か":      {"/staff/person/clerk-aoki/key/x", url.Values{"end": {"burnt"}, "why": {"x"}}},
		"この人の使用中のものでは":  {"/staff/person/clerk-aoki/key/x", url.Values{"end": {"lost"}, "why": {"x"}}},
		"招待を入力してください":   {"/join", nil},
		"この招待は、使われたか":   {"/join", url.Values{"invitation": {"x"}}},
		"装置の呼び名を入力して":   {"/join/passkey", url.Values{"invitation": {"x"}, "_passkey": {"{}"}}},
	} {
		o.client("clerk-aoki") // is a member of the staff
		if page := kato.post(c.path, c.form, http.StatusUnprocessableEntity); !strings.Contains(page, want) {
			t.Errorf("%s: %q is not in %s", c.path, want, page)
		}
	}
	kato.get("/staff/person/nobody-there", http.StatusUnprocessableEntity)
	kato.get("/staff/person/clerk-aoki/promote", http.StatusNotFound)
	kato.post("/staff/person/clerk-aoki/promote", nil, http.StatusNotFound)
	last := url.Values{"id": {"tanaka"}, "name_ja": {"田中"}, "name_en": {"Tanaka"}, "office": {"市民課"}, "job": {"administrator"}, "until": {"2026-11-24"}}
	if page := kato.post("/staff/invite", last, 200); !strings.Contains(page, "/join#") {
		t.Error("no link")
	}
}
