package nation

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/akashi-id/akashi/internal/webui/webuitest"
	"github.com/akashi-id/akashi/message"
)

// seat is a person at the screens of one organisation, with a browser and a device for passkeys of their own, and the authority that an
// administrator of that organisation has issued to them. No persona of the test country is one.
type seat struct {
	*visitor
	org message.Org
	id  string
}

// newcomer is somebody to whom a seat is given.
type newcomer struct{ id, name, job, office string }

// sit gives somebody a browser with a device, at the name under which browsers show passkeys.
func (r *running) sit(t *testing.T, files tool, org message.Org, id string) *seat {
	t.Helper()
	here := *r
	here.t, here.url = t, strings.Replace(r.url, "127.0.0.1", "localhost", 1)
	tab := webuitest.Browser(t)
	tab.Device()
	return &seat{&visitor{Tab: tab, t: t, r: &here, files: files, undecided: map[string]int{}}, org, id}
}

// staffs has an organisation's first administrator invited from its machine, who registers a passkey, signs in, and invites a second one,
// whom the machine confirms. From then on the first issues the others their authority, and the second confirms each invitation; each
// registers a device of their own by the link, and signs in.
func (r *running) staffs(t *testing.T, files tool, org message.Org, people ...newcomer) map[string]*seat {
	t.Helper()
	links := map[string]string{}
	if !t.Run("the administrators of "+string(org), func(t *testing.T) {
		admin := r.sit(t, files, org, "kanri")
		admin.joins(r.inviteFirst(org, StaffInvitation{ID: admin.id, Name: "管理 太郎", NameEN: "Kanri Taro", Office: "情報政策課", Job: "administrator"}))
		admin.signsIn("/staff")
		second := r.sit(t, files, org, "fukukanri")
		link := admin.hires(newcomer{second.id, "副管理 二郎", "administrator", "情報政策課"})
		r.confirmFromMachine(org, second.id)
		second.joins(link)
		second.signsIn("/staff")
		for _, p := range people {
			links[p.id] = admin.hires(p)
			second.goes("/staff/person/" + p.id)
			second.is(second.Follow(`main a[href$="/confirm"]`), http.StatusOK)
			second.does(`#form .button[data-kind="primary"]`)
			second.says("main", "確認済み")
		}
	}) {
		t.FailNow()
	}
	seats := map[string]*seat{}
	for _, p := range people {
		s := r.sit(t, files, org, p.id)
		s.joins(links[p.id])
		s.signsIn("/session")
		s.says("main", p.name) // whom the passkey has shown
		seats[p.id] = s
	}
	return seats
}

// inviteFirst is the link that `akashi staff invite` prints.
func (r *running) inviteFirst(org message.Org, i StaffInvitation) string {
	r.t.Helper()
	body, err := json.Marshal(i)
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := r.control.Post("http://country/"+string(org)+"/staff/invite", "application/json", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	defer a.Body.Close()
	var link Invited
	if err := json.NewDecoder(a.Body).Decode(&link); err != nil || a.StatusCode != http.StatusOK {
		r.t.Fatalf("%s invites nobody: %s %v", org, a.Status, err)
	}
	return link.Link
}

// confirmFromMachine is what `akashi staff confirm` does, while there is no second administrator.
func (r *running) confirmFromMachine(org message.Org, id string) {
	r.t.Helper()
	body, err := json.Marshal(StaffConfirmation{ID: id})
	if err != nil {
		r.t.Fatal(err)
	}
	a, err := r.control.Post("http://country/"+string(org)+"/staff/confirm", "application/json", bytes.NewReader(body))
	if err != nil {
		r.t.Fatal(err)
	}
	a.Body.Close()
	if a.StatusCode != http.StatusOK {
		r.t.Fatalf("%s confirms nobody: %s", org, a.Status)
	}
}

func (s *seat) path(more string) string { return "/" + string(s.org) + more }

// goes opens a page of the organisation.
func (s *seat) goes(more string) {
	s.t.Helper()
	s.open(s.path(more))
}

// Press presses what is there: of what is not, a person at the screen does not wait to come.
func (s *seat) Press(css string) {
	s.t.Helper()
	if !webuitest.Eval[bool](s.Tab, fmt.Sprintf("document.querySelector(%q) !== null", css)) {
		s.t.Fatalf("%s has no %s:\n%s", s.Location(), css, s.Text("main"))
	}
	s.Tab.Press(css)
}

// Follow is the same for what leads to another page.
func (s *seat) Follow(css string) int {
	s.t.Helper()
	if !webuitest.Eval[bool](s.Tab, fmt.Sprintf("document.querySelector(%q) !== null", css)) {
		s.t.Fatalf("%s has no %s:\n%s", s.Location(), css, s.Text("main"))
	}
	return s.Tab.Follow(css)
}

// titled waits for a page that comes by a script.
func (s *seat) titled(want string) {
	s.t.Helper()
	eventually(s.t, 20*soon, "the page "+want, func() (bool, string) {
		got := webuitest.Eval[string](s.Tab, `document.readyState === "complete" ? (document.querySelector("h1")?.textContent ?? "") : ""`)
		return got == want, got + ": " + webuitest.Eval[string](s.Tab, `document.querySelector("main")?.innerText ?? ""`)
	})
}

// joins registers the device for an invitation.
func (s *seat) joins(link string) {
	s.t.Helper()
	s.goes("/session?lang=ja") // so that the link is another page, and not a place on this one
	s.is(s.Open(link), http.StatusOK)
	s.is(s.Follow(`#form .button[data-kind="primary"]`), http.StatusOK)
	s.Fill("#f-label", "鍵 "+s.id)
	s.Press(`#form .button[data-kind="primary"]`)
	s.titled("パスキーを登録しました")
}

// signsIn shows the passkey, and is led to a page.
func (s *seat) signsIn(next string) {
	s.t.Helper()
	s.goes("/session?next=" + url.QueryEscape(s.path(next)))
	s.Press("form[data-passkey] button")
	eventually(s.t, 20*soon, s.id+" is signed in", func() (bool, string) {
		at := webuitest.Eval[string](s.Tab, `document.readyState === "complete" ? location.pathname + location.search : ""`)
		return at == s.path(next), at
	})
}

// hires issues authority to somebody, and returns the link for them.
func (s *seat) hires(p newcomer) string {
	s.t.Helper()
	s.goes("/staff/invite")
	s.Fill("#f-name_ja", p.name)
	s.Fill("#f-name_en", p.id)
	s.Fill("#f-id", p.id)
	s.Press(`label:has(input[value="` + p.job + `"])`)
	s.Fill("#f-office", p.office)
	s.does(`#form .button[data-kind="primary"]`)
	s.titled("招待を作りました")
	return s.Text("#invitation")
}

// does presses the button of what may be dangerous: somebody who has not shown the passkey for a while is asked to, and goes on.
func (s *seat) does(button string) {
	s.t.Helper()
	if got := s.Follow(button); got == http.StatusForbidden {
		s.titled("もう一度、本人を確かめます")
		s.Press(`#form .button[data-kind="primary"]`)
		eventually(s.t, 20*soon, "what was pressed before the passkey", func() (bool, string) {
			got := webuitest.Eval[string](s.Tab, `document.readyState === "complete" ? (document.querySelector("h1")?.textContent ?? "") : "もう一度、本人を確かめます"`)
			return got != "もう一度、本人を確かめます", got
		})
	} else {
		s.is(got, http.StatusOK)
	}
}

// ticks ticks the one box that begins with these words.
func (s *seat) ticks(words string) {
	s.t.Helper()
	id := webuitest.Eval[string](s.Tab, fmt.Sprintf(`(() => {
		const boxes = [...document.querySelectorAll("main label.choice")].filter((l) => l.innerText.trim().startsWith(%q));
		return boxes.length === 1 ? boxes[0].querySelector("input").id : boxes.length + " boxes";
	})()`, words))
	if strings.HasSuffix(id, " boxes") {
		s.t.Fatalf("%s has %s of %q:\n%s", s.Location(), id, words, s.Text("main"))
	}
	s.Press(`label:has(#` + id + `)`)
}

// fills fills in those fields of a form that have a value, and sends it.
func (s *seat) fills(fields map[string]string) {
	s.t.Helper()
	for field, value := range fields {
		if value != "" {
			s.Fill("#f-"+field, value)
		}
	}
	s.does(`#form .button[data-kind="primary"]`)
}

// visits says what for, before somebody at a counter looks at anybody. What they did before is over.
func (s *seat) visits(purpose string) {
	s.t.Helper()
	s.goes("/visit")
	if close := `form[action$="/visit/close"] button`; webuitest.Eval[bool](s.Tab, fmt.Sprintf("document.querySelector(%q) !== null", close)) {
		s.is(s.Follow(close), http.StatusOK)
		s.goes("/visit")
	}
	s.Press(`label:has(input[value="` + purpose + `"])`)
	s.fills(map[string]string{"visit_case": "A-17"})
}

// source is the page as it came, with what is hidden in it.
func (s *seat) source() string {
	s.t.Helper()
	return webuitest.Eval[string](s.Tab, "document.documentElement.outerHTML")
}

// secretName is that of the cookie of a session.
const secretName = "akashi-session"

// session is the secret of the seat's session.
func (s *seat) session() string {
	s.t.Helper()
	for _, c := range s.Cookies(s.r.url + s.path("/")) {
		if c.Name == secretName {
			return c.Value
		}
	}
	s.t.Fatalf("%s has no session at %s", s.id, s.org)
	return ""
}

// walks opens, in the seat's own session, every page that a link leads to from the first ones on, of each form a dozen at most, and returns
// them by their address.
func (s *seat) walks(first ...string) map[string]string {
	s.t.Helper()
	begin := []string{s.path("/")}
	for _, more := range first {
		begin = append(begin, s.path(more))
	}
	list, err := json.Marshal(begin)
	if err != nil {
		s.t.Fatal(err)
	}
	pages := webuitest.Eval[map[string]string](s.Tab, fmt.Sprintf(`(async (todo, base) => {
		const pages = {}, forms = {};
		while (todo.length > 0) {
			const path = todo.shift();
			if (path in pages) continue;
			const answer = await fetch(path), text = (answer.headers.get("content-type") ?? "").startsWith("text/") ? await answer.text() : "";
			pages[path] = answer.status + "\n" + text;
			for (const link of new DOMParser().parseFromString(text, "text/html").querySelectorAll("a[href]")) {
				const to = new URL(link.getAttribute("href"), location.origin + path);
				if (to.origin !== location.origin || !to.pathname.startsWith(base) || to.searchParams.has("lang")) continue;
				const next = to.pathname + to.search, form = next.slice(base.length).replace(/[^\/?=&]*\d[^\/?=&]*/g, "#");
				if (next in pages || todo.includes(next) || (forms[form] = (forms[form] ?? 0) + 1) > 12) continue;
				todo.push(next);
			}
		}
		return pages;
	})(%s, %q)`, list, s.path("/")))
	s.t.Logf("%s of %s walked over %d pages", s.id, s.org, len(pages))
	return pages
}

// pictures keeps the page as phones and as desks show it, for people to look at (-artifacts), and sees that nothing is cut off.
func (s *seat) pictures(name string) {
	s.t.Helper()
	for _, width := range webuitest.Widths {
		if s.shots == "" {
			s.Fits(width)
			continue
		}
		if err := os.WriteFile(filepath.Join(s.shots, fmt.Sprintf("%s-%d.png", name, width)), s.Picture(width), 0o644); err != nil {
			s.t.Fatal(err)
		}
	}
}
