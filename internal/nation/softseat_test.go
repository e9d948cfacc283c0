package nation

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/akashi-id/akashi/internal/passkey"
	"github.com/akashi-id/akashi/message"
)

// handless is somebody whose browser and passkey are software: the same pages as a seat's, the same questions and answers, over HTTP.
type handless struct {
	*clerk
	key    passkey.Soft
	handle []byte
	origin string
}

// joinsAndSignsIn registers a passkey for an invitation, and signs in with it.
func (r *running) joinsAndSignsIn(t testing.TB, org message.Org, link string, seed byte) *handless {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := passkey.NewSoft([]byte(strings.Repeat(string(rune('a'+seed)), passkey.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	origin := strings.Replace(r.url, "127.0.0.1", "localhost", 1)
	h := &handless{&clerk{t, &http.Client{Jar: jar, Timeout: 20 * time.Second}, origin, origin + "/" + string(org)}, key, nil, origin}
	_, secret, _ := strings.Cut(link, "#")
	p := h.must(h.post("/join", url.Values{"invitation": {secret}}))
	var asked struct{ User struct{ ID string } }
	options := h.question(p)
	if err := json.Unmarshal([]byte(options), &asked); err != nil {
		t.Fatal(err)
	}
	if h.handle, err = base64.RawURLEncoding.DecodeString(asked.User.ID); err != nil {
		t.Fatal(err)
	}
	answer, err := key.Create(options, origin)
	if err != nil {
		t.Fatal(err)
	}
	h.must(h.post("/join/passkey", url.Values{"invitation": {secret}, "label": {"鍵"}, "_sealed": {h.in(p, `name="_sealed" value="([^"]*)"`)}, "_passkey": {answer}}))

	p = h.must(h.get("/session?next=" + url.QueryEscape("/"+string(org)+"/session")))
	if answer, err = key.Show(h.question(p), origin, h.handle, 0); err != nil {
		t.Fatal(err)
	}
	h.must(h.post("/session/passkey", url.Values{"next": {"/" + string(org) + "/session"}, "_sealed": {h.in(p, `name="_sealed" value="([^"]*)"`)}, "_passkey": {answer}}))
	return h
}

// question is what a page has the browser ask a passkey.
func (h *handless) question(p answerPage) string { return h.in(p, `data-options="([^"]*)"`) }

func (h *handless) in(p answerPage, pattern string) string {
	h.t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(p.body)
	if m == nil {
		h.t.Fatalf("%s has no %s:\n%s", p.path, pattern, p.words())
	}
	return html.UnescapeString(m[1])
}

// hires issues authority to somebody, and returns the link for them.
func (h *handless) hires(id, name, job string) string {
	h.t.Helper()
	p := h.must(h.post("/staff/invite", url.Values{"id": {id}, "name_ja": {name}, "name_en": {id}, "job": {job}, "office": {"照会課"}}))
	return h.in(p, `id="invitation">([^<]*)<`)
}

// inquirer is somebody who searches at the center: one administrator has issued the authority, and another has confirmed the invitation.
func (r *running) inquirer(t testing.TB, org message.Org) *handless {
	t.Helper()
	admin := r.joinsAndSignsIn(t, org, r.inviteFirst(org, StaffInvitation{ID: "kanri", Name: "管理 太郎", NameEN: "Kanri Taro", Office: "総務課", Job: "administrator"}), 0)
	link := admin.hires("fukukanri", "副管理 二郎", "administrator")
	r.confirmFromMachine(org, "fukukanri")
	second := r.joinsAndSignsIn(t, org, link, 1)
	link = admin.hires("shokai", "照会 学", "clerk")
	confirm := "/staff/person/shokai/confirm"
	second.must(second.post(confirm, url.Values{"mark": {second.in(second.must(second.get(confirm)), `name="mark" value="([^"]*)"`)}}))
	return r.joinsAndSignsIn(t, org, link, 2)
}

// searched is what the center, or a prefecture, answers about a name and a birth.
func (h *handless) searched(name, birth string) answerPage {
	h.t.Helper()
	return h.must(h.post("/search", url.Values{"purpose": {"provision"}, "case": {"照会-12"}, "name": {name}, "birth": {birth}}))
}
